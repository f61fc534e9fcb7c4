/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/scope.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A site like Telegram's, without the engine: t.me/s/NAME and t.me/NAME. */
static int source_of(const void *arg, struct bytes url,
		     char out[static SCOPE_ID_MAX])
{
	const char *s = (const char *)url.p, *p;
	size_t n = 0;

	(void)arg;
	if (url.len > 15 && !memcmp(s, "https://t.me/s/", 15))
		p = s + 15;
	else if (url.len > 13 && !memcmp(s, "https://t.me/", 13))
		p = s + 13;
	else if (url.len > 12 && !memcmp(s, "http://t.me/", 12))
		p = s + 12;
	else
		return ERR_NOENT;
	n = (size_t)snprintf(out, SCOPE_ID_MAX, "telegram:");
	while (p < s + url.len && *p != '/' && *p != '?' && n < 100)
		out[n++] = *p++;
	out[n] = '\0';
	return 0;
}

static int host_is(struct bytes h, const char *s)
{
	return h.len == strlen(s) && !memcmp(h.p, s, h.len);
}

static int page_host(const void *arg, const char *profile, struct bytes host)
{
	(void)arg;
	return !strcmp(profile, "telegram") && host_is(host, "t.me");
}

static uint64_t media_max(const void *arg, const char *profile,
			  struct bytes host)
{
	(void)arg;
	return !strcmp(profile, "telegram") && host_is(host, "cdn4.telesco.pe")
	       ? 20 << 20 : 0;
}

static int named(const void *arg, const char *profile)
{
	(void)arg;
	return !strcmp(profile, "telegram");
}

static const struct scope_rules rules = { NULL, source_of, page_host,
					  media_max, named };

static struct mandate_source sources[2];

static void fill(void)
{
	static char text[6][64] = {
		"telegram:ventes_exemple", "https://t.me/s/ventes_exemple",
		"telegram", "web:boutique", "https://boutique.example/blog/",
		"generic",
	};

	for (int i = 0; i < 2; i++) {
		sources[i].id = text[3 * i];
		sources[i].url = text[3 * i + 1];
		sources[i].profile = text[3 * i + 2];
	}
}

TestSuite(scope, .init = fill);

static struct mandate mandate = {
	.case_id = "0123456789abcdef",
	.start_ms = 1000, .end_ms = 9000, .sources = sources, .nsources = 2,
};

static struct scope_decision ask(const char *url, enum scope_purpose why,
				 size_t source, unsigned hops)
{
	struct scope_ask a = { bytes_str(url), why, source, 0, hops };
	struct scope_decision d;

	cr_assert_eq(scope_decide(&mandate, &rules, &a, 5000, &d), 0);
	cr_assert(*d.rule, "every decision has words: %s", url);
	cr_assert_eq(d.allow, d.source != SCOPE_NO_SOURCE);
	return d;
}

static int page(const char *url)
{
	return ask(url, SCOPE_PAGE, SCOPE_NO_SOURCE, 0).allow;
}

Test(scope, only_the_pages_of_named_sources_are_in)
{
	cr_expect(page("https://t.me/s/ventes_exemple"));
	cr_expect(page("https://t.me/s/ventes_exemple?before=120"));
	cr_expect(page("https://t.me/ventes_exemple/12"));
	cr_expect(page("https://t.me/s/Ventes_Exemple"), "any case");
	cr_expect_not(page("https://t.me/s/autre_canal"));
	cr_expect_not(page("https://t.me/"));
	cr_expect_not(page("https://example.com/s/ventes_exemple"));
	cr_expect_not(page("https://t.me.example.com/s/ventes_exemple"));
}

Test(scope, a_source_without_a_name_is_a_path)
{
	cr_expect(page("https://boutique.example/blog/"));
	cr_expect(page("https://boutique.example/blog/a/b?x=1"));
	cr_expect_not(page("https://boutique.example/"));
	cr_expect_not(page("https://boutique.example/blog/../admin"));
	cr_expect_not(page("https://www.boutique.example/blog/"));
	cr_expect_not(page("http://boutique.example/blog/"));
}

Test(scope, shapes_that_no_mandate_permits_are_out)
{
	static const char *const bad[] = {
		"ftp://t.me/s/ventes_exemple", "javascript:alert(1)",
		"https://t.me:8443/s/ventes_exemple",
		"https://t.me:80/s/ventes_exemple",
		"http://t.me/s/ventes_exemple",
		"https://u:p@t.me/s/ventes_exemple",
		"https://u@t.me/s/ventes_exemple",
		"https://127.0.0.1/s/ventes_exemple", "https://[::1]/",
		"https://0x7f.1/", "https://", "", "/s/ventes_exemple",
		"data:text/html,x", "file:///etc/passwd",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_not(page(bad[i]), "%s", bad[i]);
	cr_expect(page("https://t.me:443/s/ventes_exemple"));
}

Test(scope, media_come_from_the_hosts_of_the_sources_profile)
{
	struct scope_decision d;

	d = ask("https://cdn4.telesco.pe/file/a.jpg", SCOPE_MEDIA, 0, 0);
	cr_expect(d.allow);
	cr_expect_eq(d.max_bytes, 20 << 20);
	cr_expect_not(ask("https://cdn4.telesco.pe/a", SCOPE_MEDIA, 1, 0).allow);
	cr_expect_not(ask("https://evil.example/a.jpg", SCOPE_MEDIA, 0, 0).allow);
	cr_expect_not(ask("https://t.me/a.jpg", SCOPE_MEDIA, 0, 0).allow);
	cr_expect_not(ask("https://cdn4.telesco.pe/a", SCOPE_MEDIA,
			  SCOPE_NO_SOURCE, 0).allow);
	cr_expect(ask("https://boutique.example/i.png", SCOPE_MEDIA, 1, 0).allow,
		  "its own host serves the media of a plain site");
}

Test(scope, a_redirect_is_asked_like_any_url)
{
	cr_expect(ask("https://t.me/ventes_exemple", SCOPE_PAGE, 0, 1).allow);
	cr_expect_not(ask("https://accounts.example/login", SCOPE_PAGE, 0,
			  1).allow);
	cr_expect_not(ask("https://t.me/s/ventes_exemple", SCOPE_PAGE, 0,
			  SCOPE_HOPS_MAX + 1).allow);
}

Test(scope, robots_of_used_hosts_only)
{
	cr_expect(ask("https://t.me/robots.txt", SCOPE_ROBOTS,
		      SCOPE_NO_SOURCE, 0).allow);
	cr_expect(ask("https://cdn4.telesco.pe/robots.txt", SCOPE_ROBOTS,
		      SCOPE_NO_SOURCE, 0).allow);
	cr_expect_not(ask("https://t.me/s/autre", SCOPE_ROBOTS,
			  SCOPE_NO_SOURCE, 0).allow);
	cr_expect_not(ask("https://evil.example/robots.txt", SCOPE_ROBOTS,
			  SCOPE_NO_SOURCE, 0).allow);
	cr_expect(ask("https://t.me/rules", SCOPE_ROBOTS, SCOPE_NO_SOURCE,
		      1).allow);
	cr_expect_not(ask("https://evil.example/robots.txt", SCOPE_ROBOTS,
			  SCOPE_NO_SOURCE, 1).allow);
}

Test(scope, outside_its_period_the_mandate_permits_nothing)
{
	struct mandate m = mandate;
	struct scope_ask a = { bytes_str("https://t.me/s/ventes_exemple"),
			       SCOPE_PAGE, SCOPE_NO_SOURCE, 0, 0 };
	struct scope_decision d;
	char why[SCOPE_RULE_MAX];
	static const struct { int64_t now; int ok; } at[] = {
		{ 999, 0 }, { 1000, 1 }, { 8999, 1 }, { 9000, 0 },
	};

	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(scope_mandate(&m, at[i].now, why), at[i].ok);
		cr_assert_eq(scope_decide(&m, &rules, &a, at[i].now, &d), 0);
		cr_expect_eq(d.allow, at[i].ok, "%d: %s", (int)i, d.rule);
	}
	m.closed = 1;
	cr_expect_not(scope_mandate(&m, 5000, why));
	m.closed = 0;
	m.nsources = 0;
	cr_expect_not(scope_mandate(&m, 5000, why));
}

Test(scope, links_lead_only_so_far)
{
	struct scope_ask a = { bytes_str("https://t.me/s/ventes_exemple"),
			       SCOPE_PAGE, 0, SCOPE_DEPTH_MAX, 0 };
	struct scope_decision d;

	cr_assert_eq(scope_decide(&mandate, &rules, &a, 5000, &d), 0);
	cr_expect(d.allow);
	a.depth++;
	cr_assert_eq(scope_decide(&mandate, &rules, &a, 5000, &d), 0);
	cr_expect_not(d.allow);
}

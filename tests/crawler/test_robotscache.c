/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/robotscache.h"
#include "parsers/robots.h"
#include "parsers/url.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint8_t secret[32] = { 4 };
static char dir[64], path[128];
static struct frontier *f;
static struct robotscache *c;
static struct mandate mandate;

static int all_sealed(void *arg, uint64_t seq, const uint8_t open[static 32])
{
	(void)arg, (void)open;
	return seq < 100;
}

static void up(void)
{
	cr_assert_eq(frontier_open(path, secret, all_sealed, NULL, &f, NULL),
		     0);
	cr_assert_eq(robotscache_new(f, "scelle/1.0 (x)", &c, NULL), 0);
}

static void down(void)
{
	robotscache_free(c);
	frontier_abandon(f);
}

static void init(void)
{
	snprintf(dir, sizeof(dir), "/tmp/scelle-robots-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/crawl.journal", dir);
	up();
}

static void fini(void)
{
	down();
	unlink(path);
	rmdir(dir);
}

TestSuite(robotscache, .init = init, .fini = fini);

static struct robotscache_answer ask(const char *url, int64_t now)
{
	struct robotscache_answer a;
	struct url u = URL_INIT;

	cr_assert_eq(url_parse(bytes_str(url), NULL, &u, NULL), 0);
	cr_assert_eq(robotscache_check(c, &mandate, &u, now, &a), 0);
	url_release(&u);
	return a;
}

static void store(uint64_t claim, const char *authority, int status,
		  const char *body)
{
	struct robotscache_result r = { .status = status, .record = 7,
		.fetched_ms = 1000, .body = bytes_str(body) };

	cr_assert_eq(robotscache_store(c, claim, authority, &r, NULL), 0);
}

Test(robotscache, the_rules_decide_and_are_named)
{
	struct robotscache_answer a = ask("https://a.example/x", 1000);

	cr_expect_eq(a.verdict, ROBOTS_UNKNOWN);
	store(0, "a.example", 200, "User-agent: *\nDisallow: /privat\n"
	      "Crawl-delay: 12\n");
	a = ask("https://a.example/x", 2000);
	cr_expect_eq(a.verdict, ROBOTS_ALLOWED);
	cr_expect_eq(a.record, 7);
	cr_expect_eq(a.crawl_delay_ms, 12000);
	a = ask("https://a.example/prive", 2000);
	cr_expect_eq(a.verdict, ROBOTS_ALLOWED);
	a = ask("https://a.example/privat/1", 2000);
	cr_expect_eq(a.verdict, ROBOTS_REFUSED);
	cr_expect(strstr(a.rule, "line 2"), "%s", a.rule);
	cr_expect(strstr(a.rule, "Disallow: /privat"), "%s", a.rule);
	/* Another port, another scheme: another authority. */
	cr_expect_eq(ask("https://a.example:80/x", 2000).verdict,
		     ROBOTS_UNKNOWN);
	cr_expect_eq(ask("https://b.a.example/x", 2000).verdict,
		     ROBOTS_UNKNOWN);
}

Test(robotscache, the_group_of_our_name_counts)
{
	store(0, "a.example", 200, "User-agent: *\nDisallow:\n\n"
	      "User-agent: Scelle\nDisallow: /\n");
	cr_expect_eq(ask("https://a.example/x", 2000).verdict, ROBOTS_REFUSED);
}

Test(robotscache, the_status_decides_where_there_are_no_rules)
{
	static const struct { int status; enum robotscache_verdict v; } t[] = {
		{ 404, ROBOTS_ALLOWED }, { 410, ROBOTS_ALLOWED },
		{ 400, ROBOTS_ALLOWED }, { 401, ROBOTS_REFUSED },
		{ 403, ROBOTS_REFUSED }, { 429, ROBOTS_REFUSED_FOR_NOW },
		{ 500, ROBOTS_REFUSED_FOR_NOW }, { 503, ROBOTS_REFUSED_FOR_NOW },
		{ 0, ROBOTS_REFUSED_FOR_NOW }, { 304, ROBOTS_REFUSED_FOR_NOW },
		{ 204, ROBOTS_ALLOWED },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		store(0, "a.example", t[i].status, "");
		cr_expect_eq(ask("https://a.example/x", 2000).verdict, t[i].v,
			     "status %d", t[i].status);
	}
}

Test(robotscache, too_many_redirects_or_one_out_of_scope_forbid)
{
	struct robotscache_result r = { .redirects = 1, .record = 3,
					.fetched_ms = 1000 };

	cr_assert_eq(robotscache_store(c, 0, "a.example", &r, NULL), 0);
	cr_expect_eq(ask("https://a.example/x", 2000).verdict, ROBOTS_REFUSED);
}

Test(robotscache, kept_a_day_and_half_an_hour_when_unreachable)
{
	store(0, "a.example", 200, "");
	store(0, "b.example", 503, "");
	cr_expect_eq(ask("https://a.example/", 1000 + ROBOTSCACHE_KEEP_MS - 1)
		     .verdict, ROBOTS_ALLOWED);
	cr_expect_eq(ask("https://a.example/", 1000 + ROBOTSCACHE_KEEP_MS)
		     .verdict, ROBOTS_UNKNOWN);
	cr_expect_eq(ask("https://a.example/", 999).verdict, ROBOTS_UNKNOWN,
		     "a clock that went back proves nothing");
	cr_expect_eq(ask("https://b.example/", 1000 + ROBOTSCACHE_RETRY_MS)
		     .verdict, ROBOTS_UNKNOWN);
}

Test(robotscache, a_decision_of_the_case_overrides_and_is_quoted)
{
	char authority[] = "A.example", reason[] = "nécessité de l'enquête";
	char author[] = "agent-01";
	struct mandate_robots_decision d = { authority, reason, author, 0 };
	struct robotscache_answer a;

	store(0, "a.example", 200, "User-agent: *\nDisallow: /\n"
	      "Crawl-delay: 900\n");
	mandate.decisions = &d;
	mandate.ndecisions = 1;
	a = ask("https://a.example/x", 2000);
	cr_expect_eq(a.verdict, ROBOTS_ALLOWED);
	cr_expect(a.overridden);
	cr_expect(strstr(a.rule, "Disallow: /") && strstr(a.rule, author) &&
		  strstr(a.rule, "1970-01-01") && strstr(a.rule, reason),
		  "%s", a.rule);
	cr_expect_eq(a.crawl_delay_ms, ROBOTSCACHE_DELAY_MAX_MS);
	cr_expect(a.delay_cut);
	/* Not before it was read. */
	cr_expect_eq(ask("https://a.example/x", 500).verdict, ROBOTS_UNKNOWN);
	mandate.ndecisions = 0;
	cr_expect_eq(ask("https://a.example/x", 2000).verdict, ROBOTS_REFUSED);
}

Test(robotscache, only_sealed_rules_survive_a_crash)
{
	uint8_t open[32] = { 0 };

	cr_assert_eq(frontier_sealing(f, 1, 5, open, NULL), 0);
	cr_assert_eq(frontier_sealing(f, 2, 500, open, NULL), 0);
	store(1, "a.example", 200, "User-agent: *\nDisallow: /a\n");
	store(2, "b.example", 200, "User-agent: *\nDisallow: /a\n");
	down();
	up();
	cr_expect_eq(ask("https://a.example/a", 2000).verdict, ROBOTS_REFUSED);
	cr_expect_eq(ask("https://b.example/a", 2000).verdict, ROBOTS_UNKNOWN);
}

Test(robotscache, a_huge_file_is_read_as_far_as_it_goes)
{
	size_t n = ROBOTS_MAX + 5000;
	char *big = malloc(n + 1);
	size_t at;

	cr_assert(big);
	at = (size_t)sprintf(big, "User-agent: *\nDisallow: /first\n");
	memset(big + at, '#', n - at);
	big[n] = '\0';
	memcpy(big + n - 30, "\nDisallow: /last\n", 17);
	store(0, "a.example", 200, big);
	free(big);
	down();
	up();
	cr_expect_eq(ask("https://a.example/first", 2000).verdict,
		     ROBOTS_REFUSED);
	cr_expect_eq(ask("https://a.example/last", 2000).verdict,
		     ROBOTS_ALLOWED);
}

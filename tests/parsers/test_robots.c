/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/robots.h"
#include "parsers/robots_match.h"
#include "tests/parsers/shared.h"
#include "util/json.h"

#include <criterion/criterion.h>

static struct robots_decision check(struct bytes body, const char *agent,
				    struct bytes target)
{
	struct robots_decision d = { 0 };
	struct robots *r = NULL;

	cr_assert_eq(robots_parse(body, &r, NULL), 0);
	cr_assert_eq(robots_check(r, agent, target, &d), 0);
	d.rule = BYTES(NULL, d.rule.len);	/* gone with r */
	robots_free(r);
	return d;
}

static int allowed(const char *body, const char *agent, const char *target)
{
	return check(bytes_str(body), agent, bytes_str(target)).allow;
}

Test(robots, the_decision_names_the_line_that_made_it)
{
	static const char text[] = "# hello\r\nUser-agent: ExampleBot # me\r\n"
				   "Allow: /\r\n  Disallow: /private # no\r\n"
				   "Sitemap: https://example.com/s.xml\r\n"
				   "Crawl-delay: 2.5\r\n";
	struct robots_decision d;
	const struct bytes *maps;
	struct robots *r;
	size_t n;

	cr_assert_eq(robots_parse(bytes_str(text), &r, NULL), 0);
	cr_assert_eq(robots_check(r, "examplebot/1.0", bytes_str("/private/x"), &d), 0);
	cr_expect_eq(d.allow, 0);
	cr_expect_eq(d.why, ROBOTS_RULE);
	cr_expect_eq(d.line, 4);
	cr_expect(bytes_is(d.rule, "Disallow: /private"));
	cr_expect_eq(d.crawl_delay_ms, 2500);
	cr_assert_eq(robots_check(r, "ExampleBot", bytes_str("/x"), &d), 0);
	cr_expect_eq(d.allow, 1);
	cr_expect_eq(d.line, 3);
	cr_assert_eq(robots_check(r, "OtherBot", bytes_str("/private"), &d), 0);
	cr_expect_eq(d.why, ROBOTS_NO_GROUP);
	cr_expect_eq(d.allow, 1);
	cr_expect_eq(d.crawl_delay_ms, -1);
	maps = robots_sitemaps(r, &n);
	cr_assert_eq(n, 1);
	cr_expect(bytes_is(maps[0], "https://example.com/s.xml"));
	robots_free(r);
}

Test(robots, rfc_9309_section_5_1_simple_example)
{
	static const char t[] = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\n"
		"Allow: /publications/\n\nUser-Agent: foobot\nDisallow:/\n"
		"Allow:/example/page.html\nAllow:/example/allowed.gif\n\n"
		"User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n"
		"\nUser-Agent: quxbot\n";

	cr_expect_not(allowed(t, "any", "/a.gif"));
	cr_expect(allowed(t, "any", "/a.gif?x"));
	cr_expect_not(allowed(t, "any", "/example/x"));
	cr_expect(allowed(t, "any", "/publications/"));
	cr_expect(allowed(t, "FooBot", "/example/page.html"));
	cr_expect_not(allowed(t, "FooBot", "/publications/"));
	cr_expect_not(allowed(t, "barbot", "/example/page.html"));
	cr_expect_not(allowed(t, "BAZBOT", "/example/page.html"));
	cr_expect(allowed(t, "barbot", "/a.gif"));
	cr_expect(allowed(t, "quxbot", "/example/"));
}

Test(robots, rfc_9309_section_5_2_longest_match)
{
	static const char t[] = "User-Agent: foobot\nAllow: /example/page/\n"
				"Disallow: /example/page/disallowed.gif";

	cr_expect_not(allowed(t, "foobot", "/example/page/disallowed.gif"));
	cr_expect(allowed(t, "foobot", "/example/page/"));
}

Test(robots, groups_of_one_name_are_merged)
{
	static const char t[] = "user-agent: ExampleBot\ndisallow: /foo\ndisallow: /bar\n"
		"\nuser-agent: ExampleBot\ndisallow: /baz\n\nuser-agent: *\n"
		"disallow: /qux\n";

	cr_expect_not(allowed(t, "ExampleBot", "/foo"));
	cr_expect_not(allowed(t, "ExampleBot", "/bar"));
	cr_expect_not(allowed(t, "ExampleBot", "/baz"));
	cr_expect(allowed(t, "ExampleBot", "/qux"));
}

Test(robots, disallow_matches_in_any_spelling)
{
	static const char *const rule[] = { "/a/%62", "/a/b", "/\xc3\xa9",
					    "/%c3%a9", "/%C3%A9" };
	static const char *const path[] = { "/a/b", "/a/%62", "/%C3%A9",
					    "/\xc3\xa9", "/%c3%a9" };

	for (size_t i = 0; i < 5; i++) {
		char text[100];

		snprintf(text, sizeof(text), "User-agent: *\nDisallow: %s\n", rule[i]);
		cr_expect_not(allowed(text, "x", path[i]), "%s %s", rule[i], path[i]);
	}
	/* A slash that is data is not a separator. */
	cr_expect(allowed("User-agent: *\nDisallow: /a%2fb\n", "x", "/a/b"));
	cr_expect_not(allowed("User-agent: *\nDisallow: /a%2fb\n", "x", "/a%2Fb"));
}

Test(robots, globs_match_without_backtracking)
{
	static const struct {
		const char *pat, *path;
		int want;
	} t[] = {
		{ "/", "/x", 1 }, { "/x", "/", 0 }, { "/*", "/", 1 },
		{ "*", "/x", 1 }, { "$", "/x", 0 }, { "*$", "/x", 1 },
		{ "/x$", "/x", 1 }, { "/x$", "/xy", 0 }, { "/*b$", "/abab", 1 },
		{ "/a*b*c", "/a1b2c3", 1 }, { "/a*b*c$", "/a1b2c3", 0 },
		{ "/a*ab$", "/ab", 0 }, { "/a**b", "/ab", 1 },
		{ "/a$b", "/a$b", 1 }, { "/a$b", "/a", 0 }, { "/*.gif$", "/.gif.gif", 1 },
		{ "/ab*ba$", "/aba", 0 }, { "/a*$", "/a", 1 },
	};
	struct buf pat = BUF_INIT(1 << 20), path = BUF_INIT(1 << 20);

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		cr_expect_eq(robots_glob(bytes_str(t[i].pat), bytes_str(t[i].path)),
			     t[i].want, "%s %s", t[i].pat, t[i].path);
	/* Would take longer than the universe with backtracking. */
	for (int i = 0; i < 5000; i++)
		buf_adds(&pat, "a*");
	buf_adds(&pat, "b");
	for (int i = 0; i < 16000; i++)
		buf_addc(&path, 'a');
	cr_expect_eq(robots_glob(buf_view(&pat), buf_view(&path)), 0);
	buf_release(&pat);
	buf_release(&path);
}

Test(robots, beyond_500_kib_nothing_counts_and_no_half_line)
{
	struct buf b = BUF_INIT(1 << 20);
	struct robots *r;

	buf_adds(&b, "User-agent: *\nDisallow: /first\n");
	while (b.len < ROBOTS_MAX - 5)
		buf_addc(&b, '#');
	buf_adds(&b, "\nDisallow: /second\nDisallow: /third\n");
	cr_assert_eq(robots_parse(buf_view(&b), &r, NULL), 0);
	cr_expect(robots_truncated(r));
	cr_expect_eq(robots_rules(r), 1);
	robots_free(r);
	cr_expect_not(check(buf_view(&b), "x", bytes_str("/first")).allow);
	/* "Disa" was cut: had it been "Disallow: /" all would be forbidden. */
	cr_expect(check(buf_view(&b), "x", bytes_str("/second")).allow);
	buf_release(&b);
}

Test(robots, byte_order_marks_are_skipped)
{
	static const char utf16[] = "\xfe\xff\0U\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0*\0\n"
				    "\0D\0i\0s\0a\0l\0l\0o\0w\0:\0/\0x";

	cr_expect_not(allowed("\xef\xbb\xbfUser-agent: *\nDisallow: /x\n", "a", "/x"));
	cr_expect_not(allowed("\xef\xbbUser-agent: *\nDisallow: /x\n", "a", "/x"));
	cr_expect_not(check(BYTES(utf16, sizeof(utf16) - 1), "a",
			    bytes_str("/x")).allow);
}

Test(robots, crawl_delay_is_read_with_care)
{
	static const struct {
		const char *text;
		int64_t want;
	} t[] = {
		{ "1", 1000 }, { "0.25", 250 }, { "999999999999999", 86400000 },
		{ "-1", -1 }, { "1e3", -1 }, { "", -1 }, { "10 s", -1 }, { ".", -1 },
		{ "1.00000000001", 1000 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char text[100];

		snprintf(text, sizeof(text), "User-agent: *\nCrawl-delay: %s\n",
			 t[i].text);
		cr_expect_eq(check(bytes_str(text), "x", bytes_str("/")).crawl_delay_ms,
			     t[i].want, "%s", t[i].text);
	}
}

Test(robots, targets_are_cut_out_of_urls)
{
	static const char *const t[][2] = {
		{ "", "/" }, { "http://www.example.com", "/" },
		{ "http://www.example.com/", "/" },
		{ "http://www.example.com/a?b=http://c#d", "/a?b=http://c" },
		{ "//a/b/c", "/b/c" }, { "example.com/a/b;c", "/a/b;c" },
		{ "http://e?q", "/" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		cr_expect(bytes_is(robots_target(bytes_str(t[i][0])), t[i][1]),
			  "%s", t[i][0]);
}

/* lines - call each for each JSON object of a file; returns 0 when absent */
static int each_line(const char *name,
		     void (*each)(const json_t *o, unsigned line))
{
	struct buf text = BUF_INIT(32 << 20);
	size_t from = 0;
	unsigned line = 0;

	if (shared_read("robots", name, &text))
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		json_t *o;

		if (text.p[i] != '\n')
			continue;
		line++;
		o = json_loadb((const char *)text.p + from, i - from, 0, NULL);
		cr_assert_not_null(o, "%s:%u", name, line);
		each(o, line);
		json_decref(o);
		from = i + 1;
	}
	buf_release(&text);
	return 1;
}

static unsigned good, bad, google_good, google_bad;

static void google_case(const json_t *o, unsigned line)
{
	const char *body = json_opt_str(o, "robots");
	const char *agent = json_opt_str(o, "user_agent");
	const char *url = json_opt_str(o, "url");
	int want = json_is_true(json_object_get(o, "allowed"));
	int google = json_is_true(json_object_get(o, "google_only"));
	int got = check(bytes_str(body), agent, robots_target(bytes_str(url))).allow;

	if (got == want)
		google ? google_good++ : good++;
	else
		google ? google_bad++ : bad++;
	if (got != want)
		fprintf(stderr, "robots: line %u %s%s: want %d for %.60s\n", line,
			json_opt_str(o, "test"), google ? " (google only)" : "",
			want, url);
}

Test(robots, agrees_with_google_robotstxt)
{
	if (!each_line("corpus/robots/google_robotstxt_cases.jsonl", google_case))
		return;
	fprintf(stderr, "robots: google %u of %u; google only %u of %u\n", good,
		good + bad, google_good, google_good + google_bad);
	cr_expect_eq(bad, 0);
	cr_expect_eq(good, 72);
}

static char last_file[512];
static struct robots *last;

static void site_case(const json_t *o, unsigned line)
{
	const char *file = json_opt_str(o, "file");
	struct robots_decision d;
	int want = json_is_true(json_object_get(o, "allowed"));

	if (strcmp(file, last_file) != 0) {
		struct buf body = BUF_INIT(4 << 20);
		char path[600];

		snprintf(path, sizeof(path), "corpus/robots/%s", file);
		cr_assert_eq(shared_read("robots", path, &body), 0);
		robots_free(last);
		cr_assert_eq(robots_parse(buf_view(&body), &last, NULL), 0);
		buf_release(&body);
		snprintf(last_file, sizeof(last_file), "%s", file);
	}
	cr_assert_eq(robots_check(last, json_opt_str(o, "user_agent"),
			robots_target(bytes_str(json_opt_str(o, "url"))), &d), 0);
	if (d.allow == want)
		good++;
	else
		bad++;
	if (d.allow != want)
		fprintf(stderr, "robots: line %u %s %s: want %d, %.*s\n", line, file,
			json_opt_str(o, "url"), want, (int)d.rule.len,
			(const char *)d.rule.p);
}

Test(robots, agrees_with_two_other_readers_on_real_sites)
{
	if (!each_line("corpus/robots/site.expected.jsonl", site_case))
		return;
	robots_free(last);
	fprintf(stderr, "robots: sites %u of %u\n", good, good + bad);
	cr_expect_eq(bad, 0);
	cr_expect_eq(good, 3126);
}

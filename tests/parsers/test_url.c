/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/url.h"
#include "parsers/url_host.h"
#include "tests/parsers/shared.h"
#include "util/json.h"

#include <criterion/criterion.h>

static int parse(const char *text, const struct url *base, struct url *out)
{
	return url_parse(bytes_str(text), base, out, NULL);
}

static int is(struct bytes b, const char *s)
{
	return bytes_is(b, s);
}

Test(url, parts_are_those_of_the_text)
{
	struct url u = URL_INIT;

	cr_assert_eq(parse("HTTPS://us%65r:p@Example.COM:8443/a/../b%2f?q=1#f",
			   NULL, &u), 0);
	cr_expect_str_eq(u.href, "https://us%65r:p@example.com:8443/b%2f?q=1#f");
	cr_expect(is(u.scheme, "https"));
	cr_expect(is(u.username, "us%65r"));
	cr_expect(is(u.password, "p"));
	cr_expect(is(u.host, "example.com"));
	cr_expect(is(u.path, "/b%2f"));
	cr_expect(is(u.query, "q=1"));
	cr_expect(is(u.fragment, "f"));
	cr_expect_eq(u.port, 8443);
	cr_expect_eq(url_port(&u), 8443);
	cr_expect_eq(u.host_kind, URL_HOST_DOMAIN);
	cr_expect(is(url_target(&u), "/b%2f?q=1"));
	cr_expect(is(url_bare(&u), "https://us%65r:p@example.com:8443/b%2f?q=1"));
	url_release(&u);
}

Test(url, every_spelling_of_an_address_gives_the_address)
{
	static const char *const loopback[] = {
		"http://127.0.0.1/", "http://127.1", "http://2130706433",
		"http://0x7f.1", "http://017700000001", "http://0x7F000001.",
		"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1",
		"http://%31%32%37.1",
	};

	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		struct url u = URL_INIT;

		cr_assert_eq(parse(loopback[i], NULL, &u), 0, "%s", loopback[i]);
		cr_expect_eq(u.host_kind, URL_HOST_IPV4, "%s", loopback[i]);
		cr_expect_eq(memcmp(u.ip, "\x7f\0\0\1", 4), 0, "%s", loopback[i]);
		cr_expect_str_eq(u.href, "http://127.0.0.1/");
		url_release(&u);
	}
}

Test(url, ipv6_is_read_and_compressed)
{
	struct url u = URL_INIT;

	cr_assert_eq(parse("http://[2001:0DB8:0:0:1:0:0:1]:80/", NULL, &u), 0);
	cr_expect_str_eq(u.href, "http://[2001:db8::1:0:0:1]/");
	cr_expect_eq(u.host_kind, URL_HOST_IPV6);
	cr_expect_eq(memcmp(u.ip, "\x20\x01\x0d\xb8\0\0\0\0\0\1\0\0\0\0\0\1", 16), 0);
	url_release(&u);
	cr_expect_eq(parse("http://[1::2::3]/", NULL, &u), ERR_FORMAT);
	cr_expect_eq(parse("http://[1:2:3:4:5:6:7:8:9]/", NULL, &u), ERR_FORMAT);
	cr_expect_eq(parse("http://[::1", NULL, &u), ERR_FORMAT);
}

Test(url, names_go_through_idna)
{
	struct url u = URL_INIT;

	cr_assert_eq(parse("http://\xc3\x89t\xc3\xa9.Stra\xc3\x9f" "e.example/",
			   NULL, &u), 0);
	cr_expect_str_eq(u.href, "http://xn--t-9fab.xn--strae-oqa.example/");
	url_release(&u);
}

Test(url, too_long_is_a_limit_not_a_format_error)
{
	static char text[URL_MAX + 2];
	struct url u = URL_INIT;
	struct err e = ERR_INIT;

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "http://x/", 9);
	cr_expect_eq(url_parse(BYTES(text, URL_MAX), NULL, &u, &e), 0);
	url_release(&u);
	cr_expect_eq(url_parse(BYTES(text, URL_MAX + 1), NULL, &u, &e), ERR_LIMIT);
	/* Each of these becomes three bytes. */
	memset(text + 9, '"', sizeof(text) - 10);
	cr_expect_eq(url_parse(BYTES(text, URL_MAX / 2), NULL, &u, &e), ERR_LIMIT);
	cr_expect_null(u.href);
}

Test(url, base_may_be_the_result_too)
{
	struct url u = URL_INIT, old;

	cr_assert_eq(parse("https://t.me/s/demo?before=20#x", NULL, &u), 0);
	old = u;
	cr_assert_eq(parse("?before=10", &old, &u), 0);
	url_release(&old);
	cr_expect_str_eq(u.href, "https://t.me/s/demo?before=10");
	url_release(&u);
}

Test(url, equality_ignores_the_fragment_only)
{
	struct url a = URL_INIT, b = URL_INIT, c = URL_INIT;

	cr_assert_eq(parse("https://t.me/a#1", NULL, &a), 0);
	cr_assert_eq(parse("https://T.me:443/a", NULL, &b), 0);
	cr_assert_eq(parse("https://t.me/A", NULL, &c), 0);
	cr_expect(url_eq(&a, &b));
	cr_expect_not(url_eq(&a, &c));
	cr_expect(url_same_origin(&a, &c));
	url_release(&a);
	url_release(&b);
	url_release(&c);
}

Test(url, a_copy_stands_on_its_own)
{
	struct url a = URL_INIT, b = URL_INIT;

	cr_assert_eq(parse("http://h/p?q#f", NULL, &a), 0);
	cr_assert_eq(url_copy(&a, &b), 0);
	url_release(&a);
	cr_expect(is(b.path, "/p"));
	cr_expect(is(b.fragment, "f"));
	url_release(&b);
}

Test(url, surt_is_spelt_as_replay_tools_do)
{
	static const char *const pair[][2] = {
		{ "https://t.me/s/x", "me,t)/s/x" },
		{ "https://www.Example.com/A?b&a=1#f", "com,example)/a?a=1&b=" },
		{ "http://www2.example.com:8080/", "com,example:8080)/" },
		{ "http://example.com/?q=%20A%2B", "com,example)/?q=+a%2B" },
		{ "http://www.com/", "com)/" },
		{ "mailto:a@example.com", "mailto:a@example.com" },
	};

	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		struct buf b = BUF_INIT(URL_MAX);
		struct url u = URL_INIT;

		cr_assert_eq(parse(pair[i][0], NULL, &u), 0);
		cr_assert_eq(url_surt(&u, &b), 0);
		cr_expect_str_eq(buf_cstr(&b), pair[i][1]);
		buf_release(&b);
		url_release(&u);
	}
}

/* member - 1 when the case says so, and href agrees with that part */
static int part_ok(const json_t *c, const char *key, const char *before,
		   struct bytes got)
{
	const char *want = json_opt_str(c, key);
	struct buf b = BUF_INIT(URL_MAX);
	int ok;

	if (!want)
		return 1;
	if (got.len)
		buf_adds(&b, before);
	buf_addb(&b, got);
	ok = bytes_is(buf_view(&b), want);
	buf_release(&b);
	return ok;
}

static int case_ok(const json_t *c)
{
	const char *base_text = json_opt_str(c, "base");
	const char *href = json_opt_str(c, "href");
	const json_t *input = json_object_get(c, "input");
	struct url base = URL_INIT, u = URL_INIT;
	struct buf origin = BUF_INIT(URL_MAX);
	int r, ok;

	if (base_text)
		cr_assert_eq(parse(base_text, NULL, &base), 0, "%s", base_text);
	r = url_parse(BYTES(json_string_value(input), json_string_length(input)),
		      base_text ? &base : NULL, &u, NULL);
	if (!href) {
		ok = r == ERR_FORMAT;
	} else {
		ok = r == 0 && strcmp(u.href, href) == 0 &&
		     part_ok(c, "username", "", u.username) &&
		     part_ok(c, "password", "", u.password) &&
		     part_ok(c, "hostname", "", u.host) &&
		     part_ok(c, "pathname", "", u.path) &&
		     part_ok(c, "search", "?", u.query) &&
		     part_ok(c, "hash", "#", u.fragment);
		if (ok && json_opt_str(c, "origin") && url_is_http(&u)) {
			url_origin(&u, &origin);
			ok = bytes_is(buf_view(&origin),
				      json_opt_str(c, "origin"));
		}
	}
	if (!ok)
		fprintf(stderr, "url: '%s' base '%s': want %s, got %s\n",
			json_string_value(input), base_text ? base_text : "",
			href ? href : "failure", r == 0 ? u.href : "failure");
	buf_release(&origin);
	url_release(&u);
	url_release(&base);
	return ok;
}

static int web(const char *s)
{
	return s && (strncmp(s, "http:", 5) == 0 || strncmp(s, "https:", 6) == 0);
}

Test(url, agrees_with_browsers_on_wpt_urltestdata)
{
	struct buf text = BUF_INIT(4 << 20);
	unsigned all = 0, good = 0, http = 0, http_good = 0;
	json_t *list, *c;
	size_t i;

	if (shared_read("url", "vectors/url/urltestdata.json", &text))
		return;
	/* jansson directly: the vectors hold NUL characters */
	list = json_loadb((const char *)text.p, text.len, JSON_ALLOW_NUL, NULL);
	cr_assert_not_null(list);
	json_array_foreach(list, i, c) {
		int ok, is_web;

		if (!json_is_object(c))
			continue;
		ok = case_ok(c);
		is_web = web(json_opt_str(c, "base")) ||
			 web(json_string_value(json_object_get(c, "input")));
		all++;
		good += (unsigned)ok;
		http += (unsigned)is_web;
		http_good += (unsigned)(ok && is_web);
	}
	fprintf(stderr, "url: http(s) %u of %u, all schemes %u of %u\n",
		http_good, http, good, all);
	cr_expect_geq(http_good * 100, http * 98);
	cr_expect_geq(good * 100, all * 98);
	json_decref(list);
	buf_release(&text);
}

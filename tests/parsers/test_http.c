/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/http.h"
#include "util/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static int is(struct bytes b, const char *s)
{
	return b.p && bytes_is(b, s);
}

static int parse(const char *text, struct http_head *h)
{
	return http_response_parse(bytes_str(text), h, NULL);
}

Test(http, a_plain_head_is_read)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n"
		"X-Empty:\r\nSet-Cookie: a=1\r\nset-cookie:  b=2 \t\r\n\r\nbody";
	struct http_head h = HTTP_HEAD_INIT;
	struct buf all = BUF_INIT(100);
	struct http_type t;
	size_t at = 0;

	cr_assert_eq(parse(text, &h), 0);
	cr_expect_eq(h.status, 200);
	cr_expect_eq(h.major * 10 + h.minor, 11);
	cr_expect(is(h.reason, "OK"));
	cr_expect_eq(h.odd, 0);
	cr_expect_eq(h.fields, 4);
	cr_expect_eq(h.len, strlen(text) - 4);
	cr_expect(is(http_get(&h, "x-empty"), ""));
	cr_expect_null(http_get(&h, "x-none").p);
	cr_expect(is(http_get_next(&h, "Set-Cookie", &at), "a=1"));
	cr_expect(is(http_get_next(&h, "Set-Cookie", &at), "b=2"));
	cr_expect_null(http_get_next(&h, "Set-Cookie", &at).p);
	http_get_list(&h, "set-cookie", &all);
	cr_expect_str_eq(buf_cstr(&all), "a=1, b=2");
	cr_expect_eq(http_type(&h, &t), 0);
	cr_expect_str_eq(t.type, "text/html");
	cr_expect_str_eq(t.charset, "utf-8");
	buf_release(&all);
	http_head_release(&h);
}

Test(http, oddities_are_tolerated_and_told)
{
	struct http_head h = HTTP_HEAD_INIT;

	cr_assert_eq(parse("HTTP/1.0 404\nA : 1\nrubbish\n"
			   "B: one\r\n  two\r\n\tthree\nC: \x01x\n\n", &h), 0);
	cr_expect_eq(h.status, 404);
	cr_expect_eq(h.reason.len, 0);
	cr_expect_eq(h.odd, HTTP_ODD_LINE_END | HTTP_ODD_FOLD | HTTP_ODD_SPACE |
			    HTTP_ODD_LINE | HTTP_ODD_BYTE | HTTP_ODD_STATUS);
	cr_expect(is(http_get(&h, "a"), "1"));
	cr_expect(is(http_get(&h, "b"), "one    two  \tthree"));
	cr_expect_eq(h.fields, 3);
	http_head_release(&h);
}

Test(http, interim_heads_come_before_the_final_one)
{
	static const char text[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
				   "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n";
	struct http_head h = HTTP_HEAD_INIT;

	cr_assert_eq(parse(text, &h), 0);
	cr_expect_eq(h.status, 200);
	cr_expect_eq(h.interim, 1);
	cr_expect_eq(h.fields, 1);
	cr_expect_eq(h.len, strlen(text));
	cr_expect_eq(memcmp(text + h.final_at, "HTTP/1.1 200", 12), 0);
	http_head_release(&h);
}

Test(http, a_head_cut_anywhere_is_damaged_never_complete)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nA: 1\r\n B\r\n\r\n";

	for (size_t n = 1; n + 1 < strlen(text); n++) {
		struct http_head h = HTTP_HEAD_INIT;
		int r = http_response_parse(BYTES(text, n), &h, NULL);

		cr_expect(r == ERR_DAMAGED, "%zu: %d", n, r);
	}
}

Test(http, what_is_no_http_is_refused)
{
	struct http_head h = HTTP_HEAD_INIT;

	cr_expect_eq(parse("<html>\n\n", &h), ERR_FORMAT);
	cr_expect_eq(parse("HTTP/1.1 2000 OK\r\n\r\n", &h), ERR_FORMAT);
	cr_expect_eq(parse("HTTP/1.1 099 OK\r\n\r\n", &h), ERR_FORMAT);
	cr_expect_eq(parse("HTTP/1.1\r\n\r\n", &h), ERR_FORMAT);
	cr_expect_eq(parse("", &h), ERR_DAMAGED);
	cr_expect_null(h.text);
}

Test(http, limits_hold)
{
	struct buf b = BUF_INIT(1 << 20);
	struct http_head h = HTTP_HEAD_INIT;

	buf_adds(&b, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		buf_adds(&b, "A: 1\r\n");
	buf_adds(&b, "\r\n");
	cr_assert_eq(http_response_parse(buf_view(&b), &h, NULL), 0);
	http_head_release(&h);
	b.len -= 2;
	buf_adds(&b, "A: 1\r\n\r\n");
	cr_expect_eq(http_response_parse(buf_view(&b), &h, NULL), ERR_LIMIT);
	b.len = 17;
	while (b.len < HTTP_HEAD_MAX)
		buf_addc(&b, 'x');
	buf_adds(&b, ": 1\r\n\r\n");
	cr_expect_eq(http_response_parse(buf_view(&b), &h, NULL), ERR_LIMIT);
	b.len = 0;
	for (int i = 0; i <= HTTP_INTERIM_MAX; i++)
		buf_adds(&b, "HTTP/1.1 100 Go on\r\n\r\n");
	buf_adds(&b, "HTTP/1.1 200 OK\r\n\r\n");
	cr_expect_eq(http_response_parse(buf_view(&b), &h, NULL), ERR_LIMIT);
	buf_release(&b);
}

Test(http, requests_are_read)
{
	struct http_head h = HTTP_HEAD_INIT;

	cr_assert_eq(http_request_parse(bytes_str("GET /s/x?a=1 HTTP/1.1\r\n"
						  "Host: t.me\r\n\r\n"), &h, NULL), 0);
	cr_expect(is(h.method, "GET"));
	cr_expect(is(h.target, "/s/x?a=1"));
	cr_expect(is(http_get(&h, "host"), "t.me"));
	http_head_release(&h);
	cr_expect_eq(http_request_parse(bytes_str("GET HTTP/1.1\r\n\r\n"), &h,
					NULL), ERR_FORMAT);
}

Test(http, framing_follows_rfc_9112)
{
	static const struct {
		const char *text, *method;
		int kind;
		uint64_t len;
	} t[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", "GET",
		  HTTP_BODY_LENGTH, 12 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", "HEAD",
		  HTTP_BODY_NONE, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 7, 7\r\n\r\n", NULL,
		  HTTP_BODY_LENGTH, 7 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n",
		  NULL, ERR_FORMAT, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", NULL,
		  ERR_FORMAT, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
		  "Transfer-Encoding: gzip, Chunked\r\n\r\n", NULL,
		  HTTP_BODY_CHUNKED, 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", NULL,
		  HTTP_BODY_CLOSE, 0 },
		{ "HTTP/1.1 200 OK\r\n\r\n", NULL, HTTP_BODY_CLOSE, 0 },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", NULL,
		  HTTP_BODY_NONE, 0 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct http_head h = HTTP_HEAD_INIT;
		uint64_t len = 0;

		cr_assert_eq(parse(t[i].text, &h), 0);
		cr_expect_eq(http_body(&h, t[i].method, &len), t[i].kind, "%zu", i);
		cr_expect_eq(len, t[i].len, "%zu", i);
		http_head_release(&h);
	}
}

Test(http, media_types_are_read)
{
	static const char *const t[][3] = {
		{ "text/html", "text/html", "" },
		{ "Text/HTML;Charset=ISO-8859-1", "text/html", "iso-8859-1" },
		{ " text/html ; x=\"a;charset=no\" ; charset = x; charset=\"u\\tf-8\"",
		  "text/html", "utf-8" },
		{ "application/ld+json; profile=\"x\"", "application/ld+json", "" },
	};
	struct http_type out;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cr_expect_eq(http_type_parse(bytes_str(t[i][0]), &out), 0);
		cr_expect_str_eq(out.type, t[i][1]);
		cr_expect_str_eq(out.charset, t[i][2]);
	}
	cr_expect_eq(http_type_parse(bytes_str("text"), &out), ERR_FORMAT);
	cr_expect_eq(http_type_parse(bytes_str("/html"), &out), ERR_FORMAT);
	cr_expect_eq(http_type_parse(bytes_str(""), &out), ERR_FORMAT);
}

Test(http, the_three_dates_of_rfc_9110_are_the_same_instant)
{
	static const char *const t[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};
	static const char *const bad[] = {
		"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Xxx, 06 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
	};
	int64_t now, want, ms;

	cr_assert_eq(clock_parse_rfc3339("2026-07-01", 10, &now), 0);
	cr_assert_eq(clock_parse_rfc3339("1994-11-06T08:49:37Z", 20, &want), 0);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(http_date(bytes_str(t[i]), now, &ms), 0);
		cr_expect_eq(ms, want);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(http_date(bytes_str(bad[i]), now, &ms), ERR_FORMAT,
			     "%s", bad[i]);
}

Test(http, retry_after_only_ever_gives_a_wait)
{
	int64_t now, ms = -1;

	cr_assert_eq(clock_parse_rfc3339("2026-07-01T00:00:00Z", 20, &now), 0);
	cr_expect_eq(http_retry_after(bytes_str("120"), now, &ms), 0);
	cr_expect_eq(ms, 120000);
	cr_expect_eq(http_retry_after(bytes_str("99999999999999999999999"), now,
				      &ms), 0);
	cr_expect_eq(ms, HTTP_RETRY_MAX_MS);
	cr_expect_eq(http_retry_after(bytes_str("Wed, 01 Jul 2026 00:01:00 GMT"),
				      now, &ms), 0);
	cr_expect_eq(ms, 60000);
	cr_expect_eq(http_retry_after(bytes_str("Sun, 06 Nov 1994 08:49:37 GMT"),
				      now, &ms), 0);
	cr_expect_eq(ms, 0);
	ms = 77;
	cr_expect_eq(http_retry_after(bytes_str("-1"), now, &ms), ERR_FORMAT);
	cr_expect_eq(http_retry_after(bytes_str("1.5"), now, &ms), ERR_FORMAT);
	cr_expect_eq(http_retry_after(bytes_str("soon"), now, &ms), ERR_FORMAT);
	cr_expect_eq(ms, 77);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/parsepool.h"
#include "crawler/profiles.h"
#include "tests/crawler/main.h"
#include "util/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"

static struct profile_set set;

static struct parse_pool *pool_of(unsigned children, unsigned max_pages)
{
	struct parse_pool_options o = PARSE_POOL_OPTIONS_INIT;
	struct parse_pool *p = NULL;
	struct err e = ERR_INIT;
	char dir[PATH_MAX];

	if (!realpath("profiles", dir))
		cr_assert_fail("run from the top of the tree");
	cr_assert_eq(profiles_load(dir, &set, &e), 0, "%s", e.text);
	o.profiles_dir = dir;
	o.profiles = &set;
	o.children = children;
	o.max_pages = max_pages;
	cr_assert_eq(parse_pool_new(&o, &p, &e), 0, "%s", e.text);
	return p;
}

static void done(struct parse_pool *p)
{
	parse_pool_free(p);
	profile_set_release(&set);
}

static void submit(struct parse_pool *p, uint64_t id, const char *head,
		   struct bytes body)
{
	struct parse_page page = { id, "https://t.me/s/exemple",
				   bytes_str(head), body };
	struct err e = ERR_INIT;

	cr_assert_eq(parse_pool_submit(p, &page, &e), 0, "%s", e.text);
}

static struct parse_result get(struct parse_pool *p)
{
	struct parse_result r = PARSE_RESULT_INIT;

	cr_assert_eq(parse_pool_wait(p, &r), 0);
	return r;
}

static int first_line_has(struct parse_result *r, const char *what)
{
	const char *text = buf_cstr(&r->jsonl), *hit = strstr(text, what);
	const char *end = strchr(text, '\n');

	return !strncmp(text, "{\"kind\":\"page\"", 14) && hit && hit < end;
}

/* repeat - n times a text, heap; freed by the caller */
static struct bytes repeat(const char *text, size_t n)
{
	size_t len = strlen(text);
	uint8_t *p = malloc(len * n);

	for (size_t i = 0; i < n; i++)
		memcpy(p + i * len, text, len);
	return BYTES(p, len * n);
}

static void well(struct parse_pool *p)
{
	struct parse_result r;

	submit(p, 4711, HEAD "\r\n", bytes_str("<p>hello"));
	r = get(p);
	cr_expect_eq(r.id, 4711);
	cr_expect_eq(r.died, 0, "%s", r.finding);
	cr_expect_eq(r.decoded, 8);
	cr_expect(first_line_has(&r, "\"platform\":\"telegram\""), "%s",
		  buf_cstr(&r.jsonl));
	parse_result_release(&r);
}

Test(parsepool, a_page_goes_in_and_lines_come_out)
{
	struct parse_pool *p = pool_of(1, 0);

	cr_expect(parse_pool_sandbox(p)->seccomp);
	well(p);
	well(p);
	done(p);
}

Test(parsepool, chunks_and_gzip_are_taken_off_inside)
{
	/* "abc" twice: gzip, then chunked */
	static const char body[] =
		"15\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41"
		"\x24\x35\x03\0\r\n2\r\n\0\0\r\n0\r\n\r\n";
	struct parse_pool *p = pool_of(1, 0);
	struct parse_result r;

	submit(p, 1, HEAD "Transfer-Encoding: chunked\r\n"
	       "Content-Encoding: gzip\r\n\r\n",
	       BYTES(body, sizeof(body) - 1));
	r = get(p);
	cr_expect_eq(r.decoded, 3);
	cr_expect_str_eq(r.finding, "");
	parse_result_release(&r);
	submit(p, 2, HEAD "Content-Encoding: gzip\r\n\r\n",
	       bytes_str("this is no gzip"));
	r = get(p);
	cr_expect(first_line_has(&r, FINDING_CODING), "%s",
		  buf_cstr(&r.jsonl));
	cr_expect_eq(r.died, 0);
	parse_result_release(&r);
	submit(p, 3, "not HTTP at all\r\n\r\n", bytes_str("x"));
	r = get(p);
	cr_expect(first_line_has(&r, "unreadable"), "%s", buf_cstr(&r.jsonl));
	parse_result_release(&r);
	done(p);
}

Test(parsepool, a_bomb_is_a_finding_and_the_child_lives)
{
	struct parse_pool *p = pool_of(1, 0);
	struct bytes zeros = repeat("\0", 1);
	size_t n = 100u << 20;
	uint8_t *out = malloc(1u << 20), *in = calloc(1, n);
	z_stream z = { .next_in = in, .avail_in = (uInt)n, .next_out = out,
		       .avail_out = 1u << 20 };
	struct parse_result r;

	cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, 0), Z_OK);
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	submit(p, 1, HEAD "Content-Encoding: gzip\r\n\r\n",
	       BYTES(out, z.total_out));
	deflateEnd(&z);
	r = get(p);
	cr_expect_eq(r.died, 0);
	cr_expect(first_line_has(&r, "\"finding\":\"limit\""), "%s",
		  buf_cstr(&r.jsonl));
	parse_result_release(&r);
	well(p);
	done(p);
	free(out);
	free(in);
	free((void *)zeros.p);
}

Test(parsepool, a_body_too_long_never_reaches_a_child)
{
	struct parse_pool *p = pool_of(1, 0);
	struct bytes big = repeat("<p>", 3 << 20);
	struct parse_result r;

	submit(p, 9, HEAD "\r\n", big);
	r = get(p);
	cr_expect_eq(r.id, 9);
	cr_expect(first_line_has(&r, "\"finding\":\"limit\""));
	parse_result_release(&r);
	well(p);
	done(p);
	free((void *)big.p);
}

/* hostile - a page of notes: it may be read, or kill its child; never us */
static void hostile(struct parse_pool *p, const char *piece, size_t n)
{
	struct bytes body = repeat(piece, n);
	struct parse_result r;
	int64_t start = clock_boot_ms();

	submit(p, 5, HEAD "\r\n", body);
	r = get(p);
	cr_expect_eq(r.id, 5);
	cr_expect(first_line_has(&r, "\"kind\""));
	if (r.died)
		cr_expect(strstr(r.finding, "parser died: limit"), "%s",
			  r.finding);
	cr_expect(clock_boot_ms() - start < 20000);
	parse_result_release(&r);
	free((void *)body.p);
	well(p);
}

Test(parsepool, pages_that_burn_processor_or_memory_cost_themselves_only,
     .timeout = 120)
{
	struct parse_pool *p = pool_of(1, 0);
	struct buf attrs = BUF_INIT(4u << 20);
	char *text;

	hostile(p, "<div>", 100000);
	hostile(p, "<i>", 200000);
	hostile(p, "<p>", 1300000);
	hostile(p, "<table>", 100000);
	buf_adds(&attrs, "<a ");
	for (int i = 0; i < 100000; i++)
		buf_addf(&attrs, "a%d ", i);
	buf_adds(&attrs, ">");
	text = strdup(buf_cstr(&attrs));
	hostile(p, text, 1);
	free(text);
	buf_release(&attrs);
	done(p);
}

Test(parsepool, several_children_work_side_by_side)
{
	struct parse_pool *p = pool_of(3, 0);
	unsigned seen = 0;

	for (uint64_t id = 0; id < 3; id++)
		submit(p, id, HEAD "\r\n", bytes_str("<p>x"));
	cr_expect_eq(parse_pool_idle(p), 0);
	for (int i = 0; i < 3; i++) {
		struct parse_result r = get(p);

		seen |= 1u << r.id;
		parse_result_release(&r);
	}
	cr_expect_eq(seen, 7);
	cr_expect_eq(parse_pool_idle(p), 3);
	done(p);
}

Test(parsepool, a_child_is_replaced_after_its_last_page)
{
	struct parse_pool *p = pool_of(1, 2);

	for (int i = 0; i < 5; i++)
		well(p);
	done(p);
}

Test(parsepool, a_missing_directory_is_told_at_the_start)
{
	struct parse_pool_options o = PARSE_POOL_OPTIONS_INIT;
	struct parse_pool *p = NULL;
	struct err e = ERR_INIT;

	o.profiles_dir = "/nonexistent";
	o.profiles = &set;
	cr_expect_eq(parse_pool_new(&o, &p, &e), ERR_CHILD);
	cr_expect(strstr(e.text, "/nonexistent"), "%s", e.text);
}

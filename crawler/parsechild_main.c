/* SPDX-License-Identifier: EUPL-1.2 */
/* The child's side: lock in, then pages in and JSON lines out. */
#include "crawler/parsepool.h"
#include "crawler/profiles.h"
#include "crawler/wire.h"
#include "parsers/coding.h"
#include "parsers/post.h"
#include "parsers/worker.h"
#include "util/child.h"
#include "util/secret.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define STATUS_OK 0
#define STATUS_FAILED 3
#define MESSAGE_MAX (PARSE_RAW_MAX + (5u << 20))
#define KEEP_MAX ((size_t)1 << 20)	/* memory a buffer keeps from page to
					   page */

/* struct work - what lasts from page to page */
struct work {
	const struct profile_set *set;
	struct parse_worker *parser;
	struct buf payload, content, lines, answer, type;
};

/* struct found - what happened to one page before the parser saw it */
struct found {
	const char *code;	/* finding, or NULL */
	char text[160];
	uint64_t decoded;
};

static void find(struct found *f, const char *code, const char *text)
{
	if (f->code)
		return;
	f->code = code;
	snprintf(f->text, sizeof(f->text), "%s", text);
	for (char *p = f->text; *p; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
}

static void flagged(struct found *f, unsigned flags)
{
	if (flags & CODING_TRUNCATED)
		find(f, FINDING_CUT, "the coded body ends too early");
	else if (flags & (CODING_TRAILING | CODING_ODD))
		find(f, FINDING_CODING, "the coding is not as it should be");
}

/*
 * decode - take transfer and content codings off
 *   body_out   what there is to parse, borrowed
 * Returns 0, or negative: nothing can be parsed (f says why).
 */
static int decode(struct work *w, const struct http_head *h,
		  struct bytes body, struct bytes *body_out, struct found *f)
{
	struct err e = ERR_INIT;
	unsigned flags = 0;
	int r;

	r = coding_payload(h, body, NULL, &w->payload, &flags, &e);
	flagged(f, flags);
	if (!r) {
		r = coding_content(h, buf_view(&w->payload), NULL, &w->content,
				   &flags, &e);
		flagged(f, flags);
	}
	*body_out = buf_view(&w->content);
	f->decoded = w->content.len;
	if (r == ERR_LIMIT) {
		find(f, FINDING_LIMIT, e.text[0] ? e.text
		     : "body longer than 4 MiB after decoding");
		f->code = FINDING_LIMIT;
	} else if (r) {
		find(f, FINDING_CODING, e.text);
	}
	return r;
}

/* give_back - keep a buffer's memory only while it is small */
static void give_back(struct buf *b)
{
	size_t max = b->max;

	if (b->size <= KEEP_MAX) {
		buf_clear(b);
		return;
	}
	buf_release(b);
	*b = (struct buf)BUF_INIT(max);
}

static int one_page(struct work *w, struct bytes url, struct bytes head,
		    struct bytes body, struct found *f)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct parse_request q = { .url = url };
	struct err e = ERR_INIT;
	struct bytes type;
	int r;

	r = http_response_parse(head, &h, &e);
	if (r == ERR_NOMEM)
		return r;
	if (r)
		find(f, FINDING_UNREADABLE, e.text);
	else
		r = decode(w, &h, body, &q.body, f);
	if (r == ERR_NOMEM)
		goto out;
	if (r) {
		r = parse_failed(w->set, &q, f->code, f->text, &w->lines);
		goto out;
	}
	type = http_get(&h, "content-type");
	buf_clear(&w->type);
	buf_addb(&w->type, type);
	if (type.p)
		q.content_type = buf_cstr(&w->type);
	r = parse_worker_page(w->parser, &q, &w->lines, &e);
out:
	http_head_release(&h);
	return r;
}

/* --- the test of itself -------------------------------------------------- */

static int test_page(struct work *w, const struct profile *p,
		     const char *type, const char *body)
{
	struct parse_request q = {
		.url = bytes_str("https://selftest.example/"),
		.content_type = type, .body = bytes_str(body), .profile = p,
	};
	int r = parse_worker_page(w->parser, &q, &w->lines, NULL);

	if (!r && !w->lines.len)
		r = ERR_FORMAT;
	buf_clear(&w->lines);
	return r;
}

static int test_coding(struct work *w, const char *name, const void *p,
		       size_t n)
{
	unsigned flags = 0;
	int r;

	buf_clear(&w->content);
	r = coding_decode(bytes_str(name), BYTES(p, n), NULL, &w->content,
			  &flags, NULL);
	if (!r && !bytes_is(buf_view(&w->content), "abc"))
		r = ERR_FORMAT;
	buf_clear(&w->content);
	return r;
}

/*
 * self_test - every parser once, inside the box: a C library that has begun to
 * use another system call is noticed at the start, not on evidence
 */
static int self_test(struct work *w)
{
	static const uint8_t gzip[] = {
		0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0,
		0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0 };
	static const uint8_t zlib[] = {
		0x78, 0x9c, 0x4b, 0x4c, 0x4a, 6, 0, 2, 0x4d, 1, 0x27 };
	static const uint8_t br[] = { 0x0b, 1, 0x80, 'a', 'b', 'c', 3 };
	static const uint8_t zstd[] = {
		0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 0x19, 0, 0, 'a', 'b', 'c' };
	int r = test_coding(w, "gzip", gzip, sizeof(gzip));

	if (!r)
		r = test_coding(w, "deflate", zlib, sizeof(zlib));
	if (!r)
		r = test_coding(w, "br", br, sizeof(br));
	if (!r)
		r = test_coding(w, "zstd", zstd, sizeof(zstd));
	for (size_t i = 0; !r && i < w->set->count; i++) {
		const struct profile *p = w->set->profile[i];

		r = test_page(w, p, "text/html; charset=windows-1252",
			      "<!doctype html><title>t</title><p class=a>\xe9"
			      "<a href=/x>l</a><script>{\"a\":1}</script>");
		if (!r)
			r = test_page(w, p, "application/json",
				      "{\"a\":[1,\"\\u00e9\",null]}");
		if (!r)
			r = test_page(w, p, "application/rss+xml",
				      "<?xml version=\"1.0\"?><rss><channel>"
				      "<title>&#233;</title></channel></rss>");
	}
	return r;
}

/* --- its life ------------------------------------------------------------ */

static int answer(struct work *w, uint64_t id, const struct found *f)
{
	struct bytes pieces[2];

	wire_put_u64(&w->answer, id);
	wire_put_u64(&w->answer, f->decoded);
	wire_put_str(&w->answer, f->code ? f->text : "");
	if (w->answer.failed)
		return w->answer.failed;
	pieces[0] = buf_view(&w->answer);
	pieces[1] = buf_view(&w->lines);
	return message_write(1, 'A', pieces, 2);
}

static int serve(struct work *w)
{
	struct buf msg = BUF_INIT(MESSAGE_MAX);
	int r;

	for (;;) {
		struct found f = { NULL, "", 0 };
		struct bytes url, head, body;
		struct wire in;
		uint64_t id;
		uint8_t type;
		int large;

		r = message_read(0, MESSAGE_MAX, &type, &msg);
		if (r)
			break;
		in = (struct wire){ buf_view(&msg), type != 'P' };
		id = wire_u64(&in);
		url = wire_bytes(&in);
		head = wire_bytes(&in);
		body = wire_bytes(&in);
		r = wire_end(&in);
		if (!r)
			r = one_page(w, url, head, body, &f);
		if (!r)
			r = answer(w, id, &f);
		if (r)
			break;
		large = msg.size > KEEP_MAX || w->content.size > KEEP_MAX ||
			w->lines.size > KEEP_MAX;
		give_back(&msg);
		give_back(&w->payload);
		give_back(&w->content);
		give_back(&w->lines);
		give_back(&w->answer);
		if (large)
			malloc_trim(0);
	}
	buf_release(&msg);
	return r;
}

static int prepare(struct work *w, struct profile_set *set, const char *dir,
		   struct err *e)
{
	struct sandbox_report rep;
	uint8_t bytes[SANDBOX_REPORT_LEN];
	struct bytes piece = BYTES(bytes, sizeof(bytes));
	int r;

	/* Large blocks go back to the kernel as soon as they are free. */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
	parse_start();
	r = profiles_load(dir, set, e);
	if (r)
		return r;
	w->set = set;
	w->parser = parse_worker_new(set);
	if (!w->parser)
		return err_set(e, ERR_NOMEM, "out of memory");
	r = sandbox_parse(0, &rep, e);
	if (r)
		return r;
	r = self_test(w);
	if (r)
		return err_set(e, r, "a parser fails its test (%s)",
			       err_name(r));
	sandbox_report_put(&rep, bytes);
	return message_write(1, 'S', &piece, 1);
}

int parse_child_main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct profile_set set = PROFILE_SET_INIT;
	struct work w = {
		.payload = BUF_INIT(PARSE_RAW_MAX),
		.content = BUF_INIT(PARSE_DECODED_MAX),
		.lines = BUF_INIT(PARSE_OUTPUT_MAX),
		.answer = BUF_INIT(4096),
		.type = BUF_INIT(HTTP_HEAD_MAX),
	};
	struct bytes why;
	int r;

	child_begin();
	if (secret_start())
		r = err_set(&e, ERR_IO, "cannot protect the process");
	else if (argc != 2)
		r = err_set(&e, ERR_USAGE, "no directory of profiles given");
	else
		r = prepare(&w, &set, argv[1], &e);
	if (!r)
		r = serve(&w);
	why = bytes_str(e.text);
	if (r < 0 && why.len)
		(void)message_write(1, 'E', &why, 1);
	/* Nothing is freed: trees made by hostile pages may be odd. */
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/coding.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* "Bonjour, le monde. " four times, by brotli 1.0.9 */
static const uint8_t brotli_text[] = {
	0x1b, 0x4b, 0x00, 0xf8, 0xc5, 0x6d, 0x6c, 0x5d, 0xf9, 0xd1, 0x19, 0xae,
	0x5d, 0x27, 0x2a, 0x21, 0x28, 0xae, 0x0a, 0x11, 0x24, 0xd4, 0x96, 0xfe,
	0x0c, 0x9d, 0x18, 0x6d, 0xa4, 0x83
};

static struct buf deflated(struct bytes in, int bits)
{
	struct buf out = BUF_INIT(16 << 20);
	z_stream z = { 0 };
	uLong room;

	deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
	room = deflateBound(&z, in.len) + 64;
	buf_room(&out, room);
	z.next_in = (uint8_t *)in.p;
	z.avail_in = (uInt)in.len;
	z.next_out = out.p;
	z.avail_out = (uInt)room;
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = room - z.avail_out;
	deflateEnd(&z);
	return out;
}

static int decode(const char *name, struct bytes in, struct buf *out,
		  unsigned *flags)
{
	return coding_decode(bytes_str(name), in, NULL, out, flags, NULL);
}

Test(coding, chunks_with_extensions_and_trailers_come_off)
{
	struct buf out = BUF_INIT(100), trailers = BUF_INIT(100);
	unsigned f = 99;

	cr_assert_eq(coding_dechunk(bytes_str("5;a=\"b\"\r\nhello\r\n00A \r\n, world 12"
					      "\r\n0;x\r\nA: 1\r\nB: 2\r\n\r\n"),
				    &out, &trailers, &f, NULL), 0);
	cr_expect_str_eq(buf_cstr(&out), "hello, world 12");
	cr_expect_str_eq(buf_cstr(&trailers), "A: 1\r\nB: 2\r\n");
	cr_expect_eq(f, 0);
	buf_release(&out);
	buf_release(&trailers);
}

Test(coding, a_chunked_body_cut_anywhere_is_partial)
{
	static const char text[] = "5\r\nhello\r\n3\r\nabc\r\n0\r\nA: 1\r\n\r\n";

	for (size_t n = 0; n < strlen(text); n++) {
		struct buf out = BUF_INIT(100);
		unsigned f;

		cr_expect_eq(coding_dechunk(BYTES(text, n), &out, NULL, &f, NULL), 0);
		cr_expect_eq(f & CODING_TRUNCATED, CODING_TRUNCATED, "%zu", n);
		cr_expect_eq(memcmp("helloabc", buf_cstr(&out), out.len), 0);
		buf_release(&out);
	}
}

Test(coding, bad_chunks_are_refused)
{
	static const char *const bad[] = {
		"x\r\n", "\r\n", "-1\r\n", "0x5\r\nhello\r\n", "5 5\r\nhello",
		"5\r\nhelloX\r\n", "fffffffffffffffff\r\n", "3\r\nhello\r\n0\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out = BUF_INIT(100);
		struct err e = ERR_INIT;
		unsigned f;

		cr_expect_eq(coding_dechunk(bytes_str(bad[i]), &out, NULL, &f, &e),
			     ERR_FORMAT, "%s", bad[i]);
		cr_expect_neq(e.text[0], 0);
		buf_release(&out);
	}
}

Test(coding, bare_line_feeds_and_bytes_behind_the_end_are_told)
{
	struct buf out = BUF_INIT(100);
	unsigned f;

	cr_assert_eq(coding_dechunk(bytes_str("5\nhello\n0\n\nmore"), &out, NULL,
				    &f, NULL), 0);
	cr_expect_eq(f, CODING_ODD | CODING_TRAILING);
	cr_expect_str_eq(buf_cstr(&out), "hello");
	buf_release(&out);
}

Test(coding, a_huge_chunk_size_takes_no_more_than_there_is)
{
	struct buf out = BUF_INIT(100);
	unsigned f;

	cr_assert_eq(coding_dechunk(bytes_str("ffffffffffffff\r\nabc"), &out, NULL,
				    &f, NULL), 0);
	cr_expect_eq(f, CODING_TRUNCATED);
	cr_expect_eq(out.len, 3);
	buf_release(&out);
}

Test(coding, every_content_coding_comes_back)
{
	static const char text[] = "Bonjour, le monde. Bonjour, le monde. "
				   "Bonjour, le monde. Bonjour, le monde. ";
	struct bytes in = bytes_str(text);
	struct buf z[5] = { deflated(in, 31), deflated(in, 15),
			    deflated(in, -15), BUF_INIT(200), BUF_INIT(200) };
	static const char *const name[] = { "X-GZip", "deflate", "deflate",
					    "zstd", "br" };
	static const unsigned want[] = { 0, 0, CODING_ODD, 0, 0 };

	buf_room(&z[3], 200);
	z[3].len = ZSTD_compress(z[3].p, 200, in.p, in.len, 3);
	buf_add(&z[4], brotli_text, sizeof(brotli_text));
	for (size_t i = 0; i < 5; i++) {
		struct buf out = BUF_INIT(1000);
		unsigned f;

		cr_expect_eq(decode(name[i], buf_view(&z[i]), &out, &f), 0,
			     "%s", name[i]);
		cr_expect_eq(f, want[i], "%s", name[i]);
		cr_expect_str_eq(buf_cstr(&out), text);
		/* Exactly the cap is allowed, one byte less is not. */
		buf_release(&out);
		out = (struct buf)BUF_INIT(in.len);
		cr_expect_eq(decode(name[i], buf_view(&z[i]), &out, &f), 0);
		buf_release(&out);
		out = (struct buf)BUF_INIT(in.len - 1);
		cr_expect_eq(decode(name[i], buf_view(&z[i]), &out, &f), ERR_LIMIT,
			     "%s", name[i]);
		cr_expect_eq(out.len, in.len - 1, "%s", name[i]);
		buf_release(&out);
		/* Rubbish behind. */
		out = (struct buf)BUF_INIT(1000);
		buf_adds(&z[i], "rubbish");
		cr_expect_eq(decode(name[i], buf_view(&z[i]), &out, &f), 0);
		cr_expect_eq(f, want[i] | CODING_TRAILING, "%s", name[i]);
		cr_expect_str_eq(buf_cstr(&out), text);
		z[i].len -= 7;
		buf_release(&out);
		/* Cut anywhere: partial, never an error, never more. */
		for (size_t n = 1; n < z[i].len; n++) {
			out = (struct buf)BUF_INIT(1000);
			cr_expect_eq(decode(name[i], BYTES(z[i].p, n), &out, &f), 0,
				     "%s %zu", name[i], n);
			cr_expect(f & CODING_TRUNCATED, "%s %zu", name[i], n);
			cr_expect_eq(memcmp(text, buf_cstr(&out), out.len), 0);
			buf_release(&out);
		}
		buf_release(&z[i]);
	}
}

Test(coding, two_gzip_members_are_one_body)
{
	struct buf a = deflated(bytes_str("one "), 31);
	struct buf b = deflated(bytes_str("two"), 31), out = BUF_INIT(100);
	unsigned f;

	buf_addb(&a, buf_view(&b));
	cr_assert_eq(decode("gzip", buf_view(&a), &out, &f), 0);
	cr_expect_str_eq(buf_cstr(&out), "one two");
	cr_expect_eq(f, 0);
	buf_release(&a);
	buf_release(&b);
	buf_release(&out);
}

Test(coding, a_flipped_bit_in_gzip_never_changes_the_text_unseen)
{
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	struct buf z = deflated(bytes_str(text), 31);

	/* From the compressed data on: the header's time and such are free. */
	for (size_t bit = 80; bit < z.len * 8; bit++) {
		struct buf out = BUF_INIT(1000);
		unsigned f;
		int r;

		z.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = decode("gzip", buf_view(&z), &out, &f);
		/* The last bits before the checksum are padding. */
		cr_expect(r < 0 || f || bytes_is(buf_view(&out), text),
			  "bit %zu", bit);
		z.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		buf_release(&out);
	}
	buf_release(&z);
}

Test(coding, a_bomb_stops_at_the_ratio)
{
	struct buf plain = BUF_INIT(8 << 20), out = BUF_INIT(64 << 20), z;
	struct err e = ERR_INIT;
	unsigned f;

	memset(buf_room(&plain, 8 << 20), 0, 8 << 20);
	plain.len = 8 << 20;
	z = deflated(buf_view(&plain), 31);
	cr_expect_eq(coding_decode(bytes_str("gzip"), buf_view(&z), NULL, &out, &f,
				   &e), ERR_LIMIT);
	cr_expect_lt(out.len, 2 << 20);
	cr_expect_not_null(strstr(e.text, "300 times"));
	buf_release(&z);
	buf_release(&plain);
	buf_release(&out);
}

Test(coding, transfer_and_content_codings_stack)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct buf inner = deflated(bytes_str("stacked"), 31);
	struct buf outer = deflated(buf_view(&inner), 15);
	struct buf body = BUF_INIT(1000), payload = BUF_INIT(1000);
	struct buf text = BUF_INIT(1000);
	unsigned f;

	cr_assert_eq(http_response_parse(bytes_str(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		"Content-Encoding: gzip,\r\nContent-Encoding: identity, deflate"
		"\r\n\r\n"), &h, NULL), 0);
	buf_addf(&body, "%zx\r\n", outer.len);
	buf_addb(&body, buf_view(&outer));
	buf_adds(&body, "\r\n0\r\n\r\n");
	cr_assert_eq(coding_payload(&h, buf_view(&body), NULL, &payload, &f, NULL), 0);
	cr_expect(bytes_eq(buf_view(&payload), buf_view(&outer)));
	cr_assert_eq(coding_content(&h, buf_view(&payload), NULL, &text, &f, NULL), 0);
	cr_expect_str_eq(buf_cstr(&text), "stacked");
	http_head_release(&h);
	cr_assert_eq(http_response_parse(bytes_str(
		"HTTP/1.1 200 OK\r\nContent-Encoding: br,br,br,br\r\n\r\n"), &h,
		NULL), 0);
	cr_expect_eq(coding_content(&h, bytes_str("x"), NULL, &text, &f, NULL),
		     ERR_LIMIT);
	http_head_release(&h);
	cr_assert_eq(http_response_parse(bytes_str(
		"HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\n\r\n"), &h, NULL), 0);
	cr_expect_eq(coding_content(&h, bytes_str("x"), NULL, &text, &f, NULL),
		     ERR_UNSUPPORTED);
	http_head_release(&h);
	buf_release(&inner);
	buf_release(&outer);
	buf_release(&body);
	buf_release(&payload);
	buf_release(&text);
}

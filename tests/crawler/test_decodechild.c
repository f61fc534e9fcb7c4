/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/decodechild.h"
#include "tests/crawler/main.h"

#include <stdlib.h>

#define SELF "/proc/self/exe"

Test(decodechild, chunks_and_gzip_are_taken_off)
{
	static const char head[] = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n"
		"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n";
	static const char body[] =
		"15\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41"
		"\x24\x35\x03\0\r\n2\r\n\0\0\r\n0\r\n\r\n";
	struct buf out = BUF_INIT(4096);
	struct err e = ERR_INIT;

	cr_assert_eq(decode_body(SELF, bytes_str(head),
				 BYTES(body, sizeof body - 1), &out, &e), 0,
		     "%s", e.text);
	cr_expect(bytes_is(buf_view(&out), "abc"));
	buf_release(&out);
}

Test(decodechild, what_is_no_coding_is_said)
{
	struct buf out = BUF_INIT(4096);
	struct err e = ERR_INIT;

	cr_expect_eq(decode_body(SELF, bytes_str("HTTP/1.1 200 OK\r\n"
		"Content-Encoding: gzip\r\n\r\n"), bytes_str("not gzip"), &out,
		&e), ERR_FORMAT);
	cr_expect(strstr(e.text, "cannot be decoded"), "%s", e.text);
	cr_expect_eq(decode_body(SELF, bytes_str("nothing"), bytes_str("x"),
				 &out, &e), ERR_FORMAT);
	cr_expect_eq(out.len, 0u);
	buf_release(&out);
}

Test(decodechild, a_body_as_large_as_allowed_goes_round)
{
	struct buf out = BUF_INIT(DECODE_BODY_MAX);
	size_t n = (size_t)33 << 20;
	uint8_t *big = calloc(1, n);
	struct err e = ERR_INIT;

	cr_assert(big);
	cr_assert_eq(decode_body(SELF, bytes_str("HTTP/1.1 200 OK\r\n\r\n"),
				 BYTES(big, n), &out, &e), 0, "%s", e.text);
	cr_expect(bytes_eq(buf_view(&out), BYTES(big, n)));
	free(big);
	buf_release(&out);
}

Test(decodechild, a_program_that_is_no_child_is_an_error)
{
	struct buf out = BUF_INIT(4096);
	struct err e = ERR_INIT;

	cr_expect_eq(decode_body("/bin/true", bytes_str("HTTP/1.1 200 OK\r\n"
		"\r\n"), bytes_str("x"), &out, &e), ERR_CHILD);
	buf_release(&out);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/receipt.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Shape as in C2SP tlog-proof. */
#define HASH_A "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="
#define HASH_B "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA="
#define HEAD "example.com/log\n9\n" HASH_A "\n\n\xe2\x80\x94 example.com/log AAAA\n"
#define GOOD "c2sp.org/tlog-proof@v1\nindex 7\n" HASH_A "\n" HASH_B "\n\n" HEAD

static struct receipt r;

Test(receipt, what_is_read_is_what_was_written)
{
	struct buf out = BUF_INIT(RECEIPT_MAX);

	cr_assert_eq(receipt_parse(bytes_str(GOOD), &r, NULL), 0);
	cr_assert_eq(r.index, 7);
	cr_assert_eq(r.n, 2);
	cr_assert(bytes_is(r.head, HEAD));
	cr_assert_eq(receipt_put(&r, &out), 0);
	cr_assert(bytes_is(buf_view(&out), GOOD));
	buf_release(&out);
}

Test(receipt, extra_data_is_kept)
{
	struct buf out = BUF_INIT(RECEIPT_MAX);

	cr_assert_eq(receipt_parse(bytes_str("c2sp.org/tlog-proof@v1\n"
					     "extra aGVsbG8=\nindex 0\n\n"
					     HEAD), &r, NULL), 0);
	cr_assert_eq(r.extra_len, 5);
	cr_assert(!memcmp(r.extra, "hello", 5));
	cr_assert_eq(receipt_put(&r, &out), 0);
	cr_assert_not_null(strstr(buf_cstr(&out), "extra aGVsbG8=\nindex 0\n"));
	buf_release(&out);
}

Test(receipt, malformed_texts_are_refused)
{
	const char *const bad[] = {
		"",
		"c2sp.org/tlog-proof@v2\nindex 7\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex 07\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex -1\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex 7\n" HASH_A "\n",
		"c2sp.org/tlog-proof@v1\nindex 7\n" HASH_A "\n\n",
		"c2sp.org/tlog-proof@v1\nindex 7\nAAAA\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex 7\n" HASH_A "A\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nindex 7\nextra aGVsbG8=\n\n" HEAD,
		"c2sp.org/tlog-proof@v1\nextra !\nindex 7\n\n" HEAD,
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(receipt_parse(bytes_str(bad[i]), &r, NULL),
			     ERR_FORMAT, "text %zu", i);
}

Test(receipt, no_more_hashes_than_a_proof_can_have)
{
	struct buf text = BUF_INIT(RECEIPT_MAX);

	buf_adds(&text, "c2sp.org/tlog-proof@v1\nindex 7\n");
	for (int i = 0; i < 65; i++)
		buf_adds(&text, HASH_A "\n");
	buf_adds(&text, "\n" HEAD);
	cr_assert_eq(receipt_parse(buf_view(&text), &r, NULL), ERR_FORMAT);
	buf_release(&text);
}

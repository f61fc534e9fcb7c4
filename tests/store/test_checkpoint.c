/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/checkpoint.h"

#include <criterion/criterion.h>

#define ROOT "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="

static struct note_skey log_key(const char *name)
{
	uint8_t seed[32] = { 9 };
	struct note_skey k;

	cr_assert_eq(note_skey_make(&k, name, NOTE_ED25519, seed, NULL), 0);
	return k;
}

static struct checkpoint sample(uint64_t size, const char *ext)
{
	struct checkpoint c = { .origin = bytes_str("unit3.example/2026"),
				.size = size, .ext = bytes_str(ext) };

	memset(c.root, 0xaa, sizeof c.root);
	return c;
}

Test(checkpoint, text_is_what_c2sp_says)
{
	struct checkpoint c = sample(1234567, "token abc\n");
	struct buf b = BUF_INIT(1024);

	cr_assert_eq(checkpoint_put(&c, &b), 0);
	cr_expect_str_eq(buf_cstr(&b), "unit3.example/2026\n1234567\n" ROOT
			 "\ntoken abc\n");
	buf_release(&b);
}

Test(checkpoint, comes_back_as_it_went)
{
	static const uint64_t sizes[] = { 0, 1, 9, 10, 160, 1000000,
					  INT64_MAX };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct checkpoint c = sample(sizes[i], i & 1 ? "x\ny\n" : "");
		struct checkpoint d;
		struct buf b = BUF_INIT(1024);

		cr_assert_eq(checkpoint_put(&c, &b), 0);
		cr_assert_eq(checkpoint_parse(buf_view(&b), &d, NULL), 0);
		cr_expect_eq(d.size, sizes[i]);
		cr_expect(bytes_eq(c.origin, d.origin));
		cr_expect(bytes_eq(c.ext, d.ext));
		cr_expect_arr_eq(c.root, d.root, 32);
		buf_release(&b);
	}
}

Test(checkpoint, malformed_texts_are_refused)
{
	static const char *const bad[] = {
		"", "o\n", "o\n1\n", "o\n1\n" ROOT, "\n1\n" ROOT "\n",
		"o\n01\n" ROOT "\n", "o\n\n" ROOT "\n", "o\n-1\n" ROOT "\n",
		"o\n+1\n" ROOT "\n", "o\n 1\n" ROOT "\n", "o\n1 \n" ROOT "\n",
		"o\n0x1\n" ROOT "\n", "o\n9223372036854775808\n" ROOT "\n",
		"o\n18446744073709551617\n" ROOT "\n",
		"o\n99999999999999999999\n" ROOT "\n", "o\n1\nqqo=\n",
		"o\n1\n" ROOT " \n", "o\n1\n" ROOT "\n\n",
		"o\n1\n" ROOT "\next\n\n", "o\n1\n" ROOT "\next",
		"o\n1\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp=\n",
		"o\n1\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\n",
		"o\r\n1\n" ROOT "\n", "\xff\n1\n" ROOT "\n",
	};
	struct checkpoint c;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(checkpoint_parse(bytes_str(bad[i]), &c, NULL),
			     ERR_FORMAT, "%zu", i);
	cr_expect_eq(checkpoint_parse(bytes_str("o\n0\n" ROOT "\n"), &c, NULL),
		     0);
}

Test(checkpoint, what_no_reader_takes_is_not_written)
{
	struct checkpoint c = sample(1, "no newline");
	struct buf b = BUF_INIT(CHECKPOINT_MAX);

	cr_expect_eq(checkpoint_put(&c, &b), ERR_FORMAT);
	c = sample(1, "a\n\n");
	cr_expect_eq(checkpoint_put(&c, &b), ERR_FORMAT);
	c = sample(1, "");
	c.origin = bytes_str("");
	cr_expect_eq(checkpoint_put(&c, &b), ERR_FORMAT);
	c.origin = bytes_str("two\nlines");
	cr_expect_eq(checkpoint_put(&c, &b), ERR_FORMAT);
	c = sample((uint64_t)INT64_MAX + 1, "");
	cr_expect_eq(checkpoint_put(&c, &b), ERR_FORMAT);
	cr_expect_eq(b.len, 0);
	buf_release(&b);
}

Test(checkpoint, only_the_log_s_own_head_is_sound)
{
	struct note_skey k = log_key("unit3.example/2026");
	struct note_skey other = log_key("unit4.example/2026");
	struct checkpoint c = sample(42, ""), d;
	struct buf b = BUF_INIT(4096);
	struct err e = ERR_INIT;

	cr_assert_eq(checkpoint_sign(&c, &k, 1, &b, NULL), 0);
	cr_assert_eq(checkpoint_open(buf_view(&b), &k.vkey, 1,
				     "unit3.example/2026", &d, &e), 0, "%s",
		     e.text);
	cr_expect_eq(d.size, 42);
	cr_expect_eq(checkpoint_open(buf_view(&b), &k.vkey, 1, NULL, &d, NULL),
		     0);
	cr_expect_eq(checkpoint_open(buf_view(&b), &k.vkey, 1,
				     "unit4.example/2026", &d, NULL), 1);
	cr_expect_eq(checkpoint_open(buf_view(&b), &other.vkey, 1, NULL, &d,
				     NULL), 1);
	buf_release(&b);
}

Test(checkpoint, any_flipped_bit_makes_it_unsound)
{
	struct note_skey k = log_key("unit3.example/2026");
	struct checkpoint c = sample(42, "anchor\n"), d;
	struct buf b = BUF_INIT(4096);

	cr_assert_eq(checkpoint_sign(&c, &k, 1, &b, NULL), 0);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_neq(checkpoint_open(buf_view(&b), &k.vkey, 1, NULL, &d,
					      NULL), 0, "bit %zu", bit);
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < b.len; n++)
		cr_expect_neq(checkpoint_open(BYTES(b.p, n), &k.vkey, 1, NULL,
					      &d, NULL), 0);
	buf_release(&b);
}

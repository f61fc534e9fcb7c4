/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/seal.h"
#include "util/enc.h"
#include "util/secret.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <zstd.h>

#define BIG ((size_t)64 << 20)

static void text(struct buf *b, size_t n)
{
	for (unsigned i = 0; b->len < n; i++)
		buf_addf(b, "<p>post %u of 06 39 98 %02u %02u</p>\n", i,
			 i * 7 % 100, i * 13 % 100);
	b->len = n;
}

static void noise(struct buf *b, size_t n)
{
	uint8_t seed[32] = { 1 };

	cr_assert_not_null(buf_room(b, n));
	randombytes_buf_deterministic(b->p, n, seed);
	b->len = n;
}

static void there_and_back(struct bytes plain, size_t parts, int smaller)
{
	struct buf sealed = BUF_INIT(seal_max(plain.len) + 3);
	struct buf back = BUF_INIT(plain.len);
	uint8_t key[SEAL_KEY_LEN], h[SHA256_LEN], want[SHA256_LEN];
	struct bytes piece[40];
	size_t at = 0;

	for (size_t i = 0; i < parts; i++) {
		size_t n = i + 1 == parts ? plain.len - at : plain.len / parts;

		piece[i] = BYTES(n ? plain.p + at : NULL, n);
		at += n;
	}
	buf_add(&sealed, "xyz", 3);
	cr_assert_eq(seal_object(piece, parts, key, h, &sealed), 0);
	sha256_once(BYTES(sealed.p + 3, sealed.len - 3), want);
	cr_expect_arr_eq(h, want, SHA256_LEN);
	if (smaller)
		cr_expect_lt(sealed.len, plain.len);
	else
		cr_expect_eq(sealed.len, seal_max(plain.len) + 3);
	cr_assert_eq(open_object(key, BYTES(sealed.p + 3, sealed.len - 3), &back,
				 NULL), 0);
	cr_expect(bytes_eq(buf_view(&back), plain), "%zu in %zu", plain.len,
		  parts);
	buf_release(&sealed);
	buf_release(&back);
}

Test(seal, objects_come_back_whatever_their_size_and_kind)
{
	static const size_t sizes[] = { 0, 1, 40, 5000, 65526, 65527, 65528,
					131063, 131064, 200000, 5000000 };
	struct buf t = BUF_INIT(BIG), r = BUF_INIT(BIG);

	text(&t, 5000000);
	noise(&r, 5000000);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t parts = 1; parts <= 31; parts += 10) {
			there_and_back(BYTES(t.p, sizes[i]), parts,
				       sizes[i] >= 5000);
			there_and_back(BYTES(r.p, sizes[i]), parts, 0);
		}
	buf_release(&t);
	buf_release(&r);
}

Test(seal, no_pieces_make_an_empty_object)
{
	struct buf sealed = BUF_INIT(4096), back = BUF_INIT(1);
	uint8_t key[SEAL_KEY_LEN];

	cr_assert_eq(seal_object(NULL, 0, key, NULL, &sealed), 0);
	cr_assert_eq(open_object(key, buf_view(&sealed), &back, NULL), 0);
	cr_expect_eq(back.len, 0);
	buf_release(&sealed);
	buf_release(&back);
}

Test(seal, what_shrinks_too_well_is_no_bomb_to_its_own_reader)
{
	struct buf z = BUF_INIT(BIG);

	cr_assert_not_null(buf_room(&z, 20000000));
	memset(z.p, 0, 20000000);
	z.len = 20000000;
	there_and_back(buf_view(&z), 1, 0);
	buf_release(&z);
}

Test(seal, two_objects_never_share_a_key)
{
	struct bytes same = bytes_str("the same bytes");
	struct buf a = BUF_INIT(4096), b = BUF_INIT(4096), back = BUF_INIT(64);
	uint8_t ka[SEAL_KEY_LEN], kb[SEAL_KEY_LEN];

	cr_assert_eq(seal_object(&same, 1, ka, NULL, &a), 0);
	cr_assert_eq(seal_object(&same, 1, kb, NULL, &b), 0);
	cr_expect_arr_neq(ka, kb, SEAL_KEY_LEN);
	cr_expect(!bytes_eq(buf_view(&a), buf_view(&b)));
	cr_expect_eq(open_object(kb, buf_view(&a), &back, NULL), ERR_NOENT);
	cr_expect_eq(back.len, 0);
	buf_release(&a);
	buf_release(&b);
	buf_release(&back);
}

static void flip_all(struct bytes plain)
{
	struct buf sealed = BUF_INIT(1 << 20), back = BUF_INIT(1 << 20);
	uint8_t key[SEAL_KEY_LEN];

	cr_assert_eq(seal_object(&plain, 1, key, NULL, &sealed), 0);
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_lt(open_object(key, buf_view(&sealed), &back, NULL), 0,
			     "bit %zu", bit);
		cr_assert_eq(back.len, 0);
		sealed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < sealed.len; n++)
		cr_expect_lt(open_object(key, BYTES(sealed.p, n), &back, NULL),
			     0, "cut at %zu", n);
	buf_release(&sealed);
	buf_release(&back);
}

Test(seal, any_flipped_bit_keeps_the_object_shut)
{
	struct buf t = BUF_INIT(1024);

	text(&t, 600);
	flip_all(buf_view(&t));
	flip_all(bytes_str("short"));
	buf_release(&t);
}

/* An object that says what we like, sealed as the writer would. */
static int open_forged(unsigned codec, uint64_t len, struct bytes data,
		       size_t cap)
{
	struct buf sealed = BUF_INIT(BIG), back = BUF_INIT(cap);
	uint8_t head[SEAL_HEAD_LEN] = { (uint8_t)codec };
	struct bytes all[2] = { BYTES(head, sizeof head), data };
	struct age_identity id;
	int r;

	put_be64(head + 1, len);
	cr_assert_eq(age_encrypt_fresh(&id, all, 2, NULL, &sealed), 0);
	r = open_object(id.secret, buf_view(&sealed), &back, NULL);
	cr_expect_eq(back.len, r == 0 ? len : 0);
	buf_release(&sealed);
	buf_release(&back);
	return r;
}

Test(seal, a_content_that_lies_is_refused)
{
	struct buf t = BUF_INIT(1 << 20), z = BUF_INIT(1 << 20);
	struct buf bomb = BUF_INIT(BIG);
	struct buf zeros = BUF_INIT(BIG);

	text(&t, 30000);
	cr_assert_not_null(buf_room(&z, 1 << 16));
	z.len = ZSTD_compress(z.p, 1 << 16, t.p, t.len, 1);
	cr_expect_eq(open_forged(SEAL_RAW, 30000, buf_view(&t), BIG), 0);
	cr_expect_eq(open_forged(SEAL_ZSTD, 30000, buf_view(&z), BIG), 0);
	cr_expect_eq(open_forged(SEAL_RAW, 29999, buf_view(&t), BIG),
		     ERR_FORMAT);
	cr_expect_eq(open_forged(SEAL_RAW, 30001, buf_view(&t), BIG),
		     ERR_FORMAT);
	cr_expect_eq(open_forged(SEAL_RAW, UINT64_MAX, buf_view(&t), BIG),
		     ERR_FORMAT);
	cr_expect_eq(open_forged(SEAL_ZSTD, 29999, buf_view(&z), BIG),
		     ERR_FORMAT);
	cr_expect_eq(open_forged(SEAL_ZSTD, 30001, buf_view(&z), BIG),
		     ERR_FORMAT);
	cr_expect_eq(open_forged(SEAL_ZSTD, UINT64_MAX, buf_view(&z), BIG),
		     ERR_LIMIT);
	cr_expect_eq(open_forged(2, 30000, buf_view(&t), BIG), ERR_UNSUPPORTED);
	cr_expect_eq(open_forged(SEAL_ZSTD, 30000, buf_view(&t), BIG),
		     ERR_FORMAT);
	cr_expect_eq(open_forged(SEAL_RAW, 30000, buf_view(&t), 29999),
		     ERR_LIMIT);
	/* Two frames, or a byte behind the frame */
	buf_addc(&z, 0);
	cr_expect_eq(open_forged(SEAL_ZSTD, 30000, buf_view(&z), BIG),
		     ERR_FORMAT);
	/* Twenty million zeros in about two thousand bytes */
	cr_assert_not_null(buf_room(&zeros, 20000000));
	memset(zeros.p, 0, 20000000);
	cr_assert_not_null(buf_room(&bomb, 1 << 20));
	bomb.len = ZSTD_compress(bomb.p, 1 << 20, zeros.p, 20000000, 19);
	cr_assert_lt(bomb.len * SEAL_RATIO_MAX, 20000000);
	cr_expect_eq(open_forged(SEAL_ZSTD, 20000000, buf_view(&bomb), BIG),
		     ERR_LIMIT);
	buf_release(&t);
	buf_release(&z);
	buf_release(&bomb);
	buf_release(&zeros);
}

Test(seal, a_content_too_short_for_its_head_is_refused)
{
	struct buf sealed = BUF_INIT(4096), back = BUF_INIT(64);
	struct age_identity id;

	for (size_t n = 0; n < SEAL_HEAD_LEN; n++) {
		struct bytes part = BYTES("\0\0\0\0\0\0\0\0", n);

		buf_clear(&sealed);
		cr_assert_eq(age_encrypt_fresh(&id, &part, 1, NULL, &sealed), 0);
		cr_expect_eq(open_object(id.secret, buf_view(&sealed), &back,
					 NULL), ERR_FORMAT);
	}
	buf_release(&sealed);
	buf_release(&back);
}

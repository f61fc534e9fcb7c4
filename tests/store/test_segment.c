/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/segment.h"
#include "util/enc.h"

#include <criterion/criterion.h>

static void a_leaf(uint8_t leaf[LEAF_LEN], uint8_t hash[32])
{
	struct leaf l = { .kind = LEAF_EVIDENCE, .time_ms = 5 };

	leaf_encode(&l, leaf);
	leaf_hash(leaf, hash);
}

Test(segment, frames_read_back_in_order)
{
	struct buf out = BUF_INIT(4096);
	uint8_t leaf[LEAF_LEN], hash[32];
	struct segment_frame f;

	a_leaf(leaf, hash);
	cr_assert_eq(segment_put_leaf(&out, leaf, hash), 0);
	cr_assert_eq(segment_put_note(&out, bytes_str("a head\n")), 0);
	cr_assert_eq(segment_put_note(&out, BYTES("", 0)), ERR_RANGE);
	cr_assert_eq(segment_next(buf_view(&out), 1, &f), 0);
	cr_assert_eq(f.kind, SEGMENT_LEAF);
	cr_assert_eq(f.size, 166);
	cr_assert(bytes_eq(f.body, BYTES(leaf, LEAF_LEN)));
	cr_assert_eq(segment_next(BYTES(out.p + f.size, out.len - f.size), 1,
				  &f), 0);
	cr_assert_eq(f.kind, SEGMENT_NOTE);
	cr_assert(bytes_is(f.body, "a head\n"));
	cr_assert_eq(segment_next(BYTES(NULL, 0), 1, &f), 1);
	buf_release(&out);
}

Test(segment, any_flipped_bit_of_a_frame_shows)
{
	struct buf out = BUF_INIT(4096);
	uint8_t leaf[LEAF_LEN], hash[32];
	struct segment_frame f;
	size_t first;

	a_leaf(leaf, hash);
	segment_put_leaf(&out, leaf, hash);
	first = out.len;
	segment_put_note(&out, bytes_str("a head\n"));
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		size_t at = bit / 8 < first ? 0 : first;
		size_t end = at ? out.len : first;

		out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_neq(segment_next(BYTES(out.p + at, end - at), 1, &f),
			      0, "bit %zu", bit);
		out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < first; n++)
		cr_expect_eq(segment_next(BYTES(out.p, n), 1, &f), 1);
	buf_release(&out);
}

Test(segment, a_header_says_which_log_and_where)
{
	uint8_t a[SEGMENT_HEAD_LEN], b[SEGMENT_HEAD_LEN];

	segment_head_put(7, "one", a);
	segment_head_put(7, "one", b);
	cr_assert(!memcmp(a, b, sizeof a));
	cr_assert(!memcmp(a, "SCLLSEG1", 8));
	cr_assert_eq(get_be64(a + 8), 7);
	segment_head_put(7, "two", b);
	cr_assert(memcmp(a, b, sizeof a));
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/slot.h"
#include "util/enc.h"

#include <criterion/criterion.h>

Test(slot, frame_headers_and_slots_read_back)
{
	struct slot_frame f = { 0x0102030405060708, 9, 3, 400 }, g;
	struct slot s = { .case_seq = 11, .object = 2, .identity = { 1 },
			  .salt = { 2 } }, t;
	uint8_t frame[SLOT_FRAME_LEN], slot[SLOT_LEN];

	slot_frame_put(&f, frame);
	cr_assert_eq(slot_frame_get(frame, &g), 0);
	cr_assert(g.seq == f.seq && g.first == 9 && g.count == 3
		  && g.len == 400);
	slot_put(&s, slot);
	cr_assert_eq(slot_get(slot, &t), 0);
	cr_assert(t.case_seq == 11 && t.object == 2 && t.identity[0] == 1
		  && t.salt[0] == 2);
	slot[4] = 1;
	cr_assert_eq(slot_get(slot, &t), ERR_DAMAGED);
}

Test(slot, any_flipped_bit_of_a_frame_header_shows)
{
	struct slot_frame f = { 5, 6, 7, 8 }, g;
	uint8_t frame[SLOT_FRAME_LEN];

	slot_frame_put(&f, frame);
	for (size_t bit = 0; bit < sizeof frame * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_eq(slot_frame_get(frame, &g), ERR_DAMAGED, "bit %zu",
			     bit);
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

Test(slot, counts_are_bounded)
{
	struct slot_frame f = { 5, 6, 0, 8 }, g;
	uint8_t frame[SLOT_FRAME_LEN];

	slot_frame_put(&f, frame);
	cr_assert_eq(slot_frame_get(frame, &g), ERR_DAMAGED);
	f.count = SLOT_GROUP_MAX + 1;
	slot_frame_put(&f, frame);
	cr_assert_eq(slot_frame_get(frame, &g), ERR_DAMAGED);
}

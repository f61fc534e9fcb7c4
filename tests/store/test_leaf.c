/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/leaf.h"
#include "util/enc.h"

#include <criterion/criterion.h>

static struct leaf sample(void)
{
	struct leaf l = { .seq = 0x0102030405060708, .kind = LEAF_EVIDENCE,
			  .time_ms = 1795345200123, .flags = 0x8001 };

	memset(l.prev, 1, 32);
	memset(l.tag, 2, 32);
	memset(l.body, 3, 32);
	memset(l.open, 4, 32);
	return l;
}

Test(leaf, comes_back_as_it_went)
{
	struct leaf l = sample(), m;
	uint8_t a[LEAF_LEN], b[LEAF_LEN];

	for (unsigned kind = 1; kind <= LEAF_KIND_MAX; kind++) {
		l.kind = (uint16_t)kind;
		leaf_encode(&l, a);
		cr_assert_eq(leaf_decode(a, &m, NULL), 0);
		cr_expect_eq(m.seq, l.seq);
		cr_expect_eq(m.time_ms, l.time_ms);
		cr_expect_eq(m.kind, kind);
		cr_expect_eq(m.flags, 0x8001);
		leaf_encode(&m, b);
		cr_expect_arr_eq(a, b, LEAF_LEN);
	}
}

Test(leaf, bytes_stand_where_the_format_says)
{
	struct leaf l = sample();
	uint8_t a[LEAF_LEN];
	char hex[65];

	leaf_encode(&l, a);
	hex_str(hex, a, 32);
	cr_expect_str_eq(hex, "53434c4c454146310102030405060708"
			      "000001a202e9b3fb0001800100000000");
	cr_expect_eq(a[32], 1);
	cr_expect_eq(a[64], 2);
	cr_expect_eq(a[96], 3);
	cr_expect_eq(a[128], 4);
	cr_expect_eq(a[159], 4);
}

Test(leaf, what_no_writer_makes_is_refused)
{
	struct leaf l = sample(), m;
	uint8_t a[LEAF_LEN];

	leaf_encode(&l, a);
	for (size_t i = 0; i < LEAF_LEN; i++) {
		int fixed = i < 8 || (i >= 28 && i < 32) || i == 24;

		for (unsigned bit = 0; bit < 8; bit++) {
			a[i] ^= (uint8_t)(1u << bit);
			if (fixed)
				cr_expect_eq(leaf_decode(a, &m, NULL),
					     ERR_FORMAT, "byte %zu", i);
			a[i] ^= (uint8_t)(1u << bit);
		}
	}
	a[25] = 0;
	cr_expect_eq(leaf_decode(a, &m, NULL), ERR_FORMAT);
	a[25] = LEAF_KIND_MAX + 1;
	cr_expect_eq(leaf_decode(a, &m, NULL), ERR_FORMAT);
	a[25] = 1;
	a[16] = 0x80;
	cr_expect_eq(leaf_decode(a, &m, NULL), ERR_FORMAT);
	a[16] = 0;
	memset(a + 8, 0, 8);
	cr_expect_eq(leaf_decode(a, &m, NULL), ERR_FORMAT);
	memset(a + 32, 0, 32);
	cr_expect_eq(leaf_decode(a, &m, NULL), 0);
}

Test(leaf, hashes_follow_their_formulas)
{
	struct leaf l = sample();
	uint8_t a[LEAF_LEN], h[2][SHA256_LEN], out[SHA256_LEN], salt[32];
	uint8_t key[32], m[256];
	uint8_t want[SHA256_LEN];

	leaf_encode(&l, a);
	m[0] = 0;
	memcpy(m + 1, a, LEAF_LEN);
	sha256_once(BYTES(m, LEAF_LEN + 1), want);
	leaf_hash(a, out);
	cr_expect_arr_eq(out, want, SHA256_LEN);

	memset(h[0], 0x11, 32);
	memset(h[1], 0x22, 32);
	memcpy(m, "scelle/body/v1\0\0\0\0\2", 19);
	memcpy(m + 19, h, 64);
	sha256_once(BYTES(m, 83), want);
	leaf_body((const uint8_t (*)[SHA256_LEN])h, 2, out);
	cr_expect_arr_eq(out, want, SHA256_LEN);

	memset(salt, 0x33, 32);
	memcpy(m, "scelle/open/v1\0", 15);
	memcpy(m + 15, salt, 32);
	sha256_once(bytes_str("statement"), m + 47);
	sha256_once(BYTES(m, 79), want);
	leaf_open(salt, bytes_str("statement"), out);
	cr_expect_arr_eq(out, want, SHA256_LEN);

	memset(key, 0x44, 32);
	memcpy(m, "scelle/tag/v1\0\0\0\0\0\0\0\1\2", 22);
	hmac_sha256(BYTES(key, 32), BYTES(m, 22), want);
	leaf_tag(key, 258, out);
	cr_expect_arr_eq(out, want, SHA256_LEN);
}

Test(leaf, every_kind_has_a_name)
{
	cr_expect_str_eq(leaf_kind_name(1), "evidence");
	cr_expect_str_eq(leaf_kind_name(10), "refused");
	cr_expect_str_eq(leaf_kind_name(0), "unknown");
	cr_expect_str_eq(leaf_kind_name(11), "unknown");
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/age_header.h"

#include "util/secret.h"

#include <sodium.h>

/* Order of the base point, 2^252 + 27742317777372353535851937790883648493 */
static const uint8_t order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
};

static void clamp(uint8_t k[32])
{
	k[0] &= 0xf8;
	k[31] = (uint8_t)((k[31] & 0x7f) | 0x40);
}

/*
 * The base point B has prime order L, so [a]([b]B) = [ab mod L]B, and a point
 * and its negative share their u coordinate.  X25519 takes only multiples of
 * eight from 2^254 to 2^255.  Let k = ab mod L and p = k + mL, m below 8 chosen
 * such that 8 divides p (L = 5 mod 8, so m = 3k mod 8).  Then p or 8L - p, which
 * is -k mod L, lies in that range, but for about 2^127 values at its edges.
 */
int age_shared_of_two(const uint8_t a[static AGE_KEY_LEN],
		      const uint8_t b[static AGE_KEY_LEN],
		      uint8_t out[static AGE_KEY_LEN])
{
	uint8_t ca[32], cb[32], k[32], p[32], q[32], mask;
	uint32_t carry = 0, lift = 0, borrow = 0, m;
	int fits;

	memcpy(ca, a, 32);
	memcpy(cb, b, 32);
	clamp(ca);
	clamp(cb);
	crypto_core_ed25519_scalar_mul(k, ca, cb);
	m = k[0] * 3u & 7;
	for (size_t i = 0; i < 32; i++) {
		uint32_t d;

		carry += k[i] + m * order[i];
		p[i] = (uint8_t)carry;
		carry >>= 8;
		lift += 8u * order[i];
		d = (lift & 0xff) - p[i] - borrow;
		q[i] = (uint8_t)d;
		borrow = d >> 31;
		lift >>= 8;
	}
	mask = (uint8_t)-(p[31] >> 6 & 1);
	for (size_t i = 0; i < 32; i++)
		p[i] = (uint8_t)((p[i] & mask) | (q[i] & ~mask));
	fits = (p[31] & 0xc0) == 0x40 && (p[0] & 7) == 0;
	if (fits)
		crypto_scalarmult_base(out, p);
	secret_wipe(ca, sizeof ca);
	secret_wipe(cb, sizeof cb);
	secret_wipe(k, sizeof k);
	secret_wipe(p, sizeof p);
	secret_wipe(q, sizeof q);
	return fits ? 0 : ERR_RANGE;
}

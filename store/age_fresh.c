/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Three points of X25519 for the price of about two, for a writer who makes
 * both keys itself.
 *
 * X25519(k, 9) is the u coordinate of [k]B, and libsodium multiplies the base
 * point fastest in its Edwards form, where u = (1 + y) / (1 - y) (RFC 7748
 * section 4.1).  Knowing both scalars, the shared point X25519(a, X25519(b, 9))
 * is [ab mod L]B, a multiple of the base point as well.  The three divisions
 * share one inversion.  Everything here runs in constant time.
 */
#include "store/age_header.h"

#include "util/secret.h"

#include <sodium.h>

/* Numbers modulo 2^255 - 19 in five limbs of 51 bits, limbs below 2^54 */
typedef uint64_t fe[5];
__extension__ typedef unsigned __int128 wide;

#define LIMB (((uint64_t)1 << 51) - 1)

static uint64_t get_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 8; i-- > 0; )
		v = v << 8 | p[i];
	return v;
}

/* Bit 255, the sign of x in an Edwards point, is left out. */
static void fe_get(fe r, const uint8_t p[32])
{
	r[0] = get_le64(p) & LIMB;
	r[1] = get_le64(p + 6) >> 3 & LIMB;
	r[2] = get_le64(p + 12) >> 6 & LIMB;
	r[3] = get_le64(p + 19) >> 1 & LIMB;
	r[4] = get_le64(p + 24) >> 12 & LIMB;
}

static void fe_mul(fe r, const fe a, const fe b)
{
	wide t[5];
	uint64_t c = 0;

	for (size_t i = 0; i < 5; i++) {
		t[i] = 0;
		for (size_t j = 0; j < 5; j++)
			t[i] += (wide)a[j] * (j <= i ? b[i - j] :
					      19 * b[5 + i - j]);
	}
	for (size_t i = 0; i < 5; i++) {
		t[i] += c;
		r[i] = (uint64_t)t[i] & LIMB;
		c = (uint64_t)(t[i] >> 51);
	}
	r[0] += 19 * c;
	r[1] += r[0] >> 51;
	r[0] &= LIMB;
}

static void fe_square_n(fe r, const fe a, unsigned n)
{
	fe_mul(r, a, a);
	while (--n)
		fe_mul(r, r, r);
}

/* a^(p - 2), the usual chain; 0 for 0 */
static void fe_invert(fe r, const fe a)
{
	fe a2, a9, a11, x5, x10, x20, x50, x100, t;

	fe_square_n(a2, a, 1);
	fe_square_n(t, a2, 2);
	fe_mul(a9, t, a);
	fe_mul(a11, a9, a2);
	fe_square_n(t, a11, 1);
	fe_mul(x5, t, a9);		/* 2^5 - 1 */
	fe_square_n(t, x5, 5);
	fe_mul(x10, t, x5);
	fe_square_n(t, x10, 10);
	fe_mul(x20, t, x10);
	fe_square_n(t, x20, 20);
	fe_mul(t, t, x20);
	fe_square_n(t, t, 10);
	fe_mul(x50, t, x10);
	fe_square_n(t, x50, 50);
	fe_mul(x100, t, x50);
	fe_square_n(t, x100, 100);
	fe_mul(t, t, x100);
	fe_square_n(t, t, 50);
	fe_mul(t, t, x50);
	fe_square_n(t, t, 5);
	fe_mul(r, t, a11);		/* 2^255 - 21 */
}

static void fe_put(uint8_t p[32], const fe a)
{
	uint64_t r[5], c, v;

	memcpy(r, a, sizeof r);
	/* Twice round the carries, then once more with 19: below p or by p more. */
	for (unsigned i = 0; i < 10; i++) {
		c = r[i % 5] >> 51;
		r[i % 5] &= LIMB;
		r[(i + 1) % 5] += i % 5 == 4 ? 19 * c : c;
	}
	c = (r[0] + 19) >> 51;
	for (unsigned i = 1; i < 5; i++)
		c = (r[i] + c) >> 51;
	r[0] += 19 * c;
	for (unsigned i = 0; i < 4; i++) {
		r[i + 1] += r[i] >> 51;
		r[i] &= LIMB;
	}
	r[4] &= LIMB;
	for (unsigned i = 0; i < 4; i++) {
		v = r[i] >> 13 * i | r[i + 1] << (51 - 13 * i);
		for (unsigned k = 0; k < 8; k++)
			p[8 * i + k] = (uint8_t)(v >> 8 * k);
	}
}

/* u = (1 + y) / (1 - y) for three points at once */
static void to_u(uint8_t y[3][32])
{
	/* 1 + 2p, limb by limb, so that no limb of 1 - y goes below zero */
	static const fe one = { 1, 0, 0, 0, 0 };
	static const fe two_p = { 0xfffffffffffda, 0xffffffffffffe,
				  0xffffffffffffe, 0xffffffffffffe,
				  0xffffffffffffe };
	fe up[3], down[3], d01, all, inv, t;

	for (size_t i = 0; i < 3; i++) {
		fe v;

		fe_get(v, y[i]);
		for (size_t k = 0; k < 5; k++) {
			up[i][k] = one[k] + v[k];
			down[i][k] = one[k] + two_p[k] - v[k];
		}
		secret_wipe(v, sizeof v);
	}
	fe_mul(d01, down[0], down[1]);
	fe_mul(all, d01, down[2]);
	fe_invert(inv, all);
	fe_mul(t, inv, d01);		/* 1 / down[2] */
	fe_mul(t, t, up[2]);
	fe_put(y[2], t);
	fe_mul(inv, inv, down[2]);
	fe_mul(t, inv, down[0]);	/* 1 / down[1] */
	fe_mul(t, t, up[1]);
	fe_put(y[1], t);
	fe_mul(t, inv, down[1]);	/* 1 / down[0] */
	fe_mul(t, t, up[0]);
	fe_put(y[0], t);
	secret_wipe(up, sizeof up);
	secret_wipe(down, sizeof down);
	secret_wipe(d01, sizeof d01);
	secret_wipe(all, sizeof all);
	secret_wipe(inv, sizeof inv);
	secret_wipe(t, sizeof t);
}

static void clamp(uint8_t k[32])
{
	k[0] &= 0xf8;
	k[31] = (uint8_t)((k[31] & 0x7f) | 0x40);
}

int age_points(const uint8_t a[static AGE_KEY_LEN],
	       const uint8_t b[static AGE_KEY_LEN],
	       uint8_t a_pub[static AGE_KEY_LEN],
	       uint8_t b_pub[static AGE_KEY_LEN],
	       uint8_t shared[static AGE_KEY_LEN])
{
	uint8_t ca[32], cb[32], ab[32], y[3][32];
	int r = ERR_RANGE;

	memcpy(ca, a, 32);
	memcpy(cb, b, 32);
	clamp(ca);
	clamp(cb);
	crypto_core_ed25519_scalar_mul(ab, ca, cb);
	/* The point at infinity is refused: it has no u. */
	if (crypto_scalarmult_ed25519_base_noclamp(y[0], ca) ||
	    crypto_scalarmult_ed25519_base_noclamp(y[1], cb) ||
	    crypto_scalarmult_ed25519_base_noclamp(y[2], ab))
		goto out;
	to_u(y);
	memcpy(a_pub, y[0], 32);
	memcpy(b_pub, y[1], 32);
	memcpy(shared, y[2], 32);
	r = 0;
out:
	secret_wipe(ca, sizeof ca);
	secret_wipe(cb, sizeof cb);
	secret_wipe(ab, sizeof ab);
	secret_wipe(y, sizeof y);
	return r;
}

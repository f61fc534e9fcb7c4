/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Random numbers that are the same everywhere: splitmix64 over a seed text.
 */
#ifndef SERVER_RNG_H
#define SERVER_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* rng_seed - start from a text and a number */
static inline struct rng rng_seed(const char *text, uint64_t n)
{
	struct rng r = { UINT64_C(0xcbf29ce484222325) ^ n * 0x100000001b3u };

	for (; *text; text++)
		r.s = (r.s ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	rng_next(&r);
	return r;
}

/* rng_n - a number from lo to hi, both included */
static inline int rng_n(struct rng *r, int lo, int hi)
{
	uint64_t span = (uint64_t)(hi - lo) + 1;

	return lo + (int)((rng_next(r) >> 33) * span >> 31);
}

/* rng_p - 1 with a chance of permille in a thousand */
static inline int rng_p(struct rng *r, int permille)
{
	return rng_n(r, 0, 999) < permille;
}

#endif

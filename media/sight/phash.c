/* SPDX-License-Identifier: EUPL-1.2 */
#include "media/sight/phash.h"

#include <math.h>

#define LOW 8

/* row - the lowest frequencies of one line of values */
static void row(const double *in, unsigned step, double out[static LOW])
{
	for (unsigned k = 0; k < LOW; k++) {
		out[k] = 0;
		for (unsigned x = 0; x < PHASH_SIDE; x++)
			out[k] += in[x * step] *
				cos(3.14159265358979323846 / PHASH_SIDE *
				    (x + 0.5) * (k + 1));
	}
}

uint64_t phash(const uint8_t grey[static PHASH_SIDE * PHASH_SIDE])
{
	double in[PHASH_SIDE * PHASH_SIDE], half[PHASH_SIDE * LOW];
	double all[LOW * LOW], sorted[LOW * LOW] = { 0 }, low[LOW], median;
	uint64_t bits = 0;

	for (unsigned i = 0; i < PHASH_SIDE * PHASH_SIDE; i++)
		in[i] = grey[i];
	for (unsigned y = 0; y < PHASH_SIDE; y++)
		row(in + y * PHASH_SIDE, 1, half + y * LOW);
	for (unsigned k = 0; k < LOW; k++) {
		row(half + k, LOW, low);
		for (unsigned i = 0; i < LOW; i++)
			all[i * LOW + k] = low[i];
	}
	for (unsigned i = 0; i < LOW * LOW; i++) {	/* few: by insertion */
		unsigned at = i;

		for (; at && sorted[at - 1] > all[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = all[i];
	}
	median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
	for (unsigned i = 0; i < LOW * LOW; i++)
		bits |= (uint64_t)(all[i] > median) << i;
	return bits;
}

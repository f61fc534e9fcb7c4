/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A perceptual hash: two scans of one page of text are alike, whatever their
 * size.  Of documents only: never made of a picture without text.  Pure.
 * After the discrete cosine transform's lowest 8 x 8 frequencies (pHash).
 */
#ifndef MEDIA_SIGHT_PHASH_H
#define MEDIA_SIGHT_PHASH_H

#include <stdint.h>

#define PHASH_SIDE 32

/* phash - of PHASH_SIDE x PHASH_SIDE grey values, row by row */
uint64_t phash(const uint8_t grey[static PHASH_SIDE * PHASH_SIDE]);

#endif

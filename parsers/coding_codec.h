/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The decompressors behind parsers/coding.h.  Each appends to out, whose cap
 * is the limit, and returns 0 (flags: truncated, trailing, odd), ERR_FORMAT,
 * ERR_LIMIT (out full, or more than ratio output bytes for an input byte) or
 * ERR_NOMEM; on failure out holds what came before.  Pure.
 */
#ifndef PARSERS_CODING_CODEC_H
#define PARSERS_CODING_CODEC_H

#include "parsers/coding.h"

/* codec_gzip - RFC 1952, any number of members */
int codec_gzip(struct bytes in, unsigned ratio, struct buf *out,
	       unsigned *flags);

/* codec_deflate - zlib (RFC 1950), or raw deflate as some servers send it */
int codec_deflate(struct bytes in, unsigned ratio, struct buf *out,
		  unsigned *flags);

/* codec_brotli - RFC 7932 */
int codec_brotli(struct bytes in, unsigned ratio, struct buf *out,
		 unsigned *flags);

/* codec_zstd - RFC 8878, windows up to 8 MiB (RFC 9659) */
int codec_zstd(struct bytes in, unsigned ratio, struct buf *out,
	       unsigned *flags);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/coding_codec.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define STEP 65536u		/* output bytes between two looks at limits */
#define ZSTD_WINDOW_LOG 23	/* 8 MiB */

/*
 * step_room - room for the next piece of output
 * Returns its size, or 0 when out is full; *p_out NULL when out of memory.
 */
static size_t step_room(struct buf *out, uint8_t **p_out)
{
	size_t left = out->max - out->len;

	if (left > STEP)
		left = STEP;
	*p_out = left ? buf_room(out, left) : NULL;
	return left;
}

/* too_steep - 1 when that much output from that little input is refused */
static int too_steep(size_t out, size_t in, unsigned ratio)
{
	return out > CODING_RATIO_FLOOR && out / ratio > in;
}

/*
 * inflate_one - one zlib, gzip or raw stream
 *   in   advanced over what was used
 * Returns 1 at the end of the stream, 0 when it ends too early, or an error.
 */
static int inflate_one(struct bytes *in, int bits, unsigned ratio, size_t begin,
		       size_t all, struct buf *out)
{
	z_stream z = { 0 };
	int r;

	if (inflateInit2(&z, bits) != Z_OK)
		return ERR_NOMEM;
	for (;;) {
		uint8_t *p;
		size_t room = step_room(out, &p), take;
		uint8_t spare;
		int full = room == 0;

		/* A full buffer may still be just before the end. */
		if (full) {
			p = &spare;
			room = 1;
		}
		if (!p) {
			r = ERR_NOMEM;
			break;
		}
		take = in->len < (1u << 30) ? in->len : 1u << 30;
		z.next_in = (uint8_t *)(uintptr_t)in->p;
		z.avail_in = (uInt)take;
		z.next_out = p;
		z.avail_out = (uInt)room;
		r = inflate(&z, Z_NO_FLUSH);
		in->p += take - z.avail_in;
		in->len -= take - z.avail_in;
		if (full && z.avail_out == 0) {
			r = ERR_LIMIT;
			break;
		}
		if (!full)
			out->len += room - z.avail_out;
		if (r == Z_STREAM_END) {
			r = 1;
			break;
		}
		if (r == Z_MEM_ERROR) {
			r = ERR_NOMEM;
			break;
		}
		if (r != Z_OK && r != Z_BUF_ERROR) {
			r = ERR_FORMAT;
			break;
		}
		if (too_steep(out->len - begin, all - in->len, ratio)) {
			r = ERR_LIMIT;
			break;
		}
		if (in->len == 0 && z.avail_out > 0) {
			r = 0;
			break;
		}
	}
	inflateEnd(&z);
	return r;
}

int codec_gzip(struct bytes in, unsigned ratio, struct buf *out,
	       unsigned *flags)
{
	size_t begin = out->len, all = in.len;

	/* A body of nothing may be labelled gzip. */
	while (in.len) {
		int r = inflate_one(&in, 15 + 16, ratio, begin, all, out);

		if (r < 0)
			return r;
		if (r == 0) {
			*flags |= CODING_TRUNCATED;
			return 0;
		}
		if (in.len && (in.len < 2 || in.p[0] != 0x1f || in.p[1] != 0x8b)) {
			*flags |= CODING_TRAILING;
			return 0;
		}
	}
	return 0;
}

int codec_deflate(struct bytes in, unsigned ratio, struct buf *out,
		  unsigned *flags)
{
	size_t begin = out->len, all = in.len;
	int bits = 15, r;

	if (in.len == 0)
		return 0;
	if (in.len < 2 || (in.p[0] & 0x0f) != 8 ||
	    (in.p[0] << 8 | in.p[1]) % 31 != 0) {
		bits = -15;
		*flags |= CODING_ODD;
	}
	r = inflate_one(&in, bits, ratio, begin, all, out);
	if (r < 0)
		return r;
	if (r == 0)
		*flags |= CODING_TRUNCATED;
	else if (in.len)
		*flags |= CODING_TRAILING;
	return 0;
}

int codec_brotli(struct bytes in, unsigned ratio, struct buf *out,
		 unsigned *flags)
{
	size_t begin = out->len, left = in.len;
	const uint8_t *next = in.p;
	BrotliDecoderState *s;
	int r;

	if (in.len == 0)
		return 0;
	s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	if (!s)
		return ERR_NOMEM;
	for (;;) {
		uint8_t *p, spare;
		size_t room = step_room(out, &p), avail;
		int full = room == 0;
		BrotliDecoderResult got;

		if (full) {
			p = &spare;
			room = 1;
		}
		if (!p) {
			r = ERR_NOMEM;
			break;
		}
		avail = room;
		got = BrotliDecoderDecompressStream(s, &left, &next, &avail, &p,
						    NULL);
		if (full && avail == 0) {
			r = ERR_LIMIT;
			break;
		}
		if (!full)
			out->len += room - avail;
		if (got == BROTLI_DECODER_RESULT_SUCCESS) {
			if (left)
				*flags |= CODING_TRAILING;
			r = 0;
			break;
		}
		if (got == BROTLI_DECODER_RESULT_ERROR) {
			r = ERR_FORMAT;
			break;
		}
		if (too_steep(out->len - begin, in.len - left, ratio)) {
			r = ERR_LIMIT;
			break;
		}
		if (got == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && left == 0) {
			*flags |= CODING_TRUNCATED;
			r = 0;
			break;
		}
	}
	BrotliDecoderDestroyInstance(s);
	return r;
}

/* zstd_frame - 1 when a frame, skippable or not, may begin here */
static int zstd_frame(const uint8_t *p, size_t n)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (n < 4)
		return 0;
	return !memcmp(p, magic, 4) ||
	       ((p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d &&
		p[3] == 0x18);
}

int codec_zstd(struct bytes in, unsigned ratio, struct buf *out,
	       unsigned *flags)
{
	ZSTD_inBuffer src = { in.p, in.len, 0 };
	size_t begin = out->len, hint = 1;
	ZSTD_DStream *s;
	int r;

	if (in.len == 0)
		return 0;
	s = ZSTD_createDStream();
	if (!s)
		return ERR_NOMEM;
	ZSTD_DCtx_setParameter(s, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	for (;;) {
		uint8_t *p, spare;
		size_t room = step_room(out, &p), used = src.pos;
		int full = room == 0;
		ZSTD_outBuffer dst;

		if (full) {
			p = &spare;
			room = 1;
		}
		if (!p) {
			r = ERR_NOMEM;
			break;
		}
		dst = (ZSTD_outBuffer){ p, room, 0 };
		hint = ZSTD_decompressStream(s, &dst, &src);
		if (ZSTD_isError(hint)) {
			r = ZSTD_getErrorCode(hint) ==
			    ZSTD_error_memory_allocation ? ERR_NOMEM : ERR_FORMAT;
			break;
		}
		if (full && dst.pos) {
			r = ERR_LIMIT;
			break;
		}
		if (!full)
			out->len += dst.pos;
		if (too_steep(out->len - begin, src.pos, ratio)) {
			r = ERR_LIMIT;
			break;
		}
		if (hint == 0 && src.pos == src.size) {
			r = 0;
			break;
		}
		/* Rubbish behind a whole frame is left aside. */
		if (hint == 0 && !zstd_frame(in.p + src.pos, src.size - src.pos)) {
			*flags |= CODING_TRAILING;
			r = 0;
			break;
		}
		if (src.pos == src.size && dst.pos < room) {
			*flags |= CODING_TRUNCATED;
			r = 0;
			break;
		}
		if (src.pos == used && dst.pos == 0 && !full) {
			r = ERR_FORMAT;
			break;
		}
	}
	ZSTD_freeDStream(s);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Encodings: big-endian integers, hexadecimal, base64 (RFC 4648 section 4).
 */
#ifndef UTIL_ENC_H
#define UTIL_ENC_H

#include "util/buf.h"

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

/*
 * split_at - step behind the first 'end' of in, and give what stood before it
 *   out   borrowed from in
 * Returns 1, or 0 when there is none: in is as it was.
 * split_line - the same for a line
 */
int split_at(struct bytes *in, char end, struct bytes *out);
int split_line(struct bytes *in, struct bytes *out);

/*
 * dec_get - a decimal number: digits only, no leading zero, at most max
 * Returns 0 or ERR_FORMAT.
 */
int dec_get(struct bytes text, uint64_t max, uint64_t *out);

/* hex_put - append lower-case hexadecimal; returns as buf_add() */
int hex_put(struct buf *out, struct bytes in);

/* hex_str - write 2 * n digits and a NUL into out (caller's, 2 * n + 1) */
void hex_str(char *out, const uint8_t *p, size_t n);

/*
 * hex_get - decode exactly n bytes from 2 * n digits of either case
 * Returns 0, or ERR_FORMAT when text has another length or other characters.
 */
int hex_get(struct bytes text, uint8_t *out, size_t n);

/* b64_put - append base64 with padding, without line breaks */
int b64_put(struct buf *out, struct bytes in);

/* b64_put_raw - append base64 without padding (age, RFC 4648 section 3.2) */
int b64_put_raw(struct buf *out, struct bytes in);

/*
 * b64_get, b64_get_raw - decode strictly: canonical trailing bits, no white
 * space, padding required (b64_get) or refused (b64_get_raw).
 * Returns 0, ERR_FORMAT, or the buffer's failure.
 */
int b64_get(struct bytes text, struct buf *out);
int b64_get_raw(struct bytes text, struct buf *out);

#endif

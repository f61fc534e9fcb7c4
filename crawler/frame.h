/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Fields of a journal frame: big-endian integers, strings with a u32 length.
 * A reader never runs past the end: the first short field sets bad, and every
 * later one gives zero or the empty range.
 */
#ifndef CRAWLER_FRAME_H
#define CRAWLER_FRAME_H

#include "util/buf.h"
#include "util/enc.h"

static inline void frame_u8(struct buf *b, uint8_t v)
{
	(void)buf_addc(b, v);
}

static inline void frame_u32(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	put_be32(p, v);
	(void)buf_add(b, p, sizeof(p));
}

static inline void frame_u64(struct buf *b, uint64_t v)
{
	uint8_t p[8];

	put_be64(p, v);
	(void)buf_add(b, p, sizeof(p));
}

static inline void frame_i64(struct buf *b, int64_t v)
{
	frame_u64(b, (uint64_t)v);
}

static inline void frame_bytes(struct buf *b, struct bytes s)
{
	frame_u32(b, (uint32_t)s.len);
	(void)buf_addb(b, s);
}

/* frame_str - NULL is written as the empty string */
static inline void frame_str(struct buf *b, const char *s)
{
	frame_bytes(b, bytes_str(s ? s : ""));
}

struct frame_in {
	struct bytes rest;
	int bad;
};

static inline const uint8_t *frame_take(struct frame_in *f, size_t n)
{
	const uint8_t *p = f->rest.p;

	if (f->bad || f->rest.len < n) {
		f->bad = 1;
		return NULL;
	}
	f->rest.p += n;
	f->rest.len -= n;
	return p;
}

static inline uint8_t frame_get_u8(struct frame_in *f)
{
	const uint8_t *p = frame_take(f, 1);

	return p ? *p : 0;
}

static inline uint32_t frame_get_u32(struct frame_in *f)
{
	const uint8_t *p = frame_take(f, 4);

	return p ? get_be32(p) : 0;
}

static inline uint64_t frame_get_u64(struct frame_in *f)
{
	const uint8_t *p = frame_take(f, 8);

	return p ? get_be64(p) : 0;
}

static inline int64_t frame_get_i64(struct frame_in *f)
{
	return (int64_t)frame_get_u64(f);
}

static inline struct bytes frame_get_bytes(struct frame_in *f)
{
	uint32_t n = frame_get_u32(f);
	const uint8_t *p = frame_take(f, n);

	return BYTES(p, p ? n : 0);
}

/* frame_get_str - into a caller's array; too long or with a NUL: bad */
static inline void frame_get_str(struct frame_in *f, char *out, size_t size)
{
	struct bytes s = frame_get_bytes(f);

	if (s.len >= size || (s.len && memchr(s.p, 0, s.len))) {
		f->bad = 1;
		s.len = 0;
	}
	if (s.len)
		memcpy(out, s.p, s.len);
	out[s.len] = '\0';
}

/* frame_done - 1 when every field was there and nothing is left over */
static inline int frame_done(const struct frame_in *f)
{
	return !f->bad && f->rest.len == 0;
}

#endif

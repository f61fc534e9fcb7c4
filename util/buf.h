/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Growable byte buffers with a cap from birth, and borrowed byte ranges.
 */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* struct bytes - borrowed bytes; p may be NULL when len is 0 */
struct bytes {
	const uint8_t *p;
	size_t len;
};

#define BYTES(ptr, n) ((struct bytes){ (const uint8_t *)(ptr), (n) })

/* bytes_str - the bytes of a C string, without its NUL */
static inline struct bytes bytes_str(const char *s)
{
	return BYTES(s, strlen(s));
}

/* bytes_eq - 1 when both ranges hold the same bytes (not constant time) */
static inline int bytes_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.p, b.p, a.len));
}

/* bytes_is - 1 when the range holds exactly the C string s */
static inline int bytes_is(struct bytes a, const char *s)
{
	return bytes_eq(a, bytes_str(s));
}

/*
 * struct buf - owned bytes that never grow beyond max
 *
 * (1) len <= size <= max + 1; p is NULL only while size is 0
 * (2) a failed append leaves len as it was and sets failed; later appends
 *     fail too, so that a run of appends may be checked once at the end
 */
struct buf {
	uint8_t *p;
	size_t len;
	size_t size;
	size_t max;
	int failed;	/* 0, ERR_NOMEM or ERR_RANGE */
};

#define BUF_INIT(cap) { NULL, 0, 0, (cap), 0 }

/* buf_view - borrow what the buffer holds, until it is next changed */
static inline struct bytes buf_view(const struct buf *b)
{
	return (struct bytes){ b->p, b->len };
}

/* buf_add - append n bytes; returns 0, ERR_RANGE (cap) or ERR_NOMEM */
int buf_add(struct buf *b, const void *p, size_t n);

/* buf_addb, buf_adds, buf_addc - append a range, a C string, one byte */
int buf_addb(struct buf *b, struct bytes s);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, uint8_t c);

/* buf_addf - append printf-formatted text, any length up to the cap */
int buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * buf_room - make room for n more bytes and return where they go (then raise
 * len by what was written), or NULL with failed set
 */
uint8_t *buf_room(struct buf *b, size_t n);

/*
 * buf_cstr - the contents as a C string; a NUL stands behind len, not counted.
 * Returns "" when the buffer failed or is empty.  Borrowed.
 */
const char *buf_cstr(struct buf *b);

/* buf_steal - hand the memory to the caller (free()); the buffer is empty */
uint8_t *buf_steal(struct buf *b, size_t *len_out);

/* buf_clear - forget the contents, keep the memory */
void buf_clear(struct buf *b);

/* buf_release - free; buf_wipe - erase, then free.  Both accept a zeroed buf */
void buf_release(struct buf *b);
void buf_wipe(struct buf *b);

#endif

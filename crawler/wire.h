/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Fields of the messages between the keeper and its children: integers big
 * endian, strings with a u32 length in front (0xffffffff: NULL).
 */
#ifndef CRAWLER_WIRE_H
#define CRAWLER_WIRE_H

#include "util/buf.h"

/* struct wire - a reader; bad is set at the first field that does not fit */
struct wire {
	struct bytes rest;
	int bad;
};

void wire_put_u8(struct buf *b, uint8_t v);
void wire_put_u32(struct buf *b, uint32_t v);
void wire_put_u64(struct buf *b, uint64_t v);
void wire_put_bytes(struct buf *b, struct bytes s);
void wire_put_str(struct buf *b, const char *s);	/* NULL allowed */

uint8_t wire_u8(struct wire *w);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);

/* wire_bytes - borrowed; p NULL and len 0 when it was NULL */
struct bytes wire_bytes(struct wire *w);

/* wire_text - into out of that size; printable UTF-8 only, else bad */
void wire_text(struct wire *w, char *out, size_t size);

/* wire_dup - an owned C string (free()); NULL for NULL, or bad when it holds a
 * NUL, or when out of memory */
char *wire_dup(struct wire *w);

/* wire_end - 0 when all was read and nothing was bad, else ERR_FORMAT */
int wire_end(const struct wire *w);

#endif

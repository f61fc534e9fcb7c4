/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/wire.h"

#include "util/enc.h"
#include "util/err.h"
#include "util/utf8.h"

#include <stdlib.h>

#define NONE UINT32_MAX

void wire_put_u8(struct buf *b, uint8_t v)
{
	buf_addc(b, v);
}

void wire_put_u32(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	put_be32(p, v);
	buf_add(b, p, sizeof(p));
}

void wire_put_u64(struct buf *b, uint64_t v)
{
	uint8_t p[8];

	put_be64(p, v);
	buf_add(b, p, sizeof(p));
}

void wire_put_bytes(struct buf *b, struct bytes s)
{
	if (s.len >= NONE) {
		b->failed = ERR_RANGE;
		return;
	}
	wire_put_u32(b, (uint32_t)s.len);
	buf_addb(b, s);
}

void wire_put_str(struct buf *b, const char *s)
{
	if (s)
		wire_put_bytes(b, bytes_str(s));
	else
		wire_put_u32(b, NONE);
}

/* take - n bytes, or NULL and bad */
static const uint8_t *take(struct wire *w, size_t n)
{
	const uint8_t *p = w->rest.p;

	if (w->bad || w->rest.len < n) {
		w->bad = 1;
		return NULL;
	}
	w->rest = BYTES(p + n, w->rest.len - n);
	return p;
}

uint8_t wire_u8(struct wire *w)
{
	const uint8_t *p = take(w, 1);

	return p ? *p : 0;
}

uint32_t wire_u32(struct wire *w)
{
	const uint8_t *p = take(w, 4);

	return p ? get_be32(p) : 0;
}

uint64_t wire_u64(struct wire *w)
{
	const uint8_t *p = take(w, 8);

	return p ? get_be64(p) : 0;
}

struct bytes wire_bytes(struct wire *w)
{
	uint32_t n = wire_u32(w);
	const uint8_t *p;

	if (w->bad || n == NONE)
		return BYTES(NULL, 0);
	p = take(w, n);
	return BYTES(p, p ? n : 0);
}

void wire_text(struct wire *w, char *out, size_t size)
{
	struct bytes s = wire_bytes(w);

	out[0] = 0;
	if (s.len >= size || !utf8_valid(s))
		w->bad = 1;
	for (size_t i = 0; i < s.len; i++)
		w->bad |= s.p[i] < 0x20 || s.p[i] == 0x7f;
	if (w->bad)
		return;
	if (s.len)
		memcpy(out, s.p, s.len);
	out[s.len] = 0;
}

char *wire_dup(struct wire *w)
{
	struct bytes s = wire_bytes(w);
	char *copy;

	if (w->bad || !s.p)
		return NULL;
	if (memchr(s.p, 0, s.len)) {
		w->bad = 1;
		return NULL;
	}
	copy = strndup((const char *)s.p, s.len);
	if (!copy)
		w->bad = 1;
	return copy;
}

int wire_end(const struct wire *w)
{
	return w->bad || w->rest.len ? ERR_FORMAT : 0;
}

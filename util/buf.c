/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/buf.h"

#include "util/err.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* One byte beyond the contents is always there, for buf_cstr(). */
static int grow(struct buf *b, size_t n)
{
	size_t want, size;
	uint8_t *p;

	if (b->failed)
		return b->failed;
	if (n > b->max || b->len > b->max - n)
		return b->failed = ERR_RANGE;
	want = b->len + n + 1;
	if (want <= b->size)
		return 0;
	size = b->size ? b->size : 64;
	while (size < want)
		size = size > SIZE_MAX / 2 ? want : size * 2;
	if (size > b->max + 1)
		size = b->max + 1;
	/* Not realloc(): a buffer may hold secrets, so the old copy is wiped. */
	p = malloc(size);
	if (!p)
		return b->failed = ERR_NOMEM;
	if (b->len)
		memcpy(p, b->p, b->len);
	if (b->p) {
		sodium_memzero(b->p, b->len);
		free(b->p);
	}
	b->p = p;
	b->size = size;
	return 0;
}

uint8_t *buf_room(struct buf *b, size_t n)
{
	return grow(b, n) < 0 ? NULL : b->p + b->len;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *to;

	if (n == 0)
		return b->failed;
	to = buf_room(b, n);
	if (!to)
		return b->failed;
	memcpy(to, p, n);
	b->len += n;
	return 0;
}

int buf_addb(struct buf *b, struct bytes s)
{
	return buf_add(b, s.p, s.len);
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, uint8_t c)
{
	return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, ap2;
	uint8_t *to;
	int n;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	to = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (to) {
		vsnprintf((char *)to, (size_t)n + 1, fmt, ap2);
		b->len += (size_t)n;
	} else if (n < 0 && !b->failed) {
		b->failed = ERR_RANGE;
	}
	va_end(ap2);
	return b->failed;
}

const char *buf_cstr(struct buf *b)
{
	if (b->failed || grow(b, 0) < 0)
		return "";
	b->p[b->len] = 0;
	return (const char *)b->p;
}

uint8_t *buf_steal(struct buf *b, size_t *len_out)
{
	uint8_t *p = b->p;

	if (len_out)
		*len_out = b->len;
	b->p = NULL;
	b->len = b->size = 0;
	return p;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
}

void buf_release(struct buf *b)
{
	if (!b)
		return;
	free(b->p);
	b->p = NULL;
	b->len = b->size = 0;
	b->failed = 0;
}

void buf_wipe(struct buf *b)
{
	if (b && b->p)
		sodium_memzero(b->p, b->size);
	buf_release(b);
}

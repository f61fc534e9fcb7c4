/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/arena.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 16u
#define BLOCK_MIN ((size_t)1 << 20)
#define BLOCK_MAX ((size_t)16 << 20)

struct arena_block {
	struct arena_block *next;
	size_t size;		/* bytes behind the head */
};

#define HEAD ((sizeof(struct arena_block) + ALIGN - 1) / ALIGN * ALIGN)

static void *give_up(struct arena *a)
{
	if (a->exhausted)
		a->exhausted(a->arg);
	return NULL;
}

static void enter(struct arena *a, struct arena_block *b)
{
	a->p = (uint8_t *)b + HEAD;
	a->end = a->p + b->size;
}

/* Blocks double, so that a page of any size takes few of them. */
static int grow(struct arena *a, size_t n)
{
	size_t size = a->head ? a->head->size * 2 : BLOCK_MIN;
	struct arena_block *b;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < n)
		size = n;
	if (size > a->max - a->used)
		size = a->max - a->used;
	if (size < n)
		return -1;
	b = malloc(HEAD + size);
	if (!b)
		return -1;
	b->size = size;
	b->next = a->head;
	a->head = b;
	a->used += size;
	enter(a, b);
	return 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	if (n > a->max)
		return give_up(a);
	n = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (n > (size_t)(a->end - a->p) && grow(a, n) < 0)
		return give_up(a);
	p = a->p;
	a->p += n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	void *p = arena_alloc(a, n);

	if (p)
		memset(p, 0, n);
	return p;
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *s;

	if (n == SIZE_MAX)
		return give_up(a);
	s = arena_alloc(a, n + 1);
	if (!s)
		return NULL;
	if (n)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

void arena_clear(struct arena *a)
{
	struct arena_block *b = a->head, *keep = NULL, *next;

	for (; b; b = next) {
		next = b->next;
		if (b->size <= ARENA_KEEP && (!keep || b->size > keep->size)) {
			free(keep);
			keep = b;
		} else {
			free(b);
		}
	}
	a->head = keep;
	a->used = 0;
	a->p = a->end = NULL;
	if (keep) {
		keep->next = NULL;
		a->used = keep->size;
		enter(a, keep);
	}
}

void arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	if (!a)
		return;
	for (b = a->head; b; b = next) {
		next = b->next;
		free(b);
	}
	a->head = NULL;
	a->p = a->end = NULL;
	a->used = 0;
}

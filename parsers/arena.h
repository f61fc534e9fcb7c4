/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A bump allocator: many small pieces, dropped all at once.
 *
 * One page is read into one arena: gumbo's own nodes and the tree made from
 * them live and die together, so nothing is ever freed piece by piece and no
 * recursive destructor runs over a hostile tree.
 */
#ifndef PARSERS_ARENA_H
#define PARSERS_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

/*
 * struct arena - memory with a cap from birth
 *
 * (1) used <= max, counting whole blocks
 * (2) pieces are aligned to 16 bytes
 * (3) exhausted, where set, is called instead of returning NULL and must not
 *     return: a library that does not check its allocations (gumbo) would
 *     write through the NULL
 */
struct arena {
	struct arena_block *head;	/* block in use, newest first */
	uint8_t *p, *end;		/* free part of head */
	size_t used, max;		/* bytes */
	void (*exhausted)(void *arg);
	void *arg;
};

#define ARENA_INIT(cap) { NULL, NULL, NULL, 0, (cap), NULL, NULL }

/* arena_alloc - n bytes, not cleared; NULL when over the cap or out of memory */
void *arena_alloc(struct arena *a, size_t n);

/* arena_zalloc - the same, cleared */
void *arena_zalloc(struct arena *a, size_t n);

/* arena_dup - a copy of n bytes with a NUL behind; NULL as arena_alloc() */
char *arena_dup(struct arena *a, const void *p, size_t n);

/*
 * arena_clear - drop all pieces; keeps one block of at most ARENA_KEEP bytes,
 * so that page after page does not fault the same memory in again
 */
#define ARENA_KEEP ((size_t)16 << 20)
void arena_clear(struct arena *a);

/* arena_release - drop all pieces and all memory; a zeroed arena is fine */
void arena_release(struct arena *a);

#endif

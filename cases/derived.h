/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * derived.cache: what the pages and media of a case gave, as JSON lines, sealed
 * to the case while a pass runs with nobody logged in.  A cache: it may be
 * deleted at any time, the sealed bytes give the same again.
 *
 * Frames: "SDF1", u64 number of the capture, u32 length, then an age file to
 * the case holding the lines.  A torn last frame is dropped.
 */
#ifndef CASES_DERIVED_H
#define CASES_DERIVED_H

#include "cases/custody.h"

#define DERIVED_LINES_MAX ((size_t)64 << 20)	/* bytes of one page's lines */

struct derived;

/*
 * derived_open - open the cache of a case for appending; made when missing
 *   path    in full
 *   public  the case's public key
 * Returns 0, ERR_BUSY (somebody else appends to it), ERR_NOMEM or ERR_IO.
 */
int derived_open(const char *path, const uint8_t public[static 32],
		 struct derived **out, struct err *e);
int derived_append(struct derived *d, uint64_t n, struct bytes jsonl,
		   struct err *e);
void derived_close(struct derived *d);	/* NULL allowed */

/*
 * derived_read - every frame in order, under a grant
 *   each   n: number of the capture; lines: borrowed; negative stops
 *   next   in: where to begin (0: the beginning); out: where the last whole
 *          frame ends, to go on from later
 * A file that is not there has no frames.
 * Returns 0, ERR_DAMAGED (then: delete it and derive again), ERR_IO or what
 * each returned.
 */
int derived_read(struct grant *g, const char *path, uint64_t *next,
		 int (*each)(void *arg, uint64_t n, struct bytes lines,
			     struct err *e),
		 void *arg, struct err *e);

/*
 * derived_drop - take out what items that a list names (in part or wholly) gave;
 * needs no key.  Old or new content, never half.
 */
struct erase_list;
int derived_drop(const char *path, const struct erase_list *l, struct err *e);

/* Where the frames of a cache stand, by number; released with _release(). */
struct derived_map {
	struct derived_at *at;	/* sorted */
	size_t n;
	int fd;			/* -1: there is no cache */
};

#define DERIVED_MAP_INIT { NULL, 0, -1 }

/*
 * derived_map - find the frames; bytes that are no frame end the search
 *   cut   out: such bytes were met; may be NULL
 * A file that is not there has no frames.  Returns 0, ERR_NOMEM or ERR_IO.
 */
int derived_map(const char *path, struct derived_map *m, int *cut,
		struct err *e);
void derived_map_release(struct derived_map *m);

/*
 * derived_get - the last lines kept for one capture, appended
 * Returns 0, 1 (none), ERR_DAMAGED (does not open), ERR_NOMEM or ERR_IO.
 */
int derived_get(struct grant *g, const struct derived_map *m, uint64_t n,
		struct buf *lines, struct err *e);

#endif

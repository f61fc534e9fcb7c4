/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The media among a case's items, read from the sealed bytes in the media
 * child, a few at a time.  Beside cases/ingest.c; what they give is one line
 * of JSON each (docs/media.md) and goes the way of a page's lines.
 */
#ifndef CASES_INGEST_MEDIA_H
#define CASES_INGEST_MEDIA_H

#include "cases/ingest.h"

#define MEDIA_HANDS 4		/* read at once */

struct media_job;

/* struct media_hands - zeroed: none at work */
struct media_hands {
	const char *helper;	/* the scelle-media program; NULL: none */
	int sight;		/* it is scelle-media-sight */
	struct media_job *job[MEDIA_HANDS];
	uint64_t number[MEDIA_HANDS];
	unsigned n;		/* at work */
};

/*
 * ingest_is_medium - 1 when the item is a response that holds a medium; its
 * reason may have been replaced by that of the item that redirected to it
 */
int ingest_is_medium(const struct ingest_item *it);

/*
 * media_hands_take - begin to read one item's medium; one must be free
 *   lines  where it is over at once (nothing can be read): appended
 * Returns 0 begun, 1 over, ERR_NOMEM, ERR_IO.
 */
int media_hands_take(struct media_hands *h, uint64_t number,
		     struct bytes head, struct bytes body, struct buf *lines,
		     struct err *e);

/* media_hands_wait - until one is read; n must not be 0.  0, ERR_NOMEM or
 * ERR_IO */
int media_hands_wait(struct media_hands *h, uint64_t *number,
		     struct buf *lines, struct err *e);

void media_hands_release(struct media_hands *h);

/* media_line_is - 1 when lines are a medium's record of today's form, made with
 * or without looking at pictures */
int media_line_is(struct bytes lines, int sight);

#endif

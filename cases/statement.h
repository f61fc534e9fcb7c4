/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Statements: signed notes that say what was decided or done.
 *
 * Text: a line with the kind ("scelle/v1/case-open"), one line of JSON, nothing
 * else.  Every JSON begins with log, stream, n and time.  Statements are never
 * encoded again: hashes and signatures cover the bytes as stored.
 */
#ifndef CASES_STATEMENT_H
#define CASES_STATEMENT_H

#include "store/note.h"
#include "util/json.h"

#define STATEMENT_KIND_MAX 48

/* A statement being written; zeroed is released. */
struct draft {
	struct buf text;
	struct jsonw w;		/* members go here, key by key */
};

/*
 * draft_begin - the kind, and the members every statement has
 *   kind     without the prefix, e.g. "case-open"
 *   log      origin of the log
 *   stream   directory of the stream
 *   n        the number it will have there, batch_number()
 *   time_ms  wall clock
 */
void draft_begin(struct draft *d, const char *kind, const char *log,
		 const char *stream, uint64_t n, int64_t time_ms);

/*
 * draft_sign - close the JSON and append the signed note to out
 *   keys   nkeys, one signature line each; two lines are four eyes
 * Returns 0, ERR_RANGE (longer than a statement may be) or as note_sign().
 */
int draft_sign(struct draft *d, const struct note_skey *keys, size_t nkeys,
	       struct buf *out, struct err *e);
/* draft_close - close the JSON: the text to be signed, borrowed */
int draft_close(struct draft *d, struct bytes *text, struct err *e);
void draft_release(struct draft *d);

/* A statement taken apart; release with statement_release(). */
struct statement {
	char kind[STATEMENT_KIND_MAX];	/* without the prefix */
	json_t *json;			/* the object */
	struct note note;		/* borrows the bytes given */
};

/*
 * statement_read - take a statement apart, strictly; checks no signature
 *   note   the stored bytes; borrowed as long as s lives
 * Returns 0, ERR_FORMAT or ERR_LIMIT.
 */
int statement_read(struct bytes note, struct statement *s, struct err *e);
void statement_release(struct statement *s);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the index share.  Private to cases/index*.c. */
#ifndef CASES_INDEX_INT_H
#define CASES_INDEX_INT_H

#include "cases/index.h"

#include "util/json.h"

#include <sqlite3.h>

#define INDEX_SCHEMA 5		/* raise it when a table changes */

#define INDEX_IMPORT "import:"	/* before the platform of an imported post */

enum index_question {		/* questions kept prepared */
	ASK_ALL, ASK_NEWEST, ASK_BEST, ASK_MORE, ASK_COUNT
};

enum index_stmt {		/* statements kept prepared */
	STMT_CAPTURE, STMT_LATEST, STMT_INSERT, STMT_SEEN, STMT_SUPERSEDE,
	STMT_FTS, STMT_SLOT, STMT_GONE, STMT_VANISH, STMT_BACK, STMT_EVENT,
	STMT_NEXT, STMT_MEDIUM, STMT_MEDIUM_FTS,
	STMT_TALLY_READ, STMT_TALLY, STMT_GONE_AT, STMT_EVER, STMT_COUNT
};

struct index {
	sqlite3 *db;
	sqlite3_stmt *stmt[STMT_COUNT];
	sqlite3_stmt *ask[ASK_COUNT];
	struct buf snapshot;	/* what db reads from while frozen is set */
	int frozen;		/* loaded, and not yet written to */
	uint64_t next;
	char *profiles;
};

/* index_fail - the database's own words as an error; ERR_NOMEM or ERR_IO */
int index_fail(struct index *ix, const char *what, struct err *e);

/* index_stmt - the prepared statement, reset and cleared; NULL on failure */
sqlite3_stmt *index_stmt(struct index *ix, enum index_stmt which,
			 struct err *e);

/* index_thaw - make a loaded index one that can be written to */
int index_thaw(struct index *ix, struct err *e);

/* index_rank_register - the function relevance(fts), of cases/index_rank.c */
int index_rank_register(struct index *ix, struct err *e);

/* index_exec - run SQL without results */
int index_exec(struct index *ix, const char *sql, struct err *e);

/* index_step - run a statement that gives no rows, reset it */
int index_step(struct index *ix, sqlite3_stmt *st, struct err *e);

/* index_event_add - one event of the timeline; post 0: of the item itself */
int index_event_add(struct index *ix, int64_t time, const char *what,
		    int64_t post, uint64_t capture, const char *text,
		    struct err *e);

/* index_medium_add - the line of a medium */
int index_medium_add(struct index *ix, const struct index_capture *c,
		     const json_t *o, struct bytes line, struct err *e);

/* --- versions, cases/index_versions.c -------------------------------------- */

/*
 * index_changes - what differs in meaning between two sights of one post
 *   old, new  the post lines
 *   strict    1: the same kind of page showed both; 0: what one of them lacks
 *             is no change
 *   out       words, blanks between: text, media, edit-mark, ...; none: the
 *             same
 */
void index_changes(const json_t *old, const json_t *new, int strict,
		   struct buf *out);

/* index_counted - the counters of a post (its row's id) where they changed, as
 * events */
int index_counted(struct index *ix, const struct index_capture *c,
		  const char *platform, const char *post_id, int64_t post,
		  const json_t *o, struct err *e);

/* index_gone_between - known posts of an account between two numbers that a
 * listing does not show; index_gone_at - the post whose own page is gone */
int index_gone_between(struct index *ix, const struct index_capture *c,
		       const char *platform, const char *account, int64_t low,
		       int64_t high, struct err *e);
int index_gone_at(struct index *ix, const struct index_capture *c,
		  const char *finding, struct err *e);

struct index_number {
	int64_t number;		/* of a post within its account */
	int64_t media;		/* how many it has: an album uses as many */
};

/* index_gaps - numbers a listing passes over that were never seen, as events,
 * each once; sorts list */
int index_gaps(struct index *ix, const struct index_capture *c,
	       const char *platform, const char *account,
	       struct index_number *list, size_t n, struct err *e);

/* index_match - a person's words as an FTS5 expression; ERR_FORMAT */
int index_match(const char *words, struct buf *out, struct err *e);
#define INDEX_WORDS_MAX 4096		/* bytes of a query's text */

/* index_bind_text - bind s, or NULL; the text is copied by the database */
void index_bind_text(sqlite3_stmt *st, int at, const char *s);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the index share.  Private to cases/index*.c. */
#ifndef CASES_INDEX_INT_H
#define CASES_INDEX_INT_H

#include "cases/index.h"

#include <sqlite3.h>

#define INDEX_SCHEMA 2		/* raise it when a table changes */

enum index_question {		/* questions kept prepared */
	ASK_ALL, ASK_NEWEST, ASK_BEST, ASK_MORE, ASK_COUNT
};

enum index_stmt {		/* statements kept prepared */
	STMT_CAPTURE, STMT_LATEST, STMT_INSERT, STMT_SEEN, STMT_SUPERSEDE,
	STMT_FTS, STMT_SLOT, STMT_GONE, STMT_VANISH, STMT_BACK, STMT_EVENT,
	STMT_NEXT, STMT_COUNT
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

/* index_bind_text - bind s, or NULL; the text is copied by the database */
void index_bind_text(sqlite3_stmt *st, int at, const char *s);

#endif

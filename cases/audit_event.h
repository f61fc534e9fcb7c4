/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One event of the chronology that an audit is: what an access statement, an
 * admin statement or a leaf of a case's stream says, in one form.
 */
#ifndef CASES_AUDIT_EVENT_H
#define CASES_AUDIT_EVENT_H

#include "cases/statement.h"
#include "store/leaf.h"

enum audit_what {
	AUDIT_ACCESS = 1 << 0,		/* somebody reads, or uses a key */
	AUDIT_SHOWN = 1 << 1,		/* what came of it */
	AUDIT_REFUSED = 1 << 2,		/* somebody may not */
	AUDIT_ADMIN = 1 << 3,		/* people, cases, policies */
	AUDIT_COLLECTED = 1 << 4,	/* a run of captures */
	AUDIT_EXPORTED = 1 << 5,
	AUDIT_ERASED = 1 << 6,
	AUDIT_OTHER = 1 << 7,		/* imports, anchors, recoveries */
};
#define AUDIT_EVERYTHING 0xffu

struct audit_range {
	uint64_t first, last;		/* numbers in the case */
};

/* Texts are borrowed from json, and never NULL. */
struct audit_event {
	uint64_t seq;			/* leaf of the log */
	uint64_t end_seq;		/* AUDIT_COLLECTED: the last of the run */
	int64_t time_ms, end_ms;
	enum audit_what what;
	const char *kind;		/* of the statement, or of the leaf */
	const char *user, *command, *why, *query, *recipient, *subject;
	const char *text;		/* refused, outcome, reason */
	const char *glass;		/* id of a broken glass, see glass.h */
	const char *key, *session, *via, *tty, *ssh;
	const char *case_id;		/* 16 hex digits, or as it was said */
	int64_t uid;			/* -1: not said */
	struct audit_range *ranges;	/* items named */
	size_t nranges;
	int reach;			/* ranges are what it could open, not
					   what it showed */
	uint64_t items;			/* in ranges; 0 when reach */
	uint64_t rows;			/* AUDIT_SHOWN; AUDIT_COLLECTED: leaves */
	uint64_t refusals;		/* AUDIT_COLLECTED: of rows */
	uint64_t denials;		/* refusals of the reader he was shown */
	uint64_t of, about;		/* 1 + a leaf's number; 0: none */
	int unmasked, more, break_glass;
	int forged;			/* not signed by whom it names */
	json_t *json;			/* owned; NULL for AUDIT_COLLECTED */
	char place[24];			/* holds case_id of a run */
};

/*
 * audit_event_read - from a statement
 *   note   the stored bytes
 *   leaf   where they stand: position, time, kind
 *   ev     what it held is released; release with audit_event_release()
 * forged is left 0: who signed is for the caller, see audit.c.
 * Returns 0, ERR_FORMAT, ERR_LIMIT or ERR_NOMEM.
 */
int audit_event_read(struct bytes note, const struct leaf *leaf,
		     struct audit_event *ev, struct err *e);

/* audit_event_init - no statement: every text is "" */
void audit_event_init(struct audit_event *ev);
void audit_event_release(struct audit_event *ev);

/* audit_event_has - 1 when its ranges hold the item */
int audit_event_has(const struct audit_event *ev, uint64_t item);

/* audit_what_name - "access", "shown", ...; audit_what_of - by name, or 0 */
const char *audit_what_name(enum audit_what what);
unsigned audit_what_of(const char *name);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a supervisor looks for in an audit, and what a page about it shows.
 *
 * Fed with every event in the order of the log; nothing but counts and leaf
 * numbers is kept, so that a year of a unit fits in a few megabytes.  Pure: the
 * same events give the same findings.  A finding is a question to be asked,
 * never a judgement.
 */
#ifndef CASES_AUDIT_FIND_H
#define CASES_AUDIT_FIND_H

#include "cases/admin.h"
#include "cases/audit_event.h"

enum audit_pattern {
	FIND_OUTSIDE,		/* asked for a case that is not one's own */
	FIND_BREAK_GLASS,
	FIND_HOURS,		/* read at odd hours */
	FIND_BULK_HOUR,		/* more items in an hour than is usual for one */
	FIND_BULK_DAY,
	FIND_OWN_DENIALS,	/* looked up one's own refusals */
	FIND_REPEATED,		/* refused again and again */
	FIND_AFTER_DENIAL,	/* read a case after having been refused it */
	FIND_EXPORT,		/* exported and not handed over */
	FIND_COLLEAGUE,		/* searched for the name of a user */
	FIND_CLOSED,		/* read a case after its closing */
	FIND_QUIET,		/* read a case nobody had looked at for long */
	FIND_UNMASKED,		/* numbers shown in clear */
	FIND_FORGED,		/* a record not signed by whom it names */
	FIND_PATTERNS,
};

#define FIND_LEAVES_MAX 16	/* named in a finding; all are counted */
#define FIND_MAX 10000		/* findings kept; all are counted */

struct finding {
	enum audit_pattern pattern;
	char user[ADMIN_NAME_MAX + 1];	/* or "" */
	char case_id[17];		/* or "" */
	char detail[128];		/* FIND_COLLEAGUE: the name; FIND_EXPORT:
					   the recipient */
	int64_t from_ms, to_ms;
	int64_t bucket;			/* hour, day, leaf: one finding each */
	uint64_t count;			/* events, or items (bulk) */
	uint64_t limit, median;		/* bulk; days (quiet, export) */
	uint64_t leaves[FIND_LEAVES_MAX];
	unsigned nleaves;
	uint64_t all;			/* leaves that fired, named or not */
};

/* An hour of a person: what a timeline draws, what bulk is measured by. */
struct audit_hour {
	int64_t hour;			/* since 1970, UTC */
	uint64_t items;
	uint32_t accesses, refusals, exports, other;
	uint64_t leaves[8];		/* the first with items */
	unsigned nleaves;
	uint64_t with_items;		/* leaves, all of them */
};

struct audit_person {
	char name[ADMIN_NAME_MAX + 1];
	struct audit_hour *hours;	/* rising */
	size_t nhours, room;
	uint64_t accesses, refusals, items, exports;
	int64_t recent[64];		/* times of the last refusals */
	uint64_t recent_seq[64];
	unsigned nrecent;
	int64_t burst;			/* when the present row of them began */
};

struct audit_dossier {			/* what is known of one case */
	char id[17];
	uint64_t accesses, refusals, items, exports, captures;
	int64_t opened_ms, last_ms;	/* last access before now; 0: none */
	char exporter[ADMIN_NAME_MAX + 1], recipient[128]; /* of the last */
};

struct finder {
	struct audit_policy policy;
	int64_t from_ms, to_ms;		/* the period; 0: no bound */
	int64_t last_ms;		/* of the last event */
	uint64_t last_seq, events;
	struct audit_person *people;
	size_t npeople;
	struct audit_dossier *cases;
	size_t ncases;
	struct finding *found;
	size_t nfound, room;
	uint64_t dropped;		/* behind FIND_MAX */
	size_t *table;			/* found by key; 1 + index */
	size_t ntable;
	struct find_denied *denied;	/* who was refused which case */
	size_t ndenied;
	struct find_export *exports;
	size_t nexports;
	int done;
};

void finder_init(struct finder *f, const struct audit_policy *p,
		 int64_t from_ms, int64_t to_ms);
void finder_release(struct finder *f);

/*
 * finder_feed - the next event
 *   now     the admin state as of it: who is a member, which case is closed
 *   period  1: within the period; 0: before it, for comparison only
 * Returns 0 or ERR_NOMEM.
 */
int finder_feed(struct finder *f, const struct audit_event *ev,
		const struct admin *now, int period, struct err *e);

/* finder_end - what only the end shows (medians, exports); then found is in
 * order of pattern, time, person */
int finder_end(struct finder *f, struct err *e);

/* find_pattern_name - "outside", "hours", ...: for machines */
const char *find_pattern_name(enum audit_pattern p);

/*
 * find_names - which user's name a query holds: the login, the last word of the
 * full name, or two words of it, as whole words, accents and case aside
 * Returns the login, borrowed from a, or NULL.
 */
const char *find_names(const struct admin *a, const char *query);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The audit: who did what, when, why, in one chronology.
 *
 * Joined by their place in the log: the access statements of the months asked
 * for, the statements of the admin stream, and the leaves of the cases' streams
 * (of which kind, number and time are known without a case's key; what they
 * hold is not).  Opening it is itself put on record first.  Memory is bounded:
 * events come one by one, chunks of a month are held one at a time.
 */
#ifndef CASES_AUDIT_H
#define CASES_AUDIT_H

#include "cases/audit_event.h"
#include "cases/unit.h"

#define AUDIT_RUN_GAP_MS (10 * 60000)	/* captures further apart: two runs */
#define AUDIT_SKIPPED_MAX 128

struct audit_query {
	const char *why;
	const char *command;		/* of the record; NULL: "audit" */
	int64_t from_ms, to_ms;		/* from <= time < to; 0: no bound */
	const char *case_name;		/* reference or id; or NULL */
	const char *by;			/* user; or NULL */
	const char *of_command;		/* or NULL */
	unsigned what;			/* AUDIT_*; 0: everything */
	int has_item;
	uint64_t item;			/* with case_name */
	unsigned context_days;		/* read before from, for comparison */
};

struct audit;

/*
 * audit_open - record this reading, durably, then open the months
 *   u   open for writing; PERMIT_AUDIT; must outlive the audit, and
 *       nothing else may change its admin state meanwhile
 *   q   borrowed for the call
 * A refusal is sealed as well, then ERR_DENIED.
 * Returns 0, ERR_USAGE (no reason), ERR_NOENT (case, no month in the period),
 * ERR_DENIED (role, or a month of the period whose key one does not hold) or
 * the vault's errors.
 */
int audit_open(struct unit *u, const struct audit_query *q, struct audit **out,
	       struct err *e);
void audit_close(struct audit *a);	/* NULL allowed */

/*
 * audit_next - the next event of the log, whether asked for or not
 *   ev   audit_event_init() before the first; borrowed until the next call
 * Returns 1, 0 at the end, or a failure.
 */
int audit_next(struct audit *a, struct audit_event *ev, struct err *e);

/* audit_rewind - from the beginning once more */
int audit_rewind(struct audit *a, struct err *e);

/* audit_in_period, audit_wanted - 1 when the event is within the period; when
 * it is, and all that was asked for */
int audit_in_period(const struct audit *a, const struct audit_event *ev);
int audit_wanted(const struct audit *a, const struct audit_event *ev);

/* audit_asof - the admin state as of the last event given */
const struct admin *audit_asof(const struct audit *a);

/* audit_seq - log position of the record of this reading */
uint64_t audit_seq(const struct audit *a);
/* audit_shown - custody_shown() for it */
struct shown;
int audit_shown(struct audit *a, const struct shown *s, struct err *e);

/* audit_skipped - a month before the period that could not be opened, from 0;
 * NULL behind the last */
const char *audit_skipped(const struct audit *a, size_t i);
/* audit_period - the bounds; 0: none */
void audit_period(const struct audit *a, int64_t *from_ms, int64_t *to_ms);
/* audit_case - id of the case asked for, or "" */
const char *audit_case(const struct audit *a);

/* audit_month_bounds - "2026-11" as from <= t < to, UTC; ERR_FORMAT */
int audit_month_bounds(const char *month, int64_t *from_ms, int64_t *to_ms);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Politeness, proved from a case's sealed statements alone: every request's
 * turn, and the smallest gap between two of them.
 */
#ifndef CASES_GAPS_H
#define CASES_GAPS_H

#include "cases/custody.h"

struct gaps_report {
	uint64_t requests;	/* statements that name a turn */
	uint64_t violations;	/* gaps shorter than the delay in force */
	uint64_t missing;	/* statements that could not be read */
	int64_t min_gap_ms;	/* INT64_MAX: no two requests share a key */
};

struct gaps_row {
	const char *key;	/* "host:t.me", "family:telegram", ... */
	uint64_t requests, violations;
	int64_t min_gap_ms;	/* from an end to the next start */
	int64_t delay_ms;	/* in force at that gap */
	uint64_t before, after;	/* numbers of the two captures */
};

/*
 * gaps_check - read every capture's statement and measure
 *   g     of an access that names no items
 *   row   called for each key, in the order of names; NULL allowed
 * Returns 0 all gaps kept, 1 not, negative: could not be checked.
 */
int gaps_check(struct grant *g, void (*row)(void *arg, const struct gaps_row *),
	       void *arg, struct gaps_report *rep, struct err *e);

#endif

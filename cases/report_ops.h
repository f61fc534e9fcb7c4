/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The list of a case's collection operations, for the authority that asks for
 * it (R10).
 *
 * A member of the case gets it from the sealed statements: by person, source
 * and reason.  Somebody who reads the audit but no content gets it from the
 * access records and the leaves: the same passes, without what they fetched.
 * Either way it is on record first.
 */
#ifndef CASES_REPORT_OPS_H
#define CASES_REPORT_OPS_H

#include "cases/unit.h"

#define REPORT_GAP_MS (30 * 60000)	/* between two operations */

struct operation {
	int64_t from_ms, to_ms;
	char *agent, *source, *why;	/* "" when not known */
	uint64_t requests;		/* leaves: captures and refusals */
	uint64_t refused;		/* without a request: scope, robots, ... */
	uint64_t failed;		/* asked for, no answer or an error */
	uint64_t erased;		/* of which nothing is left */
	uint64_t bytes;			/* of bodies; 0 from the audit */
	uint64_t first_item, last_item;
	uint64_t first_leaf, last_leaf;
};

struct operations {
	struct operation *list;		/* by first_item */
	size_t n;
	int from_audit;			/* 1: made without a key of the case */
	uint64_t items;			/* the case has so many */
};

/*
 * report_operations - make the list
 *   u     open for writing
 *   out   release with operations_release()
 * Returns 0, ERR_USAGE (no reason), ERR_NOENT (case), ERR_DENIED, ERR_NOMEM or
 * the vault's errors.
 */
int report_operations(struct unit *u, const char *case_name, const char *why,
		      struct operations *out, struct err *e);
void operations_release(struct operations *o);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/* What audit_find.c (events) and audit_find_end.c (the end) share. */
#ifndef CASES_AUDIT_FIND_INT_H
#define CASES_AUDIT_FIND_INT_H

#include "cases/audit_find.h"

struct find_denied {
	char user[ADMIN_NAME_MAX + 1], case_id[17];
	uint64_t seq;
};

struct find_export {
	uint64_t seq;
	int64_t time_ms;
	char case_id[17], user[ADMIN_NAME_MAX + 1], recipient[128];
	int handed, period;
};

/*
 * finding_add - count towards the finding of that pattern, person, case and
 * bucket, made when it is new
 * Returns 0 (also when there is no room for more findings) or ERR_NOMEM.
 */
int finding_add(struct finder *f, const struct finding *x, uint64_t count,
		const uint64_t *leaves, unsigned nleaves, uint64_t all,
		struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a unit's supervisors hold to be unusual, and how long the audit is kept:
 * the statement scelle/v1/audit-policy of the admin stream.
 */
#ifndef CASES_AUDIT_POLICY_H
#define CASES_AUDIT_POLICY_H

#include "cases/calendar.h"
#include "util/json.h"

struct audit_policy {
	struct calendar_hours hours;	/* outside of it is an odd hour */
	unsigned bulk_hour, bulk_day;	/* items: more is a finding, when ... */
	unsigned bulk_times;		/* ... it is so many times one's median */
	unsigned denials;		/* so many within an hour */
	unsigned handover_days;		/* an export is handed over within */
	unsigned quiet_days;		/* a case nobody looked at for so long */
	unsigned keep_years;		/* months of audit are kept, 3 to 6 (R31) */
};

#define AUDIT_KEEP_MIN 3
#define AUDIT_KEEP_MAX 6

/* audit_policy_default - Monday to Friday, 7:30 to 20:00, and so on */
void audit_policy_default(struct audit_policy *p);

/*
 * audit_policy_read - the members of a statement; one that is missing leaves
 * what p has
 *   p   untouched on failure
 * Returns 0 or ERR_FORMAT, ERR_RANGE with the member named.
 */
int audit_policy_read(const json_t *o, struct audit_policy *p, struct err *e);

/* audit_policy_put - all members, into an object that is open */
void audit_policy_put(const struct audit_policy *p, struct jsonw *w);

/*
 * audit_policy_set - one setting by its name on the command line
 *   name   hours 07:30-20:00, days mon-fri or mon,tue,sat, holidays
 *          none|fr|fr-alsace-moselle, bulk-hour, bulk-day, bulk-times, denials,
 *          handover-days, quiet-days, keep-years: a number
 * Returns 0, ERR_USAGE or ERR_RANGE.
 */
int audit_policy_set(struct audit_policy *p, const char *name,
		     const char *value, struct err *e);

/* audit_policy_text - each setting as audit_policy_set() reads it
 *   i   from 0; out: 64 bytes
 * Returns its name, NULL behind the last. */
const char *audit_policy_text(const struct audit_policy *p, unsigned i,
			      char out[static 64]);

#endif

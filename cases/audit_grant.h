/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Keys and rules of the audit: who may open which month, what is unusual.
 */
#ifndef CASES_AUDIT_GRANT_H
#define CASES_AUDIT_GRANT_H

#include "cases/unit.h"

/*
 * audit_grant - give a user the key of a month of the audit
 * Only somebody who holds it can; the statement audit-grant says so, and the
 * use of the key is on record before it.
 *   month   "2026-11", or "all": every month one holds and the other does not
 *   user    has a role that reads the audit
 *   why     needed
 *   n_out   months given
 * Returns 0, ERR_NOENT (user, month), ERR_DENIED (either's role; a month whose
 * key one does not hold), ERR_EXIST (holds it already), ERR_USAGE or the
 * vault's errors.
 */
int audit_grant(struct unit *u, const char *month, const char *user,
		const char *why, unsigned *n_out, struct err *e);

/* audit_holds - 1 when there is a wrap of that month for that user */
int audit_holds(const struct unit *u, const char *month, const char *user);

/* audit_policy_change - new rules: the statement audit-policy, by a supervisor */
int audit_policy_change(struct unit *u, const struct audit_policy *p,
			const char *why, struct err *e);

#endif

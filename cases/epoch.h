/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A new key for a case: when a member left it, and when something was erased.
 *
 * The case's slots are sealed anew to a fresh key (store/rekey.h), its secret is
 * wrapped to the members there are, and the slots and wraps before are
 * destroyed: who left cannot open what comes, and slots of erased objects are
 * gone with the key they were sealed to.
 *
 * One statement of the admin stream, case-epoch, vouches for all of it: the new
 * table, the new wraps, and what is gone.  Before it nothing changed; behind it
 * what is still there is destroyed at the next opening.
 */
#ifndef CASES_EPOCH_H
#define CASES_EPOCH_H

#include "cases/unit.h"

/*
 * epoch_renew - give a case a new key, whether or not it is due
 *   reason   for the statement
 * Who is logged in must be a member.  A pass or a grant that holds the case's
 * stream goes on with it; what it seals is sealed to the new key.
 * Returns 0, ERR_DENIED (no member, no role), ERR_LIMIT (more members than one
 * statement can name) or the vault's errors.
 */
int epoch_renew(struct unit *u, const char *case_id, const char *reason,
		struct err *e);

/*
 * epoch_renew_due - the same where it is due and who is logged in can do it;
 * else 0 and nothing is done
 */
int epoch_renew_due(struct unit *u, const char *case_id, struct err *e);

#endif

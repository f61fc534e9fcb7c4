/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Rules of the unit that its supervisors and administrators set, each an admin
 * statement, and an order of two as soon as two persons could sign it.
 *
 *	export-orders  required | off   an export takes two people
 *	break-glass    on | off         who reads content may read a case without
 *	                                being a member, seen by everybody: glass.h
 */
#ifndef CASES_POLICY_H
#define CASES_POLICY_H

#include "cases/unit.h"
#include "util/json.h"

/*
 * policy_set
 *   order   the approved order's id, or NULL
 * Turning break-glass on makes its key: wrapped to every user who reads
 * content; turning it off destroys those wraps.
 * Returns 0, ERR_DENIED (sealed as well), ERR_USAGE (no such policy or value)
 * or the vault's errors.
 */
int policy_set(struct unit *u, const char *policy, const char *value,
	       const char *order, struct err *e);

/*
 * escrow_set - whom every case's secret is wrapped to as well, from now on
 *   recipient   an age recipient, or "none"
 * Cases there are get their wrap when a member next opens them.
 */
int escrow_set(struct unit *u, const char *recipient, const char *order,
	       struct err *e);

/*
 * escrow_restore - let a user into a case with the key that the escrow recipient
 * opened: cases/<id>/wraps/<epoch>/_escrow.age through a stock age
 *   identity   its text, AGE-SECRET-KEY-1…; must be the case's as of now
 *   order      of ORDER_RESTORE; NULL where it takes none
 * The key is on record as used before anything is written.
 * Returns 0, ERR_DENIED (sealed as well), ERR_NOENT (case, user), ERR_AUTH
 * (another key) or the vault's errors.
 */
int escrow_restore(struct unit *u, const char *case_name, const char *user,
		   struct bytes identity, const char *reason,
		   const char *order, struct err *e);

/* policy_valid, escrow_valid - ERR_USAGE or as age_recipient_read(): could it be
 * set at all?  To be asked before an order is proposed. */
int policy_valid(const char *policy, const char *value, struct err *e);
int escrow_valid(const char *recipient, struct err *e);

/* policy_subject, escrow_subject - what their orders are about; json_decref()
 * it; NULL: no memory */
json_t *policy_subject(const char *policy, const char *value);
json_t *escrow_subject(const char *recipient);

#endif

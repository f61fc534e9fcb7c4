/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Denials leave a trace: the table of permit.h asked for who is logged in, and
 * a refusal sealed in the audit before it is told.
 */
#ifndef CASES_DENY_H
#define CASES_DENY_H

#include "cases/permit.h"
#include "cases/unit.h"

/*
 * unit_may - may who is logged in do this?
 *   c   the case it is about; NULL: none
 * Returns 0, ERR_DENIED with the reason (sealed as well where the vault is open
 * for writing), or the vault's errors: then nothing is known to be sealed.
 */
int unit_may(struct unit *u, enum permit_act act, const struct admin_case *c,
	     struct err *e);

/*
 * unit_denied - seal a refusal that is in e
 *   r         what is to be returned; anything but ERR_DENIED seals nothing
 *   command   e.g. "approve"
 *   case_id   or NULL
 *   why       the reason that was given; or NULL
 * Returns r, or the vault's error when the refusal could not be sealed.
 */
int unit_denied(struct unit *u, int r, const char *command,
		const char *case_id, const char *why, struct err *e);

#endif

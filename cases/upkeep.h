/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Second ways to a case's secret: the escrow recipient's wrap and the
 * break-glass key's.  Only who holds the secret can make them, so they are made
 * when a case is opened, given a new key, or first opened by a member after the
 * recipient was entered.  For custody.c, casefile.c and epoch.c alone.
 *
 *	cases/<id>/wraps/<epoch>/_escrow.age   age(escrow, "AGE-SECRET-KEY-1…\n")
 *	cases/<id>/wraps/<epoch>/_glass.age    age(glass, age(unit, secret))
 *	admin/glass/<user>.age                 age(user, age(unit, glass secret))
 *
 * The first is text that a stock age takes as an identity file: see
 * docs/recovery.md.  No user's name begins with "_".
 */
#ifndef CASES_UPKEEP_H
#define CASES_UPKEEP_H

#include "cases/unit.h"

#define UPKEEP_FILES 2
#define UPKEEP_PATH 96

/*
 * upkeep_put - write the wraps this unit has as of now
 *   paths   of those written; n_out: how many
 * upkeep_say - the members "escrow" and "glass" of the statement that vouches
 * for them
 */
int upkeep_put(struct unit *u, const char *case_id, unsigned epoch,
	       const uint8_t secret[static 32],
	       char paths[static UPKEEP_FILES][UPKEEP_PATH], unsigned *n_out,
	       struct err *e);
void upkeep_say(const struct unit *u, struct jsonw *w);

/*
 * upkeep - a member has the case's secret open: make what is missing
 *   secret   the case's
 * Returns 0, or the vault's errors.
 */
int upkeep(struct unit *u, const char *case_id,
	   const uint8_t secret[static 32], struct err *e);

/*
 * upkeep_glass_open - the case's secret by way of the break-glass key, for who
 * holds a wrap of that; the glass must be broken and the access on record
 *   secret   out: secret memory
 * Returns 0, ERR_DENIED (no wrap, the policy is off) or ERR_DAMAGED.
 */
int upkeep_glass_open(struct unit *u, const struct admin_case *c,
		      uint8_t *secret, struct err *e);

#endif

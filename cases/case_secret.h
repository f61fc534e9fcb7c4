/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The secret of a case and its wraps: age to the member of (age to the unit of
 * the secret), so that both keys are needed.  For custody.c and casefile.c
 * alone: whoever holds the secret can read.
 */
#ifndef CASES_CASE_SECRET_H
#define CASES_CASE_SECRET_H

#include "cases/unit.h"

/* case_secret_wrap - write a member's wrap to rel, a path below the vault */
int case_secret_wrap(struct unit *u, const char *rel,
		     const uint8_t member[static 32],
		     const uint8_t secret[static 32], struct err *e);

/* case_secret_open - from the wrap of who is logged in; ERR_DENIED when there
 * is none.  secret: secret memory. */
int case_secret_open(struct unit *u, const struct admin_case *c,
		     uint8_t *secret, struct err *e);

#endif

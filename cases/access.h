/* SPDX-License-Identifier: EUPL-1.2 */
/* What custody.c and access.c share; nothing above includes this. */
#ifndef CASES_ACCESS_H
#define CASES_ACCESS_H

#include "cases/custody.h"

/* access_reason - ERR_USAGE unless there is a reason, of a sane length */
int access_reason(const char *why, struct err *e);

/*
 * access_record - seal the access statement; durable when it returns 0
 *   case_id   in place of a->case_name
 *   reach     an access that names no items: how many of them it can open
 *   seq_out   log position, may be NULL
 */
int access_record(struct unit *u, const struct access *a, const char *case_id,
		  uint64_t reach, uint64_t *seq_out, struct err *e);

/* access_shown - seal what came of the access at log position of */
int access_shown(struct unit *u, const char *command, const char *case_id,
		 uint64_t of, const struct shown *s, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/* What unit_init.c and people.c share; nothing else includes this. */
#ifndef CASES_PEOPLE_INT_H
#define CASES_PEOPLE_INT_H

#include "cases/people.h"

/* people_put_unit - the unit's keys under its passphrase */
int people_put_unit(struct unit *u, struct bytes pass, unsigned logn,
		    struct err *e);

/* people_keys_new - keys of a user of this unit, named after both */
int people_keys_new(const char *origin, const char *user,
		    struct user_keys **out, struct err *e);

/* people_files - a user's files: public keys, secret ones, the unit's keys */
int people_files(struct unit *u, const char *name, const struct user_keys *k,
		 unsigned roles, struct bytes pass, unsigned logn,
		 struct err *e);

/* people_enter - the statement that enters the user; order: a whole note, or
 * NULL */
int people_enter(struct unit *u, const struct people_new *n,
		 const struct user_keys *k, struct buf *order, struct err *e);

#endif

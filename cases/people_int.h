/* SPDX-License-Identifier: EUPL-1.2 */
/* What unit_init.c and people.c share; nothing else includes this. */
#ifndef CASES_PEOPLE_INT_H
#define CASES_PEOPLE_INT_H

#include "cases/people.h"

#define PEOPLE_FILES 3		/* of a user, see people_paths() */

/* people_put_unit - the unit's keys under its passphrase */
int people_put_unit(struct unit *u, struct bytes pass, unsigned logn,
		    struct err *e);

/* people_paths - a user's files: public keys, secret ones, the unit's keys */
void people_paths(const char *name, char (*paths)[128]);

/* people_put_roles - the member "roles" */
void people_put_roles(struct jsonw *w, unsigned roles);

/* people_months_opened - record that months' secrets are given on
 * people_share_months - wrap those that who is logged in can open to a user;
 * the wraps' paths are appended to files */
int people_months_opened(struct unit *u, const char *command, const char *name,
			 struct err *e);
int people_share_months(struct unit *u, const char *name,
			const uint8_t receive[static 32], char (*paths)[128],
			const char **files, size_t *n, struct err *e);

/* people_order_wanted - ERR_DENIED, sealed, when the act takes an order and id
 * is NULL
 * people_order_of - the order's note, checked; nothing without an id */
int people_order_wanted(struct unit *u, const char *id, const char *act,
			struct err *e);
int people_order_of(struct unit *u, const char *id, const char *act,
		    const json_t *subject, struct buf *note, struct err *e);

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

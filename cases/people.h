/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The unit's people: entering, changing, revoking them; their keys.
 *
 * Where the unit has two persons who could sign it, what changes who may do
 * what takes an order of both (order_needed()): each call then wants the order's
 * id, approved, and is ERR_DENIED without it.
 */
#ifndef CASES_PEOPLE_H
#define CASES_PEOPLE_H

#include "cases/unit.h"
#include "util/json.h"

struct people_new {
	const char *name;		/* admin_name_valid() */
	const char *full;		/* how the person is called; may be NULL */
	const char *person;		/* number of service; may be NULL */
	unsigned roles;			/* ROLE_* */
	struct bytes pass;
	struct bytes pub;		/* in a vault of a custody service, and
					   only there: the user's public keys,
					   lines "sign ..." and "receive ..." */
	unsigned logn;			/* scrypt work factor; 0: KEYFILE_LOGN */
	const char *order;		/* its id, or NULL */
};

/*
 * people_add - make a user's keys and enter it
 * Returns 0, ERR_DENIED (sealed as well), ERR_FORMAT (name), ERR_EXIST,
 * ERR_USAGE (no role) or the vault's errors.
 */
int people_add(struct unit *u, const struct people_new *n, struct err *e);

/* people_role - give a user these roles instead of those there were; who no
 * longer reads content leaves the cases it is a member of */
int people_role(struct unit *u, const char *name, unsigned roles,
		const char *reason, const char *order, struct err *e);

/*
 * people_revoke - what the user signed before counts, nothing after it does
 * The user's key files and wraps are destroyed; its cases wait for a new key.
 * Where it is a case's last member the wrap stays, for who restores the keys.
 */
int people_revoke(struct unit *u, const char *name, const char *reason,
		  const char *order, struct err *e);

/*
 * people_rotate - new keys for who is logged in, under this passphrase: entered
 * by a statement signed with the old key and the new one; what the old one
 * signed before stays signed.  The user's wraps are made anew.
 * Returns 0, ERR_UNSUPPORTED (over the service) or the vault's errors.
 */
int people_rotate(struct unit *u, struct bytes pass, unsigned logn,
		  struct err *e);

/* people_subject - what an order of ORDER_USER_* is about, for
 * order_options.subject; json_decref() it; NULL: no memory
 *   roles   0 for ORDER_USER_REVOKE */
json_t *people_subject(const char *name, unsigned roles);

#endif

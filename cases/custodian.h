/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The unit's keys under two custodians.
 *
 * admin/master.age holds the unit's keys, sealed to a master identity that
 * stands nowhere.  Its secret is wrapped for each ordered pair of custodians,
 * age(first, age(second, secret)), in admin/custodians: any two of them open
 * it, one alone opens nothing, and no cryptography is new.
 *
 * admin/custodians, text:
 *	scelle-custodians/v1
 *	<first> <second> <base64 of the wrap>
 *	...
 */
#ifndef CASES_CUSTODIAN_H
#define CASES_CUSTODIAN_H

#include "cases/unit.h"

#define CUSTODIANS_MAX 16
#define CUSTODIAN_WRAP_MAX 1024		/* bytes of one wrap */

struct custodians {
	size_t n, nwraps;
	char name[CUSTODIANS_MAX][ADMIN_NAME_MAX + 1];
	struct custodian_wrap {
		unsigned first, second;		/* of name */
		size_t len;
		uint8_t bytes[CUSTODIAN_WRAP_MAX];
	} wrap[CUSTODIANS_MAX * (CUSTODIANS_MAX - 1)];
};

/* custodian_parse - read the text of admin/custodians strictly; every ordered
 * pair stands there once.  0 or ERR_FORMAT */
int custodian_parse(struct bytes text, struct custodians *c, struct err *e);

/*
 * custodian_read - the custodians of a vault
 *   out   free() it
 * Returns 0, ERR_NOENT (a solo vault), ERR_FORMAT or ERR_IO.
 */
int custodian_read(const char *path, struct custodians **out, struct err *e);

/* custodian_index - place of a name, or -1 */
int custodian_index(const struct custodians *c, const char *name);

/* custodian_unit_form - 1 when the vault is in unit form: it has custodians */
int custodian_unit_form(const char *path);

/*
 * custodian_set - put the unit's keys under these custodians, and none else
 *   names    n users, 2 to CUSTODIANS_MAX, different persons
 *   keys_to  directory that gets what users take with them, <name>.key.age (as
 *            it stands, under the user's passphrase), when the vault is still
 *            in solo form; NULL when it is in unit form already
 * A solo vault becomes one in unit form: the unit's keys under a passphrase and
 * those sealed to each user are destroyed, the users' own are handed over.
 * Statements say so.  The master secret is fresh each time.
 * Returns 0, ERR_DENIED (role), ERR_USAGE, ERR_NOENT (a user), ERR_EXIST (a
 * file in keys_to) or ERR_IO.
 */
int custodian_set(struct unit *u, const char *const *names, size_t n,
		  const char *keys_to, struct err *e);

/*
 * custodian_open - the unit's keys from the master secret
 *   secret   32 bytes
 * Returns 0 or as unit_keys_unwrap().
 */
int custodian_open(const char *path, const uint8_t secret[static 32],
		   struct unit_keys **out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Key files: a unit's keys and a user's, under a passphrase (age, scrypt), and
 * their public halves as text.  See docs/store-format.md.
 *
 * Secret structs live in locked memory and are wiped when freed.
 */
#ifndef STORE_KEYFILE_H
#define STORE_KEYFILE_H

#include "store/age.h"
#include "store/minisign.h"
#include "store/note.h"
#include "util/buf.h"
#include "util/err.h"

#define KEYFILE_LOGN 17		/* scrypt work factor: half a second, 128 MiB */
#define KEYFILE_MAX 65536	/* bytes of a key file */

struct unit_keys {
	struct note_skey log;		/* signs heads; named as the origin */
	struct note_skey collector;	/* signs captures */
	struct minisign_key export;	/* signs bundles */
	struct age_identity receive;
};

struct unit_pub {
	struct note_vkey log, collector;
	struct minisign_pub export;
	uint8_t receive[32];
};

struct user_keys {
	struct note_skey sign;
	struct age_identity receive;
};

enum user_role {
	USER_INVESTIGATOR = 1,
	USER_LEGAL = 2,
	USER_SUPERVISOR = 4,
	USER_AUDITOR = 8,
	USER_ADMINISTRATOR = 16,
	USER_DPO = 32,
};

struct user_pub {
	struct note_vkey sign;
	uint8_t receive[32];
	unsigned roles;			/* USER_* */
};

/*
 * unit_keys_new - fresh keys; the log key is named origin, the collector's
 * origin/collector
 * user_keys_new - fresh keys; name is the signing key's, e.g.
 * "scelle/unit-2026/user/alice"
 * Return 0, ERR_FORMAT (name, see note_vkey_make()) or ERR_NOMEM.
 */
int unit_keys_new(const char *origin, struct unit_keys **out, struct err *e);
int user_keys_new(const char *name, struct user_keys **out, struct err *e);
void unit_keys_free(struct unit_keys *k);	/* NULL allowed; wipes */
void user_keys_free(struct user_keys *k);

/*
 * unit_keys_seal, user_keys_seal - append the key file
 *   logn   scrypt work factor, KEYFILE_LOGN; less only for tests and the lab
 * Return 0, ERR_RANGE (empty passphrase, logn) or ERR_NOMEM.
 */
int unit_keys_seal(const struct unit_keys *k, struct bytes passphrase,
		   unsigned logn, struct buf *out, struct err *e);
int user_keys_seal(const struct user_keys *k, struct bytes passphrase,
		   unsigned logn, struct buf *out, struct err *e);

/*
 * unit_keys_open, user_keys_open - read a key file
 * Return 0, ERR_AUTH (wrong passphrase), ERR_FORMAT, ERR_DAMAGED, ERR_LIMIT
 * or ERR_NOMEM.
 */
int unit_keys_open(struct bytes file, struct bytes passphrase,
		   struct unit_keys **out, struct err *e);
int user_keys_open(struct bytes file, struct bytes passphrase,
		   struct user_keys **out, struct err *e);

/*
 * unit_keys_wrap, unit_keys_unwrap - the same text as an age file to a user,
 * so that one passphrase is enough where one person holds both keys
 * Return as unit_keys_seal() and unit_keys_open().
 */
int unit_keys_wrap(const struct unit_keys *k, const uint8_t user[static 32],
		   struct buf *out, struct err *e);
int unit_keys_unwrap(struct bytes file, const struct age_identity *user,
		     struct unit_keys **out, struct err *e);

/* unit_pub_of, user_pub_of - the public halves (roles are the caller's) */
void unit_pub_of(const struct unit_keys *k, struct unit_pub *pub);
void user_pub_of(const struct user_keys *k, struct user_pub *pub);

/* unit_pub_put, user_pub_put - append the text; as buf_add() */
int unit_pub_put(const struct unit_pub *pub, struct buf *out);
int user_pub_put(const struct user_pub *pub, struct buf *out);

/* unit_pub_read, user_pub_read - read it strictly; 0 or ERR_FORMAT */
int unit_pub_read(struct bytes text, struct unit_pub *pub, struct err *e);
int user_pub_read(struct bytes text, struct user_pub *pub, struct err *e);

/* user_role_name - "investigator", "legal", "supervisor", "auditor",
 * "administrator", "dpo"; NULL for another */
const char *user_role_name(unsigned role);

#endif

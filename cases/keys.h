/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The keys of a unit and of a user, and the files that hold them.  The formats
 * are those of docs/store-format.md, "Key files".
 */
#ifndef CASES_KEYS_H
#define CASES_KEYS_H

#include "store/age.h"
#include "store/note.h"

/* Secrets: allocate with secret_alloc(), free with secret_free(). */
struct unit_keys {
	struct note_skey log;		/* signs heads */
	struct note_skey collector;	/* signs captures */
	uint8_t export_seed[32];	/* Ed25519, minisign */
	struct age_identity receive;
};

struct user_keys {
	struct note_skey sign;
	struct age_identity receive;
};

/*
 * unit_keys_new, user_keys_new - fresh keys
 *   origin   the log's; key names are made of it
 * Return 0 or ERR_FORMAT (no name for a key).
 */
int unit_keys_new(struct unit_keys *k, const char *origin, struct err *e);
int user_keys_new(struct user_keys *k, const char *origin, const char *user,
		  struct err *e);

/*
 * unit_keys_put, user_keys_put - the secret text, appended to out
 * unit_keys_read, user_keys_read - from it, strictly
 * Buffers hold secrets: buf_wipe() them, and make room for KEYS_TEXT_MAX first.
 */
#define KEYS_TEXT_MAX 4096
int unit_keys_put(const struct unit_keys *k, struct buf *out);
int user_keys_put(const struct user_keys *k, struct buf *out);
int unit_keys_read(struct bytes text, struct unit_keys *k, struct err *e);
int user_keys_read(struct bytes text, struct user_keys *k, struct err *e);

/*
 * unit_keys_export - the key that signs a bundle's SHA256SUMS; its id is the
 * beginning of the SHA-256 of the public key.  Wipe with secret_wipe().
 */
struct minisign_key;
void unit_keys_export(const struct unit_keys *k, struct minisign_key *out);

/* unit_keys_public - the text of unit.pub */
int unit_keys_public(const struct unit_keys *k, struct buf *out);
/* user_keys_public - the text of users/<name>.pub; roles: ROLE_* bits */
int user_keys_public(const struct user_keys *k, unsigned roles,
		     struct buf *out);

#endif

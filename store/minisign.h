/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Detached signatures of minisign (https://jedisct1.github.io/minisign/):
 * Ed25519 over BLAKE2b-512, a trusted comment, and a signature over both.
 */
#ifndef STORE_MINISIGN_H
#define STORE_MINISIGN_H

#include "util/buf.h"
#include "util/err.h"

#define MINISIGN_COMMENT_MAX 1024	/* bytes of a comment */
#define MINISIGN_FILE_MAX 8192		/* bytes of a key or signature file */

/* struct minisign_pub - a public key; plain memory */
struct minisign_pub {
	uint8_t id[8];
	uint8_t pk[32];
};

/* struct minisign_key - a signing key; wipe with secret_wipe() */
struct minisign_key {
	struct minisign_pub pub;
	uint8_t seed[32];
};

/*
 * minisign_key_from - a signing key from its seed
 *   id   eight bytes that name the key, random when it was made
 */
void minisign_key_from(struct minisign_key *k, const uint8_t id[static 8],
		       const uint8_t seed[static 32]);

/* minisign_pub_put - append the text of a public key file (minisign.pub) */
int minisign_pub_put(const struct minisign_pub *k, struct buf *out);

/*
 * minisign_pub_read - read a public key file, or its second line alone
 * Returns 0, ERR_FORMAT or ERR_UNSUPPORTED (another algorithm).
 */
int minisign_pub_read(struct bytes text, struct minisign_pub *k, struct err *e);

/*
 * minisign_sign - append the text of a signature file (.minisig)
 *   msg       what is signed, any length
 *   untrusted, trusted   comments: one line of UTF-8 without control
 *             characters, at most MINISIGN_COMMENT_MAX bytes; trusted is signed
 * Returns 0, ERR_RANGE (comments, out's cap) or ERR_NOMEM.
 */
int minisign_sign(const struct minisign_key *k, struct bytes msg,
		  const char *untrusted, const char *trusted, struct buf *out,
		  struct err *e);

/*
 * minisign_check - verify a signature file
 *   sig       its text; signatures of the older kind (over the bytes
 *             themselves) are verified too
 *   trusted   out, may be NULL: the trusted comment, borrowed from sig;
 *             untouched unless 0 is returned
 * Returns 0 sound, 1 not sound (also: made with another key), or ERR_FORMAT.
 */
int minisign_check(const struct minisign_pub *k, struct bytes msg,
		   struct bytes sig, struct bytes *trusted, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Files encrypted with age v1 (C2SP age; https://age-encryption.org/v1):
 * recipients of type X25519 and scrypt, binary, armour read as well.
 *
 * All in memory.  Nothing is given out of a file that is not sound to its last
 * byte.
 */
#ifndef STORE_AGE_H
#define STORE_AGE_H

#include "util/buf.h"
#include "util/err.h"

#define AGE_KEY_LEN 32
#define AGE_RECIPIENTS_MAX 1000		/* stanzas of a file we write or read */
#define AGE_HEADER_MAX ((size_t)256 << 10)	/* bytes */
#define AGE_CHUNK ((size_t)64 << 10)	/* plaintext of one chunk */
#define AGE_TAG 16
#define AGE_LOGN_MAX 22			/* scrypt work factor, as age's own cap */
#define AGE_LOGN 18			/* what age itself writes */

/* Room for an identity "AGE-SECRET-KEY-1..." or recipient "age1...", NUL too */
#define AGE_IDENTITY_TEXT 75
#define AGE_RECIPIENT_TEXT 63

/* struct age_identity - an X25519 identity; wipe with secret_wipe() */
struct age_identity {
	uint8_t secret[AGE_KEY_LEN];
	uint8_t recipient[AGE_KEY_LEN];	/* X25519(secret, 9) */
};

/*
 * struct age_random - where random bytes come from
 *
 * NULL wherever one is taken means the system's generator; tests give another.
 */
struct age_random {
	void (*fill)(void *arg, void *p, size_t n);
	void *arg;
};

/* age_identity_new - a fresh identity */
void age_identity_new(struct age_identity *id, const struct age_random *rnd);

/* age_identity_from - an identity from its secret scalar */
void age_identity_from(struct age_identity *id,
		       const uint8_t secret[static AGE_KEY_LEN]);

/* age_identity_str, age_recipient_str - the Bech32 text, in the given room */
void age_identity_str(const uint8_t secret[static AGE_KEY_LEN],
		      char out[static AGE_IDENTITY_TEXT]);
void age_recipient_str(const uint8_t recipient[static AGE_KEY_LEN],
		       char out[static AGE_RECIPIENT_TEXT]);

/*
 * age_identity_read, age_recipient_read - from Bech32 text, exactly
 *   text   no white space around it
 * Return 0, ERR_FORMAT, or ERR_UNSUPPORTED (an identity or recipient of another
 * type, such as AGE-SECRET-KEY-PQ-1... or AGE-PLUGIN-...).
 */
int age_identity_read(struct bytes text, struct age_identity *id, struct err *e);
int age_recipient_read(struct bytes text, uint8_t out[static AGE_KEY_LEN],
		       struct err *e);

/*
 * age_identities_parse - an identity file: one identity a line, # comments
 *   ids, max   out: the caller's array
 *   n          out: how many were read
 * Identities of types we do not do are passed over.
 * Returns 0, ERR_FORMAT (with the line's number), ERR_LIMIT (more than max) or
 * ERR_NOENT (none).
 */
int age_identities_parse(struct bytes text, struct age_identity *ids,
			 size_t max, size_t *n, struct err *e);

/*
 * age_size - bytes of a file for nrecipients X25519 recipients
 *   plain   bytes of plaintext
 */
size_t age_size(size_t nrecipients, size_t plain);

/*
 * age_encrypt - encrypt to one recipient
 *   plain   borrowed; must not overlap out
 *   out     the file is appended; as it was on failure
 * Returns 0, ERR_RANGE (cap of out, a recipient of low order) or ERR_NOMEM.
 */
int age_encrypt(const uint8_t recipient[static AGE_KEY_LEN], struct bytes plain,
		struct buf *out);

/*
 * age_encrypt_to - the same with everything to choose
 *   recipients   n X25519 public keys, 1 to AGE_RECIPIENTS_MAX
 *   pieces       npieces ranges, one behind the other, are the plaintext
 *   rnd          NULL, or where ephemeral keys, file key and nonce come from
 */
int age_encrypt_to(const uint8_t (*recipients)[AGE_KEY_LEN], size_t n,
		   const struct bytes *pieces, size_t npieces,
		   const struct age_random *rnd, struct buf *out,
		   struct err *e);

/*
 * age_encrypt_fresh - encrypt to a fresh identity that is given back
 *   id   out: the new identity; who holds its secret opens the file
 * As age_encrypt_to() to id->recipient, but faster: see store/age_fresh.c.
 */
int age_encrypt_fresh(struct age_identity *id, const struct bytes *pieces,
		      size_t npieces, const struct age_random *rnd,
		      struct buf *out);

/*
 * age_encrypt_pass - encrypt under a passphrase (scrypt)
 *   logn   work factor: 2^logn blocks of 1 KiB; 1 to AGE_LOGN_MAX, AGE_LOGN is
 *          a second and 256 MiB
 * Returns as age_encrypt(), and ERR_RANGE for logn.
 */
int age_encrypt_pass(struct bytes passphrase, unsigned logn,
		     const struct bytes *pieces, size_t npieces,
		     const struct age_random *rnd, struct buf *out,
		     struct err *e);

/* What reading found, in the words of the published test vectors */
enum age_verdict {
	AGE_OK,			/* success */
	AGE_ARMOR_FAILURE,
	AGE_HEADER_FAILURE,
	AGE_NO_MATCH,		/* sound so far; none of the keys opens it */
	AGE_HMAC_FAILURE,
	AGE_PAYLOAD_FAILURE,
};

/* struct age_keys - what may open a file; all borrowed */
struct age_keys {
	const struct age_identity *ids;
	size_t nids;
	const struct bytes *passphrases;
	size_t npass;
	unsigned max_logn;	/* 0: AGE_LOGN_MAX */
	enum age_verdict verdict;	/* out, set by age_open() */
};

/*
 * age_open - decrypt a file, armoured or not
 *   file    borrowed; must not overlap plain
 *   plain   the plaintext is appended; as it was on failure (bytes behind its
 *           length are wiped)
 * Returns 0, ERR_FORMAT (armour or header), ERR_UNSUPPORTED (another version of
 * age), ERR_NOENT (no key fits), ERR_AUTH (header's MAC), ERR_DAMAGED
 * (payload), ERR_LIMIT (work factor, header or plain's cap), ERR_NOMEM.
 */
int age_open(struct age_keys *keys, struct bytes file, struct buf *plain,
	     struct err *e);

/* age_decrypt - age_open() with n X25519 identities only */
int age_decrypt(const struct age_identity *ids, size_t n, struct bytes file,
		struct buf *plain, struct err *e);

/* age_is_armored - 1 when the bytes look like an armoured file */
int age_is_armored(struct bytes file);

/*
 * age_dearmor - the binary file inside an armoured one
 * Returns 0, ERR_FORMAT, ERR_LIMIT (out's cap) or ERR_NOMEM.
 */
int age_dearmor(struct bytes file, struct buf *out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Signed notes (C2SP signed-note): text, an empty line, signature lines.
 *
 *	text, one or more lines
 *
 *	— name base64(key id (4) | signature)
 *
 * Two kinds of keys: Ed25519 over the text (type 0x01), and a witness's
 * cosignature (C2SP tlog-cosignature, type 0x04) over "cosignature/v1", a time
 * and the text.  Signatures by keys we do not know are ignored.
 */
#ifndef STORE_NOTE_H
#define STORE_NOTE_H

#include "util/buf.h"
#include "util/err.h"

#define NOTE_TEXT_MAX ((size_t)1 << 20)	/* bytes of text */
#define NOTE_MAX (NOTE_TEXT_MAX + 65536)	/* bytes of the whole note */
#define NOTE_SIGS_MAX 64		/* signature lines */
#define NOTE_NAME_MAX 255		/* bytes of a key name */
#define NOTE_SIG_MAX 256		/* bytes of a decoded signature */

enum note_type {
	NOTE_ED25519 = 1,
	NOTE_COSIGNATURE = 4,
};

/* struct note_vkey - a verifier key; plain memory, may be copied */
struct note_vkey {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];		/* SHA-256(name 0A type pk), first bytes */
	uint8_t type;		/* enum note_type */
	uint8_t pk[32];
};

/* struct note_skey - a signing key; wipe with note_skey_wipe() */
struct note_skey {
	struct note_vkey vkey;
	uint8_t seed[32];
};

/* struct note_sig - one signature line, borrowed from the note's bytes */
struct note_sig {
	struct bytes name;
	uint8_t id[4];
	uint8_t sig[NOTE_SIG_MAX];	/* without the key id */
	size_t sig_len;
};

/* struct note - a parsed note; the text is borrowed from the note's bytes */
struct note {
	struct bytes text;		/* ends with a newline */
	size_t nsigs;
	struct note_sig sigs[NOTE_SIGS_MAX];
};

/*
 * note_vkey_make - a verifier key from its parts
 *   name   non-empty UTF-8 without white space, control characters and plus
 *   type   enum note_type
 * Returns 0 or ERR_FORMAT (name), ERR_UNSUPPORTED (type).
 */
int note_vkey_make(struct note_vkey *k, const char *name, unsigned type,
		   const uint8_t pk[static 32], struct err *e);

/*
 * note_skey_make - a signing key from its seed (RFC 8032 private key)
 * Returns 0 or as note_vkey_make().
 */
int note_skey_make(struct note_skey *k, const char *name, unsigned type,
		   const uint8_t seed[static 32], struct err *e);

/* note_skey_wipe - erase; accepts NULL */
void note_skey_wipe(struct note_skey *k);

/*
 * note_vkey_read, note_vkey_put - the text form name+hash8+base64(type | pk)
 * note_skey_read, note_skey_put - PRIVATE+KEY+name+hash8+base64(type | seed)
 *
 * The readers take exactly that, white space around it ignored, and check the
 * hash: 0, ERR_FORMAT or ERR_UNSUPPORTED (another type of key).  The writers
 * append without a newline and return as buf_add().
 */
int note_vkey_read(struct bytes text, struct note_vkey *k, struct err *e);
int note_vkey_put(const struct note_vkey *k, struct buf *out);
int note_skey_read(struct bytes text, struct note_skey *k, struct err *e);
int note_skey_put(const struct note_skey *k, struct buf *out);

/*
 * note_parse - take a note apart, strictly; checks no signature
 *   bytes   the whole note; borrowed by n
 *   n       its content is undefined on failure
 * UTF-8, no character below U+0020 but newline, text that ends with a newline,
 * an empty line, at least one signature line and nothing else behind.
 * Returns 0, ERR_FORMAT or ERR_LIMIT (NOTE_MAX, NOTE_SIGS_MAX).
 */
int note_parse(struct bytes bytes, struct note *n, struct err *e);

/*
 * note_check - verify the signatures of known keys
 *   keys     nkeys verifier keys; signatures by others are ignored
 *   good     out, may be NULL: bit i is set when key i signed (the first 64)
 *   time_s   out, may be NULL: seconds since 1970 that key 0 vouched for when
 *            it is a witness and signed, else 0
 * Returns 0 when at least one known key signed and no known key's signature is
 * bad; 1 otherwise (with the reason in e).
 */
int note_check(const struct note *n, const struct note_vkey *keys, size_t nkeys,
	       uint64_t *good, uint64_t *time_s, struct err *e);

/*
 * note_open - note_parse() and note_check() in one
 *   text    out: borrowed from bytes; untouched unless 0 is returned
 * Returns 0 sound, 1 not sound, or as note_parse().
 */
int note_open(struct bytes bytes, const struct note_vkey *keys, size_t nkeys,
	      struct bytes *text, struct err *e);

/*
 * note_sign - write a signed note
 *   text     ends with a newline; the caller's
 *   keys     1 to NOTE_SIGS_MAX keys, one signature line each; a key of type
 *            NOTE_COSIGNATURE is refused (see note_cosign())
 *   out      the whole note is appended; as it was on failure
 * Returns 0, ERR_FORMAT (the text is none a reader would take), ERR_RANGE or
 * ERR_NOMEM.
 */
int note_sign(struct bytes text, const struct note_skey *keys, size_t nkeys,
	      struct buf *out, struct err *e);

/*
 * note_sig_line - append one signature line over text, newline included
 * Returns as note_sign().  A second signature on a note is this line behind it.
 */
int note_sig_line(struct bytes text, const struct note_skey *key,
		  struct buf *out, struct err *e);

/*
 * note_cosign - append a witness's signature line (C2SP tlog-cosignature)
 *   text     a checkpoint's text; that it is consistent is for the caller
 *   key      of type NOTE_COSIGNATURE
 *   time_s   seconds since 1970 UTC, not 0
 * Returns as note_sign().
 */
int note_cosign(struct bytes text, const struct note_skey *key, uint64_t time_s,
		struct buf *out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The header of an age file: stanzas in and out, and what they wrap.  For
 * store/age*.c and store/seal.c only.
 */
#ifndef STORE_AGE_HEADER_H
#define STORE_AGE_HEADER_H

#include "store/age.h"

#define AGE_FILE_KEY 16
#define AGE_NONCE 16

/*
 * age_wrap_x25519 - append an X25519 stanza
 *   eph      fresh secret scalar
 * Returns 0, ERR_RANGE (low order) or the buffer's failure.
 */
int age_wrap_x25519(const uint8_t recipient[static AGE_KEY_LEN],
		    const uint8_t eph[static AGE_KEY_LEN],
		    const uint8_t file_key[static AGE_FILE_KEY],
		    struct buf *out);

/* age_wrap_pass - append a scrypt stanza; 0, ERR_RANGE, ERR_NOMEM */
int age_wrap_pass(struct bytes passphrase, unsigned logn,
		  const uint8_t salt[static 16],
		  const uint8_t file_key[static AGE_FILE_KEY],
		  struct buf *out);

/* age_header_start - append the version line */
int age_header_start(struct buf *out);

/*
 * age_header_end - append the last line, over all since start
 *   start   where in out the header began
 */
int age_header_end(const uint8_t file_key[static AGE_FILE_KEY], size_t start,
		   struct buf *out);

/*
 * age_header_open - read a header and unwrap its file key
 *   file       binary
 *   file_key   out; wiped by the caller
 *   len_out    out: bytes of header, the payload's nonce is behind
 * Returns and sets keys->verdict as age_open().
 */
int age_header_open(struct age_keys *keys, struct bytes file,
		    uint8_t file_key[static AGE_FILE_KEY], size_t *len_out,
		    struct err *e);

#endif

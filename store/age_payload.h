/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The payload of an age file: chunks of 64 KiB, ChaCha20-Poly1305, a counter
 * and a last flag in the nonce.  For store/age*.c and store/seal.c only.
 */
#ifndef STORE_AGE_PAYLOAD_H
#define STORE_AGE_PAYLOAD_H

#include "store/age_header.h"

/*
 * struct age_payload - one payload being read, chunk by chunk
 *
 * (1) done bytes of plaintext were given out; size in all
 */
struct age_payload {
	uint8_t key[32];
	struct bytes in;	/* ciphertext not yet read */
	uint64_t chunk;
	size_t size, done;	/* bytes of plaintext */
};

/* age_payload_size - bytes of nonce and payload for plain bytes */
size_t age_payload_size(size_t plain);

/*
 * age_payload_put - append nonce and payload
 *   pieces   the plaintext, in order; total bytes in all
 * Returns 0 or the buffer's failure.
 */
int age_payload_put(const uint8_t file_key[static AGE_FILE_KEY],
		    const uint8_t nonce[static AGE_NONCE],
		    const struct bytes *pieces, size_t npieces, size_t total,
		    struct buf *out);

/*
 * age_payload_start - begin to read
 *   in   nonce and payload
 * Returns 0, ERR_FORMAT (nonce cut) or ERR_DAMAGED (no length a payload has).
 */
int age_payload_start(struct age_payload *p,
		      const uint8_t file_key[static AGE_FILE_KEY],
		      struct bytes in);

/*
 * age_payload_next - decrypt the next chunk
 *   out   room for AGE_CHUNK bytes, or for what is left of size
 *   n     out: bytes written
 * Returns 1 for more, 0 when this was the last, ERR_DAMAGED.
 */
int age_payload_next(struct age_payload *p, uint8_t *out, size_t *n);

#endif

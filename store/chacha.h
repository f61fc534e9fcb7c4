/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * ChaCha20-Poly1305 of RFC 8439 without associated data, over OpenSSL: three
 * times as fast as libsodium's where the processor has AVX-512, which is what
 * most of a large object's time goes to.  For store/age_payload.c only.
 */
#ifndef STORE_CHACHA_H
#define STORE_CHACHA_H

#include <stddef.h>
#include <stdint.h>

#define CHACHA_TAG 16
#define CHACHA_MAX ((size_t)1 << 30)	/* bytes of one message */

/*
 * chacha_seal - encrypt n bytes, at most CHACHA_MAX
 *   out   n + CHACHA_TAG bytes; may be in, must not overlap it otherwise
 * Aborts where OpenSSL cannot do it at all (no memory for its context).
 */
void chacha_seal(const uint8_t key[static 32], const uint8_t nonce[static 12],
		 const uint8_t *in, size_t n, uint8_t *out);

/*
 * chacha_open - check and decrypt
 *   in    n bytes with their tag, at least CHACHA_TAG
 *   out   n - CHACHA_TAG bytes; wiped when the tag does not fit
 * Returns 0 or ERR_DAMAGED.
 */
int chacha_open(const uint8_t key[static 32], const uint8_t nonce[static 12],
		const uint8_t *in, size_t n, uint8_t *out);

#endif

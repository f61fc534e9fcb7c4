/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869) over it.
 *
 * One digest is fetched from OpenSSL for the whole process and one context
 * kept per thread, so that hashing a tree node costs what the hash costs.
 * Every function is thread-safe.  Where OpenSSL cannot give us SHA-256 at all
 * (no memory at first use, a provider without it) the process aborts: nothing
 * here could go on, and what is durable is recovered at the next open.
 */
#ifndef STORE_SHA256_H
#define STORE_SHA256_H

#include "util/buf.h"

#define SHA256_LEN 32

/* struct sha256 - a running hash; zeroed is released */
struct sha256 {
	void *ctx;	/* OpenSSL's context, ours */
};

/*
 * sha256_init - start a hash; also restarts one in use
 * Returns 0 or ERR_NOMEM.
 */
int sha256_init(struct sha256 *h);

/* sha256_update - hash more bytes */
void sha256_update(struct sha256 *h, struct bytes in);

/* sha256_final - the hash of all bytes since sha256_init(); then init again */
void sha256_final(struct sha256 *h, uint8_t out[static SHA256_LEN]);

/* sha256_release - free; accepts NULL and a zeroed object */
void sha256_release(struct sha256 *h);

/* sha256_once - hash of one range; fast for small inputs, never fails */
void sha256_once(struct bytes in, uint8_t out[static SHA256_LEN]);

/* sha256_pieces - hash of n ranges, one behind the other */
void sha256_pieces(const struct bytes *in, size_t n,
		   uint8_t out[static SHA256_LEN]);

/* hmac_sha256 - HMAC-SHA256 (RFC 2104); key of any length */
void hmac_sha256(struct bytes key, struct bytes in,
		 uint8_t out[static SHA256_LEN]);

/* hmac_sha256_pieces - the same over n ranges, one behind the other */
void hmac_sha256_pieces(struct bytes key, const struct bytes *in, size_t n,
			uint8_t out[static SHA256_LEN]);

#define HKDF_SHA256_MAX (255 * SHA256_LEN)

/*
 * hkdf_sha256 - extract and expand (RFC 5869 section 2)
 *   ikm    input keying material
 *   salt   may be empty
 *   info   may be empty
 *   out    len bytes, 1 to HKDF_SHA256_MAX; untouched on failure
 * Returns 0 or ERR_RANGE (len).
 */
int hkdf_sha256(struct bytes ikm, struct bytes salt, struct bytes info,
		uint8_t *out, size_t len);

#endif

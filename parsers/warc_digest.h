/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Labelled digests of WARC records: "sha256:<hex>", "sha1:<base32>".  Pure.
 */
#ifndef PARSERS_WARC_DIGEST_H
#define PARSERS_WARC_DIGEST_H

#include "util/buf.h"
#include "util/err.h"

#define WARC_DIGEST_LEN_MAX 64

enum warc_algorithm {
	WARC_SHA1, WARC_SHA256, WARC_SHA512, WARC_MD5,
};

struct warc_digest {
	enum warc_algorithm algorithm;
	size_t len;				/* bytes of value */
	uint8_t value[WARC_DIGEST_LEN_MAX];
};

/*
 * warc_digest_parse - read a labelled digest; hexadecimal of either case or
 * base32 (RFC 4648 section 6, either case, padding optional), told apart by
 * its length.  The label may be spelt "sha-256".
 * Returns 0, ERR_UNSUPPORTED (another algorithm) or ERR_FORMAT.
 */
int warc_digest_parse(struct bytes text, struct warc_digest *out);

/* warc_digest_sha256 - "sha256:" and 64 digits; the caller's 72 bytes */
void warc_digest_sha256(char out[static 72], const uint8_t value[static 32]);

#endif

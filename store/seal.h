/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * SEALED OBJECT: an age file to an identity made for this object alone, which
 * is its shredding key: destroy the 32 bytes and the object is gone.
 *
 * Content of the age file:
 *	codec (1)	0 raw, 1 zstd
 *	plain length (8, big endian)
 *	data		the bytes, or one zstd frame of them
 * If you change this, change docs/store-format.md with it.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store/age.h"
#include "store/sha256.h"
#include "util/buf.h"
#include "util/err.h"

#define SEAL_KEY_LEN AGE_KEY_LEN
#define SEAL_HEAD_LEN 9
#define SEAL_RATIO_MAX 1000	/* plain bytes a byte of data may become */

enum seal_codec {
	SEAL_RAW = 0,
	SEAL_ZSTD = 1,
};

/*
 * seal_object - seal bytes to a fresh identity
 *   pieces    npieces ranges, one behind the other, are the object; borrowed,
 *             must not overlap sealed
 *   identity  out: the secret; the caller keeps and wipes it
 *   hash      out: SHA-256 of the sealed object; may be NULL
 *   sealed    the object is appended; as it was on failure
 * zstd level 1, left out where a sample does not shrink by a twentieth.
 * Returns 0, ERR_RANGE (sealed's cap) or ERR_NOMEM.
 */
int seal_object(const struct bytes *pieces, size_t npieces,
		uint8_t identity[static SEAL_KEY_LEN],
		uint8_t hash[SHA256_LEN], struct buf *sealed);

/*
 * seal_to - the same content, sealed to a recipient that is there already; for
 * caches of a stream.  open_object() with the recipient's secret opens it.
 */
int seal_to(const uint8_t recipient[static AGE_KEY_LEN],
	    const struct bytes *pieces, size_t npieces, struct buf *sealed);

/* seal_max - no sealed object of plain bytes is longer than this */
size_t seal_max(size_t plain);

/*
 * open_object - open what seal_object() made
 *   plain   the object is appended; as it was on failure (bytes behind its
 *           length are wiped)
 * Returns 0, ERR_NOENT (another identity), ERR_AUTH or ERR_DAMAGED (altered),
 * ERR_FORMAT (no sealed object), ERR_UNSUPPORTED (unknown codec), ERR_LIMIT
 * (plain's cap, SEAL_RATIO_MAX) or ERR_NOMEM.
 */
int open_object(const uint8_t identity[static SEAL_KEY_LEN],
		struct bytes sealed, struct buf *plain, struct err *e);

#endif

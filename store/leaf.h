/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * LEAF: one event of the log, 160 bytes, big endian.  It carries no content
 * and no personal data, so that nothing ever has to be cut out of the log.
 */
#ifndef STORE_LEAF_H
#define STORE_LEAF_H

#include "store/sha256.h"
#include "util/buf.h"
#include "util/err.h"

#define LEAF_LEN 160

/* What a leaf records */
enum leaf_kind {
	LEAF_EVIDENCE = 1,	/* a capture */
	LEAF_ACCESS = 2,	/* somebody reads */
	LEAF_ADMIN = 3,		/* users, roles, policies */
	LEAF_ERASURE = 4,
	LEAF_KEY = 5,		/* keys made, changed, revoked */
	LEAF_ANCHOR = 6,	/* an outside witness or time stamp */
	LEAF_IMPORT = 7,
	LEAF_EXPORT = 8,
	LEAF_RECOVERY = 9,	/* a torn tail was set aside */
	LEAF_REFUSED = 10,	/* the mandate said no */
};

#define LEAF_KIND_MAX 10

#define LEAF_FLAG_LAB 1		/* made in lab mode: no evidence */
#define LEAF_FLAG_GLASS 2	/* the glass was broken: one acts alone */
#define LEAF_FLAG_GLASS_SIGNED 4	/* a broken glass was countersigned */

/*
 * The bytes on disk, which are the bytes the tree hashes.
 * If you change this, change docs/store-format.md with it.
 */
struct leaf_disk {
	uint8_t magic[8];	/* "SCLLEAF1" */
	uint8_t seq[8];		/* log position, from 0 */
	uint8_t time_ms[8];	/* since 1970 UTC, never decreasing */
	uint8_t kind[2];	/* enum leaf_kind */
	uint8_t flags[2];
	uint8_t zero[4];
	uint8_t prev[32];	/* leaf_hash() of leaf seq - 1; zeros for 0 */
	uint8_t tag[32];	/* leaf_tag() */
	uint8_t body[32];	/* leaf_body() */
	uint8_t open[32];	/* leaf_open() */
};
_Static_assert(sizeof(struct leaf_disk) == LEAF_LEN, "on-disk size");

/* struct leaf - the same, decoded */
struct leaf {
	uint64_t seq;
	int64_t time_ms;
	uint16_t kind;
	uint16_t flags;
	uint8_t prev[32];
	uint8_t tag[32];
	uint8_t body[32];
	uint8_t open[32];
};

/* leaf_encode - the bytes of a leaf; kind and time are the caller's promise */
void leaf_encode(const struct leaf *l, uint8_t out[static LEAF_LEN]);

/*
 * leaf_decode - read a leaf strictly
 *   out   untouched on failure
 * Returns 0 or ERR_FORMAT: wrong magic, a non-zero zero field, a kind outside
 * 1 to 10, a time before 1970, seq 0 with a non-zero prev.
 */
int leaf_decode(const uint8_t in[static LEAF_LEN], struct leaf *out,
		struct err *e);

/* leaf_hash - RFC 6962 leaf hash: SHA-256(00, the 160 bytes) */
void leaf_hash(const uint8_t in[static LEAF_LEN],
	       uint8_t out[static SHA256_LEN]);

/*
 * leaf_body - what binds a leaf to its sealed bytes
 *   hashes  n hashes of 32 bytes: of the sealed statement, then of each
 *           sealed blob, as stored
 * out = SHA-256("scelle/body/v1" 00 u32be n h0 ... hn-1).
 */
void leaf_body(const uint8_t (*hashes)[SHA256_LEN], uint32_t n,
	       uint8_t out[static SHA256_LEN]);

/*
 * leaf_open - the salted commitment to a statement, which survives erasure
 * out = SHA-256("scelle/open/v1" 00 salt SHA-256(statement)).
 */
void leaf_open(const uint8_t salt[static 32], struct bytes statement,
	       uint8_t out[static SHA256_LEN]);

/* leaf_open_hash - the same from the statement's SHA-256 */
void leaf_open_hash(const uint8_t salt[static 32],
		    const uint8_t statement_hash[static SHA256_LEN],
		    uint8_t out[static SHA256_LEN]);

/*
 * leaf_tag - proves that a case's numbering has no gap
 *   key       the case's tag key
 *   case_seq  number within the case, from 0
 * out = HMAC-SHA256(key, "scelle/tag/v1" 00 u64be case_seq).
 */
void leaf_tag(const uint8_t key[static 32], uint64_t case_seq,
	      uint8_t out[static SHA256_LEN]);

/* leaf_kind_name - "evidence", "access", ...; "unknown" for another number */
const char *leaf_kind_name(unsigned kind);

#endif

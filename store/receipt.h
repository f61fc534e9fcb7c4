/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Receipts (C2SP tlog-proof): a leaf's position, its inclusion proof and the
 * signed head, in one text that can be checked for ever without the vault.
 *
 *	c2sp.org/tlog-proof@v1
 *	extra <base64>			(optional)
 *	index <decimal>
 *	<base64 hash> ...
 *
 *	<signed checkpoint>
 */
#ifndef STORE_RECEIPT_H
#define STORE_RECEIPT_H

#include "store/checkpoint.h"
#include "store/tree.h"
#include "util/buf.h"
#include "util/err.h"

#define RECEIPT_EXTRA_MAX 1024		/* decoded bytes */
#define RECEIPT_MAX (CHECKPOINT_MAX + 8192)	/* bytes of a receipt */

struct receipt {
	uint64_t index;
	size_t n;				/* hashes */
	uint8_t proof[TREE_PROOF_MAX][SHA256_LEN];
	size_t extra_len;
	uint8_t extra[RECEIPT_EXTRA_MAX];
	struct bytes head;	/* the signed note, borrowed from the text */
};

/* receipt_put - append the text; extra_len 0: no extra line.  As buf_add(),
 * and ERR_RANGE (too many hashes, too much extra) */
int receipt_put(const struct receipt *r, struct buf *out);

/* receipt_is - 1 when the text begins like a receipt */
int receipt_is(struct bytes text);

/*
 * receipt_parse - read one strictly; r->head is borrowed from text
 * Returns 0, ERR_FORMAT or ERR_LIMIT.
 */
int receipt_parse(struct bytes text, struct receipt *r, struct err *e);

/*
 * receipt_check - does it prove the leaf?
 *   leaf_hash  RFC 6962 hash of the leaf, see leaf_hash()
 *   keys       the log's keys (and witnesses'), see note_check()
 *   origin     NULL, or what the head must name
 *   c          out, may be NULL: the head
 * Returns 0 sound, 1 not sound, or ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
int receipt_check(const struct receipt *r,
		  const uint8_t leaf_hash[static SHA256_LEN],
		  const struct note_vkey *keys, size_t nkeys,
		  const char *origin, struct checkpoint *c, struct err *e);

#endif

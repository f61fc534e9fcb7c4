/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a log asks a witness (C2SP tlog-witness, body of add-checkpoint):
 *
 *	old <decimal>
 *	<base64 hash>		0 to 63 lines: consistency proof
 *
 *	<signed checkpoint>
 *
 * Pure.
 */
#ifndef STORE_WITNESS_REQUEST_H
#define STORE_WITNESS_REQUEST_H

#include "store/checkpoint.h"
#include "store/tree.h"

#define WITNESS_PROOF_MAX 63
#define WITNESS_REQUEST_MAX (CHECKPOINT_MAX + 4096)	/* bytes of a body */

struct witness_request {
	uint64_t old;		/* leaves the witness is believed to know */
	size_t n;		/* hashes */
	uint8_t proof[WITNESS_PROOF_MAX][SHA256_LEN];
	struct bytes note;	/* signed checkpoint, borrowed from the body */
};

/* witness_request_put - append a body; as buf_add(), and ERR_RANGE */
int witness_request_put(const struct witness_request *q, struct buf *out);

/*
 * witness_request_parse - read a body strictly
 * What it takes, witness_request_put() writes back byte for byte.  The note is
 * not looked into.  Returns 0, ERR_FORMAT or ERR_LIMIT.
 */
int witness_request_parse(struct bytes body, struct witness_request *q,
			  struct err *e);

/* witness_size_parse - "<decimal>\n", the body of a 409; 0 or ERR_FORMAT */
int witness_size_parse(struct bytes body, uint64_t *out);

#endif

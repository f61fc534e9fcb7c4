/* SPDX-License-Identifier: EUPL-1.2 */
/* What outside.c and outside_proof.c share. */
#ifndef STORE_OUTSIDE_INT_H
#define STORE_OUTSIDE_INT_H

#include "store/outside.h"
#include "store/receipt.h"
#include "store/tsa.h"

/* struct outside_head - one head that the log's key signed */
struct outside_head {
	char *file;
	struct buf note;		/* the signed note, cosignatures and all */
	struct bytes text;		/* in note */
	struct note_vkey key;		/* the log's, named after its origin */
	uint64_t size;
	uint8_t root[SHA256_LEN];
	int lost;			/* beyond its shard, and a restore follows */
	struct receipt *receipt;	/* NULL: a bare head */
	struct buf receipt_text;	/* what it borrows from */
	/* who vouches for a time; 0: nobody */
	int64_t cosigned_ms;
	struct note_vkey witness;
	int64_t token_ms, accuracy_ms;
	struct buf token;
	char signer[256];
};

struct outside {
	struct note_vkey log;
	struct outside_head *heads;
	size_t n, room;
};

/* outside_time_of - when somebody outside saw this head, or 0 */
int64_t outside_time_of(const struct outside_head *h);

#endif

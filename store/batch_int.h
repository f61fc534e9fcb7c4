/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A batch in progress, for the files that make it: batch.c takes items and
 * commits, batch_put.c brings what is sealed to the packs.
 */
#ifndef STORE_BATCH_INT_H
#define STORE_BATCH_INT_H

#include "store/sealer.h"
#include "store/vault_int.h"

/* What a batch holds of one stream. */
struct part {
	struct part *next;
	struct stream *s;
	uint64_t first;			/* case_seq of its first item */
	uint64_t key_at;		/* its key leaf among the leaves */
	struct item_ref *items;
	uint64_t n, room;
	uint8_t *slots;			/* secret_alloc: SLOT_LEN each */
	uint64_t nslots, slots_room;
	struct buf frame;		/* the slot frame */
};

/* An item whose objects are being sealed. */
struct pending {
	struct pending *next;
	struct part *p;
	const struct store_item *it;	/* while batch_add() is at it */
	uint64_t item, leaf;		/* where it stands in the part, the batch */
	uint64_t slot;			/* its first */
	uint16_t objects, put;		/* in all, in the pack */
	uint8_t hash[][SHA256_LEN];	/* of those, room for the externals' */
};

struct batch {
	struct vault *v;
	struct pending *pending, **pending_end;	/* oldest first */
	uint64_t base;			/* log position of the first leaf */
	int64_t last_ms;
	struct leaf *leaves;
	uint64_t n, room;
	struct part *parts;
};

/*
 * batch_put_next - the oldest object under way, once it is sealed, to its
 * pack; behind an item's last one, its externals.  Something must be under way.
 * batch_put_all - the same until nothing is
 * Returns 0, or negative: then the vault is dead.
 */
int batch_put_next(struct batch *b, struct err *e);
int batch_put_all(struct batch *b, struct err *e);

/* pack_flush - write what is gathered; pack_sync - and make it durable */
int pack_flush(struct stream *s, struct err *e);
int pack_sync(struct stream *s, struct err *e);

#endif

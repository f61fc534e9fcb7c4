/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Erasing: taking the bytes of sealed objects out of a stream's packs.
 *
 * An erased object leaves its frame, with its hash and no bytes, so that the
 * leaf's body can still be computed.  What may be missing is said by lists,
 * <stream>/erasures/NNNNNN.list: text, numbers only, an external of a leaf of
 * kind 4 (erasure).  Named by one such leaf a list is decided; the leaf that
 * names it again is its certificate: nothing it lists may be found any more.
 *
 *	erase_list_put(), erase_put()	the list, durable, not decided yet
 *	batch ... item of kind LEAF_ERASURE with the list as external ... commit
 *	erase_run()			the bytes go
 *	rekey_begin() ... _finish()	the slots go, see store/rekey.h
 *	batch ... item of kind LEAF_ERASURE naming the list again ... commit
 *
 * Killed behind the decision, the next open for writing takes the bytes out.
 */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "store/vault.h"

#define ERASE_WHOLE 0xffffu	/* every object of the items */
#define ERASE_RANGES_MAX 1000000u
#define ERASE_LIST_MAX ((size_t)64 << 20)	/* bytes of a list */
#define ERASE_PATH_MAX 96

/* Items first to last, wholly or (first == last then) one object. */
struct erase_range {
	uint64_t first, last;
	unsigned object;
};

/* What an object was when its erasure was decided. */
struct erase_was {
	uint64_t case_seq, seq;		/* seq: of its leaf in the log */
	uint64_t size;			/* bytes as sealed */
	uint8_t sha256[32];		/* of these */
	unsigned object;
};

/* Ranges sorted by first, then object; nothing stands twice.  was: filled by
 * erase_describe() or erase_list_read(), in order. */
struct erase_list {
	struct erase_range *r;
	size_t n, room;
	struct erase_was *was;
	size_t nwas, was_room;
};

void erase_list_release(struct erase_list *l);	/* a zeroed one is fine */

/* erase_list_add - any order; ERR_RANGE (last before first, an object of
 * several items), ERR_LIMIT or ERR_NOMEM */
int erase_list_add(struct erase_list *l, uint64_t first, uint64_t last,
		   unsigned object);
/* erase_list_sort - bring it in order, drop what stands twice */
void erase_list_sort(struct erase_list *l);
/* erase_list_has - 1 when a sorted list names that object */
int erase_list_has(const struct erase_list *l, uint64_t case_seq,
		   unsigned object);

/*
 * erase_list_put - a sorted list as the text of its file, appended
 *   dir   the stream
 * erase_list_read - read it strictly; ERR_FORMAT, ERR_LIMIT, ERR_NOMEM
 */
int erase_list_put(const char *dir, const struct erase_list *l,
		   struct buf *out);
int erase_list_read(struct bytes in, const char *dir, struct erase_list *l,
		    struct err *e);

/*
 * erase_describe - note what each object of the list is: leaf, size, hash; those
 * gone already are left out.  Objects 0 and above that an item does not have,
 * and items the stream does not have, are ERR_NOENT.
 */
int erase_describe(struct stream *s, struct erase_list *l, struct err *e);

/*
 * erase_put - write a list under the next free name, durably
 *   path_out  relative to the vault: the external's path
 *   sha256    of its bytes
 * Returns 0, ERR_DENIED (open for reading), ERR_LIMIT, ERR_NOMEM or ERR_IO.
 */
int erase_put(struct stream *s, const struct erase_list *l,
	      char path_out[static ERASE_PATH_MAX], uint8_t sha256[static 32],
	      struct err *e);

/* erase_drop - take a list back that was put and will not be decided */
int erase_drop(struct stream *s, const char *path, struct err *e);

/*
 * erase_run - take the bytes of what a decided list names out of the packs;
 * what is gone already is fine.  No batch may be in progress.
 *   objects_out, bytes_out  what was taken out now; may be NULL
 * Each pack is written beside, synced and renamed over the old one.
 * Returns 0, ERR_BUSY, ERR_DENIED, ERR_DAMAGED, ERR_NOMEM or ERR_IO (the vault
 * is dead, the next open goes on).
 */
int erase_run(struct stream *s, const struct erase_list *l,
	      uint64_t *objects_out, uint64_t *bytes_out, struct err *e);

/*
 * erase_object - what is known of an object: its size as sealed and its hash
 *   erased_out  1 when its bytes are gone (then size_out is 0)
 * Returns 0, ERR_NOENT, ERR_DAMAGED or ERR_IO.
 */
int erase_object(struct stream *s, uint64_t case_seq, unsigned object,
		 uint64_t *size_out, uint8_t sha256[static 32],
		 int *erased_out, struct err *e);

#endif

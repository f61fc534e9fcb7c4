/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Checkpoints (C2SP tlog-checkpoint): the text of a signed tree head.
 *
 *	origin
 *	size, decimal
 *	base64 of the root hash
 *	extension lines, opaque
 */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/note.h"
#include "store/sha256.h"

#define CHECKPOINT_TEXT_MAX 8192	/* bytes of text */
#define CHECKPOINT_MAX (CHECKPOINT_TEXT_MAX + 65536)

/* struct checkpoint - a tree head; origin and ext are borrowed */
struct checkpoint {
	struct bytes origin;	/* one line, without newline, not empty */
	uint64_t size;		/* leaves */
	uint8_t root[SHA256_LEN];
	struct bytes ext;	/* whole lines, each not empty; may be empty */
};

/*
 * checkpoint_put - append the text of a checkpoint
 * Returns 0, ERR_FORMAT (origin or ext are not what a reader takes) or the
 * buffer's failure; out is as it was then.
 */
int checkpoint_put(const struct checkpoint *c, struct buf *out);

/*
 * checkpoint_parse - read the text of a checkpoint strictly
 *   text   borrowed by c
 * Returns 0, ERR_FORMAT or ERR_LIMIT (CHECKPOINT_TEXT_MAX).
 */
int checkpoint_parse(struct bytes text, struct checkpoint *c, struct err *e);

/*
 * checkpoint_sign - append a signed note holding the checkpoint
 *   keys   one signature line each, see note_sign()
 * Returns 0, ERR_FORMAT, ERR_RANGE or ERR_NOMEM; out is as it was then.
 */
int checkpoint_sign(const struct checkpoint *c, const struct note_skey *keys,
		    size_t nkeys, struct buf *out, struct err *e);

/*
 * checkpoint_open - verify a signed checkpoint and read it
 *   note     the signed note; borrowed by c
 *   keys     the log's keys (and witnesses'); see note_check()
 *   origin   NULL, or what its first line must be: another is not sound
 *   c        out; untouched unless 0 is returned
 * Returns 0 sound, 1 not sound, or ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
int checkpoint_open(struct bytes note, const struct note_vkey *keys,
		    size_t nkeys, const char *origin, struct checkpoint *c,
		    struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * SEALER: objects being compressed, encrypted and hashed, several at a time,
 * and taken back in the order they were given.  For store/batch.c; one a vault.
 *
 * An object is sealed at once on the caller's thread, from the caller's bytes,
 * or handed to the crew with a copy of them, which is wiped when it is done.
 * Identities and salts lie in one piece of locked memory until they are taken.
 */
#ifndef STORE_SEALER_H
#define STORE_SEALER_H

#include "store/pack.h"
#include "store/seal.h"

#define SEALER_OBJECTS 32	/* at once */
/* Plain bytes given and not taken back; an object larger than that is sealed
 * on the caller's thread, with nothing else under way. */
#define SEALER_BYTES ((size_t)4 << 20)

struct sealer;

/* struct sealed - what sealer_get() lends until sealer_done() */
struct sealed {
	uint8_t *p;		/* PACK_FRAME_LEN free bytes, then the object */
	size_t len;		/* of both */
	const uint8_t *hash;	/* SHA-256 of the object */
	const uint8_t *identity, *salt;	/* 32 bytes each */
};

/* sealer_new - returns NULL without memory */
struct sealer *sealer_new(void);

/* sealer_free - waits for what is under way and forgets it */
void sealer_free(struct sealer *s);

/*
 * sealer_room - 1 when one more object of so many plain bytes can be given; else
 * the oldest must be taken first.  With nothing under way there is always room.
 */
int sealer_room(const struct sealer *s, size_t bytes);

/*
 * sealer_give - one more object
 *   salt       32 bytes, kept beside it
 *   hand_over  1: the crew may seal it while the caller goes on; pieces are
 *              copied.  0: it is sealed when this returns.
 * There must be room for it.  Returns 0 or ERR_NOMEM (nothing was given); what
 * sealing it came to is for sealer_get() to say.
 */
int sealer_give(struct sealer *s, const struct bytes *pieces, size_t npieces,
		const uint8_t *salt, int hand_over);

/*
 * sealer_get - wait for the oldest object
 * Returns 0 or as seal_object(); then, too, sealer_done() is due.  ERR_NOENT:
 * there is none.
 */
int sealer_get(struct sealer *s, struct sealed *out);

/* sealer_done - forget the oldest object */
void sealer_done(struct sealer *s);

/* sealer_drop - wait for all objects under way and forget them */
void sealer_drop(struct sealer *s);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Sealed working state: an append-only journal, never evidence.
 *
 * The file begins with an age v1 file sealed to the unit, holding a random
 * key; each frame behind it is ChaCha20-Poly1305 under that key, its number as
 * nonce, the header's hash as associated data.  A torn last frame is dropped
 * at open, and the whole ones move to a new file under a new key; any other
 * damage is ERR_DAMAGED.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "util/buf.h"
#include "util/err.h"

#define JOURNAL_FRAME_MAX (1u << 20)

struct journal;

/*
 * journal_open - open or create; replays every frame in order
 *   unit_secret  X25519 secret the header is sealed to
 *   replay       called for each frame; negative stops with that error
 * Returns 0, ERR_AUTH, ERR_DAMAGED, ERR_IO or what replay returned.
 */
int journal_open(const char *path, const uint8_t unit_secret[static 32],
		 int (*replay)(void *arg, struct bytes frame), void *arg,
		 struct journal **out, struct err *e);

/* journal_append - one frame; durable when it returns, if sync is set */
int journal_append(struct journal *j, struct bytes frame, int sync,
		   struct err *e);

/*
 * journal_compact - durably replace the file by a new one holding what `write`
 * appends (called once); j then continues on the new file
 */
int journal_compact(struct journal *j,
		    int (*write)(void *arg, struct journal *fresh), void *arg,
		    struct err *e);

uint64_t journal_bytes(const struct journal *j);
int journal_close(struct journal *j, struct err *e);

#endif

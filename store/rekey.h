/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A new key for a stream.
 *
 * Everything that opens a stream's objects, its slots, is written anew under
 * another public key, without the slots of erased objects; what stood under the
 * key before is then overwritten and removed.  Sealed objects stay as they are:
 * each has an identity of its own.
 *
 * On disk an epoch is a table, keys/<epoch>.tab.age, and what was appended
 * since, keys/<epoch>.add; the first epoch has no table.  A table counts when a
 * leaf names its hash among its externals; that same leaf names the files before
 * as gone.  So, in this order:
 *
 *	rekey_begin(s, pub, &k, e)	new table durable, not counted yet
 *	batch_begin(...)
 *	batch_add(..., item with rekey_externals(k) among its externals)
 *	batch_commit(...)		now it counts
 *	rekey_finish(k, e)		the old slots are destroyed
 *
 * The item that names the table is the first of its batch.  It may stand in any
 * stream, most naturally in the admin stream's statement that names the new
 * public key: then both count at the same moment.
 *
 * Killed before the commit, the next open for writing removes the new table;
 * behind it, the next open destroys the old slots.
 */
#ifndef STORE_REKEY_H
#define STORE_REKEY_H

#include "store/vault.h"

struct rekey;

#define REKEY_EXTERNALS 3	/* at most so many */

/*
 * rekey_begin - write the table of the next epoch
 *   s    of a vault open for writing; unlocked, unless it has no items; not in
 *        a batch.  From now on what is added to it is sealed to pub
 *   pub  X25519 public key, its secret made for this and kept by the caller
 * Returns 0, ERR_AUTH (the stream is locked), ERR_BUSY, ERR_DENIED (open for
 * reading), ERR_LIMIT (no epoch left), ERR_NOMEM or ERR_IO (the vault is dead).
 */
int rekey_begin(struct stream *s, const uint8_t pub[static 32],
		struct rekey **out, struct err *e);

/*
 * rekey_externals - the new table with its hash, the files before it as gone
 *   n_out  how many, at most REKEY_EXTERNALS
 * Borrowed until _finish or _abort.
 */
const struct store_external *rekey_externals(const struct rekey *k,
					     unsigned *n_out);

/*
 * rekey_finish - destroy what the new table replaces; frees k, also on failure
 * Returns 0 or ERR_IO (the vault is dead; the next open does the rest).
 */
int rekey_finish(struct rekey *k, struct err *e);

/* rekey_abort - nothing was committed: the stream has its old key again.  NULL
 * allowed.  Behind a failed commit it leaves the files to recovery. */
void rekey_abort(struct rekey *k);

/* rekey_destroy - overwrite a small file, sync, remove it durably; fine when
 * there is none.  path: in full */
int rekey_destroy(const char *path, struct err *e);

/* stream_epoch - of the key the stream's slots are sealed to, from 1 */
uint32_t stream_epoch(const struct stream *s);

#endif

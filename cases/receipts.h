/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Receipts: inclusion proof and signed head of what was written, kept outside
 * the vault: $XDG_STATE_HOME/scelle/receipts/<log>/<position>-<head>.receipt, where
 * log and head are beginnings of SHA-256.  A vault rolled back, or gone on in
 * two copies, contradicts them.
 */
#ifndef CASES_RECEIPTS_H
#define CASES_RECEIPTS_H

#include "store/vault.h"

#define RECEIPTS_KEPT 1000	/* of one log; older ones are removed */

struct receipts_entry {
	uint64_t seq;		/* leaf it proves */
	uint64_t size;		/* leaves under its head */
	char path[4096];
};

/*
 * receipts_keep - keep a receipt of the last leaf of the vault
 *   path_out   4096 bytes: where; may be NULL
 * Returns 0, ERR_NOENT (neither XDG_STATE_HOME nor HOME), ERR_IO or the vault's
 * errors.  An empty log leaves none.
 */
int receipts_keep(struct vault *v, char *path_out, struct err *e);

/* receipts_name - what a vault's receipts are kept under: the verifier key of its
 * first shard, for good */
const char *receipts_name(const struct vault *v);

/*
 * receipts_put - keep a receipt that a custody service sent
 *   vkey   verifier key of the log
 *   leaf   the position it proves
 *   head   first bytes of the SHA-256 of its signed head
 *   path_out   as above
 */
int receipts_put(const char *vkey, uint64_t leaf, const uint8_t head[static 4],
		 struct bytes receipt, char *path_out, struct err *e);

/*
 * receipts_list - those kept for the log of a verifier key, oldest first
 *   out    one allocation: the caller frees it
 */
int receipts_list(const char *vkey, struct receipts_entry **out, size_t *n,
		  struct err *e);

/*
 * receipts_hold - does the vault still hold what a receipt proves?
 * Returns 0 it does, 1 it does not (e says how), RECEIPTS_LOST it does not and
 * the vault says itself that a restore lost it, or negative: the receipt could
 * not be read.
 */
#define RECEIPTS_LOST 2
int receipts_hold(const struct vault *v, const struct receipts_entry *r,
		  struct err *e);

#endif

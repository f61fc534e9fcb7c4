/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What was kept outside a vault - heads, receipts, cosigned heads, time stamps -
 * held against the vault and against each other.  Finds rollback, truncation
 * and forks, and writes a proof that others check without this program
 * (docs/proof-of-fraud.md).
 *
 * A head counts only when the log's key signed it, under the origin of whichever
 * shard: nobody else can make one.  A head beyond its shard, where the vault says
 * itself that it was restored from a backup, is lost and contradicts nothing.
 */
#ifndef STORE_OUTSIDE_H
#define STORE_OUTSIDE_H

#include "store/note.h"
#include "store/vault.h"

#define OUTSIDE_HEADS_MAX 4096
#define OUTSIDE_PROOF_MAX ((size_t)4 << 20)	/* bytes of a proof file */

struct outside;

enum outside_kind {
	OUTSIDE_FORK,		/* two signed heads that cannot both be */
	OUTSIDE_REGRESS,	/* a smaller head was stamped after a larger */
	OUTSIDE_SHORT,		/* the vault ends before a signed head does */
};

/* struct outside_fraud - one contradiction */
struct outside_fraud {
	enum outside_kind kind;
	size_t first;		/* which head, in the order added */
	size_t second;		/* SIZE_MAX: the vault's own last head */
	const char *file;	/* of the first; borrowed */
	char what[400];		/* one line */
};

/* struct outside_time - what one time stamp or cosignature shows of a vault
 * that holds it */
struct outside_time {
	const char *file;
	int64_t time_ms;
	int64_t accuracy_ms;	/* -1: not said */
	uint64_t size;		/* leaves older than that time */
	int cosigned;		/* by a witness, not by an authority */
	char who[300];
};

/*
 * outside_new - nothing known yet
 *   log      the log's verifier key, of any of its shards
 * Returns 0 or ERR_NOMEM.
 */
int outside_new(const struct note_vkey *log, struct outside **out,
		struct err *e);
void outside_free(struct outside *o);	/* NULL allowed */

/*
 * outside_add - a signed head, or a receipt (its head counts; whether the
 * vault holds its leaf too)
 *   file     what to call it; copied
 * Returns 0, 1 (not signed by the log's key), ERR_FORMAT, ERR_LIMIT or
 * ERR_NOMEM.
 */
int outside_add(struct outside *o, const char *file, struct bytes content,
		struct err *e);

/*
 * outside_add_cosigned - a head with cosignatures
 *   keys     nkeys witness keys; at least one must have cosigned
 * Returns as outside_add(); 1 also when no known witness cosigned it.
 */
int outside_add_cosigned(struct outside *o, const char *file,
			 struct bytes content, const struct note_vkey *keys,
			 size_t nkeys, struct err *e);

/*
 * outside_add_token - a time stamp over the text of a head added before
 *   roots    PEM certificates of the authorities trusted
 * Returns 0, 1 (not sound), ERR_NOENT (over no head that was added),
 * ERR_FORMAT, ERR_LIMIT or ERR_NOMEM.
 */
int outside_add_token(struct outside *o, const char *file, struct bytes token,
		      struct bytes roots, struct err *e);

/*
 * outside_hold - hold all of it against a vault and against each other
 *   v      NULL: against each other only
 *   found  called for each contradiction, the gravest kinds first
 *   time   called for each token and cosignature the vault holds to; NULL
 *          allowed
 * Returns 0 nothing contradicts, 1 something does, ERR_NOMEM, or the vault's
 * errors.
 */
int outside_hold(struct outside *o, const struct vault *v,
		 void (*found)(void *arg, const struct outside_fraud *f),
		 void (*time)(void *arg, const struct outside_time *t),
		 void *arg, struct err *e);

/*
 * outside_proof - append the proof of a contradiction found
 *   v        the vault it was found in, as it was; NULL as there
 *   now_ms   wall clock
 * Returns 0, ERR_RANGE (not one of this collection), ERR_NOMEM or the vault's
 * errors.
 */
int outside_proof(const struct outside *o, const struct vault *v,
		  const struct outside_fraud *f, int64_t now_ms,
		  struct buf *out, struct err *e);

/* outside_lost - behind outside_hold(): the i-th head added that a restore lost,
 * from 0; NULL behind the last.  what: 400 bytes, one line */
const char *outside_lost(const struct outside *o, const struct vault *v,
			 size_t i, char *what);

/* outside_kind_name - "fork", "regress", "short" */
const char *outside_kind_name(enum outside_kind k);

#endif

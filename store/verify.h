/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Checking a whole vault without any key.
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "util/buf.h"
#include "util/err.h"

/* One thing wrong: file relative to the vault, byte offset in it, and what. */
struct verify_problem {
	const char *file;
	uint64_t offset;
	const char *what;	/* one line, e.g. "leaf hash does not fit" */
	int lost;		/* 1: no problem of the vault, which says itself
				   that a restore lost what this head covers */
};

struct verify_options {
	unsigned threads;	/* 1 or more; hashing of packs is shared out */
	struct bytes head;	/* an outside head (signed note) or receipt
				   (tlog-proof) that must fit; empty: none */
	const char *vkey;	/* log key to trust; NULL: the vault's own */
	int keyless;		/* a copy without keys: no key material is
				   expected, and what there is is a problem */
	void (*problem)(void *arg, const struct verify_problem *p);
	void *arg;		/* handed to problem(), which may come often */
};

struct verify_report {
	uint64_t leaves, heads, objects, bytes, problems;
	uint64_t lab_leaves;	/* made in lab mode */
	uint64_t lost;		/* heads of what a restore lost: told, and not
				   counted as problems */
	unsigned shards;
	char origin[128];	/* of the last shard */
	uint8_t root[32];
	int unfinished;		/* bytes behind the last head, or a shard begun
				   without its statement; no writer active */
};

/*
 * verify_vault - read every truth of the vault and check it: FORMAT, every
 * segment frame, chain, tree, every signed head, every object's hash against
 * its leaf's body, slots against their key leaves, external files against the
 * last leaf that names them, heads/ and torn/ files, journals' frames.
 * Caches are not looked at.  No lock is taken: while a writer is active, what
 * stands behind the last head is in progress and no problem; without one it is
 * `unfinished`.
 * Returns 0 sound, 1 not sound (each problem was reported), negative: could
 * not be checked.
 */
int verify_vault(const char *path, const struct verify_options *o,
		 struct verify_report *rep, struct err *e);

#endif

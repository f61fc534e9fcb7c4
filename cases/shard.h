/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The unit's shards: when a new one begins, what it is called, and the first
 * statement in it ("scelle/v1/shard"), which names the last head of the shard
 * before and, after a restore, the gap.
 *
 * A shard is called <unit>-<year>.  After a restore eight random digits follow,
 * <unit>-<year>-r<8 hex>, and stay in the names of all shards behind it: two
 * copies restored from one backup never sign under the same origin.  A second
 * shard of one year has -2, -3 ... at its end.
 */
#ifndef CASES_SHARD_H
#define CASES_SHARD_H

#include "cases/unit.h"

/* What a restore could not bring back. */
struct shard_gap {
	int64_t taken_ms;	/* when the backup was taken */
	const char *backup;	/* SHA-256 of its manifest, hex */
	const char *keys;	/* name of the key backup, or NULL */
	uint64_t known;		/* the largest size somebody showed a head of; 0:
				   nothing beyond the backup is known */
	const char *from;	/* origin and size, where that head was seen */
};

/*
 * unit_shard_new - begin a shard and write its first statement
 *   gap   for VAULT_RESTORE, else NULL
 * Returns 0 or as vault_shard_new() and unit_record().
 */
int unit_shard_new(struct unit *u, enum vault_why why,
		   const struct shard_gap *gap, struct err *e);

/*
 * unit_open_restored - unit_open() for writing of what was restored just now:
 * nothing is written before the new shard is
 */
int unit_open_restored(const char *path, const char *user, struct bytes pass,
		       const struct shard_gap *gap, struct unit **out,
		       struct err *e);

/*
 * unit_shard_due - the first write of a new year (UTC, as the leaves' times are)
 * begins a new shard; else nothing
 * unit_shard_say - write the first statement that a crash left out; else nothing
 */
int unit_shard_due(struct unit *u, int64_t now_ms, struct err *e);
int unit_shard_say(struct unit *u, struct err *e);

#endif

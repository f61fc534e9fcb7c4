/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Copies of a vault's truths, kept elsewhere: a directory of runs.
 *
 *	DIR/BACKUP              what it is, and of which log: for good
 *	DIR/<size>/             a run: the truths under the head of that size, as
 *	                        a vault has them, without any key
 *	DIR/<size>.sha256       its files, as sha256sum -c reads them
 *	DIR/<size>.note         a backup's: signed by the log's key over that list
 *	DIR/partial/            a run in the making
 *	DIR/refused/            signed heads that contradict the newest run
 *	DIR/LOCK
 *
 * size is the head's, in 12 digits.  What did not change since the run before
 * is a hard link to it: each run is whole and costs what is new.
 *
 * Invariants
 *  (1) a run appears under its name in one step, complete, durable, verified
 *  (2) runs only grow: a later one's log continues an earlier one's; nothing
 *      that stands is ever written again
 */
#ifndef CASES_COPYSET_H
#define CASES_COPYSET_H

#include "store/vault.h"

#define COPYSET_NONE UINT64_MAX
#define COPYSET_LIST_MAX ((size_t)256 << 20)	/* bytes of a list */

struct copyset {
	char dir[4096];
	char partial[4096];
	char vkey[VAULT_VKEY_MAX];	/* of the log's first shard */
	int mirror;			/* 1: filled by mirror receive */
	uint64_t last;			/* size of the newest run */
	char last_dir[4096];		/* its directory, or "" */
	struct copy_list {		/* its files, sorted by path */
		struct copy_entry {
			char *path;
			uint8_t sha256[32];
		} *f;
		size_t n, room;
	} had, now;			/* now: of the run in the making */
	int lock_fd;
};

/*
 * copyset_open - take the directory for writing
 *   vkey    verifier key of the log's first shard
 *   mirror  1: for mirror receive; the two kinds do not mix
 * An empty or missing directory is made one.
 * Returns 0, ERR_BUSY, ERR_EXIST (it is something else, or another log's),
 * ERR_DAMAGED, ERR_NOMEM or ERR_IO.
 */
int copyset_open(const char *dir, const char *vkey, int mirror,
		 struct copyset *c, struct err *e);
void copyset_close(struct copyset *c);

/* copyset_look - the same for reading, without the lock */
int copyset_look(const char *dir, struct copyset *c, struct err *e);

/* copyset_run - the directory of a run; list and note: its files beside it */
int copyset_run(const struct copyset *c, uint64_t size, const char *suffix,
		char out[static 4096], struct err *e);

/*
 * copyset_follows - may a log come behind the newest run?
 *   v   the source's log
 * Returns 0; 1 when it is the newest run; ERR_DAMAGED when the source ends
 * before it or has another history (e says which).
 */
int copyset_follows(const struct copyset *c, const struct vault *v,
		    struct err *e);

/* copyset_begin - an empty partial/, or with keep what an interrupted run left */
int copyset_begin(struct copyset *c, int keep, struct err *e);

/* copyset_had - hash of a path in the newest run, or NULL */
const uint8_t *copyset_had(const struct copyset *c, const char *path);
/* copyset_link - take a file over from the newest run; 1 when it has to be
 * written instead */
int copyset_link(struct copyset *c, const char *path, struct err *e);
/* copyset_path - where a file of the run in the making lies; its directories
 * are made */
int copyset_path(const struct copyset *c, const char *path,
		 char out[static 4096], struct err *e);
/* copyset_add - enter a file into the list of the run in the making */
int copyset_add(struct copyset *c, const char *path,
		const uint8_t sha256[static 32], struct err *e);
/* copyset_find - an entry of a list, or NULL */
const struct copy_entry *copyset_find(const struct copy_list *l,
				      const char *path);

/* copyset_text - the list as sha256sum reads it; copyset_read - read one */
int copyset_text(const struct copy_list *l, struct buf *out);
int copyset_read(struct bytes text, struct copy_list *l, struct err *e);
void copyset_list_release(struct copy_list *l);

/*
 * copyset_finish - make the run in the making one: everything in it synced,
 * list and note (may be empty) beside it, then its name
 */
int copyset_finish(struct copyset *c, uint64_t size, struct bytes note,
		   struct err *e);

/* copyset_hash - SHA-256 of the first size bytes of a file (UINT64_MAX: all);
 * copied to out as well when it is not -1; ERR_DAMAGED: it is shorter */
int copyset_hash(const char *path, uint64_t size, int out,
		 uint8_t sha256[static 32], uint64_t *bytes_out, struct err *e);

/* copyset_remove - a directory and all below it; a missing one is fine */
int copyset_remove(const char *path, struct err *e);
/* copyset_mkdirs - the directories above a path below base */
int copyset_mkdirs(const char *base, const char *rel, struct err *e);
/* copyset_sync - every directory from here down */
int copyset_sync(const char *path, struct err *e);

#endif

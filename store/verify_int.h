/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the verifier share. */
#ifndef STORE_VERIFY_INT_H
#define STORE_VERIFY_INT_H

#include "store/receipt.h"
#include "store/vault_int.h"
#include "store/verify.h"

#include <pthread.h>

/* A leaf as the verifier keeps it: 44 bytes. */
struct vleaf {
	uint8_t body[SHA256_LEN];
	uint32_t off;		/* of its frame in the segment */
	uint16_t kind;
	uint8_t claimed;	/* an item or a slot frame stands for it */
	uint32_t owner;		/* number of the stream that claimed it */
};

/* A head that must fit the tree: from heads/ or from outside. */
struct vhead {
	uint64_t size;
	uint8_t root[SHA256_LEN];
	char file[96];
	int seen;
	int bad;
};

struct vexternal {
	char *path;
	uint64_t seq;
	uint8_t hash[SHA256_LEN];
};

/*
 * A stream's part of erasing (verify_erase.c): the lists that stand in it, and
 * what was found of the objects they name.
 */
struct erased {
	struct erased_list *lists;
	size_t n;
	/* objects that are gone and no list names */
	uint64_t unnamed;
	char file[VAULT_DIR_MAX + 32];
	uint64_t off;
};

struct verify {
	const char *path;
	const struct verify_options *o;
	struct verify_report *rep;
	struct err *e;
	int quiet;			/* count problems, tell nobody */
	int live;			/* a writer holds the lock */
	struct vault_format *fmt;
	char logdir[VAULT_NAME_MAX + 8];	/* "log/<shard>" */

	struct vleaf *leaves;
	uint64_t n, room;		/* leaves under the last head */
	uint64_t *seg_first;
	unsigned nsegs;
	uint64_t log_end;		/* bytes of the last segment that count */
	unsigned log_end_seg;
	int log_bad;			/* the log could not be read to its end */
	uint32_t *find;
	uint64_t find_size;

	struct vhead *heads;
	size_t nheads, heads_room;
	struct receipt *receipt;	/* from outside, or NULL */
	uint8_t receipt_leaf[SHA256_LEN];

	struct vexternal *ext;
	size_t next, ext_room;
	uint64_t beyond;		/* objects no leaf speaks of, at the end */
	uint32_t streams;
};

/* verify_say - one problem; file relative to the vault */
void verify_say(struct verify *c, const char *file, uint64_t offset,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* verify_say_leaf - a problem of one leaf: its segment and offset */
void verify_say_leaf(struct verify *c, uint64_t seq, const char *what);

/* par_for - fn(arg, i) for i in 0..n-1, shared out over threads */
void par_for(unsigned threads, size_t n, void (*fn)(void *arg, size_t i),
	     void *arg);

/* Each returns 0 or an error that stops everything. */
int verify_heads(struct verify *c);	/* reads heads/ and the outside head */
int verify_log(struct verify *c);
int verify_streams(struct verify *c);
int verify_files(struct verify *c);

/*
 * verify_erased_open - read the lists of a stream
 * verify_erased_item - note what is gone and what is not of an item; file, off:
 *   where it stands
 * verify_erased_end - judge, when every leaf's externals are known
 */
int verify_erased_open(struct verify *c, const char *dir, struct erased *x);
void verify_erased_item(struct erased *x, const struct pack_item *it,
			uint64_t seq, const char *file);
void verify_erased_end(struct verify *c, struct erased *x);
void verify_erased_release(struct erased *x);

/* verify_named - the last leaf that names a path with a hash, or as gone:
 * its position, or UINT64_MAX; kind: only leaves of that kind, 0: any
 *   count_out  how many do; may be NULL */
uint64_t verify_named(const struct verify *c, const char *path, unsigned kind,
		      unsigned *count_out, int *gone_out);

/* verify_find - the leaf with this body, or UINT64_MAX */
uint64_t verify_find(const struct verify *c,
		     const uint8_t body[static SHA256_LEN]);

#endif

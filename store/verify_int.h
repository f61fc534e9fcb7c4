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
	char file[VAULT_NAME_MAX + 48];
	int shard;			/* that signed it */
	int outside;			/* not of the vault */
	int out;			/* beyond its shard: not in our tree */
	int lost;			/* ... by a restore that FORMAT tells of */
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

	struct vleaf *leaves;
	uint64_t n, room;		/* leaves under the last head */
	struct vseg {
		uint64_t first;		/* leaf */
		unsigned shard, number;
	} *segs;
	unsigned nsegs;
	uint64_t log_end;		/* bytes of the last segment that count */
	unsigned log_end_seg;		/* index in segs */
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
/* verify_say_lost - a head that a restore lost */
void verify_say_lost(struct verify *c, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* verify_seg_file - of a segment, relative to the vault */
#define VERIFY_SEG_MAX (VAULT_NAME_MAX + 32)
void verify_seg_file(const struct verify *c, unsigned shard, unsigned number,
		     char out[static VERIFY_SEG_MAX]);
/* verify_end_file - of the segment that holds the last head */
void verify_end_file(const struct verify *c, char out[static VERIFY_SEG_MAX]);
/* verify_say_leaf - a problem of one leaf: its segment and offset */
void verify_say_leaf(struct verify *c, uint64_t seq, const char *what);

/* par_for - fn(arg, i) for i in 0..n-1, shared out over threads */
void par_for(unsigned threads, size_t n, void (*fn)(void *arg, size_t i),
	     void *arg);

/* Each returns 0 or an error that stops everything. */
int verify_heads(struct verify *c);	/* reads heads/ and the outside head */
/* verify_match_heads - those of this size must have the root the tree has now
 * verify_check_heads - what the log came to, against all of them */
void verify_match_heads(struct verify *c, size_t *next, uint64_t size,
			const struct peaks *peaks);
void verify_check_heads(struct verify *c, uint64_t under);
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

/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of recovery share: recover.c says how they go together. */
#ifndef STORE_RECOVER_INT_H
#define STORE_RECOVER_INT_H

#include "store/vault_int.h"

/* What a leaf says of a file that decides how streams are read. */
struct named {
	char *path;			/* <stream>/keys/..., .../erasures/... */
	uint64_t seq;			/* UINT64_MAX: behind the head */
	uint8_t hash[SHA256_LEN];	/* zeros: gone */
	int erasure;			/* the leaf is of kind 4 */
};

/* An item without a leaf under the head. */
struct orphan {
	uint8_t body[SHA256_LEN];
	unsigned objects;
};

/* What one stream holds behind the head. */
struct rest {
	char dir[VAULT_DIR_MAX + 1];
	uint32_t pack;			/* first pack with such bytes, or 0 */
	uint64_t pack_off;		/* from here in that pack */
	uint32_t packs;			/* the last pack */
	struct under {			/* items under the head */
		uint64_t seq;
		uint8_t objects, erased;
	} *under;
	size_t nunder, under_room;
	struct orphan *items;
	size_t n, room;
	size_t matched;
	/* slots: of the epoch that counts, and of one about to follow it */
	uint32_t epoch;
	uint64_t tab_seq;		/* of the leaf that names the table */
	struct keys_rest {
		uint32_t epoch;
		int there;
		uint64_t off, size;	/* frames behind the head */
		int frames;		/* any there? */
	} keys[2];
	uint64_t first;			/* item of the first frame, or none */
	uint64_t known_slots;
	int frames;			/* whole frames behind the head */
	struct slot_frame frame;	/* the first of them */
	uint8_t frame_body[SHA256_LEN];
	int key_seen;
};

struct recovery {
	struct vault *v;
	struct rest *rests;
	size_t nrests;
	struct buf vouched;		/* paths of externals, each with NUL */
	struct named *named;
	size_t nnamed, named_room;
	/* leaves behind the head */
	uint8_t (*leaves)[LEAF_LEN];
	uint8_t (*hashes)[SHA256_LEN];
	uint64_t n;
	uint64_t start, end;		/* of their frames in the last segment */
	struct pack_item *item;		/* scratch */
};

/* recover_look - rests, vouched and named: what each stream holds; 0, ERR_NOMEM,
 * ERR_IO, ERR_RANGE, or ERR_DAMAGED where it misses what stands under the head */
int recover_look(struct recovery *rc, struct err *e);

/* recover_settle - the tables of slots and the lists of erasures as the leaves
 * have them: what was half done is finished or taken back
 *   adopted   the leaves behind the head are part of the log now */
int recover_settle(struct recovery *rc, int adopted, struct err *e);

/* recover_pack_path, recover_keys_path - of one pack, one table of slots
 *   out   FILE_PATH_MAX bytes
 * Return 0 or ERR_RANGE. */
int recover_pack_path(const struct recovery *rc, const struct rest *t,
		      uint32_t n, char *out, struct err *e);
int recover_keys_path(const struct recovery *rc, const struct rest *t,
		      const struct keys_rest *k, char *out, struct err *e);

/* recover_open - open(O_RDWR) and the size; 1 when there is no such file, else
 * 0 or ERR_IO */
int recover_open(const char *path, int *fd, uint64_t *size, struct err *e);

/* recover_is_gone - does a leaf say that this file of dir's keys/ is gone? */
int recover_is_gone(const struct recovery *rc, const char *dir,
		    const char *name);

/* recover_find_epoch - the epoch whose slots count, and the leaf that says so */
void recover_find_epoch(const struct recovery *rc, struct rest *t);

#endif

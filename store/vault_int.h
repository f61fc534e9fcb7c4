/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the files of the vault share; nothing above store/ includes this, but
 * for its tests.
 */
#ifndef STORE_VAULT_INT_H
#define STORE_VAULT_INT_H

#include "store/checkpoint.h"
#include "store/pack.h"
#include "store/segment.h"
#include "store/slot.h"
#include "store/tree.h"
#include "store/vault.h"
#include "util/file.h"

#include <stdint.h>

#define VAULT_GROUP_MAX 16384u		/* leaves of one commit group */
#define VAULT_FORMAT_MAX 65536u		/* bytes of FORMAT */
#define VAULT_DIR_MAX 64		/* bytes of a stream's directory */

/* --- writing through one door (vault_io.c) ------------------------------- */

enum vio_op {
	VIO_WRITE, VIO_SYNC, VIO_SYNC_DIR, VIO_CREATE, VIO_RENAME,
	VIO_UNLINK, VIO_TRUNCATE, VIO_MKDIR,
};

/*
 * A test's hook, called before each operation that changes the disk.
 *   fd, off, p   of a write; path of the others (NULL for a write or sync)
 *   n            in: bytes of the write; out: bytes really written before the
 *                failure
 * Returns 0 to go on, or the errno the operation fails with.
 */
typedef int (*vio_hook)(void *arg, enum vio_op op, int fd, const char *path,
			uint64_t off, const void *p, size_t *n);
void vio_set_hook(vio_hook hook, void *arg);

int vio_write(int fd, const void *p, size_t n, uint64_t off, struct err *e);
int vio_sync(int fd, struct err *e);
/* vio_start - let the disk begin with what was written, before its sync */
void vio_start(int fd, uint64_t off, size_t n);
int vio_sync_dir(const char *path, struct err *e);
int vio_sync_parent(const char *path, struct err *e);
int vio_truncate(int fd, uint64_t size, struct err *e);
int vio_unlink(const char *path, struct err *e);	/* and syncs its directory */
int vio_rename(const char *from, const char *to, struct err *e);	/* likewise */
int vio_mkdir(const char *path, struct err *e);
/* vio_create - a new file, its name durable; ERR_EXIST */
int vio_create(const char *path, int *fd_out, struct err *e);
/* vio_put - a whole new file, durable, old bytes or new; ERR_EXIST when other
 * bytes stand there, 0 when the same do */
int vio_put(const char *path, struct bytes content, struct err *e);
/* vio_replace - durably put bytes under a name, old or new content, never half */
int vio_replace(const char *path, struct bytes content, struct err *e);

/* --- FORMAT and shards (shard.c) ------------------------------------------ */

/* What FORMAT says: the chain of shards, oldest first. */
struct vault_format {
	int lab;
	unsigned n;		/* 1 to VAULT_SHARDS_MAX */
	struct vault_shard shard[VAULT_SHARDS_MAX];
	struct note_vkey vkey[VAULT_SHARDS_MAX];
};

/* format_read - vkey: a shard's key it must be signed by, or NULL for those it
 * names.  ERR_VERSION, ERR_DAMAGED, ERR_NOENT... */
int format_read(struct bytes note, const struct note_vkey *vkey,
		struct vault_format *f, struct err *e);
/* format_open - read the vault's; format_refresh - again: it may name more
 * shards than before, and nothing else may have changed */
int format_open(struct vault *v, struct vault_format *f, struct err *e);
int format_refresh(struct vault *v, struct err *e);
/* format_write - signed with the seed of k under the last shard's name */
int format_write(const char *path, const struct vault_format *f,
		 const struct note_skey *k, int replace, struct err *e);
/* format_find - the shard of an origin, or -1; format_of_note - of the head in
 * a signed note, by its first line */
int format_find(const struct vault_format *f, struct bytes origin);
int format_of_note(const struct vault_format *f, struct bytes note);
/* shard_dirs - log/<shard> and what it holds; out: its path in full */
int shard_dirs(const char *path, const char *shard, char *out, struct err *e);
/* shard_sweep - remove what an interrupted vault_shard_new() left */
int shard_sweep(const struct vault *v, struct err *e);

/* --- the log (log.c) ------------------------------------------------------ */

struct seg {
	int fd;
	unsigned shard, number;	/* file log/<shard>/<number>.seg */
	uint64_t first;		/* log position of its first leaf */
	uint64_t end;		/* bytes up to the last head, or frames' end */
};

/* What stands behind the last head, as found when the log was read. */
struct log_tail {
	unsigned seg;		/* in this segment */
	uint64_t off, size;	/* from here to the file's end */
};

struct vlog {
	char base[FILE_PATH_MAX];	/* log/ in full */
	const struct vault_format *format;
	/* of the last shard, where everything is appended */
	char dir[FILE_PATH_MAX];	/* log/<shard> in full */
	char origin[VAULT_NAME_MAX + 1];
	struct note_vkey vkey;
	int writing;
	uint64_t close_at;		/* leaves that close a segment */
	struct seg *segs;
	unsigned nsegs, segs_room;
	struct tree tree;		/* leaves under the last head */
	uint32_t *off;			/* of each leaf's frame in its segment */
	uint64_t *body8, *tag8;		/* first 8 bytes of body and tag */
	uint64_t room;
	uint8_t last[LEAF_LEN];		/* the last leaf under the head */
	int64_t last_ms;
	struct buf head;		/* the last signed head */
	struct log_tail tail;		/* size 0: nothing behind the head */
	uint32_t *find;			/* body8 -> seq + 1, open addressing */
	uint64_t find_size;		/* a power of two, or 0: not built */
	uint64_t found;			/* leaves that are in it */
};

/* log_load - read every segment up to the last head; ERR_DAMAGED, ERR_IO... */
int log_load(struct vlog *l, struct err *e);
void log_release(struct vlog *l);
/* log_leaf - one leaf's bytes, checked against the tree */
int log_leaf(const struct vlog *l, uint64_t seq, uint8_t out[static LEAF_LEN],
	     struct err *e);
unsigned log_seg_of(const struct vlog *l, uint64_t seq);
/* log_seg_path - of the i-th segment; ERR_RANGE */
int log_seg_path(const struct vlog *l, unsigned i, char out[static FILE_PATH_MAX],
		 struct err *e);
/* log_shard - go on in the format's last shard: a new segment and its head */
int log_shard(struct vlog *l, const struct note_skey *key, struct err *e);
/* log_find - position of the leaf with this body, or UINT64_MAX; ERR_NOMEM */
int log_find(struct vlog *l, const uint8_t body[static SHA256_LEN],
	     uint64_t *seq, struct err *e);
/* log_has_tag - 1 when a leaf carries this tag, else 0 */
int log_has_tag(const struct vlog *l, const uint8_t tag[static SHA256_LEN]);
/* log_room - memory for n more leaves, so that log_push() cannot fail late */
int log_room(struct vlog *l, uint64_t n, struct err *e);
/* log_begin - make sure the last segment takes leaves; starts a new one */
int log_begin(struct vlog *l, struct err *e);
/* log_write - append encoded leaves (count of LEAF_LEN) in one write, sync */
int log_write(struct vlog *l, const uint8_t (*leaves)[LEAF_LEN],
	      const uint8_t (*hashes)[SHA256_LEN], uint64_t count,
	      struct err *e);
/* log_push - take up leaves that stand durably at the last segment's end */
int log_push(struct vlog *l, const uint8_t (*leaves)[LEAF_LEN],
	     const uint8_t (*hashes)[SHA256_LEN], uint64_t count,
	     struct err *e);
/* log_refresh - take up what another process of this vault's owner signed since;
 * *grown: 1 when there was something */
int log_refresh(struct vlog *l, int *grown, struct err *e);
/* log_sign - sign a head over the tree as it is, append it, sync */
int log_sign(struct vlog *l, const struct note_skey *key, struct err *e);

/* --- vault ---------------------------------------------------------------- */

struct vault {
	char path[FILE_PATH_MAX];
	struct vault_format *format;
	int lab;
	enum vault_mode mode;
	int lock_fd;
	int dead;		/* a write or sync failed: nothing more */
	struct vlog log;
	uint64_t pack_close;	/* bytes that close a pack */
	struct note_skey *key;	/* secret_alloc; NULL when reading */
	struct stream *streams;
	struct batch *batch;	/* the one in progress */
	struct sealer *sealer;	/* from the first batch on */
	/* Shared: somebody else holds the lock and lends the turn. */
	int shared;
	unsigned turns;		/* taken and not given back: they nest */
	int (*take)(void *arg, struct err *e);
	void (*give)(void *arg, int failed);
	void *turn_arg;
	struct vault_recovery rec;
};

int vault_dead(struct vault *v, int r);	/* r < 0: no more writes; returns r */
/* vault_turn_take, vault_turn_give - around a batch of a shared vault: the turn,
 * and what others wrote meanwhile; nothing for a vault of one's own */
int vault_turn_take(struct vault *v, struct err *e);
void vault_turn_give(struct vault *v);
int vault_check_alive(const struct vault *v, struct err *e);
/* vault_shard_valid, vault_dir_valid - names that may stand in a path */
int vault_shard_valid(const char *s);
int vault_dir_valid(const char *s);
/* vault_stream_dirs - every stream directory below a vault, NULL-ended; one
 * allocation */
int vault_stream_dirs(const char *path, char ***dirs_out, struct err *e);

/*
 * recover - put the vault in order after a crash (recover.c)
 * torn_cut, torn_report - set bytes aside, tell of what lies there (torn.c)
 *   path   of the file that is cut at off; removed when off is 0
 */
int recover(struct vault *v, struct err *e);
/* settle_files - finish or undo what statements say of files */
int settle_files(struct vault *v, struct err *e);
int torn_cut(struct vault *v, const char *path, uint64_t off, struct err *e);
int torn_report(struct vault *v, const struct buf *vouched, struct err *e);
int torn_sweep(struct vault *v, struct err *e);

/* --- streams -------------------------------------------------------------- */

struct item_ref {
	uint64_t seq;		/* log position */
	uint64_t off;		/* of its first frame in the pack */
	uint64_t slot;		/* number of its first slot in the stream */
	uint32_t pack;
	uint32_t objects;
};

struct opened_slot {
	uint8_t identity[32];
	uint8_t salt[32];
};

struct stream {
	struct stream *next;
	struct vault *v;
	char dir[VAULT_DIR_MAX + 1];
	uint8_t pub[32];
	uint8_t *tag_key;		/* secret_alloc, 32 bytes */
	struct item_ref *items;
	uint64_t nitems, items_room;
	uint64_t nslots;		/* slots of all items, erased ones too */
	uint64_t *gone;			/* of these, the erased; ascending */
	uint64_t ngone, gone_room;
	uint32_t epoch;			/* of the key its slots are sealed to */
	int stale;			/* another process gave it a new key */
	uint64_t stamp;			/* of the pack files, see stream.c */
	/* writing */
	uint32_t pack;			/* number of the last pack, 0: none yet */
	int pack_fd, keys_fd;		/* -1: not open */
	uint64_t pack_size, keys_size;	/* bytes in the files */
	uint64_t seen;			/* of the last pack: items up to here */
	struct buf out;			/* pack bytes not written yet */
	int unsynced;			/* pack bytes written, not synced */
	int busy;			/* in the batch in progress */
	/* reading */
	uint32_t read_pack;
	int read_fd;
	struct pack_item *item;		/* scratch */
	int unlocked;
	struct opened_slot *slots;	/* secret_alloc */
	uint64_t slots_have, slots_room;
};

int stream_path(const struct stream *s, const char *name,
		char out[static FILE_PATH_MAX]);
int stream_item_push(struct stream *s, const struct item_ref *it);
/* stream_scan - take up the items behind those known; stream_scan_keys - the
 * writer's end of the slot file */
int stream_scan(struct stream *s, struct err *e);
int stream_scan_keys(struct stream *s, struct err *e);
int stream_slots_push(struct stream *s, const uint8_t *slots, uint64_t n);
void stream_free(struct stream *s);
/* stream_rescan - its packs were written anew */
int stream_rescan(struct stream *s, struct err *e);
/* stream_rewritten - 1 when another process has written its packs anew */
int stream_rewritten(const struct stream *s);
/* stream_gone - 1 when the object of that slot is erased */
int stream_gone(const struct stream *s, uint64_t slot);

/* --- slot files by epoch (rekey.c) ---------------------------------------- */

#define KEYS_NAME_MAX 24	/* "keys/0001.tab.age" and its NUL */

/* keys_add_name, keys_tab_name - below the stream's directory */
void keys_add_name(uint32_t epoch, char out[static KEYS_NAME_MAX]);
void keys_tab_name(uint32_t epoch, char out[static KEYS_NAME_MAX]);
/* keys_name_epoch - of a name in keys/: its epoch, tab says which of the two;
 * 0: neither */
uint32_t keys_name_epoch(const char *name, int *tab);
/* keys_epoch - the newest epoch that stands in a stream's keys/ */
int keys_epoch(const char *vault, const char *dir, uint32_t *epoch,
	       struct err *e);
/* keys_destroy - overwrite a file, sync, remove it; fine when there is none */
int keys_destroy(const char *path, struct err *e);

/* --- erasing (erase.c) ---------------------------------------------------- */

/* erase_list_was - append to what a list says of its objects */
struct erase_list;
struct erase_was;
int erase_list_was(struct erase_list *l, const struct erase_was *w);
/* erase_redo - take out what the list at that path names (at recovery)
 *   sha256   what its leaf says of the list */
int erase_redo(struct vault *v, const char *path,
	       const uint8_t sha256[static SHA256_LEN], struct err *e);

#endif

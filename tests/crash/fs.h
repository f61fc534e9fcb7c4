/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A file system in memory, and what a power cut may leave of it.
 *
 * A trace is the list of everything a run did to a directory.  What an op
 * changed is durable once a sync of the same file (of the same directory, for
 * names) stands behind it; until then a crash may keep it, lose it, or keep
 * part of it, whatever became of the ops around it.  A sync of a file says
 * nothing of its name, one of a directory nothing of what lies below.
 */
#ifndef TESTS_CRASH_FS_H
#define TESTS_CRASH_FS_H

#include <stddef.h>
#include <stdint.h>

#define FS_NAME_MAX 128
#define FS_ROOT 0u			/* inode of the directory watched */
#define FS_NONE UINT32_MAX

enum op_kind {
	OP_CREATE, OP_MKDIR, OP_LINK, OP_RENAME, OP_UNLINK,	/* of a name */
	OP_WRITE, OP_TRUNC,					/* of a file */
	OP_SYNC,						/* of either */
};

struct op {
	enum op_kind kind;
	uint32_t inode;			/* the file, or directory synced */
	uint32_t dir, dir2;		/* of the name; RENAME: from dir */
	char name[FS_NAME_MAX], name2[FS_NAME_MAX];
	uint64_t off;			/* WRITE; TRUNC: size */
	size_t len;
	uint8_t *data;
	unsigned site;			/* SYNC: where in the code, see shim.h */
};

struct trace {
	struct op *ops;
	size_t n, room;
};

void trace_release(struct trace *t);
struct op *trace_push(struct trace *t, enum op_kind kind);

struct fs_blob {
	unsigned refs;
	size_t len, room;
	uint8_t p[];
};

struct fs_entry {
	uint32_t dir, inode;
	char name[FS_NAME_MAX];
};

struct fs {
	struct fs_blob **files;		/* by inode; NULL: empty or directory */
	uint8_t *is_dir;
	uint32_t nfiles, files_room;
	struct fs_entry *ents;
	size_t nents, ents_room;
};

void fs_init(struct fs *f);		/* the empty root directory */
void fs_release(struct fs *f);
void fs_copy(struct fs *to, const struct fs *from);
uint32_t fs_new(struct fs *f, int is_dir);	/* an inode without a name */
uint32_t fs_find(const struct fs *f, uint32_t dir, const char *name);
void fs_name(struct fs *f, uint32_t dir, const char *name, uint32_t inode);
/* fs_walk - inode of a relative path, and its directory and last name */
uint32_t fs_walk(const struct fs *f, const char *rel, uint32_t *dir,
		 char *name);

/* What becomes of one op. */
enum fate {
	FATE_KEPT, FATE_LOST,
	FATE_TORN,		/* WRITE: the first `cut` bytes only */
	FATE_GROWN,		/* WRITE: the first `cut` bytes, then size grown
				   but the old bytes or zeros */
	FATE_SECTORS,		/* WRITE: some 512-byte sectors, by `cut` as
				   a seed; the size as if all were kept */
};

void fs_apply(struct fs *f, const struct op *op, enum fate fate, uint64_t cut);

/* fs_hash - of every name and byte that can be reached from the root */
void fs_hash(const struct fs *f, uint8_t out[static 16]);
/* fs_put - make the directory on disk look like it; fs_take - the reverse,
 * into an empty fs */
int fs_put(const struct fs *f, const char *root);
int fs_take(struct fs *f, const char *root);
/* fs_wipe - remove everything below a directory, which stays */
void fs_wipe(const char *root);

/* trace_pending - which of the first n ops are not durable yet; into out (n
 * numbers), oldest first */
size_t trace_pending(const struct trace *t, size_t n, uint32_t *out);

#endif

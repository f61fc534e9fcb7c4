/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/crash/fs.h"

#include "tests/crash/shim.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u

static void *need(void *p)
{
	if (!p) {
		fputs("crash: no memory\n", stderr);
		exit(3);
	}
	return p;
}

/* --- traces ---------------------------------------------------------------- */

void trace_release(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->ops[i].data);
	free(t->ops);
	*t = (struct trace){ 0 };
}

struct op *trace_push(struct trace *t, enum op_kind kind)
{
	struct op *op;

	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 256;
		t->ops = need(realloc(t->ops, t->room * sizeof *t->ops));
	}
	op = &t->ops[t->n++];
	memset(op, 0, sizeof *op);
	op->kind = kind;
	return op;
}

static int covers(const struct op *sync, const struct op *op)
{
	if (op->kind == OP_WRITE || op->kind == OP_TRUNC)
		return sync->inode == op->inode;
	return sync->inode == op->dir;
}

size_t trace_pending(const struct trace *t, size_t n, uint32_t *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct op *op = &t->ops[i];
		size_t k = i + 1;

		if (op->kind == OP_SYNC)
			continue;
		while (k < n && !(t->ops[k].kind == OP_SYNC
				  && covers(&t->ops[k], op)))
			k++;
		if (k == n)
			out[found++] = (uint32_t)i;
	}
	return found;
}

/* --- the tree -------------------------------------------------------------- */

void fs_init(struct fs *f)
{
	*f = (struct fs){ 0 };
	fs_new(f, 1);
}

static void blob_drop(struct fs_blob *b)
{
	if (b && --b->refs == 0)
		free(b);
}

void fs_release(struct fs *f)
{
	for (uint32_t i = 0; i < f->nfiles; i++)
		blob_drop(f->files[i]);
	free(f->files);
	free(f->is_dir);
	free(f->ents);
	*f = (struct fs){ 0 };
}

void fs_copy(struct fs *to, const struct fs *from)
{
	*to = *from;
	to->files_room = from->nfiles;
	to->ents_room = from->nents + 16;
	to->files = need(malloc(from->nfiles * sizeof *to->files));
	to->is_dir = need(malloc(from->nfiles));
	to->ents = need(malloc(to->ents_room * sizeof *to->ents));
	memcpy(to->files, from->files, from->nfiles * sizeof *to->files);
	memcpy(to->is_dir, from->is_dir, from->nfiles);
	if (from->nents)
		memcpy(to->ents, from->ents, from->nents * sizeof *to->ents);
	for (uint32_t i = 0; i < to->nfiles; i++)
		if (to->files[i])
			to->files[i]->refs++;
}

uint32_t fs_new(struct fs *f, int is_dir)
{
	if (f->nfiles == f->files_room) {
		f->files_room = f->files_room ? f->files_room * 2 : 64;
		f->files = need(realloc(f->files, f->files_room
					* sizeof *f->files));
		f->is_dir = need(realloc(f->is_dir, f->files_room));
	}
	f->files[f->nfiles] = NULL;
	f->is_dir[f->nfiles] = (uint8_t)is_dir;
	return f->nfiles++;
}

static size_t entry_of(const struct fs *f, uint32_t dir, const char *name)
{
	for (size_t i = 0; i < f->nents; i++)
		if (f->ents[i].dir == dir && !strcmp(f->ents[i].name, name))
			return i;
	return SIZE_MAX;
}

uint32_t fs_find(const struct fs *f, uint32_t dir, const char *name)
{
	size_t i = entry_of(f, dir, name);

	return i == SIZE_MAX ? FS_NONE : f->ents[i].inode;
}

void fs_name(struct fs *f, uint32_t dir, const char *name, uint32_t inode)
{
	size_t i = entry_of(f, dir, name);

	if (inode == FS_NONE) {
		if (i != SIZE_MAX)
			f->ents[i] = f->ents[--f->nents];
		return;
	}
	if (i == SIZE_MAX) {
		if (f->nents == f->ents_room) {
			f->ents_room = f->ents_room ? f->ents_room * 2 : 64;
			f->ents = need(realloc(f->ents, f->ents_room
					       * sizeof *f->ents));
		}
		i = f->nents++;
		f->ents[i].dir = dir;
		snprintf(f->ents[i].name, FS_NAME_MAX, "%s", name);
	}
	f->ents[i].inode = inode;
}

uint32_t fs_walk(const struct fs *f, const char *rel, uint32_t *dir,
		 char *name)
{
	uint32_t at = FS_ROOT;

	*dir = FS_ROOT;
	*name = '\0';
	while (*rel) {
		size_t n = strcspn(rel, "/");

		if (n >= FS_NAME_MAX || at == FS_NONE) {
			*dir = FS_NONE;
			return FS_NONE;
		}
		if (n && !(n == 1 && *rel == '.')) {
			memcpy(name, rel, n);
			name[n] = '\0';
			*dir = at;
			at = fs_find(f, at, name);
		}
		rel += n + (rel[n] == '/');
	}
	return at;
}

/* The bytes of a file, for itself alone and at least so long. */
static struct fs_blob *own(struct fs *f, uint32_t inode, size_t len)
{
	struct fs_blob *b = f->files[inode], *q;
	size_t have = b ? b->len : 0;

	if (b && b->refs == 1 && b->room >= len)
		return b;
	q = need(malloc(sizeof *q + (len > have ? len : have) + 256));
	q->refs = 1;
	q->len = have;
	q->room = (len > have ? len : have) + 256;
	if (have)
		memcpy(q->p, b->p, have);
	blob_drop(b);
	f->files[inode] = q;
	return q;
}

static void grow(struct fs *f, uint32_t inode, uint64_t size)
{
	struct fs_blob *b = own(f, inode, size);

	if (size > b->len)
		memset(b->p + b->len, 0, size - b->len);
	b->len = size;
}

static void put_bytes(struct fs *f, const struct op *op, size_t from, size_t to)
{
	struct fs_blob *b;

	if (from >= to)
		return;
	b = f->files[op->inode];
	if (!b || b->len < op->off + to)
		grow(f, op->inode, op->off + to);
	b = own(f, op->inode, op->off + to);
	memcpy(b->p + op->off + from, op->data + from, to - from);
}

static void apply_write(struct fs *f, const struct op *op, enum fate fate,
			uint64_t cut)
{
	size_t keep = cut < op->len ? (size_t)cut : op->len;
	size_t size = f->files[op->inode] ? f->files[op->inode]->len : 0;

	if (fate == FATE_KEPT)
		keep = op->len;
	if (fate != FATE_SECTORS) {
		put_bytes(f, op, 0, keep);
	} else {
		size_t at = 0;

		while (at < op->len) {
			size_t end = at + SECTOR - (op->off + at) % SECTOR;

			if (end > op->len)
				end = op->len;
			cut = cut * 6364136223846793005u + 1442695040888963407u;
			if (cut >> 63)
				put_bytes(f, op, at, end);
			at = end;
		}
	}
	if ((fate == FATE_GROWN || fate == FATE_SECTORS)
	    && op->off + op->len > size
	    && (!f->files[op->inode]
		|| f->files[op->inode]->len < op->off + op->len))
		grow(f, op->inode, op->off + op->len);
}

void fs_apply(struct fs *f, const struct op *op, enum fate fate, uint64_t cut)
{
	uint32_t inode;

	if (op->kind != OP_SYNC)
		while (op->inode != FS_NONE && op->inode >= f->nfiles)
			fs_new(f, op->kind == OP_MKDIR);
	if (op->kind == OP_MKDIR)
		f->is_dir[op->inode] = 1;
	if (fate == FATE_LOST)
		return;
	switch (op->kind) {
	case OP_CREATE:
	case OP_MKDIR:
	case OP_LINK:
		fs_name(f, op->dir, op->name, op->inode);
		break;
	case OP_RENAME:
		/* The file it was when it was renamed, whatever came of the
		 * name before. */
		inode = op->inode;
		fs_name(f, op->dir2, op->name2, FS_NONE);
		fs_name(f, op->dir, op->name, inode);
		break;
	case OP_UNLINK:
		fs_name(f, op->dir, op->name, FS_NONE);
		break;
	case OP_WRITE:
		apply_write(f, op, fate, cut);
		break;
	case OP_TRUNC:
		grow(f, op->inode, op->off);
		break;
	case OP_SYNC:
		break;
	}
}

/* --- comparing, and the real disk ------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct fs_entry *x = *(const struct fs_entry *const *)a;
	const struct fs_entry *y = *(const struct fs_entry *const *)b;

	return x->dir != y->dir ? (x->dir < y->dir ? -1 : 1)
				: strcmp(x->name, y->name);
}

/* Call each for every entry that can be reached, directories first. */
static void visit(const struct fs *f, struct fs_entry **sorted, uint32_t dir,
		  const char *path, int (*each)(void *arg, const char *path,
						int is_dir,
						const struct fs_blob *b),
		  void *arg, unsigned depth)
{
	char below[1024];

	for (size_t i = 0; i < f->nents; i++) {
		const struct fs_entry *x = sorted[i];

		if (x->dir != dir)
			continue;
		snprintf(below, sizeof below, "%s/%s", path, x->name);
		each(arg, below, f->is_dir[x->inode], f->files[x->inode]);
		if (f->is_dir[x->inode] && depth < 16)
			visit(f, sorted, x->inode, below, each, arg, depth + 1);
	}
}

static void visit_all(const struct fs *f, const char *root,
		      int (*each)(void *arg, const char *path, int is_dir,
				  const struct fs_blob *b), void *arg)
{
	struct fs_entry **sorted = need(malloc((f->nents + 1)
					       * sizeof *sorted));

	for (size_t i = 0; i < f->nents; i++)
		sorted[i] = &f->ents[i];
	qsort(sorted, f->nents, sizeof *sorted, by_name);
	visit(f, sorted, FS_ROOT, root, each, arg, 0);
	free(sorted);
}

static int hash_one(void *arg, const char *path, int is_dir,
		    const struct fs_blob *b)
{
	uint64_t len = is_dir ? UINT64_MAX : b ? b->len : 0;

	crypto_generichash_update(arg, (const uint8_t *)path, strlen(path) + 1);
	crypto_generichash_update(arg, (const uint8_t *)&len, sizeof len);
	if (!is_dir && b && b->len)
		crypto_generichash_update(arg, b->p, b->len);
	return 0;
}

void fs_hash(const struct fs *f, uint8_t out[static 16])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, 16);
	visit_all(f, "", hash_one, &h);
	crypto_generichash_final(&h, out, 16);
}

static int put_one(void *arg, const char *path, int is_dir,
		   const struct fs_blob *b)
{
	int *bad = arg, fd;

	if (is_dir) {
		if (__real_mkdir(path, 0700) < 0)
			*bad = 1;
		return 0;
	}
	fd = __real_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || (b && b->len && __real_write(fd, b->p, b->len)
		       != (ssize_t)b->len))
		*bad = 1;
	if (fd >= 0)
		__real_close(fd);
	return 0;
}

int fs_put(const struct fs *f, const char *root)
{
	int bad = 0;

	fs_wipe(root);
	visit_all(f, root, put_one, &bad);
	return bad ? -1 : 0;
}

static int take_dir(struct fs *f, uint32_t dir, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *x;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (x = readdir(d)) != NULL) {
		char below[1024];
		struct stat st;
		uint32_t inode;

		if (!strcmp(x->d_name, ".") || !strcmp(x->d_name, ".."))
			continue;
		snprintf(below, sizeof below, "%s/%s", path, x->d_name);
		if (lstat(below, &st) < 0) {
			r = -1;
			break;
		}
		inode = fs_new(f, S_ISDIR(st.st_mode));
		fs_name(f, dir, x->d_name, inode);
		if (S_ISDIR(st.st_mode)) {
			r = take_dir(f, inode, below);
		} else if (st.st_size) {
			struct fs_blob *b = own(f, inode, (size_t)st.st_size);
			int fd = __real_open(below, O_RDONLY);

			b->len = (size_t)st.st_size;
			if (fd < 0 || read(fd, b->p, b->len) != st.st_size)
				r = -1;
			if (fd >= 0)
				__real_close(fd);
		}
	}
	closedir(d);
	return r;
}

int fs_take(struct fs *f, const char *root)
{
	return take_dir(f, FS_ROOT, root);
}

void fs_wipe(const char *root)
{
	DIR *d = opendir(root);
	struct dirent *x;

	while (d && (x = readdir(d)) != NULL) {
		char below[1024];

		if (!strcmp(x->d_name, ".") || !strcmp(x->d_name, ".."))
			continue;
		snprintf(below, sizeof below, "%s/%s", root, x->d_name);
		if (x->d_type == DT_DIR) {
			fs_wipe(below);
			rmdir(below);
		} else {
			__real_unlink(below);
		}
	}
	if (d)
		closedir(d);
}

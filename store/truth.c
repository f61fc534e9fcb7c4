/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/truth.h"

#include "store/vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRUTH_MAX ((size_t)1 << 24)	/* files */

int truth_is_key(const char *rel)
{
	size_t n = strlen(rel);
	const char *name = strrchr(rel, '/');

	if (strstr(rel, "/keys/") || strstr(rel, "/wraps/"))
		return 1;
	if (!strncmp(rel, "log/", 4) && strstr(rel, "/torn/"))
		return 1;
	return name && n > 4 && !strcmp(rel + n - 4, ".age");
}

int truth_path_valid(struct bytes path)
{
	static const char *const tops[] = { "log/", "admin/", "audit/",
					    "cases/" };

	if (bytes_eq(path, bytes_str("FORMAT")))
		return 1;
	if (!pack_path_valid(path))
		return 0;
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
		if (path.len > strlen(tops[i])
		    && !memcmp(path.p, tops[i], strlen(tops[i])))
			return 1;
	return 0;
}

void truth_release(struct truth *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->f[i].path);
	free(t->f);
	memset(t, 0, sizeof *t);
}

static int push(struct truth *t, const char *path, uint64_t size,
		struct truth_file **out, struct err *e)
{
	struct truth_file *f;

	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 64;

		f = room > TRUTH_MAX ? NULL
				     : reallocarray(t->f, room, sizeof *f);
		if (!f)
			return err_set(e, ERR_NOMEM, "no memory for a list of "
				       "files");
		t->f = f;
		t->room = room;
	}
	f = &t->f[t->n];
	memset(f, 0, sizeof *f);
	f->path = strdup(path);
	if (!f->path)
		return err_set(e, ERR_NOMEM, "no memory for a list of files");
	f->size = size;
	t->n++;
	if (out)
		*out = f;
	return 0;
}

/* --- the log -------------------------------------------------------------- */

static int list_heads(const struct vault *v, unsigned shard, struct truth *t,
		      struct err *e)
{
	const struct vault_shard *s = &v->format->shard[shard];
	uint64_t end = shard + 1 < v->format->n ? s[1].first : vault_size(v);
	char dir[FILE_PATH_MAX], rel[VAULT_NAME_MAX + 64];
	char **names;
	int r = file_path(dir, v->log.base, s->name, "heads", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		char *stop;
		unsigned long long size;

		if (strlen(*p) > 40 || **p < '0' || **p > '9')
			continue;
		size = strtoull(*p, &stop, 10);
		if (strcmp(stop, ".note") || size > end)
			continue;
		snprintf(rel, sizeof rel, "log/%s/heads/%s", s->name, *p);
		r = push(t, rel, UINT64_MAX, NULL, e);
	}
	free(names);
	return r;
}

static int list_log(const struct vault *v, struct truth *t, struct err *e)
{
	char rel[VAULT_NAME_MAX + 64];
	struct truth_file *f;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < v->log.nsegs; i++) {
		const struct seg *s = &v->log.segs[i];

		/* A segment begun behind the last head holds nothing yet. */
		if (s->first >= vault_size(v) && s->number > 0)
			continue;
		snprintf(rel, sizeof rel, "log/%s/%06u.seg",
			 v->format->shard[s->shard].name, s->number);
		r = push(t, rel, s->end, &f, e);
		if (r == 0)
			f->grows = 1;
	}
	for (unsigned i = 0; r == 0 && i < v->format->n; i++)
		r = list_heads(v, i, t, e);
	if (r == 0)
		r = push(t, "FORMAT", UINT64_MAX, &f, e);
	if (r == 0)
		f->last = 1;
	return r;
}

/* --- the streams ---------------------------------------------------------- */

struct walk {
	struct vault *v;		/* its find index is built on the way */
	int keys;
	struct truth *t;
	struct truth ext;		/* externals; size: log position */
	struct pack_item *item;
	struct err *e;
};

static int note_externals(struct walk *c, struct pack_walk *w, uint64_t seq)
{
	char path[PACK_PATH_MAX + 1];
	struct truth_file *f;
	int r = 0;

	for (unsigned i = c->item->objects;
	     r == 0 && i < c->item->objects + c->item->externals; i++) {
		r = pack_walk_path(w, c->item, i, path, c->e);
		if (r == 0)
			r = push(&c->ext, path, seq, &f, c->e);
		if (r == 0)
			memcpy(f->sha256, c->item->frame[i].hash, 32);
	}
	return r;
}

/* One pack up to the last item the log knows; 1 when the stream ends here. */
static int walk_pack(struct walk *c, const char *rel, uint32_t number, int fd)
{
	uint64_t end = 0, bad = 0, seq = 0;
	struct truth_file *f;
	struct pack_walk w;
	struct stat st;
	int r, over = 0;

	if (fstat(fd, &st) < 0)
		return err_errno(c->e, "cannot look at '%s'", rel);
	pack_walk_init(&w, fd, (uint64_t)st.st_size);
	r = pack_walk_head(&w, number, NULL);
	if (r == ERR_DAMAGED)
		return 1;	/* being begun */
	while (r == 0) {
		r = pack_walk_next(&w, c->item, &bad, NULL);
		if (r == 0)
			r = log_find(&c->v->log, c->item->body, &seq, c->e);
		if (r == 0 && seq == UINT64_MAX) {
			over = 1;
			break;
		}
		if (r == 0) {
			end = c->item->end;
			r = note_externals(c, &w, seq);
		}
	}
	if (r == ERR_DAMAGED) {
		over = 1;	/* in the middle of a frame, or verify tells */
		r = 0;
	}
	if (r < 0)
		return r;
	if (end && !c->keys) {
		r = push(c->t, rel, end, &f, c->e);
		if (r < 0)
			return r;
		f->grows = 1;
	}
	return over || !end;
}

static int walk_packs(struct walk *c, const char *dir)
{
	char rel[VAULT_DIR_MAX + 32], path[FILE_PATH_MAX];
	int r = 0;

	for (uint32_t n = 1; r == 0; n++) {
		int fd;

		snprintf(rel, sizeof rel, "%s/packs/%06u.pack", dir, n);
		r = file_path(path, c->v->path, rel, NULL);
		if (r < 0)
			return err_set(c->e, r, "path '%s' is too long", rel);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return errno == ENOENT ? 0 : err_errno(c->e, "cannot "
							"open '%s'", path);
		r = walk_pack(c, rel, n, fd);
		close(fd);
	}
	return r < 0 ? r : 0;
}

/* Slot frames whose key leaf stands under the head. */
static int slots_end(struct walk *c, const char *path, uint64_t *end)
{
	uint8_t head[SLOT_FRAME_LEN];
	uint64_t off = SLOT_FILE_HEAD_LEN;
	struct slot_frame f;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r = 0;

	*end = 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = errno == ENOENT ? 0 : err_errno(c->e, "cannot open '%s'",
						    path);
		goto out;
	}
	while (off + sizeof head <= (uint64_t)st.st_size) {
		r = file_pread_all(fd, head, sizeof head, off, c->e);
		if (r < 0 || slot_frame_get(head, &f) < 0
		    || f.seq >= vault_size(c->v)
		    || f.len > (uint64_t)st.st_size - off - sizeof head)
			break;
		off += sizeof head + f.len;
	}
	if (off > SLOT_FILE_HEAD_LEN)
		*end = off;
out:
	if (fd >= 0)
		close(fd);
	return r < 0 && r != ERR_DAMAGED ? r : 0;
}

static int walk_keys(struct walk *c, const char *dir)
{
	char rel[VAULT_DIR_MAX + 80], path[FILE_PATH_MAX], **names;
	int r = file_path(path, c->v->path, dir, "keys", NULL);

	if (r == 0)
		r = file_list(path, &names, NULL, c->e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		size_t n = strlen(*p);
		struct truth_file *f;
		uint64_t end = 0;

		if (n != 8 || strcmp(*p + 4, ".add"))
			continue;	/* tables are externals */
		snprintf(rel, sizeof rel, "%s/keys/%s", dir, *p);
		r = file_path(path, c->v->path, rel, NULL);
		if (r == 0)
			r = slots_end(c, path, &end);
		if (r == 0 && end)
			r = push(c->t, rel, end, &f, c->e);
		if (r == 0 && end)
			f->grows = 1;
	}
	free(names);
	return r;
}

static int by_path(const void *a, const void *b)
{
	const struct truth_file *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : x->size < y->size ? -1 : x->size > y->size;
}

static struct truth_file *find(struct truth *t, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(t->f[i].path, path))
			return &t->f[i];
	return NULL;
}

/* Of each path what its last leaf says. */
static int take_externals(struct walk *c)
{
	static const uint8_t gone[32];
	size_t own = c->t->n;
	int r = 0;

	if (c->ext.n)
		qsort(c->ext.f, c->ext.n, sizeof *c->ext.f, by_path);
	for (size_t i = 0; r == 0 && i < c->ext.n; i++) {
		const struct truth_file *x = &c->ext.f[i];
		int is_gone = !memcmp(x->sha256, gone, sizeof gone);
		struct truth_file *f;

		if ((i + 1 < c->ext.n && !strcmp(x->path, x[1].path))
		    || truth_is_key(x->path) != c->keys
		    || !truth_path_valid(bytes_str(x->path)))
			continue;
		f = find(c->t, strstr(x->path, "/keys/")
			       || !strcmp(x->path, "FORMAT") ? own : 0,
			 x->path);
		if (f && is_gone) {
			/* Slots of an epoch that is over. */
			free(f->path);
			*f = c->t->f[--c->t->n];
			own--;
		}
		if (f || is_gone)
			continue;
		r = push(c->t, x->path, UINT64_MAX, &f, c->e);
		if (r == 0) {
			f->hashed = 1;
			memcpy(f->sha256, x->sha256, 32);
		}
	}
	return r;
}

int truth_list(struct vault *v, int keys, struct truth *out,
	       struct err *e)
{
	struct walk c = { .v = v, .keys = keys, .t = out, .e = e };
	char **dirs = NULL;
	int r;

	memset(out, 0, sizeof *out);
	c.item = malloc(sizeof *c.item);
	r = c.item ? vault_stream_dirs(v->path, &dirs, e)
		   : err_set(e, ERR_NOMEM, "no memory for a list of files");
	for (char **p = dirs; r == 0 && *p; p++) {
		r = walk_packs(&c, *p);
		if (r == 0 && keys)
			r = walk_keys(&c, *p);
	}
	if (r == 0 && !keys)
		r = list_log(v, out, e);
	if (r == 0)
		r = take_externals(&c);
	if (r == 0 && out->n)
		qsort(out->f, out->n, sizeof *out->f, by_path);
	if (r < 0)
		truth_release(out);
	truth_release(&c.ext);
	free(c.item);
	free(dirs);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Files and what the log says of them, after a crash.
 *
 * A statement names the hash of a file that is staged as <path>.next, or says
 * that a file is gone, before the file itself changes.  So for each path the
 * last leaf that names it decides: a staged file with that hash takes the name,
 * any other is removed; a file that is said to be gone is removed.
 */
#include "store/vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 6
#define FILE_MAX ((size_t)16 << 20)	/* bytes of a staged file */

struct said {
	uint64_t seq;		/* of the leaf that says it */
	uint8_t hash[SHA256_LEN];
	char *path;
};

struct settling {
	struct vault *v;
	struct said *said;
	size_t n, room;
	struct pack_item *item;		/* scratch */
};

static int add_said(struct settling *s, const char *path, uint64_t seq,
		    const uint8_t *hash, struct err *e)
{
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct said *p = realloc(s->said, room * sizeof *p);

		if (!p)
			return err_set(e, ERR_NOMEM, "no memory to recover");
		s->said = p;
		s->room = room;
	}
	s->said[s->n].path = strdup(path);
	if (!s->said[s->n].path)
		return err_set(e, ERR_NOMEM, "no memory to recover");
	s->said[s->n].seq = seq;
	memcpy(s->said[s->n++].hash, hash, SHA256_LEN);
	return 0;
}

/* What the items of a pack that the log knows say of files. */
static int read_pack(struct settling *s, uint32_t number, int fd,
		     uint64_t size, struct err *e)
{
	char path[PACK_PATH_MAX + 1];
	struct pack_item *it = s->item;
	struct pack_walk w;
	uint64_t bad, seq;
	int r;

	pack_walk_init(&w, fd, size);
	r = pack_walk_head(&w, number, NULL);
	while (r == 0) {
		r = pack_walk_next(&w, it, &bad, NULL);
		if (r != 0 || it->externals == 0)
			continue;
		r = log_find(&s->v->log, it->body, &seq, e);
		if (r < 0)
			return r;
		for (unsigned i = it->objects; seq != UINT64_MAX
		     && i < it->objects + it->externals; i++) {
			r = pack_walk_path(&w, it, i, path, e);
			if (r == 0)
				r = add_said(s, path, seq, it->frame[i].hash,
					     e);
			if (r < 0)
				return r;
		}
	}
	/* Damage is for verify to name; it says nothing of files. */
	return r == ERR_DAMAGED || r == 1 ? 0 : r;
}

static int read_stream(struct settling *s, const char *dir, struct err *e)
{
	char path[FILE_PATH_MAX], name[32];
	int r = 0;

	for (uint32_t n = 1; r == 0; n++) {
		struct stat st;
		int fd;

		snprintf(name, sizeof name, "packs/%06u.pack", n);
		if (file_path(path, s->v->path, dir, name, NULL) < 0)
			return err_set(e, ERR_RANGE, "path of '%s' is too long",
				       dir);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT)
			return 0;
		if (fd < 0)
			return err_errno(e, "cannot open '%s'", path);
		r = fstat(fd, &st) < 0 ? err_errno(e, "cannot look at '%s'",
						   path)
		    : read_pack(s, n, fd, (uint64_t)st.st_size, e);
		close(fd);
	}
	return r;
}

static int by_path(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Of each path only what its last leaf says. */
static void last_of_each(struct settling *s)
{
	size_t n = 0;

	if (s->n)
		qsort(s->said, s->n, sizeof *s->said, by_path);
	for (size_t i = 0; i < s->n; i++) {
		if (i + 1 < s->n && !strcmp(s->said[i].path,
					    s->said[i + 1].path))
			free(s->said[i].path);
		else
			s->said[n++] = s->said[i];
	}
	s->n = n;
}

static const struct said *find_said(const struct settling *s, const char *path)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = strcmp(s->said[mid].path, path);

		if (r == 0)
			return &s->said[mid];
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* A staged file: rel without its suffix is what it is to be. */
static int settle_staged(struct settling *s, const char *rel, struct err *e)
{
	char next[FILE_PATH_MAX], path[FILE_PATH_MAX];
	size_t root = strlen(s->v->path) + 1;
	struct buf b = BUF_INIT(FILE_MAX);
	uint8_t hash[SHA256_LEN];
	const struct said *x;
	int r;

	if (snprintf(next, sizeof next, "%s/%s", s->v->path, rel)
	    >= (int)sizeof next)
		return err_set(e, ERR_RANGE, "path '%s' is too long", rel);
	memcpy(path, next, sizeof path);
	path[strlen(path) - strlen(VAULT_STAGED)] = '\0';
	x = find_said(s, path + root);
	r = x ? file_read(next, &b, e) : 0;
	if (r == 0 && x)
		sha256_once(buf_view(&b), hash);
	if (r == 0 && x && !memcmp(hash, x->hash, sizeof hash))
		r = vio_rename(next, path, e);
	else if (r == 0 || r == ERR_LIMIT)
		r = vio_unlink(next, e);
	buf_release(&b);
	return r;
}

static int is_staged(const char *name)
{
	size_t n = strlen(name), k = strlen(VAULT_STAGED);

	return n > k && !strcmp(name + n - k, VAULT_STAGED);
}

static int walk(struct settling *s, const char *rel, unsigned depth,
		struct err *e)
{
	char dir[FILE_PATH_MAX], sub[FILE_PATH_MAX], path[FILE_PATH_MAX];
	char **names;
	int r = file_path(dir, s->v->path, rel, NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		struct stat st;

		r = *rel ? file_path(sub, rel, *p, NULL)
			 : file_path(sub, *p, NULL);
		if (r == 0)
			r = file_path(path, dir, *p, NULL);
		if (r < 0 || lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			r = walk(s, sub, depth + 1, e);
		else if (S_ISREG(st.st_mode) && is_staged(*p))
			r = settle_staged(s, sub, e);
	}
	free(names);
	return r;
}

static int remove_gone(struct settling *s, struct err *e)
{
	static const uint8_t gone[SHA256_LEN];
	char path[FILE_PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		if (memcmp(s->said[i].hash, gone, sizeof gone) != 0)
			continue;
		r = file_path(path, s->v->path, s->said[i].path, NULL);
		if (r == 0 && file_exists(path))
			r = keys_destroy(path, e);
	}
	return r;
}

int settle_files(struct vault *v, struct err *e)
{
	struct settling s = { .v = v };
	char **dirs = NULL;
	int r = vault_stream_dirs(v->path, &dirs, e);

	s.item = malloc(sizeof *s.item);
	if (!s.item && r == 0)
		r = err_set(e, ERR_NOMEM, "no memory to recover");
	for (size_t i = 0; r == 0 && dirs[i]; i++)
		r = read_stream(&s, dirs[i], e);
	if (r == 0) {
		last_of_each(&s);
		r = remove_gone(&s, e);
	}
	if (r == 0)
		r = walk(&s, "", 0, e);
	for (size_t i = 0; i < s.n; i++)
		free(s.said[i].path);
	free(s.said);
	free(s.item);
	free(dirs);
	return r;
}

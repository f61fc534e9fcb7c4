/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/copyset.h"

#include "store/sha256.h"
#include "store/truth.h"
#include "util/enc.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LINE "scelle-backup/v1\n"
#define SIZE_DIGITS 12
#define PIECE ((size_t)1 << 20)

static int too_long(struct err *e)
{
	return err_set(e, ERR_RANGE, "the path to the copy is too long");
}

/* --- lists ----------------------------------------------------------------- */

void copyset_list_release(struct copy_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->f[i].path);
	free(l->f);
	memset(l, 0, sizeof *l);
}

static int by_path(const void *path, const void *entry)
{
	return strcmp(path, ((const struct copy_entry *)entry)->path);
}

const struct copy_entry *copyset_find(const struct copy_list *l,
				      const char *path)
{
	return l->n ? bsearch(path, l->f, l->n, sizeof *l->f, by_path) : NULL;
}

static int push(struct copy_list *l, const char *path, const uint8_t *sha256,
		struct err *e)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct copy_entry *p = reallocarray(l->f, room, sizeof *p);

		if (!p)
			return err_set(e, ERR_NOMEM, "no memory for a list of "
				       "files");
		l->f = p;
		l->room = room;
	}
	/* Sorted, so that one can be found, and none stands twice. */
	if (l->n && strcmp(l->f[l->n - 1].path, path) >= 0)
		return err_set(e, ERR_FORMAT, "'%s' is out of order in the list "
			       "of files", path);
	l->f[l->n].path = strdup(path);
	if (!l->f[l->n].path)
		return err_set(e, ERR_NOMEM, "no memory for a list of files");
	memcpy(l->f[l->n++].sha256, sha256, 32);
	return 0;
}

int copyset_text(const struct copy_list *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		hex_put(out, BYTES(l->f[i].sha256, 32));
		buf_addf(out, "  %s\n", l->f[i].path);
	}
	return out->failed;
}

int copyset_read(struct bytes text, struct copy_list *l, struct err *e)
{
	int r = 0;

	while (r == 0 && text.len) {
		const uint8_t *nl = memchr(text.p, '\n', text.len);
		size_t n = nl ? (size_t)(nl - text.p) : 0;
		uint8_t sha[32];
		char path[1024];

		if (n < 67 || n - 66 >= sizeof path
		    || hex_get(BYTES(text.p, 64), sha, 32) < 0
		    || memcmp(text.p + 64, "  ", 2)
		    || !truth_path_valid(BYTES(text.p + 66, n - 66)))
			return err_set(e, ERR_FORMAT, "malformed list of files");
		memcpy(path, text.p + 66, n - 66);
		path[n - 66] = '\0';
		r = push(l, path, sha, e);
		text = BYTES(text.p + n + 1, text.len - n - 1);
	}
	return r;
}

/* --- directories ------------------------------------------------------------ */

static int remove_at(const char *path, unsigned depth, struct err *e)
{
	char sub[FILE_PATH_MAX], **names;
	int r;

	if (depth > 16)
		return err_set(e, ERR_LIMIT, "'%s' is too deep", path);
	r = file_list(path, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		struct stat st;

		if (file_path(sub, path, *p, NULL) < 0)
			r = too_long(e);
		else if (lstat(sub, &st) == 0 && S_ISDIR(st.st_mode))
			r = remove_at(sub, depth + 1, e);
		else if (unlink(sub) < 0 && errno != ENOENT)
			r = err_errno(e, "cannot remove '%s'", sub);
	}
	free(names);
	if (r == 0 && rmdir(path) < 0 && errno != ENOENT)
		r = err_errno(e, "cannot remove '%s'", path);
	return r;
}

int copyset_remove(const char *path, struct err *e)
{
	return remove_at(path, 0, e);
}

int copyset_mkdirs(const char *base, const char *rel, struct err *e)
{
	char path[FILE_PATH_MAX];

	for (const char *p = strchr(rel, '/'); p; p = strchr(p + 1, '/')) {
		if (snprintf(path, sizeof path, "%s/%.*s", base,
			     (int)(p - rel), rel) >= (int)sizeof path)
			return too_long(e);
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_errno(e, "cannot create directory '%s'",
					 path);
	}
	return 0;
}

static int sync_at(const char *path, unsigned depth, struct err *e)
{
	char sub[FILE_PATH_MAX], **names;
	int r;

	if (depth > 16)
		return err_set(e, ERR_LIMIT, "'%s' is too deep", path);
	r = file_list(path, &names, NULL, e);
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		struct stat st;

		if (file_path(sub, path, *p, NULL) < 0)
			r = too_long(e);
		else if (lstat(sub, &st) == 0 && S_ISDIR(st.st_mode))
			r = sync_at(sub, depth + 1, e);
	}
	free(names);
	return r == 0 ? file_sync_dir(path, e) : r;
}

int copyset_sync(const char *path, struct err *e)
{
	return sync_at(path, 0, e);
}

int copyset_hash(const char *path, uint64_t size, int out,
		 uint8_t sha256[static 32], uint64_t *bytes_out, struct err *e)
{
	uint8_t *piece = malloc(PIECE);
	struct sha256 h = { NULL };
	uint64_t done = 0;
	int fd = -1, r = piece ? sha256_init(&h) : ERR_NOMEM;

	if (r < 0) {
		err_set(e, r, "no memory to copy");
		goto out;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		r = err_errno(e, "cannot open '%s'", path);
		goto out;
	}
	while (r == 0 && done < size) {
		size_t want = size - done < PIECE ? (size_t)(size - done)
						  : PIECE;
		ssize_t n = read(fd, piece, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = err_errno(e, "cannot read '%s'", path);
		else if (n == 0 && size != UINT64_MAX)
			r = err_set(e, ERR_DAMAGED, "'%s' is shorter than it "
				    "was", path);
		if (n <= 0)
			break;
		sha256_update(&h, BYTES(piece, (size_t)n));
		if (out >= 0)
			r = file_write_all(out, piece, (size_t)n, e);
		done += (uint64_t)n;
	}
	sha256_final(&h, sha256);
	*bytes_out = done;
out:
	sha256_release(&h);
	free(piece);
	if (fd >= 0)
		close(fd);
	return r;
}

/* --- the set ------------------------------------------------------------------ */

int copyset_run(const struct copyset *c, uint64_t size, const char *suffix,
		char out[static 4096], struct err *e)
{
	if (snprintf(out, 4096, "%s/%0*" PRIu64 "%s", c->dir, SIZE_DIGITS, size,
		     suffix) >= 4096)
		return too_long(e);
	return 0;
}

/* BACKUP: what it is, and of which log. */
static int read_mark(struct copyset *c, struct err *e)
{
	static const char *const kinds[] = { "kind backup\nlog ",
					     "kind mirror\nlog " };
	struct buf b = BUF_INIT(4096);
	char path[FILE_PATH_MAX];
	size_t n = strlen(FIRST_LINE), k;
	int r = file_path(path, c->dir, "BACKUP", NULL);

	if (r == 0)
		r = file_read(path, &b, e);
	if (r < 0)
		goto out;
	r = err_set(e, ERR_FORMAT, "'%s' holds no copies of a vault", c->dir);
	for (int i = 0; i < 2; i++) {
		k = strlen(kinds[i]);
		if (b.len <= n + k + 1 || memcmp(b.p, FIRST_LINE, n)
		    || memcmp(b.p + n, kinds[i], k) || b.p[b.len - 1] != '\n'
		    || b.len - n - k > sizeof c->vkey
		    || memchr(b.p + n + k, '\n', b.len - n - k)
		       != b.p + b.len - 1)
			continue;
		c->mirror = i;
		memcpy(c->vkey, b.p + n + k, b.len - n - k - 1);
		c->vkey[b.len - n - k - 1] = '\0';
		r = 0;
	}
out:
	buf_release(&b);
	return r;
}

static int write_mark(const struct copyset *c, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	char path[FILE_PATH_MAX];
	int r = file_path(path, c->dir, "BACKUP", NULL);

	buf_addf(&b, FIRST_LINE "kind %s\nlog %s\n",
		 c->mirror ? "mirror" : "backup", c->vkey);
	if (r == 0)
		r = b.failed ? b.failed
			     : file_create(path, buf_view(&b), 0600, e);
	buf_release(&b);
	return r;
}

static int find_last(struct copyset *c, struct err *e)
{
	struct buf list = BUF_INIT(COPYSET_LIST_MAX);
	char path[FILE_PATH_MAX], **names;
	size_t n = 0;
	int r = file_list(c->dir, &names, &n, e);

	c->last = COPYSET_NONE;
	if (r < 0)
		return r;
	for (size_t i = n; i-- > 0 && c->last == COPYSET_NONE;)
		if (strlen(names[i]) == SIZE_DIGITS
		    && strspn(names[i], "0123456789") == SIZE_DIGITS)
			c->last = strtoull(names[i], NULL, 10);
	free(names);
	if (c->last == COPYSET_NONE)
		return 0;
	r = copyset_run(c, c->last, "", c->last_dir, e);
	if (r == 0)
		r = copyset_run(c, c->last, ".sha256", path, e);
	if (r == 0)
		r = file_read(path, &list, e);
	if (r == 0)
		r = copyset_read(buf_view(&list), &c->had, e);
	buf_release(&list);
	return r;
}

static int start(const char *dir, struct copyset *c, struct err *e)
{
	memset(c, 0, sizeof *c);
	c->lock_fd = -1;
	if (snprintf(c->dir, sizeof c->dir, "%s", dir) >= (int)sizeof c->dir
	    || snprintf(c->partial, sizeof c->partial, "%s/partial", dir)
	       >= (int)sizeof c->partial)
		return too_long(e);
	return 0;
}

int copyset_look(const char *dir, struct copyset *c, struct err *e)
{
	int r = start(dir, c, e);

	if (r == 0)
		r = read_mark(c, e);
	if (r == 0)
		r = find_last(c, e);
	if (r < 0)
		copyset_close(c);
	return r;
}

/* Nothing, or our own beginnings: then it may become a set. */
static int is_empty(const char *dir)
{
	char **names;
	int empty = 1;

	if (file_list(dir, &names, NULL, NULL) < 0)
		return 0;
	for (char **p = names; *p; p++)
		empty &= !strcmp(*p, "LOCK") || !strncmp(*p, "BACKUP.tmp", 10);
	free(names);
	return empty;
}

int copyset_open(const char *dir, const char *vkey, int mirror,
		 struct copyset *c, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = start(dir, c, e), empty;

	if (r == 0)
		r = file_mkdir(dir, e);
	empty = r == 0 && is_empty(dir);
	if (r == 0 && !empty)
		r = read_mark(c, e);
	if (r == ERR_NOENT || r == ERR_FORMAT)
		r = err_set(e, ERR_EXIST, "'%s' is not empty and holds no "
			    "copies of a vault", dir);
	if (r == 0)
		r = file_path(path, dir, "LOCK", NULL) < 0
		    ? too_long(e) : file_lock(path, &c->lock_fd, e);
	if (r < 0) {
		c->lock_fd = -1;
		goto out;
	}
	if (empty) {
		c->mirror = mirror;
		snprintf(c->vkey, sizeof c->vkey, "%s", vkey);
		r = write_mark(c, e);
	} else if (c->mirror != mirror) {
		r = err_set(e, ERR_EXIST, mirror ? "'%s' is a backup, no mirror"
			    : "'%s' is a mirror, no backup", dir);
	} else if (strcmp(c->vkey, vkey) != 0) {
		r = err_set(e, ERR_EXIST, "'%s' is of another log", dir);
	}
	if (r == 0)
		r = find_last(c, e);
out:
	if (r < 0)
		copyset_close(c);
	return r;
}

void copyset_close(struct copyset *c)
{
	copyset_list_release(&c->had);
	copyset_list_release(&c->now);
	if (c->lock_fd >= 0)
		close(c->lock_fd);
	c->lock_fd = -1;
}

int copyset_follows(const struct copyset *c, const struct vault *v,
		    struct err *e)
{
	uint8_t there[32], here[32];
	struct vault *old = NULL;
	int r;

	if (c->last == COPYSET_NONE)
		return 0;
	if (vault_size(v) < c->last)
		return err_set(e, ERR_DAMAGED, "the copy holds %llu leaves and "
			       "the vault %llu: it was rolled back or restored; "
			       "nothing is overwritten", (unsigned long long)
			       c->last, (unsigned long long)vault_size(v));
	r = vault_open(c->last_dir, VAULT_READ, NULL, &old, e);
	if (r < 0)
		return r;
	if (vault_size(old) != c->last || vault_root(old, c->last, here) < 0
	    || vault_root(v, c->last, there) < 0
	    || memcmp(here, there, sizeof here))
		r = err_set(e, ERR_DAMAGED, "the copy holds another history of "
			    "the first %llu leaves: a fork; nothing is "
			    "overwritten", (unsigned long long)c->last);
	for (unsigned i = 0; r == 0 && i < vault_shards(old); i++)
		if (i >= vault_shards(v)
		    || strcmp(vault_shard_at(old, i)->vkey,
			      vault_shard_at(v, i)->vkey)
		    || vault_shard_at(old, i)->first
		       != vault_shard_at(v, i)->first)
			r = err_set(e, ERR_DAMAGED, "the copy has other shards");
	vault_close(old);
	return r < 0 ? r : vault_size(v) == c->last;
}

/* --- a run --------------------------------------------------------------------- */

int copyset_begin(struct copyset *c, int keep, struct err *e)
{
	int r = keep ? 0 : copyset_remove(c->partial, e);

	copyset_list_release(&c->now);
	return r == 0 ? file_mkdir(c->partial, e) : r;
}

const uint8_t *copyset_had(const struct copyset *c, const char *path)
{
	const struct copy_entry *f = copyset_find(&c->had, path);

	return f ? f->sha256 : NULL;
}

int copyset_path(const struct copyset *c, const char *path,
		 char out[static 4096], struct err *e)
{
	int r = copyset_mkdirs(c->partial, path, e);

	if (r < 0)
		return r;
	return snprintf(out, 4096, "%s/%s", c->partial, path) >= 4096
	       ? too_long(e) : 0;
}

int copyset_link(struct copyset *c, const char *path, struct err *e)
{
	char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
	int r = copyset_path(c, path, to, e);

	if (r < 0)
		return r;
	if (file_path(from, c->last_dir, path, NULL) < 0)
		return too_long(e);
	if (unlink(to) < 0 && errno != ENOENT)
		return err_errno(e, "cannot replace '%s'", to);
	return link(from, to) == 0 ? 0 : 1;
}

int copyset_add(struct copyset *c, const char *path,
		const uint8_t sha256[static 32], struct err *e)
{
	return push(&c->now, path, sha256, e);
}

int copyset_finish(struct copyset *c, uint64_t size, struct bytes note,
		   struct err *e)
{
	struct buf list = BUF_INIT(COPYSET_LIST_MAX);
	char path[FILE_PATH_MAX], run[FILE_PATH_MAX];
	int r = copyset_text(&c->now, &list);

	if (r < 0)
		err_set(e, r, "the list of files is too long");
	if (r == 0)
		r = copyset_sync(c->partial, e);
	if (r == 0)
		r = copyset_run(c, size, ".sha256", path, e);
	if (r == 0)
		r = file_replace(path, buf_view(&list), 0600, e);
	if (r == 0 && note.len) {
		r = copyset_run(c, size, ".note", path, e);
		if (r == 0)
			r = file_replace(path, note, 0600, e);
	}
	if (r == 0)
		r = copyset_run(c, size, "", run, e);
	if (r == 0 && rename(c->partial, run) < 0)
		r = err_errno(e, "cannot give the run its name '%s'", run);
	if (r == 0)
		r = file_sync_dir(c->dir, e);
	buf_release(&list);
	return r;
}

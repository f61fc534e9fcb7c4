/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/mirror_int.h"

#include "cases/backup_int.h"
#include "store/checkpoint.h"
#include "store/note.h"
#include "store/sha256.h"
#include "store/tree.h"
#include "util/enc.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct receive {
	struct copyset set;
	struct copy_list want;		/* what the run shall hold */
	struct mirror_file *f;		/* the same, as it came */
	size_t n, room;
	uint64_t size;
	uint8_t root[32];
	struct buf m;
	int in, out;
	struct mirror_report *rep;
	struct err *e;
};

/* --- the head ------------------------------------------------------------------ */

/* A head that contradicts what is held is kept: it is signed. */
static int keep_refused(struct receive *c, const struct mirror_head *h)
{
	char path[FILE_PATH_MAX], name[64], hex[17];
	uint8_t sha[32];

	sha256_once(h->note, sha);
	hex_str(hex, sha, 8);
	snprintf(name, sizeof name, "%012" PRIu64 "-%s.note", h->size, hex);
	if (file_path(path, c->set.dir, "refused", NULL) < 0
	    || file_mkdir(path, NULL) < 0
	    || file_path(path, c->set.dir, "refused", name, NULL) < 0)
		return ERR_DENIED;
	file_replace(path, h->note, 0600, NULL);
	return ERR_DENIED;
}

static int judge_head(struct receive *c, const struct mirror_head *h)
{
	struct note_vkey log, key;
	char origin[VAULT_NAME_MAX + 1] = "";
	const uint8_t *nl = memchr(h->note.p, '\n', h->note.len);
	struct checkpoint cp;
	struct vault *old = NULL;
	uint8_t root[32];
	int r;

	if (nl && nl - h->note.p <= VAULT_NAME_MAX)
		memcpy(origin, h->note.p, (size_t)(nl - h->note.p));
	r = note_vkey_read(bytes_str(c->set.vkey), &log, c->e);
	if (r == 0)
		r = note_vkey_make(&key, origin, log.type, log.pk, c->e);
	if (r < 0 || checkpoint_open(h->note, &key, 1, origin, &cp, NULL)
	    || cp.size != h->size)
		return err_set(c->e, ERR_DENIED, "the head is not signed by the "
			       "key of the log that is mirrored here");
	c->size = cp.size;
	memcpy(c->root, cp.root, 32);
	if (c->set.last == COPYSET_NONE)
		return 0;
	if (cp.size < c->set.last) {
		err_set(c->e, ERR_DENIED, "the log shrank: %" PRIu64 " leaves "
			"are here, %" PRIu64 " come", c->set.last, cp.size);
		return keep_refused(c, h);
	}
	r = vault_open(c->set.last_dir, VAULT_READ, NULL, &old, c->e);
	if (r == 0)
		r = vault_root(old, c->set.last, root);
	vault_close(old);
	if (r < 0)
		return r;
	if (cp.size == c->set.last ? memcmp(root, cp.root, 32) != 0
	    : c->set.last > 0
	      && tree_check_consistency(c->set.last, root, cp.size, cp.root,
					(const uint8_t (*)[32])h->proof, h->n)) {
		err_set(c->e, ERR_DENIED, "a fork: the head does not continue "
			"the %" PRIu64 " leaves that are here", c->set.last);
		return keep_refused(c, h);
	}
	return 0;
}

/* --- the list ------------------------------------------------------------------ */

static int take_list(struct receive *c)
{
	struct copyset want = { .lock_fd = -1 };
	int r;

	for (;;) {
		struct mirror_file *f;

		r = mirror_get(c->in, &c->m, c->e);
		if (r == MIRROR_END)
			break;
		if (r < 0)
			return r;
		if (r != MIRROR_FILE || c->n == MIRROR_FILES_MAX)
			return err_set(c->e, ERR_CHILD, "the peer speaks out of "
				       "turn");
		if (c->n == c->room) {
			size_t room = c->room ? c->room * 2 : 64;

			f = reallocarray(c->f, room, sizeof *f);
			if (!f)
				return err_set(c->e, ERR_NOMEM, "no memory for "
					       "a list of files");
			c->f = f;
			c->room = room;
		}
		f = &c->f[c->n];
		if (mirror_file_get(buf_view(&c->m), f) < 0)
			return err_set(c->e, ERR_DENIED, "a file that has no "
				       "place in a copy without keys");
		want.now = c->want;
		r = copyset_add(&want, f->path, f->sha256, c->e);
		c->want = want.now;
		if (r < 0)
			return ERR_DENIED;
		c->n++;
	}
	return 0;
}

/* What an interrupted transfer left, and the run does not hold. */
static int sweep(struct receive *c, const char *rel, unsigned depth)
{
	char path[FILE_PATH_MAX], sub[1024], **names;
	int r = file_path(path, c->set.partial, rel, NULL);

	if (r < 0 || depth > 8)
		return err_set(c->e, ERR_RANGE, "'%s' is too deep", rel);
	r = file_list(path, &names, NULL, c->e);
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		struct stat st;

		if (snprintf(sub, sizeof sub, "%s%s%s", rel, *rel ? "/" : "",
			     *p) >= (int)sizeof sub
		    || file_path(path, c->set.partial, sub, NULL) < 0)
			r = err_set(c->e, ERR_RANGE, "path is too long");
		else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			r = sweep(c, sub, depth + 1);
		else if (!copyset_find(&c->want, sub) && unlink(path) < 0)
			r = err_errno(c->e, "cannot remove '%s'", path);
	}
	free(names);
	return r;
}

/* --- the files ------------------------------------------------------------------- */

/* Bytes of it that are here: of an interrupted transfer, or of the run before. */
static uint64_t begin_file(struct receive *c, const struct mirror_file *f,
			   int fd)
{
	char had[FILE_PATH_MAX];
	struct stat st;
	uint8_t sha[32];
	uint64_t n = 0;

	if (fstat(fd, &st) == 0 && st.st_size > 0
	    && (uint64_t)st.st_size <= f->size)
		return (uint64_t)st.st_size;
	if (ftruncate(fd, 0) < 0 || !f->grows || !copyset_had(&c->set, f->path)
	    || file_path(had, c->set.last_dir, f->path, NULL) < 0
	    || stat(had, &st) < 0 || (uint64_t)st.st_size > f->size
	    || lseek(fd, 0, SEEK_SET) < 0)
		return 0;
	return copyset_hash(had, UINT64_MAX, fd, sha, &n, NULL) < 0 ? 0 : n;
}

static int fetch(struct receive *c, uint32_t i, int fd, uint64_t off)
{
	uint8_t ask[12];
	int r;

	put_be32(ask, i);
	put_be64(ask + 4, off);
	if (ftruncate(fd, (off_t)off) < 0
	    || lseek(fd, (off_t)off, SEEK_SET) < 0)
		return err_errno(c->e, "cannot write '%s'", c->f[i].path);
	r = off < c->f[i].size
	    ? mirror_put(c->out, MIRROR_WANT, BYTES(ask, sizeof ask), c->e) : 0;
	while (r == 0 && off < c->f[i].size) {
		r = mirror_want(c->in, MIRROR_DATA, &c->m, c->e);
		if (r == 0 && (!c->m.len || c->m.len > c->f[i].size - off))
			r = err_set(c->e, ERR_CHILD, "the peer sends more than "
				    "it said");
		if (r == 0)
			r = file_write_all(fd, c->m.p, c->m.len, c->e);
		off += c->m.len;
		c->rep->sent += c->m.len;
	}
	return r;
}

static int take_file(struct receive *c, uint32_t i)
{
	const struct mirror_file *f = &c->f[i];
	const uint8_t *had = copyset_had(&c->set, f->path);
	char path[FILE_PATH_MAX];
	struct stat st;
	uint8_t sha[32];
	uint64_t n, off;
	int fd, r;

	if (had && !memcmp(had, f->sha256, 32)) {
		r = copyset_link(&c->set, f->path, c->e);
		if (r <= 0)
			return r;
	}
	r = copyset_path(&c->set, f->path, path, c->e);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(c->e, "cannot create '%s'", path);
	/* A link to a run must never be written to. */
	if (fstat(fd, &st) == 0 && st.st_nlink > 1) {
		close(fd);
		if (unlink(path) < 0)
			return err_errno(c->e, "cannot replace '%s'", path);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
			  | O_NOFOLLOW, 0600);
		if (fd < 0)
			return err_errno(c->e, "cannot create '%s'", path);
	}
	off = begin_file(c, f, fd);
	r = fetch(c, i, fd, off);
	if (r == 0)
		r = copyset_hash(path, UINT64_MAX, -1, sha, &n, c->e);
	if (r == 0 && off && memcmp(sha, f->sha256, 32)) {
		/* Packs are rewritten when something is erased, the log never
		 * is; what an interrupted transfer left may be of another time. */
		r = fetch(c, i, fd, 0);
		if (r == 0)
			r = copyset_hash(path, UINT64_MAX, -1, sha, &n, c->e);
	}
	if (r == 0 && memcmp(sha, f->sha256, 32))
		r = err_set(c->e, ERR_DENIED, "'%s' is not what was announced",
			    f->path);
	if (r == 0)
		r = file_sync(fd, c->e);
	close(fd);
	return r;
}

static int is_segment(const char *path)
{
	size_t n = strlen(path);

	return !strncmp(path, "log/", 4) && n > 4
	       && !strcmp(path + n - 4, ".seg");
}

/* The log's bytes that are here stand as they are in what came. */
static int same_log(struct receive *c)
{
	char had[FILE_PATH_MAX], now[FILE_PATH_MAX];
	uint8_t a[32], b[32];
	uint64_t n;

	for (size_t i = 0; i < c->set.had.n; i++) {
		const char *path = c->set.had.f[i].path;
		int r;

		if (!is_segment(path) && !strstr(path, "/heads/"))
			continue;
		if (file_path(had, c->set.last_dir, path, NULL) < 0
		    || file_path(now, c->set.partial, path, NULL) < 0)
			return err_set(c->e, ERR_RANGE, "path is too long");
		r = copyset_hash(had, UINT64_MAX, -1, a, &n, c->e);
		if (r < 0)
			return r;
		if (copyset_hash(now, n, -1, b, &n, c->e) < 0
		    || memcmp(a, b, 32))
			return err_set(c->e, ERR_DENIED, "'%s' would overwrite "
				       "what is here", path);
	}
	return 0;
}

static int check_all(struct receive *c)
{
	struct vault *v = NULL;
	uint8_t root[32];
	int r = backup_check(c->set.partial, 1, c->e);

	if (r == 0)
		r = vault_open(c->set.partial, VAULT_READ, NULL, &v, c->e);
	if (r == 0 && (strcmp(vault_shard_at(v, 0)->vkey, c->set.vkey)
		       || vault_size(v) != c->size
		       || vault_root(v, c->size, root) < 0
		       || memcmp(root, c->root, 32)))
		r = err_set(c->e, ERR_DENIED, "what came does not fit its head");
	if (r == 0)
		r = copyset_follows(&c->set, v, c->e);
	if (r == 0)
		r = same_log(c);
	vault_close(v);
	return r == ERR_DAMAGED || r == 1 ? ERR_DENIED : r;
}

/* Every directory a vault has; which shards there are, the list tells. */
static int make_dirs(struct receive *c)
{
	static const char *const tops[] = { "admin/x", "audit/x", "cases/x" };
	char rel[FILE_PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < 3; i++)
		r = copyset_mkdirs(c->set.partial, tops[i], c->e);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const char *slash = strrchr(c->f[i].path, '/');

		if (!is_segment(c->f[i].path) || !slash)
			continue;
		snprintf(rel, sizeof rel, "%.*s/heads/x",
			 (int)(slash - c->f[i].path), c->f[i].path);
		r = copyset_mkdirs(c->set.partial, rel, c->e);
	}
	return r;
}

static int receive(struct receive *c)
{
	struct mirror_head h;
	uint8_t have[8];
	int r;

	put_be64(have, c->set.last);
	r = mirror_put(c->out, MIRROR_HAVE, BYTES(have, sizeof have), c->e);
	if (r == 0)
		r = mirror_want(c->in, MIRROR_HEAD, &c->m, c->e);
	if (r == 0 && mirror_head_get(buf_view(&c->m), &h) < 0)
		r = err_set(c->e, ERR_CHILD, "the peer sends no head");
	if (r == 0)
		r = judge_head(c, &h);
	if (r == 0 && c->size == c->set.last) {
		c->rep->nothing_new = 1;
		return 0;
	}
	if (r == 0)
		r = take_list(c);
	if (r == 0)
		r = copyset_begin(&c->set, 1, c->e);
	if (r == 0)
		r = sweep(c, "", 0);
	if (r == 0)
		r = make_dirs(c);
	for (uint32_t i = 0; r == 0 && i < c->n; i++) {
		r = take_file(c, i);
		if (r == 0)
			r = copyset_add(&c->set, c->f[i].path, c->f[i].sha256,
					c->e);
	}
	if (r == 0) {
		r = check_all(c);
		/* What is refused is not resumed. */
		if (r == ERR_DENIED)
			copyset_remove(c->set.partial, NULL);
	}
	c->rep->files = c->n;
	return r == 0 ? copyset_finish(&c->set, c->size, BYTES(NULL, 0), c->e)
		      : r;
}

int mirror_receive(const char *dir, const char *vkey, int in, int out,
		   struct mirror_report *rep, struct err *e)
{
	struct receive *c = calloc(1, sizeof *c);
	size_t n = strlen(MIRROR_VERSION);
	char first[VAULT_VKEY_MAX];
	uint8_t size[8];
	int r, open = 0;

	memset(rep, 0, sizeof *rep);
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a mirror");
	c->m = (struct buf)BUF_INIT(MIRROR_MESSAGE_MAX + 1);
	c->in = in;
	c->out = out;
	c->rep = rep;
	c->e = e;
	c->set.lock_fd = -1;
	r = mirror_want(in, MIRROR_HELLO, &c->m, e);
	if (r == 0 && (c->m.len <= n || memcmp(c->m.p, MIRROR_VERSION, n)
		       || c->m.len - n >= sizeof first
		       || memchr(c->m.p, '\n', c->m.len)))
		r = err_set(e, ERR_CHILD, "the peer speaks another language");
	if (r < 0)
		goto out;
	memcpy(first, c->m.p + n, c->m.len - n);
	first[c->m.len - n] = '\0';
	if (vkey && strcmp(vkey, first) != 0)
		r = err_set(e, ERR_DENIED, "this is not the log that is "
			    "expected here");
	if (r == 0)
		r = copyset_open(dir, first, 1, &c->set, e);
	open = r == 0;
	if (r == 0)
		r = receive(c);
	if (r == 0) {
		rep->size = c->size;
		put_be64(size, c->size);
		r = mirror_put(out, MIRROR_DONE, BYTES(size, 8), e);
	} else if (r != ERR_CHILD) {
		mirror_put(out, MIRROR_REFUSE, bytes_str(e->text), NULL);
	}
out:
	if (open)
		copyset_close(&c->set);
	copyset_list_release(&c->want);
	buf_release(&c->m);
	free(c->f);
	free(c);
	return r;
}

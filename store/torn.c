/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Setting bytes aside: what recovery cuts goes to log/<shard>/torn/ first, under
 * the name of its hash, and only when it is durable there is it cut.
 */
#include "store/vault_int.h"
#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)
#define DEPTH_MAX 5		/* directories below each other in a vault */

/* Go through [off, size) of fd: hash it, or copy it to out (>= 0). */
static int pass(int fd, uint64_t off, uint64_t size, int out, uint8_t *piece,
		uint8_t hash[static SHA256_LEN], struct err *e)
{
	struct sha256 h = { NULL };
	uint64_t done = 0;
	int r = sha256_init(&h);

	if (r < 0)
		return err_set(e, r, "no memory for a hash");
	while (r == 0 && off + done < size) {
		uint64_t left = size - off - done;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		r = file_pread_all(fd, piece, n, off + done, e);
		if (r == 0 && out >= 0)
			r = vio_write(out, piece, n, done, e);
		if (r == 0)
			sha256_update(&h, BYTES(piece, n));
		done += n;
	}
	sha256_final(&h, hash);
	sha256_release(&h);
	return r;
}

static int copy_aside(struct vault *v, int fd, uint64_t off, uint64_t size,
		      struct err *e)
{
	char name[2 * SHA256_LEN + 8], path[FILE_PATH_MAX], tmp[FILE_PATH_MAX];
	uint8_t hash[SHA256_LEN], again[SHA256_LEN];
	uint8_t *piece = malloc(PIECE);
	int out = -1, r;

	if (!piece)
		return err_set(e, ERR_NOMEM, "no memory to copy");
	r = pass(fd, off, size, -1, piece, hash, e);
	if (r < 0)
		goto out;
	hex_str(name, hash, sizeof hash);
	memcpy(name + 2 * SHA256_LEN, ".torn", 6);
	r = file_path(path, v->log.dir, "torn", name, NULL);
	if (r == 0)
		r = file_path(tmp, v->log.dir, "torn", "part.tmp", NULL);
	if (r < 0) {
		err_set(e, r, "path '%s' is too long", v->path);
		goto out;
	}
	r = vio_unlink(tmp, e);
	if (r == 0)
		r = vio_create(tmp, &out, e);
	if (r == 0)
		r = pass(fd, off, size, out, piece, again, e);
	if (r == 0 && memcmp(hash, again, sizeof hash))
		r = err_set(e, ERR_IO, "file changed while it was copied");
	if (r == 0)
		r = vio_sync(out, e);
	/* The same bytes may lie there from an interrupted recovery. */
	if (r == 0)
		r = vio_rename(tmp, path, e);
out:
	if (out >= 0)
		close(out);
	free(piece);
	return r;
}

int torn_cut(struct vault *v, const char *path, uint64_t off, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = err_errno(e, "cannot open '%s'", path);
		goto out;
	}
	if (off < (uint64_t)st.st_size)
		r = copy_aside(v, fd, off, (uint64_t)st.st_size, e);
	if (r < 0)
		goto out;
	if (off == 0) {
		r = vio_unlink(path, e);
	} else if (off < (uint64_t)st.st_size) {
		r = vio_truncate(fd, off, e);
		if (r == 0)
			r = vio_sync(fd, e);
	}
out:
	if (fd >= 0)
		close(fd);
	return r;
}

/* vouched: paths of externals, each with its NUL. */
static int is_vouched(const struct vault *v, const struct buf *vouched,
		      const char *name)
{
	char path[FILE_PATH_MAX];

	if (file_path(path, "log", vault_shard(v), "torn", name, NULL) < 0)
		return 0;
	for (size_t at = 0; at < vouched->len;) {
		const char *p = (const char *)vouched->p + at;

		if (!strcmp(p, path))
			return 1;
		at += strlen(p) + 1;
	}
	return 0;
}

/*
 * Tell of every torn file that no leaf speaks of yet: those cut just now, and
 * those of a recovery that did not come to write its leaf.
 */
int torn_report(struct vault *v, const struct buf *vouched, struct err *e)
{
	struct vault_recovery *rec = &v->rec;
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
	char **names;
	int r = file_path(dir, v->log.dir, "torn", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		uint64_t size = 0;

		if (strlen(*p) != 2 * SHA256_LEN + 5
		    || is_vouched(v, vouched, *p))
			continue;
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = file_size(path, &size, e);
		if (rec->torn_files < sizeof rec->names / sizeof *rec->names)
			snprintf(rec->names[rec->torn_files],
				 sizeof *rec->names, "%s", *p);
		rec->torn_files++;
		rec->torn_bytes += size;
	}
	free(names);
	return r;
}

/* "x.tmp", "x.tmp123", "x.new": what an interrupted replacement leaves. */
static int is_leftover(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot)
		return 0;
	if (!strcmp(dot, ".new"))
		return 1;
	return !strncmp(dot, ".tmp", 4)
	       && strspn(dot + 4, "0123456789") == strlen(dot + 4);
}

static int sweep(const char *dir, unsigned depth, struct err *e)
{
	char path[FILE_PATH_MAX];
	char **names;
	int r = file_list(dir, &names, NULL, e);

	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		struct stat st;

		if (file_path(path, dir, *p, NULL) < 0
		    || lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			r = sweep(path, depth + 1, e);
		else if (S_ISREG(st.st_mode) && is_leftover(*p))
			r = vio_unlink(path, e);
	}
	free(names);
	return r;
}

/* Remove files that were about to replace others and did not come to it. */
int torn_sweep(struct vault *v, struct err *e)
{
	return sweep(v->path, 0, e);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static vio_hook hook;
static void *hook_arg;

void vio_set_hook(vio_hook fn, void *arg)
{
	hook = fn;
	hook_arg = arg;
}

/* 0 to go on; else errno is set. */
static int ask(enum vio_op op, int fd, const char *path, uint64_t off,
	       const void *p, size_t *n)
{
	int r = hook ? hook(hook_arg, op, fd, path, off, p, n) : 0;

	if (r)
		errno = r;
	return r;
}

static int write_at(int fd, const uint8_t *p, size_t n, uint64_t off)
{
	while (n > 0) {
		ssize_t w = pwrite(fd, p, n, (off_t)off);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			if (w == 0)
				errno = ENOSPC;
			return -1;
		}
		p += w;
		off += (uint64_t)w;
		n -= (size_t)w;
	}
	return 0;
}

int vio_write(int fd, const void *p, size_t n, uint64_t off, struct err *e)
{
	size_t part = n;
	int fail = ask(VIO_WRITE, fd, NULL, off, p, &part);

	if (fail) {
		if (part < n)
			write_at(fd, p, part, off);
		errno = fail;
		return err_errno(e, "cannot write");
	}
	return write_at(fd, p, n, off) < 0 ? err_errno(e, "cannot write") : 0;
}

void vio_start(int fd, uint64_t off, size_t n)
{
	/* A hint; what goes wrong is for the sync to find. */
	(void)sync_file_range(fd, (off_t)off, (off_t)n, SYNC_FILE_RANGE_WRITE);
}

int vio_sync(int fd, struct err *e)
{
	if (ask(VIO_SYNC, fd, NULL, 0, NULL, NULL))
		return err_errno(e, "cannot sync");
	return file_sync(fd, e);
}

int vio_sync_dir(const char *path, struct err *e)
{
	if (ask(VIO_SYNC_DIR, -1, path, 0, NULL, NULL))
		return err_errno(e, "cannot sync directory '%s'", path);
	return file_sync_dir(path, e);
}

int vio_sync_parent(const char *path, struct err *e)
{
	char dir[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n;

	if (!slash)
		return vio_sync_dir(".", e);
	n = (size_t)(slash - path);
	if (n == 0)
		n = 1;
	memcpy(dir, path, n);
	dir[n] = 0;
	return vio_sync_dir(dir, e);
}

int vio_truncate(int fd, uint64_t size, struct err *e)
{
	if (ask(VIO_TRUNCATE, fd, NULL, size, NULL, NULL)
	    || ftruncate(fd, (off_t)size) < 0)
		return err_errno(e, "cannot cut");
	return 0;
}

int vio_unlink(const char *path, struct err *e)
{
	if (ask(VIO_UNLINK, -1, path, 0, NULL, NULL)
	    || (unlink(path) < 0 && errno != ENOENT))
		return err_errno(e, "cannot remove '%s'", path);
	return vio_sync_parent(path, e);
}

int vio_rename(const char *from, const char *to, struct err *e)
{
	if (ask(VIO_RENAME, -1, to, 0, from, NULL) || rename(from, to) < 0)
		return err_errno(e, "cannot create '%s'", to);
	return vio_sync_parent(to, e);
}

int vio_mkdir(const char *path, struct err *e)
{
	if (ask(VIO_MKDIR, -1, path, 0, NULL, NULL))
		return err_errno(e, "cannot create directory '%s'", path);
	return file_mkdir(path, e);
}

int vio_create(const char *path, int *fd_out, struct err *e)
{
	int fd, r;

	if (ask(VIO_CREATE, -1, path, 0, NULL, NULL))
		return err_errno(e, "cannot create '%s'", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return errno == EEXIST
		       ? err_set(e, ERR_EXIST, "'%s' exists already", path)
		       : err_errno(e, "cannot create '%s'", path);
	r = vio_sync_parent(path, e);
	if (r < 0) {
		close(fd);
		return r;
	}
	*fd_out = fd;
	return 0;
}

static int put_new(const char *path, struct bytes content, struct err *e)
{
	char tmp[FILE_PATH_MAX];
	int fd, r;

	if (snprintf(tmp, sizeof tmp, "%s.tmp", path) >= (int)sizeof tmp)
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	if (ask(VIO_CREATE, -1, tmp, 0, NULL, NULL))
		return err_errno(e, "cannot create '%s'", tmp);
	fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return err_errno(e, "cannot create '%s'", tmp);
	r = vio_write(fd, content.p, content.len, 0, e);
	if (r == 0)
		r = vio_sync(fd, e);
	close(fd);
	if (r == 0)
		r = vio_rename(tmp, path, e);
	if (r < 0)
		unlink(tmp);
	return r;
}

int vio_put(const char *path, struct bytes content, struct err *e)
{
	struct buf old = BUF_INIT(content.len + 1);
	int r;

	if (!file_exists(path))
		return put_new(path, content, e);
	r = file_read(path, &old, e);
	if (r == ERR_LIMIT
	    || (r == 0 && !bytes_eq(buf_view(&old), content)))
		r = err_set(e, ERR_EXIST, "'%s' exists already", path);
	buf_release(&old);
	return r < 0 ? r : vio_sync_parent(path, e);
}

int vio_replace(const char *path, struct bytes content, struct err *e)
{
	return put_new(path, content, e);
}

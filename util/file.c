/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_fd(int fd, const char *path, struct buf *out, struct err *e)
{
	for (;;) {
		size_t room = out->max - out->len;
		uint8_t one;
		uint8_t *to;
		ssize_t n;

		if (room > 65536)
			room = 65536;
		if (room == 0) {
			n = read(fd, &one, 1);
			if (n > 0)
				return err_set(e, ERR_LIMIT,
					       "'%s' is larger than %zu bytes",
					       path, out->max);
		} else {
			to = buf_room(out, room);
			if (!to)
				return err_set(e, out->failed,
					       "no memory to read '%s'", path);
			n = read(fd, to, room);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, "cannot read '%s'", path);
		if (n == 0)
			return 0;
		out->len += (size_t)n;
	}
}

int file_read(const char *path, struct buf *out, struct err *e)
{
	int fd, r;

	if (!strcmp(path, "-"))
		return read_fd(STDIN_FILENO, "standard input", out, e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = errno == ENOENT ? ERR_NOENT : ERR_IO;
		err_errno(e, "cannot open '%s'", path);
		if (e)
			e->code = r;
		return r;
	}
	r = read_fd(fd, path, out, e);
	close(fd);
	return r;
}

int file_write_all(int fd, const void *p, size_t n, struct err *e)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_errno(e, "cannot write");
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

int file_pread_all(int fd, void *p, size_t n, uint64_t off, struct err *e)
{
	uint8_t *to = p;

	while (n > 0) {
		ssize_t r = pread(fd, to, n, (off_t)off);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(e, "cannot read");
		if (r == 0)
			return err_set(e, ERR_DAMAGED,
				       "file ends at %llu, %zu bytes short",
				       (unsigned long long)off, n);
		to += r;
		off += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

int file_sync(int fd, struct err *e)
{
	return fdatasync(fd) < 0 ? err_errno(e, "cannot sync") : 0;
}

int file_sync_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return err_errno(e, "cannot open directory '%s'", path);
	if (fsync(fd) < 0)
		r = err_errno(e, "cannot sync directory '%s'", path);
	close(fd);
	return r;
}

static int sync_parent(const char *path, struct err *e)
{
	char dir[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return file_sync_dir(".", e);
	if (slash == path)
		return file_sync_dir("/", e);
	snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
	return file_sync_dir(dir, e);
}

static int put(const char *path, struct bytes content, mode_t mode, int fresh,
	       struct err *e)
{
	char tmp[FILE_PATH_MAX];
	int fd, r;

	if (snprintf(tmp, sizeof tmp, "%s.tmp%ld", path, (long)getpid())
	    >= (int)sizeof tmp)
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return err_errno(e, "cannot create '%s'", tmp);
	r = file_write_all(fd, content.p, content.len, e);
	if (r == 0)
		r = file_sync(fd, e);
	if (close(fd) < 0 && r == 0)
		r = err_errno(e, "cannot close '%s'", tmp);
	if (r == 0 && fresh && link(tmp, path) < 0)
		r = errno == EEXIST
		    ? err_set(e, ERR_EXIST, "'%s' exists already", path)
		    : err_errno(e, "cannot create '%s'", path);
	if (r == 0 && !fresh && rename(tmp, path) < 0)
		r = err_errno(e, "cannot replace '%s'", path);
	if (r < 0 || fresh)
		unlink(tmp);
	return r < 0 ? r : sync_parent(path, e);
}

int file_replace(const char *path, struct bytes content, mode_t mode,
		 struct err *e)
{
	return put(path, content, mode, 0, e);
}

int file_create(const char *path, struct bytes content, mode_t mode,
		struct err *e)
{
	return put(path, content, mode, 1, e);
}

int file_mkdir(const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return sync_parent(path, e);
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_errno(e, "cannot create directory '%s'", path);
}

int file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

int file_size(const char *path, uint64_t *out, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		int r = errno == ENOENT ? ERR_NOENT : ERR_IO;

		err_errno(e, "cannot look at '%s'", path);
		if (e)
			e->code = r;
		return r;
	}
	*out = (uint64_t)st.st_size;
	return 0;
}

int file_path(char out[static FILE_PATH_MAX], ...)
{
	va_list ap;
	const char *part;
	size_t len = 0;

	va_start(ap, out);
	while ((part = va_arg(ap, const char *)) != NULL) {
		size_t n = strlen(part);

		if (len + n + 2 > FILE_PATH_MAX) {
			va_end(ap);
			return ERR_RANGE;
		}
		if (len && out[len - 1] != '/')
			out[len++] = '/';
		memcpy(out + len, part, n);
		len += n;
	}
	va_end(ap);
	out[len] = 0;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_list(const char *path, char ***names_out, size_t *count_out,
	      struct err *e)
{
	struct buf text = BUF_INIT(64u << 20);
	struct dirent *d;
	size_t count = 0;
	char **names;
	char *at;
	DIR *dir;
	int r = 0;

	dir = opendir(path);
	if (!dir) {
		r = errno == ENOENT ? ERR_NOENT : ERR_IO;
		err_errno(e, "cannot open directory '%s'", path);
		if (e)
			e->code = r;
		return r;
	}
	for (errno = 0; (d = readdir(dir)) != NULL; errno = 0) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		buf_add(&text, d->d_name, strlen(d->d_name) + 1);
		count++;
	}
	if (errno)
		r = err_errno(e, "cannot read directory '%s'", path);
	closedir(dir);
	if (r == 0 && text.failed)
		r = err_set(e, text.failed, "directory '%s' is too long", path);
	if (r < 0)
		goto out;
	names = malloc((count + 1) * sizeof *names + text.len);
	if (!names) {
		r = err_set(e, ERR_NOMEM, "no memory to list '%s'", path);
		goto out;
	}
	at = (char *)(names + count + 1);
	if (text.len)
		memcpy(at, text.p, text.len);
	for (size_t i = 0; i < count; i++) {
		names[i] = at;
		at += strlen(at) + 1;
	}
	names[count] = NULL;
	qsort(names, count, sizeof *names, by_bytes);
	*names_out = names;
	if (count_out)
		*count_out = count;
out:
	buf_release(&text);
	return r;
}

int file_lock(const char *path, int *fd_out, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(e, "cannot open lock '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = errno == EWOULDBLOCK
			? err_set(e, ERR_BUSY,
				  "another process is writing ('%s' is locked)",
				  path)
			: err_errno(e, "cannot lock '%s'", path);

		close(fd);
		return r;
	}
	*fd_out = fd;
	return 0;
}

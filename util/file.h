/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Files: whole reads with a cap, durable writes, directories, locks.
 *
 * Every write here either is on the disk when the call returns 0, or the call
 * says otherwise.  A failed sync is never retried: the kernel may already have
 * dropped the dirty pages.
 */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include "util/buf.h"
#include "util/err.h"

#include <sys/types.h>

#define FILE_PATH_MAX 4096

/*
 * file_read - append a whole regular file to out
 *   path   "-" is standard input
 *   out    its cap is the limit: a larger file is ERR_LIMIT
 * Returns 0, ERR_NOENT, ERR_LIMIT, ERR_NOMEM or ERR_IO.
 */
int file_read(const char *path, struct buf *out, struct err *e);

/* file_write_all - write n bytes at the file position; EINTR is retried */
int file_write_all(int fd, const void *p, size_t n, struct err *e);

/* file_pread_all - read exactly n bytes at off; a short file is ERR_DAMAGED */
int file_pread_all(int fd, void *p, size_t n, uint64_t off, struct err *e);

/* file_sync - fdatasync; ERR_IO means: stop writing, never call it again */
int file_sync(int fd, struct err *e);

/* file_sync_dir - make the names in a directory durable */
int file_sync_dir(const char *path, struct err *e);

/*
 * file_replace - durably put bytes under a name, old or new content, never half
 *   (temporary file beside it, fdatasync, rename, directory sync)
 *   mode   permission bits of the new file, e.g. 0600
 */
int file_replace(const char *path, struct bytes content, mode_t mode,
		 struct err *e);

/* file_create - the same, but ERR_EXIST when the name is taken */
int file_create(const char *path, struct bytes content, mode_t mode,
		struct err *e);

/* file_mkdir - create a directory (0700) and make its name durable; an
 * existing directory is fine */
int file_mkdir(const char *path, struct err *e);

/* file_exists - 1 or 0 (also 0 when it cannot be told) */
int file_exists(const char *path);

/* file_size - bytes in out; ERR_NOENT or ERR_IO */
int file_size(const char *path, uint64_t *out, struct err *e);

/*
 * file_path - join with "/" into out (FILE_PATH_MAX bytes); the list of parts
 * ends with NULL.  Returns 0 or ERR_RANGE.
 */
int file_path(char out[static FILE_PATH_MAX], ...);

/*
 * file_list - the names in a directory, sorted by bytes, without . and ..
 *   names_out  NULL-ended array, one allocation: the caller frees it
 *   count_out  may be NULL
 * Returns 0, ERR_NOENT, ERR_NOMEM or ERR_IO.
 */
int file_list(const char *path, char ***names_out, size_t *count_out,
	      struct err *e);

/*
 * file_lock - take the exclusive flock of a file (created 0600), no waiting
 *   fd_out  keep it open as long as the lock is held
 * Returns 0, ERR_BUSY (another process holds it) or ERR_IO.
 */
int file_lock(const char *path, int *fd_out, struct err *e);

#endif

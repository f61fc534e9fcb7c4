/* SPDX-License-Identifier: EUPL-1.2 */
/* A folder as one ZIP in memory: what was handed over is sealed as one file. */
#include "cases/import.h"

#include "util/file.h"
#include "util/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define DEPTH_MAX 8
#define FILES_MAX 12000
#define NAME_BYTES_MAX 1000
#define FLAG_UTF8 0x800
#define DATE_1980 0x21

struct found {
	char *name;		/* below the folder, '/' between */
};

struct packing {
	struct found *file;
	size_t n, size;
};

static void le16(struct buf *b, unsigned v)
{
	buf_addc(b, (uint8_t)v);
	buf_addc(b, (uint8_t)(v >> 8));
}

static void le32(struct buf *b, uint32_t v)
{
	le16(b, v & 0xffff);
	le16(b, v >> 16);
}

static int add_name(struct packing *p, const char *name, struct err *e)
{
	struct found *more;

	if (p->n == FILES_MAX)
		return err_set(e, ERR_LIMIT, "the folder holds more than %d "
			       "files", FILES_MAX);
	if (p->n == p->size) {
		p->size = p->size ? 2 * p->size : 256;
		more = realloc(p->file, p->size * sizeof *more);
		if (!more)
			return err_set(e, ERR_NOMEM, "no memory for a folder");
		p->file = more;
	}
	p->file[p->n].name = strdup(name);
	if (!p->file[p->n].name)
		return err_set(e, ERR_NOMEM, "no memory for a folder");
	p->n++;
	return 0;
}

static int walk(struct packing *p, int dir, const char *below, unsigned depth,
		struct err *e);

/* one - an entry of a folder; dir is its folder */
static int one(struct packing *p, int dir, const char *below, const char *name,
	       unsigned depth, struct err *e)
{
	char path[NAME_BYTES_MAX + 1];
	struct stat st;
	int fd, r;

	if (strlen(below) + strlen(name) + 1 > NAME_BYTES_MAX ||
	    !utf8_valid(bytes_str(name)))
		return err_set(e, ERR_LIMIT, "a name in the folder is too long "
			       "or no text");
	snprintf(path, sizeof path, "%s%s%s", below, *below ? "/" : "", name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, "cannot look at '%s'", path);
	if (S_ISREG(st.st_mode))
		return add_name(p, path, e);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_FORMAT, "'%s' is neither a file nor a "
			       "folder", path);
	if (depth == DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "folders are nested deeper than "
			       "%d", DEPTH_MAX);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "cannot open '%s'", path);
	r = walk(p, fd, path, depth + 1, e);
	return r;
}

/* walk - everything below; takes over dir.  Depth is bounded by DEPTH_MAX. */
static int walk(struct packing *p, int dir, const char *below, unsigned depth,
		struct err *e)
{
	DIR *d = fdopendir(dir);
	const struct dirent *entry;
	int r = 0;

	if (!d) {
		r = err_errno(e, "cannot read '%s'", below);
		close(dir);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = one(p, dirfd(d), below, entry->d_name, depth, e);
	if (r == 0 && errno)
		r = err_errno(e, "cannot read '%s'", below);
	closedir(d);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* header - what local header and directory entry have in common */
static void header(struct buf *b, const char *name, uint32_t crc, uint32_t len)
{
	le16(b, FLAG_UTF8);
	le16(b, 0);		/* stored */
	le16(b, 0);
	le16(b, DATE_1980);
	le32(b, crc);
	le32(b, len);
	le32(b, len);
	le16(b, (unsigned)strlen(name));
	le16(b, 0);		/* no extra field */
}

static int put(int dir, const char *name, struct buf *out, struct buf *list,
	       struct err *e)
{
	const uint32_t at = (uint32_t)out->len;
	struct buf b = BUF_INIT(out->max);
	char path[64];
	uint32_t crc;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		return err_errno(e, "cannot open '%s'", name);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	r = file_read(path, &b, e);
	close(fd);
	if (r == 0) {
		crc = (uint32_t)crc32_z(0, b.p, b.len);
		le32(out, 0x04034b50);
		le16(out, 10);
		header(out, name, crc, (uint32_t)b.len);
		buf_adds(out, name);
		buf_addb(out, buf_view(&b));
		le32(list, 0x02014b50);
		le16(list, 10);
		le16(list, 10);
		header(list, name, crc, (uint32_t)b.len);
		le16(list, 0);	/* comment, disk, attributes */
		le16(list, 0);
		le16(list, 0);
		le32(list, 0);
		le32(list, at);
		buf_adds(list, name);
		if (out->failed || list->failed)
			r = err_set(e, ERR_LIMIT, "the folder holds more than "
				    "%zu bytes", out->max);
	}
	buf_release(&b);
	return r;
}

int import_pack(const char *folder, struct buf *out, struct err *e)
{
	struct buf list = BUF_INIT(out->max);
	struct packing p = { NULL, 0, 0 };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	uint32_t at;

	if (dir < 0)
		return err_errno(e, "cannot open '%s'", folder);
	r = walk(&p, fcntl(dir, F_DUPFD_CLOEXEC, 0), "", 0, e);
	if (r == 0 && p.n)
		qsort(p.file, p.n, sizeof *p.file, by_name);
	for (size_t i = 0; r == 0 && i < p.n; i++)
		r = put(dir, p.file[i].name, out, &list, e);
	at = (uint32_t)out->len;
	buf_addb(out, buf_view(&list));
	le32(out, 0x06054b50);
	le32(out, 0);
	le16(out, (unsigned)p.n);
	le16(out, (unsigned)p.n);
	le32(out, (uint32_t)list.len);
	le32(out, at);
	le16(out, 0);
	if (r == 0 && (out->failed || list.failed))
		r = err_set(e, ERR_LIMIT, "the folder holds more than %zu bytes",
			    out->max);
	for (size_t i = 0; i < p.n; i++)
		free(p.file[i].name);
	free(p.file);
	buf_release(&list);
	close(dir);
	return r;
}

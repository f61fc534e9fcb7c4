/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/unzip.h"

#include "util/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMBERS_MAX 1000000u
#define FAR 0xffffffffull
#define FLAG_UTF8 0x0800u
#define DATED (0x0021ull << 16)		/* 1980-01-01 00:00 */

struct unzip {
	uint8_t *map;
	uint64_t len;
	struct unzip_member *members;	/* in file order */
	const struct unzip_member **sorted;	/* by name */
	size_t count;
	char *names;
};

static uint64_t le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

struct directory {
	uint64_t at, len, count;
	uint64_t end;		/* where the end records begin */
};

/* The end records stand exactly at the end: our bundles have no comment. */
static int find_directory(const struct unzip *z, struct directory *d,
			  struct err *e)
{
	const uint8_t *p = z->map + z->len - 22, *q;
	uint64_t at;

	if (z->len < 22 || le(p, 4) != 0x06054b50 || le(p + 4, 4) != 0
	    || le(p + 8, 2) != le(p + 10, 2) || le(p + 20, 2) != 0)
		return err_set(e, ERR_FORMAT,
			       "no ZIP end record in the last 22 bytes");
	d->count = le(p + 10, 2);
	d->len = le(p + 12, 4);
	d->at = le(p + 16, 4);
	d->end = z->len - 22;
	if (d->count == 0xffff || d->len == FAR || d->at == FAR) {
		if (z->len < 22 + 20 + 56 || le(p - 20, 4) != 0x07064b50)
			return err_set(e, ERR_FORMAT, "no ZIP64 locator");
		at = le(p - 20 + 8, 8);
		if (at != z->len - 22 - 20 - 56)
			return err_set(e, ERR_FORMAT,
				       "ZIP64 end record is not where it should be");
		q = z->map + at;
		if (le(q, 4) != 0x06064b50 || le(q + 4, 8) != 44
		    || le(q + 12, 4) != (0x0300u | 45 | 45u << 16)
		    || le(q + 16, 8) != 0 || le(q + 24, 8) != le(q + 32, 8))
			return err_set(e, ERR_FORMAT, "bad ZIP64 end record");
		d->count = le(q + 32, 8);
		d->len = le(q + 40, 8);
		d->at = le(q + 48, 8);
		d->end = at;
	}
	if (d->at > d->end || d->len != d->end - d->at)
		return err_set(e, ERR_FORMAT,
			       "ZIP directory does not end where it should");
	if (d->count > MEMBERS_MAX || d->count > d->len / 46)
		return err_set(e, ERR_LIMIT, "too many members");
	return 0;
}

/* extra64 - take what the 32-bit fields leave to the ZIP64 field */
static int extra64(const uint8_t *x, size_t len, uint64_t *size,
		   uint64_t *packed, uint64_t *offset)
{
	size_t want = (*size == FAR ? 8u : 0) + (*packed == FAR ? 8u : 0)
		      + (offset && *offset == FAR ? 8u : 0);

	if (want == 0)
		return len == 0 ? 0 : ERR_FORMAT;
	if (len != want + 4 || le(x, 2) != 1 || le(x + 2, 2) != want)
		return ERR_FORMAT;
	x += 4;
	if (*size == FAR) {
		*size = le(x, 8);
		x += 8;
	}
	if (*packed == FAR) {
		*packed = le(x, 8);
		x += 8;
	}
	if (offset && *offset == FAR)
		*offset = le(x, 8);
	return 0;
}

static int name_ok(struct bytes n)
{
	if (n.len == 0 || n.len > 255 || n.p[0] == '/' || !utf8_valid(n))
		return 0;
	for (size_t i = 0; i < n.len; i++)
		if (n.p[i] < 0x20 || n.p[i] == '\\'
		    || (n.p[i] == '.' && i + 1 < n.len && n.p[i + 1] == '.'))
			return 0;
	return 1;
}

/* The local header must say what the directory says. */
static int check_local(const struct unzip *z, struct unzip_member *m,
		       struct bytes name, uint64_t dir_at, uint64_t *end)
{
	const uint8_t *p = z->map + m->offset;
	uint64_t size, packed, extra;

	if (m->offset + 30 > dir_at || le(p, 4) != 0x04034b50)
		return ERR_FORMAT;
	if ((le(p + 4, 2) != 20 && le(p + 4, 2) != 45)
	    || le(p + 6, 2) != FLAG_UTF8 || le(p + 10, 4) != DATED)
		return ERR_FORMAT;
	size = le(p + 22, 4);
	packed = le(p + 18, 4);
	extra = le(p + 28, 2);
	if (le(p + 26, 2) != name.len
	    || m->offset + 30 + name.len + extra > dir_at
	    || memcmp(p + 30, name.p, name.len) != 0
	    || le(p + 8, 2) != m->method
	    || le(p + 14, 4) != m->crc
	    || extra64(p + 30 + name.len, extra, &size, &packed, NULL) < 0
	    || size != m->size || packed != m->packed)
		return ERR_FORMAT;
	m->at = m->offset + 30 + name.len + extra;
	if (packed > dir_at - m->at
	    || (m->method == 0 && m->size != m->packed))
		return ERR_FORMAT;
	*end = m->at + packed;
	return 0;
}

static int read_directory(struct unzip *z, const struct directory *d,
			  struct err *e)
{
	uint64_t at = d->at, expect = 0;
	char *to = z->names;

	for (size_t i = 0; i < d->count; i++) {
		struct unzip_member *m = &z->members[i];
		const uint8_t *p = z->map + at;
		uint64_t nlen, extra;

		if (d->end - at < 46 || le(p, 4) != 0x02014b50)
			return err_set(e, ERR_FORMAT,
				       "bad ZIP directory entry at %llu",
				       (unsigned long long)at);
		nlen = le(p + 28, 2);
		extra = le(p + 30, 2);
		m->method = (unsigned)le(p + 10, 2);
		m->crc = (uint32_t)le(p + 16, 4);
		m->packed = le(p + 20, 4);
		m->size = le(p + 24, 4);
		m->offset = le(p + 42, 4);
		if (d->end - at - 46 < nlen + extra
		    || le(p + 4, 2) != (0x0300 | 45)
		    || (le(p + 6, 2) != 20 && le(p + 6, 2) != 45)
		    || le(p + 8, 2) != FLAG_UTF8 || le(p + 12, 4) != DATED
		    || le(p + 32, 6) != 0
		    || le(p + 38, 4) != 0100644ull << 16
		    || (m->method != 0 && m->method != 8)
		    || !name_ok(BYTES(p + 46, nlen))
		    || extra64(p + 46 + nlen, extra, &m->size, &m->packed,
			       &m->offset) < 0)
			return err_set(e, ERR_FORMAT,
				       "bad ZIP directory entry at %llu",
				       (unsigned long long)at);
		if (m->offset != expect
		    || check_local(z, m, BYTES(p + 46, nlen), d->at, &expect) < 0)
			return err_set(e, ERR_FORMAT,
				       "ZIP member at %llu is not what the directory says",
				       (unsigned long long)m->offset);
		m->name = to;
		memcpy(to, p + 46, nlen);
		to[nlen] = 0;
		to += nlen + 1;
		z->sorted[i] = m;
		z->count++;
		at += 46 + nlen + extra;
	}
	if (at != d->end || expect != d->at)
		return err_set(e, ERR_FORMAT, "bytes at %llu belong to no member",
			       (unsigned long long)(at != d->end ? at : expect));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct unzip_member *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

int unzip_map(const char *path, struct unzip **out, struct err *e)
{
	struct unzip *z = calloc(1, sizeof *z);
	struct stat st;
	int fd = -1, r;

	if (!z)
		return err_set(e, ERR_NOMEM, "no memory for a bundle");
	z->map = MAP_FAILED;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = errno == ENOENT ? ERR_NOENT : ERR_IO;
		err_errno(e, "cannot open '%s'", path);
		if (e)
			e->code = r;
		goto out;
	}
	r = err_set(e, ERR_FORMAT, "'%s' is too short for a ZIP file", path);
	if (!S_ISREG(st.st_mode) || st.st_size < 22)
		goto out;
	z->len = (uint64_t)st.st_size;
	z->map = mmap(NULL, z->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (z->map == MAP_FAILED) {
		r = err_errno(e, "cannot map '%s'", path);
		goto out;
	}
	*out = z;
	z = NULL;
	r = 0;
out:
	if (fd >= 0)
		close(fd);
	unzip_close(z);
	return r;
}

uint64_t unzip_size(const struct unzip *z)
{
	return z->len;
}

int unzip_read(struct unzip *z, struct err *e)
{
	struct directory d = { 0, 0, 0, 0 };
	int r = find_directory(z, &d, e);

	if (r < 0)
		return r;
	z->members = calloc(d.count + 1, sizeof *z->members);
	z->sorted = calloc(d.count + 1, sizeof *z->sorted);
	z->names = malloc(d.len + 1);
	if (!z->members || !z->sorted || !z->names)
		return err_set(e, ERR_NOMEM, "no memory for a bundle's "
			       "directory");
	r = read_directory(z, &d, e);
	if (r < 0)
		return r;
	qsort(z->sorted, z->count, sizeof *z->sorted, by_name);
	for (size_t i = 1; i < z->count; i++)
		if (!strcmp(z->sorted[i - 1]->name, z->sorted[i]->name))
			return err_set(e, ERR_FORMAT, "two members are named "
				       "'%s'", z->sorted[i]->name);
	return 0;
}

int unzip_open(const char *path, struct unzip **out, struct err *e)
{
	struct unzip *z = NULL;
	int r = unzip_map(path, &z, e);

	if (r == 0)
		r = unzip_read(z, e);
	if (r < 0)
		unzip_close(z);
	else
		*out = z;
	return r;
}

void unzip_close(struct unzip *z)
{
	if (!z)
		return;
	if (z->map != MAP_FAILED)
		munmap(z->map, z->len);
	free(z->members);
	free(z->sorted);
	free(z->names);
	free(z);
}

size_t unzip_count(const struct unzip *z)
{
	return z->count;
}

const struct unzip_member *unzip_member(const struct unzip *z, size_t i)
{
	return &z->members[i];
}

const struct unzip_member *unzip_find(const struct unzip *z, const char *name)
{
	size_t lo = 0, hi = z->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(name, z->sorted[mid]->name);

		if (c == 0)
			return z->sorted[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

struct bytes unzip_stored(const struct unzip *z, const struct unzip_member *m)
{
	if (m->method != 0)
		return BYTES(NULL, 0);
	return BYTES(z->map + m->at, m->size);
}

int unzip_get(const struct unzip *z, const struct unzip_member *m,
	      struct buf *out, struct err *e)
{
	struct libdeflate_decompressor *d;
	enum libdeflate_result res = LIBDEFLATE_SUCCESS;
	size_t used = (size_t)m->packed;
	uint8_t *to;

	if (m->size > out->max - out->len)
		return err_set(e, ERR_RANGE, "'%s' is longer than %zu bytes",
			       m->name, out->max);
	to = buf_room(out, (size_t)m->size + 1);
	if (!to) {
		/* The cap may just fit; a spare byte is only a convenience. */
		out->failed = 0;
		to = buf_room(out, (size_t)m->size);
	}
	if (!to)
		return err_set(e, ERR_NOMEM, "no memory for '%s'", m->name);
	if (m->method == 0) {
		memcpy(to, z->map + m->at, (size_t)m->size);
	} else {
		d = libdeflate_alloc_decompressor();
		if (!d)
			return err_set(e, ERR_NOMEM, "no memory for '%s'",
				       m->name);
		res = libdeflate_deflate_decompress_ex(d, z->map + m->at,
						       (size_t)m->packed, to,
						       (size_t)m->size, &used,
						       NULL);
		libdeflate_free_decompressor(d);
	}
	if (res != LIBDEFLATE_SUCCESS || used != m->packed
	    || libdeflate_crc32(0, to, (size_t)m->size) != m->crc)
		return err_set(e, ERR_DAMAGED,
			       "'%s' at %llu does not unpack to what it should",
			       m->name, (unsigned long long)m->offset);
	out->len += (size_t)m->size;
	return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/zip.h"

#include "store/sha256.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMBERS_MAX 1000000u
#define DIRECTORY_MAX (1u << 30)
#define DOS_DATE 0x0021u	/* 1980-01-01 */
#define FLAG_UTF8 0x0800u
#define ZIP64_LIMIT 0xffffffffull

struct zip {
	int fd;
	char path[FILE_PATH_MAX];
	char tmp[FILE_PATH_MAX];
	uint64_t at;		/* bytes written so far */
	struct buf directory;	/* central directory, grown member by member */
	uint64_t members;
	struct sha256 sum;	/* of the member under way */
	char name[256];		/* of the member under way; empty: none */
	uint64_t begun;		/* where its local header stands */
	uint64_t size;		/* of its content so far */
	uint32_t crc;
};

static void put_le16(struct buf *b, uint64_t v)
{
	buf_addc(b, (uint8_t)v);
	buf_addc(b, (uint8_t)(v >> 8));
}

static void put_le32(struct buf *b, uint64_t v)
{
	put_le16(b, v);
	put_le16(b, v >> 16);
}

static void put_le64(struct buf *b, uint64_t v)
{
	put_le32(b, v);
	put_le32(b, v >> 32);
}

static int name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < 256 && name[0] != '/' && !strstr(name, "..")
	       && !strchr(name, '\\');
}

int zip_open(const char *path, struct zip **out, struct err *e)
{
	struct zip *z;

	if (file_exists(path))
		return err_set(e, ERR_EXIST, "'%s' exists already", path);
	z = calloc(1, sizeof *z);
	if (!z)
		return err_set(e, ERR_NOMEM, "no memory for a bundle");
	z->directory = (struct buf)BUF_INIT(DIRECTORY_MAX);
	z->fd = -1;
	if (sha256_init(&z->sum) < 0) {
		zip_discard(z);
		return err_set(e, ERR_NOMEM, "no memory for a bundle");
	}
	if (snprintf(z->path, sizeof z->path, "%s", path)
		    >= (int)sizeof z->path
	    || snprintf(z->tmp, sizeof z->tmp, "%s.tmp%ld", path,
			(long)getpid()) >= (int)sizeof z->tmp) {
		z->tmp[0] = 0;
		zip_discard(z);
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	}
	z->fd = open(z->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (z->fd < 0) {
		int r = err_errno(e, "cannot create '%s'", z->tmp);

		z->tmp[0] = 0;
		zip_discard(z);
		return r;
	}
	*out = z;
	return 0;
}

static int emit(struct zip *z, struct bytes b, struct err *e)
{
	int r = file_write_all(z->fd, b.p, b.len, e);

	if (r < 0)
		err_prefix(e, "'%s'", z->tmp);
	else
		z->at += b.len;
	return r;
}

/*
 * Local header.  The ZIP64 field is always there for parts of unknown size,
 * since its room must be reserved before the size is known.
 */
static void local_header(struct buf *b, const char *name, unsigned method,
			 uint32_t crc, uint64_t packed, uint64_t size, int z64)
{
	put_le32(b, 0x04034b50);
	put_le16(b, z64 ? 45 : 20);
	put_le16(b, FLAG_UTF8);
	put_le16(b, method);
	put_le16(b, 0);
	put_le16(b, DOS_DATE);
	put_le32(b, crc);
	put_le32(b, z64 ? ZIP64_LIMIT : packed);
	put_le32(b, z64 ? ZIP64_LIMIT : size);
	put_le16(b, strlen(name));
	put_le16(b, z64 ? 20 : 0);
	buf_adds(b, name);
	if (z64) {
		put_le16(b, 1);
		put_le16(b, 16);
		put_le64(b, size);
		put_le64(b, packed);
	}
}

static int directory_entry(struct zip *z, const char *name, unsigned method,
			   uint32_t crc, uint64_t packed, uint64_t size,
			   uint64_t offset, int z64, struct err *e)
{
	struct buf *b = &z->directory;
	int far = offset >= ZIP64_LIMIT;
	unsigned extra = (z64 ? 16u : 0) + (far ? 8u : 0);

	put_le32(b, 0x02014b50);
	put_le16(b, 0x0300 | 45);	/* made on Unix */
	put_le16(b, z64 || far ? 45 : 20);
	put_le16(b, FLAG_UTF8);
	put_le16(b, method);
	put_le16(b, 0);
	put_le16(b, DOS_DATE);
	put_le32(b, crc);
	put_le32(b, z64 ? ZIP64_LIMIT : packed);
	put_le32(b, z64 ? ZIP64_LIMIT : size);
	put_le16(b, strlen(name));
	put_le16(b, extra ? extra + 4 : 0);
	put_le16(b, 0);
	put_le16(b, 0);
	put_le16(b, 0);
	put_le32(b, 0100644ull << 16);	/* regular file, rw-r--r-- */
	put_le32(b, far ? ZIP64_LIMIT : offset);
	buf_adds(b, name);
	if (extra) {
		put_le16(b, 1);
		put_le16(b, extra);
		if (z64) {
			put_le64(b, size);
			put_le64(b, packed);
		}
		if (far)
			put_le64(b, offset);
	}
	if (b->failed || ++z->members > MEMBERS_MAX)
		return err_set(e, ERR_RANGE, "too many members in a bundle");
	return 0;
}

int zip_begin(struct zip *z, const char *name, struct err *e)
{
	struct buf head = BUF_INIT(1024);
	int r;

	if (z->name[0] || !name_ok(name))
		return err_set(e, ERR_RANGE, "bad member name '%s'", name);
	snprintf(z->name, sizeof z->name, "%s", name);
	z->begun = z->at;
	z->size = 0;
	z->crc = 0;
	if (sha256_init(&z->sum) < 0)
		return err_set(e, ERR_NOMEM, "no memory for '%s'", name);
	local_header(&head, name, 0, 0, 0, 0, 1);
	r = head.failed ? head.failed : emit(z, buf_view(&head), e);
	buf_release(&head);
	return r;
}

int zip_write(struct zip *z, struct bytes part, struct err *e)
{
	z->crc = libdeflate_crc32(z->crc, part.p, part.len);
	sha256_update(&z->sum, part);
	z->size += part.len;
	return emit(z, part, e);
}

int zip_end(struct zip *z, uint8_t *sha256_out, struct err *e)
{
	struct buf head = BUF_INIT(1024);
	uint8_t sum[32];
	ssize_t n;
	int r = 0;

	sha256_final(&z->sum, sum);
	local_header(&head, z->name, 0, z->crc, z->size, z->size, 1);
	if (head.failed)
		r = head.failed;
	if (r == 0) {
		n = pwrite(z->fd, head.p, head.len, (off_t)z->begun);
		if (n != (ssize_t)head.len)
			r = err_errno(e, "cannot write '%s'", z->tmp);
	}
	if (r == 0)
		r = directory_entry(z, z->name, 0, z->crc, z->size, z->size,
				    z->begun, 1, e);
	if (r == 0 && sha256_out)
		memcpy(sha256_out, sum, 32);
	z->name[0] = 0;
	buf_release(&head);
	return r;
}

/* deflated - the content at level 6, or empty when that saves nothing */
static int deflated(struct bytes content, struct buf *out)
{
	struct libdeflate_compressor *c;
	uint8_t *to;

	if (content.len < 64)
		return 0;
	c = libdeflate_alloc_compressor(6);
	if (!c)
		return ERR_NOMEM;
	to = buf_room(out, content.len - 1);
	if (to)
		out->len = libdeflate_deflate_compress(c, content.p,
						       content.len, to,
						       content.len - 1);
	libdeflate_free_compressor(c);
	return to ? 0 : ERR_NOMEM;
}

int zip_add(struct zip *z, const char *name, struct bytes content, int store,
	    uint8_t *sha256_out, struct err *e)
{
	struct buf packed = BUF_INIT(content.len + 1);
	struct buf head = BUF_INIT(1024);
	struct bytes body = content;
	uint32_t crc;
	uint64_t begun = z->at;
	unsigned method = 0;
	int z64 = content.len >= ZIP64_LIMIT;
	int r = 0;

	if (z->name[0] || !name_ok(name))
		return err_set(e, ERR_RANGE, "bad member name '%s'", name);
	if (!store)
		r = deflated(content, &packed);
	if (r < 0) {
		err_set(e, r, "no memory to deflate '%s'", name);
		goto out;
	}
	if (packed.len) {
		body = buf_view(&packed);
		method = 8;
	}
	crc = libdeflate_crc32(0, content.p, content.len);
	local_header(&head, name, method, crc, body.len, content.len, z64);
	r = head.failed ? head.failed : emit(z, buf_view(&head), e);
	if (r == 0)
		r = emit(z, body, e);
	if (r == 0)
		r = directory_entry(z, name, method, crc, body.len,
				    content.len, begun, z64, e);
	if (r == 0 && sha256_out)
		sha256_once(content, sha256_out);
out:
	buf_release(&head);
	buf_release(&packed);
	return r;
}

static int end_records(struct zip *z, uint64_t dir_at, uint64_t dir_len,
		       struct err *e)
{
	struct buf b = BUF_INIT(256);
	int z64 = dir_at >= ZIP64_LIMIT || dir_len >= ZIP64_LIMIT
		  || z->members >= 0xffff;
	uint64_t here = z->at;
	int r;

	if (z64) {
		put_le32(&b, 0x06064b50);
		put_le64(&b, 44);
		put_le16(&b, 0x0300 | 45);
		put_le16(&b, 45);
		put_le32(&b, 0);
		put_le32(&b, 0);
		put_le64(&b, z->members);
		put_le64(&b, z->members);
		put_le64(&b, dir_len);
		put_le64(&b, dir_at);
		put_le32(&b, 0x07064b50);
		put_le32(&b, 0);
		put_le64(&b, here);
		put_le32(&b, 1);
	}
	put_le32(&b, 0x06054b50);
	put_le16(&b, 0);
	put_le16(&b, 0);
	put_le16(&b, z->members >= 0xffff ? 0xffff : z->members);
	put_le16(&b, z->members >= 0xffff ? 0xffff : z->members);
	put_le32(&b, dir_len >= ZIP64_LIMIT ? ZIP64_LIMIT : dir_len);
	put_le32(&b, dir_at >= ZIP64_LIMIT ? ZIP64_LIMIT : dir_at);
	put_le16(&b, 0);
	r = emit(z, buf_view(&b), e);
	buf_release(&b);
	return r;
}

/* The file's own sum is read back: local headers were filled in afterwards. */
static int sum_file(struct zip *z, uint8_t out[static 32], struct err *e)
{
	static const size_t CHUNK = 1u << 20;
	uint8_t *chunk = malloc(CHUNK);
	int r = 0;

	if (!chunk)
		return err_set(e, ERR_NOMEM, "no memory to sum the bundle");
	if (sha256_init(&z->sum) < 0)
		r = err_set(e, ERR_NOMEM, "no memory to sum the bundle");
	for (uint64_t at = 0; r == 0 && at < z->at; at += CHUNK) {
		size_t n = z->at - at < CHUNK ? (size_t)(z->at - at) : CHUNK;

		r = file_pread_all(z->fd, chunk, n, at, e);
		if (r == 0)
			sha256_update(&z->sum, BYTES(chunk, n));
	}
	if (r == 0)
		sha256_final(&z->sum, out);
	free(chunk);
	return r;
}

int zip_close(struct zip *z, uint8_t *sha256_out, struct err *e)
{
	uint64_t dir_at = z->at;
	int r = emit(z, buf_view(&z->directory), e);

	if (r == 0)
		r = end_records(z, dir_at, z->directory.len, e);
	if (r == 0)
		r = file_sync(z->fd, e);
	if (r == 0 && sha256_out)
		r = sum_file(z, sha256_out, e);
	/* link(), not rename(): what stands at path meanwhile is not lost. */
	if (r == 0 && link(z->tmp, z->path) < 0)
		r = errno == EEXIST
		    ? err_set(e, ERR_EXIST, "'%s' exists already", z->path)
		    : err_errno(e, "cannot create '%s'", z->path);
	zip_discard(z);
	return r;
}

void zip_discard(struct zip *z)
{
	if (!z)
		return;
	if (z->fd >= 0)
		close(z->fd);
	if (z->tmp[0])
		unlink(z->tmp);
	sha256_release(&z->sum);
	buf_release(&z->directory);
	free(z);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/zipread.h"

#include "util/utf8.h"

#include <stdlib.h>
#include <zlib.h>

#define END_LEN 22
#define LOCAL_LEN 30
#define ENTRY_LEN 46
#define END64_LEN 56
#define LOCATOR_LEN 20

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* --- the directory --------------------------------------------------------- */

struct directory {
	uint64_t at, len, n;
};

/* The end record: the last whose comment reaches exactly to the file's end. */
static int find_end(struct bytes f, size_t *out)
{
	size_t low;

	if (f.len < END_LEN)
		return ERR_FORMAT;
	low = f.len - END_LEN > 65535 ? f.len - END_LEN - 65535 : 0;
	for (size_t at = f.len - END_LEN + 1; at-- > low;) {
		const uint8_t *p = f.p + at;

		if (!memcmp(p, "PK\5\6", 4) &&
		    at + END_LEN + le16(p + 20) == f.len) {
			*out = at;
			return 0;
		}
	}
	return ERR_FORMAT;
}

static int read_end64(struct bytes f, size_t end, struct directory *d,
		      struct err *e)
{
	const uint8_t *p;
	uint64_t at;

	if (end < LOCATOR_LEN || memcmp(f.p + end - LOCATOR_LEN, "PK\6\7", 4))
		return err_set(e, ERR_FORMAT, "the archive's 64-bit directory "
			       "is missing");
	at = le64(f.p + end - LOCATOR_LEN + 8);
	if (f.len < END64_LEN || at > f.len - END64_LEN ||
	    memcmp(f.p + at, "PK\6\6", 4))
		return err_set(e, ERR_FORMAT, "the archive's 64-bit directory "
			       "is not where it says");
	p = f.p + at;
	if (le32(p + 16) || le32(p + 20))
		return err_set(e, ERR_UNSUPPORTED, "the archive is one of "
			       "several parts");
	d->n = le64(p + 32);
	d->len = le64(p + 40);
	d->at = le64(p + 48);
	return 0;
}

static int read_end(struct bytes f, struct directory *d, struct err *e)
{
	const uint8_t *p;
	size_t end = 0;
	int r = 0;

	if (find_end(f, &end) < 0)
		return err_set(e, ERR_FORMAT, "the archive has no end: it is "
			       "cut short, or no ZIP file");
	p = f.p + end;
	if ((le16(p + 4) && le16(p + 4) != 0xffff) || le16(p + 8) != le16(p + 10))
		return err_set(e, ERR_UNSUPPORTED, "the archive is one of "
			       "several parts");
	*d = (struct directory){ le32(p + 16), le32(p + 12), le16(p + 10) };
	if (d->at == 0xffffffff || d->len == 0xffffffff || d->n == 0xffff)
		r = read_end64(f, end, d, e);
	if (r < 0)
		return r;
	if (d->at > end || d->len > end - d->at)
		return err_set(e, ERR_FORMAT, "the archive's directory is not "
			       "where it says");
	if (d->n > ZIPREAD_MEMBERS_MAX || d->n > d->len / ENTRY_LEN)
		return err_set(e, d->n > ZIPREAD_MEMBERS_MAX ? ERR_LIMIT
			       : ERR_FORMAT, "the archive says it has %llu "
			       "members", (unsigned long long)d->n);
	return 0;
}

/* safe - relative, no "..", no "." or empty part, no backslash, no control */
static int safe(const char *s)
{
	size_t part = 0;

	for (const char *p = s;; p++) {
		if (*p == '/' || !*p) {
			if (part == 0 || (part == 1 && p[-1] == '.') ||
			    (part == 2 && p[-1] == '.' && p[-2] == '.'))
				return 0;
			part = 0;
			if (!*p)
				return 1;
			continue;
		}
		if (*p == '\\' || (uint8_t)*p < 0x20 || *p == 0x7f ||
		    (*p == ':' && p == s + 1))
			return 0;
		part++;
	}
}

/* zip64 - the sizes that did not fit, from the extra field */
static int zip64(const uint8_t *extra, size_t n, struct zipread_member *m,
		 uint64_t *local)
{
	while (n >= 4) {
		size_t len = le16(extra + 2);
		const uint8_t *p = extra + 4;

		if (len > n - 4)
			return ERR_FORMAT;
		if (le16(extra) == 1) {
			uint64_t *const want[] = { &m->size, &m->packed,
						   local };

			for (size_t i = 0; i < 3; i++) {
				if (*want[i] != 0xffffffff)
					continue;
				if (len < 8)
					return ERR_FORMAT;
				*want[i] = le64(p);
				p += 8;
				len -= 8;
			}
			return 0;
		}
		extra += 4 + len;
		n -= 4 + len;
	}
	return 0;
}

/* own_header - the member's own header, and where its bytes begin */
static int own_header(struct bytes f, uint64_t at, uint64_t limit,
		      struct zipread_member *m, struct err *e)
{
	const size_t name_len = strlen(m->name);
	const uint8_t *p;
	uint64_t from;

	if (at > limit || limit - at < LOCAL_LEN ||
	    memcmp(f.p + at, "PK\3\4", 4))
		return err_set(e, ERR_FORMAT, "member '%s' is not where the "
			       "directory says", m->name);
	p = f.p + at;
	from = at + LOCAL_LEN + le16(p + 26) + le16(p + 28);
	if (from > limit || m->packed > limit - from)
		return err_set(e, ERR_FORMAT, "member '%s' is cut short",
			       m->name);
	if (le16(p + 26) != name_len || le16(p + 8) != m->method ||
	    memcmp(p + LOCAL_LEN, m->name, name_len))
		return err_set(e, ERR_DENIED, "member '%s' has another name or "
			       "method in its own header", m->name);
	m->at = from;
	return 0;
}

/* One entry; 1 when it is a directory. */
static int entry(struct bytes f, const struct directory *d, uint64_t *at,
		 struct zipread_member *m, struct err *e)
{
	const uint64_t end = d->at + d->len;
	const uint8_t *p = f.p + *at;
	uint64_t local;
	size_t name, extra, comment;
	unsigned flags;

	if (end - *at < ENTRY_LEN || memcmp(p, "PK\1\2", 4))
		return err_set(e, ERR_FORMAT, "the archive's directory is "
			       "damaged at byte %llu",
			       (unsigned long long)*at);
	name = le16(p + 28);
	extra = le16(p + 30);
	comment = le16(p + 32);
	if (end - *at - ENTRY_LEN < name + extra + comment)
		return err_set(e, ERR_FORMAT, "the archive's directory is "
			       "damaged at byte %llu",
			       (unsigned long long)*at);
	if (name == 0 || name > ZIPREAD_NAME_MAX ||
	    !utf8_valid(BYTES(p + ENTRY_LEN, name)) ||
	    memchr(p + ENTRY_LEN, 0, name))
		return err_set(e, ERR_DENIED, "a member's name is empty, too "
			       "long or no text");
	flags = le16(p + 8);
	m->method = le16(p + 10);
	m->crc = le32(p + 16);
	m->packed = le32(p + 20);
	m->size = le32(p + 24);
	local = le32(p + 42);
	m->name = strndup((const char *)p + ENTRY_LEN, name);
	if (!m->name)
		return err_set(e, ERR_NOMEM, "no memory for the archive");
	if (zip64(p + ENTRY_LEN + name, extra, m, &local) < 0)
		return err_set(e, ERR_FORMAT, "member '%.200s': its 64-bit "
			       "sizes are damaged", m->name);
	*at += ENTRY_LEN + name + extra + comment;
	if (m->name[name - 1] == '/') {
		m->name[name - 1] = '\0';
		if (!safe(m->name))
			return err_set(e, ERR_DENIED, "a directory's name "
				       "leaves the archive");
		return 1;
	}
	if (!safe(m->name))
		return err_set(e, ERR_DENIED, "the name of member '%.200s' "
			       "leaves the archive", m->name);
	if (flags & 0x2041)
		return err_set(e, ERR_UNSUPPORTED, "member '%.200s' is "
			       "encrypted", m->name);
	if (m->method != 0 && m->method != 8)
		return err_set(e, ERR_UNSUPPORTED, "member '%.200s' is packed "
			       "by method %u", m->name, m->method);
	if ((m->method == 0 && m->packed != m->size) ||
	    m->size / ZIPREAD_RATIO_MAX > m->packed)
		return err_set(e, ERR_LIMIT, "member '%.200s' says %llu bytes "
			       "unpack to %llu", m->name,
			       (unsigned long long)m->packed,
			       (unsigned long long)m->size);
	return own_header(f, local, d->at, m, e);
}

static int by_name(const void *a, const void *b)
{
	const struct zipread_member *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_place(const void *a, const void *b)
{
	const struct zipread_member *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* together - what is wrong with the members taken together */
static int together(struct zipread *z, struct err *e)
{
	uint64_t total = 0;

	qsort(z->member, z->n, sizeof *z->member, by_place);
	for (size_t i = 0; i < z->n; i++) {
		const struct zipread_member *m = &z->member[i];

		if (i && m[-1].at + m[-1].packed > m->at)
			return err_set(e, ERR_DENIED, "members '%.150s' and "
				       "'%.150s' share bytes", m[-1].name,
				       m->name);
		total += m->size;
		if (m->size > ZIPREAD_TOTAL_MAX || total > ZIPREAD_TOTAL_MAX)
			return err_set(e, ERR_LIMIT, "the archive unpacks to "
				       "more than %llu bytes",
				       (unsigned long long)ZIPREAD_TOTAL_MAX);
	}
	qsort(z->member, z->n, sizeof *z->member, by_name);
	for (size_t i = 1; i < z->n; i++)
		if (!strcmp(z->member[i - 1].name, z->member[i].name))
			return err_set(e, ERR_DENIED, "member '%.200s' is in "
				       "the archive twice", z->member[i].name);
	return 0;
}

int zipread_open(struct bytes file, struct zipread *out, struct err *e)
{
	struct zipread z = { file, NULL, 0 };
	struct directory d = { 0, 0, 0 };
	uint64_t at;
	int r;

	memset(out, 0, sizeof *out);
	r = read_end(file, &d, e);
	if (r < 0)
		return r;
	z.member = calloc((size_t)d.n + 1, sizeof *z.member);
	if (!z.member)
		return err_set(e, ERR_NOMEM, "no memory for the archive");
	at = d.at;
	for (uint64_t i = 0; r == 0 && i < d.n; i++) {
		struct zipread_member *m = &z.member[z.n];

		r = entry(file, &d, &at, m, e);
		if (r == 0) {
			z.n++;
		} else {
			free(m->name);
			memset(m, 0, sizeof *m);
			r = r == 1 ? 0 : r;
		}
	}
	if (r == 0)
		r = together(&z, e);
	if (r < 0)
		zipread_release(&z);
	else
		*out = z;
	return r;
}

void zipread_release(struct zipread *z)
{
	for (size_t i = 0; i < z->n; i++)
		free(z->member[i].name);
	free(z->member);
	memset(z, 0, sizeof *z);
}

const struct zipread_member *zipread_find(const struct zipread *z,
					  const char *name)
{
	size_t lo = 0, hi = z->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(z->member[mid].name, name);

		if (c == 0)
			return &z->member[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* --- a member --------------------------------------------------------------- */

static int inflate_to(struct bytes in, uint8_t *to, size_t size)
{
	z_stream s = { .next_in = (uint8_t *)(uintptr_t)in.p,
		       .next_out = to };
	int end;

	if (in.len > UINT32_MAX || size > UINT32_MAX)
		return ERR_LIMIT;
	if (inflateInit2(&s, -15) != Z_OK)
		return ERR_NOMEM;
	s.avail_in = (uInt)in.len;
	s.avail_out = (uInt)size;
	end = inflate(&s, Z_FINISH);
	inflateEnd(&s);
	return end == Z_STREAM_END && s.avail_in == 0 && s.avail_out == 0
	       ? 0 : ERR_DAMAGED;
}

int zipread_get(const struct zipread *z, const struct zipread_member *m,
		struct buf *out, struct err *e)
{
	const struct bytes in = { z->file.p + m->at, (size_t)m->packed };
	uint8_t *to = m->size > SIZE_MAX / 2 ? NULL
		      : buf_room(out, (size_t)m->size + 1);
	int r = 0;

	if (!to)
		return err_set(e, out->failed == ERR_NOMEM ? ERR_NOMEM
			       : ERR_LIMIT, "member '%.200s' is longer than "
			       "%zu bytes", m->name, out->max);
	if (m->method == 0)
		memcpy(to, in.p, in.len);
	else
		r = inflate_to(in, to, (size_t)m->size);
	if (r == 0 && crc32_z(0, to, (size_t)m->size) != m->crc)
		r = ERR_DAMAGED;
	if (r < 0)
		return err_set(e, r, "member '%.200s' does not unpack to what "
			       "the directory says", m->name);
	out->len += (size_t)m->size;
	return 0;
}

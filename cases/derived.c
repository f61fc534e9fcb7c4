/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/derived.h"

#include "store/age.h"
#include "store/erase.h"
#include "util/enc.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD 16
#define SEALED_MAX (DERIVED_LINES_MAX + (1u << 20))

static const uint8_t magic[4] = { 'S', 'D', 'F', '1' };

struct derived {
	int fd;
	uint8_t public[32];
};

/* Where the last whole frame ends. */
static int whole(int fd, uint64_t *end, struct err *e)
{
	uint8_t head[HEAD];
	struct stat st;
	uint64_t at = 0, size;

	if (fstat(fd, &st) < 0)
		return err_errno(e, "cannot look at the derived cache");
	size = (uint64_t)st.st_size;
	while (size - at >= HEAD) {
		uint32_t len;
		int r = file_pread_all(fd, head, HEAD, at, e);

		if (r < 0)
			return r;
		len = get_be32(head + 12);
		if (memcmp(head, magic, sizeof magic) != 0 || len > SEALED_MAX ||
		    size - at - HEAD < len)
			break;
		at += HEAD + len;
	}
	*end = at;
	return 0;
}

int derived_open(const char *path, const uint8_t public[static 32],
		 struct derived **out, struct err *e)
{
	struct derived *d = calloc(1, sizeof *d);
	uint64_t end = 0;
	int r;

	if (!d)
		return err_set(e, ERR_NOMEM, "no memory for the cache");
	memcpy(d->public, public, 32);
	d->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (d->fd < 0) {
		r = err_errno(e, "cannot open '%s'", path);
		free(d);
		return r;
	}
	r = flock(d->fd, LOCK_EX | LOCK_NB) == 0 ? whole(d->fd, &end, e)
	  : err_set(e, ERR_BUSY, "'%s' is being written to", path);
	if (r == 0 && (ftruncate(d->fd, (off_t)end) < 0 ||
		       lseek(d->fd, (off_t)end, SEEK_SET) < 0))
		r = err_errno(e, "cannot cut '%s'", path);
	if (r < 0)
		derived_close(d);
	else
		*out = d;
	return r;
}

int derived_append(struct derived *d, uint64_t n, struct bytes jsonl,
		   struct err *e)
{
	struct buf frame = BUF_INIT(SEALED_MAX);
	uint8_t *head;
	int r;

	if (jsonl.len > DERIVED_LINES_MAX)
		return err_set(e, ERR_LIMIT, "a page gave more than %zu bytes",
			       DERIVED_LINES_MAX);
	head = buf_room(&frame, HEAD);
	if (!head)
		return err_set(e, ERR_NOMEM, "no memory for the cache");
	memcpy(head, magic, sizeof magic);
	put_be64(head + 4, n);
	frame.len = HEAD;
	r = age_encrypt(d->public, jsonl, &frame);
	if (r < 0) {
		err_set(e, r, "cannot seal what a page gave");
	} else {
		put_be32(frame.p + 12, (uint32_t)(frame.len - HEAD));
		r = file_write_all(d->fd, frame.p, frame.len, e);
	}
	buf_release(&frame);
	return r;
}

void derived_close(struct derived *d)
{
	if (!d)
		return;
	close(d->fd);
	free(d);
}

int derived_read(struct grant *g, const char *path, uint64_t *next,
		 int (*each)(void *arg, uint64_t n, struct bytes lines,
			     struct err *e),
		 void *arg, struct err *e)
{
	struct buf sealed = BUF_INIT(SEALED_MAX);
	struct buf lines = BUF_INIT(SEALED_MAX);
	uint8_t head[HEAD];
	uint64_t end = 0;
	int r, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot open '%s'",
						       path);
	r = whole(fd, &end, e);
	while (r == 0 && *next < end) {
		uint8_t *to;
		uint32_t len;

		r = file_pread_all(fd, head, HEAD, *next, e);
		if (r < 0)
			break;
		len = get_be32(head + 12);
		if (memcmp(head, magic, sizeof magic) != 0 || len > end - *next - HEAD) {
			r = err_set(e, ERR_DAMAGED, "'%s' is no derived cache",
				    path);
			break;
		}
		buf_clear(&sealed);
		buf_clear(&lines);
		to = buf_room(&sealed, len);
		if (!to) {
			r = err_set(e, sealed.failed, "no memory for the cache");
			break;
		}
		r = file_pread_all(fd, to, len, *next + HEAD, e);
		sealed.len = len;
		if (r == 0) {
			r = custody_unseal(g, buf_view(&sealed), &lines, e);
			if (r < 0 && r != ERR_NOMEM)
				r = err_set(e, ERR_DAMAGED, "'%s': a frame "
					    "does not open", path);
		}
		if (r == 0)
			r = each(arg, get_be64(head + 4), buf_view(&lines), e);
		if (r == 0)
			*next += HEAD + len;
	}
	close(fd);
	buf_wipe(&lines);
	buf_release(&sealed);
	return r;
}

/* --- erasing --------------------------------------------------------------- */

static int touches(const struct erase_list *l, uint64_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (n >= l->r[i].first && n <= l->r[i].last)
			return 1;
	return 0;
}

static int copy_frame(int in, int out, uint64_t at, uint64_t len,
		      struct buf *piece, struct err *e)
{
	uint8_t *to;
	int r;

	buf_clear(piece);
	to = buf_room(piece, (size_t)len);
	if (!to)
		return err_set(e, ERR_NOMEM, "no memory for the cache");
	r = file_pread_all(in, to, (size_t)len, at, e);
	return r < 0 ? r : file_write_all(out, to, (size_t)len, e);
}

/* 1 when frames were left out. */
static int copy_rest(int in, int out, const struct erase_list *l,
		     struct err *e)
{
	struct buf piece = BUF_INIT(SEALED_MAX + HEAD + ((size_t)2 << 20));
	uint64_t at = 0, end = 0, from = 0;
	uint8_t head[HEAD];
	int dropped = 0, r = whole(in, &end, e);

	while (r == 0 && at < end) {
		uint64_t next;

		r = file_pread_all(in, head, HEAD, at, e);
		if (r < 0)
			break;
		next = at + HEAD + get_be32(head + 12);
		if (touches(l, get_be64(head + 4))) {
			if (from < at)
				r = copy_frame(in, out, from, at - from, &piece,
					       e);
			from = next;
			dropped = 1;
		} else if (next - from > (1u << 20)) {
			r = copy_frame(in, out, from, next - from, &piece, e);
			from = next;
		}
		at = next;
	}
	if (r == 0 && from < end)
		r = copy_frame(in, out, from, end - from, &piece, e);
	buf_release(&piece);
	return r < 0 ? r : dropped;
}

int derived_drop(const char *path, const struct erase_list *l, struct err *e)
{
	char tmp[FILE_PATH_MAX];
	int in = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1, r;

	if (in < 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot open '%s'",
						       path);
	r = file_path(tmp, path, NULL);
	if (r < 0 || strlen(tmp) + 5 > sizeof tmp) {
		r = err_set(e, ERR_RANGE, "path '%s' is too long", path);
		goto out;
	}
	memcpy(tmp + strlen(tmp), ".tmp", 5);
	out = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		   0600);
	r = out < 0 ? err_errno(e, "cannot create '%s'", tmp)
		    : copy_rest(in, out, l, e);
	if (r == 1 && file_sync(out, e) < 0)
		r = ERR_IO;
	if (r == 1 && rename(tmp, path) < 0)
		r = err_errno(e, "cannot replace '%s'", path);
	if (r == 1) {
		char *slash = strrchr(tmp, '/');

		if (slash)
			*slash = '\0';
		r = file_sync_dir(slash ? tmp : ".", e);
	} else if (out >= 0) {
		unlink(tmp);
	}
out:
	close(in);
	if (out >= 0)
		close(out);
	return r < 0 ? r : 0;
}

/* --- by number ------------------------------------------------------------ */

struct derived_at {
	uint64_t n, at;		/* at: where the frame begins */
	uint32_t len;
};

static int by_number(const void *a, const void *b)
{
	const struct derived_at *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

int derived_map(const char *path, struct derived_map *m, int *cut,
		struct err *e)
{
	struct stat st;
	size_t room = 0;
	uint64_t at = 0;
	int r = 0;

	*m = (struct derived_map)DERIVED_MAP_INIT;
	if (cut)
		*cut = 0;
	m->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (m->fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot open '%s'",
						       path);
	if (fstat(m->fd, &st) < 0)
		r = err_errno(e, "cannot look at '%s'", path);
	while (r == 0 && at < (uint64_t)st.st_size) {
		uint8_t head[HEAD];
		uint32_t len = 0;

		if ((uint64_t)st.st_size - at >= HEAD) {
			r = file_pread_all(m->fd, head, HEAD, at, e);
			if (r < 0)
				break;
			len = get_be32(head + 12);
		}
		if (!len || memcmp(head, magic, sizeof magic) != 0 || len > SEALED_MAX ||
		    (uint64_t)st.st_size - at - HEAD < len) {
			if (cut)
				*cut = 1;
			break;
		}
		if (m->n == room) {
			struct derived_at *more;

			room = room ? 2 * room : 256;
			more = realloc(m->at, room * sizeof *more);
			if (!more) {
				r = err_set(e, ERR_NOMEM, "no memory for the "
					    "cache");
				break;
			}
			m->at = more;
		}
		m->at[m->n++] = (struct derived_at){ get_be64(head + 4), at,
						     len };
		at += HEAD + (uint64_t)len;
	}
	if (r < 0)
		derived_map_release(m);
	else if (m->n)
		qsort(m->at, m->n, sizeof *m->at, by_number);
	return r;
}

void derived_map_release(struct derived_map *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->at);
	*m = (struct derived_map)DERIVED_MAP_INIT;
}

int derived_get(struct grant *g, const struct derived_map *m, uint64_t n,
		struct buf *lines, struct err *e)
{
	struct buf sealed = BUF_INIT(SEALED_MAX);
	size_t lo = 0, hi = m->n;
	const struct derived_at *f;
	uint8_t *to;
	int r;

	while (lo < hi) {	/* behind the last frame of that number */
		size_t mid = lo + (hi - lo) / 2;

		if (m->at[mid].n <= n)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || m->at[lo - 1].n != n)
		return 1;
	f = &m->at[lo - 1];
	to = buf_room(&sealed, f->len);
	if (!to)
		return err_set(e, ERR_NOMEM, "no memory for the cache");
	r = file_pread_all(m->fd, to, f->len, f->at + HEAD, e);
	sealed.len = f->len;
	if (r == 0) {
		r = custody_unseal(g, buf_view(&sealed), lines, e);
		if (r < 0 && r != ERR_NOMEM)
			r = err_set(e, ERR_DAMAGED, "what item %llu gave does "
				    "not open in the derived cache",
				    (unsigned long long)n);
	}
	buf_release(&sealed);
	return r;
}

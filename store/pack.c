/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/pack.h"

#include "store/leaf.h"
#include "util/enc.h"
#include "util/file.h"

void pack_file_head_put(uint32_t number, uint8_t out[static PACK_FILE_HEAD_LEN])
{
	memcpy(out, "SCLLPCK1", 8);
	put_be32(out + 8, number);
	put_be32(out + 12, 0);
}

void pack_frame_put(const struct pack_frame *f,
		    uint8_t out[static PACK_FRAME_LEN])
{
	uint8_t hash[SHA256_LEN];

	memcpy(out, "SPF1", 4);
	put_be16(out + 4, (uint16_t)f->type);
	put_be16(out + 6, f->number);
	put_be64(out + 8, f->case_seq);
	put_be64(out + 16, f->len);
	memcpy(out + 24, f->hash, 32);
	sha256_once(BYTES(out, 56), hash);
	memcpy(out + 56, hash, 4);
}

int pack_frame_get(const uint8_t in[static PACK_FRAME_LEN],
		   struct pack_frame *f)
{
	uint8_t hash[SHA256_LEN];
	unsigned type;

	if (memcmp(in, "SPF1", 4))
		return ERR_DAMAGED;
	sha256_once(BYTES(in, 56), hash);
	if (memcmp(in + 56, hash, 4))
		return ERR_DAMAGED;
	type = get_be16(in + 4);
	f->type = (enum pack_type)type;
	f->number = get_be16(in + 6);
	f->case_seq = get_be64(in + 8);
	f->len = get_be64(in + 16);
	memcpy(f->hash, in + 24, 32);
	if (f->number >= PACK_OBJECTS_MAX + PACK_EXTERNALS_MAX)
		return ERR_DAMAGED;
	switch (type) {
	case PACK_OBJECT:
		return f->len == 0 || f->len > PACK_OBJECT_MAX ? ERR_DAMAGED : 0;
	case PACK_EXTERNAL:
		return f->number == 0 || f->len == 0 || f->len > PACK_PATH_MAX
		       ? ERR_DAMAGED : 0;
	case PACK_ERASED:
		return f->len ? ERR_DAMAGED : 0;
	default:
		return ERR_DAMAGED;
	}
}

void pack_external_hash(struct bytes path,
			const uint8_t file_hash[static SHA256_LEN],
			uint8_t out[static SHA256_LEN])
{
	uint8_t len[2];
	struct bytes in[4] = {
		BYTES("scelle/external/v1", 19),	/* with its NUL */
		BYTES(len, 2),
		path,
		BYTES(file_hash, SHA256_LEN),
	};

	put_be16(len, (uint16_t)path.len);
	sha256_pieces(in, 4, out);
}

int pack_path_valid(struct bytes path)
{
	size_t start = 0;

	if (path.len == 0 || path.len > PACK_PATH_MAX)
		return 0;
	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.p[i] != '/') {
			if (path.p[i] <= 0x20 || path.p[i] >= 0x7f
			    || path.p[i] == '\\')
				return 0;
			continue;
		}
		if (i == start
		    || (i - start == 1 && path.p[start] == '.')
		    || (i - start == 2 && path.p[start] == '.'
			&& path.p[start + 1] == '.'))
			return 0;
		start = i + 1;
	}
	return 1;
}

void pack_walk_init(struct pack_walk *w, int fd, uint64_t size)
{
	w->fd = fd;
	w->size = size;
	w->off = 0;
	w->win_off = 0;
	w->win_len = 0;
}

/* n bytes at off, through the window; 1 when the file ends before. */
static int look(struct pack_walk *w, uint64_t off, size_t n, const uint8_t **p,
		struct err *e)
{
	size_t want = sizeof w->win;
	int r;

	if (off > w->size || n > w->size - off)
		return 1;
	if (off < w->win_off || off + n > w->win_off + w->win_len) {
		if (want > w->size - off)
			want = (size_t)(w->size - off);
		w->win_len = 0;
		r = file_pread_all(w->fd, w->win, want, off, e);
		if (r < 0)
			return r;
		w->win_off = off;
		w->win_len = want;
	}
	*p = w->win + (off - w->win_off);
	return 0;
}

int pack_walk_head(struct pack_walk *w, uint32_t number, struct err *e)
{
	uint8_t want[PACK_FILE_HEAD_LEN];
	const uint8_t *p;
	int r = look(w, 0, sizeof want, &p, e);

	if (r < 0)
		return r;
	pack_file_head_put(number, want);
	if (r == 1 || memcmp(p, want, sizeof want))
		return err_set(e, ERR_DAMAGED, "no header of pack %u", number);
	w->off = PACK_FILE_HEAD_LEN;
	return 0;
}

/* One frame of the item into it->frame[n]; 1 when the item is over. */
static int next_frame(struct pack_walk *w, struct pack_item *it, unsigned n,
		      uint64_t off, struct err *e)
{
	struct pack_frame *f = &it->frame[n];
	const uint8_t *p;
	int r;

	if (off == w->size)
		return 1;
	if (n == PACK_OBJECTS_MAX + PACK_EXTERNALS_MAX)
		return 1;
	r = look(w, off, PACK_FRAME_LEN, &p, e);
	if (r < 0)
		return r;
	if (r == 1)
		return err_set(e, ERR_DAMAGED, "file ends inside a frame");
	r = pack_frame_get(p, f);
	if (r < 0)
		return err_set(e, r, "no frame, or its check does not fit");
	if (f->number == 0 && n > 0)
		return 1;
	if (f->number != n)
		return err_set(e, ERR_DAMAGED, "object %u where %u should be",
			       f->number, n);
	if (n > 0 && f->case_seq != it->case_seq)
		return err_set(e, ERR_DAMAGED, "object of another item");
	if (f->type == PACK_EXTERNAL ? it->externals == PACK_EXTERNALS_MAX
				     : it->externals > 0
				       || it->objects == PACK_OBJECTS_MAX)
		return err_set(e, ERR_DAMAGED, "object out of order");
	if (f->len > w->size - off - PACK_FRAME_LEN)
		return err_set(e, ERR_DAMAGED, "file ends inside an object");
	return 0;
}

int pack_walk_path(struct pack_walk *w, const struct pack_item *it, unsigned i,
		   char path[static PACK_PATH_MAX + 1], struct err *e)
{
	const struct pack_frame *f = &it->frame[i];
	const uint8_t *p;
	int r;

	if (f->type != PACK_EXTERNAL)
		return err_set(e, ERR_RANGE, "not an external");
	r = look(w, it->at[i], (size_t)f->len, &p, e);
	if (r < 0)
		return r;
	if (r == 1 || !pack_path_valid(BYTES(p, f->len)))
		return err_set(e, ERR_DAMAGED, "malformed path of an external");
	memcpy(path, p, (size_t)f->len);
	path[f->len] = 0;
	return 0;
}

int pack_walk_next(struct pack_walk *w, struct pack_item *it,
		   uint64_t *bad_off, struct err *e)
{
	uint8_t hash[PACK_OBJECTS_MAX + PACK_EXTERNALS_MAX][SHA256_LEN];
	char path[PACK_PATH_MAX + 1];
	uint64_t off = w->off;
	unsigned n;
	int r;

	if (off == w->size)
		return 1;
	it->off = off;
	it->objects = it->externals = it->erased = 0;
	for (n = 0;; n++) {
		const struct pack_frame *f = &it->frame[n];

		*bad_off = off;
		r = next_frame(w, it, n, off, e);
		/* Behind a whole item: that is for the next call to say. */
		if (r == 1 || (r == ERR_DAMAGED && n > 0))
			break;
		if (r < 0)
			return r;
		if (n == 0)
			it->case_seq = f->case_seq;
		it->at[n] = off + PACK_FRAME_LEN;
		if (f->type == PACK_EXTERNAL) {
			r = pack_walk_path(w, it, n, path, e);
			if (r == ERR_DAMAGED)
				break;
			if (r < 0)
				return r;
			pack_external_hash(bytes_str(path), f->hash, hash[n]);
			it->externals++;
		} else {
			memcpy(hash[n], f->hash, SHA256_LEN);
			it->objects++;
			it->erased += f->type == PACK_ERASED;
		}
		off = it->at[n] + f->len;
	}
	leaf_body((const uint8_t (*)[SHA256_LEN])hash, n, it->body);
	it->end = w->off = off;
	return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading and appending the log's segments.
 *
 * Opening does not hash the leaves: each leaf carries the hash of the one
 * before, so the tree is built from these, and the signed root proves them.
 * A leaf's own bytes are hashed when it is read.
 */
#include "store/vault_int.h"

#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEG_SIZE_MAX ((uint64_t)1 << 31)	/* offsets are 32 bits in memory */

static int seg_name(const struct vlog *l, unsigned shard, unsigned number,
		    char *out, struct err *e)
{
	if (snprintf(out, FILE_PATH_MAX, "%s/%s/%06u.seg", l->base,
		     l->format->shard[shard].name, number) >= FILE_PATH_MAX)
		return err_set(e, ERR_RANGE, "path '%s' is too long", l->base);
	return 0;
}

int log_seg_path(const struct vlog *l, unsigned i, char out[static FILE_PATH_MAX],
		 struct err *e)
{
	return seg_name(l, l->segs[i].shard, l->segs[i].number, out, e);
}

static int seg_push(struct vlog *l, const struct seg *s)
{
	if (l->nsegs == l->segs_room) {
		unsigned room = l->segs_room ? l->segs_room * 2 : 16;
		struct seg *p = realloc(l->segs, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		l->segs = p;
		l->segs_room = room;
	}
	l->segs[l->nsegs++] = *s;
	return 0;
}

int log_room(struct vlog *l, uint64_t n, struct err *e)
{
	uint64_t need = tree_size(&l->tree) + n + 1;
	uint64_t room = l->room ? l->room : 4096;
	void *p;

	if (need <= l->room)
		return 0;
	if (need > UINT32_MAX)
		return err_set(e, ERR_RANGE, "the log is full");
	while (room < need)
		room *= 2;
	p = realloc(l->off, room * sizeof *l->off);
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for the log");
	l->off = p;
	p = realloc(l->body8, room * sizeof *l->body8);
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for the log");
	l->body8 = p;
	p = realloc(l->tag8, room * sizeof *l->tag8);
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for the log");
	l->tag8 = p;
	l->room = room;
	return 0;
}

/* What the reading of segments keeps in mind. */
struct load {
	uint8_t *p;			/* bytes of a segment */
	size_t room;
	uint64_t n;			/* leaves seen */
	uint8_t last[LEAF_LEN];		/* the last of them */
	uint8_t at_head[LEAF_LEN];	/* the last under the last head */
	uint64_t head_n;
	unsigned head_seg;
	uint64_t head_end;
	int have_head;
};

static int load_leaf(struct vlog *l, struct load *ld, const uint8_t *leaf,
		     uint64_t off, struct err *e)
{
	const struct leaf_disk *d = (const struct leaf_disk *)leaf;
	int r;

	if (memcmp(d->magic, "SCLLEAF1", 8) || get_be64(d->seq) != ld->n)
		return 1;
	r = log_room(l, 2, e);
	if (r == 0 && ld->n > 0)
		r = tree_append(&l->tree, d->prev);
	if (r < 0)
		return r;
	l->off[ld->n] = (uint32_t)off;
	l->body8[ld->n] = get_be64(d->body);
	l->tag8[ld->n] = get_be64(d->tag);
	memcpy(ld->last, leaf, LEAF_LEN);
	ld->n++;
	return 0;
}

/* A signed head behind a frame that does not fit is damage, not a torn tail. */
static int head_behind(const struct vlog *l, struct bytes rest, uint64_t n)
{
	for (size_t i = 0; i + 8 < rest.len; i++) {
		struct segment_frame f;
		struct checkpoint c;

		if (rest.p[i] != 0xff || rest.p[i + 1] != 0xff)
			continue;
		if (segment_next(BYTES(rest.p + i, rest.len - i), 1, &f))
			continue;
		if (checkpoint_open(f.body, &l->vkey, 1, l->origin, &c, NULL)
		    == 0 && c.size >= n)
			return 1;
	}
	return 0;
}

static int read_segment(struct vlog *l, struct load *ld, struct bytes in,
			unsigned seg, int last, struct err *e)
{
	const struct vault_shard *sh = &l->format->shard[l->segs[seg].shard];
	unsigned number = l->segs[seg].number;
	uint8_t want[SEGMENT_HEAD_LEN];
	uint64_t off = SEGMENT_HEAD_LEN;
	struct segment_frame f;
	int r = 0;

	segment_head_put(ld->n, sh->origin, want);
	if (in.len < SEGMENT_HEAD_LEN || memcmp(in.p, want, sizeof want)) {
		off = 0;
		r = 1;
	}
	while (r == 0 && off < in.len) {
		r = segment_next(BYTES(in.p + off, in.len - off), 0, &f);
		if (r)
			break;
		if (f.kind == SEGMENT_LEAF) {
			r = load_leaf(l, ld, f.body.p, off, e);
			if (r < 0)
				return r;
			if (r)
				break;
		} else {
			buf_clear(&l->head);
			r = buf_addb(&l->head, f.body);
			if (r < 0)
				return err_set(e, r, "no memory for a head");
			memcpy(ld->at_head, ld->last, LEAF_LEN);
			ld->head_n = ld->n;
			ld->head_seg = seg;
			ld->head_end = off + f.size;
			ld->have_head = 1;
		}
		off += f.size;
	}
	if (r && (!last || head_behind(l, BYTES(in.p + off, in.len - off),
				       ld->head_n)))
		return err_set(e, ERR_DAMAGED, "segment '%s/%06u.seg' is "
			       "damaged at offset %llu; verify tells more",
			       sh->name, number, (unsigned long long)off);
	if (!last && (ld->head_seg != seg || ld->head_end != in.len))
		return err_set(e, ERR_DAMAGED, "segment '%s/%06u.seg' does not "
			       "end with a head", sh->name, number);
	l->segs[seg].end = off;
	return 0;
}

static int load_segment(struct vlog *l, struct load *ld, unsigned shard,
			unsigned number, int last, struct err *e)
{
	struct seg seg = { .shard = shard, .number = number, .first = ld->n };
	char path[FILE_PATH_MAX];
	struct stat st;
	unsigned i = l->nsegs;
	size_t n;
	int fd, r;

	r = seg_name(l, shard, number, path, e);
	if (r < 0)
		return r;
	fd = open(path, (l->writing ? O_RDWR : O_RDONLY) | O_CLOEXEC
		  | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = errno == ENOENT
		    ? err_set(e, ERR_DAMAGED, "segment '%06u.seg' is missing",
			      number)
		    : err_errno(e, "cannot open '%s'", path);
		if (fd >= 0)
			close(fd);
		return r;
	}
	seg.fd = fd;
	r = seg_push(l, &seg);
	if (r < 0) {
		close(fd);
		return err_set(e, r, "no memory for the log");
	}
	if ((uint64_t)st.st_size > SEG_SIZE_MAX)
		return err_set(e, ERR_DAMAGED, "segment '%06u.seg' is too long",
			       number);
	n = (size_t)st.st_size;
	if (n >= ld->room) {
		free(ld->p);
		ld->room = n + n / 4 + 1;
		ld->p = malloc(ld->room);
	}
	if (!ld->p) {
		ld->room = 0;
		return err_set(e, ERR_NOMEM, "no memory for a segment");
	}
	r = file_pread_all(fd, ld->p, n, 0, e);
	if (r == 0)
		r = read_segment(l, ld, BYTES(ld->p, n), i, last, e);
	if (r == 0 && last) {
		l->tail.seg = ld->head_seg;
		l->tail.off = ld->head_end;
		l->tail.size = n;
	}
	return r;
}

/* The names in a shard's directory, as many as follow each other. */
static int count_segments(struct vlog *l, unsigned shard, unsigned *count,
			  struct err *e)
{
	const char *name = l->format->shard[shard].name;
	char **names, want[16], dir[FILE_PATH_MAX];
	unsigned n = 0;
	int r = file_path(dir, l->base, name, NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return err_set(e, ERR_DAMAGED, "directory 'log/%s' is missing",
			       name);
	if (r < 0)
		return r;
	for (char **p = names; *p; p++) {
		size_t len = strlen(*p);

		if (len < 4 || strcmp(*p + len - 4, ".seg"))
			continue;
		snprintf(want, sizeof want, "%06u.seg", n);
		if (strcmp(*p, want)) {
			r = err_set(e, ERR_DAMAGED, "segment '%s/%s' is "
				    "missing", name, want);
			break;
		}
		n++;
	}
	free(names);
	if (r == 0 && n == 0)
		r = err_set(e, ERR_DAMAGED, "segment '%s/000000.seg' is missing",
			    name);
	*count = n;
	return r;
}

/*
 * One shard's segments.  It takes over where the one before ended, with a head
 * of its own over the same tree.
 */
static int load_shard(struct vlog *l, struct load *ld, unsigned shard,
		      struct err *e)
{
	int final = shard + 1 == l->format->n, r;
	unsigned count = 0;

	if (ld->n != l->format->shard[shard].first
	    || (shard && ld->head_n != ld->n))
		return err_set(e, ERR_DAMAGED, "shard '%s' does not begin where "
			       "the one before ended",
			       l->format->shard[shard].name);
	ld->have_head = 0;
	r = count_segments(l, shard, &count, e);
	for (unsigned i = 0; r == 0 && i < count; i++)
		r = load_segment(l, ld, shard, i, final && i + 1 == count, e);
	if (r == 0 && !ld->have_head)
		r = err_set(e, ERR_DAMAGED, "shard '%s' has no signed head",
			    l->format->shard[shard].name);
	return r;
}

int log_load(struct vlog *l, struct err *e)
{
	struct load ld = { 0 };
	uint8_t hash[SHA256_LEN];
	struct checkpoint c;
	int r = 0;

	l->head.max = SEGMENT_NOTE_MAX;
	for (unsigned i = 0; r == 0 && i < l->format->n; i++)
		r = load_shard(l, &ld, i, e);
	free(ld.p);
	if (r < 0)
		return r;
	if (ld.head_seg + 1 < l->nsegs) {
		/* A segment was begun behind the last head. */
		l->tail.seg = ld.head_seg + 1;
		l->tail.off = 0;
	}
	l->segs[ld.head_seg].end = ld.head_end;
	if (ld.head_n > 0) {
		leaf_hash(ld.at_head, hash);
		tree_truncate(&l->tree, ld.head_n - 1);
		r = tree_append(&l->tree, hash);
		if (r < 0)
			return err_set(e, r, "no memory for the tree");
		memcpy(l->last, ld.at_head, LEAF_LEN);
		l->last_ms = (int64_t)get_be64(
			((const struct leaf_disk *)l->last)->time_ms);
	} else {
		tree_truncate(&l->tree, 0);
	}
	if (checkpoint_open(buf_view(&l->head), &l->vkey, 1, l->origin, &c, e))
		return err_set(e, ERR_DAMAGED, "the last head is not signed by "
			       "this log's key");
	peaks_root(&l->tree.peaks, hash);
	if (c.size != ld.head_n || memcmp(c.root, hash, SHA256_LEN))
		return err_set(e, ERR_DAMAGED, "the log does not fit its last "
			       "head; verify tells where");
	for (unsigned i = 1; i < l->format->n; i++)
		if (tree_root(&l->tree, l->format->shard[i].first, hash) < 0
		    || memcmp(hash, l->format->shard[i].root, SHA256_LEN))
			return err_set(e, ERR_DAMAGED, "shard '%s' takes over "
				       "another tree",
				       l->format->shard[i].name);
	return 0;
}

void log_release(struct vlog *l)
{
	for (unsigned i = 0; i < l->nsegs; i++)
		close(l->segs[i].fd);
	free(l->segs);
	free(l->off);
	free(l->body8);
	free(l->tag8);
	free(l->find);
	tree_release(&l->tree);
	buf_release(&l->head);
}

unsigned log_seg_of(const struct vlog *l, uint64_t seq)
{
	unsigned lo = 0, hi = l->nsegs;

	while (hi - lo > 1) {
		unsigned mid = lo + (hi - lo) / 2;

		if (l->segs[mid].first <= seq)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int log_leaf(const struct vlog *l, uint64_t seq, uint8_t out[static LEAF_LEN],
	     struct err *e)
{
	uint8_t hash[SHA256_LEN];
	unsigned seg;
	int r;

	if (seq >= tree_size(&l->tree))
		return err_set(e, ERR_NOENT, "the log has no leaf %llu",
			       (unsigned long long)seq);
	seg = log_seg_of(l, seq);
	r = file_pread_all(l->segs[seg].fd, out, LEAF_LEN,
			   (uint64_t)l->off[seq] + 2, e);
	if (r < 0)
		return r;
	leaf_hash(out, hash);
	if (memcmp(hash, tree_leaf(&l->tree, seq), SHA256_LEN))
		return err_set(e, ERR_DAMAGED, "leaf %llu is altered: segment "
			       "'%s/%06u.seg', offset %u",
			       (unsigned long long)seq,
			       l->format->shard[l->segs[seg].shard].name,
			       l->segs[seg].number, l->off[seq]);
	return 0;
}

static void find_put(struct vlog *l, uint64_t seq)
{
	uint64_t at = l->body8[seq] & (l->find_size - 1);

	while (l->find[at])
		at = (at + 1) & (l->find_size - 1);
	l->find[at] = (uint32_t)seq + 1;
}

int log_find(struct vlog *l, const uint8_t body[static SHA256_LEN],
	     uint64_t *seq, struct err *e)
{
	uint64_t n = tree_size(&l->tree), key = get_be64(body), at;
	uint8_t leaf[LEAF_LEN];

	if (l->find_size < 2 * n || !l->find) {
		uint64_t size = 1024;
		uint32_t *p;

		while (size < 3 * n)
			size *= 2;
		p = calloc(size, sizeof *p);
		if (!p)
			return err_set(e, ERR_NOMEM, "no memory for an index");
		free(l->find);
		l->find = p;
		l->find_size = size;
		l->found = 0;
	}
	while (l->found < n)
		find_put(l, l->found++);
	*seq = UINT64_MAX;
	for (at = key & (l->find_size - 1); l->find[at];
	     at = (at + 1) & (l->find_size - 1)) {
		uint64_t s = l->find[at] - 1;

		if (l->body8[s] != key)
			continue;
		if (log_leaf(l, s, leaf, e) < 0)
			return ERR_DAMAGED;
		if (!memcmp(((struct leaf_disk *)leaf)->body, body, SHA256_LEN)) {
			*seq = s;
			return 0;
		}
	}
	return 0;
}

int log_has_tag(const struct vlog *l, const uint8_t tag[static SHA256_LEN])
{
	uint64_t n = tree_size(&l->tree), want = get_be64(tag);

	for (uint64_t i = 0; i < n; i++)
		if (l->tag8[i] == want)
			return 1;
	return 0;
}

/* A new segment of the last shard, its header written. */
static int new_segment(struct vlog *l, unsigned number, struct err *e)
{
	struct seg s = { .fd = -1, .shard = l->format->n - 1, .number = number,
			 .first = tree_size(&l->tree),
			 .end = SEGMENT_HEAD_LEN };
	uint8_t head[SEGMENT_HEAD_LEN];
	char path[FILE_PATH_MAX];
	int r = seg_name(l, s.shard, number, path, e);

	if (r == 0)
		r = vio_create(path, &s.fd, e);
	if (r < 0)
		return r;
	segment_head_put(s.first, l->origin, head);
	r = vio_write(s.fd, head, sizeof head, 0, e);
	if (r == 0)
		r = seg_push(l, &s);
	if (r < 0)
		close(s.fd);
	return r;
}

int log_begin(struct vlog *l, struct err *e)
{
	const struct seg *s = &l->segs[l->nsegs - 1];
	uint64_t n = tree_size(&l->tree);

	if (n - s->first < l->close_at && s->end < SEG_SIZE_MAX / 2)
		return 0;
	return new_segment(l, s->number + 1, e);
}

int log_shard(struct vlog *l, const struct note_skey *key, struct err *e)
{
	int r = new_segment(l, 0, e);

	return r == 0 ? log_sign(l, key, e) : r;
}

int log_push(struct vlog *l, const uint8_t (*leaves)[LEAF_LEN],
	     const uint8_t (*hashes)[SHA256_LEN], uint64_t count, struct err *e)
{
	struct seg *s = &l->segs[l->nsegs - 1];

	for (uint64_t i = 0; i < count; i++) {
		uint64_t n = tree_size(&l->tree);
		const struct leaf_disk *d
			= (const struct leaf_disk *)leaves[i];

		if (tree_append(&l->tree, hashes[i]) < 0)
			return err_set(e, ERR_NOMEM, "no memory for the tree");
		l->off[n] = (uint32_t)s->end;
		l->body8[n] = get_be64(d->body);
		l->tag8[n] = get_be64(d->tag);
		l->last_ms = (int64_t)get_be64(d->time_ms);
		s->end += SEGMENT_LEAF_FRAME;
	}
	if (count)
		memcpy(l->last, leaves[count - 1], LEAF_LEN);
	return 0;
}

int log_write(struct vlog *l, const uint8_t (*leaves)[LEAF_LEN],
	      const uint8_t (*hashes)[SHA256_LEN], uint64_t count,
	      struct err *e)
{
	struct buf out = BUF_INIT((size_t)count * SEGMENT_LEAF_FRAME);
	struct seg *s = &l->segs[l->nsegs - 1];
	int r;

	for (uint64_t i = 0; i < count; i++)
		segment_put_leaf(&out, leaves[i], hashes[i]);
	r = out.failed ? err_set(e, out.failed, "no memory for leaves") : 0;
	if (r == 0)
		r = vio_write(s->fd, out.p, out.len, s->end, e);
	if (r == 0)
		r = vio_sync(s->fd, e);
	if (r == 0)
		r = log_push(l, leaves, hashes, count, e);
	buf_release(&out);
	return r;
}

int log_sign(struct vlog *l, const struct note_skey *key, struct err *e)
{
	struct seg *s = &l->segs[l->nsegs - 1];
	struct checkpoint c = { .origin = bytes_str(l->origin),
				.size = tree_size(&l->tree) };
	struct buf note = BUF_INIT(SEGMENT_NOTE_MAX);
	struct buf frame = BUF_INIT(SEGMENT_NOTE_MAX + 16);
	int r;

	peaks_root(&l->tree.peaks, c.root);
	r = checkpoint_sign(&c, key, 1, &note, e);
	if (r == 0)
		r = segment_put_note(&frame, buf_view(&note));
	if (r == 0)
		r = vio_write(s->fd, frame.p, frame.len, s->end, e);
	if (r == 0)
		r = vio_sync(s->fd, e);
	if (r == 0) {
		s->end += frame.len;
		buf_clear(&l->head);
		r = buf_addb(&l->head, buf_view(&note));
	}
	buf_release(&note);
	buf_release(&frame);
	return r;
}

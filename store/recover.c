/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Recovery: what stands behind the last head after a crash.
 *
 * At most one commit group can stand there.  It is adopted when all of it is
 * there - every leaf fits the chain, every leaf's objects and slots are known,
 * and no slot is without its object - else all of it is cut.  Adopted bytes are
 * written once more before they are synced: a sync that failed may have left
 * them clean in memory and absent from the disk.
 *
 * Killed at any point it does the same again: leaves are cut before objects,
 * so that nothing half cut can look whole.
 */
#include "store/recover_int.h"

#include "util/enc.h"

#include <stdlib.h>
#include <unistd.h>

/* --- the leaves ----------------------------------------------------------- */

static int leaf_fits(const struct recovery *rc, const uint8_t *leaf)
{
	const struct vlog *l = &rc->v->log;
	uint64_t base = tree_size(&l->tree);
	static const uint8_t none[SHA256_LEN];
	const uint8_t *prev;
	uint8_t head[SHA256_LEN];
	int64_t ms = l->last_ms;
	struct leaf d;

	if (leaf_decode(leaf, &d, NULL) < 0 || d.seq != base + rc->n)
		return 0;
	if (rc->n > 0) {
		struct leaf before;

		prev = rc->hashes[rc->n - 1];
		leaf_decode(rc->leaves[rc->n - 1], &before, NULL);
		ms = before.time_ms;
	} else {
		prev = base ? tree_leaf(&l->tree, base - 1) : none;
	}
	sha256_once(buf_view(&l->head), head);
	if (d.kind == LEAF_KEY && memcmp(d.open, head, sizeof head))
		return 0;
	return !memcmp(prev, d.prev, SHA256_LEN) && d.time_ms >= ms
	       && (d.flags & LEAF_FLAG_LAB) == (rc->v->lab ? LEAF_FLAG_LAB : 0);
}

static int read_leaves(struct recovery *rc, struct err *e)
{
	struct vlog *l = &rc->v->log;
	size_t n = (size_t)(l->tail.size - l->tail.off), off = 0;
	uint8_t want[SEGMENT_HEAD_LEN];
	struct segment_frame f;
	uint8_t *p;
	int r;

	rc->start = rc->end = l->tail.off;
	if (n == 0)
		return 0;
	p = malloc(n);
	rc->leaves = malloc((n / SEGMENT_LEAF_FRAME + 1) * LEAF_LEN);
	rc->hashes = malloc((n / SEGMENT_LEAF_FRAME + 1) * SHA256_LEN);
	if (!p || !rc->leaves || !rc->hashes) {
		r = err_set(e, ERR_NOMEM, "no memory to recover");
		goto out;
	}
	r = file_pread_all(l->segs[l->tail.seg].fd, p, n, l->tail.off, e);
	if (r < 0)
		goto out;
	if (l->tail.off == 0) {
		segment_head_put(tree_size(&l->tree), l->origin, want);
		if (n < sizeof want || memcmp(p, want, sizeof want))
			goto out;
		off = sizeof want;
		rc->start = off;
	}
	while (segment_next(BYTES(p + off, n - off), 1, &f) == 0
	       && f.kind == SEGMENT_LEAF && leaf_fits(rc, f.body.p)) {
		memcpy(rc->leaves[rc->n], f.body.p, LEAF_LEN);
		leaf_hash(f.body.p, rc->hashes[rc->n]);
		rc->n++;
		off += f.size;
	}
	rc->end = l->tail.off + off;
out:
	free(p);
	return r;
}

/* --- adopt or cut --------------------------------------------------------- */

static int match_leaf(struct recovery *rc, uint64_t i)
{
	const struct leaf_disk *d = (const struct leaf_disk *)rc->leaves[i];
	uint64_t seq = vault_size(rc->v) + i;

	for (size_t k = 0; k < rc->nrests; k++) {
		struct rest *t = &rc->rests[k];

		if (get_be16(d->kind) == LEAF_KEY) {
			if (t->frames == 1 && !t->key_seen
			    && t->frame.seq == seq
			    && !memcmp(t->frame_body, d->body, SHA256_LEN)) {
				t->key_seen = 1;
				return 1;
			}
		} else if (t->key_seen && t->matched < t->n
			   && !memcmp(t->items[t->matched].body, d->body,
				      SHA256_LEN)) {
			t->matched++;
			return 1;
		}
	}
	return 0;
}

/* A slot table that the group names must be there as it says. */
static int tables_whole(const struct recovery *rc)
{
	static const uint8_t gone[SHA256_LEN];
	int ok = 1;

	for (size_t i = 0; ok && i < rc->nnamed; i++) {
		const struct named *x = &rc->named[i];
		struct buf file = BUF_INIT((size_t)1 << 31);
		char path[FILE_PATH_MAX];
		uint8_t hash[SHA256_LEN];

		if (x->seq != UINT64_MAX || !strstr(x->path, "/keys/")
		    || !memcmp(x->hash, gone, sizeof gone))
			continue;
		ok = file_path(path, rc->v->path, x->path, NULL) == 0
		     && file_read(path, &file, NULL) == 0;
		if (ok) {
			sha256_once(buf_view(&file), hash);
			ok = !memcmp(hash, x->hash, sizeof hash);
		}
		buf_release(&file);
	}
	return ok;
}

/* Is the group behind the head all there? */
static int is_whole(struct recovery *rc)
{
	for (uint64_t i = 0; i < rc->n; i++)
		if (!match_leaf(rc, i))
			return 0;
	for (size_t k = 0; k < rc->nrests; k++) {
		const struct rest *t = &rc->rests[k];
		uint64_t objects = 0;

		for (size_t i = 0; i < t->n; i++)
			objects += t->items[i].objects;
		if (t->frames > 1 || t->matched != t->n
		    || t->key_seen != t->frames
		    || (t->frames && objects != t->frame.count))
			return 0;
	}
	return rc->n > 0 && tables_whole(rc);
}

/* Write the bytes from off to the file's end once more, and sync them. */
static int write_again(const char *path, uint64_t off, struct err *e)
{
	uint8_t piece[65536];
	uint64_t size;
	int fd, r;

	r = recover_open(path, &fd, &size, e);
	if (r)
		return r < 0 ? r : err_set(e, ERR_DAMAGED, "'%s' is gone", path);
	while (r == 0 && off < size) {
		size_t n = size - off < sizeof piece ? (size_t)(size - off)
						     : sizeof piece;

		r = file_pread_all(fd, piece, n, off, e);
		if (r == 0)
			r = vio_write(fd, piece, n, off, e);
		off += n;
	}
	if (r == 0)
		r = vio_sync(fd, e);
	close(fd);
	return r < 0 ? r : vio_sync_parent(path, e);
}

/* Bytes behind the last head stand in the last shard. */
static int seg_path(const struct recovery *rc, char *out, struct err *e)
{
	return log_seg_path(&rc->v->log, rc->v->log.tail.seg, out, e);
}

static int adopt(struct recovery *rc, struct err *e)
{
	struct vlog *l = &rc->v->log;
	char path[FILE_PATH_MAX];
	int r;

	/* A torn head behind the leaves. */
	r = seg_path(rc, path, e);
	if (r == 0 && rc->end < l->tail.size)
		r = torn_cut(rc->v, path, rc->end, e);
	for (size_t k = 0; r == 0 && k < rc->nrests; k++) {
		struct rest *t = &rc->rests[k];
		uint64_t off = t->pack_off;

		for (uint32_t n = t->pack; r == 0 && t->pack && n <= t->packs;
		     n++, off = 0) {
			r = recover_pack_path(rc, t, n, path, e);
			if (r == 0)
				r = write_again(path, off, e);
		}
		for (unsigned i = 0; r == 0 && i < 2; i++) {
			if (!t->keys[i].frames)
				continue;
			r = recover_keys_path(rc, t, &t->keys[i], path, e);
			if (r == 0)
				r = write_again(path, t->keys[i].off, e);
		}
	}
	if (r == 0)
		r = seg_path(rc, path, e);
	if (r == 0)
		r = write_again(path, l->tail.off, e);
	if (r == 0)
		r = log_room(l, rc->n, e);
	if (r < 0)
		return r;
	l->segs[l->tail.seg].end = rc->start;
	r = log_push(l, (const uint8_t (*)[LEAF_LEN])rc->leaves,
		     (const uint8_t (*)[SHA256_LEN])rc->hashes, rc->n, e);
	if (r == 0)
		r = log_sign(l, rc->v->key, e);
	rc->v->rec.adopted = rc->n;
	return r;
}

static int cut(struct recovery *rc, struct err *e)
{
	struct vlog *l = &rc->v->log;
	char path[FILE_PATH_MAX];
	int r = seg_path(rc, path, e);

	if (r == 0 && (l->tail.off < l->tail.size || l->tail.off == 0))
		r = torn_cut(rc->v, path, l->tail.off, e);
	if (r == 0 && l->tail.off == 0) {
		l->nsegs--;
		close(l->segs[l->nsegs].fd);
	}
	for (size_t k = 0; r == 0 && k < rc->nrests; k++) {
		struct rest *t = &rc->rests[k];

		for (uint32_t n = t->packs; r == 0 && t->pack && n >= t->pack;
		     n--) {
			r = recover_pack_path(rc, t, n, path, e);
			if (r == 0)
				r = torn_cut(rc->v, path,
					     n == t->pack ? t->pack_off : 0, e);
		}
		for (size_t i = 0; i < t->n; i++)
			rc->v->rec.orphan_objects += t->items[i].objects;
		for (unsigned i = 0; r == 0 && i < 2; i++) {
			const struct keys_rest *x = &t->keys[i];

			if (!x->there || (x->off && x->off == x->size))
				continue;
			r = recover_keys_path(rc, t, x, path, e);
			if (r == 0)
				r = torn_cut(rc->v, path, x->off, e);
		}
	}
	return r;
}

int recover(struct vault *v, struct err *e)
{
	int whole = 0;
	struct recovery rc = { .v = v };
	int r;

	rc.vouched.max = (size_t)64 << 20;
	rc.item = malloc(sizeof *rc.item);
	r = rc.item ? torn_sweep(v, e)
		    : err_set(e, ERR_NOMEM, "no memory to recover");
	if (r == 0)
		r = shard_sweep(v, e);
	if (r == 0)
		r = recover_look(&rc, e);
	if (r == 0)
		r = read_leaves(&rc, e);
	if (r == 0) {
		whole = is_whole(&rc);
		r = whole ? adopt(&rc, e) : cut(&rc, e);
	}
	if (r == 0)
		r = recover_settle(&rc, whole, e);
	if (r == 0)
		r = settle_files(v, e);
	if (r == 0)
		r = torn_report(v, &rc.vouched, e);
	for (size_t k = 0; k < rc.nrests; k++) {
		free(rc.rests[k].items);
		free(rc.rests[k].under);
	}
	for (size_t i = 0; i < rc.nnamed; i++)
		free(rc.named[i].path);
	free(rc.named);
	free(rc.rests);
	free(rc.leaves);
	free(rc.hashes);
	free(rc.item);
	buf_release(&rc.vouched);
	return r;
}

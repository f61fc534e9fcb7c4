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
#include "store/vault_int.h"

#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a leaf says of a file that decides how streams are read. */
struct named {
	char *path;			/* <stream>/keys/..., .../erasures/... */
	uint64_t seq;			/* UINT64_MAX: behind the head */
	uint8_t hash[SHA256_LEN];	/* zeros: gone */
	int erasure;			/* the leaf is of kind 4 */
};

/* An item without a leaf under the head. */
struct orphan {
	uint8_t body[SHA256_LEN];
	unsigned objects;
};

/* What one stream holds behind the head. */
struct rest {
	char dir[VAULT_DIR_MAX + 1];
	uint32_t pack;			/* first pack with such bytes, or 0 */
	uint64_t pack_off;		/* from here in that pack */
	uint32_t packs;			/* the last pack */
	struct under {			/* items under the head */
		uint64_t seq;
		uint8_t objects, erased;
	} *under;
	size_t nunder, under_room;
	struct orphan *items;
	size_t n, room;
	size_t matched;
	/* slots: of the epoch that counts, and of one about to follow it */
	uint32_t epoch;
	uint64_t tab_seq;		/* of the leaf that names the table */
	struct keys_rest {
		uint32_t epoch;
		int there;
		uint64_t off, size;	/* frames behind the head */
		int frames;		/* any there? */
	} keys[2];
	uint64_t first;			/* item of the first frame, or none */
	uint64_t known_slots;
	int frames;			/* whole frames behind the head */
	struct slot_frame frame;	/* the first of them */
	uint8_t frame_body[SHA256_LEN];
	int key_seen;
};

struct recovery {
	struct vault *v;
	struct rest *rests;
	size_t nrests;
	struct buf vouched;		/* paths of externals, each with NUL */
	struct named *named;
	size_t nnamed, named_room;
	/* leaves behind the head */
	uint8_t (*leaves)[LEAF_LEN];
	uint8_t (*hashes)[SHA256_LEN];
	uint64_t n;
	uint64_t start, end;		/* of their frames in the last segment */
	struct pack_item *item;		/* scratch */
};

/* --- what is there -------------------------------------------------------- */

static int pack_path(const struct recovery *rc, const struct rest *t,
		     uint32_t n, char *out, struct err *e)
{
	char name[32];

	snprintf(name, sizeof name, "packs/%06u.pack", n);
	return file_path(out, rc->v->path, t->dir, name, NULL) < 0
	       ? err_set(e, ERR_RANGE, "path of '%s' is too long", t->dir) : 0;
}

static int keys_path(const struct recovery *rc, const struct rest *t,
		     const struct keys_rest *k, char *out, struct err *e)
{
	char name[KEYS_NAME_MAX];

	keys_add_name(k->epoch, name);
	return file_path(out, rc->v->path, t->dir, name, NULL) < 0
	       ? err_set(e, ERR_RANGE, "path of '%s' is too long", t->dir) : 0;
}

/* open() and its size; 1 when there is no such file. */
static int open_sized(const char *path, int *fd, uint64_t *size, struct err *e)
{
	struct stat st;

	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return errno == ENOENT ? 1 : err_errno(e, "cannot open '%s'",
						       path);
	if (fstat(*fd, &st) < 0) {
		close(*fd);
		return err_errno(e, "cannot look at '%s'", path);
	}
	*size = (uint64_t)st.st_size;
	return 0;
}

static int add_orphan(struct rest *t, const struct pack_item *it)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 16;
		struct orphan *p = realloc(t->items, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		t->items = p;
		t->room = room;
	}
	memcpy(t->items[t->n].body, it->body, SHA256_LEN);
	t->items[t->n++].objects = it->objects;
	return 0;
}

static int add_under(struct rest *t, const struct pack_item *it, uint64_t seq)
{
	if (t->nunder == t->under_room) {
		size_t room = t->under_room ? t->under_room * 2 : 64;
		struct under *p = realloc(t->under, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		t->under = p;
		t->under_room = room;
	}
	t->under[t->nunder++] = (struct under){ seq, (uint8_t)it->objects,
						(uint8_t)it->erased };
	return 0;
}

static int add_named(struct recovery *rc, const char *path, uint64_t seq,
		     const uint8_t hash[static SHA256_LEN])
{
	struct named *x;
	struct leaf leaf;

	if (rc->nnamed == rc->named_room) {
		size_t room = rc->named_room ? rc->named_room * 2 : 16;
		struct named *p = realloc(rc->named, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		rc->named = p;
		rc->named_room = room;
	}
	x = &rc->named[rc->nnamed];
	x->path = strdup(path);
	if (!x->path)
		return ERR_NOMEM;
	x->seq = seq;
	memcpy(x->hash, hash, SHA256_LEN);
	x->erasure = seq != UINT64_MAX && vault_leaf(rc->v, seq, &leaf) == 0
		     && leaf.kind == LEAF_ERASURE;
	rc->nnamed++;
	return 0;
}

/* What the item's externals say of torn files, of slots and of erasures. */
static int add_vouched(struct recovery *rc, struct pack_walk *w, uint64_t seq)
{
	char path[PACK_PATH_MAX + 1];
	const struct pack_item *it = rc->item;
	int r = 0;

	for (unsigned i = it->objects;
	     r == 0 && i < it->objects + it->externals; i++) {
		if (pack_walk_path(w, it, i, path, NULL) < 0)
			continue;
		if (!strncmp(path, "log/", 4) && seq != UINT64_MAX)
			r = buf_add(&rc->vouched, path, strlen(path) + 1);
		else if (strstr(path, "/keys/") || strstr(path, "/erasures/"))
			r = add_named(rc, path, seq, it->frame[i].hash);
	}
	return r;
}

static void mark_rest(struct rest *t, uint32_t pack, uint64_t off)
{
	if (t->pack)
		return;
	t->pack = pack;
	t->pack_off = off <= PACK_FILE_HEAD_LEN ? 0 : off;
}

static int look_pack(struct recovery *rc, struct rest *t, uint32_t n, int fd,
		     uint64_t size, struct err *e)
{
	uint64_t bad, seq;
	struct pack_walk w;
	int r;

	pack_walk_init(&w, fd, size);
	r = pack_walk_head(&w, n, NULL);
	if (r == ERR_DAMAGED || (r == 0 && w.off == size))
		mark_rest(t, n, 0);
	if (r < 0)
		return r == ERR_DAMAGED ? 0 : r;
	for (;;) {
		uint64_t off = w.off;

		r = pack_walk_next(&w, rc->item, &bad, NULL);
		if (r == 1)
			return 0;
		if (r == ERR_DAMAGED) {
			mark_rest(t, n, off);
			return 0;
		}
		if (r == 0)
			r = log_find(&rc->v->log, rc->item->body, &seq, e);
		if (r < 0)
			return r;
		if (add_vouched(rc, &w, seq) < 0
		    || (seq != UINT64_MAX && add_under(t, rc->item, seq) < 0))
			return err_set(e, ERR_NOMEM, "no memory to recover");
		if (seq != UINT64_MAX) {
			if (t->pack)
				return err_set(e, ERR_DAMAGED, "'%s/packs/%06u"
					       ".pack' is damaged before offset"
					       " %llu", t->dir, n,
					       (unsigned long long)off);
			continue;
		}
		mark_rest(t, n, off);
		if (add_orphan(t, rc->item) < 0)
			return err_set(e, ERR_NOMEM, "no memory to recover");
	}
}

static int look_packs(struct recovery *rc, struct rest *t, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = 0;

	for (uint32_t n = 1; r == 0; n++) {
		uint64_t size;
		int fd;

		r = pack_path(rc, t, n, path, e);
		if (r == 0)
			r = open_sized(path, &fd, &size, e);
		if (r)
			break;
		t->packs = n;
		r = look_pack(rc, t, n, fd, size, e);
		close(fd);
	}
	return r < 0 ? r : 0;
}

/* One slot frame; 1 when nothing that fits stands here. */
static int look_frame(struct recovery *rc, struct rest *t, struct bytes in,
		      size_t *step)
{
	const struct leaf_disk *d;
	uint8_t hash[1][SHA256_LEN], body[SHA256_LEN], leaf[LEAF_LEN];
	struct slot_frame f;

	if (in.len < SLOT_FRAME_LEN || slot_frame_get(in.p, &f) < 0
	    || f.len > in.len - SLOT_FRAME_LEN)
		return 1;
	*step = SLOT_FRAME_LEN + f.len;
	sha256_once(BYTES(in.p, *step), hash[0]);
	leaf_body((const uint8_t (*)[SHA256_LEN])hash, 1, body);
	if (f.seq >= vault_size(rc->v)) {
		if (t->frames++ == 0) {
			t->frame = f;
			memcpy(t->frame_body, body, sizeof body);
		}
		return 0;
	}
	d = (const struct leaf_disk *)leaf;
	if (t->frames || log_leaf(&rc->v->log, f.seq, leaf, NULL) < 0
	    || get_be16(d->kind) != LEAF_KEY
	    || memcmp(d->body, body, sizeof body))
		return 1;
	if (t->first == UINT64_MAX)
		t->first = f.first;
	t->known_slots += f.count;
	return 0;
}

/* Does a leaf say that this file of a stream's keys/ is gone? */
static int is_gone(const struct recovery *rc, const char *dir,
		   const char *name)
{
	static const uint8_t gone[SHA256_LEN];
	size_t n = strlen(dir);

	for (size_t i = 0; i < rc->nnamed; i++) {
		const struct named *x = &rc->named[i];

		if (x->seq != UINT64_MAX && !strncmp(x->path, dir, n)
		    && !strncmp(x->path + n, "/keys/", 6)
		    && !strcmp(x->path + n + 6, name)
		    && !memcmp(x->hash, gone, sizeof gone))
			return 1;
	}
	return 0;
}

static int look_keys(struct recovery *rc, struct rest *t, struct keys_rest *k,
		     struct err *e)
{
	struct buf file = BUF_INIT((size_t)1 << 31);
	uint8_t want[SLOT_FILE_HEAD_LEN];
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	size_t off = 0, step = 0;
	int before = t->frames;
	int r = keys_path(rc, t, k, path, e);

	keys_add_name(k->epoch, name);
	if (r == 0 && is_gone(rc, t->dir, name + 5))
		return 0;
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		goto out;
	k->there = 1;
	k->size = file.len;
	slot_file_head_put(k->epoch, want);
	if (file.len < sizeof want || memcmp(file.p, want, sizeof want))
		goto out;
	for (off = sizeof want; off < file.len; off += step) {
		k->off = k->frames ? k->off : off;
		if (look_frame(rc, t, BYTES(file.p + off, file.len - off),
			       &step))
			break;
		k->frames = t->frames > before;
		if (!k->frames)
			k->off = off + step;
	}
	if (k->off <= sizeof want)
		k->off = 0;
out:
	buf_release(&file);
	return r;
}

/*
 * The epoch that counts: of the newest table that a leaf under the head names,
 * else the first.
 */
static void find_epoch(const struct recovery *rc, struct rest *t)
{
	static const uint8_t gone[SHA256_LEN];
	size_t n = strlen(t->dir);

	t->epoch = SLOT_EPOCH;
	for (size_t i = 0; i < rc->nnamed; i++) {
		const struct named *x = &rc->named[i];
		uint32_t epoch;
		int tab = 0;

		if (x->seq == UINT64_MAX || strncmp(x->path, t->dir, n)
		    || strncmp(x->path + n, "/keys/", 6)
		    || !memcmp(x->hash, gone, sizeof gone))
			continue;
		epoch = keys_name_epoch(x->path + n + 6, &tab);
		if (!tab || epoch <= t->epoch)
			continue;
		t->epoch = epoch;
		t->tab_seq = x->seq;
	}
}

/* Objects under the head that must have a slot behind the table. */
static uint64_t known_objects(const struct rest *t)
{
	uint64_t objects = 0;
	size_t i = 0;

	if (t->epoch > SLOT_EPOCH)
		while (i < t->nunder && i < t->first
		       && t->under[i].seq < t->tab_seq)
			i++;
	for (; i < t->nunder; i++)
		if (t->keys[0].there
		    || t->under[i].erased < t->under[i].objects)
			objects += t->under[i].objects;
	return objects;
}

static int look_stream_keys(struct recovery *rc, struct rest *t, struct err *e)
{
	uint64_t known;
	int r;

	find_epoch(rc, t);
	t->first = UINT64_MAX;
	t->keys[0].epoch = t->epoch;
	t->keys[1].epoch = t->epoch + 1;
	r = look_keys(rc, t, &t->keys[0], e);
	if (r == 0 && t->epoch < SLOT_EPOCH_MAX)
		r = look_keys(rc, t, &t->keys[1], e);
	if (r < 0)
		return r;
	/* Nothing that a head covers is ever cut. */
	known = known_objects(t);
	if (known != t->known_slots)
		return err_set(e, ERR_DAMAGED, "'%s' holds %llu objects and "
			       "%llu slots under the last head: damaged, verify "
			       "tells where", t->dir, (unsigned long long)known,
			       (unsigned long long)t->known_slots);
	return 0;
}

static int look_streams(struct recovery *rc, struct err *e)
{
	char **dirs;
	size_t n = 0;
	int r = vault_stream_dirs(rc->v->path, &dirs, e);

	if (r < 0)
		return r;
	while (dirs[n])
		n++;
	rc->rests = calloc(n + 1, sizeof *rc->rests);
	if (!rc->rests)
		r = err_set(e, ERR_NOMEM, "no memory to recover");
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct rest *t = &rc->rests[i];

		snprintf(t->dir, sizeof t->dir, "%s", dirs[i]);
		rc->nrests++;
		r = look_packs(rc, t, e);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = look_stream_keys(rc, &rc->rests[i], e);
	free(dirs);
	return r;
}

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

	r = open_sized(path, &fd, &size, e);
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
			r = pack_path(rc, t, n, path, e);
			if (r == 0)
				r = write_again(path, off, e);
		}
		for (unsigned i = 0; r == 0 && i < 2; i++) {
			if (!t->keys[i].frames)
				continue;
			r = keys_path(rc, t, &t->keys[i], path, e);
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
			r = pack_path(rc, t, n, path, e);
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
			r = keys_path(rc, t, x, path, e);
			if (r == 0)
				r = torn_cut(rc->v, path, x->off, e);
		}
	}
	return r;
}

/* --- slots and erasures ---------------------------------------------------- */

/*
 * Finish what a new key began: a table no leaf names never counted; what a leaf
 * says is gone goes.
 */
static int settle_keys(const struct recovery *rc, const struct rest *t,
		       struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	int r = file_path(dir, rc->v->path, t->dir, "keys", NULL), tab;

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		uint32_t epoch = keys_name_epoch(*p, &tab);

		if (!epoch || (epoch <= t->epoch && !is_gone(rc, t->dir, *p)))
			continue;
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = keys_destroy(path, e);
	}
	free(names);
	return r;
}

/* A group that was adopted may have named a table or a list. */
static void adopt_named(struct recovery *rc)
{
	uint64_t base = vault_size(rc->v) - rc->n;

	for (size_t i = 0; i < rc->nnamed; i++)
		if (rc->named[i].seq == UINT64_MAX) {
			rc->named[i].seq = base;
			for (uint64_t k = 0; k < rc->n; k++)
				if (get_be16(rc->leaves[k] + 24)
				    == LEAF_ERASURE)
					rc->named[i].erasure = 1;
		}
}

/* A list whose decision was not committed. */
static int settle_lists(const struct recovery *rc, const struct rest *t,
			struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	int r = file_path(dir, rc->v->path, t->dir, "erasures", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		size_t n = strlen(t->dir);
		int found = 0;

		for (size_t i = 0; !found && i < rc->nnamed; i++)
			found = rc->named[i].seq != UINT64_MAX
				&& !strncmp(rc->named[i].path, t->dir, n)
				&& !strncmp(rc->named[i].path + n,
					    "/erasures/", 10)
				&& !strcmp(rc->named[i].path + n + 10, *p);
		if (found)
			continue;
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = vio_unlink(path, e);
	}
	free(names);
	return r;
}

/* A list that no certificate names yet. */
static int is_pending(const struct recovery *rc, const struct named *x)
{
	unsigned n = 0;

	if (x->seq == UINT64_MAX || !x->erasure
	    || !strstr(x->path, "/erasures/"))
		return 0;
	for (size_t i = 0; i < rc->nnamed; i++)
		n += rc->named[i].seq != UINT64_MAX && rc->named[i].erasure
		     && !strcmp(rc->named[i].path, x->path);
	return n == 1;
}

static int settle(struct recovery *rc, int adopted, struct err *e)
{
	int r = 0;

	if (adopted)
		adopt_named(rc);
	for (size_t k = 0; r == 0 && k < rc->nrests; k++) {
		find_epoch(rc, &rc->rests[k]);
		r = settle_keys(rc, &rc->rests[k], e);
		if (r == 0)
			r = settle_lists(rc, &rc->rests[k], e);
	}
	for (size_t i = 0; r == 0 && i < rc->nnamed; i++)
		if (is_pending(rc, &rc->named[i]))
			r = erase_redo(rc->v, rc->named[i].path,
				       rc->named[i].hash, e);
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
		r = look_streams(&rc, e);
	if (r == 0)
		r = read_leaves(&rc, e);
	if (r == 0) {
		whole = is_whole(&rc);
		r = whole ? adopt(&rc, e) : cut(&rc, e);
	}
	if (r == 0)
		r = settle(&rc, whole, e);
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

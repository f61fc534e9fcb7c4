/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Seeing what another process of the vault's owner has written: a service's
 * sessions read beside its writer, and a pass of its own writes in turns.
 */
#include "store/vault_int.h"
#include "util/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP ((size_t)1 << 20)	/* bytes of a segment read at once, at most */

/* What was read behind the last head and no head covers yet. */
struct tail {
	struct buf leaves;	/* LEAF_LEN each */
	struct buf hashes;	/* SHA256_LEN each */
	uint64_t n;
	uint64_t at;		/* offset of the first of them */
};

/* A signed head: it must cover exactly what was read, and then that counts. */
static int take_head(struct vlog *l, struct seg *s, struct tail *t,
		     struct bytes note, uint64_t end, struct err *e)
{
	struct checkpoint c;
	uint8_t root[SHA256_LEN];
	int r = log_room(l, t->n, e);

	if (r < 0)
		return r;
	if (checkpoint_open(note, &l->vkey, 1, l->origin, &c, NULL))
		return err_set(e, ERR_DAMAGED, "a head is not signed by this "
			       "log's key");
	s->end = t->at;
	r = log_push(l, (const uint8_t (*)[LEAF_LEN])t->leaves.p,
		     (const uint8_t (*)[SHA256_LEN])t->hashes.p, t->n, e);
	if (r < 0)
		return r;
	peaks_root(&l->tree.peaks, root);
	if (c.size != tree_size(&l->tree) || memcmp(c.root, root, sizeof root))
		return err_set(e, ERR_DAMAGED, "the log does not fit its last "
			       "head; verify tells where");
	s->end = end;
	buf_clear(&l->head);
	r = buf_addb(&l->head, note);
	t->n = 0;
	t->at = end;
	buf_clear(&t->leaves);
	buf_clear(&t->hashes);
	return r < 0 ? err_set(e, r, "no memory for a head") : 0;
}

/* A leaf behind those known: it carries the hash of the one before. */
static int take_leaf(struct vlog *l, struct tail *t, struct bytes leaf,
		     struct err *e)
{
	uint64_t n = tree_size(&l->tree) + t->n;
	const struct leaf_disk *d = (const struct leaf_disk *)leaf.p;
	const uint8_t *prev = NULL;
	uint8_t hash[SHA256_LEN];
	struct leaf decoded;

	if (t->n)
		prev = t->hashes.p + (t->n - 1) * SHA256_LEN;
	else if (n)
		prev = tree_leaf(&l->tree, n - 1);
	if (leaf_decode(leaf.p, &decoded, NULL) < 0 || decoded.seq != n ||
	    (prev && memcmp(d->prev, prev, SHA256_LEN)))
		return err_set(e, ERR_DAMAGED, "leaf %llu does not follow the "
			       "one before", (unsigned long long)n);
	leaf_hash(leaf.p, hash);
	buf_addb(&t->leaves, leaf);
	buf_add(&t->hashes, hash, sizeof hash);
	t->n++;
	if (t->leaves.failed || t->hashes.failed)
		return err_set(e, ERR_NOMEM, "no memory for leaves");
	return 0;
}

/* Frames of the last segment from *off on; they may end anywhere. */
static int take_frames(struct vlog *l, struct tail *t, struct bytes in,
		       uint64_t *off, int *grown, struct err *e)
{
	struct segment_frame f;
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < in.len) {
		r = segment_next(BYTES(in.p + at, in.len - at), 1, &f);
		if (r == 1)
			break;
		if (r < 0)
			return err_set(e, ERR_DAMAGED, "segment is damaged at "
				       "offset %llu",
				       (unsigned long long)(*off + at));
		at += f.size;
		if (f.kind == SEGMENT_LEAF) {
			r = take_leaf(l, t, f.body, e);
		} else {
			r = take_head(l, &l->segs[l->nsegs - 1], t, f.body,
				      *off + at, e);
			*grown = 1;
		}
	}
	*off += at;
	return r < 0 ? r : 0;
}

static int read_on(struct vlog *l, int *grown, struct err *e)
{
	struct seg *s = &l->segs[l->nsegs - 1];
	struct tail t = { .leaves = BUF_INIT((size_t)64 << 20),
			  .hashes = BUF_INIT((size_t)64 << 20), .at = s->end };
	struct buf in = BUF_INIT(STEP);
	uint64_t off = s->end, was, size;
	struct stat st;
	int r = 0;

	if (fstat(s->fd, &st) < 0)
		return err_errno(e, "cannot look at a segment");
	size = (uint64_t)st.st_size;
	while (r == 0 && off < size) {
		size_t n = size - off > STEP ? STEP : (size_t)(size - off);

		buf_clear(&in);
		if (!buf_room(&in, n)) {
			r = err_set(e, ERR_NOMEM, "no memory for a segment");
			break;
		}
		r = file_pread_all(s->fd, in.p, n, off, e);
		in.len = n;
		was = off;
		if (r == 0)
			r = take_frames(l, &t, buf_view(&in), &off, grown, e);
		if (off == was)
			break;
	}
	/* In our turn nobody is in the middle of a commit. */
	if (r == 0 && l->writing && s->end != size)
		r = err_set(e, ERR_DAMAGED, "bytes stand behind the last head");
	buf_release(&t.leaves);
	buf_release(&t.hashes);
	buf_release(&in);
	return r;
}

/* Open a segment that was begun behind those known; 1 when it is the last one
 * now. */
static int open_next(struct vlog *l, unsigned shard, unsigned number,
		     struct err *e)
{
	const struct vault_shard *sh = &l->format->shard[shard];
	uint8_t head[SEGMENT_HEAD_LEN], want[SEGMENT_HEAD_LEN];
	char path[FILE_PATH_MAX];
	struct seg *p;
	struct stat st;
	int fd;

	if (snprintf(path, sizeof path, "%s/%s/%06u.seg", l->base, sh->name,
		     number) >= (int)sizeof path)
		return err_set(e, ERR_RANGE, "path '%s' is too long", l->base);
	fd = open(path, (l->writing ? O_RDWR : O_RDONLY) | O_CLOEXEC |
		  O_NOFOLLOW);
	if (fd < 0)
		return 0;
	segment_head_put(tree_size(&l->tree), sh->origin, want);
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof head ||
	    file_pread_all(fd, head, sizeof head, 0, NULL) < 0 ||
	    memcmp(head, want, sizeof head)) {
		close(fd);
		return 0;	/* being begun, or not ours: there is no head */
	}
	if (l->nsegs == l->segs_room) {
		p = reallocarray(l->segs, l->segs_room + 16, sizeof *p);
		if (!p) {
			close(fd);
			return err_set(e, ERR_NOMEM, "no memory for the log");
		}
		l->segs = p;
		l->segs_room += 16;
	}
	l->segs[l->nsegs++] = (struct seg){
		.fd = fd, .shard = shard, .number = number,
		.first = tree_size(&l->tree), .end = SEGMENT_HEAD_LEN,
	};
	return 1;
}

/* 1 when the next segment of the shard was begun: it is the last one now. */
static int next_segment(struct vlog *l, struct err *e)
{
	const struct seg *s = &l->segs[l->nsegs - 1];

	return open_next(l, s->shard, s->number + 1, e);
}

int log_refresh(struct vlog *l, int *grown, struct err *e)
{
	int r;

	*grown = 0;
	do {
		r = read_on(l, grown, e);
		if (r == 0)
			r = next_segment(l, e);
	} while (r == 1);
	return r;
}

/* Go on in the shard behind the one in hand. */
static int next_shard(struct vault *v, unsigned i, struct err *e)
{
	const struct vault_shard *sh = &v->format->shard[i];
	struct vlog *l = &v->log;
	int r;

	if (tree_size(&l->tree) != sh->first)
		return err_set(e, ERR_DAMAGED, "shard '%s' does not begin where "
			       "the one before ended", sh->name);
	memcpy(l->origin, sh->origin, sizeof sh->origin);
	l->vkey = v->format->vkey[i];
	r = file_path(l->dir, l->base, sh->name, NULL);
	if (r == 0 && v->key) {
		uint8_t seed[32];

		memcpy(seed, v->key->seed, sizeof seed);
		r = note_skey_make(v->key, sh->origin, NOTE_ED25519, seed, e);
		secret_wipe(seed, sizeof seed);
	}
	if (r < 0)
		return r;
	r = open_next(l, i, 0, e);
	return r == 1 ? 0 : err_set(e, ERR_DAMAGED, "shard '%s' has no segment",
				    sh->name);
}

/* The log as FORMAT says it now: shards behind the one in hand as well. */
static int follow_shards(struct vault *v, int *grown, struct err *e)
{
	unsigned had = v->format->n;
	int r = format_refresh(v, e);

	if (r == 0)
		r = log_refresh(&v->log, grown, e);
	for (unsigned i = had; r == 0 && i < v->format->n; i++) {
		int more;

		r = next_shard(v, i, e);
		if (r == 0)
			r = log_refresh(&v->log, &more, e);
		*grown = 1;
	}
	return r;
}

int vault_refresh(struct vault *v, int *changed, struct err *e)
{
	int grown = 0, r = vault_check_alive(v, e);

	if (r == 0 && v->batch)
		r = err_set(e, ERR_BUSY, "a batch is in progress");
	if (r == 0)
		r = follow_shards(v, &grown, e);
	if (changed)
		*changed = grown;
	/* A reader looks again; a writer must not go on from half a view. */
	return v->mode == VAULT_WRITE && r != ERR_BUSY ? vault_dead(v, r) : r;
}

int stream_refresh(struct stream *s, struct err *e)
{
	uint64_t before = s->nitems;
	uint32_t epoch;
	int r;

	if (s->busy)
		return err_set(e, ERR_BUSY, "a batch is in progress");
	r = keys_epoch(s->v->path, s->dir, &epoch, e);
	if (r < 0)
		return r;
	/*
	 * It takes the new key to open it, and to add to it: a writer that
	 * went on would seal to a key that nobody has any more.
	 */
	if (epoch != s->epoch) {
		s->epoch = epoch;
		s->stale = 1;
		secret_free(s->slots);
		s->slots = NULL;
		s->slots_have = s->slots_room = 0;
		s->unlocked = 0;
	}
	if (s->stale && s->v->mode == VAULT_WRITE)
		return err_set(e, ERR_DENIED, "'%s' was given a new key "
			       "meanwhile: begin again", s->dir);
	r = stream_rewritten(s) ? stream_rescan(s, e) : stream_scan(s, e);
	for (uint64_t i = 0; r == 0 && i < s->ngone; i++)
		if (s->gone[i] < s->slots_have)
			secret_wipe(&s->slots[s->gone[i]], sizeof *s->slots);
	if (r < 0 || s->v->mode != VAULT_WRITE)
		return r;
	/* The pack in hand may have been closed meanwhile. */
	if (s->nitems != before && s->pack_fd >= 0) {
		close(s->pack_fd);
		s->pack_fd = -1;
	}
	if (s->keys_fd >= 0)
		close(s->keys_fd);
	s->keys_fd = -1;
	return stream_scan_keys(s, e);
}

void stream_forget(struct stream *s)
{
	struct stream **at;

	if (!s)
		return;
	for (at = &s->v->streams; *at && *at != s; at = &(*at)->next)
		;
	if (*at)
		*at = s->next;
	stream_free(s);
}

int vault_turn_take(struct vault *v, struct err *e)
{
	int grown = 0, r = 0;

	if (!v->take || v->turns++ > 0)
		return 0;
	r = v->take(v->turn_arg, e);
	if (r < 0) {
		v->turns--;
		return r;
	}
	r = vault_refresh(v, &grown, e);
	for (struct stream *s = v->streams; r == 0 && grown && s; s = s->next)
		r = vault_dead(v, stream_refresh(s, e));
	if (r < 0) {
		v->turns--;
		v->give(v->turn_arg, 0);
	}
	return r;
}

void vault_turn_give(struct vault *v)
{
	if (v->give && --v->turns == 0)
		v->give(v->turn_arg, v->dead);
}

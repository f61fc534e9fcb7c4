/* SPDX-License-Identifier: EUPL-1.2 */
/* Verifying the log: frames, chain, tree, heads. */
#include "store/verify_int.h"
#include "util/enc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEG_SIZE_MAX ((uint64_t)1 << 31)
#define HASH_RUN 512		/* leaves hashed by one turn of a thread */

/* --- segments ------------------------------------------------------------- */

/* What one segment holds, while it is looked at. */
struct segment {
	struct bytes in;
	char file[VERIFY_SEG_MAX];
	unsigned shard;
	size_t nleaves, nheads;
	uint32_t *leaf_off;		/* of the frames */
	size_t off_room;
	uint8_t (*hash)[SHA256_LEN];
	size_t hash_room;
	uint8_t *p;			/* the file's bytes */
	size_t room;
	size_t heads_room;
	struct seg_head {
		uint32_t off, len;	/* of the note */
		uint32_t end;		/* of its frame */
		size_t leaves;		/* in this segment before it */
		int result;		/* of checkpoint_open() */
		uint64_t size;
		uint8_t root[SHA256_LEN];
		char why[128];
	} *heads;
	const struct verify *c;
	size_t bad;			/* offset of what is no frame */
	int is_bad;
};

static void hash_leaves(void *arg, size_t run)
{
	struct segment *s = arg;
	size_t end = (run + 1) * HASH_RUN;

	if (end > s->nleaves)
		end = s->nleaves;
	for (size_t i = run * HASH_RUN; i < end; i++)
		leaf_hash(s->in.p + s->leaf_off[i] + 2, s->hash[i]);
}

static void open_head(void *arg, size_t i)
{
	struct segment *s = arg;
	struct seg_head *h = &s->heads[i];
	struct bytes note = BYTES(s->in.p + h->off, h->len);
	struct err why = ERR_INIT;
	const uint8_t *sigs;
	struct checkpoint cp;
	size_t lines = 0;

	h->result = checkpoint_open(note, &s->c->fmt->vkey[s->shard], 1,
				    s->c->fmt->shard[s->shard].origin, &cp,
				    &why);
	if (h->result) {
		snprintf(h->why, sizeof h->why, "%.120s", why.text);
		return;
	}
	/* One signature, so that no byte of the frame is outside of it. */
	sigs = memmem(note.p, note.len, "\n\n", 2);
	for (const uint8_t *p = sigs ? sigs + 2 : note.p;
	     p < note.p + note.len; p++)
		lines += *p == '\n';
	if (lines != 1) {
		h->result = 1;
		snprintf(h->why, sizeof h->why, "more than one signature");
	}
	h->size = cp.size;
	memcpy(h->root, cp.root, SHA256_LEN);
}

static void *grow(void *p, size_t *room, size_t need, size_t one)
{
	size_t n = *room ? *room : 1024;
	void *q;

	if (need <= *room)
		return p;
	while (n < need)
		n *= 2;
	q = realloc(p, n * one);
	if (q)
		*room = n;
	return q;
}

/* Where the frames are; what is no frame ends it. */
static int split(struct segment *s)
{
	size_t off = SEGMENT_HEAD_LEN;
	struct segment_frame f;
	void *q;

	while (off < s->in.len) {
		struct bytes rest = BYTES(s->in.p + off, s->in.len - off);
		void *p;

		if (segment_next(rest, 0, &f)) {
			s->is_bad = 1;
			break;
		}
		if (f.kind == SEGMENT_LEAF) {
			p = grow(s->leaf_off, &s->off_room, s->nleaves + 1,
				 sizeof *s->leaf_off);
			if (!p)
				return ERR_NOMEM;
			s->leaf_off = p;
			s->leaf_off[s->nleaves++] = (uint32_t)off;
		} else {
			p = grow(s->heads, &s->heads_room, s->nheads + 1,
				 sizeof *s->heads);
			if (!p)
				return ERR_NOMEM;
			s->heads = p;
			s->heads[s->nheads++] = (struct seg_head){
				.off = (uint32_t)(off + 4),
				.len = (uint32_t)f.body.len,
				.end = (uint32_t)(off + f.size),
				.leaves = s->nleaves,
			};
		}
		off += f.size;
	}
	s->bad = off;
	q = grow(s->hash, &s->hash_room, s->nleaves, SHA256_LEN);
	if (!q && s->nleaves)
		return ERR_NOMEM;
	s->hash = q;
	return 0;
}

/* State along the segments. */
struct along {
	struct peaks peaks;
	uint8_t prev[SHA256_LEN];
	uint8_t head_hash[SHA256_LEN];	/* of the last head, as stored */
	int64_t ms;
	size_t next_head;	/* of c->heads */
	uint64_t under;		/* leaves under the last sound head */
	struct peaks at_head;
	uint64_t end;		/* offset behind the last sound head */
	unsigned end_seg;
	int have_head;
	int taking_over;	/* a shard begins with a head of the same size */
};

/* What is wrong with a leaf, or NULL. */
static const char *leaf_wrong(const struct verify *c, const struct along *a,
			      const uint8_t *frame, const uint8_t *hash)
{
	struct leaf l;

	if (memcmp(frame + 2 + LEAF_LEN, hash, 4))
		return "leaf does not fit its check";
	if (leaf_decode(frame + 2, &l, NULL) < 0)
		return "malformed leaf";
	if (l.seq != a->peaks.size)
		return "leaf out of order";
	if (memcmp(l.prev, a->prev, SHA256_LEN))
		return "leaf does not continue the chain";
	if (l.time_ms < a->ms)
		return "time goes back";
	if (l.kind == LEAF_KEY && memcmp(l.open, a->head_hash, SHA256_LEN))
		return "the head before this leaf is missing or another";
	if ((l.flags & LEAF_FLAG_LAB) != (c->fmt->lab ? LEAF_FLAG_LAB : 0))
		return "lab mark does not fit the vault";
	return NULL;
}

static int keep_leaf(struct verify *c, const uint8_t *frame, uint32_t off,
		     uint64_t seq)
{
	const struct leaf_disk *d = (const struct leaf_disk *)(frame + 2);
	struct vleaf *l;

	if (seq == c->room) {
		uint64_t room = c->room ? c->room * 2 : 4096;
		struct vleaf *p = realloc(c->leaves, room * sizeof *p);

		if (!p)
			return err_set(c->e, ERR_NOMEM, "no memory to verify");
		c->leaves = p;
		c->room = room;
	}
	l = &c->leaves[seq];
	memset(l, 0, sizeof *l);
	memcpy(l->body, d->body, SHA256_LEN);
	l->off = off;
	l->kind = get_be16(d->kind);
	return 0;
}

static const char *head_wrong(struct along *a, const struct seg_head *h,
			      const uint8_t *frame_check, struct bytes note)
{
	uint8_t hash[SHA256_LEN];

	sha256_once(note, hash);
	if (memcmp(hash, frame_check, 4))
		return "head does not fit its check";
	memcpy(a->head_hash, hash, sizeof hash);
	if (h->result)
		return h->why;
	if (h->size != a->peaks.size)
		return "head of another size than the leaves before it";
	if (a->have_head && a->under == h->size && !a->taking_over)
		return "head stands twice";
	a->taking_over = 0;
	peaks_root(&a->peaks, hash);
	return memcmp(hash, h->root, SHA256_LEN)
	       ? "the tree has another root than the head" : NULL;
}

/* Follow leaves and heads in order; stops at the first that does not fit. */
static int follow(struct verify *c, struct segment *s, struct along *a,
		  unsigned seg, const char **why, size_t *at)
{
	size_t leaf = 0;

	for (size_t i = 0; i <= s->nheads; i++) {
		const struct seg_head *h = i < s->nheads ? &s->heads[i] : NULL;
		size_t until = h ? h->leaves : s->nleaves;

		for (; leaf < until; leaf++) {
			const uint8_t *frame = s->in.p + s->leaf_off[leaf];
			uint64_t seq = a->peaks.size;

			*at = s->leaf_off[leaf];
			*why = a->taking_over
			       ? "a shard does not begin with its head"
			       : leaf_wrong(c, a, frame, s->hash[leaf]);
			if (*why)
				return 0;
			if (keep_leaf(c, frame, s->leaf_off[leaf], seq) < 0)
				return ERR_NOMEM;
			if (c->receipt && c->receipt->index == seq)
				memcpy(c->receipt_leaf, s->hash[leaf],
				       SHA256_LEN);
			a->ms = (int64_t)get_be64(frame + 2 + 16);
			memcpy(a->prev, s->hash[leaf], SHA256_LEN);
			peaks_append(&a->peaks, s->hash[leaf]);
			verify_match_heads(c, &a->next_head, a->peaks.size,
					   &a->peaks);
		}
		if (!h)
			break;
		*at = h->off - 4;
		*why = head_wrong(a, h, s->in.p + h->off + h->len,
				  BYTES(s->in.p + h->off, h->len));
		if (*why)
			return 0;
		c->rep->heads++;
		a->under = a->peaks.size;
		a->at_head = a->peaks;
		a->end = h->end;
		a->end_seg = seg;
		a->have_head = 1;
	}
	return 0;
}

/* Does a head signed by the log's key stand somewhere in these bytes? */
static int head_in(const struct verify *c, struct bytes in, uint64_t beyond)
{
	for (size_t i = 0; i + 8 < in.len; i++) {
		struct segment_frame f;
		struct checkpoint cp;

		if (in.p[i] != 0xff || in.p[i + 1] != 0xff)
			continue;
		if (segment_next(BYTES(in.p + i, in.len - i), 1, &f) == 0
		    && checkpoint_open(f.body, &c->fmt->vkey[c->fmt->n - 1], 1,
				       c->fmt->shard[c->fmt->n - 1].origin, &cp,
				       NULL) == 0 && cp.size >= beyond)
			return 1;
	}
	return 0;
}

static int check_segment(struct verify *c, struct segment *s, struct along *a,
			 unsigned seg, int last)
{
	uint8_t want[SEGMENT_HEAD_LEN];
	const char *why = NULL;
	size_t at = 0;
	int r = 0;

	segment_head_put(a->peaks.size, c->fmt->shard[s->shard].origin, want);
	if (s->in.len < sizeof want || memcmp(s->in.p, want, sizeof want)) {
		why = "no segment header, or of another place";
	} else {
		r = split(s);
		if (r < 0)
			return err_set(c->e, r, "no memory to verify");
		par_for(c->o->threads, (s->nleaves + HASH_RUN - 1) / HASH_RUN,
			hash_leaves, s);
		par_for(c->o->threads, s->nheads, open_head, s);
		r = follow(c, s, a, seg, &why, &at);
		if (r < 0)
			return r;
		if (!why && s->is_bad) {
			why = "no frame";
			at = s->bad;
		}
	}
	if (why && (!last || head_in(c, BYTES(s->in.p + at, s->in.len - at),
				     a->under + 1)
		    || (seg == 0 && !a->have_head))) {
		verify_say(c, s->file, at, "%s", why);
		c->log_bad = 1;
	} else if (!last && (a->end_seg != seg || a->end != s->in.len)) {
		verify_say(c, s->file, s->in.len, "segment does not end with a "
			   "head");
		c->log_bad = 1;
	}
	/* Behind the last head: an append in progress, or what it left. */
	if (last && !c->log_bad && (a->end_seg != seg || a->end < s->in.len)
	    && !c->live) {
		c->rep->unfinished = 1;
		verify_say(c, s->file, a->end_seg == seg ? a->end : 0,
			   "bytes behind the last head (%s): torn append, or "
			   "altered; open the vault to recover",
			   why ? why : "no head covers them");
	}
	return 0;
}

static int load_segment(struct verify *c, struct segment *s, struct along *a,
			unsigned seg, int last)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	int fd = -1, r;
	void *p;

	s->nleaves = s->nheads = 0;
	s->is_bad = 0;
	s->shard = c->segs[seg].shard;
	verify_seg_file(c, s->shard, c->segs[seg].number, s->file);
	r = file_path(path, c->path, s->file, NULL);
	if (r < 0)
		return err_set(c->e, r, "path '%s' is too long", c->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = err_errno(c->e, "cannot open '%s'", path);
		goto out;
	}
	if ((uint64_t)st.st_size > SEG_SIZE_MAX) {
		verify_say(c, s->file, SEG_SIZE_MAX, "segment is too long");
		c->log_bad = 1;
		goto out;
	}
	p = grow(s->p, &s->room, (size_t)st.st_size + 1, 1);
	if (!p) {
		r = err_set(c->e, ERR_NOMEM, "no memory to verify");
		goto out;
	}
	s->p = p;
	r = file_pread_all(fd, s->p, (size_t)st.st_size, 0, c->e);
	if (r < 0)
		goto out;
	s->in = BYTES(s->p, (size_t)st.st_size);
	c->rep->bytes += (uint64_t)st.st_size;
	r = check_segment(c, s, a, seg, last);
out:
	if (fd >= 0)
		close(fd);
	return r;
}

static int push_seg(struct verify *c, unsigned shard, unsigned number)
{
	struct vseg *p = reallocarray(c->segs, c->nsegs + 1, sizeof *p);

	if (!p)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	c->segs = p;
	p[c->nsegs++] = (struct vseg){ 0, shard, number };
	return 0;
}

/* The segments of a shard that follow each other from 000000 on. */
static int list_segments(struct verify *c, unsigned shard)
{
	char dir[FILE_PATH_MAX], want[32], file[VERIFY_SEG_MAX];
	char **names;
	unsigned n = 0;
	int r = file_path(dir, c->path, "log", c->fmt->shard[shard].name, NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, c->e);
	if (r == ERR_NOENT) {
		snprintf(file, sizeof file, "log/%s",
			 c->fmt->shard[shard].name);
		verify_say(c, file, 0, "directory is missing");
		c->log_bad = 1;
		return 0;
	}
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		size_t len = strlen(*p);

		if (len != 10 || strcmp(*p + 6, ".seg"))
			continue;
		snprintf(want, sizeof want, "%06u.seg", n);
		if (strcmp(*p, want)) {
			verify_seg_file(c, shard, n, file);
			verify_say(c, file, 0, "segment is missing");
			c->log_bad = 1;
			break;
		}
		r = push_seg(c, shard, n++);
	}
	free(names);
	if (r == 0 && n == 0) {
		verify_seg_file(c, shard, 0, file);
		verify_say(c, file, 0, "segment is missing");
		c->log_bad = 1;
	}
	return r;
}

/* A shard takes over the tree that the last head before it signed. */
static void take_over(struct verify *c, struct along *a, unsigned seg)
{
	const struct vseg *g = &c->segs[seg];
	const struct vault_shard *s = &c->fmt->shard[g->shard];
	uint8_t root[SHA256_LEN];
	char file[VERIFY_SEG_MAX];

	if (g->number || g->shard == 0)
		return;
	verify_seg_file(c, g->shard, 0, file);
	peaks_root(&a->peaks, root);
	if (a->under != a->peaks.size || a->under != s->first
	    || memcmp(root, s->root, sizeof root)) {
		verify_say(c, file, 0, "the shard takes over %llu leaves, but "
			   "the one before ended with %llu, or with another "
			   "root", (unsigned long long)s->first,
			   (unsigned long long)a->under);
		c->log_bad = 1;
	}
	a->taking_over = 1;
}

/* The last shard must have said what it is. */
static void check_begun(struct verify *c, const struct along *a)
{
	const struct vault_shard *s = &c->fmt->shard[c->fmt->n - 1];

	if (c->fmt->n == 1 || a->under > s->first || c->log_bad || c->live)
		return;
	c->rep->unfinished = 1;
	verify_say(c, "FORMAT", 0, "shard '%s' was begun and its first "
		   "statement is missing; open the vault to write it", s->name);
}

static int build_find(struct verify *c)
{
	c->find_size = 1024;
	while (c->find_size < 2 * c->n)
		c->find_size *= 2;
	c->find = calloc(c->find_size, sizeof *c->find);
	if (!c->find)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	for (uint64_t i = 0; i < c->n; i++) {
		uint64_t at = get_be64(c->leaves[i].body) & (c->find_size - 1);

		while (c->find[at])
			at = (at + 1) & (c->find_size - 1);
		c->find[at] = (uint32_t)i + 1;
	}
	return 0;
}

uint64_t verify_find(const struct verify *c,
		     const uint8_t body[static SHA256_LEN])
{
	uint64_t at = get_be64(body) & (c->find_size - 1);

	for (; c->find[at]; at = (at + 1) & (c->find_size - 1))
		if (!memcmp(c->leaves[c->find[at] - 1].body, body, SHA256_LEN))
			return c->find[at] - 1;
	return UINT64_MAX;
}

int verify_log(struct verify *c)
{
	struct along a = { .ms = 0 };
	struct segment s = { .c = c };
	unsigned count;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < c->fmt->n && !c->log_bad; i++)
		r = list_segments(c, i);
	if (r < 0)
		return r;
	count = c->nsegs;
	c->nsegs = 0;
	verify_match_heads(c, &a.next_head, 0, &a.peaks);
	for (unsigned i = 0; r == 0 && i < count && !c->log_bad; i++) {
		c->segs[i].first = a.peaks.size;
		c->nsegs = i + 1;
		take_over(c, &a, i);
		if (!c->log_bad)
			r = load_segment(c, &s, &a, i, i + 1 == count);
	}
	free(s.leaf_off);
	free(s.hash);
	free(s.heads);
	free(s.p);
	if (r < 0)
		return r;
	c->n = a.under;
	c->log_end = a.end;
	c->log_end_seg = a.end_seg;
	c->rep->leaves = a.under;
	c->rep->lab_leaves = c->fmt->lab ? a.under : 0;
	peaks_root(&a.at_head, c->rep->root);
	check_begun(c, &a);
	verify_check_heads(c, a.under);
	return build_find(c);
}

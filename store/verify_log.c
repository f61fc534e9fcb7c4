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

/* --- heads from elsewhere ------------------------------------------------- */

static struct vhead *push_head(struct verify *c)
{
	if (c->nheads == c->heads_room) {
		size_t room = c->heads_room ? c->heads_room * 2 : 16;
		struct vhead *p = realloc(c->heads, room * sizeof *p);

		if (!p)
			return NULL;
		c->heads = p;
		c->heads_room = room;
	}
	memset(&c->heads[c->nheads], 0, sizeof *c->heads);
	return &c->heads[c->nheads++];
}

/* Take up a signed head; a bad one is a problem. */
static int add_head(struct verify *c, struct bytes note, const char *file,
		    const char *name)
{
	char want[32];
	struct err why = ERR_INIT;
	struct checkpoint cp;
	struct vhead *h;
	int r = checkpoint_open(note, &c->fmt->vkey, 1, c->fmt->origin, &cp,
				&why);

	if (r == ERR_NOMEM)
		return err_set(c->e, r, "no memory to verify");
	if (r) {
		verify_say(c, file, 0, "no head of this log: %s", why.text);
		return 0;
	}
	if (name) {
		snprintf(want, sizeof want, "%llu.note",
			 (unsigned long long)cp.size);
		if (strcmp(want, name)) {
			verify_say(c, file, 0, "the head is of size %llu",
				   (unsigned long long)cp.size);
			return 0;
		}
	}
	h = push_head(c);
	if (!h)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	h->size = cp.size;
	memcpy(h->root, cp.root, SHA256_LEN);
	snprintf(h->file, sizeof h->file, "%s", file);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const struct vhead *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

static int outside_head(struct verify *c)
{
	struct bytes note = c->o->head;
	struct err why = ERR_INIT;

	if (note.len == 0)
		return 0;
	if (receipt_is(note)) {
		c->receipt = malloc(sizeof *c->receipt);
		if (!c->receipt)
			return err_set(c->e, ERR_NOMEM, "no memory to verify");
		if (receipt_parse(note, c->receipt, &why) < 0) {
			verify_say(c, "(outside receipt)", 0, "%s", why.text);
			free(c->receipt);
			c->receipt = NULL;
			return 0;
		}
		note = c->receipt->head;
	}
	return add_head(c, note, c->receipt ? "(outside receipt)"
			: "(outside head)", NULL);
}

int verify_heads(struct verify *c)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], file[256];
	struct buf note = BUF_INIT(CHECKPOINT_MAX);
	char **names;
	int r = file_path(dir, c->path, c->logdir, "heads", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, c->e);
	if (r == ERR_NOENT) {
		verify_say(c, c->logdir, 0, "directory 'heads' is missing");
		return outside_head(c);
	}
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		size_t n = strlen(*p);

		if (n < 6 || n > 40 || strcmp(*p + n - 5, ".note"))
			continue;	/* see verify_files() */
		snprintf(file, sizeof file, "%s/heads/%s", c->logdir, *p);
		buf_clear(&note);
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = file_read(path, &note, c->e);
		if (r == ERR_LIMIT) {
			verify_say(c, file, CHECKPOINT_MAX, "file is too long");
			note.failed = 0;
			r = 0;
		} else if (r == 0) {
			r = add_head(c, buf_view(&note), file, *p);
		}
	}
	free(names);
	buf_release(&note);
	if (r == 0)
		r = outside_head(c);
	if (r == 0 && c->nheads)
		qsort(c->heads, c->nheads, sizeof *c->heads, by_size);
	return r;
}

/* The heads of this size must have this root. */
static void match_heads(struct verify *c, size_t *next, uint64_t size,
			const struct peaks *peaks)
{
	uint8_t root[SHA256_LEN];

	while (*next < c->nheads && c->heads[*next].size == size) {
		struct vhead *h = &c->heads[(*next)++];

		peaks_root(peaks, root);
		h->seen = 1;
		if (memcmp(root, h->root, SHA256_LEN)) {
			h->bad = 1;
			verify_say(c, h->file, 0, "another history: the log's "
				   "root at size %llu differs",
				   (unsigned long long)size);
		}
	}
}

/* --- segments ------------------------------------------------------------- */

/* What one segment holds, while it is looked at. */
struct segment {
	struct bytes in;
	char file[VAULT_NAME_MAX + 32];
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

	h->result = checkpoint_open(note, &s->c->fmt->vkey, 1,
				    s->c->fmt->origin, &cp, &why);
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
	if (a->have_head && a->under == h->size)
		return "head stands twice";
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
			*why = leaf_wrong(c, a, frame, s->hash[leaf]);
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
			match_heads(c, &a->next_head, a->peaks.size, &a->peaks);
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
		    && checkpoint_open(f.body, &c->fmt->vkey, 1, c->fmt->origin,
				       &cp, NULL) == 0 && cp.size >= beyond)
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

	segment_head_put(a->peaks.size, c->fmt->origin, want);
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
	snprintf(s->file, sizeof s->file, "%s/%06u.seg", c->logdir, seg);
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

/* How many segments follow each other from 000000 on; 0: none. */
static int count_segments(struct verify *c, unsigned *count)
{
	char dir[FILE_PATH_MAX], want[32], file[VAULT_NAME_MAX + 48];
	char **names;
	unsigned n = 0;
	int r = file_path(dir, c->path, c->logdir, NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, c->e);
	if (r == ERR_NOENT) {
		verify_say(c, c->logdir, 0, "directory is missing");
		*count = 0;
		return 0;
	}
	if (r < 0)
		return r;
	for (char **p = names; *p; p++) {
		size_t len = strlen(*p);

		if (len != 10 || strcmp(*p + 6, ".seg"))
			continue;
		snprintf(want, sizeof want, "%06u.seg", n);
		if (strcmp(*p, want)) {
			snprintf(file, sizeof file, "%s/%s", c->logdir, want);
			verify_say(c, file, 0, "segment is missing");
			c->log_bad = 1;
			break;
		}
		n++;
	}
	if (n == 0) {
		snprintf(file, sizeof file, "%s/000000.seg", c->logdir);
		verify_say(c, file, 0, "segment is missing");
	}
	free(names);
	*count = n;
	return 0;
}

/* Heads from elsewhere against what the log came to. */
static void check_heads(struct verify *c, const struct along *a)
{
	char file[VAULT_NAME_MAX + 32];

	snprintf(file, sizeof file, "%s/%06u.seg", c->logdir, c->log_end_seg);
	for (size_t i = 0; i < c->nheads; i++) {
		const struct vhead *h = &c->heads[i];

		if (h->size <= a->under || c->log_bad)
			continue;
		verify_say(c, file, c->log_end, "the log ends with %llu leaves "
			   "here, but '%s' covers %llu: rolled back or cut",
			   (unsigned long long)a->under, h->file,
			   (unsigned long long)h->size);
	}
	if (c->receipt && c->receipt->index < a->under) {
		struct checkpoint cp;

		if (receipt_check(c->receipt, c->receipt_leaf, &c->fmt->vkey, 1,
				  c->fmt->origin, &cp, NULL))
			verify_say(c, "(outside receipt)", 0, "does not lead "
				   "from leaf %llu of this log to its head",
				   (unsigned long long)c->receipt->index);
	}
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
	unsigned count = 0;
	int r = count_segments(c, &count);

	if (r < 0)
		return r;
	c->seg_first = calloc(count + 1, sizeof *c->seg_first);
	if (!c->seg_first)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	match_heads(c, &a.next_head, 0, &a.peaks);
	for (unsigned i = 0; r == 0 && i < count && !c->log_bad; i++) {
		c->seg_first[i] = a.peaks.size;
		c->nsegs = i + 1;
		r = load_segment(c, &s, &a, i, i + 1 == count);
	}
	free(s.leaf_off);
	free(s.hash);
	free(s.heads);
	free(s.p);
	if (r < 0)
		return r;
	if (count == 0)
		c->log_bad = 1;
	c->n = a.under;
	c->log_end = a.end;
	c->log_end_seg = a.end_seg;
	c->rep->leaves = a.under;
	c->rep->lab_leaves = c->fmt->lab ? a.under : 0;
	peaks_root(&a.at_head, c->rep->root);
	check_heads(c, &a);
	return build_find(c);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The frontier's journal: one frame an event, replayed at open.
 *
 *  P  a pass began or ended          A  a URL was added
 *  S  a claim's leaf will be N, X    D  a URL is done   F  forgotten   T  retry
 *  R  a source's state               K  posts known     B  a note
 *  Z  fingerprints seen (compacted)
 *
 * A, D, F, T, R, K and B begin with the claim they come from: they are applied
 * only if that claim's leaf is in the log.  Claim 0 is unconditional.
 */
#include "crawler/frontier_int.h"

#include <stdlib.h>

#define COMPACT_MIN (32u << 20)
#define FPS_PER_FRAME 50000u
#define POSTS_PER_FRAME 40000u

int frontier_append(struct frontier *f, int sync, struct err *e)
{
	if (f->frame.failed)
		return err_set(e, f->frame.failed, "journal entry too long");
	return journal_append(f->journal, buf_view(&f->frame), sync, e);
}

void frontier_put_url(struct buf *b, const struct frontier *f, uint64_t claim,
		      const struct frontier_url *u)
{
	const char *source = u->source < f->nsources ?
			     f->sources[u->source]->s.id : "";

	buf_clear(b);
	frame_u8(b, 'A');
	frame_u64(b, claim);
	frame_u8(b, (uint8_t)u->kind);
	frame_u8(b, (uint8_t)u->prio);
	frame_u8(b, u->depth);
	frame_u8(b, u->hops);
	frame_u8(b, u->attempts);
	frame_u64(b, u->parent);
	frame_u64(b, u->cursor);
	frame_u64(b, u->post);
	frame_str(b, source);
	frame_str(b, u->group);
	frame_str(b, u->url);
}

static int get_url(struct frontier *f, struct frame_in *in)
{
	char source[512], group[512], *url = NULL;
	struct frontier_url u = { 0 };
	struct bytes s;
	int r;

	u.kind = (enum frontier_kind)frame_get_u8(in);
	u.prio = (enum frontier_prio)frame_get_u8(in);
	u.depth = frame_get_u8(in);
	u.hops = frame_get_u8(in);
	u.attempts = frame_get_u8(in);
	u.parent = frame_get_u64(in);
	u.cursor = frame_get_u64(in);
	u.post = frame_get_u64(in);
	frame_get_str(in, source, sizeof(source));
	frame_get_str(in, group, sizeof(group));
	s = frame_get_bytes(in);
	if (!frame_done(in) || u.kind > FRONTIER_MEDIA ||
	    u.prio >= FRONTIER_PRIOS)
		return ERR_DAMAGED;
	r = frontier_source_get(f, source, &u.source, NULL);
	if (r < 0)
		return r;
	url = strndup(s.p ? (const char *)s.p : "", s.len);
	if (!url)
		return ERR_NOMEM;
	u.url = url;
	u.group = group;
	r = frontier_put(f, &u, NULL);
	free(url);
	return r < 0 ? r : 0;
}

/* --- replay ---------------------------------------------------------------- */

int frontier_was_sealed(const struct frontier *f, uint64_t claim)
{
	size_t lo = 0, hi = f->nsealed, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (f->sealed[mid] == claim)
			return 1;
		if (f->sealed[mid] < claim)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

static int sealed_add(struct frontier *f, uint64_t claim)
{
	uint64_t *p;
	size_t n, at;

	if (frontier_was_sealed(f, claim))
		return 0;
	if (f->nsealed == f->sealed_size) {
		n = f->sealed_size ? f->sealed_size * 2 : 64;
		p = realloc(f->sealed, n * sizeof(*p));
		if (!p)
			return ERR_NOMEM;
		f->sealed = p;
		f->sealed_size = n;
	}
	/* Claims are numbered upwards: nearly always at the end. */
	for (at = f->nsealed; at && f->sealed[at - 1] > claim; at--)
		f->sealed[at] = f->sealed[at - 1];
	f->sealed[at] = claim;
	f->nsealed++;
	return 0;
}

static int get_sealing(struct frontier *f, struct frame_in *in)
{
	uint64_t claim = frame_get_u64(in), seq = frame_get_u64(in);
	const uint8_t *open = frame_take(in, 32);
	int r;

	if (!frame_done(in) || !open)
		return ERR_DAMAGED;
	r = f->ask ? f->ask(f->ask_arg, seq, open) : 0;
	if (r <= 0)
		return r;
	return sealed_add(f, claim);
}

static int get_known(struct frontier *f, struct frame_in *in)
{
	char id[512];
	uint32_t i, n;
	int r;

	frame_get_str(in, id, sizeof(id));
	n = frame_get_u32(in);
	if (in->bad)
		return ERR_DAMAGED;
	r = frontier_source_get(f, id, &i, NULL);
	for (; r == 0 && n; n--) {
		struct frontier_post p;

		p.key = frame_get_u64(in);
		p.meaning = frame_get_u64(in);
		p.flags = frame_get_u8(in);
		if (in->bad)
			return ERR_DAMAGED;
		r = frontier_know_one(&f->sources[i]->s, &p);
	}
	return r == 0 && !frame_done(in) ? ERR_DAMAGED : r;
}

static int get_end(struct frontier *f, struct frame_in *in, uint8_t type)
{
	const uint8_t *fp = frame_take(in, 16);
	uint8_t attempts = frame_get_u8(in);
	uint32_t n;

	if (!frame_done(in) || !fp)
		return ERR_DAMAGED;
	n = frontier_node_of(f, fp);
	if (n == NONE32)
		return 0;
	if (type == 'T') {
		f->nodes[n].attempts = attempts;
		return 0;
	}
	return frontier_finish(f, n, type == 'D');
}

static int get_seen(struct frontier *f, struct frame_in *in)
{
	uint8_t what = frame_get_u8(in);
	uint32_t n = frame_get_u32(in);
	const uint8_t *fp;
	int r = 0;

	for (; r == 0 && n; n--) {
		fp = frame_take(in, 16);
		if (!fp)
			return ERR_DAMAGED;
		r = frontier_mark_seen(f, fp, what ? SLOT_MEDIA : SLOT_PAGE);
	}
	return r == 0 && !frame_done(in) ? ERR_DAMAGED : r;
}

static int get_pass(struct frontier *f, struct frame_in *in)
{
	uint64_t pass = frame_get_u64(in);
	int64_t at = frame_get_i64(in);
	int open = frame_get_u8(in), fresh = frame_get_u8(in);

	if (!frame_done(in))
		return ERR_DAMAGED;
	f->pass = pass;
	f->pass_started = at;
	f->pass_open = open;
	if (fresh) {
		frontier_drop_pages(f);
		frontier_reopen_sources(f, at);
	}
	return 0;
}

static int get_note(struct frontier *f, struct frame_in *in)
{
	char key[600];

	frame_get_str(in, key, sizeof(key));
	return in->bad ? ERR_DAMAGED : frontier_note_set(f, key, in->rest);
}

static int replay(void *arg, struct bytes frame)
{
	struct frame_in in = { frame, 0 };
	struct frontier *f = arg;
	uint8_t type = frame_get_u8(&in);
	uint64_t claim;

	switch (type) {
	case 'P':
		return get_pass(f, &in);
	case 'S':
		return get_sealing(f, &in);
	case 'Z':
		return get_seen(f, &in);
	case 'A': case 'D': case 'F': case 'T': case 'R': case 'K': case 'B':
		claim = frame_get_u64(&in);
		if (in.bad)
			return ERR_DAMAGED;
		if (claim && !frontier_was_sealed(f, claim))
			return 0;
		break;
	default:
		return ERR_DAMAGED;
	}
	switch (type) {
	case 'A':
		return get_url(f, &in);
	case 'R':
		return frontier_get_source(f, &in);
	case 'K':
		return get_known(f, &in);
	case 'B':
		return get_note(f, &in);
	default:
		return get_end(f, &in, type);
	}
}

/* --- compaction ------------------------------------------------------------ */

struct rewrite {
	struct frontier *f;
	struct err *e;
};

static int write_known(struct frontier *f, struct journal *j,
		       const struct source *s, struct err *e)
{
	const struct frontier_known *k = &s->known;
	struct buf *b = &f->frame;
	size_t i = 0, count_at = 0;
	uint32_t n = 0;
	int r = 0;

	buf_clear(b);
	for (size_t left = k->used + (k->has_zero != 0); left;) {
		const struct known_row *row = NULL;

		if (k->has_zero && left == k->used + 1)
			row = &k->zero;
		while (!row && i < k->size) {
			if (k->rows[i].key)
				row = &k->rows[i];
			i++;
		}
		if (!row)
			break;
		if (n == 0) {
			buf_clear(b);
			frame_u8(b, 'K');
			frame_u64(b, 0);
			frame_str(b, s->s.id);
			count_at = b->len;
			frame_u32(b, 0);
		}
		frame_u64(b, row->key);
		frame_u64(b, row->meaning);
		frame_u8(b, (uint8_t)row->flags);
		left--;
		if (++n < POSTS_PER_FRAME && left)
			continue;
		if (b->failed)
			return b->failed;
		put_be32(b->p + count_at, n);
		n = 0;
		r = journal_append(j, buf_view(b), 0, e);
		if (r < 0)
			return r;
	}
	return r;
}

static int write_seen(struct frontier *f, struct journal *j, uint32_t what,
		      struct err *e)
{
	struct buf *b = &f->frame;
	uint32_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i <= f->nslots; i++) {
		if (n && (i == f->nslots || n == FPS_PER_FRAME)) {
			if (b->failed)
				return b->failed;
			put_be32(b->p + 2, n);
			r = journal_append(j, buf_view(b), 0, e);
			n = 0;
		}
		if (i == f->nslots || f->slots[i].what != what)
			continue;
		if (n == 0) {
			buf_clear(b);
			frame_u8(b, 'Z');
			frame_u8(b, what == SLOT_MEDIA);
			frame_u32(b, 0);
		}
		(void)buf_add(b, f->slots[i].fp, 16);
		n++;
	}
	return r;
}

static void put_pass(struct frontier *f, int fresh)
{
	struct buf *b = &f->frame;

	buf_clear(b);
	frame_u8(b, 'P');
	frame_u64(b, f->pass);
	frame_i64(b, f->pass_started);
	frame_u8(b, (uint8_t)f->pass_open);
	frame_u8(b, (uint8_t)fresh);
}

static void put_note(struct buf *b, uint64_t claim, const char *key,
		     struct bytes value)
{
	buf_clear(b);
	frame_u8(b, 'B');
	frame_u64(b, claim);
	frame_str(b, key);
	(void)buf_addb(b, value);
}

static int write_urls(struct frontier *f, struct journal *j, struct err *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < f->nnodes; i++) {
		const struct node *nd = &f->nodes[i];
		struct frontier_url u = {
			.url = nd->url, .source = nd->source,
			.kind = (enum frontier_kind)nd->kind,
			.prio = (enum frontier_prio)nd->prio,
			.depth = nd->depth, .hops = nd->hops,
			.attempts = nd->attempts, .parent = nd->parent,
			.cursor = nd->cursor, .post = nd->post,
		};

		if (nd->state == NODE_FREE)
			continue;
		u.group = f->groups[nd->group].name;
		frontier_put_url(&f->frame, f, 0, &u);
		r = f->frame.failed;
		if (r == 0)
			r = journal_append(j, buf_view(&f->frame), 0, e);
	}
	return r;
}

static int rewrite(void *arg, struct journal *j)
{
	struct rewrite *w = arg;
	struct frontier *f = w->f;
	int r;

	put_pass(f, 0);
	r = journal_append(j, buf_view(&f->frame), 0, w->e);
	for (uint32_t i = 0; r == 0 && i < f->nsources; i++) {
		frontier_put_source(&f->frame, 0, &f->sources[i]->s);
		r = f->frame.failed;
		if (r == 0)
			r = journal_append(j, buf_view(&f->frame), 0, w->e);
		if (r == 0)
			r = write_known(f, j, f->sources[i], w->e);
	}
	for (size_t i = 0; r == 0 && i < f->nnotes; i++) {
		if (!f->notes[i].value.len)
			continue;
		put_note(&f->frame, 0, f->notes[i].key,
			 buf_view(&f->notes[i].value));
		r = journal_append(j, buf_view(&f->frame), 0, w->e);
	}
	if (r == 0)
		r = write_seen(f, j, SLOT_PAGE, w->e);
	if (r == 0)
		r = write_seen(f, j, SLOT_MEDIA, w->e);
	return r == 0 ? write_urls(f, j, w->e) : r;
}

static int compact(struct frontier *f, struct err *e)
{
	struct rewrite w = { f, e };
	int r = journal_compact(f->journal, rewrite, &w, e);

	f->compact_at = COMPACT_MIN + 4 * journal_bytes(f->journal);
	return r;
}

/* --- open and close -------------------------------------------------------- */

int frontier_open(const char *path, const uint8_t unit_secret[static 32],
		  frontier_sealed_fn *sealed, void *arg,
		  struct frontier **out, struct err *e)
{
	struct frontier *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return err_set(e, ERR_NOMEM, "out of memory");
	f->frame = (struct buf)BUF_INIT(JOURNAL_FRAME_MAX);
	f->free_node = NONE32;
	f->compact_at = COMPACT_MIN;
	f->ask = sealed;
	f->ask_arg = arg;
	memset(f->ready, 0xff, sizeof(f->ready));
	memset(f->ready_tail, 0xff, sizeof(f->ready_tail));
	r = journal_open(path, unit_secret, replay, f, &f->journal, e);
	if (r < 0) {
		frontier_abandon(f);
		return r;
	}
	f->ask = NULL;
	*out = f;
	return 0;
}

void frontier_abandon(struct frontier *f)
{
	if (!f)
		return;
	if (f->journal)
		(void)journal_close(f->journal, NULL);
	for (uint32_t i = 0; i < f->nnodes; i++)
		free(f->nodes[i].url);
	for (uint32_t i = 0; i < f->ngroups; i++)
		free(f->groups[i].name);
	for (uint32_t i = 0; i < f->nsources; i++)
		frontier_source_free(f->sources[i]);
	for (size_t i = 0; i < f->nnotes; i++) {
		free(f->notes[i].key);
		buf_release(&f->notes[i].value);
	}
	free(f->slots);
	free(f->nodes);
	free(f->groups);
	free(f->group_slots);
	free(f->heap);
	free(f->delayed);
	free(f->sources);
	free(f->notes);
	free(f->sealed);
	buf_release(&f->frame);
	free(f);
}

int frontier_close(struct frontier *f, struct err *e)
{
	int r;

	if (!f)
		return 0;
	r = compact(f, e);
	frontier_abandon(f);
	return r;
}

int frontier_sync(struct frontier *f, struct err *e)
{
	if (journal_bytes(f->journal) > f->compact_at)
		return compact(f, e);
	put_pass(f, 0);
	return frontier_append(f, 1, e);
}

/* --- events ---------------------------------------------------------------- */

uint64_t frontier_pass(const struct frontier *f, int64_t *started_ms)
{
	if (started_ms)
		*started_ms = f->pass_started;
	return f->pass_open ? f->pass : 0;
}

int frontier_pass_begin(struct frontier *f, int64_t now_ms, struct err *e)
{
	int r;

	f->pass++;
	f->pass_started = now_ms;
	f->pass_open = 1;
	put_pass(f, 1);
	r = frontier_append(f, 1, e);
	if (r < 0)
		return r;
	frontier_drop_pages(f);
	frontier_reopen_sources(f, now_ms);
	/* What was set aside for the rest of a pass gets another chance. */
	for (uint32_t i = 0; i < f->ndelayed; i++)
		f->delayed[i].at = INT64_MIN;
	return 0;
}

int frontier_pass_end(struct frontier *f, struct err *e)
{
	f->pass_open = 0;
	put_pass(f, 0);
	return frontier_append(f, 1, e);
}

int frontier_source_save(struct frontier *f, uint64_t claim, uint32_t i,
			 struct err *e)
{
	frontier_put_source(&f->frame, claim, &f->sources[i]->s);
	return frontier_append(f, 0, e);
}

int frontier_know(struct frontier *f, uint64_t claim, uint32_t source,
		  const struct frontier_post *posts, size_t n, struct err *e)
{
	size_t step;
	int r = 0;

	for (; r == 0 && n; posts += step, n -= step) {
		step = n < POSTS_PER_FRAME ? n : POSTS_PER_FRAME;
		buf_clear(&f->frame);
		frame_u8(&f->frame, 'K');
		frame_u64(&f->frame, claim);
		frame_str(&f->frame, f->sources[source]->s.id);
		frame_u32(&f->frame, (uint32_t)step);
		for (size_t i = 0; i < step; i++) {
			frame_u64(&f->frame, posts[i].key);
			frame_u64(&f->frame, posts[i].meaning);
			frame_u8(&f->frame, posts[i].flags);
		}
		r = frontier_append(f, 0, e);
		for (size_t i = 0; r == 0 && i < step; i++)
			r = frontier_know_one(&f->sources[source]->s,
					      &posts[i]);
	}
	return r;
}

int frontier_add(struct frontier *f, uint64_t claim,
		 const struct frontier_url *u, struct err *e)
{
	int r = frontier_put(f, u, NULL), w;

	if (r < 0)
		return err_set(e, r, r == ERR_LIMIT ? "the frontier is full" :
			       "out of memory");
	if (r == 0)
		return 0;
	frontier_put_url(&f->frame, f, claim, u);
	w = frontier_append(f, 0, e);
	return w < 0 ? w : 1;
}

int frontier_sealing(struct frontier *f, uint64_t claim, uint64_t case_seq,
		     const uint8_t open[static 32], struct err *e)
{
	buf_clear(&f->frame);
	frame_u8(&f->frame, 'S');
	frame_u64(&f->frame, claim);
	frame_u64(&f->frame, case_seq);
	(void)buf_add(&f->frame, open, 32);
	return frontier_append(f, 0, e);
}

static int put_end(struct frontier *f, uint8_t type, uint64_t claim,
		   uint32_t node, struct err *e)
{
	uint8_t fp[16];

	frontier_fp(f->nodes[node].url, fp);
	buf_clear(&f->frame);
	frame_u8(&f->frame, type);
	frame_u64(&f->frame, claim);
	(void)buf_add(&f->frame, fp, 16);
	frame_u8(&f->frame, f->nodes[node].attempts);
	return frontier_append(f, 0, e);
}

int frontier_retry(struct frontier *f, uint64_t claim, uint32_t node,
		   int64_t at, struct err *e)
{
	int r;

	if (f->nodes[node].attempts < 255)
		f->nodes[node].attempts++;
	r = put_end(f, 'T', claim, node, e);
	if (r == 0 && frontier_delay(f, node, at) < 0)
		r = err_set(e, ERR_NOMEM, "out of memory");
	return r;
}

int frontier_park(struct frontier *f, uint32_t node, struct err *e)
{
	if (frontier_delay(f, node, INT64_MAX) < 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	return 0;
}

int frontier_done(struct frontier *f, uint64_t claim, uint32_t node,
		  struct err *e)
{
	int r = put_end(f, 'D', claim, node, e);

	return r < 0 ? r : frontier_finish(f, node, 1);
}

int frontier_forget(struct frontier *f, uint64_t claim, uint32_t node,
		    struct err *e)
{
	int r = put_end(f, 'F', claim, node, e);

	return r < 0 ? r : frontier_finish(f, node, 0);
}

int frontier_note(struct frontier *f, uint64_t claim, const char *key,
		  struct bytes value, struct err *e)
{
	int r;

	put_note(&f->frame, claim, key, value);
	r = frontier_append(f, 0, e);
	if (r == 0) {
		r = frontier_note_set(f, key, value);
		if (r < 0)
			err_set(e, r, "too much to keep beside the frontier");
	}
	return r;
}

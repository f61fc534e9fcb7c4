/* SPDX-License-Identifier: EUPL-1.2 */
/* How far each source was read, and which posts are known. */
#include "crawler/frontier_int.h"

#include <stdlib.h>
#include <strings.h>

#define SOURCES_MAX 100000u
#define NOTES_MAX 4096u
#define POSTS_MAX 10000000u
#define SUSPEND_MS 86400000LL

int frontier_source_get(struct frontier *f, const char *id, uint32_t *out,
			struct err *e)
{
	struct source **p, *s;
	uint32_t n;

	for (uint32_t i = 0; i < f->nsources; i++) {
		if (!strcasecmp(f->sources[i]->s.id, id)) {
			*out = i;
			return 0;
		}
	}
	if (f->nsources >= SOURCES_MAX)
		return err_set(e, ERR_RANGE, "too many sources");
	if (f->nsources == f->sources_size) {
		n = f->sources_size ? f->sources_size * 2 : 16;
		p = realloc(f->sources, n * sizeof(struct source *));
		if (!p)
			return err_set(e, ERR_NOMEM, "out of memory");
		f->sources = p;
		f->sources_size = n;
	}
	s = calloc(1, sizeof(*s));
	if (s)
		s->s.id = strdup(id);
	if (!s || !s->s.id) {
		free(s);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	s->s.known = &s->known;
	f->sources[f->nsources] = s;
	*out = f->nsources++;
	return 0;
}

void frontier_source_free(struct source *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->s.nspans; i++)
		free(s->s.span[i].next);
	free(s->s.id);
	free(s->known.rows);
	free(s);
}

struct frontier_source *frontier_source(struct frontier *f, uint32_t i)
{
	return i < f->nsources ? &f->sources[i]->s : NULL;
}

uint32_t frontier_sources(const struct frontier *f)
{
	return f->nsources;
}

void frontier_reopen_sources(struct frontier *f, int64_t now_ms)
{
	struct frontier_source *s;

	for (uint32_t i = 0; i < f->nsources; i++) {
		s = &f->sources[i]->s;
		s->pages = 0;
		if (s->state == FRONTIER_SUSPENDED &&
		    now_ms >= s->stopped_ms &&
		    now_ms - s->stopped_ms < SUSPEND_MS)
			continue;
		s->state = FRONTIER_OPEN;
		s->refusals = 0;
	}
}

/* --- spans ----------------------------------------------------------------- */

static void span_remove(struct frontier_source *s, unsigned i)
{
	free(s->span[i].next);
	memmove(&s->span[i], &s->span[i + 1],
		(s->nspans - i - 1) * sizeof(s->span[0]));
	s->nspans--;
}

/* Room for one more: the two oldest become one, and their hole is given up. */
static void span_fold(struct frontier_source *s)
{
	struct frontier_span *a = &s->span[s->nspans - 2];
	struct frontier_span *b = &s->span[s->nspans - 1];

	free(a->next);
	a->next = b->next;
	a->lo = b->lo;
	b->next = NULL;
	s->nspans--;
}

int frontier_span_add(struct frontier_source *s, uint64_t lo, uint64_t hi,
		      uint64_t joins, const char *next, int *met,
		      const char **hole)
{
	struct frontier_span n = { lo, hi, NULL };
	unsigned at;

	*met = 0;
	*hole = NULL;
	if (lo > hi || lo == 0)
		return ERR_RANGE;
	if (next) {
		n.next = strdup(next);
		if (!n.next)
			return ERR_NOMEM;
	}
	if (joins && joins - 1 > n.hi)
		n.hi = joins - 1;
	for (unsigned i = 0; i < s->nspans;) {
		struct frontier_span *o = &s->span[i];

		if (o->lo > n.hi + 1 || o->hi + 1 < n.lo) {
			i++;
			continue;
		}
		/* The one above, which this page came down from, is not met. */
		if (!joins || o->lo < joins)
			*met = 1;
		if (o->lo <= n.lo) {
			free(n.next);
			n.next = o->next;
			o->next = NULL;
			n.lo = o->lo;
		}
		if (o->hi > n.hi)
			n.hi = o->hi;
		span_remove(s, i);
	}
	if (s->nspans == FRONTIER_SPANS_MAX)
		span_fold(s);
	for (at = 0; at < s->nspans && s->span[at].lo > n.lo; at++)
		;
	memmove(&s->span[at + 1], &s->span[at],
		(s->nspans - at) * sizeof(s->span[0]));
	s->span[at] = n;
	s->nspans++;
	if (*met && at + 1 < s->nspans)
		*hole = n.next;
	if (!s->min_id || lo < s->min_id)
		s->min_id = lo;
	if (hi > s->max_id)
		s->max_id = hi;
	return 0;
}

/* --- known posts ----------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static struct known_row *row_of(const struct frontier_known *k, uint64_t key)
{
	size_t i = (size_t)mix(key) & (k->size - 1);

	while (k->rows[i].key && k->rows[i].key != key)
		i = (i + 1) & (k->size - 1);
	return &k->rows[i];
}

static int known_grow(struct frontier_known *k)
{
	struct known_row *old = k->rows;
	size_t nold = k->size, n = nold ? nold * 2 : 64;

	k->rows = calloc(n, sizeof(*k->rows));
	if (!k->rows) {
		k->rows = old;
		return ERR_NOMEM;
	}
	k->size = n;
	for (size_t i = 0; i < nold; i++)
		if (old[i].key)
			*row_of(k, old[i].key) = old[i];
	free(old);
	return 0;
}

int frontier_know_one(struct frontier_source *s, const struct frontier_post *p)
{
	struct frontier_known *k = s->known;
	struct known_row *r;

	if (p->key == 0) {
		s->posts += !k->has_zero;
		k->has_zero = 1;
		r = &k->zero;
	} else {
		if (k->used >= POSTS_MAX)
			return ERR_LIMIT;
		if ((k->used + 1) * 4 > k->size * 3 && known_grow(k) < 0)
			return ERR_NOMEM;
		r = row_of(k, p->key);
		if (!r->key) {
			k->used++;
			s->posts++;
		}
		r->key = p->key;
	}
	r->meaning = FRONTIER_MEANING(p->meaning);
	r->flags = p->flags;
	return 0;
}

int frontier_known(const struct frontier *f, uint32_t source, uint64_t key,
		   struct frontier_post *out)
{
	const struct frontier_known *k;
	const struct known_row *r;

	if (source >= f->nsources)
		return ERR_NOENT;
	k = &f->sources[source]->known;
	if (key == 0)
		r = k->has_zero ? &k->zero : NULL;
	else
		r = k->size ? row_of(k, key) : NULL;
	if (!r || r->key != key)
		return ERR_NOENT;
	*out = (struct frontier_post){ r->key, r->meaning, (uint8_t)r->flags };
	return 0;
}

/* --- as journal fields ----------------------------------------------------- */

void frontier_put_source(struct buf *b, uint64_t claim,
			 const struct frontier_source *s)
{
	buf_clear(b);
	frame_u8(b, 'R');
	frame_u64(b, claim);
	frame_str(b, s->id);
	frame_u64(b, s->min_id);
	frame_u64(b, s->max_id);
	frame_u32(b, s->pages);
	frame_u32(b, s->refusals);
	frame_u8(b, (uint8_t)s->state);
	frame_i64(b, s->stopped_ms);
	frame_u8(b, (uint8_t)s->nspans);
	for (unsigned i = 0; i < s->nspans; i++) {
		frame_u64(b, s->span[i].lo);
		frame_u64(b, s->span[i].hi);
		frame_u8(b, s->span[i].next != NULL);
		frame_str(b, s->span[i].next);
	}
}

int frontier_get_source(struct frontier *f, struct frame_in *in)
{
	struct frontier_span span[FRONTIER_SPANS_MAX] = { { 0, 0, NULL } };
	struct frontier_source *s, got = { 0 };
	struct bytes next;
	uint32_t i;
	unsigned n = 0;
	char id[512];
	int r, has;

	frame_get_str(in, id, sizeof(id));
	got.min_id = frame_get_u64(in);
	got.max_id = frame_get_u64(in);
	got.pages = frame_get_u32(in);
	got.refusals = frame_get_u32(in);
	got.state = (enum frontier_state)frame_get_u8(in);
	got.stopped_ms = frame_get_i64(in);
	got.nspans = frame_get_u8(in);
	r = ERR_DAMAGED;
	if (in->bad || got.nspans > FRONTIER_SPANS_MAX ||
	    got.state > FRONTIER_SUSPENDED)
		return r;
	for (; n < got.nspans; n++) {
		span[n].lo = frame_get_u64(in);
		span[n].hi = frame_get_u64(in);
		has = frame_get_u8(in);
		next = frame_get_bytes(in);
		if (!has || in->bad)
			continue;
		span[n].next = strndup(next.p ? (const char *)next.p : "",
				       next.len);
		if (!span[n].next) {
			r = ERR_NOMEM;
			goto fail;
		}
	}
	if (!frame_done(in))
		goto fail;
	r = frontier_source_get(f, id, &i, NULL);
	if (r < 0)
		goto fail;
	s = &f->sources[i]->s;
	for (n = 0; n < s->nspans; n++)
		free(s->span[n].next);
	memcpy(s->span, span, sizeof(span));
	s->nspans = got.nspans;
	s->min_id = got.min_id;
	s->max_id = got.max_id;
	s->pages = got.pages;
	s->refusals = got.refusals;
	s->state = got.state;
	s->stopped_ms = got.stopped_ms;
	return 0;
fail:
	for (n = 0; n < FRONTIER_SPANS_MAX; n++)
		free(span[n].next);
	return r;
}

/* --- notes ----------------------------------------------------------------- */

int frontier_note_set(struct frontier *f, const char *key, struct bytes value)
{
	struct note *p, *at = NULL;
	size_t n;

	for (size_t i = 0; i < f->nnotes; i++)
		if (!strcmp(f->notes[i].key, key))
			at = &f->notes[i];
	if (!at) {
		if (f->nnotes >= NOTES_MAX)
			return ERR_LIMIT;
		if (f->nnotes == f->notes_size) {
			n = f->notes_size ? f->notes_size * 2 : 16;
			p = realloc(f->notes, n * sizeof(*p));
			if (!p)
				return ERR_NOMEM;
			f->notes = p;
			f->notes_size = n;
		}
		at = &f->notes[f->nnotes];
		at->key = strdup(key);
		if (!at->key)
			return ERR_NOMEM;
		at->value = (struct buf)BUF_INIT(JOURNAL_FRAME_MAX);
		f->nnotes++;
	}
	buf_clear(&at->value);
	return buf_addb(&at->value, value);
}

struct bytes frontier_note_get(const struct frontier *f, const char *key)
{
	for (size_t i = 0; i < f->nnotes; i++)
		if (!strcmp(f->notes[i].key, key))
			return buf_view(&f->notes[i].value);
	return BYTES(NULL, 0);
}

const char *frontier_note_key(const struct frontier *f, size_t i)
{
	return i < f->nnotes ? f->notes[i].key : NULL;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/gate.h"

#include "crawler/frame.h"
#include "store/journal.h"

#include <stdlib.h>

#define DAY_MS 86400000LL
#define IDLE_MS DAY_MS			/* then a key is forgotten */
#define COMPACT_MIN (16u << 20)		/* journal bytes before a rewrite, */
#define COMPACT_OPEN (1u << 20)		/* and when it is opened */
#define BOOT_ID_LEN 37
#define CASE_ID_LEN 17

/*
 * struct turn - what is known of one key
 * Times in boot_ms belong to the boot named in boot_id; the wall times beside
 * them say the same to a later boot.
 */
struct turn {
	char name[GATE_KEY_LEN];
	char addr[GATE_KEY_LEN];	/* of a host: where it answered */
	char boot_id[BOOT_ID_LEN];
	int64_t set_wall;		/* when this was last written */
	int64_t end_wall, end_boot;	/* of the last exchange */
	int64_t hold_wall, hold_boot;	/* not before; 0: none */
	uint32_t delay_ms;		/* wished at the last exchange */
	uint32_t jitter_ms;
	uint32_t level;			/* back-offs in a row */
	uint32_t in_use;		/* claims of this run under way */
};

struct claim {
	uint64_t id;
	char case_id[CASE_ID_LEN];
	char *url;
	int64_t wall_ms, boot_ms;
	struct gate_keys keys;
	uint32_t delay_ms;		/* wished */
	uint8_t fast, ended, orphan;
};

struct quota {
	char case_id[CASE_ID_LEN];
	char key[GATE_KEY_LEN];		/* "" counts all keys together */
	int64_t day;
	uint32_t count;
};

struct gate {
	struct journal *journal;
	char boot_id[BOOT_ID_LEN];
	uint64_t next_id;
	uint64_t compact_at;		/* journal bytes */
	struct turn **slots;		/* open addressing by name */
	size_t nslots, nturns;
	struct claim *claims;
	size_t nclaims, claims_size;
	struct quota *quotas;
	size_t nquotas, quotas_size;
	struct buf frame;		/* scratch */
};

/* --- keys ---------------------------------------------------------------- */

static uint64_t fnv(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	return h;
}

static struct turn **slot_of(const struct gate *g, const char *name)
{
	size_t i = (size_t)fnv(name) & (g->nslots - 1);

	while (g->slots[i] && strcmp(g->slots[i]->name, name) != 0)
		i = (i + 1) & (g->nslots - 1);
	return &g->slots[i];
}

static const struct turn *turn_find(const struct gate *g, const char *name)
{
	return g->nslots ? *slot_of(g, name) : NULL;
}

static int slots_resize(struct gate *g, size_t n)
{
	struct turn **old = g->slots;
	size_t nold = g->nslots;

	g->slots = calloc(n, sizeof(struct turn *));
	if (!g->slots) {
		g->slots = old;
		return ERR_NOMEM;
	}
	g->nslots = n;
	for (size_t i = 0; i < nold; i++)
		if (old[i])
			*slot_of(g, old[i]->name) = old[i];
	free(old);
	return 0;
}

static struct turn *turn_get(struct gate *g, const char *name)
{
	struct turn **s, *t;

	if (g->nturns * 2 >= g->nslots &&
	    slots_resize(g, g->nslots ? g->nslots * 2 : 64) < 0)
		return NULL;
	s = slot_of(g, name);
	if (*s)
		return *s;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	memcpy(t->name, name, strnlen(name, GATE_KEY_LEN - 1));
	t->end_boot = INT64_MIN;
	t->end_wall = INT64_MIN;
	*s = t;
	g->nturns++;
	return t;
}

/*
 * Bring a key's times to the clock of `boot_id`, of which now is a moment.
 * Boots are told apart by their identity; an unknown one is never the same.
 */
static void turn_rebase(struct turn *t, const char *boot_id,
			const struct gate_now *now)
{
	int known = strcmp(boot_id, "unknown") != 0 && *t->boot_id &&
		    strcmp(t->boot_id, "unknown") != 0;
	int back = now->wall_ms < t->set_wall;
	int64_t gone, left;

	if (known && !strcmp(t->boot_id, boot_id))
		return;
	if (t->end_wall != INT64_MIN) {
		gone = back ? 0 : now->wall_ms - t->end_wall;
		if (gone < 0)
			gone = 0;
		t->end_boot = now->boot_ms - gone;
		/* It ended before this boot began, whatever the wall says:
		 * at most that long ago is certain. */
		if (known && t->end_boot < 0)
			t->end_boot = 0;
		t->end_wall = now->wall_ms - gone;
	}
	if (t->hold_wall) {
		left = t->hold_wall - (back ? t->set_wall : now->wall_ms);
		if (left > GATE_HOLD_MAX_MS)
			left = GATE_HOLD_MAX_MS;
		t->hold_boot = left > 0 ? now->boot_ms + left : 0;
		t->hold_wall = left > 0 ? now->wall_ms + left : 0;
	}
	t->set_wall = now->wall_ms;
	memcpy(t->boot_id, boot_id, strnlen(boot_id, BOOT_ID_LEN - 1) + 1);
}

static void turn_ended(struct turn *t, const char *boot_id,
		       const struct gate_now *now, uint32_t delay_ms,
		       uint32_t jitter_ms)
{
	turn_rebase(t, boot_id, now);
	if (t->end_boot < now->boot_ms) {
		t->end_boot = now->boot_ms;
		t->end_wall = now->wall_ms;
	}
	t->delay_ms = delay_ms;
	t->jitter_ms = jitter_ms;
	t->set_wall = now->wall_ms;
}

/* --- claims -------------------------------------------------------------- */

static struct claim *claim_find(struct gate *g, uint64_t id)
{
	for (size_t i = 0; i < g->nclaims; i++)
		if (g->claims[i].id == id)
			return &g->claims[i];
	return NULL;
}

static int claim_push(struct gate *g, const struct claim *c)
{
	struct claim *p;
	size_t n;

	if (g->nclaims == g->claims_size) {
		n = g->claims_size ? g->claims_size * 2 : 16;
		p = realloc(g->claims, n * sizeof(*p));
		if (!p)
			return ERR_NOMEM;
		g->claims = p;
		g->claims_size = n;
	}
	g->claims[g->nclaims++] = *c;
	return 0;
}

static void claim_drop(struct gate *g, struct claim *c)
{
	size_t i = (size_t)(c - g->claims);

	free(c->url);
	memmove(c, c + 1, (g->nclaims - i - 1) * sizeof(*c));
	g->nclaims--;
}

static struct quota *quota_find(const struct gate *g, const char *case_id,
				const char *key)
{
	for (size_t i = 0; i < g->nquotas; i++)
		if (!strcmp(g->quotas[i].case_id, case_id) &&
		    !strcmp(g->quotas[i].key, key))
			return &g->quotas[i];
	return NULL;
}

static int quota_set(struct gate *g, const char *case_id, const char *key,
		     int64_t day, uint32_t add)
{
	struct quota *q = quota_find(g, case_id, key), *p;
	size_t n;

	if (!q) {
		if (g->nquotas == g->quotas_size) {
			n = g->quotas_size ? g->quotas_size * 2 : 16;
			p = realloc(g->quotas, n * sizeof(*p));
			if (!p)
				return ERR_NOMEM;
			g->quotas = p;
			g->quotas_size = n;
		}
		q = &g->quotas[g->nquotas++];
		memset(q, 0, sizeof(*q));
		memcpy(q->case_id, case_id, strnlen(case_id, 16));
		memcpy(q->key, key, strnlen(key, GATE_KEY_LEN - 1));
		q->day = day;
	}
	if (day > q->day) {
		q->day = day;
		q->count = 0;
	}
	q->count += add;
	return 0;
}

static int64_t day_of(int64_t wall_ms)
{
	return wall_ms >= 0 ? wall_ms / DAY_MS : 0;
}

/* --- the transitions, the same live and in replay ------------------------ */

static int apply_claim(struct gate *g, const struct claim *c)
{
	int64_t day = day_of(c->wall_ms);
	int r;

	r = quota_set(g, c->case_id, "", day, 1);
	if (r == 0)
		r = quota_set(g, c->case_id, gate_keys_group(&c->keys), day, 1);
	if (r == 0)
		r = claim_push(g, c);
	if (r == 0 && c->id >= g->next_id)
		g->next_id = c->id + 1;
	return r;
}

static void hold(struct turn *t, const struct gate_result *res, int fast,
		 const struct gate_now *now)
{
	int64_t wait = fast ? 50 : GATE_BACKOFF_MS;
	int64_t asked = res->retry_after_ms;

	if (t->level < 30)
		t->level++;
	for (uint32_t i = 1; i < t->level && wait < GATE_BACKOFF_MAX_MS; i++)
		wait *= 2;
	if (wait > GATE_BACKOFF_MAX_MS)
		wait = GATE_BACKOFF_MAX_MS;
	if (asked > GATE_HOLD_MAX_MS)
		asked = GATE_HOLD_MAX_MS;
	if (asked > wait)
		wait = asked;
	if (now->boot_ms + wait > t->hold_boot || !t->hold_wall) {
		t->hold_boot = now->boot_ms + wait;
		t->hold_wall = now->wall_ms + wait;
	}
}

static int is_refusal(int status)
{
	return status == 429 || status == 503;
}

static int apply_end(struct gate *g, struct claim *c, const char *boot_id,
		     const struct gate_result *res, const char *addr,
		     const struct gate_now *now)
{
	uint64_t jitter = (uint64_t)c->delay_ms * res->jitter_permille / 1000;
	struct turn *t;

	for (unsigned i = 0; i < c->keys.n; i++) {
		int is_addr = !strncmp(c->keys.key[i], "addr:", 5);

		t = turn_get(g, c->keys.key[i]);
		if (!t)
			return ERR_NOMEM;
		turn_ended(t, boot_id, now, c->delay_ms, (uint32_t)jitter);
		if (t->in_use && !c->orphan)
			t->in_use--;
		if (*addr && !strncmp(t->name, "host:", 5))
			memcpy(t->addr, addr, strlen(addr) + 1);
		/* An address block may carry strangers. */
		if (is_addr)
			continue;
		if (is_refusal(res->status))
			hold(t, res, c->fast, now);
		else if (res->status >= 200 && res->status < 500)
			t->level = 0;
	}
	if (*addr) {
		t = turn_get(g, addr);
		if (!t)
			return ERR_NOMEM;
		turn_ended(t, boot_id, now, c->delay_ms, (uint32_t)jitter);
	}
	c->ended = 1;
	return 0;
}

/* --- journal frames ------------------------------------------------------ */

static void put_claim(struct buf *b, const char *boot_id,
		      const struct claim *c)
{
	buf_clear(b);
	frame_u8(b, 'C');
	frame_u64(b, c->id);
	frame_str(b, boot_id);
	frame_i64(b, c->wall_ms);
	frame_i64(b, c->boot_ms);
	frame_str(b, c->case_id);
	frame_u32(b, c->delay_ms);
	frame_u8(b, c->fast);
	frame_u8(b, c->ended);
	frame_u8(b, (uint8_t)c->keys.n);
	for (unsigned i = 0; i < c->keys.n; i++)
		frame_str(b, c->keys.key[i]);
	frame_str(b, c->url);
}

static int get_claim(struct gate *g, struct frame_in *f, int count)
{
	char boot_id[BOOT_ID_LEN];
	struct claim c = { 0 };
	struct bytes url;
	unsigned n;
	int r;

	c.id = frame_get_u64(f);
	frame_get_str(f, boot_id, sizeof(boot_id));
	c.wall_ms = frame_get_i64(f);
	c.boot_ms = frame_get_i64(f);
	frame_get_str(f, c.case_id, sizeof(c.case_id));
	c.delay_ms = frame_get_u32(f);
	c.fast = frame_get_u8(f);
	c.ended = frame_get_u8(f);
	n = frame_get_u8(f);
	if (n > GATE_KEYS_MAX)
		return ERR_DAMAGED;
	c.keys.n = n;
	for (unsigned i = 0; i < n; i++)
		frame_get_str(f, c.keys.key[i], GATE_KEY_LEN);
	url = frame_get_bytes(f);
	if (!frame_done(f))
		return ERR_DAMAGED;
	c.url = strndup(url.p ? (const char *)url.p : "", url.len);
	if (!c.url)
		return ERR_NOMEM;
	c.orphan = 1;
	r = count ? apply_claim(g, &c) : claim_push(g, &c);
	if (c.id >= g->next_id)
		g->next_id = c.id + 1;
	if (r < 0)
		free(c.url);
	return r;
}

static int get_end(struct gate *g, struct frame_in *f)
{
	char boot_id[BOOT_ID_LEN], addr[GATE_KEY_LEN];
	struct gate_result res = { 0 };
	struct gate_now at;
	uint64_t id = frame_get_u64(f);
	struct claim *c;

	frame_get_str(f, boot_id, sizeof(boot_id));
	at.wall_ms = frame_get_i64(f);
	at.boot_ms = frame_get_i64(f);
	res.status = (int)frame_get_u32(f);
	res.retry_after_ms = frame_get_i64(f);
	res.jitter_permille = frame_get_u32(f);
	frame_get_str(f, addr, sizeof(addr));
	if (!frame_done(f) || res.jitter_permille > 1000)
		return ERR_DAMAGED;
	c = claim_find(g, id);
	return c ? apply_end(g, c, boot_id, &res, addr, &at) : 0;
}

static void put_turn(struct buf *b, const struct turn *t)
{
	buf_clear(b);
	frame_u8(b, 'K');
	frame_str(b, t->name);
	frame_str(b, t->addr);
	frame_str(b, t->boot_id);
	frame_i64(b, t->set_wall);
	frame_i64(b, t->end_wall);
	frame_i64(b, t->end_boot);
	frame_i64(b, t->hold_wall);
	frame_i64(b, t->hold_boot);
	frame_u32(b, t->delay_ms);
	frame_u32(b, t->jitter_ms);
	frame_u32(b, t->level);
}

static int get_turn(struct gate *g, struct frame_in *f)
{
	char name[GATE_KEY_LEN];
	struct turn *t;

	frame_get_str(f, name, sizeof(name));
	if (f->bad)
		return ERR_DAMAGED;
	t = turn_get(g, name);
	if (!t)
		return ERR_NOMEM;
	frame_get_str(f, t->addr, sizeof(t->addr));
	frame_get_str(f, t->boot_id, sizeof(t->boot_id));
	t->set_wall = frame_get_i64(f);
	t->end_wall = frame_get_i64(f);
	t->end_boot = frame_get_i64(f);
	t->hold_wall = frame_get_i64(f);
	t->hold_boot = frame_get_i64(f);
	t->delay_ms = frame_get_u32(f);
	t->jitter_ms = frame_get_u32(f);
	t->level = frame_get_u32(f);
	return frame_done(f) ? 0 : ERR_DAMAGED;
}

static int get_quota(struct gate *g, struct frame_in *f)
{
	char case_id[CASE_ID_LEN], key[GATE_KEY_LEN];
	int64_t day;
	uint32_t count;

	frame_get_str(f, case_id, sizeof(case_id));
	frame_get_str(f, key, sizeof(key));
	day = frame_get_i64(f);
	count = frame_get_u32(f);
	if (!frame_done(f))
		return ERR_DAMAGED;
	return quota_set(g, case_id, key, day, count);
}

static int replay(void *arg, struct bytes frame)
{
	struct frame_in f = { frame, 0 };
	struct gate *g = arg;
	struct claim *c;
	uint64_t id;

	switch (frame_get_u8(&f)) {
	case 'C':
		return get_claim(g, &f, 1);
	case 'O':	/* an open claim carried over: its day is counted */
		return get_claim(g, &f, 0);
	case 'E':
		return get_end(g, &f);
	case 'K':
		return get_turn(g, &f);
	case 'Q':
		return get_quota(g, &f);
	case 'S':
		id = frame_get_u64(&f);
		if (!frame_done(&f))
			return ERR_DAMAGED;
		c = claim_find(g, id);
		if (c)
			claim_drop(g, c);
		return 0;
	case 'N':
		id = frame_get_u64(&f);
		if (id > g->next_id)
			g->next_id = id;
		return frame_done(&f) ? 0 : ERR_DAMAGED;
	default:
		return ERR_DAMAGED;
	}
}

static int append(struct gate *g, int sync, struct err *e)
{
	if (g->frame.failed)
		return err_set(e, g->frame.failed, "politeness claim too long");
	return journal_append(g->journal, buf_view(&g->frame), sync, e);
}

/* --- compaction ---------------------------------------------------------- */

struct rewrite {
	struct gate *g;
	struct gate_now now;
	struct err *e;
};

static int worth_keeping(const struct turn *t, const struct gate_now *now)
{
	return t->in_use || t->hold_boot > now->boot_ms ||
	       (t->end_boot != INT64_MIN &&
		now->boot_ms - t->end_boot < IDLE_MS);
}

static int rewrite(void *arg, struct journal *fresh)
{
	struct rewrite *w = arg;
	struct gate *g = w->g;
	struct buf *b = &g->frame;
	int r;

	buf_clear(b);
	frame_u8(b, 'N');
	frame_u64(b, g->next_id);
	r = journal_append(fresh, buf_view(b), 0, w->e);
	for (size_t i = 0; r == 0 && i < g->nslots; i++) {
		if (!g->slots[i] || !worth_keeping(g->slots[i], &w->now))
			continue;
		put_turn(b, g->slots[i]);
		r = journal_append(fresh, buf_view(b), 0, w->e);
	}
	for (size_t i = 0; r == 0 && i < g->nquotas; i++) {
		if (g->quotas[i].day + 1 < day_of(w->now.wall_ms))
			continue;
		buf_clear(b);
		frame_u8(b, 'Q');
		frame_str(b, g->quotas[i].case_id);
		frame_str(b, g->quotas[i].key);
		frame_i64(b, g->quotas[i].day);
		frame_u32(b, g->quotas[i].count);
		r = journal_append(fresh, buf_view(b), 0, w->e);
	}
	for (size_t i = 0; r == 0 && i < g->nclaims; i++) {
		put_claim(b, g->boot_id, &g->claims[i]);
		b->p[0] = 'O';
		r = journal_append(fresh, buf_view(b), 0, w->e);
	}
	return r;
}

static int compact(struct gate *g, const struct gate_now *now, struct err *e)
{
	struct rewrite w = { g, *now, e };
	int r = journal_compact(g->journal, rewrite, &w, e);

	g->compact_at = COMPACT_MIN + 4 * journal_bytes(g->journal);
	return r;
}

/* --- public -------------------------------------------------------------- */

int gate_open(const char *path, const uint8_t unit_secret[static 32],
	      const char *boot_id, const struct gate_now *now,
	      struct gate **out, struct err *e)
{
	struct gate *g = calloc(1, sizeof(*g));
	struct turn *t;
	int r;

	if (!g)
		return err_set(e, ERR_NOMEM, "out of memory");
	g->next_id = 1;
	g->compact_at = COMPACT_MIN;
	g->frame = (struct buf)BUF_INIT(JOURNAL_FRAME_MAX);
	memcpy(g->boot_id, boot_id, strnlen(boot_id, BOOT_ID_LEN - 1));
	r = journal_open(path, unit_secret, replay, g, &g->journal, e);
	if (r < 0)
		goto fail;
	for (size_t i = 0; i < g->nslots; i++) {
		t = g->slots[i];
		if (!t)
			continue;
		turn_rebase(t, g->boot_id, now);
		/* A boot clock behind its own past: do not wait for ever. */
		if (t->end_boot > now->boot_ms)
			t->end_boot = now->boot_ms;
		if (t->hold_boot > now->boot_ms + GATE_HOLD_MAX_MS)
			t->hold_boot = now->boot_ms + GATE_HOLD_MAX_MS;
	}
	for (size_t i = 0; i < g->nclaims; i++) {
		struct claim *c = &g->claims[i];

		c->orphan = 1;
		for (unsigned k = 0; k < c->keys.n && !c->ended; k++) {
			t = turn_get(g, c->keys.key[k]);
			if (!t) {
				r = err_set(e, ERR_NOMEM, "out of memory");
				goto fail;
			}
			turn_ended(t, g->boot_id, now, c->delay_ms, 0);
		}
	}
	if (journal_bytes(g->journal) > COMPACT_OPEN) {
		r = compact(g, now, e);
		if (r < 0)
			goto fail;
	}
	*out = g;
	return 0;
fail:
	gate_abandon(g);
	return r;
}

void gate_abandon(struct gate *g)
{
	if (!g)
		return;
	if (g->journal)
		(void)journal_close(g->journal, NULL);
	for (size_t i = 0; i < g->nslots; i++)
		free(g->slots[i]);
	free(g->slots);
	for (size_t i = 0; i < g->nclaims; i++)
		free(g->claims[i].url);
	free(g->claims);
	free(g->quotas);
	buf_release(&g->frame);
	free(g);
}

int gate_close(struct gate *g, const struct gate_now *now, struct err *e)
{
	int r;

	if (!g)
		return 0;
	r = compact(g, now, e);
	gate_abandon(g);
	return r;
}

int gate_orphan(const struct gate *g, const char *case_id, size_t i,
		struct gate_orphan *out)
{
	for (size_t k = 0; k < g->nclaims; k++) {
		const struct claim *c = &g->claims[k];

		if (!c->orphan || (case_id && strcmp(c->case_id, case_id) != 0))
			continue;
		if (i--)
			continue;
		out->id = c->id;
		memcpy(out->case_id, c->case_id, sizeof(out->case_id));
		out->url = c->url;
		out->wall_ms = c->wall_ms;
		out->keys = c->keys;
		out->delay_ms = c->delay_ms;
		out->ended = c->ended;
		return 0;
	}
	return ERR_NOENT;
}

void gate_address(const struct gate *g, struct gate_keys *keys)
{
	const struct turn *t;

	for (unsigned i = 0; i < keys->n; i++) {
		if (strncmp(keys->key[i], "host:", 5) != 0)
			continue;
		t = turn_find(g, keys->key[i]);
		if (t && *t->addr && keys->n < GATE_KEYS_MAX) {
			memcpy(keys->key[keys->n], t->addr, GATE_KEY_LEN);
			keys->n++;
		}
		return;
	}
}

/* The longest of the caller's delay and those of the exchanges before. */
static uint32_t delay_in_force(const struct gate *g, const struct gate_ask *ask)
{
	uint32_t d = ask->delay_ms;

	if (ask->lab_fast)
		return 0;
	for (unsigned i = 0; i < ask->keys->n; i++) {
		const struct turn *t = turn_find(g, ask->keys->key[i]);

		if (t && t->delay_ms > d)
			d = t->delay_ms;
	}
	return d < GATE_DELAY_MAX_MS ? d : GATE_DELAY_MAX_MS;
}

int64_t gate_when(const struct gate *g, const struct gate_ask *ask,
		  const char **why)
{
	uint32_t delay = delay_in_force(g, ask);
	int64_t when = INT64_MIN, at;

	if (why)
		*why = ask->keys->n ? ask->keys->key[0] : "";
	for (unsigned i = 0; i < ask->keys->n; i++) {
		const struct turn *t = turn_find(g, ask->keys->key[i]);

		if (!t)
			continue;
		at = INT64_MIN;
		if (t->in_use && !ask->lab_fast)
			at = GATE_NEVER;
		else if (t->end_boot != INT64_MIN && !ask->lab_fast)
			at = t->end_boot + delay + t->jitter_ms;
		if (t->hold_wall && t->hold_boot > at)
			at = t->hold_boot;
		if (at > when) {
			when = at;
			if (why)
				*why = ask->keys->key[i];
		}
	}
	return when;
}

static int64_t gap_before(const struct gate *g, const struct gate_keys *keys,
			  const struct gate_now *now)
{
	int64_t gap = GATE_NEVER;

	for (unsigned i = 0; i < keys->n; i++) {
		const struct turn *t = turn_find(g, keys->key[i]);

		if (t && t->end_boot != INT64_MIN &&
		    now->boot_ms - t->end_boot < gap)
			gap = now->boot_ms - t->end_boot;
	}
	return gap;
}

int gate_claim(struct gate *g, const struct gate_ask *ask,
	       const struct gate_now *now, struct gate_claim *out,
	       struct err *e)
{
	struct claim c = { 0 };
	int r;

	if (ask->keys->n == 0 || strlen(ask->case_id) >= CASE_ID_LEN)
		return err_set(e, ERR_RANGE, "claim without key or case");
	if (gate_when(g, ask, NULL) > now->boot_ms)
		return err_set(e, ERR_BUSY, "the gate of '%s' is not open",
			       ask->keys->key[0]);
	/* Before the write: nothing may fail between the claim and its use. */
	for (unsigned i = 0; i < ask->keys->n; i++)
		if (!turn_get(g, ask->keys->key[i]))
			return err_set(e, ERR_NOMEM, "out of memory");
	if (journal_bytes(g->journal) > g->compact_at) {
		r = compact(g, now, e);
		if (r < 0)
			return r;
	}
	c.id = g->next_id;
	memcpy(c.case_id, ask->case_id, strlen(ask->case_id));
	c.wall_ms = now->wall_ms;
	c.boot_ms = now->boot_ms;
	c.keys = *ask->keys;
	c.delay_ms = ask->lab_fast ? 0 : ask->delay_ms < GATE_DELAY_MAX_MS ?
		     ask->delay_ms : GATE_DELAY_MAX_MS;
	c.fast = ask->lab_fast != 0;
	c.url = strdup(ask->url);
	if (!c.url)
		return err_set(e, ERR_NOMEM, "out of memory");
	out->id = c.id;
	out->wall_ms = c.wall_ms;
	out->boot_ms = c.boot_ms;
	out->delay_ms = delay_in_force(g, ask);
	out->gap_ms = gap_before(g, ask->keys, now);
	put_claim(&g->frame, g->boot_id, &c);
	r = append(g, !ask->no_sync, e);
	if (r < 0) {
		free(c.url);
		return r;
	}
	r = apply_claim(g, &c);
	if (r < 0) {
		free(c.url);
		return err_set(e, r, "out of memory");
	}
	for (unsigned i = 0; i < c.keys.n; i++)
		turn_get(g, c.keys.key[i])->in_use++;
	return 0;
}

int gate_sync(struct gate *g, struct err *e)
{
	buf_clear(&g->frame);
	frame_u8(&g->frame, 'N');
	frame_u64(&g->frame, g->next_id);
	return append(g, 1, e);
}

int gate_end(struct gate *g, uint64_t id, const struct gate_result *r,
	     const struct gate_now *now, struct err *e)
{
	struct gate_result res = *r;
	char addr[GATE_KEY_LEN] = "";
	struct claim *c = claim_find(g, id);
	int rc;

	if (!c || c->ended)
		return err_set(e, ERR_NOENT, "no such claim");
	if (res.peer && gate_addr_key(res.peer, addr) < 0)
		*addr = '\0';
	if (res.jitter_permille > 1000)
		res.jitter_permille = 1000;
	buf_clear(&g->frame);
	frame_u8(&g->frame, 'E');
	frame_u64(&g->frame, id);
	frame_str(&g->frame, g->boot_id);
	frame_i64(&g->frame, now->wall_ms);
	frame_i64(&g->frame, now->boot_ms);
	frame_u32(&g->frame, (uint32_t)res.status);
	frame_i64(&g->frame, res.retry_after_ms);
	frame_u32(&g->frame, res.jitter_permille);
	frame_str(&g->frame, addr);
	/* Not synced: were it lost, the claim would be found open, which waits
	 * longer.  The next claim's sync carries it. */
	rc = append(g, 0, e);
	if (rc < 0)
		return rc;
	rc = apply_end(g, c, g->boot_id, &res, addr, now);
	return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

int gate_sealed(struct gate *g, uint64_t id, struct err *e)
{
	struct claim *c = claim_find(g, id);
	int r;

	if (!c)
		return err_set(e, ERR_NOENT, "no such claim");
	buf_clear(&g->frame);
	frame_u8(&g->frame, 'S');
	frame_u64(&g->frame, id);
	r = append(g, 0, e);
	if (r == 0)
		claim_drop(g, c);
	return r;
}

uint32_t gate_quota_used(const struct gate *g, const char *case_id,
			 const char *key, const struct gate_now *now)
{
	const struct quota *q = quota_find(g, case_id, key ? key : "");

	return q && q->day >= day_of(now->wall_ms) ? q->count : 0;
}

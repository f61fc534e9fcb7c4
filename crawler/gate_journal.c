/* SPDX-License-Identifier: EUPL-1.2 */
/* gates.journal: one frame an event, replayed at open. */
#include "crawler/gate_int.h"

#include "crawler/frame.h"

#include <stdlib.h>

#define IDLE_MS GATE_DAY_MS		/* then a key is forgotten */

/* --- journal frames ------------------------------------------------------ */

void gate_put_claim(struct buf *b, const char *boot_id,
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
	r = count ? gate_apply_claim(g, &c) : gate_claim_push(g, &c);
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
	c = gate_claim_find(g, id);
	return c ? gate_apply_end(g, c, boot_id, &res, addr, &at) : 0;
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
	t = gate_turn_get(g, name);
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
	return gate_quota_set(g, case_id, key, day, count);
}

int gate_replay(void *arg, struct bytes frame)
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
		c = gate_claim_find(g, id);
		if (c)
			gate_claim_drop(g, c);
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

int gate_append(struct gate *g, int sync, struct err *e)
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
		if (g->quotas[i].day + 1 < gate_day(w->now.wall_ms))
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
		gate_put_claim(b, g->boot_id, &g->claims[i]);
		b->p[0] = 'O';
		r = journal_append(fresh, buf_view(b), 0, w->e);
	}
	return r;
}

int gate_compact(struct gate *g, const struct gate_now *now, struct err *e)
{
	struct rewrite w = { g, *now, e };
	int r = journal_compact(g->journal, rewrite, &w, e);

	g->compact_at = GATE_COMPACT_MIN + 4 * journal_bytes(g->journal);
	return r;
}

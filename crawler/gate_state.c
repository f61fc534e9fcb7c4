/* SPDX-License-Identifier: EUPL-1.2 */
/* What is known of each key, of open claims, and of each day. */
#include "crawler/gate_int.h"

#include <stdlib.h>

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

const struct turn *gate_turn_find(const struct gate *g, const char *name)
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

struct turn *gate_turn_get(struct gate *g, const char *name)
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
void gate_turn_rebase(struct turn *t, const char *boot_id,
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

void gate_turn_ended(struct turn *t, const char *boot_id,
		     const struct gate_now *now, uint32_t delay_ms,
		     uint32_t jitter_ms)
{
	gate_turn_rebase(t, boot_id, now);
	if (t->end_boot < now->boot_ms) {
		t->end_boot = now->boot_ms;
		t->end_wall = now->wall_ms;
	}
	t->delay_ms = delay_ms;
	t->jitter_ms = jitter_ms;
	t->set_wall = now->wall_ms;
}

/* --- claims -------------------------------------------------------------- */

struct claim *gate_claim_find(struct gate *g, uint64_t id)
{
	for (size_t i = 0; i < g->nclaims; i++)
		if (g->claims[i].id == id)
			return &g->claims[i];
	return NULL;
}

int gate_claim_push(struct gate *g, const struct claim *c)
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

void gate_claim_drop(struct gate *g, struct claim *c)
{
	size_t i = (size_t)(c - g->claims);

	free(c->url);
	memmove(c, c + 1, (g->nclaims - i - 1) * sizeof(*c));
	g->nclaims--;
}

struct quota *gate_quota_find(const struct gate *g, const char *case_id,
			      const char *key)
{
	for (size_t i = 0; i < g->nquotas; i++)
		if (!strcmp(g->quotas[i].case_id, case_id) &&
		    !strcmp(g->quotas[i].key, key))
			return &g->quotas[i];
	return NULL;
}

int gate_quota_set(struct gate *g, const char *case_id, const char *key,
		   int64_t day, uint32_t add)
{
	struct quota *q = gate_quota_find(g, case_id, key), *p;
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

int64_t gate_day(int64_t wall_ms)
{
	return wall_ms >= 0 ? wall_ms / GATE_DAY_MS : 0;
}

/* --- the transitions, the same live and in replay ------------------------ */

int gate_apply_claim(struct gate *g, const struct claim *c)
{
	int64_t day = gate_day(c->wall_ms);
	int r;

	r = gate_quota_set(g, c->case_id, "", day, 1);
	if (r == 0)
		r = gate_quota_set(g, c->case_id, gate_keys_group(&c->keys), day, 1);
	if (r == 0)
		r = gate_claim_push(g, c);
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

int gate_apply_end(struct gate *g, struct claim *c, const char *boot_id,
		   const struct gate_result *res, const char *addr,
		   const struct gate_now *now)
{
	uint64_t jitter = (uint64_t)c->delay_ms * res->jitter_permille / 1000;
	struct turn *t;

	for (unsigned i = 0; i < c->keys.n; i++) {
		int is_addr = !strncmp(c->keys.key[i], "addr:", 5);

		t = gate_turn_get(g, c->keys.key[i]);
		if (!t)
			return ERR_NOMEM;
		gate_turn_ended(t, boot_id, now, c->delay_ms, (uint32_t)jitter);
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
		t = gate_turn_get(g, addr);
		if (!t)
			return ERR_NOMEM;
		gate_turn_ended(t, boot_id, now, c->delay_ms, (uint32_t)jitter);
	}
	c->ended = 1;
	return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/gate_int.h"

#include "crawler/frame.h"

#include <stdlib.h>

#define COMPACT_OPEN (1u << 20)		/* journal bytes, when it is opened */

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
	g->compact_at = GATE_COMPACT_MIN;
	g->frame = (struct buf)BUF_INIT(JOURNAL_FRAME_MAX);
	memcpy(g->boot_id, boot_id, strnlen(boot_id, BOOT_ID_LEN - 1));
	r = journal_open(path, unit_secret, gate_replay, g, &g->journal, e);
	if (r < 0)
		goto fail;
	for (size_t i = 0; i < g->nslots; i++) {
		t = g->slots[i];
		if (!t)
			continue;
		gate_turn_rebase(t, g->boot_id, now);
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
			t = gate_turn_get(g, c->keys.key[k]);
			if (!t) {
				r = err_set(e, ERR_NOMEM, "out of memory");
				goto fail;
			}
			gate_turn_ended(t, g->boot_id, now, c->delay_ms, 0);
		}
	}
	if (journal_bytes(g->journal) > COMPACT_OPEN) {
		r = gate_compact(g, now, e);
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
	r = gate_compact(g, now, e);
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
		t = gate_turn_find(g, keys->key[i]);
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
		const struct turn *t = gate_turn_find(g, ask->keys->key[i]);

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
		const struct turn *t = gate_turn_find(g, ask->keys->key[i]);

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
		const struct turn *t = gate_turn_find(g, keys->key[i]);

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
		if (!gate_turn_get(g, ask->keys->key[i]))
			return err_set(e, ERR_NOMEM, "out of memory");
	if (journal_bytes(g->journal) > g->compact_at) {
		r = gate_compact(g, now, e);
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
	gate_put_claim(&g->frame, g->boot_id, &c);
	r = gate_append(g, !ask->no_sync, e);
	if (r < 0) {
		free(c.url);
		return r;
	}
	r = gate_apply_claim(g, &c);
	if (r < 0) {
		free(c.url);
		return err_set(e, r, "out of memory");
	}
	for (unsigned i = 0; i < c.keys.n; i++)
		gate_turn_get(g, c.keys.key[i])->in_use++;
	return 0;
}

int gate_sync(struct gate *g, struct err *e)
{
	buf_clear(&g->frame);
	frame_u8(&g->frame, 'N');
	frame_u64(&g->frame, g->next_id);
	return gate_append(g, 1, e);
}

int gate_end(struct gate *g, uint64_t id, const struct gate_result *r,
	     const struct gate_now *now, struct err *e)
{
	struct gate_result res = *r;
	char addr[GATE_KEY_LEN] = "";
	struct claim *c = gate_claim_find(g, id);
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
	rc = gate_append(g, 0, e);
	if (rc < 0)
		return rc;
	rc = gate_apply_end(g, c, g->boot_id, &res, addr, now);
	return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

int gate_sealed(struct gate *g, uint64_t id, struct err *e)
{
	struct claim *c = gate_claim_find(g, id);
	int r;

	if (!c)
		return err_set(e, ERR_NOENT, "no such claim");
	buf_clear(&g->frame);
	frame_u8(&g->frame, 'S');
	frame_u64(&g->frame, id);
	r = gate_append(g, 0, e);
	if (r == 0)
		gate_claim_drop(g, c);
	return r;
}

uint32_t gate_quota_used(const struct gate *g, const char *case_id,
			 const char *key, const struct gate_now *now)
{
	const struct quota *q = gate_quota_find(g, case_id, key ? key : "");

	return q && q->day >= gate_day(now->wall_ms) ? q->count : 0;
}

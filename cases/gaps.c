/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/gaps.h"

#include "crawler/gate.h"
#include "util/clock.h"

#include <stdlib.h>

#define KEYS_MAX 16		/* keys of one turn */

/* The records, and the statements their strings live in. */
struct turns {
	struct gate_record *record;
	const char *(*keys)[KEYS_MAX];
	json_t **json;
	struct claim *claim;
	size_t n, room;
};

/* Whose turn a record speaks of, to find two records of one turn. */
struct claim {
	int64_t id;
	size_t at;		/* index of the record */
	int interrupted;
};

static int make_room(struct turns *t, struct err *e)
{
	size_t room = t->room ? 2 * t->room : 256;
	void *p;

	if (t->n < t->room)
		return 0;
	p = realloc(t->record, room * sizeof *t->record);
	if (p)
		t->record = p;
	if (p)
		p = realloc(t->keys, room * sizeof *t->keys);
	if (p)
		t->keys = p;
	if (p)
		p = realloc(t->json, room * sizeof *t->json);
	if (p)
		t->json = p;
	if (p)
		p = realloc(t->claim, room * sizeof *t->claim);
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory to read %zu turns",
			       room);
	t->claim = p;
	t->room = room;
	return 0;
}

static int when(const json_t *o, const char *key, int64_t *out)
{
	const char *s = json_opt_str(o, key);

	return s ? clock_parse_rfc3339(s, strlen(s), out) : ERR_FORMAT;
}

/* take - one capture's turn; nothing when its statement names none */
static int take(struct turns *t, uint64_t n, json_t *o, struct err *e)
{
	const json_t *gate = json_object_get(o, "gate");
	const json_t *boot = json_object_get(o, "boot");
	const json_t *key;
	struct gate_record *r;
	size_t i;
	int rc;

	if (!json_is_object(gate))
		return 0;
	rc = make_room(t, e);
	if (rc < 0)
		return rc;
	r = &t->record[t->n];
	memset(r, 0, sizeof *r);
	r->number = n;
	if (when(o, "start", &r->start_ms) < 0
	    || when(o, "end", &r->end_ms) < 0)
		return err_set(e, ERR_FORMAT, "item %llu says no time",
			       (unsigned long long)n);
	r->boot_id = json_opt_str(boot, "id");
	r->start_boot_ms = json_integer_value(json_object_get(boot, "start_ms"));
	r->end_boot_ms = json_integer_value(json_object_get(boot, "end_ms"));
	r->delay_ms = json_integer_value(json_object_get(gate, "delay_ms"));
	json_array_foreach(json_object_get(gate, "keys"), i, key)
		if (i < KEYS_MAX && json_is_string(key))
			t->keys[t->n][r->nkeys++] = json_string_value(key);
	t->claim[t->n].id = json_integer_value(json_object_get(gate, "claim"));
	t->claim[t->n].at = t->n;
	t->claim[t->n].interrupted =
		json_is_true(json_object_get(gate, "interrupted"));
	t->json[t->n++] = json_incref(o);
	return 0;
}

static int by_claim(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->interrupted - y->interrupted;
}

/*
 * A crash between the commit of a capture and the note that its turn is over
 * makes the next pass seal the same turn as interrupted.  That is one request:
 * the record that saw it end speaks for it.
 */
static void one_record_a_turn(struct turns *t)
{
	qsort(t->claim, t->n, sizeof *t->claim, by_claim);
	for (size_t i = 1; i < t->n; i++)
		if (t->claim[i].id == t->claim[i - 1].id
		    && t->claim[i].interrupted)
			t->record[t->claim[i].at].nkeys = 0;
}

static int read_turns(struct grant *g, struct turns *t, uint64_t *missing,
		      struct err *e)
{
	struct buf note = BUF_INIT(JSON_TEXT_MAX);
	int r = 0;

	for (uint64_t n = 0; r == 0 && n < custody_count(g); n++) {
		struct statement s;

		buf_clear(&note);
		memset(&s, 0, sizeof s);
		r = custody_get(g, n, 0, &note, NULL, e);
		if (r == 0)
			r = statement_read(buf_view(&note), &s, e);
		if (r == ERR_NOENT || r == ERR_DAMAGED || r == ERR_FORMAT) {
			(*missing)++;
			r = 0;
			continue;
		}
		if (r == 0 && !strcmp(s.kind, "capture"))
			r = take(t, n, s.json, e);
		statement_release(&s);
	}
	buf_release(&note);
	/* The tables have stopped moving: the records may point into them. */
	for (size_t i = 0; i < t->n; i++)
		t->record[i].keys = t->keys[i];
	if (r == 0 && t->n)
		one_record_a_turn(t);
	return r;
}

int gaps_check(struct grant *g, void (*row)(void *arg, const struct gaps_row *),
	       void *arg, struct gaps_report *rep, struct err *e)
{
	struct turns t = { .n = 0 };
	struct gate_gap *gaps = NULL;
	size_t n = 0;
	int r;

	memset(rep, 0, sizeof *rep);
	rep->min_gap_ms = INT64_MAX;
	r = read_turns(g, &t, &rep->missing, e);
	if (r == 0)
		r = gate_check_gaps(t.record, t.n, &gaps, &n, e);
	rep->requests = t.n;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct gaps_row out = { gaps[i].key, gaps[i].requests,
			gaps[i].violations, gaps[i].min_gap_ms,
			gaps[i].delay_ms, gaps[i].before, gaps[i].after };

		rep->violations += gaps[i].violations;
		if (gaps[i].min_gap_ms < rep->min_gap_ms)
			rep->min_gap_ms = gaps[i].min_gap_ms;
		if (row)
			row(arg, &out);
	}
	free(gaps);
	for (size_t i = 0; i < t.n; i++)
		json_decref(t.json[i]);
	free(t.json);
	free(t.claim);
	free(t.keys);
	free(t.record);
	return r;
}

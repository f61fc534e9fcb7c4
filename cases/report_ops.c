/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/report_ops.h"

#include "cases/audit.h"
#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/permit.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define COMMAND "report operations"

void operations_release(struct operations *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->list[i].agent);
		free(o->list[i].source);
		free(o->list[i].why);
	}
	free(o->list);
	memset(o, 0, sizeof *o);
}

/* A new one at the end; NULL: no memory. */
static struct operation *op_new(struct operations *o, const char *agent,
				const char *source, const char *why,
				struct err *e)
{
	struct operation *list = reallocarray(o->list, o->n + 1, sizeof *list);
	struct operation *op;

	if (!list) {
		err_set(e, ERR_NOMEM, "no memory for operations");
		return NULL;
	}
	o->list = list;
	op = &list[o->n];
	memset(op, 0, sizeof *op);
	op->agent = strdup(agent);
	op->source = strdup(source);
	op->why = strdup(why);
	o->n++;
	if (!op->agent || !op->source || !op->why) {
		err_set(e, ERR_NOMEM, "no memory for operations");
		return NULL;
	}
	return op;
}

/* The operation goes on, unless it was too long ago. */
static struct operation *op_of(struct operations *o, const char *agent,
			       const char *source, const char *why, int64_t ms,
			       struct err *e)
{
	for (size_t i = o->n; i-- > 0;) {
		struct operation *op = &o->list[i];

		if (ms - op->to_ms > REPORT_GAP_MS)
			continue;
		if (!strcmp(op->agent, agent) && !strcmp(op->source, source) &&
		    !strcmp(op->why, why))
			return op;
	}
	return op_new(o, agent, source, why, e);
}

static void op_leaf(struct operation *op, uint64_t n, const struct leaf *leaf)
{
	if (!op->requests) {
		op->from_ms = leaf->time_ms;
		op->first_item = n;
		op->first_leaf = leaf->seq;
	}
	op->to_ms = leaf->time_ms;
	op->last_item = n;
	op->last_leaf = leaf->seq;
	op->requests++;
	op->refused += leaf->kind == LEAF_REFUSED;
}

static int is_operation(const struct leaf *leaf)
{
	return leaf->kind == LEAF_EVIDENCE || leaf->kind == LEAF_REFUSED ||
		leaf->kind == LEAF_IMPORT;
}

static int leaf_of(const struct unit *u, const struct stream *s, uint64_t n,
		   struct leaf *leaf, struct err *e)
{
	uint64_t seq;
	int r = stream_seq(s, n, &seq, e);

	if (r == 0 && vault_leaf(u->vault, seq, leaf) < 0)
		r = err_set(e, ERR_IO, "cannot read the log");
	return r;
}

/* --- from the sealed statements ----------------------------------------------- */

static const char *word(const json_t *o, const char *key)
{
	const char *s = json_opt_str(o, key);

	return s ? s : "";
}

static int one_item(struct operations *o, struct grant *g, uint64_t n,
		    const struct leaf *leaf, struct buf *note, struct err *e)
{
	struct statement st = { .json = NULL };
	struct operation *op;
	int64_t status = 0, body = 0;
	int r, gone;

	buf_clear(note);
	r = custody_get(g, n, 0, note, NULL, NULL);
	if (r == 0)
		r = statement_read(buf_view(note), &st, NULL);
	gone = r < 0;
	op = op_of(o, word(st.json, "agent"), word(st.json, "source"),
		   word(st.json, "why"), leaf->time_ms, e);
	if (op) {
		op_leaf(op, n, leaf);
		op->erased += (uint64_t)gone;
		json_want_int(st.json, "status", &status, NULL);
		json_want_int(json_object_get(st.json, "bytes"), "body", &body,
			      NULL);
		op->bytes += body > 0 ? (uint64_t)body : 0;
		op->failed += !gone && leaf->kind == LEAF_EVIDENCE &&
			(status < 200 || status >= 400);
	}
	statement_release(&st);
	return op ? 0 : ERR_NOMEM;
}

static int by_statements(struct unit *u, const char *case_name,
			 const char *why, struct operations *o, struct err *e)
{
	const struct access a = { .command = COMMAND, .why = why,
				  .case_name = case_name };
	struct buf note = BUF_INIT(NOTE_MAX);
	struct shown s = { 0 };
	struct grant *g = NULL;
	int r = custody_log(u, &a, &g, e);

	if (r < 0)
		return r;
	o->items = custody_count(g);
	for (uint64_t n = 0; r == 0 && n < o->items; n++) {
		struct leaf leaf;

		r = leaf_of(u, custody_stream(g), n, &leaf, e);
		if (r == 0 && is_operation(&leaf))
			r = one_item(o, g, n, &leaf, &note, e);
	}
	/* The list goes out only when this is on record. */
	s.whole = o->items;
	s.rows = o->n;
	if (r == 0)
		r = custody_shown(g, &s, e);
	custody_close(g);
	buf_wipe(&note);
	return r;
}

/* --- from the audit ----------------------------------------------------------- */

struct pass {
	uint64_t seq;			/* of its access record */
	char agent[ADMIN_NAME_MAX + 1];
	char source[256], why[512];
	uint64_t first, last;		/* items; first > last: none */
};

struct passes {
	struct pass *list;
	size_t n;
};

static int pass_new(struct passes *p, const struct audit_event *ev,
		    struct err *e)
{
	struct pass *list = reallocarray(p->list, p->n + 1, sizeof *list);

	if (!list)
		return err_set(e, ERR_NOMEM, "no memory for operations");
	p->list = list;
	list += p->n++;
	memset(list, 0, sizeof *list);
	list->seq = ev->seq;
	list->first = 1;
	snprintf(list->agent, sizeof list->agent, "%s", ev->user);
	snprintf(list->source, sizeof list->source, "%s", ev->query);
	snprintf(list->why, sizeof list->why, "%s", ev->why);
	return 0;
}

static int read_passes(struct unit *u, const char *case_name, const char *why,
		       int64_t since, struct passes *p, struct audit **a_out,
		       struct err *e)
{
	struct audit_query q = { .command = COMMAND, .why = why,
				 .case_name = case_name, .from_ms = since,
				 .what = AUDIT_ACCESS | AUDIT_SHOWN,
				 .of_command = "collect" };
	struct audit_event ev;
	int r = audit_open(u, &q, a_out, e);

	audit_event_init(&ev);
	while (r == 0 && (r = audit_next(*a_out, &ev, e)) == 1) {
		r = 0;
		if (!audit_wanted(*a_out, &ev))
			continue;
		if (ev.what == AUDIT_ACCESS)
			r = pass_new(p, &ev, e);
		for (size_t i = 0; ev.what == AUDIT_SHOWN && ev.nranges &&
		     i < p->n; i++)
			if (p->list[i].seq + 1 == ev.of) {
				p->list[i].first = ev.ranges[0].first;
				p->list[i].last =
					ev.ranges[ev.nranges - 1].last;
			}
	}
	audit_event_release(&ev);
	return r;
}

static const struct pass *pass_of(const struct passes *p, uint64_t item)
{
	for (size_t i = 0; i < p->n; i++)
		if (item >= p->list[i].first && item <= p->list[i].last)
			return &p->list[i];
	return NULL;
}

static int by_audit(struct unit *u, const struct admin_case *c,
		    const char *why, struct operations *o, struct err *e)
{
	static const struct pass unknown;
	struct shown s = { 0 };
	struct passes p = { NULL, 0 };
	struct stream *stream = NULL;
	struct audit *a = NULL;
	char id[17];
	int r;

	memcpy(id, c->id, sizeof id);
	o->from_audit = 1;
	r = read_passes(u, id, why, c->opened_ms, &p, &a, e);
	if (r == 0)
		r = casefile_find(u, id, &c, e);
	if (r == 0)
		r = casefile_stream(u, c, &stream, e);
	o->items = stream ? stream_count(stream) : 0;
	for (uint64_t n = 0; r == 0 && n < o->items; n++) {
		const struct pass *of = pass_of(&p, n);
		struct operation *op;
		struct leaf leaf;

		r = leaf_of(u, stream, n, &leaf, e);
		if (r < 0 || !is_operation(&leaf))
			continue;
		if (!of)
			of = &unknown;
		op = op_of(o, of->agent, of->source, of->why, leaf.time_ms, e);
		if (op)
			op_leaf(op, n, &leaf);
		else
			r = ERR_NOMEM;
	}
	s.rows = o->n;
	s.whole = o->items;
	if (r == 0)
		r = audit_shown(a, &s, e);
	audit_close(a);
	free(p.list);
	return r;
}

int report_operations(struct unit *u, const char *case_name, const char *why,
		      struct operations *out, struct err *e)
{
	const struct admin_case *c = NULL;
	int r = casefile_find(u, case_name, &c, e);

	memset(out, 0, sizeof *out);
	if (r < 0)
		return r;
	/* Who may neither read nor audit is refused by the latter, on record. */
	r = permit_check(&u->admin, u->user ? u->user_name : NULL, PERMIT_READ,
			 c, NULL) == 0
		? by_statements(u, case_name, why, out, e)
		: by_audit(u, c, why, out, e);
	if (r < 0)
		operations_release(out);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/erasure.h"

#include "cases/casefile.h"
#include "cases/deny.h"
#include "cases/epoch.h"
#include "cases/erasure_caches.h"
#include "cases/order.h"
#include "cases/unit_int.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* --- what may be erased ----------------------------------------------------- */

/* Records of what was done with a case stay until the case goes. */
static int check_item(struct unit *u, const struct admin_case *c,
		      struct stream *s, uint64_t n, unsigned object,
		      struct err *e)
{
	const struct admin_erasure *x = admin_erased(c, n, object);
	struct leaf leaf = { .kind = 0 };
	unsigned objects = 0;
	uint64_t seq;
	int r = stream_seq(s, n, &seq, e);

	if (r == 0)
		r = stream_objects(s, n, &objects, e);
	if (r == 0 && object != ERASE_WHOLE && object >= objects)
		r = err_set(e, ERR_NOENT, "item %llu has no object %u",
			    (unsigned long long)n, object);
	if (r == 0 && vault_leaf(u->vault, seq, &leaf) < 0)
		r = err_set(e, ERR_DAMAGED, "no leaf %llu in the log",
			    (unsigned long long)seq);
	if (r < 0)
		return r;
	if (leaf.kind != LEAF_EVIDENCE && leaf.kind != LEAF_IMPORT &&
	    leaf.kind != LEAF_REFUSED)
		return err_set(e, ERR_DENIED, "item %llu is a record of what "
			       "was done (%s): only a purge of the case takes "
			       "it", (unsigned long long)n,
			       leaf_kind_name(leaf.kind));
	if (object == ERASE_WHOLE)
		for (unsigned o = 0; x && o < objects; o++)
			x = admin_erased(c, n, o);
	if (x)
		return err_set(e, ERR_EXIST, "item %llu is erased already, by "
			       "%s%s", (unsigned long long)n, *x->order
			       ? "order " : "the rule of retention", x->order);
	return 0;
}

int erasure_check(struct unit *u, const struct admin_case *c,
		  const struct erase_list *l, struct err *e)
{
	struct stream *s = NULL;
	int r = casefile_stream(u, c, &s, e);

	for (size_t i = 0; r == 0 && i < l->n; i++)
		for (uint64_t n = l->r[i].first; r == 0 && n <= l->r[i].last;
		     n++)
			r = check_item(u, c, s, n, l->r[i].object, e);
	return r;
}

int erasure_subject(struct unit *u, const char *case_name,
		    const struct erase_list *l, char id_out[static 17],
		    json_t **subject_out, struct err *e)
{
	const struct admin_case *c = NULL;
	json_t *subject = json_object(), *items = NULL;
	int r = casefile_find(u, case_name, &c, e);

	/* Who may not propose learns nothing of what there is. */
	if (r == 0) {
		memcpy(id_out, c->id, 17);
		r = unit_may(u, l ? PERMIT_ERASE_FIRST : PERMIT_PURGE_FIRST, c,
			     e);
	}
	if (r == 0)
		r = casefile_find(u, id_out, &c, e);
	if (r == 0 && c->purged)
		r = err_set(e, ERR_EXIST, "case '%s' was purged",
			    c->reference);
	if (r == 0 && l)
		r = erasure_check(u, c, l, e);
	if (r == 0 && l) {
		items = erasure_items_put(l);
		if (!items || !subject ||
		    json_object_set(subject, "items", items) < 0)
			r = err_set(e, ERR_NOMEM, "no memory for an order");
	}
	json_decref(items);
	if (r == 0 && subject) {
		*subject_out = subject;
		return 0;
	}
	json_decref(subject);
	return r < 0 ? r : err_set(e, ERR_NOMEM, "no memory for an order");
}

/* --- the decision ------------------------------------------------------------- */

struct decision {
	const char *kind;
	struct erase_list *l;
	struct bytes order;		/* the note; empty: the rule */
	const char *reason;
	enum admin_class class;		/* of case-retention */
	unsigned days;
	int64_t newest_ms;
	uint64_t items;			/* of case-purge */
};

static int put_members(struct jsonw *w, const struct decision *d,
		       const struct erasure_report *rep)
{
	char when[CLOCK_RFC3339_MAX], *text = NULL;
	json_t *items;

	jsonw_str(w, "case", rep->case_id);
	if (d->items) {
		jsonw_int(w, "items", (int64_t)d->items);
	} else {
		items = erasure_items_put(d->l);
		text = items ? json_dumps(items, JSON_COMPACT) : NULL;
		json_decref(items);
		if (!text)
			return ERR_NOMEM;
		jsonw_raw(w, "items", bytes_str(text));
		free(text);
	}
	if (d->order.len) {
		jsonw_bytes(w, "order", d->order);
	} else {
		jsonw_str(w, "class", admin_class_name(d->class));
		jsonw_int(w, "days", d->days);
		jsonw_str(w, "collected", clock_rfc3339(d->newest_ms, when));
	}
	jsonw_str(w, "list", rep->list);
	jsonw_int(w, "objects", (int64_t)rep->objects);
	jsonw_int(w, "bytes", (int64_t)rep->bytes);
	jsonw_str(w, "reason", d->reason);
	return 0;
}

/* The list, then the statement that makes it count. */
static int decide(struct unit *u, struct stream *s, struct decision *d,
		  struct erasure_report *rep, struct err *e)
{
	struct unit_write w;
	const char *list = rep->list;
	uint8_t sha256[32];
	int r = erase_describe(s, d->l, e);

	if (r == 0 && d->l->nwas == 0 && !d->items)
		r = err_set(e, ERR_EXIST, "all of it is erased already");
	if (r == 0)
		r = erase_put(s, d->l, rep->list, sha256, e);
	if (r < 0)
		return r;
	rep->objects = d->l->nwas;
	rep->bytes = 0;
	for (size_t i = 0; i < d->l->nwas; i++)
		rep->bytes += d->l->was[i].size;
	r = unit_begin(u, d->kind, &w, e);
	if (r == 0 && put_members(&w.draft.w, d, rep) < 0) {
		unit_abort(&w);
		r = err_set(e, ERR_NOMEM, "no memory for a statement");
	}
	if (r == 0)
		r = unit_record(u, &w, LEAF_ERASURE, &list, 1, NULL, e);
	if (r < 0) {
		erase_drop(s, rep->list, NULL);
		rep->list[0] = 0;
	}
	return r;
}

static int carry_out(struct unit *u, struct decision *d,
		     struct erasure_report *rep, struct err *e)
{
	const struct admin_case *c = NULL;
	struct stream *s = NULL;
	unsigned done = 0;
	int r = casefile_find(u, rep->case_id, &c, e);

	if (r == 0)
		r = casefile_stream(u, c, &s, e);
	if (r == 0)
		r = decide(u, s, d, rep, e);
	if (r == 0)
		r = erase_run(s, d->l, NULL, NULL, e);
	if (r == 0)
		r = casefile_find(u, rep->case_id, &c, e);
	if (r == 0)
		r = erasure_caches(u, c, d->items ? NULL : d->l, e);
	if (r == 0)
		r = erasure_settle(u, rep->case_id, &done, e);
	if (r == 0)
		r = casefile_find(u, rep->case_id, &c, e);
	for (size_t i = 0; r == 0 && i < c->nerasures; i++) {
		const struct admin_erasure *x = &c->erasures[i];

		if (strcmp(x->list, rep->list))
			continue;
		rep->certified = x->certified_ms != 0;
		rep->complete_ms = x->complete_ms;
	}
	return r;
}

int erasure_run(struct unit *u, const char *id, struct erasure_report *rep,
		struct err *e)
{
	const struct admin_order *o = admin_order(&u->admin, id);
	struct order_want want = { .now_ms = clock_wall_ms() };
	struct buf note = BUF_INIT(NOTE_MAX);
	struct erase_list l = { 0 };
	struct decision d = { .l = &l };
	const struct admin_case *c = NULL;
	struct order order = { .id = "" };
	struct stream *s = NULL;
	char *reason = NULL, full[17];
	int r = 0, purge;

	memset(rep, 0, sizeof *rep);
	if (!o)
		return err_set(e, ERR_NOENT, "no order '%s' was proposed here",
			       id);
	purge = !strcmp(o->act, ORDER_PURGE);
	if (!purge && strcmp(o->act, ORDER_ERASE))
		return err_set(e, ERR_DENIED, "order '%s' is not for erasing",
			       o->id);
	memcpy(rep->case_id, o->case_id, sizeof rep->case_id);
	memcpy(full, o->id, sizeof full);
	reason = strdup(o->reason);
	want.act = purge ? ORDER_PURGE : ORDER_ERASE;
	want.case_id = rep->case_id;
	r = reason ? order_take(u, full, &want, &note, e)
		   : err_set(e, ERR_NOMEM, "no memory for an order");
	if (r == 0)
		r = casefile_find(u, rep->case_id, &c, e);
	if (r == 0)
		r = order_check(&u->admin, buf_view(&note), &want, &order, e);
	if (r == 0 && !purge)
		r = erasure_items_read(json_object_get(order.subject, "items"),
				       1, &l, e);
	if (r == 0 && !purge)
		r = erasure_check(u, c, &l, e);
	if (r == 0 && purge) {
		r = casefile_stream(u, c, &s, e);
		d.items = r == 0 ? stream_count(s) : 0;
		if (r == 0 && d.items == 0)
			r = err_set(e, ERR_NOENT, "case '%s' holds nothing",
				    c->reference);
		if (r == 0)
			r = erase_list_add(&l, 0, d.items - 1, ERASE_WHOLE);
	}
	if (r < 0)
		goto out;
	d.kind = purge ? "case-purge" : "case-erasure";
	d.order = buf_view(&note);
	d.reason = reason;
	r = carry_out(u, &d, rep, e);
out:
	order_release(&order);
	erase_list_release(&l);
	buf_release(&note);
	free(reason);
	return r;
}

int erasure_due(struct unit *u, const struct admin_case *c,
		enum admin_class class, const struct erase_list *l,
		int64_t newest_ms, struct erasure_report *rep, struct err *e)
{
	struct erase_list copy = { 0 };
	struct decision d = { .kind = "case-retention", .l = &copy,
			      .reason = "retention", .class = class,
			      .newest_ms = newest_ms };
	int r = 0;

	memset(rep, 0, sizeof *rep);
	memcpy(rep->case_id, c->id, sizeof rep->case_id);
	d.days = (unsigned)admin_class_days(c, class);
	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = erase_list_add(&copy, l->r[i].first, l->r[i].last,
				   l->r[i].object);
	if (r < 0)
		err_set(e, r, "too much to erase at once");
	if (r == 0)
		r = carry_out(u, &d, rep, e);
	erase_list_release(&copy);
	return r;
}

const char *erasure_words(const struct admin_erasure *x,
			  char out[static ERASURE_WORDS_MAX])
{
	char when[CLOCK_RFC3339_MAX];

	clock_rfc3339(x->time_ms, when);
	snprintf(out, ERASURE_WORDS_MAX, *x->order ? "erased by order %.16s, "
		 "%.10s" : "erased by the rule of retention%.0s, %.10s",
		 x->order, when);
	return out;
}

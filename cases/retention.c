/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/retention.h"

#include "cases/casefile.h"
#include "cases/deny.h"
#include "util/clock.h"

#include <stdlib.h>

#define DAY_MS 86400000LL
#define CHUNK 10000u		/* items of one statement */

static int is_erased(const struct admin_case *c, uint64_t n, unsigned objects)
{
	for (unsigned o = 0; o < objects; o++)
		if (!admin_erased(c, n, o))
			return 0;
	return 1;
}

int retention_items(struct unit *u, const struct admin_case *c,
		    int (*each)(void *arg, const struct retention_item *it),
		    void *arg, struct err *e)
{
	struct stream *s = NULL;
	int r;

	if (c->purged)
		return 0;
	r = casefile_stream(u, c, &s, e);
	for (uint64_t n = 0; r == 0 && n < stream_count(s); n++) {
		struct retention_item it = { .n = n, .due_ms = INT64_MAX };
		unsigned objects = 0;
		struct leaf leaf;
		uint64_t seq;
		int days;

		r = stream_seq(s, n, &seq, e);
		if (r == 0)
			r = stream_objects(s, n, &objects, e);
		if (r == 0 && vault_leaf(u->vault, seq, &leaf) < 0)
			r = err_set(e, ERR_DAMAGED, "no leaf %llu in the log",
				    (unsigned long long)seq);
		if (r < 0)
			return r;
		if ((leaf.kind != LEAF_EVIDENCE && leaf.kind != LEAF_IMPORT &&
		     leaf.kind != LEAF_REFUSED) || is_erased(c, n, objects))
			continue;
		it.class = admin_class(c, n);
		it.collected_ms = leaf.time_ms;
		it.kind = leaf.kind;
		days = admin_class_days(c, it.class);
		if (days >= 0)
			it.due_ms = leaf.time_ms + days * DAY_MS;
		r = each(arg, &it);
		if (r < 0)
			err_set(e, r, "cannot list what falls due");
	}
	return r;
}

struct due {
	int64_t now_ms;
	struct erase_list l[CLASS_PROCEDURE];	/* by class */
	int64_t newest[CLASS_PROCEDURE];
	uint64_t items[CLASS_PROCEDURE];
};

/* Neighbours become one range, and only so many items go in one statement:
 * the next run of the loop takes the rest. */
static int gather(void *arg, const struct retention_item *it)
{
	struct due *d = arg;
	struct erase_list *l;

	if (it->due_ms > d->now_ms)
		return 0;
	l = &d->l[it->class];
	if (d->items[it->class] >= CHUNK)
		return 0;
	d->items[it->class]++;
	if (it->collected_ms > d->newest[it->class])
		d->newest[it->class] = it->collected_ms;
	if (l->n && l->r[l->n - 1].last + 1 == it->n) {
		l->r[l->n - 1].last = it->n;
		return 0;
	}
	return erase_list_add(l, it->n, it->n, ERASE_WHOLE);
}

/* One round: of each class what one statement holds; 1 when there was any. */
static int round_of(struct unit *u, const char *case_id, int64_t now_ms,
		    struct retention_report *rep, struct err *e)
{
	struct due *d = calloc(1, sizeof *d);
	const struct admin_case *c = NULL;
	int r = casefile_find(u, case_id, &c, e), any = 0;

	if (!d)
		return err_set(e, ERR_NOMEM, "no memory for what falls due");
	d->now_ms = now_ms;
	if (r == 0)
		r = retention_items(u, c, gather, d, e);
	for (unsigned i = 0; r == 0 && i < CLASS_PROCEDURE; i++) {
		struct erasure_report one;

		if (d->items[i] == 0)
			continue;
		r = casefile_find(u, case_id, &c, e);
		if (r == 0)
			r = erasure_due(u, c, (enum admin_class)i, &d->l[i],
					d->newest[i], &one, e);
		if (r < 0)
			break;
		any = 1;
		rep->items += d->items[i];
		rep->objects += one.objects;
		rep->bytes += one.bytes;
		rep->erasures++;
		rep->certified += one.certified != 0;
	}
	for (unsigned i = 0; i < CLASS_PROCEDURE; i++)
		erase_list_release(&d->l[i]);
	free(d);
	return r < 0 ? r : any;
}

int retention_run(struct unit *u, const char *case_id, int64_t now_ms,
		  struct retention_report *rep, struct err *e)
{
	const struct admin_case *c = NULL;
	char id[17];
	int r = casefile_find(u, case_id, &c, e);

	memset(rep, 0, sizeof *rep);
	if (r < 0)
		return r;
	memcpy(id, c->id, sizeof id);
	do {
		r = round_of(u, id, now_ms, rep, e);
	} while (r == 1);
	/* What an earlier run left for a member to finish. */
	return r < 0 ? r : erasure_settle(u, id, NULL, e);
}

int retention_classify(struct unit *u, const char *case_name,
		       const struct erase_list *l, enum admin_class class,
		       const char *reason, const char *legal, struct err *e)
{
	const struct admin_case *c = NULL;
	struct stream *s = NULL;
	struct unit_write w;
	char id[17], *text = NULL;
	json_t *items;
	int r = casefile_find(u, case_name, &c, e);

	if (r == 0) {
		memcpy(id, c->id, sizeof id);
		r = unit_may(u, PERMIT_CLASSIFY, c, e);
	}
	if (r == 0)
		r = casefile_find(u, id, &c, e);
	if (r == 0)
		r = casefile_stream(u, c, &s, e);
	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (l->r[i].last >= stream_count(s))
			r = err_set(e, ERR_NOENT, "the case has no item %llu",
				    (unsigned long long)l->r[i].last);
	if (r < 0)
		return r;
	items = erasure_items_put(l);
	text = items ? json_dumps(items, JSON_COMPACT) : NULL;
	json_decref(items);
	if (!text)
		return err_set(e, ERR_NOMEM, "no memory for a statement");
	r = unit_begin(u, "case-classify", &w, e);
	if (r == 0) {
		jsonw_str(&w.draft.w, "case", id);
		jsonw_raw(&w.draft.w, "items", bytes_str(text));
		jsonw_str(&w.draft.w, "class", admin_class_name(class));
		jsonw_str(&w.draft.w, "reason", reason);
		if (legal)
			jsonw_str(&w.draft.w, "legal", legal);
		r = unit_commit(u, &w, NULL, 0, NULL, e);
	}
	free(text);
	return r;
}

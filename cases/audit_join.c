/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit's streams as one, in the order of the log. */
#include "cases/audit.h"

#include "cases/access.h"
#include "cases/audit_int.h"
#include "cases/audit_month.h"

#include <stdlib.h>

static void swap(size_t *x, size_t *y)
{
	size_t t = *x;

	*x = *y;
	*y = t;
}

static void sink(struct audit *a, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < a->nheap; k++)
			if (a->sources[a->heap[k]].seq <
			    a->sources[a->heap[least]].seq)
				least = k;
		if (least == i)
			return;
		swap(&a->heap[i], &a->heap[least]);
		i = least;
	}
}

/* Where the source stands in the log; 1: it has no more. */
static int locate(const struct audit *a, struct audit_source *s, struct err *e)
{
	int r;

	if (s->n >= s->count)
		return 1;
	r = s->month ? audit_month_seq(s->month, s->n, &s->seq, e)
		     : stream_seq(s->stream, s->n, &s->seq, e);
	/* What came behind the record of this reading is not asked for. */
	return r < 0 ? r : s->seq >= a->end;
}

int audit_rewind(struct audit *a, struct err *e)
{
	admin_release(&a->asof);
	admin_init(&a->asof);
	a->nheap = 0;
	for (size_t i = 0; i < a->nsources; i++) {
		struct audit_source *s = &a->sources[i];
		int r;

		s->n = s->start;
		r = locate(a, s, e);
		if (r < 0)
			return r;
		if (r == 0)
			a->heap[a->nheap++] = i;
	}
	for (size_t i = a->nheap; i-- > 0;)
		sink(a, i);
	return 0;
}

/* A run of captures is one event, as long as they follow one another. */
static int run(struct audit *a, struct audit_source *s, struct audit_event *ev,
	       struct err *e)
{
	uint64_t first = s->n;
	struct leaf leaf;

	audit_event_release(ev);
	for (; s->n < s->count; s->n++) {
		int r = locate(a, s, e);

		if (r < 0)
			return r;
		if (r == 1)
			break;
		if (vault_leaf(a->u->vault, s->seq, &leaf) < 0)
			return err_set(e, ERR_IO, "cannot read the log");
		if (s->n > first &&
		    (ev->what != AUDIT_COLLECTED ||
		     (leaf.kind != LEAF_EVIDENCE && leaf.kind != LEAF_REFUSED) ||
		     leaf.time_ms - ev->end_ms > AUDIT_RUN_GAP_MS))
			break;
		if (s->n == first) {
			ev->seq = leaf.seq;
			ev->time_ms = leaf.time_ms;
			ev->kind = leaf_kind_name(leaf.kind);
			ev->what = leaf.kind == LEAF_EVIDENCE ||
				leaf.kind == LEAF_REFUSED ? AUDIT_COLLECTED :
				leaf.kind == LEAF_EXPORT ? AUDIT_EXPORTED :
				leaf.kind == LEAF_ERASURE ? AUDIT_ERASED :
				AUDIT_OTHER;
		}
		ev->end_seq = leaf.seq;
		ev->end_ms = leaf.time_ms;
		ev->rows++;
		ev->refusals += leaf.kind == LEAF_REFUSED;
	}
	ev->ranges = calloc(1, sizeof *ev->ranges);
	if (!ev->ranges)
		return err_set(e, ERR_NOMEM, "no memory for an event");
	ev->nranges = 1;
	ev->ranges[0] = (struct audit_range){ first, s->n - 1 };
	ev->items = s->n - first;
	snprintf(ev->place, sizeof ev->place, "%s", s->case_id);
	ev->case_id = ev->place;
	return 0;
}

static int from_month(struct audit_source *s, struct audit_event *ev,
		      struct err *e)
{
	struct bytes note;
	struct leaf leaf;
	int forged = 0, r;

	r = audit_month_get(s->month, s->n, &note, &leaf, &forged, e);
	if (r == 0)
		r = audit_event_read(note, &leaf, ev, e);
	ev->forged = forged;
	s->n++;
	return r;
}

static int from_admin(struct audit *a, struct audit_source *s,
		      struct audit_event *ev, struct err *e)
{
	struct leaf leaf;
	int r;

	buf_clear(&a->note);
	r = stream_get(s->stream, s->n, 0, &a->note, NULL, e);
	if (r == 0 && vault_leaf(a->u->vault, s->seq, &leaf) < 0)
		r = err_set(e, ERR_IO, "cannot read the log");
	if (r == 0)
		r = admin_apply(&a->asof, buf_view(&a->note), e);
	if (r == 0)
		r = audit_event_read(buf_view(&a->note), &leaf, ev, e);
	s->n++;
	return r;
}

int audit_next(struct audit *a, struct audit_event *ev, struct err *e)
{
	struct audit_source *s;
	int r;

	if (!a->nheap)
		return 0;
	s = &a->sources[a->heap[0]];
	r = s->type == OF_MONTH ? from_month(s, ev, e) :
		s->type == OF_ADMIN ? from_admin(a, s, ev, e) :
		run(a, s, ev, e);
	if (r == 0)
		r = locate(a, s, e);
	if (r < 0)
		return r;
	/* Times never go back: what follows is behind the period too. */
	if (a->to_ms && ev->time_ms >= a->to_ms) {
		a->nheap = 0;
		return 0;
	}
	if (r == 1)
		a->heap[0] = a->heap[--a->nheap];
	sink(a, 0);
	return 1;
}

/* --- what was asked ---------------------------------------------------------- */

int audit_in_period(const struct audit *a, const struct audit_event *ev)
{
	return (!a->from_ms || ev->end_ms >= a->from_ms) &&
		(!a->to_ms || ev->time_ms < a->to_ms);
}

int audit_wanted(const struct audit *a, const struct audit_event *ev)
{
	return audit_in_period(a, ev) && (ev->what & a->what) &&
		(!a->case_id[0] || !strcmp(a->case_id, ev->case_id)) &&
		(!a->by[0] || !strcmp(a->by, ev->user)) &&
		(!a->of_command[0] || !strcmp(a->of_command, ev->command)) &&
		(!a->has_item || (!ev->reach && audit_event_has(ev, a->item)));
}

const struct admin *audit_asof(const struct audit *a)
{
	return &a->asof;
}

uint64_t audit_seq(const struct audit *a)
{
	return a->seq;
}

int audit_shown(struct audit *a, const struct shown *s, struct err *e)
{
	return access_shown(a->u, "audit", a->case_id[0] ? a->case_id : NULL,
			    a->seq, s, e);
}

const char *audit_skipped(const struct audit *a, size_t i)
{
	return i < a->nskipped ? a->skipped[i] : NULL;
}

void audit_period(const struct audit *a, int64_t *from_ms, int64_t *to_ms)
{
	*from_ms = a->from_ms;
	*to_ms = a->to_ms;
}

const char *audit_case(const struct audit *a)
{
	return a->case_id;
}

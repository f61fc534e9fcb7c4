/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_count.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS 3600000

static int nomem(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory for counting");
}

static int person(struct finder *f, const char *name,
		  struct audit_person **out, struct err *e)
{
	struct audit_person *list;

	for (size_t i = 0; i < f->npeople; i++)
		if (!strcmp(f->people[i].name, name)) {
			*out = &f->people[i];
			return 0;
		}
	list = reallocarray(f->people, f->npeople + 1, sizeof *list);
	if (!list)
		return nomem(e);
	f->people = list;
	list += f->npeople++;
	memset(list, 0, sizeof *list);
	snprintf(list->name, sizeof list->name, "%s", name);
	*out = list;
	return 0;
}

int count_case(struct finder *f, const char *id, struct audit_dossier **out,
	       struct err *e)
{
	struct audit_dossier *list;

	for (size_t i = 0; i < f->ncases; i++)
		if (!strcmp(f->cases[i].id, id)) {
			*out = &f->cases[i];
			return 0;
		}
	list = reallocarray(f->cases, f->ncases + 1, sizeof *list);
	if (!list)
		return nomem(e);
	f->cases = list;
	list += f->ncases++;
	memset(list, 0, sizeof *list);
	snprintf(list->id, sizeof list->id, "%s", id);
	*out = list;
	return 0;
}

/* Events come in the order of time: the hour is the last, or a new one. */
static int hour_of(struct audit_person *p, int64_t ms, struct audit_hour **out,
		   struct err *e)
{
	int64_t hour = ms / HOUR_MS;

	*out = NULL;
	if (!p->nhours || p->hours[p->nhours - 1].hour < hour) {
		if (p->nhours == p->room) {
			size_t room = p->room ? p->room * 2 : 32;
			struct audit_hour *h = reallocarray(p->hours, room,
							    sizeof *h);

			if (!h)
				return nomem(e);
			p->hours = h;
			p->room = room;
		}
		memset(&p->hours[p->nhours], 0, sizeof *p->hours);
		p->hours[p->nhours++].hour = hour;
	}
	*out = &p->hours[p->nhours - 1];
	return 0;
}

/* Items somebody got to see: not those a pass collected. */
static uint64_t seen(const struct audit_event *ev)
{
	if ((ev->what != AUDIT_ACCESS && ev->what != AUDIT_SHOWN) ||
	    !strcmp(ev->command, "collect"))
		return 0;
	return ev->items;
}

static void enter(struct audit_person *p, struct audit_hour *h,
		  const struct audit_event *ev, int period)
{
	uint64_t items = seen(ev);
	const unsigned max = sizeof h->leaves / sizeof *h->leaves;

	h->items += items;
	if (items) {
		h->with_items++;
		if (h->nleaves < max)
			h->leaves[h->nleaves++] = ev->seq;
	}
	h->accesses += ev->what == AUDIT_ACCESS;
	h->refusals += ev->what == AUDIT_REFUSED;
	h->exports += ev->what == AUDIT_ACCESS &&
		!strcmp(ev->command, "export");
	h->other += ev->what == AUDIT_ADMIN;
	if (!period)
		return;
	p->items += items;
	p->accesses += ev->what == AUDIT_ACCESS;
	p->refusals += ev->what == AUDIT_REFUSED;
	p->exports += ev->what == AUDIT_ACCESS &&
		!strcmp(ev->command, "export");
}

int count_event(struct finder *f, const struct audit_event *ev,
		const struct admin *now, int period,
		struct audit_person **p_out, struct err *e)
{
	const struct admin_case *c = NULL;
	struct audit_dossier *d = NULL;
	struct audit_hour *h = NULL;
	int r = 0;

	if (*ev->user) {
		r = person(f, ev->user, p_out, e);
		if (r == 0)
			r = hour_of(*p_out, ev->time_ms, &h, e);
		if (r < 0 || !h)
			return r;
		enter(*p_out, h, ev, period);
	}
	if (!period || !*ev->case_id ||
	    admin_case(now, ev->case_id, &c, NULL) < 0 || !c)
		return 0;
	r = count_case(f, c->id, &d, e);
	if (r < 0)
		return r;
	d->accesses += ev->what == AUDIT_ACCESS &&
		strcmp(ev->command, "collect") != 0;
	d->refusals += ev->what == AUDIT_REFUSED;
	d->items += seen(ev);
	if (ev->what == AUDIT_COLLECTED)
		d->captures += ev->rows;
	return 0;
}

int count_buckets(const struct audit_person *p, int day,
		  struct count_bucket **out, size_t *n)
{
	struct count_bucket *b = calloc(p->nhours + 1, sizeof *b), *at = NULL;

	if (!b)
		return ERR_NOMEM;
	*n = 0;
	for (size_t i = 0; i < p->nhours; i++) {
		const struct audit_hour *h = &p->hours[i];
		struct calendar_time t;
		int64_t index = h->hour;

		if (!h->items)
			continue;
		if (day) {
			calendar_paris(h->hour * HOUR_MS, &t);
			index = t.day;
		}
		if (!at || at->index != index) {
			at = &b[(*n)++];
			at->index = index;
			at->from_ms = h->hour * HOUR_MS;
			if (day)	/* midnight in Paris */
				at->from_ms -= (int64_t)t.minute / 60 * HOUR_MS;
		}
		at->items += h->items;
		at->with_items += h->with_items;
		for (unsigned k = 0; k < h->nleaves &&
		     at->nleaves < FIND_LEAVES_MAX; k++)
			at->leaves[at->nleaves++] = h->leaves[k];
	}
	*out = b;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t count_median(const struct count_bucket *b, size_t n, size_t but)
{
	uint64_t *v = calloc(n + 1, sizeof *v), m;
	size_t k = 0;

	if (!v)
		return 0;	/* then only the plain limit decides */
	for (size_t i = 0; i < n; i++)
		if (i != but)
			v[k++] = b[i].items;
	qsort(v, k, sizeof *v, by_value);
	m = !k ? 0 : k % 2 ? v[k / 2] : (v[k / 2 - 1] + v[k / 2]) / 2;
	free(v);
	return m;
}

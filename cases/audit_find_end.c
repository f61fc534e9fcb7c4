/* SPDX-License-Identifier: EUPL-1.2 */
/* Findings that only the end shows: against one's own median, never handed
 * over. */
#include "cases/audit_count.h"
#include "cases/audit_find_int.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS 3600000
#define DAY_MS 86400000

static int bulk(struct finder *f, const struct audit_person *p,
		const struct count_bucket *b, size_t n, int day, struct err *e)
{
	uint64_t limit = day ? f->policy.bulk_day : f->policy.bulk_hour;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t median = b[i].items > limit ? count_median(b, n, i)
						     : 0;
		struct finding x = { .bucket = b[i].index,
			.pattern = day ? FIND_BULK_DAY : FIND_BULK_HOUR,
			.from_ms = b[i].from_ms, .to_ms = b[i].from_ms +
				(day ? DAY_MS : HOUR_MS),
			.limit = limit, .median = median };

		if (b[i].items <= limit ||
		    b[i].items <= median * f->policy.bulk_times ||
		    (f->from_ms && x.to_ms <= f->from_ms))
			continue;
		snprintf(x.user, sizeof x.user, "%s", p->name);
		r = finding_add(f, &x, b[i].items, b[i].leaves, b[i].nleaves,
			b[i].with_items, e);
	}
	return r;
}

static int bulk_of(struct finder *f, const struct audit_person *p,
		   struct err *e)
{
	struct count_bucket *b = NULL;
	size_t n = 0;
	int r = 0;

	for (int day = 0; r == 0 && day < 2; day++) {
		r = count_buckets(p, day, &b, &n);
		if (r < 0)
			return err_set(e, ERR_NOMEM, "no memory for findings");
		r = bulk(f, p, b, n, day, e);
		free(b);
		b = NULL;
	}
	return r;
}

static int exports(struct finder *f, struct err *e)
{
	int64_t days = (int64_t)f->policy.handover_days;
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->nexports; i++) {
		const struct find_export *x = &f->exports[i];
		struct finding y = { .pattern = FIND_EXPORT,
			.from_ms = x->time_ms, .to_ms = f->last_ms,
			.bucket = (int64_t)x->seq, .limit = (uint64_t)days };

		if (x->handed || !x->period ||
		    f->last_ms - x->time_ms < days * DAY_MS)
			continue;
		snprintf(y.user, sizeof y.user, "%s", x->user);
		snprintf(y.case_id, sizeof y.case_id, "%s", x->case_id);
		snprintf(y.detail, sizeof y.detail, "%s", x->recipient);
		r = finding_add(f, &y, 1, &x->seq, 1, 1, e);
	}
	return r;
}

static int by_order(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int r;

	if (x->pattern != y->pattern)
		return x->pattern < y->pattern ? -1 : 1;
	if (x->from_ms != y->from_ms)
		return x->from_ms < y->from_ms ? -1 : 1;
	r = strcmp(x->user, y->user);
	if (!r)
		r = strcmp(x->case_id, y->case_id);
	return r ? r : (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

int finder_end(struct finder *f, struct err *e)
{
	int r = 0;

	if (f->done)
		return 0;
	for (size_t i = 0; r == 0 && i < f->npeople; i++)
		if (strcmp(f->people[i].name, "timer") != 0)
			r = bulk_of(f, &f->people[i], e);
	if (r == 0)
		r = exports(f, e);
	if (r < 0)
		return r;
	f->done = 1;
	/* The table's indices mean nothing after this. */
	if (f->nfound)
		qsort(f->found, f->nfound, sizeof *f->found, by_order);
	free(f->table);
	f->table = NULL;
	return 0;
}

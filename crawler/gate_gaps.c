/* SPDX-License-Identifier: EUPL-1.2 */
/* The proof of politeness, from what the capture statements say and no more. */
#include "crawler/gate.h"

#include <stdlib.h>

/* One request as one key sees it. */
struct row {
	const char *key;
	const char *boot;	/* "" when the wall clock counts */
	int64_t start, end;
	const struct gate_record *rec;
};

/* In the order of the records: for pairs that no common clock measures. */
static int number_cmp(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int r = strcmp(a->key, b->key);

	if (r == 0 && a->rec->number != b->rec->number)
		r = a->rec->number < b->rec->number ? -1 : 1;
	return r;
}

/* Within one boot the order is that of its clock, whatever the wall said. */
static int boot_cmp(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int r = strcmp(a->key, b->key);

	if (r == 0)
		r = strcmp(a->boot, b->boot);
	if (r == 0 && a->start != b->start)
		r = a->start < b->start ? -1 : 1;
	if (r == 0 && a->rec->number != b->rec->number)
		r = a->rec->number < b->rec->number ? -1 : 1;
	return r;
}

static void take_gap(struct gate_gap *g, const struct row *a,
		     const struct row *b, int64_t gap)
{
	if (gap < g->min_gap_ms) {
		g->min_gap_ms = gap;
		g->delay_ms = b->rec->delay_ms;
		g->before = a->rec->number;
		g->after = b->rec->number;
	}
	if (gap < b->rec->delay_ms && g->violations++ == 0) {
		g->bad_before = a->rec->number;
		g->bad_after = b->rec->number;
	}
}

/*
 * Rows of one key in the order of the records: the pairs that no boot clock
 * measures, on the wall clock.  Where that went back over a reboot nothing can
 * be measured, and nothing is said.
 */
static void scan_wall(struct gate_gap *g, const struct row *rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct row *a = &rows[i - 1], *b = &rows[i];
		int64_t gap = b->rec->start_ms - a->rec->end_ms;

		if (*a->boot && *b->boot &&
		    (gap < 0 || !strcmp(a->boot, b->boot)))
			continue;
		take_gap(g, a, b, gap);
	}
}

/* Rows of one key sorted by boot and its clock: the pairs of one boot. */
static void scan_boot(struct gate_gap *g, const struct row *rows, size_t n)
{
	const struct row *last = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct row *b = &rows[i];

		if (!*b->boot)
			continue;
		if (last && strcmp(last->boot, b->boot) != 0)
			last = NULL;
		if (last)
			take_gap(g, last, b, b->start - last->end);
		/* The request that ended last is the one to keep away from. */
		if (!last || b->end > last->end)
			last = b;
	}
}

static size_t run_of(const struct row *rows, size_t i, size_t n)
{
	size_t k = i;

	while (k < n && !strcmp(rows[k].key, rows[i].key))
		k++;
	return k - i;
}

int gate_check_gaps(const struct gate_record *r, size_t n,
		    struct gate_gap **gaps_out, size_t *ngaps_out,
		    struct err *e)
{
	struct row *rows = NULL;
	struct gate_gap *gaps = NULL;
	size_t nrows = 0, ngaps = 0, k = 0, len;
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		if (r[i].end_ms < r[i].start_ms &&
		    r[i].end_boot_ms < r[i].start_boot_ms)
			return err_set(e, ERR_FORMAT, "record %llu ends before "
				       "it starts",
				       (unsigned long long)r[i].number);
		nrows += r[i].nkeys;
	}
	rows = calloc(nrows ? nrows : 1, sizeof(*rows));
	gaps = calloc(nrows ? nrows : 1, sizeof(*gaps));
	if (!rows || !gaps) {
		free(rows);
		free(gaps);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < n; i++) {
		int known = r[i].boot_id && *r[i].boot_id &&
			    strcmp(r[i].boot_id, "unknown") != 0;

		for (unsigned j = 0; j < r[i].nkeys; j++, k++) {
			rows[k].key = r[i].keys[j];
			rows[k].boot = known ? r[i].boot_id : "";
			rows[k].start = known ? r[i].start_boot_ms :
					r[i].start_ms;
			rows[k].end = known ? r[i].end_boot_ms : r[i].end_ms;
			rows[k].rec = &r[i];
		}
	}
	qsort(rows, nrows, sizeof(*rows), number_cmp);
	for (size_t i = 0; i < nrows; i += len, ngaps++) {
		len = run_of(rows, i, nrows);
		gaps[ngaps].key = rows[i].key;
		gaps[ngaps].requests = len;
		gaps[ngaps].min_gap_ms = INT64_MAX;
		scan_wall(&gaps[ngaps], rows + i, len);
	}
	qsort(rows, nrows, sizeof(*rows), boot_cmp);
	ngaps = 0;
	for (size_t i = 0; i < nrows; i += len, ngaps++) {
		len = run_of(rows, i, nrows);
		scan_boot(&gaps[ngaps], rows + i, len);
		if (gaps[ngaps].violations)
			bad = 1;
	}
	free(rows);
	*gaps_out = gaps;
	*ngaps_out = ngaps;
	return bad;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Counting for audit_find.c: people, their hours, cases; medians. */
#ifndef CASES_AUDIT_COUNT_H
#define CASES_AUDIT_COUNT_H

#include "cases/audit_find.h"

/* count_event - enter the event in the counts; p_out: the person, or NULL */
int count_event(struct finder *f, const struct audit_event *ev,
		const struct admin *now, int period,
		struct audit_person **p_out, struct err *e);

/* count_case - what is known of a case, made when it is new */
int count_case(struct finder *f, const char *id, struct audit_dossier **out,
	       struct err *e);

/* struct count_bucket - items of an hour, or of a day of Paris */
struct count_bucket {
	int64_t index, from_ms;
	uint64_t items, with_items;
	uint64_t leaves[FIND_LEAVES_MAX];
	unsigned nleaves;
};

/* count_buckets - hours or days with items, rising; free() out */
int count_buckets(const struct audit_person *p, int day,
		  struct count_bucket **out, size_t *n);

/* count_median - of the items of all buckets but one; 0 without any */
uint64_t count_median(const struct count_bucket *b, size_t n, size_t but);

#endif

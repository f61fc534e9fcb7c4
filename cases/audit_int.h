/* SPDX-License-Identifier: EUPL-1.2 */
/* What audit.c (opening) and audit_join.c (reading) share. */
#ifndef CASES_AUDIT_INT_H
#define CASES_AUDIT_INT_H

#include "cases/audit.h"
#include "cases/audit_month.h"

/* A stream of events, in the order of the log. */
struct audit_source {
	enum { OF_ADMIN, OF_MONTH, OF_CASE } type;
	struct audit_month *month;
	struct stream *stream;		/* admin, or a case's */
	char case_id[17];
	uint64_t start, n, count;	/* statements or items */
	uint64_t seq;			/* of n */
};

struct audit {
	struct unit *u;
	struct audit_source *sources;
	size_t nsources;
	size_t *heap, nheap;		/* sources that have more, by seq */
	struct admin asof;
	struct audit_keys keys;
	struct buf note;
	uint64_t seq;			/* of the record of this reading */
	uint64_t end;			/* events of leaves below */
	int64_t from_ms, to_ms, read_ms;
	char by[ADMIN_NAME_MAX + 1], of_command[64], case_id[17];
	char skipped[AUDIT_SKIPPED_MAX][8];
	size_t nskipped;
	unsigned what;
	int has_item;
	uint64_t item;
};

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How long a case keeps what it collected.
 *
 * Each item has a class: sensitive (or without a link to the case), irrelevant,
 * relevant, procedure.  What nobody classified is irrelevant.  The days of each
 * stand in the statement that opened the case, signed by who opened it: that is
 * the order under which what falls due is erased, item by item, without asking
 * anybody again.  The clock of an item starts when it was sealed.  What belongs
 * to the procedure stays until the case is purged, which takes two persons.
 */
#ifndef CASES_RETENTION_H
#define CASES_RETENTION_H

#include "cases/erasure.h"

struct retention_item {
	uint64_t n;
	enum admin_class class;
	int64_t collected_ms;
	int64_t due_ms;			/* INT64_MAX: with the case */
	uint16_t kind;			/* of its leaf */
};

/*
 * retention_items - what a case still keeps, in order
 *   each   negative stops with that error
 * Opens no content.  Returns 0, what each returned, or the vault's errors.
 */
int retention_items(struct unit *u, const struct admin_case *c,
		    int (*each)(void *arg, const struct retention_item *it),
		    void *arg, struct err *e);

struct retention_report {
	uint64_t items, objects, bytes;	/* erased */
	unsigned erasures, certified;
};

/*
 * retention_run - erase what is due as of now, in one case
 * Nothing due is 0 with an empty report.
 */
int retention_run(struct unit *u, const char *case_id, int64_t now_ms,
		  struct retention_report *rep, struct err *e);

/*
 * retention_classify - say what items are
 *   legal   the legal reason, needed to keep any of them longer; or NULL
 * Returns 0, ERR_NOENT (no such item), ERR_DENIED or the vault's errors.
 */
int retention_classify(struct unit *u, const char *case_name,
		       const struct erase_list *l, enum admin_class class,
		       const char *reason, const char *legal, struct err *e);

#endif

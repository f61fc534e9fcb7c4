/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Erasing items of a case, and whole cases.
 *
 * What is erased is decided by a statement in the admin stream, of leaf kind
 * erasure: case-erasure and case-purge embed an order of two persons,
 * case-retention stands under the rule the case's opening signed.  It names a
 * list (store/erase.h), which says of each object what it was.
 *
 * Then the sealed bytes go, and the caches that held words of them.  That needs
 * no key of the case, so that a timer can do it with nobody logged in.  Last
 * the slots go, with the case's key: that takes a member, and is done at once
 * when one is logged in, else as soon as one opens the case.  A certificate,
 * again of leaf kind erasure, says so, and until when a key backup could still
 * open what a copy of the vault may hold.
 */
#ifndef CASES_ERASURE_H
#define CASES_ERASURE_H

#include "cases/erasure_items.h"
#include "cases/unit.h"

struct erasure_report {
	char case_id[17];
	char list[ERASE_PATH_MAX];
	uint64_t objects, bytes;	/* taken out */
	int certified;			/* 0: the slots wait for a member */
	int64_t complete_ms;
};

/*
 * erasure_check - may these items be erased?
 *   l   sorted
 * Returns 0, ERR_NOENT (no such item or object), ERR_EXIST (all of one of them
 * is erased already), ERR_DENIED (a record of what was done with the case:
 * only a purge takes these) or the vault's errors.
 */
int erasure_check(struct unit *u, const struct admin_case *c,
		  const struct erase_list *l, struct err *e);

/*
 * erasure_subject - what an order for it is about, once it is checked
 *   l            what to erase; NULL: purge the whole case
 *   id_out       the case's
 *   subject_out  for order_options.subject; json_decref() it
 * Returns 0, ERR_DENIED (who is logged in may not propose it) or as
 * erasure_check().
 */
int erasure_subject(struct unit *u, const char *case_name,
		    const struct erase_list *l, char id_out[static 17],
		    json_t **subject_out, struct err *e);

/*
 * erasure_run - carry out an approved order
 *   id   of the order, or its beginning
 * Returns 0, ERR_NOENT, ERR_DENIED (not approved, expired, used...) or the
 * vault's errors: then, behind the decision, the next opening goes on.
 */
int erasure_run(struct unit *u, const char *id, struct erasure_report *rep,
		struct err *e);

/*
 * erasure_due - erase what fell due, under the rule of the case's opening
 *   class      of all items of l
 *   newest_ms  when the last of them was collected
 */
int erasure_due(struct unit *u, const struct admin_case *c,
		enum admin_class class, const struct erase_list *l,
		int64_t newest_ms, struct erasure_report *rep, struct err *e);

/* erasure_pending - erasures of a case without a certificate */
unsigned erasure_pending(const struct admin_case *c);

/*
 * erasure_settle - certify what the case's present key no longer opens; who is
 * logged in and a member gives the case a new key first, where it is due
 *   done_out   how many were certified; may be NULL
 * Nothing to do, or nobody to do it: 0.
 */
int erasure_settle(struct unit *u, const char *case_id, unsigned *done_out,
		   struct err *e);

/* erasure_words - "erased by order 0123456789abcdef, 2026-11-22", for people;
 * out: ERASURE_WORDS_MAX bytes, returned */
#define ERASURE_WORDS_MAX 128
const char *erasure_words(const struct admin_erasure *x,
			  char out[static ERASURE_WORDS_MAX]);

/* erasure_resume - at opening for writing, alone: go on with what a crash cut
 * short in any case, as far as it takes no member */
int erasure_resume(struct unit *u, struct err *e);

#endif

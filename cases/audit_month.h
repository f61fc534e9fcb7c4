/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A month of the audit, read in order.
 *
 * Opening statements one by one takes two curve operations each.  What was
 * opened once is kept beside the packs, sealed to the month's key, as
 * audit/<month>/read.cache/<number>.age: CHUNK statements each with the salt of
 * their commitment.  It is a cache: each statement in it is held against its
 * leaf when it is read, and what does not fit is taken from the packs again.
 * Deletable at any time; when the month's key is destroyed it is dead too.
 *
 * content of a file: "scelle/v1/audit-cache\n", HMAC-SHA256 of what follows under
 * SHA-256("scelle/audit-cache/v1" 00 the month's secret), then each statement: its
 * number (8, big endian), salt (32), 1 when its signature is not of the person
 * it names (1), length (4, big endian), bytes.
 */
#ifndef CASES_AUDIT_MONTH_H
#define CASES_AUDIT_MONTH_H

#include "cases/unit.h"

#define AUDIT_MONTH_CHUNK 1024u

struct audit_month;

/* struct audit_key - a key that was somebody's, then or now */
struct audit_key {
	char user[ADMIN_NAME_MAX + 1];
	struct note_vkey key;
	uint64_t from, to;		/* log positions: it counts behind from,
					   up to to itself */
};

struct audit_keys {
	struct audit_key *list;
	size_t n;
};

/* audit_keys_read - every key that the admin stream ever entered, and the
 * collector's as UNIT_TIMER; free() list */
int audit_keys_read(struct unit *u, struct audit_keys *out, struct err *e);

/*
 * audit_month_open - open a month with the wrap of who is logged in
 *   keys   borrowed until audit_month_close()
 * The caller has put this reading on record; see audit_open().
 * Returns 0, ERR_NOENT (no such month), ERR_DENIED (no wrap), ERR_AUTH,
 * ERR_DAMAGED or ERR_IO.
 */
int audit_month_open(struct unit *u, const char *month,
		     const struct audit_keys *keys, struct audit_month **out, struct err *e);
void audit_month_close(struct audit_month *m);	/* NULL allowed; wipes */

/* audit_month_count, audit_month_seq - statements, and their leaves' numbers */
uint64_t audit_month_count(const struct audit_month *m);
int audit_month_seq(const struct audit_month *m, uint64_t n, uint64_t *seq_out,
		    struct err *e);

/*
 * audit_month_get - one statement's stored bytes, borrowed until the next call
 *   n     in rising order, for speed
 *   leaf  the leaf it was checked against
 *   forged_out  1: it is not signed by the person it names
 */
int audit_month_get(struct audit_month *m, uint64_t n, struct bytes *note,
		    struct leaf *leaf, int *forged_out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The one door to content.
 *
 * Nobody reads unseen: an access statement (who, which command, why, which
 * case, which items or which query, never their content) is sealed to the
 * month's audit key and durable under a signed head before the case's secret is
 * opened.  What it returns, a grant, is the only way to stream_unlock() and
 * stream_get() of a case: without a log there is no plaintext.
 */
#ifndef CASES_CUSTODY_H
#define CASES_CUSTODY_H

#include "cases/permit.h"
#include "cases/unit.h"

#define CUSTODY_ITEMS_MAX 10000

struct access {
	const char *command;		/* e.g. "search" */
	const char *why;		/* the reason given; needed */
	const char *case_name;		/* reference or id */
	const char *query;		/* or NULL */
	const uint64_t *items;		/* numbers in the case, or NULL: any */
	size_t nitems;
	const char *recipient;		/* of an export; or NULL */
	const char *subject;		/* a user it is about; or NULL */
	uint64_t about;			/* 1 + a log position; 0: none */
	const char *key;		/* a key it uses: "case", "month" */
	int unmasked;			/* numbers shown in clear, see mask.h */
	enum permit_act act;		/* PERMIT_EXPORT; 0: PERMIT_READ */
	const char *glass;		/* --break-glass: the reason why who is
					   no member reads on; or NULL */
	const char *glass_id;		/* set by custody_log() */
};

/* What came of an access: the second record, see custody_shown(). */
struct shown {
	const uint64_t *items;		/* numbers in the case, any order */
	size_t nitems;
	uint64_t whole;			/* instead: the first so many items */
	uint64_t rows;			/* lines, posts, events of this page */
	uint64_t page;			/* from 0 */
	int more;			/* 1: another page follows */
	const char *outcome;		/* NULL: "done" */
	uint64_t denials;		/* refusals of the reader among them */
};

struct grant;

/*
 * custody_log - record the access, durably, then open the case's secret
 *   u     open for writing, a user with a content role logged in
 *   a     borrowed for the call
 *   out   close with custody_close()
 * A refusal (role, not a member) is sealed as well, then ERR_DENIED.
 * Returns 0, ERR_USAGE (no reason), ERR_NOENT (case), ERR_DENIED, ERR_RANGE or
 * the vault's errors.
 */
int custody_log(struct unit *u, const struct access *a, struct grant **out,
		struct err *e);
void custody_close(struct grant *g);	/* NULL allowed; wipes the secret */

/*
 * custody_shown - record what an access that named no items is about to show,
 * page by page, durably, before a byte of it goes out
 * Returns 0 or the vault's errors: then nothing of that page may be shown.
 */
int custody_shown(struct grant *g, const struct shown *s, struct err *e);

/*
 * custody_count - items of the case; 0 to this minus 1 are their numbers
 * custody_objects - objects of one item, the statement included
 */
uint64_t custody_count(const struct grant *g);
int custody_objects(const struct grant *g, uint64_t n, unsigned *out,
		    struct err *e);

/*
 * custody_get - stream_get() under the grant
 * Returns also ERR_DENIED: the access names items, and this is none of them.
 */
int custody_get(struct grant *g, uint64_t n, unsigned object,
		struct buf *plain, uint8_t *salt_out, struct err *e);

/* custody_sealed - stream_sealed() under the grant */
int custody_sealed(struct grant *g, uint64_t n, unsigned object,
		   struct buf *sealed, uint8_t identity_out[static 32],
		   struct err *e);

/* custody_stream - for what needs no key: stream_seq(), stream_count() */
const struct stream *custody_stream(const struct grant *g);
/* custody_case - as it was when the grant was made; copied */
const char *custody_case_id(const struct grant *g);
const char *custody_case_reference(const struct grant *g);
/* custody_seq - log position of the access record */
uint64_t custody_seq(const struct grant *g);

/*
 * Caches of a case, sealed to it (index.age, derived.cache)
 * custody_unseal - open an age file sealed to the case, appended to plain
 * custody_open - open what seal_to() made for the case, appended to plain
 * custody_public - whom to seal to
 */
int custody_unseal(struct grant *g, struct bytes sealed, struct buf *plain,
		   struct err *e);
int custody_open(struct grant *g, struct bytes sealed, struct buf *plain,
		 struct err *e);
const uint8_t *custody_public(const struct grant *g);

/*
 * custody_unlocked - the case's stream as this grant unlocked it, for what
 * reads many objects at once (a bundle); only of an access that names no items
 * custody_tag_key - the key that numbers the case's leaves; it opens nothing
 * Return NULL, or 0, ERR_DENIED (the access names items), ERR_DAMAGED, ERR_IO.
 */
struct stream *custody_unlocked(struct grant *g);
int custody_tag_key(const struct grant *g, uint8_t out[static 32],
		    struct err *e);

/*
 * custody_record - one more statement in the case's own stream, such as an
 * export's (LEAF_EXPORT): unit_begin_in() for it; then unit_record()
 */
int custody_record(struct grant *g, const char *kind, struct unit_write *w,
		   struct err *e);

/*
 * custody_refuse - seal that something was refused, in the audit of the month
 *   case_name   as it was said; may name no case
 *   what        the refusal, one line
 */
int custody_refuse(struct unit *u, const char *command, const char *case_name,
		   const char *why, const char *what, struct err *e);

/*
 * custody_note - an access record for what reads no case: the audit's reading,
 * a receipt's export
 */
int custody_note(struct unit *u, const struct access *a, struct err *e);

/*
 * custody_note_at - the same, and where it stands in the log
 * custody_outcome - what came of it, see custody_shown()
 *   of   from custody_note_at()
 */
int custody_note_at(struct unit *u, const struct access *a, uint64_t *seq_out,
		    struct err *e);
int custody_outcome(struct unit *u, const struct access *a, uint64_t of,
		    const struct shown *s, struct err *e);

/*
 * custody_audit - read the audit of a month: who is logged in holds its wrap;
 * this reading is recorded first (in the running month)
 *   each   called for every statement, stored bytes; negative stops
 */
int custody_audit(struct unit *u, const char *month, const char *why,
		  int (*each)(void *arg, uint64_t n, struct bytes note,
			      struct err *e),
		  void *arg, struct err *e);

#endif

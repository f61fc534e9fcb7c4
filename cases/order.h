/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Orders: what takes two people.
 *
 * An order is a signed note, "scelle/v1/order" and one line of JSON (log, act,
 * case, subject, reason, nonce, issued, expires), under two signature lines of
 * two persons: the first proposes, the second approves.  Both acts are
 * statements of the admin stream (order-proposed, order-approved); the
 * statement of what is then done embeds the whole note as its member "order".
 *
 * An order counts when
 *   (1) it is of this log, and was proposed in it, byte for byte,
 *   (2) it is for this act, this case and this subject,
 *   (3) it has not expired and was not used,
 *   (4) each line is by the key, as of now, of a user who may do that half of
 *       the act, and
 *   (5) the two users are two persons (persons, not accounts or keys); or the
 *       glass was broken for it by its first person: see glass.h.
 * Two lines, both good, in that order, and nothing else: a third line, or one
 * by an unknown key, is a forgery.
 */
#ifndef CASES_ORDER_H
#define CASES_ORDER_H

#include "cases/permit.h"
#include "cases/unit.h"

#define ORDER_HOURS 72		/* until it expires, unless said otherwise */
#define ORDER_HOURS_MAX 720

/* The acts there are orders for. */
#define ORDER_ERASE "erase"
#define ORDER_PURGE "purge"
#define ORDER_EXPORT "export"
#define ORDER_USER_ADD "user-add"
#define ORDER_USER_ROLE "user-role"
#define ORDER_USER_REVOKE "user-revoke"
#define ORDER_POLICY "policy"
#define ORDER_ESCROW "escrow"
#define ORDER_RESTORE "restore"

struct order_options {
	const char *act;		/* ORDER_* */
	const char *case_id;		/* in full, 16 digits; NULL: none */
	const json_t *subject;		/* an object, e.g. {"items":[3,4]}; what
					   the second person approves; borrowed */
	const char *reason;
	unsigned hours;			/* 0: ORDER_HOURS */
};

/* An order taken apart; release with order_release(). */
struct order {
	struct statement s;
	char id[17];			/* first half of the SHA-256 of its text,
					   in hex, 16 digits */
	const char *act, *case_id;	/* "" for no case */
	const json_t *subject;
	const char *reason;
	int64_t issued_ms, expires_ms;
	const char *first, *second;	/* users, borrowed from the state;
					   second NULL: one line only */
};

/* What an order must be for. */
struct order_want {
	const char *act;
	const char *case_id;		/* NULL or "": none */
	const json_t *subject;		/* must be equal; NULL: any */
	int64_t now_ms;			/* when it is used */
};

/*
 * order_propose - the first person's half, who is logged in
 *   id_out   its id
 * Returns 0, ERR_DENIED (may not propose it; sealed in the audit as well),
 * ERR_USAGE (no reason, an unknown act, too many hours) or the vault's errors.
 */
int order_propose(struct unit *u, const struct order_options *o,
		  char id_out[static 17], struct err *e);

/*
 * order_approve - the second person's half, who is logged in
 *   id     or the beginning of one
 * order_approve_note - the same of a note that was handed over, as
 * order_propose() left it
 * Every refusal is ERR_DENIED with its own sentence, and a leaf: no such order,
 * of another vault, forged, by the same person, expired, approved already, used
 * already, no role.
 */
int order_approve(struct unit *u, const char *id, struct err *e);
int order_approve_note(struct unit *u, struct bytes note, struct err *e);

/*
 * order_check - does the order allow this, as of the state a?
 *   note   whole; borrowed as long as out lives
 *   out    NULL, or the order; only when 0 is returned
 * Returns 0, ERR_DENIED with the reason, or ERR_FORMAT (no order at all).
 */
int order_check(const struct admin *a, struct bytes note,
		const struct order_want *want, struct order *out,
		struct err *e);
void order_release(struct order *o);	/* zeroed allowed */

/*
 * order_take - the approved order of this id, checked for this use
 *   note_out   the whole note is appended: the statement of what is done
 *              embeds it, jsonw_bytes(w, "order", note)
 * A refusal is a leaf.  It stays unused: an admin statement that has an order
 * uses it up by itself; for a statement of another stream call order_use()
 * before anything is done.
 */
int order_take(struct unit *u, const char *id, const struct order_want *want,
	       struct buf *note_out, struct err *e);

/*
 * order_use - use it up: a statement order-used in the admin stream.  What was
 * begun under it may be taken up again after a crash: order_used_by() finds it.
 *   seq_out   log position of that statement; may be NULL
 */
int order_use(struct unit *u, struct bytes note, uint64_t *seq_out,
	      struct err *e);

/* order_needed - 1 when this act takes two people in this unit as of now:
 * erase and purge always; export by policy; what changes people as soon as two
 * persons could sign it */
int order_needed(const struct admin *a, const char *act);

/* order_roles - 1 when a list of role names has one that enters users, approves
 * or audits: entering such a user takes an order, where orders are needed */
int order_roles(const json_t *roles);

/* order_id - the id of an order's text (the note's part before the signatures,
 * its last newline included) */
void order_id(struct bytes text, char out[static 17]);

/* order_state - "proposed", "approved", "glass" (broken for it), "used",
 * "expired", as of now */
const char *order_state(const struct admin *a, const struct admin_order *o,
			int64_t now_ms);

/* order_halves - what the first and the second person must be permitted; 0 or
 * ERR_NOENT */
int order_halves(const char *act, enum permit_act *first,
		 enum permit_act *second);

/* order_read - take one apart and find who signed; checks form, log and
 * signatures, nothing else.  For admin_order.c and order_check(). */
int order_read(const struct admin *a, struct bytes note, struct order *o,
	       struct err *e);

#endif

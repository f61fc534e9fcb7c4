/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Broken glass: one person goes on where the rules ask for two, or for a
 * member, because waiting does harm.
 *
 * It is never unseen: a statement break-glass stands in the admin stream before
 * anything happens, status, the audit and every report show it, and it stays
 * open until a supervisor who is another person countersigns it; after
 * GLASS_HOURS it is overdue.
 *
 * For an order the glass replaces the second line: see order.h.
 *
 * For a read the case's secret must come from somewhere: where the unit's
 * policy "break-glass" is on, each case's secret is wrapped to the unit's
 * break-glass key as well, and that key to every user with a content role, each
 * time through the unit's key.  Where it is off, the default, there is no such
 * key and no such read.  What that costs is in docs/threat-model.md.
 */
#ifndef CASES_GLASS_H
#define CASES_GLASS_H

#include "cases/permit.h"
#include "cases/unit.h"

#define GLASS_HOURS 72		/* to be countersigned within */

/*
 * glass_break_order - for one's own order that waits for a second person
 * Returns 0, ERR_DENIED (sealed as well), ERR_USAGE (no reason), ERR_NOENT.
 */
int glass_break_order(struct unit *u, const char *order_id, const char *reason,
		      char id_out[static 17], struct err *e);

/*
 * glass_break_read - to read a case one is no member of; for custody_log()
 *   case_id   in full
 * Returns 0, ERR_DENIED (sealed as well: no role that reads, the policy is
 * off), ERR_USAGE (no reason).
 */
int glass_break_read(struct unit *u, const char *case_id, const char *reason,
		     char id_out[static 17], struct err *e);

/* glass_countersign - a supervisor answers for it afterwards; refusals are
 * ERR_DENIED and a leaf */
int glass_countersign(struct unit *u, const char *id, struct err *e);

/* glass_flags - LEAF_FLAG_* of a statement's kind: anybody sees them, without a
 * key */
unsigned glass_flags(const char *kind);

/* glass_reads - 1 while this user's broken glass for a read of this case waits
 * for its countersignature */
int glass_reads(const struct admin *a, const char *user, const char *case_id);

/* glass_open - how many wait for a countersignature; overdue_out: of these,
 * those whose time is over; may be NULL */
size_t glass_open(const struct admin *a, int64_t now_ms, size_t *overdue_out);

/* glass_read_permitted - may this user break the glass to read this case?
 * glass_countersign_permitted - may this user countersign it?
 * From the state alone; 0 or ERR_DENIED with the reason. */
int glass_read_permitted(const struct admin *a, const char *user,
			 const char *case_id, struct err *e);
int glass_countersign_permitted(const struct admin *a,
				const struct admin_glass *g, const char *user,
				struct err *e);

#endif

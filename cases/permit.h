/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Who may do what: one table of roles by acts, one function that reads it.
 *
 * Everything that asks "may this person do that?" asks here, and gets its
 * answer from the admin state alone: as of now when it acts, as of that leaf
 * when it reads the log again.  What the table does not allow is denied.  The
 * same table stands in docs/roles.md; a test compares the two.
 */
#ifndef CASES_PERMIT_H
#define CASES_PERMIT_H

#include "cases/admin.h"

/* What can be asked for.  A new act goes at the end, with its row in permit.c
 * and in docs/roles.md. */
enum permit_act {
	PERMIT_NOTHING,		/* what nobody may: an act that was not named */
	PERMIT_LIST,		/* see which cases, users, orders there are */
	PERMIT_CASE_OPEN,
	PERMIT_CASE_CHANGE,	/* sources, decisions on robots.txt */
	PERMIT_CASE_CLOSE,
	PERMIT_MEMBER_ADD,
	PERMIT_MEMBER_REMOVE,
	PERMIT_CASE_EPOCH,	/* a new key for a case */
	PERMIT_COLLECT,
	PERMIT_IMPORT,
	PERMIT_READ,		/* search, show, timeline, posts, gaps */
	PERMIT_CLASSIFY,	/* what a post is, for its retention */
	PERMIT_EXPORT,
	PERMIT_RETENTION,	/* see what falls due */
	PERMIT_AUDIT,		/* read the access log */
	PERMIT_USER_ADD,
	PERMIT_USER_ROLE,
	PERMIT_USER_REVOKE,
	PERMIT_KEY_OWN,		/* one's own passphrase and keys */
	PERMIT_POLICY,
	PERMIT_ESCROW,
	PERMIT_UNLOCK,		/* as one of the service's custodians */
	PERMIT_ANCHOR,		/* witnesses, time stamps */
	PERMIT_BACKUP,
	PERMIT_BACKUP_KEYS,
	PERMIT_ERASE_FIRST,	/* propose that items be erased */
	PERMIT_ERASE_SECOND,	/* approve it */
	PERMIT_PURGE_FIRST,	/* the same of a whole case */
	PERMIT_PURGE_SECOND,
	PERMIT_EXPORT_SECOND,	/* approve an export */
	PERMIT_USERS_SECOND,	/* approve a role, a revocation, escrow */
	PERMIT_BREAK_GLASS,	/* go past a refusal, seen by everybody */
	PERMIT_COUNTERSIGN,	/* answer for it afterwards */
	PERMIT_PROGRAM,		/* what only the program records: recovery */
	PERMIT_AUDIT_POLICY,	/* what the audit holds to be unusual */
	PERMIT_RESTORE,		/* let a user in with a key from the escrow */
	PERMIT_ACTS
};

/* The program at work with nobody logged in (UNIT_TIMER, the collector's
 * signature): in the table it stands beside the roles. */
#define ROLE_PROGRAM (1u << 30)
#define PERMIT_PROGRAM_NAME "timer"

/*
 * permit_check - may this user do this?
 *   a      the state to decide from; replayed up to some statement of the
 *          admin stream
 *   user   name; NULL, "" or PERMIT_PROGRAM_NAME: the program
 *   c      the case it is about; NULL: none (acts of a case's members only are
 *          then denied)
 * Returns 0, or ERR_DENIED with the reason: no such user, revoked, no role for
 * it, no member of the case.
 */
int permit_check(const struct admin *a, const char *user, enum permit_act act,
		 const struct admin_case *c, struct err *e);

/* permit_roles - the roles that may do it everywhere, or (member 1) in the
 * cases the user is a member of; ROLE_* and ROLE_PROGRAM */
unsigned permit_roles(enum permit_act act, int member);

/* permit_name - "case-open", ...; NULL outside the table */
const char *permit_name(enum permit_act act);

/*
 * permit_person - 1 when two accounts belong to one person: the same person
 * id, the same key, or (where one of them has no id of its own) the same full
 * name
 */
int permit_person_same(const struct admin_user *a, const struct admin_user *b);

/* permit_matrix - the table as docs/roles.md shows it; as buf_add() */
int permit_matrix(struct buf *out);

#endif

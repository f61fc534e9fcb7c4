/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/permit.h"

#include <stdio.h>
#include <strings.h>

#define INV ROLE_INVESTIGATOR
#define LEG ROLE_LEGAL
#define SUP ROLE_SUPERVISOR
#define DPO ROLE_DPO
#define AUD ROLE_AUDITOR
#define ADM ROLE_ADMINISTRATOR
#define PRG ROLE_PROGRAM
#define PEOPLE (INV | LEG | SUP | DPO | AUD | ADM)

/* If you change this, change docs/roles.md with it. */
static const struct row {
	const char *name;
	unsigned all;		/* may in any case, or where no case is meant */
	unsigned member;	/* may in the cases they are members of */
	const char *what;
} rows[PERMIT_ACTS] = {
	[PERMIT_NOTHING] = { "nothing", 0, 0, "an act nobody named" },
	[PERMIT_LIST] = { "list", PEOPLE | PRG, 0,
		"list cases, users and orders" },
	[PERMIT_CASE_OPEN] = { "case-open", INV | LEG, 0, "open a case" },
	[PERMIT_CASE_CHANGE] = { "case-change", 0, INV | LEG,
		"change its sources and decisions" },
	[PERMIT_CASE_CLOSE] = { "case-close", 0, INV | LEG, "close it" },
	[PERMIT_MEMBER_ADD] = { "member-add", 0, INV | LEG, "let a member in" },
	[PERMIT_MEMBER_REMOVE] = { "member-remove", SUP | ADM, INV | LEG,
		"remove a member" },
	[PERMIT_CASE_EPOCH] = { "case-epoch", PRG, INV | LEG,
		"give the case a new key" },
	[PERMIT_COLLECT] = { "collect", PRG, INV | LEG, "collect" },
	[PERMIT_IMPORT] = { "import", 0, INV | LEG, "take in a file" },
	[PERMIT_READ] = { "read", 0, INV | LEG,
		"read: search, show, timeline, posts, gaps, reindex" },
	[PERMIT_CLASSIFY] = { "classify", PRG, INV | LEG,
		"say what a post is" },
	[PERMIT_EXPORT] = { "export", 0, LEG, "export" },
	[PERMIT_RETENTION] = { "retention", SUP | DPO | PRG, INV | LEG,
		"see what falls due" },
	[PERMIT_AUDIT] = { "audit", SUP | AUD | DPO, 0, "read the audit" },
	[PERMIT_USER_ADD] = { "user-add", SUP | ADM, 0, "enter a user" },
	[PERMIT_USER_ROLE] = { "user-role", SUP | ADM, 0,
		"change a user's roles" },
	[PERMIT_USER_REVOKE] = { "user-revoke", SUP | ADM, 0, "revoke a user" },
	[PERMIT_KEY_OWN] = { "key-own", PEOPLE | PRG, 0,
		"renew one's own passphrase and keys" },
	[PERMIT_POLICY] = { "policy", SUP | ADM, 0, "set a policy of the unit" },
	[PERMIT_ESCROW] = { "escrow", SUP | ADM, 0,
		"enter the escrow recipient" },
	[PERMIT_UNLOCK] = { "unlock", SUP | ADM, 0, "unlock the service" },
	[PERMIT_ANCHOR] = { "anchor", SUP | ADM | PRG, 0,
		"ask witnesses and time-stamp authorities" },
	[PERMIT_BACKUP] = { "backup", SUP | ADM | PRG, 0,
		"back up and mirror, without keys" },
	[PERMIT_BACKUP_KEYS] = { "backup-keys", SUP | ADM, 0,
		"back up the keys" },
	[PERMIT_ERASE_FIRST] = { "erase", DPO, INV | LEG,
		"propose an erasure" },
	[PERMIT_ERASE_SECOND] = { "erase-approve", SUP | DPO, LEG,
		"approve an erasure" },
	[PERMIT_PURGE_FIRST] = { "purge", SUP | DPO, LEG,
		"propose a case's purge" },
	[PERMIT_PURGE_SECOND] = { "purge-approve", SUP | DPO, 0,
		"approve a case's purge" },
	[PERMIT_EXPORT_SECOND] = { "export-approve", SUP, 0,
		"approve an export" },
	[PERMIT_USERS_SECOND] = { "users-approve", SUP | ADM, 0,
		"approve a change of roles, a revocation, a policy, escrow" },
	[PERMIT_BREAK_GLASS] = { "break-glass", INV | LEG | SUP | DPO | ADM, 0,
		"break glass" },
	[PERMIT_COUNTERSIGN] = { "countersign", SUP, 0,
		"countersign a broken glass" },
	[PERMIT_PROGRAM] = { "program", PRG, 0,
		"what only the program records" },
	[PERMIT_RESTORE] = { "restore", SUP | ADM, 0,
		"let a user in with a key from the escrow" },
	[PERMIT_AUDIT_POLICY] = { "audit-policy", SUP, 0,
		"set the rules of the audit" },
};

static const struct {
	const char *head;
	unsigned bit;
} columns[] = {
	{ "investigator", INV }, { "legal", LEG }, { "supervisor", SUP },
	{ "dpo", DPO }, { "auditor", AUD }, { "administrator", ADM },
	{ "program", PRG },
};

#define NCOLUMNS (sizeof columns / sizeof *columns)

const char *permit_name(enum permit_act act)
{
	return (unsigned)act < PERMIT_ACTS ? rows[act].name : NULL;
}

unsigned permit_roles(enum permit_act act, int member)
{
	if ((unsigned)act >= PERMIT_ACTS)
		return 0;
	return member ? rows[act].member : rows[act].all;
}

static int no_role(const char *user, const struct row *row, struct err *e)
{
	char list[128] = "";

	for (size_t i = 0; i < NCOLUMNS; i++) {
		size_t n = strlen(list);

		if ((row->all | row->member) & columns[i].bit & PEOPLE)
			snprintf(list + n, sizeof list - n, "%s%s",
				 n ? ", " : "", columns[i].head);
	}
	if (!*list)
		return err_set(e, ERR_DENIED, "'%s' may not: nobody may %s",
			       user, row->name);
	return err_set(e, ERR_DENIED, "'%s' may not: it takes the role %s",
		       user, list);
}

int permit_check(const struct admin *a, const char *user, enum permit_act act,
		 const struct admin_case *c, struct err *e)
{
	const struct admin_user *who;
	const struct row *row;
	unsigned roles = ROLE_PROGRAM;

	if ((unsigned)act >= PERMIT_ACTS)
		act = PERMIT_NOTHING;
	row = &rows[act];
	if (!user || !*user || !strcmp(user, PERMIT_PROGRAM_NAME)) {
		user = PERMIT_PROGRAM_NAME;
	} else {
		who = admin_user(a, user);
		if (!who)
			return err_set(e, ERR_DENIED, "'%s' is not entered in "
				       "this vault", user);
		if (who->revoked)
			return err_set(e, ERR_DENIED, "user '%s' was revoked",
				       user);
		roles = who->roles & PEOPLE;
	}
	if (roles & row->all)
		return 0;
	if (!(roles & row->member))
		return no_role(user, row, e);
	if (c && admin_is_member(c, user))
		return 0;
	/* The sentence is sealed in the audit: it names no reference. */
	return err_set(e, ERR_DENIED, "'%s' is no member of the case", user);
}

static int same_text(const char *a, const char *b)
{
	return *a && *b && !strcasecmp(a, b);
}

int permit_person_same(const struct admin_user *a, const struct admin_user *b)
{
	if (a == b || !strcmp(a->name, b->name) ||
	    !memcmp(a->sign.pk, b->sign.pk, sizeof a->sign.pk) ||
	    !memcmp(a->receive, b->receive, sizeof a->receive) ||
	    same_text(a->person, b->person))
		return 1;
	/* Two numbers of service are two people, whatever they are called. */
	return !(*a->person && *b->person) && same_text(a->full, b->full);
}

int permit_matrix(struct buf *out)
{
	buf_adds(out, "| act | what |");
	for (size_t i = 0; i < NCOLUMNS; i++)
		buf_addf(out, " %s |", columns[i].head);
	buf_adds(out, "\n|---|---|");
	for (size_t i = 0; i < NCOLUMNS; i++)
		buf_adds(out, "---|");
	buf_addc(out, '\n');
	for (unsigned k = 0; k < PERMIT_ACTS; k++) {
		buf_addf(out, "| `%s` | %s |", rows[k].name, rows[k].what);
		for (size_t i = 0; i < NCOLUMNS; i++)
			buf_addf(out, " %s |",
				 rows[k].all & columns[i].bit ? "yes" :
				 rows[k].member & columns[i].bit ? "member" :
				 "–");
		buf_addc(out, '\n');
	}
	return out->failed;
}

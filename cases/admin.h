/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the admin stream says: users, cases, months of audit.  The state is
 * nothing but its statements read in order; nothing is kept beside them.
 *
 * Invariants
 *  (1) a statement counts only when someone who may make it signed it: a user
 *      with the role for it, at that point of the stream, or the unit's
 *      collector for what the program does by itself
 *  (2) its log, stream and n are those of the place it was read from
 *  (3) user names, keys and case ids are never given twice; of one reference at
 *      most one case exists
 *  (4) a user's signature counts up to the statement that revokes the user or
 *      renews the key, and not after it
 */
#ifndef CASES_ADMIN_H
#define CASES_ADMIN_H

#include "cases/audit_policy.h"
#include "cases/admin_anchor.h"
#include "store/note.h"
#include "util/buf.h"
#include "util/err.h"

struct erase_list;

#define ADMIN_STREAM "admin"
#define ADMIN_NAME_MAX 32	/* characters of a user or unit name */
#define ADMIN_TEXT_MAX 4096	/* bytes of a reason, a basis, a purpose */
#define ADMIN_LIST_MAX 1000	/* offences, sources, decisions, members */

enum admin_role {
	ROLE_INVESTIGATOR = 1,	/* opens cases, collects, reads content */
	ROLE_LEGAL = 2,		/* the same, and exports */
	ROLE_SUPERVISOR = 4,	/* users, members, the audit; no content */
	ROLE_AUDITOR = 8,	/* reads the audit; no content */
	ROLE_ADMINISTRATOR = 16,/* users and keys; no content */
	ROLE_DPO = 32,		/* data-protection officer: the audit, what
				   falls due, erasures; no content */
};

/* What each role may do stands in permit.h. */

/* admin_role - the bit of a role's name, or 0 */
unsigned admin_role(const char *name);
/* admin_role_name - of the i-th role, from 0; NULL behind the last */
const char *admin_role_name(unsigned i, unsigned *bit_out);

struct admin_user {
	char *name;			/* a-z 0-9 - . _ */
	char *full;			/* how the person is called; may be "" */
	char *person;			/* number of service; "" when none was
					   given: see permit_person_same() */
	unsigned roles;			/* enum admin_role */
	struct note_vkey sign;
	uint8_t receive[32];
	int64_t since_ms;
	unsigned keys;			/* how often the keys were renewed */
	uint8_t glass[32];		/* the break-glass key wrapped to it */
	int revoked;
	uint64_t revoked_n;		/* by which statement of the stream */
};

struct admin_key {			/* a user's signing key, and when */
	size_t user;			/* index in users */
	struct note_vkey sign;
	uint64_t from_n, to_n;		/* statements of the stream: it counts
					   behind from_n, up to to_n itself */
};

struct admin_source {
	char *id, *url, *profile;
	char *reason;			/* "" when none was given */
	char *author;
	int64_t since_ms;		/* 0: none */
	int64_t added_ms;
	int removed;
};

struct admin_decision {			/* going past robots.txt */
	char *authority, *reason, *author;
	int64_t date_ms;
};

struct admin_retention {		/* days from collection (R26) */
	unsigned sensitive, irrelevant, relevant;
};
#define ADMIN_RETENTION_DEFAULT { 5, 30, 365 }

/* What an item is, for its retention; from kept shortest to longest. */
enum admin_class { CLASS_SENSITIVE, CLASS_IRRELEVANT, CLASS_RELEVANT,
		   CLASS_PROCEDURE };
#define CLASS_DEFAULT CLASS_IRRELEVANT	/* R27 */

struct admin_classified {		/* items first to last are of it */
	uint64_t first, last;
	enum admin_class class;
};

/* An erasure: decided, then certified. */
struct admin_erasure {
	char *list;			/* path of its list, see store/erase.h */
	char order[17];			/* "": under the retention rule */
	char *author;			/* "" for the program */
	char *reason;
	int64_t time_ms;
	uint64_t objects, bytes;
	unsigned epoch;			/* of the case's key as it was decided */
	int64_t certified_ms;		/* 0: slots are still there */
	int64_t complete_ms;		/* when no key backup can open it */
	struct erase_list *what;
};

struct admin_case {
	char id[17];
	char *reference;
	char *basis;
	char **offences;
	size_t noffences;
	char *agent;
	int64_t start_ms, end_ms;
	char *purpose;			/* "" when none was given */
	uint32_t quota_day;		/* 0: the profile's */
	struct admin_retention retention;
	int64_t opened_ms;
	char *opened_by;
	uint8_t public[32];		/* the case's X25519 public key */
	unsigned epoch;			/* of that key, from 1 */
	int epoch_due;			/* somebody left since: see epoch.h */
	uint8_t escrow[32], glass[32];	/* recipients its secret is wrapped to
					   as well; zeros: none */
	int closed;
	int64_t closed_ms;
	char *close_reason;
	struct admin_source *sources;	/* removed ones included */
	size_t nsources;
	struct admin_decision *decisions;
	size_t ndecisions;
	char **members;			/* users who hold a wrap */
	size_t nmembers;
	struct admin_classified *classified;	/* the last that fits decides */
	size_t nclassified;
	struct admin_erasure *erasures;
	size_t nerasures;
	int purged;			/* by the last of its erasures */
	uint8_t sha256[32];		/* SHA-256(this before | SHA-256 of the
					   statement), from zeros */
};

struct admin_key_backup {	/* the unit's keys, outside the vault */
	char *name;
	uint8_t recipient[32];		/* who can open it */
	int64_t taken_ms, until_ms;	/* to be destroyed by then */
	int destroyed;			/* somebody said so */
};

struct admin_month {
	char name[8];			/* "2026-11" */
	uint8_t public[32];
};

struct admin_order {			/* see order.h */
	char id[17];
	char *act;			/* "erase", ... */
	char case_id[17];		/* "" when it is about none */
	char *first, *second;		/* users; second "" until approved */
	int64_t issued_ms, expires_ms;
	char *reason;
	struct buf note;		/* as signed so far */
	int used;
};

struct admin_glass {			/* see glass.h */
	char id[17];
	char *user;
	char *act;			/* "read", or the order's */
	char case_id[17];		/* "" when it is about none */
	char order_id[17];		/* "" for a read */
	char *reason;
	int64_t time_ms;
	char *countersigned;		/* by whom; "" until then */
	int64_t countersigned_ms;
};

struct admin_policy {
	int export_orders;		/* an export takes two people */
	int break_glass;		/* break-glass reads are possible */
};

struct admin {
	char *unit;
	char *origin;
	int lab;
	int64_t init_ms;
	struct note_vkey collector;
	struct note_vkey founder;	/* who signed the init statement */
	struct admin_user *users;
	size_t nusers;
	struct admin_case *cases;
	size_t ncases;
	struct admin_month *months;
	size_t nmonths;
	struct admin_key *keys;
	size_t nkeys;
	struct admin_key_backup *key_backups;
	size_t nkey_backups;
	struct admin_order *orders;
	size_t norders;
	struct admin_glass *glasses;
	size_t nglasses;
	struct admin_policy policy;
	struct admin_anchor anchor;
	int has_escrow;
	uint8_t escrow[32];		/* every case's secret is wrapped to it
					   as well */
	uint8_t glass_public[32];	/* of policy.break_glass, see glass.h */
	struct audit_policy audit;
	int64_t key_backup_ms;		/* when the last backup of keys is to be
					   destroyed; 0: there is none */
	uint64_t count;			/* statements read */
};

void admin_init(struct admin *a);	/* empty, as before the first statement */
void admin_release(struct admin *a);

/*
 * admin_apply - take the next statement of the stream
 *   a      as it was on failure
 *   note   the stored bytes, borrowed
 * The first is the init statement: the key it names for its user is trusted,
 * since the log and the files it vouches for hang on it.
 * Returns 0, ERR_FORMAT, ERR_AUTH (nobody who may signed it), ERR_EXIST,
 * ERR_NOENT (a user or case it speaks of), ERR_DENIED (a rule of the house,
 * e.g. a source for a closed case) or ERR_NOMEM.
 */
int admin_apply(struct admin *a, struct bytes note, struct err *e);

/* admin_user - by name, NULL when there is none (revoked ones are found) */
const struct admin_user *admin_user(const struct admin *a, const char *name);

/*
 * admin_case - by reference, by id, or by the beginning of its id (4 digits or
 * more)
 * Returns 0, ERR_NOENT, or ERR_RANGE when several ids begin so.
 */
int admin_case(const struct admin *a, const char *name,
	       const struct admin_case **out, struct err *e);
const struct admin_month *admin_month(const struct admin *a, const char *name);
/* admin_order, admin_glass - by id, or by the beginning of it (4 digits or
 * more) when no other begins so; NULL: none */
const struct admin_order *admin_order(const struct admin *a, const char *id);
const struct admin_glass *admin_glass(const struct admin *a, const char *id);
int admin_is_member(const struct admin_case *c, const char *user);

/* admin_class - of an item; admin_class_name, admin_class_of_name - "sensitive",
 * "irrelevant", "relevant", "procedure"; -1: no such name
 * admin_class_days - how long the case keeps it; -1: as long as the procedure */
enum admin_class admin_class(const struct admin_case *c, uint64_t n);
const char *admin_class_name(enum admin_class class);
int admin_class_of_name(const char *name);
int admin_class_days(const struct admin_case *c, enum admin_class class);

/* admin_erased - the erasure that names an object of an item, or NULL; object
 * ERASE_WHOLE (store/erase.h): one that names any part of it */
const struct admin_erasure *admin_erased(const struct admin_case *c,
					 uint64_t n, unsigned object);

/* admin_name_valid - 1 for a user or unit name: 1 to 32 of a-z 0-9 - . _ and
 * a letter first */
int admin_name_valid(const char *s);

#endif

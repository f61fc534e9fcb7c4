/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Cases: opening, sources, decisions, members, closing; and what a case
 * permits as of now.  Each change is a statement in the admin stream.
 *
 * Pointers into unit.admin do not outlive the next change.
 */
#ifndef CASES_CASEFILE_H
#define CASES_CASEFILE_H

#include "cases/unit.h"
#include "crawler/mandate.h"

struct case_options {
	const char *reference;		/* unique in the vault */
	const char *basis;		/* the legal basis, in words */
	const char *const *offences;	/* at least one */
	size_t noffences;
	const char *agent;		/* responsible; NULL: who is logged in */
	int64_t start_ms, end_ms;	/* start <= now < end */
	const char *purpose;		/* may be NULL */
	uint32_t quota_day;		/* requests a day; 0: the profile's */
	struct admin_retention retention;
	const char *retention_reason;	/* needed for more than the default */
};

#define CASE_OPTIONS_INIT { .retention = ADMIN_RETENTION_DEFAULT }

/*
 * casefile_open - open a case; who does is its first member
 *   id_out   16 hex digits
 * Returns 0, ERR_DENIED (role; longer retention without a reason), ERR_EXIST
 * (the reference), ERR_USAGE (something missing or out of order), ERR_IO.
 */
int casefile_open(struct unit *u, const struct case_options *o,
		  char id_out[static 17], struct err *e);
int casefile_close(struct unit *u, const char *name, const char *reason,
		   struct err *e);

/*
 * casefile_source_add - a source the case may collect from
 *   src   id, url, profile as the profile gives them; since_ms; reason
 */
int casefile_source_add(struct unit *u, const char *name,
			const struct admin_source *src, struct err *e);
int casefile_source_remove(struct unit *u, const char *name, const char *source,
			   const char *reason, struct err *e);

/* casefile_decision - go past robots.txt of one authority (R12) */
int casefile_decision(struct unit *u, const char *name, const char *authority,
		      const char *reason, struct err *e);

/*
 * casefile_member_add - who is logged in, a member, lets another user read:
 * wraps the case's secret to that user
 * casefile_member_remove - the wrap is destroyed
 */
int casefile_member_add(struct unit *u, const char *name, const char *user,
			const char *reason, struct err *e);
int casefile_member_remove(struct unit *u, const char *name, const char *user,
			   const char *reason, struct err *e);

/* casefile_find - admin_case() that logs nothing and needs no key */
int casefile_find(const struct unit *u, const char *name,
		  const struct admin_case **out, struct err *e);

/*
 * casefile_mandate - what the case permits as of now, for the crawler
 *   m   release with casefile_mandate_release()
 */
int casefile_mandate(const struct unit *u, const struct admin_case *c,
		     struct mandate *m, struct err *e);
void casefile_mandate_release(struct mandate *m);

/* casefile_stream - open the case's stream, for writing captures: still
 * sealed.  Only custody unlocks. */
int casefile_stream(struct unit *u, const struct admin_case *c,
		    struct stream **out, struct err *e);

/* casefile_dedup_key - the 32-byte key behind the tag key in tag.age */
int casefile_dedup_key(struct unit *u, const struct admin_case *c,
		       uint8_t out[static 32], struct err *e);

/* casefile_dir - "cases/<id>"; out: CASE_DIR_MAX bytes, returned */
#define CASE_DIR_MAX 24
const char *casefile_dir(const struct admin_case *c,
			 char out[static CASE_DIR_MAX]);

#endif

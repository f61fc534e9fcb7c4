/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading the admin stream: what its parts share; nothing else includes this.
 * Every handler first reads and checks everything, then changes the state in a
 * way that cannot fail.
 */
#ifndef CASES_ADMIN_APPLY_H
#define CASES_ADMIN_APPLY_H

#include "cases/admin.h"
#include "cases/statement.h"

struct context {
	struct admin *a;
	const struct statement *s;
	int64_t time_ms;
	const char *author;		/* who signed; "" for the collector */
	struct err *e;
};

/* apply_room - room for one more element at the end of an array (a pointer to
 * the array's pointer), zeroed; NULL: no memory */
void *apply_room(void *array, size_t n, size_t size);
int apply_nomem(struct context *c);	/* ERR_NOMEM */

/* apply_text - a text member without control characters but newline, not too
 * long; "" for one that is not required and not there */
int apply_text(struct context *c, const char *key, int required,
	       const char **out);
int apply_time(struct context *c, const json_t *obj, const char *key,
	       int64_t *out);
/* apply_recipient - an age recipient that is fit to be sealed to */
int apply_recipient(struct context *c, const char *key, uint8_t out[32]);
/* apply_case, apply_open_case - the case the member "case" names */
int apply_case(struct context *c, struct admin_case **out);
int apply_open_case(struct context *c, struct admin_case **out);

/* admin_member_gone - who leaves a case; 1 when the user was a member */
int admin_member_gone(struct admin_case *k, const char *user);

/* One handler for each kind of statement. */
int apply_init(struct context *c);
int apply_user_add(struct context *c);
int apply_user_role(struct context *c);
int apply_user_key(struct context *c);
int apply_user_revoke(struct context *c);
int apply_month(struct context *c);
int apply_policy(struct context *c);
int apply_escrow(struct context *c);
int apply_case_open(struct context *c);
int apply_case_close(struct context *c);
int apply_case_epoch(struct context *c);
int apply_case_wrap(struct context *c);
int apply_source_add(struct context *c);
int apply_source_remove(struct context *c);
int apply_decision(struct context *c);
int apply_member_add(struct context *c);
int apply_member_restore(struct context *c);
int apply_member_remove(struct context *c);
int apply_order_proposed(struct context *c);
int apply_order_approved(struct context *c);
int apply_order_used(struct context *c);
int apply_glass_share(struct context *c);
int apply_glass(struct context *c);
int apply_countersign(struct context *c);
int apply_anchor_authority(struct context *c);
int apply_anchor_remove(struct context *c);
int apply_witness_policy(struct context *c);
int apply_anchor(struct context *c);
int apply_classify(struct context *c);
int apply_erasure(struct context *c);
int apply_retention(struct context *c);
int apply_purge(struct context *c);
int apply_certificate(struct context *c);

/* admin_erase_release - what admin_erase.c keeps of a case */
void admin_erase_release(struct admin_case *k);
int apply_key_backup(struct context *c);
int apply_key_backup_destroyed(struct context *c);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/* The way back into a case whose members are gone. */
#include "cases/policy.h"

#include "cases/case_secret.h"
#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/deny.h"
#include "cases/order.h"
#include "cases/people_int.h"
#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/secret.h"

#include <stdio.h>

/* The user, who must read content, and the case whose key this is. */
static int meet(const struct unit *u, const char *case_id, const char *user,
		const struct age_identity *id, const struct admin_case **c,
		const struct admin_user **who, struct err *e)
{
	int r = casefile_find(u, case_id, c, e);

	if (r < 0)
		return r;
	*who = admin_user(&u->admin, user);
	if (!*who || (*who)->revoked)
		return err_set(e, ERR_NOENT, "no user '%s' in this vault",
			       user);
	if (!((*who)->roles & permit_roles(PERMIT_READ, 1)))
		return err_set(e, ERR_DENIED, "'%s' has no role that reads "
			       "content", user);
	if (memcmp(id->recipient, (*c)->public, 32) != 0)
		return err_set(e, ERR_AUTH, "this is not the key of case '%s' "
			       "as of now", (*c)->reference);
	return 0;
}

int escrow_restore(struct unit *u, const char *case_name, const char *user,
		   struct bytes identity, const char *reason,
		   const char *order, struct err *e)
{
	struct access use = { .command = "escrow restore", .key = "escrow",
			      .why = reason, .subject = user };
	struct age_identity *id = secret_alloc(sizeof *id);
	struct buf note = BUF_INIT(NOTE_MAX);
	const struct admin_case *c = NULL;
	const struct admin_user *who = NULL;
	char case_id[17] = "", wrap[128];
	const char *file = wrap;
	json_t *subject = NULL;
	struct order_want want = { .act = ORDER_RESTORE,
				   .now_ms = clock_wall_ms() };
	struct unit_write w;
	int r = id ? casefile_find(u, case_name, &c, e)
		   : err_set(e, ERR_NOMEM, "no memory for keys");

	if (r == 0) {
		memcpy(case_id, c->id, sizeof case_id);
		r = unit_may(u, PERMIT_RESTORE, c, e);
	}
	if (r == 0)
		r = age_identities_parse(identity, id, 1, &(size_t){ 0 }, e);
	if (r == 0)
		r = meet(u, case_id, user, id, &c, &who, e);
	if (r == 0)
		r = people_order_wanted(u, order, ORDER_RESTORE, e);
	if (r == 0 && order) {
		subject = people_subject(user, 0);
		want.subject = subject;
		want.case_id = case_id;
		r = subject ? order_take(u, order, &want, &note, e)
			    : err_set(e, ERR_NOMEM, "no memory for an order");
	}
	use.case_name = case_id;
	if (r == 0)
		r = custody_note(u, &use, e);
	if (r == 0)
		r = meet(u, case_id, user, id, &c, &who, e);
	if (r < 0)
		goto out;
	snprintf(wrap, sizeof wrap, "cases/%s/wraps/%u/%s.age", case_id,
		 c->epoch, user);
	r = case_secret_wrap(u, wrap, who->receive, id->secret, e);
	if (r == 0)
		r = unit_begin(u, "case-member-restore", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "case", case_id);
	jsonw_str(&w.draft.w, "user", user);
	jsonw_str(&w.draft.w, "reason", reason);
	if (note.len)
		jsonw_bytes(&w.draft.w, "order", buf_view(&note));
	r = unit_commit(u, &w, &file, 1, NULL, e);
out:
	json_decref(subject);
	buf_release(&note);
	secret_free(id);
	return r;
}

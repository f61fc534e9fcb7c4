/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_grant.h"

#include "cases/access.h"
#include "cases/permit.h"
#include "cases/deny.h"
#include "cases/unit_int.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define WRAP_MAX 96

static void wrap_path(const char *month, const char *user,
		      char out[static WRAP_MAX])
{
	snprintf(out, WRAP_MAX, "audit/%s/wraps/%s.age", month, user);
}

int audit_holds(const struct unit *u, const char *month, const char *user)
{
	char rel[WRAP_MAX], path[FILE_PATH_MAX];

	wrap_path(month, user, rel);
	return unit_path(u, rel, path, NULL) == 0 && file_exists(path);
}

/* The months that shall be given. */
static int choose(const struct unit *u, const char *month, const char *user,
		  const struct admin_month **list, size_t *n, struct err *e)
{
	int all = !strcmp(month, "all");

	*n = 0;
	for (size_t i = 0; i < u->admin.nmonths; i++) {
		const struct admin_month *m = &u->admin.months[i];

		if (!all && strcmp(m->name, month) != 0)
			continue;
		if (audit_holds(u, m->name, user)) {
			if (all)
				continue;
			return err_set(e, ERR_EXIST, "'%s' holds the key to "
				       "the audit of %s already", user, month);
		}
		if (!audit_holds(u, m->name, u->user_name)) {
			if (all)
				continue;
			return err_set(e, ERR_DENIED, "'%s' holds no key to "
				       "the audit of %s", u->user_name, month);
		}
		list[(*n)++] = m;
	}
	return *n ? 0 : err_set(e, ERR_NOENT, all ? "no month is left to give"
				: "there is no audit of '%s'", month);
}

static int give(struct unit *u, const char *month,
		const struct admin_user *to, const char *why, struct err *e)
{
	uint8_t *secret = secret_alloc(32);
	char rel[WRAP_MAX];
	const char *file = rel;
	struct unit_write w;
	int r;

	if (!secret)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	wrap_path(month, to->name, rel);
	r = unit_month_secret(u, month, secret, e);
	if (r == 0)
		r = unit_put_sealed(u, rel, to->receive, BYTES(secret, 32), e);
	secret_free(secret);
	if (r == 0)
		r = unit_begin(u, "audit-grant", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "month", month);
	jsonw_str(&w.draft.w, "user", to->name);
	jsonw_str(&w.draft.w, "reason", why);
	return unit_commit(u, &w, &file, 1, NULL, e);
}

static int allowed(struct unit *u, const char *what, const char *why,
		   enum permit_act act, struct err *e)
{
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	int r = access_reason(why, to);

	if (r < 0)
		return r;
	r = permit_check(&u->admin, u->user ? u->user_name : NULL, act, NULL,
			 to);
	return unit_denied(u, r, what, NULL, why, to);
}

int audit_grant(struct unit *u, const char *month, const char *user,
		const char *why, unsigned *n_out, struct err *e)
{
	struct access use = { .command = "audit grant", .key = "month",
			      .subject = user, .query = month, .why = why };
	const struct admin_month **list = NULL;
	const struct admin_user *to;
	size_t n = 0;
	int r = allowed(u, "audit grant", why, PERMIT_AUDIT, e);

	*n_out = 0;
	if (r < 0)
		return r;
	to = admin_user(&u->admin, user);
	if (!to || to->revoked)
		return err_set(e, ERR_NOENT, "no user '%s' in this vault",
			       user);
	r = permit_check(&u->admin, user, PERMIT_AUDIT, NULL, e);
	if (r < 0)
		return r;
	if (strcmp(month, "all") != 0 && !admin_month(&u->admin, month))
		return err_set(e, ERR_NOENT, "there is no audit of '%s'",
			       month);
	/* The record makes the running month: it may be one that is given. */
	r = custody_note(u, &use, e);
	list = calloc(u->admin.nmonths + 1, sizeof *list);
	if (r == 0 && !list)
		r = err_set(e, ERR_NOMEM, "no memory for months");
	if (r == 0)
		r = choose(u, month, user, list, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = give(u, list[i]->name, admin_user(&u->admin, user), why,
			 e);
		*n_out += r == 0;
	}
	free(list);
	return r;
}

int audit_policy_change(struct unit *u, const struct audit_policy *p,
			const char *why, struct err *e)
{
	struct unit_write w;
	int r = allowed(u, "audit policy", why, PERMIT_AUDIT_POLICY, e);

	if (r == 0)
		r = unit_begin(u, "audit-policy", &w, e);
	if (r < 0)
		return r;
	audit_policy_put(p, &w.draft.w);
	jsonw_str(&w.draft.w, "reason", why);
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

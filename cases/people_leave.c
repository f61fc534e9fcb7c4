/* SPDX-License-Identifier: EUPL-1.2 */
/* Who leaves: users revoked, roles taken away; what opened for them goes. */
#include "cases/people.h"

#include "cases/deny.h"
#include "cases/order.h"
#include "cases/people_int.h"
#include "cases/unit_int.h"

#include <stdio.h>
#include <stdlib.h>

/* Files that go: durably, and vouched for as gone by the statement. */
struct going {
	char (*paths)[128];
	const char **files;
	size_t n, max;
};

static int going_add(struct going *g, const char *path, struct err *e)
{
	if (g->n == g->max) {
		size_t max = g->max ? g->max * 2 : 64;
		void *p = reallocarray(g->paths, max, sizeof *g->paths);

		if (!p)
			return err_set(e, ERR_NOMEM, "no memory for paths");
		g->paths = p;
		g->max = max;
	}
	snprintf(g->paths[g->n++], sizeof *g->paths, "%s", path);
	return 0;
}

static void going_release(struct going *g)
{
	free(g->paths);
	free(g->files);
}

/* Each wrap of a user: of the cases it leaves, of the months of audit. */
static int going_wraps(struct unit *u, const char *name, int cases, int months,
		       struct going *g, struct err *e)
{
	char rel[128], path[FILE_PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && cases && i < u->admin.ncases; i++) {
		const struct admin_case *c = &u->admin.cases[i];

		if (c->nmembers < 2 || !admin_is_member(c, name))
			continue;
		snprintf(rel, sizeof rel, "cases/%s/wraps/%u/%s.age", c->id,
			 c->epoch, name);
		r = going_add(g, rel, e);
	}
	for (size_t i = 0; r == 0 && months && i < u->admin.nmonths; i++) {
		snprintf(rel, sizeof rel, "audit/%s/wraps/%s.age",
			 u->admin.months[i].name, name);
		r = unit_path(u, rel, path, e);
		if (r == 0 && file_exists(path))
			r = going_add(g, rel, e);
	}
	return r;
}

static int going_drop(struct unit *u, struct going *g, struct err *e)
{
	int r = 0;

	g->files = calloc(g->n + 1, sizeof *g->files);
	if (!g->files)
		return err_set(e, ERR_NOMEM, "no memory for paths");
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		g->files[i] = g->paths[i];
		r = unit_drop(u, g->paths[i], e);
	}
	return r;
}

/* Somebody must be left who can enter users. */
static int last_one(const struct unit *u, const char *name, struct err *e)
{
	const unsigned can = permit_roles(PERMIT_USER_ADD, 0);

	for (size_t i = 0; i < u->admin.nusers; i++) {
		const struct admin_user *o = &u->admin.users[i];

		if (strcmp(o->name, name) && !o->revoked && (o->roles & can))
			return 0;
	}
	return err_set(e, ERR_DENIED, "'%s' is the last who may enter users",
		       name);
}

/* A user there is, and who is not revoked. */
static int standing(const struct unit *u, const char *name,
		    const struct admin_user **out, struct err *e)
{
	*out = admin_user(&u->admin, name);
	if (!*out)
		return err_set(e, ERR_NOENT, "no user '%s' in this vault", name);
	if ((*out)->revoked)
		return err_set(e, ERR_EXIST, "user '%s' is revoked already",
			       name);
	return 0;
}

int people_revoke(struct unit *u, const char *name, const char *reason,
		  const char *order, struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	const struct admin_user *who;
	struct going gone = { .n = 0 };
	char paths[PEOPLE_FILES][128];
	json_t *subject = NULL;
	struct unit_write w;
	int r = unit_may(u, PERMIT_USER_REVOKE, NULL, e);

	if (r == 0)
		r = standing(u, name, &who, e);
	if (r == 0)
		r = last_one(u, name, e);
	if (r == 0)
		r = people_order_wanted(u, order, ORDER_USER_REVOKE, e);
	if (r < 0)
		return r;
	subject = people_subject(name, 0);
	r = people_order_of(u, order, ORDER_USER_REVOKE, subject, &note, e);
	/* The public key stays: it says who signed what. */
	people_paths(name, paths);
	for (size_t i = 1; r == 0 && i < PEOPLE_FILES; i++)
		r = going_add(&gone, paths[i], e);
	if (r == 0)
		r = going_wraps(u, name, 1, 1, &gone, e);
	if (r == 0)
		r = going_drop(u, &gone, e);
	if (r == 0)
		r = unit_begin(u, "user-revoke", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "user", name);
	jsonw_str(&w.draft.w, "reason", reason);
	if (note.len)
		jsonw_bytes(&w.draft.w, "order", buf_view(&note));
	r = unit_commit_many(u, &w, gone.files, gone.n, e);
out:
	json_decref(subject);
	going_release(&gone);
	buf_release(&note);
	return r;
}

int unit_revoke_user(struct unit *u, const char *name, const char *reason,
		     struct err *e)
{
	return people_revoke(u, name, reason, NULL, e);
}

/* --- roles -------------------------------------------------------------------- */

int people_role(struct unit *u, const char *name, unsigned roles,
		const char *reason, const char *order, struct err *e)
{
	const unsigned reads = permit_roles(PERMIT_READ, 1);
	const unsigned audits = permit_roles(PERMIT_AUDIT, 0);
	struct buf note = BUF_INIT(NOTE_MAX);
	const struct admin_user *who = NULL;
	struct going gone = { .n = 0 };
	char (*shared)[128] = NULL;
	const char **files = NULL;
	json_t *subject = NULL;
	struct unit_write w;
	unsigned had;
	size_t n = 0;
	int r = unit_may(u, PERMIT_USER_ROLE, NULL, e);

	if (r == 0 && !roles)
		r = err_set(e, ERR_USAGE, "user '%s' has no role", name);
	if (r == 0)
		r = standing(u, name, &who, e);
	if (r == 0 && !(roles & permit_roles(PERMIT_USER_ADD, 0)))
		r = last_one(u, name, e);
	if (r == 0)
		r = people_order_wanted(u, order, ORDER_USER_ROLE, e);
	if (r < 0 || !who)
		return r;
	subject = people_subject(name, roles);
	r = people_order_of(u, order, ORDER_USER_ROLE, subject, &note, e);
	shared = calloc(u->admin.nmonths + 1, sizeof *shared);
	if (r == 0 && !shared)
		r = err_set(e, ERR_NOMEM, "no memory for paths");
	if (r < 0)
		goto out;
	had = who->roles;
	r = going_wraps(u, name, !(roles & reads), !(roles & audits), &gone, e);
	if (r == 0)
		r = going_drop(u, &gone, e);
	files = calloc(gone.n + u->admin.nmonths + 1, sizeof *files);
	if (r == 0 && !files)
		r = err_set(e, ERR_NOMEM, "no memory for paths");
	for (size_t i = 0; r == 0 && i < gone.n; i++)
		files[n++] = gone.files[i];
	if (r == 0 && (roles & audits) && !(had & audits))
		r = people_months_opened(u, "user role", name, e);
	who = admin_user(&u->admin, name);
	if (r == 0 && who && (roles & audits) && !(had & audits))
		r = people_share_months(u, name, who->receive, shared, files, &n, e);
	if (r == 0)
		r = unit_begin(u, "user-role", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "user", name);
	people_put_roles(&w.draft.w, roles);
	jsonw_str(&w.draft.w, "reason", reason);
	if (note.len)
		jsonw_bytes(&w.draft.w, "order", buf_view(&note));
	r = unit_commit_many(u, &w, files, n, e);
out:
	json_decref(subject);
	going_release(&gone);
	free(shared);
	free(files);
	buf_release(&note);
	return r;
}

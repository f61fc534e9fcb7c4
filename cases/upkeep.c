/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/upkeep.h"

#include "cases/permit.h"
#include "cases/unit_int.h"
#include "store/wrap.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

int upkeep_put(struct unit *u, const char *case_id, unsigned epoch,
	       const uint8_t secret[static 32],
	       char paths[static UPKEEP_FILES][UPKEEP_PATH], unsigned *n_out,
	       struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	char text[AGE_IDENTITY_TEXT + 2];
	unsigned n = 0;
	int r = 0;

	if (u->admin.has_escrow) {
		age_identity_str(secret, text);
		memcpy(text + strlen(text), "\n", 2);
		snprintf(paths[n], UPKEEP_PATH, "cases/%s/wraps/%u/_escrow.age",
			 case_id, epoch);
		r = unit_put_sealed(u, paths[n++], u->admin.escrow,
				    bytes_str(text), e);
		secret_wipe(text, sizeof text);
	}
	if (r == 0 && u->admin.policy.break_glass) {
		snprintf(paths[n], UPKEEP_PATH, "cases/%s/wraps/%u/_glass.age",
			 case_id, epoch);
		r = wrap_seal_two(u->admin.glass_public,
				  u->keys->receive.recipient, BYTES(secret, 32),
				  &file, e);
		if (r == 0)
			r = unit_put(u, paths[n++], buf_view(&file), e);
	}
	*n_out = n;
	buf_release(&file);
	return r;
}

void upkeep_say(const struct unit *u, struct jsonw *w)
{
	char text[AGE_RECIPIENT_TEXT];

	if (u->admin.has_escrow) {
		age_recipient_str(u->admin.escrow, text);
		jsonw_str(w, "escrow", text);
	}
	if (u->admin.policy.break_glass) {
		age_recipient_str(u->admin.glass_public, text);
		jsonw_str(w, "glass", text);
	}
}

static const struct admin_case *case_of(const struct unit *u, const char *id)
{
	for (size_t i = 0; i < u->admin.ncases; i++)
		if (!strcmp(u->admin.cases[i].id, id))
			return &u->admin.cases[i];
	return NULL;
}

/* A wrap of the break-glass key stands for the key as of now. */
static int holds(const struct admin *a, const struct admin_user *u)
{
	return !memcmp(u->glass, a->glass_public, 32);
}

static int reads(const struct admin_user *u)
{
	return !u->revoked && (u->roles & permit_roles(PERMIT_READ, 1));
}

/* The break-glass key, from the wrap of who is logged in. */
static int glass_key(struct unit *u, const char *case_id,
		     struct age_identity *id, struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	struct buf inner = BUF_INIT(AGE_HEADER_MAX);
	const struct admin_user *me = admin_user(&u->admin, u->user_name);
	char rel[64], path[FILE_PATH_MAX];
	int r = 0;

	snprintf(rel, sizeof rel, "admin/glass/%s.age", u->user_name);
	if (!u->admin.policy.break_glass || !me || !holds(&u->admin, me))
		r = err_set(e, ERR_DENIED, "'%s' holds no break-glass key: a "
			    "colleague who does shares it with the next "
			    "reading", u->user_name);
	if (r == 0)
		r = unit_path(u, rel, path, e);
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == 0)
		r = unit_open_outer(u, buf_view(&file), &inner, e);
	if (r == 0)
		r = unit_open_inner(u, case_id, buf_view(&inner), id->secret,
				    32, e);
	if (r == 0)
		age_identity_from(id, id->secret);
	if (r == 0 && memcmp(id->recipient, u->admin.glass_public, 32) != 0)
		r = err_set(e, ERR_DAMAGED, "'%s' holds another key", rel);
	buf_wipe(&inner);
	buf_release(&file);
	return r;
}

/* Colleagues who read and have no wrap of the break-glass key yet. */
static int share(struct unit *u, const char *case_id, struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	char (*paths)[64] = calloc(u->admin.nusers + 1, sizeof *paths);
	const char **files = calloc(u->admin.nusers + 1, sizeof *files);
	const struct admin_user **to = calloc(u->admin.nusers + 1, sizeof *to);
	struct age_identity *id = secret_alloc(sizeof *id);
	struct unit_write w;
	size_t n = 0;
	int r = 0;

	if (!paths || !files || !to || !id)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	for (size_t i = 0; r == 0 && i < u->admin.nusers; i++)
		if (reads(&u->admin.users[i]) &&
		    !holds(&u->admin, &u->admin.users[i]))
			to[n++] = &u->admin.users[i];
	if (r < 0 || !n)
		goto out;
	r = glass_key(u, case_id, id, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		buf_clear(&file);
		snprintf(paths[i], sizeof *paths, "admin/glass/%s.age",
			 to[i]->name);
		files[i] = paths[i];
		r = wrap_seal_two(to[i]->receive, u->keys->receive.recipient,
				  BYTES(id->secret, 32), &file, e);
		if (r == 0)
			r = unit_put(u, paths[i], buf_view(&file), e);
	}
	if (r == 0)
		r = unit_begin(u, "glass-share", &w, e);
	if (r < 0)
		goto out;
	jsonw_open(&w.draft.w, "users", '[');
	for (size_t i = 0; i < n; i++)
		jsonw_str(&w.draft.w, NULL, to[i]->name);
	jsonw_close(&w.draft.w, ']');
	r = unit_commit_many(u, &w, files, n, e);
out:
	secret_free(id);
	free(to);
	free(files);
	free(paths);
	buf_release(&file);
	return r;
}

int upkeep(struct unit *u, const char *case_id,
	   const uint8_t secret[static 32], struct err *e)
{
	const struct admin_case *c = case_of(u, case_id);
	const struct admin_user *me = admin_user(&u->admin, u->user_name);
	char paths[UPKEEP_FILES][UPKEEP_PATH];
	const char *files[UPKEEP_FILES] = { paths[0], paths[1] };
	struct unit_write w;
	unsigned n = 0;
	int due, r = 0;

	/* Left to the next command that a service runs with its keys. */
	if (!c || !me || c->closed || (u->link && u->link->record))
		return 0;
	due = (u->admin.has_escrow &&
	       memcmp(c->escrow, u->admin.escrow, 32) != 0) ||
	      (u->admin.policy.break_glass &&
	       memcmp(c->glass, u->admin.glass_public, 32) != 0);
	if (due) {
		r = upkeep_put(u, case_id, c->epoch, secret, paths, &n, e);
		if (r == 0)
			r = unit_begin(u, "case-wrap", &w, e);
		if (r < 0)
			return r;
		jsonw_str(&w.draft.w, "case", case_id);
		upkeep_say(u, &w.draft.w);
		r = unit_commit(u, &w, files, n, NULL, e);
	}
	me = admin_user(&u->admin, u->user_name);
	if (r == 0 && u->admin.policy.break_glass && me &&
	    holds(&u->admin, me))
		r = share(u, case_id, e);
	return r;
}

int upkeep_glass_open(struct unit *u, const struct admin_case *c,
		      uint8_t *secret, struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	struct buf inner = BUF_INIT(AGE_HEADER_MAX);
	struct age_identity *id = secret_alloc(sizeof *id);
	char rel[UPKEEP_PATH], path[FILE_PATH_MAX];
	int r;

	if (!id)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	snprintf(rel, sizeof rel, "cases/%s/wraps/%u/_glass.age", c->id,
		 c->epoch);
	r = unit_path(u, rel, path, e);
	if (r == 0 && !file_exists(path))
		r = err_set(e, ERR_DENIED, "no member opened the case since "
			    "break-glass reads are possible: there is no key "
			    "for it yet");
	if (r == 0)
		r = glass_key(u, c->id, id, e);
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == 0)
		r = age_decrypt(id, 1, buf_view(&file), &inner, e);
	if (r == 0)
		r = unit_open_inner(u, c->id, buf_view(&inner), secret, 32, e);
	if (r == 0)
		age_identity_from(id, secret);
	if (r == 0 && memcmp(id->recipient, c->public, 32) != 0) {
		secret_wipe(secret, 32);
		r = err_set(e, ERR_DAMAGED, "'%s' holds another case's secret",
			    rel);
	}
	secret_free(id);
	buf_wipe(&inner);
	buf_release(&file);
	return r;
}

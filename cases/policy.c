/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/policy.h"

#include "cases/deny.h"
#include "cases/order.h"
#include "cases/unit_int.h"
#include "store/pubkey.h"
#include "store/wrap.h"
#include "util/clock.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

json_t *policy_subject(const char *policy, const char *value)
{
	return json_pack("{s:s,s:s}", "policy", policy, "value", value);
}

json_t *escrow_subject(const char *recipient)
{
	return json_pack("{s:s}", "recipient", recipient);
}

int policy_valid(const char *policy, const char *value, struct err *e)
{
	const int glass = !strcmp(policy, "break-glass");

	if (!glass && strcmp(policy, "export-orders") != 0)
		return err_set(e, ERR_USAGE, "there is no policy '%s'", policy);
	if (strcmp(value, "off") != 0 &&
	    strcmp(value, glass ? "on" : "required") != 0)
		return err_set(e, ERR_USAGE, "'%s' is no value of a policy",
			       value);
	return 0;
}

int escrow_valid(const char *recipient, struct err *e)
{
	uint8_t to[32];
	int r;

	if (!strcmp(recipient, "none"))
		return 0;
	r = age_recipient_read(bytes_str(recipient), to, e);
	return r < 0 ? r : pubkey_receive_check(to, e);
}

/* Its order, or that it takes one; subject is taken over. */
static int ordered(struct unit *u, const char *id, const char *act,
		   json_t *subject, struct buf *note, struct err *e)
{
	const struct order_want want = {
		.act = act, .subject = subject, .now_ms = clock_wall_ms(),
	};
	int r = 0;

	if (!subject)
		return err_set(e, ERR_NOMEM, "no memory for an order");
	if (id)
		r = order_take(u, id, &want, note, e);
	else if (order_needed(&u->admin, act))
		r = unit_denied(u, err_set(e, ERR_DENIED, "it takes an order "
					   "of two persons"), act, NULL, NULL,
				e);
	json_decref(subject);
	return r;
}

/* The break-glass key's files: a path for every user. */
struct glass_files {
	char (*paths)[64];
	const char **files;
	size_t n;
};

static void glass_release(struct glass_files *f)
{
	free(f->paths);
	free(f->files);
}

static int glass_alloc(const struct unit *u, struct glass_files *f,
		       struct err *e)
{
	f->n = 0;
	f->paths = calloc(u->admin.nusers + 1, sizeof *f->paths);
	f->files = calloc(u->admin.nusers + 1, sizeof *f->files);
	return f->paths && f->files ? 0
		: err_set(e, ERR_NOMEM, "no memory for keys");
}

static void glass_add(struct glass_files *f, const char *user)
{
	snprintf(f->paths[f->n], sizeof *f->paths, "admin/glass/%s.age", user);
	f->files[f->n] = f->paths[f->n];
	f->n++;
}

/* A new key, wrapped to every user who reads content. */
static int glass_make(struct unit *u, struct glass_files *f,
		      char public[static AGE_RECIPIENT_TEXT], struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	struct age_identity *id = secret_alloc(sizeof *id);
	int r = id ? glass_alloc(u, f, e)
		   : err_set(e, ERR_NOMEM, "no memory for keys");

	if (r == 0)
		r = unit_mkdir(u, "admin/glass", e);
	if (r < 0)
		goto out;
	age_identity_new(id, NULL);
	age_recipient_str(id->recipient, public);
	for (size_t i = 0; r == 0 && i < u->admin.nusers; i++) {
		const struct admin_user *who = &u->admin.users[i];

		if (who->revoked || !(who->roles & permit_roles(PERMIT_READ,
								1)))
			continue;
		buf_clear(&file);
		glass_add(f, who->name);
		r = wrap_seal_two(who->receive, u->keys->receive.recipient,
				  BYTES(id->secret, 32), &file, e);
		if (r == 0)
			r = unit_put(u, f->files[f->n - 1], buf_view(&file), e);
	}
out:
	secret_free(id);
	buf_release(&file);
	return r;
}

/* The wraps go: what was sealed to that key stays shut. */
static int glass_drop(struct unit *u, struct glass_files *f, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = glass_alloc(u, f, e);

	for (size_t i = 0; r == 0 && i < u->admin.nusers; i++) {
		glass_add(f, u->admin.users[i].name);
		r = unit_path(u, f->files[f->n - 1], path, e);
		if (r == 0 && !file_exists(path))
			f->n--;
		else if (r == 0)
			r = unit_drop(u, f->files[f->n - 1], e);
	}
	return r;
}

int policy_set(struct unit *u, const char *policy, const char *value,
	       const char *order, struct err *e)
{
	const int glass = !strcmp(policy, "break-glass");
	struct buf note = BUF_INIT(NOTE_MAX);
	struct glass_files f = { .n = 0 };
	char public[AGE_RECIPIENT_TEXT];
	struct unit_write w;
	int r = unit_may(u, PERMIT_POLICY, NULL, e);

	if (r < 0)
		return r;
	r = policy_valid(policy, value, e);
	if (r == 0)
		r = ordered(u, order, ORDER_POLICY,
			    policy_subject(policy, value), &note, e);
	if (r == 0 && glass)
		r = strcmp(value, "on") ? glass_drop(u, &f, e)
					: glass_make(u, &f, public, e);
	if (r == 0)
		r = unit_begin(u, "policy", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "policy", policy);
	jsonw_str(&w.draft.w, "value", value);
	if (glass && !strcmp(value, "on")) {
		jsonw_str(&w.draft.w, "public", public);
		jsonw_open(&w.draft.w, "holders", '[');
		for (size_t i = 0; i < u->admin.nusers; i++) {
			const struct admin_user *who = &u->admin.users[i];

			if (!who->revoked && (who->roles &
					      permit_roles(PERMIT_READ, 1)))
				jsonw_str(&w.draft.w, NULL, who->name);
		}
		jsonw_close(&w.draft.w, ']');
	}
	if (note.len)
		jsonw_bytes(&w.draft.w, "order", buf_view(&note));
	r = unit_commit_many(u, &w, f.files, f.n, e);
out:
	glass_release(&f);
	buf_release(&note);
	return r;
}

int escrow_set(struct unit *u, const char *recipient, const char *order,
	       struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	struct unit_write w;
	int r = unit_may(u, PERMIT_ESCROW, NULL, e);

	if (r == 0)
		r = escrow_valid(recipient, e);
	if (r == 0)
		r = ordered(u, order, ORDER_ESCROW, escrow_subject(recipient),
			    &note, e);
	if (r == 0)
		r = unit_begin(u, "escrow", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "recipient", recipient);
	if (note.len)
		jsonw_bytes(&w.draft.w, "order", buf_view(&note));
	r = unit_commit(u, &w, NULL, 0, NULL, e);
out:
	buf_release(&note);
	return r;
}

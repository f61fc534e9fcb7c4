/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * New keys for a user, by the user.
 *
 * First every wrap of the user is sealed anew to the old key and the new one;
 * then one statement, signed with both, enters the new keys and vouches for the
 * key files; then the wraps are sealed to the new key alone.  Cut off at any
 * point, each wrap opens with the keys that count.  Only the outer layer of a
 * wrap is opened: no case's secret is.
 */
#include "cases/people.h"

#include "cases/custody.h"
#include "cases/deny.h"
#include "cases/people_int.h"
#include "cases/unit_int.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH 128

struct wraps {
	char (*paths)[PATH];
	const char **files;
	size_t n, max;
};

static int add(struct unit *u, struct wraps *l, const char *rel, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = unit_path(u, rel, path, e);

	if (r < 0 || !file_exists(path))
		return r;
	if (l->n == l->max)
		return err_set(e, ERR_LIMIT, "more wraps than there are cases");
	snprintf(l->paths[l->n], PATH, "%s", rel);
	l->files[l->n] = l->paths[l->n];
	l->n++;
	return 0;
}

/* Every wrap of who is logged in. */
static int collect(struct unit *u, struct wraps *l, struct err *e)
{
	char rel[PATH];
	int r = 0;

	l->max = u->admin.ncases + u->admin.nmonths + 1;
	l->paths = calloc(l->max, sizeof *l->paths);
	l->files = calloc(l->max, sizeof *l->files);
	if (!l->paths || !l->files)
		return err_set(e, ERR_NOMEM, "no memory for paths");
	for (size_t i = 0; r == 0 && i < u->admin.ncases; i++) {
		const struct admin_case *c = &u->admin.cases[i];

		if (!admin_is_member(c, u->user_name))
			continue;
		snprintf(rel, sizeof rel, "cases/%s/wraps/%u/%s.age", c->id,
			 c->epoch, u->user_name);
		r = add(u, l, rel, e);
	}
	for (size_t i = 0; r == 0 && i < u->admin.nmonths; i++) {
		snprintf(rel, sizeof rel, "audit/%s/wraps/%s.age",
			 u->admin.months[i].name, u->user_name);
		r = add(u, l, rel, e);
	}
	snprintf(rel, sizeof rel, "admin/glass/%s.age", u->user_name);
	return r < 0 ? r : add(u, l, rel, e);
}

/* Seal the outer layer of each wrap to these keys, and say so. */
static int reseal(struct unit *u, const struct wraps *l,
		  const uint8_t (*to)[AGE_KEY_LEN], size_t nto, struct err *e)
{
	struct buf file = BUF_INIT(65536), inner = BUF_INIT(65536);
	char path[FILE_PATH_MAX];
	struct unit_write w;
	int r = 0;

	if (!l->n)
		return 0;
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		struct bytes plain;

		buf_clear(&file);
		buf_wipe(&inner);
		inner = (struct buf)BUF_INIT(65536);
		r = unit_path(u, l->files[i], path, e);
		if (r == 0)
			r = file_read(path, &file, e);
		if (r == 0)
			r = unit_open_outer(u, buf_view(&file), &inner, e);
		buf_clear(&file);
		plain = buf_view(&inner);
		if (r == 0)
			r = age_encrypt_to(to, nto, &plain, 1, NULL, &file, e);
		if (r == 0)
			r = unit_put(u, l->files[i], buf_view(&file), e);
	}
	if (r == 0)
		r = unit_begin(u, "wraps", &w, e);
	if (r == 0) {
		jsonw_str(&w.draft.w, "user", u->user_name);
		jsonw_int(&w.draft.w, "files", (int64_t)l->n);
		r = unit_commit_many(u, &w, l->files, l->n, e);
	}
	buf_wipe(&inner);
	buf_release(&file);
	return r;
}

/* The statement that enters the new keys, signed with both. */
static int enter(struct unit *u, const struct user_keys *k, struct err *e)
{
	char receive[AGE_RECIPIENT_TEXT], paths[PEOPLE_FILES][PATH];
	const char *files[PEOPLE_FILES];
	struct buf sign = BUF_INIT(1024);
	struct unit_write w;
	int r = unit_begin(u, "user-key", &w, e);

	if (r < 0)
		return r;
	people_paths(u->user_name, paths);
	for (size_t i = 0; i < PEOPLE_FILES; i++)
		files[i] = paths[i];
	note_vkey_put(&k->sign.vkey, &sign);
	age_recipient_str(k->receive.recipient, receive);
	jsonw_str(&w.draft.w, "user", u->user_name);
	jsonw_str(&w.draft.w, "sign", buf_cstr(&sign));
	jsonw_str(&w.draft.w, "receive", receive);
	buf_release(&sign);
	w.also = &k->sign;
	return unit_commit(u, &w, files, PEOPLE_FILES, NULL, e);
}

int people_rotate(struct unit *u, struct bytes pass, unsigned logn,
		  struct err *e)
{
	struct access use = {
		.command = "key rotate", .key = "wraps",
		.why = "new keys for who is logged in",
	};
	uint8_t both[2][AGE_KEY_LEN];
	struct user_keys *k = NULL, *was;
	struct wraps l = { .n = 0 };
	int r = unit_may(u, PERMIT_KEY_OWN, NULL, e);

	if (r == 0 && (!u->user || u->link))
		r = err_set(e, ERR_UNSUPPORTED, "a user's keys are renewed "
			    "where the vault and the keys are together, not "
			    "over the service");
	if (r < 0)
		return r;
	use.subject = u->user_name;
	r = custody_note(u, &use, e);
	if (r == 0)
		r = collect(u, &l, e);
	if (r == 0)
		r = people_keys_new(vault_origin(u->vault), u->user_name, &k,
				    e);
	if (r < 0 || !k)
		goto out;
	memcpy(both[0], u->user->receive.recipient, AGE_KEY_LEN);
	memcpy(both[1], k->receive.recipient, AGE_KEY_LEN);
	r = reseal(u, &l, (const uint8_t (*)[AGE_KEY_LEN])both, 2, e);
	if (r == 0)
		r = people_files(u, u->user_name, k, unit_roles(u), pass, logn,
				 e);
	if (r == 0)
		r = enter(u, k, e);
	if (r < 0)
		goto out;
	was = u->user;
	u->user = k;
	k = was;
	r = reseal(u, &l, (const uint8_t (*)[AGE_KEY_LEN])(both + 1), 1, e);
out:
	user_keys_free(k);
	free(l.paths);
	free(l.files);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/custodian.h"

#include "cases/permit.h"
#include "cases/unit_int.h"
#include "store/wrap.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_LINE "scelle-custodians/v1\n"
#define PAIRS "admin/custodians"
#define MASTER "admin/master.age"
#define TEXT_MAX ((size_t)1 << 20)

/* --- the file ------------------------------------------------------------------ */

/* The next word of a line, up to a blank or the line's end. */
static int word(struct bytes *line, struct bytes *out)
{
	const uint8_t *sp = line->len ? memchr(line->p, ' ', line->len) : NULL;
	size_t n = sp ? (size_t)(sp - line->p) : line->len;

	*out = BYTES(line->p, n);
	n += sp != NULL;
	*line = BYTES(line->p + n, line->len - n);
	return out->len ? 0 : ERR_FORMAT;
}

static int name_of(struct bytes w, struct custodians *c, unsigned *at)
{
	char name[ADMIN_NAME_MAX + 1];
	int i;

	if (w.len > ADMIN_NAME_MAX)
		return ERR_FORMAT;
	memcpy(name, w.p, w.len);
	name[w.len] = '\0';
	i = custodian_index(c, name);
	if (i < 0) {
		if (c->n == CUSTODIANS_MAX || strlen(name) != w.len ||
		    !admin_name_valid(name))
			return ERR_FORMAT;
		i = (int)c->n++;
		memcpy(c->name[i], name, sizeof name);
	}
	*at = (unsigned)i;
	return 0;
}

static int one_line(struct bytes line, struct custodians *c)
{
	struct custodian_wrap *w;
	struct bytes first, second, b64;
	struct buf raw = BUF_INIT(CUSTODIAN_WRAP_MAX);
	int r;

	if (c->nwraps == sizeof c->wrap / sizeof *c->wrap)
		return ERR_FORMAT;
	w = &c->wrap[c->nwraps];
	r = word(&line, &first);
	if (r == 0)
		r = word(&line, &second);
	if (r == 0)
		r = word(&line, &b64);
	if (r == 0)
		r = name_of(first, c, &w->first);
	if (r == 0)
		r = name_of(second, c, &w->second);
	if (r == 0 && (line.len || w->first == w->second))
		r = ERR_FORMAT;
	for (size_t i = 0; r == 0 && i < c->nwraps; i++)
		if (c->wrap[i].first == w->first &&
		    c->wrap[i].second == w->second)
			r = ERR_FORMAT;
	if (r == 0)
		r = b64_get(b64, &raw);
	if (r == 0 && !raw.len)
		r = ERR_FORMAT;
	if (r == 0) {
		memcpy(w->bytes, raw.p, raw.len);
		w->len = raw.len;
		c->nwraps++;
	}
	buf_release(&raw);
	return r;
}

int custodian_parse(struct bytes text, struct custodians *c, struct err *e)
{
	const size_t head = sizeof FILE_LINE - 1;
	struct bytes line;
	int r = 0;

	memset(c, 0, sizeof *c);
	if (text.len < head || memcmp(text.p, FILE_LINE, head))
		return err_set(e, ERR_FORMAT, "no file of custodians");
	text = BYTES(text.p + head, text.len - head);
	while (r == 0 && text.len)
		r = split_line(&text, &line) ? one_line(line, c) : ERR_FORMAT;
	if (r < 0 || c->n < 2 || c->nwraps != c->n * (c->n - 1))
		return err_set(e, ERR_FORMAT, "no file of custodians");
	return 0;
}

int custodian_read(const char *path, struct custodians **out, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct custodians *c = malloc(sizeof *c);
	char file[FILE_PATH_MAX];
	int r = file_path(file, path, PAIRS, NULL);

	if (!c)
		r = err_set(e, ERR_NOMEM, "no memory for custodians");
	if (r == 0)
		r = file_read(file, &text, e);
	if (r == 0)
		r = custodian_parse(buf_view(&text), c, e);
	buf_release(&text);
	if (r < 0)
		free(c);
	else
		*out = c;
	return r;
}

int custodian_index(const struct custodians *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->name[i], name))
			return (int)i;
	return -1;
}

int custodian_unit_form(const char *path)
{
	char file[FILE_PATH_MAX];

	return file_path(file, path, PAIRS, NULL) == 0 && file_exists(file);
}

/* --- setting ------------------------------------------------------------------- */

static int check(const struct unit *u, const char *const *names, size_t n,
		 struct err *e)
{
	int r = permit_check(&u->admin, u->user_name, PERMIT_POLICY, NULL, e);

	if (r < 0)
		return r;
	if (n < 2 || n > CUSTODIANS_MAX)
		return err_set(e, ERR_USAGE, "2 to %d custodians are needed",
			       CUSTODIANS_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct admin_user *who = admin_user(&u->admin, names[i]);

		if (!who || who->revoked)
			return err_set(e, ERR_NOENT, "no user '%s' in this "
				       "vault", names[i]);
		r = permit_check(&u->admin, names[i], PERMIT_UNLOCK, NULL, e);
		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++) {
			const struct admin_user *o = admin_user(&u->admin,
								names[k]);

			/* Two names of one person are one custodian. */
			if (o == who || permit_person_same(o, who))
				return err_set(e, ERR_USAGE, "'%s' and '%s' are "
					       "one person", names[k],
					       names[i]);
		}
	}
	return 0;
}

static int pairs_text(const struct unit *u, const char *const *names, size_t n,
		      const uint8_t *secret, struct buf *text, struct err *e)
{
	int r = 0;

	buf_adds(text, FILE_LINE);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; r == 0 && k < n; k++) {
			struct buf wrap = BUF_INIT(CUSTODIAN_WRAP_MAX);

			if (k == i)
				continue;
			r = wrap_seal_two(admin_user(&u->admin,
						     names[i])->receive,
					  admin_user(&u->admin,
						     names[k])->receive,
					  BYTES(secret, 32), &wrap, e);
			buf_addf(text, "%s %s ", names[i], names[k]);
			b64_put(text, buf_view(&wrap));
			buf_addc(text, '\n');
			buf_release(&wrap);
		}
	return r == 0 && text->failed
	       ? err_set(e, text->failed, "no memory for custodians") : r;
}

static int say(struct unit *u, const char *const *names, size_t n, int solo,
	       struct err *e)
{
	static const char *const files[] = { PAIRS, MASTER,
					     "admin/unit.key.age" };
	struct unit_write w;
	int r = unit_begin(u, "custodians", &w, e);

	if (r < 0)
		return r;
	jsonw_open(&w.draft.w, "custodians", '[');
	for (size_t i = 0; i < n; i++)
		jsonw_str(&w.draft.w, NULL, names[i]);
	jsonw_close(&w.draft.w, ']');
	jsonw_int(&w.draft.w, "threshold", 2);
	return unit_commit(u, &w, files, solo ? 3 : 2, NULL, e);
}

/* A file of the same content, from an attempt before, is fine. */
static int give(const char *path, struct bytes content, struct err *e)
{
	struct buf old = BUF_INIT(KEYFILE_MAX);
	int r = file_create(path, content, 0600, e);

	if (r == ERR_EXIST && file_read(path, &old, NULL) == 0 &&
	    bytes_eq(buf_view(&old), content))
		r = 0;
	buf_release(&old);
	return r;
}

/* A user's own keys leave the vault; what opened the unit's is destroyed. */
static int hand_over(struct unit *u, const char *name, const char *to,
		     struct err *e)
{
	struct buf file = BUF_INIT(KEYFILE_MAX);
	char key[128], unit[128], path[FILE_PATH_MAX], out[FILE_PATH_MAX];
	const char *files[2] = { key, unit };
	struct unit_write w;
	int r;

	snprintf(key, sizeof key, "admin/users/%s.key.age", name);
	snprintf(unit, sizeof unit, "admin/users/%s.unit.age", name);
	r = unit_path(u, key, path, e);
	if (r == 0 && !file_exists(path)) {
		r = unit_path(u, unit, path, e);
		if (r < 0 || !file_exists(path))
			goto out;
	} else if (r == 0) {
		snprintf(key, sizeof key, "%s.key.age", name);
		r = file_read(path, &file, e);
		if (r == 0 && file_path(out, to, key, NULL) < 0)
			r = err_set(e, ERR_RANGE, "path '%s' is too long", to);
		if (r == 0)
			r = give(out, buf_view(&file), e);
	}
	snprintf(key, sizeof key, "admin/users/%s.key.age", name);
	if (r == 0)
		r = unit_drop(u, key, e);
	if (r == 0)
		r = unit_drop(u, unit, e);
	if (r == 0)
		r = unit_begin(u, "handed-over", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "user", name);
	r = unit_commit(u, &w, files, 2, NULL, e);
out:
	buf_release(&file);
	return r;
}

int custodian_set(struct unit *u, const char *const *names, size_t n,
		  const char *keys_to, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX), master = BUF_INIT(KEYFILE_MAX);
	struct age_identity *id = NULL;
	int solo = !custodian_unit_form(vault_path(u->vault));
	int r = check(u, names, n, e);

	if (r < 0)
		return r;
	if (solo && !keys_to)
		return err_set(e, ERR_USAGE, "where shall the users' keys go?");
	id = secret_alloc(sizeof *id);
	if (!id)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	age_identity_new(id, NULL);
	r = unit_keys_wrap(u->keys, id->recipient, &master, e);
	if (r == 0)
		r = pairs_text(u, names, n, id->secret, &text, e);
	if (r == 0)
		r = unit_put(u, MASTER, buf_view(&master), e);
	if (r == 0)
		r = unit_put(u, PAIRS, buf_view(&text), e);
	/* It goes when the statement, and with it the new way in, is durable. */
	if (r == 0 && keys_to)
		r = unit_drop(u, "admin/unit.key.age", e);
	if (r == 0)
		r = say(u, names, n, keys_to != NULL, e);
	for (size_t i = 0; r == 0 && keys_to && i < u->admin.nusers; i++)
		r = hand_over(u, u->admin.users[i].name, keys_to, e);
	secret_free(id);
	buf_release(&master);
	buf_release(&text);
	return r;
}

int custodian_open(const char *path, const uint8_t secret[static 32],
		   struct unit_keys **out, struct err *e)
{
	struct buf file = BUF_INIT(KEYFILE_MAX);
	struct age_identity *id = secret_alloc(sizeof *id);
	char name[FILE_PATH_MAX];
	int r = file_path(name, path, MASTER, NULL);

	if (!id)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = file_read(name, &file, e);
	if (r == 0) {
		age_identity_from(id, secret);
		r = unit_keys_unwrap(buf_view(&file), id, out, e);
		if (r < 0)
			r = err_set(e, ERR_AUTH, "this is not the master secret "
				    "of this vault");
	}
	secret_free(id);
	buf_release(&file);
	return r;
}

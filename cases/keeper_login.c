/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper's sessions: who came, by which key, and what the audit has of it. */
#include "cases/keeper_int.h"

#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

int keeper_somebody(struct keeper *k, const struct member *m, struct err *e)
{
	const struct admin_user *who;

	if (!k->u)
		return err_set(e, ERR_DENIED, "the service is locked: two "
			       "custodians unlock it");
	who = *m->user ? admin_user(&k->u->admin, m->user) : NULL;
	if (!who || memcmp(who->sign.pk, m->key.pk, 32))
		return err_set(e, ERR_DENIED, "nobody is logged in");
	if (who->revoked)
		return err_set(e, ERR_DENIED, "user '%s' was revoked", m->user);
	return 0;
}

/* The log's verifier key, as anyone may read it. */
static int log_vkey(const struct keeper *k, char *out, size_t room,
		    struct err *e)
{
	struct vault *v = NULL;
	int r = 0;

	if (k->u) {
		snprintf(out, room, "%s", vault_vkey(k->u->vault));
		return 0;
	}
	r = vault_open(k->path, VAULT_READ, NULL, &v, e);
	if (r == 0)
		snprintf(out, room, "%s", vault_vkey(v));
	vault_close(v);
	return r;
}

int keeper_open(struct keeper *k, unsigned session, uint32_t uid,
		struct err *e)
{
	struct member *m = calloc(1, sizeof *m);
	struct buf b = BUF_INIT(16384);
	char log[256] = "";
	int r;

	if (!m)
		return err_set(e, ERR_NOMEM, "no memory for a session");
	r = log_vkey(k, log, sizeof log, e);
	if (r < 0) {
		free(m);
		return r;
	}
	m->id = session;
	m->uid = uid;
	m->expires_ms = clock_wall_ms() + SERVE_LOGIN_MS;
	m->signing.text.max = NOTE_TEXT_MAX;
	secret_random(m->nonce, sizeof m->nonce);
	m->next = k->members;
	k->members = m;
	serve_put_u8(&b, !k->u);
	serve_put_u32(&b, uid);
	buf_add(&b, m->nonce, sizeof m->nonce);
	serve_put_u64(&b, (uint64_t)m->expires_ms);
	serve_put_text(&b, log);
	serve_put_text(&b, k->path);
	keeper_answer(k, m, KEEPER_HELLO, buf_view(&b));
	buf_release(&b);
	return 0;
}

void keeper_close(struct keeper *k, unsigned session)
{
	struct member **at = &k->members, *m;

	while (*at && (*at)->id != session)
		at = &(*at)->next;
	m = *at;
	if (!m)
		return;
	*at = m->next;
	/* Whoever dies in its turn may have left half a commit. */
	if (k->turn == session)
		keeper_reopen(k);
	handed_release(&m->signing);
	secret_wipe(m, sizeof *m);
	free(m);
}

/* A key as it is entered: in the admin state, or (locked) in the user's file,
 * which a leaf vouches for and unlocking compares. */
static int key_of(struct keeper *k, const char *user, struct note_vkey *key,
		  struct err *e)
{
	struct buf text = BUF_INIT(KEYFILE_MAX);
	const struct admin_user *who;
	char name[ADMIN_NAME_MAX + 8], path[FILE_PATH_MAX];
	struct user_pub pub;
	int r;

	if (k->u) {
		who = admin_user(&k->u->admin, user);
		if (!who)
			return err_set(e, ERR_DENIED, "user '%s' is not "
				       "entered in this vault", user);
		if (who->revoked)
			return err_set(e, ERR_DENIED, "user '%s' was revoked",
				       user);
		*key = who->sign;
		return 0;
	}
	if (custodian_index(k->custodians, user) < 0)
		return err_set(e, ERR_DENIED, "the service is locked: two "
			       "custodians unlock it");
	snprintf(name, sizeof name, "%s.pub", user);
	r = file_path(path, k->path, "admin/users", name, NULL);
	if (r == 0)
		r = file_read(path, &text, e);
	if (r == 0)
		r = user_pub_read(buf_view(&text), &pub, e);
	if (r == 0)
		*key = pub.sign;
	buf_release(&text);
	return r;
}

/* The note must be the very text that would be asked of this user here. */
static int check_login(struct keeper *k, struct member *m, struct bytes note,
		       char *user, struct err *e)
{
	struct buf want = BUF_INIT(4096);
	struct statement s = { 0 };
	const char *name;
	char log[256];
	int r = statement_read(note, &s, e);

	if (r < 0)
		return err_set(e, ERR_DENIED, "this is no login");
	name = json_opt_str(s.json, "user");
	if (strcmp(s.kind, "login") || !name || !admin_name_valid(name)) {
		r = err_set(e, ERR_DENIED, "this is no login");
		goto out;
	}
	snprintf(user, ADMIN_NAME_MAX + 1, "%s", name);
	if (!m->expires_ms || clock_wall_ms() > m->expires_ms) {
		r = err_set(e, ERR_DENIED, "the challenge has expired");
		goto out;
	}
	r = log_vkey(k, log, sizeof log, e);
	if (r == 0)
		r = serve_login_text(log, name, m->uid, m->nonce,
				     m->expires_ms, &want);
	if (r == 0 && !bytes_eq(s.note.text, buf_view(&want)))
		r = err_set(e, ERR_DENIED, "the login answers another "
			    "challenge");
	if (r == 0)
		r = key_of(k, user, &m->key, e);
	if (r == 0 && note_check(&s.note, &m->key, 1, NULL, NULL, NULL) != 0)
		r = err_set(e, ERR_DENIED, "the login is not signed by '%s'",
			    user);
out:
	statement_release(&s);
	buf_release(&want);
	return r < 0 ? ERR_DENIED : 0;
}

/* Who came, or tried to: one more record in the audit. */
static int login_record(struct keeper *k, const struct member *m,
			const char *user, struct bytes note,
			const struct err *why, struct err *e)
{
	struct stream *month = NULL;
	struct unit_write w;
	char dir[32];
	int r = keeper_commit(k, e);

	if (r == 0)
		r = unit_month(k->u, clock_wall_ms(), &month, e);
	if (r < 0)
		return r;
	snprintf(dir, sizeof dir, "audit/%s", k->u->month_name);
	r = unit_begin_in(k->u, month, dir, why ? "refused" : "session", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "user", user);
	jsonw_str(&w.draft.w, "command", "login");
	jsonw_int(&w.draft.w, "uid", m->uid);
	if (why)
		jsonw_str(&w.draft.w, "refused", why->text);
	else
		jsonw_bytes(&w.draft.w, "login", note);
	return unit_record(k->u, &w, why ? LEAF_REFUSED : LEAF_ACCESS, NULL, 0,
			   NULL, e);
}

int keeper_login(struct keeper *k, struct member *m, struct bytes note)
{
	char user[ADMIN_NAME_MAX + 1] = "";
	struct err e = ERR_INIT, late = ERR_INIT;
	struct buf b = BUF_INIT(256);
	int r;

	if (*m->user)
		return ERR_FORMAT;
	if (k->turn)
		return 1;
	r = check_login(k, m, note, user, &e);
	m->expires_ms = 0;	/* a nonce counts once */
	if (k->u && login_record(k, m, user, note, r < 0 ? &e : NULL,
				 &late) < 0) {
		k->dead = 1;
		return keeper_refuse(k, m, &late);
	}
	if (r < 0)
		return keeper_refuse(k, m, &e);
	memcpy(m->user, user, sizeof m->user);
	serve_put_text(&b, user);
	keeper_answer(k, m, KEEPER_WELCOME, buf_view(&b));
	buf_release(&b);
	return 0;
}

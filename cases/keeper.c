/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper: who is there, what each may ask, and the secrets it opens. */
#include "cases/keeper_int.h"

#include "cases/casefile.h"
#include "cases/glass.h"
#include "cases/permit.h"
#include "cases/unit_int.h"
#include "store/wrap.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SLOTS_MAX ((size_t)24 << 20)

void keeper_answer(struct keeper *k, const struct member *m, uint8_t type,
		   struct bytes msg)
{
	k->o.answer(k->o.arg, m->id, type, msg);
}

int keeper_refuse(struct keeper *k, const struct member *m,
		  const struct err *e)
{
	struct buf b = BUF_INIT(4096);

	serve_put_u8(&b, (unsigned)-e->code);
	serve_put_text(&b, e->text);
	keeper_answer(k, m, KEEPER_ERROR, buf_view(&b));
	buf_release(&b);
	return 0;
}

void keeper_done(struct keeper *k, const struct member *m, uint64_t value)
{
	uint8_t p[8];

	put_be64(p, value);
	keeper_answer(k, m, KEEPER_DONE, BYTES(p, sizeof p));
}

static struct member *find(struct keeper *k, unsigned id)
{
	struct member *m = k->members;

	while (m && m->id != id)
		m = m->next;
	return m;
}

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

/* --- the vault ------------------------------------------------------------------ */

static void reserve_path(const struct keeper *k, char out[static FILE_PATH_MAX])
{
	snprintf(out, FILE_PATH_MAX, "%s.reserve", k->path);
}

/* Room kept back, so that a full disk does not silence the access log. */
static void reserve_make(const struct keeper *k)
{
	char path[FILE_PATH_MAX];
	int fd;

	reserve_path(k, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, (off_t)KEEPER_RESERVE) != 0)
		unlink(path);
	close(fd);
}

static uint64_t room_left(const struct keeper *k)
{
	struct statvfs s;

	if (statvfs(k->path, &s) < 0)
		return UINT64_MAX;
	return (uint64_t)s.f_bavail * s.f_frsize;
}

int keeper_start(struct keeper *k, struct err *e)
{
	int r = unit_open_keys(k->path, k->keys, VAULT_WRITE, &k->u, e);

	if (r == 0) {
		k->generation++;
		k->turn = 0;
		reserve_make(k);
	}
	return r;
}

int keeper_reopen(struct keeper *k)
{
	struct err e = ERR_INIT;

	k->batch = NULL;
	unit_close(k->u);
	k->u = NULL;
	k->turn = 0;
	if (keeper_start(k, &e) < 0)
		k->dead = 1;
	return k->dead ? ERR_IO : 0;
}

int keeper_service(struct keeper *k, const char *event, const char *by,
		   const char *with, struct err *e)
{
	struct unit_write w;
	int r = keeper_commit(k, e);

	if (r == 0)
		r = unit_begin(k->u, "service", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "event", event);
	if (by)
		jsonw_str(&w.draft.w, "by", by);
	if (with)
		jsonw_str(&w.draft.w, "with", with);
	jsonw_str(&w.draft.w, "software", "scelle " SCELLE_VERSION);
	return unit_commit(k->u, &w, NULL, 0, NULL, e);
}

int keeper_new(const struct keeper_options *o, struct keeper **out,
	       struct err *e)
{
	struct keeper *k = calloc(1, sizeof *k);
	struct vault *probe = NULL;
	int r = 0;

	if (!k)
		return err_set(e, ERR_NOMEM, "no memory for the service");
	k->o = *o;
	k->opened_ms = clock_wall_ms();
	if (snprintf(k->path, sizeof k->path, "%s", o->path) >=
	    (int)sizeof k->path)
		r = err_set(e, ERR_RANGE, "path '%s' is too long", o->path);
	if (r == 0)
		r = vault_open(k->path, VAULT_READ, NULL, &probe, e);
	vault_close(probe);
	if (r == 0 && !custodian_unit_form(k->path))
		r = err_set(e, ERR_USAGE, "'%s' is a solo vault: 'scelle "
			    "custodian set' turns it into a unit's", k->path);
	if (r == 0)
		r = custodian_read(k->path, &k->custodians, e);
	if (r < 0)
		keeper_free(k);
	else
		*out = k;
	return r;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	while (k->members)
		keeper_close(k, k->members->id);
	keeper_forget_first(k);
	unit_close(k->u);
	secret_free(k->keys);
	free(k->custodians);
	free(k);
}

void keeper_lock(struct keeper *k, const char *event, const char *by)
{
	struct err e = ERR_INIT;

	if (!k->u)
		return;
	if (!k->turn && !k->dead)
		keeper_service(k, event, by, NULL, &e);
	unit_close(k->u);
	secret_free(k->keys);
	k->u = NULL;
	k->keys = NULL;
	k->turn = 0;
	for (struct member *m = k->members; m; m = m->next) {
		m->ncases = 0;
		m->begun = 0;
		m->user[0] = '\0';
	}
}

int keeper_locked(const struct keeper *k)
{
	return !k->u;
}

unsigned keeper_pending(const struct keeper *k)
{
	return k->ngroup;
}

/* --- sessions ------------------------------------------------------------------ */

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

static int login(struct keeper *k, struct member *m, struct bytes note)
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

static int state(struct keeper *k, const struct member *m)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	unsigned sessions = 0;

	for (const struct member *o = k->members; o; o = o->next)
		sessions += *o->user != 0;
	jsonw_open(&w, NULL, '{');
	jsonw_bool(&w, "locked", !k->u);
	if (k->u)
		jsonw_int(&w, "leaves", (int64_t)vault_size(k->u->vault));
	else
		jsonw_bool(&w, "first_custodian", *k->first != 0);
	jsonw_int(&w, "sessions", sessions);
	jsonw_bool(&w, "full", k->full);
	jsonw_close(&w, '}');
	keeper_answer(k, m, KEEPER_STATE, buf_view(&b));
	buf_release(&b);
	return 0;
}

/* --- commands ------------------------------------------------------------------- */

static void forget_streams(struct unit *u)
{
	for (size_t i = 0; i < u->nstreams; i++)
		stream_forget(u->streams[i].stream);
	u->nstreams = 0;
}

static int begin(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	struct buf b = BUF_INIT(sizeof *k->keys + 64);
	struct err e = ERR_INIT;
	unsigned mode;

	serve_text(&in, m->command, sizeof m->command);
	mode = serve_u8(&in);
	if (serve_end(&in, NULL) < 0 || mode > KEEPER_PASS || m->begun)
		return ERR_FORMAT;
	if (keeper_somebody(k, m, &e) < 0)
		return keeper_refuse(k, m, &e);
	if (mode != KEEPER_READ && k->full) {
		err_set(&e, ERR_IO, "the disk is full: only reading goes on");
		return keeper_refuse(k, m, &e);
	}
	if (mode == KEEPER_ALONE) {
		if (k->turn)
			return 1;
		if (keeper_commit(k, &e) < 0)
			return keeper_refuse(k, m, &e);
		k->turn = m->id;
	}
	m->begun = 1;
	m->mode = (enum keeper_mode)mode;
	m->ncases = 0;
	if (!buf_room(&b, sizeof *k->keys + 64)) {
		err_set(&e, ERR_NOMEM, "no memory for keys");
		return keeper_refuse(k, m, &e);
	}
	serve_put_u64(&b, k->generation);
	/* The same program, executed anew: its structs are the same. */
	serve_put_blob(&b, mode == KEEPER_READ ? BYTES(NULL, 0)
		       : BYTES(k->keys, sizeof *k->keys));
	keeper_answer(k, m, KEEPER_BEGUN, buf_view(&b));
	buf_wipe(&b);
	return 0;
}

/* What somebody else wrote in its turn is ours from now on. */
static void turn_back(struct keeper *k, int failed, int replaced)
{
	struct err e = ERR_INIT;

	k->turn = 0;
	if (failed) {
		keeper_reopen(k);
		return;
	}
	if (replaced) {
		forget_streams(k->u);
		k->generation++;
	}
	if (unit_refresh(k->u, &e) < 0)
		keeper_reopen(k);
}

static int end(struct keeper *k, struct member *m)
{
	if (k->turn == m->id)
		turn_back(k, 0, m->mode == KEEPER_ALONE);
	m->begun = 0;
	m->mode = KEEPER_READ;
	m->ncases = 0;
	m->held[0] = '\0';
	handed_release(&m->signing);
	keeper_done(k, m, 0);
	return 0;
}

static int take(struct keeper *k, struct member *m)
{
	struct err e = ERR_INIT;

	if (!m->begun || m->mode != KEEPER_PASS || k->turn == m->id)
		return ERR_FORMAT;
	if (k->turn)
		return 1;
	if (keeper_somebody(k, m, &e) < 0 || keeper_commit(k, &e) < 0)
		return keeper_refuse(k, m, &e);
	if (k->full) {
		err_set(&e, ERR_IO, "the disk is full: only reading goes on");
		return keeper_refuse(k, m, &e);
	}
	k->turn = m->id;
	keeper_done(k, m, 0);
	return 0;
}

static int give(struct keeper *k, struct member *m, struct bytes msg)
{
	if (msg.len != 1 || k->turn != m->id || m->mode != KEEPER_PASS)
		return ERR_FORMAT;
	turn_back(k, msg.p[0], 0);
	keeper_done(k, m, 0);
	return 0;
}

/* --- secrets -------------------------------------------------------------------- */

static int inner(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	struct err e = ERR_INIT;
	struct bytes file;
	char id[17];
	uint8_t *secret;
	int r = 0;

	serve_text(&in, id, sizeof id);
	file = serve_blob(&in, SERVE_CHUNK);
	if (serve_end(&in, NULL) < 0)
		return ERR_FORMAT;
	r = keeper_somebody(k, m, &e);
	if (r == 0) {
		unsigned i = 0;

		while (i < m->ncases && strcmp(m->cases[i], id))
			i++;
		if (i == m->ncases)
			r = err_set(&e, ERR_DENIED, "no access to case '%s' is "
				    "on record", id);
	}
	if (r < 0)
		return keeper_refuse(k, m, &e);
	secret = secret_alloc(32);
	if (!secret)
		r = err_set(&e, ERR_NOMEM, "no memory for keys");
	else
		r = wrap_open(k->keys->receive.secret, file, secret, 32, &e);
	if (r < 0)
		keeper_refuse(k, m, &e);
	else
		keeper_answer(k, m, KEEPER_SECRET, BYTES(secret, 32));
	secret_free(secret);
	return 0;
}

/* Which sealed files of the vault a session may have opened. */
static int may_unseal(struct keeper *k, const struct member *m,
		      const char *path, struct err *e)
{
	const struct admin_case *c;
	char id[17];
	int n = 0;

	if (!strcmp(path, "admin/tag.age"))
		return 0;
	if (strlen(path) == 21 && !strncmp(path, "audit/", 6) &&
	    !strcmp(path + 13, "/tag.age") &&
	    permit_check(&k->u->admin, m->user, PERMIT_AUDIT, NULL, NULL) == 0)
		return 0;
	if (strlen(path) == 30 && !strncmp(path, "cases/", 6) &&
	    !strcmp(path + 22, "/tag.age")) {
		/* It numbers the case's items and opens none of them: the
		 * audit names items by number. */
		n = snprintf(id, sizeof id, "%.16s", path + 6);
		if (n == 16 && admin_case(&k->u->admin, id, &c, NULL) == 0 &&
		    !strcmp(c->id, id) &&
		    (admin_is_member(c, m->user) ||
		     glass_reads(&k->u->admin, m->user, id) ||
		     permit_check(&k->u->admin, m->user, PERMIT_AUDIT, NULL,
				  NULL) == 0))
			return 0;
	}
	return err_set(e, ERR_DENIED, "'%s' is not for whom you are", path);
}

static int sealed(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	struct err e = ERR_INIT;
	uint8_t *out = secret_alloc(64);
	char path[128];
	uint32_t n;
	int r;

	serve_text(&in, path, sizeof path);
	n = serve_u32(&in);
	if (serve_end(&in, NULL) < 0 || n == 0 || n > 64) {
		secret_free(out);
		return ERR_FORMAT;
	}
	r = out ? keeper_somebody(k, m, &e)
		: err_set(&e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = may_unseal(k, m, path, &e);
	if (r == 0)
		r = unit_sealed(k->u, path, out, n, &e);
	if (r < 0)
		keeper_refuse(k, m, &e);
	else
		keeper_answer(k, m, KEEPER_SECRET, BYTES(out, n));
	secret_free(out);
	return 0;
}

static int slots(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	uint64_t from = serve_u64(&in);
	struct buf b = BUF_INIT(SLOTS_MAX);
	struct err e = ERR_INIT;
	int r;

	if (serve_end(&in, NULL) < 0)
		return ERR_FORMAT;
	r = keeper_somebody(k, m, &e);
	if (r == 0)
		r = stream_slots_get(k->u->admin_stream, from, &b, &e);
	if (r < 0)
		keeper_refuse(k, m, &e);
	else
		keeper_answer(k, m, KEEPER_SECRET, buf_view(&b));
	buf_wipe(&b);
	return 0;
}

static int lock(struct keeper *k, struct member *m)
{
	struct err e = ERR_INIT;

	/* What one may help to open one may close. */
	if (keeper_somebody(k, m, &e) < 0 ||
	    permit_check(&k->u->admin, m->user, PERMIT_UNLOCK, NULL, &e) < 0)
		return keeper_refuse(k, m, &e);
	if (k->turn)
		return 1;
	keeper_lock(k, "lock", m->user);
	keeper_done(k, m, 0);
	return 0;
}

/* --- all of it -------------------------------------------------------------------- */

int keeper_take(struct keeper *k, unsigned session, uint8_t type,
		struct bytes msg)
{
	struct member *m = find(k, session);

	if (!m)
		return ERR_NOENT;
	if (k->dead) {
		struct err e = ERR_INIT;

		err_set(&e, ERR_IO, "the vault failed; the service ends");
		return keeper_refuse(k, m, &e);
	}
	switch (type) {
	case KEEPER_LOGIN:
		return login(k, m, msg);
	case KEEPER_STATE:
		return state(k, m);
	case KEEPER_BEGIN:
		return begin(k, m, msg);
	case KEEPER_END:
		return end(k, m);
	case KEEPER_RECORD:
		return keeper_record(k, m, msg);
	case KEEPER_SIGNED:
		return keeper_signed(k, m, msg);
	case KEEPER_INNER:
		return inner(k, m, msg);
	case KEEPER_SEALED:
		return sealed(k, m, msg);
	case KEEPER_SLOTS:
		return slots(k, m, msg);
	case KEEPER_FIRST:
		return keeper_first(k, m);
	case KEEPER_GIVEN:
		return keeper_given(k, m, msg);
	case KEEPER_TAKE:
		return take(k, m);
	case KEEPER_GIVE:
		return give(k, m, msg);
	case KEEPER_LOCK:
		return lock(k, m);
	default:
		return ERR_FORMAT;
	}
}

void keeper_tick(struct keeper *k)
{
	int64_t now = clock_boot_ms();

	if (*k->first && now > k->first_until)
		keeper_forget_first(k);
	for (struct member *m = k->members; m; m = m->next)
		if (*m->held && now > m->held_until) {
			struct err e = ERR_INIT;

			m->held[0] = '\0';
			handed_release(&m->signing);
			err_set(&e, ERR_TIMEOUT, "signing took too long");
		}
	if (k->full && room_left(k) > 2 * KEEPER_RESERVE) {
		reserve_make(k);
		k->full = 0;
	}
}

int keeper_flush(struct keeper *k)
{
	struct err e = ERR_INIT;
	unsigned n = k->ngroup;
	char path[FILE_PATH_MAX];
	int r = 0;

	if (k->batch)
		r = batch_commit(k->batch, &e);
	else if (n)
		r = err_set(&e, ERR_IO, "the vault failed");
	k->batch = NULL;
	k->ngroup = 0;
	for (unsigned i = 0; i < n; i++) {
		struct waiting *w = &k->group[i];
		struct member *m = find(k, w->id);

		if (!m)
			continue;
		if (r < 0) {
			keeper_refuse(k, m, &e);
			continue;
		}
		if (*w->case_id && m->ncases < CASE_GRANTS_MAX)
			memcpy(m->cases[m->ncases++], w->case_id, 17);
		keeper_done(k, m, w->seq);
	}
	if (r == 0)
		return 0;
	/* A full disk: what was kept back keeps the access log alive. */
	reserve_path(k, path);
	if (!k->full && room_left(k) < KEEPER_RESERVE / 16 &&
	    unlink(path) == 0) {
		k->full = 1;
		keeper_reopen(k);
	} else {
		k->dead = 1;
	}
	return ERR_IO;
}

int keeper_dead(const struct keeper *k)
{
	return k->dead;
}

int keeper_commit(struct keeper *k, struct err *e)
{
	int r = keeper_flush(k);

	return r < 0 ? err_set(e, r, "the vault failed") : 0;
}

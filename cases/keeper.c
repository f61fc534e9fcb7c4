/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper: its vault, and each request to whom it concerns. */
#include "cases/keeper_int.h"

#include "cases/permit.h"
#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

/* --- what is asked -------------------------------------------------------------- */

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
		return keeper_login(k, m, msg);
	case KEEPER_STATE:
		return state(k, m);
	case KEEPER_BEGIN:
		return keeper_begin(k, m, msg);
	case KEEPER_END:
		return keeper_end(k, m);
	case KEEPER_RECORD:
		return keeper_record(k, m, msg);
	case KEEPER_SIGNED:
		return keeper_signed(k, m, msg);
	case KEEPER_INNER:
		return keeper_inner(k, m, msg);
	case KEEPER_SEALED:
		return keeper_sealed(k, m, msg);
	case KEEPER_SLOTS:
		return keeper_slots(k, m, msg);
	case KEEPER_FIRST:
		return keeper_first(k, m);
	case KEEPER_GIVEN:
		return keeper_given(k, m, msg);
	case KEEPER_TAKE:
		return keeper_take_turn(k, m);
	case KEEPER_GIVE:
		return keeper_give_turn(k, m, msg);
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

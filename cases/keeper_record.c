/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Records: numbered, signed and grouped here.
 *
 * What a session says about an access is signed by the unit's collector, for
 * the user the keeper knows.  A user's own statement is numbered first, its
 * stream held while the user signs, then checked and added.
 */
#include "cases/keeper_int.h"

#include "cases/casefile.h"
#include "cases/glass.h"
#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define FILES_MAX 64
#define MEMBERS_MAX (NOTE_TEXT_MAX - 4096)

void handed_release(struct handed *h)
{
	for (size_t i = 0; i < h->nfiles; i++)
		free((char *)(uintptr_t)h->files[i].path);
	free(h->files);
	buf_release(&h->text);
	memset(h, 0, sizeof *h);
	h->text.max = NOTE_TEXT_MAX;
}

static int read_handed(struct bytes msg, struct handed *h,
		       struct bytes *members)
{
	struct serve_in in = SERVE_IN(msg);
	uint32_t n;

	memset(h, 0, sizeof *h);
	h->text.max = NOTE_TEXT_MAX;
	serve_text(&in, h->dir, sizeof h->dir);
	serve_text(&in, h->kind, sizeof h->kind);
	h->leaf = serve_u32(&in);
	*members = serve_blob(&in, MEMBERS_MAX);
	n = serve_u32(&in);
	if (in.bad || n > FILES_MAX)
		return ERR_FORMAT;
	h->files = calloc(n + 1, sizeof *h->files);
	if (!h->files)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		char path[512];
		struct bytes sha;

		serve_text(&in, path, sizeof path);
		sha = serve_take(&in, 32);
		if (in.bad)
			return ERR_FORMAT;
		h->files[i].path = strdup(path);
		if (!h->files[i].path)
			return ERR_NOMEM;
		memcpy(h->files[i].sha256, sha.p, 32);
		h->nfiles++;
	}
	for (const char *p = h->kind; *p; p++)
		if ((*p < 'a' || *p > 'z') && *p != '-')
			return ERR_FORMAT;
	return serve_end(&in, NULL);
}

/* The stream a record goes to, opened when it is not. */
static int stream_of(struct keeper *k, const struct member *m,
		     struct handed *h, struct stream **out, struct err *e)
{
	const struct admin_case *c = NULL;
	char when[CLOCK_RFC3339_MAX];
	int r;

	if (!strcmp(h->dir, ADMIN_STREAM)) {
		*out = k->u->admin_stream;
		return 0;
	}
	if (!strncmp(h->dir, "audit/", 6)) {
		/* The month is ours to know; a new one is a commit of its own. */
		clock_rfc3339(clock_wall_ms(), when);
		when[7] = '\0';
		r = !admin_month(&k->u->admin, when) ? keeper_commit(k, e) : 0;
		if (r == 0)
			r = unit_month(k->u, clock_wall_ms(), out, e);
		if (r == 0)
			snprintf(h->dir, sizeof h->dir, "audit/%s",
				 k->u->month_name);
		return r;
	}
	if (strncmp(h->dir, "cases/", 6) ||
	    admin_case(&k->u->admin, h->dir + 6, &c, NULL) < 0 ||
	    strcmp(c->id, h->dir + 6) || !admin_is_member(c, m->user))
		return err_set(e, ERR_DENIED, "'%s' is not for whom you are",
			       h->dir);
	return casefile_stream(k->u, c, out, e);
}

static int compose(struct keeper *k, const struct handed *h,
		   struct bytes members, uint64_t n, struct buf *text,
		   struct err *e)
{
	struct draft d;

	draft_begin(&d, h->kind, vault_origin(k->u->vault), h->dir, n,
		    clock_wall_ms());
	if (k->u->admin.anchor.has_token)
		jsonw_hex(&d.w, "anchor", k->u->admin.anchor.token, 32);
	buf_addb(&d.text, members);
	buf_addb(text, buf_view(&d.text));
	if (d.text.failed || text->failed)
		err_set(e, ERR_RANGE, "the statement is too long");
	draft_release(&d);
	return text->failed;
}

static int begin_group(struct keeper *k, struct err *e)
{
	if (k->ngroup == KEEPER_GROUP_MAX && keeper_commit(k, e) < 0)
		return ERR_IO;
	return k->batch ? 0 : batch_begin(k->u->vault, &k->batch, e);
}

static int add(struct keeper *k, struct member *m, const struct handed *h,
	       struct stream *s, struct bytes note, const char *case_id,
	       struct err *e)
{
	struct store_item item = {
		.kind = (uint16_t)h->leaf, .statement = note,
		.flags = (uint16_t)(glass_flags(h->kind) |
				    (k->u->admin.lab ? LEAF_FLAG_LAB : 0)),
		.externals = h->files, .nexternals = (unsigned)h->nfiles,
	};
	struct waiting *w = &k->group[k->ngroup];
	int r;

	secret_random(item.salt, sizeof item.salt);
	r = batch_add(k->batch, s, &item, clock_wall_ms(), &w->seq, e);
	if (r == ERR_LIMIT && k->ngroup) {
		/* The group is full of objects: this one begins the next. */
		if (keeper_commit(k, e) < 0 || begin_group(k, e) < 0)
			return ERR_IO;
		return add(k, m, h, s, note, case_id, e);
	}
	if (r < 0) {
		/* Refused at the door the group goes on; a write that failed
		 * ends it, and the flush tells everybody. */
		if (r == ERR_IO)
			keeper_flush(k);
		return r;
	}
	w->id = m->id;
	snprintf(w->case_id, sizeof w->case_id, "%s", case_id ? case_id : "");
	k->ngroup++;
	return 0;
}

/* Signed here, once it says what it must: the user who logged in. */
static int by_service(struct keeper *k, struct member *m, struct handed *h,
		      struct bytes members, struct stream *s, struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX), text = BUF_INIT(NOTE_TEXT_MAX);
	struct statement st = { 0 };
	const char *user;
	int r = h->leaf == LEAF_ACCESS || h->leaf == LEAF_REFUSED ? 0
		: err_set(e, ERR_DENIED, "no such record is made for others");

	if (r == 0)
		r = begin_group(k, e);
	if (r == 0)
		r = compose(k, h, members, batch_number(k->batch, s), &text, e);
	if (r == 0)
		r = note_sign(buf_view(&text), &k->keys->collector, 1, &note,
			      e);
	if (r == 0)
		r = statement_read(buf_view(&note), &st, e);
	if (r == 0) {
		user = json_opt_str(st.json, "user");
		if (!user || strcmp(user, m->user))
			r = err_set(e, ERR_DENIED, "the record names another "
				    "user");
	}
	if (r == 0)
		r = add(k, m, h, s, buf_view(&note),
			!strcmp(h->kind, "access") && h->leaf == LEAF_ACCESS
			? json_opt_str(st.json, "case") : NULL, e);
	statement_release(&st);
	buf_release(&text);
	buf_release(&note);
	return r;
}

static int held_by_another(const struct keeper *k, const struct member *me,
			   const char *dir)
{
	for (const struct member *m = k->members; m; m = m->next)
		if (m != me && *m->held && !strcmp(m->held, dir))
			return 1;
	return 0;
}

int keeper_record(struct keeper *k, struct member *m, struct bytes msg)
{
	struct err e = ERR_INIT;
	struct stream *s = NULL;
	struct bytes members;
	struct handed h;
	int r = read_handed(msg, &h, &members);

	if (r < 0)
		goto out;
	if (*m->held || !m->begun || m->mode == KEEPER_ALONE) {
		r = ERR_FORMAT;
		goto out;
	}
	if (k->turn) {
		r = 1;
		goto out;
	}
	r = keeper_somebody(k, m, &e);
	if (r == 0)
		r = stream_of(k, m, &h, &s, &e);
	if (r == 0 && held_by_another(k, m, h.dir)) {
		r = 1;
		goto out;
	}
	if (r == 0 && strncmp(h.dir, "audit/", 6) && k->full)
		r = err_set(&e, ERR_IO, "the disk is full: only reading goes "
			    "on");
	if (r == 0 && !strncmp(h.dir, "audit/", 6)) {
		r = by_service(k, m, &h, members, s, &e);
	} else if (r == 0) {
		/* The user signs; nobody else writes there meanwhile. */
		h.n = stream_count(s);
		if (k->batch)
			h.n = batch_number(k->batch, s);
		r = compose(k, &h, members, h.n, &h.text, &e);
		if (r == 0) {
			memcpy(m->held, h.dir, sizeof m->held);
			m->held_until = clock_boot_ms() + KEEPER_SIGN_MS;
			m->signing = h;
			keeper_answer(k, m, KEEPER_ASK, buf_view(&h.text));
			return 0;
		}
	}
	if (r < 0)
		r = keeper_refuse(k, m, &e);
out:
	handed_release(&h);
	return r;
}

int keeper_signed(struct keeper *k, struct member *m, struct bytes msg)
{
	struct handed *h = &m->signing;
	struct buf note = BUF_INIT(NOTE_MAX);
	struct err e = ERR_INIT;
	struct stream *s = NULL;
	struct bytes text;
	int r;

	if (!*m->held) {
		/* It took too long: somebody else had the number. */
		err_set(&e, ERR_TIMEOUT, "signing took too long");
		return keeper_refuse(k, m, &e);
	}
	if (k->turn)
		return 1;
	r = keeper_somebody(k, m, &e);
	if (r == 0)
		r = stream_of(k, m, h, &s, &e);
	buf_addb(&note, buf_view(&h->text));
	buf_addc(&note, '\n');
	buf_addb(&note, msg);
	if (r == 0 && (note.failed ||
		       note_open(buf_view(&note), &m->key, 1, &text, NULL) ||
		       !bytes_eq(text, buf_view(&h->text))))
		r = err_set(&e, ERR_DENIED, "the statement is not signed by "
			    "'%s'", m->user);
	if (r == 0)
		r = begin_group(k, &e);
	if (r == 0 && batch_number(k->batch, s) != h->n)
		r = err_set(&e, ERR_BUSY, "somebody wrote in between: try "
			    "again");
	/* The house's rules, as of this very leaf. */
	if (r == 0 && s == k->u->admin_stream)
		r = admin_apply(&k->u->admin, buf_view(&note), &e);
	if (r == 0) {
		r = add(k, m, h, s, buf_view(&note), NULL, &e);
		if (r < 0 && s == k->u->admin_stream)
			k->dead = 1;	/* the state ran ahead of the log */
	}
	m->held[0] = '\0';
	handed_release(h);
	buf_release(&note);
	return r < 0 ? keeper_refuse(k, m, &e) : 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A unit as the custody service opens it: its keeper with the keys alone, its
 * sessions with what the keeper and the user's side do for them.
 */
#include "cases/unit.h"

#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

static struct unit_keys *keys_copy(const struct unit_keys *k)
{
	struct unit_keys *copy = secret_alloc(sizeof *copy);

	if (copy)
		*copy = *k;
	return copy;
}

static struct unit *new_unit(const char *path, const char *user, struct err *e)
{
	char format[FILE_PATH_MAX];
	struct unit *u;

	if (file_path(format, path, "FORMAT", NULL) < 0 ||
	    !file_exists(format)) {
		err_set(e, ERR_NOENT, "there is no vault in '%s'", path);
		return NULL;
	}
	u = calloc(1, sizeof *u);
	if (!u) {
		err_set(e, ERR_NOMEM, "no memory for the unit");
		return NULL;
	}
	admin_init(&u->admin);
	snprintf(u->user_name, sizeof u->user_name, "%s", user);
	return u;
}

int unit_open_keys(const char *path, const struct unit_keys *keys,
		   enum vault_mode mode, struct unit **out, struct err *e)
{
	struct unit *u = new_unit(path, UNIT_TIMER, e);
	int r;

	if (!u)
		return e && e->code ? e->code : ERR_NOENT;
	u->keys = keys_copy(keys);
	r = u->keys ? vault_open(path, mode, u->keys->log.seed, &u->vault, e)
		    : err_set(e, ERR_NOMEM, "no memory for keys");
	if (r == 0) {
		u->writable = mode == VAULT_WRITE;
		r = unit_enter(u, e);
	}
	if (r < 0)
		unit_close(u);
	else
		*out = u;
	return r;
}

/* The public halves only: what a session needs to seal, and to compare. */
static int public_keys(struct unit *u, const char *path, struct err *e)
{
	struct buf text = BUF_INIT(KEYFILE_MAX);
	struct unit_pub pub;
	char file[FILE_PATH_MAX];
	int r = file_path(file, path, "admin/unit.pub", NULL);

	if (r == 0)
		r = file_read(file, &text, e);
	if (r == 0)
		r = unit_pub_read(buf_view(&text), &pub, e);
	buf_release(&text);
	if (r < 0)
		return r;
	u->keys = secret_alloc(sizeof *u->keys);
	if (!u->keys)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	u->keys->log.vkey = pub.log;
	u->keys->collector.vkey = pub.collector;
	u->keys->export.pub = pub.export;
	memcpy(u->keys->receive.recipient, pub.receive, 32);
	return 0;
}

/* The user whose secrets are elsewhere: public halves as the log has them. */
static int public_user(struct unit *u, struct err *e)
{
	const struct admin_user *who = admin_user(&u->admin, u->user_name);

	if (!who)
		return err_set(e, ERR_DENIED, "user '%s' is not entered in "
			       "this vault", u->user_name);
	if (who->revoked)
		return err_set(e, ERR_DENIED, "user '%s' was revoked",
			       u->user_name);
	u->user = secret_alloc(sizeof *u->user);
	if (!u->user)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	u->user->sign.vkey = who->sign;
	memcpy(u->user->receive.recipient, who->receive, 32);
	return 0;
}

int unit_open_service(const char *path, const char *user,
		      const struct unit_link *link,
		      const struct unit_keys *keys,
		      int (*take)(void *arg, struct err *e),
		      void (*give)(void *arg, int failed), void *arg,
		      struct unit **out, struct err *e)
{
	struct unit *u = new_unit(path, user, e);
	int r;

	if (!u)
		return e && e->code ? e->code : ERR_NOENT;
	u->link = link;
	if (keys) {
		u->keys = keys_copy(keys);
		r = u->keys ? vault_share(path, keys->log.seed, take, give,
					  arg, &u->vault, e)
			    : err_set(e, ERR_NOMEM, "no memory for keys");
	} else {
		r = vault_open(path, VAULT_READ, NULL, &u->vault, e);
		if (r == 0)
			r = public_keys(u, path, e);
	}
	if (r == 0)
		r = unit_enter(u, e);
	if (r == 0)
		r = public_user(u, e);
	u->writable = r == 0;
	if (r < 0)
		unit_close(u);
	else
		*out = u;
	return r;
}

int unit_admin_on(struct unit *u, struct err *e)
{
	struct buf slots = BUF_INIT((size_t)16 << 20);
	int r = 0;

	if (u->link && u->link->slots) {
		r = u->link->slots(u->link->arg, stream_slots(u->admin_stream),
				   &slots, e);
		if (r == 0)
			r = stream_slots_put(u->admin_stream, buf_view(&slots),
					     e);
		buf_wipe(&slots);
	} else {
		r = stream_unlock(u->admin_stream, u->keys->receive.secret, e);
	}
	return r == 0 ? unit_replay(u, e) : r;
}

int unit_refresh(struct unit *u, struct err *e)
{
	int changed = 0, r = vault_refresh(u->vault, &changed, e);

	if (r == 0 && changed) {
		r = stream_refresh(u->admin_stream, e);
		if (r == 0 && stream_count(u->admin_stream) > u->admin.count)
			r = unit_admin_on(u, e);
	}
	for (size_t i = 0; r == 0 && changed && i < u->nstreams; i++)
		r = stream_refresh(u->streams[i].stream, e);
	return r;
}

int unit_record_link(struct unit *u, struct unit_write *w, unsigned leaf,
		     const struct store_external *files, size_t nfiles,
		     uint64_t *seq_out, struct err *e)
{
	struct bytes text;
	int r = draft_close(&w->draft, &text, e);

	/* What takes the unit's own keys takes a session that has them. */
	if (r == 0 && (w->also || w->flags || w->program))
		r = err_set(e, ERR_UNSUPPORTED, "no such statement is made "
			    "beside the service's writer");
	if (r == 0)
		r = u->link->record(u->link->arg, w->dir, w->kind,
				    BYTES(text.p + w->head,
					  text.len - w->head),
				    leaf, files, nfiles, seq_out, e);
	/* What was just written is to be seen, as if written here. */
	return r == 0 ? unit_refresh(u, e) : r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/epoch.h"

#include "cases/case_secret.h"
#include "cases/casefile.h"
#include "cases/erasure.h"
#include "cases/erasure_caches.h"
#include "cases/permit.h"
#include "cases/unit_int.h"
#include "cases/upkeep.h"
#include "store/rekey.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define WRAPS_MAX 61
#define EXTERNALS_MAX 64	/* of one statement */
#define PATH 160
#define DIR 64

/* The wraps the statement vouches for: the new ones, and that the old go. */
struct renewal {
	char new[WRAPS_MAX][PATH], old[WRAPS_MAX][PATH];
	char more[UPKEEP_FILES][UPKEEP_PATH];	/* escrow, broken glass */
	const char *files[2 * WRAPS_MAX + UPKEEP_FILES];
	unsigned nnew, nold, nmore, nfiles;
	struct age_identity *id;	/* the new key; secret memory */
	uint8_t *was;			/* the secret before; secret memory */
};

static int too_many(const struct admin_case *c, struct err *e)
{
	return err_set(e, ERR_LIMIT, "case '%s' has more wraps than one "
		       "statement can name", c->reference);
}

/* A wrap for every member, under the new epoch. */
static int put_wraps(struct unit *u, const struct admin_case *c,
		     struct renewal *n, struct err *e)
{
	char dir[DIR];
	int r;

	snprintf(dir, sizeof dir, "cases/%s/wraps/%u", c->id, c->epoch + 1);
	r = unit_mkdir(u, dir, e);
	for (size_t i = 0; r == 0 && i < c->nmembers; i++) {
		const struct admin_user *m = admin_user(&u->admin,
							c->members[i]);

		if (!m || m->revoked)
			continue;
		if (n->nnew == WRAPS_MAX)
			return too_many(c, e);
		snprintf(n->new[n->nnew], PATH, "%s/%.64s.age", dir, m->name);
		n->files[n->nfiles++] = n->new[n->nnew];
		r = case_secret_wrap(u, n->new[n->nnew++], m->receive,
				     n->id->secret, e);
	}
	if (r == 0)
		r = upkeep_put(u, c->id, c->epoch + 1, n->id->secret, n->more,
			       &n->nmore, e);
	for (unsigned i = 0; r == 0 && i < n->nmore; i++)
		n->files[n->nfiles++] = n->more[i];
	return r;
}

/* Everything that opens the case's secret as it was. */
static int find_old(struct unit *u, const struct admin_case *c,
		    struct renewal *n, struct err *e)
{
	char dir[DIR], path[FILE_PATH_MAX], **names;
	int r;

	snprintf(dir, sizeof dir, "cases/%s/wraps/%u", c->id, c->epoch);
	r = unit_path(u, dir, path, e);
	if (r == 0)
		r = file_list(path, &names, NULL, e);
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		if (n->nold == WRAPS_MAX) {
			r = too_many(c, e);
			break;
		}
		snprintf(n->old[n->nold], PATH, "%s/%.80s", dir, *p);
		n->files[n->nfiles++] = n->old[n->nold];
		r = unit_drop(u, n->old[n->nold++], e);
	}
	free(names);
	return r;
}

static int record(struct unit *u, const char *case_id, struct renewal *n,
		  const struct rekey *k, const char *reason, struct err *e)
{
	char public[AGE_RECIPIENT_TEXT];
	const struct admin_case *c = NULL;
	struct unit_write w;
	int r = casefile_find(u, case_id, &c, e);

	if (r < 0)
		return r;
	if (n->nfiles + REKEY_EXTERNALS > EXTERNALS_MAX)
		return too_many(c, e);
	r = unit_begin(u, "case-epoch", &w, e);
	if (r < 0)
		return r;
	age_recipient_str(n->id->recipient, public);
	jsonw_str(&w.draft.w, "case", case_id);
	jsonw_int(&w.draft.w, "epoch", (int64_t)c->epoch + 1);
	jsonw_str(&w.draft.w, "public", public);
	jsonw_str(&w.draft.w, "reason", reason);
	upkeep_say(u, &w.draft.w);
	w.more = rekey_externals(k, &w.nmore);
	return unit_commit(u, &w, n->files, n->nfiles, NULL, e);
}

static int renew(struct unit *u, const char *case_id, struct renewal *n,
		 const char *reason, struct err *e)
{
	const struct admin_case *c = NULL;
	struct stream *s = NULL;
	struct rekey *k = NULL;
	int r = casefile_find(u, case_id, &c, e);

	if (r == 0)
		r = permit_check(&u->admin, u->user_name, PERMIT_CASE_EPOCH, c,
				 e);
	if (r == 0)
		r = case_secret_open(u, c, n->was, e);
	if (r == 0)
		r = casefile_stream(u, c, &s, e);
	if (r == 0)
		r = stream_unlock(s, n->was, e);
	if (r == 0)
		r = find_old(u, c, n, e);
	if (r == 0)
		r = put_wraps(u, c, n, e);
	if (r == 0)
		r = rekey_begin(s, n->id->recipient, &k, e);
	if (r < 0)
		return r;
	r = record(u, case_id, n, k, reason, e);
	if (r < 0) {
		rekey_abort(k);
		unit_unstage(u, 1);
		return r;
	}
	r = rekey_finish(k, e);
	/* Sealed to the key before: they could not be opened any more. */
	return r < 0 ? r : erasure_epoch_caches(u, case_id, e);
}

int epoch_renew(struct unit *u, const char *case_id, const char *reason,
		struct err *e)
{
	struct renewal *n = calloc(1, sizeof *n);
	char id[17];
	int r = ERR_NOMEM;

	snprintf(id, sizeof id, "%s", case_id);
	if (n) {
		n->id = secret_alloc(sizeof *n->id);
		n->was = secret_alloc(32);
	}
	if (!n || !n->id || !n->was) {
		err_set(e, r, "no memory for keys");
		goto out;
	}
	age_identity_new(n->id, NULL);
	r = renew(u, id, n, reason, e);
out:
	if (n) {
		secret_free(n->id);
		secret_free(n->was);
	}
	free(n);
	return r;
}

int epoch_renew_due(struct unit *u, const char *case_id, struct err *e)
{
	const struct admin_case *c = NULL;
	int r = casefile_find(u, case_id, &c, e);

	if (r < 0 || !c->epoch_due || c->purged || !u->user || !u->writable ||
	    !vault_writes(u->vault) ||
	    !admin_is_member(c, u->user_name) ||
	    permit_check(&u->admin, u->user_name, PERMIT_CASE_EPOCH, c, NULL))
		return r;
	return epoch_renew(u, case_id, erasure_pending(c)
			   ? "something was erased" : "a member left", e);
}

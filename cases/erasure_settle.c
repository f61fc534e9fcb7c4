/* SPDX-License-Identifier: EUPL-1.2 */
/* The last step of erasing: the slots go, and a certificate says so. */
#include "cases/erasure.h"

#include "cases/casefile.h"
#include "cases/epoch.h"
#include "cases/erasure_caches.h"
#include "cases/unit_int.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define FILES_MAX 60

unsigned erasure_pending(const struct admin_case *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->nerasures; i++)
		n += c->erasures[i].certified_ms == 0;
	return n;
}

/*
 * The bytes are gone already, unless who was at it died beside a vault that
 * others kept open.
 */
static int bytes_again(struct unit *u, const struct admin_case *c,
		       struct err *e)
{
	struct stream *s = NULL;
	int r = casefile_stream(u, c, &s, e);

	for (size_t i = 0; r == 0 && i < c->nerasures; i++)
		if (c->erasures[i].certified_ms == 0)
			r = erase_run(s, c->erasures[i].what, NULL, NULL, e);
	return r;
}

static int certify(struct unit *u, const struct admin_case *c,
		   const struct admin_erasure *x, const char *const *files,
		   size_t nfiles, struct err *e)
{
	char when[CLOCK_RFC3339_MAX], list[ERASE_PATH_MAX];
	const char *all[FILES_MAX + 1];
	int64_t now = clock_wall_ms();
	struct unit_write w;
	int r;

	snprintf(list, sizeof list, "%s", x->list);
	all[0] = list;
	for (size_t i = 0; i < nfiles; i++)
		all[i + 1] = files[i];
	r = unit_begin(u, "erasure-certificate", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "case", c->id);
	jsonw_str(&w.draft.w, "list", list);
	if (*x->order)
		jsonw_str(&w.draft.w, "order_id", x->order);
	jsonw_int(&w.draft.w, "objects", (int64_t)x->objects);
	jsonw_int(&w.draft.w, "bytes", (int64_t)x->bytes);
	jsonw_str(&w.draft.w, "decided", clock_rfc3339(x->time_ms, when));
	if (!c->purged)
		jsonw_int(&w.draft.w, "epoch", c->epoch);
	/* Until then a backup of keys could open an old copy. */
	jsonw_str(&w.draft.w, "complete",
		  clock_rfc3339(u->admin.key_backup_ms > now
				? u->admin.key_backup_ms : now, when));
	return unit_record(u, &w, LEAF_ERASURE, all, nfiles + 1, NULL, e);
}

/* --- a whole case ------------------------------------------------------------- */

struct names {
	char name[FILES_MAX][128];
	const char *p[FILES_MAX];
	size_t n;
};

static int add_name(struct names *f, const char *dir, const char *name)
{
	if (f->n == FILES_MAX || snprintf(f->name[f->n], sizeof f->name[0],
					  "%s/%s", dir, name)
				 >= (int)sizeof f->name[0])
		return ERR_LIMIT;
	f->p[f->n] = f->name[f->n];
	f->n++;
	return 0;
}

static int list_dir(struct unit *u, const char *rel, struct names *f,
		    struct err *e)
{
	char path[FILE_PATH_MAX], **names;
	int r = unit_path(u, rel, path, e);

	if (r == 0)
		r = file_list(path, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++)
		r = add_name(f, rel, *p);
	free(names);
	return r;
}

/* Slots, wraps, tag and dedup keys.  Wraps of an epoch that is over are gone. */
static int purge_keys(struct unit *u, const struct admin_case *c,
		      struct names *f, struct err *e)
{
	char dir[32], sub[64];
	int r;

	snprintf(dir, sizeof dir, "cases/%s", c->id);
	snprintf(sub, sizeof sub, "%s/keys", dir);
	r = list_dir(u, sub, f, e);
	for (unsigned i = 1; r == 0 && i <= c->epoch; i++) {
		snprintf(sub, sizeof sub, "%s/wraps/%u", dir, i);
		r = list_dir(u, sub, f, e);
	}
	if (r == 0)
		r = add_name(f, dir, "tag.age");
	if (r == ERR_LIMIT)
		r = err_set(e, r, "case '%s' has too many keys to purge at "
			    "once", c->reference);
	/* They go when the certificate that says so is durable. */
	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = unit_drop(u, f->p[i], e);
	return r;
}

static int settle_purge(struct unit *u, const char *case_id, unsigned *done,
			struct err *e)
{
	struct names *f = calloc(1, sizeof *f);
	const struct admin_case *c = NULL;
	int r = casefile_find(u, case_id, &c, e);

	if (!f)
		return err_set(e, ERR_NOMEM, "no memory to purge a case");
	if (r == 0)
		r = erasure_caches(u, c, NULL, e);
	if (r == 0)
		r = purge_keys(u, c, f, e);
	for (size_t i = 0; r == 0 && i < c->nerasures; i++) {
		char dir[32];

		if (c->erasures[i].certified_ms)
			continue;
		snprintf(dir, sizeof dir, "cases/%s", c->id);
		unit_stream_drop(u, dir);
		r = certify(u, c, &c->erasures[i], f->p, f->n, e);
		*done += r == 0;
		f->n = 0;
		if (r == 0)
			r = casefile_find(u, case_id, &c, e);
	}
	free(f);
	return r;
}

/* --- items ---------------------------------------------------------------------- */

int erasure_settle(struct unit *u, const char *case_id, unsigned *done_out,
		   struct err *e)
{
	const struct admin_case *c = NULL;
	unsigned done = 0;
	int r = casefile_find(u, case_id, &c, e);

	if (done_out)
		*done_out = 0;
	/* A session beside the service's writer leaves it to one that writes. */
	if (r < 0 || !u->writable || !vault_writes(u->vault))
		return r;
	if (!erasure_pending(c))
		return epoch_renew_due(u, case_id, e);
	if (c->purged) {
		r = settle_purge(u, case_id, &done, e);
		goto out;
	}
	r = bytes_again(u, c, e);
	if (r == 0)
		r = epoch_renew_due(u, case_id, e);
	if (r == 0)
		r = casefile_find(u, case_id, &c, e);
	for (size_t i = 0; r == 0 && i < c->nerasures; i++) {
		const struct admin_erasure *x = &c->erasures[i];

		if (x->certified_ms || c->epoch <= x->epoch)
			continue;
		r = certify(u, c, x, NULL, 0, e);
		done += r == 0;
		if (r == 0)
			r = casefile_find(u, case_id, &c, e);
	}
out:
	if (done_out)
		*done_out = done;
	return r;
}

int erasure_resume(struct unit *u, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->admin.ncases; i++) {
		const struct admin_case *c = &u->admin.cases[i];
		char id[17];

		memcpy(id, c->id, sizeof id);
		if (c->purged && erasure_pending(c))
			r = erasure_settle(u, id, NULL, e);
	}
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/custody.h"

#include "cases/access.h"
#include "cases/case_secret.h"
#include "cases/casefile.h"
#include "cases/deny.h"
#include "cases/erasure.h"
#include "cases/glass.h"
#include "cases/unit_int.h"
#include "cases/upkeep.h"
#include "store/seal.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

struct grant {
	struct unit *u;
	struct stream *stream;
	struct age_identity *id;	/* the case's, secret memory */
	uint64_t *items;		/* sorted; NULL: any */
	size_t nitems;
	uint64_t seq;
	char case_id[17];
	char command[64];
	char *reference;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * May who is logged in read this case, or export it?  What is refused is sealed
 * too.  Who may read content but is no member may break the glass: its id is
 * then in glass_out, else "".
 */
static int permitted(struct unit *u, const struct access *a,
		     const struct admin_case *c, char glass_out[static 17],
		     struct err *e)
{
	enum permit_act act = a->act ? a->act : PERMIT_READ;
	const char *user = u->user ? u->user_name : NULL;
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	char id[17];
	int r = permit_check(&u->admin, user, act, c, to);

	glass_out[0] = '\0';
	memcpy(id, c->id, sizeof id);
	if (r == ERR_DENIED && a->glass && act == PERMIT_READ && user)
		return glass_break_read(u, id, a->glass, glass_out, to);
	return unit_denied(u, r, a->command, id, a->why, to);
}

int custody_log(struct unit *u, const struct access *a, struct grant **out,
		struct err *e)
{
	const struct admin_case *c = NULL;
	struct access as = *a;
	struct grant *g = NULL;
	char glass[17] = "";
	int r = access_reason(a->why, e);

	if (r == 0 && a->nitems > CUSTODY_ITEMS_MAX)
		r = err_set(e, ERR_RANGE, "more than %d items at once",
			    CUSTODY_ITEMS_MAX);
	if (r == 0)
		r = casefile_find(u, a->case_name, &c, e);
	if (r == 0)
		r = permitted(u, a, c, glass, e);
	/* A broken glass is a statement: the state may have moved. */
	if (r == 0 && *glass) {
		as.glass_id = glass;
		r = casefile_find(u, a->case_name, &c, e);
	}
	/* Slots of what was erased with nobody logged in go now, and with them
	 * a key that somebody who left still knows. */
	if (r == 0 && u->link && u->link->record &&
	    (c->epoch_due || erasure_pending(c)))
		/* A service's reading session has no key to do it with. */
		r = err_set(e, ERR_BUSY, "the case waits for a new key: a member "
			    "gives it with 'scelle reindex'");
	else if (r == 0)
		r = erasure_settle(u, c->id, NULL, e);
	if (r == 0)
		r = casefile_find(u, a->case_name, &c, e);
	if (r < 0 || !c)
		return r;
	g = calloc(1, sizeof *g);
	if (g) {
		g->u = u;
		snprintf(g->command, sizeof g->command, "%s", a->command);
		snprintf(g->case_id, sizeof g->case_id, "%s", c->id);
		g->reference = strdup(c->reference);
		g->id = secret_alloc(sizeof *g->id);
		g->items = a->items ? calloc(a->nitems + 1, sizeof *g->items)
				    : NULL;
	}
	if (!g || !g->reference || !g->id || (a->items && !g->items)) {
		r = err_set(e, ERR_NOMEM, "no memory for an access");
		goto out;
	}
	if (a->items) {
		memcpy(g->items, a->items, a->nitems * sizeof *g->items);
		g->nitems = a->nitems;
		qsort(g->items, g->nitems, sizeof *g->items, by_number);
	}
	r = casefile_stream(u, c, &g->stream, e);
	if (r < 0)
		goto out;
	/* Nothing below happens unless this is durable. */
	r = access_record(u, &as, g->case_id, stream_count(g->stream), &g->seq,
			  e);
	if (r < 0)
		goto out;
	r = casefile_find(u, g->case_id, &c, e);
	if (r == 0)
		r = *glass ? upkeep_glass_open(u, c, g->id->secret, e)
			   : case_secret_open(u, c, g->id->secret, e);
	if (r < 0)
		goto out;
	age_identity_from(g->id, g->id->secret);
	r = stream_unlock(g->stream, g->id->secret, e);
	if (r == 0 && !*glass)
		r = upkeep(u, g->case_id, g->id->secret, e);
out:
	if (r < 0)
		custody_close(g);
	else
		*out = g;
	return r;
}

void custody_close(struct grant *g)
{
	if (!g)
		return;
	secret_free(g->id);
	free(g->items);
	free(g->reference);
	free(g);
}

int custody_shown(struct grant *g, const struct shown *s, struct err *e)
{
	return access_shown(g->u, g->command, g->case_id, g->seq, s, e);
}

uint64_t custody_count(const struct grant *g)
{
	return stream_count(g->stream);
}

int custody_objects(const struct grant *g, uint64_t n, unsigned *out,
		    struct err *e)
{
	return stream_objects(g->stream, n, out, e);
}

static int covered(const struct grant *g, uint64_t n, struct err *e)
{
	if (!g->items || bsearch(&n, g->items, g->nitems, sizeof *g->items,
				 by_number))
		return 0;
	return err_set(e, ERR_DENIED, "item %llu is not among those the access "
		       "record names", (unsigned long long)n);
}

/* What is gone by an erasure is said so, with its order. */
static int say_erased(const struct grant *g, uint64_t n, unsigned object, int r,
		      struct err *e)
{
	const struct admin_case *c = NULL;
	const struct admin_erasure *x = NULL;
	char words[ERASURE_WORDS_MAX];

	if (r == ERR_NOENT && casefile_find(g->u, g->case_id, &c, NULL) == 0)
		x = admin_erased(c, n, object);
	if (!x)
		return r;
	return object ? err_set(e, r, "item %llu, object %u: %s",
				(unsigned long long)n, object,
				erasure_words(x, words))
		      : err_set(e, r, "item %llu: %s", (unsigned long long)n,
				erasure_words(x, words));
}

int custody_get(struct grant *g, uint64_t n, unsigned object,
		struct buf *plain, uint8_t *salt_out, struct err *e)
{
	int r = covered(g, n, e);

	return r < 0 ? r : say_erased(g, n, object,
				      stream_get(g->stream, n, object, plain,
						 salt_out, e), e);
}

int custody_sealed(struct grant *g, uint64_t n, unsigned object,
		   struct buf *sealed, uint8_t identity_out[static 32],
		   struct err *e)
{
	int r = covered(g, n, e);

	return r < 0 ? r : say_erased(g, n, object,
				      stream_sealed(g->stream, n, object,
						    sealed, identity_out, e),
				      e);
}

const struct stream *custody_stream(const struct grant *g)
{
	return g->stream;
}

struct stream *custody_unlocked(struct grant *g)
{
	return g->items ? NULL : g->stream;
}

int custody_tag_key(const struct grant *g, uint8_t out[static 32],
		    struct err *e)
{
	uint8_t keys[64];	/* tag key, then dedup key */
	char rel[64];
	int r;

	snprintf(rel, sizeof rel, "cases/%s/tag.age", g->case_id);
	r = unit_sealed(g->u, rel, keys, sizeof keys, e);
	if (r == 0)
		memcpy(out, keys, 32);
	secret_wipe(keys, sizeof keys);
	return r;
}

const char *custody_case_id(const struct grant *g)
{
	return g->case_id;
}

const char *custody_case_reference(const struct grant *g)
{
	return g->reference;
}

uint64_t custody_seq(const struct grant *g)
{
	return g->seq;
}

int custody_unseal(struct grant *g, struct bytes sealed, struct buf *plain,
		   struct err *e)
{
	return age_decrypt(g->id, 1, sealed, plain, e);
}

int custody_open(struct grant *g, struct bytes sealed, struct buf *plain,
		 struct err *e)
{
	return open_object(g->id->secret, sealed, plain, e);
}

const uint8_t *custody_public(const struct grant *g)
{
	return g->id->recipient;
}

int custody_record(struct grant *g, const char *kind, struct unit_write *w,
		   struct err *e)
{
	char dir[CASE_DIR_MAX];

	snprintf(dir, sizeof dir, "cases/%s", g->case_id);
	return unit_begin_in(g->u, g->stream, dir, kind, w, e);
}

/* --- the audit's own reading ------------------------------------------------ */

static int month_stream(struct unit *u, const char *month, struct stream **out,
			struct err *e)
{
	const struct admin_month *m = admin_month(&u->admin, month);

	if (!m)
		return err_set(e, ERR_NOENT, "there is no audit of '%s'",
			       month);
	return unit_month_open(u, m, out, e);
}

int custody_audit(struct unit *u, const char *month, const char *why,
		  int (*each)(void *arg, uint64_t n, struct bytes note,
			      struct err *e),
		  void *arg, struct err *e)
{
	struct access a = { .command = "audit", .why = why, .query = month };
	struct buf note = BUF_INIT(NOTE_MAX);
	struct stream *s = NULL;
	uint8_t *secret = secret_alloc(32);
	struct err own = ERR_INIT;
	uint64_t n = 0;
	int r;

	if (!secret) {
		r = err_set(e, ERR_NOMEM, "no memory for keys");
		goto out;
	}
	r = access_reason(why, e);
	if (r < 0)
		goto out;
	r = permit_check(&u->admin, u->user ? u->user_name : NULL, PERMIT_AUDIT,
			 NULL, e ? e : &own);
	r = unit_denied(u, r, "audit", NULL, why, e ? e : &own);
	if (r < 0)
		goto out;
	r = month_stream(u, month, &s, e);
	if (r == 0)
		r = access_record(u, &a, NULL, 0, NULL, e);
	if (r == 0)
		r = unit_month_secret(u, month, secret, e);
	if (r == 0)
		r = stream_unlock(s, secret, e);
	if (r == 0)
		n = stream_count(s);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		buf_clear(&note);
		r = stream_get(s, i, 0, &note, NULL, e);
		if (r == 0)
			r = each(arg, i, buf_view(&note), e);
	}
out:
	secret_free(secret);
	buf_wipe(&note);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Access records: statements in the audit stream of the month, sealed to its
 * key, durable under a signed head when these functions return.
 */
#include "cases/access.h"

#include "cases/mask.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

int access_reason(const char *why, struct err *e)
{
	size_t n = why ? strspn(why, " \t") : 0;

	if (!why || !why[n])
		return err_set(e, ERR_USAGE, "reading takes a reason: --why "
			       "TEXT");
	if (strlen(why) > ADMIN_TEXT_MAX)
		return err_set(e, ERR_USAGE, "the reason is longer than %d "
			       "bytes", ADMIN_TEXT_MAX);
	return 0;
}

/* Begin a statement in the audit stream of the month. */
static int begin(struct unit *u, const char *kind, struct unit_write *w,
		 struct err *e)
{
	struct stream *month = NULL;
	char dir[32];
	int r = unit_month(u, clock_wall_ms(), &month, e);

	if (r < 0)
		return r;
	snprintf(dir, sizeof dir, "audit/%s", u->month_name);
	r = unit_begin_in(u, month, dir, kind, w, e);
	if (r == 0) {
		jsonw_str(&w->draft.w, "user", u->user_name);
		whence_put(&u->from, &w->draft.w);
	}
	return r;
}

/* What a person typed may hold a number that no record shows (R29, R31). */
static void put_masked(struct jsonw *w, const char *key, const char *text)
{
	struct buf b = BUF_INIT((size_t)1 << 20);

	if (!text)
		return;
	mask_text(bytes_str(text), &b);
	if (b.failed)
		w->out->failed = b.failed;
	else
		jsonw_bytes(w, key, buf_view(&b));
	buf_wipe(&b);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One number, or [first, last]. */
static void put_range(struct jsonw *w, uint64_t first, uint64_t last)
{
	if (first == last) {
		jsonw_int(w, NULL, (int64_t)first);
		return;
	}
	jsonw_open(w, NULL, '[');
	jsonw_int(w, NULL, (int64_t)first);
	jsonw_int(w, NULL, (int64_t)last);
	jsonw_close(w, ']');
}

/* Numbers in their order, runs of them as one range; none twice. */
static void put_items(struct jsonw *w, const char *key, const uint64_t *items,
		      size_t n)
{
	uint64_t *sorted = calloc(n + 1, sizeof *sorted);

	if (!sorted) {
		w->out->failed = ERR_NOMEM;
		return;
	}
	if (n)
		memcpy(sorted, items, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_number);
	jsonw_open(w, key, '[');
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && sorted[k] - sorted[k - 1] <= 1; k++)
			;
		put_range(w, sorted[i], sorted[k - 1]);
	}
	jsonw_close(w, ']');
	free(sorted);
}

int access_record(struct unit *u, const struct access *a, const char *case_id,
		  uint64_t reach, uint64_t *seq_out, struct err *e)
{
	struct unit_write w;
	struct jsonw *j = &w.draft.w;
	int r = begin(u, "access", &w, e);

	if (r < 0)
		return r;
	jsonw_str(j, "command", a->command);
	put_masked(j, "why", a->why);
	jsonw_str(j, "case", case_id);
	put_masked(j, "query", a->query);
	if (a->items)
		put_items(j, "items", a->items, a->nitems);
	else if (reach) {
		/* Not "the case": these items, as many as it has now. */
		jsonw_open(j, "reach", '[');
		put_range(j, 0, reach - 1);
		jsonw_close(j, ']');
	}
	if (a->recipient)
		jsonw_str(j, "recipient", a->recipient);
	if (a->subject)
		jsonw_str(j, "subject", a->subject);
	if (a->about)
		jsonw_int(j, "about", (int64_t)(a->about - 1));
	if (a->key)
		jsonw_str(j, "key", a->key);
	if (a->glass_id)
		jsonw_str(j, "glass", a->glass_id);
	if (a->unmasked)
		jsonw_bool(j, "unmasked", 1);
	jsonw_str(j, "software", "scelle " SCELLE_VERSION);
	return unit_record(u, &w, LEAF_ACCESS, NULL, 0, seq_out, e);
}

int access_shown(struct unit *u, const char *command, const char *case_id,
		 uint64_t of, const struct shown *s, struct err *e)
{
	struct unit_write w;
	struct jsonw *j = &w.draft.w;
	int r = begin(u, "shown", &w, e);

	if (r < 0)
		return r;
	jsonw_str(j, "command", command);
	jsonw_str(j, "case", case_id);
	jsonw_int(j, "of", (int64_t)of);
	jsonw_int(j, "page", (int64_t)s->page);
	jsonw_int(j, "rows", (int64_t)s->rows);
	if (s->whole) {
		jsonw_open(j, "items", '[');
		put_range(j, 0, s->whole - 1);
		jsonw_close(j, ']');
	} else if (s->items) {
		put_items(j, "items", s->items, s->nitems);
	}
	if (s->denials)
		jsonw_int(j, "own_denials", (int64_t)s->denials);
	if (!s->more)
		jsonw_str(j, "outcome", s->outcome ? s->outcome : "done");
	return unit_record(u, &w, LEAF_ACCESS, NULL, 0, NULL, e);
}

int custody_refuse(struct unit *u, const char *command, const char *case_name,
		   const char *why, const char *what, struct err *e)
{
	struct unit_write w;
	struct jsonw *j = &w.draft.w;
	int r = begin(u, "refused", &w, e);

	if (r < 0)
		return r;
	jsonw_str(j, "command", command);
	put_masked(j, "case", case_name);
	put_masked(j, "why", why);
	put_masked(j, "refused", what);
	return unit_record(u, &w, LEAF_REFUSED, NULL, 0, NULL, e);
}

int custody_note(struct unit *u, const struct access *a, struct err *e)
{
	return custody_note_at(u, a, NULL, e);
}

int custody_note_at(struct unit *u, const struct access *a, uint64_t *seq_out,
		    struct err *e)
{
	int r = access_reason(a->why, e);

	return r < 0 ? r : access_record(u, a, a->case_name, 0, seq_out, e);
}

int custody_outcome(struct unit *u, const struct access *a, uint64_t of,
		    const struct shown *s, struct err *e)
{
	return access_shown(u, a->command, a->case_name, of, s, e);
}

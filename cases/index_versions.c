/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What changed between two sights of a post, and what its absence says.
 *
 * Compared is what a reader would see: text, media, edit mark, where it came
 * from, links.  Counters are kept beside, as a series; addresses of media
 * change at every visit and do not count.  Where two kinds of page show a post,
 * what one of them does not show is no change.
 */
#include "cases/index_int.h"

#include <stdio.h>
#include <stdlib.h>

#define GAPS_MAX 1000		/* of one page */
#define TEXT_MAX ((size_t)1 << 20)
#define COUNTED_MAX 300

/* --- what two sights have in common --------------------------------------- */

/* plain - a text without what only its setting changed: runs of blanks */
static void plain(const char *s, struct buf *out)
{
	int blank = 0;

	for (; s && *s; s++) {
		if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r') {
			blank = out->len > 0;
			continue;
		}
		if (blank)
			buf_addc(out, ' ');
		blank = 0;
		buf_addc(out, (uint8_t)*s);
	}
}

/* shortened - 1 when a is b cut with an ellipsis */
static int shortened(struct bytes a, struct bytes b)
{
	static const char *const ends[] = { "…", "..." };

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(ends[i]);

		if (a.len > n && b.len > a.len - n &&
		    !memcmp(a.p + a.len - n, ends[i], n) &&
		    !memcmp(a.p, b.p, a.len - n))
			return 1;
	}
	return 0;
}

static int text_differs(const char *a, const char *b, int strict)
{
	struct buf x = BUF_INIT(TEXT_MAX + 1), y = BUF_INIT(TEXT_MAX + 1);
	int differs = 0;

	if (!strict && (!a || !b))
		return 0;
	plain(a, &x);
	plain(b, &y);
	if (x.failed || y.failed)
		differs = !a || !b || strcmp(a, b) != 0;
	else if (x.len != y.len || (x.len && memcmp(x.p, y.p, x.len) != 0))
		differs = strict || (!shortened(buf_view(&x), buf_view(&y)) &&
				     !shortened(buf_view(&y), buf_view(&x)));
	buf_release(&x);
	buf_release(&y);
	return differs;
}

static int value_differs(const json_t *a, const json_t *b, int strict)
{
	const int none_a = !a || json_is_null(a);
	const int none_b = !b || json_is_null(b);

	if (none_a || none_b)
		return strict && none_a != none_b;
	return !json_equal(a, b);
}

static int str_differs(const json_t *a, const json_t *b, const char *key)
{
	const char *x = json_opt_str(a, key), *y = json_opt_str(b, key);

	return strcmp(x ? x : "", y ? y : "") != 0;
}

static int media_differ(const json_t *a, const json_t *b, int strict)
{
	const size_t n = json_array_size(a), m = json_array_size(b);

	if (!strict && (n == 0 || m == 0))
		return 0;
	if (n != m)
		return 1;
	for (size_t i = 0; i < n; i++) {
		const json_t *x = json_array_get(a, i);
		const json_t *y = json_array_get(b, i);

		if (str_differs(x, y, "type") ||
		    (strict && str_differs(x, y, "title")))
			return 1;
	}
	return 0;
}

static void name(struct buf *b, const char *word)
{
	if (b->len)
		buf_addc(b, ' ');
	buf_adds(b, word);
}

void index_changes(const json_t *old, const json_t *new, int strict,
		   struct buf *out)
{
	static const char *const keys[] = { "forwarded_from", "reply_to",
					    "signature", "links" };
	const int was = json_is_true(json_object_get(old, "edited"));
	const int is = json_is_true(json_object_get(new, "edited"));

	if (text_differs(json_opt_str(old, "text"), json_opt_str(new, "text"),
			 strict))
		name(out, "text");
	if (media_differ(json_object_get(old, "media"),
			 json_object_get(new, "media"), strict))
		name(out, "media");
	if (is != was && (strict || is))
		name(out, "edit-mark");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (value_differs(json_object_get(old, keys[i]),
				  json_object_get(new, keys[i]), strict))
			name(out, keys[i]);
	if (value_differs(json_object_get(json_object_get(old, "poll"),
					  "question"),
			  json_object_get(json_object_get(new, "poll"),
					  "question"), strict))
		name(out, "poll");
}

/* --- counters -------------------------------------------------------------- */

/* tally - the last value of one counter; 1 when it is another now */
static int tally(struct index *ix, const char *key, const char *what,
		 const char *value, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_TALLY_READ, e);
	const char *old;
	int same;

	if (!st)
		return ERR_NOMEM;
	index_bind_text(st, 1, key);
	index_bind_text(st, 2, what);
	old = sqlite3_step(st) == SQLITE_ROW
	      ? (const char *)sqlite3_column_text(st, 0) : NULL;
	same = old && !strcmp(old, value);
	sqlite3_reset(st);
	if (same)
		return 0;
	st = index_stmt(ix, STMT_TALLY, e);
	if (!st)
		return ERR_NOMEM;
	index_bind_text(st, 1, key);
	index_bind_text(st, 2, what);
	index_bind_text(st, 3, value);
	return index_step(ix, st, e) < 0 ? ERR_NOMEM : 1;
}

/* worth - a counter's value as text; 0 when it is none */
static int worth(const json_t *v, struct buf *out)
{
	const json_t *r;
	size_t i;

	if (json_is_string(v))
		buf_adds(out, json_string_value(v));
	else if (json_is_integer(v))
		buf_addf(out, "%lld", (long long)json_integer_value(v));
	json_array_foreach(v, i, r) {
		const char *sign = json_opt_str(r, "emoji");

		buf_addf(out, "%s%.32s ", i ? ", " : "", sign ? sign : "?");
		worth(json_object_get(r, "count"), out);
	}
	return out->len > 0 && !out->failed;
}

int index_counted(struct index *ix, const struct index_capture *c,
		  const char *platform, const char *post_id, int64_t post,
		  const json_t *o, struct err *e)
{
	static const char *const names[] = { "views", "plays", "likes",
		"dislikes", "score", "replies", "comments", "reposts",
		"reblogs", "retweets", "quotes", "shares", "favourites",
		"bookmarks", "saves", "reactions" };
	char key[600];
	int r = 0;

	snprintf(key, sizeof key, "%.60s %.500s", platform ? platform : "",
		 post_id);
	for (size_t i = 0; r == 0 && i < sizeof names / sizeof *names; i++) {
		const json_t *v = json_object_get(o, names[i]);
		struct buf value = BUF_INIT(COUNTED_MAX);
		char text[COUNTED_MAX + 64];

		if (!v)
			v = json_object_get(json_object_get(o, "stats"),
					    names[i]);
		if (v && worth(v, &value)) {
			r = tally(ix, key, names[i], buf_cstr(&value), e);
			snprintf(text, sizeof text, "%s %s", names[i],
				 buf_cstr(&value));
			if (r > 0)
				r = index_event_add(ix, c->time_ms, "counted",
						    post, c->number, text, e);
		}
		buf_release(&value);
	}
	return r;
}

/* --- gone, and never seen -------------------------------------------------- */

static int vanish(struct index *ix, const struct index_capture *c, int64_t id,
		  struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_VANISH, e);
	int r;

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, c->time_ms);
	sqlite3_bind_int64(st, 2, id);
	r = index_step(ix, st, e);
	return r < 0 ? r : index_event_add(ix, c->time_ms, "vanished", id,
					   c->number, NULL, e);
}

/* vanish_all - every post that a bound question finds; each round finds others,
 * since what has vanished is not found again */
static int vanish_all(struct index *ix, const struct index_capture *c,
		      sqlite3_stmt *st, size_t *found, struct err *e)
{
	int64_t gone[256];
	size_t n = 0;
	int r = 0;

	while (n < 256 && sqlite3_step(st) == SQLITE_ROW)
		gone[n++] = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = vanish(ix, c, gone[i], e);
	*found = n;
	return r;
}

int index_gone_between(struct index *ix, const struct index_capture *c,
		       const char *platform, const char *account, int64_t low,
		       int64_t high, struct err *e)
{
	size_t n = 256;
	int r = 0;

	while (r == 0 && n == 256) {
		sqlite3_stmt *st = index_stmt(ix, STMT_GONE, e);

		if (!st)
			return ERR_NOMEM;
		index_bind_text(st, 1, account);
		sqlite3_bind_int64(st, 2, low);
		sqlite3_bind_int64(st, 3, high);
		sqlite3_bind_int64(st, 4, (sqlite3_int64)c->number);
		index_bind_text(st, 5, platform);
		r = vanish_all(ix, c, st, &n, e);
	}
	return r;
}

int index_gone_at(struct index *ix, const struct index_capture *c,
		  const char *finding, struct err *e)
{
	static const char *const words[] = { "removed", "not-found" };
	int said = c->status == 404 || c->status == 410, page = 0, r;
	char *url = c->url ? strdup(c->asked ? c->asked : c->url) : NULL;
	sqlite3_stmt *st = NULL;
	size_t n;

	for (size_t i = 0; finding && i < 2; i++)
		page |= !strcmp(finding, words[i]);
	if (!url || !(said || page)) {
		free(url);
		return c->url && !url ? ERR_NOMEM : 0;
	}
	/* A profile knows what the query of its own pages is for. */
	if (page)
		url[strcspn(url, "?#")] = '\0';
	st = index_stmt(ix, STMT_GONE_AT, e);
	r = st ? 0 : ERR_NOMEM;
	if (r == 0) {
		index_bind_text(st, 1, url);
		r = vanish_all(ix, c, st, &n, e);
	}
	free(url);
	return r;
}

/* ever - was that number, or one in between, ever seen? */
static int ever(struct index *ix, const char *platform, const char *account,
		int64_t first, int64_t last, int64_t *at, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_EVER, e);
	int seen;

	if (!st)
		return ERR_NOMEM;
	index_bind_text(st, 1, account);
	sqlite3_bind_int64(st, 2, first);
	sqlite3_bind_int64(st, 3, last);
	index_bind_text(st, 4, platform);
	seen = sqlite3_step(st) == SQLITE_ROW &&
	       sqlite3_column_type(st, 0) != SQLITE_NULL;
	if (seen)
		*at = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return seen;
}

static int gap(struct index *ix, const struct index_capture *c,
	       const char *platform, const char *account, int64_t first,
	       int64_t last, struct err *e)
{
	char key[600], text[96], what[64];
	int r;

	snprintf(key, sizeof key, "%.60s %.500s", platform ? platform : "",
		 account);
	snprintf(what, sizeof what, "gap %lld", (long long)first);
	snprintf(text, sizeof text, first == last ? "%lld" : "%lld-%lld",
		 (long long)first, (long long)last);
	r = tally(ix, key, what, text, e);
	if (r <= 0)
		return r;
	return index_event_add(ix, c->time_ms, "gap", 0, c->number, text, e);
}

static int by_number(const void *a, const void *b)
{
	const struct index_number *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

int index_gaps(struct index *ix, const struct index_capture *c,
	       const char *platform, const char *account,
	       struct index_number *list, size_t n, struct err *e)
{
	unsigned told = 0;
	int r = 0;

	qsort(list, n, sizeof *list, by_number);
	for (size_t i = 0; r == 0 && i + 1 < n && told < GAPS_MAX; i++) {
		/* The parts of an album have numbers of their own. */
		int64_t parts = list[i].media > 1 ? list[i].media - 1 : 0;
		int64_t from = list[i].number + 1 + parts;
		const int64_t to = list[i + 1].number - 1;

		while (r == 0 && from <= to && told < GAPS_MAX) {
			int64_t at = to + 1;

			r = ever(ix, platform, account, from, to, &at, e);
			if (r < 0)
				break;
			r = 0;
			if (from < at) {
				told++;
				r = gap(ix, c, platform, account, from, at - 1,
					e);
			}
			from = at + 1;
		}
	}
	return r;
}

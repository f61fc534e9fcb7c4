/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/index_int.h"

#include "store/leaf.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES (8u << 20)
#define LINE_DEPTH 24
#define ID_BITS 20		/* posts of one second: up to a million */

/* What one page line says that its posts need. */
struct page {
	char *platform, *account, *kind, *finding;
	int64_t low, high;	/* numbers of the posts on it */
	uint64_t posts;
	int whole;		/* its posts had numbers, without exception */
	struct index_number *numbers;	/* of them, while whole */
	size_t nnumbers, size;
};

int index_step(struct index *ix, sqlite3_stmt *st, struct err *e)
{
	int r = sqlite3_step(st) == SQLITE_DONE
		? 0 : index_fail(ix, "cannot write", e);

	sqlite3_reset(st);
	return r;
}

int index_event_add(struct index *ix, int64_t time, const char *what,
		    int64_t post, uint64_t capture, const char *text,
		    struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_EVENT, e);

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, time);
	index_bind_text(st, 2, what);
	sqlite3_bind_int64(st, 3, post);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)capture);
	index_bind_text(st, 5, text);
	return index_step(ix, st, e);
}

/*
 * meaning - a digest of what index_changes() looks at: where it is the same,
 * nothing else need be compared
 */
static void add_member(struct buf *b, const json_t *o, const char *key)
{
	char *s = json_dumps(json_object_get(o, key),
			     JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

	buf_adds(b, key);
	buf_addc(b, '=');
	buf_adds(b, s ? s : "null");
	buf_addc(b, '\n');
	free(s);
}

static int meaning(const json_t *o, uint8_t out[static 32])
{
	static const char *const keys[] = { "text", "edited", "forwarded_from",
					    "reply_to", "signature", "links" };
	struct buf b = BUF_INIT(LINE_MAX_BYTES);
	const json_t *m;
	size_t i;
	int r;

	for (i = 0; i < sizeof keys / sizeof *keys; i++)
		add_member(&b, o, keys[i]);
	json_array_foreach(json_object_get(o, "media"), i, m) {
		add_member(&b, m, "type");
		add_member(&b, m, "title");
	}
	m = json_object_get(o, "poll");
	if (m)
		add_member(&b, m, "question");
	r = b.failed;
	sha256_once(buf_view(&b), out);
	buf_release(&b);
	return r;
}

/* number_of - "account/123": the number behind the last slash, or -1 */
static int64_t number_of(const char *post_id, size_t *account_len)
{
	const char *slash = strrchr(post_id, '/');
	const char *p = slash ? slash + 1 : post_id;
	int64_t v = 0;

	*account_len = slash ? (size_t)(slash - post_id) : 0;
	if (!*p || strlen(p) > 17)
		return -1;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (*p - '0');
	}
	return v;
}

static int take_id(struct index *ix, int64_t published_ms, int64_t seen_ms,
		   int64_t *out, struct err *e)
{
	int64_t s = (published_ms == INT64_MIN ? seen_ms : published_ms) / 1000;
	int64_t base = (s < 0 ? 0 : s) << ID_BITS;
	sqlite3_stmt *st = index_stmt(ix, STMT_SLOT, e);

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, base);
	sqlite3_bind_int64(st, 2, base + (1 << ID_BITS));
	if (sqlite3_step(st) != SQLITE_ROW)
		return index_fail(ix, "cannot read", e);
	*out = sqlite3_column_type(st, 0) == SQLITE_NULL
	       ? base : sqlite3_column_int64(st, 0) + 1;
	sqlite3_reset(st);
	return 0;
}

struct known {
	int64_t id, vanished;
	int version;
	uint8_t meaning[32];
	char *json, *page;	/* its line, and the kind of page it stood on */
};

static char *column_dup(sqlite3_stmt *st, int i)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s ? strdup(s) : NULL;
}

static int find_latest(struct index *ix, const char *post_id,
		       const char *platform, struct known *out, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_LATEST, e);
	int found = 0;

	if (!st)
		return ERR_NOMEM;
	index_bind_text(st, 1, post_id);
	index_bind_text(st, 2, platform);
	if (sqlite3_step(st) == SQLITE_ROW) {
		out->id = sqlite3_column_int64(st, 0);
		out->version = sqlite3_column_int(st, 1);
		out->vanished = sqlite3_column_int64(st, 3);
		if (sqlite3_column_bytes(st, 2) == 32)
			memcpy(out->meaning, sqlite3_column_blob(st, 2), 32);
		out->json = column_dup(st, 4);
		out->page = column_dup(st, 5);
		found = 1;
	}
	sqlite3_reset(st);
	return found;
}

static int back(struct index *ix, const struct index_capture *c,
		const struct known *k, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_BACK, e);
	int r;

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, k->id);
	r = index_step(ix, st, e);
	return r < 0 ? r : index_event_add(ix, c->time_ms, "back", k->id,
					   c->number, NULL, e);
}

static int seen_again(struct index *ix, const struct index_capture *c,
		      const struct known *k, const char *views, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_SEEN, e);
	int r;

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)c->number);
	sqlite3_bind_int64(st, 2, c->time_ms);
	index_bind_text(st, 3, views);
	sqlite3_bind_int64(st, 4, k->id);
	r = index_step(ix, st, e);
	return r == 0 && k->vanished ? back(ix, c, k, e) : r;
}

static int new_version(struct index *ix, const struct index_capture *c,
		       const struct page *pg, const json_t *o,
		       struct bytes line, const char *post_id, int64_t number,
		       int version, const uint8_t mean[static 32],
		       const char *changed, int64_t *id_out, struct err *e)
{
	const char *text = json_opt_str(o, "text");
	const char *when = json_opt_str(o, "published");
	int64_t published = INT64_MIN, id = 0;
	sqlite3_stmt *st;
	int r;

	if (when && clock_parse_rfc3339(when, strlen(when), &published) < 0)
		published = INT64_MIN;
	r = take_id(ix, published, c->time_ms, &id, e);
	if (r < 0)
		return r;
	st = index_stmt(ix, STMT_INSERT, e);
	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, id);
	index_bind_text(st, 2, post_id);
	index_bind_text(st, 3, pg->platform);
	index_bind_text(st, 4, pg->account);
	if (number >= 0)
		sqlite3_bind_int64(st, 5, number);
	sqlite3_bind_int(st, 6, version);
	if (published != INT64_MIN)
		sqlite3_bind_int64(st, 7, published);
	sqlite3_bind_int(st, 8, json_is_true(json_object_get(o, "edited")));
	sqlite3_bind_blob(st, 9, mean, 32, SQLITE_TRANSIENT);
	sqlite3_bind_int64(st, 10, (sqlite3_int64)c->number);
	sqlite3_bind_int64(st, 11, c->time_ms);
	index_bind_text(st, 12, json_opt_str(o, "author"));
	index_bind_text(st, 13, json_opt_str(o, "views"));
	index_bind_text(st, 14, json_opt_str(o, "url"));
	index_bind_text(st, 15, text);
	sqlite3_bind_text(st, 16, (const char *)line.p, (int)line.len,
			  SQLITE_TRANSIENT);
	index_bind_text(st, 17, changed);
	r = index_step(ix, st, e);
	if (r < 0)
		return r;
	*id_out = id;
	st = index_stmt(ix, STMT_FTS, e);
	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, id);
	index_bind_text(st, 2, text);
	index_bind_text(st, 3, json_opt_str(o, "author"));
	return index_step(ix, st, e);
}

/* another - a version beside the one known */
static int another(struct index *ix, const struct index_capture *c,
		   const struct known *k, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_SUPERSEDE, e);
	int r;

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, k->id);
	r = index_step(ix, st, e);
	/* Back, and not as it was. */
	return r == 0 && k->vanished ? back(ix, c, k, e) : r;
}

/* compare - into words what changed; none: the same in meaning */
static int compare(const struct known *k, const struct page *pg,
		   const json_t *o, struct buf *words)
{
	/* Twice on one page: its capture is not in yet. */
	int strict = !k->page || (pg->kind && !strcmp(k->page, pg->kind));
	json_t *old = NULL;
	int r;

	if (!k->json)
		return ERR_NOMEM;
	r = json_read(bytes_str(k->json), LINE_MAX_BYTES, LINE_DEPTH, &old,
		      NULL);
	if (r == 0)
		index_changes(old, o, strict, words);
	json_decref(old);
	return r < 0 ? r : words->failed;
}

/* place - number and account of a post, for the page that shows it */
static int place(struct page *pg, const char *post_id, const json_t *o,
		 int64_t *number_out, struct err *e)
{
	size_t account_len;
	int64_t number = number_of(post_id, &account_len);

	*number_out = number;
	if (account_len) {
		free(pg->account);
		pg->account = strndup(post_id, account_len);
		if (!pg->account)
			return err_set(e, ERR_NOMEM, "no memory to index");
	}
	if (number < 0) {
		pg->whole = 0;
		return 0;
	}
	if (pg->nnumbers == 0)
		pg->low = pg->high = number;
	else if (number < pg->low)
		pg->low = number;
	else if (number > pg->high)
		pg->high = number;
	if (pg->nnumbers == pg->size) {
		size_t n = pg->size ? 2 * pg->size : 64;
		struct index_number *more = realloc(pg->numbers,
						    n * sizeof *more);

		if (!more)
			return err_set(e, ERR_NOMEM, "no memory to index");
		pg->numbers = more;
		pg->size = n;
	}
	pg->numbers[pg->nnumbers++] = (struct index_number){ number,
		(int64_t)json_array_size(json_object_get(o, "media")) };
	return 0;
}

static int add_post(struct index *ix, const struct index_capture *c,
		    struct page *pg, const json_t *o, struct bytes line,
		    struct err *e)
{
	const char *post_id = json_opt_str(o, "post_id");
	struct buf changed = BUF_INIT(256);
	struct known k = { .version = 0 };
	uint8_t mean[32];
	int64_t number;
	int same = 0, r;

	pg->posts++;
	if (!post_id)
		post_id = json_opt_str(o, "url");
	if (!post_id) {
		pg->whole = 0;
		post_id = "";
	}
	r = place(pg, post_id, o, &number, e);
	if (r == 0)
		r = meaning(o, mean);
	if (r < 0)
		return err_set(e, r, "no memory to index");
	r = find_latest(ix, post_id, pg->platform, &k, e);
	if (r > 0) {
		same = !memcmp(k.meaning, mean, 32);
		r = same ? 0 : compare(&k, pg, o, &changed);
		same |= r == 0 && changed.len == 0;
		if (r < 0)
			err_set(e, r, "no memory to index");
		else
			r = same ? seen_again(ix, c, &k,
					      json_opt_str(o, "views"), e)
				 : another(ix, c, &k, e);
	}
	if (r == 0 && !same)
		r = new_version(ix, c, pg, o, line, post_id, number,
				k.version + 1, mean,
				changed.len ? buf_cstr(&changed) : NULL, &k.id,
				e);
	if (r == 0)
		r = index_counted(ix, c, pg->platform, post_id, k.id, o, e);
	free(k.json);
	free(k.page);
	buf_release(&changed);
	return r;
}

/*
 * A listing shows every post between its lowest and its highest number: known
 * posts in between that it does not show have vanished, and numbers that were
 * never seen are a gap.
 */
static int absent(struct index *ix, const struct index_capture *c,
		  const struct page *pg, struct err *e)
{
	int r;

	if (pg->posts == 0)
		return index_gone_at(ix, c, pg->finding, e);
	if (!pg->whole || pg->posts < 2 || !pg->account || !pg->kind ||
	    strcmp(pg->kind, "listing") != 0)
		return 0;
	r = index_gone_between(ix, c, pg->platform, pg->account, pg->low,
			       pg->high, e);
	return r < 0 ? r : index_gaps(ix, c, pg->platform, pg->account,
				      pg->numbers, pg->nnumbers, e);
}

static char *copy_str(const json_t *o, const char *key)
{
	const char *s = json_opt_str(o, key);

	return s ? strdup(s) : NULL;
}

/* What was handed over is kept apart from what was collected. */
static char *platform_of(const struct index_capture *c, const json_t *o)
{
	const char *s = json_opt_str(o, "platform");
	char text[200];

	if (c->kind != LEAF_IMPORT)
		return s ? strdup(s) : NULL;
	snprintf(text, sizeof text, INDEX_IMPORT "%.150s", s ? s : "");
	return strdup(text);
}

static int take_page(struct index *ix, const struct index_capture *c,
		     struct page *pg, const json_t *o, struct err *e)
{
	const char *finding = json_opt_str(o, "finding");

	free(pg->platform);
	free(pg->kind);
	free(pg->finding);
	pg->platform = platform_of(c, o);
	pg->kind = copy_str(o, "page");
	pg->finding = copy_str(o, "finding");
	return finding ? index_event_add(ix, c->time_ms, "finding", 0, c->number,
				   finding, e)
		       : 0;
}

static int add_line(struct index *ix, const struct index_capture *c,
		    struct page *pg, struct bytes line, struct err *e)
{
	json_t *o = NULL;
	const char *kind;
	int r = json_read(line, LINE_MAX_BYTES, LINE_DEPTH, &o, e);

	if (r < 0)
		return r;
	kind = json_opt_str(o, "kind");
	if (kind && !strcmp(kind, "page"))
		r = take_page(ix, c, pg, o, e);
	else if (kind && !strcmp(kind, "post"))
		r = add_post(ix, c, pg, o, line, e);
	else if (kind && !strcmp(kind, "medium"))
		r = index_medium_add(ix, c, o, line, e);
	json_decref(o);
	return r;
}

static int add_capture(struct index *ix, const struct index_capture *c,
		       const struct page *pg, struct err *e)
{
	sqlite3_stmt *st = index_stmt(ix, STMT_CAPTURE, e);

	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)c->number);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)c->position);
	sqlite3_bind_int64(st, 3, c->time_ms);
	sqlite3_bind_int(st, 4, (int)c->kind);
	index_bind_text(st, 5, c->url);
	index_bind_text(st, 6, c->source);
	index_bind_text(st, 7, c->purpose);
	sqlite3_bind_int(st, 8, c->status);
	index_bind_text(st, 9, c->outcome);
	index_bind_text(st, 10, pg->kind);
	index_bind_text(st, 11, pg->finding);
	sqlite3_bind_int64(st, 12, (sqlite3_int64)pg->posts);
	index_bind_text(st, 13, c->asked);
	return index_step(ix, st, e);
}

static int add_item(struct index *ix, const struct index_capture *c,
		    struct bytes jsonl, struct err *e)
{
	struct page pg = { .whole = 1 };
	sqlite3_stmt *st;
	unsigned number = 0;
	int r = 0;

	while (r == 0 && jsonl.len) {
		const uint8_t *nl = memchr(jsonl.p, '\n', jsonl.len);
		size_t len = nl ? (size_t)(nl - jsonl.p) : jsonl.len;

		number++;
		if (len)
			r = add_line(ix, c, &pg, BYTES(jsonl.p, len), e);
		if (r < 0)
			err_prefix(e, "line %u of item %llu", number,
				   (unsigned long long)c->number);
		len += nl != NULL;
		jsonl.p += len;
		jsonl.len -= len;
	}
	if (r == 0)
		r = absent(ix, c, &pg, e);
	if (r == 0)
		r = add_capture(ix, c, &pg, e);
	if (r == 0) {
		st = index_stmt(ix, STMT_NEXT, e);
		if (!st)
			r = ERR_NOMEM;
		else
			sqlite3_bind_int64(st, 1,
					   (sqlite3_int64)c->number + 1);
		if (st)
			r = index_step(ix, st, e);
	}
	free(pg.platform);
	free(pg.account);
	free(pg.kind);
	free(pg.finding);
	free(pg.numbers);
	return r;
}

/* Wholly or not at all: a line that is no JSON leaves nothing of its item. */
int index_add(struct index *ix, const struct index_capture *c,
	      struct bytes jsonl, struct err *e)
{
	int r = index_thaw(ix, e);

	if (r == 0)
		r = index_exec(ix, "SAVEPOINT item", e);
	if (r < 0)
		return r;
	r = add_item(ix, c, jsonl, e);
	if (r < 0 && index_exec(ix, "ROLLBACK TO item", NULL) < 0)
		return r;
	if (index_exec(ix, "RELEASE item", r < 0 ? NULL : e) < 0 && r == 0)
		r = ERR_IO;
	if (r == 0)
		ix->next = c->number + 1;
	return r;
}

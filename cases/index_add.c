/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/index_int.h"

#include "store/sha256.h"
#include "util/clock.h"
#include "util/json.h"

#include <limits.h>
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
 * meaning - what makes two sights of a post the same: text, media (without the
 * passing part of their addresses), edited mark, forward and poll.  Counters,
 * reactions and addresses that change at each visit do not count.
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
};

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
		found = 1;
	}
	sqlite3_reset(st);
	return found;
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
	if (r == 0 && k->vanished) {
		st = index_stmt(ix, STMT_BACK, e);
		if (!st)
			return ERR_NOMEM;
		sqlite3_bind_int64(st, 1, k->id);
		r = index_step(ix, st, e);
		if (r == 0)
			r = index_event_add(ix, c->time_ms, "back", k->id, c->number,
				      NULL, e);
	}
	return r;
}

static int new_version(struct index *ix, const struct index_capture *c,
		       const struct page *pg, const json_t *o,
		       struct bytes line, const char *post_id, int64_t number,
		       int version, const uint8_t mean[static 32],
		       struct err *e)
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
	r = index_step(ix, st, e);
	if (r < 0)
		return r;
	st = index_stmt(ix, STMT_FTS, e);
	if (!st)
		return ERR_NOMEM;
	sqlite3_bind_int64(st, 1, id);
	index_bind_text(st, 2, text);
	index_bind_text(st, 3, json_opt_str(o, "author"));
	return index_step(ix, st, e);
}

static int add_post(struct index *ix, const struct index_capture *c,
		    struct page *pg, const json_t *o, struct bytes line,
		    struct err *e)
{
	const char *post_id = json_opt_str(o, "post_id");
	struct known k = { .version = 0 };
	uint8_t mean[32];
	sqlite3_stmt *st;
	size_t account_len;
	int64_t number;
	int found, r;

	pg->posts++;
	if (!post_id)
		post_id = json_opt_str(o, "url");
	if (!post_id) {
		pg->whole = 0;
		post_id = "";
	}
	number = number_of(post_id, &account_len);
	if (account_len) {
		free(pg->account);
		pg->account = strndup(post_id, account_len);
		if (!pg->account)
			return err_set(e, ERR_NOMEM, "no memory to index");
	}
	if (number < 0)
		pg->whole = 0;
	else if (pg->posts == 1)
		pg->low = pg->high = number;
	else if (number < pg->low)
		pg->low = number;
	else if (number > pg->high)
		pg->high = number;
	r = meaning(o, mean);
	if (r < 0)
		return err_set(e, r, "no memory to index");
	found = find_latest(ix, post_id, pg->platform, &k, e);
	if (found < 0)
		return found;
	if (found && !memcmp(k.meaning, mean, 32))
		return seen_again(ix, c, &k, json_opt_str(o, "views"), e);
	if (found) {
		st = index_stmt(ix, STMT_SUPERSEDE, e);
		if (!st)
			return ERR_NOMEM;
		sqlite3_bind_int64(st, 1, k.id);
		r = index_step(ix, st, e);
		if (r < 0)
			return r;
	}
	return new_version(ix, c, pg, o, line, post_id, number, k.version + 1,
			   mean, e);
}

/*
 * A listing shows every post between its lowest and its highest number: known
 * posts in between that it does not show have vanished.
 */
static int mark_gone(struct index *ix, const struct index_capture *c,
		     const struct page *pg, struct err *e)
{
	int64_t gone[256];
	size_t n = 0;
	sqlite3_stmt *st;
	int r = 0;

	if (!pg->whole || pg->posts < 2 || !pg->account || !pg->kind
	    || strcmp(pg->kind, "listing") != 0)
		return 0;
	st = index_stmt(ix, STMT_GONE, e);
	if (!st)
		return ERR_NOMEM;
	index_bind_text(st, 1, pg->account);
	sqlite3_bind_int64(st, 2, pg->low);
	sqlite3_bind_int64(st, 3, pg->high);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)c->number);
	while (n < 256 && sqlite3_step(st) == SQLITE_ROW)
		gone[n++] = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	for (size_t i = 0; r == 0 && i < n; i++) {
		st = index_stmt(ix, STMT_VANISH, e);
		if (!st)
			return ERR_NOMEM;
		sqlite3_bind_int64(st, 1, c->time_ms);
		sqlite3_bind_int64(st, 2, gone[i]);
		r = index_step(ix, st, e);
		if (r == 0)
			r = index_event_add(ix, c->time_ms, "vanished", gone[i],
				      c->number, NULL, e);
	}
	return r;
}

static char *copy_str(const json_t *o, const char *key)
{
	const char *s = json_opt_str(o, key);

	return s ? strdup(s) : NULL;
}

static int take_page(struct index *ix, const struct index_capture *c,
		     struct page *pg, const json_t *o, struct err *e)
{
	const char *finding = json_opt_str(o, "finding");

	free(pg->platform);
	free(pg->kind);
	free(pg->finding);
	pg->platform = copy_str(o, "platform");
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
		r = mark_gone(ix, c, &pg, e);
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

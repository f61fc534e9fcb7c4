/* SPDX-License-Identifier: EUPL-1.2 */
/* What captured media say of themselves: their place in the index. */
#include "cases/index_int.h"

#include "util/clock.h"

#include <stdio.h>

#define WORDS_MAX ((size_t)256 << 10)
#define FINDING_TEXT 300

/* --- adding ------------------------------------------------------------- */

static void word(struct buf *b, const char *s)
{
	if (!s || !*s || strlen(s) >= WORDS_MAX - 1 - b->len)
		return;		/* what does not fit is not found */
	buf_adds(b, s);
	buf_addc(b, '\n');
}

/* is_text - does a field of that name hold words of a person? */
static int is_text(const char *name)
{
	static const char *const parts[] = { "Description", "Title", "Caption",
		"Comment", "Keyword", "Subject", "Headline", "Copyright",
		"Artist", "City", "Location", "title", "comment", "artist",
		"description", "copyright", "keyword" };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strstr(name, parts[i]))
			return 1;
	return 0;
}

/* words_of - what a search may find the medium by */
static void words_of(const json_t *o, const char *url, struct buf *b)
{
	static const char *const facts[] = { "camera_make", "camera_model",
		"camera_serial", "lens", "software", "made_with", "author",
		"modified_by", "text", "phash" };
	const char *name, *slash = url ? strrchr(url, '/') : NULL;
	const json_t *f;
	size_t i;

	for (i = 0; i < sizeof facts / sizeof *facts; i++)
		word(b, json_opt_str(o, facts[i]));
	json_array_foreach(json_object_get(o, "codes"), i, f)
		word(b, json_opt_str(f, "value"));
	json_array_foreach(json_object_get(o, "fields"), i, f) {
		name = json_opt_str(f, "name");
		if (name && is_text(name))
			word(b, json_opt_str(f, "value"));
	}
	if (slash)
		word(b, slash + 1);
}

/*
 * taken_at - the time a medium claims, RFC 3339 or as EXIF writes it; without a
 * zone it is taken as UTC
 */
static int taken_at(const char *s, const char *offset, int64_t *ms)
{
	char text[80];

	if (!s || strlen(s) < 10 || strlen(s) > 40)
		return ERR_FORMAT;
	if (clock_parse_rfc3339(s, strlen(s), ms) == 0)
		return 0;
	snprintf(text, sizeof text, "%s%.10s", s, offset ? offset : "Z");
	if (text[4] == ':' && text[7] == ':')
		text[4] = text[7] = '-';
	return clock_parse_rfc3339(text, strlen(text), ms);
}

static int taken_event(struct index *ix, const struct index_capture *c,
		       const json_t *o, struct err *e)
{
	const char *taken = json_opt_str(o, "taken");
	const char *offset = json_opt_str(o, "taken_offset");
	const char *make = json_opt_str(o, "camera_make");
	const char *model = json_opt_str(o, "camera_model");
	char text[FINDING_TEXT];
	int64_t ms;

	if (taken_at(taken, offset, &ms) < 0)
		return 0;
	snprintf(text, sizeof text, "%.40s%.10s%s%.100s%s%.100s", taken,
		 offset ? offset : "", make ? " " : "", make ? make : "", model ? " " : "",
		 model ? model : "");
	return index_event_add(ix, ms, "taken", 0, c->number, text, e);
}

static int finding_events(struct index *ix, const struct index_capture *c,
			  const json_t *o, struct err *e)
{
	const json_t *f;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(o, "findings"), i, f) {
		const char *from = json_opt_str(f, "from");
		const char *code = json_opt_str(f, "finding");
		const char *detail = json_opt_str(f, "detail");
		char text[FINDING_TEXT];

		snprintf(text, sizeof text, "%.40s: %.60s%s%.150s",
			 from ? from : "?", code ? code : "?",
			 detail ? ": " : "", detail ? detail : "");
		r = index_event_add(ix, c->time_ms, "finding", 0, c->number,
				    text, e);
		if (r < 0)
			break;
	}
	return r;
}

int index_medium_add(struct index *ix, const struct index_capture *c,
		     const json_t *o, struct bytes line, struct err *e)
{
	struct buf words = BUF_INIT(WORDS_MAX);
	const char *url = c->asked ? c->asked : c->url;
	sqlite3_stmt *st = index_stmt(ix, STMT_MEDIUM, e);
	int r;

	if (!st)
		return ERR_NOMEM;
	words_of(o, url, &words);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)c->number);
	sqlite3_bind_int64(st, 2, c->time_ms);
	index_bind_text(st, 3, url);
	index_bind_text(st, 4, c->source);
	index_bind_text(st, 5, buf_cstr(&words));
	sqlite3_bind_text(st, 6, (const char *)line.p, (int)line.len,
			  SQLITE_TRANSIENT);
	r = index_step(ix, st, e);
	st = r == 0 ? index_stmt(ix, STMT_MEDIUM_FTS, e) : NULL;
	if (r == 0 && !st)
		r = ERR_NOMEM;
	if (r == 0) {
		sqlite3_bind_int64(st, 1, (sqlite3_int64)c->number);
		index_bind_text(st, 2, buf_cstr(&words));
		r = index_step(ix, st, e);
	}
	buf_release(&words);
	if (r == 0)
		r = taken_event(ix, c, o, e);
	return r < 0 ? r : finding_events(ix, c, o, e);
}

/* --- asking ------------------------------------------------------------- */

#define COLUMNS "m.n, m.time, m.url, m.source, m.json, m.words," \
" (SELECT kind = 7 FROM capture c WHERE c.n = m.n)"

static const char OF_SQL[] =
"SELECT " COLUMNS ", NULL FROM medium m WHERE m.url = ?1 ORDER BY m.n";

static const char SEARCH_SQL[] =
"SELECT " COLUMNS ", snippet(mfts, 0, '[', ']', '…', 24)"
" FROM mfts JOIN medium m ON m.n = mfts.rowid WHERE mfts MATCH ?1"
" AND (?2 IS NULL OR m.source = ?2 COLLATE NOCASE OR"
" substr(m.source, instr(m.source, ':') + 1) = ?2 COLLATE NOCASE)"
" AND (?3 = 0 OR m.time >= ?3) AND (?4 = 0 OR m.time < ?4)"
" ORDER BY m.n DESC LIMIT ?5 OFFSET ?6";

static const char *text_at(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

static int run(struct index *ix, sqlite3_stmt *st,
	       int (*row)(void *arg, const struct index_medium *m), void *arg,
	       struct err *e)
{
	int code, r = 0;

	while (r == 0 && (code = sqlite3_step(st)) != SQLITE_DONE) {
		struct index_medium m;

		if (code != SQLITE_ROW)
			return index_fail(ix, "cannot search", e);
		m.capture = (uint64_t)sqlite3_column_int64(st, 0);
		m.time_ms = sqlite3_column_int64(st, 1);
		m.url = text_at(st, 2);
		m.source = text_at(st, 3);
		m.json = text_at(st, 4);
		m.words = text_at(st, 5);
		m.imported = sqlite3_column_int(st, 6);
		m.snippet = text_at(st, 7);
		r = row(arg, &m);
	}
	return r;
}

static sqlite3_stmt *prepare(struct index *ix, const char *sql, struct err *e)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(ix->db, sql, -1, &st, NULL) != SQLITE_OK)
		index_fail(ix, "cannot search", e);
	return st;
}

int index_media_of(struct index *ix, const char *url,
		   int (*row)(void *arg, const struct index_medium *m),
		   void *arg, struct err *e)
{
	sqlite3_stmt *st = prepare(ix, OF_SQL, e);
	int r;

	if (!st)
		return ERR_IO;
	index_bind_text(st, 1, url);
	r = run(ix, st, row, arg, e);
	sqlite3_finalize(st);
	return r;
}

int index_media_search(struct index *ix, const struct index_query *q,
		       int (*row)(void *arg, const struct index_medium *m),
		       void *arg, struct err *e)
{
	struct buf match = BUF_INIT(4 * INDEX_WORDS_MAX);
	sqlite3_stmt *st = NULL;
	int r = index_match(q->text, &match, e);

	if (r == 0 && !(st = prepare(ix, SEARCH_SQL, e)))
		r = ERR_IO;
	if (r == 0) {
		index_bind_text(st, 1, buf_cstr(&match));
		index_bind_text(st, 2, q->source);
		sqlite3_bind_int64(st, 3, q->from_ms);
		sqlite3_bind_int64(st, 4, q->to_ms);
		sqlite3_bind_int64(st, 5, q->limit ? q->limit : 20);
		sqlite3_bind_int64(st, 6, q->offset);
		r = run(ix, st, row, arg, e);
	}
	sqlite3_finalize(st);
	buf_release(&match);
	return r;
}

int index_medium_json(struct index *ix, uint64_t capture, struct buf *out,
		      struct err *e)
{
	sqlite3_stmt *st = prepare(ix, "SELECT json, (SELECT kind = 7 FROM"
				   " capture c WHERE c.n = medium.n) FROM medium"
				   " WHERE n = ?",
				   e);

	if (!st)
		return ERR_IO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)capture);
	if (sqlite3_step(st) == SQLITE_ROW && text_at(st, 0)) {
		const char *line = text_at(st, 0);

		if (sqlite3_column_int(st, 1) && *line == '{') {
			buf_adds(out, "{\"imported\":true,");
			line++;
		}
		buf_adds(out, line);
		buf_addc(out, '\n');
	}
	sqlite3_finalize(st);
	return out->failed ? err_set(e, out->failed, "too many media for one "
				     "bundle") : 0;
}

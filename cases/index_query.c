/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/index_int.h"

#include <stdlib.h>

#define QUERY_MAX INDEX_WORDS_MAX
#define IMPORT_LEN (sizeof INDEX_IMPORT - 1)

/* Columns of one post version, in the order post_row() reads them. */
#define POST_COLUMNS \
"p.post_id, p.url, p.platform, p.account, p.author, p.text, p.views, p.json," \
" p.published, p.capture, p.last_capture, p.first_ms, p.last_ms, p.version," \
" (SELECT max(version) FROM post q WHERE q.post_id = p.post_id AND" \
" q.platform = p.platform), p.edited, p.vanished, p.changed"

static const char *text_at(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

static void post_row(sqlite3_stmt *st, struct index_post *p)
{
	memset(p, 0, sizeof *p);
	p->post_id = text_at(st, 0);
	p->url = text_at(st, 1);
	p->platform = text_at(st, 2);
	p->imported = p->platform &&
		      !strncmp(p->platform, INDEX_IMPORT, IMPORT_LEN);
	if (p->imported)
		p->platform += IMPORT_LEN;
	p->account = text_at(st, 3);
	p->author = text_at(st, 4);
	p->text = text_at(st, 5);
	p->views = text_at(st, 6);
	p->json = text_at(st, 7);
	p->published_ms = sqlite3_column_type(st, 8) == SQLITE_NULL
			  ? INT64_MIN : sqlite3_column_int64(st, 8);
	p->capture = (uint64_t)sqlite3_column_int64(st, 9);
	p->last_capture = (uint64_t)sqlite3_column_int64(st, 10);
	p->first_ms = sqlite3_column_int64(st, 11);
	p->last_ms = sqlite3_column_int64(st, 12);
	p->version = (unsigned)sqlite3_column_int(st, 13);
	p->versions = (unsigned)sqlite3_column_int(st, 14);
	p->edited = sqlite3_column_int(st, 15);
	p->vanished_ms = sqlite3_column_int64(st, 16);
	p->changed = text_at(st, 17);
}

/* --- the user's words as an FTS5 expression ----------------------------- */

/* quoted - one word or phrase as an FTS5 string */
static void quoted(struct buf *out, const char *s, size_t n, int prefix)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, (uint8_t)s[i]);
	}
	buf_adds(out, prefix ? "\"*" : "\"");
}

/*
 * index_match - words are joined with AND, "phrases" stay phrases, word* is a
 * prefix, -word excludes.  Nothing of FTS5's own syntax gets through.
 */
int index_match(const char *q, struct buf *out, struct err *e)
{
	struct buf not = BUF_INIT(2 * QUERY_MAX + 64);
	unsigned wanted = 0, refused = 0;
	int r = 0;

	if (strlen(q) > QUERY_MAX)
		r = err_set(e, ERR_FORMAT, "query is longer than %d bytes",
			    QUERY_MAX);
	while (r == 0 && *q) {
		struct buf *to = out;
		int minus = 0, phrase, prefix = 0;
		const char *from;
		size_t n;

		while (*q == ' ' || *q == '\t' || *q == '\n')
			q++;
		if (!*q)
			break;
		if (*q == '-' && q[1] && q[1] != ' ') {
			minus = 1;
			q++;
		}
		phrase = *q == '"';
		from = q + phrase;
		n = strcspn(from, phrase ? "\"" : " \t\n");
		q = from + n;
		if (phrase && *q != '"') {
			r = err_set(e, ERR_FORMAT, "a phrase has no end");
			break;
		}
		q += phrase;
		if (!phrase && n > 1 && from[n - 1] == '*') {
			prefix = 1;
			n--;
		} else if (phrase && *q == '*') {
			prefix = 1;
			q++;
		}
		if (n == 0)
			continue;
		if (minus)
			to = &not;
		if (minus ? refused++ : wanted++)
			buf_adds(to, minus ? " OR " : " AND ");
		quoted(to, from, n, prefix);
	}
	if (r == 0 && wanted == 0)
		r = err_set(e, ERR_FORMAT, refused
			    ? "a query needs a word that is wanted"
			    : "the query has no word");
	if (r == 0 && refused) {
		struct buf all = BUF_INIT(4 * QUERY_MAX);

		buf_addc(&all, '(');
		buf_addb(&all, buf_view(out));
		buf_adds(&all, ") NOT (");
		buf_addb(&all, buf_view(&not));
		buf_addc(&all, ')');
		buf_clear(out);
		buf_addb(out, buf_view(&all));
		buf_release(&all);
	}
	if (r == 0 && (out->failed || not.failed))
		r = err_set(e, ERR_FORMAT, "query is too long");
	buf_release(&not);
	return r;
}

/* --- searching ---------------------------------------------------------- */

#define FILTER \
" AND (?2 OR p.latest = 1)" \
" AND (?3 IS NULL OR p.account = ?3 COLLATE NOCASE OR p.platform || ':' ||" \
" p.account = ?3 COLLATE NOCASE)" \
" AND (?4 = 0 OR p.published >= ?4) AND (?5 = 0 OR p.published < ?5)"

static const char ALL_SQL[] =
"SELECT " POST_COLUMNS ", NULL, 0.0 FROM post p WHERE ?1 IS NULL" FILTER
" ORDER BY p.id DESC LIMIT ?6 OFFSET ?7";

static const char NEWEST_SQL[] =
"SELECT " POST_COLUMNS ", snippet(fts, 0, '[', ']', '…', 24), 0.0"
" FROM fts JOIN post p ON p.id = fts.rowid WHERE fts MATCH ?1" FILTER
" ORDER BY fts.rowid DESC LIMIT ?6 OFFSET ?7";

/*
 * Only the newest INDEX_RANKED_MAX matches are ranked: over every match of a
 * common word it would cost hundreds of milliseconds in a large case.
 */
static const char BEST_SQL[] =
"WITH m AS MATERIALIZED (SELECT fts.rowid AS id, relevance(fts) AS score"
" FROM fts JOIN post p ON p.id = fts.rowid WHERE fts MATCH ?1" FILTER
" ORDER BY fts.rowid DESC LIMIT " "2000" "),"
" best AS MATERIALIZED (SELECT id, score FROM m ORDER BY score DESC, id DESC LIMIT ?6"
" OFFSET ?7)"
" SELECT " POST_COLUMNS ", (SELECT snippet(fts, 0, '[', ']', '…', 24)"
" FROM fts WHERE fts MATCH ?1 AND rowid = best.id), best.score"
" FROM best JOIN post p ON p.id = best.id ORDER BY best.score DESC, best.id DESC";
_Static_assert(INDEX_RANKED_MAX == 2000, "BEST_SQL names the number");

static const char MORE_SQL[] =
"SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ?1 LIMIT 2001)";

static const char *const ASK_SQL[ASK_COUNT] = {
	[ASK_ALL] = ALL_SQL, [ASK_NEWEST] = NEWEST_SQL,
	[ASK_BEST] = BEST_SQL, [ASK_MORE] = MORE_SQL,
};

/* take - a question, prepared; one in use (asked from a row) is made anew */
static sqlite3_stmt *take(struct index *ix, enum index_question which,
			  struct err *e)
{
	sqlite3_stmt *st = ix->ask[which];

	ix->ask[which] = NULL;
	if (!st && sqlite3_prepare_v3(ix->db, ASK_SQL[which], -1,
				      SQLITE_PREPARE_PERSISTENT, &st, NULL)
		   != SQLITE_OK) {
		index_fail(ix, "cannot search", e);
		return NULL;
	}
	return st;
}

static void give_back(struct index *ix, enum index_question which,
		      sqlite3_stmt *st)
{
	if (!st)
		return;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (ix->ask[which])
		sqlite3_finalize(st);
	else
		ix->ask[which] = st;
}

static int ask_more(struct index *ix, const char *match, int *more,
		    struct err *e)
{
	sqlite3_stmt *st = take(ix, ASK_MORE, e);

	if (!st)
		return ERR_IO;
	index_bind_text(st, 1, match);
	*more = sqlite3_step(st) == SQLITE_ROW
		&& sqlite3_column_int(st, 0) > INDEX_RANKED_MAX;
	give_back(ix, ASK_MORE, st);
	return 0;
}

static int run_posts(struct index *ix, sqlite3_stmt *st, int extra,
		     int (*row)(void *, const struct index_post *), void *arg,
		     struct err *e)
{
	struct index_post p;
	int code, r = 0;

	while (r == 0 && (code = sqlite3_step(st)) != SQLITE_DONE) {
		if (code != SQLITE_ROW)
			return index_fail(ix, "cannot search", e);
		post_row(st, &p);
		if (extra) {
			p.snippet = text_at(st, 18);
			p.score = sqlite3_column_double(st, 19);
		}
		r = row(arg, &p);
	}
	return r;
}

int index_search(struct index *ix, const struct index_query *q,
		 int (*row)(void *arg, const struct index_post *p), void *arg,
		 int *more_out, struct err *e)
{
	struct buf match = BUF_INIT(4 * QUERY_MAX);
	enum index_question which = !q->text ? ASK_ALL
					     : q->best ? ASK_BEST : ASK_NEWEST;
	sqlite3_stmt *st = NULL;
	int r = 0;

	if (more_out)
		*more_out = 0;
	if (q->text)
		r = index_match(q->text, &match, e);
	if (r == 0 && !(st = take(ix, which, e)))
		r = ERR_IO;
	if (r < 0)
		goto out;
	index_bind_text(st, 1, q->text ? buf_cstr(&match) : NULL);
	sqlite3_bind_int(st, 2, q->all_versions);
	index_bind_text(st, 3, q->source);
	sqlite3_bind_int64(st, 4, q->from_ms);
	sqlite3_bind_int64(st, 5, q->to_ms);
	sqlite3_bind_int64(st, 6, q->limit ? q->limit : 20);
	sqlite3_bind_int64(st, 7, q->offset);
	r = run_posts(ix, st, 1, row, arg, e);
	if (r == 0 && q->best && q->text && more_out)
		r = ask_more(ix, buf_cstr(&match), more_out, e);
out:
	give_back(ix, which, st);
	buf_release(&match);
	return r;
}

int index_post_versions(struct index *ix, const char *post_id,
			int (*row)(void *arg, const struct index_post *p),
			void *arg, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r;

	if (sqlite3_prepare_v2(ix->db, "SELECT " POST_COLUMNS " FROM post p"
			       " WHERE p.post_id = ? ORDER BY p.platform,"
			       " p.version", -1, &st, NULL) != SQLITE_OK)
		return index_fail(ix, "cannot search", e);
	index_bind_text(st, 1, post_id);
	r = run_posts(ix, st, 0, row, arg, e);
	sqlite3_finalize(st);
	return r;
}

#define CAPTURE_SQL \
"SELECT n, pos, time, kind, url, source, purpose, status, outcome, posts," \
" finding, asked FROM capture"

static int run_captures(struct index *ix, sqlite3_stmt *st,
			int (*row)(void *arg, const struct index_capture *c,
				   uint64_t posts, const char *finding),
			void *arg, struct err *e)
{
	int code, r = 0;

	while (r == 0 && (code = sqlite3_step(st)) != SQLITE_DONE) {
		struct index_capture c;

		if (code != SQLITE_ROW)
			return index_fail(ix, "cannot read", e);
		c.number = (uint64_t)sqlite3_column_int64(st, 0);
		c.position = (uint64_t)sqlite3_column_int64(st, 1);
		c.time_ms = sqlite3_column_int64(st, 2);
		c.kind = (unsigned)sqlite3_column_int(st, 3);
		c.url = text_at(st, 4);
		c.source = text_at(st, 5);
		c.purpose = text_at(st, 6);
		c.status = sqlite3_column_int(st, 7);
		c.outcome = text_at(st, 8);
		c.asked = text_at(st, 11);
		r = row(arg, &c, (uint64_t)sqlite3_column_int64(st, 9),
			text_at(st, 10));
	}
	return r;
}

int index_captures(struct index *ix, uint64_t first, unsigned limit,
		   int (*row)(void *arg, const struct index_capture *c,
			      uint64_t posts, const char *finding),
		   void *arg, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r;

	if (sqlite3_prepare_v2(ix->db, CAPTURE_SQL
			       " WHERE n >= ? ORDER BY n LIMIT ?", -1, &st,
			       NULL) != SQLITE_OK)
		return index_fail(ix, "cannot read", e);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)first);
	sqlite3_bind_int64(st, 2, limit ? (sqlite3_int64)limit : -1);
	r = run_captures(ix, st, row, arg, e);
	sqlite3_finalize(st);
	return r;
}

int index_media(struct index *ix, const char *url,
		int (*row)(void *arg, const struct index_capture *c,
			   uint64_t posts, const char *finding),
		void *arg, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r;

	if (sqlite3_prepare_v2(ix->db, CAPTURE_SQL
			       " WHERE asked = ? AND purpose = 'media'"
			       " ORDER BY n", -1, &st, NULL) != SQLITE_OK)
		return index_fail(ix, "cannot read", e);
	index_bind_text(st, 1, url);
	r = run_captures(ix, st, row, arg, e);
	sqlite3_finalize(st);
	return r;
}

static const char TIMELINE_SQL[] =
"SELECT * FROM ("
"SELECT p.published AS t, 'published' AS what, p.post_id, p.url, p.text,"
" p.capture, p.version, p.account, p.platform, NULL,"
" p.platform LIKE 'import:%' FROM post p WHERE p.version = 1 AND p.published IS NOT NULL"
" UNION ALL SELECT p.first_ms, CASE p.version WHEN 1 THEN 'first seen'"
" ELSE 'edited' END, p.post_id, p.url, p.text, p.capture, p.version,"
" p.account, p.platform, p.changed, p.platform LIKE 'import:%' FROM post p"
" UNION ALL SELECT v.time, v.what, p.post_id, coalesce(p.url, c.url),"
" coalesce(v.text, p.text), v.capture, p.version, coalesce(p.account,"
" substr(c.source, instr(c.source, ':') + 1)), coalesce(p.platform,"
" substr(c.source, 1, instr(c.source, ':') - 1)), NULL, c.kind = 7 FROM event v LEFT JOIN post p ON p.id = v.post"
" LEFT JOIN capture c ON c.n = v.capture WHERE ?4 OR v.what <> 'counted'"
" UNION ALL SELECT c.time, 'refused', NULL, c.url, c.outcome, c.n, 0,"
" NULL, NULL, NULL, 0 FROM capture c WHERE c.kind = 10)"
" WHERE (?1 IS NULL OR account IS NULL OR account = ?1 COLLATE NOCASE OR"
" platform || ':' || account = ?1 COLLATE NOCASE)"
" AND (?2 = 0 OR t >= ?2) AND (?3 = 0 OR t < ?3) ORDER BY t, capture";

static int run_events(struct index *ix, sqlite3_stmt *st,
		      int (*row)(void *arg, const struct index_event *ev),
		      void *arg, struct err *e)
{
	int code, r = 0;

	while (r == 0 && (code = sqlite3_step(st)) != SQLITE_DONE) {
		struct index_event ev;

		if (code != SQLITE_ROW)
			return index_fail(ix, "cannot read", e);
		ev.time_ms = sqlite3_column_int64(st, 0);
		ev.what = text_at(st, 1);
		ev.post_id = text_at(st, 2);
		ev.url = text_at(st, 3);
		ev.text = text_at(st, 4);
		ev.capture = (uint64_t)sqlite3_column_int64(st, 5);
		ev.version = (unsigned)sqlite3_column_int(st, 6);
		ev.changed = text_at(st, 9);
		ev.imported = sqlite3_column_int(st, 10);
		r = row(arg, &ev);
	}
	return r;
}

int index_timeline(struct index *ix, const char *source, int64_t from_ms,
		   int64_t to_ms, int counters,
		   int (*row)(void *arg, const struct index_event *ev),
		   void *arg, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r;

	if (sqlite3_prepare_v2(ix->db, TIMELINE_SQL, -1, &st, NULL)
	    != SQLITE_OK)
		return index_fail(ix, "cannot read", e);
	index_bind_text(st, 1, source);
	sqlite3_bind_int64(st, 2, from_ms);
	sqlite3_bind_int64(st, 3, to_ms);
	sqlite3_bind_int(st, 4, counters);
	r = run_events(ix, st, row, arg, e);
	sqlite3_finalize(st);
	return r;
}

static const char COUNTERS_SQL[] =
"SELECT v.time, v.what, p.post_id, p.url, v.text, v.capture, p.version, NULL,"
" NULL, NULL, p.platform LIKE 'import:%' FROM post p JOIN event v ON v.post = p.id AND v.what = 'counted'"
" WHERE p.post_id = ?1 ORDER BY v.time, v.capture";

int index_counters(struct index *ix, const char *post_id,
		   int (*row)(void *arg, const struct index_event *ev),
		   void *arg, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r;

	if (sqlite3_prepare_v2(ix->db, COUNTERS_SQL, -1, &st, NULL)
	    != SQLITE_OK)
		return index_fail(ix, "cannot read", e);
	index_bind_text(st, 1, post_id);
	r = run_events(ix, st, row, arg, e);
	sqlite3_finalize(st);
	return r;
}
int index_counts(struct index *ix, struct index_counts *out, struct err *e)
{
	sqlite3_stmt *st = NULL;

	memset(out, 0, sizeof *out);
	if (sqlite3_prepare_v2(ix->db,
		"SELECT (SELECT count(*) FROM capture),"
		"(SELECT count(*) FROM post WHERE latest = 1),"
		"(SELECT count(*) FROM post),"
		"(SELECT count(*) FROM capture WHERE purpose = 'media'),"
		"(SELECT count(*) FROM event WHERE what = 'finding'),"
		"(SELECT min(time) FROM capture),"
		"(SELECT max(time) FROM capture)", -1, &st, NULL) != SQLITE_OK
	    || sqlite3_step(st) != SQLITE_ROW) {
		sqlite3_finalize(st);
		return index_fail(ix, "cannot count", e);
	}
	out->captures = (uint64_t)sqlite3_column_int64(st, 0);
	out->posts = (uint64_t)sqlite3_column_int64(st, 1);
	out->versions = (uint64_t)sqlite3_column_int64(st, 2);
	out->media = (uint64_t)sqlite3_column_int64(st, 3);
	out->findings = (uint64_t)sqlite3_column_int64(st, 4);
	out->first_ms = sqlite3_column_int64(st, 5);
	out->last_ms = sqlite3_column_int64(st, 6);
	sqlite3_finalize(st);
	return 0;
}

int index_posts_json(struct index *ix, uint64_t capture, struct buf *out,
		     struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(ix->db, "SELECT json, platform LIKE 'import:%'"
			       " FROM post WHERE capture = ? ORDER BY id", -1, &st, NULL) != SQLITE_OK)
		return index_fail(ix, "cannot read", e);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)capture);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *line = text_at(st, 0);

		if (sqlite3_column_int(st, 1) && line && *line == '{') {
			buf_adds(out, "{\"imported\":true,");
			line++;
		}
		buf_adds(out, line ? line : "");
		buf_addc(out, '\n');
	}
	sqlite3_finalize(st);
	if (out->failed)
		r = err_set(e, out->failed, "too many posts in one capture");
	return r;
}

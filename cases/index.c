/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/index_int.h"

#include <stdlib.h>

#define SNAPSHOT_MAX ((sqlite3_int64)8 << 30)
#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x

/*
 * post.id grows with the date of publication (seconds in the upper bits), so
 * that "newest first" is the order of the full-text index itself.
 */
static const char SCHEMA[] =
"PRAGMA user_version = " TEXT(INDEX_SCHEMA) ";"
"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
"CREATE TABLE capture(n INTEGER PRIMARY KEY, pos INT, time INT, kind INT,"
" url TEXT, source TEXT, purpose TEXT, status INT, outcome TEXT, page TEXT,"
" finding TEXT, posts INT, asked TEXT);"
"CREATE INDEX capture_media ON capture(asked) WHERE purpose = 'media';"
"CREATE TABLE medium(n INTEGER PRIMARY KEY, time INT, url TEXT, source TEXT,"
" words TEXT, json TEXT);"
"CREATE INDEX medium_by_url ON medium(url);"
"CREATE VIRTUAL TABLE mfts USING fts5(words, content='medium',"
" content_rowid='n', tokenize=\"unicode61 remove_diacritics 2\");"
"CREATE TABLE post(id INTEGER PRIMARY KEY, post_id TEXT, platform TEXT,"
" account TEXT, number INT, version INT, latest INT, published INT,"
" edited INT, meaning BLOB, capture INT, last_capture INT, first_ms INT,"
" last_ms INT, vanished INT DEFAULT 0, author TEXT, views TEXT, url TEXT,"
" text TEXT, json TEXT, changed TEXT);"
"CREATE INDEX post_by_url ON post(url) WHERE latest = 1;"
"CREATE INDEX post_by_id ON post(post_id, platform, version);"
"CREATE INDEX post_by_number ON post(account, number) WHERE latest = 1;"
"CREATE INDEX post_by_capture ON post(capture);"
"CREATE TABLE tally(key TEXT, what TEXT, value TEXT,"
" PRIMARY KEY(key, what)) WITHOUT ROWID;"
"CREATE TABLE event(time INT, what TEXT, post INT, capture INT, text TEXT);"
"CREATE INDEX event_by_time ON event(time);"
"CREATE INDEX event_by_post ON event(post) WHERE what = 'counted';"
"CREATE VIRTUAL TABLE fts USING fts5(text, author, content='post',"
" content_rowid='id', tokenize=\"unicode61 remove_diacritics 2\");"
"INSERT INTO fts(fts, rank) VALUES('hashsize', 16777216);";

static const char *const SQL[STMT_COUNT] = {
	[STMT_CAPTURE] =
"INSERT INTO capture VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
"coalesce(?13,?5))",
	[STMT_LATEST] =
"SELECT id, version, meaning, vanished, json, (SELECT page FROM capture"
" WHERE n = post.capture) FROM post WHERE post_id = ? AND"
" platform = ? ORDER BY version DESC LIMIT 1",
	[STMT_INSERT] =
"INSERT INTO post(id, post_id, platform, account, number, version, latest,"
" published, edited, meaning, capture, last_capture, first_ms, last_ms,"
" author, views, url, text, json, changed)"
" VALUES(?,?,?,?,?,?,1,?,?,?,?10,?10,?11,?11,?12,?13,?14,?15,?16,?17)",
	[STMT_SEEN] =
"UPDATE post SET last_capture = ?, last_ms = ?, views = ? WHERE id = ?",
	[STMT_SUPERSEDE] = "UPDATE post SET latest = 0 WHERE id = ?",
	[STMT_FTS] = "INSERT INTO fts(rowid, text, author) VALUES(?,?,?)",
	[STMT_SLOT] =
"SELECT max(id) FROM post WHERE id >= ? AND id < ?",
	[STMT_GONE] =
"SELECT id FROM post WHERE account = ? AND number > ? AND number < ?"
" AND latest = 1 AND vanished = 0 AND last_capture <> ? AND platform IS ?",
	[STMT_VANISH] = "UPDATE post SET vanished = ? WHERE id = ?",
	[STMT_BACK] = "UPDATE post SET vanished = 0 WHERE id = ?",
	[STMT_EVENT] = "INSERT INTO event VALUES(?,?,?,?,?)",
	[STMT_NEXT] = "INSERT OR REPLACE INTO meta VALUES('next', ?)",
	[STMT_TALLY_READ] = "SELECT value FROM tally WHERE key = ? AND what = ?",
	[STMT_TALLY] = "INSERT OR REPLACE INTO tally VALUES(?,?,?)",
	[STMT_GONE_AT] =
"SELECT id FROM post WHERE url = ? AND latest = 1 AND vanished = 0",
	[STMT_EVER] =
"SELECT min(number) FROM post WHERE account = ? AND number >= ?"
" AND number <= ? AND latest = 1 AND platform IS ?",
	[STMT_MEDIUM] = "INSERT INTO medium VALUES(?,?,?,?,?,?)",
	[STMT_MEDIUM_FTS] = "INSERT INTO mfts(rowid, words) VALUES(?,?)",
};

int index_fail(struct index *ix, const char *what, struct err *e)
{
	int code = sqlite3_errcode(ix->db);

	return err_set(e, code == SQLITE_NOMEM || code == SQLITE_FULL
			  ? ERR_NOMEM : ERR_IO,
		       "index: %s: %s", what, sqlite3_errmsg(ix->db));
}

sqlite3_stmt *index_stmt(struct index *ix, enum index_stmt which,
			 struct err *e)
{
	sqlite3_stmt **st = &ix->stmt[which];

	if (!*st && sqlite3_prepare_v3(ix->db, SQL[which], -1,
				       SQLITE_PREPARE_PERSISTENT, st, NULL)
		    != SQLITE_OK) {
		index_fail(ix, "cannot prepare", e);
		return NULL;
	}
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

int index_exec(struct index *ix, const char *sql, struct err *e)
{
	return sqlite3_exec(ix->db, sql, NULL, NULL, NULL) == SQLITE_OK
	       ? 0 : index_fail(ix, "cannot run", e);
}

void index_bind_text(sqlite3_stmt *st, int at, const char *s)
{
	if (s)
		sqlite3_bind_text(st, at, s, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(st, at);
}

/* Process-wide, before the first connection; a second call changes nothing. */
static void configure(void)
{
	static int done;

	if (done)
		return;
	done = 1;
	sqlite3_config(SQLITE_CONFIG_MEMDB_MAXSIZE, SNAPSHOT_MAX);
}

static int open_db(struct index **out, struct err *e)
{
	struct index *ix = calloc(1, sizeof *ix);
	int r;

	if (!ix)
		return err_set(e, ERR_NOMEM, "no memory for an index");
	configure();
	if (sqlite3_open_v2(":memory:", &ix->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
			    | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		r = index_fail(ix, "cannot open", e);
		index_free(ix);
		return r;
	}
	sqlite3_db_config(ix->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(ix->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0,
			  NULL);
	r = index_exec(ix, "PRAGMA temp_store = MEMORY;"
			   "PRAGMA journal_mode = MEMORY;", e);
	if (r == 0)
		r = index_rank_register(ix, e);
	if (r < 0) {
		index_free(ix);
		return r;
	}
	*out = ix;
	return 0;
}

int index_new(struct index **out, struct err *e)
{
	struct index *ix = NULL;
	int r = open_db(&ix, e);

	if (r == 0)
		r = index_exec(ix, SCHEMA, e);
	if (r < 0) {
		index_free(ix);
		return r;
	}
	*out = ix;
	return 0;
}

/* meta_read - next and profiles from the loaded database */
static int meta_read(struct index *ix, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(ix->db, "PRAGMA user_version", -1, &st, NULL)
	    == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	if (version < 0)
		return err_set(e, ERR_DAMAGED, "index snapshot does not open");
	if (version != INDEX_SCHEMA)
		return err_set(e, ERR_VERSION, "index snapshot has schema %d",
			       version);
	if (sqlite3_prepare_v2(ix->db, "SELECT key, value FROM meta", -1, &st,
			       NULL) != SQLITE_OK)
		return err_set(e, ERR_DAMAGED, "index snapshot has no meta");
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *key = (const char *)sqlite3_column_text(st, 0);

		if (key && !strcmp(key, "next")) {
			ix->next = (uint64_t)sqlite3_column_int64(st, 1);
		} else if (key && !strcmp(key, "profiles")) {
			const void *text = sqlite3_column_text(st, 1);

			free(ix->profiles);
			ix->profiles = text ? strdup(text) : NULL;
		}
	}
	sqlite3_finalize(st);
	return 0;
}

int index_load(struct buf *snapshot, struct index **out, struct err *e)
{
	struct index *ix = NULL;
	int r = open_db(&ix, e);

	if (r < 0) {
		buf_wipe(snapshot);
		return r;
	}
	ix->snapshot = *snapshot;
	memset(snapshot, 0, sizeof *snapshot);
	ix->frozen = 1;
	if (sqlite3_deserialize(ix->db, "main", ix->snapshot.p,
				(sqlite3_int64)ix->snapshot.len,
				(sqlite3_int64)ix->snapshot.len,
				SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		r = err_set(e, ERR_DAMAGED, "index snapshot does not load");
	if (r == 0)
		r = meta_read(ix, e);
	if (r < 0) {
		index_free(ix);
		return r;
	}
	*out = ix;
	return 0;
}

/* Prepared statements survive: the database reads the schema anew. */
int index_thaw(struct index *ix, struct err *e)
{
	unsigned char *copy;
	size_t len = ix->snapshot.len;

	if (!ix->frozen)
		return 0;
	copy = sqlite3_malloc64(len ? len : 1);
	if (!copy)
		return err_set(e, ERR_NOMEM, "no memory for an index");
	if (len)
		memcpy(copy, ix->snapshot.p, len);
	if (sqlite3_deserialize(ix->db, "main", copy, (sqlite3_int64)len,
				(sqlite3_int64)len,
				SQLITE_DESERIALIZE_FREEONCLOSE
				| SQLITE_DESERIALIZE_RESIZEABLE) != SQLITE_OK)
		return index_fail(ix, "cannot be written to", e);
	buf_wipe(&ix->snapshot);
	ix->frozen = 0;
	return 0;
}

int index_save(struct index *ix, struct buf *out, struct err *e)
{
	sqlite3_int64 len = 0;
	unsigned char *p = sqlite3_serialize(ix->db, "main", &len, 0);
	int r;

	if (!p)
		return err_set(e, ERR_NOMEM, "no memory to save the index");
	r = buf_add(out, p, (size_t)len);
	sqlite3_free(p);
	return r < 0 ? err_set(e, r, "index is too large to save") : 0;
}

void index_free(struct index *ix)
{
	if (!ix)
		return;
	for (int i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(ix->stmt[i]);
	for (int i = 0; i < ASK_COUNT; i++)
		sqlite3_finalize(ix->ask[i]);
	sqlite3_close(ix->db);
	buf_wipe(&ix->snapshot);
	free(ix->profiles);
	free(ix);
}

uint64_t index_next(const struct index *ix)
{
	return ix->next;
}

const char *index_profiles(const struct index *ix)
{
	return ix->profiles ? ix->profiles : "";
}

int index_set_profiles(struct index *ix, const char *digests, struct err *e)
{
	sqlite3_stmt *st = NULL;
	char *copy = strdup(digests);
	int r = index_thaw(ix, e);

	if (r == 0 && !copy)
		r = err_set(e, ERR_NOMEM, "no memory for an index");
	if (r < 0) {
		free(copy);
		return r;
	}
	if (sqlite3_prepare_v2(ix->db,
			       "INSERT OR REPLACE INTO meta VALUES('profiles', ?)",
			       -1, &st, NULL) != SQLITE_OK)
		r = index_fail(ix, "cannot prepare", e);
	if (r == 0) {
		index_bind_text(st, 1, digests);
		if (sqlite3_step(st) != SQLITE_DONE)
			r = index_fail(ix, "cannot write", e);
	}
	sqlite3_finalize(st);
	if (r < 0) {
		free(copy);
		return r;
	}
	free(ix->profiles);
	ix->profiles = copy;
	return 0;
}

int index_begin(struct index *ix, struct err *e)
{
	int r = index_thaw(ix, e);

	return r < 0 ? r : index_exec(ix, "BEGIN", e);
}

int index_commit(struct index *ix, struct err *e)
{
	return index_exec(ix, "COMMIT", e);
}

int index_optimize(struct index *ix, struct err *e)
{
	int r = index_thaw(ix, e);

	return r < 0 ? r : index_exec(ix, "INSERT INTO fts(fts) "
				      "VALUES('optimize')", e);
}

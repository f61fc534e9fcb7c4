/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Commits a second, each of them durable before the next begins.
 *
 *	bench_commit vault DIR RECORDS GROUP
 *	bench_commit sqlite FILE RECORDS GROUP
 *
 * GROUP records share a commit; a record is a statement of 400 bytes.  The
 * vault hashes, seals, chains, signs and syncs them; SQLite (a write-ahead log,
 * synchronous=FULL) keeps them in clear with their hash.  What is named must
 * not exist.  Prints seconds, processor seconds, bytes, commits, peak kB.
 */
#include "store/age.h"
#include "store/sha256.h"
#include "store/vault.h"
#include "util/secret.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define ORIGIN "scelle/bench-2026"
#define RECORD 400

static const uint8_t seed[32] = { 1 }, tag[32] = { 2 };

static double clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int r, const struct err *e, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, e->text);
	exit(3);
}

static struct bytes record(unsigned n)
{
	static char text[RECORD + 1];

	snprintf(text, sizeof text, "%0*u", RECORD, n);
	return BYTES(text, RECORD);
}

/* --- ours ------------------------------------------------------------------ */

static struct vault *vault;
static struct stream *stream;

static void vault_start(const char *dir)
{
	struct age_identity a;
	struct err e = ERR_INIT;

	age_identity_new(&a, NULL);
	must(vault_create(dir, "bench-2026", ORIGIN, seed, 0, 0, &e), &e,
	     "create");
	must(vault_open(dir, VAULT_WRITE, seed, &vault, &e), &e, "open");
	must(stream_create(vault, "cases/00000000000000aa", a.recipient, tag,
			   &stream, &e), &e, "case");
}

static void vault_group(unsigned first, unsigned n)
{
	struct err e = ERR_INIT;
	struct batch *b = NULL;

	must(batch_begin(vault, &b, &e), &e, "begin");
	for (unsigned i = 0; i < n; i++) {
		const struct store_item it = { .kind = LEAF_EVIDENCE,
					       .statement = record(first + i) };

		must(batch_add(b, stream, &it, 0, NULL, &e), &e, "add");
	}
	must(batch_commit(b, &e), &e, "commit");
}

/* --- the peer -------------------------------------------------------------- */

static sqlite3 *db;
static sqlite3_stmt *insert;

static void sql(const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK)
		return;
	fprintf(stderr, "%s: %s\n", text, sqlite3_errmsg(db));
	exit(3);
}

static void sqlite_start(const char *file)
{
	if (sqlite3_open(file, &db) != SQLITE_OK)
		exit(3);
	sql("PRAGMA journal_mode=WAL");
	sql("PRAGMA synchronous=FULL");
	sql("CREATE TABLE r (n INTEGER PRIMARY KEY, hash BLOB, text BLOB)");
	if (sqlite3_prepare_v2(db, "INSERT INTO r VALUES (?, ?, ?)", -1,
			       &insert, NULL) != SQLITE_OK)
		exit(3);
}

static void sqlite_group(unsigned first, unsigned n)
{
	sql("BEGIN IMMEDIATE");
	for (unsigned i = 0; i < n; i++) {
		struct bytes text = record(first + i);
		uint8_t hash[SHA256_LEN];

		sha256_once(text, hash);
		sqlite3_bind_int64(insert, 1, first + i);
		sqlite3_bind_blob(insert, 2, hash, sizeof hash, SQLITE_STATIC);
		sqlite3_bind_blob(insert, 3, text.p, (int)text.len,
				  SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			exit(3);
		sqlite3_reset(insert);
	}
	sql("COMMIT");
}

int main(int argc, char **argv)
{
	unsigned records, group, commits = 0;
	void (*one)(unsigned first, unsigned n);
	struct rusage use;
	double wall, cpu;

	if (argc != 5 || secret_start() < 0)
		return 2;
	records = (unsigned)strtoul(argv[3], NULL, 10);
	group = (unsigned)strtoul(argv[4], NULL, 10);
	if (!records || !group)
		return 2;
	if (!strcmp(argv[1], "vault")) {
		vault_start(argv[2]);
		one = vault_group;
	} else {
		sqlite_start(argv[2]);
		one = sqlite_group;
	}
	wall = clock_of(CLOCK_MONOTONIC);
	cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < records; i += group, commits++)
		one(i, records - i < group ? records - i : group);
	wall = clock_of(CLOCK_MONOTONIC) - wall;
	cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	getrusage(RUSAGE_SELF, &use);
	printf("%.4f %.4f %llu %u %ld\n", wall, cpu,
	       (unsigned long long)records * RECORD, commits, use.ru_maxrss);
	vault_close(vault);
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return 0;
}

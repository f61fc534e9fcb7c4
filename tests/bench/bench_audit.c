/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The audit over many accesses.
 *
 * usage: bench_audit make VAULT N     makes VAULT with N access records of
 *                                     twelve people, 30,000 a month
 *        bench_audit read VAULT       findings, then the chronology as CSV
 *        bench_audit cold VAULT       the same, without what is kept of an
 *                                     earlier reading
 * make prints seconds.  read and cold print seconds until the findings are
 * known, seconds in all, records, findings, bytes of CSV, peak MB.
 */
#include "cases/audit_rows.h"
#include "cases/audit.h"
#include "store/vault.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/secret.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PEOPLE 12
#define GROUP 512
#define A_MONTH 30000
#define PASS "the words of the bench"

static void need(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bench_audit: %s\n", e->text[0] ? e->text
		: err_name(r));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void name_of(unsigned i, char out[static 16])
{
	if (i)
		snprintf(out, 16, "agent%02u", i);
	else
		snprintf(out, 16, "claire");
}

static void found(const char *path)
{
	struct unit_options o = {
		.unit = "bench", .user = "claire", .full = "Claire Martin",
		.unit_pass = bytes_str(PASS), .user_pass = bytes_str(PASS),
		.lab = 1, .logn = 2, .now_ms = clock_wall_ms(),
	};
	struct err e = ERR_INIT;
	struct unit *u = NULL;

	need(unit_init(path, &o, &e), &e);
	need(unit_open(path, "claire", bytes_str(PASS), VAULT_WRITE, &u, &e),
	     &e);
	for (unsigned i = 1; i < PEOPLE; i++) {
		char name[16];

		name_of(i, name);
		need(unit_add_user(u, name, "", ROLE_INVESTIGATOR,
				   bytes_str(PASS), 2, &e), &e);
	}
	unit_close(u);
}

/* One record as custody makes it. */
static void record(struct unit *u, struct batch *b, struct stream *s,
		   const char *dir, const struct note_skey *key,
		   const char *user, uint64_t n, int64_t ms)
{
	struct buf note = BUF_INIT(65536);
	struct store_item item = { .kind = LEAF_ACCESS };
	struct draft d;
	struct err e = ERR_INIT;

	draft_begin(&d, "access", vault_origin(u->vault), dir,
		    batch_number(b, s), ms);
	jsonw_str(&d.w, "user", user);
	jsonw_open(&d.w, "from", '{');
	jsonw_str(&d.w, "session", "00112233445566aa");
	jsonw_str(&d.w, "via", "local");
	jsonw_int(&d.w, "uid", 1000);
	jsonw_str(&d.w, "tty", "pts/3");
	jsonw_close(&d.w, '}');
	jsonw_str(&d.w, "command", n % 3 ? "show" : "search");
	jsonw_str(&d.w, "why", "instruction du dossier, vendeurs d'ordonnances");
	jsonw_str(&d.w, "case", "0123456789abcdef");
	if (n % 3) {
		jsonw_open(&d.w, "items", '[');
		jsonw_int(&d.w, NULL, (int64_t)(n % 100000));
		jsonw_close(&d.w, ']');
	} else {
		jsonw_str(&d.w, "query", "ordonnance livraison");
	}
	jsonw_str(&d.w, "software", "scelle");
	need(draft_sign(&d, key, 1, &note, &e), &e);
	item.statement = buf_view(&note);
	item.flags = LEAF_FLAG_LAB;
	secret_random(item.salt, sizeof item.salt);
	need(batch_add(b, s, &item, ms, NULL, &e), &e);
	draft_release(&d);
	buf_release(&note);
}

static void make(const char *path, uint64_t n)
{
	const int64_t step = 28 * (int64_t)86400000 / A_MONTH;
	struct unit *people[PEOPLE] = { NULL };
	struct err e = ERR_INIT;
	struct stream *s = NULL;
	struct batch *b = NULL;
	struct unit *u = NULL;
	int64_t ms;
	char dir[32];

	found(path);
	for (unsigned i = 0; i < PEOPLE; i++) {
		char name[16];

		name_of(i, name);
		need(unit_open(path, name, bytes_str(PASS), i ? VAULT_READ :
			       VAULT_WRITE, &people[i], &e), &e);
	}
	u = people[0];
	ms = clock_wall_ms();
	for (uint64_t i = 0; i < n; i++, ms += step) {
		unsigned who = (unsigned)(i * 7 % PEOPLE);

		if (i % GROUP == 0) {
			if (b)
				need(batch_commit(b, &e), &e);
			need(unit_month(u, ms, &s, &e), &e);
			snprintf(dir, sizeof dir, "audit/%s", u->month_name);
			need(batch_begin(u->vault, &b, &e), &e);
		}
		record(u, b, s, dir, &people[who]->user->sign,
		       people[who]->user_name, i, ms);
	}
	if (b)
		need(batch_commit(b, &e), &e);
	for (unsigned i = 0; i < PEOPLE; i++)
		unit_close(people[i]);
}

static int drop(const char *path, const struct stat *st, int type,
		struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && strstr(path, "/read.cache/"))
		unlink(path);
	return 0;
}

static void read_all(const char *path)
{
	struct audit_query q = { .why = "bench" };
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct audit_event ev;
	struct err e = ERR_INIT;
	struct audit *a = NULL;
	struct unit *u = NULL;
	struct rusage use;
	struct finder f;
	uint64_t bytes = 0, rows = 0;
	double t0 = now(), t1;
	int r;

	need(unit_open(path, "claire", bytes_str(PASS), VAULT_WRITE, &u, &e),
	     &e);
	need(audit_open(u, &q, &a, &e), &e);
	finder_init(&f, &u->admin.audit, 0, 0);
	audit_event_init(&ev);
	while ((r = audit_next(a, &ev, &e)) == 1)
		need(finder_feed(&f, &ev, audit_asof(a), 1, &e), &e);
	need(r, &e);
	need(finder_end(&f, &e), &e);
	t1 = now();
	need(audit_rewind(a, &e), &e);
	while ((r = audit_next(a, &ev, &e)) == 1) {
		audit_row_csv(&u->admin, &ev, &out);
		rows++;
		if (out.len > ((size_t)1 << 20)) {
			bytes += out.len;
			buf_clear(&out);
		}
	}
	need(r, &e);
	bytes += out.len;
	getrusage(RUSAGE_SELF, &use);
	printf("%.3f %.3f %llu %zu %llu %.1f\n", t1 - t0, now() - t0,
	       (unsigned long long)rows, f.nfound, (unsigned long long)bytes,
	       (double)use.ru_maxrss / 1024);
	audit_event_release(&ev);
	finder_release(&f);
	audit_close(a);
	unit_close(u);
	buf_release(&out);
}

int main(int argc, char **argv)
{
	double t = now();

	if (secret_start() < 0)
		return 1;
	if (argc == 4 && !strcmp(argv[1], "make")) {
		make(argv[2], strtoull(argv[3], NULL, 10));
		printf("%.3f\n", now() - t);
		return 0;
	}
	if (argc != 3 || (strcmp(argv[1], "read") && strcmp(argv[1], "cold"))) {
		fprintf(stderr, "usage: bench_audit make VAULT N | read VAULT "
			"| cold VAULT\n");
		return 2;
	}
	if (!strcmp(argv[1], "cold"))
		nftw(argv[2], drop, 16, FTW_PHYS);
	read_all(argv[2]);
	return 0;
}

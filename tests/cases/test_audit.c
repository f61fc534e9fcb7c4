/* SPDX-License-Identifier: EUPL-1.2 */
/* The join of a vault's own streams, and what is kept of a reading. */
#include "cases/audit.h"

#include "cases/audit_find.h"
#include "cases/audit_month.h"
#include "cases/casefile.h"
#include "cases/custody.h"
#include "store/seal.h"
#include "store/verify.h"
#include "tests/cases/fixture.h"
#include "util/file.h"

#include <unistd.h>

struct world {
	struct fixture f;
	struct unit *u;
	char id[17], month[8];
};

static void world_init(struct world *w)
{
	static const char *const offences[] = { "441-1" };
	struct case_options o = CASE_OPTIONS_INIT;
	char when[CLOCK_RFC3339_MAX];
	struct err e = ERR_INIT;

	fixture_init(&w->f);
	w->u = fixture_open(&w->f, "claire", VAULT_WRITE);
	o.reference = "2026-0042";
	o.basis = "L. 114-22-3";
	o.offences = offences;
	o.noffences = 1;
	o.start_ms = clock_wall_ms() - 86400000;
	o.end_ms = clock_wall_ms() + 86400000;
	cr_assert_eq(casefile_open(w->u, &o, w->id, &e), 0, "%s", e.text);
	snprintf(w->month, sizeof w->month, "%.7s",
		 clock_rfc3339(clock_wall_ms(), when));
}

static void world_release(struct world *w)
{
	unit_close(w->u);
	fixture_release(&w->f);
}

static void look(struct world *w, unsigned times)
{
	const struct access a = { .command = "posts", .why = "test",
				  .case_name = w->id };
	struct err e = ERR_INIT;

	for (unsigned i = 0; i < times; i++) {
		struct grant *g = NULL;

		cr_assert_eq(custody_log(w->u, &a, &g, &e), 0, "%s", e.text);
		custody_close(g);
	}
}

struct told {
	unsigned access, admin, forged, other_case;
	uint64_t last, sum;
};

static int tell(struct world *w, struct audit_query *q, struct told *t)
{
	struct audit_event ev;
	struct err e = ERR_INIT;
	struct audit *a = NULL;
	int r = audit_open(w->u, q, &a, &e);

	memset(t, 0, sizeof *t);
	if (r < 0)
		return r;
	audit_event_init(&ev);
	while ((r = audit_next(a, &ev, &e)) == 1) {
		cr_assert(!t->sum || ev.seq > t->last, "in the log's order");
		t->last = ev.seq;
		t->sum += ev.seq;
		if (!audit_wanted(a, &ev))
			continue;
		t->access += ev.what == AUDIT_ACCESS;
		t->admin += ev.what == AUDIT_ADMIN;
		t->forged += ev.forged != 0;
		t->other_case += *ev.case_id && strcmp(ev.case_id, w->id);
	}
	cr_assert_eq(r, 0, "%s", e.text);
	audit_event_release(&ev);
	audit_close(a);
	return 0;
}

Test(audit, decisions_and_accesses_are_one_chronology)
{
	struct audit_query q = { .why = "check" };
	struct world w;
	struct told t;

	world_init(&w);
	look(&w, 3);
	cr_assert_eq(tell(&w, &q, &t), 0);
	/* init, user-add, audit-month, case-open */
	cr_expect_eq(t.admin, 4u);
	cr_expect_eq(t.access, 4u, "three readings, and this one");
	cr_expect_eq(t.forged, 0u);
	q.of_command = "posts";
	q.case_name = "2026-0042";
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 3u);
	cr_expect_eq(t.admin, 0u);
	q.by = "paul";
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 0u);
	world_release(&w);
}

Test(audit, a_period_without_a_month_is_said_and_leaves_no_record)
{
	struct audit_query q = { .why = "check" };
	struct world w;
	struct told t;
	uint64_t before;

	world_init(&w);
	before = vault_size(w.u->vault);
	cr_assert_eq(audit_month_bounds("2001-02", &q.from_ms, &q.to_ms), 0);
	cr_expect_eq(tell(&w, &q, &t), ERR_NOENT);
	cr_expect_eq(vault_size(w.u->vault), before);
	cr_expect_eq(audit_month_bounds("2001-13", &q.from_ms, &q.to_ms),
		     ERR_FORMAT);
	cr_expect_eq(audit_month_bounds("2001-1", &q.from_ms, &q.to_ms),
		     ERR_FORMAT);
	q.why = " ";
	cr_expect_eq(tell(&w, &q, &t), ERR_USAGE);
	world_release(&w);
}

static int sound(const struct world *w)
{
	struct verify_options o = { .threads = 1 };
	struct verify_report rep;
	struct err e = ERR_INIT;

	return verify_vault(w->f.path, &o, &rep, &e);
}

static void cache_file(const struct world *w, char out[static FILE_PATH_MAX])
{
	char rel[64];

	snprintf(rel, sizeof rel, "audit/%s/read.cache/000000.age", w->month);
	cr_assert_eq(file_path(out, w->f.path, rel, NULL), 0);
}

/*
 * The month's public key is for all to see: who writes to the disk can seal a
 * cache that hides an access.  It must not be believed.
 */
Test(audit, a_cache_that_somebody_else_sealed_hides_nothing)
{
	struct buf plain = BUF_INIT(1 << 20), sealed = BUF_INIT(1 << 20);
	struct audit_query q = { .why = "check", .of_command = "posts" };
	const struct admin_month *m;
	char path[FILE_PATH_MAX];
	struct bytes piece;
	struct world w;
	struct told t;
	uint8_t zero[64] = { 0 };

	world_init(&w);
	look(&w, 300);
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 300u);
	cache_file(&w, path);
	cr_assert(file_exists(path), "what was opened is kept");
	cr_expect_eq(sound(&w), 0, "and verify takes it for what it is");
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 300u, "and is the same");
	/* An empty statement in place of the first. */
	buf_adds(&plain, "scelle/v1/audit-cache\n");
	buf_add(&plain, zero, 32);
	buf_add(&plain, zero, 45);
	m = admin_month(&w.u->admin, w.month);
	cr_assert_not_null(m);
	piece = buf_view(&plain);
	cr_assert_eq(seal_to(m->public, &piece, 1, &sealed), 0);
	cr_assert_eq(file_replace(path, buf_view(&sealed), 0600, NULL), 0);
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 300u);
	cr_expect_eq(t.forged, 0u);
	/* A file that is none, and one that is cut. */
	cr_assert_eq(file_replace(path, bytes_str("nothing"), 0600, NULL), 0);
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 300u);
	cr_assert_eq(truncate(path, 1000), 0);
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.access, 300u);
	buf_release(&plain);
	buf_release(&sealed);
	world_release(&w);
}

/* A record that names another than who signed it. */
Test(audit, a_record_signed_by_another_is_found)
{
	struct audit_query q = { .why = "check" };
	struct err e = ERR_INIT;
	struct world w;
	struct told t;

	world_init(&w);
	cr_assert_eq(unit_add_user(w.u, "paul", "", ROLE_INVESTIGATOR,
				   bytes_str(PASS), TEST_LOGN, &e), 0, "%s",
		     e.text);
	strcpy(w.u->user_name, "paul");
	cr_assert_eq(custody_note(w.u, &(struct access){ .command = "x",
							 .why = "y" }, &e), 0,
		     "%s", e.text);
	strcpy(w.u->user_name, "claire");
	cr_assert_eq(tell(&w, &q, &t), 0);
	cr_expect_eq(t.forged, 1u);
	world_release(&w);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Each pattern at its border, with clocks that stand where the test puts them. */
#include "cases/audit_find.h"

#include "cases/audit_rows.h"
#include "util/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR 3600000
#define DAY ((int64_t)24 * HOUR)
#define CASE "0123456789abcdef"
#define OTHER "fedcba9876543210"

struct world {
	struct admin a;
	struct admin_user users[4];
	struct admin_case cases[2];
	char *members[2];
	struct finder f;
	uint64_t seq;
	int64_t now;		/* Monday 2 November 2026, 10:00 in Paris */
};

static void world_init(struct world *w)
{
	static char names[][16] = { "claire", "paul", "sylvie", "jean.m" };
	static char fulls[][16] = { "Claire Martin", "Paul Dürand", "Sylvie",
				    "Jean Lefèvre" };
	static char refs[][16] = { "2026-0001", "2026-0002" };

	memset(w, 0, sizeof *w);
	audit_policy_default(&w->a.audit);
	for (int i = 0; i < 4; i++) {
		w->users[i].name = names[i];
		w->users[i].full = fulls[i];
	}
	w->a.users = w->users;
	w->a.nusers = 4;
	w->members[0] = names[0];
	for (int i = 0; i < 2; i++) {
		strcpy(w->cases[i].id, i ? OTHER : CASE);
		w->cases[i].reference = refs[i];
		w->cases[i].members = w->members;
		w->cases[i].nmembers = 1;
	}
	w->a.cases = w->cases;
	w->a.ncases = 2;
	cr_assert_eq(clock_parse_rfc3339("2026-11-02T09:00Z", 17, &w->now), 0);
	w->seq = 100;
	finder_init(&w->f, &w->a.audit, 0, 0);
}

static void feed_as(struct world *w, struct audit_event *ev, int period)
{
	struct err e = ERR_INIT;

	ev->seq = ev->end_seq = w->seq++;
	ev->time_ms = ev->end_ms = w->now;
	cr_assert_eq(finder_feed(&w->f, ev, &w->a, period, &e), 0, "%s",
		     e.text);
}

static struct audit_event event(enum audit_what what, const char *user,
				const char *command)
{
	struct audit_event ev;

	audit_event_init(&ev);
	ev.what = what;
	ev.user = user;
	ev.command = command;
	ev.kind = what == AUDIT_ACCESS ? "access" : what == AUDIT_REFUSED
		? "refused" : what == AUDIT_SHOWN ? "shown" : "";
	return ev;
}

static void access_to(struct world *w, const char *user, const char *id)
{
	struct audit_event ev = event(AUDIT_ACCESS, user, "show");

	ev.case_id = id;
	feed_as(w, &ev, 1);
}

static void refusal(struct world *w, const char *user, const char *id)
{
	struct audit_event ev = event(AUDIT_REFUSED, user, "show");

	ev.case_id = id;
	feed_as(w, &ev, 1);
}

static void items(struct world *w, const char *user, uint64_t n, int period)
{
	struct audit_event ev = event(AUDIT_SHOWN, user, "posts");

	ev.case_id = CASE;
	ev.items = n;
	feed_as(w, &ev, period);
}

static const struct finding *only(struct world *w, enum audit_pattern p)
{
	const struct finding *x = NULL;

	cr_assert_eq(finder_end(&w->f, NULL), 0);
	for (size_t i = 0; i < w->f.nfound; i++)
		if (w->f.found[i].pattern == p) {
			cr_assert_null(x, "one of %s", find_pattern_name(p));
			x = &w->f.found[i];
		}
	return x;
}

#define NONE(w, p) cr_expect_null(only(w, p), "%s", find_pattern_name(p))

Test(audit_find, an_ordinary_day_gives_nothing)
{
	struct world w;

	world_init(&w);
	for (int i = 0; i < 20; i++, w.now += 600000)
		access_to(&w, "claire", CASE);
	cr_assert_eq(finder_end(&w.f, NULL), 0);
	cr_expect_eq(w.f.nfound, 0u);
	finder_release(&w.f);
}

Test(audit_find, a_refusal_is_one_finding_a_person_and_case)
{
	const struct finding *x;
	struct world w;

	world_init(&w);
	refusal(&w, "paul", CASE);
	w.now += 2 * HOUR;
	refusal(&w, "paul", CASE);
	x = only(&w, FIND_OUTSIDE);
	cr_assert_not_null(x);
	cr_expect_str_eq(x->user, "paul");
	cr_expect_str_eq(x->case_id, CASE);
	cr_expect_eq(x->count, 2u);
	cr_expect_eq(x->leaves[0], 100u);
	cr_expect_eq(x->leaves[1], 101u);
	cr_expect_eq(x->to_ms - x->from_ms, 2 * HOUR);
	NONE(&w, FIND_REPEATED);
	finder_release(&w.f);
}

Test(audit_find, an_access_by_no_member_is_outside_however_it_came)
{
	struct world w;
	struct audit_event ev;

	world_init(&w);
	ev = event(AUDIT_ACCESS, "paul", "show");
	ev.case_id = CASE;
	ev.reach = 1;
	feed_as(&w, &ev, 1);
	cr_assert_not_null(only(&w, FIND_OUTSIDE));
	finder_release(&w.f);
}

Test(audit_find, three_refusals_within_an_hour_and_not_in_more)
{
	const struct finding *x;
	struct world w;

	world_init(&w);
	refusal(&w, "paul", "");
	w.now += 30 * 60000;
	refusal(&w, "paul", "");
	w.now += 30 * 60000;	/* exactly an hour after the first */
	refusal(&w, "paul", "");
	NONE(&w, FIND_REPEATED);
	finder_release(&w.f);

	world_init(&w);
	for (int i = 0; i < 4; i++, w.now += 19 * 60000)
		refusal(&w, "paul", "");
	x = only(&w, FIND_REPEATED);
	cr_assert_not_null(x);
	cr_expect_eq(x->count, 4u, "the first three together, then the fourth");
	cr_expect_eq(x->leaves[0], 100u);
	cr_expect_eq(x->leaves[3], 103u);
	finder_release(&w.f);
}

Test(audit_find, odd_hours_are_those_of_paris_one_finding_a_day)
{
	const struct finding *x;
	struct world w;

	world_init(&w);
	w.now += 10 * HOUR - 1;	/* 19:59:59.999 */
	access_to(&w, "claire", CASE);
	w.now += 1;
	access_to(&w, "claire", CASE);
	w.now += HOUR;
	access_to(&w, "claire", CASE);
	x = only(&w, FIND_HOURS);
	cr_assert_not_null(x);
	cr_expect_eq(x->count, 2u);
	cr_expect_eq(x->leaves[0], 101u);
	finder_release(&w.f);

	/* A pass that runs by itself has no hours. */
	world_init(&w);
	w.now += 14 * HOUR;
	access_to(&w, "timer", CASE);
	NONE(&w, FIND_HOURS);
	finder_release(&w.f);
}

Test(audit_find, bulk_is_more_than_the_limit_and_than_ones_own_median)
{
	const struct finding *x;
	struct world w;

	/* 201 in an hour, without any other hour: the limit decides. */
	world_init(&w);
	items(&w, "claire", 200, 1);
	NONE(&w, FIND_BULK_HOUR);
	finder_release(&w.f);
	world_init(&w);
	items(&w, "claire", 150, 1);
	items(&w, "claire", 51, 1);
	x = only(&w, FIND_BULK_HOUR);
	cr_assert_not_null(x);
	cr_expect_eq(x->count, 201u);
	cr_expect_eq(x->limit, 200u);
	cr_expect_eq(x->median, 0u);
	cr_expect_eq(x->all, 2u);
	cr_expect_eq(x->leaves[1], 101u);
	finder_release(&w.f);

	/* Who reads 100 an hour every day may read 500, not 501. */
	for (uint64_t n = 500; n <= 501; n++) {
		world_init(&w);
		for (int i = 0; i < 5; i++, w.now += HOUR)
			items(&w, "claire", 100, 0);
		items(&w, "claire", n, 1);
		x = only(&w, FIND_BULK_HOUR);
		if (n == 500) {
			cr_expect_null(x);
		} else {
			cr_assert_not_null(x);
			cr_expect_eq(x->median, 100u);
		}
		/* Another's habits are nothing to her. */
		finder_release(&w.f);
	}
}

Test(audit_find, what_a_pass_collected_was_not_read)
{
	struct audit_event ev;
	struct world w;

	world_init(&w);
	ev = event(AUDIT_SHOWN, "claire", "collect");
	ev.items = 100000;
	feed_as(&w, &ev, 1);
	NONE(&w, FIND_BULK_HOUR);
	NONE(&w, FIND_BULK_DAY);
	finder_release(&w.f);
}

Test(audit_find, a_day_in_bulk_is_a_day_of_paris)
{
	const struct finding *x;
	struct world w;

	world_init(&w);
	for (int i = 0; i < 8; i++, w.now += HOUR)
		items(&w, "claire", 126, 1);
	x = only(&w, FIND_BULK_DAY);
	cr_assert_not_null(x);
	cr_expect_eq(x->count, 1008u);
	cr_expect_eq(x->to_ms - x->from_ms, DAY);
	finder_release(&w.f);
	/* The same over two days is none. */
	world_init(&w);
	w.now += 10 * HOUR;	/* 20:00 in Paris: four hours left */
	for (int i = 0; i < 8; i++, w.now += HOUR)
		items(&w, "claire", 126, 1);
	NONE(&w, FIND_BULK_DAY);
	finder_release(&w.f);
}

Test(audit_find, ones_own_refusals_looked_up)
{
	struct audit_event ev;
	struct world w;

	world_init(&w);
	ev = event(AUDIT_SHOWN, "sylvie", "audit");
	feed_as(&w, &ev, 1);
	NONE(&w, FIND_OWN_DENIALS);
	finder_release(&w.f);
	world_init(&w);
	ev.denials = 2;
	feed_as(&w, &ev, 1);
	cr_expect_not_null(only(&w, FIND_OWN_DENIALS));
	finder_release(&w.f);
}

Test(audit_find, a_case_read_after_it_was_refused)
{
	struct world w;

	world_init(&w);
	refusal(&w, "claire", CASE);
	access_to(&w, "claire", OTHER);
	NONE(&w, FIND_AFTER_DENIAL);
	finder_release(&w.f);
	world_init(&w);
	refusal(&w, "claire", CASE);
	access_to(&w, "claire", CASE);
	cr_expect_not_null(only(&w, FIND_AFTER_DENIAL));
	finder_release(&w.f);
}

Test(audit_find, an_export_waits_for_its_hand_over)
{
	for (int handed = 0; handed < 2; handed++) {
		const struct finding *x;
		struct audit_event ev;
		struct world w;

		world_init(&w);
		ev = event(AUDIT_ACCESS, "claire", "export");
		ev.case_id = CASE;
		ev.recipient = "parquet de Paris";
		feed_as(&w, &ev, 1);
		ev = event(AUDIT_EXPORTED, "", "");
		ev.case_id = CASE;
		feed_as(&w, &ev, 1);
		ev = event(AUDIT_ACCESS, "claire", "handover");
		ev.case_id = CASE;
		/* About this export, or about another one. */
		ev.about = 1 + (handed ? 101 : 100);
		feed_as(&w, &ev, 1);
		w.now += 7 * DAY;
		access_to(&w, "claire", CASE);
		x = only(&w, FIND_EXPORT);
		if (handed) {
			cr_expect_null(x);
		} else {
			cr_assert_not_null(x);
			cr_expect_eq(x->leaves[0], 101u);
			cr_expect_str_eq(x->user, "claire");
			cr_expect_str_eq(x->detail, "parquet de Paris");
		}
		finder_release(&w.f);
	}
}

Test(audit_find, a_week_is_given_for_the_hand_over)
{
	struct audit_event ev;
	struct world w;

	world_init(&w);
	ev = event(AUDIT_EXPORTED, "", "");
	ev.case_id = CASE;
	feed_as(&w, &ev, 1);
	w.now += 7 * DAY - 1;
	access_to(&w, "claire", CASE);
	NONE(&w, FIND_EXPORT);
	finder_release(&w.f);
}

Test(audit_find, names_of_agents_as_people_write_them)
{
	struct world w;

	world_init(&w);
	cr_expect_str_eq(find_names(&w.a, "DURAND telegram"), "paul");
	cr_expect_str_eq(find_names(&w.a, "durand"), "paul");
	cr_expect_str_eq(find_names(&w.a, "Du\xcc\x88rand"), "paul",
			 "a combining diaeresis");
	cr_expect_str_eq(find_names(&w.a, "lefevre jean"), "jean.m");
	cr_expect_str_eq(find_names(&w.a, "\"martin claire\""), "claire");
	cr_expect_str_eq(find_names(&w.a, "claire"), "claire", "the login");
	cr_expect_null(find_names(&w.a, "jean"), "a first name alone");
	cr_expect_null(find_names(&w.a, "durandal"), "whole words only");
	cr_expect_null(find_names(&w.a, "éclaireur"));
	cr_expect_null(find_names(&w.a, "ordonnance arrêt"));
	cr_expect_null(find_names(&w.a, ""));
}

Test(audit_find, a_search_for_a_colleague)
{
	const struct finding *x;
	struct audit_event ev;
	struct world w;

	world_init(&w);
	ev = event(AUDIT_ACCESS, "claire", "search");
	ev.case_id = CASE;
	ev.query = "ordonnance Dürand";
	feed_as(&w, &ev, 1);
	x = only(&w, FIND_COLLEAGUE);
	cr_assert_not_null(x);
	cr_expect_str_eq(x->detail, "paul");
	finder_release(&w.f);
}

Test(audit_find, a_closed_case_is_read_by_exception)
{
	struct world w;

	world_init(&w);
	access_to(&w, "claire", CASE);
	w.cases[0].closed = 1;
	access_to(&w, "claire", CASE);
	cr_assert_not_null(only(&w, FIND_CLOSED));
	cr_expect_eq(only(&w, FIND_CLOSED)->leaves[0], 101u);
	finder_release(&w.f);
}

Test(audit_find, a_case_nobody_looked_at_for_ninety_days)
{
	for (int64_t days = 89; days <= 90; days++) {
		const struct finding *x;
		struct world w;

		world_init(&w);
		access_to(&w, "claire", CASE);
		w.now += days * DAY;
		access_to(&w, "claire", CASE);
		x = only(&w, FIND_QUIET);
		if (days == 89) {
			cr_expect_null(x);
		} else {
			cr_assert_not_null(x);
			cr_expect_eq(x->limit, 90u);
			cr_expect_eq(x->leaves[0], 101u);
		}
		finder_release(&w.f);
	}
}

Test(audit_find, what_lies_before_the_period_is_only_compared_with)
{
	struct audit_event ev;
	struct world w;

	world_init(&w);
	ev = event(AUDIT_REFUSED, "claire", "show");
	ev.case_id = CASE;
	feed_as(&w, &ev, 0);
	NONE(&w, FIND_OUTSIDE);
	finder_release(&w.f);
	world_init(&w);
	feed_as(&w, &ev, 0);
	access_to(&w, "claire", CASE);
	cr_expect_not_null(only(&w, FIND_AFTER_DENIAL), "it is remembered");
	finder_release(&w.f);
}

Test(audit_find, numbers_in_clear_glass_and_forged_records)
{
	struct audit_event ev;
	struct world w;

	world_init(&w);
	ev = event(AUDIT_ACCESS, "claire", "show");
	ev.case_id = CASE;
	ev.unmasked = 1;
	feed_as(&w, &ev, 1);
	ev.unmasked = 0;
	ev.forged = 1;
	feed_as(&w, &ev, 1);
	ev = event(AUDIT_ADMIN, "paul", "");
	ev.kind = "break-glass";
	ev.glass = "00112233";
	ev.break_glass = 1;
	ev.case_id = CASE;
	feed_as(&w, &ev, 1);
	ev = event(AUDIT_ADMIN, "sylvie", "");
	ev.kind = "countersigned";
	ev.glass = "00112233";
	feed_as(&w, &ev, 1);
	cr_expect_not_null(only(&w, FIND_UNMASKED));
	cr_expect_not_null(only(&w, FIND_FORGED));
	cr_assert_not_null(only(&w, FIND_BREAK_GLASS));
	cr_expect_str_eq(only(&w, FIND_BREAK_GLASS)->detail,
			 "00112233; ✓ sylvie");
	finder_release(&w.f);
}

Test(audit_find, leaves_are_counted_where_they_are_too_many_to_name)
{
	struct buf b = BUF_INIT(4096);
	struct world w;

	world_init(&w);
	for (int i = 0; i < 20; i++)
		refusal(&w, "paul", CASE);
	audit_explain(AUDIT_EN, only(&w, FIND_OUTSIDE), "2026-0001", &b);
	cr_expect_not_null(strstr(buf_cstr(&b), "paul: "));
	cr_expect_not_null(strstr(buf_cstr(&b), "case 2026-0001"));
	cr_expect_not_null(strstr(buf_cstr(&b), "100, 101, "));
	cr_expect_not_null(strstr(buf_cstr(&b), "115 and 4 more"));
	cr_expect_null(strstr(buf_cstr(&b), "116"));
	buf_clear(&b);
	audit_explain(AUDIT_FR, only(&w, FIND_OUTSIDE), "", &b);
	cr_expect_not_null(strstr(buf_cstr(&b), "115 et 4 autres"));
	cr_expect_not_null(strstr(buf_cstr(&b), "dossier " CASE));
	buf_release(&b);
	finder_release(&w.f);
}

/* --- lines -------------------------------------------------------------------- */

Test(audit_rows, a_spreadsheet_takes_no_cell_for_a_formula)
{
	static const char *const cells[][2] = {
		{ "plain", "plain," }, { "", "," }, { "a,b", "\"a,b\"," },
		{ "say \"x\"", "\"say \"\"x\"\"\"," },
		{ "two\nlines", "\"two\nlines\"," },
		{ "=1+1", "\"'=1+1\"," }, { "+33", "\"'+33\"," },
		{ "-2", "\"'-2\"," }, { "@SUM(A1)", "\"'@SUM(A1)\"," },
		{ "\t=1", "\"'\t=1\"," }, { "\r=1", "\"'\r=1\"," },
		{ "＝1", "\"'＝1\"," }, { "＠x", "\"'＠x\"," },
		{ "=HYPERLINK(\"http://x\")",
		  "\"'=HYPERLINK(\"\"http://x\"\")\"," },
	};

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		struct buf b = BUF_INIT(4096);

		csv_cell(&b, cells[i][0], 0);
		cr_expect_str_eq(buf_cstr(&b), cells[i][1]);
		buf_release(&b);
	}
}

Test(audit_rows, no_form_shows_a_number_that_is_masked)
{
	struct audit_event ev = event(AUDIT_ACCESS, "claire", "search");
	struct buf b = BUF_INIT(65536);
	struct world w;

	world_init(&w);
	ev.query = "1 85 05 78 006 084 91";
	ev.why = "carte 4970 1012 3456 7893";
	audit_row_text(AUDIT_FR, &ev, &b);
	audit_row_csv(&w.a, &ev, &b);
	audit_row_json(&w.a, &ev, &b);
	cr_expect_not_null(strstr(buf_cstr(&b), "***"));
	cr_expect_null(strstr(buf_cstr(&b), "006 084"));
	cr_expect_null(strstr(buf_cstr(&b), "1012 3456"));
	buf_release(&b);
}

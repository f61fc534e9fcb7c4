/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/calendar.h"

#include "cases/audit_policy.h"
#include "util/clock.h"

#include <criterion/criterion.h>

static int64_t at(const char *text)
{
	int64_t ms = 0;

	cr_assert_eq(clock_parse_rfc3339(text, strlen(text), &ms), 0, "%s",
		     text);
	return ms;
}

/* From the tables of the Bureau des longitudes. */
Test(calendar, easter_is_where_the_tables_have_it)
{
	static const struct {
		int year;
		unsigned month, day;
	} known[] = {
		{ 1999, 4, 4 }, { 2000, 4, 23 }, { 2008, 3, 23 },
		{ 2011, 4, 24 }, { 2024, 3, 31 }, { 2025, 4, 20 },
		{ 2026, 4, 5 }, { 2027, 3, 28 }, { 2038, 4, 25 },
		{ 2285, 3, 22 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		cr_expect_eq(calendar_easter(known[i].year),
			     clock_days(known[i].year, known[i].month,
					known[i].day), "%d", known[i].year);
}

Test(calendar, the_eleven_holidays_of_2026_and_no_other_day)
{
	static const char *const days[] = {
		"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08",
		"2026-05-14", "2026-05-25", "2026-07-14", "2026-08-15",
		"2026-11-01", "2026-11-11", "2026-12-25",
	};
	struct calendar_time t;
	int64_t noon = at("2026-01-01T11:00Z");
	int found = 0, east = 0;

	for (int d = 0; d < 365; d++) {
		calendar_paris(noon + d * (int64_t)86400000, &t);
		found += calendar_holiday(&t, CALENDAR_FR);
		east += calendar_holiday(&t, CALENDAR_FR_EAST);
		cr_expect_eq(calendar_holiday(&t, CALENDAR_NONE), 0);
	}
	cr_expect_eq(found, 11);
	cr_expect_eq(east, 13, "Good Friday and 26 December");
	for (size_t i = 0; i < 11; i++) {
		calendar_paris(at(days[i]) + 12 * 3600000, &t);
		cr_expect(calendar_holiday(&t, CALENDAR_FR), "%s", days[i]);
	}
}

Test(calendar, the_clocks_of_paris_decide)
{
	struct calendar_time t;

	/* 29 March 2026, 01:00 UTC: two becomes three. */
	calendar_paris(at("2026-03-29T00:59Z"), &t);
	cr_expect_eq(t.minute, 119u);
	calendar_paris(at("2026-03-29T01:00Z"), &t);
	cr_expect_eq(t.minute, 180u);
	cr_expect_eq(t.weekday, 6u, "a Sunday");
	/* New year comes an hour earlier than in UTC. */
	calendar_paris(at("2026-12-31T23:00Z"), &t);
	cr_expect_eq(t.year, 2027);
	cr_expect_eq(t.mday, 1u);
	cr_expect_eq(t.weekday, 4u, "1 January 2027 is a Friday");
}

Test(calendar, working_hours_end_at_the_minute)
{
	struct audit_policy p;

	audit_policy_default(&p);
	/* Monday 2 November 2026, winter: Paris is UTC+1. */
	cr_expect_not(calendar_working(&p.hours, at("2026-11-02T06:29:59Z")));
	cr_expect(calendar_working(&p.hours, at("2026-11-02T06:30Z")));
	cr_expect(calendar_working(&p.hours, at("2026-11-02T18:59:59Z")));
	cr_expect_not(calendar_working(&p.hours, at("2026-11-02T19:00Z")));
	cr_expect_not(calendar_working(&p.hours, at("2026-11-11T10:00Z")),
		      "Armistice");
	cr_expect_not(calendar_working(&p.hours, at("2026-11-07T10:00Z")),
		      "Saturday");
	/* In summer the same UTC time is an hour later there. */
	cr_expect(calendar_working(&p.hours, at("2026-07-06T05:30Z")));
	cr_expect_not(calendar_working(&p.hours, at("2026-07-06T18:00Z")));
}

Test(audit_policy, settings_go_in_and_come_out)
{
	static const char *const good[][2] = {
		{ "hours", "00:00-24:00" }, { "hours", "08:15-17:45" },
		{ "days", "mon,tue,wed,thu,fri,sat,sun" }, { "days", "sun" },
		{ "holidays", "none" }, { "holidays", "fr-alsace-moselle" },
		{ "bulk-hour", "1" }, { "quiet-days", "3650" },
		{ "keep-years", "6" },
	};
	struct audit_policy p, q;
	char text[64];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const char *name = "";

		audit_policy_default(&p);
		cr_assert_eq(audit_policy_set(&p, good[i][0], good[i][1],
					      NULL), 0, "%s", good[i][1]);
		for (unsigned k = 0;
		     (name = audit_policy_text(&p, k, text)) &&
		     strcmp(name, good[i][0]); k++)
			;
		cr_assert_not_null(name);
		cr_expect_str_eq(text, good[i][1]);
	}
	audit_policy_default(&q);
	cr_assert_eq(audit_policy_set(&q, "days", "mon-wed,sat", NULL), 0);
	cr_expect_eq(q.hours.days, 0x27u);
}

Test(audit_policy, nonsense_is_refused_and_changes_nothing)
{
	static const char *const bad[][2] = {
		{ "hours", "" }, { "hours", "8:00-17:00" },
		{ "hours", "08:00-08:00" }, { "hours", "17:00-08:00" },
		{ "hours", "08:60-17:00" }, { "hours", "08:00-25:00" },
		{ "hours", "08:00-17:000" }, { "days", "" }, { "days", "lun" },
		{ "days", "fri-mon" }, { "days", "mon," }, { "days", "mon-" },
		{ "holidays", "de" }, { "bulk-hour", "0" },
		{ "bulk-hour", "-1" }, { "bulk-hour", "12x" },
		{ "bulk-hour", "99999999999999999999" },
		{ "keep-years", "2" }, { "keep-years", "7" },
		{ "colour", "blue" },
	};
	struct audit_policy p, was;

	audit_policy_default(&was);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = ERR_INIT;

		p = was;
		cr_expect_lt(audit_policy_set(&p, bad[i][0], bad[i][1], &e), 0,
			     "%s=%s", bad[i][0], bad[i][1]);
		cr_expect(e.text[0] != '\0');
		cr_expect_eq(memcmp(&p, &was, sizeof p), 0, "%s", bad[i][1]);
	}
}

Test(audit_policy, a_statement_reads_as_it_was_written)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);
	struct audit_policy p, q;
	json_t *o = NULL;

	audit_policy_default(&p);
	cr_assert_eq(audit_policy_set(&p, "hours", "06:00-22:00", NULL), 0);
	cr_assert_eq(audit_policy_set(&p, "days", "sat,sun", NULL), 0);
	cr_assert_eq(audit_policy_set(&p, "bulk-times", "9", NULL), 0);
	jsonw_open(&w, NULL, '{');
	audit_policy_put(&p, &w);
	jsonw_close(&w, '}');
	cr_assert_eq(json_read_record(buf_view(&b), &o, NULL), 0);
	audit_policy_default(&q);
	cr_assert_eq(audit_policy_read(o, &q, NULL), 0);
	cr_expect_eq(memcmp(&p, &q, sizeof p), 0);
	/* What is not sound leaves the rules as they were. */
	cr_assert_eq(json_object_set_new(o, "bulk-day", json_string("x")), 0);
	cr_assert_eq(json_object_set_new(o, "hours",
					 json_string("07:00-08:00")), 0);
	cr_expect_eq(audit_policy_read(o, &q, NULL), ERR_FORMAT);
	cr_expect_eq(memcmp(&p, &q, sizeof p), 0);
	json_decref(o);
	buf_release(&b);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/clock.h"

#include "util/err.h"

#include <criterion/criterion.h>
#include <string.h>

static int64_t at(const char *text)
{
	int64_t ms = 0;

	cr_assert_eq(clock_parse_rfc3339(text, strlen(text), &ms), 0, "%s",
		     text);
	return ms;
}

Test(clock, paris_has_summer_time_between_the_last_sundays)
{
	const char *const known[][2] = {
		{ "2026-11-22T10:00:00Z", "2026-11-22T11:00:00+01:00" },
		{ "2026-07-14T10:00:00Z", "2026-07-14T12:00:00+02:00" },
		{ "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00" },
		{ "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00" },
		{ "2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00" },
		{ "2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00" },
		{ "2024-03-31T01:00:00Z", "2024-03-31T03:00:00+02:00" },
		{ "2027-10-31T01:00:00Z", "2027-10-31T02:00:00+01:00" },
		{ "2026-12-31T23:30:00Z", "2027-01-01T00:30:00+01:00" },
	};
	char out[CLOCK_RFC3339_MAX];

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		cr_assert_str_eq(clock_paris(at(known[i][0]), out),
				 known[i][1]);
	/* It names the same moment. */
	for (int64_t ms = at("2026-01-01"); ms < at("2027-01-02");
	     ms += 3599000)
		cr_assert_eq(at(clock_paris(ms, out)), ms);
}

Test(clock, dates_that_do_not_exist_are_refused)
{
	const char *const bad[] = {
		"2026-02-30", "2026-13-01", "2026-00-10", "2026-1-1", "",
		"2026-11-22T24:01:00Z", "2026-11-22T10:00:00", "20261122",
		"2026-11-22T10:60:00Z",
	};
	int64_t ms = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(clock_parse_rfc3339(bad[i], strlen(bad[i]), &ms),
			     ERR_FORMAT, "%s", bad[i]);
	cr_assert_eq(ms, 7);
	cr_assert_eq(at("2024-02-29"), 1709164800000);
}

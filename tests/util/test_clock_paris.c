/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/clock.h"

#include <criterion/criterion.h>
#include <string.h>

static void is(const char *utc, const char *paris)
{
	char got[CLOCK_RFC3339_MAX];
	int64_t ms;

	cr_assert_eq(clock_parse_rfc3339(utc, strlen(utc), &ms), 0);
	cr_expect_str_eq(clock_paris(ms, got), paris);
}

Test(clock_paris, winter_and_summer_change_at_one_utc_on_the_last_sunday)
{
	is("2026-11-22T10:00:00Z", "2026-11-22T11:00:00+01:00");
	is("2026-07-14T22:30:00Z", "2026-07-15T00:30:00+02:00");
	is("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00");
	is("2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00");
	is("2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00");
	is("2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00");
	is("2024-03-31T01:00:00Z", "2024-03-31T03:00:00+02:00");
	is("2027-12-31T23:30:00Z", "2028-01-01T00:30:00+01:00");
}

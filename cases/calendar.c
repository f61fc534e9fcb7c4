/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/calendar.h"

#include "util/clock.h"

#include <stddef.h>

static unsigned digits(const char *p, int n)
{
	unsigned v = 0;

	for (int i = 0; i < n; i++)
		v = v * 10 + (unsigned)(p[i] - '0') % 10;
	return v;
}

void calendar_paris(int64_t ms, struct calendar_time *out)
{
	char text[CLOCK_RFC3339_MAX] = "1970-01-01T00:00:00";
	int64_t week;

	clock_paris(ms, text);
	out->year = (int)digits(text, 4);
	out->month = digits(text + 5, 2);
	out->mday = digits(text + 8, 2);
	out->minute = digits(text + 11, 2) * 60 + digits(text + 14, 2);
	out->day = clock_days(out->year, out->month, out->mday);
	week = (out->day + 3) % 7;	/* 1970-01-01 was a Thursday */
	out->weekday = (unsigned)(week < 0 ? week + 7 : week);
}

/* The anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8). */
int64_t calendar_easter(int year)
{
	int a = year % 19, b = year / 100, c = year % 100;
	int d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int h = (19 * a + b - d - g + 15) % 30;
	int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
	int m = (a + 11 * h + 22 * l) / 451;
	int month = (h + l - 7 * m + 114) / 31;
	int day = (h + l - 7 * m + 114) % 31 + 1;

	return clock_days(year, (unsigned)month, (unsigned)day);
}

int calendar_holiday(const struct calendar_time *t,
		     enum calendar_holidays which)
{
	static const struct {
		unsigned month, mday;
	} fixed[] = {
		{ 1, 1 }, { 5, 1 }, { 5, 8 }, { 7, 14 }, { 8, 15 }, { 11, 1 },
		{ 11, 11 }, { 12, 25 },
	};
	int64_t since;

	if (which == CALENDAR_NONE)
		return 0;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (t->month == fixed[i].month && t->mday == fixed[i].mday)
			return 1;
	since = t->day - calendar_easter(t->year);
	/* Easter Monday, Ascension, Whit Monday */
	if (since == 1 || since == 39 || since == 50)
		return 1;
	return which == CALENDAR_FR_EAST &&
		(since == -2 || (t->month == 12 && t->mday == 26));
}

int calendar_working(const struct calendar_hours *h, int64_t ms)
{
	struct calendar_time t;

	calendar_paris(ms, &t);
	return (h->days >> t.weekday & 1) && t.minute >= h->from &&
		t.minute < h->to && !calendar_holiday(&t, h->holidays);
}

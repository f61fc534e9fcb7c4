/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Working hours of a unit: the time of Paris, the days of the week, and the
 * public holidays of France (code du travail L. 3133-1; Alsace and Moselle
 * L. 3134-13).  Pure.
 */
#ifndef CASES_CALENDAR_H
#define CASES_CALENDAR_H

#include <stdint.h>

enum calendar_holidays { CALENDAR_NONE, CALENDAR_FR, CALENDAR_FR_EAST };

/* struct calendar_time - a moment as the clocks of Paris show it */
struct calendar_time {
	int64_t day;		/* days since 1970-01-01, there */
	int year;
	unsigned month, mday;	/* from 1 */
	unsigned weekday;	/* 0 Monday to 6 Sunday */
	unsigned minute;	/* of the day, 0 to 1439 */
};

/* calendar_paris - ms since 1970 UTC, years 1996 to 9999 (see clock_paris()) */
void calendar_paris(int64_t ms, struct calendar_time *out);

/* calendar_easter - day of Easter Sunday (Gregorian), days since 1970-01-01 */
int64_t calendar_easter(int year);

/* calendar_holiday - 1 when that day is one */
int calendar_holiday(const struct calendar_time *t,
		     enum calendar_holidays which);

/* struct calendar_hours - when a unit works */
struct calendar_hours {
	unsigned from, to;	/* minutes of the day, from <= t < to */
	unsigned days;		/* bit 0 Monday to bit 6 Sunday */
	enum calendar_holidays holidays;
};

/* calendar_working - 1 when the unit works then */
int calendar_working(const struct calendar_hours *h, int64_t ms);

#endif

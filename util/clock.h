/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Time: reading clocks (the only place that does), and writing dates.
 */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* clock_wall_ms - milliseconds since 1970-01-01T00:00:00Z, CLOCK_REALTIME */
int64_t clock_wall_ms(void);

/* clock_boot_ms - milliseconds since boot, suspend included, never steps back */
int64_t clock_boot_ms(void);

/*
 * clock_boot_id - the kernel's random identity of this boot
 *   out   36 characters and a NUL; "unknown" when the kernel does not tell
 */
void clock_boot_id(char out[static 37]);

/* clock_sleep_ms - sleep; returns 0, or ERR_CANCELLED when a signal came */
int clock_sleep_ms(int64_t ms);

/* struct clock_state - what the kernel says of its own clock (adjtimex) */
struct clock_state {
	int synchronised;	/* 1: a time service keeps it (ntp_adjtime) */
	int64_t offset_us;	/* still to be slewed away */
	int64_t max_error_us;	/* the kernel's bound */
	int64_t est_error_us;
};

/*
 * clock_state - read it; changes nothing
 * Returns 0, or ERR_IO when the kernel does not tell (all members 0 then).
 */
int clock_state(struct clock_state *out);

/* clock_zone - the local time zone, "CET+01:00"; out holds 40 bytes */
void clock_zone(int64_t ms, char out[static 40]);

#define CLOCK_RFC3339_MAX 40

/*
 * clock_rfc3339 - "2026-11-22T10:00:00.123Z" (RFC 3339, UTC, milliseconds)
 *   ms    since 1970; years 0000 to 9999, else "invalid"
 *   out   CLOCK_RFC3339_MAX bytes, the caller's; returned
 */
const char *clock_rfc3339(int64_t ms, char out[static CLOCK_RFC3339_MAX]);

/* clock_rfc3339_s - the same in whole seconds, "2026-11-22T10:00:00Z" */
const char *clock_rfc3339_s(int64_t ms, char out[static CLOCK_RFC3339_MAX]);

/*
 * clock_paris - the time of Paris beside it: "2026-11-22T11:00:00+01:00", by the
 * rule in force since 1996 (directive 2000/84/EC): summer time from the last
 * Sunday of March to that of October, 01:00 UTC each
 */
const char *clock_paris(int64_t ms, char out[static CLOCK_RFC3339_MAX]);

/*
 * clock_parse_rfc3339 - read "YYYY-MM-DD" or "YYYY-MM-DDThh:mm[:ss[.frac]]"
 * with "Z" or "+hh:mm"; a bare date is midnight UTC.
 *   text    len bytes
 *   ms_out  milliseconds since 1970, untouched on failure
 * Returns 0 or ERR_FORMAT (also for the 31st of February and such).
 */
int clock_parse_rfc3339(const char *text, size_t len, int64_t *ms_out);

/* clock_days - days since 1970-01-01 of a proleptic Gregorian date */
int64_t clock_days(int64_t year, unsigned month, unsigned day);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Dates as sites write them, to milliseconds since 1970 UTC.
 */
#ifndef PARSERS_DATES_H
#define PARSERS_DATES_H

#include "util/buf.h"

/*
 * date_read - read a date and time
 *   text    one of: ISO 8601 / RFC 3339 (T or a space between, offset with or
 *           without colon, none: UTC, a bare date: midnight); digits only:
 *           seconds (up to 11 digits), milliseconds (13) or microseconds (16)
 *           since 1970, a fraction of seconds is cut; RFC 2822 and other
 *           English forms that name the month ("Mar 14, 2018 9:17 AM UTC",
 *           "Mon Sep 24 03:35:21 +0000 2012")
 *   order   NULL, or how a date in numbers is ordered: "dmy", "mdy" or "ymd"
 *   ms_out  untouched on failure
 * Returns 0 or ERR_FORMAT.
 */
int date_read(struct bytes text, const char *order, int64_t *ms_out);

#endif

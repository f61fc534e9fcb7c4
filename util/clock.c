/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/clock.h"

#include "util/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec t = { 0, 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

void clock_boot_id(char out[static 37])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, 36);

	if (fd >= 0)
		close(fd);
	if (n == 36)
		out[36] = 0;
	else
		memcpy(out, "unknown", 8);
}

int clock_state(struct clock_state *out)
{
	struct timex t;
	int state;

	memset(out, 0, sizeof(*out));
	memset(&t, 0, sizeof(t));
	state = adjtimex(&t);
	if (state < 0)
		return ERR_IO;
	out->synchronised = state != TIME_ERROR && !(t.status & STA_UNSYNC);
	out->offset_us = t.status & STA_NANO ? t.offset / 1000 : t.offset;
	out->max_error_us = t.maxerror;
	out->est_error_us = t.esterror;
	return 0;
}

void clock_zone(int64_t ms, char out[static 40])
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	long off;

	memset(&tm, 0, sizeof(tm));
	localtime_r(&s, &tm);
	off = tm.tm_gmtoff / 60;
	snprintf(out, 40, "%.20s%c%02ld:%02ld", tm.tm_zone ? tm.tm_zone : "",
		 off < 0 ? '-' : '+', (off < 0 ? -off : off) / 60,
		 (off < 0 ? -off : off) % 60);
}

int clock_sleep_ms(int64_t ms)
{
	struct timespec t;

	if (ms <= 0)
		return 0;
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	return nanosleep(&t, NULL) < 0 ? ERR_CANCELLED : 0;
}

/* Days and civil dates: the usual era arithmetic, valid for all years used. */
int64_t clock_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t mp = (month + 9) % 12;
	int64_t doy = (153 * mp + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

static const char *format(int64_t ms, int frac, char *out)
{
	int64_t s = ms / 1000, rest = ms % 1000, year;
	int month, day, sec;
	int64_t days;

	if (rest < 0) {
		rest += 1000;
		s--;
	}
	days = s / 86400;
	sec = (int)(s % 86400);
	if (sec < 0) {
		sec += 86400;
		days--;
	}
	if (days < -719528 || days > 2932896)
		return memcpy(out, "invalid", 8);
	civil(days, &year, &month, &day);
	snprintf(out, CLOCK_RFC3339_MAX, "%04d-%02d-%02dT%02d:%02d:%02d",
		 (int)year, month, day, sec / 3600, sec / 60 % 60, sec % 60);
	if (frac)
		snprintf(out + 19, CLOCK_RFC3339_MAX - 19, ".%03dZ", (int)rest);
	else
		memcpy(out + 19, "Z", 2);
	return out;
}

const char *clock_rfc3339(int64_t ms, char out[static CLOCK_RFC3339_MAX])
{
	return format(ms, 1, out);
}

const char *clock_rfc3339_s(int64_t ms, char out[static CLOCK_RFC3339_MAX])
{
	return format(ms, 0, out);
}

/* digits - read n decimal digits at *pos; -1 where there are none */
static int digits(const char *t, size_t len, size_t *pos, int n)
{
	int v = 0;

	if (len - *pos < (size_t)n)
		return -1;
	for (int i = 0; i < n; i++) {
		char c = t[(*pos)++];

		if (c < '0' || c > '9')
			return -1;
		v = v * 10 + (c - '0');
	}
	return v;
}

static int literal(const char *t, size_t len, size_t *pos, char c)
{
	if (*pos >= len || t[*pos] != c)
		return 0;
	(*pos)++;
	return 1;
}

static int zone(const char *t, size_t len, size_t *pos, int *minutes)
{
	int sign, h, m;

	if (literal(t, len, pos, 'Z') || literal(t, len, pos, 'z')) {
		*minutes = 0;
		return 0;
	}
	if (literal(t, len, pos, '+'))
		sign = 1;
	else if (literal(t, len, pos, '-'))
		sign = -1;
	else
		return ERR_FORMAT;
	h = digits(t, len, pos, 2);
	literal(t, len, pos, ':');
	m = digits(t, len, pos, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return ERR_FORMAT;
	*minutes = sign * (h * 60 + m);
	return 0;
}

int clock_parse_rfc3339(const char *t, size_t len, int64_t *ms_out)
{
	static const int mdays[] = { 31, 28, 31, 30, 31, 30,
				     31, 31, 30, 31, 30, 31 };
	size_t pos = 0;
	int y, mo, d, h = 0, mi = 0, s = 0, ms = 0, scale = 100, off = 0, leap;

	y = digits(t, len, &pos, 4);
	if (y < 0 || !literal(t, len, &pos, '-'))
		return ERR_FORMAT;
	mo = digits(t, len, &pos, 2);
	if (mo < 1 || mo > 12 || !literal(t, len, &pos, '-'))
		return ERR_FORMAT;
	d = digits(t, len, &pos, 2);
	leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d < 1 || d > mdays[mo - 1] + (mo == 2 && leap))
		return ERR_FORMAT;
	if (pos < len) {
		if (!literal(t, len, &pos, 'T') && !literal(t, len, &pos, ' ')
		    && !literal(t, len, &pos, 't'))
			return ERR_FORMAT;
		h = digits(t, len, &pos, 2);
		if (h < 0 || h > 23 || !literal(t, len, &pos, ':'))
			return ERR_FORMAT;
		mi = digits(t, len, &pos, 2);
		if (mi < 0 || mi > 59)
			return ERR_FORMAT;
		if (literal(t, len, &pos, ':')) {
			s = digits(t, len, &pos, 2);
			if (s < 0 || s > 60)
				return ERR_FORMAT;
		}
		if (literal(t, len, &pos, '.')) {
			if (pos >= len || t[pos] < '0' || t[pos] > '9')
				return ERR_FORMAT;
			for (; pos < len && t[pos] >= '0' && t[pos] <= '9';
			     pos++, scale /= 10)
				ms += (t[pos] - '0') * scale;
		}
		if (zone(t, len, &pos, &off) < 0 || pos != len)
			return ERR_FORMAT;
	}
	*ms_out = ((clock_days(y, (unsigned)mo, (unsigned)d) * 86400
		    + h * 3600 + mi * 60 + s) - (int64_t)off * 60) * 1000 + ms;
	return 0;
}

/* 01:00 UTC of the last Sunday of a month of 31 days. */
static int64_t last_sunday(int64_t year, unsigned month)
{
	int64_t day = clock_days(year, month, 31);

	/* 1970-01-01 was a Thursday: day 3 a Sunday. */
	day -= ((day - 3) % 7 + 7) % 7;
	return day * 86400000 + 3600000;
}

const char *clock_paris(int64_t ms, char out[static CLOCK_RFC3339_MAX])
{
	int64_t year;
	int summer;
	size_t n;

	clock_rfc3339_s(ms, out);
	if (out[0] < '0' || out[0] > '9')
		return out;
	year = (out[0] - '0') * 1000 + (out[1] - '0') * 100 +
	       (out[2] - '0') * 10 + (out[3] - '0');
	summer = ms >= last_sunday(year, 3) && ms < last_sunday(year, 10);
	clock_rfc3339_s(ms + (summer ? 7200000 : 3600000), out);
	n = strlen(out);
	if (n && out[n - 1] == 'Z')
		snprintf(out + n - 1, CLOCK_RFC3339_MAX - n + 1, "%s",
			 summer ? "+02:00" : "+01:00");
	return out;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What stands in fields: media types, dates, waiting times.
 */
#include "parsers/http.h"

#include "util/clock.h"


#define DAY_MS 86400000LL

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static int is_tchar(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip(struct bytes *s, size_t n)
{
	/* s->p may be NULL when s is empty. */
	if (n) {
		s->p += n;
		s->len -= n;
	}
}

static void skip_space(struct bytes *s)
{
	while (s->len && is_space(s->p[0]))
		skip(s, 1);
}

/* token - take a token, lower-cased into out (max bytes with its NUL) */
static size_t token(struct bytes *s, char *out, size_t max)
{
	size_t n;

	for (n = 0; n < s->len && is_tchar(s->p[n]); n++) {
		if (n + 1 < max)
			out[n] = (char)lower(s->p[n]);
	}
	out[n < max ? n : max - 1] = 0;
	skip(s, n);
	return n;
}

/* quoted - take a quoted string, without quotes and backslashes */
static void quoted(struct bytes *s, char *out, size_t max)
{
	size_t n = 0;

	skip(s, 1);
	while (s->len && s->p[0] != '"') {
		if (s->p[0] == '\\' && s->len > 1)
			skip(s, 1);
		if (n + 1 < max)
			out[n++] = (char)lower(s->p[0]);
		skip(s, 1);
	}
	out[n] = 0;
	if (s->len)
		skip(s, 1);
}

int http_type_parse(struct bytes value, struct http_type *out)
{
	size_t major, minor;

	memset(out, 0, sizeof(*out));
	skip_space(&value);
	major = token(&value, out->type, sizeof(out->type) / 2);
	if (!major || major >= sizeof(out->type) / 2 || !value.len ||
	    value.p[0] != '/')
		goto bad;
	skip(&value, 1);
	out->type[major] = '/';
	minor = token(&value, out->type + major + 1, sizeof(out->type) / 2 - 1);
	if (!minor || minor >= sizeof(out->type) / 2 - 1)
		goto bad;
	while (value.len) {
		char name[16], text[HTTP_CHARSET_MAX];

		/* Whatever stands before the next ';' is left aside. */
		if (value.p[0] != ';') {
			skip(&value, 1);
			continue;
		}
		skip(&value, 1);
		skip_space(&value);
		token(&value, name, sizeof(name));
		if (!value.len || value.p[0] != '=')
			continue;
		skip(&value, 1);
		if (value.len && value.p[0] == '"')
			quoted(&value, text, sizeof(text));
		else
			token(&value, text, sizeof(text));
		if (strcmp(name, "charset") == 0 && !out->charset[0])
			memcpy(out->charset, text, sizeof(out->charset));
	}
	return 0;
bad:
	memset(out, 0, sizeof(*out));
	return ERR_FORMAT;
}

int http_type(const struct http_head *h, struct http_type *out)
{
	return http_type_parse(http_get(h, "content-type"), out);
}

/* digits - take exactly n digits; returns the value or -1 */
static int digits(struct bytes *s, size_t n)
{
	int v = 0;

	if (s->len < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s->p[i]))
			return -1;
		v = v * 10 + (s->p[i] - '0');
	}
	skip(s, n);
	return v;
}

/* literal - take that text, case as given */
static int literal(struct bytes *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->p, text, n) != 0)
		return 0;
	skip(s, n);
	return 1;
}

static int month(struct bytes *s)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	for (int i = 0; i < 12; i++) {
		if (literal(s, names[i]))
			return i + 1;
	}
	return -1;
}

static int time_of_day(struct bytes *s, int *sec_out)
{
	int h, m, sec;

	h = digits(s, 2);
	if (h < 0 || h > 23 || !literal(s, ":"))
		return 0;
	m = digits(s, 2);
	if (m < 0 || m > 59 || !literal(s, ":"))
		return 0;
	sec = digits(s, 2);
	if (sec < 0 || sec > 60)
		return 0;
	*sec_out = h * 3600 + m * 60 + sec;
	return 1;
}

static int days_in(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	return m == 2 && y % 4 == 0 && (y % 100 || y % 400 == 0) ? 29 :
								  days[m - 1];
}

static int64_t stamp(int y, int m, int d, int sec)
{
	return clock_days(y, (unsigned)m, (unsigned)d) * DAY_MS +
	       (int64_t)sec * 1000;
}

/* weekday - take letters; 3 for the short names, else the long ones */
static size_t weekday(struct bytes *s)
{
	static const char *const names[] = { "Monday", "Tuesday", "Wednesday",
		"Thursday", "Friday", "Saturday", "Sunday" };

	for (size_t i = 0; i < 7; i++) {
		size_t n = strlen(names[i]);

		if (literal(s, names[i]))
			return n;
		if (s->len >= 3 && memcmp(s->p, names[i], 3) == 0) {
			skip(s, 3);
			return 3;
		}
	}
	return 0;
}

int http_date(struct bytes s, int64_t now_ms, int64_t *ms_out)
{
	int y, m, d, sec, short_year = 0;
	size_t name;

	name = weekday(&s);
	if (!name)
		return ERR_FORMAT;
	if (name == 3 && literal(&s, " ")) {
		/* Sun Nov  6 08:49:37 1994 */
		m = month(&s);
		if (m < 0 || !literal(&s, " "))
			return ERR_FORMAT;
		d = digits(&s, literal(&s, " ") ? 1 : 2);
		if (!literal(&s, " ") || !time_of_day(&s, &sec) ||
		    !literal(&s, " "))
			return ERR_FORMAT;
		y = digits(&s, 4);
	} else if (literal(&s, ", ")) {
		const char *sep;

		/* Sun, 06 Nov 1994 08:49:37 GMT
		 * Sunday, 06-Nov-94 08:49:37 GMT */
		d = digits(&s, 2);
		sep = s.len && s.p[0] == '-' ? "-" : " ";
		if (!literal(&s, sep))
			return ERR_FORMAT;
		m = month(&s);
		if (m < 0 || !literal(&s, sep))
			return ERR_FORMAT;
		short_year = s.len > 2 && !is_digit(s.p[2]);
		y = digits(&s, short_year ? 2 : 4);
		if (!literal(&s, " ") || !time_of_day(&s, &sec) ||
		    !literal(&s, " GMT"))
			return ERR_FORMAT;
	} else {
		return ERR_FORMAT;
	}
	if (s.len || y < 0)
		return ERR_FORMAT;
	if (short_year) {
		/* The latest century that is at most 50 years ahead of now. */
		int64_t limit = now_ms + 50LL * 36525 * (DAY_MS / 100);

		for (y += 9900; y >= 100 && stamp(y, m, 1, 0) > limit; y -= 100)
			;
	}
	if (d < 1 || d > days_in(y, m))
		return ERR_FORMAT;
	*ms_out = stamp(y, m, d, sec);
	return 0;
}

int http_retry_after(struct bytes value, int64_t now_ms, int64_t *wait_ms)
{
	int64_t at, v = 0;

	if (value.len == 0)
		return ERR_FORMAT;
	if (is_digit(value.p[0])) {
		for (size_t i = 0; i < value.len; i++) {
			if (!is_digit(value.p[i]))
				return ERR_FORMAT;
			if (v < HTTP_RETRY_MAX_MS)
				v = v * 10 + (value.p[i] - '0');
		}
		v = v > HTTP_RETRY_MAX_MS / 1000 ? HTTP_RETRY_MAX_MS : v * 1000;
		*wait_ms = v;
		return 0;
	}
	if (http_date(value, now_ms, &at) < 0)
		return ERR_FORMAT;
	v = at > now_ms ? at - now_ms : 0;
	*wait_ms = v > HTTP_RETRY_MAX_MS ? HTTP_RETRY_MAX_MS : v;
	return 0;
}

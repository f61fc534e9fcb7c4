/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/dates.h"

#include "util/clock.h"
#include "util/err.h"

#include <ctype.h>
#include <strings.h>

#define TEXT_MAX 100

struct parts {
	int64_t year;
	unsigned month, day, hour, min, sec, milli;
	int zone;		/* minutes east */
	int has_time, pm;	/* pm: 1 am, 2 pm */
};

static int finish(const struct parts *p, int64_t *out)
{
	static const unsigned len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
					31, 30, 31 };
	unsigned h = p->hour, max;
	int leap = (p->year % 4 == 0 && p->year % 100 != 0) ||
		   p->year % 400 == 0;

	if (p->year < 1 || p->year > 9999 || p->month < 1 || p->month > 12)
		return ERR_FORMAT;
	max = len[p->month - 1] + (p->month == 2 && leap);
	if (p->day < 1 || p->day > max || p->min > 59 || p->sec > 60)
		return ERR_FORMAT;
	if (p->pm) {
		if (h < 1 || h > 12)
			return ERR_FORMAT;
		h = h % 12 + (p->pm == 2 ? 12 : 0);
	}
	if (h > 24 || (h == 24 && (p->min || p->sec)))
		return ERR_FORMAT;
	*out = ((clock_days(p->year, p->month, p->day) * 24 + h) * 60 +
		p->min - p->zone) * 60000 + p->sec * 1000 + p->milli;
	return 0;
}

static unsigned digits(const char **s, unsigned most, unsigned *n_out)
{
	unsigned v = 0, n = 0;

	while (n < most && isdigit((unsigned char)**s)) {
		v = v * 10 + (unsigned)(**s - '0');
		(*s)++;
		n++;
	}
	*n_out = n;
	return v;
}

/* hh:mm[:ss[.fraction]] */
static int clock_part(const char **s, struct parts *p)
{
	unsigned n;

	p->hour = digits(s, 2, &n);
	if (!n || **s != ':')
		return ERR_FORMAT;
	(*s)++;
	p->min = digits(s, 2, &n);
	if (n != 2)
		return ERR_FORMAT;
	if (**s == ':') {
		(*s)++;
		p->sec = digits(s, 2, &n);
		if (n != 2)
			return ERR_FORMAT;
		if (**s == '.' || **s == ',') {
			unsigned scale = 100;

			for ((*s)++; isdigit((unsigned char)**s); (*s)++) {
				p->milli += (unsigned)(**s - '0') * scale;
				scale /= 10;
			}
		}
	}
	p->has_time = 1;
	return 0;
}

/* Z, +hh:mm, +hhmm, +hh */
static int zone_part(const char **s, struct parts *p)
{
	int sign = **s == '-' ? -1 : 1;
	unsigned h, m = 0, n;

	(*s)++;
	h = digits(s, 2, &n);
	if (n != 2)
		return ERR_FORMAT;
	if (**s == ':')
		(*s)++;
	if (isdigit((unsigned char)**s)) {
		m = digits(s, 2, &n);
		if (n != 2)
			return ERR_FORMAT;
	}
	if (h > 23 || m > 59)
		return ERR_FORMAT;
	p->zone = sign * (int)(h * 60 + m);
	return 0;
}

static int month_of(const char *s)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++)
		if (!strncasecmp(s, names + i * 3, 3))
			return i + 1;
	return 0;
}

static int word(const char **s, struct parts *p)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
		{ "utc", 0 }, { "gmt", 0 }, { "ut", 0 }, { "z", 0 },
		{ "est", -300 }, { "edt", -240 }, { "cst", -360 },
		{ "cdt", -300 }, { "mst", -420 }, { "mdt", -360 },
		{ "pst", -480 }, { "pdt", -420 }, { "cet", 60 },
		{ "cest", 120 }, { "bst", 60 },
	};
	size_t n = 0;

	while (isalpha((unsigned char)(*s)[n]))
		n++;
	if (n == 2 && (!strncasecmp(*s, "am", 2) || !strncasecmp(*s, "pm", 2)))
		p->pm = tolower((unsigned char)**s) == 'p' ? 2 : 1;
	else if (n >= 3 && !p->month && month_of(*s))
		p->month = (unsigned)month_of(*s);
	else
		for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
			if (strlen(zones[i].name) == n &&
			    !strncasecmp(*s, zones[i].name, n))
				p->zone = zones[i].minutes;
	*s += n;
	return 0;
}

/* Numbers joined by / . or -, in the order said */
static int numbers(const char **s, const char *order, struct parts *p)
{
	unsigned v[3] = { 0 }, n;
	char sep;

	for (int i = 0; i < 3; i++) {
		v[i] = digits(s, 4, &n);
		if (!n)
			return ERR_FORMAT;
		sep = **s;
		if (i < 2 && sep != '/' && sep != '.' && sep != '-')
			return ERR_FORMAT;
		if (i < 2)
			(*s)++;
	}
	for (int i = 0; i < 3; i++) {
		if (order[i] == 'y')
			p->year = v[i] < 100 ? v[i] + 2000 : v[i];
		else if (order[i] == 'm')
			p->month = v[i];
		else
			p->day = v[i];
	}
	return 0;
}

static int loose(const char *s, const char *order, struct parts *p)
{
	int r = 0;

	while (*s && r == 0) {
		unsigned n, v;
		const char *q = s;

		if (isalpha((unsigned char)*s)) {
			r = word(&s, p);
			continue;
		}
		if ((*s == '+' || *s == '-') && p->has_time &&
		    isdigit((unsigned char)s[1])) {
			r = zone_part(&s, p);
			continue;
		}
		if (!isdigit((unsigned char)*s)) {
			s++;
			continue;
		}
		v = digits(&q, 5, &n);
		if (*q == ':' && n <= 2) {
			r = clock_part(&s, p);
		} else if ((*q == '/' || *q == '.' || *q == '-') && order &&
			   isdigit((unsigned char)q[1]) && !p->day) {
			r = numbers(&s, order, p);
		} else if (n == 4) {
			p->year = v;
			s = q;
		} else if (n <= 2 && !p->day) {
			p->day = v;
			s = q;
		} else if (n == 2 && !p->year) {
			p->year = v + (v < 70 ? 2000 : 1900);
			s = q;
		} else {
			r = ERR_FORMAT;
		}
	}
	return r;
}

static int iso(const char *s, struct parts *p)
{
	unsigned n;

	p->year = digits(&s, 4, &n);
	if (n != 4 || *s++ != '-')
		return ERR_FORMAT;
	p->month = digits(&s, 2, &n);
	if (n != 2 || *s++ != '-')
		return ERR_FORMAT;
	p->day = digits(&s, 2, &n);
	if (n != 2)
		return ERR_FORMAT;
	if (!*s)
		return 0;
	if (*s != 'T' && *s != 't' && *s != ' ')
		return ERR_FORMAT;
	s++;
	while (*s == ' ')
		s++;
	if (clock_part(&s, p) < 0)
		return ERR_FORMAT;
	while (*s == ' ')
		s++;
	if ((*s == '+' || *s == '-') && zone_part(&s, p) < 0)
		return ERR_FORMAT;
	if (*s == 'Z' || *s == 'z' || !strcasecmp(s, "utc") ||
	    !strcasecmp(s, "gmt"))
		return 0;
	return *s ? ERR_FORMAT : 0;
}

static int epoch(const char *s, int64_t *out)
{
	int64_t v = 0;
	size_t n;

	for (n = 0; isdigit((unsigned char)s[n]); n++) {
		if (n >= 17)
			return ERR_FORMAT;
		v = v * 10 + (s[n] - '0');
	}
	if (n <= 11 && s[n] == '.') {
		for (n++; isdigit((unsigned char)s[n]); n++)
			;
		n = s[n] ? 0 : 10;
	} else if (s[n]) {
		return ERR_FORMAT;
	}
	if (n < 8)
		return ERR_FORMAT;
	if (n <= 11)
		*out = v * 1000;
	else if (n <= 14)
		*out = v;
	else
		*out = v / 1000;
	return 0;
}

int date_read(struct bytes text, const char *order, int64_t *ms_out)
{
	struct parts p = { 0 };
	char s[TEXT_MAX + 1];
	size_t n = 0;

	while (text.len && isspace(text.p[0])) {
		text.p++;
		text.len--;
	}
	while (text.len && isspace(text.p[text.len - 1]))
		text.len--;
	if (!text.len || text.len > TEXT_MAX)
		return ERR_FORMAT;
	/* Bytes beyond ASCII (dots, no-break spaces) only separate. */
	for (; n < text.len; n++)
		s[n] = text.p[n] && text.p[n] < 0x80 ? (char)text.p[n] : ' ';
	s[n] = '\0';
	if (epoch(s, ms_out) == 0)
		return 0;
	if (iso(s, &p) == 0)
		return finish(&p, ms_out);
	p = (struct parts){ 0 };
	if (loose(s, order, &p) < 0)
		return ERR_FORMAT;
	return finish(&p, ms_out);
}

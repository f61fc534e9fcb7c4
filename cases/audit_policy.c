/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const weekdays[] = { "mon", "tue", "wed", "thu", "fri",
					"sat", "sun" };
static const char *const calendars[] = { "none", "fr", "fr-alsace-moselle" };

static const struct number {
	const char *name;
	size_t at;
	unsigned min, max;
} numbers[] = {
#define N(word, member, low, high) \
	{ word, offsetof(struct audit_policy, member), low, high }
	N("bulk-hour", bulk_hour, 1, 1000000),
	N("bulk-day", bulk_day, 1, 10000000),
	N("bulk-times", bulk_times, 1, 1000),
	N("denials", denials, 1, 1000),
	N("handover-days", handover_days, 1, 365),
	N("quiet-days", quiet_days, 1, 3650),
	N("keep-years", keep_years, AUDIT_KEEP_MIN, AUDIT_KEEP_MAX),
#undef N
};

#define NUMBERS (sizeof numbers / sizeof *numbers)

void audit_policy_default(struct audit_policy *p)
{
	*p = (struct audit_policy){
		.hours = { 7 * 60 + 30, 20 * 60, 0x1f, CALENDAR_FR },
		.bulk_hour = 200, .bulk_day = 1000, .bulk_times = 5,
		.denials = 3, .handover_days = 7, .quiet_days = 90,
		.keep_years = AUDIT_KEEP_MIN,
	};
}

static unsigned *at(struct audit_policy *p, const struct number *n)
{
	return (unsigned *)(void *)((char *)p + n->at);
}

static int clock_time(const char *s, char end, unsigned *out)
{
	unsigned v[4];

	for (int i = 0, k = 0; i < 5; i++) {
		if (i == 2) {
			if (s[i] != ':')
				return -1;
			continue;
		}
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v[k++] = (unsigned)(s[i] - '0');
	}
	if (s[5] != end || v[2] > 5)
		return -1;
	*out = (v[0] * 10 + v[1]) * 60 + v[2] * 10 + v[3];
	return *out <= 24 * 60 ? 0 : -1;
}

static int set_hours(struct audit_policy *p, const char *s, struct err *e)
{
	unsigned from = 0, to = 0;

	if (strlen(s) != 11 || clock_time(s, '-', &from) < 0 ||
	    clock_time(s + 6, '\0', &to) < 0 || from >= to)
		return err_set(e, ERR_USAGE, "'%s' are no hours: write "
			       "07:30-20:00", s);
	p->hours.from = from;
	p->hours.to = to;
	return 0;
}

static int weekday(const char *s)
{
	for (int i = 0; i < 7; i++)
		if (!strncmp(s, weekdays[i], 3))
			return i;
	return -1;
}

/* "mon-fri,sun" */
static int set_days(struct audit_policy *p, const char *s, struct err *e)
{
	unsigned days = 0;
	const char *at_ = s;

	while (*at_) {
		int from = weekday(at_), to = from;

		if (from < 0)
			break;
		at_ += 3;
		if (*at_ == '-') {
			to = weekday(at_ + 1);
			if (to < from)
				break;
			at_ += 4;
		}
		for (int i = from; i <= to; i++)
			days |= 1u << i;
		if (*at_ == ',' && at_[1])
			at_++;
		else if (*at_)
			break;
	}
	if (*at_ || !days)
		return err_set(e, ERR_USAGE, "'%s' are no days: write mon-fri "
			       "or mon,tue,sat", s);
	p->hours.days = days;
	return 0;
}

static int set_holidays(struct audit_policy *p, const char *s, struct err *e)
{
	for (unsigned i = 0; i < 3; i++)
		if (!strcmp(s, calendars[i])) {
			p->hours.holidays = (enum calendar_holidays)i;
			return 0;
		}
	return err_set(e, ERR_USAGE, "'%s' is no calendar: none, fr or "
		       "fr-alsace-moselle", s);
}

static int set_number(struct audit_policy *p, const struct number *n,
		      int64_t v, struct err *e)
{
	if (v < n->min || v > n->max)
		return err_set(e, ERR_RANGE, "%s is %u to %u", n->name, n->min,
			       n->max);
	*at(p, n) = (unsigned)v;
	return 0;
}

int audit_policy_set(struct audit_policy *p, const char *name,
		     const char *value, struct err *e)
{
	if (!strcmp(name, "hours"))
		return set_hours(p, value, e);
	if (!strcmp(name, "days"))
		return set_days(p, value, e);
	if (!strcmp(name, "holidays"))
		return set_holidays(p, value, e);
	for (size_t i = 0; i < NUMBERS; i++) {
		char *end;
		long v;

		if (strcmp(name, numbers[i].name) != 0)
			continue;
		errno = 0;
		v = strtol(value, &end, 10);
		if (*value < '0' || *value > '9' || *end || errno)
			return err_set(e, ERR_USAGE, "'%s' is no number",
				       value);
		return set_number(p, &numbers[i], v, e);
	}
	return err_set(e, ERR_USAGE, "the audit has no setting '%s'", name);
}

const char *audit_policy_text(const struct audit_policy *p, unsigned i,
			      char out[static 64])
{
	const struct calendar_hours *h = &p->hours;

	if (i == 0) {
		snprintf(out, 64, "%02u:%02u-%02u:%02u", h->from / 60,
			 h->from % 60, h->to / 60, h->to % 60);
		return "hours";
	}
	if (i == 1) {
		size_t n = 0;

		out[0] = '\0';
		for (unsigned d = 0; d < 7; d++)
			if (h->days >> d & 1)
				n += (size_t)snprintf(out + n, 64 - n, "%s%s",
						      n ? "," : "",
						      weekdays[d]);
		return "days";
	}
	if (i == 2) {
		snprintf(out, 64, "%s", calendars[h->holidays]);
		return "holidays";
	}
	if (i - 3 >= NUMBERS)
		return NULL;
	snprintf(out, 64, "%u",
		 *(const unsigned *)(const void *)((const char *)p +
						   numbers[i - 3].at));
	return numbers[i - 3].name;
}

void audit_policy_put(const struct audit_policy *p, struct jsonw *w)
{
	const char *name;
	char text[64];

	for (unsigned i = 0; (name = audit_policy_text(p, i, text)); i++) {
		if (i < 3)
			jsonw_str(w, name, text);
		else
			jsonw_int(w, name, strtol(text, NULL, 10));
	}
}

int audit_policy_read(const json_t *o, struct audit_policy *p, struct err *e)
{
	static const char *const texts[] = { "hours", "days", "holidays" };
	struct audit_policy new = *p;
	int r = 0;

	for (size_t i = 0; r == 0 && i < 3; i++) {
		const char *s = json_opt_str(o, texts[i]);

		if (s && audit_policy_set(&new, texts[i], s, e) < 0)
			r = e ? (e->code = ERR_FORMAT) : ERR_FORMAT;
	}
	for (size_t i = 0; r == 0 && i < NUMBERS; i++) {
		const json_t *v = json_object_get(o, numbers[i].name);

		if (!v)
			continue;
		if (!json_is_integer(v))
			r = err_set(e, ERR_FORMAT, "'%s' is no number",
				    numbers[i].name);
		else
			r = set_number(&new, &numbers[i],
				       json_integer_value(v), e);
	}
	if (r == 0)
		*p = new;
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_find.h"

#include "cases/audit_count.h"
#include "cases/audit_find_int.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_MS 3600000
#define DAY_MS 86400000

static const char *const names[FIND_PATTERNS] = {
	"outside", "break-glass", "hours", "bulk-hour", "bulk-day",
	"own-denials", "repeated-denials", "after-denial", "export",
	"colleague", "closed", "quiet", "unmasked", "forged",
};

const char *find_pattern_name(enum audit_pattern p)
{
	return p < FIND_PATTERNS ? names[p] : "?";
}

void finder_init(struct finder *f, const struct audit_policy *p,
		 int64_t from_ms, int64_t to_ms)
{
	memset(f, 0, sizeof *f);
	f->policy = *p;
	f->from_ms = from_ms;
	f->to_ms = to_ms;
}

void finder_release(struct finder *f)
{
	for (size_t i = 0; i < f->npeople; i++)
		free(f->people[i].hours);
	free(f->people);
	free(f->cases);
	free(f->found);
	free(f->table);
	free(f->denied);
	free(f->exports);
	memset(f, 0, sizeof *f);
}

static int nomem(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory for findings");
}

/* --- findings ---------------------------------------------------------------- */

static uint64_t key_of(const struct finding *x)
{
	uint64_t h = 1469598103934665603u;	/* FNV-1a */
	const char *text[2] = { x->user, x->case_id };

	for (int i = 0; i < 2; i++)
		for (const char *p = text[i];; p++) {
			h = (h ^ (uint8_t)*p) * 1099511628211u;
			if (!*p)
				break;
		}
	h = (h ^ (uint64_t)x->pattern) * 1099511628211u;
	return (h ^ (uint64_t)x->bucket) * 1099511628211u;
}

static int same(const struct finding *x, const struct finding *y)
{
	return x->pattern == y->pattern && x->bucket == y->bucket &&
		!strcmp(x->user, y->user) && !strcmp(x->case_id, y->case_id);
}

static size_t *slot(struct finder *f, const struct finding *x)
{
	size_t i = (size_t)key_of(x) & (f->ntable - 1);

	while (f->table[i] && !same(&f->found[f->table[i] - 1], x))
		i = (i + 1) & (f->ntable - 1);
	return &f->table[i];
}

/* The finding of this key, made when it is new; NULL: no room, or no memory. */
static struct finding *finding_of(struct finder *f, const struct finding *x,
				  struct err *e)
{
	size_t *at;

	if (!f->table) {
		f->ntable = 32768;	/* at most a third is used */
		f->table = calloc(f->ntable, sizeof *f->table);
		if (!f->table) {
			nomem(e);
			return NULL;
		}
	}
	at = slot(f, x);
	if (*at)
		return &f->found[*at - 1];
	if (f->nfound == FIND_MAX) {
		f->dropped++;
		return NULL;
	}
	if (f->nfound == f->room) {
		size_t room = f->room ? f->room * 2 : 64;
		struct finding *p = reallocarray(f->found, room, sizeof *p);

		if (!p) {
			nomem(e);
			return NULL;
		}
		f->found = p;
		f->room = room;
	}
	f->found[f->nfound] = *x;
	*at = ++f->nfound;
	return &f->found[f->nfound - 1];
}

int finding_add(struct finder *f, const struct finding *x, uint64_t count,
		const uint64_t *leaves, unsigned nleaves, uint64_t all,
		struct err *e)
{
	uint64_t dropped = f->dropped;
	struct finding *to = finding_of(f, x, e);

	if (!to)
		return f->dropped > dropped ? 0 : ERR_NOMEM;
	to->count += count;
	to->all += all;
	if (x->to_ms > to->to_ms)
		to->to_ms = x->to_ms;
	for (unsigned i = 0; i < nleaves && to->nleaves < FIND_LEAVES_MAX; i++)
		to->leaves[to->nleaves++] = leaves[i];
	return 0;
}

static int hit(struct finder *f, enum audit_pattern p,
	       const struct audit_event *ev, int64_t bucket,
	       const char *case_id, const char *detail, struct err *e)
{
	struct finding x = { .pattern = p, .from_ms = ev->time_ms,
			     .to_ms = ev->end_ms, .bucket = bucket };

	snprintf(x.user, sizeof x.user, "%s", ev->user);
	snprintf(x.case_id, sizeof x.case_id, "%.16s", case_id);
	snprintf(x.detail, sizeof x.detail, "%s", detail);
	return finding_add(f, &x, 1, &ev->seq, 1, 1, e);
}

/* --- what is remembered ------------------------------------------------------ */

static struct find_denied *denied(const struct finder *f, const char *user,
				  const char *case_id)
{
	for (size_t i = 0; i < f->ndenied; i++)
		if (!strcmp(f->denied[i].user, user) &&
		    !strcmp(f->denied[i].case_id, case_id))
			return &f->denied[i];
	return NULL;
}

static int remember_denial(struct finder *f, const struct audit_event *ev,
			   struct err *e)
{
	struct find_denied *list;

	if (!*ev->case_id || denied(f, ev->user, ev->case_id))
		return 0;
	list = reallocarray(f->denied, f->ndenied + 1, sizeof *list);
	if (!list)
		return nomem(e);
	f->denied = list;
	list += f->ndenied++;
	memset(list, 0, sizeof *list);
	snprintf(list->user, sizeof list->user, "%s", ev->user);
	snprintf(list->case_id, sizeof list->case_id, "%.16s", ev->case_id);
	list->seq = ev->seq;
	return 0;
}

static int remember_export(struct finder *f, const struct audit_event *ev,
			   int period, struct err *e)
{
	struct find_export *list;

	list = reallocarray(f->exports, f->nexports + 1, sizeof *list);
	if (!list)
		return nomem(e);
	f->exports = list;
	list += f->nexports++;
	memset(list, 0, sizeof *list);
	list->seq = ev->seq;
	list->time_ms = ev->time_ms;
	list->period = period;
	snprintf(list->case_id, sizeof list->case_id, "%s", ev->case_id);
	/* Who and for whom stands in the access record before it. */
	for (size_t i = 0; i < f->ncases; i++)
		if (!strcmp(f->cases[i].id, ev->case_id)) {
			snprintf(list->user, sizeof list->user, "%s",
				 f->cases[i].exporter);
			snprintf(list->recipient, sizeof list->recipient, "%s",
				 f->cases[i].recipient);
			f->cases[i].exports += (uint64_t)period;
		}
	return 0;
}

/* --- the patterns ------------------------------------------------------------ */

static int on_refused(struct finder *f, const struct audit_event *ev,
		      struct audit_person *p, int period, struct err *e)
{
	const unsigned max = sizeof p->recent / sizeof *p->recent;
	unsigned want = f->policy.denials < max ? f->policy.denials : max;
	unsigned n = p->nrecent;
	int r = remember_denial(f, ev, e);

	if (r < 0)
		return r;
	if (n == max) {
		memmove(p->recent, p->recent + 1, (max - 1) * sizeof *p->recent);
		memmove(p->recent_seq, p->recent_seq + 1,
			(max - 1) * sizeof *p->recent_seq);
		n--;
	}
	p->recent[n] = ev->time_ms;
	p->recent_seq[n] = ev->seq;
	p->nrecent = ++n;
	if (!period)
		return 0;
	if (*ev->case_id)
		r = hit(f, FIND_OUTSIDE, ev, 0, ev->case_id, "", e);
	if (r < 0 || want < 1 || n < want ||
	    ev->time_ms - p->recent[n - want] >= HOUR_MS)
		return r;
	/* The first time the whole row fires, then one by one. */
	if (n > want && p->recent[n - 1 - want] > ev->time_ms - HOUR_MS)
		return hit(f, FIND_REPEATED, ev, p->burst, "", "", e);
	p->burst = p->recent[n - want];
	for (unsigned i = n - want; r == 0 && i < n; i++) {
		struct audit_event one = *ev;

		one.seq = p->recent_seq[i];
		one.time_ms = one.end_ms = p->recent[i];
		r = hit(f, FIND_REPEATED, &one, p->burst, "", "", e);
	}
	return r;
}

/* One finding a glass, whoever answers for it afterwards. */
static int broken(struct finder *f, const struct audit_event *ev,
		  struct err *e)
{
	int64_t bucket = 0;

	for (const char *p = ev->glass; *p; p++)
		bucket = (bucket * 31 + (uint8_t)*p) & INT32_MAX;
	return hit(f, FIND_BREAK_GLASS, ev, bucket, ev->case_id, ev->glass, e);
}

static void countersigned(struct finder *f, const struct audit_event *ev)
{
	size_t n = strlen(ev->glass);

	for (size_t i = 0; n && i < f->nfound; i++) {
		struct finding *x = &f->found[i];

		if (x->pattern == FIND_BREAK_GLASS && strlen(x->detail) == n &&
		    !strcmp(x->detail, ev->glass))
			snprintf(x->detail, sizeof x->detail, "%.40s; ✓ %.32s",
				 ev->glass, ev->user);
	}
}

/* Commands that open nothing of a case that was sealed before. */
static int reads(const struct audit_event *ev)
{
	return strcmp(ev->command, "collect") != 0 &&
		strcmp(ev->command, "audit") != 0 &&
		strcmp(ev->command, "handover") != 0;
}

static int quiet(struct finder *f, const struct audit_event *ev,
		 const struct audit_dossier *d, struct err *e)
{
	int64_t since = d->last_ms ? d->last_ms : d->opened_ms;
	int64_t days = (ev->time_ms - since) / DAY_MS;
	int r;

	if (!since || days < (int64_t)f->policy.quiet_days)
		return 0;
	r = hit(f, FIND_QUIET, ev, (int64_t)ev->seq, d->id, "", e);
	if (r == 0 && f->nfound && !f->dropped)
		f->found[f->nfound - 1].limit = (uint64_t)days;
	return r;
}

static int on_case_access(struct finder *f, const struct audit_event *ev,
			  const struct admin_case *c,
			  const struct audit_dossier *d, int period,
			  struct err *e)
{
	int r = 0;

	if (!period)
		return 0;
	if (!admin_is_member(c, ev->user) && !ev->break_glass &&
	    (ev->reach || ev->nranges))
		r = hit(f, FIND_OUTSIDE, ev, 0, c->id, "", e);
	if (r == 0 && c->closed)
		r = hit(f, FIND_CLOSED, ev, 0, c->id, "", e);
	if (r == 0 && denied(f, ev->user, c->id))
		r = hit(f, FIND_AFTER_DENIAL, ev, 0, c->id, "", e);
	return r == 0 ? quiet(f, ev, d, e) : r;
}

static int on_access(struct finder *f, const struct audit_event *ev,
		     const struct admin *now, int period, struct err *e)
{
	const struct admin_case *c = NULL;
	struct audit_dossier *d = NULL;
	const char *who;
	int r = 0;

	if (!strcmp(ev->command, "handover"))
		for (size_t i = 0; i < f->nexports; i++)
			if (f->exports[i].seq + 1 == ev->about)
				f->exports[i].handed = 1;
	if (*ev->case_id && admin_case(now, ev->case_id, &c, NULL) == 0 && c &&
	    reads(ev)) {
		r = count_case(f, c->id, &d, e);
		if (r == 0)
			r = on_case_access(f, ev, c, d, period, e);
		if (r < 0)
			return r;
		d->last_ms = ev->time_ms;
		if (!strcmp(ev->command, "export")) {
			snprintf(d->exporter, sizeof d->exporter, "%s",
				 ev->user);
			snprintf(d->recipient, sizeof d->recipient, "%s",
				 ev->recipient);
		}
	}
	if (!period)
		return 0;
	if (ev->break_glass)
		r = broken(f, ev, e);
	if (r == 0 && ev->unmasked)
		r = hit(f, FIND_UNMASKED, ev, 0, ev->case_id, "", e);
	if (r == 0 && *ev->query && strcmp(ev->command, "audit") != 0) {
		who = find_names(now, ev->query);
		if (who)
			r = hit(f, FIND_COLLEAGUE, ev, 0, ev->case_id, who, e);
	}
	if (r == 0 && strcmp(ev->user, "timer") != 0 &&
	    !calendar_working(&f->policy.hours, ev->time_ms)) {
		struct calendar_time t;

		calendar_paris(ev->time_ms, &t);
		r = hit(f, FIND_HOURS, ev, t.day, "", "", e);
	}
	return r;
}

int finder_feed(struct finder *f, const struct audit_event *ev,
		const struct admin *now, int period, struct err *e)
{
	struct audit_person *p = NULL;
	int r = 0;

	f->last_ms = ev->time_ms;
	f->last_seq = ev->seq;
	f->events += (uint64_t)period;
	if (ev->what == AUDIT_ADMIN && !strcmp(ev->kind, "case-open")) {
		struct audit_dossier *d = NULL;

		r = count_case(f, ev->case_id, &d, e);
		if (r == 0)
			d->opened_ms = ev->time_ms;
	}
	if (r == 0)
		r = count_event(f, ev, now, period, &p, e);
	if (r == 0 && ev->forged && period)
		r = hit(f, FIND_FORGED, ev, 0, "", "", e);
	if (r < 0)
		return r;
	switch (ev->what) {
	case AUDIT_REFUSED:
		return p ? on_refused(f, ev, p, period, e) : 0;
	case AUDIT_ACCESS:
		return on_access(f, ev, now, period, e);
	case AUDIT_EXPORTED:
		return remember_export(f, ev, period, e);
	case AUDIT_SHOWN:
		if (ev->denials && period)
			return hit(f, FIND_OWN_DENIALS, ev, 0, "", "", e);
		return 0;
	case AUDIT_ADMIN:
		if (!strcmp(ev->kind, "countersigned"))
			countersigned(f, ev);
		return ev->break_glass && period ? broken(f, ev, e) : 0;
	default:
		return 0;
	}
}

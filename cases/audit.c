/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit.h"

#include "cases/access.h"
#include "cases/audit_int.h"
#include "cases/audit_month.h"
#include "cases/casefile.h"
#include "cases/permit.h"
#include "cases/deny.h"
#include "cases/unit_int.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS 86400000

/* --- opening ----------------------------------------------------------------- */

static struct audit_source *source_new(struct audit *a, struct err *e)
{
	struct audit_source *list = reallocarray(a->sources, a->nsources + 1,
					   sizeof *list);

	if (!list) {
		err_set(e, ERR_NOMEM, "no memory for the audit");
		return NULL;
	}
	a->sources = list;
	memset(&list[a->nsources], 0, sizeof *list);
	return &list[a->nsources];
}

static int add_admin(struct audit *a, struct err *e)
{
	struct audit_source *s = source_new(a, e);

	if (!s)
		return ERR_NOMEM;
	s->type = OF_ADMIN;
	s->stream = a->u->admin_stream;
	s->count = stream_count(s->stream);
	a->nsources++;
	return 0;
}

/* Is there a month in the period?  The running one is, or will be made. */
static int has_month(const struct audit *a, struct err *e)
{
	const struct admin *ad = &a->u->admin;
	int64_t from, to, now = clock_wall_ms();
	int found = (!a->to_ms || a->to_ms > now) &&
		(!a->from_ms || a->from_ms <= now);

	for (size_t i = 0; !found && i < ad->nmonths; i++)
		found = audit_month_bounds(ad->months[i].name, &from, &to) ==
			0 && (!a->to_ms || from < a->to_ms) &&
			(!a->from_ms || to > a->from_ms);
	return found ? 0 : err_set(e, ERR_NOENT, "there is no audit of that "
				   "period");
}

/* Each month that the period touches must open; those before it may. */
static int add_months(struct audit *a, struct err *e)
{
	const struct admin *ad = &a->u->admin;

	for (size_t i = 0; i < ad->nmonths; i++) {
		const char *name = ad->months[i].name;
		int64_t from, to;
		struct audit_source *s;
		int needed, r;

		if (audit_month_bounds(name, &from, &to) < 0)
			continue;
		if ((a->to_ms && from >= a->to_ms) ||
		    (a->read_ms && to <= a->read_ms))
			continue;
		needed = !a->from_ms || to > a->from_ms;
		s = source_new(a, e);
		if (!s)
			return ERR_NOMEM;
		s->type = OF_MONTH;
		r = audit_month_open(a->u, name, &a->keys, &s->month, e);
		if (r == ERR_DENIED && !needed) {
			if (a->nskipped < AUDIT_SKIPPED_MAX)
				memcpy(a->skipped[a->nskipped++], name, 8);
			if (e)
				memset(e, 0, sizeof *e);
			continue;
		}
		if (r < 0)
			return r;
		s->count = audit_month_count(s->month);
		a->nsources++;
	}
	return 0;
}

/* The first item of a case that is not before the time; leaves never go back. */
static int first_since(const struct audit *a, struct audit_source *s, int64_t since,
		       struct err *e)
{
	uint64_t low = 0, high = s->count;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2, seq;
		struct leaf leaf;
		int r = stream_seq(s->stream, mid, &seq, e);

		if (r == 0)
			r = vault_leaf(a->u->vault, seq, &leaf);
		if (r < 0)
			return err_set(e, r, "cannot read the log");
		if (leaf.time_ms < since)
			low = mid + 1;
		else
			high = mid;
	}
	s->start = low;
	return 0;
}

static int add_cases(struct audit *a, struct err *e)
{
	const struct admin *ad = &a->u->admin;

	for (size_t i = 0; i < ad->ncases; i++) {
		const struct admin_case *c = &ad->cases[i];
		struct audit_source *s;
		int r;

		if (a->case_id[0] && strcmp(a->case_id, c->id) != 0)
			continue;
		s = source_new(a, e);
		if (!s)
			return ERR_NOMEM;
		s->type = OF_CASE;
		snprintf(s->case_id, sizeof s->case_id, "%s", c->id);
		r = casefile_stream(a->u, c, &s->stream, e);
		if (r == 0) {
			s->count = stream_count(s->stream);
			r = first_since(a, s, a->read_ms, e);
		}
		if (r < 0)
			return r;
		a->nsources++;
	}
	return 0;
}

/* What is asked, for the record, in the words of the command line. */
static void asked(const struct audit_query *q, const char *case_id,
		  struct buf *out)
{
	char when[CLOCK_RFC3339_MAX];

	if (q->from_ms)
		buf_addf(out, " since %s", clock_rfc3339_s(q->from_ms, when));
	if (q->to_ms)
		buf_addf(out, " until %s", clock_rfc3339_s(q->to_ms, when));
	if (*case_id)
		buf_addf(out, " case %s", case_id);
	if (q->by)
		buf_addf(out, " by %s", q->by);
	if (q->of_command)
		buf_addf(out, " command %s", q->of_command);
	if (q->has_item)
		buf_addf(out, " item %llu", (unsigned long long)q->item);
}

static int put_on_record(struct audit *a, const struct audit_query *q,
			 struct err *e)
{
	struct access rec = { .command = q->command ? q->command : "audit",
			      .why = q->why, .key = "month" };
	struct buf text = BUF_INIT(65536);
	int r;

	if (q->by && admin_user(&a->u->admin, q->by))
		rec.subject = q->by;
	asked(q, a->case_id, &text);
	rec.query = text.len ? buf_cstr(&text) + 1 : "all";
	r = access_record(a->u, &rec, a->case_id[0] ? a->case_id : NULL, 0,
			  &a->seq, e);
	buf_release(&text);
	return r;
}

static int permitted(struct unit *u, const struct audit_query *q,
		     struct err *e)
{
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	int r = permit_check(&u->admin, u->user ? u->user_name : NULL,
			     PERMIT_AUDIT, NULL, to);

	return unit_denied(u, r, q->command ? q->command : "audit",
			   q->case_name, q->why, to);
}

int audit_open(struct unit *u, const struct audit_query *q, struct audit **out,
	       struct err *e)
{
	const struct admin_case *c = NULL;
	struct audit *a = NULL;
	int r = access_reason(q->why, e);

	if (r == 0)
		r = permitted(u, q, e);
	if (r == 0 && q->case_name)
		r = admin_case(&u->admin, q->case_name, &c, e);
	if (r < 0)
		return r;
	a = calloc(1, sizeof *a);
	if (!a)
		return err_set(e, ERR_NOMEM, "no memory for the audit");
	a->u = u;
	admin_init(&a->asof);
	a->note = (struct buf)BUF_INIT(NOTE_MAX);
	a->from_ms = q->from_ms;
	a->to_ms = q->to_ms;
	a->read_ms = q->from_ms
		? q->from_ms - (int64_t)q->context_days * DAY_MS : 0;
	a->what = q->what ? q->what : AUDIT_EVERYTHING;
	a->has_item = q->has_item;
	a->item = q->item;
	snprintf(a->by, sizeof a->by, "%s", q->by ? q->by : "");
	snprintf(a->of_command, sizeof a->of_command, "%s",
		 q->of_command ? q->of_command : "");
	if (c)
		memcpy(a->case_id, c->id, sizeof a->case_id);
	/* Nothing below happens unless this is durable. */
	r = has_month(a, e);
	if (r == 0)
		r = put_on_record(a, q, e);
	a->end = vault_size(u->vault);
	if (r == 0)
		r = audit_keys_read(u, &a->keys, e);
	if (r == 0)
		r = add_admin(a, e);
	if (r == 0)
		r = add_months(a, e);
	if (r == 0)
		r = add_cases(a, e);
	if (r == 0) {
		a->heap = calloc(a->nsources, sizeof *a->heap);
		r = a->heap ? audit_rewind(a, e)
			    : err_set(e, ERR_NOMEM, "no memory for the audit");
	}
	if (r < 0)
		audit_close(a);
	else
		*out = a;
	return r;
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->nsources; i++)
		audit_month_close(a->sources[i].month);
	admin_release(&a->asof);
	buf_wipe(&a->note);
	free(a->keys.list);
	free(a->sources);
	free(a->heap);
	free(a);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Proposing, approving and using orders; what they are is in order.c. */
#include "cases/order.h"

#include "cases/deny.h"
#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdlib.h>

#define HOUR_MS 3600000LL

/* The order's text, signed by who is logged in. */
static int write_order(struct unit *u, const struct order_options *o,
		       struct buf *note, struct err *e)
{
	char from[CLOCK_RFC3339_MAX], to[CLOCK_RFC3339_MAX];
	struct buf text = BUF_INIT(NOTE_TEXT_MAX);
	struct jsonw w = JSONW_INIT(&text);
	int64_t now = clock_wall_ms();
	char *subject = o->subject ? json_dumps(o->subject, JSON_COMPACT)
				   : strdup("{}");
	unsigned hours = o->hours ? o->hours : ORDER_HOURS;
	uint8_t nonce[16];
	int r = 0;

	if (!subject)
		return err_set(e, ERR_NOMEM, "no memory for an order");
	secret_random(nonce, sizeof nonce);
	buf_adds(&text, "scelle/v1/order\n");
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "log", vault_origin(u->vault));
	jsonw_str(&w, "act", o->act);
	jsonw_str(&w, "case", o->case_id ? o->case_id : "");
	jsonw_raw(&w, "subject", bytes_str(subject));
	jsonw_str(&w, "reason", o->reason);
	jsonw_hex(&w, "nonce", nonce, sizeof nonce);
	jsonw_str(&w, "issued", clock_rfc3339(now, from));
	jsonw_str(&w, "expires", clock_rfc3339(now + hours * HOUR_MS, to));
	jsonw_close(&w, '}');
	buf_addc(&text, '\n');
	if (text.failed)
		r = err_set(e, text.failed, "the order is too long");
	else
		r = unit_sign(u, buf_view(&text), note, e);
	buf_release(&text);
	free(subject);
	return r;
}

/* A statement of the admin stream that embeds an order. */
static int record(struct unit *u, const char *kind, const char *case_id,
		  struct bytes note, uint64_t *seq_out, struct err *e)
{
	struct unit_write w;
	int r = unit_begin(u, kind, &w, e);

	if (r < 0)
		return r;
	if (case_id && *case_id)
		jsonw_str(&w.draft.w, "of_case", case_id);
	jsonw_bytes(&w.draft.w, "order", note);
	return unit_commit(u, &w, NULL, 0, seq_out, e);
}

static const struct admin_case *case_of(const struct unit *u, const char *id)
{
	for (size_t i = 0; id && i < u->admin.ncases; i++)
		if (!strcmp(u->admin.cases[i].id, id))
			return &u->admin.cases[i];
	return NULL;
}

int order_propose(struct unit *u, const struct order_options *o,
		  char id_out[static 17], struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	enum permit_act first, second;
	const uint8_t *end;
	int r;

	if (!o->reason || !o->reason[strspn(o->reason, " \t")] ||
	    strlen(o->reason) > ADMIN_TEXT_MAX)
		return err_set(e, ERR_USAGE, "an order takes a reason of at "
			       "most %d bytes", ADMIN_TEXT_MAX);
	if (order_halves(o->act, &first, &second) < 0)
		return err_set(e, ERR_USAGE, "there is no order for '%s'",
			       err_word(o->act));
	if (o->hours > ORDER_HOURS_MAX)
		return err_set(e, ERR_USAGE, "an order holds for at most %d "
			       "hours", ORDER_HOURS_MAX);
	r = unit_may(u, first, case_of(u, o->case_id), e);
	if (r == 0 && !u->user)
		r = err_set(e, ERR_DENIED, "an order is a person's");
	if (r == 0)
		r = write_order(u, o, &note, e);
	if (r == 0)
		r = record(u, "order-proposed", o->case_id, buf_view(&note),
			   NULL, e);
	if (r == 0) {
		/* The text ends where the empty line begins. */
		end = memmem(note.p, note.len, "\n\n", 2);
		order_id(BYTES(note.p, (size_t)(end - note.p) + 1), id_out);
	}
	buf_release(&note);
	return r;
}

static int approve(struct unit *u, struct bytes note, struct err *e)
{
	struct buf both = BUF_INIT(NOTE_MAX);
	struct order_want want = { .now_ms = clock_wall_ms() };
	const struct admin_order *known;
	struct order o = { .id = "" };
	int r = order_read(&u->admin, note, &o, e);

	if (r < 0)
		goto out;
	known = admin_order(&u->admin, o.id);
	want.act = o.act;
	want.case_id = o.case_id;
	if (!known)
		r = err_set(e, ERR_DENIED, "no order '%s' was proposed here",
			    o.id);
	else if (known->used)
		r = err_set(e, ERR_DENIED, "order '%s' was used already", o.id);
	else if (*known->second)
		r = err_set(e, ERR_DENIED, "order '%s' was approved already",
			    o.id);
	else if (o.second)
		r = err_set(e, ERR_DENIED, "the order handed over has a second "
			    "line already");
	else if (!u->user)
		r = err_set(e, ERR_DENIED, "an order is approved by a person");
	if (r < 0)
		goto out;
	buf_addb(&both, note);
	r = unit_sign_line(u, o.s.note.text, &both, e);
	if (r == 0)
		r = order_check(&u->admin, buf_view(&both), &want, NULL, e);
	if (r == 0)
		r = record(u, "order-approved", o.case_id, buf_view(&both),
			   NULL, e);
out:
	buf_release(&both);
	order_release(&o);
	return r;
}

int order_approve_note(struct unit *u, struct bytes note, struct err *e)
{
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	int r = approve(u, note, to);

	return unit_denied(u, r, "approve", NULL, NULL, to);
}

int order_approve(struct unit *u, const char *id, struct err *e)
{
	const struct admin_order *known = admin_order(&u->admin, id);
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	struct buf note = BUF_INIT(NOTE_MAX);
	int r;

	if (!known) {
		r = err_set(to, ERR_DENIED, "no order '%s' was proposed here",
			    id);
		return unit_denied(u, r, "approve", NULL, NULL, to);
	}
	/* A copy: what it stands in changes with the approval. */
	r = buf_addb(&note, buf_view(&known->note));
	r = r < 0 ? err_set(to, r, "no memory for an order")
		  : order_approve_note(u, buf_view(&note), to);
	buf_release(&note);
	return r;
}

int order_take(struct unit *u, const char *id, const struct order_want *want,
	       struct buf *note_out, struct err *e)
{
	const struct admin_order *known = admin_order(&u->admin, id);
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	int r;

	if (!known)
		r = err_set(to, ERR_DENIED, "no order '%s' was proposed here",
			    id);
	else
		r = order_check(&u->admin, buf_view(&known->note), want, NULL,
				to);
	if (r == 0 && buf_addb(note_out, buf_view(&known->note)) < 0)
		r = err_set(to, ERR_NOMEM, "no memory for an order");
	return unit_denied(u, r, want->act, want->case_id, NULL, to);
}

int order_use(struct unit *u, struct bytes note, uint64_t *seq_out,
	      struct err *e)
{
	return record(u, "order-used", NULL, note, seq_out, e);
}

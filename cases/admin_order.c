/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements about orders and broken glass, see admin_apply.c. */
#include "cases/admin_apply.h"

#include "cases/glass.h"
#include "cases/order.h"
#include "util/enc.h"

#include <stdio.h>
#include <stdlib.h>

/* The note in the member "order". */
static int note_of(struct context *c, struct bytes *out)
{
	const json_t *note = json_object_get(c->s->json, "order");

	if (!json_is_string(note))
		return err_set(c->e, ERR_FORMAT, "it embeds no order");
	*out = BYTES(json_string_value(note), json_string_length(note));
	return 0;
}

static struct admin_order *known(struct context *c, const char *id)
{
	for (size_t i = 0; i < c->a->norders; i++)
		if (!strcmp(c->a->orders[i].id, id))
			return &c->a->orders[i];
	return NULL;
}

static const struct admin_case *case_named(const struct admin *a,
					   const char *id)
{
	for (size_t i = 0; i < a->ncases; i++)
		if (!strcmp(a->cases[i].id, id))
			return &a->cases[i];
	return NULL;
}

int apply_order_proposed(struct context *c)
{
	struct admin_order new = { .used = 0 }, *at;
	enum permit_act first = PERMIT_NOTHING, second;
	struct order o = { .id = "" };
	const struct admin_case *k;
	struct bytes note = { NULL, 0 };
	int r = note_of(c, &note);

	if (r == 0)
		r = order_read(c->a, note, &o, c->e);
	if (r == 0)
		r = order_halves(o.act, &first, &second);
	if (r < 0)
		goto out;
	k = *o.case_id ? case_named(c->a, o.case_id) : NULL;
	if (*o.case_id && !k)
		r = err_set(c->e, ERR_NOENT, "no case '%s' in this vault",
			    o.case_id);
	else if (o.second || strcmp(o.first, c->author) != 0)
		r = err_set(c->e, ERR_DENIED, "an order is proposed by one "
			    "person, who signs it");
	else if (known(c, o.id))
		r = err_set(c->e, ERR_EXIST, "order '%s' was proposed already",
			    o.id);
	else if (o.expires_ms <= c->time_ms ||
		 o.expires_ms - o.issued_ms > ORDER_HOURS_MAX * 3600000LL)
		r = err_set(c->e, ERR_RANGE, "an order that expired, or that "
			    "holds for more than %d hours", ORDER_HOURS_MAX);
	else
		r = permit_check(c->a, o.first, first, k, c->e);
	if (r < 0)
		goto out;
	memcpy(new.id, o.id, sizeof new.id);
	memcpy(new.case_id, o.case_id, strlen(o.case_id) + 1);
	new.act = strdup(o.act);
	new.first = strdup(o.first);
	new.second = strdup("");
	new.reason = strdup(o.reason);
	new.issued_ms = o.issued_ms;
	new.expires_ms = o.expires_ms;
	new.note = (struct buf)BUF_INIT(NOTE_MAX);
	buf_addb(&new.note, note);
	at = apply_room(&c->a->orders, c->a->norders, sizeof new);
	if (!new.act || !new.first || !new.second || !new.reason ||
	    new.note.failed || !at) {
		free(new.act);
		free(new.first);
		free(new.second);
		free(new.reason);
		buf_release(&new.note);
		r = apply_nomem(c);
		goto out;
	}
	*at = new;
	c->a->norders++;
out:
	order_release(&o);
	return r;
}

int apply_order_approved(struct context *c)
{
	struct buf copy = BUF_INIT(NOTE_MAX);
	struct order_want want = { .now_ms = c->time_ms };
	struct order o = { .id = "" };
	struct admin_order *at = NULL;
	struct bytes note = { NULL, 0 };
	char *second = NULL;
	int r = note_of(c, &note);

	if (r == 0)
		r = order_read(c->a, note, &o, c->e);
	if (r < 0)
		goto out;
	at = known(c, o.id);
	want.act = o.act;
	want.case_id = o.case_id;
	if (!at)
		r = err_set(c->e, ERR_DENIED, "no order '%s' was proposed here",
			    o.id);
	else if (*at->second)
		r = err_set(c->e, ERR_DENIED, "order '%s' was approved already",
			    o.id);
	else if (!o.second || strcmp(o.second, c->author) != 0)
		r = err_set(c->e, ERR_DENIED, "the second line of order '%s' "
			    "is not that of who approves it", o.id);
	else
		r = order_check(c->a, note, &want, NULL, c->e);
	if (r < 0)
		goto out;
	second = strdup(o.second);
	if (!second || buf_addb(&copy, note) < 0) {
		free(second);
		buf_release(&copy);
		r = apply_nomem(c);
		goto out;
	}
	free(at->second);
	at->second = second;
	buf_release(&at->note);
	at->note = copy;
out:
	order_release(&o);
	return r;
}

int apply_order_used(struct context *c)
{
	struct order_want want = { .now_ms = c->time_ms };
	struct order o = { .id = "" };
	struct bytes note = { NULL, 0 };
	int r = note_of(c, &note);

	if (r == 0)
		r = order_read(c->a, note, &o, c->e);
	if (r < 0)
		goto out;
	want.act = o.act;
	want.case_id = o.case_id;
	r = order_check(c->a, note, &want, NULL, c->e);
	/* Who carries it out is one of those who answer for it, or the
	 * program. */
	if (r == 0 && *c->author && strcmp(c->author, o.first) != 0 &&
	    (!o.second || strcmp(c->author, o.second) != 0))
		r = err_set(c->e, ERR_DENIED, "'%s' signed no half of order "
			    "'%s'", c->author, o.id);
	if (r == 0)
		known(c, o.id)->used = 1;
out:
	order_release(&o);
	return r;
}

/* --- broken glass ---------------------------------------------------------- */

int apply_glass(struct context *c)
{
	struct admin_glass g = { .time_ms = c->time_ms }, *at;
	const char *id = "", *act = "", *reason = "", *order = "", *kase = "";
	const struct admin_order *o = NULL;
	uint8_t raw[8];
	int r = apply_text(c, "glass", 1, &id);

	if (r == 0)
		r = apply_text(c, "act", 1, &act);
	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r == 0)
		r = apply_text(c, "case", 0, &kase);
	if (r == 0)
		r = apply_text(c, "of_order", 0, &order);
	if (r < 0)
		return r;
	if (strlen(id) != 16 || hex_get(bytes_str(id), raw, 8) < 0)
		return err_set(c->e, ERR_FORMAT, "'%s' is no id", id);
	if (admin_glass(c->a, id))
		return err_set(c->e, ERR_EXIST, "'%s' exists already", id);
	if (*kase && !case_named(c->a, kase))
		return err_set(c->e, ERR_NOENT, "no case '%s' in this vault",
			       kase);
	if (*order) {
		o = known(c, order);
		if (!o)
			return err_set(c->e, ERR_NOENT, "no order '%s' was "
				       "proposed here", order);
		if (strcmp(o->first, c->author) != 0 || o->used || *o->second)
			return err_set(c->e, ERR_DENIED, "the glass is broken "
				       "for one's own order, before it is "
				       "approved or used");
	} else {
		r = glass_read_permitted(c->a, c->author, kase, c->e);
		if (r < 0)
			return r;
	}
	memcpy(g.id, id, 17);
	snprintf(g.case_id, sizeof g.case_id, "%s", kase);
	snprintf(g.order_id, sizeof g.order_id, "%s", order);
	g.user = strdup(c->author);
	g.act = strdup(act);
	g.reason = strdup(reason);
	g.countersigned = strdup("");
	at = apply_room(&c->a->glasses, c->a->nglasses, sizeof g);
	if (!g.user || !g.act || !g.reason || !g.countersigned || !at) {
		free(g.user);
		free(g.act);
		free(g.reason);
		free(g.countersigned);
		return apply_nomem(c);
	}
	*at = g;
	c->a->nglasses++;
	return 0;
}

int apply_countersign(struct context *c)
{
	const char *id = "";
	struct admin_glass *g = NULL;
	char *who;
	int r = apply_text(c, "glass", 1, &id);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->a->nglasses; i++)
		if (!strcmp(c->a->glasses[i].id, id))
			g = &c->a->glasses[i];
	if (!g)
		return err_set(c->e, ERR_NOENT, "no broken glass '%s'", id);
	r = glass_countersign_permitted(c->a, g, c->author, c->e);
	if (r < 0)
		return r;
	who = strdup(c->author);
	if (!who)
		return apply_nomem(c);
	free(g->countersigned);
	g->countersigned = who;
	g->countersigned_ms = c->time_ms;
	return 0;
}

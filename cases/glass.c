/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/glass.h"

#include "cases/deny.h"
#include "store/leaf.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

unsigned glass_flags(const char *kind)
{
	if (!strcmp(kind, "break-glass"))
		return LEAF_FLAG_GLASS;
	return !strcmp(kind, "countersigned") ? LEAF_FLAG_GLASS_SIGNED : 0;
}

int glass_reads(const struct admin *a, const char *user, const char *case_id)
{
	for (size_t i = 0; i < a->nglasses; i++) {
		const struct admin_glass *g = &a->glasses[i];

		if (!*g->order_id && !*g->countersigned &&
		    !strcmp(g->user, user) && !strcmp(g->case_id, case_id))
			return 1;
	}
	return 0;
}

size_t glass_open(const struct admin *a, int64_t now_ms, size_t *overdue_out)
{
	size_t n = 0, late = 0;

	for (size_t i = 0; i < a->nglasses; i++) {
		const struct admin_glass *g = &a->glasses[i];

		if (*g->countersigned)
			continue;
		n++;
		late += now_ms - g->time_ms >= GLASS_HOURS * 3600000LL;
	}
	if (overdue_out)
		*overdue_out = late;
	return n;
}

int glass_read_permitted(const struct admin *a, const char *user,
			 const char *case_id, struct err *e)
{
	const struct admin_user *who = admin_user(a, user);
	const struct admin_case *c = NULL;

	for (size_t i = 0; i < a->ncases; i++)
		if (!strcmp(a->cases[i].id, case_id))
			c = &a->cases[i];
	if (!c)
		return err_set(e, ERR_DENIED, "the glass is broken to read one "
			       "case");
	if (!a->policy.break_glass)
		return err_set(e, ERR_DENIED, "the unit's policy has no "
			       "break-glass reads");
	if (!who || who->revoked || !(who->roles & permit_roles(PERMIT_READ, 1)))
		return err_set(e, ERR_DENIED, "'%s' has no role that reads "
			       "content", user);
	return 0;
}

int glass_countersign_permitted(const struct admin *a,
				const struct admin_glass *g, const char *user,
				struct err *e)
{
	const struct admin_user *who = admin_user(a, user);
	const struct admin_user *broke = admin_user(a, g->user);
	int r = permit_check(a, user, PERMIT_COUNTERSIGN, NULL, e);

	if (r < 0)
		return r;
	if (!who || !broke || permit_person_same(who, broke))
		return err_set(e, ERR_DENIED, "'%s' countersigns for oneself",
			       user);
	if (*g->countersigned)
		return err_set(e, ERR_DENIED, "'%s' was countersigned already",
			       g->id);
	return 0;
}

/* The statement; order may be "". */
static int tell(struct unit *u, const char *act, const char *case_id,
		const char *order, const char *reason, char id_out[static 17],
		struct err *e)
{
	struct unit_write w;
	uint8_t raw[8];
	int r = unit_begin(u, "break-glass", &w, e);

	if (r < 0)
		return r;
	secret_random(raw, sizeof raw);
	hex_str(id_out, raw, sizeof raw);
	jsonw_str(&w.draft.w, "glass", id_out);
	jsonw_str(&w.draft.w, "act", act);
	if (*case_id)
		jsonw_str(&w.draft.w, "case", case_id);
	if (*order)
		jsonw_str(&w.draft.w, "of_order", order);
	jsonw_str(&w.draft.w, "reason", reason);
	w.flags = LEAF_FLAG_GLASS;
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

static int reason_check(const char *reason, struct err *e)
{
	if (!reason || !reason[strspn(reason, " \t")] ||
	    strlen(reason) > ADMIN_TEXT_MAX)
		return err_set(e, ERR_USAGE, "breaking the glass takes a "
			       "reason");
	return 0;
}

int glass_break_read(struct unit *u, const char *case_id, const char *reason,
		     char id_out[static 17], struct err *e)
{
	int r = reason_check(reason, e);

	if (r < 0)
		return r;
	r = glass_read_permitted(&u->admin, u->user_name, case_id, e);
	if (r == 0)
		r = tell(u, "read", case_id, "", reason, id_out, e);
	return unit_denied(u, r, "break-glass", case_id, reason, e);
}

int glass_break_order(struct unit *u, const char *order_id, const char *reason,
		      char id_out[static 17], struct err *e)
{
	const struct admin_order *o = admin_order(&u->admin, order_id);
	char order[17], case_id[17], act[32], id[17];
	int r = reason_check(reason, e);

	if (r < 0)
		return r;
	if (!o)
		return err_set(e, ERR_NOENT, "no order '%s' was proposed here",
			       order_id);
	memcpy(order, o->id, sizeof order);
	memcpy(case_id, o->case_id, sizeof case_id);
	snprintf(act, sizeof act, "%s", o->act);
	r = unit_may(u, PERMIT_BREAK_GLASS, NULL, e);
	if (r < 0)
		return r;
	r = tell(u, act, case_id, order, reason, id, e);
	if (r == 0)
		memcpy(id_out, id, sizeof id);
	return unit_denied(u, r, "break-glass", *case_id ? case_id : NULL,
			   reason, e);
}

int glass_countersign(struct unit *u, const char *id, struct err *e)
{
	const struct admin_glass *g = admin_glass(&u->admin, id);
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	struct unit_write w;
	char full[17];
	int r;

	if (!g)
		return err_set(to, ERR_NOENT, "no broken glass '%s'", id);
	memcpy(full, g->id, sizeof full);
	r = glass_countersign_permitted(&u->admin, g,
					u->user ? u->user_name : "", to);
	if (r < 0)
		return unit_denied(u, r, "countersign", NULL, NULL, to);
	r = unit_begin(u, "countersigned", &w, to);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "glass", full);
	w.flags = LEAF_FLAG_GLASS_SIGNED;
	return unit_commit(u, &w, NULL, 0, NULL, to);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/order.h"

#include "cases/deny.h"
#include "cases/unit_int.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdlib.h>

#define HOUR_MS 3600000LL

static const struct {
	const char *act;
	enum permit_act first, second;
	int of_case;
} acts[] = {
	{ ORDER_ERASE, PERMIT_ERASE_FIRST, PERMIT_ERASE_SECOND, 1 },
	{ ORDER_PURGE, PERMIT_PURGE_FIRST, PERMIT_PURGE_SECOND, 1 },
	{ ORDER_EXPORT, PERMIT_EXPORT, PERMIT_EXPORT_SECOND, 1 },
	{ ORDER_USER_ADD, PERMIT_USER_ADD, PERMIT_USERS_SECOND, 0 },
	{ ORDER_USER_ROLE, PERMIT_USER_ROLE, PERMIT_USERS_SECOND, 0 },
	{ ORDER_USER_REVOKE, PERMIT_USER_REVOKE, PERMIT_USERS_SECOND, 0 },
	{ ORDER_POLICY, PERMIT_POLICY, PERMIT_USERS_SECOND, 0 },
	{ ORDER_ESCROW, PERMIT_ESCROW, PERMIT_USERS_SECOND, 0 },
	{ ORDER_RESTORE, PERMIT_RESTORE, PERMIT_USERS_SECOND, 1 },
};

#define NACTS (sizeof acts / sizeof *acts)

static size_t act_of(const char *act)
{
	size_t i = 0;

	while (act && i < NACTS && strcmp(acts[i].act, act) != 0)
		i++;
	return act ? i : NACTS;
}

int order_halves(const char *act, enum permit_act *first,
		 enum permit_act *second)
{
	size_t i = act_of(act);

	*first = *second = PERMIT_NOTHING;
	if (i == NACTS)
		return ERR_NOENT;
	*first = acts[i].first;
	*second = acts[i].second;
	return 0;
}

/* Two persons, not two accounts, that could sign a change of people. */
static int two_could(const struct admin *a)
{
	const unsigned roles = permit_roles(PERMIT_USERS_SECOND, 0);
	const struct admin_user *one = NULL;

	for (size_t i = 0; i < a->nusers; i++) {
		const struct admin_user *u = &a->users[i];

		if (u->revoked || !(u->roles & roles))
			continue;
		if (one && !permit_person_same(one, u))
			return 1;
		if (!one)
			one = u;
	}
	return 0;
}

int order_needed(const struct admin *a, const char *act)
{
	size_t i = act_of(act);

	if (i == NACTS)
		return 1;
	if (!strcmp(act, ORDER_EXPORT))
		return a->policy.export_orders;
	if (!strcmp(act, ORDER_RESTORE))
		return two_could(a);
	return acts[i].of_case || two_could(a);
}

int order_roles(const json_t *roles)
{
	const unsigned high = permit_roles(PERMIT_USERS_SECOND, 0) |
		permit_roles(PERMIT_AUDIT, 0) |
		permit_roles(PERMIT_ERASE_SECOND, 0);

	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *s = json_string_value(json_array_get(roles, i));

		if (s && (admin_role(s) & high))
			return 1;
	}
	return 0;
}

/* --- one order taken apart ------------------------------------------------- */

void order_id(struct bytes text, char out[static 17])
{
	uint8_t hash[SHA256_LEN];

	sha256_once(text, hash);
	hex_str(out, hash, 8);
}

void order_release(struct order *o)
{
	statement_release(&o->s);
	memset(o, 0, sizeof *o);
}

static int member(const json_t *j, const char *key, const char **out,
		  struct err *e)
{
	int r = json_want_str(j, key, out, e);

	if (r == 0 && strlen(*out) > ADMIN_TEXT_MAX)
		r = err_set(e, ERR_FORMAT, "'%s' is too long", key);
	return r;
}

static int when(const json_t *j, const char *key, int64_t *out, struct err *e)
{
	const char *s = "";

	if (json_want_str(j, key, &s, e) < 0 ||
	    clock_parse_rfc3339(s, strlen(s), out) < 0)
		return err_set(e, ERR_FORMAT, "'%s' is no date", key);
	return 0;
}

/* Who signed line i: a user entered here, with the key as of now. */
static int line_of(const struct admin *a, const struct note *n, size_t i,
		   const char **out, struct err *e)
{
	const struct note_sig *sig = &n->sigs[i];

	for (size_t k = 0; k < a->nusers; k++) {
		const struct admin_user *u = &a->users[k];

		if (memcmp(u->sign.id, sig->id, 4) != 0 ||
		    !bytes_is(sig->name, u->sign.name))
			continue;
		if (note_check(n, &u->sign, 1, NULL, NULL, NULL) != 0)
			return err_set(e, ERR_DENIED, "the order is forged: "
				       "line %zu is not by the key of '%s', "
				       "or its text was altered", i + 1,
				       u->name);
		*out = u->name;
		return 0;
	}
	return err_set(e, ERR_DENIED, "the order is forged: line %zu is by no "
		       "key of this vault", i + 1);
}

int order_read(const struct admin *a, struct bytes note, struct order *o,
	       struct err *e)
{
	const char *log = "";
	json_t *subject;
	int r;

	memset(o, 0, sizeof *o);
	r = statement_read(note, &o->s, e);
	if (r < 0)
		return err_set(e, ERR_FORMAT, "this is no order");
	if (strcmp(o->s.kind, "order") != 0) {
		r = err_set(e, ERR_FORMAT, "this is no order but a statement "
			    "'%s'", o->s.kind);
		goto out;
	}
	r = member(o->s.json, "log", &log, e);
	if (r == 0)
		r = member(o->s.json, "act", &o->act, e);
	if (r == 0)
		r = member(o->s.json, "case", &o->case_id, e);
	if (r == 0)
		r = member(o->s.json, "reason", &o->reason, e);
	if (r == 0)
		r = when(o->s.json, "issued", &o->issued_ms, e);
	if (r == 0)
		r = when(o->s.json, "expires", &o->expires_ms, e);
	if (r < 0)
		goto out;
	subject = json_object_get(o->s.json, "subject");
	o->subject = subject;
	if (!json_is_object(subject) ||
	    !json_opt_str(o->s.json, "nonce") || act_of(o->act) == NACTS ||
	    (*o->case_id && strlen(o->case_id) != 16) ||
	    !*o->case_id != !acts[act_of(o->act)].of_case) {
		r = err_set(e, ERR_FORMAT, "this is no order: its act, case, "
			    "subject or nonce is not one");
		goto out;
	}
	order_id(o->s.note.text, o->id);
	if (strcmp(log, a->origin) != 0) {
		r = err_set(e, ERR_DENIED, "the order is of another vault: "
			    "'%s'", log);
		goto out;
	}
	if (o->s.note.nsigs > 2) {
		r = err_set(e, ERR_DENIED, "the order is forged: it has %zu "
			    "lines", o->s.note.nsigs);
		goto out;
	}
	r = line_of(a, &o->s.note, 0, &o->first, e);
	if (r == 0 && o->s.note.nsigs == 2)
		r = line_of(a, &o->s.note, 1, &o->second, e);
out:
	if (r < 0)
		order_release(o);
	return r;
}

/* --- what it allows -------------------------------------------------------- */

static const struct admin_order *proposed(const struct admin *a,
					  const struct order *o)
{
	for (size_t i = 0; i < a->norders; i++)
		if (!strcmp(a->orders[i].id, o->id))
			return &a->orders[i];
	return NULL;
}

static int glass_for(const struct admin *a, const struct order *o)
{
	for (size_t i = 0; i < a->nglasses; i++)
		if (!strcmp(a->glasses[i].order_id, o->id) &&
		    !strcmp(a->glasses[i].user, o->first))
			return 1;
	return 0;
}

/* Both halves: who, whether they may, and that they are two. */
static int halves(const struct admin *a, const struct order *o, struct err *e)
{
	const struct admin_case *c = NULL;
	size_t i = act_of(o->act);
	int r;

	for (size_t k = 0; *o->case_id && k < a->ncases; k++)
		if (!strcmp(a->cases[k].id, o->case_id))
			c = &a->cases[k];
	r = permit_check(a, o->first, acts[i].first, c, e);
	if (r == 0 && o->second) {
		if (!strcmp(o->first, o->second))
			return err_set(e, ERR_DENIED, "'%s' approves an order "
				       "of one's own", o->first);
		if (permit_person_same(admin_user(a, o->first),
				       admin_user(a, o->second)))
			return err_set(e, ERR_DENIED, "'%s' and '%s' are one "
				       "person", o->first, o->second);
		return permit_check(a, o->second, acts[i].second, c, e);
	}
	if (r == 0 && !glass_for(a, o))
		r = err_set(e, ERR_DENIED, "order '%s' waits for a second "
			    "person: scelle approve %s", o->id, o->id);
	return r;
}

int order_check(const struct admin *a, struct bytes note,
		const struct order_want *want, struct order *out,
		struct err *e)
{
	const struct admin_order *known;
	struct order o;
	int r = order_read(a, note, &o, e);

	if (r < 0)
		return r;
	known = proposed(a, &o);
	if (!known)
		r = err_set(e, ERR_DENIED, "no order '%s' was proposed here",
			    o.id);
	else if (!want->act || strcmp(o.act, want->act) != 0)
		r = err_set(e, ERR_DENIED, "order '%s' is one for '%s'", o.id,
			    o.act);
	else if (strcmp(o.case_id, want->case_id ? want->case_id : "") != 0)
		r = err_set(e, ERR_DENIED, "order '%s' is for another case",
			    o.id);
	else if (want->subject && !json_equal(want->subject, o.subject))
		r = err_set(e, ERR_DENIED, "order '%s' is for something else",
			    o.id);
	else if (known->used)
		r = err_set(e, ERR_DENIED, "order '%s' was used already", o.id);
	else if (want->now_ms >= o.expires_ms)
		r = err_set(e, ERR_DENIED, "order '%s' expired", o.id);
	else
		r = halves(a, &o, e);
	if (r == 0 && out)
		*out = o;
	else
		order_release(&o);
	return r;
}

const char *order_state(const struct admin *a, const struct admin_order *o,
			int64_t now_ms)
{
	if (o->used)
		return "used";
	if (now_ms >= o->expires_ms)
		return "expired";
	if (*o->second)
		return "approved";
	for (size_t i = 0; i < a->nglasses; i++)
		if (!strcmp(a->glasses[i].order_id, o->id))
			return "glass";
	return "proposed";
}

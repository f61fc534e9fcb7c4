/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements about the unit and its people, see admin_apply.c. */
#include "cases/admin_apply.h"

#include "cases/permit.h"
#include "store/pubkey.h"

#include <stdlib.h>

int apply_init(struct context *c)
{
	struct admin *a = c->a;
	const char *unit = "", *collector = "", *sign = "";
	struct note_vkey key, first;
	int r;

	if (a->count)
		return err_set(c->e, ERR_EXIST, "a second init statement");
	r = apply_text(c, "unit", 1, &unit);
	if (r == 0)
		r = json_want_str(c->s->json, "collector", &collector, c->e);
	if (r == 0)
		r = note_vkey_read(bytes_str(collector), &key, c->e);
	if (r == 0)
		r = json_want_str(c->s->json, "sign", &sign, c->e);
	if (r == 0)
		r = note_vkey_read(bytes_str(sign), &first, c->e);
	if (r == 0)
		r = pubkey_sign_check(key.pk, c->e);
	if (r < 0)
		return r;
	if (!admin_name_valid(unit))
		return err_set(c->e, ERR_FORMAT, "'%s' is no unit name", unit);
	a->unit = strdup(unit);
	a->origin = strdup(json_opt_str(c->s->json, "log"));
	if (!a->unit || !a->origin) {
		free(a->unit);
		free(a->origin);
		a->unit = a->origin = NULL;
		return apply_nomem(c);
	}
	a->collector = key;
	a->founder = first;
	a->lab = json_is_true(json_object_get(c->s->json, "lab"));
	a->init_ms = c->time_ms;
	return 0;
}

/* A member "sign": a fit key that is nobody else's. */
static int sign_of(struct context *c, struct note_vkey *out)
{
	const char *sign = "";
	int r = json_want_str(c->s->json, "sign", &sign, c->e);

	if (r == 0)
		r = note_vkey_read(bytes_str(sign), out, c->e);
	if (r == 0 && out->type != NOTE_ED25519)
		r = err_set(c->e, ERR_FORMAT, "a user signs with Ed25519");
	if (r == 0)
		r = pubkey_sign_check(out->pk, c->e);
	if (r == 0 && !memcmp(out->pk, c->a->collector.pk, 32))
		r = err_set(c->e, ERR_EXIST, "this key is the collector's");
	for (size_t i = 0; r == 0 && i < c->a->nkeys; i++)
		if (!memcmp(out->pk, c->a->keys[i].sign.pk, 32))
			r = err_set(c->e, ERR_EXIST, "this key is that of '%s'",
				    c->a->users[c->a->keys[i].user].name);
	return r;
}

static int roles_of(struct context *c, unsigned *out)
{
	const json_t *list = json_object_get(c->s->json, "roles");

	*out = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		unsigned bit = s ? admin_role(s) : 0;

		if (!bit)
			return err_set(c->e, ERR_FORMAT, "unknown role");
		*out |= bit;
	}
	return *out ? 0 : err_set(c->e, ERR_FORMAT, "a user has a role");
}

static struct admin_user *user_of(struct context *c)
{
	const char *name = json_opt_str(c->s->json, "user");

	for (size_t i = 0; name && i < c->a->nusers; i++)
		if (!strcmp(c->a->users[i].name, name))
			return &c->a->users[i];
	err_set(c->e, ERR_NOENT, "no user '%s' in this vault", err_word(name));
	return NULL;
}

/* The user's key as of now; NULL once revoked. */
static struct admin_key *key_of(struct admin *a, const struct admin_user *u)
{
	for (size_t i = a->nkeys; i-- > 0;)
		if (&a->users[a->keys[i].user] == u &&
		    a->keys[i].to_n == UINT64_MAX)
			return &a->keys[i];
	return NULL;
}

int apply_user_add(struct context *c)
{
	const char *name = "", *full = "", *person = "";
	struct admin_user u = { .since_ms = c->time_ms }, *at;
	struct admin_key *key;
	int r;

	r = apply_text(c, "user", 1, &name);
	if (r == 0)
		r = apply_text(c, "name", 0, &full);
	if (r == 0)
		r = apply_text(c, "person", 0, &person);
	if (r == 0)
		r = sign_of(c, &u.sign);
	if (r == 0)
		r = apply_recipient(c, "receive", u.receive);
	if (r < 0)
		return r;
	if (!admin_name_valid(name))
		return err_set(c->e, ERR_FORMAT, "'%s' is no user name", name);
	if (admin_user(c->a, name))
		return err_set(c->e, ERR_EXIST, "user '%s' exists already",
			       name);
	r = roles_of(c, &u.roles);
	if (r < 0)
		return r;
	u.name = strdup(name);
	u.full = strdup(full);
	u.person = strdup(person);
	at = apply_room(&c->a->users, c->a->nusers, sizeof u);
	key = apply_room(&c->a->keys, c->a->nkeys, sizeof *key);
	if (!u.name || !u.full || !u.person || !at || !key) {
		free(u.name);
		free(u.full);
		free(u.person);
		return apply_nomem(c);
	}
	key->user = c->a->nusers;
	key->sign = u.sign;
	key->from_n = c->a->count;
	key->to_n = UINT64_MAX;
	c->a->nkeys++;
	*at = u;
	c->a->nusers++;
	return 0;
}

/* Somebody must be left who can enter users. */
static int not_last(struct context *c, const struct admin_user *without)
{
	const unsigned can = permit_roles(PERMIT_USER_ADD, 0);

	for (size_t i = 0; i < c->a->nusers; i++) {
		const struct admin_user *o = &c->a->users[i];

		if (o != without && !o->revoked && (o->roles & can))
			return 0;
	}
	return err_set(c->e, ERR_DENIED, "'%s' is the last who may enter users",
		       without->name);
}

/* Who no longer reads is no member any more, and the cases wait for new keys;
 * of a case's last member the wrap is left, so that somebody may restore it. */
static void leave_cases(struct admin *a, struct admin_user *u)
{
	const char *name = u->name;

	/* Who leaves may have kept the break-glass key: it is not used on. */
	if (!memcmp(u->glass, a->glass_public, 32))
		a->policy.break_glass = 0;
	memset(u->glass, 0, sizeof u->glass);
	for (size_t i = 0; i < a->ncases; i++)
		if (a->cases[i].nmembers > 1)
			admin_member_gone(&a->cases[i], name);
}

int apply_user_role(struct context *c)
{
	struct admin_user *u = user_of(c);
	unsigned roles;
	int r = u ? roles_of(c, &roles) : ERR_NOENT;

	if (r < 0)
		return r;
	if (u->revoked)
		return err_set(c->e, ERR_DENIED, "user '%s' was revoked",
			       u->name);
	if (!(roles & permit_roles(PERMIT_USER_ADD, 0))) {
		r = not_last(c, u);
		if (r < 0)
			return r;
	}
	if (!(roles & permit_roles(PERMIT_READ, 1)))
		leave_cases(c->a, u);
	u->roles = roles;
	return 0;
}

/* New keys, signed with the old one and, to show that it is held, the new. */
int apply_user_key(struct context *c)
{
	struct admin_user *u = user_of(c);
	struct admin_key *key, *now;
	struct note_vkey sign;
	uint8_t receive[32];
	int r = u ? sign_of(c, &sign) : ERR_NOENT;

	if (r == 0)
		r = apply_recipient(c, "receive", receive);
	if (r < 0)
		return r;
	if (strcmp(u->name, c->author) != 0)
		return err_set(c->e, ERR_AUTH, "'%s' renews the keys of '%s'",
			       c->author, u->name);
	if (c->s->note.nsigs != 2 ||
	    note_check(&c->s->note, &sign, 1, NULL, NULL, NULL) != 0)
		return err_set(c->e, ERR_AUTH, "the new key did not sign");
	key = apply_room(&c->a->keys, c->a->nkeys, sizeof *key);
	if (!key)
		return apply_nomem(c);
	now = key_of(c->a, u);
	if (now)
		now->to_n = c->a->count;
	key->user = (size_t)(u - c->a->users);
	key->sign = sign;
	key->from_n = c->a->count;
	key->to_n = UINT64_MAX;
	c->a->nkeys++;
	u->sign = sign;
	memcpy(u->receive, receive, 32);
	u->keys++;
	return 0;
}

int apply_user_revoke(struct context *c)
{
	struct admin_user *u = user_of(c);
	struct admin_key *now;
	int r = u ? not_last(c, u) : ERR_NOENT;

	if (r < 0)
		return r;
	if (u->revoked)
		return err_set(c->e, ERR_EXIST, "user '%s' is revoked already",
			       u->name);
	now = key_of(c->a, u);
	if (now)
		now->to_n = c->a->count;
	u->revoked = 1;
	u->revoked_n = c->a->count;
	leave_cases(c->a, u);
	return 0;
}

/* Those a list names hold the break-glass key. */
static void share_with(struct context *c, const char *key)
{
	const json_t *list = json_object_get(c->s->json, key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		for (size_t k = 0; s && k < c->a->nusers; k++)
			if (!strcmp(c->a->users[k].name, s))
				memcpy(c->a->users[k].glass,
				       c->a->glass_public, 32);
	}
}

int apply_policy(struct context *c)
{
	const char *policy = "", *value = "";
	uint8_t public[32];
	int r = apply_text(c, "policy", 1, &policy);
	int on;

	if (r == 0)
		r = apply_text(c, "value", 1, &value);
	if (r < 0)
		return r;
	on = !strcmp(value, "required") || !strcmp(value, "on");
	if (!on && strcmp(value, "off") != 0)
		return err_set(c->e, ERR_FORMAT, "'%s' is no value of a policy",
			       value);
	if (!strcmp(policy, "export-orders")) {
		c->a->policy.export_orders = on;
		return 0;
	}
	if (strcmp(policy, "break-glass") != 0)
		return err_set(c->e, ERR_FORMAT, "there is no policy '%s'",
			       policy);
	if (!on) {
		c->a->policy.break_glass = 0;
		memset(c->a->glass_public, 0, 32);
		return 0;
	}
	r = apply_recipient(c, "public", public);
	if (r < 0)
		return r;
	memcpy(c->a->glass_public, public, 32);
	c->a->policy.break_glass = 1;
	share_with(c, "holders");
	return 0;
}

int apply_glass_share(struct context *c)
{
	const struct admin_user *me = admin_user(c->a, c->author);

	if (!c->a->policy.break_glass || !me ||
	    memcmp(me->glass, c->a->glass_public, 32) != 0)
		return err_set(c->e, ERR_DENIED, "'%s' holds no break-glass "
			       "key to share", c->author);
	share_with(c, "users");
	return 0;
}

int apply_escrow(struct context *c)
{
	const char *text = "";
	uint8_t to[32];
	int r = apply_text(c, "recipient", 1, &text);

	if (r == 0 && !strcmp(text, "none")) {
		c->a->has_escrow = 0;
		return 0;
	}
	if (r == 0)
		r = apply_recipient(c, "recipient", to);
	if (r < 0)
		return r;
	memcpy(c->a->escrow, to, 32);
	c->a->has_escrow = 1;
	return 0;
}

int apply_month(struct context *c)
{
	struct admin_month m, *at;
	const char *name = "";
	int r = apply_text(c, "month", 1, &name);

	if (r == 0)
		r = apply_recipient(c, "public", m.public);
	if (r < 0)
		return r;
	if (strlen(name) != 7 || strspn(name, "0123456789") != 4 ||
	    name[4] != '-' || strspn(name + 5, "0123456789") != 2)
		return err_set(c->e, ERR_FORMAT, "'%s' is no month", name);
	if (admin_month(c->a, name))
		return err_set(c->e, ERR_EXIST, "month '%s' exists already",
			       name);
	memcpy(m.name, name, 8);
	at = apply_room(&c->a->months, c->a->nmonths, sizeof m);
	if (!at)
		return apply_nomem(c);
	*at = m;
	c->a->nmonths++;
	return 0;
}


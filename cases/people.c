/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/people.h"

#include "cases/custodian.h"
#include "cases/custody.h"
#include "cases/deny.h"
#include "cases/order.h"
#include "cases/people_int.h"
#include "cases/unit_int.h"
#include "util/clock.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned factor(unsigned logn)
{
	return logn ? logn : KEYFILE_LOGN;
}

int people_put_unit(struct unit *u, struct bytes pass, unsigned logn,
		    struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	int r = unit_keys_seal(u->keys, pass, factor(logn), &sealed, e);

	if (r == 0)
		r = unit_put(u, "admin/unit.key.age", buf_view(&sealed), e);
	buf_release(&sealed);
	return r;
}

static int put_user_keys(struct unit *u, const char *rel,
			 const struct user_keys *k, struct bytes pass,
			 unsigned logn, struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	int r = user_keys_seal(k, pass, factor(logn), &sealed, e);

	if (r == 0)
		r = unit_put(u, rel, buf_view(&sealed), e);
	buf_release(&sealed);
	return r;
}

int people_keys_new(const char *origin, const char *user,
		    struct user_keys **out, struct err *e)
{
	char name[NOTE_NAME_MAX + 1];

	if (snprintf(name, sizeof name, "%s/user/%s", origin, user) >=
	    (int)sizeof name)
		return err_set(e, ERR_RANGE, "user name '%s' is too long",
			       user);
	return user_keys_new(name, out, e);
}

void people_paths(const char *name, char (*paths)[128])
{
	snprintf(paths[0], 128, "admin/users/%s.pub", name);
	snprintf(paths[1], 128, "admin/users/%s.key.age", name);
	snprintf(paths[2], 128, "admin/users/%s.unit.age", name);
}

int people_files(struct unit *u, const char *name, const struct user_keys *k,
		 unsigned roles, struct bytes pass, unsigned logn,
		 struct err *e)
{
	struct buf text = BUF_INIT(KEYFILE_MAX);
	char paths[PEOPLE_FILES][128];
	struct user_pub pub;
	int r;

	people_paths(name, paths);
	user_pub_of(k, &pub);
	pub.roles = roles;
	if (user_pub_put(&pub, &text) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	else
		r = unit_put(u, paths[0], buf_view(&text), e);
	if (r == 0)
		r = put_user_keys(u, paths[1], k, pass, logn, e);
	buf_clear(&text);
	if (r == 0)
		r = unit_keys_wrap(u->keys, k->receive.recipient, &text, e);
	if (r == 0)
		r = unit_put(u, paths[2], buf_view(&text), e);
	buf_release(&text);
	return r;
}

/* Months' secrets are about to be opened: on record first. */
int people_months_opened(struct unit *u, const char *command, const char *name,
			 struct err *e)
{
	const struct access use = {
		.command = command, .key = "month", .subject = name,
		.why = "months of the audit given to who now reads it",
	};

	return custody_note(u, &use, e);
}

/*
 * Who watches later reads the months before as well: those that who adds them
 * can open.  The wraps' paths are appended to files.
 */
int people_share_months(struct unit *u, const char *name,
			const uint8_t receive[static 32],
			char (*paths)[128], const char **files, size_t *n,
			struct err *e)
{
	uint8_t *secret = secret_alloc(32);
	int r = 0;

	if (!secret)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	for (size_t i = 0; r == 0 && u->user && i < u->admin.nmonths; i++) {
		const char *month = u->admin.months[i].name;
		struct err quiet = ERR_INIT;

		r = unit_month_secret(u, month, secret, &quiet);
		if (r == ERR_DENIED) {
			r = 0;
			continue;
		}
		snprintf(paths[i], sizeof *paths, "audit/%s/wraps/%s.age",
			 month, name);
		if (r < 0)
			err_set(e, r, "%s", quiet.text);
		else
			r = unit_put_sealed(u, paths[i], receive,
					    BYTES(secret, 32), e);
		files[(*n)++] = paths[i];
	}
	secret_free(secret);
	return r;
}

void people_put_roles(struct jsonw *w, unsigned roles)
{
	const char *role;
	unsigned bit;

	jsonw_open(w, "roles", '[');
	for (unsigned i = 0; (role = admin_role_name(i, &bit)); i++)
		if (roles & bit)
			jsonw_str(w, NULL, role);
	jsonw_close(w, ']');
}

static void put_public(struct jsonw *w, const struct user_keys *k)
{
	char receive[AGE_RECIPIENT_TEXT];
	struct buf sign = BUF_INIT(1024);

	note_vkey_put(&k->sign.vkey, &sign);
	age_recipient_str(k->receive.recipient, receive);
	jsonw_str(w, "sign", buf_cstr(&sign));
	jsonw_str(w, "receive", receive);
	buf_release(&sign);
}

int people_enter(struct unit *u, const struct people_new *new,
		 const struct user_keys *k, struct buf *order, struct err *e)
{
	char (*paths)[128] = calloc(PEOPLE_FILES + u->admin.nmonths + 1,
				    sizeof *paths);
	const char **files = calloc(PEOPLE_FILES + u->admin.nmonths + 1,
				    sizeof *files);
	size_t n = PEOPLE_FILES;
	struct unit_write w;
	int r = 0;

	if (!paths || !files) {
		r = err_set(e, ERR_NOMEM, "no memory for a statement");
		goto out;
	}
	people_paths(new->name, paths);
	for (size_t i = 0; i < PEOPLE_FILES; i++)
		files[i] = paths[i];
	if (u->user && (new->roles & permit_roles(PERMIT_AUDIT, 0)) &&
	    u->admin.nmonths)
		r = people_months_opened(u, "user add", new->name, e);
	if (r == 0 && (new->roles & permit_roles(PERMIT_AUDIT, 0)))
		r = people_share_months(u, new->name, k->receive.recipient,
				 paths + PEOPLE_FILES, files, &n, e);
	if (r == 0)
		r = unit_begin(u, "user-add", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "user", new->name);
	jsonw_str(&w.draft.w, "name", new->full ? new->full : "");
	if (new->person && *new->person)
		jsonw_str(&w.draft.w, "person", new->person);
	people_put_roles(&w.draft.w, new->roles);
	put_public(&w.draft.w, k);
	if (order && order->len)
		jsonw_bytes(&w.draft.w, "order", buf_view(order));
	r = unit_commit_many(u, &w, files, n, e);
out:
	free(files);
	free(paths);
	return r;
}

/* The order of a change, when it has one. */
int people_order_of(struct unit *u, const char *id, const char *act,
		    const json_t *subject, struct buf *note, struct err *e)
{
	const struct order_want want = {
		.act = act, .subject = subject, .now_ms = clock_wall_ms(),
	};

	if (!subject)
		return err_set(e, ERR_NOMEM, "no memory for an order");
	return id ? order_take(u, id, &want, note, e) : 0;
}

/* Nobody changes people alone where two could. */
int people_order_wanted(struct unit *u, const char *id, const char *act,
			struct err *e)
{
	int r = 0;

	if (!id && order_needed(&u->admin, act))
		r = err_set(e, ERR_DENIED, "it takes an order of two persons");
	return unit_denied(u, r, act, NULL, NULL, e);
}

json_t *people_subject(const char *name, unsigned roles)
{
	json_t *o = json_object(), *list = json_array();
	const char *role;
	unsigned bit;
	int bad = !o || !list || json_object_set_new(o, "user",
						     json_string(name));

	for (unsigned i = 0; !bad && (role = admin_role_name(i, &bit)); i++)
		if (roles & bit)
			bad = json_array_append_new(list, json_string(role));
	if (!bad && roles)
		bad = json_object_set(o, "roles", list);
	json_decref(list);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Where a custody service has the unit's keys, users keep their own: only the
 * public half comes here, and nothing of the unit's goes to them. */
static int public_only(struct unit *u, const struct people_new *n,
		       struct user_keys **out, struct err *e)
{
	struct buf text = BUF_INIT(KEYFILE_MAX), put = BUF_INIT(KEYFILE_MAX);
	char path[128], name[NOTE_NAME_MAX + 1];
	struct user_keys *k = NULL;
	struct user_pub pub;
	int r;

	buf_addb(&text, n->pub);
	buf_adds(&text, "role investigator\n");	/* told by the statement */
	r = text.failed ? err_set(e, ERR_LIMIT, "no public keys")
			: user_pub_read(buf_view(&text), &pub, e);
	snprintf(name, sizeof name, "%.100s/user/%s",
		 vault_origin(u->vault), n->name);
	if (r == 0 && strcmp(pub.sign.name, name))
		r = err_set(e, ERR_FORMAT, "these are the keys of '%s'",
			    pub.sign.name);
	for (size_t i = 0; r == 0 && i < u->admin.nusers; i++)
		if (!memcmp(u->admin.users[i].sign.pk, pub.sign.pk, 32) ||
		    !memcmp(u->admin.users[i].receive, pub.receive, 32))
			r = err_set(e, ERR_EXIST, "these are the keys of '%s'",
				    u->admin.users[i].name);
	if (r == 0) {
		pub.roles = n->roles;
		k = secret_alloc(sizeof *k);
		r = k && user_pub_put(&pub, &put) == 0 ? 0
			: err_set(e, ERR_NOMEM, "no memory for keys");
	}
	snprintf(path, sizeof path, "admin/users/%s.pub", n->name);
	if (r == 0)
		r = unit_put(u, path, buf_view(&put), e);
	if (r == 0) {
		k->sign.vkey = pub.sign;
		memcpy(k->receive.recipient, pub.receive, 32);
		*out = k;
		k = NULL;
	}
	secret_free(k);
	buf_release(&text);
	buf_release(&put);
	return r;
}

int people_add(struct unit *u, const struct people_new *n, struct err *e)
{
	struct buf order = BUF_INIT(NOTE_MAX);
	struct user_keys *k = NULL;
	json_t *subject = NULL;
	int r = unit_may(u, PERMIT_USER_ADD, NULL, e);

	if (r < 0)
		return r;
	if (!admin_name_valid(n->name) || !strcmp(n->name, UNIT_TIMER))
		return err_set(e, ERR_FORMAT, "'%s' is no user name: 1 to %d "
			       "of a-z 0-9 - . _, a letter first", n->name,
			       ADMIN_NAME_MAX);
	if (admin_user(&u->admin, n->name))
		return err_set(e, ERR_EXIST, "user '%s' exists already",
			       n->name);
	if (!n->roles)
		return err_set(e, ERR_USAGE, "user '%s' has no role", n->name);
	if (!n->pub.len != !custodian_unit_form(vault_path(u->vault)))
		return err_set(e, ERR_USAGE, "with a custody service, and only "
			       "then, users make their own keys: --pub FILE");
	subject = people_subject(n->name, n->roles);
	if (subject && order_roles(json_object_get(subject, "roles")))
		r = people_order_wanted(u, n->order, ORDER_USER_ADD, e);
	if (r == 0)
		r = people_order_of(u, n->order, ORDER_USER_ADD, subject, &order, e);
	if (r == 0)
		r = n->pub.len ? public_only(u, n, &k, e)
			: people_keys_new(vault_origin(u->vault), n->name, &k,
					  e);
	if (r == 0 && !n->pub.len)
		r = people_files(u, n->name, k, n->roles, n->pass, n->logn, e);
	if (r == 0)
		r = people_enter(u, n, k, &order, e);
	json_decref(subject);
	user_keys_free(k);
	buf_release(&order);
	return r;
}

int unit_add_user(struct unit *u, const char *name, const char *full,
		  unsigned roles, struct bytes pass, unsigned logn,
		  struct err *e)
{
	const struct people_new n = {
		.name = name, .full = full, .roles = roles, .pass = pass,
		.logn = logn,
	};

	return people_add(u, &n, e);
}

/* --- one's own passphrase ----------------------------------------------------- */

int unit_new_passphrase(struct unit *u, struct bytes pass, unsigned logn,
			struct err *e)
{
	char paths[PEOPLE_FILES][128];
	const char *file = "admin/unit.key.age";
	struct unit_write w;
	int r = unit_begin(u, "passphrase", &w, e);

	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "user", u->user_name);
	if (u->user) {
		people_paths(u->user_name, paths);
		file = paths[1];
		r = put_user_keys(u, file, u->user, pass, logn, e);
	} else {
		r = people_put_unit(u, pass, logn, e);
	}
	if (r < 0) {
		unit_abort(&w);
		return r;
	}
	return unit_commit(u, &w, &file, 1, NULL, e);
}


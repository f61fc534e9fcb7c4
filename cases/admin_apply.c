/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/admin_apply.h"

#include "cases/order.h"
#include "cases/permit.h"
#include "store/age.h"
#include "store/pubkey.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/utf8.h"

#include <stdlib.h>

void *apply_room(void *array, size_t n, size_t size)
{
	void *base;
	uint8_t *p;

	/* Copied as bytes: the array's own type is not void. */
	memcpy(&base, array, sizeof base);
	p = n < (1u << 24) ? reallocarray(base, n + 1, size) : NULL;
	if (!p)
		return NULL;
	base = p;
	memcpy(array, &base, sizeof base);
	memset(p + n * size, 0, size);
	return p + n * size;
}

int apply_nomem(struct context *c)
{
	return err_set(c->e, ERR_NOMEM, "no memory for the unit's statements");
}

int apply_text(struct context *c, const char *key, int required,
		   const char **out)
{
	const char *s = "";
	size_t n;

	*out = "";
	if (!required && !json_opt_str(c->s->json, key))
		return 0;
	if (json_want_str(c->s->json, key, &s, c->e) < 0)
		return ERR_FORMAT;
	n = strlen(s);
	if ((required && !n) || n > ADMIN_TEXT_MAX)
		return err_set(c->e, ERR_FORMAT, "'%s' is empty or too long",
			       key);
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\n') ||
		    s[i] == 0x7f)
			return err_set(c->e, ERR_FORMAT,
				       "'%s' holds control characters", key);
	*out = s;
	return 0;
}

int apply_time(struct context *c, const json_t *obj, const char *key,
		   int64_t *out)
{
	const char *s = "";

	if (json_want_str(obj, key, &s, c->e) < 0)
		return ERR_FORMAT;
	if (clock_parse_rfc3339(s, strlen(s), out) < 0)
		return err_set(c->e, ERR_FORMAT, "'%s' is no date", key);
	return 0;
}

int apply_recipient(struct context *c, const char *key, uint8_t out[32])
{
	const char *s = "";

	if (json_want_str(c->s->json, key, &s, c->e) < 0)
		return ERR_FORMAT;
	if (age_recipient_read(bytes_str(s), out, c->e) < 0)
		return ERR_FORMAT;
	return pubkey_receive_check(out, c->e);
}

int apply_case(struct context *c, struct admin_case **out)
{
	const char *id = "";

	if (json_want_str(c->s->json, "case", &id, c->e) < 0)
		return ERR_FORMAT;
	for (size_t i = 0; i < c->a->ncases; i++)
		if (!strcmp(c->a->cases[i].id, id)) {
			*out = &c->a->cases[i];
			return 0;
		}
	return err_set(c->e, ERR_NOENT, "no case '%s' in this vault", id);
}

int apply_open_case(struct context *c, struct admin_case **out)
{
	int r = apply_case(c, out);

	if (r == 0 && *out && (*out)->closed)
		r = err_set(c->e, ERR_DENIED, "case '%s' is closed",
			    (*out)->reference);
	return r;
}

static int signed_by(const struct note *n, const struct note_vkey *k)
{
	return note_check(n, k, 1, NULL, NULL, NULL) == 0;
}

/* The log goes on under another origin; in_place() checked the one before. */
static int apply_shard(struct context *c)
{
	const char *log = "";
	char *origin;

	if (json_want_str(c->s->json, "log", &log, c->e) < 0)
		return ERR_FORMAT;
	origin = strdup(log);
	if (!origin)
		return err_set(c->e, ERR_NOMEM, "no memory for an origin");
	free(c->a->origin);
	c->a->origin = origin;
	return 0;
}

static int apply_audit_policy(struct context *c)
{
	return audit_policy_read(c->s->json, &c->a->audit, c->e);
}

static int apply_nothing(struct context *c)
{
	(void)c;
	return 0;
}

static const struct kind {
	const char *kind;
	int (*apply)(struct context *c);
	enum permit_act act;	/* what its author must be permitted */
	const char *order;	/* the order it takes, or NULL */
	const char *subject[3];	/* members the order's subject consists of */
} kinds[] = {
	{ "init", apply_init, PERMIT_NOTHING, NULL, { NULL } },
	{ "user-add", apply_user_add, PERMIT_USER_ADD, ORDER_USER_ADD,
	  { "user", "roles", NULL } },
	{ "user-role", apply_user_role, PERMIT_USER_ROLE, ORDER_USER_ROLE,
	  { "user", "roles", NULL } },
	{ "user-key", apply_user_key, PERMIT_KEY_OWN, NULL, { NULL } },
	{ "user-revoke", apply_user_revoke, PERMIT_USER_REVOKE,
	  ORDER_USER_REVOKE, { "user", NULL } },
	{ "policy", apply_policy, PERMIT_POLICY, ORDER_POLICY,
	  { "policy", "value", NULL } },
	{ "escrow", apply_escrow, PERMIT_ESCROW, ORDER_ESCROW,
	  { "recipient", NULL } },
	{ "wraps", apply_nothing, PERMIT_KEY_OWN, NULL, { NULL } },
	{ "passphrase", apply_nothing, PERMIT_KEY_OWN, NULL, { NULL } },
	{ "audit-month", apply_month, PERMIT_LIST, NULL, { NULL } },
	{ "audit-grant", apply_nothing, PERMIT_AUDIT, NULL, { NULL } },
	{ "audit-policy", apply_audit_policy, PERMIT_AUDIT_POLICY, NULL,
	  { NULL } },
	{ "case-open", apply_case_open, PERMIT_CASE_OPEN, NULL, { NULL } },
	{ "case-source-add", apply_source_add, PERMIT_CASE_CHANGE, NULL,
	  { NULL } },
	{ "case-source-remove", apply_source_remove, PERMIT_CASE_CHANGE, NULL,
	  { NULL } },
	{ "case-robots-decision", apply_decision, PERMIT_CASE_CHANGE, NULL,
	  { NULL } },
	{ "case-member-add", apply_member_add, PERMIT_MEMBER_ADD, NULL,
	  { NULL } },
	{ "case-member-remove", apply_member_remove, PERMIT_MEMBER_REMOVE, NULL,
	  { NULL } },
	{ "case-member-restore", apply_member_restore, PERMIT_RESTORE,
	  ORDER_RESTORE, { "user", NULL } },
	{ "case-epoch", apply_case_epoch, PERMIT_CASE_EPOCH, NULL, { NULL } },
	{ "case-wrap", apply_case_wrap, PERMIT_MEMBER_ADD, NULL, { NULL } },
	{ "case-close", apply_case_close, PERMIT_CASE_CLOSE, NULL, { NULL } },
	{ "order-proposed", apply_order_proposed, PERMIT_LIST, NULL,
	  { NULL } },
	{ "order-approved", apply_order_approved, PERMIT_LIST, NULL,
	  { NULL } },
	{ "order-used", apply_order_used, PERMIT_LIST, NULL, { NULL } },
	{ "glass-share", apply_glass_share, PERMIT_CASE_OPEN, NULL, { NULL } },
	{ "break-glass", apply_glass, PERMIT_BREAK_GLASS, NULL, { NULL } },
	{ "countersigned", apply_countersign, PERMIT_COUNTERSIGN, NULL,
	  { NULL } },
	{ "anchor-authority", apply_anchor_authority, PERMIT_POLICY, NULL,
	  { NULL } },
	{ "anchor-authority-remove", apply_anchor_remove, PERMIT_POLICY, NULL,
	  { NULL } },
	{ "witness-policy", apply_witness_policy, PERMIT_POLICY, NULL,
	  { NULL } },
	{ "anchor", apply_anchor, PERMIT_ANCHOR, NULL, { NULL } },
	{ "custodians", apply_nothing, PERMIT_POLICY, NULL, { NULL } },
	{ "handed-over", apply_nothing, PERMIT_POLICY, NULL, { NULL } },
	{ "service", apply_nothing, PERMIT_PROGRAM, NULL, { NULL } },
	{ "case-classify", apply_classify, PERMIT_CLASSIFY, NULL, { NULL } },
	{ "case-erasure", apply_erasure, PERMIT_LIST, ORDER_ERASE,
	  { "items", NULL } },
	{ "case-retention", apply_retention, PERMIT_RETENTION, NULL,
	  { NULL } },
	{ "case-purge", apply_purge, PERMIT_LIST, ORDER_PURGE, { NULL } },
	{ "erasure-certificate", apply_certificate, PERMIT_LIST, NULL,
	  { NULL } },
	{ "recovery", apply_nothing, PERMIT_PROGRAM, NULL, { NULL } },
	{ "key-backup", apply_key_backup, PERMIT_BACKUP_KEYS, NULL, { NULL } },
	{ "key-backup-destroyed", apply_key_backup_destroyed,
	  PERMIT_BACKUP_KEYS, NULL, { NULL } },
	{ "shard", apply_shard, PERMIT_PROGRAM, NULL, { NULL } },
};

/*
 * Who signed its first line, of those entered as of now: a user's name, "" for
 * the program, NULL for nobody.
 */
static const char *signer(const struct admin *a, const struct note *n)
{
	for (size_t i = 0; i < a->nusers; i++) {
		const struct admin_user *u = &a->users[i];

		if (!memcmp(u->sign.id, n->sigs[0].id, 4) &&
		    signed_by(n, &u->sign))
			return u->name;
	}
	return signed_by(n, &a->collector) ? "" : NULL;
}

/* The author, and that the author may. */
static int author(struct context *c, const struct note *n,
		  enum permit_act act)
{
	const char *id = json_opt_str(c->s->json, "case");
	const struct admin_case *k = NULL;
	int r;

	c->author = signer(c->a, n);
	if (!c->author)
		return err_set(c->e, ERR_AUTH, "nobody who may make it signed "
			       "it");
	for (size_t i = 0; id && i < c->a->ncases; i++)
		if (!strcmp(c->a->cases[i].id, id))
			k = &c->a->cases[i];
	/* That there is no such case is for the handler to say. */
	if (id && !k && permit_roles(act, 1) && act != PERMIT_CASE_OPEN)
		return 0;
	r = permit_check(c->a, c->author, act, k, c->e);
	return r == ERR_DENIED ? err_set(c->e, ERR_AUTH, "nobody who may make "
					 "it signed it: %s",
					 c->e ? c->e->text : "") : r;
}

/* The order a statement embeds, or should; the one it uses up in *used. */
static int ordered(struct context *c, const struct kind *k,
		   struct admin_order **used)
{
	const json_t *note = json_object_get(c->s->json, "order");
	struct order_want want = { .act = k->order, .now_ms = c->time_ms };
	struct order o = { .id = "" };
	json_t *subject = NULL;
	int r = 0;

	if (!k->order)
		return 0;
	if (!note && !order_needed(c->a, k->order))
		return 0;
	if (!note && !strcmp(k->order, ORDER_USER_ADD) &&
	    !order_roles(json_object_get(c->s->json, "roles")))
		return 0;
	if (!json_is_string(note))
		return err_set(c->e, ERR_DENIED, "'%s' takes an order of two "
			       "persons", k->kind);
	want.case_id = json_opt_str(c->s->json, "case");
	subject = json_object();
	for (size_t i = 0; subject && k->subject[i]; i++)
		r |= json_object_set(subject, k->subject[i],
				     json_object_get(c->s->json,
						     k->subject[i]));
	if (!subject || r) {
		json_decref(subject);
		return err_set(c->e, ERR_FORMAT, "the statement does not say "
			       "what its order says");
	}
	want.subject = subject;
	r = order_check(c->a, BYTES(json_string_value(note),
				    json_string_length(note)), &want, &o, c->e);
	for (size_t i = 0; r == 0 && i < c->a->norders; i++)
		if (!strcmp(c->a->orders[i].id, o.id))
			*used = &c->a->orders[i];
	order_release(&o);
	json_decref(subject);
	return r;
}

/* The first two statements: the first user founds the unit, then is entered. */
static int founder(const struct admin *a, const struct statement *s,
		   struct err *e)
{
	struct note_vkey k;
	const char *sign = "";
	int r = json_want_str(s->json, "sign", &sign, e);

	if (r == 0)
		r = note_vkey_read(bytes_str(sign), &k, e);
	if (r == 0 && a->count && memcmp(k.pk, a->founder.pk, 32))
		r = err_set(e, ERR_AUTH, "the first user is not the founder");
	if (r == 0 && !signed_by(&s->note, &k))
		r = err_set(e, ERR_AUTH, "not signed by the founder");
	return r;
}

/* A shard's first statement names the shard before. */
static int takes_over(const struct admin *a, const struct statement *s)
{
	const json_t *before = json_object_get(s->json, "before");
	const char *origin = before ? json_opt_str(before, "origin") : NULL;

	return !strcmp(s->kind, "shard") && origin && !strcmp(origin, a->origin);
}

/* Each statement says of which log and stream it is, and which number. */
static int in_place(const struct admin *a, const struct statement *s,
		    int64_t *time_ms, struct err *e)
{
	const char *log = "", *stream = "", *when = "";
	int64_t n;
	int r;

	r = json_want_str(s->json, "log", &log, e);
	if (r == 0)
		r = json_want_str(s->json, "stream", &stream, e);
	if (r == 0)
		r = json_want_int(s->json, "n", &n, e);
	if (r == 0)
		r = json_want_str(s->json, "time", &when, e);
	if (r == 0)
		r = clock_parse_rfc3339(when, strlen(when), time_ms);
	if (r < 0)
		return err_set(e, ERR_FORMAT, "it does not say log, stream, n "
			       "and time");
	if (strcmp(stream, ADMIN_STREAM) || n < 0 || (uint64_t)n != a->count ||
	    (a->count && strcmp(log, a->origin) && !takes_over(a, s)))
		return err_set(e, ERR_FORMAT, "it is of another place: '%s' "
			       "number %lld of '%s'", stream, (long long)n, log);
	return 0;
}

/* The case's statements, hashed one onto the other: the mandate's imprint. */
static void imprint(struct admin *a, const struct statement *s,
		    struct bytes note)
{
	const char *id = json_opt_str(s->json, "case");

	for (size_t i = 0; id && i < a->ncases; i++) {
		uint8_t both[64];

		if (strcmp(a->cases[i].id, id))
			continue;
		memcpy(both, a->cases[i].sha256, 32);
		sha256_once(note, both + 32);
		sha256_once(BYTES(both, 64), a->cases[i].sha256);
		return;
	}
}

int admin_apply(struct admin *a, struct bytes note, struct err *e)
{
	struct err own = ERR_INIT;
	struct context c = { .a = a, .author = "", .e = e ? e : &own };
	struct admin_order *used = NULL;
	struct statement s;
	size_t k = 0;
	int r = statement_read(note, &s, e);

	if (r < 0)
		goto out;
	c.s = &s;
	while (k < sizeof kinds / sizeof *kinds && strcmp(kinds[k].kind, s.kind))
		k++;
	if (k == sizeof kinds / sizeof *kinds || (!a->count != !k)) {
		r = err_set(e, ERR_FORMAT, "a statement '%s' has no place here",
			    s.kind);
		goto out;
	}
	r = in_place(a, &s, &c.time_ms, e);
	if (r < 0)
		goto out;
	if (a->nusers == 0 && (k == 0 || !strcmp(s.kind, "user-add"))) {
		r = founder(a, &s, e);
	} else {
		r = author(&c, &s.note, kinds[k].act);
		if (r == 0)
			r = ordered(&c, &kinds[k], &used);
	}
	if (r == 0)
		r = kinds[k].apply(&c);
	if (r == 0) {
		if (used)
			used->used = 1;
		imprint(a, &s, note);
		a->count++;
	}
out:
	statement_release(&s);
	return r;
}

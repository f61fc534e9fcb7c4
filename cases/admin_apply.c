/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading the admin stream, one statement at a time.  Every handler first reads
 * and checks everything, then changes the state in a way that cannot fail.
 */
#include "cases/admin.h"

#include "cases/statement.h"
#include "store/age.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/utf8.h"

#include <stdlib.h>

struct context {
	struct admin *a;
	const struct statement *s;
	int64_t time_ms;
	const char *author;		/* who signed; "" for the collector */
	struct err *e;
};

/* Room for one more element at the end of an array, zeroed; NULL: no memory. */
static void *room(void *array, size_t n, size_t size)
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

static int nomem(struct context *c)
{
	return err_set(c->e, ERR_NOMEM, "no memory for the unit's statements");
}

/* A text member: no control characters but newline, and not too long. */
static int text_of(struct context *c, const char *key, int required,
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

static int time_of(struct context *c, const json_t *obj, const char *key,
		   int64_t *out)
{
	const char *s = "";

	if (json_want_str(obj, key, &s, c->e) < 0)
		return ERR_FORMAT;
	if (clock_parse_rfc3339(s, strlen(s), out) < 0)
		return err_set(c->e, ERR_FORMAT, "'%s' is no date", key);
	return 0;
}

static int recipient_of(struct context *c, const char *key, uint8_t out[32])
{
	const char *s = "";

	if (json_want_str(c->s->json, key, &s, c->e) < 0)
		return ERR_FORMAT;
	return age_recipient_read(bytes_str(s), out, c->e);
}

static int case_of(struct context *c, struct admin_case **out)
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

static int open_case_of(struct context *c, struct admin_case **out)
{
	int r = case_of(c, out);

	if (r == 0 && *out && (*out)->closed)
		r = err_set(c->e, ERR_DENIED, "case '%s' is closed",
			    (*out)->reference);
	return r;
}

static int apply_init(struct context *c)
{
	struct admin *a = c->a;
	const char *unit = "", *collector = "", *sign = "";
	struct note_vkey key, first;
	int r;

	if (a->count)
		return err_set(c->e, ERR_EXIST, "a second init statement");
	r = text_of(c, "unit", 1, &unit);
	if (r == 0)
		r = json_want_str(c->s->json, "collector", &collector, c->e);
	if (r == 0)
		r = note_vkey_read(bytes_str(collector), &key, c->e);
	if (r == 0)
		r = json_want_str(c->s->json, "sign", &sign, c->e);
	if (r == 0)
		r = note_vkey_read(bytes_str(sign), &first, c->e);
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
		return nomem(c);
	}
	a->collector = key;
	a->founder = first;
	a->lab = json_is_true(json_object_get(c->s->json, "lab"));
	a->init_ms = c->time_ms;
	return 0;
}

static int apply_user_add(struct context *c)
{
	const char *name = "", *full = "", *sign = "";
	const json_t *list = json_object_get(c->s->json, "roles");
	struct admin_user u = { .since_ms = c->time_ms }, *at;
	int r;

	r = text_of(c, "user", 1, &name);
	if (r == 0)
		r = text_of(c, "name", 0, &full);
	if (r == 0)
		r = json_want_str(c->s->json, "sign", &sign, c->e);
	if (r == 0)
		r = note_vkey_read(bytes_str(sign), &u.sign, c->e);
	if (r == 0)
		r = recipient_of(c, "receive", u.receive);
	if (r < 0)
		return r;
	if (!admin_name_valid(name))
		return err_set(c->e, ERR_FORMAT, "'%s' is no user name", name);
	if (admin_user(c->a, name))
		return err_set(c->e, ERR_EXIST, "user '%s' exists already",
			       name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		unsigned bit = s ? admin_role(s) : 0;

		if (!bit)
			return err_set(c->e, ERR_FORMAT, "unknown role");
		u.roles |= bit;
	}
	if (!u.roles)
		return err_set(c->e, ERR_FORMAT, "user '%s' has no role", name);
	u.name = strdup(name);
	u.full = strdup(full);
	at = room(&c->a->users, c->a->nusers, sizeof u);
	if (!u.name || !u.full || !at) {
		free(u.name);
		free(u.full);
		return nomem(c);
	}
	*at = u;
	c->a->nusers++;
	return 0;
}

static int apply_user_revoke(struct context *c)
{
	const char *name = "";
	int r = text_of(c, "user", 1, &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->a->nusers; i++)
		if (!strcmp(c->a->users[i].name, name)) {
			c->a->users[i].revoked = 1;
			return 0;
		}
	return err_set(c->e, ERR_NOENT, "no user '%s' in this vault", name);
}

static int apply_month(struct context *c)
{
	struct admin_month m, *at;
	const char *name = "";
	int r = text_of(c, "month", 1, &name);

	if (r == 0)
		r = recipient_of(c, "public", m.public);
	if (r < 0)
		return r;
	if (strlen(name) != 7 || strspn(name, "0123456789") != 4 ||
	    name[4] != '-' || strspn(name + 5, "0123456789") != 2)
		return err_set(c->e, ERR_FORMAT, "'%s' is no month", name);
	if (admin_month(c->a, name))
		return err_set(c->e, ERR_EXIST, "month '%s' exists already",
			       name);
	memcpy(m.name, name, 8);
	at = room(&c->a->months, c->a->nmonths, sizeof m);
	if (!at)
		return nomem(c);
	*at = m;
	c->a->nmonths++;
	return 0;
}

static int list_of(struct context *c, const char *key, char ***out, size_t *n)
{
	const json_t *list = json_object_get(c->s->json, key);
	size_t count = json_array_size(list);

	if (count < 1 || count > ADMIN_LIST_MAX)
		return err_set(c->e, ERR_FORMAT, "'%s' is no list of 1 to %d",
			       key, ADMIN_LIST_MAX);
	*out = calloc(count, sizeof **out);
	if (!*out)
		return nomem(c);
	for (size_t i = 0; i < count; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (!s || !*s || strlen(s) > ADMIN_TEXT_MAX)
			return err_set(c->e, ERR_FORMAT, "'%s' is no list of "
				       "texts", key);
		(*out)[i] = strdup(s);
		if (!(*out)[i])
			return nomem(c);
		*n = i + 1;
	}
	return 0;
}

static int days_of(struct context *c, const char *key, unsigned *out)
{
	const json_t *r = json_object_get(c->s->json, "retention");
	int64_t v;

	if (json_want_int(r, key, &v, c->e) < 0)
		return ERR_FORMAT;
	if (v < 0 || v > 36500)
		return err_set(c->e, ERR_RANGE, "retention of %lld days",
			       (long long)v);
	*out = (unsigned)v;
	return 0;
}

static int apply_case_open(struct context *c)
{
	const json_t *period = json_object_get(c->s->json, "period");
	struct admin_case k = { .opened_ms = c->time_ms }, *at;
	const char *id = "", *ref = "", *basis = "", *agent = "";
	const char *purpose = "";
	const struct admin_case *same;
	uint8_t raw[8];
	int64_t quota = 0;
	char **first = NULL;
	int r;

	r = text_of(c, "case", 1, &id);
	if (r == 0 && (strlen(id) != 16 || hex_get(bytes_str(id), raw, 8) < 0))
		r = err_set(c->e, ERR_FORMAT, "'%s' is no case id", id);
	if (r == 0)
		r = text_of(c, "reference", 1, &ref);
	if (r == 0)
		r = text_of(c, "basis", 1, &basis);
	if (r == 0)
		r = text_of(c, "agent", 1, &agent);
	if (r == 0)
		r = text_of(c, "purpose", 0, &purpose);
	if (r == 0)
		r = time_of(c, period, "start", &k.start_ms);
	if (r == 0)
		r = time_of(c, period, "end", &k.end_ms);
	if (r == 0 && k.start_ms >= k.end_ms)
		r = err_set(c->e, ERR_RANGE, "the period ends before it begins");
	if (r == 0)
		r = recipient_of(c, "public", k.public);
	if (r == 0 && json_object_get(c->s->json, "quota_day"))
		r = json_want_int(c->s->json, "quota_day", &quota, c->e);
	if (r == 0 && (quota < 0 || quota > 10000000))
		r = err_set(c->e, ERR_RANGE, "a quota of %lld requests a day",
			    (long long)quota);
	if (r == 0)
		r = days_of(c, "sensitive", &k.retention.sensitive);
	if (r == 0)
		r = days_of(c, "irrelevant", &k.retention.irrelevant);
	if (r == 0)
		r = days_of(c, "relevant", &k.retention.relevant);
	if (r < 0)
		return r;
	if (admin_case(c->a, ref, &same, NULL) == 0 ||
	    admin_case(c->a, id, &same, NULL) == 0)
		return err_set(c->e, ERR_EXIST, "case '%s' exists already",
			       ref);
	r = list_of(c, "offences", &k.offences, &k.noffences);
	if (r < 0)
		goto out;
	memcpy(k.id, id, 17);
	k.quota_day = (uint32_t)quota;
	k.reference = strdup(ref);
	k.basis = strdup(basis);
	k.agent = strdup(agent);
	k.purpose = strdup(purpose);
	k.opened_by = strdup(c->author);
	first = calloc(1, sizeof *first);
	if (first)
		first[0] = strdup(c->author);
	at = room(&c->a->cases, c->a->ncases, sizeof k);
	if (!k.reference || !k.basis || !k.agent || !k.purpose ||
	    !k.opened_by || !first || !first[0] || !at) {
		r = nomem(c);
		goto out;
	}
	k.members = first;
	k.nmembers = 1;
	*at = k;
	c->a->ncases++;
	return 0;
out:
	if (first)
		free(first[0]);
	free(first);
	for (size_t i = 0; i < k.noffences; i++)
		free(k.offences[i]);
	free(k.offences);
	free(k.reference);
	free(k.basis);
	free(k.agent);
	free(k.purpose);
	free(k.opened_by);
	return r;
}

static struct admin_source *source_in(struct admin_case *k, const char *id)
{
	for (size_t i = 0; i < k->nsources; i++)
		if (!k->sources[i].removed && !strcmp(k->sources[i].id, id))
			return &k->sources[i];
	return NULL;
}

static int apply_source_add(struct context *c)
{
	struct admin_source src = { .added_ms = c->time_ms }, *at;
	const char *id = "", *url = "", *profile = "", *reason = "";
	struct admin_case *k = NULL;
	int r = open_case_of(c, &k);

	if (r == 0)
		r = text_of(c, "source", 1, &id);
	if (r == 0)
		r = text_of(c, "url", 1, &url);
	if (r == 0)
		r = text_of(c, "profile", 1, &profile);
	if (r == 0)
		r = text_of(c, "reason", 0, &reason);
	if (r == 0 && json_opt_str(c->s->json, "since"))
		r = time_of(c, c->s->json, "since", &src.since_ms);
	if (r < 0)
		return r;
	if (source_in(k, id))
		return err_set(c->e, ERR_EXIST, "the case has source '%s' "
			       "already", id);
	if (k->nsources >= ADMIN_LIST_MAX)
		return err_set(c->e, ERR_LIMIT, "a case has at most %d sources",
			       ADMIN_LIST_MAX);
	src.id = strdup(id);
	src.url = strdup(url);
	src.profile = strdup(profile);
	src.reason = strdup(reason);
	src.author = strdup(c->author);
	at = room(&k->sources, k->nsources, sizeof src);
	if (!src.id || !src.url || !src.profile || !src.reason ||
	    !src.author || !at) {
		free(src.id);
		free(src.url);
		free(src.profile);
		free(src.reason);
		free(src.author);
		return nomem(c);
	}
	*at = src;
	k->nsources++;
	return 0;
}

static int apply_source_remove(struct context *c)
{
	struct admin_source *src;
	struct admin_case *k = NULL;
	const char *id = "";
	int r = open_case_of(c, &k);

	if (r == 0)
		r = text_of(c, "source", 1, &id);
	if (r < 0)
		return r;
	src = source_in(k, id);
	if (!src)
		return err_set(c->e, ERR_NOENT, "the case has no source '%s'",
			       id);
	src->removed = 1;
	return 0;
}

static int apply_decision(struct context *c)
{
	struct admin_decision d = { .date_ms = c->time_ms }, *at;
	const char *authority = "", *reason = "";
	struct admin_case *k = NULL;
	int r = open_case_of(c, &k);

	if (r == 0)
		r = text_of(c, "authority", 1, &authority);
	if (r == 0)
		r = text_of(c, "reason", 1, &reason);
	if (r < 0)
		return r;
	if (k->ndecisions >= ADMIN_LIST_MAX)
		return err_set(c->e, ERR_LIMIT, "a case has at most %d "
			       "decisions", ADMIN_LIST_MAX);
	d.authority = strdup(authority);
	d.reason = strdup(reason);
	d.author = strdup(c->author);
	at = room(&k->decisions, k->ndecisions, sizeof d);
	if (!d.authority || !d.reason || !d.author || !at) {
		free(d.authority);
		free(d.reason);
		free(d.author);
		return nomem(c);
	}
	*at = d;
	k->ndecisions++;
	return 0;
}

static int apply_member_add(struct context *c)
{
	const struct admin_user *u;
	struct admin_case *k = NULL;
	const char *name = "";
	char **at, *copy;
	int r = open_case_of(c, &k);

	if (r == 0)
		r = text_of(c, "user", 1, &name);
	if (r < 0)
		return r;
	u = admin_user(c->a, name);
	if (!u || u->revoked)
		return err_set(c->e, ERR_NOENT, "no user '%s' in this vault",
			       name);
	if (admin_is_member(k, name))
		return err_set(c->e, ERR_EXIST, "'%s' is a member already",
			       name);
	if (k->nmembers >= ADMIN_LIST_MAX)
		return err_set(c->e, ERR_LIMIT, "a case has at most %d members",
			       ADMIN_LIST_MAX);
	copy = strdup(name);
	at = room(&k->members, k->nmembers, sizeof *at);
	if (!copy || !at) {
		free(copy);
		return nomem(c);
	}
	*at = copy;
	k->nmembers++;
	return 0;
}

static int apply_member_remove(struct context *c)
{
	struct admin_case *k = NULL;
	const char *name = "";
	int r = case_of(c, &k);

	if (r == 0)
		r = text_of(c, "user", 1, &name);
	if (r < 0)
		return r;
	for (size_t i = 0; i < k->nmembers; i++) {
		if (strcmp(k->members[i], name))
			continue;
		free(k->members[i]);
		k->members[i] = k->members[--k->nmembers];
		return 0;
	}
	return err_set(c->e, ERR_NOENT, "'%s' is no member", name);
}

static int apply_case_close(struct context *c)
{
	struct admin_case *k = NULL;
	const char *reason = "";
	char *copy;
	int r = open_case_of(c, &k);

	if (r == 0)
		r = text_of(c, "reason", 1, &reason);
	if (r < 0)
		return r;
	copy = strdup(reason);
	if (!copy)
		return nomem(c);
	k->closed = 1;
	k->close_reason = copy;
	return 0;
}

static int apply_nothing(struct context *c)
{
	(void)c;
	return 0;
}

#define BY_PROGRAM (1u << 30)	/* the collector may sign it */

static const struct {
	const char *kind;
	int (*apply)(struct context *c);
	unsigned who;		/* roles that may sign it */
} kinds[] = {
	{ "init", apply_init, 0 },
	{ "user-add", apply_user_add, ROLES_USERS },
	{ "user-revoke", apply_user_revoke, ROLES_USERS },
	{ "passphrase", apply_nothing, BY_PROGRAM | ~0u },
	{ "audit-month", apply_month, BY_PROGRAM | ~0u },
	{ "case-open", apply_case_open, ROLES_CONTENT },
	{ "case-source-add", apply_source_add, ROLES_CONTENT },
	{ "case-source-remove", apply_source_remove, ROLES_CONTENT },
	{ "case-robots-decision", apply_decision, ROLES_CONTENT },
	{ "case-member-add", apply_member_add, ROLES_CONTENT },
	{ "case-member-remove", apply_member_remove,
	  ROLES_CONTENT | ROLES_USERS },
	{ "case-close", apply_case_close, ROLES_CONTENT },
	{ "recovery", apply_nothing, BY_PROGRAM },
};

static int signed_by(const struct note *n, const struct note_vkey *k)
{
	return note_check(n, k, 1, NULL, NULL, NULL) == 0;
}

/*
 * Who signed it, among those who may: a user's name, "" for the program, NULL
 * for nobody.
 */
static const char *signer(const struct admin *a, const struct note *n,
			  unsigned who)
{
	for (size_t i = 0; i < a->nusers; i++) {
		const struct admin_user *u = &a->users[i];

		if (!u->revoked && (u->roles & who) && signed_by(n, &u->sign))
			return u->name;
	}
	if ((who & BY_PROGRAM) && signed_by(n, &a->collector))
		return "";
	return NULL;
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
	    (a->count && strcmp(log, a->origin)))
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
	struct context c = { .a = a, .author = "", .e = e };
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
		c.author = signer(a, &s.note, kinds[k].who);
		if (!c.author)
			r = err_set(e, ERR_AUTH, "nobody who may make it "
				    "signed it");
	}
	if (r == 0)
		r = kinds[k].apply(&c);
	if (r == 0) {
		imprint(a, &s, note);
		a->count++;
	}
out:
	statement_release(&s);
	return r;
}

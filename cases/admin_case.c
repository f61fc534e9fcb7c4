/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements about cases, see admin_apply.c. */
#include "cases/admin_apply.h"

#include "store/pubkey.h"
#include "util/enc.h"

#include <stdlib.h>

static int list_of(struct context *c, const char *key, char ***out, size_t *n)
{
	const json_t *list = json_object_get(c->s->json, key);
	size_t count = json_array_size(list);

	if (count < 1 || count > ADMIN_LIST_MAX)
		return err_set(c->e, ERR_FORMAT, "'%s' is no list of 1 to %d",
			       key, ADMIN_LIST_MAX);
	*out = calloc(count, sizeof **out);
	if (!*out)
		return apply_nomem(c);
	for (size_t i = 0; i < count; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (!s || !*s || strlen(s) > ADMIN_TEXT_MAX)
			return err_set(c->e, ERR_FORMAT, "'%s' is no list of "
				       "texts", key);
		(*out)[i] = strdup(s);
		if (!(*out)[i])
			return apply_nomem(c);
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

/* Second ways to a case's secret, where the statement names them. */
static int wraps_of(struct context *c, struct admin_case *k)
{
	uint8_t escrow[32] = { 0 }, glass[32] = { 0 };
	int r = 0;

	if (json_opt_str(c->s->json, "escrow"))
		r = apply_recipient(c, "escrow", escrow);
	if (r == 0 && json_opt_str(c->s->json, "glass"))
		r = apply_recipient(c, "glass", glass);
	if (r < 0)
		return r;
	memcpy(k->escrow, escrow, 32);
	memcpy(k->glass, glass, 32);
	return 0;
}

int apply_case_wrap(struct context *c)
{
	struct admin_case *k = NULL;
	int r = apply_open_case(c, &k);

	return r < 0 ? r : wraps_of(c, k);
}

int apply_case_open(struct context *c)
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

	r = apply_text(c, "case", 1, &id);
	if (r == 0 && (strlen(id) != 16 || hex_get(bytes_str(id), raw, 8) < 0))
		r = err_set(c->e, ERR_FORMAT, "'%s' is no case id", id);
	if (r == 0)
		r = apply_text(c, "reference", 1, &ref);
	if (r == 0)
		r = apply_text(c, "basis", 1, &basis);
	if (r == 0)
		r = apply_text(c, "agent", 1, &agent);
	if (r == 0)
		r = apply_text(c, "purpose", 0, &purpose);
	if (r == 0)
		r = apply_time(c, period, "start", &k.start_ms);
	if (r == 0)
		r = apply_time(c, period, "end", &k.end_ms);
	if (r == 0 && k.start_ms >= k.end_ms)
		r = err_set(c->e, ERR_RANGE, "the period ends before it begins");
	if (r == 0)
		r = apply_recipient(c, "public", k.public);
	if (r == 0 && json_object_get(c->s->json, "quota_day"))
		r = json_want_int(c->s->json, "quota_day", &quota, c->e);
	if (r == 0 && (quota < 0 || quota > 10000000))
		r = err_set(c->e, ERR_RANGE, "a quota of %lld requests a day",
			    (long long)quota);
	if (r == 0)
		r = wraps_of(c, &k);
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
	k.epoch = 1;
	k.quota_day = (uint32_t)quota;
	k.reference = strdup(ref);
	k.basis = strdup(basis);
	k.agent = strdup(agent);
	k.purpose = strdup(purpose);
	k.opened_by = strdup(c->author);
	first = calloc(1, sizeof *first);
	if (first)
		first[0] = strdup(c->author);
	at = apply_room(&c->a->cases, c->a->ncases, sizeof k);
	if (!k.reference || !k.basis || !k.agent || !k.purpose ||
	    !k.opened_by || !first || !first[0] || !at) {
		r = apply_nomem(c);
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

int apply_source_add(struct context *c)
{
	struct admin_source src = { .added_ms = c->time_ms }, *at;
	const char *id = "", *url = "", *profile = "", *reason = "";
	struct admin_case *k = NULL;
	int r = apply_open_case(c, &k);

	if (r == 0)
		r = apply_text(c, "source", 1, &id);
	if (r == 0)
		r = apply_text(c, "url", 1, &url);
	if (r == 0)
		r = apply_text(c, "profile", 1, &profile);
	if (r == 0)
		r = apply_text(c, "reason", 0, &reason);
	if (r == 0 && json_opt_str(c->s->json, "since"))
		r = apply_time(c, c->s->json, "since", &src.since_ms);
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
	at = apply_room(&k->sources, k->nsources, sizeof src);
	if (!src.id || !src.url || !src.profile || !src.reason ||
	    !src.author || !at) {
		free(src.id);
		free(src.url);
		free(src.profile);
		free(src.reason);
		free(src.author);
		return apply_nomem(c);
	}
	*at = src;
	k->nsources++;
	return 0;
}

int apply_source_remove(struct context *c)
{
	struct admin_source *src;
	struct admin_case *k = NULL;
	const char *id = "";
	int r = apply_open_case(c, &k);

	if (r == 0)
		r = apply_text(c, "source", 1, &id);
	if (r < 0)
		return r;
	src = source_in(k, id);
	if (!src)
		return err_set(c->e, ERR_NOENT, "the case has no source '%s'",
			       id);
	src->removed = 1;
	return 0;
}

int apply_decision(struct context *c)
{
	struct admin_decision d = { .date_ms = c->time_ms }, *at;
	const char *authority = "", *reason = "";
	struct admin_case *k = NULL;
	int r = apply_open_case(c, &k);

	if (r == 0)
		r = apply_text(c, "authority", 1, &authority);
	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r < 0)
		return r;
	if (k->ndecisions >= ADMIN_LIST_MAX)
		return err_set(c->e, ERR_LIMIT, "a case has at most %d "
			       "decisions", ADMIN_LIST_MAX);
	d.authority = strdup(authority);
	d.reason = strdup(reason);
	d.author = strdup(c->author);
	at = apply_room(&k->decisions, k->ndecisions, sizeof d);
	if (!d.authority || !d.reason || !d.author || !at) {
		free(d.authority);
		free(d.reason);
		free(d.author);
		return apply_nomem(c);
	}
	*at = d;
	k->ndecisions++;
	return 0;
}

/* Who is let in: by a member, or with a key that came out of the escrow (then
 * also somebody whose wrap was lost, and into a closed case). */
static int member_in(struct context *c, int restore)
{
	const struct admin_user *u;
	struct admin_case *k = NULL;
	const char *name = "";
	char **at, *copy;
	int r = restore ? apply_case(c, &k) : apply_open_case(c, &k);

	if (r == 0)
		r = apply_text(c, "user", 1, &name);
	if (r < 0)
		return r;
	u = admin_user(c->a, name);
	if (!u || u->revoked)
		return err_set(c->e, ERR_NOENT, "no user '%s' in this vault",
			       name);
	if (restore && admin_is_member(k, name))
		return 0;
	if (admin_is_member(k, name))
		return err_set(c->e, ERR_EXIST, "'%s' is a member already",
			       name);
	if (k->nmembers >= ADMIN_LIST_MAX)
		return err_set(c->e, ERR_LIMIT, "a case has at most %d members",
			       ADMIN_LIST_MAX);
	copy = strdup(name);
	at = apply_room(&k->members, k->nmembers, sizeof *at);
	if (!copy || !at) {
		free(copy);
		return apply_nomem(c);
	}
	*at = copy;
	k->nmembers++;
	return 0;
}

int apply_member_add(struct context *c)
{
	return member_in(c, 0);
}

int apply_member_restore(struct context *c)
{
	return member_in(c, 1);
}

int admin_member_gone(struct admin_case *k, const char *user)
{
	for (size_t i = 0; i < k->nmembers; i++) {
		if (strcmp(k->members[i], user))
			continue;
		free(k->members[i]);
		k->members[i] = k->members[--k->nmembers];
		k->epoch_due = 1;
		return 1;
	}
	return 0;
}

int apply_member_remove(struct context *c)
{
	struct admin_case *k = NULL;
	const char *name = "";
	int r = apply_case(c, &k);

	if (r == 0)
		r = apply_text(c, "user", 1, &name);
	if (r < 0)
		return r;
	if (!admin_member_gone(k, name))
		return err_set(c->e, ERR_NOENT, "'%s' is no member", name);
	return 0;
}

/* A new key of the case: what follows is sealed to it. */
int apply_case_epoch(struct context *c)
{
	struct admin_case *k = NULL;
	uint8_t public[32];
	int64_t epoch;
	int r = apply_case(c, &k);

	if (r == 0)
		r = json_want_int(c->s->json, "epoch", &epoch, c->e);
	if (r == 0)
		r = apply_recipient(c, "public", public);
	if (r < 0)
		return r;
	if (epoch != (int64_t)k->epoch + 1)
		return err_set(c->e, ERR_FORMAT, "epoch %lld does not follow "
			       "%u", (long long)epoch, k->epoch);
	if (!memcmp(public, k->public, 32))
		return err_set(c->e, ERR_EXIST, "the new key is the old one");
	r = wraps_of(c, k);
	if (r < 0)
		return r;
	memcpy(k->public, public, 32);
	k->epoch++;
	k->epoch_due = 0;
	return 0;
}

int apply_case_close(struct context *c)
{
	struct admin_case *k = NULL;
	const char *reason = "";
	char *copy;
	int r = apply_open_case(c, &k);

	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r < 0)
		return r;
	copy = strdup(reason);
	if (!copy)
		return apply_nomem(c);
	k->closed = 1;
	k->closed_ms = c->time_ms;
	k->close_reason = copy;
	return 0;
}


/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/admin.h"

#include "cases/admin_apply.h"

#include <stddef.h>
#include <stdlib.h>

static const struct {
	const char *name;
	unsigned bit;
} roles[] = {
	{ "investigator", ROLE_INVESTIGATOR },
	{ "legal", ROLE_LEGAL },
	{ "supervisor", ROLE_SUPERVISOR },
	{ "auditor", ROLE_AUDITOR },
	{ "administrator", ROLE_ADMINISTRATOR },
	{ "dpo", ROLE_DPO },
};

unsigned admin_role(const char *name)
{
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (!strcmp(roles[i].name, name))
			return roles[i].bit;
	return 0;
}

const char *admin_role_name(unsigned i, unsigned *bit_out)
{
	if (i >= sizeof roles / sizeof *roles)
		return NULL;
	if (bit_out)
		*bit_out = roles[i].bit;
	return roles[i].name;
}

int admin_name_valid(const char *s)
{
	size_t n = strlen(s);

	if (n < 1 || n > ADMIN_NAME_MAX || *s < 'a' || *s > 'z')
		return 0;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

void admin_init(struct admin *a)
{
	memset(a, 0, sizeof *a);
	audit_policy_default(&a->audit);
}

static void case_release(struct admin_case *c)
{
	free(c->reference);
	free(c->basis);
	for (size_t i = 0; i < c->noffences; i++)
		free(c->offences[i]);
	free(c->offences);
	free(c->agent);
	free(c->purpose);
	free(c->opened_by);
	free(c->close_reason);
	for (size_t i = 0; i < c->nsources; i++) {
		free(c->sources[i].id);
		free(c->sources[i].url);
		free(c->sources[i].profile);
		free(c->sources[i].reason);
		free(c->sources[i].author);
	}
	free(c->sources);
	for (size_t i = 0; i < c->ndecisions; i++) {
		free(c->decisions[i].authority);
		free(c->decisions[i].reason);
		free(c->decisions[i].author);
	}
	free(c->decisions);
	for (size_t i = 0; i < c->nmembers; i++)
		free(c->members[i]);
	free(c->members);
	admin_erase_release(c);
}

void admin_release(struct admin *a)
{
	free(a->unit);
	free(a->origin);
	for (size_t i = 0; i < a->nusers; i++) {
		free(a->users[i].name);
		free(a->users[i].full);
		free(a->users[i].person);
	}
	free(a->users);
	for (size_t i = 0; i < a->ncases; i++)
		case_release(&a->cases[i]);
	free(a->cases);
	free(a->months);
	free(a->keys);
	for (size_t i = 0; i < a->nkey_backups; i++)
		free(a->key_backups[i].name);
	free(a->key_backups);
	for (size_t i = 0; i < a->norders; i++) {
		free(a->orders[i].act);
		free(a->orders[i].first);
		free(a->orders[i].second);
		free(a->orders[i].reason);
		buf_release(&a->orders[i].note);
	}
	free(a->orders);
	for (size_t i = 0; i < a->nglasses; i++) {
		free(a->glasses[i].user);
		free(a->glasses[i].act);
		free(a->glasses[i].reason);
		free(a->glasses[i].countersigned);
	}
	free(a->glasses);
	admin_anchor_release(&a->anchor);
	memset(a, 0, sizeof *a);
}

const struct admin_user *admin_user(const struct admin *a, const char *name)
{
	for (size_t i = 0; i < a->nusers; i++)
		if (!strcmp(a->users[i].name, name))
			return &a->users[i];
	return NULL;
}

int admin_case(const struct admin *a, const char *name,
	       const struct admin_case **out, struct err *e)
{
	const struct admin_case *found = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < a->ncases; i++)
		if (!strcmp(a->cases[i].reference, name)) {
			*out = &a->cases[i];
			return 0;
		}
	for (size_t i = 0; n >= 4 && i < a->ncases; i++) {
		if (strncmp(a->cases[i].id, name, n) != 0)
			continue;
		if (found)
			return err_set(e, ERR_RANGE, "several cases begin with "
				       "'%s': name one in full", name);
		found = &a->cases[i];
	}
	if (!found)
		return err_set(e, ERR_NOENT, "no case '%s' in this vault", name);
	*out = found;
	return 0;
}

const struct admin_month *admin_month(const struct admin *a, const char *name)
{
	for (size_t i = 0; i < a->nmonths; i++)
		if (!strcmp(a->months[i].name, name))
			return &a->months[i];
	return NULL;
}

int admin_is_member(const struct admin_case *c, const char *user)
{
	for (size_t i = 0; i < c->nmembers; i++)
		if (!strcmp(c->members[i], user))
			return 1;
	return 0;
}

/* Elements of a list that begin with their id: the one that begins so. */
static const void *by_id(const void *list, size_t n, size_t size,
			 const char *id)
{
	const char *found = NULL;
	size_t len = strlen(id);

	if (len < 4 || len > 16)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *at = (const char *)list + i * size;

		if (strncmp(at, id, len) != 0)
			continue;
		if (found)
			return NULL;
		found = at;
	}
	return found;
}

_Static_assert(offsetof(struct admin_order, id) == 0, "by_id() reads it");
_Static_assert(offsetof(struct admin_glass, id) == 0, "by_id() reads it");

const struct admin_order *admin_order(const struct admin *a, const char *id)
{
	return by_id(a->orders, a->norders, sizeof *a->orders, id);
}

const struct admin_glass *admin_glass(const struct admin *a, const char *id)
{
	return by_id(a->glasses, a->nglasses, sizeof *a->glasses, id);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/admin_anchor.h"

#include "cases/admin_apply.h"
#include "store/policy.h"
#include "store/tsa.h"
#include "util/clock.h"
#include "util/enc.h"

#include <stdio.h>
#include <stdlib.h>

#define URL_MAX 1024

void admin_anchor_release(struct admin_anchor *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->nauthorities; i++) {
		free(a->authorities[i].url);
		free(a->authorities[i].roots);
		free(a->authorities[i].list);
		free(a->authorities[i].author);
	}
	free(a->policy);
	memset(a, 0, sizeof *a);
}

int anchor_name_valid(const char *s)
{
	size_t n = strlen(s);

	return n && n <= ANCHOR_NAME_MAX && *s >= 'a' && *s <= 'z' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

static int url_valid(const char *s)
{
	static const char *const begin[] = { "http://", "https://", "file:///" };

	if (strlen(s) > URL_MAX)
		return 0;
	for (const char *p = s; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return 0;
	for (size_t i = 0; i < 3; i++)
		if (!strncmp(s, begin[i], strlen(begin[i])) &&
		    s[strlen(begin[i])])
			return 1;
	return 0;
}

/* The member of that name, made when it is new; NULL: full. */
static struct anchor_authority *authority_of(struct admin_anchor *a,
					     const char *name, int make)
{
	for (size_t i = 0; i < a->nauthorities; i++)
		if (!strcmp(a->authorities[i].name, name))
			return &a->authorities[i];
	if (!make || a->nauthorities == ANCHOR_AUTHORITIES_MAX)
		return NULL;
	return &a->authorities[a->nauthorities];
}

/* What a statement says of an authority; strings are the statement's. */
struct said {
	const char *name, *url, *roots, *list;
	int qualified;
};

static int read_authority(struct context *c, struct said *s)
{
	const json_t *q = json_object_get(c->s->json, "qualified");
	int r = apply_text(c, "name", 1, &s->name);

	if (r == 0 && !anchor_name_valid(s->name))
		r = err_set(c->e, ERR_FORMAT, "'%s' is no name of an authority",
			    s->name);
	if (r == 0)
		r = apply_text(c, "url", 1, &s->url);
	if (r == 0 && !url_valid(s->url))
		r = err_set(c->e, ERR_FORMAT, "an authority's url is http, "
			    "https or file");
	if (r == 0)
		r = apply_text(c, "list", 0, &s->list);
	if (r == 0)
		r = json_want_str(c->s->json, "roots", &s->roots, c->e);
	if (r == 0) {
		r = tsa_roots(bytes_str(s->roots), c->e);
		r = r > 0 ? 0 : r;
	}
	if (r == 0 && !json_is_boolean(q))
		r = err_set(c->e, ERR_FORMAT, "'qualified' is yes or no");
	s->qualified = json_is_true(q);
	/* Nobody is qualified by being asked (R19). */
	if (r == 0 && s->qualified && !*s->list)
		r = err_set(c->e, ERR_FORMAT, "a qualified authority takes the "
			    "list it rests on");
	return r;
}

int apply_anchor_authority(struct context *c)
{
	struct admin_anchor *a = &c->a->anchor;
	struct anchor_authority *at;
	struct said s = { NULL, NULL, NULL, NULL, 0 };
	char *url, *roots, *list, *author;
	int r = read_authority(c, &s);

	if (r < 0)
		return r;
	at = authority_of(a, s.name, 1);
	if (!at)
		return err_set(c->e, ERR_LIMIT, "at most %d authorities",
			       ANCHOR_AUTHORITIES_MAX);
	url = strdup(s.url);
	roots = strdup(s.roots);
	list = strdup(s.list);
	author = strdup(c->author);
	if (!url || !roots || !list || !author) {
		free(url);
		free(roots);
		free(list);
		free(author);
		return apply_nomem(c);
	}
	if (at == &a->authorities[a->nauthorities]) {
		memset(at, 0, sizeof *at);
		snprintf(at->name, sizeof at->name, "%s", s.name);
		a->nauthorities++;
	}
	free(at->url);
	free(at->roots);
	free(at->list);
	free(at->author);
	at->url = url;
	at->roots = roots;
	at->list = list;
	at->author = author;
	at->qualified = s.qualified;
	at->removed = 0;
	return 0;
}

int apply_anchor_remove(struct context *c)
{
	const char *name = "", *reason = "";
	struct anchor_authority *at;
	int r = apply_text(c, "name", 1, &name);

	if (r == 0)
		r = apply_text(c, "reason", 1, &reason);
	if (r < 0)
		return r;
	at = authority_of(&c->a->anchor, name, 0);
	if (!at || at->removed)
		return err_set(c->e, ERR_NOENT, "no authority '%s'", name);
	at->removed = 1;
	return 0;
}

int apply_witness_policy(struct context *c)
{
	struct policy *p = malloc(sizeof *p);
	const char *text = "";
	char *copy;
	int r = p ? json_want_str(c->s->json, "policy", &text, c->e)
		  : apply_nomem(c);

	if (r == 0)
		r = policy_parse(bytes_str(text), p, c->e);
	free(p);
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return apply_nomem(c);
	free(c->a->anchor.policy);
	c->a->anchor.policy = copy;
	return 0;
}

/* --- what was answered --------------------------------------------------------- */

struct answered {
	struct anchor_authority *authority;
	uint8_t sha256[32];
	int64_t time_ms, offset_ms;
	uint64_t size;
	int qualified;
};

static int want_size(struct context *c, const json_t *obj, uint64_t *out)
{
	int64_t v = 0;
	int r = json_want_int(obj, "size", &v, c->e);

	if (r == 0 && v < 0)
		r = err_set(c->e, ERR_FORMAT, "'size' is below zero");
	*out = (uint64_t)v;
	return r;
}

static int read_token(struct context *c, const json_t *t, struct answered *out)
{
	const char *name = "", *hex = "";
	int r = json_want_str(t, "authority", &name, c->e);

	if (r == 0)
		r = json_want_str(t, "sha256", &hex, c->e);
	if (r == 0)
		r = want_size(c, t, &out->size);
	if (r == 0)
		r = apply_time(c, t, "time", &out->time_ms);
	if (r == 0)
		r = json_want_int(t, "offset_ms", &out->offset_ms, c->e);
	if (r < 0)
		return r;
	out->authority = authority_of(&c->a->anchor, name, 0);
	if (!out->authority)
		return err_set(c->e, ERR_NOENT, "no authority '%s'", name);
	if (hex_get(bytes_str(hex), out->sha256, 32) < 0)
		return err_set(c->e, ERR_FORMAT, "'sha256' is no hash");
	out->qualified = json_is_true(json_object_get(t, "qualified"));
	return 0;
}

static int read_cosignature(struct context *c, const json_t *t,
			    struct anchor_witness *out)
{
	const char *name = "", *key = "";
	int r = json_want_str(t, "witness", &name, c->e);

	memset(out, 0, sizeof *out);
	if (r == 0)
		r = json_want_str(t, "key", &key, c->e);
	if (r == 0)
		r = want_size(c, t, &out->size);
	if (r == 0)
		r = apply_time(c, t, "time", &out->time_ms);
	if (r < 0)
		return r;
	if (strlen(name) > ANCHOR_NAME_MAX ||
	    hex_get(bytes_str(key), out->key_id, 4) < 0)
		return err_set(c->e, ERR_FORMAT, "no name or key of a witness");
	snprintf(out->name, sizeof out->name, "%s", name);
	return 0;
}

static void take_witness(struct admin_anchor *a, const struct anchor_witness *w)
{
	size_t i = 0;

	while (i < a->nwitnesses && memcmp(a->witnesses[i].key_id, w->key_id, 4))
		i++;
	if (i == ANCHOR_WITNESSES_MAX)
		return;
	if (i == a->nwitnesses)
		a->nwitnesses++;
	else if (a->witnesses[i].size > w->size)
		return;
	a->witnesses[i] = *w;
}

/* Up to where are there enough witnesses?  A witness of N leaves has seen every
 * smaller head too: the largest size at which the policy is met. */
static void quorum(struct admin_anchor *a)
{
	struct policy *p = a->policy ? malloc(sizeof *p) : NULL;

	if (!p || policy_parse(bytes_str(a->policy), p, NULL) < 0 ||
	    p->quorum < 0)
		goto out;
	for (size_t i = 0; i < a->nwitnesses; i++) {
		uint64_t mask = 0, size = a->witnesses[i].size;
		int64_t when = 0;

		for (size_t k = 0; k < a->nwitnesses; k++) {
			const struct anchor_witness *w = &a->witnesses[k];

			if (w->size < size)
				continue;
			for (size_t n = 0; n < p->nwitnesses; n++)
				if (!memcmp(p->witness[n].key.id, w->key_id, 4))
					mask |= (uint64_t)1 << n;
			if (w->time_ms > when)
				when = w->time_ms;
		}
		if (policy_met(p, mask) && size >= a->witnessed_size) {
			a->witnessed_size = size;
			a->witnessed_ms = when;
		}
	}
out:
	free(p);
}

int apply_anchor(struct context *c)
{
	const json_t *tokens = json_object_get(c->s->json, "tokens");
	const json_t *lines = json_object_get(c->s->json, "cosignatures");
	struct answered t[ANCHOR_AUTHORITIES_MAX * 2];
	struct anchor_witness w[ANCHOR_WITNESSES_MAX];
	struct admin_anchor *a = &c->a->anchor;
	size_t nt = json_array_size(tokens), nw = json_array_size(lines);
	int r = 0;

	if (nt > sizeof t / sizeof *t || nw > ANCHOR_WITNESSES_MAX || nt + nw == 0)
		return err_set(c->e, ERR_FORMAT, "no answer, or too many");
	for (size_t i = 0; r == 0 && i < nt; i++)
		r = read_token(c, json_array_get(tokens, i), &t[i]);
	for (size_t i = 0; r == 0 && i < nw; i++)
		r = read_cosignature(c, json_array_get(lines, i), &w[i]);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nt; i++) {
		t[i].authority->token_ms = t[i].time_ms;
		t[i].authority->token_size = t[i].size;
		if (a->has_token && a->token_size > t[i].size)
			continue;
		a->has_token = 1;
		memcpy(a->token, t[i].sha256, 32);
		a->token_ms = t[i].time_ms;
		a->token_size = t[i].size;
		a->token_qualified = t[i].qualified;
		a->offset_ms = t[i].offset_ms;
		snprintf(a->token_by, sizeof a->token_by, "%s",
			 t[i].authority->name);
	}
	for (size_t i = 0; i < nw; i++)
		take_witness(a, &w[i]);
	if (nw)
		quorum(a);
	return 0;
}

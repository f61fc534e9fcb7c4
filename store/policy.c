/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/policy.h"

#include <stdio.h>

#define WORDS_MAX (POLICY_MEMBERS_MAX + 3)
#define NOBODY (-1)

struct words {
	size_t n;
	struct bytes w[WORDS_MAX];
};

static int split(struct bytes line, struct words *out)
{
	size_t i = 0;

	out->n = 0;
	while (i < line.len) {
		size_t from;

		while (i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
		from = i;
		while (i < line.len && line.p[i] != ' ' && line.p[i] != '\t')
			i++;
		if (i == from)
			break;
		if (out->n == WORDS_MAX)
			return ERR_LIMIT;
		out->w[out->n++] = BYTES(line.p + from, i - from);
	}
	return 0;
}

static int find(const struct policy *p, struct bytes name)
{
	for (size_t i = 0; i < p->nwitnesses; i++)
		if (bytes_is(name, p->witness[i].name))
			return (int)i;
	for (size_t i = 0; i < p->ngroups; i++)
		if (bytes_is(name, p->group[i].name))
			return POLICY_WITNESSES_MAX + (int)i;
	return NOBODY;
}

static const char *take_name(const struct policy *p, struct bytes w, char *out)
{
	if (!w.len || w.len > POLICY_NAME_MAX || bytes_is(w, "none"))
		return "this is no name";
	if (find(p, w) != NOBODY)
		return "the name is taken";
	memcpy(out, w.p, w.len);
	out[w.len] = '\0';
	return NULL;
}

static int url_known(struct bytes url)
{
	static const char *const begin[] = { "http://", "https://", "file:///" };

	for (size_t i = 0; i < 3; i++)
		if (url.len > strlen(begin[i]) &&
		    !memcmp(url.p, begin[i], strlen(begin[i])))
			return 1;
	return 0;
}

static const char *take_witness(struct policy *p, const struct words *w)
{
	struct policy_witness *x = &p->witness[p->nwitnesses];
	const char *why;

	if (w->n < 3 || w->n > 4)
		return "witness NAME VKEY [URL]";
	if (p->nwitnesses == POLICY_WITNESSES_MAX)
		return "too many witnesses";
	why = take_name(p, w->w[1], x->name);
	if (why)
		return why;
	if (note_vkey_read(w->w[2], &x->key, NULL) < 0 ||
	    x->key.type != NOTE_COSIGNATURE)
		return "this is no witness's key";
	for (size_t i = 0; i < p->nwitnesses; i++)
		if (!memcmp(p->witness[i].key.pk, x->key.pk, 32))
			return "two witnesses with one key";
	x->url[0] = '\0';
	if (w->n == 4) {
		if (w->w[3].len > POLICY_URL_MAX || !url_known(w->w[3]))
			return "a witness's url is http, https or file";
		memcpy(x->url, w->w[3].p, w->w[3].len);
		x->url[w->w[3].len] = '\0';
	}
	p->nwitnesses++;
	return NULL;
}

static const char *take_log(struct policy *p, const struct words *w)
{
	struct note_vkey *k = &p->log[p->nlogs];

	if (w->n < 2 || w->n > 3)
		return "log VKEY [URL]";
	if (p->nlogs == POLICY_WITNESSES_MAX)
		return "too many logs";
	if (note_vkey_read(w->w[1], k, NULL) < 0 || k->type != NOTE_ED25519)
		return "this is no log's key";
	for (size_t i = 0; i < p->nlogs; i++)
		if (!memcmp(p->log[i].pk, k->pk, 32))
			return "two logs with one key";
	p->nlogs++;
	return NULL;
}

static int is_member(const struct policy *p, int id)
{
	for (size_t i = 0; i < p->ngroups; i++)
		for (unsigned m = 0; m < p->group[i].n; m++)
			if (p->group[i].member[m] == id)
				return 1;
	return 0;
}

/* How many of n: all, any, or a decimal from 1 to n; 0 when it is none. */
static unsigned threshold(struct bytes w, unsigned n)
{
	unsigned k = 0;

	if (bytes_is(w, "all"))
		return n;
	if (bytes_is(w, "any"))
		return 1;
	if (!w.len || w.len > 2 || w.p[0] == '0')
		return 0;
	for (size_t i = 0; i < w.len; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return 0;
		k = k * 10 + (unsigned)(w.p[i] - '0');
	}
	return k <= n ? k : 0;
}

static const char *take_group(struct policy *p, const struct words *w)
{
	struct policy_group *g = &p->group[p->ngroups];
	const char *why;

	if (w->n < 4)
		return "group NAME all|any|K NAME...";
	if (p->ngroups == POLICY_GROUPS_MAX)
		return "too many groups";
	why = take_name(p, w->w[1], g->name);
	if (why)
		return why;
	g->n = (unsigned)(w->n - 3);
	g->need = threshold(w->w[2], g->n);
	if (!g->need)
		return "how many: all, any, or a number up to the members'";
	for (unsigned i = 0; i < g->n; i++) {
		int id = find(p, w->w[3 + i]);

		if (id == NOBODY)
			return "a member that is not defined above";
		if (is_member(p, id))
			return "a name is a member twice";
		for (unsigned m = 0; m < i; m++)
			if (g->member[m] == id)
				return "a name is a member twice";
		g->member[i] = (uint8_t)id;
	}
	p->ngroups++;
	return NULL;
}

static const char *take_line(struct policy *p, const struct words *w,
			     int *quorum)
{
	if (bytes_is(w->w[0], "log"))
		return take_log(p, w);
	if (bytes_is(w->w[0], "witness"))
		return take_witness(p, w);
	if (bytes_is(w->w[0], "group"))
		return take_group(p, w);
	if (!bytes_is(w->w[0], "quorum") || w->n != 2)
		return "neither log, witness, group nor quorum";
	if ((*quorum)++)
		return "a second quorum";
	if (bytes_is(w->w[1], "none"))
		return NULL;
	p->quorum = find(p, w->w[1]);
	return p->quorum == NOBODY ? "the quorum is not defined above" : NULL;
}

int policy_parse(struct bytes text, struct policy *p, struct err *e)
{
	unsigned number = 0;
	int quorum = 0;

	memset(p, 0, sizeof *p);
	p->quorum = NOBODY;
	if (text.len > POLICY_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "the policy is too long");
	for (size_t i = 0; i < text.len; i++)
		if ((text.p[i] < 0x20 && text.p[i] != '\n' &&
		     text.p[i] != '\t') || text.p[i] == 0x7f)
			return err_set(e, ERR_FORMAT, "control character in "
				       "the policy");
	if (text.len && text.p[text.len - 1] != '\n')
		return err_set(e, ERR_FORMAT, "the policy does not end with a "
			       "newline");
	while (text.len) {
		const uint8_t *nl = memchr(text.p, '\n', text.len);
		struct bytes line = BYTES(text.p, (size_t)(nl - text.p));
		const char *why = NULL;
		struct words w;

		number++;
		text.p = nl + 1;
		text.len -= line.len + 1;
		if (split(line, &w) < 0)
			why = "too many words";
		else if (w.n && w.w[0].p[0] != '#')
			why = take_line(p, &w, &quorum);
		if (why)
			return err_set(e, ERR_FORMAT, "policy, line %u: %s",
				       number, why);
	}
	if (!quorum)
		return err_set(e, ERR_FORMAT, "the policy has no quorum line");
	return 0;
}

int policy_met(const struct policy *p, uint64_t cosigned)
{
	uint8_t met[POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX] = { 0 };

	for (size_t i = 0; i < p->nwitnesses; i++)
		met[i] = cosigned >> i & 1;
	/* A group's members stand before it: one way through is enough. */
	for (size_t i = 0; i < p->ngroups; i++) {
		unsigned have = 0;

		for (unsigned m = 0; m < p->group[i].n; m++)
			have += met[p->group[i].member[m]];
		met[POLICY_WITNESSES_MAX + i] = have >= p->group[i].need;
	}
	return p->quorum == NOBODY || met[p->quorum];
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading profile files: lines to structs.  What they mean is checked in
 * profile_check.c.
 */
#include "parsers/profile_int.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define LIST_MAX 512

/* One line, cut into its keyword and the rest. */
struct line {
	char *word, *rest;
	unsigned no;
};

struct reader {
	struct profile *p;
	char *at, *end;		/* a NUL-ended copy of the file, cut as we go */
	unsigned no;
	const char *where;
	struct err *e;
	struct buf value;	/* the last line after ${} */
	struct line l;
};

static int wrong(struct reader *r, const char *what, const char *subject)
{
	return err_set(r->e, ERR_FORMAT, "%s: line %u: %s '%.200s'", r->where,
		       r->l.no, what, subject);
}

/* Grows an array by one zeroed member. */
static void *grow(void *base, size_t *count, size_t size)
{
	char *v;

	if (*count >= LIST_MAX)
		return NULL;
	v = realloc(base, (*count + 1) * size);
	if (!v)
		return NULL;
	memset(v + *count * size, 0, size);
	(*count)++;
	return v;
}

#define GROW(list, count) \
	__extension__({ \
		void *g_ = grow((list), &(count), sizeof(*(list))); \
		if (g_) \
			(list) = g_; \
		g_ ? &(list)[(count) - 1] : NULL; \
	})

static int add_string(struct strings *s, const char *v, size_t n)
{
	char **list;

	if (s->count >= LIST_MAX)
		return ERR_LIMIT;
	list = realloc(s->v, (s->count + 2) * sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	s->v = list;
	list[s->count] = strndup(v, n);
	if (!list[s->count])
		return ERR_NOMEM;
	list[++s->count] = NULL;
	return 0;
}

static int add_words(struct strings *s, const char *v)
{
	while (*v) {
		size_t n = strcspn(v, " \t");
		int r = n ? add_string(s, v, n) : 0;

		if (r < 0)
			return r;
		v += n;
		v += strspn(v, " \t");
	}
	return 0;
}

/* ${NAME} to what define gave; an unknown name is the profile's error. */
static int substitute(struct reader *r, const char *s)
{
	buf_clear(&r->value);
	while (*s) {
		size_t n, i;

		if (s[0] != '$' || s[1] != '{') {
			buf_addc(&r->value, (uint8_t)*s++);
			continue;
		}
		n = strcspn(s + 2, "}");
		if (s[2 + n] != '}')
			return wrong(r, "unfinished", s);
		for (i = 0; i < r->p->def_names.count; i++)
			if (strlen(r->p->def_names.v[i]) == n &&
			    !strncmp(r->p->def_names.v[i], s + 2, n))
				break;
		if (i == r->p->def_names.count)
			return wrong(r, "unknown definition", s);
		buf_adds(&r->value, r->p->def_values.v[i]);
		s += n + 3;
	}
	if (r->value.failed)
		return wrong(r, "line too long behind", r->l.word);
	r->l.rest = (char *)(uintptr_t)buf_cstr(&r->value);
	return 0;
}

static char *cut_word(char **s)
{
	char *w = *s;

	*s += strcspn(*s, " \t");
	if (**s)
		*(*s)++ = '\0';
	*s += strspn(*s, " \t");
	return w;
}

/* The next line with something on it: 1, or 0 at the end, or an error. */
static int next(struct reader *r)
{
	while (r->at < r->end) {
		char *s = r->at, *nl, *to;

		r->l.no = ++r->no;
		for (;;) {
			nl = strchr(r->at, '\n');
			to = nl ? nl : r->end;
			r->at = nl ? nl + 1 : r->end;
			while (to > s && isspace((unsigned char)to[-1]))
				to--;
			if (to > s && to[-1] == '\\' && nl) {
				/* A line goes on: blank out the break. */
				memset(to - 1, ' ', (size_t)(nl - to) + 2);
				r->no++;
				continue;
			}
			break;
		}
		*to = '\0';
		s += strspn(s, " \t");
		if (!*s || *s == '#')
			continue;
		r->l.word = cut_word(&s);
		r->l.rest = s;
		if (substitute(r, s) < 0)
			return ERR_FORMAT;
		return 1;
	}
	return 0;
}

static int set(struct reader *r, char **field)
{
	if (*field)
		return wrong(r, "said twice:", r->l.word);
	if (!*r->l.rest)
		return wrong(r, "nothing behind", r->l.word);
	*field = strdup(r->l.rest);
	return *field ? 0 : ERR_NOMEM;
}

/* "5000 ms", "20 MiB", "200 per day" */
static int amount(struct reader *r, uint64_t *out)
{
	static const struct {
		const char *name;
		uint64_t times;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "B", 1 }, { "KiB", 1u << 10 },
		{ "MiB", 1u << 20 }, { "per", 1 }, { "", 1 },
	};
	char *s = r->l.rest, *unit;
	uint64_t v = 0;

	if (!isdigit((unsigned char)*s))
		return wrong(r, "number expected, not", s);
	for (; isdigit((unsigned char)*s); s++) {
		if (v > 1000000000)
			return wrong(r, "number too big in", r->l.rest);
		v = v * 10 + (uint64_t)(*s - '0');
	}
	s += strspn(s, " ");
	unit = cut_word(&s);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(units[i].name, unit)) {
			*out = v * units[i].times;
			return 0;
		}
	return wrong(r, "unknown unit", unit);
}

static int compile(struct reader *r, struct expr *x, const char *text)
{
	int res;

	if (!*text)
		return wrong(r, "XPath expected behind", r->l.word);
	res = expr_compile(r->p, x, text, r->l.no, r->e);
	if (res < 0)
		err_prefix(r->e, "%s", r->where);
	return res;
}

static int regex(struct reader *r, struct pattern *x, const char *text)
{
	int res;

	if (!*text)
		return wrong(r, "regular expression expected behind",
			     r->l.word);
	res = pattern_compile(x, text, r->l.no, r->e);
	if (res < 0)
		err_prefix(r->e, "%s", r->where);
	return res;
}

static const struct {
	const char *name;
	enum rule_type type;
} types[] = {
	{ "text", RULE_TEXT }, { "line", RULE_LINE },
	{ "string", RULE_STRING }, { "href", RULE_HREF },
	{ "style", RULE_STYLE }, { "date", RULE_DATE },
	{ "flag", RULE_FLAG }, { "mark", RULE_MARK },
	{ "count", RULE_COUNT }, { "number", RULE_NUMBER },
	{ "texts", RULE_TEXTS }, { "hrefs", RULE_HREFS },
	{ "=", RULE_LITERAL },
};

static int is_key(const char *s)
{
	if (!*s)
		return 0;
	for (; *s; s++)
		if (!islower((unsigned char)*s) &&
		    !isdigit((unsigned char)*s) && *s != '_' && *s != '-')
			return 0;
	return 1;
}

/* TYPE[,decode][,dmy|mdy|ymd] */
static int rule_type(struct reader *r, struct rule *u, char *word)
{
	char *mod = strchr(word, ',');

	if (mod)
		*mod++ = '\0';
	u->type = RULE_EACH;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, word))
			u->type = types[i].type;
	if (u->type == RULE_EACH)
		return wrong(r, "unknown type", word);
	while (mod) {
		char *m = mod;

		mod = strchr(mod, ',');
		if (mod)
			*mod++ = '\0';
		if (!strcmp(m, "decode"))
			u->decode = 1;
		else if (u->type == RULE_DATE &&
			 (!strcmp(m, "dmy") || !strcmp(m, "mdy") ||
			  !strcmp(m, "ymd")))
			memcpy(u->order, m, 4);
		else
			return wrong(r, "unknown modifier", m);
	}
	return 0;
}

static int read_block(struct reader *r, struct block *b, unsigned depth);

static int read_rule(struct reader *r, struct block *b, unsigned depth)
{
	struct rule *u = GROW(b->rules, b->count);
	char *s = r->l.rest, *word;
	int res;

	if (!u)
		return wrong(r, "too many rules at", r->l.word);
	u->line = r->l.no;
	u->type = RULE_LITERAL;
	if (!strcmp(r->l.word, "each"))
		u->type = RULE_EACH;
	else if (!strcmp(r->l.word, "one"))
		u->type = RULE_ONE;
	else if (!strcmp(r->l.word, "map"))
		u->type = RULE_MAP;
	if (u->type != RULE_LITERAL) {
		word = cut_word(&s);
		if (!is_key(word))
			return wrong(r, "bad key", word);
		u->key = strdup(word);
		res = u->key ? compile(r, &u->x, s) : ERR_NOMEM;
		if (res < 0)
			return res;
		if (depth >= BLOCK_DEPTH_MAX)
			return wrong(r, "nested too deep:", u->key);
		u->sub = calloc(1, sizeof(*u->sub));
		if (!u->sub)
			return ERR_NOMEM;
		u->sub->line = r->l.no;
		return read_block(r, u->sub, depth + 1);
	}
	if (!is_key(r->l.word))
		return wrong(r, "bad key", r->l.word);
	u->key = strdup(r->l.word);
	word = cut_word(&s);
	res = u->key ? rule_type(r, u, word) : ERR_NOMEM;
	if (res < 0)
		return res;
	if (u->type == RULE_LITERAL) {
		u->literal = strdup(s);
		return u->literal ? 0 : ERR_NOMEM;
	}
	return compile(r, &u->x, s);
}

static int read_require(struct reader *r, struct block *b)
{
	struct strings s = { b->require, b->require_count };
	int res = add_words(&s, r->l.rest);

	b->require = s.v;
	b->require_count = s.count;
	return res;
}

static int read_block(struct reader *r, struct block *b, unsigned depth)
{
	unsigned line = r->l.no;
	int res;

	while ((res = next(r)) > 0) {
		if (!strcmp(r->l.word, "end"))
			return 0;
		if (!strcmp(r->l.word, "require"))
			res = read_require(r, b);
		else
			res = read_rule(r, b, depth);
		if (res < 0)
			return res;
	}
	if (res < 0)
		return res;
	r->l.no = line;
	return wrong(r, "no 'end' for the block", b->name ? b->name : "");
}

static int read_source(struct reader *r)
{
	struct profile *p = r->p;
	int res;

	if (p->source_entry)
		return wrong(r, "said twice:", "source");
	while ((res = next(r)) > 0) {
		struct pattern *f;

		if (!strcmp(r->l.word, "end"))
			return p->source_entry && p->source_name.code ? 0 :
			       wrong(r, "a source needs 'name' and", "entry");
		if (!strcmp(r->l.word, "entry")) {
			res = set(r, &p->source_entry);
		} else if (!strcmp(r->l.word, "name")) {
			res = regex(r, &p->source_name, r->l.rest);
		} else if (!strcmp(r->l.word, "fold")) {
			p->source_fold = 1;
			res = 0;
		} else if (!strcmp(r->l.word, "from")) {
			f = GROW(p->source_from, p->source_from_count);
			res = f ? regex(r, f, r->l.rest) : ERR_NOMEM;
		} else {
			res = wrong(r, "unknown key", r->l.word);
		}
		if (res < 0)
			return res;
	}
	return res < 0 ? res : wrong(r, "no 'end' for", "source");
}

static int read_named(struct reader *r, struct named **list, size_t *count)
{
	struct named *n = GROW(*list, *count);
	char *s = r->l.rest, *word;

	if (!n)
		return ERR_NOMEM;
	word = cut_word(&s);
	if (!is_key(word))
		return wrong(r, "bad name", word);
	n->name = strdup(word);
	return n->name ? compile(r, &n->x, s) : ERR_NOMEM;
}

/* json NAME XPATH [from REGEX] */
static int read_script(struct reader *r, struct page *g)
{
	struct script *n = GROW(g->scripts, g->script_count);
	char *s = r->l.rest, *word, *from;
	int res;

	if (!n)
		return ERR_NOMEM;
	word = cut_word(&s);
	n->name = strdup(word);
	if (!n->name)
		return ERR_NOMEM;
	from = strstr(s, " from ");
	if (from)
		*from = '\0';
	res = compile(r, &n->x, s);
	if (res == 0 && from)
		res = regex(r, &n->from, from + 6);
	return res;
}

static int read_page_line(struct reader *r, struct page *g)
{
	const char *w = r->l.word;
	char *s = r->l.rest;

	if (!strcmp(w, "url")) {
		struct pattern *u = GROW(g->urls, g->url_count);

		return u ? regex(r, u, s) : ERR_NOMEM;
	}
	if (!strcmp(w, "anchor")) {
		struct expr *a = GROW(g->anchors, g->anchor_count);

		return a ? compile(r, a, s) : ERR_NOMEM;
	}
	if (!strcmp(w, "finding"))
		return read_named(r, &g->findings, &g->finding_count);
	if (!strcmp(w, "link"))
		return read_named(r, &g->links, &g->link_count);
	if (!strcmp(w, "next"))
		return read_named(r, &g->nexts, &g->next_count);
	if (!strcmp(w, "json"))
		return read_script(r, g);
	if (!strcmp(w, "may-be-empty")) {
		g->may_be_empty = 1;
		return 0;
	}
	if (!strcmp(w, "account") || !strcmp(w, "posts")) {
		int posts = *w == 'p';
		char **field = posts ? &g->posts : &g->account;
		char *name = cut_word(&s);

		if (*field)
			return wrong(r, "said twice:", w);
		*field = strdup(name);
		if (!*field)
			return ERR_NOMEM;
		return compile(r, posts ? &g->posts_at : &g->account_at,
			       *s || posts ? s : "/");
	}
	return wrong(r, "unknown key", w);
}

static int read_page(struct reader *r)
{
	struct page *g = GROW(r->p->pages, r->p->page_count);
	unsigned line = r->l.no;
	int res;

	if (!g)
		return ERR_NOMEM;
	g->line = line;
	if (!is_key(r->l.rest))
		return wrong(r, "bad kind of page", r->l.rest);
	g->kind = strdup(r->l.rest);
	if (!g->kind)
		return ERR_NOMEM;
	while ((res = next(r)) > 0) {
		if (!strcmp(r->l.word, "end")) {
			g->any_url = !g->url_count;
			return 0;
		}
		res = read_page_line(r, g);
		if (res < 0)
			return res;
	}
	r->l.no = line;
	return res < 0 ? res : wrong(r, "no 'end' for page", g->kind);
}

static int read_define(struct reader *r, struct strings *names,
		       struct strings *values)
{
	char *s = r->l.rest, *word = cut_word(&s);
	int res = add_string(names, word, strlen(word));

	return res < 0 ? res : add_string(values, s, strlen(s));
}

static int read_family(struct reader *r)
{
	char *s = r->l.rest, *word = cut_word(&s);

	if (r->p->family)
		return wrong(r, "said twice:", "family");
	r->p->family = strdup(word);
	return r->p->family ? add_words(&r->p->family_hosts, s) : ERR_NOMEM;
}

static int read_top(struct reader *r)
{
	struct profile *p = r->p;
	const char *w = r->l.word;
	uint64_t v = 0;
	int res;

	if (!strcmp(w, "id"))
		return is_key(r->l.rest) ? set(r, &p->id) :
		       wrong(r, "bad id", r->l.rest);
	if (!strcmp(w, "about"))
		return set(r, &p->about);
	if (!strcmp(w, "checked"))
		return set(r, &p->checked);
	if (!strcmp(w, "host"))
		return add_words(&p->hosts, r->l.rest);
	if (!strcmp(w, "media-host"))
		return add_words(&p->media_hosts, r->l.rest);
	if (!strcmp(w, "family"))
		return read_family(r);
	if (!strcmp(w, "define"))
		return read_define(r, &p->def_names, &p->def_values);
	if (!strcmp(w, "namespace"))
		return read_define(r, &p->ns_prefix, &p->ns_uri);
	if (!strcmp(w, "source"))
		return read_source(r);
	if (!strcmp(w, "page"))
		return read_page(r);
	if (!strcmp(w, "block")) {
		struct block **b = GROW(p->blocks, p->block_count);

		if (!b)
			return ERR_NOMEM;
		*b = calloc(1, sizeof(**b));
		if (!*b)
			return ERR_NOMEM;
		(*b)->line = r->l.no;
		(*b)->name = strdup(r->l.rest);
		return (*b)->name ? read_block(r, *b, 1) : ERR_NOMEM;
	}
	if (strcmp(w, "version") && strcmp(w, "delay") && strcmp(w, "quota") &&
	    strcmp(w, "pages") && strcmp(w, "media-max"))
		return wrong(r, "unknown key", w);
	res = amount(r, &v);
	if (res < 0)
		return res;
	if (!strcmp(w, "version"))
		p->version = (unsigned)v;
	else if (!strcmp(w, "delay"))
		p->delay_ms = (int64_t)v;
	else if (!strcmp(w, "quota"))
		p->quota_day = (unsigned)v;
	else if (!strcmp(w, "pages"))
		p->pages_pass = (unsigned)v;
	else
		p->media_max = v;
	return 0;
}

int profile_read(struct bytes text, const char *sha256, const char *where,
		 struct profile **out, struct err *e)
{
	struct reader r = { .where = where ? where : "profile", .e = e };
	char *copy = NULL;
	int res;

	r.value = (struct buf)BUF_INIT(64u << 10);
	if (text.len > PROFILE_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "%s: longer than %zu bytes",
			       r.where, PROFILE_BYTES_MAX);
	if (text.len && memchr(text.p, '\0', text.len))
		return err_set(e, ERR_FORMAT, "%s: a NUL byte", r.where);
	r.p = calloc(1, sizeof(*r.p));
	copy = malloc(text.len + 1);
	if (!r.p || !copy) {
		res = ERR_NOMEM;
		goto out;
	}
	if (text.len)
		memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	r.at = copy;
	r.end = copy + text.len;
	res = next(&r);
	if (res > 0 && (strcmp(r.l.word, "scelle-profile") ||
			strcmp(r.l.rest, "1")))
		res = wrong(&r, "first line is not 'scelle-profile 1' but",
			    r.l.word);
	while (res >= 0 && (res = next(&r)) > 0)
		res = read_top(&r);
	if (res < 0)
		goto out;
	r.p->sha256 = strdup(sha256 ? sha256 : "");
	res = r.p->sha256 ? profile_check(r.p, e) : ERR_NOMEM;
	if (res < 0) {
		err_prefix(e, "%s", r.where);
		goto out;
	}
	*out = r.p;
	r.p = NULL;
out:
	if (res == ERR_NOMEM)
		err_set(e, res, "%s: no memory for a profile", r.where);
	else if (res < 0 && e && !e->code)
		err_set(e, res, "%s: too long a list", r.where);
	profile_free(r.p);
	free(copy);
	buf_release(&r.value);
	return res;
}

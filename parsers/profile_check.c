/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a profile says, compiled and checked before any page meets it.
 */
#include "parsers/profile_int.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/xpathInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void profile_xml_start(void)
{
	xmlInitParser();
	xmlXPathInit();
}

static char *trimmed(const char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return strndup(s, n);
}

/* s:class('NAME') at s: its length, the name's place; 0 when it is not that */
static size_t class_call(const char *s, const char **name, size_t *len)
{
	static const char head[] = "s:class('";
	size_t n;

	if (strncmp(s, head, sizeof(head) - 1))
		return 0;
	s += sizeof(head) - 1;
	n = strcspn(s, "'");
	if (!n || strncmp(s + n, "')", 2))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (isspace((unsigned char)s[i]))
			return 0;
	*name = s;
	*len = n;
	return sizeof(head) - 1 + n + 2;
}

static size_t name_len(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-' ||
	       s[n] == '.')
		n++;
	return n;
}

/* Steps and predicates that can only narrow down what stands before them. */
static int only_narrows(const char *s)
{
	while (*s) {
		if (*s == '[') {
			int depth = 0;
			char quote = 0;

			for (; *s; s++) {
				if (quote) {
					if (*s == quote)
						quote = 0;
				} else if (*s == '\'' || *s == '"') {
					quote = *s;
				} else if (*s == '[') {
					depth++;
				} else if (*s == ']' && --depth == 0) {
					break;
				}
			}
			if (!*s)
				return 0;
			s++;
			continue;
		}
		if (*s == '/' || *s == '@' || *s == '*' || *s == '.' ||
		    *s == ':' || isalnum((unsigned char)*s) || *s == '_' ||
		    *s == '-' || *s == '(' || *s == ')') {
			s++;
			continue;
		}
		return 0;
	}
	return 1;
}

/* Which class an expression cannot do without, and whether it is plain. */
static int learn(struct expr *x)
{
	static const char *const wrap[] = {
		"s:text(", "s:line(", "s:url(", "s:abs(", "s:decode(",
		"s:date(", "s:count(", "s:html(", "s:lower(", "string(",
		"boolean(",
	};
	const char *s = x->text, *name;
	size_t len, n, depth = 0;
	int again = 1;

	if (!strcmp(s, ".")) {
		x->fast = FAST_SELF;
		return 0;
	}
	if (*s == '@' && s[1] && name_len(s + 1) == strlen(s + 1)) {
		x->fast = FAST_ATTR;
		x->attr = strdup(s + 1);
		return x->attr ? 0 : ERR_NOMEM;
	}
	while (again) {
		again = 0;
		for (size_t i = 0; i < sizeof(wrap) / sizeof(wrap[0]); i++)
			if (!strncmp(s, wrap[i], strlen(wrap[i]))) {
				s += strlen(wrap[i]);
				depth++;
				again = 1;
			}
	}
	n = class_call(s, &name, &len);
	if (!n || !only_narrows(s + n))
		return 0;
	x->need = strndup(name, len);
	if (!x->need)
		return ERR_NOMEM;
	x->need_len = len;
	x->need_hash = ptree_hash(name, len);
	s += n;
	if (depth)
		return 0;
	if (!*s) {
		x->fast = FAST_CLASS;
	} else if (s[0] == '/' && s[1] == '@' && s[2] &&
		   name_len(s + 2) == strlen(s + 2)) {
		x->fast = FAST_CLASS_ATTR;
		x->attr = strdup(s + 2);
		if (!x->attr)
			return ERR_NOMEM;
	}
	return 0;
}

static int core_function(const char *s, size_t n)
{
	static const char *const core[] = {
		"last", "position", "count", "id", "local-name",
		"namespace-uri", "name", "string", "concat", "starts-with",
		"contains", "substring-before", "substring-after", "substring",
		"string-length", "normalize-space", "translate", "boolean",
		"not", "true", "false", "lang", "number", "sum", "floor",
		"ceiling", "round", "node", "text", "comment",
		"processing-instruction",
	};

	for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++)
		if (strlen(core[i]) == n && !memcmp(core[i], s, n))
			return 1;
	return 0;
}

static int known_prefix(const struct profile *p, const char *s, size_t n)
{
	if (n == 1 && *s == 's')
		return 1;
	for (size_t i = 0; i < p->ns_prefix.count; i++)
		if (strlen(p->ns_prefix.v[i]) == n &&
		    !memcmp(p->ns_prefix.v[i], s, n))
			return 1;
	return 0;
}

/* XPath compiles calls of functions nobody has; a profile must not. */
static int names_known(const struct profile *p, const char *s, unsigned line,
		       struct err *e)
{
	while (*s) {
		const char *from = s, *colon = NULL;
		size_t n;

		if (*s == '\'' || *s == '"') {
			const char *q = strchr(s + 1, *s);

			if (!q)
				return 0;	/* the compiler says it */
			s = q + 1;
			continue;
		}
		if (*s == '$')
			return err_set(e, ERR_FORMAT,
				       "line %u: no variables here, use s:param: "
				       "'%s'", line, s);
		if (!isalpha((unsigned char)*s) && *s != '_') {
			s++;
			continue;
		}
		n = name_len(s);
		s += n;
		if (s[0] == ':' && s[1] != ':') {
			colon = s;
			if (!known_prefix(p, from, n))
				return err_set(e, ERR_FORMAT,
					       "line %u: unknown prefix '%.*s'",
					       line, (int)n, from);
			s += 1 + name_len(s + 1);
		}
		if (s[0] != '(')
			continue;
		if (colon ? *from != 's' || colon - from != 1 ||
			    !xpathfn_known(colon + 1,
					   (size_t)(s - colon) - 1) :
			    !core_function(from, n))
			return err_set(e, ERR_FORMAT,
				       "line %u: unknown function '%.*s'", line,
				       (int)(s - from), from);
	}
	return 0;
}

int expr_compile(const struct profile *p, struct expr *x, const char *text,
		 unsigned line, struct err *e)
{
	struct reading r = { .dry = 1 };
	xmlXPathContext *c;
	int res;

	if (x->text)
		return err_set(e, ERR_FORMAT, "line %u: said twice", line);
	x->line = line;
	x->text = trimmed(text);
	if (!x->text)
		return ERR_NOMEM;
	res = names_known(p, x->text, line, e);
	if (res < 0)
		return res;
	c = xpathfn_context(&r);
	if (!c)
		return ERR_NOMEM;
	x->comp = xmlXPathCtxtCompile(c, (const xmlChar *)x->text);
	xmlXPathFreeContext(c);
	if (!x->comp)
		return err_set(e, ERR_FORMAT, "line %u: bad XPath '%s'%s%s", line,
			       x->text, r.failed ? ": " : "",
			       r.failed ? r.err.text : "");
	return learn(x);
}

void expr_release(struct expr *x)
{
	if (x->comp)
		xmlXPathFreeCompExpr(x->comp);
	free(x->text);
	free(x->need);
	free(x->attr);
}

int pattern_compile(struct pattern *x, const char *text, unsigned line,
		    struct err *e)
{
	PCRE2_UCHAR why[120];
	PCRE2_SIZE at;
	int code;

	if (x->code)
		return err_set(e, ERR_FORMAT, "line %u: said twice", line);
	x->line = line;
	x->text = trimmed(text);
	if (!x->text)
		return ERR_NOMEM;
	x->code = pcre2_compile((PCRE2_SPTR)x->text, PCRE2_ZERO_TERMINATED,
				PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code,
				&at, NULL);
	if (x->code)
		return 0;
	pcre2_get_error_message(code, why, sizeof(why));
	return err_set(e, ERR_FORMAT,
		       "line %u: bad regular expression at character %zu: %s", line,
		       (size_t)at + 1, (const char *)why);
}

void pattern_release(struct pattern *x)
{
	free(x->text);
	pcre2_code_free(x->code);
}

const struct block *block_by_name(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->block_count; i++)
		if (!strcmp(p->blocks[i]->name, name))
			return p->blocks[i];
	return NULL;
}

struct check {
	struct profile *p;
	struct reading r;
	struct err *e;
};

/* Runs an expression on an empty page: arity and types show there. */
static int dry(struct check *c, const struct expr *x)
{
	xmlXPathObject *o;

	if (!x->comp)
		return 0;
	c->r.failed = 0;
	c->r.err = (struct err)ERR_INIT;
	c->r.xc->node = xmlDocGetRootElement(c->r.tree->doc);
	c->r.xc->doc = c->r.tree->doc;
	o = xmlXPathCompiledEval(x->comp, c->r.xc);
	if (!o || c->r.failed) {
		xmlXPathFreeObject(o);
		return err_set(c->e, ERR_FORMAT, "line %u: '%s' does not run: %s",
			       x->line, x->text, c->r.err.text);
	}
	xmlXPathFreeObject(o);
	return 0;
}

static int same_shape(enum rule_type a, enum rule_type b)
{
	int la = a == RULE_EACH, lb = b == RULE_EACH;
	int sa = a == RULE_TEXTS || a == RULE_HREFS;
	int sb = b == RULE_TEXTS || b == RULE_HREFS;

	return la == lb && sa == sb && (a == RULE_ONE) == (b == RULE_ONE) &&
	       (a == RULE_MAP) == (b == RULE_MAP);
}

/* Depth is at most BLOCK_DEPTH_MAX. */
static int check_block(struct check *c, struct block *b)
{
	int res = 0;

	for (size_t i = 0; i < b->count && res == 0; i++) {
		struct rule *u = &b->rules[i];

		for (size_t j = 0; j < i; j++)
			if (!strcmp(b->rules[j].key, u->key)) {
				u->again = 1;
				if (!same_shape(b->rules[j].type, u->type))
					return err_set(c->e, ERR_FORMAT,
						"line %u: '%s' is of another shape "
						"in line %u", u->line, u->key,
						b->rules[j].line);
			}
		res = dry(c, &u->x);
		if (res == 0 && u->sub)
			res = check_block(c, u->sub);
		if (res == 0 && u->type == RULE_MAP &&
		    (!u->sub || u->sub->count != 2 ||
		     strcmp(u->sub->rules[0].key, "name") ||
		     strcmp(u->sub->rules[1].key, "value")))
			return err_set(c->e, ERR_FORMAT,
				       "line %u: a map has one 'name' and one "
				       "'value'", u->line);
	}
	for (size_t i = 0; i < b->require_count && res == 0; i++) {
		size_t j = 0;

		while (j < b->count &&
		       strcmp(b->rules[j].key, b->require[i]))
			j++;
		if (j == b->count)
			return err_set(c->e, ERR_FORMAT,
				       "line %u: required key '%s' has no rule",
				       b->line, b->require[i]);
	}
	return res;
}

static int find_block(struct check *c, const char *name, unsigned line,
		      const struct block **out)
{
	if (!name)
		return 0;
	*out = block_by_name(c->p, name);
	return *out ? 0 : err_set(c->e, ERR_FORMAT, "line %u: no block '%s'", line,
				  name);
}

static int check_page(struct check *c, struct page *g)
{
	int res = find_block(c, g->account, g->line, &g->account_block);

	if (res == 0)
		res = find_block(c, g->posts, g->line, &g->post_block);
	if (res == 0 && !g->anchor_count)
		res = err_set(c->e, ERR_FORMAT,
			      "line %u: page '%s' has no anchor", g->line, g->kind);
	for (size_t i = 0; i < g->anchor_count && res == 0; i++)
		res = dry(c, &g->anchors[i]);
	for (size_t i = 0; i < g->finding_count && res == 0; i++)
		res = dry(c, &g->findings[i].x);
	for (size_t i = 0; i < g->link_count && res == 0; i++)
		res = dry(c, &g->links[i].x);
	for (size_t i = 0; i < g->next_count && res == 0; i++)
		res = dry(c, &g->nexts[i].x);
	for (size_t i = 0; i < g->script_count && res == 0; i++)
		res = dry(c, &g->scripts[i].x);
	if (res == 0)
		res = dry(c, &g->account_at);
	return res == 0 ? dry(c, &g->posts_at) : res;
}

static int is_date(const char *s)
{
	static const char shape[] = "dddd-dd-dd";
	size_t i;

	for (i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)s[i]) :
		    s[i] != '-')
			return 0;
	return !s[i];
}

int profile_check(struct profile *p, struct err *e)
{
	struct arena a = ARENA_INIT((size_t)4 << 20);
	struct ptree t = PTREE_INIT(&a);
	struct check c = { .p = p, .e = e };
	int res;

	if (!p->id || !p->version || !p->checked || !p->hosts.count ||
	    !p->page_count)
		return err_set(e, ERR_FORMAT, "'%s' is missing",
			       !p->id ? "id" : !p->version ? "version" :
			       !p->checked ? "checked" :
			       !p->hosts.count ? "host" : "page");
	if (!is_date(p->checked))
		return err_set(e, ERR_FORMAT, "'checked' is not a date: "
			       "'%s'", p->checked);
	res = ptree_start(&t, NULL);
	if (res < 0 || !ptree_element(&t, NULL, "html", 0, 0) ||
	    ptree_seal(&t, NULL) < 0) {
		res = ERR_NOMEM;
		goto out;
	}
	c.r.dry = 1;
	c.r.tree = &t;
	c.r.tmp = (struct buf)BUF_INIT(1u << 16);
	c.r.patterns = pattern_cache_new();
	c.r.xc = xpathfn_context(&c.r);
	res = c.r.xc && c.r.patterns ? 0 : ERR_NOMEM;
	if (res == 0)
		res = xpathfn_names(c.r.xc, p);
	for (size_t i = 0; i < p->block_count && res == 0; i++) {
		if (block_by_name(p, p->blocks[i]->name) != p->blocks[i])
			res = err_set(e, ERR_FORMAT, "line %u: block '%s' is "
				      "there twice", p->blocks[i]->line,
				      p->blocks[i]->name);
		else
			res = check_block(&c, p->blocks[i]);
	}
	for (size_t i = 0; i < p->page_count && res == 0; i++)
		res = check_page(&c, &p->pages[i]);
out:
	if (c.r.xc)
		xmlXPathFreeContext(c.r.xc);
	pattern_cache_free(c.r.patterns);
	buf_release(&c.r.tmp);
	ptree_release(&t);
	arena_release(&a);
	return res;
}

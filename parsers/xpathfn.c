/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The XPath functions that profiles have beyond XPath 1.0 (prefix s).
 */
#include "parsers/dates.h"
#include "parsers/html.h"
#include "parsers/profile_int.h"
#include "parsers/text.h"

#include "util/clock.h"
#include "util/utf8.h"

#include <ctype.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <strings.h>

#define VALUE_MAX ((size_t)4 << 20)
#define FRAGMENTS_MAX 2000
#define XPATH_OPS_MAX 50000000u

#define ARITY(k)				\
	do {					\
		if (n != (k)) {			\
			xmlXPathSetArityError(c); \
			return;			\
		}				\
	} while (0)

static struct reading *self(xmlXPathParserContext *c)
{
	return c->context->userData;
}

/* The argument as text: of a node-set the first node's, of the rest string().
 * Clears tmp.  1 when there was something to convert. */
static int arg_text(xmlXPathParserContext *c, struct buf *out,
		    int (*node)(const xmlNode *, struct buf *),
		    int (*str)(struct bytes, struct buf *))
{
	xmlXPathObject *o = valuePop(c);
	int there = 0;

	buf_clear(out);
	if (!o) {
		xmlXPathSetError(c, XPATH_STACK_ERROR);
		return 0;
	}
	if (o->type == XPATH_NODESET || o->type == XPATH_XSLT_TREE) {
		if (o->nodesetval && o->nodesetval->nodeNr > 0) {
			node(o->nodesetval->nodeTab[0], out);
			there = 1;
		}
	} else {
		xmlChar *s = xmlXPathCastToString(o);

		if (s) {
			there = *s != '\0';
			str(bytes_str((const char *)s), out);
			xmlFree(s);
		}
	}
	xmlXPathFreeObject(o);
	return there && !out->failed;
}

static int add_raw(struct bytes s, struct buf *out)
{
	return buf_addb(out, s);
}

static void give(xmlXPathParserContext *c, struct buf *b)
{
	valuePush(c, xmlXPathNewString((const xmlChar *)buf_cstr(b)));
}

static void give_empty(xmlXPathParserContext *c)
{
	valuePush(c, xmlXPathNewCString(""));
}

/* s:class('name' [, nodes]) - elements of the class below the context node */
static void fn_class(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	const struct ptree_class *k;
	xmlNodeSet *set, *tops = NULL;
	xmlXPathObject *under = NULL;
	xmlChar *name;

	if (n != 1 && n != 2) {
		xmlXPathSetArityError(c);
		return;
	}
	if (n == 2) {
		under = valuePop(c);
		if (!under || under->type != XPATH_NODESET) {
			xmlXPathFreeObject(under);
			xmlXPathSetTypeError(c);
			return;
		}
		tops = under->nodesetval;
	}
	name = xmlXPathPopString(c);
	set = xmlXPathNodeSetCreate(NULL);
	if (name && set && r->tree) {
		size_t len = strlen((char *)name), i = 0;

		k = ptree_class(r->tree, (char *)name, len,
			       ptree_hash((char *)name, len));
		while (k) {
			const xmlNode *top = c->context->node;
			uint32_t first, m;

			if (n == 2) {
				if (!tops || i >= (size_t)tops->nodeNr)
					break;
				top = tops->nodeTab[i];
			}
			m = ptree_below(k, top, &first);
			for (uint32_t j = 0; j < m; j++) {
				if (n == 1)
					xmlXPathNodeSetAddUnique(set,
						k->nodes[first + j]);
				else
					xmlXPathNodeSetAdd(set,
						k->nodes[first + j]);
			}
			i++;
			if (n == 1)
				break;
		}
	}
	xmlFree(name);
	if (under)
		xmlXPathFreeObject(under);
	valuePush(c, xmlXPathWrapNodeSet(set));
}

/* s:is('name') - the context node carries the class */
static void fn_is(xmlXPathParserContext *c, int n)
{
	xmlChar *name;

	ARITY(1);
	name = xmlXPathPopString(c);
	valuePush(c, xmlXPathNewBoolean(name && c->context->node &&
		ptree_has_class(c->context->node, (char *)name,
			       strlen((char *)name))));
	xmlFree(name);
}

/* s:inside('name') - an ancestor of the context node carries the class */
static void fn_inside(xmlXPathParserContext *c, int n)
{
	const struct ptree_class *k = NULL;
	const struct ptree_info *me;
	struct reading *r = self(c);
	int yes = 0;
	xmlChar *name;

	ARITY(1);
	name = xmlXPathPopString(c);
	if (name && r->tree)
		k = ptree_class(r->tree, (char *)name, strlen((char *)name),
			       ptree_hash((char *)name, strlen((char *)name)));
	me = ptree_info(c->context->node);
	if (k && me)
		for (const xmlNode *p = c->context->node->parent; p && !yes;
		     p = p->parent)
			yes = ptree_has_class(p, (char *)name, k->name_len);
	xmlFree(name);
	valuePush(c, xmlXPathNewBoolean(yes));
}

static void fn_text(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);

	ARITY(1);
	arg_text(c, &r->tmp, text_of, text_lines);
	give(c, &r->tmp);
}

static int line_of(const xmlNode *n, struct buf *out)
{
	size_t from = out->len;

	text_of(n, out);
	for (size_t i = from; i < out->len; i++)
		if (out->p[i] == '\n')
			out->p[i] = ' ';
	return out->failed;
}

static void fn_line(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);

	ARITY(1);
	arg_text(c, &r->tmp, line_of, text_line);
	give(c, &r->tmp);
}

static void fn_url(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	struct buf url = BUF_INIT(URL_MAX);

	ARITY(1);
	if (arg_text(c, &r->tmp, text_raw, add_raw))
		style_url(buf_view(&r->tmp), &url);
	give(c, &url);
	buf_release(&url);
}

static void fn_count(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	int64_t v = -1;

	ARITY(1);
	if (arg_text(c, &r->tmp, text_raw, add_raw))
		v = count_read(buf_view(&r->tmp));
	valuePush(c, xmlXPathNewFloat(v < 0 ? xmlXPathNAN : (double)v));
}

/* s:date(value [, 'dmy']) - RFC 3339 in UTC, or nothing */
static void fn_date(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	char out[CLOCK_RFC3339_MAX];
	xmlChar *order = NULL;
	int64_t ms;

	if (n != 1 && n != 2) {
		xmlXPathSetArityError(c);
		return;
	}
	if (n == 2)
		order = xmlXPathPopString(c);
	if (order && strlen((char *)order) != 3) {
		xmlFree(order);
		order = NULL;
	}
	if (arg_text(c, &r->tmp, text_raw, add_raw) &&
	    date_read(buf_view(&r->tmp), (char *)order, &ms) == 0)
		valuePush(c, xmlXPathNewCString(clock_rfc3339_s(ms, out)));
	else
		give_empty(c);
	xmlFree(order);
}

static void fn_decode(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	struct buf out = BUF_INIT(VALUE_MAX);

	ARITY(1);
	if (arg_text(c, &r->tmp, text_raw, add_raw))
		entities_decode(buf_view(&r->tmp), &out);
	give(c, &out);
	buf_release(&out);
}

static void fn_abs(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	struct buf out = BUF_INIT(URL_MAX + 1);

	ARITY(1);
	if (arg_text(c, &r->tmp, text_raw, add_raw) &&
	    reading_href(r, buf_view(&r->tmp), &out) < 0)
		buf_clear(&out);
	give(c, &out);
	buf_release(&out);
}

static int match(xmlXPathParserContext *c, const char *pattern)
{
	struct reading *r = self(c);
	pcre2_code *code = pattern_cached(r->patterns, pattern);

	if (!code) {
		r->failed = err_set(&r->err, ERR_FORMAT,
				    "bad regular expression '%s'", pattern);
		xmlXPathSetError(c, XPATH_EXPR_ERROR);
		return 0;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT,
			   &r->patterns->groups);
	if (r->patterns->groups > CAPTURE_MAX)
		r->patterns->groups = CAPTURE_MAX;
	return pattern_hit(code, buf_view(&r->tmp), r->patterns->md) == 1;
}

/* s:match(string, 'regex' [, group]) - the group's text (default 1, or 0) */
static void fn_match(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	double group = -1;
	xmlChar *re;
	int hit;

	if (n != 2 && n != 3) {
		xmlXPathSetArityError(c);
		return;
	}
	if (n == 3)
		group = xmlXPathPopNumber(c);
	re = xmlXPathPopString(c);
	arg_text(c, &r->tmp, text_raw, add_raw);
	hit = re && match(c, (char *)re);
	xmlFree(re);
	if (c->error)
		return;
	if (hit) {
		PCRE2_SIZE *v = pcre2_get_ovector_pointer(r->patterns->md);
		uint32_t top = r->patterns->groups, g = 1;

		if (group >= 0)
			g = group <= top ? (uint32_t)group : 0;
		else if (!top || v[2] == PCRE2_UNSET)
			g = 0;
		if (v[2 * g] != PCRE2_UNSET && v[2 * g + 1] > v[2 * g]) {
			struct buf out = BUF_INIT(VALUE_MAX);

			buf_add(&out, r->tmp.p + v[2 * g],
				v[2 * g + 1] - v[2 * g]);
			give(c, &out);
			buf_release(&out);
			return;
		}
	}
	give_empty(c);
}

static void fn_matches(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	xmlChar *re;
	int hit;

	ARITY(2);
	re = xmlXPathPopString(c);
	arg_text(c, &r->tmp, text_raw, add_raw);
	hit = re && match(c, (char *)re);
	xmlFree(re);
	if (!c->error)
		valuePush(c, xmlXPathNewBoolean(hit));
}

/* s:replace(string, 'regex', 'by') - every match; $1 stands for a group */
static void fn_replace(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	struct buf out = BUF_INIT(VALUE_MAX);
	xmlChar *re, *by;
	pcre2_code *code;
	PCRE2_SIZE len;

	ARITY(3);
	by = xmlXPathPopString(c);
	re = xmlXPathPopString(c);
	arg_text(c, &r->tmp, text_raw, add_raw);
	code = re ? pattern_cached(r->patterns, (char *)re) : NULL;
	len = r->tmp.len * 4 + 4096;
	if (code && by && len < VALUE_MAX && buf_room(&out, len)) {
		PCRE2_SIZE got = len;

		if (pcre2_substitute(code, (PCRE2_SPTR)buf_cstr(&r->tmp),
				     r->tmp.len, 0, PCRE2_SUBSTITUTE_GLOBAL |
				     PCRE2_SUBSTITUTE_UNSET_EMPTY |
				     PCRE2_SUBSTITUTE_UNKNOWN_UNSET,
				     r->patterns->md, NULL, by,
				     PCRE2_ZERO_TERMINATED, out.p, &got) >= 0)
			out.len = got;
	}
	xmlFree(re);
	xmlFree(by);
	give(c, &out);
	buf_release(&out);
}

/* s:param('name') - what the page kind's url pattern caught under that name */
static void fn_param(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	xmlChar *name;
	struct buf out = BUF_INIT(URL_MAX);

	ARITY(1);
	name = xmlXPathPopString(c);
	for (size_t i = 0; name && i < r->capture_count; i++)
		if (!strcmp(r->captures[i].name, (char *)name))
			buf_addb(&out, r->captures[i].value);
	xmlFree(name);
	give(c, &out);
	buf_release(&out);
}

static void fn_page_url(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	struct buf out = BUF_INIT(URL_MAX + 1);

	ARITY(0);
	buf_addb(&out, r->page_url);
	give(c, &out);
	buf_release(&out);
}

static void give_node(xmlXPathParserContext *c, xmlNode *n)
{
	valuePush(c, xmlXPathNewNodeSet(n));
}

/* s:json('NAME') - the value that the page kind's json line of that name read */
static void fn_json(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	xmlNode *root, *k, *hit = NULL;
	xmlChar *name;

	ARITY(1);
	name = xmlXPathPopString(c);
	root = r->tree ? xmlDocGetRootElement(r->tree->doc) : NULL;
	for (k = root ? root->last : NULL; k && name; k = k->prev) {
		const char *s = ptree_get(k, "name");

		if (k->type == XML_ELEMENT_NODE && s &&
		    !strcmp((const char *)k->name, "json") &&
		    !strcmp(s, (char *)name))
			hit = k;
	}
	xmlFree(name);
	give_node(c, hit);
}

static int room_for_fragment(struct reading *r)
{
	return r->tree && !r->dry && r->fragments++ < FRAGMENTS_MAX;
}

/* s:html(string) - a piece of HTML held as text, as nodes */
static void fn_html(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	xmlNode *root = NULL;
	char *copy;

	ARITY(1);
	if (arg_text(c, &r->tmp, text_raw, add_raw) && room_for_fragment(r)) {
		copy = arena_dup(r->tree->arena, r->tmp.p, r->tmp.len);
		if (!copy || html_fragment(r->tree, BYTES(copy, r->tmp.len),
					   &root, NULL) < 0)
			root = NULL;
	}
	give_node(c, root);
}

/* s:parse-json(string) - JSON held as text, as nodes */
static void fn_parse_json(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	xmlNode *root = NULL;
	xmlDoc *doc;
	int owned;

	ARITY(1);
	if (arg_text(c, &r->tmp, text_raw, add_raw) && room_for_fragment(r)) {
		doc = r->tree->doc;
		owned = r->tree->owned;
		if (json_tree(r->tree, NULL, buf_view(&r->tmp), NULL, 1, &root,
			      NULL) < 0)
			root = NULL;
		r->tree->doc = doc;
		r->tree->owned = owned;
	}
	give_node(c, root);
}

/* s:first(a, b, ...) - the first argument that is not empty, as a string */
static void fn_first(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);
	struct buf out = BUF_INIT(VALUE_MAX);

	if (n < 1) {
		xmlXPathSetArityError(c);
		return;
	}
	while (n-- > 0)
		if (arg_text(c, &r->tmp, text_raw, add_raw)) {
			buf_clear(&out);
			buf_addb(&out, buf_view(&r->tmp));
		}
	give(c, &out);
	buf_release(&out);
}

/* s:join(nodes) - the text of all of them, in the order of the page */
static void fn_join(xmlXPathParserContext *c, int n)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	xmlXPathObject *o;

	ARITY(1);
	o = valuePop(c);
	if (!o) {
		xmlXPathSetError(c, XPATH_STACK_ERROR);
		return;
	}
	if (o->type == XPATH_NODESET && o->nodesetval) {
		xmlXPathNodeSetSort(o->nodesetval);
		for (int i = 0; i < o->nodesetval->nodeNr; i++)
			text_raw(o->nodesetval->nodeTab[i], &out);
	}
	xmlXPathFreeObject(o);
	give(c, &out);
	buf_release(&out);
}

static void fn_lower(xmlXPathParserContext *c, int n)
{
	struct reading *r = self(c);

	ARITY(1);
	arg_text(c, &r->tmp, text_raw, add_raw);
	for (size_t i = 0; i < r->tmp.len; i++)
		if (r->tmp.p[i] < 0x80)
			r->tmp.p[i] = (uint8_t)tolower(r->tmp.p[i]);
	give(c, &r->tmp);
}

static const struct {
	const char *name;
	xmlXPathFunction fn;
} functions[] = {
	{ "class", fn_class }, { "is", fn_is }, { "inside", fn_inside },
	{ "text", fn_text }, { "line", fn_line }, { "url", fn_url },
	{ "count", fn_count }, { "date", fn_date }, { "decode", fn_decode },
	{ "abs", fn_abs }, { "match", fn_match }, { "matches", fn_matches },
	{ "replace", fn_replace }, { "param", fn_param },
	{ "page-url", fn_page_url }, { "json", fn_json }, { "html", fn_html },
	{ "parse-json", fn_parse_json }, { "first", fn_first },
	{ "lower", fn_lower }, { "join", fn_join },
};

int xpathfn_known(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strlen(functions[i].name) == len &&
		    !memcmp(functions[i].name, name, len))
			return 1;
	return 0;
}

/* libxml2 reports here instead of on stderr; the first cause is kept. */
static void note(void *ctx, const xmlError *x)
{
	struct reading *r = ctx;
	size_t n;

	if (!r || r->failed)
		return;
	r->failed = err_set(&r->err, ERR_FORMAT, "%s",
			    x && x->message ? x->message : "XPath error");
	n = strlen(r->err.text);
	while (n && isspace((unsigned char)r->err.text[n - 1]))
		r->err.text[--n] = '\0';
}

xmlXPathContext *xpathfn_context(struct reading *r)
{
	xmlXPathContext *x = xmlXPathNewContext(NULL);

	if (!x)
		return NULL;
	x->userData = r;
	x->error = (xmlStructuredErrorFunc)note;
	x->opLimit = XPATH_OPS_MAX;
	xmlXPathContextSetCache(x, 1, 100, 0);
	if (xmlXPathRegisterNs(x, (const xmlChar *)"s",
			       (const xmlChar *)PROFILE_NS) < 0)
		goto fail;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (xmlXPathRegisterFuncNS(x,
				(const xmlChar *)functions[i].name,
				(const xmlChar *)PROFILE_NS,
				functions[i].fn) < 0)
			goto fail;
	return x;
fail:
	xmlXPathFreeContext(x);
	return NULL;
}

int xpathfn_names(xmlXPathContext *x, const struct profile *p)
{
	for (size_t i = 0; i < p->ns_prefix.count; i++)
		if (xmlXPathRegisterNs(x, (xmlChar *)p->ns_prefix.v[i],
				       (xmlChar *)p->ns_uri.v[i]) < 0)
			return ERR_NOMEM;
	return 0;
}

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
#define PATTERNS_MAX 256
#define FRAGMENTS_MAX 2000
#define XPATH_OPS_MAX 50000000u

#define ARITY(k)				\
	do {					\
		if (n != (k)) {			\
			xmlXPathSetArityError(c); \
			return;			\
		}				\
	} while (0)

struct pattern_cache {
	struct {
		char *text;
		pcre2_code *code;
	} slot[PATTERNS_MAX];
	pcre2_match_data *md;
	uint32_t groups;	/* of the pattern matched last */
};

struct pattern_cache *pattern_cache_new(void)
{
	struct pattern_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->md = pcre2_match_data_create(CAPTURE_MAX + 1, NULL);
	if (!c->md) {
		free(c);
		return NULL;
	}
	return c;
}

void pattern_cache_free(struct pattern_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < PATTERNS_MAX; i++) {
		free(c->slot[i].text);
		pcre2_code_free(c->slot[i].code);
	}
	pcre2_match_data_free(c->md);
	free(c);
}

static pcre2_code *compiled(struct pattern_cache *c, const char *text)
{
	size_t i = ptree_hash(text, strlen(text)) % PATTERNS_MAX;
	pcre2_code *code;
	int err;
	size_t at;

	if (c->slot[i].text && !strcmp(c->slot[i].text, text))
		return c->slot[i].code;
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &err, &at,
			     NULL);
	if (!code)
		return NULL;
	free(c->slot[i].text);
	pcre2_code_free(c->slot[i].code);
	c->slot[i].code = code;
	c->slot[i].text = strdup(text);
	if (!c->slot[i].text) {
		pcre2_code_free(code);
		c->slot[i].code = NULL;
		return NULL;
	}
	return code;
}

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

int style_url(struct bytes style, struct buf *out)
{
	const char *s = (const char *)style.p, *end = s + style.len, *q;
	char quote;

	for (; end - s >= 5; s++) {
		if (strncasecmp(s, "url(", 4))
			continue;
		s += 4;
		while (s < end && isspace((unsigned char)*s))
			s++;
		quote = 0;
		if (s < end && (*s == '\'' || *s == '"'))
			quote = *s++;
		q = s;
		while (q < end && (quote ? *q != quote : *q != ')'))
			q += *q == '\\' && end - q > 1 ? 2 : 1;
		while (!quote && q > s && isspace((unsigned char)q[-1]))
			q--;
		for (; s < q; s++) {
			if (*s == '\\' && q - s > 1)
				s++;
			buf_addc(out, (uint8_t)*s);
		}
		return out->failed;
	}
	return 0;
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

int64_t count_read(struct bytes s)
{
	double v = 0, scale = 1;
	size_t i = 0, groups = 0;
	int digits = 0, frac = 0;

	while (i < s.len && !isdigit(s.p[i]))
		i++;
	for (; i < s.len; i++) {
		uint8_t ch = s.p[i];
		size_t k = i + 1, run = 0;

		if (isdigit(ch)) {
			digits++;
			v = v * 10 + (ch - '0');
			if (frac)
				scale *= 10;
			continue;
		}
		/* A separator: of thousands when three digits and no more
		 * follow, of the fraction when a point or comma. */
		if (ch == 0xc2 && k < s.len && s.p[k] == 0xa0)
			k++;
		else if (ch == 0xe2 && k + 1 < s.len && s.p[k] == 0x80 &&
			 (s.p[k + 1] == 0xaf || s.p[k + 1] == 0x89))
			k += 2;
		else if (ch != ' ' && ch != ',' && ch != '.' && ch != '\'')
			break;
		while (k + run < s.len && isdigit(s.p[k + run]))
			run++;
		if (run == 3 && !frac &&
		    !(k + run < s.len && strchr("kKmMbB", s.p[k + run]) &&
		      (ch == '.' || ch == ','))) {
			groups++;
			i = k - 1;
		} else if ((ch == '.' || ch == ',') && run && !frac &&
			   !groups) {
			frac = 1;
		} else {
			break;
		}
	}
	if (!digits || digits > 15)
		return -1;
	while (i < s.len && s.p[i] == ' ')
		i++;
	v /= scale;
	if (i < s.len && (i + 1 == s.len || !isalpha(s.p[i + 1]))) {
		if (s.p[i] == 'K' || s.p[i] == 'k')
			v *= 1e3;
		else if (s.p[i] == 'M' || s.p[i] == 'm')
			v *= 1e6;
		else if (s.p[i] == 'B' || s.p[i] == 'b' || s.p[i] == 'G')
			v *= 1e9;
	}
	return v < 9e15 ? (int64_t)(v + 0.5) : -1;
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

int entities_decode(struct bytes s, struct buf *out)
{
	static const struct {
		const char *name;
		uint32_t cp;
	} named[] = {
		{ "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' },
		{ "quot;", '"' }, { "apos;", '\'' }, { "nbsp;", 0xa0 },
	};
	size_t i = 0;

	while (i < s.len) {
		const char *p = (const char *)s.p + i;
		size_t left = s.len - i, k;
		uint32_t cp = 0;

		if (*p != '&' || left < 4) {
			buf_addc(out, s.p[i++]);
			continue;
		}
		if (p[1] == '#') {
			int hex = (p[2] | 32) == 'x';

			k = hex ? 3 : 2;
			for (; k < left && k < 12; k++) {
				unsigned char d = (unsigned char)p[k];

				if (hex ? !isxdigit(d) : !isdigit(d))
					break;
				cp = hex ? cp * 16 + (unsigned)(isdigit(d) ?
					d - '0' : (d | 32) - 'a' + 10) :
					cp * 10 + (unsigned)(d - '0');
			}
			if (k > (hex ? 3u : 2u) && k < left && p[k] == ';') {
				utf8_put(out, cp ? cp : 0xfffd);
				i += k + 1;
				continue;
			}
		}
		for (k = 0; k < sizeof(named) / sizeof(named[0]); k++) {
			size_t l = strlen(named[k].name);

			if (l < left && !strncmp(p + 1, named[k].name, l)) {
				utf8_put(out, named[k].cp);
				i += l + 1;
				break;
			}
		}
		if (k == sizeof(named) / sizeof(named[0]))
			buf_addc(out, s.p[i++]);
	}
	return out->failed;
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

static int has_scheme(struct bytes s)
{
	size_t i;

	if (!s.len || !isalpha(s.p[0]))
		return 0;
	for (i = 1; i < s.len; i++)
		if (!isalnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' &&
		    s.p[i] != '.')
			break;
	return i < s.len && s.p[i] == ':' && i > 1;
}

int reading_href(struct reading *r, struct bytes s, struct buf *out)
{
	struct url u = URL_INIT;
	size_t odd = 0;
	int res;

	while (s.len && s.p[0] <= ' ') {
		s.p++;
		s.len--;
	}
	while (s.len && s.p[s.len - 1] <= ' ')
		s.len--;
	if (!s.len)
		return ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++)
		odd += s.p[i] < ' ';
	/* Absolute: as the page has it, the exhibit's own words. */
	if (!odd && has_scheme(s) && s.len <= URL_MAX)
		return buf_addb(out, s);
	if (!r->base)
		return ERR_FORMAT;
	res = url_parse(s, r->base, &u, NULL);
	if (res < 0)
		return res;
	res = buf_add(out, u.href, u.len);
	url_release(&u);
	return res;
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

int pattern_hit(const pcre2_code *code, struct bytes s, pcre2_match_data *md)
{
	pcre2_match_data *own = NULL;
	pcre2_match_context *mc = pcre2_match_context_create(NULL);
	PCRE2_SIZE *v;
	int n;

	if (!md)
		md = own = pcre2_match_data_create(1, NULL);
	if (!md || !mc) {
		pcre2_match_context_free(mc);
		return ERR_NOMEM;
	}
	pcre2_set_match_limit(mc, 200000);
	pcre2_set_depth_limit(mc, 2000);
	pcre2_set_heap_limit(mc, 4096);
	/* A match writes only the groups that its pattern has. */
	v = pcre2_get_ovector_pointer(md);
	for (uint32_t i = 0; i < 2 * pcre2_get_ovector_count(md); i++)
		v[i] = PCRE2_UNSET;
	n = pcre2_match(code, s.p ? s.p : (PCRE2_SPTR)"", s.len, 0, 0, md, mc);
	pcre2_match_context_free(mc);
	pcre2_match_data_free(own);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	return n < 0 ? ERR_LIMIT : 1;
}

static int match(xmlXPathParserContext *c, const char *pattern)
{
	struct reading *r = self(c);
	pcre2_code *code = compiled(r->patterns, pattern);

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
	code = re ? compiled(r->patterns, (char *)re) : NULL;
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
	{ "lower", fn_lower },
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

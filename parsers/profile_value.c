/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From expressions to values.  Most are plain (a class, an attribute of a
 * class) or need a class that is not there: those never reach libxml2.
 */
#include "parsers/profile_eval.h"

#include "parsers/dates.h"
#include "parsers/text.h"
#include "util/clock.h"

#include <libxml/xpathInternals.h>

void value_release(struct value *v)
{
	xmlXPathFreeObject(v->owner);
	if (v->made)
		xmlFree(v->made);
}

/* 1 when a class the expression cannot do without is below the node. */
static int possible(struct reading *r, const struct expr *x, xmlNode *at)
{
	const struct ptree_class *c;
	uint32_t first;

	if (!x->need)
		return 1;
	c = ptree_class(r->tree, x->need, x->need_len, x->need_hash);
	return c && ptree_below(c, at, &first) > 0;
}

static xmlNode *attr_of(const xmlNode *el, const char *name)
{
	if (el && el->type == XML_ELEMENT_NODE)
		for (xmlAttr *a = el->properties; a; a = a->next)
			if (!strcmp((const char *)a->name, name))
				return (xmlNode *)a;
	return NULL;
}

/* The plain forms, straight from the index: at most max nodes. */
static size_t fast(struct reading *r, const struct expr *x, xmlNode *at,
		   xmlNode **v, size_t max)
{
	const struct ptree_class *c;
	uint32_t first, n;
	size_t got = 0;

	if (x->fast == FAST_SELF || x->fast == FAST_ATTR) {
		v[0] = x->fast == FAST_SELF ? at : attr_of(at, x->attr);
		return v[0] != NULL;
	}
	c = ptree_class(r->tree, x->need, x->need_len, x->need_hash);
	n = c ? ptree_below(c, at, &first) : 0;
	for (uint32_t i = 0; i < n && got < max; i++) {
		xmlNode *el = c->nodes[first + i];

		if (x->fast == FAST_CLASS_ATTR)
			el = attr_of(el, x->attr);
		if (el)
			v[got++] = el;
	}
	return got;
}

static xmlXPathObject *run(struct reading *r, const struct expr *x,
			   xmlNode *at)
{
	xmlXPathObject *o;

	r->xc->doc = r->tree->doc;
	r->xc->node = at;
	r->xc->contextSize = r->xc->proximityPosition = 1;
	o = xmlXPathCompiledEval(x->comp, r->xc);
	if (r->failed && !r->line)
		r->line = x->line;
	return o;
}

size_t eval_nodes(struct reading *r, const struct expr *x, xmlNode *at,
		  xmlNode **v, size_t max)
{
	xmlXPathObject *o;
	size_t n = 0;

	if (!x->comp || !max || !possible(r, x, at))
		return 0;
	if (x->fast)
		return fast(r, x, at, v, max);
	o = run(r, x, at);
	if (o && o->type == XPATH_NODESET && o->nodesetval) {
		/* A function's result may come unsorted. */
		xmlXPathNodeSetSort(o->nodesetval);
		for (int i = 0; i < o->nodesetval->nodeNr && n < max; i++)
			if (o->nodesetval->nodeTab[i]->type !=
			    XML_NAMESPACE_DECL)
				v[n++] = o->nodesetval->nodeTab[i];
	}
	xmlXPathFreeObject(o);
	return n;
}

int eval_true(struct reading *r, const struct expr *x, xmlNode *at)
{
	xmlXPathObject *o;
	xmlNode *one[1];
	int yes;

	if (!x->comp || !possible(r, x, at))
		return 0;
	if (x->fast)
		return fast(r, x, at, one, 1) > 0;
	o = run(r, x, at);
	yes = o ? xmlXPathCastToBoolean(o) : 0;
	xmlXPathFreeObject(o);
	return yes;
}

void value_of(struct reading *r, const struct expr *x, xmlNode *at,
	      struct value *v)
{
	memset(v, 0, sizeof(*v));
	if (!possible(r, x, at))
		return;
	if (x->fast) {
		xmlNode *one[1];

		if (fast(r, x, at, one, 1))
			v->node = one[0];
		return;
	}
	v->owner = run(r, x, at);
	if (!v->owner)
		return;
	switch (v->owner->type) {
	case XPATH_NODESET:
		if (v->owner->nodesetval && v->owner->nodesetval->nodeNr > 0)
			v->node = v->owner->nodesetval->nodeTab[0];
		break;
	case XPATH_STRING:
		v->str = (const char *)v->owner->stringval;
		break;
	case XPATH_NUMBER:
		if (xmlXPathIsNaN(v->owner->floatval))
			break;
		/* fall through */
	default:
		v->made = xmlXPathCastToString(v->owner);
		v->str = (const char *)v->made;
		break;
	}
}

/* The bare characters of a value. */
static struct bytes raw(struct reading *r, const struct value *v)
{
	const xmlNode *n = v->node, *k;

	if (v->str)
		return bytes_str(v->str);
	if (!n)
		return (struct bytes){ NULL, 0 };
	k = n->type == XML_TEXT_NODE ? n : n->children;
	if (k && k->type == XML_TEXT_NODE && (k == n || !k->next))
		return bytes_str((const char *)k->content);
	buf_clear(&r->tmp);
	text_raw(n, &r->tmp);
	return buf_view(&r->tmp);
}

static struct bytes trim(struct bytes s)
{
	while (s.len && s.p[0] <= ' ') {
		s.p++;
		s.len--;
	}
	while (s.len && s.p[s.len - 1] <= ' ')
		s.len--;
	return s;
}

/* Writes a value into out in the way its rule says; 1 when there is one. */
int value_write(struct reading *r, const struct rule *u,
		 const struct value *v, struct buf *out)
{
	char date[CLOCK_RFC3339_MAX];
	struct buf more = BUF_INIT(POST_TEXT_MAX);
	struct bytes s;
	int64_t ms;
	int ok = 1;

	buf_clear(out);
	if (!v->node && !v->str)
		return 0;
	switch (u->type) {
	case RULE_TEXT:
	case RULE_TEXTS:
		if (v->node && !u->decode) {
			text_of(v->node, out);
			break;
		}
		s = raw(r, v);
		if (u->decode) {
			entities_decode(s, &more);
			s = buf_view(&more);
		}
		text_lines(s, out);
		break;
	case RULE_LINE:
		if (v->node) {
			text_of(v->node, &more);
			s = buf_view(&more);
		} else {
			s = raw(r, v);
		}
		text_line(s, out);
		break;
	case RULE_STYLE:
		style_url(raw(r, v), &more);
		ok = reading_href(r, buf_view(&more), out) == 0;
		break;
	case RULE_HREF:
	case RULE_HREFS:
		s = raw(r, v);
		if (u->decode) {
			entities_decode(s, &more);
			s = buf_view(&more);
		}
		ok = reading_href(r, s, out) == 0;
		break;
	case RULE_DATE:
		ok = date_read(raw(r, v), u->order[0] ? u->order : NULL,
			       &ms) == 0;
		if (ok)
			buf_adds(out, clock_rfc3339_s(ms, date));
		break;
	case RULE_COUNT:
	case RULE_NUMBER:
		ms = count_read(raw(r, v));
		ok = ms >= 0;
		if (ok)
			buf_addf(out, "%lld", (long long)ms);
		break;
	default:
		s = trim(raw(r, v));
		if (u->decode)
			entities_decode(s, out);
		else
			buf_addb(out, s);
		break;
	}
	buf_release(&more);
	return ok && !out->failed && out->len > 0;
}

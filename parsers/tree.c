/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/tree.h"

#include <libxml/parserInternals.h>
#include <libxml/xpath.h>

/* An attribute and the text node that holds its value, in one piece. */
struct attr_piece {
	xmlAttr attr;
	xmlNode text;
};

/* An element and what the index knows of it. */
struct element_piece {
	xmlNode node;
	struct ptree_info info;
};

void ptree_release(struct ptree *t)
{
	if (!t)
		return;
	if (t->owned && t->doc)
		xmlFreeDoc(t->doc);
	t->doc = NULL;
	t->owned = 0;
	t->classes = NULL;
	t->class_slots = t->class_count = 0;
}

static void *piece(struct ptree *t, size_t n)
{
	void *p = arena_zalloc(t->arena, n);

	if (!p)
		t->failed = ERR_NOMEM;
	return p;
}

/* Counts nodes; 0 when there is room for one more. */
static int count(struct ptree *t)
{
	if (t->failed)
		return -1;
	if (t->nodes >= t->nodes_max) {
		t->limits |= PTREE_CUT;
		return -1;
	}
	t->nodes++;
	return 0;
}

int ptree_start(struct ptree *t, const char *root_url)
{
	xmlDoc *d = piece(t, sizeof(*d));

	if (!d)
		return ERR_NOMEM;
	d->type = XML_DOCUMENT_NODE;
	d->doc = d;
	d->standalone = -1;
	d->compression = -1;
	d->charset = XML_CHAR_ENCODING_UTF8;
	d->URL = (const xmlChar *)root_url;
	t->doc = d;
	t->owned = 0;
	return 0;
}

static void append(xmlNode *parent, xmlNode *n)
{
	n->parent = parent;
	n->prev = parent->last;
	if (parent->last)
		parent->last->next = n;
	else
		parent->children = n;
	parent->last = n;
}

xmlNode *ptree_element(struct ptree *t, xmlNode *parent, const char *name,
		      uint32_t off, uint32_t len)
{
	const struct ptree_info *up;
	struct element_piece *e;

	up = ptree_info(parent);
	if (up && up->depth >= t->depth_max) {
		parent = parent->parent;
		up = ptree_info(parent);
		t->limits |= PTREE_FLATTENED;
	}
	if (count(t) < 0)
		return NULL;
	e = piece(t, sizeof(*e));
	if (!e)
		return NULL;
	e->node._private = &e->info;
	e->node.type = XML_ELEMENT_NODE;
	e->node.name = (const xmlChar *)name;
	e->node.doc = t->doc;
	e->info.pre = ++t->elements;
	e->info.last = e->info.pre;
	e->info.off = off;
	e->info.len = len;
	e->info.depth = (uint16_t)(up ? up->depth + 1 : 1);
	/* What xmlXPathOrderDocElems() would write: document order. */
	e->node.content = (xmlChar *)(-(ptrdiff_t)e->info.pre);
	append(parent ? parent : (xmlNode *)t->doc, &e->node);
	return &e->node;
}

xmlNode *ptree_text(struct ptree *t, xmlNode *parent, const char *text)
{
	const struct ptree_info *up;
	xmlNode *n;

	if (count(t) < 0)
		return NULL;
	n = piece(t, sizeof(*n));
	if (!n)
		return NULL;
	n->type = XML_TEXT_NODE;
	n->name = xmlStringText;
	n->content = (xmlChar *)(uintptr_t)text;
	n->doc = t->doc;
	/* Behind an element that was moved up, its parent's text moves too. */
	up = ptree_info(parent);
	if (up && up->depth >= t->depth_max && parent->next)
		parent = parent->parent;
	append(parent, n);
	return n;
}

xmlAttr *ptree_attr(struct ptree *t, xmlNode *el, const char *name,
		   const char *value)
{
	struct attr_piece *a;

	if (count(t) < 0)
		return NULL;
	a = piece(t, sizeof(*a));
	if (!a)
		return NULL;
	a->attr.type = XML_ATTRIBUTE_NODE;
	a->attr.name = (const xmlChar *)name;
	a->attr.parent = el;
	a->attr.doc = t->doc;
	a->attr.children = a->attr.last = &a->text;
	a->text.type = XML_TEXT_NODE;
	a->text.name = xmlStringText;
	a->text.content = (xmlChar *)(uintptr_t)value;
	a->text.parent = (xmlNode *)&a->attr;
	a->text.doc = t->doc;
	/* psvi serves as the list's tail; libxml2 leaves it to others. */
	if (!el->properties) {
		el->properties = &a->attr;
	} else {
		xmlAttr *last = el->psvi;

		last->next = &a->attr;
		a->attr.prev = last;
	}
	el->psvi = &a->attr;
	return &a->attr;
}

uint32_t ptree_hash(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h ^ h >> 15;
}

static struct ptree_class **slot(struct ptree_class **tab, uint32_t slots,
				const char *name, size_t len, uint32_t hash)
{
	uint32_t i = hash & (slots - 1);

	while (tab[i] && (tab[i]->hash != hash || tab[i]->name_len != len ||
			  memcmp(tab[i]->name, name, len) != 0))
		i = (i + 1) & (slots - 1);
	return &tab[i];
}

static int more_slots(struct ptree *t)
{
	uint32_t n = t->class_slots ? t->class_slots * 2 : 512;
	struct ptree_class **tab = piece(t, n * sizeof(struct ptree_class *));

	if (!tab)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < t->class_slots; i++) {
		struct ptree_class *c = t->classes[i];

		if (c)
			*slot(tab, n, c->name, c->name_len, c->hash) = c;
	}
	t->classes = tab;
	t->class_slots = n;
	return 0;
}

static int enter(struct ptree *t, xmlNode *el, const char *name, size_t len)
{
	uint32_t hash = ptree_hash(name, len);
	struct ptree_class **s, *c;

	if (t->class_count * 2 >= t->class_slots && more_slots(t) < 0)
		return ERR_NOMEM;
	s = slot(t->classes, t->class_slots, name, len, hash);
	c = *s;
	if (!c) {
		c = piece(t, sizeof(*c));
		if (!c)
			return ERR_NOMEM;
		c->name = name;
		c->name_len = len;
		c->hash = hash;
		*s = c;
		t->class_count++;
	}
	if (c->count && c->nodes[c->count - 1] == el)
		return 0;	/* the same class twice on one element */
	if (c->count == c->size) {
		uint32_t size = c->size ? c->size * 2 : 8;
		xmlNode **v = arena_alloc(t->arena, size * sizeof(xmlNode *));

		if (!v)
			return t->failed = ERR_NOMEM;
		if (c->count)
			memcpy(v, c->nodes, c->count * sizeof(xmlNode *));
		c->nodes = v;
		c->size = size;
	}
	c->nodes[c->count++] = el;
	return 0;
}

static int space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static int enter_all(struct ptree *t, xmlNode *el, const char *v)
{
	while (*v) {
		const char *from;

		while (space(*v))
			v++;
		from = v;
		while (*v && !space(*v))
			v++;
		if (v > from && enter(t, el, from, (size_t)(v - from)) < 0)
			return ERR_NOMEM;
	}
	return 0;
}

const xmlNode *ptree_skip(const xmlNode *n, const xmlNode *top)
{
	while (n && n != top) {
		if (n->next)
			return n->next;
		n = n->parent;
		if (n && (n->type == XML_DOCUMENT_NODE ||
			  n->type == XML_HTML_DOCUMENT_NODE))
			return NULL;
	}
	return NULL;
}

const xmlNode *ptree_next(const xmlNode *n, const xmlNode *top)
{
	if (n->type == XML_ELEMENT_NODE && n->children)
		return n->children;
	return n == top ? NULL : ptree_skip(n, top);
}

const char *ptree_get(const xmlNode *el, const char *name)
{
	if (!el || el->type != XML_ELEMENT_NODE)
		return NULL;
	for (const xmlAttr *a = el->properties; a; a = a->next)
		if (!strcmp((const char *)a->name, name))
			return a->children && a->children->content ?
			       (const char *)a->children->content : "";
	return NULL;
}

int ptree_has_class(const xmlNode *el, const char *name, size_t len)
{
	const char *v = ptree_get(el, "class");

	while (v && *v) {
		const char *from;

		while (space(*v))
			v++;
		from = v;
		while (*v && !space(*v))
			v++;
		if ((size_t)(v - from) == len && !memcmp(from, name, len))
			return 1;
	}
	return 0;
}

/* An element ends where the next one begins that is not inside it. */
static void close_up(xmlNode *n, uint32_t last)
{
	struct ptree_info *i = n->_private;

	i->last = last;
}

int ptree_seal(struct ptree *t, xmlNode *from)
{
	xmlNode *top = from ? from : xmlDocGetRootElement(t->doc);
	xmlNode *n = top;
	uint32_t seen = 0;

	if (t->failed)
		return t->failed;
	while (n) {
		if (n->type == XML_ELEMENT_NODE) {
			const char *cls = ptree_get(n, "class");

			seen = ((struct ptree_info *)n->_private)->pre;
			if (cls && enter_all(t, n, cls) < 0)
				return ERR_NOMEM;
			if (n->children) {
				n = n->children;
				continue;
			}
			close_up(n, seen);
		}
		while (n && n != top && !n->next) {
			n = n->parent;
			if (n && n->type == XML_ELEMENT_NODE)
				close_up(n, seen);
		}
		n = n && n != top ? n->next : NULL;
	}
	/* A part appended later lies inside all its ancestors. */
	for (n = top ? top->parent : NULL; n && n->type == XML_ELEMENT_NODE;
	     n = n->parent)
		close_up(n, seen);
	return 0;
}

int ptree_number(struct ptree *t)
{
	xmlNode *n = xmlDocGetRootElement(t->doc);
	const xmlNode *top = n;

	while (n) {
		if (n->type == XML_ELEMENT_NODE) {
			struct ptree_info *i = piece(t, sizeof(*i));

			if (!i)
				return ERR_NOMEM;
			i->pre = i->last = ++t->elements;
			n->_private = i;
		}
		t->nodes++;
		n = (xmlNode *)(uintptr_t)ptree_next(n, top);
	}
	xmlXPathOrderDocElems(t->doc);
	return ptree_seal(t, NULL);
}

const struct ptree_class *ptree_class(const struct ptree *t, const char *name,
				    size_t len, uint32_t hash)
{
	if (!t->class_slots)
		return NULL;
	return *slot(t->classes, t->class_slots, name, len, hash);
}

/* The first entry whose number is at least pre. */
static uint32_t lower(const struct ptree_class *c, uint32_t pre)
{
	uint32_t lo = 0, hi = c->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ptree_info(c->nodes[mid])->pre < pre)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t ptree_below(const struct ptree_class *c, const xmlNode *top,
		    uint32_t *first_out)
{
	const struct ptree_info *i = ptree_info(top);

	*first_out = 0;
	if (!i)
		return c->count;
	*first_out = lower(c, i->pre + 1);
	return lower(c, i->last + 1) - *first_out;
}

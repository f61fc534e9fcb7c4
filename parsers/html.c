/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/html.h"

#include <ctype.h>
#include <gumbo.h>
#include <stdlib.h>
#include <unistd.h>

/* A vector of gumbo's that the walk is inside of. */
struct place {
	const GumboVector *kids;
	unsigned next;
	xmlNode *into;
};

struct walk {
	struct ptree *t;
	struct place *stack;
	size_t depth, size;
	size_t input_len;
};

_Noreturn void html_give_up(void *arg)
{
	(void)arg;
	_exit(HTML_EXIT_MEMORY);
}

static void *give(void *arena, size_t n)
{
	return arena_alloc(arena, n);
}

static void keep(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

static int push(struct walk *w, const GumboVector *kids, xmlNode *into)
{
	if (w->depth == w->size) {
		size_t size = w->size ? w->size * 2 : 256;
		struct place *s = realloc(w->stack, size * sizeof(*s));

		if (!s)
			return ERR_NOMEM;
		w->stack = s;
		w->size = size;
	}
	w->stack[w->depth++] = (struct place){ kids, 0, into };
	return 0;
}

/* The name of an element gumbo has no number for, as written, lower case. */
static const char *odd_name(struct walk *w, const GumboElement *el)
{
	GumboStringPiece p = el->original_tag;
	char *s;

	gumbo_tag_from_original_text(&p);
	if (!p.data || !p.length)
		return "unknown";
	s = arena_dup(w->t->arena, p.data, p.length);
	for (size_t i = 0; s && s[i]; i++)
		s[i] = (char)tolower((unsigned char)s[i]);
	return s;
}

/* From the first byte of the start tag to behind the end tag, if any. */
static void extent(const struct walk *w, const GumboElement *el,
		   uint32_t *off, uint32_t *len)
{
	size_t from = el->start_pos.offset, to;

	*off = *len = 0;
	if (!el->original_tag.data || from >= w->input_len)
		return;
	to = from + el->original_tag.length;
	if (el->end_pos.offset > from)
		to = el->end_pos.offset + el->original_end_tag.length;
	if (to < from + el->original_tag.length)
		to = from + el->original_tag.length;
	if (to > w->input_len)
		to = w->input_len;
	*off = (uint32_t)from;
	*len = (uint32_t)(to - from);
}

static int element(struct walk *w, const GumboElement *el, xmlNode *into)
{
	const char *name = el->tag == GUMBO_TAG_UNKNOWN ?
			   odd_name(w, el) : gumbo_normalized_tagname(el->tag);
	uint32_t off, len;
	xmlNode *n;

	if (!name)
		return ERR_NOMEM;
	extent(w, el, &off, &len);
	n = ptree_element(w->t, into, name, off, len);
	if (!n)
		return 0;	/* t->limits or t->failed tells */
	for (unsigned i = 0; i < el->attributes.length; i++) {
		const GumboAttribute *a = el->attributes.data[i];

		if (!ptree_attr(w->t, n, a->name, a->value))
			return 0;
	}
	return el->children.length ? push(w, &el->children, n) : 0;
}

static int walk(struct walk *w, const GumboVector *kids, xmlNode *into)
{
	int r = push(w, kids, into);

	while (r == 0 && w->depth && !(w->t->limits & PTREE_CUT) &&
	       !w->t->failed) {
		struct place *p = &w->stack[w->depth - 1];
		const GumboNode *n;

		if (p->next == p->kids->length) {
			w->depth--;
			continue;
		}
		n = p->kids->data[p->next++];
		switch (n->type) {
		case GUMBO_NODE_ELEMENT:
		case GUMBO_NODE_TEMPLATE:
			r = element(w, &n->v.element, p->into);
			break;
		case GUMBO_NODE_TEXT:
		case GUMBO_NODE_CDATA:
		case GUMBO_NODE_WHITESPACE:
			if (p->into->type == XML_ELEMENT_NODE)
				ptree_text(w->t, p->into, n->v.text.text);
			break;
		case GUMBO_NODE_DOCUMENT:
		case GUMBO_NODE_COMMENT:
			break;
		}
	}
	free(w->stack);
	return r < 0 ? r : w->t->failed;
}

static const GumboOutput *parse(struct ptree *t, struct bytes in,
				GumboTag fragment)
{
	GumboOptions o = kGumboDefaultOptions;

	if (!t->arena->exhausted)
		t->arena->exhausted = html_give_up;
	o.allocator = give;
	o.deallocator = keep;
	o.userdata = t->arena;
	o.max_errors = 0;
	o.fragment_context = fragment;
	return gumbo_parse_with_options(&o, in.len ? (const char *)in.p : "",
					in.len);
}

int html_tree(struct ptree *t, const struct charset_text *text,
	      const char *url, struct err *e)
{
	struct walk w = { .t = t, .input_len = text->utf8.len };
	const GumboOutput *out;
	int r;

	if (text->utf8.len > PTREE_INPUT_MAX)
		return err_set(e, ERR_LIMIT,
			       "page of %zu bytes is longer than %zu",
			       text->utf8.len, PTREE_INPUT_MAX);
	if (text->bad)
		t->limits |= PTREE_BAD_CHARSET;
	memcpy(t->charset, text->name, sizeof(t->charset));
	r = ptree_start(t, url);
	if (r < 0)
		return err_set(e, r, "no memory for a page");
	out = parse(t, text->utf8, GUMBO_TAG_LAST);
	r = walk(&w, &out->document->v.document.children, (xmlNode *)t->doc);
	if (r == 0)
		r = ptree_seal(t, NULL);
	if (r < 0)
		return err_set(e, r, "no memory for the tree of a page");
	return 0;
}

int html_fragment(struct ptree *t, struct bytes html, xmlNode **root_out,
		  struct err *e)
{
	struct walk w = { .t = t };
	xmlDoc *doc = t->doc;
	int owned = t->owned, r;
	const GumboOutput *out;
	xmlNode *root;

	if (html.len > PTREE_INPUT_MAX)
		return err_set(e, ERR_LIMIT,
			       "piece of %zu bytes is longer than %zu",
			       html.len, PTREE_INPUT_MAX);
	r = ptree_start(t, NULL);
	if (r < 0)
		goto out;
	root = ptree_element(t, NULL, "fragment", 0, 0);
	if (!root) {
		r = t->failed ? t->failed : ERR_LIMIT;
		goto out;
	}
	out = parse(t, html, GUMBO_TAG_DIV);
	r = walk(&w, &out->root->v.element.children, root);
	if (r == 0)
		r = ptree_seal(t, root);
	if (r == 0)
		*root_out = root;
out:
	t->doc = doc;
	t->owned = owned;
	return r < 0 ? err_set(e, r, "cannot read a piece of HTML: %s",
			       err_name(r)) : 0;
}

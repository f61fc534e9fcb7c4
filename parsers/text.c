/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/text.h"

#include <strings.h>

/* What stands between the text written and the text to come. */
struct gap {
	struct buf *out;
	size_t from;		/* of this text in out */
	unsigned lines;		/* newlines owed */
	unsigned block;		/* newlines owed at least, by blocks */
	int space;
};

static void flush(struct gap *g)
{
	unsigned n = g->lines > g->block ? g->lines : g->block;

	if (g->out->len > g->from) {
		if (n)
			while (n--)
				buf_addc(g->out, '\n');
		else if (g->space)
			buf_addc(g->out, ' ');
	}
	g->lines = g->block = 0;
	g->space = 0;
}

static void put(struct gap *g, const char *s, size_t len, int keep_lines)
{
	size_t i = 0, from;

	while (i < len) {
		uint8_t c = (uint8_t)s[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\f' ||
		    c == '\v') {
			g->space = 1;
			i++;
			continue;
		}
		if (c == '\n') {
			if (keep_lines)
				g->lines++;
			g->space = 1;
			i++;
			continue;
		}
		if (c == 0xc2 && i + 1 < len && (uint8_t)s[i + 1] == 0xa0) {
			g->space = 1;
			i += 2;
			continue;
		}
		flush(g);
		from = i;
		while (i < len && (uint8_t)s[i] > ' ' &&
		       !((uint8_t)s[i] == 0xc2 && i + 1 < len &&
			 (uint8_t)s[i + 1] == 0xa0))
			i++;
		if (i == from)
			i++;	/* another control: as it is */
		buf_add(g->out, s + from, i - from);
	}
}

static int one_of(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += n)
		if (p[-1] == ' ' && p[n] == ' ')
			return 1;
	return 0;
}

static const char blocks[] =
	" address article aside blockquote dd details div dl dt fieldset "
	"figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav "
	"ol p pre section summary table tr ul ";

enum tag { TAG_INLINE, TAG_BLOCK, TAG_PARA, TAG_BR, TAG_IMG, TAG_SKIP };

static enum tag tag_of(const char *s)
{
	switch (s[0]) {
	case 'a':
	case 'b':
		if (!s[1])
			return TAG_INLINE;
		if (s[1] == 'r' && !s[2])
			return TAG_BR;
		break;
	case 'i':
		if (!strcmp(s, "img"))
			return TAG_IMG;
		return TAG_INLINE;
	case 'p':
		if (!s[1])
			return TAG_PARA;
		break;
	case 's':
		if (!strcmp(s, "script") || !strcmp(s, "style"))
			return TAG_SKIP;
		if (s[1] == 'p')
			return TAG_INLINE;
		break;
	case 't':
		if (!strcmp(s, "template") || !strcmp(s, "title"))
			return s[1] == 'e' ? TAG_SKIP : TAG_INLINE;
		if (s[1] == 'g')
			return TAG_INLINE;
		break;
	case 'n':
		if (!strcmp(s, "noscript"))
			return TAG_SKIP;
		break;
	default:
		break;
	}
	return one_of(s, blocks) ? TAG_BLOCK : TAG_INLINE;
}

static void image(struct gap *g, const xmlNode *n)
{
	const char *alt = ptree_get(n, "alt"), *cls = ptree_get(n, "class");

	if (!alt || !*alt || !cls)
		return;
	for (; *cls; cls++)
		if (!strncasecmp(cls, "emoji", 5)) {
			put(g, alt, strlen(alt), 0);
			return;
		}
}

static void edge(struct gap *g, enum tag t)
{
	unsigned want = t == TAG_PARA ? 2 : t == TAG_BLOCK ? 1 : 0;

	if (g->block < want)
		g->block = want;
}

int text_of(const xmlNode *top, struct buf *out)
{
	struct gap g = { .out = out, .from = out->len };
	const xmlNode *n = top;

	if (n->type == XML_ATTRIBUTE_NODE)
		n = top = n->children;
	while (n) {
		enum tag t = TAG_INLINE;

		if (n->type == XML_TEXT_NODE ||
		    n->type == XML_CDATA_SECTION_NODE) {
			put(&g, (const char *)n->content,
			    strlen((const char *)n->content), 0);
		} else if (n->type == XML_ELEMENT_NODE) {
			t = tag_of((const char *)n->name);
			if (t == TAG_BR)
				g.lines++;
			else if (t == TAG_IMG)
				image(&g, n);
			else if (n != top)
				edge(&g, t);
			if (n->children && t != TAG_SKIP) {
				n = n->children;
				continue;
			}
			if (n != top)
				edge(&g, t);
		}
		while (n != top && !n->next) {
			n = n->parent;
			if (n != top)
				edge(&g, tag_of((const char *)n->name));
		}
		n = n == top ? NULL : n->next;
	}
	return out->failed;	/* a gap at the end is dropped */
}

int text_lines(struct bytes s, struct buf *out)
{
	struct gap g = { .out = out, .from = out->len };

	put(&g, (const char *)s.p, s.len, 1);
	return out->failed;	/* a gap at the end is dropped */
}

int text_line(struct bytes s, struct buf *out)
{
	struct gap g = { .out = out, .from = out->len };

	put(&g, (const char *)s.p, s.len, 0);
	return out->failed;	/* a gap at the end is dropped */
}

int text_raw(const xmlNode *top, struct buf *out)
{
	const xmlNode *n = top;

	if (n->type == XML_ATTRIBUTE_NODE)
		n = top = n->children;
	for (; n; n = ptree_next(n, top))
		if ((n->type == XML_TEXT_NODE ||
		     n->type == XML_CDATA_SECTION_NODE) && n->content)
			buf_adds(out, (const char *)n->content);
	return out->failed;
}

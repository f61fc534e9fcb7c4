/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The one tree that HTML, JSON and XML become, and its index of classes.
 *
 * A tree wraps a libxml2 document, so that XPath 1.0 works on it.  Documents
 * made from HTML and JSON are laid out by hand in the tree's arena: names,
 * attribute values and texts are borrowed, nothing is copied, and the whole is
 * dropped at once.  Such a document must never be handed to xmlFreeDoc() or
 * changed through libxml2; XPath only reads.
 *
 * JSON in this form: an object member becomes an element named by its key when
 * the key is an ASCII XML name (letters, digits, '_', '-', '.', not starting
 * with a digit, '-' or '.'), else <item name="KEY">; an array's elements become
 * <item>.  The parent carries type="object", "array", "string", "number",
 * "true", "false" or "null"; scalars hold their text (numbers as written, true
 * and false as the words, null as nothing).  The top value is <json>.
 */
#ifndef PARSERS_TREE_H
#define PARSERS_TREE_H

#include "parsers/arena.h"
#include "util/buf.h"
#include "util/err.h"

#include <libxml/tree.h>

#define PTREE_DEPTH_MAX 512
#define PTREE_NODES_MAX 1000000u
#define PTREE_INPUT_MAX ((size_t)4 << 20)
#define PTREE_MEMORY_MAX ((size_t)320 << 20)

/* What each element's _private points to. */
struct ptree_info {
	uint32_t pre, last;	/* its number in document order, and that of
				   the last element inside it */
	uint32_t off, len;	/* bytes in the source text; len 0: unknown */
	uint16_t depth;		/* root: 1 */
};

struct ptree_class {
	const char *name;
	size_t name_len;
	uint32_t hash;
	uint32_t count, size;
	xmlNode **nodes;	/* document order */
};

enum ptree_limit {
	PTREE_FLATTENED = 1,	/* deeper elements became children of their
				   ancestor at the depth limit */
	PTREE_CUT = 2,		/* the node limit was met: the rest is missing */
	PTREE_BAD_CHARSET = 4,	/* bytes that fit no charset became U+FFFD */
};

/*
 * struct ptree - (1) doc is NULL only before a reader filled it
 *   (2) every element's _private is its struct ptree_info, unless the document
 *       is libxml2's own (owned): then it is as well, from ptree_number()
 */
struct ptree {
	struct arena *arena;
	xmlDoc *doc;
	int owned;		/* doc came from libxml2: xmlFreeDoc() */
	unsigned limits;	/* enum ptree_limit bits */
	uint32_t elements;	/* elements so far */
	uint32_t nodes;		/* nodes and attributes so far */
	unsigned depth_max;
	uint32_t nodes_max;
	struct ptree_class **classes;	/* open addressing */
	uint32_t class_slots, class_count;
	int failed;		/* ERR_NOMEM once memory ran out */
	char charset[32];	/* as used to decode, lower case */
};

#define PTREE_INIT(a) { .arena = (a), .depth_max = PTREE_DEPTH_MAX, \
		       .nodes_max = PTREE_NODES_MAX }

/* ptree_release - drop the document (the arena is the caller's to clear) */
void ptree_release(struct ptree *t);

/*
 * Building, in document order.  All strings are borrowed and must live as long
 * as the arena; text must be NUL-terminated UTF-8.  They return NULL once a
 * limit or the memory is gone (then t->limits or t->failed says so).
 */
int ptree_start(struct ptree *t, const char *root_url);
xmlNode *ptree_element(struct ptree *t, xmlNode *parent, const char *name,
		      uint32_t off, uint32_t len);
xmlNode *ptree_text(struct ptree *t, xmlNode *parent, const char *text);
xmlAttr *ptree_attr(struct ptree *t, xmlNode *el, const char *name,
		   const char *value);

/*
 * ptree_seal - the document is complete below 'from' (NULL: all of it): number
 * the last elements, enter classes.  Call once after building, and again for
 * each part appended behind everything else.
 * Returns 0 or ERR_NOMEM.
 */
int ptree_seal(struct ptree *t, xmlNode *from);

/* ptree_number - the same for a document that libxml2 parsed */
int ptree_number(struct ptree *t);

/* ptree_info - of an element; NULL for anything else */
static inline const struct ptree_info *ptree_info(const xmlNode *n)
{
	return n && n->type == XML_ELEMENT_NODE ? n->_private : NULL;
}

/* ptree_hash - of a class name, for ptree_class() */
uint32_t ptree_hash(const char *name, size_t len);

/* ptree_class - the elements that carry a class, or NULL when none does */
const struct ptree_class *ptree_class(const struct ptree *t, const char *name,
				    size_t len, uint32_t hash);

/*
 * ptree_below - the part of a class's list that lies inside an element, or all
 * of it when top is NULL or the document
 *   first_out  index of the first
 * Returns how many.
 */
uint32_t ptree_below(const struct ptree_class *c, const xmlNode *top,
		    uint32_t *first_out);

/* ptree_get - an attribute's value, borrowed, or NULL */
const char *ptree_get(const xmlNode *el, const char *name);

/* ptree_has_class - 1 when the element carries the class */
int ptree_has_class(const xmlNode *el, const char *name, size_t len);

/* ptree_next - the next node in document order inside top, NULL at the end */
const xmlNode *ptree_next(const xmlNode *n, const xmlNode *top);

/* ptree_skip - the same, but not into n */
const xmlNode *ptree_skip(const xmlNode *n, const xmlNode *top);

/*
 * json_tree - read one JSON value (RFC 8259) into the tree, as <json name=NAME>
 *   parent   element to append to, or NULL: it becomes the document's root;
 *            nothing may have been built behind the parent's last child
 *   text     UTF-8, borrowed for the call; a leading byte order mark is
 *            skipped; bytes behind the value are ERR_FORMAT unless lax
 *   name     may be NULL
 *   lax      1: stop at the end of the value (a script goes on after it)
 * Numbers keep their text; duplicate members are all kept; a NUL character
 * becomes U+FFFD.  Nesting beyond the depth limit is ERR_LIMIT.
 * Returns 0, ERR_FORMAT, ERR_LIMIT or ERR_NOMEM.
 */
int json_tree(struct ptree *t, xmlNode *parent, struct bytes text,
	      const char *name, int lax, xmlNode **out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Running a profile over a page.  Inside the profile engine.
 */
#ifndef PARSERS_PROFILE_EVAL_H
#define PARSERS_PROFILE_EVAL_H

#include "parsers/charset.h"
#include "parsers/post.h"
#include "parsers/profile_int.h"

#define FINDINGS_MAX 16

struct outcome {
	const struct page *page;	/* NULL: none fits */
	struct {
		char code[32];
		char text[300];
	} finding[FINDINGS_MAX];
	size_t findings;
	size_t posts, links;
};

/* outcome_find - note a finding; text may be NULL */
void outcome_find(struct outcome *o, const char *code, const char *text);

/*
 * eval_page - choose the kind of page, take what it has
 *   r        tree, profile, xc, base and page_url are set
 *   source   for positions; NULL: the tree has none
 *   account  out: a JSON object, or nothing
 *   posts, links   out: JSON lines
 *   nexts    out: a JSON array of cursors, or nothing; next the first of them
 * Returns 0 or ERR_NOMEM (or the buffers' failure); what the page is like goes
 * into the outcome.
 */
int eval_page(struct reading *r, const struct charset_text *source,
	      struct outcome *o, struct buf *account, struct buf *next,
	      struct buf *nexts, struct buf *posts, struct buf *links);

/* eval_choose - the kind of page by URL and anchors, or NULL with a finding */
const struct page *eval_choose(struct reading *r, struct outcome *o);

/* What an expression gave: a node, or a string, or nothing. */
struct value {
	xmlNode *node;
	xmlXPathObject *owner;
	const char *str;
	xmlChar *made;
};

/* value_of - evaluate; value_release() it whatever came */
void value_of(struct reading *r, const struct expr *x, xmlNode *at,
	      struct value *v);
void value_release(struct value *v);

/* value_write - into out (cleared) as the rule's type says; 1: there is one */
int value_write(struct reading *r, const struct rule *u, const struct value *v,
		struct buf *out);

/*
 * In profile_trace.c, for "explain": nothing unless r->trace is set.
 * trace_page - a kind of page was looked at
 *   url      its url lines fit
 *   anchor   the first that did; or NULL
 * trace_value - a rule gave this value, or nothing (val.p NULL)
 *   node     where from, or the node the rule was run on
 */
void trace_page(struct reading *r, const struct page *g, int url,
		const struct expr *anchor);
void trace_value(struct reading *r, const struct rule *u, const xmlNode *node,
		 struct bytes val);

/* eval_nodes - nodes in document order, at most max; eval_true - boolean() */
size_t eval_nodes(struct reading *r, const struct expr *x, xmlNode *at,
		  xmlNode **v, size_t max);
int eval_true(struct reading *r, const struct expr *x, xmlNode *at);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * HTML as a browser reads it (WHATWG), by gumbo, into a struct ptree.
 *
 * gumbo does not check its allocations and can be made to take any amount of
 * memory and time.  Its memory is the arena's, whose cap is the limit: when it
 * is reached the arena's exhausted handler is called, which must end the
 * process (the parser runs in a child of its own for this reason).  An arena
 * without one gets html_give_up(), which writes nothing and leaves with
 * HTML_EXIT_MEMORY.  Time is bounded by the child's processor limit.  Nothing
 * is ever freed piece by piece, and no walk recurses.
 */
#ifndef PARSERS_HTML_H
#define PARSERS_HTML_H

#include "parsers/charset.h"
#include "parsers/tree.h"

#define HTML_EXIT_MEMORY 98	/* exit status: the page took too much memory */

/* html_give_up - _exit(HTML_EXIT_MEMORY); does not return */
void html_give_up(void *arg);

/*
 * html_tree - read a page into an empty tree
 *   t     from PTREE_INIT(); strings of the result live in its arena and in text
 *   text  decoded; at most PTREE_INPUT_MAX bytes; borrowed as long as the tree
 *   url   of the page, borrowed, or NULL
 * Comments and the doctype are left out.  Elements deeper than t->depth_max
 * become children of the ancestor at that depth, in order (PTREE_FLATTENED);
 * behind t->nodes_max the rest is left out (PTREE_CUT).
 * Returns 0, ERR_LIMIT (input too long) or ERR_NOMEM.
 */
int html_tree(struct ptree *t, const struct charset_text *text,
	      const char *url, struct err *e);

/*
 * html_fragment - read a piece of HTML out of a record (a post's text held in
 * JSON or a feed) into a part of its own beside the tree's document
 *   root_out  a <fragment> element that holds what was read
 * Source positions are those of the piece, not of the page.
 * Returns 0, ERR_LIMIT or ERR_NOMEM.
 */
int html_fragment(struct ptree *t, struct bytes html, xmlNode **root_out,
		  struct err *e);

#endif

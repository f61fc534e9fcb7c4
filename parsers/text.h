/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The text of a part of the tree, as a reader of the page sees its lines.
 */
#ifndef PARSERS_TEXT_H
#define PARSERS_TEXT_H

#include "parsers/tree.h"

/*
 * text_of - append the text below a node
 *   n      element, text or attribute
 *   out    <br> is a newline; a block element begins and ends a line, a
 *          paragraph after another one an empty line; an image that stands
 *          for an emoji gives its alt text; white space and no-break spaces
 *          become one space; none beside a newline, at most two newlines in a
 *          row as blocks go (any number of <br>); trimmed.  Zero-width
 *          characters are kept.  Scripts, styles and templates are left out.
 * Returns as buf_add().
 */
int text_of(const xmlNode *n, struct buf *out);

/* text_lines - the same cleaning for a string: newlines are kept */
int text_lines(struct bytes s, struct buf *out);

/* text_line - a string on one line: every run of white space one space */
int text_line(struct bytes s, struct buf *out);

/* text_raw - append the bare characters below a node, scripts included */
int text_raw(const xmlNode *n, struct buf *out);

#endif

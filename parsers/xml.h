/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * XML feeds (RSS, Atom), by libxml2, into a struct ptree.
 *
 * No entities are substituted, no DTD or other file is loaded, no network is
 * touched, and libxml2's own limits stay on (depth 256, text 10 MB).
 */
#ifndef PARSERS_XML_H
#define PARSERS_XML_H

#include "parsers/charset.h"
#include "parsers/tree.h"

/*
 * xml_tree - read an XML document into an empty tree
 *   text  decoded to UTF-8 already (the declaration's encoding is overruled)
 *   url   of the document, borrowed, or NULL
 * A document that is not well formed is read as far as libxml2 can recover it;
 * recovered_out (may be NULL) is 1 then.  Elements have no byte position.
 * Returns 0, ERR_FORMAT (no root element), ERR_LIMIT or ERR_NOMEM.
 */
int xml_tree(struct ptree *t, const struct charset_text *text, const char *url,
	     int *recovered_out, struct err *e);

/* xml_start - once per process, before the first document and any sandbox */
void xml_start(void);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/xml.h"

#include <libxml/parser.h>

static void silent(void *ctx, const char *msg, ...)
{
	(void)ctx;
	(void)msg;
}

/* Nothing but the bytes given is ever read. */
static xmlParserInputPtr no_file(const char *url, const char *id,
				 xmlParserCtxtPtr c)
{
	(void)url;
	(void)id;
	(void)c;
	return NULL;
}

void xml_start(void)
{
	xmlInitParser();
	xmlSetExternalEntityLoader(no_file);
	xmlSetGenericErrorFunc(NULL, silent);
}

int xml_tree(struct ptree *t, const struct charset_text *text, const char *url,
	     int *recovered_out, struct err *e)
{
	const int opts = XML_PARSE_NONET | XML_PARSE_RECOVER |
			 XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			 XML_PARSE_NOCDATA | XML_PARSE_COMPACT;
	struct bytes in = text->utf8;
	xmlParserCtxt *c;
	int r = 0;

	if (in.len > PTREE_INPUT_MAX)
		return err_set(e, ERR_LIMIT,
			       "document of %zu bytes is longer than %zu",
			       in.len, PTREE_INPUT_MAX);
	if (text->bad)
		t->limits |= PTREE_BAD_CHARSET;
	memcpy(t->charset, text->name, sizeof(t->charset));
	while (in.len && (*in.p == ' ' || *in.p == '\n' || *in.p == '\r' ||
			  *in.p == '\t')) {
		in.p++;
		in.len--;
	}
	xml_start();
	c = xmlNewParserCtxt();
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for XML");
	t->doc = xmlCtxtReadMemory(c, (const char *)in.p, (int)in.len, url,
				   "UTF-8", opts);
	if (recovered_out)
		*recovered_out = !c->wellFormed;
	xmlFreeParserCtxt(c);
	t->owned = 1;
	if (!t->doc || !xmlDocGetRootElement(t->doc)) {
		ptree_release(t);
		return err_set(e, ERR_FORMAT, "no XML element in %zu bytes",
			       text->utf8.len);
	}
	r = ptree_number(t);
	if (r < 0)
		return err_set(e, r, "no memory for XML");
	return 0;
}

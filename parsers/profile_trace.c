/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How a profile came by what it says: one JSON line a step.  It costs nothing
 * unless somebody asked.
 */
#include "parsers/profile_eval.h"

#define TRACE_VALUE_MAX 500	/* bytes of a value shown */

static const char *const types[] = {
	[RULE_TEXT] = "text", [RULE_LINE] = "line", [RULE_STRING] = "string",
	[RULE_HREF] = "href", [RULE_STYLE] = "style", [RULE_DATE] = "date",
	[RULE_FLAG] = "flag", [RULE_MARK] = "mark", [RULE_COUNT] = "count",
	[RULE_NUMBER] = "number", [RULE_LITERAL] = "literal",
	[RULE_TEXTS] = "texts", [RULE_HREFS] = "hrefs", [RULE_EACH] = "each",
	[RULE_ONE] = "one", [RULE_MAP] = "map",
};

void trace_page(struct reading *r, const struct page *g, int url,
		const struct expr *anchor)
{
	struct jsonw w = JSONW_INIT(r->trace);

	if (!r->trace)
		return;
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "kind", "explain");
	jsonw_str(&w, "step", "page");
	jsonw_str(&w, "page", g->kind);
	jsonw_int(&w, "line", g->line);
	jsonw_bool(&w, "url", url);
	if (anchor) {
		jsonw_int(&w, "anchor_line", anchor->line);
		jsonw_str(&w, "anchor", anchor->text);
	} else {
		jsonw_null(&w, "anchor");
	}
	jsonw_close(&w, '}');
	buf_addc(r->trace, '\n');
}

void trace_value(struct reading *r, const struct rule *u, const xmlNode *node,
		 struct bytes val)
{
	struct jsonw w = JSONW_INIT(r->trace);
	xmlChar *path;

	if (!r->trace)
		return;
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "kind", "explain");
	jsonw_str(&w, "step", val.p ? "value" : "nothing");
	jsonw_str(&w, "of", r->trace_of);
	jsonw_int(&w, "n", (int64_t)r->trace_n);
	jsonw_str(&w, "key", u->key);
	jsonw_str(&w, "type", types[u->type]);
	jsonw_int(&w, "line", u->line);
	jsonw_str(&w, "xpath", u->x.text);
	path = xmlGetNodePath((xmlNode *)(uintptr_t)node);
	jsonw_str(&w, "node", (const char *)path);
	xmlFree(path);
	if (val.p) {
		if (val.len > TRACE_VALUE_MAX)
			val.len = TRACE_VALUE_MAX;
		jsonw_bytes(&w, "value", val);
	}
	jsonw_close(&w, '}');
	buf_addc(r->trace, '\n');
}

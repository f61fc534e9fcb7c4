/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which kind of page this is: its URL proposes, its anchors decide.
 */
#include "parsers/profile_eval.h"

#include "parsers/text.h"

#include <stdio.h>

void outcome_find(struct outcome *o, const char *code, const char *text)
{
	size_t n = o->findings;

	if (n == FINDINGS_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(o->finding[i].code, code) &&
		    (!text || !strcmp(o->finding[i].text, text)))
			return;
	snprintf(o->finding[n].code, sizeof(o->finding[n].code), "%s", code);
	/* Cut text is cut between characters: the writer repairs it. */
	if (snprintf(o->finding[n].text, sizeof(o->finding[n].text), "%s",
		     text ? text : "") < 0)
		o->finding[n].text[0] = '\0';
	o->findings++;
}

/* Named groups of the pattern become s:param(). */
static void keep_captures(struct reading *r, const pcre2_code *code,
			  pcre2_match_data *md)
{
	PCRE2_SIZE *v = pcre2_get_ovector_pointer(md);
	uint32_t count = 0, size = 0;
	PCRE2_SPTR tab = NULL;

	r->capture_count = 0;
	pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &tab);
	for (uint32_t i = 0; i < count && r->capture_count < CAPTURE_MAX;
	     i++) {
		PCRE2_SPTR e = tab + (size_t)i * size;
		unsigned g = (unsigned)e[0] << 8 | e[1];
		size_t k = r->capture_count;

		if (g >= pcre2_get_ovector_count(md) ||
		    v[2 * g] == PCRE2_UNSET || v[2 * g + 1] <= v[2 * g])
			continue;
		snprintf(r->captures[k].name, sizeof(r->captures[k].name),
			 "%s", (const char *)e + 2);
		r->captures[k].value = BYTES(r->page_url.p + v[2 * g],
					     v[2 * g + 1] - v[2 * g]);
		r->capture_count++;
	}
}

static int url_fits(struct reading *r, const struct page *g)
{
	for (size_t i = 0; i < g->url_count; i++) {
		pcre2_match_data *md;
		int hit;

		md = pcre2_match_data_create_from_pattern(g->urls[i].code,
							  NULL);
		if (!md)
			return 0;
		hit = pattern_hit(g->urls[i].code, r->page_url, md);
		if (hit == 1)
			keep_captures(r, g->urls[i].code, md);
		pcre2_match_data_free(md);
		if (hit == 1)
			return 1;
	}
	r->capture_count = 0;
	return g->any_url;
}

/* json lines: what a script holds is appended to the root as <json name=..> */
static void graft(struct reading *r, const struct page *g)
{
	xmlNode *root = xmlDocGetRootElement(r->tree->doc);

	for (size_t i = 0; root && i < g->script_count; i++) {
		const struct script *s = &g->scripts[i];
		struct buf text = BUF_INIT(PTREE_INPUT_MAX);
		struct bytes in;
		xmlNode *v[1];

		for (xmlNode *k = root->last; k; k = k->prev) {
			const char *name = ptree_get(k, "name");

			if (!strcmp((const char *)k->name, "json") && name &&
			    !strcmp(name, s->name))
				goto next;	/* another kind read it */
		}
		if (r->tree->owned ||
		    !eval_nodes(r, &s->x, (xmlNode *)r->tree->doc, v, 1))
			goto next;
		text_raw(v[0], &text);
		in = buf_view(&text);
		if (s->from.code) {
			pcre2_match_data *md =
				pcre2_match_data_create_from_pattern(
					s->from.code, NULL);
			int hit = md ? pattern_hit(s->from.code, in, md) : 0;

			if (hit == 1) {
				PCRE2_SIZE *o = pcre2_get_ovector_pointer(md);
				size_t at = o[1];

				if (pcre2_get_ovector_count(md) > 1 &&
				    o[2] != PCRE2_UNSET)
					at = o[2];
				if (at) {
					in.p += at;
					in.len -= at;
				}
			}
			pcre2_match_data_free(md);
			if (hit != 1)
				goto next;
		}
		json_tree(r->tree, root, in, s->name, 1, NULL, NULL);
next:
		buf_release(&text);
	}
}

/* The first anchor that holds, or NULL. */
static const struct expr *anchored(struct reading *r, const struct page *g)
{
	for (size_t i = 0; i < g->anchor_count; i++)
		if (eval_true(r, &g->anchors[i], (xmlNode *)r->tree->doc))
			return &g->anchors[i];
	return NULL;
}

const struct page *eval_choose(struct reading *r, struct outcome *o)
{
	const struct profile *p = r->profile;
	const struct page *expected = NULL;
	char text[100];

	for (size_t i = 0; i < p->page_count; i++) {
		const struct page *g = &p->pages[i];
		const struct expr *anchor;

		if (!url_fits(r, g)) {
			trace_page(r, g, 0, NULL);
			continue;
		}
		if (!expected)
			expected = g;
		graft(r, g);
		anchor = anchored(r, g);
		trace_page(r, g, 1, anchor);
		if (anchor)
			return g;
	}
	r->capture_count = 0;
	if (expected) {
		snprintf(text, sizeof(text), "no anchor of the kind '%.40s'",
			 expected->kind);
		outcome_find(o, FINDING_LAYOUT, text);
	} else {
		outcome_find(o, FINDING_UNKNOWN,
			     "the profile has no kind of page for this URL");
	}
	return NULL;
}

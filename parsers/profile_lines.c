/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a profile's author wants to know the use of, line by line.
 */
#include "parsers/profile_int.h"

#include <stdio.h>

typedef void line_fn(void *arg, unsigned line, const char *what,
		     const char *text);

static void rules(const struct block *b, line_fn *each, void *arg)
{
	char text[600];

	for (size_t i = 0; i < b->count; i++) {
		const struct rule *u = &b->rules[i];

		if (u->type == RULE_LITERAL)
			continue;
		if (snprintf(text, sizeof(text), "%s  %s", u->key,
			     u->x.text ? u->x.text : "") < 0)
			text[0] = '\0';
		each(arg, u->line, "rule", text);
		/* A map's two rules are run within it. */
		if (u->sub && u->type != RULE_MAP)
			rules(u->sub, each, arg);
	}
}

static int named_by_page(const struct profile *p, const struct block *b)
{
	for (size_t i = 0; i < p->page_count; i++)
		if (p->pages[i].account_block == b ||
		    p->pages[i].post_block == b)
			return 1;
	return 0;
}

void profile_lines(const struct profile *p, line_fn *each, void *arg)
{
	for (size_t i = 0; i < p->block_count; i++) {
		const struct block *b = p->blocks[i];

		if (named_by_page(p, b))
			rules(b, each, arg);
		else
			each(arg, b->line, "unused block", b->name);
	}
	for (size_t i = 0; i < p->page_count; i++) {
		const struct page *g = &p->pages[i];

		each(arg, g->line, "page", g->kind);
		for (size_t k = 0; k < g->anchor_count; k++)
			each(arg, g->anchors[k].line, "anchor",
			     g->anchors[k].text);
	}
}

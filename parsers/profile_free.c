/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/profile_int.h"

#include <stdlib.h>

static void strings_release(struct strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->v[i]);
	free(s->v);
}

/* Depth is at most BLOCK_DEPTH_MAX, see read_rule(). */
static void block_free(struct block *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++) {
		free(b->rules[i].key);
		free(b->rules[i].literal);
		expr_release(&b->rules[i].x);
		block_free(b->rules[i].sub);
	}
	for (size_t i = 0; i < b->require_count; i++)
		free(b->require[i]);
	free(b->require);
	free(b->rules);
	free(b->name);
	free(b);
}

static void named_release(struct named *n, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(n[i].name);
		expr_release(&n[i].x);
	}
	free(n);
}

static void page_release(struct page *g)
{
	for (size_t i = 0; i < g->url_count; i++)
		pattern_release(&g->urls[i]);
	for (size_t i = 0; i < g->anchor_count; i++)
		expr_release(&g->anchors[i]);
	for (size_t i = 0; i < g->script_count; i++) {
		free(g->scripts[i].name);
		expr_release(&g->scripts[i].x);
		pattern_release(&g->scripts[i].from);
	}
	named_release(g->findings, g->finding_count);
	named_release(g->links, g->link_count);
	named_release(g->nexts, g->next_count);
	free(g->urls);
	free(g->anchors);
	free(g->scripts);
	free(g->kind);
	free(g->account);
	free(g->posts);
	expr_release(&g->account_at);
	expr_release(&g->posts_at);
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->page_count; i++)
		page_release(&p->pages[i]);
	for (size_t i = 0; i < p->block_count; i++)
		block_free(p->blocks[i]);
	for (size_t i = 0; i < p->source_from_count; i++)
		pattern_release(&p->source_from[i]);
	pattern_release(&p->source_name);
	strings_release(&p->hosts);
	strings_release(&p->media_hosts);
	strings_release(&p->family_hosts);
	strings_release(&p->def_names);
	strings_release(&p->def_values);
	strings_release(&p->ns_prefix);
	strings_release(&p->ns_uri);
	free(p->pages);
	free(p->blocks);
	free(p->source_from);
	free(p->source_entry);
	free(p->id);
	free(p->about);
	free(p->checked);
	free(p->family);
	free(p->sha256);
	free(p);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From rules and a tree to JSON.
 */
#include "parsers/profile_eval.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEN_MAX 512

/* A list's members without repetition. */
struct seen {
	uint32_t hash[SEEN_MAX];
	size_t at[SEEN_MAX], len[SEEN_MAX];
	size_t n;
	struct buf all;
};

static int is_new(struct seen *s, struct bytes v)
{
	uint32_t h = ptree_hash((const char *)v.p, v.len);

	for (size_t i = 0; i < s->n; i++)
		if (s->hash[i] == h && s->len[i] == v.len &&
		    !memcmp(s->all.p + s->at[i], v.p, v.len))
			return 0;
	if (s->n < SEEN_MAX) {
		s->hash[s->n] = h;
		s->at[s->n] = s->all.len;
		s->len[s->n] = v.len;
		if (buf_addb(&s->all, v) == 0)
			s->n++;
	}
	return 1;
}

/* texts, hrefs: the members of a rule and its alternatives, in order */
static size_t write_list(struct reading *r, const struct block *b, size_t i,
			 xmlNode *at, struct jsonw *w, int always)
{
	xmlNode **v = malloc(POST_LIST_MAX * sizeof(*v));
	struct seen *seen = calloc(1, sizeof(*seen));
	struct buf val = BUF_INIT(POST_TEXT_MAX);
	size_t count = 0;

	if (!v || !seen) {
		w->out->failed = ERR_NOMEM;
		goto out;
	}
	seen->all = (struct buf)BUF_INIT((size_t)4 << 20);
	for (size_t j = i; j < b->count; j++) {
		const struct rule *u = &b->rules[j];
		size_t n;

		if (strcmp(u->key, b->rules[i].key))
			continue;
		n = eval_nodes(r, &u->x, at, v, POST_LIST_MAX);
		for (size_t k = 0; k < n; k++) {
			struct value one = { .node = v[k] };

			if (!value_write(r, u, &one, &val) ||
			    !is_new(seen, buf_view(&val)))
				continue;
			if (!count++)
				jsonw_open(w, u->key, '[');
			jsonw_bytes(w, NULL, buf_view(&val));
			trace_value(r, u, v[k], buf_view(&val));
		}
		if (!n)
			trace_value(r, u, at, BYTES(NULL, 0));
	}
	if (count) {
		jsonw_close(w, ']');
	} else if (always) {
		jsonw_open(w, b->rules[i].key, '[');
		jsonw_close(w, ']');
	}
out:
	if (seen)
		buf_release(&seen->all);
	free(seen);
	free(v);
	buf_release(&val);
	return count;
}

static unsigned write_block(struct reading *r, const struct block *b,
			    xmlNode *at, struct jsonw *w, int post,
			    uint64_t *have);

struct item {
	xmlNode *node;
	const struct rule *rule;
	uint32_t pre;
};

static int by_place(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->pre != y->pre)
		return x->pre < y->pre ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* each: items of the rule and its alternatives, in document order */
static size_t write_each(struct reading *r, const struct block *b, size_t i,
			 xmlNode *at, struct jsonw *w, int always)
{
	xmlNode *few[64], **v = few;
	struct item *items = NULL;
	size_t count = 0, size = 0, max = 64;

	for (size_t j = i; j < b->count; j++) {
		const struct rule *u = &b->rules[j];
		size_t n;

		if (strcmp(u->key, b->rules[i].key))
			continue;
		n = eval_nodes(r, &u->x, at, v, max);
		if (n == 64 && v == few) {
			v = malloc(POST_LIST_MAX * sizeof(*v));
			if (!v) {
				v = few;
				break;
			}
			max = POST_LIST_MAX;
			n = eval_nodes(r, &u->x, at, v, max);
		}
		if (!n) {
			trace_value(r, u, at, BYTES(NULL, 0));
			continue;
		}
		if (count + n > size) {
			struct item *more;

			size = (count + n) * 2;
			more = realloc(items, size * sizeof(*items));
			if (!more) {
				w->out->failed = ERR_NOMEM;
				break;
			}
			items = more;
		}
		for (size_t k = 0; k < n; k++) {
			const struct ptree_info *info = ptree_info(v[k]);

			items[count++] = (struct item){ v[k], u,
				info ? info->pre : UINT32_MAX };
		}
	}
	if (count > POST_LIST_MAX)
		count = POST_LIST_MAX;
	if (count > 1)
		qsort(items, count, sizeof(*items), by_place);
	if (count || always)
		jsonw_open(w, b->rules[i].key, '[');
	for (size_t k = 0; k < count; k++) {
		jsonw_open(w, NULL, '{');
		trace_value(r, items[k].rule, items[k].node,
			    bytes_str("{}"));
		write_block(r, items[k].rule->sub, items[k].node, w, 0, NULL);
		jsonw_close(w, '}');
	}
	if (count || always)
		jsonw_close(w, ']');
	free(items);
	if (v != few)
		free(v);
	return count;
}

/* one: an object from the first node */
static int write_one(struct reading *r, const struct rule *u, xmlNode *at,
		     struct jsonw *w)
{
	xmlNode *v[1];

	if (!eval_nodes(r, &u->x, at, v, 1)) {
		trace_value(r, u, at, BYTES(NULL, 0));
		return 0;
	}
	trace_value(r, u, v[0], bytes_str("{}"));
	jsonw_open(w, u->key, '{');
	write_block(r, u->sub, v[0], w, 0, NULL);
	jsonw_close(w, '}');
	return 1;
}

/* map: an object whose keys come from the page */
static int write_map(struct reading *r, const struct rule *u, xmlNode *at,
		     struct jsonw *w)
{
	const struct rule *name = &u->sub->rules[0];
	const struct rule *val = &u->sub->rules[1];
	xmlNode *v[64];
	struct buf key = BUF_INIT(256), text = BUF_INIT(POST_TEXT_MAX);
	size_t n = eval_nodes(r, &u->x, at, v, 64);
	struct seen *seen = n ? calloc(1, sizeof(*seen)) : NULL;

	trace_value(r, u, n ? v[0] : at,
		    n ? bytes_str("{}") : BYTES(NULL, 0));
	if (!seen)
		return 0;
	seen->all = (struct buf)BUF_INIT(1u << 16);
	jsonw_open(w, u->key, '{');
	for (size_t i = 0; i < n; i++) {
		struct value a, b;

		value_of(r, &name->x, v[i], &a);
		value_of(r, &val->x, v[i], &b);
		if (value_write(r, name, &a, &key) && value_write(r, val, &b, &text) &&
		    is_new(seen, buf_view(&key)))
			jsonw_bytes(w, buf_cstr(&key), buf_view(&text));
		value_release(&a);
		value_release(&b);
	}
	jsonw_close(w, '}');
	buf_release(&seen->all);
	free(seen);
	buf_release(&key);
	buf_release(&text);
	return 1;
}

/* One value; 1 when the key is written for good. */
static int write_scalar(struct reading *r, const struct rule *u, xmlNode *at,
			struct jsonw *w, struct buf *val)
{
	struct value v;
	int done;

	if (u->type == RULE_LITERAL) {
		jsonw_str(w, u->key, u->literal);
		return 1;
	}
	if (u->type == RULE_FLAG || u->type == RULE_MARK) {
		int yes = eval_true(r, &u->x, at);

		if (yes)
			jsonw_bool(w, u->key, 1);
		trace_value(r, u, at, yes ? bytes_str("true") :
			    BYTES(NULL, 0));
		return yes;
	}
	value_of(r, &u->x, at, &v);
	done = value_write(r, u, &v, val);
	trace_value(r, u, v.node ? v.node : at,
		    done ? buf_view(val) : BYTES(NULL, 0));
	value_release(&v);
	if (!done)
		return 0;
	if (u->type == RULE_COUNT || u->type == RULE_NUMBER)
		jsonw_raw(w, u->key, buf_view(val));
	else
		jsonw_bytes(w, u->key, buf_view(val));
	return 1;
}

/*
 * All keys of a block.  Returns the standard keys written, a bit each; have
 * (may be NULL) gets a bit for each rule, by number, that gave something.
 */
static unsigned write_block(struct reading *r, const struct block *b,
			    xmlNode *at, struct jsonw *w, int post,
			    uint64_t *have)
{
	struct buf val = BUF_INIT(POST_TEXT_MAX);
	unsigned seen = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct rule *u = &b->rules[i];
		int bit = post ? post_key(u->key) : -1, done = 0, flag = 0;

		if (u->again)
			continue;
		switch (u->type) {
		case RULE_TEXTS:
		case RULE_HREFS:
			done = write_list(r, b, i, at, w, bit >= 0) > 0;
			if (bit >= 0)
				seen |= 1u << bit;
			break;
		case RULE_EACH:
			done = write_each(r, b, i, at, w, bit >= 0) > 0;
			if (bit >= 0)
				seen |= 1u << bit;
			break;
		default:
			for (size_t j = i; j < b->count && !done; j++) {
				const struct rule *a = &b->rules[j];

				if (j > i && (!a->again ||
					      strcmp(a->key, u->key)))
					continue;
				flag |= a->type == RULE_FLAG;
				if (a->type == RULE_ONE)
					done = write_one(r, a, at, w);
				else if (a->type == RULE_MAP)
					done = write_map(r, a, at, w);
				else
					done = write_scalar(r, a, at, w, &val);
			}
			if (!done && flag) {
				jsonw_bool(w, u->key, 0);
			} else if (!done && (bit >= 0 ||
					     !strcmp(u->key, "url"))) {
				jsonw_null(w, u->key);
			}
			if (bit >= 0)
				seen |= 1u << bit;
			break;
		}
		if (done && have && i < 64)
			*have |= (uint64_t)1 << i;
	}
	buf_release(&val);
	return seen;
}

static void write_at(struct reading *r, const struct charset_text *src,
		     const xmlNode *n, struct jsonw *w)
{
	const struct ptree_info *i;
	size_t from, to;

	(void)r;
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->parent;
	i = ptree_info(n);
	if (!i || !i->len || !src) {
		jsonw_null(w, "at");
		return;
	}
	from = charset_origin(src, i->off);
	to = charset_origin(src, (size_t)i->off + i->len);
	jsonw_open(w, "at", '{');
	jsonw_int(w, "offset", (int64_t)from);
	jsonw_int(w, "length", (int64_t)(to - from));
	jsonw_close(w, '}');
}

/* Which required keys are missing, counted over all posts. */
static void count_missing(const struct block *b, uint64_t have,
			  size_t *missing, size_t max)
{
	for (size_t k = 0; k < b->require_count && k < max; k++)
		for (size_t i = 0; i < b->count && i < 64; i++)
			if (!b->rules[i].again &&
			    !strcmp(b->rules[i].key, b->require[k]) &&
			    !(have & (uint64_t)1 << i))
				missing[k]++;
}

static void tell_missing(struct outcome *o, const struct block *b,
			 const size_t *missing, size_t max)
{
	char text[200];

	for (size_t k = 0; k < b->require_count && k < max; k++) {
		if (!missing[k])
			continue;
		snprintf(text, sizeof(text), "%s: missing in %zu of %zu posts",
			 b->require[k], missing[k], o->posts);
		outcome_find(o, missing[k] == o->posts ? FINDING_LAYOUT :
			     FINDING_FIELDS, text);
	}
}

static int write_posts(struct reading *r, const struct charset_text *src,
		       const struct page *g, struct outcome *o,
		       struct buf *posts)
{
	const struct block *b = g->post_block;
	xmlNode **v = malloc((POST_PAGE_MAX + 1) * sizeof(*v));
	size_t missing[16] = { 0 }, n;

	if (!v)
		return ERR_NOMEM;
	n = eval_nodes(r, &g->posts_at, (xmlNode *)r->tree->doc, v,
		       POST_PAGE_MAX + 1);
	if (n > POST_PAGE_MAX) {
		outcome_find(o, FINDING_LIMIT, "more posts than are read");
		n = POST_PAGE_MAX;
	}
	o->posts = n;
	for (size_t i = 0; i < n && !posts->failed; i++) {
		struct jsonw w = JSONW_INIT(posts);
		uint64_t have = 0;

		r->trace_of = "post";
		r->trace_n = i + 1;
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "kind", "post");
		post_nulls(&w, write_block(r, b, v[i], &w, 1, &have));
		write_at(r, src, v[i], &w);
		jsonw_close(&w, '}');
		buf_addc(posts, '\n');
		count_missing(b, have, missing, 16);
	}
	free(v);
	tell_missing(o, b, missing, 16);
	return posts->failed;
}

static int write_links(struct reading *r, const struct page *g,
		       struct outcome *o, struct buf *links)
{
	xmlNode **v = malloc(POST_LINKS_MAX * sizeof(*v));
	struct buf val = BUF_INIT(URL_MAX + 1);

	if (!v)
		return ERR_NOMEM;
	for (size_t i = 0; i < g->link_count; i++) {
		const struct rule u = { .type = RULE_HREFS, .decode = 1 };
		size_t n = eval_nodes(r, &g->links[i].x,
				      (xmlNode *)r->tree->doc, v,
				      POST_LINKS_MAX);
		struct seen *seen = calloc(1, sizeof(*seen));

		if (!seen)
			break;
		seen->all = (struct buf)BUF_INIT((size_t)4 << 20);
		for (size_t k = 0; k < n && o->links < POST_LINKS_MAX; k++) {
			struct value one = { .node = v[k] };
			struct jsonw w = JSONW_INIT(links);

			if (!value_write(r, &u, &one, &val) ||
			    !is_new(seen, buf_view(&val)))
				continue;
			jsonw_open(&w, NULL, '{');
			jsonw_str(&w, "kind", "link");
			jsonw_bytes(&w, "url", buf_view(&val));
			jsonw_str(&w, "rel", g->links[i].name);
			jsonw_close(&w, '}');
			buf_addc(links, '\n');
			o->links++;
		}
		buf_release(&seen->all);
		free(seen);
	}
	free(v);
	buf_release(&val);
	return links->failed;
}

static void write_nexts(struct reading *r, const struct page *g,
			struct buf *next, struct buf *nexts)
{
	const struct rule u = { .type = RULE_HREF, .decode = 1 };
	struct buf val = BUF_INIT(URL_MAX + 1);
	struct jsonw list = JSONW_INIT(nexts);

	jsonw_open(&list, NULL, '[');
	for (size_t i = 0; i < g->next_count; i++) {
		struct jsonw one = JSONW_INIT(next);
		struct value v;

		value_of(r, &g->nexts[i].x, (xmlNode *)r->tree->doc, &v);
		if (value_write(r, &u, &v, &val)) {
			jsonw_open(&list, NULL, '{');
			jsonw_bytes(&list, "url", buf_view(&val));
			jsonw_str(&list, "direction", g->nexts[i].name);
			jsonw_close(&list, '}');
			if (!next->len) {
				jsonw_open(&one, NULL, '{');
				jsonw_bytes(&one, "url", buf_view(&val));
				jsonw_str(&one, "direction",
					  g->nexts[i].name);
				jsonw_close(&one, '}');
			}
		}
		value_release(&v);
	}
	jsonw_close(&list, ']');
	buf_release(&val);
}

static void run_findings(struct reading *r, const struct page *g,
			 struct outcome *o)
{
	struct buf val = BUF_INIT(POST_TEXT_MAX);
	const struct rule u = { .type = RULE_LINE };

	for (size_t i = 0; i < g->finding_count; i++) {
		struct value v;
		int yes;

		value_of(r, &g->findings[i].x, (xmlNode *)r->tree->doc, &v);
		buf_clear(&val);
		yes = v.owner ? xmlXPathCastToBoolean(v.owner) :
		      v.node != NULL;
		/* A condition has no words of its own; a node has. */
		if (yes && (v.node || (v.owner &&
				       v.owner->type == XPATH_STRING)))
			value_write(r, &u, &v, &val);
		if (yes)
			outcome_find(o, g->findings[i].name,
				     val.len ? buf_cstr(&val) : NULL);
		value_release(&v);
	}
	buf_release(&val);
}

int eval_page(struct reading *r, const struct charset_text *source,
	      struct outcome *o, struct buf *account, struct buf *next,
	      struct buf *nexts, struct buf *posts, struct buf *links)
{
	const struct page *g = eval_choose(r, o);
	xmlNode *at[1];
	int res = 0;

	if (!g)
		return 0;
	o->page = g;
	run_findings(r, g, o);
	if (g->account_block &&
	    eval_nodes(r, &g->account_at, (xmlNode *)r->tree->doc, at, 1)) {
		struct jsonw w = JSONW_INIT(account);
		size_t bare;

		r->trace_of = "account";
		r->trace_n = 1;
		jsonw_open(&w, NULL, '{');
		bare = account->len;
		write_block(r, g->account_block, at[0], &w, 0, NULL);
		jsonw_close(&w, '}');
		if (account->len == bare + 1)
			buf_clear(account);
	}
	if (g->post_block)
		res = write_posts(r, source, g, o, posts);
	if (res == 0)
		res = write_links(r, g, o, links);
	if (res == 0)
		write_nexts(r, g, next, nexts);
	if (g->post_block && !o->posts && !g->may_be_empty && !o->findings)
		outcome_find(o, FINDING_LAYOUT, "no post where posts belong");
	if (r->failed) {
		char text[300];

		snprintf(text, sizeof(text), "profile line %u: %.200s",
			 r->line, r->err.text);
		outcome_find(o, "profile-error", text);
	}
	return res;
}

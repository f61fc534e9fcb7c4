/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a page gave, from the parse child's lines: posts known, new, edited or
 * gone; media at once, since their links die; the way to older posts.
 */
#include "crawler/crawl_int.h"

#include "parsers/post.h"
#include "parsers/profile.h"
#include "parsers/url.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES_MAX (8u << 20)
#define LINE_DEPTH 24
#define RANGE_MAX 10000			/* ids looked through for the gone */

/* What one page said, gathered before anything is decided. */
struct reading {
	struct crawl *c;
	struct page_job *j;
	struct frontier_source *s;
	uint32_t source;
	char kind[64];
	char *next;			/* URL of the older page, resolved */
	int denied;			/* login wall, refusal */
	int findings;
	struct frontier_post *posts;	/* of this source, in page order */
	size_t nposts, size;
	uint64_t lo, hi;		/* numeric ids of its posts */
	int whole;			/* all had numbers */
	int all_known;			/* and none was new */
	int too_old;			/* a post before the date to stop at */
	unsigned urls;			/* offered */
	int64_t since_ms;
};

void crawl_stop_source(struct crawl *c, uint64_t claim, uint32_t source,
		       enum frontier_state why, struct err *e)
{
	struct frontier_source *s = frontier_source(c->frontier, source);

	if (s->state == FRONTIER_DENIED)
		return;
	s->state = why;
	s->stopped_ms = c->now.wall_ms;
	(void)frontier_source_save(c->frontier, claim, source, e);
}

static char *resolve(const char *base, const char *ref)
{
	struct url b = URL_INIT, u = URL_INIT;
	struct bytes bare;
	char *s = NULL;

	if (url_parse(bytes_str(base), NULL, &b, NULL) == 0 &&
	    url_parse(bytes_str(ref), &b, &u, NULL) == 0 && url_is_http(&u)) {
		bare = url_bare(&u);
		s = strndup((const char *)bare.p, bare.len);
	}
	url_release(&b);
	url_release(&u);
	return s;
}

static int is_one_of(const char *s, const char *const *list)
{
	for (; s && *list; list++)
		if (!strcmp(s, *list))
			return 1;
	return 0;
}

/* --- the page's line ------------------------------------------------------- */

static int page_line(struct reading *rd, const json_t *o)
{
	static const char *const walls[] = { "login", "login-wall", "wall",
		"refusal", "access-controlled", "captcha", "challenge", NULL };
	static const char *const quiet[] = { "no-posts", NULL };
	const json_t *next = json_object_get(o, "next"), *f;
	const char *kind = json_opt_str(o, "page"), *code, *text, *url;
	size_t i;

	snprintf(rd->kind, sizeof(rd->kind), "%s", kind ? kind : "");
	rd->denied = is_one_of(kind, walls);
	json_array_foreach(json_object_get(o, "findings"), i, f) {
		code = json_opt_str(f, "code");
		text = json_opt_str(f, "text");
		if (!code || i >= 32)
			continue;
		rd->denied |= is_one_of(code, walls);
		if (is_one_of(code, quiet))
			continue;
		rd->findings++;
		crawl_find(rd->c, rd->j->item.u.url, "%s%s%.200s", code,
			   text && *text ? ": " : "", text ? text : "");
	}
	url = next ? json_opt_str(next, "url") : NULL;
	code = next ? json_opt_str(next, "direction") : NULL;
	if (url && (!code || !strcmp(code, "older"))) {
		rd->next = resolve(rd->j->item.u.url, url);
		if (!rd->next)
			crawl_find(rd->c, rd->j->item.u.url,
				   "the way to older posts is no address");
	}
	return 0;
}

/* --- posts ----------------------------------------------------------------- */

static void hash_member(struct buf *b, const json_t *o, const char *key)
{
	char *s = json_dumps(json_object_get(o, key),
			     JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

	(void)buf_adds(b, key);
	(void)buf_addc(b, '=');
	(void)buf_adds(b, s ? s : "null");
	(void)buf_addc(b, '\n');
	free(s);
}

/*
 * What makes two sights of a post the same.  Counters, and addresses of media,
 * change at every visit and do not count.
 */
static uint64_t meaning(const json_t *o)
{
	static const char *const keys[] = { "text", "edited", "forwarded_from",
					    "reply_to", "signature", "links" };
	struct buf b = BUF_INIT(LINE_BYTES_MAX);
	uint8_t h[SHA256_LEN];
	const json_t *m;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		hash_member(&b, o, keys[i]);
	json_array_foreach(json_object_get(o, "media"), i, m) {
		hash_member(&b, m, "type");
		hash_member(&b, m, "title");
		hash_member(&b, m, "page");
	}
	m = json_object_get(o, "poll");
	if (m)
		hash_member(&b, m, "question");
	sha256_once(buf_view(&b), h);
	buf_release(&b);
	return FRONTIER_MEANING(get_be64(h));
}

/* The number at the end of "name/123"; 0 when there is none. */
static uint64_t number_of(const char *id)
{
	const char *p = strrchr(id, '/');
	uint64_t n = 0;

	p = p ? p + 1 : id;
	if (!*p || *p == '0')
		return 0;
	for (; *p; p++) {
		if (*p < '0' || *p > '9' || n > (UINT64_MAX >> 4) / 10)
			return 0;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	return n;
}

static uint64_t key_of(const char *id, uint64_t number)
{
	uint8_t h[SHA256_LEN];

	if (number)
		return number;
	sha256_once(bytes_str(id), h);
	/* Above any number a site would use. */
	return get_be64(h) | 1ull << 63;
}

/* A post that stands on this page but belongs to somebody else is no part. */
static int belongs(struct reading *rd, const char *url)
{
	struct scope_ask ask = { .purpose = SCOPE_PAGE,
				 .source = rd->c->mandate_of[rd->source] };
	struct scope_decision d;

	if (!url)
		return 1;
	ask.url = bytes_str(url);
	return scope_decide(rd->c->job->mandate, &rd->c->rules, &ask,
			    rd->c->now.wall_ms, &d) == 0 &&
	       d.allow && d.source == ask.source;
}

static int offer(struct reading *rd, const char *ref, enum frontier_kind kind,
		 enum frontier_prio prio, uint64_t post, uint64_t cursor,
		 struct err *e)
{
	const struct page_job *j = rd->j;
	struct frontier_url u = {
		.source = rd->source, .kind = kind, .prio = prio,
		.depth = j->item.u.depth, .parent = j->case_seq,
		.cursor = cursor, .post = post,
	};
	char *url;
	int r;

	if (rd->urls == PAGE_URLS_MAX)
		crawl_find(rd->c, j->item.u.url, "limit: more than %d "
			   "addresses on one page", PAGE_URLS_MAX);
	if (rd->urls++ >= PAGE_URLS_MAX)
		return 0;
	url = resolve(j->item.u.url, ref);
	if (!url)
		return 0;
	if (prio == FRONTIER_OTHER)
		u.depth++;
	u.url = url;
	r = crawl_offer(rd->c, j->claim, &u, e);
	free(url);
	return r;
}

static int offer_media(struct reading *rd, const json_t *o, uint64_t post,
		       struct err *e)
{
	const json_t *m, *list = json_object_get(o, "media");
	const char *url, *type;
	size_t i;
	int r = 0;

	json_array_foreach(list, i, m) {
		url = json_opt_str(m, "url");
		type = json_opt_str(m, "type");
		/* A place is an address of a map, not a medium. */
		if (url && !(type && !strcmp(type, "location")))
			r = offer(rd, url, FRONTIER_MEDIA, FRONTIER_EXPIRING,
				  post, 0, e);
		url = json_opt_str(m, "thumb");
		if (r == 0 && url && !json_opt_str(m, "url"))
			r = offer(rd, url, FRONTIER_MEDIA, FRONTIER_EXPIRING,
				  post, 0, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int remember(struct reading *rd, const struct frontier_post *p)
{
	struct frontier_post *list;
	size_t n;

	if (rd->nposts == rd->size) {
		n = rd->size ? rd->size * 2 : 32;
		list = realloc(rd->posts, n * sizeof(*list));
		if (!list)
			return ERR_NOMEM;
		rd->posts = list;
		rd->size = n;
	}
	rd->posts[rd->nposts++] = *p;
	return 0;
}

static int post_line(struct reading *rd, const json_t *o, struct err *e)
{
	const char *id = json_opt_str(o, "post_id");
	const char *date = json_opt_str(o, "published");
	struct frontier_post p = { 0 }, old;
	struct crawl *c = rd->c;
	uint64_t number;
	int64_t at;
	int known, same;

	if (!belongs(rd, json_opt_str(o, "url")))
		return 0;
	if (!id)
		id = json_opt_str(o, "url");
	if (!id)
		return 0;
	number = number_of(id);
	if (!number)
		rd->whole = 0;
	else if (!rd->lo || number < rd->lo)
		rd->lo = number;
	if (number > rd->hi)
		rd->hi = number;
	c->rep->total.posts++;
	p.key = key_of(id, number);
	p.meaning = meaning(o);
	known = frontier_known(c->frontier, rd->source, p.key, &old) == 0;
	same = known && old.meaning == p.meaning &&
	       !(old.flags & (FRONTIER_POST_GONE | FRONTIER_POST_PARTIAL));
	if (!known) {
		c->rep->new_posts++;
		rd->all_known = 0;
	} else if (old.meaning != p.meaning) {
		c->rep->edited_posts++;
	}
	if (remember(rd, &p) < 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	if (rd->since_ms && date &&
	    clock_parse_rfc3339(date, strlen(date), &at) == 0 &&
	    at < rd->since_ms) {
		rd->too_old = 1;
		return 0;
	}
	return same || c->o->no_media ? 0 : offer_media(rd, o, p.key, e);
}

/* A site without named sources is followed along its own links. */
static int link_line(struct reading *rd, const json_t *o, struct err *e)
{
	const struct mandate_source *m = crawl_mandate_source(rd->c,
							      rd->source);
	struct scope_ask ask = { .purpose = SCOPE_PAGE,
		.source = rd->c->mandate_of[rd->source],
		.depth = rd->j->item.u.depth + 1u };
	struct scope_decision d;
	const char *ref = json_opt_str(o, "url");
	char *url;
	int r = 0;

	if (!ref || !m || rd->c->rules.named(rd->c->rules.arg, m->profile))
		return 0;
	url = resolve(rd->j->item.u.url, ref);
	if (!url)
		return 0;
	ask.url = bytes_str(url);
	/* Not followed is not refused: a page links to the whole world. */
	if (scope_decide(rd->c->job->mandate, &rd->c->rules, &ask,
			 rd->c->now.wall_ms, &d) == 0 && d.allow)
		r = offer(rd, url, FRONTIER_PAGE, FRONTIER_OTHER, 0, 0, e);
	free(url);
	return r;
}

static int read_lines(struct reading *rd, struct bytes text, struct err *e)
{
	const uint8_t *nl;
	struct bytes line;
	const char *kind;
	json_t *o;
	int r = 0;

	while (r == 0 && text.len) {
		nl = memchr(text.p, '\n', text.len);
		line = BYTES(text.p, nl ? (size_t)(nl - text.p) : text.len);
		text.p += line.len + (nl != NULL);
		text.len -= line.len + (nl != NULL);
		if (!line.len)
			continue;
		if (json_read(line, LINE_BYTES_MAX, LINE_DEPTH, &o, NULL) < 0) {
			crawl_find(rd->c, rd->j->item.u.url,
				   "a line of the parser cannot be read");
			continue;
		}
		kind = json_opt_str(o, "kind");
		if (kind && !strcmp(kind, "page"))
			r = page_line(rd, o);
		else if (kind && !strcmp(kind, "post"))
			r = post_line(rd, o, e);
		else if (kind && !strcmp(kind, "link"))
			r = link_line(rd, o, e);
		json_decref(o);
	}
	return r;
}

/* --- what is missing ------------------------------------------------------- */

static int has_post(const struct reading *rd, uint64_t key)
{
	for (size_t i = 0; i < rd->nposts; i++)
		if (rd->posts[i].key == key)
			return 1;
	return 0;
}

/* Known posts between the first and last of the page that it no longer has. */
static int find_gone(struct reading *rd, struct err *e)
{
	struct frontier_post p;
	int r = 0;

	if (!rd->whole || rd->nposts < 2 || rd->hi - rd->lo > RANGE_MAX)
		return 0;
	for (uint64_t id = rd->lo; r == 0 && id <= rd->hi; id++) {
		if (frontier_known(rd->c->frontier, rd->source, id, &p) < 0 ||
		    (p.flags & FRONTIER_POST_GONE) || has_post(rd, id))
			continue;
		p.flags |= FRONTIER_POST_GONE;
		r = frontier_know(rd->c->frontier, rd->j->claim, rd->source,
				  &p, 1, e);
		crawl_find(rd->c, rd->j->item.u.url, "post %llu is no longer "
			   "on its page", (unsigned long long)id);
	}
	return r;
}

/* --- where to go on -------------------------------------------------------- */

static unsigned page_limit(const struct reading *rd)
{
	const struct crawl *c = rd->c;
	const struct mandate_source *m = crawl_mandate_source(c, rd->source);
	const struct profile *p = m ?
		profile_by_id(c->job->profiles, m->profile) : NULL;
	unsigned own = p ? profile_manners(p).pages : 0;
	unsigned asked = c->o->max_pages;

	/* A pass may ask for less than the profile permits, not for more. */
	if (c->o->fast || !own)
		return asked;
	return asked && asked < own ? asked : own;
}

/* The bottom of what was read without a hole around an id. */
static uint64_t lowest_with(const struct frontier_source *s, uint64_t id)
{
	for (unsigned i = 0; i < s->nspans; i++)
		if (s->span[i].lo <= id && id <= s->span[i].hi)
			return s->span[i].lo;
	return id;
}

static int go_on(struct reading *rd, struct err *e)
{
	const struct page_job *j = rd->j;
	uint64_t above = j->item.u.cursor;
	unsigned limit = page_limit(rd);
	const char *hole = NULL, *next = rd->next;
	int met = 0, r;

	if (above && rd->lo && rd->lo >= above) {
		crawl_find(rd->c, j->item.u.url, "older posts do not get "
			   "older: not followed further");
		return 0;
	}
	if (rd->nposts == 0 && above)
		next = NULL;
	if (rd->whole && rd->lo) {
		r = frontier_span_add(rd->s, rd->lo, rd->hi, above, rd->next,
				      &met, &hole);
		if (r < 0)
			return err_set(e, r, "cannot keep how far '%s' was "
				       "read", rd->s->id);
	} else if (rd->nposts && rd->all_known) {
		met = 1;
	}
	/* What it has: on below the next hole, if an earlier pass left one. */
	if (met)
		next = hole;
	if (!next || rd->too_old)
		return 0;
	if (limit && rd->s->pages >= limit) {
		if (!rd->c->o->max_pages)
			crawl_find(rd->c, j->item.u.url, "limit of %u pages a "
				   "pass: older posts are left for the next",
				   limit);
		return 0;
	}
	return offer(rd, next, FRONTIER_PAGE, FRONTIER_BACK, 0,
		     met ? lowest_with(rd->s, rd->lo) : rd->lo, e);
}

int crawl_page(struct crawl *c, struct page_job *j, struct parse_result *res,
	       struct err *e)
{
	struct reading rd = { .c = c, .j = j, .source = j->item.u.source,
			      .whole = 1, .all_known = 1 };
	const struct mandate_source *m;
	int r;

	rd.s = frontier_source(c->frontier, rd.source);
	m = crawl_mandate_source(c, rd.source);
	rd.since_ms = c->o->since_ms;
	if (m && m->since_ms > rd.since_ms)
		rd.since_ms = m->since_ms;
	r = read_lines(&rd, buf_view(&res->jsonl), e);
	if (r < 0)
		goto out;
	if (*res->finding && !rd.findings)
		crawl_find(c, j->item.u.url, "%s", res->finding);
	rd.s->pages++;
	if (rd.denied) {
		crawl_find(c, j->item.u.url, "access-controlled: page kind "
			   "'%s'", rd.kind);
		crawl_stop_source(c, j->claim, rd.source, FRONTIER_DENIED, e);
	} else {
		r = find_gone(&rd, e);
		if (r == 0 && rd.nposts)
			r = frontier_know(c->frontier, j->claim, rd.source,
					  rd.posts, rd.nposts, e);
		if (r == 0)
			r = go_on(&rd, e);
	}
	if (r < 0)
		goto out;
	r = frontier_done(c->frontier, j->claim, j->item.node, e);
	if (r < 0)
		goto out;
	if (rd.s->state == FRONTIER_OPEN &&
	    frontier_pages_of(c->frontier, rd.source) == 0)
		rd.s->state = FRONTIER_COMPLETE;
	r = frontier_source_save(c->frontier, j->claim, rd.source, e);
	if (r == 0)
		r = crawl_keep_derived(c, j->case_seq, &res->jsonl, e);
out:
	free(rd.next);
	free(rd.posts);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* What came of a request: sealed first, then understood. */
#include "crawler/crawl_int.h"

#include "crawler/decodechild.h"
#include "parsers/http.h"
#include "parsers/robots.h"
#include "parsers/url.h"

#include <stdlib.h>
#include <strings.h>

#define RETRY_MS 30000			/* first wait after a network failure */
#define RETRY_FAST_MS 100

/* What the answer's head says that matters here. */
struct answer {
	int status;
	int64_t retry_after_ms;		/* -1 */
	char *location;			/* resolved; owned; NULL */
	int login;			/* it leads to a login page */
};

/* Redirects that ask who you are. */
static int looks_like_login(const struct url *u)
{
	static const char *const words[] = {
		"/login", "/signin", "/sign_in", "/sign-in", "/accounts/login",
		"/auth/", "/checkpoint/", "/challenge/", "/authwall",
		"/consent/login",
	};
	size_t n;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		n = strlen(words[i]);
		for (size_t k = 0; k + n <= u->path.len; k++)
			if (!strncasecmp((const char *)u->path.p + k,
					 words[i], n) &&
			    (words[i][n - 1] == '/' || k + n == u->path.len ||
			     strchr("/.;", u->path.p[k + n])))
				return 1;
	}
	return 0;
}

static void read_answer(const struct exchange *x, const char *url,
			struct answer *a)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct url base = URL_INIT, to = URL_INIT;
	struct bytes v;

	a->status = x->status;
	a->retry_after_ms = -1;
	if (http_response_parse(buf_view(&x->head), &h, NULL) < 0)
		return;
	v = http_get(&h, "Retry-After");
	if (v.p && http_retry_after(v, x->end_ms, &a->retry_after_ms) < 0)
		a->retry_after_ms = -1;
	v = http_get(&h, "Location");
	if (v.p && x->status >= 300 && x->status < 400 &&
	    url_parse(bytes_str(url), NULL, &base, NULL) == 0 &&
	    url_parse(v, &base, &to, NULL) == 0) {
		v = url_bare(&to);
		a->location = strndup((const char *)v.p, v.len);
		a->login = looks_like_login(&to);
	}
	url_release(&base);
	url_release(&to);
	http_head_release(&h);
}

/* --- robots.txt ------------------------------------------------------------ */

/*
 * Codings are undone in a child; a body without any is what was received.  A
 * long one is read as far as it goes (RFC 9309 section 2.5).
 */
static int robots_body(const struct crawl *c, const struct exchange *x,
		       struct buf *out)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct buf all = BUF_INIT(DECODE_BODY_MAX);
	struct bytes body = buf_view(&x->body);
	int coded, r;

	r = http_response_parse(buf_view(&x->head), &h, NULL);
	if (r < 0)
		return r;
	coded = http_get(&h, "Content-Encoding").p ||
		http_get(&h, "Transfer-Encoding").p;
	http_head_release(&h);
	if (coded) {
		r = decode_body(c->o->self_path, buf_view(&x->head), body,
				&all, NULL);
		body = buf_view(&all);
	}
	if (body.len > ROBOTS_MAX + 1)
		body.len = ROBOTS_MAX + 1;
	if (r == 0)
		r = buf_addb(out, body);
	buf_release(&all);
	return r;
}

/* A Crawl-delay beyond our longest is cut to it, and said. */
static void tell_delay(struct crawl *c, const char *url)
{
	struct robotscache_answer a;
	struct url u = URL_INIT;

	if (url_parse(bytes_str(url), NULL, &u, NULL) == 0 &&
	    robotscache_check(c->robots, c->job->mandate, &u, c->now.wall_ms,
			      &a) == 0 && a.delay_cut)
		crawl_find(c, url, "asks for a Crawl-delay longer than %lld "
			   "s: that long is waited",
			   (long long)ROBOTSCACHE_DELAY_MAX_MS / 1000);
	url_release(&u);
}

static int robots_answer(struct crawl *c, struct flight *f, struct exchange *x,
			 struct answer *a, uint64_t seq, struct err *e)
{
	struct robots_job *j = f->robots_job;
	struct robotscache_result res = { .record = seq,
					  .fetched_ms = x->end_ms };
	struct buf body = BUF_INIT(ROBOTS_MAX + 1024);
	int r;

	j->flying = 0;
	j->parent = seq;
	if (x->phase == FETCH_DONE || (x->status && x->body.len))
		res.status = x->status;
	if (res.status >= 300 && res.status < 400) {
		if (a->location && j->hops < SCOPE_HOPS_MAX) {
			free(j->url);
			j->url = a->location;
			a->location = NULL;
			j->hops++;
			return 0;	/* its turn comes like any other */
		}
		res.redirects = a->location != NULL;
		res.status = 0;
		if (res.redirects)
			crawl_find(c, j->url, "robots.txt redirects more than "
				   "%d times: taken as disallowing all",
				   SCOPE_HOPS_MAX);
	} else if (res.status >= 200 && res.status < 300) {
		r = robots_body(c, x, &body);
		if (r < 0) {
			res.status = 0;	/* cannot be read: unreachable */
			crawl_find(c, j->url, "robots.txt cannot be decoded: "
				   "taken as disallowing all");
		}
		res.body = buf_view(&body);
	}
	r = robotscache_store(c->robots, f->claim.id, j->authority, &res, e);
	buf_release(&body);
	if (r == 0)
		tell_delay(c, j->url);
	crawl_robots_done(c, j);
	return r;
}

/* --- pages and media ------------------------------------------------------- */

static int done(struct crawl *c, const struct flight *f, struct err *e)
{
	return frontier_done(c->frontier, f->claim.id, f->item.node, e);
}

/* The post this medium belongs to stays incomplete: offered again next time. */
static int given_up(struct crawl *c, const struct flight *f, struct err *e)
{
	const struct frontier_url *u = &f->item.u;
	struct frontier_post p;
	int r = 0;

	c->rep->total.failed++;
	if (u->kind == FRONTIER_MEDIA && u->post &&
	    frontier_known(c->frontier, u->source, u->post, &p) == 0) {
		p.flags |= FRONTIER_POST_PARTIAL;
		r = frontier_know(c->frontier, f->claim.id, u->source, &p, 1,
				  e);
	}
	return r < 0 ? r : frontier_forget(c->frontier, f->claim.id,
					   f->item.node, e);
}

static int again_later(struct crawl *c, const struct flight *f,
		       const char *why, struct err *e)
{
	int64_t wait = c->o->fast ? RETRY_FAST_MS : RETRY_MS;

	if (f->item.u.attempts + 1 >= ATTEMPTS_MAX) {
		crawl_find(c, f->url, "given up after %d attempts: %s",
			   ATTEMPTS_MAX, why);
		return given_up(c, f, e);
	}
	for (unsigned i = 0; i < f->item.u.attempts; i++)
		wait *= 2;
	return frontier_retry(c->frontier, f->claim.id, f->item.node,
			      c->now.boot_ms + wait, e);
}

/* 429, 503: the gate waits; three in a row and the source rests (R11). */
static int refused(struct crawl *c, const struct flight *f,
		   const struct answer *a, struct err *e)
{
	uint32_t i = f->item.u.source;
	struct frontier_source *s = frontier_source(c->frontier, i);
	int r;

	c->rep->total.refused++;
	s->refusals++;
	if (s->refusals >= REFUSALS_MAX && s->state != FRONTIER_DENIED) {
		s->stopped_ms = c->now.wall_ms;
		s->state = FRONTIER_SUSPENDED;
		c->rep->suspended++;
		crawl_find(c, f->url, "source '%s' suspended: %u refusals in "
			   "a row, the last with status %d", s->id,
			   s->refusals, a->status);
	}
	r = frontier_source_save(c->frontier, f->claim.id, i, e);
	if (r < 0)
		return r;
	if (s->state == FRONTIER_SUSPENDED)
		return frontier_park(c->frontier, f->item.node, e);
	/* The gate holds longer than this. */
	return frontier_retry(c->frontier, f->claim.id, f->item.node,
			      c->now.boot_ms, e);
}

static int redirected(struct crawl *c, const struct flight *f,
		      struct answer *a, uint64_t seq, struct err *e)
{
	struct frontier_url u = f->item.u;
	struct scope_ask ask = { .purpose = SCOPE_PAGE,
				 .source = SCOPE_NO_SOURCE };
	struct scope_decision d;
	int r;

	if (a->login && u.kind == FRONTIER_PAGE) {
		crawl_find(c, f->url, "access-controlled: redirected to a "
			   "login page");
		crawl_stop_source(c, f->claim.id, u.source, FRONTIER_DENIED,
				  e);
		return done(c, f, e);
	}
	if (!a->location) {
		crawl_find(c, f->url, "status %d without a usable Location",
			   a->status);
		return done(c, f, e);
	}
	if (strncmp(a->location, "https://", 8) != 0 &&
	    strncmp(a->location, "http://", 7) != 0) {
		ask.url = bytes_str(a->location);
		ask.hops = u.hops + 1u;
		r = scope_decide(c->job->mandate, &c->rules, &ask,
				 c->now.wall_ms, &d);
		if (r < 0)
			return err_set(e, r, "out of memory");
		c->rep->out_of_scope++;
		crawl_find(c, a->location, "redirect not followed: %s", d.rule);
		r = crawl_seal_refused(c, a->location, "scope", d.rule,
				       u.source, seq, NULL, e);
		return r < 0 ? r : done(c, f, e);
	}
	/* Its own exchange, with its own scope check, when its turn comes. */
	u.url = a->location;
	u.prio = FRONTIER_HOP;
	u.hops++;
	u.attempts = 0;
	u.parent = seq;
	r = crawl_offer(c, f->claim.id, &u, e);
	return r < 0 ? r : done(c, f, e);
}

static int to_parser(struct crawl *c, const struct flight *f,
		     struct exchange *x, uint64_t seq, struct err *e)
{
	struct page_job *j = calloc(1, sizeof(*j));

	if (!j)
		return err_set(e, ERR_NOMEM, "out of memory");
	j->item = f->item;
	j->claim = f->claim.id;
	j->case_seq = seq;
	j->head = x->head;
	j->body = x->body;
	memset(&x->head, 0, sizeof(x->head));
	memset(&x->body, 0, sizeof(x->body));
	*c->waiting_end = j;
	c->waiting_end = &j->next;
	c->nwaiting++;
	c->waiting_bytes += j->body.len;
	return 0;
}

static int accepted(struct crawl *c, const struct flight *f,
		    struct exchange *x, uint64_t seq, struct err *e)
{
	struct frontier_source *s = frontier_source(c->frontier,
						    f->item.u.source);
	int r = 0;

	if (s->refusals) {
		s->refusals = 0;
		r = frontier_source_save(c->frontier, f->claim.id,
					 f->item.u.source, e);
	}
	if (x->truncated != TRUNC_NO)
		crawl_find(c, f->url, "larger than the limit: kept as far as "
			   "it goes");
	if (r < 0)
		return r;
	if (f->item.u.kind == FRONTIER_MEDIA) {
		c->rep->total.media++;
		return done(c, f, e);
	}
	c->rep->total.pages++;
	return to_parser(c, f, x, seq, e);
}

static int item_answer(struct crawl *c, struct flight *f, struct exchange *x,
		       struct answer *a, uint64_t seq, struct err *e)
{
	int cut = x->phase == FETCH_BODY && x->truncated == TRUNC_LENGTH;

	if (x->phase == FETCH_ADDRESS || x->phase == FETCH_SCOPE) {
		c->rep->total.refused++;
		crawl_find(c, f->url, "%s", x->error);
		return done(c, f, e);
	}
	if (x->phase != FETCH_DONE && !cut) {
		crawl_find(c, f->url, "no answer: %s", x->error);
		return again_later(c, f, x->error, e);
	}
	if (a->status == 429 || a->status == 503)
		return refused(c, f, a, e);
	if (a->status >= 500)
		return again_later(c, f, "server error", e);
	if (a->status == 401 || a->status == 403 || a->status == 407 ||
	    a->status == 451) {
		if (f->item.u.kind == FRONTIER_PAGE) {
			crawl_find(c, f->url, "access-controlled: status %d",
				   a->status);
			crawl_stop_source(c, f->claim.id, f->item.u.source,
					  FRONTIER_DENIED, e);
		} else {
			crawl_find(c, f->url, "medium refused: status %d",
				   a->status);
		}
		c->rep->total.refused++;
		return done(c, f, e);
	}
	if (a->status >= 400) {
		crawl_find(c, f->url, "status %d", a->status);
		c->rep->total.failed++;
		return done(c, f, e);
	}
	if (a->status >= 300 && a->status != 304)
		return redirected(c, f, a, seq, e);
	if (a->status < 200 || a->status == 304) {
		crawl_find(c, f->url, "status %d was not asked for", a->status);
		return done(c, f, e);
	}
	return accepted(c, f, x, seq, e);
}

int crawl_answer(struct crawl *c, struct flight *f, struct exchange *x,
		 struct err *e)
{
	struct answer a = { 0 };
	struct gate_result res = { 0 };
	const char *group = f->robots_job ? NULL : f->item.u.group;
	uint64_t seq;
	int r;

	read_answer(x, f->url, &a);
	res.status = x->phase == FETCH_DONE || x->status ? x->status : 0;
	res.retry_after_ms = a.retry_after_ms;
	/* In the lab everybody lives on loopback. */
	res.peer = x->lab || !*x->peer ? NULL : x->peer;
	c->rng = c->rng * 6364136223846793005u + 1442695040888963407u;
	res.jitter_permille = c->o->fast ? 0 : (uint32_t)(c->rng >> 33) % 300;
	r = gate_end(c->gate, f->claim.id, &res, &c->now, e);
	if (r < 0)
		goto out;
	r = crawl_seal_exchange(c, f, x, &seq, e);
	if (r < 0)
		goto out;
	c->rep->total.exchanges++;
	c->rep->total.bytes += x->head.len + x->body.len;
	if (group && !c->o->fast)
		r = crawl_release_group(c, group, &f->keys, e);
	if (r < 0)
		goto out;
	if (f->robots_job)
		r = robots_answer(c, f, x, &a, seq, e);
	else
		r = item_answer(c, f, x, &a, seq, e);
out:
	free(a.location);
	f->state = FLIGHT_FREE;
	return r;
}

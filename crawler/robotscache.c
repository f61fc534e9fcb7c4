/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/robotscache.h"

#include "crawler/frame.h"
#include "parsers/robots.h"
#include "parsers/url.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define NOTE_PREFIX "robots:"
#define AUTHORITY_LEN 280
#define ENTRIES_MAX 4096

struct entry {
	char authority[AUTHORITY_LEN];
	int status;
	int redirects;
	uint64_t record;
	int64_t fetched_ms;
	struct robots *rules;	/* for 2xx */
};

struct robotscache {
	struct frontier *f;
	char agent[128];
	struct entry *entries;
	size_t n, size;
};

static struct entry *find(const struct robotscache *c, const char *authority)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->entries[i].authority, authority))
			return &c->entries[i];
	return NULL;
}

static int put(struct robotscache *c, const char *authority,
	       const struct robotscache_result *r)
{
	struct entry *x = find(c, authority), *p;
	struct robots *rules = NULL;
	size_t n;

	if (strlen(authority) >= AUTHORITY_LEN)
		return ERR_RANGE;
	if (r->status >= 200 && r->status < 300 &&
	    robots_parse(r->body, &rules, NULL) < 0)
		return ERR_NOMEM;
	if (!x) {
		if (c->n == ENTRIES_MAX) {
			robots_free(rules);
			return ERR_LIMIT;
		}
		if (c->n == c->size) {
			n = c->size ? c->size * 2 : 16;
			p = realloc(c->entries, n * sizeof(*p));
			if (!p) {
				robots_free(rules);
				return ERR_NOMEM;
			}
			c->entries = p;
			c->size = n;
		}
		x = &c->entries[c->n++];
		memset(x, 0, sizeof(*x));
		memcpy(x->authority, authority, strlen(authority) + 1);
	}
	robots_free(x->rules);
	x->rules = rules;
	x->status = r->status;
	x->redirects = r->redirects;
	x->record = r->record;
	x->fetched_ms = r->fetched_ms;
	return 0;
}

/* A kept answer that cannot be read is asked for again: no error. */
static int load(struct robotscache *c, const char *authority, struct bytes v)
{
	struct frame_in in = { v, 0 };
	struct robotscache_result r = { 0 };

	r.status = (int)frame_get_u32(&in);
	r.redirects = frame_get_u8(&in);
	r.record = frame_get_u64(&in);
	r.fetched_ms = frame_get_i64(&in);
	r.body = in.rest;
	if (in.bad)
		return 0;
	return put(c, authority, &r);
}

int robotscache_new(struct frontier *f, const char *agent,
		    struct robotscache **out, struct err *e)
{
	struct robotscache *c = calloc(1, sizeof(*c));
	const char *key;
	int r = 0;

	if (!c)
		return err_set(e, ERR_NOMEM, "out of memory");
	c->f = f;
	snprintf(c->agent, sizeof(c->agent), "%s", agent);
	for (size_t i = 0; r == 0 && (key = frontier_note_key(f, i)); i++)
		if (!strncmp(key, NOTE_PREFIX, strlen(NOTE_PREFIX)))
			r = load(c, key + strlen(NOTE_PREFIX),
				 frontier_note_get(f, key));
	if (r < 0) {
		robotscache_free(c);
		return err_set(e, r, "cannot take over robots rules");
	}
	*out = c;
	return 0;
}

void robotscache_free(struct robotscache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		robots_free(c->entries[i].rules);
	free(c->entries);
	free(c);
}

int robotscache_authority(const struct url *u, char out[static 280])
{
	int n;

	if (u->port >= 0)
		n = snprintf(out, AUTHORITY_LEN, "%.*s:%d", (int)u->host.len,
			     (const char *)u->host.p, u->port);
	else
		n = snprintf(out, AUTHORITY_LEN, "%.*s", (int)u->host.len,
			     (const char *)u->host.p);
	return n > 0 && n < AUTHORITY_LEN ? 0 : ERR_RANGE;
}

static int is_unreachable(const struct entry *x)
{
	return !x->redirects &&
	       (x->status == 429 || x->status >= 500 || x->status < 200 ||
		(x->status >= 300 && x->status < 400));
}

static int fresh(const struct entry *x, int64_t now_ms)
{
	int64_t age = now_ms - x->fetched_ms;

	return age >= 0 && age < (is_unreachable(x) ? ROBOTSCACHE_RETRY_MS :
				  ROBOTSCACHE_KEEP_MS);
}

int robotscache_fresh(struct robotscache *c, const char *authority,
		      int64_t now_ms)
{
	const struct entry *x = find(c, authority);

	return x && fresh(x, now_ms);
}

static void by_rules(const struct robotscache *c, const struct entry *x,
		     const struct robots_decision *d,
		     struct robotscache_answer *out)
{
	out->verdict = d->allow ? ROBOTS_ALLOWED : ROBOTS_REFUSED;
	if (d->why == ROBOTS_RULE)
		snprintf(out->rule, sizeof(out->rule),
			 "robots.txt of %s, line %u: %.*s", x->authority,
			 d->line, (int)(d->rule.len < 160 ? d->rule.len : 160),
			 (const char *)d->rule.p);
	else
		snprintf(out->rule, sizeof(out->rule),
			 "robots.txt of %s: no rule for '%s'", x->authority,
			 c->agent);
	if (d->crawl_delay_ms > 0) {
		out->crawl_delay_ms = d->crawl_delay_ms;
		if (out->crawl_delay_ms > ROBOTSCACHE_DELAY_MAX_MS) {
			out->crawl_delay_ms = ROBOTSCACHE_DELAY_MAX_MS;
			out->delay_cut = 1;
		}
	}
}

static void by_status(const struct entry *x, struct robotscache_answer *out)
{
	const char *what;

	if (x->redirects) {
		out->verdict = ROBOTS_REFUSED;
		what = "redirects too often or out of scope";
	} else if (x->status == 401 || x->status == 403) {
		out->verdict = ROBOTS_REFUSED;
		what = "is refused: disallow";
	} else if (is_unreachable(x)) {
		out->verdict = ROBOTS_REFUSED_FOR_NOW;
		what = "cannot be had: disallow";
	} else {
		out->verdict = ROBOTS_ALLOWED;
		what = "does not exist: allow";
	}
	if (x->status)
		snprintf(out->rule, sizeof(out->rule),
			 "robots.txt of %s (status %d) %s", x->authority,
			 x->status, what);
	else
		snprintf(out->rule, sizeof(out->rule),
			 "robots.txt of %s (no answer) %s", x->authority, what);
}

/* A written decision of the case goes past a refusal, and is named. */
static void by_decision(const struct mandate *m, const char *authority,
			struct robotscache_answer *out)
{
	char date[CLOCK_RFC3339_MAX];
	size_t len = strlen(out->rule);

	for (size_t i = 0; i < m->ndecisions; i++) {
		const struct mandate_robots_decision *d = &m->decisions[i];

		if (strcasecmp(d->authority, authority) != 0)
			continue;
		out->verdict = ROBOTS_ALLOWED;
		out->overridden = 1;
		snprintf(out->rule + len, sizeof(out->rule) - len,
			 "; overridden by %s on %s: %.160s", d->author,
			 clock_rfc3339_s(d->date_ms, date), d->reason);
		return;
	}
}

int robotscache_check(struct robotscache *c, const struct mandate *m,
		      const struct url *u, int64_t now_ms,
		      struct robotscache_answer *out)
{
	char authority[AUTHORITY_LEN];
	struct robots_decision d;
	const struct entry *x;
	int r;

	memset(out, 0, sizeof(*out));
	out->record = FRONTIER_NONE;
	out->verdict = ROBOTS_UNKNOWN;
	r = robotscache_authority(u, authority);
	if (r < 0)
		return r;
	x = find(c, authority);
	if (!x || !fresh(x, now_ms)) {
		snprintf(out->rule, sizeof(out->rule),
			 "robots.txt of %s is not known", authority);
		return 0;
	}
	out->record = x->record;
	out->fetched_ms = x->fetched_ms;
	if (x->rules && !x->redirects) {
		r = robots_check(x->rules, c->agent, url_target(u), &d);
		if (r < 0)
			return r;
		by_rules(c, x, &d, out);
	} else {
		by_status(x, out);
	}
	if (out->verdict != ROBOTS_ALLOWED)
		by_decision(m, authority, out);
	return 0;
}

int robotscache_store(struct robotscache *c, uint64_t claim,
		      const char *authority,
		      const struct robotscache_result *res, struct err *e)
{
	struct robotscache_result r = *res;
	struct buf v = BUF_INIT(ROBOTS_MAX + 64);
	char key[AUTHORITY_LEN + sizeof(NOTE_PREFIX)];
	int rc;

	/* The reader cuts the last line there: leave it one byte to cut. */
	if (r.body.len > ROBOTS_MAX + 1)
		r.body.len = ROBOTS_MAX + 1;
	rc = put(c, authority, &r);
	if (rc < 0)
		return err_set(e, rc, "cannot keep the rules of '%s'",
			       authority);
	snprintf(key, sizeof(key), NOTE_PREFIX "%s", authority);
	frame_u32(&v, (uint32_t)r.status);
	frame_u8(&v, (uint8_t)(r.redirects != 0));
	frame_u64(&v, r.record);
	frame_i64(&v, r.fetched_ms);
	(void)buf_addb(&v, r.body);
	rc = v.failed ? err_set(e, v.failed, "out of memory") :
	     frontier_note(c->f, claim, key, buf_view(&v), e);
	buf_release(&v);
	return rc;
}

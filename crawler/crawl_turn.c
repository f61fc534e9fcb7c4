/* SPDX-License-Identifier: EUPL-1.2 */
/* Whose turn it is: scope, rules, quota, gate, in that order; then the claim. */
#include "crawler/crawl_int.h"

#include "parsers/profile.h"
#include "parsers/url.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static struct flight *flight_free(struct crawl *c)
{
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		if (c->flight[i].state == FLIGHT_FREE)
			return &c->flight[i];
	return NULL;
}

/*
 * How many more requests may be claimed now.  Politely a claim is made when a
 * child is there to use it; without politeness some are made ahead, so that one
 * sync serves them all.
 */
static int capacity(struct crawl *c)
{
	unsigned ready = 0, running = 0;

	for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
		ready += c->flight[i].state == FLIGHT_READY;
		running += c->flight[i].state == FLIGHT_RUNNING;
	}
	if (c->o->fast) {
		if (ready <= FETCHERS_MAX)
			c->filling = 1;
		else if (ready >= FLIGHTS_MAX - FETCHERS_MAX)
			c->filling = 0;
		return c->filling;
	}
	return ready + running < FETCHERS_MAX;
}

static int pages_full(const struct crawl *c)
{
	return c->nwaiting >= PAGES_WAITING_MAX ||
	       c->waiting_bytes >= PAGES_WAITING_BYTES;
}

static struct profile_manners manners_of(const struct crawl *c,
					 uint32_t source)
{
	const struct mandate_source *s = crawl_mandate_source(c, source);
	const struct profile *p = s ?
		profile_by_id(c->job->profiles, s->profile) : NULL;

	return p ? profile_manners(p) : (struct profile_manners){ 0 };
}

static uint32_t delay_of(const struct crawl *c, uint32_t source,
			 const struct robotscache_answer *r)
{
	int64_t d = manners_of(c, source).delay_ms;

	if (d <= 0)
		d = DELAY_DEFAULT_MS;
	if (r && r->crawl_delay_ms > d)
		d = r->crawl_delay_ms;
	return (uint32_t)(d < GATE_DELAY_MAX_MS ? d : GATE_DELAY_MAX_MS);
}

static int keys_of(struct crawl *c, const struct url *u, struct gate_keys *k,
		   struct err *e)
{
	int r = gate_keys_make(u, profile_family(c->job->profiles, u->host), k,
			       e);

	if (r == 0)
		gate_address(c->gate, k);
	return r;
}

static void wake_at(struct crawl *c, int64_t at)
{
	if (at < c->wake)
		c->wake = at;
}

int crawl_release_group(struct crawl *c, const char *group,
			const struct gate_keys *keys, struct err *e)
{
	struct gate_ask ask = { .keys = keys, .delay_ms = 0,
				.lab_fast = c->o->fast };
	int64_t when = keys ? gate_when(c->gate, &ask, NULL) : c->now.boot_ms;

	(void)e;
	/* In use by another group's request (one address): look again soon. */
	if (when == GATE_NEVER)
		when = c->now.boot_ms + 100;
	if (when < c->now.boot_ms)
		when = c->now.boot_ms;
	frontier_group_ready(c->frontier, group, when);
	return 0;
}

/* Not now: back into its queue, and the group's next turn is then. */
static void put_off(struct crawl *c, const struct frontier_item *it, int64_t at)
{
	frontier_unclaim(c->frontier, it->node);
	frontier_group_ready(c->frontier, it->u.group, at);
}

/*
 * R11: so many requests a day, by the case and by the profile.  Returns 1 when
 * this group has none left today.
 */
static int quota_reached(struct crawl *c, uint32_t source, const char *group)
{
	const struct mandate *m = c->job->mandate;
	unsigned limit = manners_of(c, source).quota_day;

	if (m->quota_day) {
		if (gate_quota_used(c->gate, m->case_id, NULL, &c->now) <
		    m->quota_day)
			return 0;
		c->halted = 1;
		return 1;
	}
	return limit && !c->o->fast &&
	       gate_quota_used(c->gate, m->case_id, group, &c->now) >= limit;
}

/*
 * Take the turn.  Returns 0 taken, 1 not open (wake is set), or negative.
 */
static int launch(struct crawl *c, struct robots_job *job,
		  const struct frontier_item *it, const struct url *u,
		  const struct scope_decision *scope,
		  const struct robotscache_answer *robots, int64_t *when,
		  struct err *e)
{
	struct flight *f = flight_free(c);
	uint32_t source = it ? it->u.source :
			  /* cppcheck-suppress nullPointer  ; one of the two is given */
			  c->source_of[job->scope.source];
	struct gate_ask ask;
	int r;

	*when = c->now.boot_ms;
	if (!f)
		return 1;
	memset(f, 0, sizeof(*f));
	r = keys_of(c, u, &f->keys, e);
	if (r < 0)
		return r;
	if (quota_reached(c, source, gate_keys_group(&f->keys))) {
		if (!c->quota)
			crawl_find(c, it ? it->u.url : job->url,
				   "the day's quota of requests is used up");
		c->quota = 1;
		*when = INT64_MAX;
		return 1;
	}
	f->robots_job = job;
	if (it)
		f->item = *it;
	f->url = it ? it->u.url : job->url;
	f->parent = it ? it->u.parent : job->parent;
	f->scope = *scope;
	if (robots)
		f->robots = *robots;
	else
		f->robots.record = FRONTIER_NONE;
	ask = (struct gate_ask){
		.keys = &f->keys, .case_id = c->job->mandate->case_id,
		.url = f->url, .delay_ms = delay_of(c, source, robots),
		.lab_fast = c->o->fast, .no_sync = 1,
	};
	*when = gate_when(c->gate, &ask, NULL);
	if (*when > c->now.boot_ms) {
		if (*when == GATE_NEVER)
			*when = c->now.boot_ms + 100;
		wake_at(c, *when);
		return 1;
	}
	r = gate_claim(c->gate, &ask, &c->now, &f->claim, e);
	if (r < 0)
		return r;
	if (f->claim.gap_ms < c->gap)
		c->gap = f->claim.gap_ms;
	c->need_sync = 1;
	f->state = FLIGHT_READY;
	return 0;
}

/* --- robots ---------------------------------------------------------------- */

void crawl_robots_done(struct crawl *c, struct robots_job *j)
{
	if (j->group)
		frontier_group_ready(c->frontier, j->group, c->now.boot_ms);
	free(j->group);
	free(j->url);
	memset(j, 0, sizeof(*j));
}

static int robots_begin(struct crawl *c, const struct url *u,
			const struct frontier_item *it, struct err *e)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct robots_job *j = NULL;
	char authority[280];
	int r;

	r = robotscache_authority(u, authority);
	if (r < 0)
		return err_set(e, r, "authority is too long");
	for (unsigned i = 0; i < ROBOTS_JOBS_MAX; i++) {
		struct robots_job *k = &c->robots_job[i];

		if (k->used && !strcmp(k->authority, authority)) {
			/* On its way already, held by another group. */
			put_off(c, it, c->now.boot_ms + 100);
			return 0;
		}
		if (!k->used && !j)
			j = k;
	}
	if (!j) {
		put_off(c, it, c->now.boot_ms + 100);
		return 0;
	}
	r = url_origin(u, &url);
	if (r == 0)
		r = buf_adds(&url, "/robots.txt");
	if (r < 0) {
		buf_release(&url);
		return err_set(e, r, "address of robots.txt is too long");
	}
	memset(j, 0, sizeof(*j));
	memcpy(j->authority, authority, sizeof(authority));
	j->url = strdup(buf_cstr(&url));
	j->group = strdup(it->u.group);
	buf_release(&url);
	if (!j->url || !j->group) {
		free(j->url);
		free(j->group);
		memset(j, 0, sizeof(*j));
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	j->used = 1;
	j->parent = FRONTIER_NONE;
	wake_at(c, c->now.boot_ms);
	/* The group stays held until the rules are known. */
	frontier_unclaim(c->frontier, it->node);
	return 0;
}

/* A hop that scope refuses ends the chain: the stricter reading. */
static int robots_refused(struct crawl *c, struct robots_job *j,
			  struct err *e)
{
	struct robotscache_result res = { .redirects = 1, .record = j->parent,
					  .fetched_ms = c->now.wall_ms };
	int r;

	r = crawl_seal_refused(c, j->url, "robots", j->scope.rule, UINT32_MAX,
			       j->parent, NULL, e);
	if (r == 0)
		r = robotscache_store(c->robots, 0, j->authority, &res, e);
	c->rep->out_of_scope++;
	crawl_find(c, j->url, "robots.txt leads out of scope: taken as "
		   "disallowing all");
	crawl_robots_done(c, j);
	return r;
}

static int schedule_robots(struct crawl *c, struct err *e)
{
	struct url u = URL_INIT;
	int64_t when;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < ROBOTS_JOBS_MAX; i++) {
		struct robots_job *j = &c->robots_job[i];
		struct scope_ask ask = { .purpose = SCOPE_ROBOTS,
					 .source = SCOPE_NO_SOURCE };

		if (!j->used || j->flying || !capacity(c))
			continue;
		ask.url = bytes_str(j->url);
		ask.hops = j->hops;
		r = scope_decide(c->job->mandate, &c->rules, &ask,
				 c->now.wall_ms, &j->scope);
		if (r == 0 && !j->scope.allow) {
			r = robots_refused(c, j, e);
			continue;
		}
		if (r == 0)
			r = url_parse(ask.url, NULL, &u, e);
		if (r < 0)
			break;
		r = launch(c, j, NULL, &u, &j->scope, NULL, &when, e);
		url_release(&u);
		if (r == 0)
			j->flying = 1;
		else if (r == 1)
			r = 0;
	}
	return r;
}

/* --- pages and media ------------------------------------------------------- */

/* Refused for good, in this pass: one record, and it is done. */
static int refuse(struct crawl *c, const struct frontier_item *it,
		  const char *what, const char *rule,
		  const struct robotscache_answer *robots, struct err *e)
{
	int r = crawl_seal_refused(c, it->u.url, what, rule, it->u.source,
				   it->u.parent, robots, e);

	if (r == 0)
		r = crawl_release_group(c, it->u.group, NULL, e);
	if (r == 0)
		r = frontier_done(c->frontier, 0, it->node, e);
	return r;
}

/* Aside until the next pass. */
static int park(struct crawl *c, const struct frontier_item *it, struct err *e)
{
	int r = crawl_release_group(c, it->u.group, NULL, e);

	return r < 0 ? r : frontier_park(c->frontier, it->node, e);
}

static int source_is_open(const struct crawl *c, const struct frontier_item *it)
{
	const struct frontier_source *s = frontier_source(c->frontier,
							  it->u.source);
	const char *only = c->o->only_source;

	if (only && s && strcasecmp(s->id, only) != 0)
		return 0;
	return s && s->state != FRONTIER_DENIED &&
	       s->state != FRONTIER_SUSPENDED;
}

static int consider(struct crawl *c, const struct frontier_item *it,
		    struct err *e)
{
	struct scope_ask ask = {
		.url = bytes_str(it->u.url),
		.purpose = it->u.kind == FRONTIER_MEDIA ? SCOPE_MEDIA :
			   SCOPE_PAGE,
		.source = it->u.source < c->nmapped ?
			  c->mandate_of[it->u.source] : SCOPE_NO_SOURCE,
		.depth = it->u.depth, .hops = it->u.hops,
	};
	struct scope_decision scope;
	struct robotscache_answer robots;
	struct url u = URL_INIT;
	int64_t when;
	int r;

	if (!source_is_open(c, it))
		return park(c, it, e);
	r = scope_decide(c->job->mandate, &c->rules, &ask, c->now.wall_ms,
			 &scope);
	if (r < 0)
		return err_set(e, r, "out of memory");
	if (!scope.allow) {
		c->rep->out_of_scope++;
		if (it->u.hops)
			crawl_find(c, it->u.url, "redirect not followed: %s",
				   scope.rule);
		return refuse(c, it, "scope", scope.rule, NULL, e);
	}
	r = url_parse(ask.url, NULL, &u, e);
	if (r < 0)
		return r;
	r = robotscache_check(c->robots, c->job->mandate, &u, c->now.wall_ms,
			      &robots);
	if (r < 0) {
		err_set(e, r, "cannot decide by robots.txt");
	} else if (robots.verdict == ROBOTS_UNKNOWN) {
		r = robots_begin(c, &u, it, e);
	} else if (robots.verdict == ROBOTS_REFUSED) {
		c->rep->total.refused++;
		crawl_find(c, it->u.url, "%s", robots.rule);
		r = refuse(c, it, "robots", robots.rule, &robots, e);
	} else if (robots.verdict == ROBOTS_REFUSED_FOR_NOW) {
		c->rep->total.refused++;
		crawl_find(c, it->u.url, "%s", robots.rule);
		r = crawl_seal_refused(c, it->u.url, "robots", robots.rule,
				       it->u.source, it->u.parent, &robots, e);
		if (r == 0)
			r = park(c, it, e);
	} else {
		r = launch(c, NULL, it, &u, &scope, &robots, &when, e);
		if (r == 1) {
			put_off(c, it, when);
			r = 0;
		} else if (r == 0 && c->o->fast) {
			/* No politeness: the group gives the next at once. */
			frontier_group_ready(c->frontier, it->u.group,
					     c->now.boot_ms);
		}
	}
	url_release(&u);
	return r;
}

int crawl_schedule(struct crawl *c, struct err *e)
{
	struct frontier_item it;
	char why[SCOPE_RULE_MAX];
	int64_t next;
	unsigned n;
	int r;

	c->wake = INT64_MAX;
	if (!c->halted && !scope_mandate(c->job->mandate, c->now.wall_ms,
					 why)) {
		/* The period ended while we were at it. */
		c->halted = 1;
		r = crawl_seal_refused(c, "", "mandate", why, UINT32_MAX,
				       FRONTIER_NONE, NULL, e);
		if (r < 0)
			return r;
		crawl_find(c, "", "%s", why);
	}
	if (c->halted || *c->job->stop)
		return 0;
	r = schedule_robots(c, e);
	/* Each turn bounded, so that answers are not kept waiting. */
	for (n = 0; r == 0 && n < 256 && capacity(c) &&
	     !pages_full(c) && !c->halted; n++) {
		if (frontier_claim(c->frontier, c->now.boot_ms, &it, &next) < 0) {
			wake_at(c, next);
			return 0;
		}
		r = consider(c, &it, e);
	}
	if (n == 256)
		wake_at(c, c->now.boot_ms);
	return r;
}

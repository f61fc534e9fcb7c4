/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The pass: one process that waits for children and clocks.
 *
 * While a page is parsed the next URL is fetched and the one before is sealed;
 * nothing waits for anything but its turn.
 */
#include "crawler/crawl_int.h"

#include "parsers/profile.h"
#include "parsers/url.h"
#include "util/clock.h"
#include "util/file.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#define PROGRESS_MS 100
#define IDLE_POLL_MS 1000

void crawl_clock(struct crawl *c)
{
	c->now.wall_ms = clock_wall_ms();
	c->now.boot_ms = clock_boot_ms();
}

void crawl_find(struct crawl *c, const char *url, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	c->rep->findings++;
	if (!c->job->finding)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->job->finding(c->job->arg, url, text);
}

const struct mandate_source *crawl_mandate_source(const struct crawl *c,
						  uint32_t source)
{
	size_t i = source < c->nmapped ? c->mandate_of[source] :
		   SCOPE_NO_SOURCE;

	return i < c->job->mandate->nsources ? &c->job->mandate->sources[i] :
	       NULL;
}

int crawl_offer(struct crawl *c, uint64_t claim, struct frontier_url *u,
		struct err *e)
{
	struct gate_keys keys;
	struct url parsed = URL_INIT;
	int r;

	r = url_parse(bytes_str(u->url), NULL, &parsed, NULL);
	if (r == 0)
		r = gate_keys_make(&parsed, profile_family(c->job->profiles,
				   parsed.host), &keys, NULL);
	url_release(&parsed);
	if (r == ERR_NOMEM)
		return err_set(e, r, "out of memory");
	if (r < 0) {
		crawl_find(c, u->url, "not an address that can be fetched");
		return 0;
	}
	u->group = gate_keys_group(&keys);
	r = frontier_add(c->frontier, claim, u, e);
	if (r == ERR_LIMIT) {
		crawl_find(c, u->url, "the frontier is full");
		return 0;
	}
	return r < 0 ? r : 0;
}

/* --- beginning ------------------------------------------------------------- */

/* A leaf of ours is known by its open commitment; numbers may be taken. */
static int leaf_is_ours(void *arg, uint64_t case_seq,
			const uint8_t open[static 32])
{
	const struct crawl_job *job = arg;
	struct leaf leaf;
	uint64_t seq;

	if (case_seq >= stream_count(job->stream))
		return 0;
	if (stream_seq(job->stream, case_seq, &seq, NULL) < 0 ||
	    vault_leaf(job->vault, seq, &leaf) < 0)
		return ERR_DAMAGED;
	return !memcmp(leaf.open, open, sizeof(leaf.open));
}

static int open_state(struct crawl *c, struct err *e)
{
	const struct crawl_job *job = c->job;
	char path[FILE_PATH_MAX];
	const char *agent = c->o->user_agent;
	int r;

	clock_boot_id(c->boot_id);
	crawl_clock(c);
	if (getrandom(&c->rng, sizeof(c->rng), 0) != sizeof(c->rng))
		return err_errno(e, "no randomness");
	r = file_path(path, job->case_dir, "crawl.journal", NULL);
	if (r < 0)
		return err_set(e, r, "path is too long");
	r = frontier_open(path, job->session->unit_secret, leaf_is_ours,
			  (void *)(uintptr_t)job, &c->frontier, e);
	if (r < 0) {
		err_prefix(e, "crawl journal");
		return r;
	}
	r = file_path(path, vault_path(job->vault), "gates.journal", NULL);
	if (r < 0)
		return err_set(e, r, "path is too long");
	r = gate_open(path, job->session->unit_secret, c->boot_id, &c->now,
		      &c->gate, e);
	if (r < 0) {
		err_prefix(e, "gates journal");
		return r;
	}
	return robotscache_new(c->frontier, agent && *agent ? agent : "scelle",
			       &c->robots, e);
}

/* The sources' numbers in the frontier, and the way back. */
static int map_sources(struct crawl *c, struct err *e)
{
	const struct mandate *m = c->job->mandate;
	uint32_t i;
	int r;

	c->source_of = calloc(m->nsources, sizeof(*c->source_of));
	if (!c->source_of)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < m->nsources; k++) {
		r = frontier_source_get(c->frontier, m->sources[k].id,
					&c->source_of[k], e);
		if (r < 0)
			return r;
	}
	c->nmapped = frontier_sources(c->frontier);
	c->mandate_of = malloc(c->nmapped * sizeof(*c->mandate_of));
	if (!c->mandate_of)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (i = 0; i < c->nmapped; i++)
		c->mandate_of[i] = SCOPE_NO_SOURCE;
	for (size_t k = 0; k < m->nsources; k++)
		c->mandate_of[c->source_of[k]] = k;
	return 0;
}

static int start_children(struct crawl *c, struct err *e)
{
	struct parse_pool_options po = PARSE_POOL_OPTIONS_INIT;
	struct fetch_child_options fo = {
		.self_path = c->o->self_path,
		.lab_path = c->job->lab_path,
		.log_fd = -1,
	};
	int r;

	r = fetch_child_start(&fo, &c->fetcher[0].child, e);
	if (r < 0) {
		err_prefix(e, "fetch child");
		return r;
	}
	c->nfetchers = 1;
	po.self_path = c->o->self_path;
	po.profiles_dir = c->job->profiles_dir;
	po.profiles = c->job->profiles;
	po.children = c->o->parse_children;
	r = parse_pool_new(&po, &c->pool, e);
	if (r < 0)
		err_prefix(e, "parse children");
	return r;
}

/* More of them only when there is work for more (other groups, or the lab). */
static struct fetcher_slot *free_fetcher(struct crawl *c, struct err *e)
{
	struct fetch_child_options fo = {
		.self_path = c->o->self_path,
		.lab_path = c->job->lab_path,
		.log_fd = -1,
	};

	for (unsigned i = 0; i < c->nfetchers; i++)
		if (!c->fetcher[i].flight)
			return &c->fetcher[i];
	if (c->nfetchers == FETCHERS_MAX ||
	    fetch_child_start(&fo, &c->fetcher[c->nfetchers].child, e) < 0)
		return NULL;
	return &c->fetcher[c->nfetchers++];
}

static void tell_sandbox(struct crawl *c)
{
	const struct sandbox_report *f =
		fetch_child_sandbox(c->fetcher[0].child);
	const struct sandbox_report *p = parse_pool_sandbox(c->pool);
	char text[96];

	if (!f->landlock_abi || !f->seccomp) {
		sandbox_report_text(f, text);
		crawl_find(c, "", "the fetch child is not locked in wholly: "
			   "%s", text);
	}
	if (!p->landlock_abi || !p->seccomp) {
		sandbox_report_text(p, text);
		crawl_find(c, "", "the parse children are not locked in "
			   "wholly: %s", text);
	}
}

/* What an earlier run claimed and could not finish. */
static int settle_orphans(struct crawl *c, struct err *e)
{
	const char *id = c->job->mandate->case_id;
	struct gate_orphan o;
	int r = 0;

	/* Those in the batch stay in front until it is committed. */
	while (r == 0 && gate_orphan(c->gate, id, c->nbatch, &o) == 0) {
		if (frontier_was_sealed(c->frontier, o.id)) {
			r = gate_sealed(c->gate, o.id, e);
			continue;
		}
		r = crawl_seal_interrupted(c, &o, e);
		c->rep->interrupted++;
	}
	return r < 0 ? r : crawl_commit(c, e);
}

static int seed(struct crawl *c, struct err *e)
{
	const struct mandate *m = c->job->mandate;
	const char *only = c->o->only_source;
	int64_t started, age;
	int r = 0;

	age = frontier_pass(c->frontier, &started) ?
	      c->now.wall_ms - started : RESUME_MS;
	if (age < 0 || age >= RESUME_MS)
		r = frontier_pass_begin(c->frontier, c->now.wall_ms, e);
	for (size_t i = 0; r == 0 && i < m->nsources; i++) {
		struct frontier_url u = {
			.url = m->sources[i].url, .source = c->source_of[i],
			.kind = FRONTIER_PAGE, .prio = FRONTIER_FIRST,
			.parent = FRONTIER_NONE,
		};
		struct url parsed = URL_INIT;

		if (only && strcasecmp(only, m->sources[i].id) != 0)
			continue;
		r = url_parse(bytes_str(u.url), NULL, &parsed, e);
		if (r < 0) {
			err_prefix(e, "source '%s'", m->sources[i].id);
			return r;
		}
		/* Frontier and fetch know it as a browser writes it. */
		u.url = parsed.href;
		parsed.href[parsed.bare_len] = '\0';
		r = crawl_offer(c, 0, &u, e);
		url_release(&parsed);
	}
	return r;
}

/* --- the loop -------------------------------------------------------------- */

static int dispatch(struct crawl *c, struct err *e)
{
	struct fetcher_slot *slot;
	struct fetch_request rq;
	int r;

	if (c->need_sync) {
		r = gate_sync(c->gate, e);
		if (r < 0)
			return r;
		c->need_sync = 0;
	}
	for (unsigned i = 0; i < FLIGHTS_MAX; i++) {
		struct flight *f = &c->flight[i];

		if (f->state != FLIGHT_READY)
			continue;
		slot = free_fetcher(c, e);
		if (!slot)
			return c->nfetchers == FETCHERS_MAX ? 0 : ERR_CHILD;
		rq = (struct fetch_request){
			.url = f->url, .user_agent = c->o->user_agent,
			.limits = FETCH_LIMITS_DEFAULT,
		};
		if (!f->robots_job && f->item.u.kind == FRONTIER_MEDIA &&
		    f->scope.max_bytes)
			rq.limits.max_body = f->scope.max_bytes;
		r = fetch_child_submit(slot->child, &rq, e);
		if (r < 0)
			return r;
		slot->flight = f;
		f->state = FLIGHT_RUNNING;
	}
	return 0;
}

static int collect_answers(struct crawl *c, struct err *e)
{
	struct exchange x;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < c->nfetchers; i++) {
		struct fetcher_slot *s = &c->fetcher[i];

		if (!s->flight)
			continue;
		exchange_init(&x);
		if (fetch_child_poll(s->child, &x) == 0) {
			struct flight *f = s->flight;

			s->flight = NULL;
			crawl_clock(c);
			/* The next request leaves before this one is sealed. */
			r = dispatch(c, e);
			if (r == 0)
				r = crawl_answer(c, f, &x, e);
		}
		exchange_release(&x);
	}
	return r;
}

static void page_job_free(struct page_job *j)
{
	if (!j)
		return;
	buf_release(&j->head);
	buf_release(&j->body);
	free(j);
}

static int feed_parsers(struct crawl *c, struct err *e)
{
	struct page_job *j;
	struct parse_page p;
	int r;

	while ((j = c->waiting) && parse_pool_idle(c->pool)) {
		p = (struct parse_page){ .id = j->case_seq,
			.url = j->item.u.url, .head = buf_view(&j->head),
			.body = buf_view(&j->body) };
		r = parse_pool_submit(c->pool, &p, e);
		if (r == ERR_BUSY)
			return 0;
		if (r < 0)
			return r;
		c->waiting = j->next;
		if (!c->waiting)
			c->waiting_end = &c->waiting;
		c->nwaiting--;
		c->waiting_bytes -= j->body.len;
		buf_release(&j->head);
		buf_release(&j->body);
		j->next = c->parsing;
		c->parsing = j;
		c->nparsing++;
	}
	return 0;
}

static int collect_pages(struct crawl *c, struct err *e)
{
	struct parse_result res = PARSE_RESULT_INIT;
	struct page_job **p, *j;
	int r = 0;

	while (r == 0 && parse_pool_poll(c->pool, &res) == 0) {
		/* The next page goes in before this one is understood. */
		r = feed_parsers(c, e);
		for (p = &c->parsing; *p && (*p)->case_seq != res.id;
		     p = &(*p)->next)
			;
		j = *p;
		if (j && r == 0) {
			*p = j->next;
			c->nparsing--;
			r = crawl_page(c, j, &res, e);
			page_job_free(j);
		}
		parse_result_release(&res);
		res = (struct parse_result)PARSE_RESULT_INIT;
	}
	parse_result_release(&res);
	return r;
}

static int under_way(const struct crawl *c)
{
	if (c->nwaiting || c->nparsing)
		return 1;
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		if (c->flight[i].state != FLIGHT_FREE)
			return 1;
	return 0;
}

static void progress(struct crawl *c, int force)
{
	struct crawl_progress *p = &c->rep->total;
	static const char none[] = "";

	if (!c->job->progress ||
	    (!force && c->now.boot_ms < c->next_progress))
		return;
	c->next_progress = c->now.boot_ms + PROGRESS_MS;
	p->pending = frontier_pending(c->frontier);
	p->host = none;
	for (unsigned i = 0; i < FLIGHTS_MAX; i++)
		if (c->flight[i].state == FLIGHT_RUNNING)
			p->host = c->flight[i].keys.key[0] + strlen("host:");
	p->wait_ms = c->wake == INT64_MAX || c->wake < c->now.boot_ms ? 0 :
		     c->wake - c->now.boot_ms;
	c->job->progress(c->job->arg, p);
	p->host = none;
}

static void wait_for_work(struct crawl *c)
{
	struct pollfd fds[FETCHERS_MAX + PARSE_CHILDREN_MAX];
	int64_t until = c->now.boot_ms + IDLE_POLL_MS, t;
	nfds_t n = 0;

	if (c->job->progress && until > c->next_progress)
		until = c->next_progress;
	if (c->wake < until)
		until = c->wake;
	for (unsigned i = 0; i < c->nfetchers; i++) {
		if (!c->fetcher[i].flight)
			continue;
		fds[n].fd = fetch_child_fd(c->fetcher[i].child);
		fds[n].events = fetch_child_events(c->fetcher[i].child);
		fds[n++].revents = 0;
		t = fetch_child_deadline(c->fetcher[i].child);
		if (t < until)
			until = t;
	}
	n += parse_pool_fds(c->pool, fds + n);
	t = parse_pool_deadline(c->pool);
	if (c->nparsing && t < until)
		until = t;
	if (c->batch && c->batch_since + (int64_t)c->o->group_ms < until)
		until = c->batch_since + (int64_t)c->o->group_ms;
	t = until - c->now.boot_ms;
	(void)poll(fds, n, t < 0 ? 0 : (int)t);
}

/* Nothing to do for a while: what was fetched need not wait for company. */
static int commit_when_due(struct crawl *c, struct err *e)
{
	if (!c->batch)
		return 0;
	if (c->now.boot_ms - c->batch_since < (int64_t)c->o->group_ms &&
	    (under_way(c) || c->wake <= c->now.boot_ms))
		return 0;
	return crawl_commit(c, e);
}

static int loop(struct crawl *c, struct err *e)
{
	int r;

	for (;;) {
		crawl_clock(c);
		r = collect_answers(c, e);
		if (r == 0)
			r = feed_parsers(c, e);
		if (r == 0)
			r = collect_pages(c, e);
		crawl_clock(c);
		if (r == 0)
			r = crawl_schedule(c, e);
		if (r == 0)
			r = dispatch(c, e);
		if (r == 0)
			r = commit_when_due(c, e);
		if (r < 0)
			return r;
		progress(c, 0);
		if (!under_way(c) &&
		    (c->wake == INT64_MAX || *c->job->stop || c->halted))
			break;
		crawl_clock(c);
		wait_for_work(c);
	}
	r = crawl_commit(c, e);
	if (r < 0)
		return r;
	c->rep->cancelled = *c->job->stop != 0;
	c->rep->quota_reached = c->quota;
	if (!c->rep->cancelled && !c->quota && !c->halted)
		r = frontier_pass_end(c->frontier, e);
	return r;
}

/* --- the whole ------------------------------------------------------------- */

static int refuse_mandate(struct crawl *c, const char *why, struct err *e)
{
	int r = crawl_seal_refused(c, "", "mandate", why, UINT32_MAX,
				   FRONTIER_NONE, NULL, e);

	if (r == 0)
		r = crawl_commit(c, e);
	return r < 0 ? r : err_set(e, ERR_DENIED, "%s", why);
}

static void release(struct crawl *c)
{
	struct page_job *j;

	for (unsigned i = 0; i < c->nfetchers; i++)
		fetch_child_close(c->fetcher[i].child);
	parse_pool_free(c->pool);
	while ((j = c->waiting)) {
		c->waiting = j->next;
		page_job_free(j);
	}
	while ((j = c->parsing)) {
		c->parsing = j->next;
		page_job_free(j);
	}
	for (unsigned i = 0; i < ROBOTS_JOBS_MAX; i++) {
		free(c->robots_job[i].url);
		free(c->robots_job[i].group);
	}
	crawl_seal_close(c);
	robotscache_free(c->robots);
	free(c->mandate_of);
	free(c->source_of);
}

int crawl_run(const struct crawl_job *job, struct crawl_report *rep,
	      struct err *e)
{
	struct crawl *c = calloc(1, sizeof(*c));
	char why[SCOPE_RULE_MAX];
	int r, rc;

	memset(rep, 0, sizeof(*rep));
	rep->total.host = "";
	rep->min_gap_ms = -1;
	if (!c)
		return err_set(e, ERR_NOMEM, "out of memory");
	c->job = job;
	c->o = job->options;
	c->rep = rep;
	c->gap = GATE_NEVER;
	c->waiting_end = &c->waiting;
	c->derived_end = &c->derived;
	c->rules = scope_rules_profiles(job->profiles);
	if (c->o->fast && !job->mandate->lab) {
		r = err_set(e, ERR_DENIED, "politeness is only switched off "
			    "in a lab vault");
		goto out;
	}
	r = open_state(c, e);
	if (r < 0)
		goto out;
	if (!scope_mandate(job->mandate, c->now.wall_ms, why)) {
		r = crawl_seal_open(c, e);
		if (r == 0)
			r = refuse_mandate(c, why, e);
		goto out;
	}
	r = map_sources(c, e);
	if (r == 0)
		r = start_children(c, e);
	if (r == 0)
		r = crawl_seal_open(c, e);
	if (r < 0)
		goto out;
	tell_sandbox(c);
	r = settle_orphans(c, e);
	if (r == 0)
		r = seed(c, e);
	if (r == 0)
		r = loop(c, e);
	if (c->gap != GATE_NEVER)
		rep->min_gap_ms = c->gap;
	progress(c, 1);
out:
	if (c->frontier)
		rep->total.pending = frontier_pending(c->frontier);
	/* What was fetched before something failed is evidence too. */
	if (r < 0 && c->batch)
		(void)crawl_commit(c, NULL);
	release(c);
	/* After a failure the journals stay as they are, as after a crash. */
	if (r == 0 || r == ERR_DENIED) {
		crawl_clock(c);
		rc = gate_close(c->gate, &c->now, r ? NULL : e);
		if (rc == 0)
			rc = frontier_close(c->frontier, r ? NULL : e);
		else
			frontier_abandon(c->frontier);
		if (r == 0)
			r = rc;
	} else {
		gate_abandon(c->gate);
		frontier_abandon(c->frontier);
	}
	free(c);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Into the vault: captures, refusals, interruptions, in group commits.
 *
 * Order at a commit: the crawl journal learns which leaf each claim will have,
 * durably; then the vault commits; then the gate closes the claims.  Whatever
 * the moment of a crash, the next run finds out by looking into the log.
 */
#include "crawler/crawl_int.h"

#include "crawler/capture.h"

#include <stdio.h>
#include <stdlib.h>

int crawl_seal_open(struct crawl *c, struct err *e)
{
	const struct crawl_job *job = c->job;
	static const struct sandbox_report none;
	char dir[64];
	struct capture_setup s = {
		.vault = job->vault,
		.stream = job->stream,
		.stream_dir = dir,
		.case_id = job->mandate->case_id,
		.mandate_sha256 = job->mandate->sha256,
		.session = job->session,
		.user_agent = c->o->user_agent,
		.gate_list = gate_list_version(),
		.fetch_sandbox = &none,
		.lab = job->mandate->lab,
	};

	snprintf(dir, sizeof(dir), "cases/%s", job->mandate->case_id);
	if (c->nfetchers)
		s.fetch_sandbox = fetch_child_sandbox(c->fetcher[0].child);
	if (c->pool)
		s.parse_sandbox = parse_pool_sandbox(c->pool);
	c->batch_size = c->o->group_items ? c->o->group_items : 1;
	c->batch_claims = calloc(c->batch_size, sizeof(*c->batch_claims));
	if (!c->batch_claims)
		return err_set(e, ERR_NOMEM, "out of memory");
	c->committed = stream_count(job->stream);
	return capturer_new(&s, &c->capturer, e);
}

void crawl_seal_close(struct crawl *c)
{
	struct derived *d;

	/* Only what was never committed is left here: it does not count. */
	while ((d = c->derived)) {
		c->derived = d->next;
		buf_release(&d->jsonl);
		free(d);
	}
	free(c->batch_claims);
	capturer_free(c->capturer);
}

static int room(struct crawl *c, struct err *e)
{
	int r = 0;

	if (c->batch && c->nbatch == c->batch_size)
		r = crawl_commit(c, e);
	if (r < 0 || c->batch)
		return r;
	c->batch_since = c->now.boot_ms;
	return batch_begin(c->job->vault, &c->batch, e);
}

/* The leaf of this claim is in the batch: tell the journal. */
static int noted(struct crawl *c, uint64_t claim,
		 const struct capture_receipt *rc, struct err *e)
{
	c->batch_claims[c->nbatch++] = claim;
	return claim ? frontier_sealing(c->frontier, claim, rc->number,
					rc->open, e) : 0;
}

static void context_of(const struct crawl *c, const struct flight *f,
		       struct capture_context *x)
{
	const struct frontier_url *u = &f->item.u;
	const struct mandate *m = c->job->mandate;

	x->parent = f->parent;
	x->robots_record = f->robots.record;
	x->robots_rule = *f->robots.rule ? f->robots.rule : NULL;
	x->robots_overridden = f->robots.overridden;
	x->claim = f->claim.id;
	x->claim_ms = f->claim.wall_ms;
	x->claim_boot_ms = f->claim.boot_ms;
	x->delay_ms = f->claim.delay_ms;
	x->nkeys = f->keys.n;
	for (unsigned i = 0; i < f->keys.n; i++)
		x->keys[i] = f->keys.key[i];
	if (f->robots_job) {
		x->source = m->sources[f->scope.source].id;
		x->reason = "robots";
		return;
	}
	x->source = frontier_source(c->frontier, u->source)->id;
	x->reason = u->hops ? "redirect" :
		    u->kind == FRONTIER_MEDIA ? "media" :
		    u->prio == FRONTIER_FIRST ? "seed" :
		    u->prio == FRONTIER_BACK ? "listing" : "link";
}

int crawl_seal_exchange(struct crawl *c, const struct flight *f,
			const struct exchange *x, uint64_t *case_seq,
			struct err *e)
{
	struct capture_context ctx = CAPTURE_CONTEXT_INIT;
	struct capture_receipt rc;
	int r = room(c, e);

	if (r < 0)
		return r;
	context_of(c, f, &ctx);
	r = capture_add(c->capturer, c->batch, x, &ctx, &rc, e);
	if (r < 0)
		return r;
	*case_seq = rc.number;
	return noted(c, f->claim.id, &rc, e);
}

int crawl_seal_refused(struct crawl *c, const char *url, const char *by,
		       const char *rule, uint32_t source, uint64_t parent,
		       const struct robotscache_answer *robots, struct err *e)
{
	struct capture_context ctx = CAPTURE_CONTEXT_INIT;
	const struct frontier_source *s = frontier_source(c->frontier, source);
	struct capture_receipt rc;
	int r = room(c, e);

	if (r < 0)
		return r;
	ctx.source = s ? s->id : NULL;
	ctx.parent = parent;
	if (robots) {
		ctx.robots_record = robots->record;
		ctx.robots_rule = robots->rule;
	}
	r = capture_refuse(c->capturer, c->batch, *url ? url : NULL, by, rule,
			   &ctx, &rc, e);
	return r < 0 ? r : noted(c, 0, &rc, e);
}

int crawl_seal_interrupted(struct crawl *c, const struct gate_orphan *o,
			   struct err *e)
{
	struct capture_context ctx = CAPTURE_CONTEXT_INIT;
	struct capture_receipt rc;
	struct exchange x;
	int r = room(c, e);

	if (r < 0)
		return r;
	exchange_init(&x);
	x.url = strdup(o->url);
	if (!x.url)
		return err_set(e, ERR_NOMEM, "out of memory");
	/* When it was claimed; what became of it nobody can tell. */
	x.start_ms = o->wall_ms;
	x.end_ms = o->wall_ms;
	x.phase = FETCH_CONNECT;
	snprintf(x.error, sizeof(x.error), "interrupted: the program ended "
		 "between claim and record%s", o->ended ?
		 ", an answer had come" : "");
	ctx.reason = "interrupted";
	ctx.claim = o->id;
	ctx.claim_ms = o->wall_ms;
	ctx.delay_ms = o->delay_ms;
	ctx.interrupted = 1;
	ctx.nkeys = o->keys.n;
	for (unsigned i = 0; i < o->keys.n; i++)
		ctx.keys[i] = o->keys.key[i];
	r = capture_add(c->capturer, c->batch, &x, &ctx, &rc, e);
	exchange_release(&x);
	return r < 0 ? r : noted(c, o->id, &rc, e);
}

static int hand_on(struct crawl *c, struct derived *d, struct err *e)
{
	int r = c->job->derived ?
		c->job->derived(c->job->arg, d->case_seq, buf_view(&d->jsonl),
				e) : 0;

	buf_release(&d->jsonl);
	free(d);
	return r;
}

int crawl_commit(struct crawl *c, struct err *e)
{
	struct batch *b = c->batch;
	struct derived *d;
	int r;

	if (!b)
		return 0;
	c->batch = NULL;
	r = frontier_sync(c->frontier, e);
	if (r < 0) {
		/* It is evidence all the same; the next run will not know
		 * whose it is, and call those claims interrupted. */
		(void)batch_commit(b, NULL);
		return r;
	}
	r = batch_commit(b, e);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < c->nbatch && r == 0; i++)
		if (c->batch_claims[i])
			r = gate_sealed(c->gate, c->batch_claims[i], e);
	c->nbatch = 0;
	c->committed = stream_count(c->job->stream);
	while (r == 0 && (d = c->derived) && d->case_seq < c->committed) {
		c->derived = d->next;
		if (!c->derived)
			c->derived_end = &c->derived;
		r = hand_on(c, d, e);
	}
	return r;
}

int crawl_keep_derived(struct crawl *c, uint64_t case_seq, struct buf *jsonl,
		       struct err *e)
{
	struct derived *d;

	if (!c->job->derived || !jsonl->len)
		return 0;
	d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(e, ERR_NOMEM, "out of memory");
	d->case_seq = case_seq;
	d->jsonl = *jsonl;
	memset(jsonl, 0, sizeof(*jsonl));
	if (case_seq < c->committed)
		return hand_on(c, d, e);
	*c->derived_end = d;
	c->derived_end = &d->next;
	return 0;
}

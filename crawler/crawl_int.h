/* SPDX-License-Identifier: EUPL-1.2 */
/* Inside the crawl loop.  Only crawler/crawl*.c include this. */
#ifndef CRAWLER_CRAWL_INT_H
#define CRAWLER_CRAWL_INT_H

#include "crawler/crawl.h"
#include "crawler/fetchchild.h"
#include "crawler/frontier.h"
#include "crawler/gate.h"
#include "crawler/parsepool.h"
#include "crawler/robotscache.h"
#include "crawler/scope.h"
#include "util/json.h"

#define FETCHERS_MAX 3
#define FLIGHTS_MAX 24
#define ROBOTS_JOBS_MAX 32
#define PAGES_WAITING_MAX 24		/* fetched, not yet parsed */
#define PAGES_WAITING_BYTES (16u << 20)
#define ATTEMPTS_MAX 3
#define REFUSALS_MAX 3
#define DELAY_DEFAULT_MS 5000
#define RESUME_MS 3600000LL		/* an older pass is not resumed */
#define PAGE_URLS_MAX 2000		/* taken from one page */

struct capturer;

enum flight_state { FLIGHT_FREE, FLIGHT_READY, FLIGHT_RUNNING };

/* The rules of an authority on their way. */
struct robots_job {
	int used, flying;
	char authority[280];
	char *url;			/* of this hop; owned */
	char *group;			/* frontier group held meanwhile; owned */
	unsigned hops;
	uint64_t parent;		/* capture of the hop before, or NONE */
	struct scope_decision scope;
};

/* One claimed request. */
struct flight {
	enum flight_state state;
	struct robots_job *robots_job;	/* or NULL: item */
	struct frontier_item item;
	const char *url;		/* borrowed from the job or the item */
	struct gate_keys keys;
	struct gate_claim claim;
	struct scope_decision scope;
	struct robotscache_answer robots;
	uint64_t parent;
};

struct fetcher_slot {
	struct fetch_child *child;
	struct flight *flight;
};

/* A page that was fetched and is to be parsed, or is being parsed. */
struct page_job {
	struct page_job *next;
	struct frontier_item item;
	uint64_t claim, case_seq;
	struct buf head, body;
};

struct derived {			/* lines whose capture is not committed */
	struct derived *next;
	uint64_t case_seq;
	struct buf jsonl;
};

struct crawl {
	const struct crawl_job *job;
	const struct crawl_options *o;
	struct crawl_report *rep;
	struct frontier *frontier;
	struct gate *gate;
	struct robotscache *robots;
	struct scope_rules rules;
	struct parse_pool *pool;
	struct capturer *capturer;
	struct fetcher_slot fetcher[FETCHERS_MAX];
	unsigned nfetchers;
	struct flight flight[FLIGHTS_MAX];
	struct robots_job robots_job[ROBOTS_JOBS_MAX];
	struct page_job *waiting, **waiting_end;	/* not yet submitted */
	struct page_job *parsing;
	unsigned nwaiting, nparsing;
	size_t waiting_bytes;
	struct derived *derived, **derived_end;
	struct batch *batch;
	int64_t batch_since;		/* boot clock */
	uint64_t *batch_claims;		/* sealed with it; 0: no claim */
	unsigned nbatch;
	unsigned batch_size;
	uint64_t committed;		/* case_seq below this are safe */
	size_t *mandate_of;		/* by frontier source */
	uint32_t *source_of;		/* by mandate source */
	uint32_t nmapped;
	struct gate_now now;
	int64_t wake;			/* when schedule() has work again */
	int64_t next_progress;
	int64_t gap;
	uint64_t rng;
	int need_sync;			/* claims not yet durable */
	int filling;			/* fast: claims are being made ahead */
	int halted;			/* no more requests in this run */
	int quota;
	char boot_id[37];
};

/* crawl.c */
void crawl_clock(struct crawl *c);
void crawl_find(struct crawl *c, const char *url, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const struct mandate_source *crawl_mandate_source(const struct crawl *c,
						  uint32_t source);
/* crawl_offer - add a URL to the frontier under its politeness group; a URL
 * that cannot be read is passed over.  0 or the frontier's errors */
int crawl_offer(struct crawl *c, uint64_t claim, struct frontier_url *u,
		struct err *e);

/* crawl_turn.c - what is to be fetched now */
int crawl_schedule(struct crawl *c, struct err *e);
int crawl_release_group(struct crawl *c, const char *group,
			const struct gate_keys *keys, struct err *e);
void crawl_robots_done(struct crawl *c, struct robots_job *j);

/* crawl_answer.c - what came of it */
int crawl_answer(struct crawl *c, struct flight *f, struct exchange *x,
		 struct err *e);

/* crawl_page.c - what was on it */
int crawl_page(struct crawl *c, struct page_job *j, struct parse_result *r,
	       struct err *e);
void crawl_stop_source(struct crawl *c, uint64_t claim, uint32_t source,
		       enum frontier_state why, struct err *e);

/* crawl_seal.c - into the vault */
int crawl_seal_open(struct crawl *c, struct err *e);
void crawl_seal_close(struct crawl *c);
int crawl_seal_exchange(struct crawl *c, const struct flight *f,
			const struct exchange *x, uint64_t *case_seq,
			struct err *e);
int crawl_seal_refused(struct crawl *c, const char *url, const char *what,
		       const char *rule, uint32_t source, uint64_t parent,
		       const struct robotscache_answer *robots, struct err *e);
int crawl_seal_interrupted(struct crawl *c, const struct gate_orphan *o,
			   struct err *e);
int crawl_commit(struct crawl *c, struct err *e);
/* crawl_keep_derived - hand on the lines of a page once it is committed; takes
 * the buffer over */
int crawl_keep_derived(struct crawl *c, uint64_t case_seq, struct buf *jsonl,
		       struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * robots.txt of every authority: asked before anything else there, sealed like
 * any exchange, obeyed, kept at most 24 hours (in the frontier's journal).
 * Standard: RFC 9309; where it leaves a choice, the stricter one.
 *
 *  2xx                    its rules
 *  401, 403               disallow, but for a decision of the case
 *  other 4xx              allow
 *  429, 5xx, no answer    disallow, asked again after ROBOTSCACHE_RETRY_MS
 *  more than five redirects, or one out of scope: disallow
 */
#ifndef CRAWLER_ROBOTSCACHE_H
#define CRAWLER_ROBOTSCACHE_H

#include "crawler/frontier.h"
#include "crawler/mandate.h"

struct url;

#define ROBOTSCACHE_KEEP_MS 86400000LL
#define ROBOTSCACHE_RETRY_MS 1800000LL
#define ROBOTSCACHE_DELAY_MAX_MS 300000LL	/* of a Crawl-delay */
#define ROBOTSCACHE_RULE_MAX 512

struct robotscache;

/*
 * robotscache_new - take over what the frontier kept
 *   agent   product token of the User-Agent, or all of it
 */
int robotscache_new(struct frontier *f, const char *agent,
		    struct robotscache **out, struct err *e);
void robotscache_free(struct robotscache *c);

/* robotscache_authority - "host" or "host:port" as the cache and the mandate's
 * decisions spell it, with the scheme's default port left out; 0 or ERR_RANGE */
int robotscache_authority(const struct url *u, char out[static 280]);

enum robotscache_verdict {
	ROBOTS_ALLOWED,
	ROBOTS_REFUSED,
	ROBOTS_REFUSED_FOR_NOW,	/* unreachable: ask again later */
	ROBOTS_UNKNOWN,		/* fetch it first */
};

struct robotscache_answer {
	enum robotscache_verdict verdict;
	int overridden;		/* by a decision of the case (R12) */
	uint64_t record;	/* case_seq of the capture that decided, or NONE */
	int64_t fetched_ms;
	int64_t crawl_delay_ms;	/* 0: none; at most ROBOTSCACHE_DELAY_MAX_MS */
	int delay_cut;		/* it was longer than that: a finding */
	char rule[ROBOTSCACHE_RULE_MAX];	/* in words, one line */
};

/* robotscache_check - may this URL be fetched?  0 or ERR_NOMEM, ERR_RANGE */
int robotscache_check(struct robotscache *c, const struct mandate *m,
		      const struct url *u, int64_t now_ms,
		      struct robotscache_answer *out);

/* robotscache_fresh - 1 when the authority's answer need not be asked again */
int robotscache_fresh(struct robotscache *c, const char *authority,
		      int64_t now_ms);

/* What came of asking. */
struct robotscache_result {
	int status;		/* of the last hop; 0: no answer */
	int redirects;		/* 1: too many, or out of scope */
	uint64_t record;	/* case_seq of the last hop's capture */
	int64_t fetched_ms;
	struct bytes body;	/* decoded; only for 2xx; cut at ROBOTS_MAX */
};

/*
 * robotscache_store - remember what came of asking
 *   claim   of the last hop: it counts in a later run only if that was sealed
 */
int robotscache_store(struct robotscache *c, uint64_t claim,
		      const char *authority,
		      const struct robotscache_result *r, struct err *e);

#endif

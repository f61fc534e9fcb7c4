/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One bounded, resumable pass over a case's sources.
 */
#ifndef CRAWLER_CRAWL_H
#define CRAWLER_CRAWL_H

#include "crawler/exchange.h"
#include "crawler/mandate.h"
#include "store/vault.h"

#include <signal.h>

struct lab;
struct profile_set;

/* Who signs captures, and what every capture statement says of the session. */
struct crawl_session {
	const char *agent;		/* user name, or "timer" */
	const char *reason;		/* --why; may be NULL */
	uint8_t collector_seed[32];	/* Ed25519 seed of the unit's collector */
	const char *collector_name;	/* note key name */
	uint8_t unit_secret[32];	/* opens crawl.journal, gates.journal */
	char software_sha256[65];	/* hex, of the running executable */
	char anchor[65];		/* hex, of the last time stamp; "": none */
};

struct crawl_options {
	unsigned max_pages;	/* per source; 0: until it meets what it has */
	int64_t since_ms;	/* 0, or stop paging back before this date */
	int no_media;
	int fast;		/* politeness off: refused outside lab vaults */
	unsigned parse_children;/* 1 to 8 */
	unsigned group_items;	/* group commit: items, */
	unsigned group_ms;	/* and milliseconds */
	const char *only_source;/* canonical id, or NULL for all */
	const char *user_agent; /* NULL: the default, truthful one */
	const char *self_path;	/* executable the children run */
};

#define CRAWL_OPTIONS_INIT { .parse_children = 1, .group_items = 64, \
			     .group_ms = 500, .self_path = "/proc/self/exe" }

/* Progress, for a terminal line; called at most ten times a second. */
struct crawl_progress {
	const char *host;	/* being fetched or waited for */
	int64_t wait_ms;	/* until its gate opens; 0: now */
	uint64_t exchanges, pages, posts, media, refused, failed, bytes;
	uint64_t pending;	/* URLs in the frontier */
};

struct crawl_report {
	struct crawl_progress total;
	uint64_t new_posts, edited_posts;
	uint64_t findings;	/* layout changed, limits, no preview, ... */
	uint64_t out_of_scope;	/* refused URLs, each sealed once per pass */
	uint64_t suspended;	/* sources stopped by three refusals (R11) */
	uint64_t interrupted;	/* claims of an earlier crash, sealed as such */
	int64_t min_gap_ms;	/* smallest gap between requests of one group */
	int cancelled;		/* stopped by the flag below, all safe */
	int quota_reached;
};

struct crawl_job {
	struct vault *vault;		/* open for writing */
	struct stream *stream;		/* the case's */
	const struct mandate *mandate;
	const struct profile_set *profiles;
	const char *profiles_dir;	/* where the parse children load them */
	const struct crawl_session *session;
	const struct crawl_options *options;
	const struct lab *lab;		/* NULL outside lab mode */
	const char *lab_path;		/* its file, for the fetch children */
	const char *case_dir;		/* absolute; crawl.journal lives here */
	const volatile sig_atomic_t *stop; /* non-zero: finish safely */
	void (*progress)(void *arg, const struct crawl_progress *p);
	void (*finding)(void *arg, const char *url, const char *what);
	/*
	 * derived - the JSON lines a page gave, for the case's cache; NULL
	 * allowed.  Called after the capture numbered case_seq is committed.
	 */
	int (*derived)(void *arg, uint64_t case_seq, struct bytes jsonl,
		       struct err *e);
	void *arg;
};

/*
 * crawl_run - one pass.  Outside the period, closed, or without a source:
 * ERR_DENIED, after sealing a refusal.  Every exchange, also a failed or
 * refused one, is sealed before it counts as done.
 * Returns 0 (also when cancelled), ERR_DENIED, ERR_IO, the vault's errors.
 */
int crawl_run(const struct crawl_job *job, struct crawl_report *rep,
	      struct err *e);

#endif

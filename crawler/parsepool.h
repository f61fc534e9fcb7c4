/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Parse children: processes that have no network, no files, no keys, and that
 * a hostile page may kill.
 *
 * Messages to one: 'P' a page (URL, response head, body as received).  From
 * it: 'S' it is locked in and has read one page of each kind in there (its
 * sandbox report), or 'E' it could not (words); then for each page one 'A'.
 * Anything else ends it.
 */
#ifndef CRAWLER_PARSEPOOL_H
#define CRAWLER_PARSEPOOL_H

#include "util/buf.h"
#include "util/err.h"
#include "util/sandbox.h"

#include <poll.h>

#define PARSE_CHILDREN_MAX 8
#define PARSE_RAW_MAX (8u << 20)	/* bytes of a body before decoding */
#define PARSE_DECODED_MAX (4u << 20)	/* and after */
#define PARSE_RSS_MAX ((size_t)64 << 20)
#define PARSE_RSS_PAGES 500	/* how often that is looked at */

/* Findings beside those of parsers/post.h */
#define FINDING_PARSER_DIED "parser-died"	/* crash, forbidden call, lie */
#define FINDING_CODING "bad-coding"		/* transfer or content coding */
#define FINDING_CUT "truncated"			/* the body ends too early */

struct profile_set;
struct parse_pool;

/*
 * parse_child_main - what `scelle --child parse PROFILES` runs
 *   argv   from "parse" on
 * Returns the exit status.
 */
int parse_child_main(int argc, char **argv);

struct parse_pool_options {
	const char *self_path;		/* executable whose main() knows
					   --child */
	const char *profiles_dir;	/* absolute */
	const struct profile_set *profiles; /* the same, for the lines of pages
					   that killed a child; must outlive
					   the pool */
	unsigned children;		/* 1 to PARSE_CHILDREN_MAX */
	unsigned max_pages;		/* a child's life; 0: no limit */
	uint32_t cpu_ms;		/* processor time of a page; the kernel
					   counts whole seconds, up */
	uint32_t wall_ms;
	int log_fd;			/* -1: none */
};

#define PARSE_POOL_OPTIONS_INIT { .self_path = "/proc/self/exe", \
	.children = 1, .cpu_ms = 2000, .wall_ms = 5000, .log_fd = -1 }

/* struct parse_page - one page; all borrowed for the call */
struct parse_page {
	uint64_t id;		/* the caller's, comes back with the result */
	const char *url;	/* of the response, absolute */
	struct bytes head;	/* response head as received, 1xx included */
	struct bytes body;	/* as received, all codings on */
};

/* struct parse_result - release with parse_result_release() */
struct parse_result {
	uint64_t id;
	struct buf jsonl;	/* the lines of parsers/post.h; the first is
				   always the page's */
	uint64_t decoded;	/* bytes that were parsed */
	int died;		/* 1: the page cost a child its life */
	char finding[200];	/* why, or what else to tell; may be empty */
};

#define PARSE_RESULT_INIT { .jsonl = BUF_INIT(40u << 20) }

void parse_result_release(struct parse_result *r);

/*
 * parse_pool_new - start the children and wait until all are locked in
 * Returns 0, ERR_RANGE, ERR_NOMEM, ERR_IO, ERR_TIMEOUT or ERR_CHILD (e says
 * why one left).
 */
int parse_pool_new(const struct parse_pool_options *o, struct parse_pool **out,
		   struct err *e);
void parse_pool_free(struct parse_pool *p);	/* NULL allowed */

/* parse_pool_sandbox - what locks the children in (the weakest of them) */
const struct sandbox_report *parse_pool_sandbox(const struct parse_pool *p);

/* parse_pool_idle - how many pages can be submitted now; _busy - and how many
 * results are still to come */
unsigned parse_pool_idle(const struct parse_pool *p);
unsigned parse_pool_busy(const struct parse_pool *p);

/*
 * parse_pool_submit - hand a page to an idle child; never blocks, but for
 * starting a child where one is missing
 * Returns 0, ERR_BUSY (none is idle), or why no child can be started.
 */
int parse_pool_submit(struct parse_pool *p, const struct parse_page *page,
		      struct err *e);

/* What to poll(): fills at most PARSE_CHILDREN_MAX, returns how many; and the
 * boot-clock time at which parse_pool_poll() must be called anyway. */
unsigned parse_pool_fds(const struct parse_pool *p,
			struct pollfd out[static PARSE_CHILDREN_MAX]);
int64_t parse_pool_deadline(const struct parse_pool *p);

/*
 * parse_pool_poll - go on; call when a descriptor is ready or the deadline came
 *   out   PARSE_RESULT_INIT; overwritten when 0 is returned
 * Returns 0 one result (call again, there may be more), 1 none now.  A child
 * that dies, hangs or lies gives a result that says so.
 */
int parse_pool_poll(struct parse_pool *p, struct parse_result *out);

/* parse_pool_wait - poll() until one result is there; 0, 1 (nothing runs) */
int parse_pool_wait(struct parse_pool *p, struct parse_result *out);

#endif

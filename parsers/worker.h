/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From a served body to JSON lines: what a parse child does all its life.
 *
 * Pure: no files, no network, no clock.  Before the process loses sight of the
 * file system it calls parse_start() once.  A page that takes too much memory
 * ends the process with HTML_EXIT_MEMORY (see parsers/html.h), one that takes
 * too much time is ended by the processor limit; both cost that page only.
 */
#ifndef PARSERS_WORKER_H
#define PARSERS_WORKER_H

#include "parsers/profile.h"
#include "util/buf.h"
#include "util/err.h"

#define PARSE_OUTPUT_MAX ((size_t)32 << 20)	/* a sane cap for jsonl_out */

/* struct parse_request - one body, after content decoding */
struct parse_request {
	struct bytes url;		/* of the final response, absolute */
	const char *content_type;	/* the header's value, or NULL */
	struct bytes body;
	const struct profile *profile;	/* NULL: chosen by URL */
	int explain;			/* say how, see parse_worker_page() */
};

/* parse_start - once per process, before profiles are read */
void parse_start(void);

/*
 * struct parse_worker - keeps memory and compiled patterns from page to page;
 * one page at a time.  The set must outlive it.
 */
struct parse_worker;

struct parse_worker *parse_worker_new(const struct profile_set *set);
void parse_worker_free(struct parse_worker *w);

/*
 * parse_worker_page - read one page
 *   jsonl_out   appended: the lines that parsers/post.h describes; the first
 *               is always the page's, also when nothing could be read: then
 *               its finding says why.  With explain, lines of the kind
 *               "explain" follow at the end: step "page" for each kind of page
 *               looked at (line in the profile, whether its URLs fit, the line
 *               of the anchor that did), step "value" for each value taken
 *               (what it belongs to, key, line, XPath, node) and step "nothing"
 *               for each rule that gave none
 * Returns 0; ERR_NOMEM; or ERR_RANGE (jsonl_out's cap).
 */
int parse_worker_page(struct parse_worker *w, const struct parse_request *q,
		      struct buf *jsonl_out, struct err *e);

/* parse_page - the same for a single page */
int parse_page(const struct profile_set *set, const struct parse_request *q,
	       struct buf *jsonl_out, struct err *e);

/*
 * parse_failed - write the page line for a body that cost a child its life
 *   finding  e.g. "limit"; text: for a person, or NULL
 */
int parse_failed(const struct profile_set *set, const struct parse_request *q,
		 const char *finding, const char *text,
		 struct buf *jsonl_out);

#endif

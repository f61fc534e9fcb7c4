/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * robots.txt: what a site asks of crawlers, and which line decides.  Pure.
 * Standard: RFC 9309.  Where readers of the standard differ, the reading that
 * forbids more is taken:
 *  - a Disallow counts when it matches after percent-normalisation (section
 *    2.2.2) or as it is spelt; an Allow has to match both ways
 *  - /robots.txt itself, which section 2.2.2 always allows, is judged like any
 *    other URL: who fetches it to read the rules does not ask
 *  - common misspellings ("dissallow", "useragent", a missing colon) count
 */
#ifndef PARSERS_ROBOTS_H
#define PARSERS_ROBOTS_H

#include "util/buf.h"
#include "util/err.h"

#define ROBOTS_MAX (500u << 10)	/* bytes read; the line cut there is dropped */
#define ROBOTS_LINE_MAX 16664	/* bytes of a line looked at */
#define ROBOTS_SITEMAPS_MAX 256

struct robots;

/* Why a URL is allowed or not. */
enum robots_why {
	ROBOTS_RULE,		/* the rule on that line */
	ROBOTS_NO_MATCH,	/* a group applies, none of its rules matches */
	ROBOTS_NO_GROUP,	/* no group names the agent, none is for all */
};

/* struct robots_decision - the answer, and what it rests on */
struct robots_decision {
	int allow;		/* 1 or 0 */
	enum robots_why why;
	int group_for_all;	/* the "*" group decided, not one of the name */
	unsigned line;		/* of the rule, from 1; 0 without a rule */
	struct bytes rule;	/* the line as it stands there, trimmed, without
				   comment; borrowed from the struct robots */
	int64_t crawl_delay_ms;	/* longest Crawl-delay of the groups that apply;
				   -1 for none.  Only ever to lengthen a wait */
};

/*
 * robots_parse - read a robots.txt
 *
 *   body     any bytes, content codings undone; never a reason to fail.  Byte
 *            order marks are skipped, UTF-16 with one is converted
 *   out      robots_free()
 *
 * Returns 0 or ERR_NOMEM.
 */
int robots_parse(struct bytes body, struct robots **out, struct err *e);

void robots_free(struct robots *r);

/*
 * robots_check - may this agent fetch this URL?
 *
 *   agent    product token ("ExampleBot"); a version behind '/' is cut
 *   target   path and query as url_target() gives them, fragment left out; an
 *            empty one is "/"
 *   out      the caller's
 *
 * Time is linear in target and file for each rule.  Returns 0 or ERR_NOMEM.
 */
int robots_check(const struct robots *r, const char *agent,
		 struct bytes target, struct robots_decision *out);

/*
 * robots_target - path and query of a URL's text as it is spelt: for rules
 * given with URLs that no URL parser has been at.  Borrowed; "/" when empty.
 */
struct bytes robots_target(struct bytes url);

/* robots_sitemaps - Sitemap values in order, borrowed; *count_out of them, at
 * most ROBOTS_SITEMAPS_MAX */
const struct bytes *robots_sitemaps(const struct robots *r, size_t *count_out);

/* robots_truncated - 1 when the file was longer than ROBOTS_MAX */
int robots_truncated(const struct robots *r);

/* robots_rules - how many Allow and Disallow rules with a path there are */
size_t robots_rules(const struct robots *r);

#endif

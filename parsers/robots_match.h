/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Matching a path against the patterns of robots.txt.  Pure.
 * Standard: RFC 9309, sections 2.2.2 and 2.2.3.
 */
#ifndef PARSERS_ROBOTS_MATCH_H
#define PARSERS_ROBOTS_MATCH_H

#include "util/buf.h"

/* struct robots_path - a URL's path and query in both readings */
struct robots_path {
	struct buf literal;	/* as spelt; hex digits in upper case */
	struct buf normal;	/* percent-normalised */
	struct buf scratch[2];	/* the same of a pattern */
};

#define ROBOTS_PATH_INIT { BUF_INIT(0), BUF_INIT(0), { BUF_INIT(0), BUF_INIT(0) } }

/* robots_path_init - target: path and query, "" is "/".  0 or ERR_NOMEM */
int robots_path_init(struct robots_path *p, struct bytes target);
void robots_path_release(struct robots_path *p);

/*
 * robots_path_match - does the pattern match the path, in the strict sense?
 *   allow     1: both readings must match; 0: either will do
 *   len_out   octets of the normalised pattern, what "longest match" compares
 * Returns 1, 0 or ERR_NOMEM.
 */
int robots_path_match(struct robots_path *p, struct bytes pattern, int allow,
		      size_t *len_out);

/*
 * robots_glob - match from the start; '*' any bytes, '$' at the end of the
 * pattern the end of the path.  No backtracking: time is linear in both.
 * Returns 1 or 0.
 */
int robots_glob(struct bytes pattern, struct bytes path);

#endif

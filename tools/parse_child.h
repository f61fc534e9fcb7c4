/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Pages from outside are read in a process of their own, without network or
 * files: for commands that hold no keys and no vault.
 */
#ifndef TOOLS_PARSE_CHILD_H
#define TOOLS_PARSE_CHILD_H

#include "parsers/worker.h"

/* Room for what a page gives and for the line of one that ended its child. */
#define PARSE_CHILD_MAX (PARSE_OUTPUT_MAX + (64u << 10))

/*
 * parse_in_child - parse_page() in a forked, locked-in child
 *   out   appended; at least PARSE_CHILD_MAX of room
 * A page that costs the child its life (time, memory, a crash) still has a page
 * line, with the finding "limit" or "parser-died".
 * Returns 0; ERR_IO or ERR_LIMIT: no child, or its answer does not fit.
 */
int parse_in_child(const struct profile_set *set,
		   const struct parse_request *q, struct buf *out,
		   struct err *e);

#endif

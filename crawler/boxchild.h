/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Before the first byte from outside is read: do the boxes hold, and do the
 * readers work in them?  Once a process of the keeper's, in a child of its own
 * that has neither keys nor vault: `scelle --child box`, and for media the
 * reader itself, `scelle-media --box`.
 */
#ifndef CRAWLER_BOXCHILD_H
#define CRAWLER_BOXCHILD_H

#include "util/box.h"

/* Ways that end a child which only computes: every one of them. */
#define BOX_PARSE_DEADLY BOX_ALL
/* Of one that talks to the network: connections and threads are its work, and
 * what libc itself may ask for is refused. */
#define BOX_FETCH_DEADLY (BOX_WAY(BOX_LISTEN) | BOX_WAY(BOX_EXEC) | \
	BOX_WAY(BOX_FORK) | BOX_WAY(BOX_PTRACE) | BOX_WAY(BOX_MEMORY) | \
	BOX_WAY(BOX_KILL))
#define BOX_FETCH_CLOSED (BOX_WAY(BOX_OPEN) | BOX_WAY(BOX_CREATE) | \
	BOX_WAY(BOX_UNIX) | BOX_WAY(BOX_CODE))

/* box_child_main - what `scelle --child box` runs, and `scelle --child box all`
 * with every way there is; the exit status: 0 behind a 'Z' message, or 3 behind
 * an 'E' with the reason */
int box_child_main(int argc, char **argv);

/*
 * boxes_hold - try the boxes of the parse, import, decode and fetch children
 *   self_path   executable whose main() knows --child
 * The answer is kept: later calls of this process cost nothing.
 * Returns 0, ERR_CHILD (e says which way is open or which reader fails),
 * ERR_TIMEOUT, ERR_NOMEM or ERR_IO.
 */
int boxes_hold(const char *self_path, struct err *e);

/* media_box_holds - the same of a reader of media; the answer is kept for two
 * of them */
int media_box_holds(const char *helper, struct err *e);

#endif

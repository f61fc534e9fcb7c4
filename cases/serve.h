/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle serve: the socket, the sessions, and the writer thread that is the
 * keeper.
 *
 * One thread waits: for connections, for what sessions ask, for signals.  The
 * other is the keeper: it takes requests one after the other, and what records
 * are there when a commit ends share the next.  Each connection is a session:
 * a child executed anew, `scelle --child session`, with the client at
 * descriptor 3 and the keeper at 0 and 1.
 */
#ifndef CASES_SERVE_H
#define CASES_SERVE_H

#include "util/err.h"

#include <stdint.h>

struct serve_options {
	const char *vault;
	const char *socket;		/* path; an old one is replaced */
	unsigned mode;			/* of the socket, e.g. 0660 */
	unsigned sessions;		/* at once; 0: 256 */
	unsigned per_user;		/* of one uid; 0: 32 */
	const char *profiles;		/* directory of site profiles */
	const char *lab;		/* the lab's file, for a lab vault; or NULL */
	/* say - a line for the service's log, on the caller's thread */
	void (*say)(void *arg, const char *text);
	/* ready - the socket listens */
	void (*ready)(void *arg);
	void *arg;
};

/*
 * serve_run - serve until SIGTERM or SIGINT
 * Returns 0, ERR_USAGE (a solo vault), ERR_BUSY (another one serves this
 * socket), or ERR_IO: the vault failed.
 */
int serve_run(const struct serve_options *o, struct err *e);

#endif

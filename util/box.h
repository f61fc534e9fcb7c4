/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Does the box hold?  A process is locked in as a child of ours is and tries to
 * get out, one way a process.  What util/sandbox.h reports is what the kernel
 * said it put in force; this is what it does.
 */
#ifndef UTIL_BOX_H
#define UTIL_BOX_H

#include "util/err.h"
#include "util/sandbox.h"

/* Ways out. */
enum box_way {
	BOX_OPEN,		/* read a file */
	BOX_CREATE,		/* make one */
	BOX_SOCKET,		/* IPv4 */
	BOX_UNIX,		/* a socket of this machine */
	BOX_LISTEN,
	BOX_EXEC,
	BOX_FORK,
	BOX_THREAD,
	BOX_PTRACE,
	BOX_MEMORY,		/* its parent's, process_vm_readv(2) */
	BOX_KILL,		/* its parent, signal 0 */
	BOX_CODE,		/* memory that is executable */
	BOX_WAYS
};
#define BOX_WAY(w) (1u << (w))
#define BOX_ALL (BOX_WAY(BOX_WAYS) - 1)

enum box_end {
	BOX_DIED,		/* ended by the kernel for asking */
	BOX_REFUSED,		/* told no */
	BOX_OUT,		/* it could */
	BOX_LOST		/* it never got so far, or ended otherwise */
};

struct box {
	const char *name;	/* of the child, for messages */
	/* Lock the process in, as that child does. */
	int (*enter)(const struct box *b, struct sandbox_report *r,
		     struct err *e);
	const void *arg;	/* for enter */
	unsigned deadly;	/* BOX_WAY()s that must end the process */
	unsigned closed;	/* those that must at least be refused */
};

/* box_way_name - "open", "create", "socket", "unix", "listen", "exec", "fork",
 * "thread", "ptrace", "memory", "kill", "code" */
const char *box_way_name(enum box_way way);

/*
 * box_try - one way out, in a process of its own
 *   report   out: what that process was locked in with; zeros if BOX_LOST
 * Call where a fork copies nothing secret.
 */
enum box_end box_try(const struct box *b, enum box_way way,
		     struct sandbox_report *report);

/*
 * box_work - what must be possible inside: work() in a process of its own
 *   work   0 when all went well; its descriptor 1 leads to nobody
 * Returns 0, ERR_CHILD (e says how it ended) or ERR_IO.
 */
int box_work(const struct box *b, int (*work)(const void *arg),
	     const void *arg, struct err *e);

/* What is tried whenever a program starts: a process for each costs time. */
#define BOX_QUICK (BOX_WAY(BOX_OPEN) | BOX_WAY(BOX_SOCKET) | \
	BOX_WAY(BOX_EXEC) | BOX_WAY(BOX_FORK) | BOX_WAY(BOX_PTRACE))

/*
 * box_holds - each way in b->deadly and b->closed once
 *   tried  BOX_ALL, BOX_QUICK or others: no more than these
 *   all    the weakest report of them
 * Where the kernel has no seccomp a way need not be deadly, only closed; where
 * it has no landlock files of this machine can be read by a child that is
 * allowed to open some: the report says so.  Returns 0, ERR_CHILD (e says which
 * way is open) or ERR_IO.
 */
int box_holds(const struct box *b, unsigned tried, struct sandbox_report *all,
	      struct err *e);

#endif

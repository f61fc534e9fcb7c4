/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Child processes, executed anew, and the messages exchanged with them.
 *
 * A child has three descriptors: 0 requests, 1 answers, 2 a log or /dev/null.
 * Its environment holds the locale and nothing else.  A message is a u32
 * big-endian length (of what follows), a type byte, and bytes.
 *
 * The keeper's side never blocks but in child_wait() and child_close(): it
 * polls child_fd() of all its children at once and calls child_send() and
 * child_receive() when they are ready, so that two full pipes cannot lock.
 */
#ifndef UTIL_CHILD_H
#define UTIL_CHILD_H

#include "util/buf.h"
#include "util/err.h"

#include <sys/types.h>

struct child;

#define CHILD_HOW_MAX 160	/* bytes of child_how()'s text */

struct child_spec {
	const char *path;	/* executable, e.g. "/proc/self/exe" */
	const char *const *argv;/* NULL-ended, argv[0] included */
	int log_fd;		/* becomes descriptor 2; -1: /dev/null */
	int pass_fd;		/* above 2: becomes descriptor 3; else none */
	size_t max_in;		/* bytes of one answer, type included */
	size_t max_queue;	/* bytes waiting to be sent; 0: 64 MiB */
};

/*
 * child_start - execute a program as a child
 *   spec  borrowed for the call
 *   out   child_close()
 * The child leads its own process group (a terminal's interrupt does not reach
 * it), has default signal dispositions and no descriptor beyond 2, or 3.
 * Returns 0, ERR_NOMEM or ERR_IO.
 */
int child_start(const struct child_spec *spec, struct child **out,
		struct err *e);

/* child_pid - its process id, valid until child_close() */
pid_t child_pid(const struct child *c);

/* child_fd - what to poll; child_events - POLLIN, and POLLOUT while queued */
int child_fd(const struct child *c);
short child_events(const struct child *c);

/*
 * child_send - queue a message and write what the pipe takes now
 *   type    message type
 *   pieces  n ranges, copied where they cannot be written at once
 * Returns 0, ERR_RANGE (over max_queue; nothing was queued), ERR_NOMEM or
 * ERR_CHILD (it is gone).
 */
int child_send(struct child *c, uint8_t type, const struct bytes *pieces,
	       size_t n, struct err *e);

/* child_flush - write what the pipe takes now; 0, 1 (still queued), ERR_CHILD */
int child_flush(struct child *c, struct err *e);

/*
 * child_receive - one whole answer, if one is there; never blocks
 *   type_out, msg_out  the answer without its type; borrowed until the next
 *                      child_receive(), child_wait() or child_close()
 * Returns 0 an answer, 1 none yet, ERR_LIMIT (longer than max_in), ERR_CHILD
 * (it closed or died: child_how() after child_close() tells), ERR_NOMEM.
 */
int child_receive(struct child *c, uint8_t *type_out, struct bytes *msg_out,
		  struct err *e);

/*
 * child_wait - as child_receive(), but waits up to timeout_ms and keeps
 * flushing what is queued meanwhile.  Also ERR_TIMEOUT; never 1.
 */
int child_wait(struct child *c, int64_t timeout_ms, uint8_t *type_out,
	       struct bytes *msg_out, struct err *e);

/* child_kill - SIGKILL; reaped by child_close().  NULL allowed */
void child_kill(struct child *c);

/*
 * child_close - close its pipes, give it grace_ms to leave, then SIGKILL; reap
 *   how   out, CHILD_HOW_MAX bytes, may be NULL: how it ended, in words
 * Returns the wait status (as waitpid), or -1 when it could not be had.  NULL
 * is allowed: 0.
 */
int child_close(struct child *c, int64_t grace_ms, char *how);

/*
 * child_how - a wait status in words: "left with status 3", "killed by signal
 * 31 (Bad system call): a system call its sandbox forbids"
 */
void child_how(int status, char out[static CHILD_HOW_MAX]);

/*
 * child_cpu_limit - let a running child use that much more processor time
 *   ms   from now; rounded up to a whole second: the kernel's granularity
 * Past it the kernel ends the child with SIGXCPU.  Set from outside, so that
 * nothing in the child can lift it.  Returns 0 or ERR_IO.
 */
int child_cpu_limit(struct child *c, int64_t ms, struct err *e);

/* child_cpu_ms - processor time it used so far, or -1 */
int64_t child_cpu_ms(const struct child *c);

/* child_rss - resident bytes now, or 0 when unknown */
size_t child_rss(const struct child *c);

/* --- the child's own side: blocking ------------------------------------- */

/* child_begin - die with the keeper, ignore SIGPIPE; call first in a child */
void child_begin(void);

/*
 * message_read - the next message
 *   fd      0
 *   max     bytes allowed, type included
 *   msg     cleared, then filled without the type
 * Returns 0, 1 (the other side closed between messages), ERR_LIMIT,
 * ERR_FORMAT (closed inside a message, or an empty one), ERR_NOMEM, ERR_IO.
 */
int message_read(int fd, size_t max, uint8_t *type_out, struct buf *msg);

#define MESSAGE_PIECES_MAX 8

/*
 * message_write - one message from n pieces, at most MESSAGE_PIECES_MAX
 * messages_write - n messages, at most as many, that leave together: the other
 *   side wakes once
 * Return 0, ERR_RANGE or ERR_IO.
 */
struct message {
	uint8_t type;
	struct bytes body;
};
int message_write(int fd, uint8_t type, const struct bytes *pieces, size_t n);
int messages_write(int fd, const struct message *m, size_t n);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The user's side of the custody service: connects, logs in with the user's
 * own key, has commands run, and does what only the user's keys can.
 */
#ifndef CASES_CLIENT_H
#define CASES_CLIENT_H

#include "cases/serve_proto.h"
#include "store/keyfile.h"

struct client;

/* What the caller does with what comes; each may be NULL (nothing, or no). */
struct client_calls {
	/* out - bytes of the command's answer; fd is 1 or 2 */
	int (*out)(void *arg, int fd, struct bytes b, struct err *e);
	/* pass - a new passphrase the command asks for, appended to out */
	int (*pass)(void *arg, const char *prompt, int confirm,
		    struct buf *out, struct err *e);
	/* load - the next bytes of a file to read, at most SERVE_CHUNK, appended
	 * to out; *last: 1 when these end it */
	int (*load)(void *arg, unsigned number, struct buf *out, int *last,
		    struct err *e);
	/* file - bytes of a file to write; number counts from nloads on */
	int (*file)(void *arg, unsigned number, struct bytes b, int last,
		    struct err *e);
	/* receipt - of what was written: keep it outside the vault, see
	 * receipts_put() */
	int (*receipt)(void *arg, const char *log, uint64_t leaf,
		       const uint8_t head[static 4], struct bytes receipt,
		       struct err *e);
	void *arg;
};

/*
 * client_open - connect, and hear the service's hello
 * client_close - NULL allowed
 * Returns 0, ERR_NOENT (no service there), ERR_VERSION, ERR_BUSY (it turns us
 * away), ERR_FORMAT or ERR_IO.
 */
int client_open(const char *path, struct client **out, struct err *e);
void client_close(struct client *c);

/* client_hello - what the service said of itself */
const struct serve_hello *client_hello(const struct client *c);

/*
 * client_login - answer the challenge
 *   keys   the user's; borrowed until client_close()
 * Returns 0, or the service's refusal.
 */
int client_login(struct client *c, const char *user,
		 const struct user_keys *keys, struct err *e);

/*
 * client_run - have a command run; may be called again and again
 *   run     argv[0] is the command; nloads and files as announced
 *   status  out: the command's exit status
 * What the service asks to be signed is signed only when it is a statement of
 * this log, of a kind the command makes; what it asks to be opened only when it
 * is small, as wraps are.
 * Returns 0, or negative: the connection is of no use any more.
 */
int client_run(struct client *c, const struct serve_run *run,
	       const struct client_calls *calls, int *status, struct err *e);

/* client_status - locked or not, without logging in; then close */
int client_status(struct client *c, const struct client_calls *calls,
		  int *status, struct err *e);

/*
 * client_may_sign - would client_run() sign this text for this command?
 *   log   verifier key of the log
 * Returns 0 or ERR_DENIED with the reason.
 */
int client_may_sign(const char *log, const char *command, struct bytes text,
		    struct err *e);

#endif

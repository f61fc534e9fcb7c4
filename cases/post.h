/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One POST to a service that the unit's configuration names: a witness, a time
 * stamp authority.  It goes through a fetch child, as every request does; what
 * comes back is hostile.
 */
#ifndef CASES_POST_H
#define CASES_POST_H

#include "util/buf.h"
#include "util/err.h"

#define POST_TYPE_MAX 128

struct post {
	const char *self_path;	/* executable whose main() knows --child */
	int loopback_only;	/* 1: of a lab vault: nothing leaves the machine */
	const char *url;
	const char *type;	/* Content-Type sent */
	const char *accept;	/* NULL: anything */
	struct bytes body;
};

struct post_answer {
	int status;
	char type[POST_TYPE_MAX]; /* Content-Type, lower case; "" when absent */
	int64_t sent_ms, come_ms; /* wall clock */
};

/*
 * post_send - send it, wait for the whole answer
 *   content   appended: the body of the answer; its cap is the limit
 * Returns 0 whatever the status; ERR_DENIED (not a loopback address), ERR_NET
 * (no whole answer; e says where it ended), ERR_LIMIT, ERR_FORMAT (no HTTP), or
 * as fetch_child_start().
 */
int post_send(const struct post *p, struct post_answer *a, struct buf *content,
	      struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Both sides of the fetch child's messages; for fetchchild*.c only.
 */
#ifndef CRAWLER_FETCHCHILD_PROTO_H
#define CRAWLER_FETCHCHILD_PROTO_H

#include "crawler/exchange.h"

#define FETCH_REQUEST_MAX (160u << 10)	/* bytes of an 'F' message */
#define FETCH_PIECE (256u << 10)	/* bytes of one piece */
#define FETCH_ANSWER_MAX (1u << 20)	/* bytes of any answer */

/* fetch_put_request - the fields of an 'F' message */
void fetch_put_request(struct buf *out, const struct fetch_request *rq);

/*
 * fetch_get_request - the same read back; strings owned; post is borrowed from
 * in
 */
struct fetch_request_owned {
	struct fetch_request rq;
	char *url, *user_agent, *accept, *accept_language, *post_type;
};
int fetch_get_request(struct bytes in, struct fetch_request_owned *out);
void fetch_request_release(struct fetch_request_owned *r);

/* fetch_put_rest, fetch_get_rest - the fields of an 'X' message: everything of
 * an exchange but its URL and its buffers; get returns 0 or ERR_FORMAT */
void fetch_put_rest(struct buf *out, const struct exchange *x);
int fetch_get_rest(struct bytes in, struct exchange *x);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One request on one fresh connection.  Runs in the fetch child.
 *
 * Nothing is kept from one request to the next: no cookie, no connection, no
 * TLS session, no redirect is followed, no proxy is taken from anywhere.  Bytes
 * are kept as they went over the wire: HTTP/1.1, transfer and content codings
 * untouched.  The only file that knows libcurl.
 */
#ifndef CRAWLER_FETCH_H
#define CRAWLER_FETCH_H

#include "crawler/exchange.h"
#include "util/err.h"

struct fetcher;
struct lab;

/* The user agent when none is configured: who we are, and where to ask. */
#define FETCH_USER_AGENT "scelle/" SCELLE_VERSION \
	" (collecte judiciaire; +https://example.invalid/scelle)"

/*
 * fetcher_new - once a process; call before locking the process in
 *   lab    NULL outside lab mode; borrowed; its counters move
 *   phase  called when a request enters a phase; may be NULL
 * Returns 0 or ERR_NOMEM.
 */
int fetcher_new(struct lab *lab, void (*phase)(void *arg, enum fetch_phase p),
		void *arg, struct fetcher **out, struct err *e);
void fetcher_free(struct fetcher *f);

/* fetch_ca - path of the file of authorities in force, or NULL */
const char *fetch_ca(const struct lab *lab);

/*
 * fetch_run - one exchange
 *   rq  url as WHATWG serialises it, without fragment and credentials; port
 *       80 or 443 outside the lab; header values without control characters
 *   x   exchange_init()ed by the caller; filled as far as it came
 * Returns 0 whatever the network did: x->phase and x->error tell; ERR_NOMEM
 * when it could not even be begun.
 */
int fetch_run(struct fetcher *f, const struct fetch_request *rq,
	      struct exchange *x, struct err *e);

/* fetch_phase_name - "done", "resolve", ...; never NULL */
const char *fetch_phase_name(enum fetch_phase p);

/* fetch_truncated_name - WARC-Truncated's word, or NULL for TRUNC_NO */
const char *fetch_truncated_name(enum fetch_truncated t);

#endif

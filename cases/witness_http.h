/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A witness over HTTP/1.1 (C2SP tlog-witness): POST /add-checkpoint, and
 * nothing else.  One process, one thread, a few connections at once, each with
 * a deadline and caps; a connection has one request.
 */
#ifndef CASES_WITNESS_HTTP_H
#define CASES_WITNESS_HTTP_H

#include "store/witness.h"

#include <signal.h>

#define WITNESS_HTTP_CONNECTIONS 32
#define WITNESS_HTTP_HEAD_MAX 8192	/* bytes of a request's head */
#define WITNESS_HTTP_MS 10000		/* for a whole connection */

/*
 * witness_http_listen - bind a TCP socket
 *   addr      an IPv4 or IPv6 address
 *   port      0: the kernel picks
 *   fd_out    close() it
 *   port_out  the port it is
 * Returns 0, ERR_FORMAT (no address) or ERR_IO.
 */
int witness_http_listen(const char *addr, unsigned port, int *fd_out,
			unsigned *port_out, struct err *e);

/*
 * witness_http_run - answer until *stop is set
 *   told   called for each request decided; may be NULL
 * Returns 0, or ERR_IO, ERR_NOMEM: its own memory failed, and nothing more is
 * cosigned.
 */
int witness_http_run(struct witness *w, int fd,
		     const volatile sig_atomic_t *stop,
		     void (*told)(void *arg, int status, const char *why),
		     void *arg, struct err *e);

#endif

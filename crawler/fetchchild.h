/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The fetch child: a process with the network and nothing else.
 *
 * Messages to it: 'F' a request.  From it: 'S' it is locked in and ready (its
 * sandbox report), or 'E' it could not (words); then for each request 'P' a
 * phase was entered (any number), and in this order 'R' request bytes, 'H' head
 * bytes, 'B' body bytes (each in pieces, or absent), 'C' certificates, 'D' DNS
 * answers, 'X' the rest of the exchange.  Anything else ends it.
 */
#ifndef CRAWLER_FETCHCHILD_H
#define CRAWLER_FETCHCHILD_H

#include "crawler/exchange.h"
#include "util/err.h"
#include "util/sandbox.h"

struct fetch_child;

/*
 * fetch_child_main - what `scelle --child fetch [LABFILE]` runs
 *   argv   from "fetch" on
 * Returns the exit status.
 */
int fetch_child_main(int argc, char **argv);

struct lab;
/* fetch_child_lock - lock the process in as the fetch child does; lab may be
 * NULL.  As sandbox_fetch() */
int fetch_child_lock(const struct lab *lab, struct sandbox_report *rep,
		     struct err *e);

struct fetch_child_options {
	const char *self_path;	/* executable whose main() knows --child */
	const char *lab_path;	/* NULL outside lab mode */
	int log_fd;		/* -1: none */
};

/*
 * fetch_child_start - start one and wait until it is locked in
 *   o    strings are copied
 *   out  fetch_child_close()
 * Returns 0, ERR_CHILD (e says why it left), ERR_TIMEOUT, ERR_NOMEM, ERR_IO.
 */
int fetch_child_start(const struct fetch_child_options *o,
		      struct fetch_child **out, struct err *e);
void fetch_child_close(struct fetch_child *f);	/* NULL allowed */

/* What to poll(): descriptor, events, and the boot-clock time at which
 * fetch_child_poll() must be called anyway (INT64_MAX: no request runs). */
int fetch_child_fd(const struct fetch_child *f);
short fetch_child_events(const struct fetch_child *f);
int64_t fetch_child_deadline(const struct fetch_child *f);

/* fetch_child_sandbox - what locks it in; fetch_child_busy - 1: one runs */
const struct sandbox_report *fetch_child_sandbox(const struct fetch_child *f);
int fetch_child_busy(const struct fetch_child *f);

/*
 * fetch_child_submit - begin a request; one at a time
 *   rq   copied
 * A child that has died, or that knows an older resolver configuration or list
 * of authorities, is replaced first.
 * Returns 0, ERR_BUSY (one runs), ERR_RANGE, ERR_NOMEM, or as
 * fetch_child_start().
 */
int fetch_child_submit(struct fetch_child *f, const struct fetch_request *rq,
		       struct err *e);

/*
 * fetch_child_poll - go on; call when the descriptor is ready or the deadline
 * came
 *   x    exchange_init()ed or zeroed; overwritten when 0 is returned, then the
 *        caller's to exchange_release()
 * Returns 0 the exchange is complete, 1 not yet (or nothing runs).  A child
 * that dies, hangs or lies gives an exchange that says so, with the phase it
 * was in: it is never an error here.
 */
int fetch_child_poll(struct fetch_child *f, struct exchange *x);

/* fetch_child_cancel - end what runs; the next poll gives its exchange */
void fetch_child_cancel(struct fetch_child *f, const char *why);

#endif

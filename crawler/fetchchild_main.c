/* SPDX-License-Identifier: EUPL-1.2 */
/* The child's side: read a request, carry it out, tell everything. */
#include "crawler/fetch.h"
#include "crawler/fetchchild.h"
#include "crawler/fetchchild_proto.h"
#include "crawler/lab.h"
#include "util/child.h"
#include "util/secret.h"

#include <malloc.h>
#include <stdlib.h>

#define STATUS_OK 0
#define STATUS_FAILED 3

static int tell(uint8_t type, struct bytes b)
{
	return message_write(1, type, &b, 1);
}

static void on_phase(void *arg, enum fetch_phase p)
{
	uint8_t byte = (uint8_t)p;

	(void)arg;
	(void)tell('P', BYTES(&byte, 1));
}

static int tell_pieces(uint8_t type, const struct buf *b)
{
	for (size_t at = 0; at < b->len; at += FETCH_PIECE) {
		size_t n = b->len - at;

		if (tell(type, BYTES(b->p + at, n < FETCH_PIECE ? n
						: FETCH_PIECE)))
			return ERR_IO;
	}
	return 0;
}

/* What an exchange usually is: all of it in one go. */
static int tell_small(const struct exchange *x, const struct buf *rest)
{
	const struct message all[] = {
		{ 'R', buf_view(&x->request) }, { 'H', buf_view(&x->head) },
		{ 'B', buf_view(&x->body) }, { 'C', buf_view(&x->chain_pem) },
		{ 'D', buf_view(&x->dns_json) }, { 'X', buf_view(rest) },
	};
	struct message m[sizeof(all) / sizeof(*all)];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].body.len || all[i].type == 'X')
			m[n++] = all[i];
	return messages_write(1, m, n);
}

static int tell_exchange(const struct exchange *x)
{
	struct buf rest = BUF_INIT(FETCH_PIECE);
	int r = ERR_NOMEM;

	fetch_put_rest(&rest, x);
	if (!rest.failed && x->request.len <= FETCH_PIECE
	    && x->head.len <= FETCH_PIECE && x->body.len <= FETCH_PIECE) {
		r = tell_small(x, &rest);
		buf_release(&rest);
		return r;
	}
	if (!rest.failed)
		r = tell_pieces('R', &x->request);
	if (!r)
		r = tell_pieces('H', &x->head);
	if (!r)
		r = tell_pieces('B', &x->body);
	if (!r && x->chain_pem.len)
		r = tell('C', buf_view(&x->chain_pem));
	if (!r && x->dns_json.len)
		r = tell('D', buf_view(&x->dns_json));
	if (!r)
		r = tell('X', buf_view(&rest));
	buf_release(&rest);
	return r;
}

static int serve(struct fetcher *f)
{
	struct buf msg = BUF_INIT(FETCH_REQUEST_MAX);
	int r;

	for (;;) {
		struct fetch_request_owned rq;
		struct exchange x;
		uint8_t type;

		r = message_read(0, FETCH_REQUEST_MAX, &type, &msg);
		if (r)
			break;
		r = type == 'F' ? fetch_get_request(buf_view(&msg), &rq)
				: ERR_FORMAT;
		if (r)
			break;
		exchange_init(&x);
		r = fetch_run(f, &rq.rq, &x, NULL);
		if (!r)
			r = tell_exchange(&x);
		exchange_release(&x);
		fetch_request_release(&rq);
		if (r)
			break;
	}
	buf_release(&msg);
	return r;	/* 1: the keeper closed, all is well */
}

int fetch_child_lock(const struct lab *lab, struct sandbox_report *rep,
		     struct err *e)
{
	const char *readable[] = {
		fetch_ca(lab), "/etc/resolv.conf", "/etc/ssl/openssl.cnf",
	};

	return sandbox_fetch(readable, sizeof(readable) / sizeof(*readable),
			     rep, e);
}

static int lock_in(const struct lab *lab, struct err *e)
{
	struct sandbox_report rep;
	uint8_t bytes[SANDBOX_REPORT_LEN];
	int r = fetch_child_lock(lab, &rep, e);

	if (r)
		return r;
	sandbox_report_put(&rep, bytes);
	return tell('S', BYTES(bytes, sizeof(bytes)));
}

int fetch_child_main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct lab *lab = NULL;
	struct fetcher *f = NULL;
	int r;

	child_begin();
	/* Answers come and go: their memory is not fetched from the kernel anew
	 * for each, which a second thread makes dear.  Large ones go back. */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
	if (secret_start()) {
		r = err_set(&e, ERR_IO, "cannot protect the process");
		goto out;
	}
	r = argc > 1 ? lab_load(argv[1], &lab, &e) : 0;
	if (!r)
		r = fetcher_new(lab, on_phase, NULL, &f, &e);
	if (!r)
		r = lock_in(lab, &e);
	if (!r)
		r = serve(f);
out:
	if (r < 0 && e.text[0])
		(void)tell('E', bytes_str(e.text));
	fetcher_free(f);
	lab_free(lab);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

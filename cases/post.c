/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/post.h"

#include "crawler/fetch.h"
#include "crawler/fetchchild.h"
#include "parsers/coding.h"
#include "parsers/http.h"
#include "parsers/url.h"
#include "util/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define SLACK 65536	/* beyond the body's cap: chunk lines */

static int wait_for(struct fetch_child *f, struct exchange *x, struct err *e)
{
	for (;;) {
		struct pollfd p = { .fd = fetch_child_fd(f),
				    .events = fetch_child_events(f) };
		int64_t left = fetch_child_deadline(f) - clock_boot_ms();

		if (left < 0)
			left = 0;
		if (left > 60000)
			left = 60000;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return err_errno(e, "cannot wait for an answer");
		if (fetch_child_poll(f, x) == 0)
			return 0;
	}
}

static int is_loopback(const char *href)
{
	struct url u = URL_INIT;
	int ok = url_parse(bytes_str(href), NULL, &u, NULL) == 0 &&
		(bytes_is(u.host, "127.0.0.1") || bytes_is(u.host, "[::1]"));

	url_release(&u);
	return ok;
}

static int take_body(const struct exchange *x, struct post_answer *a,
		     struct buf *content, struct err *e)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct http_type t;
	struct bytes coding;
	unsigned flags = 0;
	int r = http_response_parse(buf_view(&x->head), &h, e);

	if (r < 0)
		return r;
	a->status = h.status;
	a->type[0] = '\0';
	if (http_type(&h, &t) == 0)
		snprintf(a->type, sizeof a->type, "%s", t.type);
	coding = http_get(&h, "Content-Encoding");
	if (coding.p && !http_name_eq(coding, "identity"))
		r = err_set(e, ERR_FORMAT, "the answer is coded, which was not "
			    "asked for");
	else if (http_body(&h, "POST", NULL) == HTTP_BODY_CHUNKED)
		r = coding_dechunk(buf_view(&x->body), content, NULL, &flags,
				   e);
	else
		r = buf_addb(content, buf_view(&x->body));
	if (r == ERR_RANGE)
		r = err_set(e, ERR_LIMIT, "the answer is longer than %zu bytes",
			    content->max);
	http_head_release(&h);
	return r;
}

int post_send(const struct post *p, struct post_answer *a, struct buf *content,
	      struct err *e)
{
	struct fetch_child_options o = { .self_path = p->self_path,
					 .log_fd = -1 };
	struct fetch_request rq = {
		.url = p->url, .accept = p->accept, .post = p->body,
		.post_type = p->type, .configured = 1,
		.limits = { content->max + SLACK, 64u << 10, 10000, 30000,
			    15000 },
	};
	struct fetch_child *f = NULL;
	struct exchange x;
	int r;

	memset(a, 0, sizeof *a);
	exchange_init(&x);
	if (p->loopback_only && !is_loopback(p->url))
		return err_set(e, ERR_DENIED, "a lab vault asks nobody but this "
			       "machine: '%s'", p->url);
	r = fetch_child_start(&o, &f, e);
	if (r == 0)
		r = fetch_child_submit(f, &rq, e);
	if (r == 0)
		r = wait_for(f, &x, e);
	if (r < 0)
		goto out;
	a->sent_ms = x.start_ms;
	a->come_ms = x.end_ms;
	if (x.phase != FETCH_DONE)
		r = err_set(e, x.truncated == TRUNC_LENGTH ? ERR_LIMIT : ERR_NET,
			    "no whole answer from '%s' (%s): %s", p->url,
			    fetch_phase_name(x.phase), x.error);
	else
		r = take_body(&x, a, content, e);
out:
	fetch_child_close(f);
	exchange_release(&x);
	return r;
}

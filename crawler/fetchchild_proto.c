/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/fetchchild_proto.h"

#include "crawler/wire.h"
#include "util/err.h"

#include <stdlib.h>

void fetch_put_request(struct buf *out, const struct fetch_request *rq)
{
	wire_put_str(out, rq->url);
	wire_put_str(out, rq->user_agent);
	wire_put_str(out, rq->accept);
	wire_put_str(out, rq->accept_language);
	wire_put_bytes(out, rq->post);
	wire_put_str(out, rq->post_type);
	wire_put_u8(out, rq->configured ? 1 : 0);
	wire_put_u64(out, rq->limits.max_body);
	wire_put_u32(out, rq->limits.max_head);
	wire_put_u32(out, rq->limits.connect_ms);
	wire_put_u32(out, rq->limits.total_ms);
	wire_put_u32(out, rq->limits.stall_ms);
}

int fetch_get_request(struct bytes in, struct fetch_request_owned *out)
{
	struct wire w = { in, 0 };
	int r;

	memset(out, 0, sizeof(*out));
	out->url = wire_dup(&w);
	out->user_agent = wire_dup(&w);
	out->accept = wire_dup(&w);
	out->accept_language = wire_dup(&w);
	out->rq.post = wire_bytes(&w);
	out->post_type = wire_dup(&w);
	out->rq.configured = wire_u8(&w);
	out->rq.limits.max_body = wire_u64(&w);
	out->rq.limits.max_head = wire_u32(&w);
	out->rq.limits.connect_ms = wire_u32(&w);
	out->rq.limits.total_ms = wire_u32(&w);
	out->rq.limits.stall_ms = wire_u32(&w);
	out->rq.url = out->url;
	out->rq.user_agent = out->user_agent;
	out->rq.accept = out->accept;
	out->rq.accept_language = out->accept_language;
	out->rq.post_type = out->post_type;
	r = wire_end(&w);
	if (!r && (!out->url || out->rq.configured > 1 ||
		   out->rq.post.len > FETCH_POST_MAX))
		r = ERR_FORMAT;
	if (r)
		fetch_request_release(out);
	return r;
}

void fetch_request_release(struct fetch_request_owned *r)
{
	free(r->url);
	free(r->user_agent);
	free(r->accept);
	free(r->accept_language);
	free(r->post_type);
	memset(r, 0, sizeof(*r));
}

void fetch_put_rest(struct buf *out, const struct exchange *x)
{
	wire_put_u64(out, (uint64_t)x->start_ms);
	wire_put_u64(out, (uint64_t)x->end_ms);
	wire_put_u64(out, (uint64_t)x->start_boot_ms);
	wire_put_u64(out, (uint64_t)x->end_boot_ms);
	wire_put_u8(out, (uint8_t)x->phase);
	wire_put_u8(out, (uint8_t)x->truncated);
	wire_put_u8(out, x->lab ? 1 : 0);
	wire_put_u32(out, (uint32_t)x->curl_code);
	wire_put_u32(out, (uint32_t)x->status);
	wire_put_str(out, x->error);
	wire_put_str(out, x->peer);
	wire_put_str(out, x->local);
	wire_put_str(out, x->tls_protocol);
	wire_put_str(out, x->tls_cipher);
	wire_put_str(out, x->resolver);
}

int fetch_get_rest(struct bytes in, struct exchange *x)
{
	struct wire w = { in, 0 };
	uint8_t phase, truncated, lab;
	uint32_t code, status;

	x->start_ms = (int64_t)wire_u64(&w);
	x->end_ms = (int64_t)wire_u64(&w);
	x->start_boot_ms = (int64_t)wire_u64(&w);
	x->end_boot_ms = (int64_t)wire_u64(&w);
	phase = wire_u8(&w);
	truncated = wire_u8(&w);
	lab = wire_u8(&w);
	code = wire_u32(&w);
	status = wire_u32(&w);
	wire_text(&w, x->error, sizeof(x->error));
	wire_text(&w, x->peer, sizeof(x->peer));
	wire_text(&w, x->local, sizeof(x->local));
	wire_text(&w, x->tls_protocol, sizeof(x->tls_protocol));
	wire_text(&w, x->tls_cipher, sizeof(x->tls_cipher));
	wire_text(&w, x->resolver, sizeof(x->resolver));
	if (wire_end(&w) || phase > FETCH_BODY ||
	    truncated > TRUNC_UNSPECIFIED || lab > 1 || code > 1000 ||
	    status > 999)
		return ERR_FORMAT;
	x->phase = (enum fetch_phase)phase;
	x->truncated = (enum fetch_truncated)truncated;
	x->lab = lab;
	x->curl_code = (int)code;
	x->status = (int)status;
	return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/capture_blob.h"

#include "crawler/fetch.h"
#include "parsers/coding.h"
#include "parsers/http.h"
#include "parsers/warc.h"
#include "parsers/warc_digest.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD_MAX ((size_t)64 << 10)
#define METADATA_MAX ((size_t)4 << 20)
#define RECORD_END "\r\n\r\n"

/* uuid - RFC 9562 version 4 from 16 random bytes */
static void uuid(const uint8_t in[static 16], char out[static 37])
{
	uint8_t b[16];
	char hex[33];

	memcpy(b, in, 16);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_str(hex, b, 16);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		 hex + 16, hex + 20);
}

/* only_chunked - 1 when chunked is the one transfer coding */
static int only_chunked(const struct http_head *h)
{
	struct buf list = BUF_INIT(1024);
	struct bytes rest, item;
	int n = 0, chunked = 0;

	http_get_list(h, "transfer-encoding", &list);
	rest = buf_view(&list);
	while (http_list_next(&rest, &item)) {
		n++;
		chunked = http_name_eq(item, "chunked");
	}
	if (list.failed)
		n = 2;
	buf_release(&list);
	return n == 1 && chunked;
}

/*
 * payload_digest - SHA-256 of the body without its transfer coding; out stays
 * empty where that cannot be told (a broken or another coding)
 */
static int payload_digest(const struct exchange *x, char out[static 72])
{
	struct http_head h = HTTP_HEAD_INIT;
	struct buf plain = BUF_INIT(x->body.len);
	struct bytes payload = buf_view(&x->body);
	uint8_t hash[SHA256_LEN];
	unsigned flags = 0;
	int r;

	out[0] = 0;
	r = http_response_parse(buf_view(&x->head), &h, NULL);
	if (r)
		return r == ERR_NOMEM ? r : 0;
	if (http_get(&h, "transfer-encoding").p) {
		r = only_chunked(&h) ? coding_dechunk(payload, &plain, NULL,
						      &flags, NULL)
				     : ERR_UNSUPPORTED;
		payload = buf_view(&plain);
	}
	if (!r) {
		sha256_once(payload, hash);
		warc_digest_sha256(out, hash);
	}
	buf_release(&plain);
	http_head_release(&h);
	return r == ERR_NOMEM ? r : 0;
}

static void put_time(struct jsonw *w, const char *key, int64_t ms)
{
	char text[CLOCK_RFC3339_MAX];

	jsonw_str(w, key, clock_rfc3339(ms, text));
}

static void put_some(struct jsonw *w, const char *key, const char *s)
{
	jsonw_str(w, key, s && *s ? s : NULL);
}

static int metadata(const struct exchange *x, const char *boot_id,
		    struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "format", "scelle/v1/connection");
	jsonw_str(&w, "url", x->url);
	put_time(&w, "start", x->start_ms);
	put_time(&w, "end", x->end_ms);
	jsonw_int(&w, "elapsed_ms", x->end_boot_ms - x->start_boot_ms);
	jsonw_str(&w, "boot_id", boot_id);
	jsonw_int(&w, "start_boot_ms", x->start_boot_ms);
	jsonw_int(&w, "end_boot_ms", x->end_boot_ms);
	jsonw_str(&w, "phase", fetch_phase_name(x->phase));
	put_some(&w, "error", x->error);
	jsonw_int(&w, "library_code", x->curl_code);
	jsonw_str(&w, "truncated", fetch_truncated_name(x->truncated));
	jsonw_int(&w, "status", x->status);
	jsonw_int(&w, "request_bytes", (int64_t)x->request.len);
	jsonw_int(&w, "head_bytes", (int64_t)x->head.len);
	jsonw_int(&w, "body_bytes", (int64_t)x->body.len);
	put_some(&w, "peer", x->peer);
	put_some(&w, "local", x->local);
	jsonw_str(&w, "proxy", "none");
	put_some(&w, "resolver", x->resolver);
	if (x->dns_json.len)
		jsonw_raw(&w, "dns", buf_view(&x->dns_json));
	else
		jsonw_null(&w, "dns");
	if (x->tls_protocol[0] || x->chain_pem.len) {
		jsonw_open(&w, "tls", '{');
		put_some(&w, "protocol", x->tls_protocol);
		put_some(&w, "cipher", x->tls_cipher);
		/* No exchange goes on behind a chain that does not verify. */
		jsonw_bool(&w, "verified", x->request.len > 0);
		capture_certificates(&w, buf_view(&x->chain_pem));
		jsonw_bytes(&w, "chain_pem", buf_view(&x->chain_pem));
		jsonw_close(&w, '}');
	} else {
		jsonw_null(&w, "tls");
	}
	jsonw_bool(&w, "lab", x->lab);
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
	return out->failed;
}

void capture_certificates(struct jsonw *w, struct bytes pem)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	static const char end[] = "-----END CERTIFICATE-----";
	struct buf flat = BUF_INIT(1 << 20), der = BUF_INIT(1 << 20);
	const uint8_t *p = pem.p, *stop = pem.p + pem.len;

	jsonw_open(w, "chain_sha256", '[');
	while (p && (p = memmem(p, (size_t)(stop - p), begin,
				sizeof(begin) - 1))) {
		const uint8_t *to;
		uint8_t hash[SHA256_LEN];

		p += sizeof(begin) - 1;
		to = memmem(p, (size_t)(stop - p), end, sizeof(end) - 1);
		if (!to)
			break;
		buf_clear(&flat);
		buf_clear(&der);
		for (; p < to; p++) {
			if (*p != '\n' && *p != '\r')
				buf_addc(&flat, *p);
		}
		if (b64_get(buf_view(&flat), &der))
			break;
		sha256_once(buf_view(&der), hash);
		jsonw_hex(w, NULL, hash, sizeof(hash));
	}
	jsonw_close(w, ']');
	buf_release(&flat);
	buf_release(&der);
}

static void add_piece(struct capture_blob *b, struct bytes p)
{
	b->piece[b->npieces++] = p;
	b->len += p.len;
}

/* add_record - head, block of one or two pieces, record end */
static int add_record(struct capture_blob *b, struct warc_new *head,
		      struct bytes first, struct bytes second, struct err *e)
{
	struct capture_record *r = &b->record[b->nrecords];
	struct buf *text = &b->head[b->nrecords];
	struct bytes block[2] = { first, second };
	uint8_t hash[SHA256_LEN];
	int err;

	sha256_pieces(block, 2, hash);
	warc_digest_sha256(r->block_digest, hash);
	r->type = warc_type_name(head->type);
	head->id = r->id;
	head->block_digest = r->block_digest;
	head->payload_digest = r->payload_digest[0] ? r->payload_digest : NULL;
	err = warc_head_write(head, (uint64_t)first.len + second.len, text, e);
	if (err)
		return err;
	r->off = b->len;
	add_piece(b, buf_view(text));
	add_piece(b, first);
	if (second.len)
		add_piece(b, second);
	add_piece(b, bytes_str(RECORD_END));
	r->len = b->len - r->off;
	b->nrecords++;
	return 0;
}

/* ip_of - "192.0.2.1:443" or "[2001:db8::1]:443" without port and brackets */
static const char *ip_of(const char *peer, char out[static 64])
{
	const char *from = peer[0] == '[' ? peer + 1 : peer;
	const char *to = peer[0] == '[' ? strchr(peer, ']')
					: strrchr(peer, ':');

	if (!peer[0] || !to)
		return NULL;
	snprintf(out, 64, "%.*s", (int)(to - from), from);
	return out;
}

/* is_http - another protocol's greeting is kept, and not called HTTP */
static int is_http(const struct buf *head)
{
	return head->len > 5 && !memcmp(head->p, "HTTP/", 5);
}

/* plain_url - 1 when a record's head can carry it; what was fetched always is,
 * what was refused need not be */
static int plain_url(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return 0;
	}
	return 1;
}

int capture_blob_make(const struct exchange *x, const char *boot_id,
		      const uint8_t ids[static 48], struct capture_blob *out,
		      struct err *e)
{
	struct warc_new base = { .date_ms = x->start_ms };
	const char *others[CAPTURE_RECORDS_MAX][3] = { { NULL } };
	const struct bytes none = { NULL, 0 };
	char ip[64];
	unsigned n = 0;
	int has_request = x->request.len > 0, has_response = x->head.len > 0;
	int total = 1 + has_request + has_response, r;
	struct capture_blob b;

	memset(&b, 0, sizeof(b));
	b.metadata = (struct buf)BUF_INIT(METADATA_MAX);
	for (int i = 0; i < CAPTURE_RECORDS_MAX; i++) {
		b.head[i] = (struct buf)BUF_INIT(HEAD_MAX);
		uuid(ids + 16 * i, b.record[i].id);
	}
	for (int i = 0; i < total; i++) {
		n = 0;
		for (int k = 0; k < total; k++) {
			if (k != i)
				others[i][n++] = b.record[k].id;
		}
	}
	base.target_uri = plain_url(x->url) ? x->url : NULL;
	base.ip = ip_of(x->peer, ip);
	r = metadata(x, boot_id, &b.metadata);
	if (r) {
		err_set(e, r, "cannot write what is known of a connection");
		goto out;
	}
	if (has_request) {
		struct warc_new h = base;

		h.type = WARC_REQUEST;
		h.content_type = WARC_TYPE_REQUEST;
		h.concurrent = others[b.nrecords];
		r = add_record(&b, &h, buf_view(&x->request), none, e);
	}
	if (!r && has_response) {
		struct warc_new h = base;

		h.type = WARC_RESPONSE;
		h.content_type = is_http(&x->head) ? WARC_TYPE_RESPONSE
				 : "application/octet-stream";
		h.concurrent = others[b.nrecords];
		h.truncated = fetch_truncated_name(x->truncated);
		r = payload_digest(x, b.record[b.nrecords].payload_digest);
		if (!r)
			r = add_record(&b, &h, buf_view(&x->head),
				       buf_view(&x->body), e);
	}
	if (!r) {
		struct warc_new h = base;

		h.type = WARC_METADATA;
		h.ip = NULL;	/* not among a metadata record's fields */
		h.content_type = "application/json";
		h.concurrent = others[b.nrecords];
		r = add_record(&b, &h, buf_view(&b.metadata), none, e);
	}
	if (r)
		goto out;
	sha256_pieces(b.piece, b.npieces, b.sha256);
	*out = b;
	return 0;
out:
	capture_blob_release(&b);
	return r;
}

int capture_blob_one(int http, const char *url, int64_t date_ms,
		     const char *type, struct bytes block,
		     const uint8_t id[static 16], struct capture_blob *out,
		     struct err *e)
{
	const struct bytes none = { NULL, 0 };
	struct warc_new h = { .type = http ? WARC_RESPONSE : WARC_RESOURCE,
		.date_ms = date_ms, .target_uri = url,
		.content_type = http ? WARC_TYPE_RESPONSE
				: type ? type : "application/octet-stream" };
	struct capture_blob b;
	int r;

	memset(&b, 0, sizeof(b));
	b.metadata = (struct buf)BUF_INIT(METADATA_MAX);
	for (int i = 0; i < CAPTURE_RECORDS_MAX; i++)
		b.head[i] = (struct buf)BUF_INIT(HEAD_MAX);
	uuid(id, b.record[0].id);
	r = plain_url(url) ? add_record(&b, &h, block, none, e)
	    : err_set(e, ERR_FORMAT, "an address holds what none may");
	if (r) {
		capture_blob_release(&b);
		return r;
	}
	sha256_pieces(b.piece, b.npieces, b.sha256);
	*out = b;
	return 0;
}

void capture_blob_release(struct capture_blob *b)
{
	for (int i = 0; i < CAPTURE_RECORDS_MAX; i++)
		buf_release(&b->head[i]);
	buf_release(&b->metadata);
	b->npieces = b->nrecords = 0;
}

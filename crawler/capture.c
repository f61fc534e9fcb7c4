/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/capture_int.h"

#include "crawler/fetch.h"
#include "util/clock.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

static char *copy(const char *s, int *bad)
{
	char *d = s ? strdup(s) : NULL;

	if (s && !d)
		*bad = 1;
	return d;
}

int capturer_new(const struct capture_setup *s, struct capturer **out,
		 struct err *e)
{
	struct capturer *c = calloc(1, sizeof(*c));
	int bad = 0, r;

	if (!c)
		return err_set(e, ERR_NOMEM, "out of memory");
	c->vault = s->vault;
	c->stream = s->stream;
	c->stream_dir = copy(s->stream_dir, &bad);
	c->user_agent = copy(s->user_agent ? s->user_agent : FETCH_USER_AGENT,
			     &bad);
	c->agent = copy(s->session->agent, &bad);
	c->why = copy(s->session->reason, &bad);
	c->gate_list = copy(s->gate_list, &bad);
	r = bad ? err_set(e, ERR_NOMEM, "out of memory")
		: note_skey_make(&c->key, s->session->collector_name,
				 NOTE_ED25519, s->session->collector_seed, e);
	if (r) {
		capturer_free(c);
		return r;
	}
	snprintf(c->case_id, sizeof(c->case_id), "%s", s->case_id);
	snprintf(c->software_sha256, sizeof(c->software_sha256), "%s",
		 s->session->software_sha256);
	snprintf(c->anchor, sizeof(c->anchor), "%s", s->session->anchor);
	memcpy(c->mandate, s->mandate_sha256, sizeof(c->mandate));
	if (s->fetch_sandbox) {
		c->fetch = *s->fetch_sandbox;
		c->has_fetch = 1;
	}
	if (s->parse_sandbox) {
		c->parse = *s->parse_sandbox;
		c->has_parse = 1;
	}
	c->lab = s->lab;
	if (uname(&c->host))
		memset(&c->host, 0, sizeof(c->host));
	clock_zone(clock_wall_ms(), c->zone);
	clock_boot_id(c->boot_id);
	*out = c;
	return 0;
}

void capturer_free(struct capturer *c)
{
	if (!c)
		return;
	note_skey_wipe(&c->key);
	free(c->stream_dir);
	free(c->user_agent);
	free(c->agent);
	free(c->why);
	free(c->gate_list);
	free(c);
}

void capturer_sandbox(struct capturer *c, const struct sandbox_report *fetch)
{
	c->fetch = *fetch;
}

/* --- the statement ------------------------------------------------------- */

static void put_time(struct jsonw *w, const char *key, int64_t ms)
{
	char text[CLOCK_RFC3339_MAX];

	jsonw_str(w, key, clock_rfc3339(ms, text));
}

static void put_some(struct jsonw *w, const char *key, const char *s)
{
	jsonw_str(w, key, s && *s ? s : NULL);
}

static void put_number(struct jsonw *w, const char *key, uint64_t n)
{
	if (n == CAPTURE_NONE)
		jsonw_null(w, key);
	else
		jsonw_int(w, key, (int64_t)n);
}

/* put_clock - what vouches for the times, measured now */
static void put_clock(struct jsonw *w)
{
	struct clock_state s;
	int known = clock_state(&s) == 0;

	jsonw_open(w, "clock", '{');
	jsonw_str(w, "source", "CLOCK_REALTIME of this machine");
	jsonw_str(w, "state", !known ? "unknown" : s.synchronised
		  ? "synchronised" : "unsynchronised");
	if (known && s.synchronised) {
		jsonw_int(w, "offset_us", s.offset_us);
		jsonw_int(w, "max_error_us", s.max_error_us);
		jsonw_int(w, "est_error_us", s.est_error_us);
	}
	jsonw_close(w, '}');
}

/* put_session - R13, R16, R17: the facts that are no matter of one exchange */
void capture_session(const struct capturer *c, struct jsonw *w)
{
	char text[96];

	put_some(w, "agent", c->agent);
	put_some(w, "why", c->why);
	jsonw_hex(w, "mandate_sha256", c->mandate, sizeof(c->mandate));
	jsonw_open(w, "software", '{');
	jsonw_str(w, "name", "scelle");
	jsonw_str(w, "version", SCELLE_VERSION);
	put_some(w, "sha256", c->software_sha256);
	jsonw_close(w, '}');
	jsonw_open(w, "host", '{');
	put_some(w, "name", c->host.nodename);
	put_some(w, "system", c->host.sysname);
	put_some(w, "kernel", c->host.release);
	put_some(w, "machine", c->host.machine);
	put_some(w, "time_zone", c->zone);
	jsonw_close(w, '}');
	put_clock(w);
	jsonw_open(w, "sandbox", '{');
	if (c->has_fetch)
		sandbox_report_text(&c->fetch, text);
	jsonw_str(w, "fetch", c->has_fetch ? text : NULL);
	if (c->has_parse)
		sandbox_report_text(&c->parse, text);
	jsonw_str(w, "parse", c->has_parse ? text : NULL);
	jsonw_close(w, '}');
	jsonw_bool(w, "lab", c->lab);
}

static void put_context(const struct capturer *c,
			const struct capture_context *ctx, struct jsonw *w)
{
	put_some(w, "source", ctx->source);
	put_some(w, "reason", ctx->reason);
	put_number(w, "parent", ctx->parent);
	if (ctx->robots_rule) {
		jsonw_open(w, "robots", '{');
		put_number(w, "record", ctx->robots_record);
		jsonw_str(w, "rule", ctx->robots_rule);
		jsonw_bool(w, "overridden", ctx->robots_overridden);
		jsonw_close(w, '}');
	} else {
		jsonw_null(w, "robots");
	}
	if (!ctx->nkeys) {
		jsonw_null(w, "gate");
		return;
	}
	jsonw_open(w, "gate", '{');
	jsonw_int(w, "claim", (int64_t)ctx->claim);
	put_time(w, "claimed", ctx->claim_ms);
	jsonw_int(w, "claimed_boot_ms", ctx->claim_boot_ms);
	jsonw_int(w, "delay_ms", ctx->delay_ms);
	jsonw_open(w, "keys", '[');
	for (unsigned i = 0; i < ctx->nkeys && i < CAPTURE_KEYS_MAX; i++)
		jsonw_str(w, NULL, ctx->keys[i]);
	jsonw_close(w, ']');
	put_some(w, "suffix_list", c->gate_list);
	jsonw_bool(w, "interrupted", ctx->interrupted);
	jsonw_close(w, '}');
}

static void put_exchange(const struct capturer *c, const struct exchange *x,
			 struct jsonw *w)
{
	jsonw_str(w, "url", x->url);
	jsonw_str(w, "method", "GET");
	jsonw_int(w, "status", x->status);
	jsonw_str(w, "phase", fetch_phase_name(x->phase));
	put_some(w, "error", x->error);
	jsonw_str(w, "truncated", fetch_truncated_name(x->truncated));
	put_time(w, "start", x->start_ms);
	put_time(w, "end", x->end_ms);
	jsonw_open(w, "boot", '{');
	jsonw_str(w, "id", c->boot_id);
	jsonw_int(w, "start_ms", x->start_boot_ms);
	jsonw_int(w, "end_ms", x->end_boot_ms);
	jsonw_close(w, '}');
	jsonw_open(w, "bytes", '{');
	jsonw_int(w, "request", (int64_t)x->request.len);
	jsonw_int(w, "head", (int64_t)x->head.len);
	jsonw_int(w, "body", (int64_t)x->body.len);
	jsonw_close(w, '}');
	put_some(w, "peer", x->peer);
	put_some(w, "local", x->local);
	put_some(w, "resolver", x->resolver);
	jsonw_str(w, "proxy", "none");
	jsonw_str(w, "cookies", "none: the jar was empty and is not kept");
	jsonw_str(w, "cache", "none");
	jsonw_str(w, "user_agent", c->user_agent);
	if (x->tls_protocol[0] || x->chain_pem.len) {
		jsonw_open(w, "tls", '{');
		put_some(w, "protocol", x->tls_protocol);
		put_some(w, "cipher", x->tls_cipher);
		capture_certificates(w, buf_view(&x->chain_pem));
		jsonw_close(w, '}');
	} else {
		jsonw_null(w, "tls");
	}
}

/* put_blob - where the records are; digests go through the salted commitment
 * only, so that a blob can be erased and its hash with it */
void capture_blobs(struct jsonw *w, const struct capture_blob *blob,
		     const uint8_t salt[static 32])
{
	uint8_t commit[SHA256_LEN];

	leaf_open_hash(salt, blob->sha256, commit);
	jsonw_open(w, "blobs", '[');
	jsonw_open(w, NULL, '{');
	jsonw_hex(w, "commit", commit, sizeof(commit));
	jsonw_int(w, "len", (int64_t)blob->len);
	jsonw_str(w, "type", "application/warc");
	jsonw_open(w, "records", '[');
	for (unsigned i = 0; i < blob->nrecords; i++) {
		jsonw_open(w, NULL, '{');
		jsonw_str(w, "type", blob->record[i].type);
		jsonw_str(w, "id", blob->record[i].id);
		jsonw_int(w, "offset", (int64_t)blob->record[i].off);
		jsonw_int(w, "len", (int64_t)blob->record[i].len);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_close(w, '}');
	jsonw_close(w, ']');
}

/* begin - the kind and the members every statement has */
void capture_begin(const struct capturer *c, struct buf *text, struct jsonw *w,
		  const char *kind, uint64_t n, int64_t now_ms)
{
	buf_addf(text, "scelle/v1/%s\n", kind);
	*w = (struct jsonw)JSONW_INIT(text);
	jsonw_open(w, NULL, '{');
	jsonw_str(w, "log", vault_origin(c->vault));
	jsonw_str(w, "stream", c->stream_dir);
	jsonw_int(w, "n", (int64_t)n);
	put_time(w, "time", now_ms);
	if (*c->anchor)
		jsonw_str(w, "anchor", c->anchor);
	jsonw_str(w, "case", c->case_id);
}

/* finish - sign the statement and add the item */
int capture_finish(struct capturer *c, struct batch *b, struct buf *text,
		  struct jsonw *w, uint16_t kind, int64_t now_ms,
		  const struct store_blob *blob, struct capture_receipt *out,
		  struct err *e)
{
	struct store_item it = { .kind = kind };
	struct buf note = BUF_INIT(CAPTURE_STATEMENT_MAX + 4096);
	struct capture_receipt rec = { .number = batch_number(b, c->stream),
				       .refused = kind == LEAF_REFUSED };
	uint8_t hash[SHA256_LEN];
	int r;

	jsonw_close(w, '}');
	buf_addc(text, '\n');
	r = text->failed ? err_set(e, text->failed, "a statement is too long")
			 : note_sign(buf_view(text), &c->key, 1, &note, e);
	if (r)
		goto out;
	it.flags = c->lab ? LEAF_FLAG_LAB : 0;
	it.statement = buf_view(&note);
	it.blobs = blob;
	it.nblobs = blob ? 1 : 0;
	secret_random(it.salt, sizeof(it.salt));
	sha256_once(it.statement, hash);
	leaf_open_hash(it.salt, hash, rec.open);
	r = batch_add(b, c->stream, &it, now_ms, &rec.seq, e);
	secret_wipe(it.salt, sizeof(it.salt));
	if (!r && out)
		*out = rec;
out:
	buf_release(&note);
	return r;
}

int capture_add(struct capturer *c, struct batch *b, const struct exchange *x,
		const struct capture_context *ctx, struct capture_receipt *out,
		struct err *e)
{
	int refused = x->phase == FETCH_SCOPE || x->phase == FETCH_ADDRESS;
	struct buf text = BUF_INIT(CAPTURE_STATEMENT_MAX);
	struct capture_blob blob;
	struct store_blob sealed;
	struct jsonw w;
	int64_t now = clock_wall_ms();
	uint8_t ids[48];
	int r;

	secret_random(ids, sizeof(ids));
	r = capture_blob_make(x, c->boot_id, ids, &blob, e);
	if (r)
		return r;
	memset(&sealed, 0, sizeof(sealed));
	sealed.pieces = blob.piece;
	sealed.npieces = blob.npieces;
	secret_random(sealed.salt, sizeof(sealed.salt));

	capture_begin(c, &text, &w, refused ? "refused" : "capture",
	      batch_number(b, c->stream), now);
	if (refused) {
		jsonw_str(&w, "by", x->phase == FETCH_SCOPE ? "request"
							    : "address");
		jsonw_str(&w, "rule", x->error);
	}
	put_context(c, ctx, &w);
	put_exchange(c, x, &w);
	capture_session(c, &w);
	capture_blobs(&w, &blob, sealed.salt);
	r = capture_finish(c, b, &text, &w, refused ? LEAF_REFUSED : LEAF_EVIDENCE,
		   now, &sealed, out, e);
	secret_wipe(sealed.salt, sizeof(sealed.salt));
	capture_blob_release(&blob);
	buf_release(&text);
	return r;
}

int capture_refuse(struct capturer *c, struct batch *b, const char *url,
		   const char *by, const char *rule,
		   const struct capture_context *ctx,
		   struct capture_receipt *out, struct err *e)
{
	static const struct capture_context nothing = CAPTURE_CONTEXT_INIT;
	struct buf text = BUF_INIT(CAPTURE_STATEMENT_MAX);
	struct jsonw w;
	int64_t now = clock_wall_ms();
	int r;

	capture_begin(c, &text, &w, "refused", batch_number(b, c->stream), now);
	jsonw_str(&w, "by", by);
	jsonw_str(&w, "rule", rule);
	put_context(c, ctx ? ctx : &nothing, &w);
	jsonw_str(&w, "url", url);
	capture_session(c, &w);
	jsonw_open(&w, "blobs", '[');
	jsonw_close(&w, ']');
	r = capture_finish(c, b, &text, &w, LEAF_REFUSED, now, NULL, out, e);
	buf_release(&text);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/capture.h"
#include "crawler/capture_blob.h"
#include "parsers/coding.h"
#include "parsers/warc.h"
#include "parsers/warc_digest.h"
#include "store/note.h"
#include "store/sha256.h"
#include "tests/crawler/server.h"
#include "tests/store/vaultkit.h"
#include "util/json.h"

#define CASE_DIR "cases/0123456789abcdef"
#define CHUNKED "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n" \
	"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"

static const uint8_t collector[32] = { 42 };

struct rig {
	char *dir;
	struct vault *v;
	struct stream *s;
	struct capturer *c;
	struct crawl_session session;
};

static void rig_up(struct rig *g, int lab)
{
	static const uint8_t mandate[32] = { 0xaa };
	struct sandbox_report box = { 1, 1, 1, 7, 1 };
	struct capture_setup setup = {
		.stream_dir = CASE_DIR, .case_id = "0123456789abcdef",
		.mandate_sha256 = mandate, .fetch_sandbox = &box,
		.parse_sandbox = &box, .gate_list = "list", .lab = lab,
	};
	struct err e = ERR_INIT;
	uint8_t pub[32];

	memset(g, 0, sizeof(*g));
	kit_pub(pub);
	g->dir = kit_dir();
	g->v = kit_new(g->dir);
	cr_assert_eq(stream_create(g->v, CASE_DIR, pub, kit_tag, &g->s, &e),
		     0, "%s", e.text);
	g->session.agent = "agent-07";
	g->session.reason = "vérification";
	g->session.collector_name = "unit.example-collector";
	memcpy(g->session.collector_seed, collector, 32);
	snprintf(g->session.software_sha256, sizeof(g->session.software_sha256), "00ff");
	setup.vault = g->v;
	setup.stream = g->s;
	setup.session = &g->session;
	cr_assert_eq(capturer_new(&setup, &g->c, &e), 0, "%s", e.text);
}

static void rig_down(struct rig *g)
{
	capturer_free(g->c);
	vault_close(g->v);
	kit_remove(g->dir);
}

static void made_up(struct exchange *x)
{
	static const char body[] =
		"15\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41"
		"\x24\x35\x03\0\r\n2\r\n\0\0\r\n0\r\n\r\n";
	struct authority a;
	BIO *mem = BIO_new(BIO_s_mem());
	char *p;
	long n;

	exchange_init(x);
	x->url = strdup("https://t.me/s/exemple?before=12");
	x->start_ms = 1790000000123;
	x->end_ms = 1790000000987;
	x->start_boot_ms = 5000;
	x->end_boot_ms = 5864;
	x->status = 200;
	snprintf(x->peer, sizeof(x->peer), "149.154.167.99:443");
	snprintf(x->local, sizeof(x->local), "10.1.2.3:50000");
	snprintf(x->tls_protocol, sizeof(x->tls_protocol), "TLSv1.3");
	snprintf(x->tls_cipher, sizeof(x->tls_cipher), "TLS_AES_256_GCM_SHA384");
	snprintf(x->resolver, sizeof(x->resolver), "192.0.2.53");
	buf_adds(&x->request, "GET /s/exemple?before=12 HTTP/1.1\r\n"
		 "Host: t.me\r\n\r\n");
	buf_adds(&x->head, CHUNKED);
	buf_add(&x->body, body, sizeof(body) - 1);
	buf_adds(&x->dns_json, "[{\"name\":\"t.me\",\"type\":\"A\"}]");
	authority_make(&a, "Made up");
	PEM_write_bio_X509(mem, a.cert);
	n = BIO_get_mem_data(mem, &p);
	buf_add(&x->chain_pem, p, (size_t)n);
	BIO_free(mem);
	authority_release(&a);
}

/* read_back - the statement's JSON after its signature was checked */
static json_t *read_back(struct rig *g, uint64_t n, const char *kind,
			 struct buf *note)
{
	struct note_skey key;
	struct bytes text;
	struct err e = ERR_INIT;
	json_t *j = NULL;
	char first[64];
	size_t len;

	cr_assert_eq(stream_unlock(g->s, kit_secret, &e), 0, "%s", e.text);
	cr_assert_eq(stream_get(g->s, n, 0, note, NULL, &e), 0, "%s", e.text);
	cr_assert_eq(note_skey_make(&key, "unit.example-collector",
				    NOTE_ED25519, collector, NULL), 0);
	cr_assert_eq(note_open(buf_view(note), &key.vkey, 1, &text, &e), 0,
		     "%s", e.text);
	len = (size_t)snprintf(first, sizeof(first), "scelle/v1/%s\n", kind);
	cr_assert(text.len > len && !memcmp(text.p, first, len), "%.*s",
		  (int)text.len, (const char *)text.p);
	cr_assert_eq(json_read_record(BYTES(text.p + len, text.len - len - 1),
				      &j, &e), 0, "%s", e.text);
	return j;
}

static const char *text_at(json_t *j, const char *a, const char *b)
{
	json_t *o = json_object_get(j, a);

	if (b)
		o = json_object_get(o, b);
	return o ? json_string_value(o) : NULL;
}

static int64_t int_at(json_t *j, const char *a, const char *b)
{
	json_t *o = json_object_get(j, a);

	if (b)
		o = json_object_get(o, b);
	return json_is_integer(o) ? json_integer_value(o) : -1;
}

static void commit_one(struct rig *g, const struct exchange *x,
		       const struct capture_context *ctx,
		       struct capture_receipt *rec)
{
	struct batch *b = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(batch_begin(g->v, &b, &e), 0, "%s", e.text);
	cr_assert_eq(capture_add(g->c, b, x, ctx, rec, &e), 0, "%s", e.text);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
}

static void context(struct capture_context *ctx)
{
	*ctx = (struct capture_context)CAPTURE_CONTEXT_INIT;
	ctx->source = "telegram:exemple";
	ctx->reason = "listing";
	ctx->parent = 3;
	ctx->robots_record = 1;
	ctx->robots_rule = "allow: /s/";
	ctx->claim = 77;
	ctx->claim_ms = 1789999999999;
	ctx->claim_boot_ms = 4876;
	ctx->delay_ms = 3000;
	ctx->keys[0] = "host:t.me";
	ctx->keys[1] = "family:telegram";
	ctx->nkeys = 2;
}

Test(capture, its_statement_says_all_that_was_measured)
{
	struct rig g;
	struct exchange x;
	struct capture_context ctx;
	struct capture_receipt rec;
	struct buf note = BUF_INIT(2 << 20);
	struct leaf leaf;
	json_t *j;

	rig_up(&g, 0);
	made_up(&x);
	context(&ctx);
	commit_one(&g, &x, &ctx, &rec);
	cr_expect_eq(rec.number, 0);
	cr_expect_eq(rec.refused, 0);
	cr_assert_eq(vault_leaf(g.v, rec.seq, &leaf), 0);
	cr_expect_eq(leaf.kind, LEAF_EVIDENCE);
	cr_expect_eq(leaf.flags, 0);

	j = read_back(&g, 0, "capture", &note);
	cr_expect_str_eq(text_at(j, "log", NULL), KIT_ORIGIN);
	cr_expect_str_eq(text_at(j, "stream", NULL), CASE_DIR);
	cr_expect_eq(int_at(j, "n", NULL), 0);
	cr_expect_str_eq(text_at(j, "case", NULL), "0123456789abcdef");
	cr_expect_str_eq(text_at(j, "url", NULL), x.url);
	cr_expect_str_eq(text_at(j, "source", NULL), "telegram:exemple");
	cr_expect_str_eq(text_at(j, "reason", NULL), "listing");
	cr_expect_eq(int_at(j, "parent", NULL), 3);
	cr_expect_str_eq(text_at(j, "start", NULL),
			 "2026-09-21T14:13:20.123Z");
	cr_expect_str_eq(text_at(j, "end", NULL), "2026-09-21T14:13:20.987Z");
	cr_expect_eq(int_at(j, "boot", "start_ms"), 5000);
	cr_expect_eq(int_at(j, "boot", "end_ms"), 5864);
	cr_expect_eq(strlen(text_at(j, "boot", "id")), 36);
	cr_expect_eq(int_at(j, "status", NULL), 200);
	cr_expect_str_eq(text_at(j, "phase", NULL), "done");
	cr_expect(json_is_null(json_object_get(j, "error")));
	cr_expect(json_is_null(json_object_get(j, "truncated")));
	cr_expect_eq(int_at(j, "bytes", "body"), (int64_t)x.body.len);
	cr_expect_str_eq(text_at(j, "peer", NULL), "149.154.167.99:443");
	cr_expect_str_eq(text_at(j, "proxy", NULL), "none");
	cr_expect(strstr(text_at(j, "cookies", NULL), "empty"));
	cr_expect(strstr(text_at(j, "user_agent", NULL), "scelle/"));
	cr_expect_str_eq(text_at(j, "tls", "protocol"), "TLSv1.3");
	cr_expect_eq(json_array_size(json_object_get(json_object_get(j, "tls"),
			"chain_sha256")), 1);
	cr_expect_eq(int_at(j, "robots", "record"), 1);
	cr_expect_str_eq(text_at(j, "robots", "rule"), "allow: /s/");
	cr_expect_eq(int_at(j, "gate", "claim"), 77);
	cr_expect_eq(int_at(j, "gate", "delay_ms"), 3000);
	cr_expect_eq(json_array_size(json_object_get(json_object_get(j, "gate"),
			"keys")), 2);
	cr_expect_str_eq(text_at(j, "agent", NULL), "agent-07");
	cr_expect_str_eq(text_at(j, "why", NULL), "vérification");
	cr_expect_str_eq(text_at(j, "software", "version"), SCELLE_VERSION);
	cr_expect_str_eq(text_at(j, "software", "sha256"), "00ff");
	cr_expect_not_null(text_at(j, "host", "kernel"));
	cr_expect_not_null(text_at(j, "host", "time_zone"));
	cr_expect_not_null(text_at(j, "clock", "state"));
	cr_expect(strstr(text_at(j, "sandbox", "fetch"), "landlock-7"));
	cr_expect(!strncmp(text_at(j, "mandate_sha256", NULL), "aa00", 4));
	cr_expect(json_is_false(json_object_get(j, "lab")));
	json_decref(j);
	buf_release(&note);
	exchange_release(&x);
	rig_down(&g);
}

/* record - the i-th record of a blob, its head parsed and digests checked */
static struct bytes record(struct bytes blob, unsigned i,
			   struct warc_head *h)
{
	size_t at = 0;

	for (;; i--) {
		struct bytes block;
		uint8_t hash[SHA256_LEN];
		char want[72];

		cr_assert_eq(warc_head_parse(BYTES(blob.p + at, blob.len - at),
					     h, NULL), 0);
		cr_assert(h->has_length && h->odd == 0);
		block = BYTES(blob.p + at + h->head_len, (size_t)h->length);
		at += h->head_len + h->length;
		cr_assert(blob.len >= at + 4);
		cr_assert(!memcmp(blob.p + at, "\r\n\r\n", 4));
		at += 4;
		sha256_once(block, hash);
		warc_digest_sha256(want, hash);
		cr_assert(bytes_is(warc_get(h, "WARC-Block-Digest"), want));
		if (i == 0)
			return block;
		warc_head_release(h);
	}
}

Test(capture, its_blob_is_warc_with_the_very_bytes)
{
	struct rig g;
	struct exchange x;
	struct capture_context ctx;
	struct buf blob = BUF_INIT(1 << 20), scratch = BUF_INIT(1 << 20);
	struct buf note = BUF_INIT(2 << 20);
	struct warc_head h = WARC_HEAD_INIT;
	uint8_t salt[32], commit[32], hash[32];
	struct bytes block, payload;
	char hex[65], want[72];
	unsigned flags = 0;
	struct err e = ERR_INIT;
	json_t *j, *b;

	rig_up(&g, 0);
	made_up(&x);
	context(&ctx);
	commit_one(&g, &x, &ctx, NULL);
	j = read_back(&g, 0, "capture", &note);
	cr_assert_eq(stream_get(g.s, 0, 1, &blob, salt, &e), 0, "%s", e.text);
	leaf_open(salt, buf_view(&blob), commit);
	hex_str(hex, commit, 32);
	b = json_array_get(json_object_get(j, "blobs"), 0);
	cr_expect_str_eq(text_at(b, "commit", NULL), hex);
	cr_expect_eq(int_at(b, "len", NULL), (int64_t)blob.len);
	cr_expect_eq(json_array_size(json_object_get(b, "records")), 3);

	block = record(buf_view(&blob), 0, &h);
	cr_expect_eq(h.type, WARC_REQUEST);
	cr_expect(bytes_eq(block, buf_view(&x.request)));
	warc_head_release(&h);

	block = record(buf_view(&blob), 1, &h);
	cr_expect_eq(h.type, WARC_RESPONSE);
	cr_expect_eq(block.len, x.head.len + x.body.len);
	cr_expect(!memcmp(block.p, x.head.p, x.head.len));
	cr_expect(!memcmp(block.p + x.head.len, x.body.p, x.body.len));
	cr_expect(bytes_is(warc_get(&h, "WARC-Target-URI"), x.url));
	cr_expect(bytes_is(warc_get(&h, "WARC-IP-Address"), "149.154.167.99"));
	cr_expect(bytes_is(warc_get(&h, "WARC-Date"),
			   "2026-09-21T14:13:20.123Z"), "%.*s",
		  (int)warc_get(&h, "WARC-Date").len,
		  (const char *)warc_get(&h, "WARC-Date").p);
	cr_assert_eq(warc_payload(&h, block, &scratch, &payload, &flags, &e),
		     0, "%s", e.text);
	cr_expect_eq(payload.len, 23, "gzip kept, chunks taken off");
	sha256_once(payload, hash);
	warc_digest_sha256(want, hash);
	cr_expect(bytes_is(warc_get(&h, "WARC-Payload-Digest"), want));
	warc_head_release(&h);
	json_decref(j);

	block = record(buf_view(&blob), 2, &h);
	cr_expect_eq(h.type, WARC_METADATA);
	cr_assert_eq(json_read_record(BYTES(block.p, block.len - 1), &j, &e),
		     0, "%s", e.text);
	cr_expect_str_eq(text_at(j, "url", NULL), x.url);
	cr_expect(strstr(text_at(j, "tls", "chain_pem"), "BEGIN CERT"));
	cr_expect_eq(json_array_size(json_object_get(j, "dns")), 1);
	cr_expect_eq(int_at(j, "elapsed_ms", NULL), 864);
	json_decref(j);
	warc_head_release(&h);
	buf_release(&note);
	buf_release(&blob);
	buf_release(&scratch);
	exchange_release(&x);
	rig_down(&g);
}

Test(capture, a_certificate_is_named_by_the_hash_of_its_der)
{
	struct exchange x;
	struct buf out = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&out);
	BIO *mem;
	X509 *cert;
	uint8_t hash[32];
	unsigned len = 32;
	char hex[65];

	made_up(&x);
	mem = BIO_new_mem_buf(x.chain_pem.p, (int)x.chain_pem.len);
	cert = PEM_read_bio_X509(mem, NULL, NULL, NULL);
	cr_assert_not_null(cert);
	X509_digest(cert, EVP_sha256(), hash, &len);
	hex_str(hex, hash, 32);
	jsonw_open(&w, NULL, '{');
	capture_certificates(&w, buf_view(&x.chain_pem));
	jsonw_close(&w, '}');
	cr_expect(strstr(buf_cstr(&out), hex), "%s", buf_cstr(&out));
	X509_free(cert);
	BIO_free(mem);
	buf_release(&out);
	exchange_release(&x);
}

Test(capture, a_failed_attempt_is_kept_without_a_response)
{
	struct rig g;
	struct exchange x;
	struct capture_context ctx = CAPTURE_CONTEXT_INIT;
	struct capture_receipt rec;
	struct buf note = BUF_INIT(2 << 20), blob = BUF_INIT(1 << 20);
	struct warc_head h = WARC_HEAD_INIT;
	struct leaf leaf;
	json_t *j;

	rig_up(&g, 1);
	made_up(&x);
	buf_clear(&x.head);
	buf_clear(&x.body);
	x.status = 0;
	x.phase = FETCH_HEAD;
	snprintf(x.error, sizeof(x.error), "no byte for 400 ms");
	commit_one(&g, &x, &ctx, &rec);
	cr_assert_eq(vault_leaf(g.v, rec.seq, &leaf), 0);
	cr_expect_eq(leaf.kind, LEAF_EVIDENCE);
	cr_expect_eq(leaf.flags, LEAF_FLAG_LAB);
	j = read_back(&g, rec.number, "capture", &note);
	cr_expect_str_eq(text_at(j, "phase", NULL), "head");
	cr_expect_str_eq(text_at(j, "error", NULL), "no byte for 400 ms");
	cr_expect(json_is_null(json_object_get(j, "gate")));
	cr_expect(json_is_null(json_object_get(j, "parent")));
	cr_expect(json_is_true(json_object_get(j, "lab")));
	json_decref(j);
	cr_assert_eq(stream_get(g.s, rec.number, 1, &blob, NULL, NULL), 0);
	record(buf_view(&blob), 0, &h);
	cr_expect_eq(h.type, WARC_REQUEST);
	warc_head_release(&h);
	record(buf_view(&blob), 1, &h);
	cr_expect_eq(h.type, WARC_METADATA);
	warc_head_release(&h);

	/* No bytes went out at all: metadata alone tells. */
	buf_clear(&x.request);
	x.phase = FETCH_TLS;
	commit_one(&g, &x, &ctx, &rec);
	buf_clear(&blob);
	cr_assert_eq(stream_get(g.s, rec.number, 1, &blob, NULL, NULL), 0);
	record(buf_view(&blob), 0, &h);
	cr_expect_eq(h.type, WARC_METADATA);
	warc_head_release(&h);
	buf_release(&note);
	buf_release(&blob);
	exchange_release(&x);
	rig_down(&g);
}

Test(capture, a_cut_answer_says_so_in_the_archive_too)
{
	struct exchange x;
	struct capture_blob b;
	struct warc_head h = WARC_HEAD_INIT;
	static const uint8_t ids[48];

	made_up(&x);
	x.phase = FETCH_BODY;
	x.truncated = TRUNC_LENGTH;
	x.body.len = 10;	/* inside the first chunk */
	cr_assert_eq(capture_blob_make(&x, "unknown", ids, &b, NULL), 0);
	cr_assert_eq(warc_head_parse(buf_view(&b.head[1]), &h, NULL), 0);
	cr_expect(bytes_is(warc_get(&h, "WARC-Truncated"), "length"));
	warc_head_release(&h);
	capture_blob_release(&b);

	buf_clear(&x.head);
	buf_adds(&x.head, "SSH-2.0-x\r\n");
	cr_assert_eq(capture_blob_make(&x, "unknown", ids, &b, NULL), 0);
	cr_assert_eq(warc_head_parse(buf_view(&b.head[1]), &h, NULL), 0);
	cr_expect(bytes_is(warc_get(&h, "Content-Type"),
			   "application/octet-stream"));
	cr_expect_null(warc_get(&h, "WARC-Payload-Digest").p);
	warc_head_release(&h);
	capture_blob_release(&b);
	exchange_release(&x);
}

Test(capture, a_refusal_is_a_leaf_of_its_kind)
{
	struct rig g;
	struct exchange x;
	struct capture_context ctx = CAPTURE_CONTEXT_INIT;
	struct capture_receipt rec;
	struct batch *b = NULL;
	struct buf note = BUF_INIT(2 << 20);
	struct leaf leaf;
	unsigned objects = 0;
	json_t *j;

	rig_up(&g, 0);
	cr_assert_eq(batch_begin(g.v, &b, NULL), 0);
	cr_assert_eq(capture_refuse(g.c, b, "https://autre.example/", "scope",
				    "no source of the case covers it", NULL,
				    &rec, NULL), 0);
	cr_assert_eq(batch_commit(b, NULL), 0);
	cr_assert_eq(vault_leaf(g.v, rec.seq, &leaf), 0);
	cr_expect_eq(leaf.kind, LEAF_REFUSED);
	j = read_back(&g, rec.number, "refused", &note);
	cr_expect_str_eq(text_at(j, "by", NULL), "scope");
	cr_expect_str_eq(text_at(j, "url", NULL), "https://autre.example/");
	json_decref(j);

	exchange_init(&x);
	x.url = strdup("https://inner.example/");
	x.phase = FETCH_ADDRESS;
	x.start_ms = x.end_ms = 1790000000000;
	snprintf(x.error, sizeof(x.error), "address 127.0.0.1 is loopback (RFC 1122)");
	buf_adds(&x.dns_json, "[]");
	commit_one(&g, &x, &ctx, &rec);
	cr_expect_eq(rec.refused, 1);
	cr_assert_eq(vault_leaf(g.v, rec.seq, &leaf), 0);
	cr_expect_eq(leaf.kind, LEAF_REFUSED);
	buf_clear(&note);
	j = read_back(&g, rec.number, "refused", &note);
	cr_expect_str_eq(text_at(j, "by", NULL), "address");
	cr_expect(strstr(text_at(j, "rule", NULL), "loopback"));
	json_decref(j);
	cr_assert_eq(stream_objects(g.s, rec.number, &objects, NULL), 0);
	cr_expect_eq(objects, 2, "the DNS answers are kept");
	buf_release(&note);
	exchange_release(&x);
	rig_down(&g);
}

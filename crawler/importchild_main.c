/* SPDX-License-Identifier: EUPL-1.2 */
/* The child's side: everything here reads hostile bytes, and holds nothing. */
#include "crawler/importchild.h"

#include "crawler/wire.h"
#include "parsers/http.h"
#include "parsers/mime.h"
#include "parsers/tgexport.h"
#include "parsers/url.h"
#include "parsers/warc_digest.h"
#include "parsers/warc_read.h"
#include "parsers/zipread.h"
#include "store/sha256.h"
#include "util/child.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/json.h"
#include "util/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WARCS_MAX 64		/* in one WACZ */

struct taking {
	char base[128];		/* of addresses within an export */
	uint64_t records, bytes;
	unsigned findings;
};

static int say(uint8_t type, struct bytes b)
{
	return message_write(1, type, &b, 1) ? ERR_IO : 0;
}

static int find(struct taking *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int find(struct taking *t, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (t->findings++ >= IMPORT_FINDINGS_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return say('F', bytes_str(text));
}

static int put(struct taking *t, const struct import_record *r, struct err *e)
{
	struct buf msg = BUF_INIT(IMPORT_BLOCK_MAX + ((size_t)1 << 20));
	int bad;

	t->bytes += r->block.len;
	if (r->block.len > IMPORT_BLOCK_MAX)
		return err_set(e, ERR_LIMIT, "a record is longer than %zu bytes",
			       IMPORT_BLOCK_MAX);
	if (++t->records > IMPORT_RECORDS_MAX || t->bytes > IMPORT_TOTAL_MAX)
		return err_set(e, ERR_LIMIT, t->bytes > IMPORT_TOTAL_MAX
			       ? "the file unpacks to more than %llu bytes"
			       : "the file holds more than %llu records",
			       t->bytes > IMPORT_TOTAL_MAX
			       ? (unsigned long long)IMPORT_TOTAL_MAX
			       : (unsigned long long)IMPORT_RECORDS_MAX);
	wire_put_str(&msg, r->url);
	wire_put_str(&msg, r->reason);
	wire_put_str(&msg, r->type);
	wire_put_u64(&msg, (uint64_t)r->date_ms);
	wire_put_u8(&msg, (uint8_t)r->http);
	wire_put_u32(&msg, (uint32_t)r->status);
	wire_put_u32(&msg, (uint32_t)r->head_len);
	wire_put_bytes(&msg, r->block);
	bad = msg.failed ? err_set(e, ERR_NOMEM, "no memory for a record")
			 : say('R', buf_view(&msg));
	buf_release(&msg);
	return bad;
}

static const char *type_of(struct bytes b)
{
	return mime_sniff(BYTES(b.p, b.len < MIME_LOOK ? b.len : MIME_LOOK));
}

static const char *reason_of(const char *type)
{
	return type && (mime_is_media(type) || !strcmp(type, "application/pdf")
			|| !strcmp(type, "application/ogg")) ? "media" : "page";
}

/* --- WARC -------------------------------------------------------------------- */

/* digest - hold the block against what the record says of it (SHA-256) */
static int digest(struct taking *t, const struct warc_record *rec,
		  const char *url)
{
	struct bytes said = warc_get(rec->head, "WARC-Block-Digest");
	struct warc_digest d;
	uint8_t sum[SHA256_LEN];

	if (!said.p || warc_digest_parse(said, &d) < 0 ||
	    d.algorithm != WARC_SHA256)
		return 0;
	sha256_once(rec->block, sum);
	if (d.len == sizeof sum && !memcmp(d.value, sum, sizeof sum))
		return 0;
	return find(t, "%.200s: the block is not the one its digest was made "
		    "of", url);
}

static int64_t date_of(const struct warc_head *h)
{
	struct bytes d = warc_get(h, "WARC-Date");
	int64_t ms = 0;

	if (!d.p || clock_parse_rfc3339((const char *)d.p, d.len, &ms) < 0)
		return 0;
	return ms;
}

/* content - what a record carries, as far as it can be told */
static int content(struct taking *t, const struct warc_record *rec,
		   struct import_record *r)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct err why = ERR_INIT;
	struct bytes body = rec->block;

	r->block = rec->block;
	r->status = 200;
	if (rec->head->type == WARC_RESPONSE) {
		if (!warc_is_http(rec->head) ||
		    http_response_parse(rec->block, &h, &why) < 0)
			return find(t, "%.200s: left out: no HTTP response%s%s",
				    r->url, why.text[0] ? ": " : "", why.text)
			       < 0 ? ERR_IO : 1;
		r->http = 1;
		r->status = h.status;
		r->head_len = h.len;
		body = BYTES(rec->block.p + h.len, rec->block.len - h.len);
		http_head_release(&h);
	}
	r->type = type_of(body);
	r->reason = reason_of(r->type);
	return 0;
}

static int warc_one(struct taking *t, const struct warc_record *rec,
		    struct err *e)
{
	struct import_record r = { .url = NULL };
	struct bytes uri = warc_uri(rec->head, "WARC-Target-URI");
	struct url u = URL_INIT;
	char *url = NULL;
	int res = 0;

	if (rec->head->type == WARC_REVISIT)
		return find(t, "%.*s: left out: a revisit, which holds no "
			    "content", (int)(uri.len < 200 ? uri.len : 200),
			    uri.p ? (const char *)uri.p : "");
	if (rec->head->type != WARC_RESPONSE &&
	    rec->head->type != WARC_RESOURCE)
		return 0;
	if (!uri.p || url_parse(uri, NULL, &u, NULL) < 0 || !url_is_http(&u)) {
		/* Parts of a page that a browser made itself, say. */
		url_release(&u);
		return find(t, "%.*s: left out: no address of the web",
			    (int)(uri.len < 200 ? uri.len : 200),
			    uri.p ? (const char *)uri.p : "");
	}
	url = strndup((const char *)url_bare(&u).p, url_bare(&u).len);
	url_release(&u);
	if (!url)
		return err_set(e, ERR_NOMEM, "no memory for a record");
	r.url = url;
	r.date_ms = date_of(rec->head);
	res = content(t, rec, &r);
	if (res == 0)
		res = digest(t, rec, url);
	if (res == 0)
		res = put(t, &r, e);
	free(url);
	return res < 0 ? res : 0;
}

static int warc(struct taking *t, struct bytes file, struct err *e)
{
	struct warc_options o = { .strict = 1, .block_max = IMPORT_BLOCK_MAX };
	struct warc_reader *w = NULL;
	struct warc_record rec;
	int r = warc_reader_new(file, &o, &w, e), got = 0;

	while (r == 0 && (got = warc_reader_next(w, &rec, e)) == 1) {
		if (!rec.whole)
			r = err_set(e, ERR_DAMAGED, "the record at byte %llu "
				    "is not whole",
				    (unsigned long long)rec.offset);
		else
			r = warc_one(t, &rec, e);
	}
	warc_reader_free(w);
	return r < 0 ? r : got;
}

/* --- WACZ -------------------------------------------------------------------- */

static int ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* listed - what datapackage.json says of a member; 0 also when it says nothing */
static int listed(struct taking *t, const json_t *package, const char *name,
		  struct bytes content)
{
	const json_t *o;
	uint8_t sum[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	size_t i;

	json_array_foreach(json_object_get(package, "resources"), i, o) {
		const char *path = json_opt_str(o, "path");
		const char *hash = json_opt_str(o, "hash");

		if (!path || strcmp(path, name))
			continue;
		if (!hash || strncmp(hash, "sha256:", 7))
			return 0;
		sha256_once(content, sum);
		hex_str(hex, sum, sizeof sum);
		return strcmp(hash + 7, hex) == 0 ? 0 :
		       find(t, "%.200s is not the file that datapackage.json "
			    "names", name);
	}
	return find(t, "%.200s is not named in datapackage.json", name);
}

static int wacz(struct taking *t, const struct zipread *z, struct err *e)
{
	struct buf text = BUF_INIT((size_t)16 << 20);
	json_t *package = NULL;
	unsigned n = 0;
	int r = zipread_get(z, zipread_find(z, "datapackage.json"), &text, e);

	if (r == 0 && json_read(buf_view(&text), text.max, 32, &package, NULL)
	    < 0)
		r = err_set(e, ERR_FORMAT, "datapackage.json cannot be read");
	for (size_t i = 0; r == 0 && i < z->n; i++) {
		const struct zipread_member *m = &z->member[i];
		struct buf file = BUF_INIT(IMPORT_FILE_MAX * 2);

		if (strncmp(m->name, "archive/", 8) ||
		    !(ends(m->name, ".warc") || ends(m->name, ".warc.gz")))
			continue;
		if (++n > WARCS_MAX)
			r = err_set(e, ERR_LIMIT, "the archive holds more than "
				    "%d WARC files", WARCS_MAX);
		if (r == 0)
			r = zipread_get(z, m, &file, e);
		if (r == 0)
			r = listed(t, package, m->name, buf_view(&file));
		if (r == 0)
			r = warc(t, buf_view(&file), e);
		if (r < 0)
			err_prefix(e, "%.200s", m->name);
		buf_release(&file);
	}
	if (r == 0 && n == 0)
		r = err_set(e, ERR_FORMAT, "the archive holds no WARC file");
	json_decref(package);
	buf_release(&text);
	return r;
}

/* --- Telegram Desktop ---------------------------------------------------------- */

struct chat {
	struct taking *t;
	int pieces;
};

static int piece(void *arg, const struct tgexport_piece *p, struct err *e)
{
	struct chat *c = arg;
	struct import_record r = { .reason = "page", .status = 200,
				   .type = "application/json",
				   .block = p->json };
	char url[256];

	snprintf(url, sizeof url, "%sresult.json?chat=%zu&from=%zu",
		 c->t->base, p->chat, p->first);
	r.url = url;
	c->pieces++;
	return put(c->t, &r, e);
}

static int result(struct taking *t, struct bytes json, struct err *e)
{
	struct chat c = { t, 0 };
	int r = tgexport_read(json, piece, &c, e);

	if (r == 0)
		r = err_set(e, ERR_FORMAT, "this JSON is no export of Telegram "
			    "Desktop: it holds no messages");
	if (r > 0 && !c.pieces && find(t, "the export holds no message") < 0)
		return ERR_IO;
	return r < 0 ? r : 0;
}

/* beside - a file that lies beside result.json, under the address by which the
 * messages name it */
static int beside(struct taking *t, const struct zipread *z,
		  const struct zipread_member *m, size_t folder, struct err *e)
{
	struct buf b = BUF_INIT(IMPORT_BLOCK_MAX);
	struct import_record r = { .status = 200 };
	struct url base = URL_INIT, u = URL_INIT;
	char *url = NULL;
	int res;

	res = url_parse(bytes_str(t->base), NULL, &base, e);
	if (res == 0)
		res = url_parse(bytes_str(m->name + folder), &base, &u, e);
	if (res == 0 && (url_bare(&u).len <= strlen(t->base) ||
			 memcmp(url_bare(&u).p, t->base, strlen(t->base))))
		res = err_set(e, ERR_DENIED, "the name of member '%.200s' "
			      "leaves the archive", m->name);
	if (res == 0) {
		url = strndup((const char *)url_bare(&u).p, url_bare(&u).len);
		res = url ? zipread_get(z, m, &b, e) : ERR_NOMEM;
	}
	if (res == 0) {
		r.url = url;
		r.block = buf_view(&b);
		r.type = type_of(r.block);
		r.reason = strcmp(reason_of(r.type), "media") ? "file" : "media";
		res = put(t, &r, e);
	}
	free(url);
	url_release(&base);
	url_release(&u);
	buf_release(&b);
	return res;
}

static int telegram(struct taking *t, const struct zipread *z,
		    const struct zipread_member *json, struct err *e)
{
	const size_t folder = strlen(json->name) - strlen("result.json");
	struct buf text = BUF_INIT(IMPORT_FILE_MAX);
	int r = zipread_get(z, json, &text, e);

	if (r == 0)
		r = result(t, buf_view(&text), e);
	buf_release(&text);
	for (size_t i = 0; r == 0 && i < z->n; i++)
		if (&z->member[i] != json &&
		    !strncmp(z->member[i].name, json->name, folder))
			r = beside(t, z, &z->member[i], folder, e);
	return r;
}

/* export_in - result.json at the top or in the one folder there is */
static const struct zipread_member *export_in(const struct zipread *z)
{
	const struct zipread_member *found = zipread_find(z, "result.json");

	for (size_t i = 0; !found && i < z->n; i++) {
		const char *slash = strchr(z->member[i].name, '/');

		if (slash && !strcmp(slash + 1, "result.json"))
			found = &z->member[i];
	}
	return found;
}

static int zip(struct taking *t, struct bytes file, struct err *e)
{
	struct zipread z = ZIPREAD_INIT;
	const struct zipread_member *json;
	int r = zipread_open(file, &z, e);

	if (r < 0)
		return r;
	json = export_in(&z);
	if (zipread_find(&z, "datapackage.json"))
		r = say('K', bytes_str("wacz"));
	else if (json)
		r = say('K', bytes_str("telegram"));
	else
		r = err_set(e, ERR_UNSUPPORTED, "the archive is neither a WACZ "
			    "nor an export of Telegram Desktop");
	if (r == 0)
		r = zipread_find(&z, "datapackage.json") ? wacz(t, &z, e)
							 : telegram(t, &z, json,
								    e);
	zipread_release(&z);
	return r;
}

/* --- the child ------------------------------------------------------------------ */

static int take(struct bytes file, struct err *e)
{
	struct taking t = { .records = 0 };
	char hex[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];
	size_t i = 0;
	int r;

	sha256_once(file, sum);
	hex_str(hex, sum, sizeof sum);
	/* Two exports name their files alike: the file's digest parts them. */
	snprintf(t.base, sizeof t.base, "https://" IMPORT_HOST "/%.16s/", hex);
	while (i < file.len && i < 64 && strchr("\xef\xbb\xbf \t\r\n", file.p[i])
	       && file.p[i])
		i++;
	if (file.len >= 4 && !memcmp(file.p, "PK\3\4", 4))
		return zip(&t, file, e);
	if (file.len >= 2 && (!memcmp(file.p, "\x1f\x8b", 2) ||
	    (file.len >= 5 && !memcmp(file.p, "WARC/", 5)))) {
		r = say('K', bytes_str("warc"));
		return r < 0 ? r : warc(&t, file, e);
	}
	if (i < file.len && file.p[i] == '{') {
		r = say('K', bytes_str("telegram"));
		return r < 0 ? r : result(&t, file, e);
	}
	return err_set(e, ERR_UNSUPPORTED, "the file is no WARC, no WACZ and no "
		       "export of Telegram Desktop");
}

static int order(const void *a, const void *b)
{
	return memcmp(a, b, 1);
}

/* What libraries ask the system for at their first use, and never again: the
 * size of memory (a large sort), random seeds, the processor's abilities. */
void import_child_warm_up(void)
{
	uint8_t sum[SHA256_LEN], large[4096];
	json_t *o = NULL;

	memset(large, 0, sizeof large);
	qsort(large, sizeof large, 1, order);
	sha256_once(bytes_str("x"), sum);
	if (json_read(bytes_str("{\"a\":1}"), 64, 4, &o, NULL) == 0)
		json_decref(o);
}

int import_child_test(const void *arg)
{
	static const char warc[] = "WARC/1.1\r\nWARC-Type: resource\r\n"
		"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-"
		"000000000001>\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"
		"WARC-Target-URI: https://example.org/\r\n"
		"Content-Type: text/plain\r\nContent-Length: 3\r\n\r\n"
		"abc\r\n\r\n";
	static const char json[] = "{\"messages\":[{\"id\":1,\"text\":\"a\"}]}";
	/* result.json, deflated, in a ZIP. */
	static const uint8_t archive[] = {
		80, 75, 3, 4, 20, 0, 0, 0, 8, 0, 0, 0, 33,
		0, 137, 166, 44, 122, 39, 0, 0, 0, 74, 0, 0, 0,
		11, 0, 0, 0, 114, 101, 115, 117, 108, 116, 46, 106, 115,
		111, 110, 171, 86, 202, 77, 45, 46, 78, 76, 79, 45, 86,
		178, 138, 174, 86, 202, 76, 81, 178, 50, 212, 81, 42, 73,
		173, 40, 81, 178, 82, 74, 84, 170, 141, 173, 85, 32, 18,
		0, 0, 80, 75, 1, 2, 20, 3, 20, 0, 0, 0, 8,
		0, 0, 0, 33, 0, 137, 166, 44, 122, 39, 0, 0, 0,
		74, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 128, 1, 0, 0, 0, 0, 114, 101, 115, 117,
		108, 116, 46, 106, 115, 111, 110, 80, 75, 5, 6, 0, 0,
		0, 0, 1, 0, 1, 0, 57, 0, 0, 0, 80, 0, 0,
		0, 0, 0,
	};
	int r = take(bytes_str(warc), NULL);

	(void)arg;
	if (r == 0)
		r = take(bytes_str(json), NULL);
	if (r == 0)
		r = take(BYTES(archive, sizeof archive), NULL);
	return r;
}

int import_child_main(int argc, char **argv)
{
	struct buf msg = BUF_INIT(IMPORT_FILE_MAX + 64);
	uint8_t report[SANDBOX_REPORT_LEN], code[4];
	struct sandbox_report rep;
	struct err e = ERR_INIT;
	uint8_t type = 0;
	int r = 0;

	(void)argc;
	(void)argv;
	child_begin();
	if (secret_start())
		r = err_set(&e, ERR_IO, "cannot protect the process");
	import_child_warm_up();
	if (r == 0)
		r = sandbox_parse(IMPORT_MEMORY, &rep, &e);
	if (r == 0)
		r = message_read(0, IMPORT_FILE_MAX + 64, &type, &msg);
	if (r == 0)
		r = type == 'I' ? take(buf_view(&msg), &e) : ERR_FORMAT;
	if (r == 0) {
		sandbox_report_put(&rep, report);
		return say('Z', BYTES(report, sizeof report)) ? 3 : 0;
	}
	if (r > 0)
		r = ERR_FORMAT;
	put_be32(code, (uint32_t)-r);
	return message_write(1, 'E', (struct bytes[]){ BYTES(code, 4),
			     bytes_str(e.text[0] ? e.text : err_name(r)) }, 2)
	       ? 3 : 0;
}

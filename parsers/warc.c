/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Writing records, and finding their payload.
 */
#include "parsers/warc.h"

#include "parsers/coding.h"
#include "parsers/http.h"
#include "util/clock.h"
#include "util/utf8.h"

#include <stdio.h>

static int is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static int is_uuid(const char *s)
{
	for (size_t i = 0; i < 36; i++) {
		int dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !is_hex(s[i]))
			return 0;
	}
	return s[36] == 0;
}

/* is_digest - "sha256:" and 64 lower-case digits; others: name and letters */
static int is_digest(const char *s)
{
	const char *colon = strchr(s, ':');
	size_t n;

	if (!colon || colon == s)
		return 0;
	n = strlen(colon + 1);
	if (strncmp(s, "sha256:", 7) == 0)
		return n == 64 && strspn(colon + 1, "0123456789abcdef") == 64;
	for (const char *p = s; *p; p++) {
		if (p != colon && !((*p >= '0' && *p <= '9') ||
				    (*p >= 'a' && *p <= 'z') ||
				    (*p >= 'A' && *p <= 'Z') || strchr("-=", *p)))
			return 0;
	}
	return n > 0;
}

int warc_field_put(struct buf *out, const char *name, const char *value,
		   struct err *e)
{
	for (const char *p = name; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", *p))
			return err_set(e, ERR_FORMAT, "bad field name '%.60s'",
				       name);
	}
	for (const char *p = value; *p; p++) {
		if (((uint8_t)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return err_set(e, ERR_FORMAT,
				       "control character in field '%.60s'", name);
	}
	if (!*name || !utf8_valid(bytes_str(value)))
		return err_set(e, ERR_FORMAT, "field '%.60s' is no UTF-8", name);
	buf_adds(out, name);
	buf_adds(out, ": ");
	buf_adds(out, value);
	return buf_adds(out, "\r\n");
}

/* struct writer - keeps the first failure of a run of fields */
struct writer {
	struct buf *out;
	struct err *e;
	int r;
};

static void put(struct writer *w, const char *name, const char *value)
{
	if (w->r == 0 && value)
		w->r = warc_field_put(w->out, name, value, w->e);
}

static void put_id(struct writer *w, const char *name, const char *uuid)
{
	char text[64];

	if (w->r < 0 || !uuid)
		return;
	if (!is_uuid(uuid)) {
		w->r = err_set(w->e, ERR_FORMAT, "%s is no UUID", name);
		return;
	}
	memcpy(text, "<urn:uuid:", 10);
	memcpy(text + 10, uuid, 36);
	memcpy(text + 46, ">", 2);
	put(w, name, text);
}

static void put_digest(struct writer *w, const char *name, const char *value)
{
	if (w->r == 0 && value && !is_digest(value))
		w->r = err_set(w->e, ERR_FORMAT, "%s is no digest", name);
	put(w, name, value);
}

/* A target has neither white space nor angle brackets in 1.1. */
static void put_uri(struct writer *w, const char *name, const char *value)
{
	if (w->r == 0 && value && (!*value || strpbrk(value, " \t<>")))
		w->r = err_set(w->e, ERR_FORMAT, "%s is no URI", name);
	put(w, name, value);
}

/* rules - what each type must and must not have (WARC 1.1, section 5) */
static int rules(const struct warc_new *r, struct err *e)
{
	const char *name = warc_type_name(r->type);
	int has_target = r->type != WARC_WARCINFO && r->type != WARC_METADATA;

	if (r->type == WARC_UNKNOWN || r->type == WARC_CONTINUATION)
		return err_set(e, ERR_FORMAT, "record type is not one we write");
	if (!r->id)
		return err_set(e, ERR_FORMAT, "record without an id");
	if (has_target && !r->target_uri)
		return err_set(e, ERR_FORMAT, "%s record without a target", name);
	if (r->type == WARC_WARCINFO && (r->target_uri || r->concurrent ||
					 r->warcinfo || r->refers_to))
		return err_set(e, ERR_FORMAT,
			       "warcinfo record with a field of another type");
	if ((r->type == WARC_WARCINFO || r->type == WARC_METADATA) &&
	    (r->payload_digest || r->payload_type))
		return err_set(e, ERR_FORMAT, "%s record has no payload", name);
	if (r->filename && r->type != WARC_WARCINFO)
		return err_set(e, ERR_FORMAT, "file name in a %s record", name);
	if (!r->profile != (r->type != WARC_REVISIT))
		return err_set(e, ERR_FORMAT,
			       "a profile is for revisit records, and they need one");
	if (r->profile && strcmp(r->profile, WARC_PROFILE_IDENTICAL) == 0 &&
	    !r->payload_digest)
		return err_set(e, ERR_FORMAT,
			       "revisit of a payload without its digest");
	return 0;
}

int warc_head_write(const struct warc_new *r, uint64_t block_len,
		    struct buf *out, struct err *e)
{
	struct writer w = { out, e, 0 };
	size_t begin = out->len;
	char date[CLOCK_RFC3339_MAX], text[24];

	w.r = rules(r, e);
	if (w.r < 0)
		return w.r;
	clock_rfc3339(r->date_ms, date);
	if (date[0] < '0' || date[0] > '9')
		return err_set(e, ERR_FORMAT, "record with an impossible date");
	buf_adds(out, "WARC/1.1\r\n");
	put(&w, "WARC-Type", warc_type_name(r->type));
	put_id(&w, "WARC-Record-ID", r->id);
	put_id(&w, "WARC-Warcinfo-ID", r->warcinfo);
	for (size_t i = 0; r->concurrent && r->concurrent[i]; i++)
		put_id(&w, "WARC-Concurrent-To", r->concurrent[i]);
	put(&w, "WARC-Date", date);
	put(&w, "WARC-Filename", r->filename);
	put_uri(&w, "WARC-Target-URI", r->target_uri);
	put(&w, "WARC-IP-Address", r->ip);
	put_uri(&w, "WARC-Profile", r->profile);
	put_id(&w, "WARC-Refers-To", r->refers_to);
	put_uri(&w, "WARC-Refers-To-Target-URI", r->refers_uri);
	put(&w, "WARC-Refers-To-Date", r->refers_date);
	for (size_t i = 0; r->extra && r->extra[i].name; i++)
		put(&w, r->extra[i].name, r->extra[i].value);
	put_digest(&w, "WARC-Block-Digest", r->block_digest);
	put_digest(&w, "WARC-Payload-Digest", r->payload_digest);
	put(&w, "WARC-Identified-Payload-Type", r->payload_type);
	put(&w, "WARC-Truncated", r->truncated);
	put(&w, "Content-Type", r->content_type);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)block_len);
	put(&w, "Content-Length", text);
	if (w.r == 0)
		w.r = buf_adds(out, "\r\n");
	if (w.r < 0) {
		if (out->failed)
			err_set(e, w.r, "WARC record does not fit");
		out->len = begin;
	}
	return w.r;
}

int warc_write(const struct warc_new *r, struct bytes block, struct buf *out,
	       struct err *e)
{
	size_t begin = out->len;
	int ret = warc_head_write(r, block.len, out, e);

	if (ret < 0)
		return ret;
	buf_addb(out, block);
	ret = buf_adds(out, "\r\n\r\n");
	if (ret < 0) {
		out->len = begin;
		err_set(e, ret, "WARC record does not fit");
	}
	return ret;
}

static int http_head_of(const struct warc_head *h, struct bytes block,
			struct http_head *out, struct err *e)
{
	int request = h->type == WARC_REQUEST;

	return request ? http_request_parse(block, out, e) :
			 http_response_parse(block, out, e);
}

int warc_http_body(const struct warc_head *h, struct bytes block,
		   struct bytes *out, struct err *e)
{
	struct http_head head = HTTP_HEAD_INIT;
	int r;

	if (!warc_is_http(h))
		return err_set(e, ERR_NOENT, "no HTTP record");
	r = http_head_of(h, block, &head, e);
	if (r < 0)
		return r;
	*out = BYTES(block.p + head.len, block.len - head.len);
	http_head_release(&head);
	return 0;
}

int warc_payload(const struct warc_head *h, struct bytes block,
		 struct buf *scratch, struct bytes *out, unsigned *flags,
		 struct err *e)
{
	struct http_head head = HTTP_HEAD_INIT;
	size_t begin = scratch->len;
	struct bytes body;
	int r;

	*flags = 0;
	if (h->type == WARC_RESOURCE || h->type == WARC_CONVERSION ||
	    (h->type == WARC_RESPONSE && !warc_is_http(h))) {
		*out = block;
		return 0;
	}
	if (!warc_is_http(h) || h->type == WARC_REVISIT)
		return err_set(e, ERR_NOENT, "record has no payload");
	r = http_head_of(h, block, &head, e);
	if (r < 0)
		return r;
	body = BYTES(block.p + head.len, block.len - head.len);
	if (!http_get(&head, "transfer-encoding").p) {
		*out = body;
	} else {
		r = coding_payload(&head, body, NULL, scratch, flags, e);
		*out = BYTES(NULL, 0);
		if (r == 0 && scratch->len > begin)
			*out = BYTES(scratch->p + begin, scratch->len - begin);
	}
	http_head_release(&head);
	return r;
}

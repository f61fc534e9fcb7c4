/* SPDX-License-Identifier: EUPL-1.2 */
/* A medium, or a response that carries one, stage by stage. */
#include "crawler/mediachild.h"
#include "crawler/wire.h"
#include "media/media.h"
#include "parsers/coding.h"
#include "parsers/mime.h"
#include "store/sha256.h"
#include "util/child.h"

static int is(const char *type, const char *what)
{
	return type && !strcmp(type, what);
}

/* begins - a type of this family */
static int begins(const char *type, const char *family)
{
	return type && !strncmp(type, family, strlen(family));
}

static int zipped(struct record *r, struct bytes in)
{
	const char *kind;
	int bad = record_begin(r, "libarchive");

	if (!bad) {
		docx_read(r, in, &kind);
		bad = record_end(r);
	}
	return bad;
}

/* said - a fact of the stage that runs */
static int said(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->n_said; i++)
		if (!strcmp(r->said[i], key))
			return 1;
	return 0;
}

/* picture - Exiv2 on the file as it is; *read: it could */
static int picture(struct record *r, struct bytes in, int sized, int *read)
{
	int bad = record_begin(r, "exiv2");

	if (!bad) {
		*read = exif_read(r, in);
		if (*read && !sized && !said(r, "width"))
			record_finding(r, "no-dimensions", NULL, SIZE_MAX);
		bad = record_end(r);
	}
	return bad;
}

static int av(struct record *r, const char *type, struct bytes in)
{
	int bad = record_begin(r, "libavformat");

	if (!bad) {
		av_read(r, type, in);
		bad = record_end(r);
	}
	return bad;
}

static int pdf(struct record *r, struct bytes in, struct parts *parts)
{
	int bad = record_begin(r, "qpdf");

	if (!bad) {
		pdf_read(r, in, parts);
		bad = record_end(r);
	}
	return bad;
}

/* toolkit - who wrote the XMP: an attribute that Exiv2 does not keep */
static int toolkit(struct record *r, const struct parts *parts)
{
	int bad = record_begin(r, "libxml2");

	if (!bad) {
		xmp_toolkit(r, buf_view(&parts->xmp));
		bad = record_end(r);
	}
	return bad;
}

/* inner - metadata the file's own reader passed over */
static int inner(struct record *r, const struct parts *parts)
{
	int bad = record_begin(r, "exiv2-parts");

	if (!bad) {
		parts_read(r, parts);
		bad = record_end(r);
	}
	return bad;
}

int medium_read(struct bytes in)
{
	const struct bytes head = { in.p, in.len < MIME_LOOK ? in.len
							      : MIME_LOOK };
	const char *type = mime_sniff(head);
	struct parts parts = PARTS_INIT;
	struct record r;
	int by_exiv2 = 0, bad;

	bad = record_begin(&r, "header");
	if (bad)
		return bad;
	record_fact_str(&r, "type", type);
	header_read(&r, type, in, &parts);
	bad = record_end(&r);
	if (!bad && is(type, "application/pdf"))
		bad = pdf(&r, in, &parts);
	else if (!bad && is(type, "application/zip"))
		bad = zipped(&r, in);
	else if (!bad && (begins(type, "video/") || begins(type, "audio/") ||
			  is(type, "application/ogg")))
		bad = av(&r, type, in);
	else if (!bad && (!type || begins(type, "image/")) &&
		 !is(type, "image/svg+xml"))
		bad = picture(&r, in, parts.sized, &by_exiv2);
	if (!bad && parts.xmp.len)
		bad = toolkit(&r, &parts);
	if (by_exiv2 && !is(type, "image/gif")) {
		/* What it read from the file it need not read again. */
		if (!is(type, "image/png"))
			buf_clear(&parts.exif);
		buf_clear(&parts.xmp);
		buf_clear(&parts.resources);
	}
	if (!bad && (parts.exif.len || parts.xmp.len || parts.resources.len ||
		     parts.ext.len))
		bad = inner(&r, &parts);
	if (!bad)
		bad = sight_read(&r, type, in);
	buf_release(&parts.exif);
	buf_release(&parts.xmp);
	buf_release(&parts.resources);
	buf_release(&parts.ext);
	return bad;
}

/* tell_digest - of a response's content, before anything else reads it */
static int tell_digest(struct bytes content)
{
	struct buf msg = BUF_INIT(64);
	uint8_t sum[SHA256_LEN];
	struct bytes piece;

	sha256_once(content, sum);
	wire_put_u64(&msg, content.len);
	wire_put_bytes(&msg, BYTES(sum, sizeof sum));
	piece = buf_view(&msg);
	return msg.failed || message_write(1, 'H', &piece, 1) ? ERR_IO : 0;
}

/* open_response - the codings of a response taken off; what could not be is
 * said in *why */
static int open_response(struct bytes msg, struct buf *content,
			 unsigned *flags, struct err *why)
{
	struct wire w = { msg, 0 };
	struct bytes head = wire_bytes(&w), body = wire_bytes(&w);
	struct buf payload = BUF_INIT(MEDIA_BYTES_MAX);
	struct http_head h = HTTP_HEAD_INIT;
	unsigned more = 0;
	int r = wire_end(&w);

	if (r == 0)
		r = http_response_parse(head, &h, why);
	if (r == 0)
		r = coding_payload(&h, body, NULL, &payload, flags, why);
	if (r == 0)
		r = coding_content(&h, buf_view(&payload), NULL, content, &more,
				   why);
	*flags |= more;
	http_head_release(&h);
	buf_release(&payload);
	return r;
}

int medium_read_response(struct bytes msg)
{
	struct buf content = BUF_INIT(MEDIA_BYTES_MAX);
	struct err why = ERR_INIT;
	struct record r;
	unsigned flags = 0;
	int bad, opened = open_response(msg, &content, &flags, &why);

	bad = opened < 0 ? 0 : tell_digest(buf_view(&content));
	if (!bad && (opened < 0 || flags & CODING_TRUNCATED)) {
		bad = record_begin(&r, "coding");
		if (opened < 0)
			record_finding(&r, "bad-coding", why.text, SIZE_MAX);
		else
			record_finding(&r, "truncated", NULL, SIZE_MAX);
		if (!bad)
			bad = record_end(&r);
	}
	if (!bad && opened == 0)
		bad = medium_read(buf_view(&content));
	buf_release(&content);
	return bad;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* What was captured elsewhere and handed over, sealed as such. */
#include "crawler/capture_int.h"

#include "parsers/warc.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdio.h>

/* Whence it came: in the file's own statement in full. */
static void put_import(const struct capture_import *im, struct jsonw *w)
{
	jsonw_open(w, "import", '{');
	jsonw_str(w, "from", im->from);
	jsonw_str(w, "procedure", im->procedure);
	jsonw_str(w, "format", im->format);
	if (im->url) {
		jsonw_int(w, "file", (int64_t)im->file);
		jsonw_close(w, '}');
		return;
	}
	jsonw_str(w, "name", im->name);
	jsonw_bool(w, "packed", im->packed);
	jsonw_hex(w, "sha256", im->sha256, SHA256_LEN);
	jsonw_int(w, "bytes", (int64_t)im->block.len);
	jsonw_int(w, "records", (int64_t)im->records);
	jsonw_open(w, "findings", '[');
	for (size_t i = 0; i < im->nfindings; i++)
		jsonw_str(w, NULL, im->findings[i]);
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

static void put_record(const struct capture_import *im, struct jsonw *w)
{
	char when[CLOCK_RFC3339_MAX];

	jsonw_str(w, "source", im->source);
	jsonw_str(w, "reason", im->reason);
	jsonw_int(w, "parent", (int64_t)im->file);
	jsonw_str(w, "url", im->url);
	jsonw_int(w, "status", im->status);
	jsonw_str(w, "captured", im->date_ms
		  ? clock_rfc3339(im->date_ms, when) : NULL);
	jsonw_open(w, "bytes", '{');
	jsonw_int(w, "head", (int64_t)im->head_len);
	jsonw_int(w, "body", (int64_t)(im->block.len - im->head_len));
	jsonw_close(w, '}');
}

int capture_import(struct capturer *c, struct batch *b,
		   const struct capture_import *im,
		   struct capture_receipt *out, struct err *e)
{
	struct buf text = BUF_INIT(CAPTURE_STATEMENT_MAX);
	const int64_t now = clock_wall_ms();
	char urn[16 + 2 * SHA256_LEN];
	struct capture_blob blob;
	struct store_blob sealed;
	uint8_t id[16];
	struct jsonw w;
	int r;

	snprintf(urn, sizeof(urn), "urn:sha256:");
	if (!im->url)
		hex_str(urn + strlen(urn), im->sha256, SHA256_LEN);
	secret_random(id, sizeof(id));
	r = capture_blob_one(im->http, im->url ? im->url : urn,
			     im->date_ms ? im->date_ms : now, im->type,
			     im->block, id, &blob, e);
	if (r)
		return r;
	memset(&sealed, 0, sizeof(sealed));
	sealed.pieces = blob.piece;
	sealed.npieces = blob.npieces;
	secret_random(sealed.salt, sizeof(sealed.salt));
	capture_begin(c, &text, &w, im->url ? "import-record" : "import",
		      batch_number(b, c->stream), now);
	put_import(im, &w);
	if (im->url)
		put_record(im, &w);
	capture_session(c, &w);
	capture_blobs(&w, &blob, sealed.salt);
	r = capture_finish(c, b, &text, &w, LEAF_IMPORT, now, &sealed, out, e);
	secret_wipe(sealed.salt, sizeof(sealed.salt));
	capture_blob_release(&blob);
	buf_release(&text);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files that seal captures and imports share. */
#ifndef CRAWLER_CAPTURE_INT_H
#define CRAWLER_CAPTURE_INT_H

#include "crawler/capture.h"
#include "crawler/capture_blob.h"
#include "store/note.h"
#include "store/vault.h"

#include <sys/utsname.h>

#define CAPTURE_STATEMENT_MAX ((size_t)1 << 20)

struct capturer {
	struct vault *vault;
	struct stream *stream;
	char *stream_dir;
	char *user_agent;
	char *agent, *why;	/* who runs it, and why (may be NULL) */
	char *gate_list;
	struct note_skey key;
	char case_id[17];
	uint8_t mandate[32];
	char software_sha256[65];
	char anchor[65];	/* "" when there is none */
	struct sandbox_report fetch, parse;
	int has_fetch, has_parse;
	struct utsname host;
	char zone[40];
	char boot_id[37];
	int lab;
};

/* capture_begin - the kind and the members every statement has */
void capture_begin(const struct capturer *c, struct buf *text,
		   struct jsonw *w, const char *kind, uint64_t n,
		   int64_t now_ms);
/* capture_session - R13, R16, R17: what is no matter of one exchange */
void capture_session(const struct capturer *c, struct jsonw *w);
/* capture_blobs - where the records are; their digest as a salted commitment */
void capture_blobs(struct jsonw *w, const struct capture_blob *blob,
		   const uint8_t salt[static 32]);
/* capture_finish - sign the statement and add the item; blob may be NULL */
int capture_finish(struct capturer *c, struct batch *b, struct buf *text,
		   struct jsonw *w, uint16_t kind, int64_t now_ms,
		   const struct store_blob *blob, struct capture_receipt *out,
		   struct err *e);

#endif

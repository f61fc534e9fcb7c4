/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The blob of a capture: its WARC 1.1 records, in pieces.
 */
#ifndef CRAWLER_CAPTURE_BLOB_H
#define CRAWLER_CAPTURE_BLOB_H

#include "crawler/exchange.h"
#include "util/err.h"
#include "util/json.h"

#define CAPTURE_PIECES_MAX 12
#define CAPTURE_RECORDS_MAX 3

struct capture_record {
	const char *type;		/* "request", ... */
	char id[37];			/* UUID */
	uint64_t off, len;		/* in the blob */
	char block_digest[72];
	char payload_digest[72];	/* empty: none */
};

/*
 * struct capture_blob - pieces lie in the exchange and in the buffers here;
 * release when the batch has taken them
 */
struct capture_blob {
	struct bytes piece[CAPTURE_PIECES_MAX];
	unsigned npieces;
	struct capture_record record[CAPTURE_RECORDS_MAX];
	unsigned nrecords;
	uint64_t len;
	uint8_t sha256[32];		/* of all pieces */
	struct buf head[CAPTURE_RECORDS_MAX];
	struct buf metadata;
};

/*
 * capture_blob_make - request (when bytes were sent), response (when bytes
 * came) and metadata records of an exchange
 *   ids   random bytes, 16 a record: an argument, so that tests can fix it
 * Returns 0, ERR_NOMEM, ERR_RANGE or ERR_FORMAT (the URL holds what no head of
 * a record may).
 */
int capture_blob_make(const struct exchange *x, const char *boot_id,
		      const uint8_t ids[static 48], struct capture_blob *out,
		      struct err *e);
void capture_blob_release(struct capture_blob *b);

/*
 * capture_blob_one - a single record of what was not exchanged by us
 *   http   1: a response with its head; 0: a resource
 *   type   of the resource; NULL: application/octet-stream
 *   id     16 random bytes
 * Returns as capture_blob_make().
 */
int capture_blob_one(int http, const char *url, int64_t date_ms,
		     const char *type, struct bytes block,
		     const uint8_t id[static 16], struct capture_blob *out,
		     struct err *e);

/*
 * capture_certificates - write "chain":[SHA-256 of each certificate's DER]
 *   pem   certificates as an exchange holds them
 */
void capture_certificates(struct jsonw *w, struct bytes pem);

#endif

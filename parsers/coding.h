/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Codings of HTTP bodies: chunked taken off, gzip, deflate, br and zstd
 * undone, each with limits on what may come out.  Pure.
 * Standard: RFC 9112 section 7 (chunked), RFC 9110 section 8.4, RFC 1950 to
 * 1952, RFC 7932 (br), RFC 8878 and 9659 (zstd).
 */
#ifndef PARSERS_CODING_H
#define PARSERS_CODING_H

#include "parsers/http.h"

#define CODING_STACK_MAX 3		/* codings on top of each other */
#define CODING_CHUNK_LINE_MAX 4096	/* bytes of a chunk's size line */

/* What happened besides success; a mask, for findings. */
enum {
	CODING_TRUNCATED = 1 << 0,	/* the coded bytes end too early */
	CODING_TRAILING = 1 << 1,	/* bytes behind the end: left aside */
	CODING_ODD = 1 << 2,		/* decoded, but not as the standard
					   asks: bare LF in chunked, raw
					   deflate */
};

/*
 * struct coding_limits
 *   ratio_max   output bytes for each input byte, of one coding; only looked
 *               at once the output is beyond CODING_RATIO_FLOOR
 * The size limit is the cap of the output buffer.
 */
struct coding_limits {
	unsigned ratio_max;
};

#define CODING_RATIO_FLOOR (1u << 20)
#define CODING_LIMITS_INIT { 300 }

/*
 * coding_dechunk - take the chunked transfer coding off
 *
 *   body       from the first chunk size on
 *   out        appended: the chunks' data; on failure what came before it
 *   trailers   may be NULL; appended: trailer lines as received, without the
 *              empty line
 *   flags      CODING_*, set not added
 *
 * A body that ends too early is 0 with CODING_TRUNCATED and all data there is.
 * Returns 0, ERR_FORMAT (bad size, missing line end), ERR_LIMIT (size line or
 * trailers too long, out full) or ERR_NOMEM.
 */
int coding_dechunk(struct bytes body, struct buf *out, struct buf *trailers,
		   unsigned *flags, struct err *e);

/*
 * coding_decode - undo one coding by its name ("gzip", "x-gzip", "deflate",
 * "br", "zstd", "identity")
 *
 *   out     appended; its cap is the size limit; on failure what came before
 *   limits  NULL: CODING_LIMITS_INIT
 *   flags   as above; coded bytes that end too early are 0 with TRUNCATED
 *
 * Returns 0, ERR_UNSUPPORTED (unknown name), ERR_FORMAT (corrupt), ERR_LIMIT
 * (out full or ratio exceeded) or ERR_NOMEM.
 */
int coding_decode(struct bytes name, struct bytes in,
		  const struct coding_limits *limits, struct buf *out,
		  unsigned *flags, struct err *e);

/*
 * coding_payload - take the transfer codings off a body: what a WARC payload
 * digest covers.  The content coding stays.
 *
 *   h     the head the body came with
 *   body  as received, framing and all
 *   out   appended; may be full (ERR_LIMIT)
 *
 * Without a Transfer-Encoding the payload is the body itself.  Returns as
 * coding_decode(), and ERR_LIMIT for more than CODING_STACK_MAX codings.
 */
int coding_payload(const struct http_head *h, struct bytes body,
		   const struct coding_limits *limits, struct buf *out,
		   unsigned *flags, struct err *e);

/*
 * coding_content - undo the content codings of a payload, last one first:
 * what the parsers read.  Arguments and results as coding_payload().
 */
int coding_content(const struct http_head *h, struct bytes payload,
		   const struct coding_limits *limits, struct buf *out,
		   unsigned *flags, struct err *e);

#endif

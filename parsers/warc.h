/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * WARC records: heads read and written, payloads found.  Pure.
 * Standard: WARC 1.1 (ISO 28500:2017); 0.17, 0.18 and 1.0 are read as well.
 * Streams of records, compressed or not, are in parsers/warc_read.h.
 */
#ifndef PARSERS_WARC_H
#define PARSERS_WARC_H

#include "util/buf.h"
#include "util/err.h"

#define WARC_HEAD_MAX (64u << 10)	/* bytes of a record's head */
#define WARC_FIELDS_MAX 128

enum warc_type {
	WARC_UNKNOWN, WARC_WARCINFO, WARC_RESPONSE, WARC_REQUEST,
	WARC_METADATA, WARC_RESOURCE, WARC_REVISIT, WARC_CONVERSION,
	WARC_CONTINUATION,
};

/* warc_type_name - "response"; "" for WARC_UNKNOWN */
const char *warc_type_name(enum warc_type t);

/* WARC-Profile of a revisit record (WARC 1.1, section 6.7) */
#define WARC_PROFILE_IDENTICAL \
	"http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
#define WARC_PROFILE_NOT_MODIFIED \
	"http://netpreserve.org/warc/1.1/revisit/server-not-modified"

#define WARC_TYPE_REQUEST "application/http; msgtype=request"
#define WARC_TYPE_RESPONSE "application/http; msgtype=response"
#define WARC_TYPE_FIELDS "application/warc-fields"

/* A field the struct below has no member for. */
struct warc_extra {
	const char *name;
	const char *value;
};

/*
 * struct warc_new - what a record's head is to say; NULL members are left out
 *
 * Record ids are bare UUIDs ("8-4-4-4-12" hexadecimal digits); they are written
 * as <urn:uuid:...>.  Digests are "sha256:" and 64 lower-case digits (or
 * another algorithm's name and its digits): the caller computes them, the
 * block's over the whole block, the payload's over what warc_payload() finds.
 */
struct warc_new {
	enum warc_type type;
	const char *id;			/* UUID; required */
	int64_t date_ms;		/* when the capture began; the same for
					   all records of one exchange */
	const char *content_type;	/* of the block */
	const char *target_uri;
	const char *ip;			/* address text, no brackets */
	const char *block_digest;
	const char *payload_digest;
	const char *payload_type;	/* WARC-Identified-Payload-Type */
	const char *const *concurrent;	/* UUIDs, NULL-ended */
	const char *warcinfo;		/* UUID of the warcinfo record */
	const char *refers_to;		/* UUID */
	const char *refers_uri;
	const char *refers_date;	/* as in that record */
	const char *profile;
	const char *truncated;		/* length, time, disconnect, unspecified */
	const char *filename;		/* warcinfo */
	const struct warc_extra *extra;	/* name NULL ends; may be repeated */
};

/*
 * warc_head_write - append a record's head, blank line included
 *
 *   r          see above
 *   block_len  bytes of the block that follows
 *   out        appended, untouched on failure
 *
 * Returns 0, ERR_FORMAT (a value with a control character or malformed UTF-8,
 * a bad UUID or digest, a field that the type must not or does not have) or
 * the buffer's failure.
 */
int warc_head_write(const struct warc_new *r, uint64_t block_len,
		    struct buf *out, struct err *e);

/* warc_write - append a whole record: head, block, two line ends */
int warc_write(const struct warc_new *r, struct bytes block, struct buf *out,
	       struct err *e);

/*
 * warc_field_put - append "Name: value" CRLF, as in application/warc-fields
 * Returns 0, ERR_FORMAT (as above) or the buffer's failure.
 */
int warc_field_put(struct buf *out, const char *name, const char *value,
		   struct err *e);

struct warc_field {
	struct bytes name;
	struct bytes value;	/* trimmed, folds made one space */
};

/* What a head that could be read had against the standard; a mask. */
enum {
	WARC_ODD_LINE_END = 1 << 0,	/* line ends other than CR LF */
	WARC_ODD_FOLD = 1 << 1,		/* folded lines: deprecated in 1.1 */
	WARC_ODD_LINE = 1 << 2,		/* a line without a colon: left out */
	WARC_ODD_REPEAT = 1 << 3,	/* a field that must not be repeated */
	WARC_ODD_VERSION = 1 << 4,	/* not 0.17, 0.18, 1.0 or 1.1 */
	WARC_ODD_TEXT = 1 << 5,		/* controls or malformed UTF-8 */
};

/*
 * struct warc_head - a head as read
 *
 * (1) text is an owned copy; ranges lie in it
 * (2) length is valid when has_length is set
 */
struct warc_head {
	uint8_t *text;
	struct warc_field *field;
	size_t fields;
	int major, minor;		/* 1.1: 1 and 1; 0.18: 0 and 18 */
	enum warc_type type;
	uint64_t length;		/* Content-Length */
	int has_length;
	size_t head_len;		/* blank line included */
	unsigned odd;			/* WARC_ODD_* */
};

#define WARC_HEAD_INIT { 0 }

/*
 * warc_head_parse - read the head at the start of in
 *   out   warc_head_release(); untouched on failure
 * Returns 0, ERR_FORMAT (does not begin with "WARC/"), ERR_DAMAGED (ends
 * before the blank line), ERR_LIMIT or ERR_NOMEM.
 */
int warc_head_parse(struct bytes in, struct warc_head *out, struct err *e);
void warc_head_release(struct warc_head *h);

/* warc_get - first value of that name (any case), p NULL when absent */
struct bytes warc_get(const struct warc_head *h, const char *name);

/* warc_get_next - repeated fields; *at is 0 to begin with */
struct bytes warc_get_next(const struct warc_head *h, const char *name,
			   size_t *at);

/* warc_uri - a URI value without the angle brackets of WARC 1.0 */
struct bytes warc_uri(const struct warc_head *h, const char *name);

/* warc_is_http - 1 when the block is an HTTP message */
int warc_is_http(const struct warc_head *h);

/*
 * warc_payload - find the payload of a record (WARC 1.1, section 6.2 on)
 *
 *   block    the record's block
 *   scratch  appended when the payload is not a range of the block (chunked);
 *            its cap limits the payload
 *   out      the payload, borrowed from block or scratch: of an HTTP message
 *            the body after transfer decoding and before content decoding, of
 *            resource and conversion records the block
 *   flags    CODING_* of parsers/coding.h
 *
 * Returns 0, ERR_NOENT (a type without payload), ERR_FORMAT (not HTTP, bad
 * chunks), ERR_DAMAGED (head cut short), ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM.
 */
int warc_payload(const struct warc_head *h, struct bytes block,
		 struct buf *scratch, struct bytes *out, unsigned *flags,
		 struct err *e);

/* warc_http_body - the raw body of an HTTP record: what follows its head,
 * transfer coding and all.  Returns 0, ERR_NOENT or as above. */
int warc_http_body(const struct warc_head *h, struct bytes block,
		   struct bytes *out, struct err *e);

#endif

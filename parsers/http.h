/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * HTTP/1.x heads, read from the very bytes that came over the wire.  Pure.
 * Standard: RFC 9110 (fields, dates), RFC 9112 (message syntax).
 */
#ifndef PARSERS_HTTP_H
#define PARSERS_HTTP_H

#include "util/buf.h"
#include "util/err.h"

#define HTTP_HEAD_MAX (256u << 10)	/* bytes of all heads of one answer */
#define HTTP_FIELDS_MAX 512		/* fields of one head */
#define HTTP_INTERIM_MAX 16		/* 1xx heads before the final one */

/* What a head had that a well-made one has not; a mask, for findings. */
enum {
	HTTP_ODD_LINE_END = 1 << 0,	/* a line end other than CR LF */
	HTTP_ODD_FOLD = 1 << 1,		/* a field went on over a line end */
	HTTP_ODD_SPACE = 1 << 2,	/* space between a name and its colon */
	HTTP_ODD_LINE = 1 << 3,		/* a line that is no field: left out */
	HTTP_ODD_BYTE = 1 << 4,		/* NUL, bare CR or control in a value */
	HTTP_ODD_STATUS = 1 << 5,	/* status line not spelt as it should */
};

/* struct http_field - name as received, value without outer white space */
struct http_field {
	struct bytes name;
	struct bytes value;
};

/*
 * struct http_head - a final response head, or a request head
 *
 * (1) text is an owned copy of the head's bytes in which each fold (line end
 *     and white space) became spaces; all ranges lie in it
 * (2) len counts every byte up to the body: interim (1xx) heads, the blank
 *     line; final_at is where the final head begins
 */
struct http_head {
	uint8_t *text;
	struct http_field *field;
	size_t fields;
	int major, minor;		/* HTTP version */
	int status;			/* 100 to 999; 0 for a request */
	struct bytes reason;		/* may be empty */
	struct bytes method, target;	/* requests only */
	size_t len;
	size_t final_at;
	unsigned interim;		/* 1xx heads skipped */
	unsigned odd;			/* HTTP_ODD_* */
};

#define HTTP_HEAD_INIT { 0 }

/*
 * http_response_parse - read the head (or heads) at the start of an answer
 *
 *   in    at least the heads; may go on with the body
 *   out   the caller's, http_head_release(); untouched on failure
 *
 * Interim heads are skipped, but a 101 is final.
 * Returns 0; ERR_FORMAT (no HTTP); ERR_LIMIT (see the constants); ERR_DAMAGED
 * (ends before the blank line); ERR_NOMEM.
 */
int http_response_parse(struct bytes in, struct http_head *out, struct err *e);

/* http_request_parse - the same for "METHOD target HTTP/1.x" */
int http_request_parse(struct bytes in, struct http_head *out, struct err *e);

/* http_head_release - free and zero; accepts NULL and a zeroed head */
void http_head_release(struct http_head *h);

/*
 * http_get - value of the first field of that name (any case)
 *   Returns the value, borrowed, with p NULL when there is none (an empty
 *   value has p set).
 */
struct bytes http_get(const struct http_head *h, const char *name);

/*
 * http_get_next - values of repeated fields in order
 *   at    the caller's, 0 to begin with
 */
struct bytes http_get_next(const struct http_head *h, const char *name,
			   size_t *at);

/* http_get_list - append all values of that name, joined by ", " */
int http_get_list(const struct http_head *h, const char *name, struct buf *out);

/* http_name_eq - 1 when a field name or token is name, whatever the case */
int http_name_eq(struct bytes a, const char *name);

/*
 * http_list_next - the next member of a comma-separated list, trimmed; commas
 * inside quotes do not separate; empty members are skipped
 *   rest   in and out: what is left
 *   item   out, borrowed
 * Returns 1, or 0 at the end.
 */
int http_list_next(struct bytes *rest, struct bytes *item);

/* How the length of a body is told (RFC 9112 section 6.3). */
enum http_body {
	HTTP_BODY_NONE,		/* HEAD, 1xx, 204, 304: no body */
	HTTP_BODY_LENGTH,	/* Content-Length */
	HTTP_BODY_CHUNKED,	/* the last transfer coding is chunked */
	HTTP_BODY_CLOSE,	/* until the connection closes */
};

/*
 * http_body - how this response's body is framed
 *   method    of the request; NULL: unknown, taken as GET
 *   len_out   bytes, for HTTP_BODY_LENGTH; may be NULL
 * Returns an enum http_body, or ERR_FORMAT when Content-Length is malformed or
 * repeated with other values.  Transfer-Encoding wins over Content-Length.
 */
int http_body(const struct http_head *h, const char *method, uint64_t *len_out);

#define HTTP_TYPE_MAX 128
#define HTTP_CHARSET_MAX 48

/* struct http_type - "text/html" and "utf-8", lower case; "" when absent */
struct http_type {
	char type[HTTP_TYPE_MAX];
	char charset[HTTP_CHARSET_MAX];
};

/*
 * http_type_parse - read a Content-Type value
 *   out   zeroed first; charset of the first charset parameter
 * Returns 0, or ERR_FORMAT when there is no "type/subtype".
 */
int http_type_parse(struct bytes value, struct http_type *out);

/* http_type - the Content-Type of a head; as http_type_parse() */
int http_type(const struct http_head *h, struct http_type *out);

/*
 * http_date - read an HTTP-date in any of its three forms
 *   now_ms   the current time: the century of a two-digit year is the one
 *            that puts it at most 50 years ahead (RFC 9110 section 5.6.7)
 *   ms_out   milliseconds since 1970, untouched on failure
 * Returns 0 or ERR_FORMAT.
 */
int http_date(struct bytes value, int64_t now_ms, int64_t *ms_out);

#define HTTP_RETRY_MAX_MS (366LL * 86400 * 1000)

/*
 * http_retry_after - read a Retry-After value: seconds or an HTTP-date
 *   now_ms    when the answer came
 *   wait_ms   0 to HTTP_RETRY_MAX_MS, longer is cut to that; a date that is
 *             past gives 0; untouched on failure
 * Returns 0 or ERR_FORMAT (negative, fractions, anything else).
 */
int http_retry_after(struct bytes value, int64_t now_ms, int64_t *wait_ms);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * JSON: a strict reader (jansson behind one door) and a small writer.
 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include "util/buf.h"
#include "util/err.h"

#include <jansson.h>

#define JSON_DEPTH_MAX 16		/* nesting allowed in our own records */
#define JSON_TEXT_MAX (1u << 20)	/* bytes of one of our own records */

/*
 * json_read - parse one JSON value (RFC 8259) strictly
 *   text       UTF-8, no byte order mark, nothing behind the value
 *   max_len    bytes; longer is ERR_LIMIT
 *   max_depth  nesting of arrays and objects; deeper is ERR_LIMIT
 *   out        a new reference: json_decref()
 * Refuses duplicate keys, NUL characters and malformed UTF-8 (ERR_FORMAT).
 */
int json_read(struct bytes text, size_t max_len, unsigned max_depth,
	      json_t **out, struct err *e);

/* json_read_record - json_read() with the limits of our own records */
int json_read_record(struct bytes text, json_t **out, struct err *e);

/*
 * json_want_str, json_want_int - a member that must be there, of that type
 *   str_out   borrowed from the object
 * Return 0 or ERR_FORMAT with the key named in e.
 */
int json_want_str(const json_t *obj, const char *key, const char **str_out,
		  struct err *e);
int json_want_int(const json_t *obj, const char *key, int64_t *int_out,
		  struct err *e);

/* json_opt_str - the member's text, or NULL when absent, null or no string */
const char *json_opt_str(const json_t *obj, const char *key);

/*
 * struct jsonw - writes compact JSON into a buffer, commas where they belong
 *
 * Keys and values are UTF-8; malformed bytes become U+FFFD; controls are
 * escaped.  Failures stay in out->failed.  Nesting up to 62.
 */
struct jsonw {
	struct buf *out;
	uint64_t first;		/* bit per level: nothing written there yet */
	unsigned depth;
};

#define JSONW_INIT(buf) { (buf), 1, 0 }

/* In an object pass key; in an array or at the top pass NULL. */
void jsonw_open(struct jsonw *w, const char *key, char bracket); /* '{' '[' */
void jsonw_close(struct jsonw *w, char bracket);		 /* '}' ']' */
void jsonw_str(struct jsonw *w, const char *key, const char *s); /* NULL: null */
void jsonw_bytes(struct jsonw *w, const char *key, struct bytes s);
void jsonw_hex(struct jsonw *w, const char *key, const uint8_t *p, size_t n);
void jsonw_int(struct jsonw *w, const char *key, int64_t v);
void jsonw_bool(struct jsonw *w, const char *key, int v);
void jsonw_null(struct jsonw *w, const char *key);
/* jsonw_raw - text that is JSON already */
void jsonw_raw(struct jsonw *w, const char *key, struct bytes json);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Charsets: from the bytes of a body to UTF-8, and back to byte positions.
 *
 * The charset is found as a browser finds it (WHATWG HTML, 13.2.3): a byte
 * order mark, then the HTTP header, then a <meta> in the first 1024 bytes (or
 * the XML declaration), else UTF-8 where the bytes are that, else windows-1252.
 */
#ifndef PARSERS_CHARSET_H
#define PARSERS_CHARSET_H

#include "parsers/arena.h"
#include "util/buf.h"
#include "util/err.h"

/* Where output byte 'to' came from in the body; one every few hundred bytes. */
struct charset_mark {
	size_t from, to;
};

struct charset_text {
	struct bytes utf8;	/* the body itself, or in the arena */
	char name[32];		/* lower case, e.g. "utf-8", "windows-1252" */
	int bad;		/* 1: some bytes did not fit and became U+FFFD,
				   or will when the reader meets them */
	size_t skipped;		/* bytes of byte order mark before utf8 */
	struct bytes body;
	struct charset_mark *marks;
	size_t mark_count;
	const char *codec;	/* iconv's name; NULL: the body was UTF-8 */
};

/*
 * charset_decode - find the charset of a body and make UTF-8 of it
 *   body   borrowed as long as the result is used
 *   http   value of the Content-Type header or just the charset; or NULL
 *   out    its memory is the arena's
 * UTF-8 bodies are not copied and may hold malformed bytes (bad is set then).
 * Returns 0 or ERR_NOMEM.
 */
int charset_decode(struct arena *a, struct bytes body, const char *http,
		   struct charset_text *out, struct err *e);

/* charset_origin - the byte in the body that an offset in utf8 came from */
size_t charset_origin(const struct charset_text *t, size_t off);

/*
 * charset_preload - open the converters the C library keeps in files, for a
 * process about to lose sight of the file system.  Without it, in such a
 * process, bodies in other charsets than UTF-8, UTF-16 and windows-1252 come
 * out as windows-1252 with bad set.
 */
void charset_preload(void);

#endif

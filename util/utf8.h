/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * UTF-8: checking, decoding, and making text safe to show.
 */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include "util/buf.h"

/* utf8_valid - 1 when all of s is well-formed UTF-8 (RFC 3629, no surrogates) */
int utf8_valid(struct bytes s);

/*
 * utf8_next - decode the code point at s.p[0]
 *   cp_out   the code point, or U+FFFD for a malformed sequence
 * Returns the number of bytes it takes (at least 1); 0 when s is empty.
 */
size_t utf8_next(struct bytes s, uint32_t *cp_out);

/* utf8_put - append a code point; surrogates and > U+10FFFF become U+FFFD */
int utf8_put(struct buf *out, uint32_t cp);

/* utf8_repair - append s with each malformed byte run replaced by U+FFFD */
int utf8_repair(struct buf *out, struct bytes s);

/*
 * utf8_plain - append s made safe for a terminal: C0 and C1 controls (but
 * newline and tab), bidirectional overrides and isolates become U+FFFD.
 */
int utf8_plain(struct buf *out, struct bytes s);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * gzip, one member a record, as WARC asks (annex D).  Pure.
 */
#ifndef PARSERS_WARCGZ_H
#define PARSERS_WARCGZ_H

#include "util/buf.h"
#include "util/err.h"

struct warcgz;

/* warcgz_new - a compressor to use for many records; ERR_NOMEM or 0 */
int warcgz_new(struct warcgz **out);
void warcgz_free(struct warcgz *z);

/*
 * warcgz_put - append one gzip member (RFC 1952; no name, no time)
 *
 *   record   a whole record, head, block and two line ends
 *   store    1: stored blocks, for what is compressed already
 *
 * The same bytes give the same member with the same library version.
 * Returns 0 or the buffer's failure.
 */
int warcgz_put(struct warcgz *z, struct bytes record, int store,
	       struct buf *out);

/* warcgz_stores - 1 for media types that do not get smaller: images but SVG
 * and BMP, audio, video, archives; type as mime_sniff() names it, may be NULL */
int warcgz_stores(const char *type);

#endif

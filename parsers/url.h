/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * URLs as a browser reads them.  Pure: no I/O, no clock, no name lookups.
 * Standard: WHATWG URL (url.spec.whatwg.org), basic URL parser, all schemes;
 * IDNA by UTS #46 non-transitional.  Test data: WPT urltestdata.json.
 */
#ifndef PARSERS_URL_H
#define PARSERS_URL_H

#include "util/buf.h"
#include "util/err.h"

#define URL_MAX 16384	/* bytes of an input and of a serialised URL */

enum url_host_kind {
	URL_HOST_NONE,		/* no host, or the empty one (file:) */
	URL_HOST_DOMAIN,	/* ASCII, lower case, IDNA done */
	URL_HOST_IPV4,		/* serialised as four decimal numbers */
	URL_HOST_IPV6,		/* serialised in brackets, compressed */
	URL_HOST_OPAQUE,	/* host of a scheme that is not special */
};

/*
 * struct url - a parsed URL
 *
 * (1) href is owned, NUL-ended and ASCII; all other ranges lie inside it, so
 *     a struct may be moved (not copied) and is released once
 * (2) scheme is without ':', query without '?', fragment without '#'
 * (3) host of an IPv6 address has its brackets
 * (4) port is -1 when absent or the default port of the scheme
 * (5) opaque_path: the path is no list of segments ("mailto:x")
 */
struct url {
	char *href;
	size_t len;			/* of href, without the NUL */
	struct bytes scheme;
	struct bytes username;
	struct bytes password;
	struct bytes host;
	struct bytes path;
	struct bytes query;
	struct bytes fragment;
	int port;			/* -1, or 0 to 65535 */
	enum url_host_kind host_kind;
	uint8_t ip[16];			/* IPv4: first 4; network order */
	int has_host;			/* "//" stands before path */
	int has_query;			/* a '?' is there, perhaps alone */
	int has_fragment;
	int opaque_path;
	size_t bare_len;		/* of href without '#' and fragment */
};

#define URL_INIT { .port = -1 }

/*
 * url_parse - read a URL, resolved against a base
 *
 *   input  as found in the page, any bytes: malformed UTF-8 becomes U+FFFD
 *   base   may be NULL: then only an absolute URL is read; may equal out
 *   out    the caller's, url_release(); untouched on failure
 *   e      may be NULL
 *
 * Returns 0, ERR_FORMAT (a browser refuses it too), ERR_LIMIT (input or result
 * longer than URL_MAX) or ERR_NOMEM.
 */
int url_parse(struct bytes input, const struct url *base, struct url *out,
	      struct err *e);

/* url_release - free and zero; accepts NULL and a zeroed or URL_INIT url */
void url_release(struct url *u);

/* url_copy - duplicate; out is overwritten, not released.  0 or ERR_NOMEM */
int url_copy(const struct url *u, struct url *out);

/* url_is_http - 1 for http and https, the only schemes we fetch */
int url_is_http(const struct url *u);

/* url_is_tls - 1 for https */
int url_is_tls(const struct url *u);

/* url_port - the port in force: given, or the scheme's default, or -1 */
int url_port(const struct url *u);

/* url_target - path and, if there is one, '?' and query: what a request line
 * carries (for http and https at least "/").  Borrowed from href. */
struct bytes url_target(const struct url *u);

/* url_bare - href without '#' and fragment: a frontier's identity.  Borrowed */
struct bytes url_bare(const struct url *u);

/* url_eq - 1 when both are the same but for the fragment */
int url_eq(const struct url *a, const struct url *b);

/*
 * url_origin - append "scheme://host[:port]" (WHATWG origin, serialised), or
 * "null" for schemes without one.  Returns as buf_add().
 */
int url_origin(const struct url *u, struct buf *out);

/* url_same_origin - 1 when scheme, host and port agree and are not "null" */
int url_same_origin(const struct url *a, const struct url *b);

/*
 * url_surt - append the key under which replay tools look a page up in a CDXJ:
 * "https://www.Example.com/A?b&a" -> "com,example)/a?a=&b=".  Lower-cases,
 * drops "www.", sorts the query: it MERGES distinct pages, so it must never
 * decide whether something is fetched or seen.  As warcio.js getSurt(); other
 * schemes than http(s) give href.  Returns as buf_add().
 */
int url_surt(const struct url *u, struct buf *out);

#endif

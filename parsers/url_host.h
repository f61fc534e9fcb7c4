/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Hosts of URLs: domains, addresses in every spelling.  Pure.
 * Standard: WHATWG URL, section 3.
 */
#ifndef PARSERS_URL_HOST_H
#define PARSERS_URL_HOST_H

#include "parsers/url.h"

/*
 * url_host_parse - read the host part of an authority
 *
 *   text      UTF-8, as it stands between "//" (or '@') and ':' or '/'
 *   special   1: domain, IPv4 or IPv6; 0: opaque host or IPv6
 *   out       appended: the serialised host
 *   kind_out  what it is
 *   ip        address in network order; zero for hosts that are none
 *
 * Returns 0, ERR_FORMAT or the buffer's failure.
 */
int url_host_parse(struct bytes text, int special, struct buf *out,
		   enum url_host_kind *kind_out, uint8_t ip[static 16]);

/* url_ipv6_write - append the compressed form, without brackets (RFC 5952
 * but for the embedded IPv4 form); returns as buf_add() */
int url_ipv6_write(struct buf *out, const uint8_t ip[static 16]);

/* url_default_port - the scheme's port, -1 for none; *special_out: 1 for the
 * special schemes (http, https, ws, wss, ftp, file), else 0 */
int url_default_port(struct bytes scheme, int *special_out);

#endif

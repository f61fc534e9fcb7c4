/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Is an address one that the public Internet routes to somebody else?
 *
 * Everything that is not plainly public is refused (R14): a host name, a
 * redirect or a record in the DNS must not lead the crawler into the network
 * it stands in.  Registries: IANA IPv4 and IPv6 special-purpose addresses
 * (RFC 6890 and what updates it), multicast (RFC 5771, RFC 4291).
 */
#ifndef CRAWLER_ADDRESS_H
#define CRAWLER_ADDRESS_H

#include "util/err.h"

#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 64	/* "[v6]:port" and a NUL */

/* struct address - version 4 (first 4 bytes) or 6, network order */
struct address {
	uint8_t version;
	uint8_t ip[16];
};

/* address_parse - dotted IPv4 of four decimal numbers, or IPv6 (RFC 4291),
 * brackets allowed around the latter; no zone.  0 or ERR_FORMAT */
int address_parse(const char *text, struct address *out);

/* address_text - the usual spelling without brackets, into ADDRESS_TEXT_MAX */
void address_text(const struct address *a, char out[static ADDRESS_TEXT_MAX]);

/* address_text_port - "192.0.2.1:443" or "[2001:db8::1]:443" */
void address_text_port(const struct address *a, unsigned port,
		       char out[static ADDRESS_TEXT_MAX]);

/* address_from_sockaddr - 0, or ERR_UNSUPPORTED for another family; port_out
 * may be NULL */
int address_from_sockaddr(const struct sockaddr *sa, struct address *out,
			  unsigned *port_out);

/* address_eq - 1 when both are the same address */
int address_eq(const struct address *a, const struct address *b);

/*
 * address_class - what an address is
 * Returns NULL when it is public, else words for the record, with the standard
 * that reserves it: "loopback (RFC 1122)".  An address that wraps an IPv4
 * address (mapped, 6to4, NAT64, Teredo) is never public: it could hide any.
 */
const char *address_class(const struct address *a);

/* address_is_loopback - 127.0.0.0/8 or ::1 */
int address_is_loopback(const struct address *a);

#endif

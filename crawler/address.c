/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct range {
	uint8_t ip[16];
	uint8_t bits;
	const char *what;
};

/* First match decides; the narrower stands before the wider where it names
 * something better. */
static const struct range v4[] = {
	{ { 0 }, 8, "this network (RFC 791)" },
	{ { 10 }, 8, "private (RFC 1918)" },
	{ { 100, 64 }, 10, "shared, carrier-grade NAT (RFC 6598)" },
	{ { 127 }, 8, "loopback (RFC 1122)" },
	{ { 169, 254 }, 16, "link-local (RFC 3927)" },
	{ { 172, 16 }, 12, "private (RFC 1918)" },
	{ { 192, 0, 0 }, 24, "IETF protocol assignments (RFC 6890)" },
	{ { 192, 0, 2 }, 24, "documentation (RFC 5737)" },
	{ { 192, 31, 196 }, 24, "AS112 (RFC 7535)" },
	{ { 192, 52, 193 }, 24, "AMT (RFC 7450)" },
	{ { 192, 88, 99 }, 24, "6to4 relay anycast (RFC 7526)" },
	{ { 192, 168 }, 16, "private (RFC 1918)" },
	{ { 192, 175, 48 }, 24, "AS112 (RFC 7534)" },
	{ { 198, 18 }, 15, "benchmarking (RFC 2544)" },
	{ { 198, 51, 100 }, 24, "documentation (RFC 5737)" },
	{ { 203, 0, 113 }, 24, "documentation (RFC 5737)" },
	{ { 224 }, 4, "multicast (RFC 5771)" },
	{ { 255, 255, 255, 255 }, 32, "limited broadcast (RFC 919)" },
	{ { 240 }, 4, "reserved (RFC 1112)" },
};

static const struct range v6[] = {
	{ { 0 }, 128, "unspecified (RFC 4291)" },
	{ { [15] = 1 }, 128, "loopback (RFC 4291)" },
	{ { [10] = 0xff, 0xff }, 96, "IPv4-mapped (RFC 4291)" },
	{ { [8] = 0xff, 0xff }, 96, "IPv4-translated (RFC 2765)" },
	{ { 0 }, 96, "IPv4-compatible (RFC 4291)" },
	{ { 0, 0x64, 0xff, 0x9b }, 96, "NAT64 (RFC 6052)" },
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, "local NAT64 (RFC 8215)" },
	{ { 1 }, 64, "discard only (RFC 6666)" },
	{ { 0x20, 0x01, 0, 0 }, 32, "Teredo (RFC 4380)" },
	{ { 0x20, 0x01, 0, 2 }, 48, "benchmarking (RFC 5180)" },
	{ { 0x20, 0x01, 0, 0x10 }, 28, "ORCHID (RFC 4843)" },
	{ { 0x20, 0x01, 0, 0x20 }, 28, "ORCHIDv2 (RFC 7343)" },
	{ { 0x20, 0x01, 0, 0x30 }, 28, "drone remote identity (RFC 9374)" },
	{ { 0x20, 0x01 }, 23, "IETF protocol assignments (RFC 2928)" },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "documentation (RFC 3849)" },
	{ { 0x20, 0x02 }, 16, "6to4 (RFC 3056)" },
	{ { 0x26, 0x20, 0, 0x4f, 0x80 }, 48, "AS112 (RFC 7534)" },
	{ { 0x3f, 0xfe }, 16, "6bone, returned (RFC 3701)" },
	{ { 0x3f, 0xff }, 20, "documentation (RFC 9637)" },
	{ { 0x5f }, 16, "segment routing (RFC 9602)" },
	{ { 0xfc }, 7, "unique local (RFC 4193)" },
	{ { 0xfe, 0x80 }, 10, "link-local (RFC 4291)" },
	{ { 0xfe, 0xc0 }, 10, "site-local (RFC 3879)" },
	{ { 0xff }, 8, "multicast (RFC 4291)" },
};

static int within(const uint8_t *ip, const struct range *r)
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	if (memcmp(ip, r->ip, whole))
		return 0;
	return !rest || ((ip[whole] ^ r->ip[whole]) >> (8 - rest)) == 0;
}

const char *address_class(const struct address *a)
{
	const struct range *t = a->version == 4 ? v4 : v6;
	size_t n = a->version == 4 ? sizeof(v4) / sizeof(*v4)
				   : sizeof(v6) / sizeof(*v6);

	if (a->version != 4 && a->version != 6)
		return "no address";
	for (size_t i = 0; i < n; i++) {
		if (within(a->ip, &t[i]))
			return t[i].what;
	}
	/* What IANA has not given out for use is 2000::/3's outside. */
	if (a->version == 6 && a->ip[0] >> 5 != 1)
		return "not global unicast (RFC 4291)";
	return NULL;
}

int address_is_loopback(const struct address *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->version == 4)
		return a->ip[0] == 127;
	return a->version == 6 && !memcmp(a->ip, one, 16);
}

int address_parse(const char *text, struct address *out)
{
	char inner[INET6_ADDRSTRLEN];
	struct address a = { 0, { 0 } };
	size_t n = strlen(text);

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
		if (!memchr(text, ':', n))
			return ERR_FORMAT;
	}
	if (n >= sizeof(inner))
		return ERR_FORMAT;
	memcpy(inner, text, n);
	inner[n] = 0;
	if (inet_pton(AF_INET, inner, a.ip) == 1)
		a.version = 4;
	else if (inet_pton(AF_INET6, inner, a.ip) == 1)
		a.version = 6;
	else
		return ERR_FORMAT;
	*out = a;
	return 0;
}

void address_text(const struct address *a, char out[static ADDRESS_TEXT_MAX])
{
	if (!inet_ntop(a->version == 4 ? AF_INET : AF_INET6, a->ip, out,
		       ADDRESS_TEXT_MAX))
		out[0] = 0;
}

void address_text_port(const struct address *a, unsigned port,
		       char out[static ADDRESS_TEXT_MAX])
{
	char ip[ADDRESS_TEXT_MAX];

	address_text(a, ip);
	snprintf(out, ADDRESS_TEXT_MAX, a->version == 4 ? "%.46s:%u"
		 : "[%.46s]:%u", ip, port & 0xffff);
}

int address_from_sockaddr(const struct sockaddr *sa, struct address *out,
			  unsigned *port_out)
{
	struct address a = { 0, { 0 } };
	unsigned port;

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		a.version = 4;
		memcpy(a.ip, &in.sin_addr, 4);
		port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, sa, sizeof(in));
		a.version = 6;
		memcpy(a.ip, &in.sin6_addr, 16);
		port = ntohs(in.sin6_port);
	} else {
		return ERR_UNSUPPORTED;
	}
	*out = a;
	if (port_out)
		*port_out = port;
	return 0;
}

int address_eq(const struct address *a, const struct address *b)
{
	return a->version == b->version &&
	       !memcmp(a->ip, b->ip, a->version == 4 ? 4 : 16);
}

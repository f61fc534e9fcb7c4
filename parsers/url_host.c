/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/url_host.h"

#include "parsers/url_percent.h"
#include "util/utf8.h"

#include <idn2.h>
#include <stdlib.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* forbidden - 1 for a forbidden host code point; domain adds controls, % DEL */
static int forbidden(uint8_t c, int domain)
{
	if (c == 0 || (c && c < 0x80 && strchr("\t\n\r #/:<>?@[\\]^|", c)))
		return 1;
	return domain && (c < 0x20 || c == '%' || c == 0x7f);
}

/*
 * ipv4_number - one part of an IPv4 address: decimal, 0octal or 0xhex
 * Returns 0, or ERR_FORMAT.  Values saturate: too large is too large.
 */
static int ipv4_number(struct bytes s, uint64_t *out)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (s.len == 0)
		return ERR_FORMAT;
	if (s.len >= 2 && s.p[0] == '0' && lower(s.p[1]) == 'x') {
		base = 16;
		s.p += 2;
		s.len -= 2;
	} else if (s.len >= 2 && s.p[0] == '0') {
		base = 8;
		s.p++;
		s.len--;
	}
	for (size_t i = 0; i < s.len; i++) {
		int d = url_hex(s.p[i]);

		if (d < 0 || (unsigned)d >= base)
			return ERR_FORMAT;
		if (v < (uint64_t)1 << 40)
			v = v * base + (unsigned)d;
	}
	*out = v;
	return 0;
}

/* last_part - the part after the last dot, one trailing dot left aside */
static struct bytes last_part(struct bytes s)
{
	size_t i;

	if (s.len && s.p[s.len - 1] == '.')
		s.len--;
	for (i = s.len; i > 0 && s.p[i - 1] != '.'; i--)
		;
	return BYTES(s.p + i, s.len - i);
}

static int ends_in_number(struct bytes s)
{
	struct bytes last;
	uint64_t v;
	size_t i;

	/* "a.." has an empty last part: no number. */
	if (s.len == 0 || (s.len == 1 && s.p[0] == '.'))
		return 0;
	last = last_part(s);
	if (last.len == 0)
		return 0;
	for (i = 0; i < last.len && is_digit(last.p[i]); i++)
		;
	return i == last.len || ipv4_number(last, &v) == 0;
}

static int ipv4_parse(struct bytes s, uint8_t ip[static 4])
{
	uint64_t part[4], v;
	size_t n = 0, from = 0;

	if (s.len && s.p[s.len - 1] == '.')
		s.len--;
	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.p[i] != '.')
			continue;
		if (n == 4 || ipv4_number(BYTES(s.p + from, i - from),
					  &part[n]) < 0)
			return ERR_FORMAT;
		n++;
		from = i + 1;
	}
	for (size_t i = 0; i + 1 < n; i++) {
		if (part[i] > 255)
			return ERR_FORMAT;
	}
	if (part[n - 1] >= (uint64_t)1 << (8 * (5 - n)))
		return ERR_FORMAT;
	v = part[n - 1];
	for (size_t i = 0; i + 1 < n; i++)
		v += part[i] << (8 * (3 - i));
	for (size_t i = 0; i < 4; i++)
		ip[i] = (uint8_t)(v >> (8 * (3 - i)));
	return 0;
}

/* ipv6_tail - "a.b.c.d" as the last two pieces; returns 0 or ERR_FORMAT */
static int ipv6_tail(struct bytes s, uint16_t piece[static 2])
{
	unsigned v[4];
	size_t i = 0;

	for (size_t k = 0; k < 4; k++) {
		size_t from;

		if (k > 0 && (i >= s.len || s.p[i++] != '.'))
			return ERR_FORMAT;
		from = i;
		for (v[k] = 0; i < s.len && is_digit(s.p[i]); i++) {
			if (i > from && v[k] == 0)
				return ERR_FORMAT;
			v[k] = v[k] * 10 + (unsigned)(s.p[i] - '0');
			if (v[k] > 255)
				return ERR_FORMAT;
		}
		if (i == from)
			return ERR_FORMAT;
	}
	piece[0] = (uint16_t)(v[0] << 8 | v[1]);
	piece[1] = (uint16_t)(v[2] << 8 | v[3]);
	return i == s.len ? 0 : ERR_FORMAT;
}

static int ipv6_parse(struct bytes s, uint8_t ip[static 16])
{
	uint16_t piece[8] = { 0 };
	size_t n = 0, i = 0;
	int compress = -1;

	if (s.len && s.p[0] == ':') {
		if (s.len < 2 || s.p[1] != ':')
			return ERR_FORMAT;
		i = 2;
		compress = 0;
	}
	while (i < s.len) {
		unsigned v = 0;
		size_t from = i;

		if (n == 8)
			return ERR_FORMAT;
		if (s.p[i] == ':') {
			if (compress >= 0)
				return ERR_FORMAT;
			i++;
			compress = (int)n;
			continue;
		}
		for (; i < s.len && i - from < 4 && url_hex(s.p[i]) >= 0; i++)
			v = v << 4 | (unsigned)url_hex(s.p[i]);
		if (i < s.len && s.p[i] == '.') {
			if (i == from || n > 6 ||
			    ipv6_tail(BYTES(s.p + from, s.len - from),
				      piece + n) < 0)
				return ERR_FORMAT;
			n += 2;
			break;
		}
		if (i < s.len && s.p[i] == ':') {
			if (++i == s.len)
				return ERR_FORMAT;
		} else if (i < s.len) {
			return ERR_FORMAT;
		}
		piece[n++] = (uint16_t)v;
	}
	if (compress >= 0) {
		size_t swaps = n - (size_t)compress;

		for (size_t k = 7; k > 0 && swaps > 0; k--, swaps--) {
			size_t from = (size_t)compress + swaps - 1;
			uint16_t t = piece[k];

			piece[k] = piece[from];
			piece[from] = t;
		}
	} else if (n != 8) {
		return ERR_FORMAT;
	}
	for (size_t k = 0; k < 8; k++) {
		ip[2 * k] = (uint8_t)(piece[k] >> 8);
		ip[2 * k + 1] = (uint8_t)piece[k];
	}
	return 0;
}

int url_ipv6_write(struct buf *out, const uint8_t ip[static 16])
{
	unsigned best = 8, best_len = 1;

	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;

		while (i + n < 8 && !ip[2 * (i + n)] && !ip[2 * (i + n) + 1])
			n++;
		if (n > best_len) {
			best = i;
			best_len = n;
		}
		if (n)
			i += n - 1;
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			buf_adds(out, i ? ":" : "::");
			i += best_len - 1;
			continue;
		}
		buf_addf(out, "%x%s", (unsigned)(ip[2 * i] << 8 | ip[2 * i + 1]),
			 i < 7 ? ":" : "");
	}
	return out->failed;
}

/*
 * A domain of ASCII only is lower-cased and nothing else, invalid Punycode
 * included: that is what browsers came to do.  All other names go through
 * UTS #46, non-transitional, without STD3 rules and hyphen checks.
 */
static int domain_to_ascii(struct buf *name, struct buf *out)
{
	const char *text = buf_cstr(name);
	uint8_t *ascii = NULL;
	int is_ascii = 1, r;

	if (name->failed)
		return name->failed;
	for (size_t i = 0; i < name->len; i++) {
		if (name->p[i] == 0)
			return ERR_FORMAT;
		if (name->p[i] >= 0x80)
			is_ascii = 0;
	}
	if (is_ascii) {
		for (size_t i = 0; i < name->len; i++)
			buf_addc(out, lower(name->p[i]));
		return out->failed;
	}
	r = idn2_lookup_u8((const uint8_t *)text, &ascii,
			   IDN2_NONTRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP);
	if (r == IDN2_MALLOC)
		return ERR_NOMEM;
	if (r != IDN2_OK)
		return ERR_FORMAT;
	for (const uint8_t *p = ascii; *p; p++)
		buf_addc(out, lower(*p));
	idn2_free(ascii);
	return out->failed;
}

static int opaque_host(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (forbidden(text.p[i], 0))
			return ERR_FORMAT;
	}
	return url_percent_encode(out, URL_SET_C0, text);
}

int url_host_parse(struct bytes text, int special, struct buf *out,
		   enum url_host_kind *kind_out, uint8_t ip[static 16])
{
	struct buf raw = BUF_INIT(URL_MAX), name = BUF_INIT(4 * URL_MAX);
	struct buf ascii = BUF_INIT(URL_MAX);
	int r;

	memset(ip, 0, 16);
	if (text.len && text.p[0] == '[') {
		if (text.p[text.len - 1] != ']' || text.len < 2 ||
		    ipv6_parse(BYTES(text.p + 1, text.len - 2), ip) < 0)
			return ERR_FORMAT;
		*kind_out = URL_HOST_IPV6;
		buf_addc(out, '[');
		url_ipv6_write(out, ip);
		return buf_addc(out, ']');
	}
	if (!special) {
		*kind_out = text.len ? URL_HOST_OPAQUE : URL_HOST_NONE;
		return opaque_host(text, out);
	}
	r = url_percent_decode(&raw, text);
	if (r == 0)
		r = utf8_repair(&name, buf_view(&raw));
	if (r == 0)
		r = domain_to_ascii(&name, &ascii);
	if (r < 0)
		goto out;
	r = ERR_FORMAT;
	if (ascii.len == 0)
		goto out;
	for (size_t i = 0; i < ascii.len; i++) {
		if (forbidden(ascii.p[i], 1))
			goto out;
	}
	if (ends_in_number(buf_view(&ascii))) {
		if (ipv4_parse(buf_view(&ascii), ip) < 0)
			goto out;
		*kind_out = URL_HOST_IPV4;
		r = buf_addf(out, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
		goto out;
	}
	*kind_out = URL_HOST_DOMAIN;
	r = buf_addb(out, buf_view(&ascii));
out:
	buf_release(&raw);
	buf_release(&name);
	buf_release(&ascii);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Small readers of what pages write: addresses, counts, references.
 */
#include "parsers/profile_int.h"

#include "util/utf8.h"

#include <ctype.h>
#include <strings.h>

int style_url(struct bytes style, struct buf *out)
{
	const char *s = (const char *)style.p, *end = s + style.len, *q;
	char quote;

	for (; end - s >= 5; s++) {
		if (strncasecmp(s, "url(", 4))
			continue;
		s += 4;
		while (s < end && isspace((unsigned char)*s))
			s++;
		quote = 0;
		if (s < end && (*s == '\'' || *s == '"'))
			quote = *s++;
		q = s;
		while (q < end && (quote ? *q != quote : *q != ')'))
			q += *q == '\\' && end - q > 1 ? 2 : 1;
		while (!quote && q > s && isspace((unsigned char)q[-1]))
			q--;
		for (; s < q; s++) {
			if (*s == '\\' && q - s > 1)
				s++;
			buf_addc(out, (uint8_t)*s);
		}
		return out->failed;
	}
	return 0;
}

int64_t count_read(struct bytes s)
{
	double v = 0, scale = 1;
	size_t i = 0, groups = 0;
	int digits = 0, frac = 0;

	while (i < s.len && !isdigit(s.p[i]))
		i++;
	for (; i < s.len; i++) {
		uint8_t ch = s.p[i];
		size_t k = i + 1, run = 0;

		if (isdigit(ch)) {
			digits++;
			v = v * 10 + (ch - '0');
			if (frac)
				scale *= 10;
			continue;
		}
		/* A separator: of thousands when three digits and no more
		 * follow, of the fraction when a point or comma. */
		if (ch == 0xc2 && k < s.len && s.p[k] == 0xa0)
			k++;
		else if (ch == 0xe2 && k + 1 < s.len && s.p[k] == 0x80 &&
			 (s.p[k + 1] == 0xaf || s.p[k + 1] == 0x89))
			k += 2;
		else if (ch != ' ' && ch != ',' && ch != '.' && ch != '\'')
			break;
		while (k + run < s.len && isdigit(s.p[k + run]))
			run++;
		if (run == 3 && !frac &&
		    !(k + run < s.len && strchr("kKmMbB", s.p[k + run]) &&
		      (ch == '.' || ch == ','))) {
			groups++;
			i = k - 1;
		} else if ((ch == '.' || ch == ',') && run && !frac &&
			   !groups) {
			frac = 1;
		} else {
			break;
		}
	}
	if (!digits || digits > 15)
		return -1;
	while (i < s.len && s.p[i] == ' ')
		i++;
	v /= scale;
	if (i < s.len && (i + 1 == s.len || !isalpha(s.p[i + 1]))) {
		if (s.p[i] == 'K' || s.p[i] == 'k')
			v *= 1e3;
		else if (s.p[i] == 'M' || s.p[i] == 'm')
			v *= 1e6;
		else if (s.p[i] == 'B' || s.p[i] == 'b' || s.p[i] == 'G')
			v *= 1e9;
	}
	return v < 9e15 ? (int64_t)(v + 0.5) : -1;
}

int entities_decode(struct bytes s, struct buf *out)
{
	static const struct {
		const char *name;
		uint32_t cp;
	} named[] = {
		{ "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' },
		{ "quot;", '"' }, { "apos;", '\'' }, { "nbsp;", 0xa0 },
	};
	size_t i = 0;

	while (i < s.len) {
		const char *p = (const char *)s.p + i;
		size_t left = s.len - i, k;
		uint32_t cp = 0;

		if (*p != '&' || left < 4) {
			buf_addc(out, s.p[i++]);
			continue;
		}
		if (p[1] == '#') {
			int hex = (p[2] | 32) == 'x';

			k = hex ? 3 : 2;
			for (; k < left && k < 12; k++) {
				unsigned char d = (unsigned char)p[k];

				if (hex ? !isxdigit(d) : !isdigit(d))
					break;
				cp = hex ? cp * 16 + (unsigned)(isdigit(d) ?
					d - '0' : (d | 32) - 'a' + 10) :
					cp * 10 + (unsigned)(d - '0');
			}
			if (k > (hex ? 3u : 2u) && k < left && p[k] == ';') {
				utf8_put(out, cp ? cp : 0xfffd);
				i += k + 1;
				continue;
			}
		}
		for (k = 0; k < sizeof(named) / sizeof(named[0]); k++) {
			size_t l = strlen(named[k].name);

			if (l < left && !strncmp(p + 1, named[k].name, l)) {
				utf8_put(out, named[k].cp);
				i += l + 1;
				break;
			}
		}
		if (k == sizeof(named) / sizeof(named[0]))
			buf_addc(out, s.p[i++]);
	}
	return out->failed;
}

static int has_scheme(struct bytes s)
{
	size_t i;

	if (!s.len || !isalpha(s.p[0]))
		return 0;
	for (i = 1; i < s.len; i++)
		if (!isalnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' &&
		    s.p[i] != '.')
			break;
	return i < s.len && s.p[i] == ':' && i > 1;
}

int reading_href(struct reading *r, struct bytes s, struct buf *out)
{
	struct url u = URL_INIT;
	size_t odd = 0;
	int res;

	while (s.len && s.p[0] <= ' ') {
		s.p++;
		s.len--;
	}
	while (s.len && s.p[s.len - 1] <= ' ')
		s.len--;
	if (!s.len)
		return ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++)
		odd += s.p[i] < ' ';
	/* Absolute: as the page has it, the exhibit's own words. */
	if (!odd && has_scheme(s) && s.len <= URL_MAX)
		return buf_addb(out, s);
	if (!r->base)
		return ERR_FORMAT;
	res = url_parse(s, r->base, &u, NULL);
	if (res < 0)
		return res;
	res = buf_add(out, u.href, u.len);
	url_release(&u);
	return res;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/utf8.h"

size_t utf8_next(struct bytes s, uint32_t *cp_out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t cp;
	size_t n;

	if (s.len == 0)
		return 0;
	*cp_out = 0xfffd;
	if (s.p[0] < 0x80) {
		*cp_out = s.p[0];
		return 1;
	}
	if (s.p[0] >= 0xc2 && s.p[0] <= 0xdf) {
		n = 2;
		cp = s.p[0] & 0x1f;
	} else if ((s.p[0] & 0xf0) == 0xe0) {
		n = 3;
		cp = s.p[0] & 0x0f;
	} else if (s.p[0] >= 0xf0 && s.p[0] <= 0xf4) {
		n = 4;
		cp = s.p[0] & 0x07;
	} else {
		return 1;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t next = cp << 6;

		if (i >= s.len || (s.p[i] & 0xc0) != 0x80)
			return i;
		next |= s.p[i] & 0x3f;
		cp = next;
		/* Cut where no valid character can come any more. */
		if (i == 1 && n == 3 && (cp < 0x20 || (cp >= 0x360 && cp <= 0x37f)))
			return 1;
		if (i == 1 && n == 4 && (cp < 0x10 || cp > 0x10f))
			return 1;
	}
	if (cp < least[n])
		return 1;
	*cp_out = cp;
	return n;
}

int utf8_valid(struct bytes s)
{
	while (s.len) {
		uint32_t cp;
		size_t n;

		if (s.p[0] < 0x80) {
			s.p++;
			s.len--;
			continue;
		}
		n = utf8_next(s, &cp);
		if (cp == 0xfffd
		    && !(n == 3 && s.p[0] == 0xef && s.p[1] == 0xbf
			 && s.p[2] == 0xbd))
			return 0;
		s.p += n;
		s.len -= n;
	}
	return 1;
}

int utf8_put(struct buf *out, uint32_t cp)
{
	uint8_t b[4];
	size_t n;

	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		b[0] = (uint8_t)cp;
		n = 1;
	} else if (cp < 0x800) {
		b[0] = (uint8_t)(0xc0 | cp >> 6);
		b[1] = (uint8_t)(0x80 | (cp & 0x3f));
		n = 2;
	} else if (cp < 0x10000) {
		b[0] = (uint8_t)(0xe0 | cp >> 12);
		b[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		b[2] = (uint8_t)(0x80 | (cp & 0x3f));
		n = 3;
	} else {
		b[0] = (uint8_t)(0xf0 | cp >> 18);
		b[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
		b[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		b[3] = (uint8_t)(0x80 | (cp & 0x3f));
		n = 4;
	}
	return buf_add(out, b, n);
}

int utf8_repair(struct buf *out, struct bytes s)
{
	while (s.len) {
		uint32_t cp;
		size_t n = utf8_next(s, &cp);

		utf8_put(out, cp);
		s.p += n;
		s.len -= n;
	}
	return out->failed;
}

int utf8_plain(struct buf *out, struct bytes s)
{
	while (s.len) {
		uint32_t cp;
		size_t n = utf8_next(s, &cp);

		if ((cp < 0x20 && cp != '\n' && cp != '\t')
		    || (cp >= 0x7f && cp < 0xa0)
		    || (cp >= 0x202a && cp <= 0x202e)
		    || (cp >= 0x2066 && cp <= 0x2069)
		    || cp == 0x200e || cp == 0x200f)
			cp = 0xfffd;
		utf8_put(out, cp);
		s.p += n;
		s.len -= n;
	}
	return out->failed;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/robots_match.h"

#include "parsers/url_percent.h"
#include "util/err.h"

int robots_glob(struct bytes pat, struct bytes path)
{
	size_t at = 0, from = 0;
	int anchored = pat.len && pat.p[pat.len - 1] == '$', first = 1;

	if (anchored)
		pat.len--;
	/* Pieces between stars: each at its first place behind the last one;
	 * a later place could never let the rest match where this one cannot. */
	for (size_t i = 0; i <= pat.len; i++) {
		struct bytes piece;
		int last = i == pat.len;

		if (!last && pat.p[i] != '*')
			continue;
		piece = BYTES(pat.p + from, i - from);
		from = i + 1;
		if (piece.len > path.len - at)
			return 0;
		if (first) {
			if (piece.len && memcmp(path.p, piece.p, piece.len) != 0)
				return 0;
			at = piece.len;
			first = 0;
			if (last && anchored && at != path.len)
				return 0;
		} else if (last && anchored) {
			/* The last piece ends the path. */
			if (piece.len && memcmp(path.p + path.len - piece.len,
						piece.p, piece.len) != 0)
				return 0;
		} else if (piece.len) {
			const uint8_t *hit = memmem(path.p + at, path.len - at,
						    piece.p, piece.len);

			if (!hit)
				return 0;
			at = (size_t)(hit - path.p) + piece.len;
		}
	}
	return 1;
}

static int unreserved(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("-._~", c));
}

static void add_hex(struct buf *out, uint8_t c)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t xx[3] = { '%', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15] };

	buf_add(out, xx, 3);
}

/*
 * spell - write s the way it is compared
 *   encode   octets outside ASCII as %XX
 *   decode   %XX of unreserved characters as the character
 */
static int spell(struct buf *out, struct bytes s, int encode, int decode)
{
	buf_clear(out);
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (c == '%' && s.len - i > 2 && url_hex(s.p[i + 1]) >= 0 &&
		    url_hex(s.p[i + 2]) >= 0) {
			c = (uint8_t)(url_hex(s.p[i + 1]) << 4 |
				      url_hex(s.p[i + 2]));
			i += 2;
			if (decode && unreserved(c))
				buf_addc(out, c);
			else
				add_hex(out, c);
		} else if (encode && c >= 0x80) {
			add_hex(out, c);
		} else {
			buf_addc(out, c);
		}
	}
	return out->failed;
}

int robots_path_init(struct robots_path *p, struct bytes target)
{
	size_t most = target.len * 3 + 1;

	if (target.len == 0)
		target = bytes_str("/");
	p->literal.max = p->normal.max = most;
	p->scratch[0].max = p->scratch[1].max = 1u << 20;
	/* A path spelt with raw octets only matches rules after normalisation:
	 * whoever wrote the rule meant the encoded form. */
	if (spell(&p->literal, target, 0, 0) < 0 ||
	    spell(&p->normal, target, 1, 1) < 0)
		return ERR_NOMEM;
	return 0;
}

void robots_path_release(struct robots_path *p)
{
	buf_release(&p->literal);
	buf_release(&p->normal);
	buf_release(&p->scratch[0]);
	buf_release(&p->scratch[1]);
}

int robots_path_match(struct robots_path *p, struct bytes pattern, int allow,
		      size_t *len_out)
{
	struct buf *literal = &p->scratch[0], *normal = &p->scratch[1];
	int a, b;

	if (spell(literal, pattern, 1, 0) < 0 || spell(normal, pattern, 1, 1) < 0)
		return ERR_NOMEM;
	*len_out = normal->len;
	a = robots_glob(buf_view(literal), buf_view(&p->literal));
	b = robots_glob(buf_view(normal), buf_view(&p->normal));
	return allow ? a && b : a || b;
}

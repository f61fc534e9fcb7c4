/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/mask.h"

#include "util/err.h"
#include "util/utf8.h"

#include <stdlib.h>

#define NIR_LEN 15
#define NIR_BARE 13
#define CARD_MIN 13
#define CARD_MAX 19
#define PHONE_LEN 10
#define RUN_MAX 512		/* characters looked at as one run */

/*
 * struct run - digits (and Corsica's letter) with single separators between
 *
 * (1) c[i] stands at at[i] of the text, i < n
 * (2) a group begins at i when first[i] is set; first[n] is set
 */
struct run {
	char c[RUN_MAX];
	size_t at[RUN_MAX];
	uint8_t first[RUN_MAX + 1];
	uint8_t hide[RUN_MAX];
	size_t n;
	int plus;		/* a '+' stands before it */
};

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* separator - bytes of one separator at p, or 0 */
static size_t separator(const uint8_t *p, size_t len)
{
	if (!len)
		return 0;
	if (*p == ' ' || *p == '-' || *p == '.' || *p == '/')
		return 1;
	if (len >= 2 && p[0] == 0xc2 && p[1] == 0xa0)	/* U+00A0 */
		return 2;
	if (len >= 3 && p[0] == 0xe2 && p[1] == 0x80 &&
	    (p[2] == 0xaf || p[2] == 0x89 || p[2] == 0x91 || p[2] == 0x93))
		return 3;	/* U+202F, U+2009, U+2011, U+2013 */
	return 0;
}

/* corsica - the A or B of a department behind the seventh character's 2 */
static int corsica(struct bytes s, size_t at)
{
	uint8_t c = s.p[at] & 0xdf;
	size_t next = at + 1;

	if ((c != 'A' && c != 'B') || at == 0 || s.p[at - 1] != '2')
		return 0;
	next += separator(s.p + next, s.len - next);
	return next < s.len && is_digit(s.p[next]);
}

/* take_run - read the run that begins at s.p[at]; returns where it ends */
static size_t take_run(struct bytes s, size_t at, struct run *r)
{
	int begin = 1;

	memset(r, 0, sizeof *r);
	r->plus = at > 0 && s.p[at - 1] == '+';
	while (at < s.len && r->n < RUN_MAX) {
		size_t sep;

		if (is_digit(s.p[at]) || (r->n && corsica(s, at))) {
			r->c[r->n] = (char)s.p[at];
			r->at[r->n] = at;
			r->first[r->n++] = (uint8_t)begin;
			begin = 0;
			at++;
			continue;
		}
		sep = separator(s.p + at, s.len - at);
		if (!sep || at + sep >= s.len || !is_digit(s.p[at + sep]))
			break;
		begin = 1;
		at += sep;
	}
	r->first[r->n] = 1;
	return at;
}

static unsigned two(const char *p)
{
	return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

static int all_digits(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit((uint8_t)p[i]))
			return 0;
	return 1;
}

/* nir_check - 1 when n (13 or 15) characters are a NIR */
static int nir_check(const char *p, size_t n)
{
	int island = !is_digit((uint8_t)p[6]);
	uint64_t v = 0;
	unsigned month;

	if (!strchr("123478", p[0]) || !all_digits(p + 1, 5) ||
	    (island && p[5] != '2') || !all_digits(p + 7, n - 7))
		return 0;
	month = two(p + 3);
	if (month == 0 || (month > 12 && month < 20) ||
	    (month > 42 && month < 50))
		return 0;
	if (!island && two(p + 5) == 0)
		return 0;
	if (!memcmp(p + 7, "000", 3) || !memcmp(p + 10, "000", 3))
		return 0;
	if (n == NIR_BARE)	/* no key to tell it by: a French department */
		return strchr("12", p[0]) && month <= 12 &&
		       (island || two(p + 5) <= 95 || two(p + 5) >= 97);
	for (size_t i = 0; i < NIR_BARE; i++) {
		unsigned d = (unsigned)(p[i] - '0');

		if (i == 6 && island)	/* 2A is 19, 2B is 18 */
			d = (p[i] & 0xdf) == 'A' ? 9 : 8;
		if (i == 5 && island)
			d = 1;
		v = v * 10 + d;
	}
	return 97 - v % 97 == two(p + NIR_BARE);
}

static int luhn(const char *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(p[n - 1 - i] - '0');

		if (i % 2 && (d *= 2) > 9)
			d -= 9;
		sum += d;
	}
	return sum % 10 == 0;
}

/*
 * card_shape - groups as on a card (four digits or more but for the last), or
 * all there is: else every row of small numbers would have cards in it
 */
static int card_shape(const struct run *r, size_t at, size_t n)
{
	size_t group = 0;

	if (at == 0 && n == r->n)
		return 1;
	for (size_t i = 0; i < n; i++) {
		if (i && r->first[at + i]) {
			if (group < 4)
				return 0;
			group = 0;
		}
		group++;
	}
	return 1;
}

static int card_check(const struct run *r, size_t at, size_t n)
{
	const char *p = r->c + at;
	size_t same = 1;

	if (!all_digits(p, n) || !card_shape(r, at, n) || !luhn(p, n))
		return 0;
	while (same < n && p[same] == p[0])
		same++;
	if (same == n || (n == 13 && !memcmp(p, "34009", 5)))
		return 0;
	/* E.164 has 15 digits at most; 00 stands for the plus. */
	if (r->plus && at == 0 && n <= 15)
		return 0;
	return !(p[0] == '0' && p[1] == '0' && n <= 15);
}

/* phone - characters of a French telephone number at i, or 0 */
static size_t phone(const struct run *r, size_t i)
{
	if (i + PHONE_LEN > r->n || !r->first[i + PHONE_LEN] ||
	    r->c[i] != '0' || r->c[i + 1] == '0' ||
	    !all_digits(r->c + i, PHONE_LEN))
		return 0;
	return PHONE_LEN;
}

static void hide(struct run *r, size_t at, size_t n, size_t head, size_t tail)
{
	for (size_t i = head; i < n - tail; i++)
		r->hide[at + i] = 1;
}

/* mark - hide the number that begins at i; returns its characters, or 0 */
static size_t mark(struct run *r, size_t i)
{
	size_t left = r->n - i, n;

	if (left >= NIR_LEN && r->first[i + NIR_LEN] &&
	    nir_check(r->c + i, NIR_LEN)) {
		hide(r, i, NIR_LEN, 1, 2);
		return NIR_LEN;
	}
	n = phone(r, i);
	if (n)
		return 0;
	for (n = left < CARD_MAX ? left : CARD_MAX; n >= CARD_MIN; n--) {
		if (!r->first[i + n] || !card_check(r, i, n))
			continue;
		hide(r, i, n, 6, 4);
		return n;
	}
	if (left >= NIR_BARE && r->first[i + NIR_BARE] &&
	    nir_check(r->c + i, NIR_BARE)) {
		hide(r, i, NIR_BARE, 1, 1);
		return NIR_BARE;
	}
	return 0;
}

int mask_text(struct bytes text, struct buf *out)
{
	struct run *r = NULL;
	size_t at = 0, kept = 0;
	int found = 0;

	while (at < text.len) {
		size_t end, i = 0;

		if (!is_digit(text.p[at])) {
			at++;
			continue;
		}
		if (!r && !(r = malloc(sizeof *r)))
			return out->failed = ERR_NOMEM;
		end = take_run(text, at, r);
		while (i < r->n) {
			size_t n = 0;

			if (r->first[i] && r->n - i >= NIR_BARE) {
				n = mark(r, i);
				found += n > 0;
				if (!n)
					n = phone(r, i);
			}
			i += n ? n : 1;
		}
		for (i = 0; i < r->n; i++) {
			if (!r->hide[i])
				continue;
			buf_addb(out, BYTES(text.p + kept, r->at[i] - kept));
			buf_addc(out, '*');
			kept = r->at[i] + 1;
		}
		at = end > at ? end : at + 1;
	}
	free(r);
	buf_addb(out, BYTES(text.p + kept, text.len - kept));
	return out->failed ? out->failed : found;
}

/* --- JSON ------------------------------------------------------------------ */

static int kept(const char *key)
{
	static const char *const keys[] = { "url", "post_id", "poster",
					    "published", "at", "kind" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(key, keys[i]))
			return 1;
	return 0;
}

/* A text masked, as a new value; NULL when nothing is to hide. */
static int masked(const json_t *value, json_t **out)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	int n;

	*out = NULL;
	n = mask_text(BYTES((const uint8_t *)json_string_value(value),
			    json_string_length(value)), &b);
	if (n > 0) {
		*out = json_stringn(buf_cstr(&b), b.len);
		if (!*out)
			n = ERR_NOMEM;
	}
	buf_wipe(&b);
	return n;
}

int mask_json(json_t *value, unsigned depth)
{
	const char *key;
	json_t *member, *new;
	size_t i;
	int n, sum = 0;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member) {
			if (kept(key))
				continue;
			new = NULL;
			if (json_is_string(member))
				n = masked(member, &new);
			else if (depth)
				n = mask_json(member, depth - 1);
			else
				n = 0, new = json_null();
			if (n >= 0 && new && json_object_set_new(value, key,
								 new) < 0)
				n = ERR_NOMEM;
			if (n < 0)
				return n;
			sum += n;
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member) {
			new = NULL;
			if (json_is_string(member))
				n = masked(member, &new);
			else if (depth)
				n = mask_json(member, depth - 1);
			else
				n = 0, new = json_null();
			if (n >= 0 && new && json_array_set_new(value, i, new)
					     < 0)
				n = ERR_NOMEM;
			if (n < 0)
				return n;
			sum += n;
		}
	}
	return sum;
}

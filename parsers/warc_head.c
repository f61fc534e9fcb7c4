/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading the heads of records.
 */
#include "parsers/warc.h"

#include "parsers/http.h"
#include "util/utf8.h"

#include <stdlib.h>

static const char *const type_names[] = {
	"", "warcinfo", "response", "request", "metadata", "resource",
	"revisit", "conversion", "continuation",
};

const char *warc_type_name(enum warc_type t)
{
	return type_names[t];
}

static int is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static struct bytes trim(struct bytes s)
{
	while (s.len && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* version - "WARC/1.1", "WARC/0.18"; 0 or ERR_FORMAT */
static int version(struct bytes s, struct warc_head *h)
{
	size_t i = 5;

	if (s.len < 8 || memcmp(s.p, "WARC/", 5) != 0)
		return ERR_FORMAT;
	while (i < s.len && is_digit(s.p[i]) && h->major < 100)
		h->major = h->major * 10 + (s.p[i++] - '0');
	if (i == 5 || i >= s.len || s.p[i++] != '.' || i >= s.len ||
	    !is_digit(s.p[i]))
		return ERR_FORMAT;
	while (i < s.len && is_digit(s.p[i]) && h->minor < 100)
		h->minor = h->minor * 10 + (s.p[i++] - '0');
	if (trim(BYTES(s.p + i, s.len - i)).len)
		h->odd |= WARC_ODD_VERSION;
	if (!(h->major == 1 && h->minor <= 1) &&
	    !(h->major == 0 && (h->minor == 17 || h->minor == 18)))
		h->odd |= WARC_ODD_VERSION;
	return 0;
}

/*
 * take_line - one line with the folds that belong to it, in place
 *   at    in and out
 *   last  set for the empty line
 * Returns 0 or ERR_DAMAGED.
 */
static int take_line(uint8_t *p, size_t n, size_t *at, int first,
		     struct bytes *line, struct warc_head *h)
{
	size_t from = *at, end;

	for (;;) {
		uint8_t *lf = *at < n ? memchr(p + *at, '\n', n - *at) : NULL;

		if (!lf)
			return ERR_DAMAGED;
		end = (size_t)(lf - p);
		*at = end + 1;
		/* A file that went through a text tool may have CR CR LF. */
		if (end == from || p[end - 1] != '\r' ||
		    (end - from > 1 && p[end - 2] == '\r'))
			h->odd |= WARC_ODD_LINE_END;
		while (end > from && p[end - 1] == '\r')
			end--;
		if (first || end == from || *at >= n || !is_space(p[*at]))
			break;
		h->odd |= WARC_ODD_FOLD;
		memset(p + end, ' ', *at - end);
	}
	*line = BYTES(p + from, end - from);
	return 0;
}

/* squeeze - a fold left a run of spaces: make it one; in place */
static struct bytes squeeze(struct bytes s, uint8_t *base)
{
	uint8_t *to = base + (s.p - base), *p = to;
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (is_space(p[i]) && n && to[n - 1] == ' ')
			continue;
		to[n++] = is_space(p[i]) ? ' ' : p[i];
	}
	return BYTES(to, n);
}

static void check_text(struct bytes s, struct warc_head *h)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			h->odd |= WARC_ODD_TEXT;
	}
	if (!utf8_valid(s))
		h->odd |= WARC_ODD_TEXT;
}

/* may_repeat - fields of other standards may; of this one a few may */
static int may_repeat(struct bytes name)
{
	if (http_name_eq(name, "WARC-Concurrent-To") ||
	    http_name_eq(name, "WARC-Protocol"))
		return 1;
	if (http_name_eq(name, "Content-Length") ||
	    http_name_eq(name, "Content-Type"))
		return 0;
	return name.len < 5 || !http_name_eq(BYTES(name.p, 5), "WARC-");
}

static int name_eq(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return 0;
	for (size_t i = 0; i < a.len; i++) {
		uint8_t x = a.p[i], y = b.p[i];

		x = x >= 'A' && x <= 'Z' ? (uint8_t)(x | 0x20) : x;
		y = y >= 'A' && y <= 'Z' ? (uint8_t)(y | 0x20) : y;
		if (x != y)
			return 0;
	}
	return 1;
}

static void take_field(struct bytes line, int folded, struct warc_head *h)
{
	struct warc_field f;
	size_t colon;

	for (colon = 0; colon < line.len && line.p[colon] != ':'; colon++)
		;
	if (colon == line.len || colon == 0) {
		h->odd |= WARC_ODD_LINE;
		return;
	}
	check_text(line, h);
	f.name = trim(BYTES(line.p, colon));
	f.value = trim(BYTES(line.p + colon + 1, line.len - colon - 1));
	if (folded)
		f.value = squeeze(f.value, h->text);
	for (size_t i = 0; i < h->fields && !may_repeat(f.name); i++) {
		if (name_eq(h->field[i].name, f.name))
			h->odd |= WARC_ODD_REPEAT;
	}
	h->field[h->fields++] = f;
}

static void known_fields(struct warc_head *h)
{
	struct bytes v = warc_get(h, "WARC-Type");

	for (size_t i = 1; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (http_name_eq(v, type_names[i]))
			h->type = (enum warc_type)i;
	}
	v = warc_get(h, "Content-Length");
	if (v.len == 0 || v.len > 18)
		return;
	for (size_t i = 0; i < v.len; i++) {
		if (!is_digit(v.p[i])) {
			h->length = 0;
			return;
		}
		h->length = h->length * 10 + (unsigned)(v.p[i] - '0');
	}
	h->has_length = 1;
}

int warc_head_parse(struct bytes in, struct warc_head *out, struct err *e)
{
	struct warc_head h = WARC_HEAD_INIT;
	size_t n = in.len < WARC_HEAD_MAX ? in.len : WARC_HEAD_MAX, at = 0;
	struct bytes line;
	int r = ERR_NOMEM;

	if (n < 5 || memcmp(in.p, "WARC/", 5) != 0)
		return err_set(e, ERR_FORMAT, "no WARC record here");
	h.text = malloc(n);
	h.field = calloc(WARC_FIELDS_MAX, sizeof(*h.field));
	if (!h.text || !h.field) {
		err_set(e, r, "out of memory");
		goto out;
	}
	memcpy(h.text, in.p, n);
	for (int first = 1; ; first = 0) {
		unsigned before = h.odd;
		int folded;

		h.odd &= ~(unsigned)WARC_ODD_FOLD;
		r = take_line(h.text, n, &at, first, &line, &h);
		if (r < 0) {
			r = n < in.len ? ERR_LIMIT : ERR_DAMAGED;
			err_set(e, r, r == ERR_LIMIT ? "record head too long" :
				"record head ends before its blank line");
			goto out;
		}
		folded = !!(h.odd & WARC_ODD_FOLD);
		h.odd |= before;
		if (first && version(line, &h) < 0) {
			r = err_set(e, ERR_FORMAT, "no WARC version line");
			goto out;
		}
		if (!first && line.len == 0)
			break;
		if (!first && h.fields == WARC_FIELDS_MAX) {
			r = err_set(e, ERR_LIMIT, "more than %d fields in a record",
				    WARC_FIELDS_MAX);
			goto out;
		}
		if (!first)
			take_field(line, folded, &h);
	}
	h.head_len = at;
	known_fields(&h);
	*out = h;
	return 0;
out:
	free(h.text);
	free(h.field);
	return r;
}

void warc_head_release(struct warc_head *h)
{
	if (!h)
		return;
	free(h->text);
	free(h->field);
	memset(h, 0, sizeof(*h));
}

struct bytes warc_get_next(const struct warc_head *h, const char *name,
			   size_t *at)
{
	while (*at < h->fields) {
		const struct warc_field *f = &h->field[(*at)++];

		if (http_name_eq(f->name, name))
			return f->value;
	}
	return BYTES(NULL, 0);
}

struct bytes warc_get(const struct warc_head *h, const char *name)
{
	size_t at = 0;

	return warc_get_next(h, name, &at);
}

struct bytes warc_uri(const struct warc_head *h, const char *name)
{
	struct bytes v = warc_get(h, name);

	if (v.len >= 2 && v.p[0] == '<' && v.p[v.len - 1] == '>') {
		v.p++;
		v.len -= 2;
	}
	return v;
}

int warc_is_http(const struct warc_head *h)
{
	static const char http[] = "application/http";
	struct bytes v = warc_get(h, "Content-Type");

	if (h->type != WARC_RESPONSE && h->type != WARC_REQUEST &&
	    h->type != WARC_REVISIT)
		return 0;
	if (v.len < sizeof(http) - 1)
		return 0;
	if (v.len > sizeof(http) - 1 && v.p[sizeof(http) - 1] != ';' &&
	    !is_space(v.p[sizeof(http) - 1]))
		return 0;
	v.len = sizeof(http) - 1;
	return http_name_eq(v, http);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/http.h"

#include <stdlib.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static int is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* is_token - RFC 9110 section 5.6.2 */
static int is_token(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct bytes trim(struct bytes s)
{
	while (s.len && (is_space(s.p[0]) || s.p[0] == '\r')) {
		s.p++;
		s.len--;
	}
	while (s.len && (is_space(s.p[s.len - 1]) || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

int http_name_eq(struct bytes a, const char *name)
{
	size_t i;

	for (i = 0; i < a.len && name[i]; i++) {
		if (lower(a.p[i]) != lower((uint8_t)name[i]))
			return 0;
	}
	return i == a.len && !name[i];
}

/* line_end - offset of the LF that ends the line at from, or n if none */
static size_t line_end(const uint8_t *p, size_t from, size_t n)
{
	const uint8_t *lf = from < n ? memchr(p + from, '\n', n - from) : NULL;

	return lf ? (size_t)(lf - p) : n;
}

/* line_text - where a line's text ends; what went through a text tool may
 * have more than one CR */
static size_t line_text(const uint8_t *p, size_t from, size_t lf,
			struct http_head *h)
{
	size_t end = lf;

	while (end > from && p[end - 1] == '\r')
		end--;
	if (lf - end != 1)
		h->odd |= HTTP_ODD_LINE_END;
	return end;
}

/* version - "HTTP/1.1", "HTTP/2"; returns what follows, or p NULL */
static struct bytes version(struct bytes s, struct http_head *h)
{
	if (s.len < 6 || memcmp(s.p, "HTTP/", 5) != 0 || !is_digit(s.p[5]))
		return BYTES(NULL, 0);
	h->major = s.p[5] - '0';
	s.p += 6;
	s.len -= 6;
	if (s.len >= 2 && s.p[0] == '.' && is_digit(s.p[1])) {
		h->minor = s.p[1] - '0';
		s.p += 2;
		s.len -= 2;
	} else {
		h->odd |= HTTP_ODD_STATUS;
	}
	return s;
}

static int status_line(struct bytes s, struct http_head *h)
{
	size_t spaces = 0;

	s = version(s, h);
	while (spaces < s.len && is_space(s.p[spaces]))
		spaces++;
	if (!s.p || spaces == 0 || s.len - spaces < 3)
		return ERR_FORMAT;
	s.p += spaces;
	s.len -= spaces;
	for (size_t i = 0; i < 3; i++) {
		if (!is_digit(s.p[i]))
			return ERR_FORMAT;
		h->status = h->status * 10 + (s.p[i] - '0');
	}
	if (h->status < 100 || (s.len > 3 && !is_space(s.p[3])))
		return ERR_FORMAT;
	if (spaces != 1 || s.len == 3 || s.p[3] != ' ')
		h->odd |= HTTP_ODD_STATUS;
	h->reason = trim(BYTES(s.p + 3, s.len - 3));
	return 0;
}

static int request_line(struct bytes s, struct http_head *h)
{
	size_t a, b;

	for (a = 0; a < s.len && is_token(s.p[a]); a++)
		;
	for (b = s.len; b > a && s.p[b - 1] != ' '; b--)
		;
	if (a == 0 || a >= s.len || s.p[a] != ' ' || b <= a + 2 ||
	    !version(BYTES(s.p + b, s.len - b), h).p)
		return ERR_FORMAT;
	h->method = BYTES(s.p, a);
	h->target = BYTES(s.p + a + 1, b - 1 - (a + 1));
	if (memchr(h->target.p, ' ', h->target.len))
		h->odd |= HTTP_ODD_STATUS;
	return 0;
}

static void field_line(struct bytes line, struct http_head *h)
{
	struct http_field f;
	size_t colon, end;

	for (colon = 0; colon < line.len && line.p[colon] != ':'; colon++)
		;
	for (end = colon; end > 0 && is_space(line.p[end - 1]); end--)
		;
	if (colon == line.len || end == 0) {
		h->odd |= HTTP_ODD_LINE;
		return;
	}
	for (size_t i = 0; i < end; i++) {
		if (!is_token(line.p[i])) {
			h->odd |= HTTP_ODD_LINE;
			return;
		}
	}
	if (end < colon)
		h->odd |= HTTP_ODD_SPACE;
	f.name = BYTES(line.p, end);
	f.value = trim(BYTES(line.p + colon + 1, line.len - colon - 1));
	for (size_t i = 0; i < f.value.len; i++) {
		uint8_t c = f.value.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			h->odd |= HTTP_ODD_BYTE;
	}
	h->field[h->fields++] = f;
}

/*
 * head_block - one head at in; ranges point into in, which folds change
 *   len_out   its bytes, blank line included
 */
static int head_block(uint8_t *in, size_t n, int request, struct http_head *h,
		      size_t *len_out, struct err *e)
{
	size_t at = 0, lines = 0;

	for (;;) {
		size_t lf = line_end(in, at, n), end;

		if (lf == n)
			return err_set(e, ERR_DAMAGED,
				       "HTTP head ends before its blank line");
		end = line_text(in, at, lf, h);
		if (end == at && lines > 0) {
			*len_out = lf + 1;
			return 0;
		}
		/* A fold: the next line begins with white space. */
		while (lines > 0 && lf + 1 < n && is_space(in[lf + 1])) {
			h->odd |= HTTP_ODD_FOLD;
			memset(in + end, ' ', lf + 1 - end);
			lf = line_end(in, lf + 1, n);
			if (lf == n)
				return err_set(e, ERR_DAMAGED,
					       "HTTP head ends in a folded line");
			end = line_text(in, at, lf, h);
		}
		if (lines == 0) {
			struct bytes first = BYTES(in + at, end - at);

			if ((request ? request_line(first, h) :
				       status_line(first, h)) < 0)
				return err_set(e, ERR_FORMAT,
					       "not an HTTP %s line",
					       request ? "request" : "status");
		} else if (h->fields == HTTP_FIELDS_MAX) {
			return err_set(e, ERR_LIMIT,
				       "more than %d fields in an HTTP head",
				       HTTP_FIELDS_MAX);
		} else {
			field_line(BYTES(in + at, end - at), h);
		}
		lines++;
		at = lf + 1;
	}
}

static int head_parse(struct bytes in, int request, struct http_head *out,
		      struct err *e)
{
	struct http_head h = HTTP_HEAD_INIT;
	size_t n = in.len < HTTP_HEAD_MAX ? in.len : HTTP_HEAD_MAX;
	size_t at = 0, len = 0;
	unsigned interim = 0, odd = 0;
	void *kept;
	int r = ERR_NOMEM;

	h.text = malloc(n + 1);
	h.field = calloc(HTTP_FIELDS_MAX, sizeof(*h.field));
	if (!h.text || !h.field) {
		err_set(e, r, "out of memory");
		goto out;
	}
	if (n)
		memcpy(h.text, in.p, n);
	h.text[n] = 0;
	for (;;) {
		h.fields = 0;
		h.status = 0;
		r = head_block(h.text + at, n - at, request, &h, &len, e);
		odd |= h.odd;
		if (r < 0)
			break;
		if (request || h.status >= 200 || h.status == 101)
			break;
		at += len;
		if (++interim > HTTP_INTERIM_MAX) {
			r = err_set(e, ERR_LIMIT, "more than %d interim heads",
				    HTTP_INTERIM_MAX);
			break;
		}
	}
	if (r == ERR_DAMAGED && in.len > n)
		r = err_set(e, ERR_LIMIT, "HTTP head longer than %u bytes",
			    HTTP_HEAD_MAX);
	if (r < 0)
		goto out;
	h.final_at = at;
	h.len = at + len;
	h.interim = interim;
	h.odd = odd;
	kept = realloc(h.field, (h.fields + 1) * sizeof(*h.field));
	if (kept)
		h.field = kept;
	*out = h;
	return 0;
out:
	free(h.text);
	free(h.field);
	return r;
}

int http_response_parse(struct bytes in, struct http_head *out, struct err *e)
{
	return head_parse(in, 0, out, e);
}

int http_request_parse(struct bytes in, struct http_head *out, struct err *e)
{
	return head_parse(in, 1, out, e);
}

void http_head_release(struct http_head *h)
{
	if (!h)
		return;
	free(h->text);
	free(h->field);
	memset(h, 0, sizeof(*h));
}

struct bytes http_get_next(const struct http_head *h, const char *name,
			   size_t *at)
{
	while (*at < h->fields) {
		const struct http_field *f = &h->field[(*at)++];

		if (http_name_eq(f->name, name))
			return f->value;
	}
	return BYTES(NULL, 0);
}

struct bytes http_get(const struct http_head *h, const char *name)
{
	size_t at = 0;

	return http_get_next(h, name, &at);
}

int http_get_list(const struct http_head *h, const char *name, struct buf *out)
{
	size_t at = 0;
	struct bytes v;

	for (int n = 0; (v = http_get_next(h, name, &at)).p; n++) {
		if (n)
			buf_adds(out, ", ");
		buf_addb(out, v);
	}
	return out->failed;
}

int http_list_next(struct bytes *rest, struct bytes *item)
{
	while (rest->len) {
		size_t i;
		int quoted = 0;

		for (i = 0; i < rest->len; i++) {
			uint8_t c = rest->p[i];

			if (quoted && c == '\\' && i + 1 < rest->len)
				i++;
			else if (c == '"')
				quoted = !quoted;
			else if (c == ',' && !quoted)
				break;
		}
		*item = trim(BYTES(rest->p, i));
		if (i < rest->len)
			i++;
		rest->p += i;
		rest->len -= i;
		if (item->len)
			return 1;
	}
	return 0;
}

static int number(struct bytes s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 18)
		return ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.p[i]))
			return ERR_FORMAT;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = v;
	return 0;
}

/* content_length - 1 with *out set, 0 when absent, or ERR_FORMAT */
static int content_length(const struct http_head *h, uint64_t *out)
{
	size_t at = 0;
	struct bytes v, item;
	int found = 0;

	while ((v = http_get_next(h, "content-length", &at)).p) {
		int any = 0;

		while (http_list_next(&v, &item)) {
			uint64_t n;

			if (number(item, &n) < 0 || (found && n != *out))
				return ERR_FORMAT;
			*out = n;
			found = any = 1;
		}
		if (!any)
			return ERR_FORMAT;
	}
	return found;
}

int http_body(const struct http_head *h, const char *method, uint64_t *len_out)
{
	struct bytes v, item, last = { NULL, 0 };
	size_t at = 0;
	uint64_t n = 0;
	int r;

	if (h->status / 100 == 1 || h->status == 204 || h->status == 304 ||
	    (method && strcmp(method, "HEAD") == 0))
		return HTTP_BODY_NONE;
	while ((v = http_get_next(h, "transfer-encoding", &at)).p) {
		while (http_list_next(&v, &item))
			last = item;
	}
	if (http_name_eq(last, "chunked"))
		return HTTP_BODY_CHUNKED;
	if (last.len && !http_name_eq(last, "identity"))
		return HTTP_BODY_CLOSE;
	r = content_length(h, &n);
	if (r < 0)
		return r;
	if (r && len_out)
		*len_out = n;
	return r ? HTTP_BODY_LENGTH : HTTP_BODY_CLOSE;
}

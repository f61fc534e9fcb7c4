/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/coding.h"

#include "parsers/coding_codec.h"

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * take_line - the line at *at, without its end
 * Returns 1, 0 when the body ends first, or ERR_LIMIT.
 */
static int take_line(struct bytes body, size_t *at, struct bytes *line,
		     unsigned *flags)
{
	size_t left = body.len - *at, n;
	const uint8_t *p = body.p + *at, *lf;

	lf = left ? memchr(p, '\n', left < CODING_CHUNK_LINE_MAX ?
				    left : CODING_CHUNK_LINE_MAX) : NULL;
	if (!lf)
		return left < CODING_CHUNK_LINE_MAX ? 0 : ERR_LIMIT;
	n = (size_t)(lf - p);
	*at += n + 1;
	if (n && p[n - 1] == '\r')
		n--;
	else
		*flags |= CODING_ODD;
	*line = BYTES(p, n);
	return 1;
}

/* chunk_size - "1a2b ; extension"; returns 0 or ERR_FORMAT */
static int chunk_size(struct bytes line, uint64_t *size)
{
	size_t i = 0;

	*size = 0;
	for (; i < line.len && hex(line.p[i]) >= 0; i++) {
		if (*size >> 56)
			return ERR_FORMAT;
		*size = *size << 4 | (unsigned)hex(line.p[i]);
	}
	if (i == 0)
		return ERR_FORMAT;
	while (i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i == line.len || line.p[i] == ';' ? 0 : ERR_FORMAT;
}

static int buf_limit(const struct buf *out, struct err *e)
{
	if (out->failed == ERR_NOMEM)
		return err_set(e, ERR_NOMEM, "out of memory");
	return err_set(e, ERR_LIMIT, "decoded body larger than %zu bytes",
		       out->max);
}

/* add_limited - append what still fits; 0, ERR_LIMIT or ERR_NOMEM */
static int add_limited(struct buf *out, const uint8_t *p, size_t n,
		       struct err *e)
{
	size_t room = out->max - out->len, take = n < room ? n : room;

	if (buf_add(out, p, take) < 0 || take < n)
		return buf_limit(out, e);
	return 0;
}

static int trailer_part(struct bytes body, size_t *at, struct buf *trailers,
			unsigned *flags, struct err *e)
{
	size_t total = 0;

	for (;;) {
		struct bytes line;
		size_t from = *at;
		int r = take_line(body, at, &line, flags);

		if (r == 0) {
			*flags |= CODING_TRUNCATED;
			*at = body.len;
			return 0;
		}
		total += *at - from;
		if (r < 0 || total > HTTP_HEAD_MAX)
			return err_set(e, ERR_LIMIT, "chunked trailers too long");
		if (line.len == 0)
			return 0;
		if (trailers)
			buf_add(trailers, body.p + from, *at - from);
	}
}

int coding_dechunk(struct bytes body, struct buf *out, struct buf *trailers,
		   unsigned *flags, struct err *e)
{
	size_t at = 0;
	int r;

	*flags = body.len ? 0 : CODING_TRUNCATED;
	if (body.len == 0)
		return 0;
	for (;;) {
		struct bytes line;
		size_t from = at, take;
		uint64_t size;

		r = take_line(body, &at, &line, flags);
		if (r == 0) {
			*flags |= CODING_TRUNCATED;
			return 0;
		}
		if (r < 0)
			return err_set(e, r, "chunk size line at byte %zu too long",
				       from);
		if (chunk_size(line, &size) < 0)
			return err_set(e, ERR_FORMAT,
				       "no chunk size at byte %zu of the body", from);
		if (size == 0)
			break;
		take = body.len - at;
		if (size < take)
			take = (size_t)size;
		r = add_limited(out, body.p + at, take, e);
		if (r < 0)
			return r;
		at += take;
		if (take < size || at == body.len ||
		    (body.p[at] == '\r' && at + 1 == body.len)) {
			*flags |= CODING_TRUNCATED;
			return 0;
		}
		if (body.p[at] == '\r' && body.p[at + 1] == '\n') {
			at += 2;
		} else if (body.p[at] == '\n') {
			*flags |= CODING_ODD;
			at++;
		} else {
			return err_set(e, ERR_FORMAT,
				       "chunk does not end at byte %zu of the body",
				       at);
		}
	}
	r = trailer_part(body, &at, trailers, flags, e);
	if (r == 0 && at < body.len)
		*flags |= CODING_TRAILING;
	return r;
}

int coding_decode(struct bytes name, struct bytes in,
		  const struct coding_limits *limits, struct buf *out,
		  unsigned *flags, struct err *e)
{
	static const struct coding_limits standard = CODING_LIMITS_INIT;
	const char *text;
	int r;

	if (!limits)
		limits = &standard;
	*flags = 0;
	if (http_name_eq(name, "identity")) {
		return add_limited(out, in.p, in.len, e);
	} else if (http_name_eq(name, "chunked")) {
		return coding_dechunk(in, out, NULL, flags, e);
	} else if (http_name_eq(name, "gzip") || http_name_eq(name, "x-gzip")) {
		text = "gzip";
		r = codec_gzip(in, limits->ratio_max, out, flags);
	} else if (http_name_eq(name, "deflate")) {
		text = "deflate";
		r = codec_deflate(in, limits->ratio_max, out, flags);
	} else if (http_name_eq(name, "br")) {
		text = "brotli";
		r = codec_brotli(in, limits->ratio_max, out, flags);
	} else if (http_name_eq(name, "zstd")) {
		text = "zstd";
		r = codec_zstd(in, limits->ratio_max, out, flags);
	} else {
		return err_set(e, ERR_UNSUPPORTED, "unknown coding '%.*s'",
			       (int)(name.len < 40 ? name.len : 40),
			       (const char *)name.p);
	}
	if (r == ERR_NOMEM)
		return err_set(e, r, "out of memory");
	if (r == ERR_LIMIT && out->len < out->max)
		return err_set(e, r, "%s body grows more than %u times", text,
			       limits->ratio_max);
	if (r == ERR_LIMIT)
		return buf_limit(out, e);
	if (r < 0)
		return err_set(e, r, "corrupt %s data", text);
	return 0;
}

/* codings - the names in a field's values, in order; ERR_LIMIT: too many */
static int codings(const struct http_head *h, const char *field,
		   struct bytes name[static CODING_STACK_MAX], size_t *count)
{
	struct bytes v, item;
	size_t at = 0, n = 0;

	while ((v = http_get_next(h, field, &at)).p) {
		while (http_list_next(&v, &item)) {
			/* Parameters: "gzip;q=1" has been seen. */
			const uint8_t *semi = memchr(item.p, ';', item.len);

			if (semi)
				item.len = (size_t)(semi - item.p);
			while (item.len && item.p[item.len - 1] == ' ')
				item.len--;
			if (http_name_eq(item, "identity"))
				continue;
			if (n == CODING_STACK_MAX)
				return ERR_LIMIT;
			name[n++] = item;
		}
	}
	*count = n;
	return 0;
}

static int undo(const struct http_head *h, const char *field, struct bytes in,
		const struct coding_limits *limits, struct buf *out,
		unsigned *flags, struct err *e)
{
	struct bytes name[CODING_STACK_MAX];
	struct buf a = BUF_INIT(out->max), b = BUF_INIT(out->max);
	struct buf *from = &a, *to = &b;
	size_t n = 0;
	int r;

	*flags = 0;
	r = codings(h, field, name, &n);
	if (r < 0)
		return err_set(e, r, "more than %d codings in %s",
			       CODING_STACK_MAX, field);
	if (n == 0)
		return add_limited(out, in.p, in.len, e);
	while (n > 0) {
		unsigned f;

		n--;
		buf_clear(to);
		r = coding_decode(name[n], in, limits, n ? to : out, &f, e);
		*flags |= f;
		if (r < 0) {
			/* What came out of an inner coding is of no use. */
			break;
		}
		in = buf_view(to);
		to = from;
		from = to == &a ? &b : &a;
	}
	buf_release(&a);
	buf_release(&b);
	return r;
}

int coding_payload(const struct http_head *h, struct bytes body,
		   const struct coding_limits *limits, struct buf *out,
		   unsigned *flags, struct err *e)
{
	return undo(h, "transfer-encoding", body, limits, out, flags, e);
}

int coding_content(const struct http_head *h, struct bytes payload,
		   const struct coding_limits *limits, struct buf *out,
		   unsigned *flags, struct err *e)
{
	return undo(h, "content-encoding", payload, limits, out, flags, e);
}

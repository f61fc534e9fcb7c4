/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/json.h"

#include "util/utf8.h"

/* Depth is checked on the text: jansson's own limit is fixed at its build. */
static int depth_ok(struct bytes t, unsigned max)
{
	unsigned depth = 0;
	int in_string = 0;

	for (size_t i = 0; i < t.len; i++) {
		uint8_t c = t.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = 0;
		} else if (c == '"') {
			in_string = 1;
		} else if (c == '{' || c == '[') {
			if (++depth > max)
				return 0;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return 1;
}

int json_read(struct bytes text, size_t max_len, unsigned max_depth,
	      json_t **out, struct err *e)
{
	json_error_t je;
	json_t *v;

	if (text.len > max_len)
		return err_set(e, ERR_LIMIT,
			       "JSON of %zu bytes is longer than %zu",
			       text.len, max_len);
	if (!depth_ok(text, max_depth))
		return err_set(e, ERR_LIMIT, "JSON nests deeper than %u",
			       max_depth);
	v = json_loadb((const char *)text.p, text.len,
		       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (!v)
		return err_set(e, ERR_FORMAT, "bad JSON at byte %d: %s",
			       je.position, je.text);
	*out = v;
	return 0;
}

int json_read_record(struct bytes text, json_t **out, struct err *e)
{
	return json_read(text, JSON_TEXT_MAX, JSON_DEPTH_MAX, out, e);
}

int json_want_str(const json_t *obj, const char *key, const char **str_out,
		  struct err *e)
{
	const char *s = json_string_value(json_object_get(obj, key));

	if (!s)
		return err_set(e, ERR_FORMAT, "no text under '%s'", key);
	*str_out = s;
	return 0;
}

int json_want_int(const json_t *obj, const char *key, int64_t *int_out,
		  struct err *e)
{
	const json_t *v = json_object_get(obj, key);

	if (!json_is_integer(v))
		return err_set(e, ERR_FORMAT, "no whole number under '%s'",
			       key);
	*int_out = json_integer_value(v);
	return 0;
}

const char *json_opt_str(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

static void put_string(struct buf *out, struct bytes s)
{
	size_t done = 0, i = 0;

	buf_addc(out, '"');
	while (i < s.len) {
		uint8_t c = s.p[i];
		uint32_t cp;
		size_t n;

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			i++;
			continue;
		}
		if (c >= 0x80) {
			n = utf8_next(BYTES(s.p + i, s.len - i), &cp);
			if (cp != 0xfffd || (n == 3 && c == 0xef)) {
				i += n;
				continue;
			}
		} else {
			n = 1;
			cp = c;
		}
		buf_add(out, s.p + done, i - done);
		if (cp == 0xfffd)
			utf8_put(out, cp);
		else if (cp == '\n')
			buf_adds(out, "\\n");
		else if (cp == '"' || cp == '\\')
			buf_addf(out, "\\%c", (int)cp);
		else
			buf_addf(out, "\\u%04x", (unsigned)cp);
		i += n;
		done = i;
	}
	buf_add(out, s.p + done, i - done);
	buf_addc(out, '"');
}

static void lead(struct jsonw *w, const char *key)
{
	uint64_t bit = (uint64_t)1 << w->depth;

	if (!(w->first & bit))
		buf_addc(w->out, ',');
	w->first &= ~bit;
	if (key) {
		put_string(w->out, bytes_str(key));
		buf_addc(w->out, ':');
	}
}

void jsonw_open(struct jsonw *w, const char *key, char bracket)
{
	lead(w, key);
	buf_addc(w->out, (uint8_t)bracket);
	if (++w->depth > 62) {
		w->out->failed = ERR_RANGE;
		w->depth = 62;
	}
	w->first |= (uint64_t)1 << w->depth;
}

void jsonw_close(struct jsonw *w, char bracket)
{
	buf_addc(w->out, (uint8_t)bracket);
	if (w->depth)
		w->depth--;
}

void jsonw_bytes(struct jsonw *w, const char *key, struct bytes s)
{
	lead(w, key);
	put_string(w->out, s);
}

void jsonw_str(struct jsonw *w, const char *key, const char *s)
{
	if (s)
		jsonw_bytes(w, key, bytes_str(s));
	else
		jsonw_null(w, key);
}

void jsonw_hex(struct jsonw *w, const char *key, const uint8_t *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	lead(w, key);
	buf_addc(w->out, '"');
	for (size_t i = 0; i < n; i++) {
		buf_addc(w->out, (uint8_t)hex[p[i] >> 4]);
		buf_addc(w->out, (uint8_t)hex[p[i] & 15]);
	}
	buf_addc(w->out, '"');
}

void jsonw_int(struct jsonw *w, const char *key, int64_t v)
{
	lead(w, key);
	buf_addf(w->out, "%lld", (long long)v);
}

void jsonw_bool(struct jsonw *w, const char *key, int v)
{
	lead(w, key);
	buf_adds(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	lead(w, key);
	buf_adds(w->out, "null");
}

void jsonw_raw(struct jsonw *w, const char *key, struct bytes json)
{
	lead(w, key);
	buf_addb(w->out, json);
}

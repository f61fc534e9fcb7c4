/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The look-up key of a CDXJ line, spelt as the replay tools spell it.
 */
#include "parsers/url.h"
#include "parsers/url_percent.h"

#include <stdlib.h>

struct param {
	struct bytes name;	/* raw, still encoded */
	struct bytes value;
	size_t order;
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* form_decode - '+' is a space, %XX a byte, all in lower case */
static int form_decode(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && s.len - i > 2 &&
			   url_hex(s.p[i + 1]) >= 0 && url_hex(s.p[i + 2]) >= 0) {
			c = (uint8_t)(url_hex(s.p[i + 1]) << 4 |
				      url_hex(s.p[i + 2]));
			i += 2;
			buf_addc(out, c);
			continue;
		}
		buf_addc(out, lower(c));
	}
	return out->failed;
}

static int form_encode(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == ' ')
			buf_addc(out, '+');
		else
			url_percent_encode(out, URL_SET_FORM, BYTES(s.p + i, 1));
	}
	return out->failed;
}

static int param_cmp(const void *pa, const void *pb)
{
	const struct param *a = pa, *b = pb;
	size_t n = a->name.len < b->name.len ? a->name.len : b->name.len;
	int c = n ? memcmp(a->name.p, b->name.p, n) : 0;

	if (c)
		return c;
	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int sorted_query(struct buf *out, struct bytes query)
{
	struct buf text = BUF_INIT(URL_MAX);
	struct param *list = NULL;
	size_t n = 0, from = 0, most = 1;
	int r = 0;

	for (size_t i = 0; i < query.len; i++)
		most += query.p[i] == '&';
	list = calloc(most, sizeof(*list));
	/* Decoding never grows: reserve once, so that ranges stay put. */
	if (!list || !buf_room(&text, query.len)) {
		r = ERR_NOMEM;
		goto out;
	}
	for (size_t i = 0; i <= query.len; i++) {
		struct bytes name, value = { NULL, 0 };
		size_t eq, mark;

		if (i < query.len && query.p[i] != '&')
			continue;
		for (eq = from; eq < i && query.p[eq] != '='; eq++)
			;
		name = BYTES(query.p + from, eq - from);
		if (eq < i)
			value = BYTES(query.p + eq + 1, i - eq - 1);
		if (i > from) {
			mark = text.len;
			form_decode(&text, name);
			list[n].name = BYTES(text.p + mark, text.len - mark);
			mark = text.len;
			form_decode(&text, value);
			list[n].value = BYTES(text.p + mark, text.len - mark);
			list[n].order = n;
			n++;
		}
		from = i + 1;
	}
	qsort(list, n, sizeof(*list), param_cmp);
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, i ? '&' : '?');
		form_encode(out, list[i].name);
		buf_addc(out, '=');
		form_encode(out, list[i].value);
	}
	r = out->failed;
out:
	free(list);
	buf_release(&text);
	return r;
}

/* without_www - cut a leading "www.", "www2." … */
static struct bytes without_www(struct bytes host)
{
	size_t i = 3;

	if (host.len < 4 || memcmp(host.p, "www", 3) != 0)
		return host;
	while (i < host.len && host.p[i] >= '0' && host.p[i] <= '9')
		i++;
	if (i + 1 >= host.len || host.p[i] != '.')
		return host;
	return BYTES(host.p + i + 1, host.len - i - 1);
}

int url_surt(const struct url *u, struct buf *out)
{
	struct bytes host = without_www(u->host);

	if (!url_is_http(u))
		return buf_add(out, u->href, u->len);
	for (size_t end = host.len, i = host.len; ; i--) {
		if (i > 0 && host.p[i - 1] != '.')
			continue;
		buf_add(out, host.p + i, end - i);
		if (i == 0)
			break;
		buf_addc(out, ',');
		end = i - 1;
	}
	if (u->port >= 0)
		buf_addf(out, ":%d", u->port);
	buf_addc(out, ')');
	for (size_t i = 0; i < u->path.len; i++)
		buf_addc(out, lower(u->path.p[i]));
	if (u->query.len)
		return sorted_query(out, u->query);
	return out->failed;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/tme_text.h"
#include "tests/server/tme.h"
#include "util/utf8.h"

#include <stdio.h>
#include <string.h>

void tme_escape(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		switch (s.p[i]) {
		case '&': buf_adds(out, "&amp;"); break;
		case '<': buf_adds(out, "&lt;"); break;
		case '>': buf_adds(out, "&gt;"); break;
		case '"': buf_adds(out, "&quot;"); break;
		case '\'': buf_adds(out, "&#39;"); break;
		case '!': buf_adds(out, "&#33;"); break;
		default: buf_addc(out, s.p[i]);
		}
}

static int is_emoji(uint32_t c)
{
	return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf) ||
	       c == 0x2b50 || c == 0x203c || (c >= 0x231a && c <= 0x23ff);
}

/* The length of one emoji at s, with what joins to it; 0 when there is none. */
static size_t emoji_len(struct bytes s)
{
	uint32_t c;
	size_t n = utf8_next(s, &c), k;
	int flag;

	if (!n || !is_emoji(c))
		return 0;
	flag = c >= 0x1f1e6 && c <= 0x1f1ff;
	for (;;) {
		struct bytes rest = BYTES(s.p + n, s.len - n);

		k = utf8_next(rest, &c);
		if (!k)
			return n;
		if (flag && c >= 0x1f1e6 && c <= 0x1f1ff) {
			flag = 0;
			n += k;
		} else if (c == 0xfe0f || (c >= 0x1f3fb && c <= 0x1f3ff)) {
			n += k;
		} else if (c == 0x200d) {
			n += k;
			rest = BYTES(s.p + n, s.len - n);
			n += utf8_next(rest, &c);
		} else {
			return n;
		}
	}
}

void tme_emoji(struct buf *out, struct bytes e)
{
	buf_adds(out, "<i class=\"emoji\" style=\"background-image:"
		 "url('//telegram.org/img/emoji/40/");
	for (size_t i = 0; i < e.len; i++)
		buf_addf(out, "%02X", e.p[i]);
	buf_adds(out, ".png')\"><b>");
	buf_addb(out, e);
	buf_adds(out, "</b></i>");
}

static int is_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

static size_t name_len(struct bytes s)
{
	size_t n = 0;

	while (n < s.len && is_name(s.p[n]))
		n++;
	return n;
}

static size_t url_len(struct bytes s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] > ' ' && s.p[n] != ')' && s.p[n] != '*')
		n++;
	while (n && (s.p[n - 1] == '.' || s.p[n - 1] == ','))
		n--;
	return n;
}

static int starts(struct bytes s, const char *w)
{
	return s.len >= strlen(w) && !memcmp(s.p, w, strlen(w));
}

static void link_seen(struct tme_links *l, struct bytes u)
{
	if (!l || l->n == sizeof(l->v) / sizeof(l->v[0]))
		return;
	for (size_t i = 0; i < l->n; i++)
		if (bytes_eq(l->v[i], u))
			return;
	l->v[l->n++] = u;
}

static void percent(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x80 && is_name(s.p[i]))
			buf_addc(out, s.p[i]);
		else
			buf_addf(out, "%%%02X", s.p[i]);
}

/* Links with a label carry their address escaped once more than needed. */
static size_t labelled(struct buf *h, struct buf *t, struct tme_links *l,
		       struct bytes s)
{
	const uint8_t *mid = memmem(s.p, s.len, "](", 2);
	const uint8_t *end = mid ? memchr(mid, ')', s.len - (size_t)(mid - s.p)) :
				   NULL;
	struct buf once = BUF_INIT(4096);
	struct bytes label, url;

	if (!end)
		return 0;
	label = BYTES(s.p + 1, (size_t)(mid - s.p) - 1);
	url = BYTES(mid + 2, (size_t)(end - mid) - 2);
	if (h) {
		tme_escape(&once, url);
		buf_adds(h, "<a href=\"");
		tme_escape(h, buf_view(&once));
		buf_adds(h, "\" target=\"_blank\" rel=\"noopener\" onclick=\""
			 "return confirm('Open this link?\\n\\n'+this.href);\">");
		tme_escape(h, label);
		buf_adds(h, "</a>");
	}
	if (t)
		buf_addb(t, label);
	link_seen(l, url);
	buf_release(&once);
	return (size_t)(end - s.p) + 1;
}

static size_t special(struct buf *h, struct buf *t, struct tme_links *l,
		      struct bytes s, int after_space, struct buf *urls)
{
	struct bytes w;
	size_t n;

	if (starts(s, "https://") || starts(s, "http://")) {
		w = BYTES(s.p, url_len(s));
		if (h) {
			buf_adds(h, "<a href=\"");
			tme_escape(h, w);
			buf_adds(h, "\" target=\"_blank\" rel=\"noopener\">");
			tme_escape(h, w);
			buf_adds(h, "</a>");
		}
		if (t)
			buf_addb(t, w);
		link_seen(l, w);
		return w.len;
	}
	if (!after_space || s.len < 2)
		return 0;
	n = name_len(BYTES(s.p + 1, s.len - 1));
	if (!n)
		return 0;
	w = BYTES(s.p + 1, n);
	if (s.p[0] == '@') {
		size_t at = urls->len;

		if (l)
			buf_addf(urls, "https://t.me/%.*s", (int)n,
				 (const char *)w.p);
		if (h)
			buf_addf(h, "<a href=\"https://t.me/%.*s\" target="
				 "\"_blank\">@%.*s</a>", (int)n,
				 (const char *)w.p, (int)n, (const char *)w.p);
		if (l && !urls->failed)
			link_seen(l, BYTES(urls->p + at, urls->len - at));
	} else if (s.p[0] == '#') {
		if (h) {
			buf_adds(h, "<a href=\"?q=%23");
			percent(h, w);
			buf_addf(h, "\">#%.*s</a>", (int)n, (const char *)w.p);
		}
	} else {
		return 0;
	}
	if (t)
		buf_add(t, s.p, n + 1);
	return n + 1;
}

static const struct {
	char mark;
	const char *open, *close;
} marks[] = {
	{ '*', "<b>", "</b>" },
	{ '~', "<i>", "</i>" },
	{ '|', "<tg-spoiler>", "</tg-spoiler>" },
	{ '`', "<code>", "</code>" },
};

void tme_rich(struct buf *h, struct buf *t, struct tme_links *l,
	      struct buf *urls, const char *markup)
{
	struct bytes s = bytes_str(markup);
	unsigned open = 0;

	for (size_t i = 0, n; i < s.len; i += n) {
		struct bytes rest = BYTES(s.p + i, s.len - i);
		int sp = i == 0 || strchr(" \n(:*|{", s.p[i - 1]) != NULL;
		size_t m;

		n = rest.p[0] == '[' ? labelled(h, t, l, rest) : 0;
		if (!n)
			n = special(h, t, l, rest, sp, urls);
		if (n)
			continue;
		n = emoji_len(rest);
		if (n) {
			if (h)
				tme_emoji(h, BYTES(rest.p, n));
			if (t)
				buf_add(t, rest.p, n);
			continue;
		}
		n = 1;
		for (m = 0; m < 4 && marks[m].mark != rest.p[0]; m++)
			;
		if (m < 4) {
			if (h)
				buf_adds(h, open & 1u << m ? marks[m].close :
							    marks[m].open);
			open ^= 1u << m;
		} else if (rest.p[0] == '{' || rest.p[0] == '}') {
			if (h)
				buf_adds(h, rest.p[0] == '{' ? "<blockquote>" :
							"</blockquote>");
			/* A block begins a line, and so does what follows it. */
			if (t && (rest.p[0] == '{' ? t->len > 0 : rest.len > 1))
				buf_addc(t, '\n');
		} else if (rest.p[0] == '\n') {
			if (h)
				buf_adds(h, "<br/>");
			if (t)
				buf_addc(t, '\n');
		} else {
			if (h)
				tme_escape(h, BYTES(rest.p, 1));
			if (t)
				buf_addc(t, rest.p[0]);
		}
	}
	for (size_t m = 4; m-- > 0;)
		if (h && open & 1u << m)
			buf_adds(h, marks[m].close);
}

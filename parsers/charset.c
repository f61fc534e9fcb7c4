/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/charset.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <strings.h>

#define SNIFF 1024
#define STEP 512		/* output bytes between two marks */

/*
 * Labels (WHATWG Encoding, section 4.2) to what decodes them.  The first name
 * is what a page says, the second what we call it, the third the C library's.
 */
static const struct label {
	const char *said, *name, *codec;
} labels[] = {
	{ "utf-8", "utf-8", NULL }, { "utf8", "utf-8", NULL },
	{ "unicode-1-1-utf-8", "utf-8", NULL },
	{ "ascii", "windows-1252", "CP1252" },
	{ "us-ascii", "windows-1252", "CP1252" },
	{ "iso-8859-1", "windows-1252", "CP1252" },
	{ "iso8859-1", "windows-1252", "CP1252" },
	{ "latin1", "windows-1252", "CP1252" },
	{ "l1", "windows-1252", "CP1252" },
	{ "cp1252", "windows-1252", "CP1252" },
	{ "windows-1252", "windows-1252", "CP1252" },
	{ "iso-8859-2", "iso-8859-2", "ISO-8859-2" },
	{ "latin2", "iso-8859-2", "ISO-8859-2" },
	{ "iso-8859-5", "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-7", "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-9", "windows-1254", "CP1254" },
	{ "latin5", "windows-1254", "CP1254" },
	{ "iso-8859-15", "iso-8859-15", "ISO-8859-15" },
	{ "latin9", "iso-8859-15", "ISO-8859-15" },
	{ "windows-1250", "windows-1250", "CP1250" },
	{ "cp1250", "windows-1250", "CP1250" },
	{ "windows-1251", "windows-1251", "CP1251" },
	{ "cp1251", "windows-1251", "CP1251" },
	{ "windows-1253", "windows-1253", "CP1253" },
	{ "windows-1254", "windows-1254", "CP1254" },
	{ "windows-1255", "windows-1255", "CP1255" },
	{ "windows-1256", "windows-1256", "CP1256" },
	{ "windows-1257", "windows-1257", "CP1257" },
	{ "windows-1258", "windows-1258", "CP1258" },
	{ "koi8-r", "koi8-r", "KOI8-R" }, { "koi8-u", "koi8-u", "KOI8-U" },
	{ "ibm866", "ibm866", "CP866" }, { "cp866", "ibm866", "CP866" },
	{ "macintosh", "macintosh", "MACINTOSH" },
	{ "gbk", "gbk", "GB18030" }, { "gb2312", "gbk", "GB18030" },
	{ "gb18030", "gb18030", "GB18030" },
	{ "big5", "big5", "BIG5-HKSCS" },
	{ "big5-hkscs", "big5", "BIG5-HKSCS" },
	{ "shift_jis", "shift_jis", "CP932" },
	{ "shift-jis", "shift_jis", "CP932" },
	{ "x-sjis", "shift_jis", "CP932" },
	{ "windows-31j", "shift_jis", "CP932" },
	{ "euc-jp", "euc-jp", "EUC-JP" },
	{ "iso-2022-jp", "iso-2022-jp", "ISO-2022-JP" },
	{ "euc-kr", "euc-kr", "CP949" },
	{ "ks_c_5601-1987", "euc-kr", "CP949" },
	{ "utf-16", "utf-16le", "UTF-16LE" },
	{ "utf-16le", "utf-16le", "UTF-16LE" },
	{ "utf-16be", "utf-16be", "UTF-16BE" },
};
#define LABELS (sizeof(labels) / sizeof(labels[0]))

/* windows-1252, 0x80 to 0x9f (WHATWG index: holes map to themselves). */
static const uint16_t high1252[32] = {
	0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
};

/* Converters opened ahead of a sandbox, kept for the life of the process. */
static iconv_t ready[LABELS];
static int ready_set;

void charset_preload(void)
{
	if (ready_set)
		return;
	for (size_t i = 0; i < LABELS; i++) {
		ready[i] = (iconv_t)-1;
		if (labels[i].codec && strcmp(labels[i].codec, "CP1252") != 0)
			ready[i] = iconv_open("UTF-8", labels[i].codec);
	}
	ready_set = 1;
}

static iconv_t borrow(const char *codec, int *owned)
{
	*owned = 0;
	for (size_t i = 0; ready_set && i < LABELS; i++)
		if (labels[i].codec == codec && ready[i] != (iconv_t)-1)
			return ready[i];
	*owned = 1;
	return iconv_open("UTF-8", codec);
}

static const struct label *lookup(const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	for (size_t i = 0; i < LABELS; i++)
		if (strlen(labels[i].said) == n &&
		    !strncasecmp(labels[i].said, s, n))
			return &labels[i];
	return NULL;
}

/* "text/html; charset=utf-8", or the charset alone */
static const struct label *from_header(const char *v)
{
	const char *p = v, *end;

	for (; *p; p++)
		if (!strncasecmp(p, "charset", 7)) {
			p += 7;
			while (*p == ' ' || *p == '\t')
				p++;
			if (*p != '=')
				continue;
			p++;
			while (*p == ' ' || *p == '"' || *p == '\'')
				p++;
			end = p;
			while (*end && !strchr(" \t;\"'", *end))
				end++;
			return lookup(p, (size_t)(end - p));
		}
	return strchr(v, '/') ? NULL : lookup(v, strlen(v));
}

/* charset= inside a <meta>, encoding= inside an XML declaration */
static const struct label *from_text(struct bytes b)
{
	const char *s = (const char *)b.p;
	size_t n = b.len < SNIFF ? b.len : SNIFF;
	int inside = 0;
	char quote = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		size_t key = 0, j;

		if (s[i] == '<') {
			inside = i + 6 < n &&
				 (!strncasecmp(s + i, "<meta", 5) ||
				  !strncasecmp(s + i, "<?xml", 5));
			if (i + 4 < n && !strncmp(s + i, "<!--", 4)) {
				while (i + 2 < n && strncmp(s + i, "-->", 3))
					i++;
				inside = 0;
			}
		}
		if (!inside)
			continue;
		if (i + 8 < n && !strncasecmp(s + i, "charset", 7))
			key = 7;
		else if (i + 9 < n && !strncasecmp(s + i, "encoding", 8))
			key = 8;
		if (!key)
			continue;
		j = i + key;
		while (j < n && isspace((unsigned char)s[j]))
			j++;
		if (j >= n || s[j] != '=')
			continue;
		j++;
		while (j < n && (isspace((unsigned char)s[j])))
			j++;
		quote = 0;
		if (j < n && (s[j] == '"' || s[j] == '\''))
			quote = s[j++];
		for (i = j; j < n; j++)
			if (quote ? s[j] == quote || s[j] == ';' :
			    strchr(" \t\r\n;\"'>/?", s[j]) != NULL)
				break;
		return lookup(s + i, j - i);
	}
	return NULL;
}

/* Quick: eight ASCII bytes at a time, the rest by the table of RFC 3629. */
static int well_formed(struct bytes b)
{
	const uint8_t *p = b.p, *end = b.p + b.len;

	while (p < end) {
		uint64_t w;

		if (end - p >= 8) {
			memcpy(&w, p, 8);
			if (!(w & 0x8080808080808080u)) {
				p += 8;
				continue;
			}
		}
		if (*p < 0x80) {
			p++;
		} else if (*p >= 0xc2 && *p <= 0xdf) {
			if (end - p < 2 || (p[1] & 0xc0) != 0x80)
				return 0;
			p += 2;
		} else if ((*p & 0xf0) == 0xe0) {
			if (end - p < 3 || (p[1] & 0xc0) != 0x80 ||
			    (p[2] & 0xc0) != 0x80 ||
			    (*p == 0xe0 && p[1] < 0xa0) ||
			    (*p == 0xed && p[1] > 0x9f))
				return 0;
			p += 3;
		} else if (*p >= 0xf0 && *p <= 0xf4) {
			if (end - p < 4 || (p[1] & 0xc0) != 0x80 ||
			    (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80 ||
			    (*p == 0xf0 && p[1] < 0x90) ||
			    (*p == 0xf4 && p[1] > 0x8f))
				return 0;
			p += 4;
		} else {
			return 0;
		}
	}
	return 1;
}

static size_t put(uint8_t *o, uint32_t cp)
{
	if (cp < 0x80) {
		o[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		o[0] = (uint8_t)(0xc0 | cp >> 6);
		o[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return 2;
	}
	o[0] = (uint8_t)(0xe0 | cp >> 12);
	o[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	o[2] = (uint8_t)(0x80 | (cp & 0x3f));
	return 3;
}

static int decode_1252(struct arena *a, struct charset_text *t)
{
	size_t n = t->body.len, o = 0;
	uint8_t *out = arena_alloc(a, n * 3 + 1);

	t->marks = arena_alloc(a, (n / STEP + 2) * sizeof(*t->marks));
	if (!out || !t->marks)
		return ERR_NOMEM;
	t->mark_count = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = t->body.p[i];

		if (i % STEP == 0)
			t->marks[t->mark_count++] =
				(struct charset_mark){ i, o };
		o += put(out + o, c >= 0x80 && c < 0xa0 ?
			 high1252[c - 0x80] : c);
	}
	out[o] = '\0';
	t->utf8 = BYTES(out, o);
	t->codec = "CP1252";
	return 0;
}

static int decode_iconv(struct arena *a, struct charset_text *t, iconv_t cd)
{
	char *in = (char *)(uintptr_t)t->body.p;
	size_t left = t->body.len, size = left * 4 + STEP + 8, o = 0, n = 0;
	size_t marks;
	uint8_t *out;

	if (left > SIZE_MAX / 64)
		return ERR_NOMEM;
	marks = size / (STEP / 2) + 16;
	out = arena_alloc(a, size);
	t->marks = arena_alloc(a, marks * sizeof(*t->marks));
	if (!out || !t->marks)
		return ERR_NOMEM;
	iconv(cd, NULL, NULL, NULL, NULL);
	while (left && size - o > STEP) {
		char *to = (char *)out + o;
		size_t room = STEP;

		if (n < marks && (!n || o - t->marks[n - 1].to >= STEP / 2))
			t->marks[n++] = (struct charset_mark){
				t->body.len - left, o };
		errno = 0;
		if (iconv(cd, &in, &left, &to, &room) != (size_t)-1 ||
		    errno == E2BIG) {
			o += STEP - room;
			continue;
		}
		o += STEP - room;
		/* One byte that fits nowhere, or a cut last character. */
		t->bad = 1;
		o += put(out + o, 0xfffd);
		in++;
		left--;
	}
	out[o] = '\0';
	t->utf8 = BYTES(out, o);
	t->mark_count = n;
	return 0;
}

static int decode_as(struct arena *a, const struct label *l,
		     struct charset_text *t)
{
	iconv_t cd;
	int owned, r;

	snprintf(t->name, sizeof(t->name), "%s", l->name);
	if (!l->codec) {
		t->utf8 = t->body;
		t->bad = !well_formed(t->body);
		return 0;
	}
	if (!strcmp(l->codec, "CP1252"))
		return decode_1252(a, t);
	cd = borrow(l->codec, &owned);
	if (cd == (iconv_t)-1) {
		snprintf(t->name, sizeof(t->name), "windows-1252");
		t->bad = 1;
		return decode_1252(a, t);
	}
	t->codec = l->codec;
	r = decode_iconv(a, t, cd);
	if (owned)
		iconv_close(cd);
	return r;
}

int charset_decode(struct arena *a, struct bytes body, const char *http,
		   struct charset_text *out, struct err *e)
{
	const struct label *l = NULL;
	int r;

	memset(out, 0, sizeof(*out));
	if (body.len >= 3 && !memcmp(body.p, "\xef\xbb\xbf", 3)) {
		l = &labels[0];
		out->skipped = 3;
	} else if (body.len >= 2 && !memcmp(body.p, "\xff\xfe", 2)) {
		l = lookup("utf-16le", 8);
		out->skipped = 2;
	} else if (body.len >= 2 && !memcmp(body.p, "\xfe\xff", 2)) {
		l = lookup("utf-16be", 8);
		out->skipped = 2;
	}
	out->body = BYTES(body.p ? body.p + out->skipped : NULL,
			  body.len - out->skipped);
	if (!l && http)
		l = from_header(http);
	if (!l) {
		l = from_text(body);
		/* A page that says UTF-16 in ASCII letters is not UTF-16. */
		if (l && !strncmp(l->name, "utf-16", 6))
			l = &labels[0];
	}
	if (!l)
		l = well_formed(body) ? &labels[0] : lookup("latin1", 6);
	r = decode_as(a, l, out);
	if (r < 0)
		return err_set(e, r, "no memory to decode a body of %zu bytes",
			       body.len);
	return 0;
}

size_t charset_origin(const struct charset_text *t, size_t off)
{
	size_t lo = 0, hi = t->mark_count, from;
	char *in;
	char tmp[STEP * 2];
	iconv_t cd;
	int owned;

	if (off > t->utf8.len)
		off = t->utf8.len;
	if (!t->codec || !t->mark_count)
		return t->skipped + off;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->marks[mid].to <= off)
			lo = mid;
		else
			hi = mid;
	}
	from = t->marks[lo].from;
	if (!strcmp(t->codec, "CP1252")) {
		for (size_t i = t->marks[lo].to; i < off; i++)
			from += (t->utf8.p[i] & 0xc0) != 0x80;
		/* The character at off itself is not behind it. */
		return t->skipped + from;
	}
	cd = borrow(t->codec, &owned);
	if (cd != (iconv_t)-1) {
		size_t left = t->body.len - from;
		size_t room = off - t->marks[lo].to;
		char *to = tmp;

		in = (char *)(uintptr_t)t->body.p + from;
		if (room > sizeof(tmp))
			room = sizeof(tmp);
		iconv(cd, NULL, NULL, NULL, NULL);
		iconv(cd, &in, &left, &to, &room);
		from = t->body.len - left;
		if (owned)
			iconv_close(cd);
	}
	return t->skipped + from;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/mime.h"

#include "util/utf8.h"

static int is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static int starts(struct bytes s, size_t at, const char *magic, size_t n)
{
	return s.len >= at + n && memcmp(s.p + at, magic, n) == 0;
}

/* tag - 1 when s begins with that markup, any case, and the name ends there */
static int tag(struct bytes s, const char *name)
{
	size_t n = strlen(name);

	if (s.len < n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (lower(s.p[i]) != (uint8_t)name[i])
			return 0;
	}
	return s.len == n || is_space(s.p[n]) || s.p[n] == '>' || s.p[n] == '/';
}

/* has - 1 when text stands in the first bytes, any case */
static int has(struct bytes s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= s.len; i++) {
		size_t k = 0;

		while (k < n && lower(s.p[i + k]) == (uint8_t)text[k])
			k++;
		if (k == n)
			return 1;
	}
	return 0;
}

static const struct {
	size_t at;
	const char *magic;
	size_t n;
	const char *type;
} magics[] = {
	{ 0, "\xff\xd8\xff", 3, "image/jpeg" },
	{ 0, "\x89PNG\r\n\x1a\n", 8, "image/png" },
	{ 0, "GIF87a", 6, "image/gif" },
	{ 0, "GIF89a", 6, "image/gif" },
	{ 0, "II*\0", 4, "image/tiff" },
	{ 0, "MM\0*", 4, "image/tiff" },
	{ 0, "%PDF-", 5, "application/pdf" },
	{ 0, "PK\3\4", 4, "application/zip" },
	{ 0, "PK\5\6", 4, "application/zip" },
	{ 0, "\x1f\x8b\x08", 3, "application/gzip" },
	{ 0, "\x28\xb5\x2f\xfd", 4, "application/zstd" },
	{ 0, "Rar!\x1a\x07", 6, "application/vnd.rar" },
	{ 0, "7z\xbc\xaf\x27\x1c", 6, "application/x-7z-compressed" },
	{ 0, "OggS\0", 5, "application/ogg" },
	{ 0, "ID3", 3, "audio/mpeg" },
	{ 0, "fLaC", 4, "audio/flac" },
	{ 0, "wOFF", 4, "font/woff" },
	{ 0, "wOF2", 4, "font/woff2" },
	{ 0, "\0\0\1\0", 4, "image/x-icon" },
};

/* iso_media - a file type box (ISO 14496-12): MP4 and its relatives */
static const char *iso_media(struct bytes s)
{
	static const struct {
		const char *brand, *type;
	} brands[] = {
		{ "avif", "image/avif" }, { "avis", "image/avif" },
		{ "heic", "image/heic" }, { "heix", "image/heic" },
		{ "mif1", "image/heic" }, { "msf1", "image/heic" },
		{ "M4A ", "audio/mp4" }, { "M4B ", "audio/mp4" },
		{ "qt  ", "video/quicktime" },
	};

	if (!starts(s, 4, "ftyp", 4) || s.len < 12)
		return NULL;
	for (size_t i = 0; i < sizeof(brands) / sizeof(brands[0]); i++) {
		if (starts(s, 8, brands[i].brand, 4))
			return brands[i].type;
	}
	return "video/mp4";
}

/* bare_quicktime - films older than the file type box begin with another */
static const char *bare_quicktime(struct bytes s)
{
	static const char *const boxes[] = { "moov", "mdat", "wide", "pnot" };

	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		if (starts(s, 4, boxes[i], 4) && s.len >= 16 && s.p[0] < 2)
			return "video/quicktime";
	}
	return NULL;
}

/* mpeg_audio - a frame header of MPEG audio or ADTS AAC, with a second one
 * where the first says, when that is in view */
static const char *mpeg_audio(struct bytes s)
{
	static const uint16_t rate1[] = { 0, 32, 40, 48, 56, 64, 80, 96, 112,
					  128, 160, 192, 224, 256, 320 };
	static const uint16_t rate2[] = { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80,
					  96, 112, 128, 144, 160 };
	static const uint32_t hertz[] = { 44100, 48000, 32000 };
	unsigned version, layer, rate, freq;
	size_t len;

	if (s.len < 4 || s.p[0] != 0xff || (s.p[1] & 0xe0) != 0xe0)
		return NULL;
	version = s.p[1] >> 3 & 3;
	layer = s.p[1] >> 1 & 3;
	if (layer == 0 && version >= 2)
		return (s.p[2] >> 2 & 15) < 13 ? "audio/aac" : NULL;
	rate = s.p[2] >> 4;
	freq = s.p[2] >> 2 & 3;
	if (version == 1 || layer != 1 || rate == 0 || rate == 15 || freq == 3)
		return NULL;
	len = version == 3 ?
		144000u * rate1[rate] / hertz[freq] :
		72000u * rate2[rate] / (hertz[freq] / (version == 2 ? 2 : 4));
	len += s.p[2] >> 1 & 1;
	if (s.len > len + 1 && (s.p[len] != 0xff || (s.p[len + 1] & 0xe0) != 0xe0))
		return NULL;
	return "audio/mpeg";
}

static const char *binary(struct bytes s)
{
	const char *type;

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (starts(s, magics[i].at, magics[i].magic, magics[i].n))
			return magics[i].type;
	}
	if (starts(s, 0, "RIFF", 4) && starts(s, 8, "WEBP", 4))
		return "image/webp";
	if (starts(s, 0, "RIFF", 4) && starts(s, 8, "WAVE", 4))
		return "audio/wav";
	if (starts(s, 0, "\x1a\x45\xdf\xa3", 4)) {
		struct bytes doc = { s.p, s.len < 64 ? s.len : 64 };

		return has(doc, "webm") ? "video/webm" : "video/x-matroska";
	}
	if (starts(s, 0, "BM", 2) && s.len >= 18 && starts(s, 6, "\0\0\0\0", 4) &&
	    s.p[15] == 0)
		return "image/bmp";
	type = iso_media(s);
	if (!type)
		type = bare_quicktime(s);
	return type ? type : mpeg_audio(s);
}

/* skip_markup - pass over comments, declarations and processing instructions */
static struct bytes skip_markup(struct bytes s, int *xml, int *html)
{
	while (s.len) {
		const char *end = NULL;
		const uint8_t *p;

		while (s.len && is_space(s.p[0])) {
			s.p++;
			s.len--;
		}
		if (starts(s, 0, "<!--", 4)) {
			end = "-->";
		} else if (starts(s, 0, "<?", 2)) {
			*xml |= tag(s, "<?xml");
			end = "?>";
		} else if (tag(s, "<!doctype")) {
			*html |= has(BYTES(s.p, s.len < 32 ? s.len : 32), "html");
			end = ">";
		} else {
			break;
		}
		p = memmem(s.p, s.len, end, strlen(end));
		if (!p)
			return BYTES(s.p + s.len, 0);
		s.len -= (size_t)(p - s.p) + strlen(end);
		s.p = p + strlen(end);
	}
	return s;
}

static const char *markup(struct bytes s)
{
	static const char *const tags[] = { "<html", "<head", "<script", "<body",
		"<title", "<meta", "<link", "<div", "<iframe", "<h1", "<font",
		"<table", "<a", "<style", "<b", "<br", "<p", "<form", "<span",
		"<main", "<section", "<article", "<img", "<ul", "<noscript" };
	int xml = 0, html = 0;

	s = skip_markup(s, &xml, &html);
	if (html && !xml)
		return "text/html";
	if (tag(s, "<svg"))
		return "image/svg+xml";
	if (tag(s, "<rss") || tag(s, "<rdf:rdf"))
		return "application/rss+xml";
	if (tag(s, "<feed"))
		return "application/atom+xml";
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tag(s, tags[i]))
			return "text/html";
	}
	if (html)
		return "text/html";
	return xml ? "application/xml" : NULL;
}

/* json - 1 when it begins as a JSON object or array does */
static int json(struct bytes s)
{
	size_t i = 1;

	if (s.len == 0 || (s.p[0] != '{' && s.p[0] != '['))
		return 0;
	while (i < s.len && is_space(s.p[i]))
		i++;
	if (i == s.len)
		return 0;
	if (s.p[0] == '{')
		return s.p[i] == '"' || s.p[i] == '}';
	return strchr("[{\"]-0123456789tfn", s.p[i]) != NULL && s.p[i] != 0;
}

/* text - 1 when there are no controls and it is UTF-8 up to a cut character */
static int text(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < 0x20 && !is_space(s.p[i]) && s.p[i] != 0x1b)
			return 0;
	}
	for (int cut = 0; cut < 4; cut++) {
		if (s.len > (size_t)cut && utf8_valid(BYTES(s.p, s.len - (size_t)cut)))
			return 1;
	}
	return 0;
}

const char *mime_sniff(struct bytes s)
{
	const char *type;

	if (s.len > MIME_LOOK)
		s.len = MIME_LOOK;
	if (s.len == 0)
		return NULL;
	type = binary(s);
	if (type)
		return type;
	if (starts(s, 0, "\xef\xbb\xbf", 3)) {
		s.p += 3;
		s.len -= 3;
	}
	while (s.len && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	type = markup(s);
	if (type)
		return type;
	if (json(s))
		return "application/json";
	return s.len && text(s) ? "text/plain" : NULL;
}

int mime_is_media(const char *type)
{
	return type && (strncmp(type, "image/", 6) == 0 ||
			strncmp(type, "audio/", 6) == 0 ||
			strncmp(type, "video/", 6) == 0);
}

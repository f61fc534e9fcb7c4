/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/container_int.h"

#include "util/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <zlib.h>

int walk_step(struct walk *w, size_t at)
{
	if (w->steps == CONTAINER_STEPS_MAX)
		walk_find(w, "too-many-steps", at);
	return w->steps++ < CONTAINER_STEPS_MAX;
}

void walk_find(struct walk *w, const char *code, size_t at)
{
	w->see->finding(w->see->arg, code, at);
}

void walk_text(struct walk *w, const char *name, struct bytes text, size_t at)
{
	char s[CONTAINER_TEXT_MAX + 1];
	size_t n = text.len;

	if (w->fields == CONTAINER_FIELDS_MAX)
		walk_find(w, "too-many-fields", at);
	if (w->fields++ >= CONTAINER_FIELDS_MAX)
		return;
	if (n > CONTAINER_TEXT_MAX) {
		n = CONTAINER_TEXT_MAX;
		walk_find(w, "text-cut", at);
	}
	if (n)
		memcpy(s, text.p, n);
	s[n] = '\0';
	w->see->field(w->see->arg, name, s, at);
}

void walk_num(struct walk *w, const char *name, uint64_t v, size_t at)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	walk_text(w, name, bytes_str(text), at);
}

void walk_part(struct walk *w, enum container_part kind, size_t at, size_t n)
{
	w->see->part(w->see->arg, kind, BYTES(w->in.p + at, n), at);
}

static int begins(struct bytes s, const char *with, size_t n)
{
	return s.len >= n && !memcmp(s.p, with, n);
}

static void size_of(struct walk *w, const char *what, uint64_t width,
		    uint64_t height, size_t at)
{
	char name[64];

	snprintf(name, sizeof name, "%s.width", what);
	walk_num(w, name, width, at);
	snprintf(name, sizeof name, "%s.height", what);
	walk_num(w, name, height, at);
	if (!w->facts->width && !w->facts->height) {
		w->facts->width = width;
		w->facts->height = height;
	}
}

static uint32_t le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le24(const uint8_t *p)
{
	return le16(p) | (uint32_t)p[2] << 16;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* --- JPEG ---------------------------------------------------------------------- */

#define XMP_NAME "http://ns.adobe.com/xap/1.0/"
#define XMP_EXT_NAME "http://ns.adobe.com/xmp/extension/"

static void jpeg_segment(struct walk *w, unsigned mark, size_t at, size_t n)
{
	struct bytes s = { w->in.p + at, n };

	if (mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 &&
	    mark != 0xcc) {
		if (n < 6)
			walk_find(w, "segment-too-short", at);
		else
			size_of(w, "jpeg.frame", get_be16(s.p + 3),
				get_be16(s.p + 1), at + 1);
	} else if (mark == 0xfe) {
		walk_text(w, "jpeg.comment", s, at);
	} else if (mark == 0xe1 && begins(s, "Exif\0", 6)) {
		walk_part(w, PART_EXIF, at + 6, n - 6);
	} else if (mark == 0xe1 && begins(s, XMP_NAME, sizeof XMP_NAME)) {
		walk_part(w, PART_XMP, at + sizeof XMP_NAME,
			  n - sizeof XMP_NAME);
	} else if (mark == 0xe1 &&
		   begins(s, XMP_EXT_NAME, sizeof XMP_EXT_NAME)) {
		walk_part(w, PART_XMP_EXT, at + sizeof XMP_EXT_NAME,
			  n - sizeof XMP_EXT_NAME);
	} else if (mark == 0xed && begins(s, "Photoshop 3.0", 14)) {
		walk_part(w, PART_RESOURCES, at + 14, n - 14);
	}
}

/* jpeg_scan - past the coded data that follows a scan's header */
static size_t jpeg_scan(const struct walk *w, size_t at)
{
	while (at < w->in.len) {
		const uint8_t *p = memchr(w->in.p + at, 0xff, w->in.len - at);

		if (!p)
			break;
		at = (size_t)(p - w->in.p);
		if (!walk_has(w, at, 2))
			break;
		if (p[1] && p[1] != 0xff && (p[1] < 0xd0 || p[1] > 0xd7))
			return at;
		at += p[1] == 0xff ? 1 : 2;
	}
	return w->in.len;
}

static void jpeg_read(struct walk *w)
{
	size_t at = 2;

	while (walk_has(w, at, 2) && walk_step(w, at)) {
		unsigned mark = w->in.p[at + 1];
		size_t n;

		if (w->in.p[at] != 0xff) {
			walk_find(w, "not-a-marker", at);
			at = jpeg_scan(w, at);
			continue;
		}
		if (mark == 0xff) {
			at++;
			continue;
		}
		at += 2;
		if (mark == 0xd9) {
			if (at < w->in.len)
				walk_find(w, "bytes-after-the-end", at);
			return;
		}
		if (mark == 0x01 || (mark >= 0xd0 && mark <= 0xd8))
			continue;
		if (!walk_has(w, at, 2))
			break;
		n = get_be16(w->in.p + at);
		if (n < 2 || !walk_has(w, at, n))
			break;
		jpeg_segment(w, mark, at + 2, n - 2);
		at += n;
		if (mark == 0xda)
			at = jpeg_scan(w, at);
	}
	walk_find(w, "cut-short", at < w->in.len ? at : w->in.len);
}

/* --- PNG ----------------------------------------------------------------------- */

/* inflate_text - compressed text, its beginning if it is long */
static void inflate_text(struct walk *w, const char *name, size_t at, size_t n)
{
	uint8_t out[CONTAINER_TEXT_MAX];
	z_stream z;
	int r;

	memset(&z, 0, sizeof z);
	if (inflateInit(&z) != Z_OK)
		return;
	z.next_in = (Bytef *)(uintptr_t)(w->in.p + at);
	z.avail_in = n > UINT32_MAX ? UINT32_MAX : (uInt)n;
	z.next_out = out;
	z.avail_out = sizeof out;
	r = inflate(&z, Z_SYNC_FLUSH);
	if (r != Z_STREAM_END)
		walk_find(w, r == Z_OK && !z.avail_out ? "text-cut"
			  : "text-damaged", at);
	walk_text(w, name, BYTES(out, sizeof out - z.avail_out), at);
	inflateEnd(&z);
}

/* png_text - tEXt, zTXt, iTXt: keyword, NUL, (flags, language, keyword), text */
static void png_text(struct walk *w, const uint8_t *kind, size_t at, size_t n)
{
	const uint8_t *p = w->in.p + at, *end = p + n, *nul;
	int packed = kind[0] == 'z';
	char name[96];

	nul = memchr(p, 0, n < 80 ? n : 80);
	if (!nul || nul == p) {
		walk_find(w, "text-without-keyword", at);
		return;
	}
	snprintf(name, sizeof name, "png.text.%.79s", (const char *)p);
	p = nul + 1;
	if (kind[0] == 'z') {
		if (p == end)
			return;
		p++;
	} else if (kind[0] == 'i') {
		if (end - p < 2)
			return;
		packed = p[0] == 1;
		p += 2;
		for (int i = 0; i < 2; i++) {
			nul = memchr(p, 0, (size_t)(end - p));
			if (!nul)
				return;
			p = nul + 1;
		}
		if (!packed && !strcmp(name, "png.text.XML:com.adobe.xmp")) {
			walk_part(w, PART_XMP, (size_t)(p - w->in.p),
				  (size_t)(end - p));
			return;
		}
	}
	if (packed)
		inflate_text(w, name, (size_t)(p - w->in.p),
			     (size_t)(end - p));
	else
		walk_text(w, name, BYTES(p, (size_t)(end - p)),
			  (size_t)(p - w->in.p));
}

static void png_chunk(struct walk *w, const uint8_t *kind, size_t at, size_t n)
{
	const uint8_t *p = w->in.p + at;
	char text[32];

	if (!memcmp(kind, "IHDR", 4) && n >= 8) {
		size_of(w, "png.header", get_be32(p), get_be32(p + 4), at);
	} else if (!memcmp(kind, "tIME", 4) && n == 7) {
		snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ",
			 (unsigned)get_be16(p), p[2], p[3], p[4], p[5], p[6]);
		walk_text(w, "png.time", bytes_str(text), at);
	} else if (!memcmp(kind, "eXIf", 4)) {
		walk_part(w, PART_EXIF, at, n);
	} else if (!memcmp(kind, "tEXt", 4) || !memcmp(kind, "zTXt", 4) ||
		   !memcmp(kind, "iTXt", 4)) {
		png_text(w, kind, at, n);
	}
}

static void png_read(struct walk *w)
{
	size_t at = 8;

	while (walk_has(w, at, 12) && walk_step(w, at)) {
		const uint8_t *p = w->in.p + at;
		size_t n = get_be32(p);

		if (!walk_has(w, at + 12, n))
			break;
		if (crc32_z(0, p + 4, n + 4) != get_be32(p + 8 + n))
			walk_find(w, "checksum-differs", at);
		png_chunk(w, p + 4, at + 8, n);
		at += 12 + n;
		if (!memcmp(p + 4, "IEND", 4)) {
			if (at < w->in.len)
				walk_find(w, "bytes-after-the-end", at);
			return;
		}
	}
	walk_find(w, "cut-short", at);
}

/* --- GIF ----------------------------------------------------------------------- */

/* gif_blocks - past a run of sub-blocks; 0 when the file ends in it */
static size_t gif_blocks(struct walk *w, size_t at)
{
	while (walk_has(w, at, 1) && walk_step(w, at)) {
		size_t n = w->in.p[at];

		if (!walk_has(w, at + 1, n))
			return 0;
		at += 1 + n;
		if (!n)
			return at;
	}
	return 0;
}

static size_t gif_extension(struct walk *w, size_t at, uint64_t *centis)
{
	const uint8_t *p = w->in.p + at;
	size_t next = gif_blocks(w, at + 1), packet;

	if (!next)
		return 0;
	if (p[0] == 0xf9 && p[1] >= 4)
		*centis += le16(p + 3);
	else if (p[0] == 0xfe)
		walk_text(w, "gif.comment", BYTES(p + 2, p[1]), at + 2);
	else if (p[0] == 0xff && p[1] == 11 && !memcmp(p + 2, "XMP DataXMP", 11)) {
		/* A packet lies bare, with a "magic trailer" of 258 bytes. */
		packet = next - (at + 13);
		if (packet > 258)
			walk_part(w, PART_XMP, at + 13, packet - 258);
		else
			walk_find(w, "xmp-without-trailer", at);
	}
	return next;
}

static void gif_read(struct walk *w)
{
	uint64_t centis = 0, frames = 0;
	size_t at = 13;

	if (!walk_has(w, 0, 13)) {
		walk_find(w, "cut-short", w->in.len);
		return;
	}
	size_of(w, "gif.screen", le16(w->in.p + 6), le16(w->in.p + 8), 6);
	if (w->in.p[10] & 0x80)
		at += (size_t)3 << ((w->in.p[10] & 7) + 1);
	while (at && walk_has(w, at, 2) && walk_step(w, at)) {
		const uint8_t *p = w->in.p + at;

		if (p[0] == 0x3b)
			break;
		if (p[0] == 0x21) {
			at = gif_extension(w, at + 1, &centis);
		} else if (p[0] == 0x2c && walk_has(w, at, 11)) {
			frames++;
			at += 10;
			if (p[9] & 0x80)
				at += (size_t)3 << ((p[9] & 7) + 1);
			at = gif_blocks(w, at + 1);
		} else {
			walk_find(w, "unknown-block", at);
			break;
		}
	}
	if (!at || !walk_has(w, at, 1))
		walk_find(w, "cut-short", w->in.len);
	else if (w->in.p[at] == 0x3b && at + 1 < w->in.len)
		walk_find(w, "bytes-after-the-end", at + 1);
	walk_num(w, "gif.frames", frames, 0);
	if (frames > 1) {
		w->facts->duration_ms = centis * 10;
		w->facts->has_duration = 1;
	}
}

/* --- WebP ---------------------------------------------------------------------- */

static void webp_chunk(struct walk *w, const uint8_t *kind, size_t at, size_t n)
{
	const uint8_t *p = w->in.p + at;

	if (!memcmp(kind, "VP8X", 4) && n >= 10)
		size_of(w, "webp.canvas", le24(p + 4) + 1, le24(p + 7) + 1,
			at + 4);
	else if (!memcmp(kind, "VP8 ", 4) && n >= 10)
		size_of(w, "webp.frame", le16(p + 6) & 0x3fff,
			le16(p + 8) & 0x3fff, at + 6);
	else if (!memcmp(kind, "VP8L", 4) && n >= 5)
		size_of(w, "webp.lossless", (le32(p + 1) & 0x3fff) + 1,
			(le32(p + 1) >> 14 & 0x3fff) + 1, at + 1);
	else if (!memcmp(kind, "ANMF", 4) && n >= 16) {
		w->facts->duration_ms += le24(p + 12);
		w->facts->has_duration = 1;
	} else if (!memcmp(kind, "EXIF", 4)) {
		size_t skip = begins(BYTES(p, n), "Exif\0", 6) ? 6 : 0;

		walk_part(w, PART_EXIF, at + skip, n - skip);
	} else if (!memcmp(kind, "XMP ", 4)) {
		walk_part(w, PART_XMP, at, n);
	}
}

static void webp_read(struct walk *w)
{
	size_t at = 12;

	if (walk_has(w, 0, 12) && le32(w->in.p + 4) + 8 < w->in.len)
		walk_find(w, "bytes-after-the-end", le32(w->in.p + 4) + 8);
	while (walk_has(w, at, 8) && walk_step(w, at)) {
		size_t n = le32(w->in.p + at + 4);

		if (!walk_has(w, at + 8, n))
			break;
		webp_chunk(w, w->in.p + at, at + 8, n);
		at += 8 + n + (n & 1);
	}
	if (at < w->in.len)
		walk_find(w, "cut-short", at);
}

/* --- all ----------------------------------------------------------------------- */

void container_resources(struct bytes in, const struct container_see *see)
{
	struct container_facts none = { 0, 0, 0, 0 };
	struct walk w = { in, see, &none, 0, 0, 0 };
	size_t at = 0;

	while (walk_has(&w, at, 12) && walk_step(&w, at)) {
		size_t name, n;
		unsigned id;

		if (memcmp(in.p + at, "8BIM", 4)) {
			walk_find(&w, "not-a-resource", at);
			return;
		}
		id = get_be16(in.p + at + 4);
		name = ((size_t)in.p[at + 6] + 2) & ~(size_t)1;
		at += 6 + name;
		if (!walk_has(&w, at, 4))
			break;
		n = get_be32(in.p + at);
		if (!walk_has(&w, at + 4, n))
			break;
		if (id == 0x0422)
			walk_part(&w, PART_EXIF, at + 4, n);
		else if (id == 0x0424)
			walk_part(&w, PART_XMP, at + 4, n);
		at += 4 + n + (n & 1);
	}
	if (at < in.len)
		walk_find(&w, "resources-cut-short", at);
}

void container_read(const char *type, struct bytes in,
		    const struct container_see *see,
		    struct container_facts *out)
{
	static const struct {
		const char *type;
		void (*read)(struct walk *w);
	} readers[] = {
		{ "image/jpeg", jpeg_read }, { "image/png", png_read },
		{ "image/gif", gif_read }, { "image/webp", webp_read },
		{ "image/heic", iso_read }, { "image/avif", iso_read },
		{ "video/mp4", iso_read }, { "audio/mp4", iso_read },
		{ "video/quicktime", iso_read },
		{ "application/ogg", ogg_read },
	};
	struct walk w = { in, see, out, 0, 0, 0 };

	memset(out, 0, sizeof *out);
	for (size_t i = 0; type && i < sizeof readers / sizeof *readers; i++) {
		if (!strcmp(readers[i].type, type))
			readers[i].read(&w);
	}
}

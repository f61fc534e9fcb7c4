/* SPDX-License-Identifier: EUPL-1.2 */
/* Files of boxes: MP4, QuickTime, HEIF; and the first pages of Ogg. */
#include "parsers/container_int.h"

#include "util/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define EPOCH_1904 2082844800	/* seconds from 1904 to 1970 */
#define ITEMS_MAX 64

/* struct iso - what boxes far apart say together */
struct iso {
	struct walk *w;
	uint32_t handler;		/* of the track: "vide", "soun" */
	uint32_t scale;			/* of the movie: ticks a second */
	unsigned properties;		/* of pictures, from 1 */
	struct {
		uint32_t width, height;
		unsigned index;
	} size[ITEMS_MAX];
	unsigned sizes;
	uint32_t primary;		/* item */
	uint32_t exif, xmp;		/* items; 0 none */
	unsigned chosen;		/* its size is in the facts */
};

static void walk_boxes(struct iso *s, size_t at, size_t end, unsigned depth,
		       uint32_t parent);

#define BOX(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | \
			 (uint32_t)(c) << 8 | (uint32_t)(d))

static void named(struct iso *s, const char *what, char name[static 64])
{
	if (s->w->track)
		snprintf(name, 64, "track%u.%s", s->w->track, what);
	else
		snprintf(name, 64, "%s", what);
}

static void number(struct iso *s, const char *what, uint64_t v, size_t at)
{
	char name[64];

	named(s, what, name);
	walk_num(s->w, name, v, at);
}

static void moment(struct iso *s, const char *what, uint64_t v, size_t at)
{
	char name[64], text[40];
	struct tm tm;
	time_t t;

	named(s, what, name);
	t = (time_t)(v - EPOCH_1904);
	if (v == 0)
		snprintf(text, sizeof text, "0");
	else if (v > (uint64_t)1 << 38 || !gmtime_r(&t, &tm))
		snprintf(text, sizeof text, "%" PRIu64, v);
	else
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	walk_text(s->w, name, bytes_str(text), at);
}

static void seconds(struct iso *s, const char *what, uint64_t v, uint32_t scale,
		    size_t at)
{
	char name[64], text[40];

	if (!scale) {
		walk_find(s->w, "no-time-scale", at);
		return;
	}
	named(s, what, name);
	snprintf(text, sizeof text, "%.9g", (double)v / scale);
	walk_text(s->w, name, bytes_str(text), at);
}

/* fixed - 16.16, whole unless it has a fraction */
static void fixed(struct iso *s, const char *what, uint32_t v, size_t at)
{
	char name[64], text[32];

	named(s, what, name);
	snprintf(text, sizeof text, "%.6g", v / 65536.0);
	walk_text(s->w, name, bytes_str(text), at);
}

/* times - mvhd, tkhd, mdhd: version, flags, two moments, (id), scale, length */
static void times(struct iso *s, uint32_t box, size_t at, size_t n)
{
	const char *created = "movie.created", *changed = "movie.modified";
	const char *lasting = "movie.duration";
	const uint8_t *p = s->w->in.p + at;
	size_t wide = n && p[0] == 1 ? 8 : 4, o = 4 + 2 * wide;
	uint64_t length;
	uint32_t scale;

	if (n < o + 8 + wide) {
		walk_find(s->w, "box-too-short", at);
		return;
	}
	if (box == BOX('t', 'k', 'h', 'd')) {
		created = "created";
		changed = "modified";
		lasting = "duration";
	} else if (box == BOX('m', 'd', 'h', 'd')) {
		created = "media.created";
		changed = "media.modified";
		lasting = "media.duration";
	}
	moment(s, created, wide == 8 ? get_be64(p + 4) : get_be32(p + 4), at + 4);
	moment(s, changed, wide == 8 ? get_be64(p + 12) : get_be32(p + 8),
	       at + 4 + wide);
	scale = get_be32(p + o);
	o += 4;
	if (box == BOX('t', 'k', 'h', 'd')) {
		scale = s->scale;
		o += 4;
		if (n < o + wide)
			return;
	}
	length = wide == 8 ? get_be64(p + o) : get_be32(p + o);
	seconds(s, lasting, length, scale, at + o);
	if (box == BOX('m', 'v', 'h', 'd')) {
		s->scale = scale;
		if (scale && length < UINT64_MAX / 1000) {
			s->w->facts->duration_ms = length * 1000 / scale;
			s->w->facts->has_duration = 1;
		}
		/* QuickTime's: preview and selection, version 0 only */
		if (wide == 4 && n >= 100) {
			seconds(s, "movie.preview_duration", get_be32(p + 76),
				scale, at + 76);
			seconds(s, "movie.selection_duration",
				get_be32(p + 88), scale, at + 88);
		}
	} else if (box == BOX('t', 'k', 'h', 'd') && n >= o + wide + 60) {
		o = n - 8;	/* the last two fields */
		if (get_be32(p + o) || get_be32(p + o + 4)) {
			fixed(s, "width", get_be32(p + o), at + o);
			fixed(s, "height", get_be32(p + o + 4), at + o + 4);
			if (!s->w->facts->width) {
				s->w->facts->width = get_be32(p + o) >> 16;
				s->w->facts->height = get_be32(p + o + 4) >> 16;
			}
		}
	}
}

/* aperture - a version, then two 16.16 (QuickTime's clef, prof, enof) */
static void aperture(struct iso *s, uint32_t box, size_t at, size_t n)
{
	const char *what = box == BOX('c', 'l', 'e', 'f') ? "clean_aperture" :
		box == BOX('p', 'r', 'o', 'f') ? "production_aperture" :
		"encoded_pixels";
	char name[64];

	if (n < 12)
		return;
	snprintf(name, sizeof name, "%s.width", what);
	fixed(s, name, get_be32(s->w->in.p + at + 4), at + 4);
	snprintf(name, sizeof name, "%s.height", what);
	fixed(s, name, get_be32(s->w->in.p + at + 8), at + 8);
}

/* samples - the first sample description: its coding, and a picture's size */
static void samples(struct iso *s, size_t at, size_t n)
{
	const uint8_t *p = s->w->in.p + at;
	char name[64];

	if (n < 16 || !get_be32(p + 4))
		return;
	named(s, "coding", name);
	walk_text(s->w, name, BYTES(p + 12, 4), at + 12);
	if (s->handler != BOX('v', 'i', 'd', 'e') || n < 44)
		return;
	number(s, "sample.width", get_be16(p + 40), at + 40);
	number(s, "sample.height", get_be16(p + 42), at + 42);
}

/* --- HEIF ---------------------------------------------------------------------- */

static void choose(struct iso *s, unsigned index)
{
	for (unsigned i = 0; i < s->sizes; i++) {
		if (s->size[i].index == index && !s->chosen) {
			s->w->facts->width = s->size[i].width;
			s->w->facts->height = s->size[i].height;
			s->chosen = 1;
		}
	}
}

static void item_size(struct iso *s, size_t at, size_t n)
{
	const uint8_t *p = s->w->in.p + at;

	if (n < 12 || s->sizes == ITEMS_MAX)
		return;
	s->size[s->sizes].width = get_be32(p + 4);
	s->size[s->sizes].height = get_be32(p + 8);
	s->size[s->sizes++].index = s->properties;
	number(s, "picture.width", get_be32(p + 4), at + 4);
	number(s, "picture.height", get_be32(p + 8), at + 8);
}

/* associations - ipma: which properties an item has; ours is the primary */
static void associations(struct iso *s, size_t at, size_t n)
{
	const uint8_t *p = s->w->in.p + at, *end = p + n;
	size_t id = n && p[0] ? 4 : 2, wide;
	uint32_t items;

	if (n < 8)
		return;
	wide = p[3] & 1 ? 2 : 1;
	items = get_be32(p + 4);
	for (p += 8; items-- && (size_t)(end - p) > id; ) {
		uint32_t item = id == 4 ? get_be32(p) : get_be16(p);
		size_t k = p[id];

		p += id + 1;
		if (!walk_step(s->w, (size_t)(p - s->w->in.p)))
			return;
		for (; k && (size_t)(end - p) >= wide; k--, p += wide) {
			if (item == s->primary)
				choose(s, wide == 2 ? get_be16(p) & 0x7fff
						    : p[0] & 0x7f);
		}
	}
}

/* item_info - infe: an item's number and what it is */
static void item_info(struct iso *s, size_t at, size_t n)
{
	const uint8_t *p = s->w->in.p + at;
	size_t id = n && p[0] == 3 ? 4 : 2, o = 4 + id + 2;
	uint32_t item;

	if (n < o + 4 || p[0] < 2)
		return;
	item = id == 4 ? get_be32(p + 4) : get_be16(p + 4);
	if (!memcmp(p + o, "Exif", 4))
		s->exif = item;
	else if (!memcmp(p + o, "mime", 4) &&
		 memmem(p + o, n - o, "application/rdf+xml", 19))
		s->xmp = item;
}

static uint64_t sized(const uint8_t *p, size_t n)
{
	return n == 8 ? get_be64(p) : n == 4 ? get_be32(p) : 0;
}

/* place - one item's only extent */
static void place(struct iso *s, uint32_t item, uint64_t from, uint64_t len)
{
	struct walk *w = s->w;
	uint32_t skip;

	if (!item || (item != s->exif && item != s->xmp))
		return;
	if (from > w->in.len || len > w->in.len - from) {
		walk_find(w, "item-outside-the-file",
			  from < w->in.len ? (size_t)from : w->in.len);
		return;
	}
	if (item == s->xmp) {
		walk_part(w, PART_XMP, (size_t)from, (size_t)len);
		return;
	}
	/* A word says where the TIFF header is. */
	skip = len >= 4 ? get_be32(w->in.p + from) : 0;
	if (len >= 4 && skip < len - 4)
		walk_part(w, PART_EXIF, (size_t)from + 4 + skip,
			  (size_t)len - 4 - skip);
	else
		walk_find(w, "exif-item-too-short", (size_t)from);
}

static void locations(struct iso *s, size_t at, size_t n)
{
	const uint8_t *p = s->w->in.p + at, *end = p + n;
	size_t so, sl, sb, si, id, fix;
	unsigned version;
	uint32_t items;

	if (n < 8)
		return;
	version = p[0];
	so = p[4] >> 4;
	sl = p[4] & 15;
	sb = p[5] >> 4;
	si = version ? p[5] & 15 : 0;
	id = version == 2 ? 4 : 2;
	items = id == 4 ? (n < 10 ? 0 : get_be32(p + 6)) : get_be16(p + 6);
	p += 6 + id;
	if (so > 8 || sl > 8 || sb > 8 || si > 8 || p > end)
		return;
	fix = id + (version ? 2 : 0) + 2 + sb + 2;
	while (items-- && (size_t)(end - p) >= fix) {
		uint32_t item = id == 4 ? get_be32(p) : get_be16(p);
		unsigned method = version ? get_be16(p + id) & 15 : 0;
		uint64_t base = sized(p + fix - 2 - sb, sb);
		size_t extents = get_be16(p + fix - 2), each = si + so + sl;

		p += fix;
		if (!walk_step(s->w, (size_t)(p - s->w->in.p)) ||
		    extents * each > (size_t)(end - p))
			return;
		if (extents == 1 && method == 0 &&
		    base <= s->w->in.len)
			place(s, item, base + sized(p + si, so),
			      sized(p + si + so, sl));
		p += extents * each;
	}
}

/* --- boxes --------------------------------------------------------------------- */

static const uint8_t xmp_uuid[16] = {
	0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
	0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac,
};

static int holds_boxes(uint32_t box)
{
	switch (box) {
	case BOX('m', 'o', 'o', 'v'): case BOX('t', 'r', 'a', 'k'):
	case BOX('m', 'd', 'i', 'a'): case BOX('m', 'i', 'n', 'f'):
	case BOX('s', 't', 'b', 'l'): case BOX('u', 'd', 't', 'a'):
	case BOX('t', 'a', 'p', 't'): case BOX('i', 'p', 'r', 'p'):
	case BOX('i', 'p', 'c', 'o'):
		return 1;
	default:
		return 0;
	}
}

static void one_box(struct iso *s, uint32_t box, size_t at, size_t n,
		    unsigned depth)
{
	const uint8_t *p = s->w->in.p + at;
	size_t skip;

	switch (box) {
	case BOX('f', 't', 'y', 'p'):
		if (n >= 4)
			walk_text(s->w, "brand", BYTES(p, 4), at);
		break;
	case BOX('m', 'v', 'h', 'd'): case BOX('t', 'k', 'h', 'd'):
	case BOX('m', 'd', 'h', 'd'):
		times(s, box, at, n);
		break;
	case BOX('h', 'd', 'l', 'r'):
		/* the media's handler, not the data's that follows it */
		if (n >= 12 && !s->handler)
			s->handler = get_be32(p + 8);
		break;
	case BOX('c', 'l', 'e', 'f'): case BOX('p', 'r', 'o', 'f'):
	case BOX('e', 'n', 'o', 'f'):
		aperture(s, box, at, n);
		break;
	case BOX('s', 't', 's', 'd'):
		samples(s, at, n);
		break;
	case BOX('X', 'M', 'P', '_'):
		walk_part(s->w, PART_XMP, at, n);
		break;
	case BOX('u', 'u', 'i', 'd'):
		if (n > 16 && !memcmp(p, xmp_uuid, 16))
			walk_part(s->w, PART_XMP, at + 16, n - 16);
		break;
	case BOX('m', 'e', 't', 'a'):
		/* a full box in ISO's files, a plain one in QuickTime's */
		skip = n >= 8 && !memcmp(p + 4, "hdlr", 4) ? 0 : 4;
		if (n > skip)
			walk_boxes(s, at + skip, at + n, depth + 1, box);
		break;
	case BOX('i', 'i', 'n', 'f'):
		skip = n && p[0] ? 8 : 6;
		if (n > skip)
			walk_boxes(s, at + skip, at + n, depth + 1, box);
		break;
	case BOX('i', 'n', 'f', 'e'):
		item_info(s, at, n);
		break;
	case BOX('i', 'l', 'o', 'c'):
		locations(s, at, n);
		break;
	case BOX('p', 'i', 't', 'm'):
		if (n >= 8 && p[0])
			s->primary = get_be32(p + 4);
		else if (n >= 6)
			s->primary = get_be16(p + 4);
		break;
	case BOX('i', 's', 'p', 'e'):
		item_size(s, at, n);
		break;
	case BOX('i', 'p', 'm', 'a'):
		associations(s, at, n);
		break;
	default:
		break;
	}
	if (holds_boxes(box))
		walk_boxes(s, at, at + n, depth + 1, box);
}

static void walk_boxes(struct iso *s, size_t at, size_t end, unsigned depth,
		       uint32_t parent)
{
	struct walk *w = s->w;
	unsigned tracks = w->track;

	if (depth > CONTAINER_DEPTH_MAX) {
		walk_find(w, "too-deep", at);
		return;
	}
	while (end - at >= 8 && walk_step(w, at)) {
		uint64_t n = get_be32(w->in.p + at);
		uint32_t box = get_be32(w->in.p + at + 4);
		size_t head = 8;

		if (n == 0 && depth)	/* QuickTime ends a list with a zero */
			break;
		if (n == 0) {
			n = end - at;
		} else if (n == 1 && end - at >= 16) {
			n = get_be64(w->in.p + at + 8);
			head = 16;
		}
		if (n < head || n > end - at) {
			walk_find(w, n < head ? "bad-box" : "cut-short", at);
			return;
		}
		if (parent == BOX('i', 'p', 'c', 'o'))
			s->properties++;
		if (box == BOX('t', 'r', 'a', 'k')) {
			w->track = ++tracks;
			s->handler = 0;
		}
		one_box(s, box, at + head, (size_t)n - head, depth);
		if (box == BOX('t', 'r', 'a', 'k'))
			w->track = 0;
		at += (size_t)n;
	}
	if (depth == 0 && at < end && end - at < 8)
		walk_find(w, "cut-short", at);
}

void iso_read(struct walk *w)
{
	struct iso s = { .w = w };

	walk_boxes(&s, 0, w->in.len, 0, 0);
	if (!s.chosen && s.sizes && !w->facts->width) {
		w->facts->width = s.size[0].width;
		w->facts->height = s.size[0].height;
	}
}

/* --- Ogg ----------------------------------------------------------------------- */

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* ogg_read - the second page holds the comments; the vendor stands first */
void ogg_read(struct walk *w)
{
	size_t at = 0;

	for (int page = 0; page < 2 && walk_has(w, at, 27); page++) {
		size_t segments = w->in.p[at + 26], n = 0, o = at + 27, len;

		if (memcmp(w->in.p + at, "OggS", 4) ||
		    !walk_has(w, o, segments)) {
			walk_find(w, "bad-page", at);
			return;
		}
		for (size_t i = 0; i < segments; i++)
			n += w->in.p[o + i];
		o += segments;
		if (!walk_has(w, o, n)) {
			walk_find(w, "cut-short", at);
			return;
		}
		at = o + n;
		if (n >= 12 && !memcmp(w->in.p + o, "OpusTags", 8))
			o += 8;
		else if (n >= 11 && !memcmp(w->in.p + o, "\3vorbis", 7))
			o += 7;
		else
			continue;
		len = le32(w->in.p + o);
		if (len <= at - o - 4)
			walk_text(w, "ogg.vendor", BYTES(w->in.p + o + 4, len),
				  o + 4);
	}
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "media/media.h"

#include "util/enc.h"

struct seen {
	struct record *r;
	struct parts *parts;
};

static void on_field(void *arg, const char *name, const char *text, size_t at)
{
	struct seen *s = arg;

	record_field(s->r, name, text, NULL, at);
}

static void on_finding(void *arg, const char *code, size_t at)
{
	struct seen *s = arg;

	record_finding(s->r, code, NULL, at);
}

/* extended - GUID (32), full length, offset, piece; in any order */
static void extended(struct seen *s, struct bytes b, size_t at)
{
	struct parts *p = s->parts;
	size_t full, off;
	uint8_t *room;

	if (b.len < 40) {
		record_finding(s->r, "xmp-extension-too-short", NULL, at);
		return;
	}
	full = get_be32(b.p + 32);
	off = get_be32(b.p + 36);
	if (!p->ext_len && full && full <= PARTS_MAX) {
		room = buf_room(&p->ext, full);
		if (!room)
			return;
		memset(room, ' ', full);
		p->ext.len = full;
		p->ext_len = full;
		memcpy(p->ext_id, b.p, 32);
	}
	b.len -= 40;
	if (full != p->ext_len || memcmp(p->ext_id, b.p, 32) || off > full ||
	    b.len > full - off) {
		record_finding(s->r, "xmp-extension-does-not-fit", NULL, at);
		return;
	}
	if (b.len)
		memcpy(p->ext.p + off, b.p + 40, b.len);
	p->ext_got += b.len;
}

static void on_part(void *arg, enum container_part kind, struct bytes b,
		    size_t at)
{
	struct seen *s = arg;
	struct buf *to = kind == PART_EXIF ? &s->parts->exif :
		kind == PART_XMP ? &s->parts->xmp : &s->parts->resources;

	if (kind == PART_XMP_EXT) {
		extended(s, b, at);
		return;
	}
	if (kind == PART_PICTURE)
		return;
	/* Resources may go on in a further segment; the others stand once. */
	if (kind != PART_RESOURCES && to->len) {
		record_finding(s->r, "metadata-twice", kind == PART_EXIF
			       ? "EXIF" : "XMP", at);
		return;
	}
	if (buf_addb(to, b) < 0)
		record_finding(s->r, "metadata-too-long", NULL, at);
}

void header_read(struct record *r, const char *type, struct bytes in,
		 struct parts *parts)
{
	struct seen s = { r, parts };
	const struct container_see see = { &s, on_field, on_part, on_finding };
	struct container_facts f;

	container_read(type, in, &see, &f);
	if (parts->ext_len && parts->ext_got != parts->ext_len)
		record_finding(r, "xmp-extension-incomplete", NULL, SIZE_MAX);
	parts->sized = f.width && f.height;
	if (f.width || f.height) {
		record_fact_num(r, "width", f.width);
		record_fact_num(r, "height", f.height);
		if (f.width > 65535 || f.height > 65535 ||
		    f.width * f.height > (uint64_t)1 << 28)
			record_finding(r, "huge-dimensions", NULL, SIZE_MAX);
	}
	if (f.has_duration)
		record_fact_num(r, "duration_ms", f.duration_ms);
}

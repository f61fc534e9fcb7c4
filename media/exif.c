/* SPDX-License-Identifier: EUPL-1.2 */
/* EXIF, XMP and IPTC, by Exiv2 through GExiv2. */
#include "media/media.h"

#include "parsers/mime.h"
#include "util/enc.h"

#include <gexiv2/gexiv2.h>
#include <iconv.h>
#include <zlib.h>

static void quiet(GExiv2LogLevel level, const gchar *msg)
{
	(void)level;
	(void)msg;
}

void exif_start(void)
{
	static const char *const from[] = { "UCS-2LE", "UCS-2BE", "UTF-16LE",
		"UTF-16BE", "ISO-8859-1", "CP1252", "ASCII", "UTF-8" };

	gexiv2_initialize();
	gexiv2_log_set_handler(quiet);
	gexiv2_log_set_level(GEXIV2_LOG_LEVEL_MUTE);
	/* Kept open: a converter's module cannot be loaded later. */
	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		(void)iconv_open("UTF-8", from[i]);
		(void)iconv_open(from[i], "UTF-8");
	}
}

static void failed(struct record *r, const char *code, GError **error)
{
	record_finding(r, code, *error ? (*error)->message : NULL, SIZE_MAX);
	g_clear_error(error);
}

/* one_tag - the library's reading, and the value it made it from */
static void one_tag(struct record *r, GExiv2Metadata *m, const char *tag,
		    int multiple)
{
	char *raw = gexiv2_metadata_try_get_tag_string(m, tag, NULL);
	char *value = gexiv2_metadata_try_get_tag_interpreted_string(m, tag,
								      NULL);
	char **all = NULL;

	if (multiple)
		all = gexiv2_metadata_try_get_tag_multiple(m, tag, NULL);
	if (all && all[0] && all[1]) {
		for (unsigned i = 0; all[i]; i++)
			record_field(r, tag, all[i], NULL, SIZE_MAX);
	} else if (value || raw) {
		record_field(r, tag, value ? value : raw, raw, SIZE_MAX);
	}
	g_strfreev(all);
	g_free(raw);
	g_free(value);
}

static void tags(struct record *r, GExiv2Metadata *m, char **names,
		 int multiple)
{
	for (unsigned i = 0; names && names[i]; i++) {
		/* A name stands once for each of its values. */
		if (i && !strcmp(names[i], names[i - 1]))
			continue;
		one_tag(r, m, names[i], multiple);
	}
	g_strfreev(names);
}

static void fact(struct record *r, GExiv2Metadata *m, const char *key,
		 const char *const *names)
{
	for (; *names; names++) {
		char *v = gexiv2_metadata_try_get_tag_string(m, *names, NULL);

		if (v)
			g_strchomp(v);
		if (v && *v) {
			record_fact_str(r, key, v);
			g_free(v);
			return;
		}
		g_free(v);
	}
}

static void summary(struct record *r, GExiv2Metadata *m)
{
	static const char *const make[] = { "Exif.Image.Make",
		"Xmp.tiff.Make", NULL };
	static const char *const model[] = { "Exif.Image.Model",
		"Xmp.tiff.Model", NULL };
	static const char *const lens[] = { "Exif.Photo.LensModel", NULL };
	static const char *const serial[] = { "Exif.Photo.BodySerialNumber",
		"Exif.Image.CameraSerialNumber", "Xmp.aux.SerialNumber", NULL };
	static const char *const taken[] = { "Exif.Photo.DateTimeOriginal",
		"Exif.Image.DateTimeOriginal", "Xmp.exif.DateTimeOriginal",
		"Xmp.photoshop.DateCreated", "Iptc.Application2.DateCreated",
		NULL };
	static const char *const offset[] = { "Exif.Photo.OffsetTimeOriginal",
		NULL };
	static const char *const changed[] = { "Exif.Image.DateTime",
		"Xmp.xmp.ModifyDate", NULL };
	static const char *const software[] = { "Exif.Image.Software",
		"Xmp.xmp.CreatorTool", NULL };
	gdouble v;

	fact(r, m, "camera_make", make);
	fact(r, m, "camera_model", model);
	fact(r, m, "lens", lens);
	fact(r, m, "camera_serial", serial);
	fact(r, m, "taken", taken);
	fact(r, m, "taken_offset", offset);
	fact(r, m, "modified", changed);
	fact(r, m, "software", software);
	if (gexiv2_metadata_try_has_tag(m, "Exif.GPSInfo.GPSLatitude", NULL) &&
	    gexiv2_metadata_try_get_gps_latitude(m, &v, NULL))
		record_fact_deg(r, "latitude", v);
	if (gexiv2_metadata_try_has_tag(m, "Exif.GPSInfo.GPSLongitude", NULL) &&
	    gexiv2_metadata_try_get_gps_longitude(m, &v, NULL))
		record_fact_deg(r, "longitude", v);
	if (gexiv2_metadata_try_has_tag(m, "Exif.GPSInfo.GPSAltitude", NULL) &&
	    gexiv2_metadata_try_get_gps_altitude(m, &v, NULL))
		record_fact_deg(r, "altitude", v);
}

static void thumbnail(struct record *r, GExiv2Metadata *m)
{
	guint8 *p = NULL;
	gint n = 0;

	if (gexiv2_metadata_get_exif_thumbnail(m, &p, &n) && p && n > 0)
		record_picture(r, "thumbnail", BYTES(p, (size_t)n));
	g_free(p);
}

/* metadata - all an opened picture has */
static void metadata(struct record *r, GExiv2Metadata *m)
{
	summary(r, m);
	tags(r, m, gexiv2_metadata_get_exif_tags(m), 0);
	tags(r, m, gexiv2_metadata_get_iptc_tags(m), 1);
	tags(r, m, gexiv2_metadata_get_xmp_tags(m), 1);
	thumbnail(r, m);
}

static int open_and_read(struct record *r, struct bytes in, int picture)
{
	GExiv2Metadata *m = gexiv2_metadata_new();
	GError *error = NULL;
	const char *type;
	int w, h, ok;

	ok = in.len && in.len <= G_MAXLONG &&
		gexiv2_metadata_open_buf(m, in.p, (glong)in.len, &error);
	if (!ok) {
		failed(r, "exiv2-refused", &error);
	} else {
		type = gexiv2_metadata_get_mime_type(m);
		w = gexiv2_metadata_get_pixel_width(m);
		h = gexiv2_metadata_get_pixel_height(m);
		if (picture && type)
			record_fact_str(r, "type", type);
		if (picture && w > 0 && h > 0) {
			char text[16];

			record_fact_num(r, "width", (uint64_t)w);
			record_fact_num(r, "height", (uint64_t)h);
			g_snprintf(text, sizeof text, "%d", w);
			record_field(r, "width", text, NULL, SIZE_MAX);
			g_snprintf(text, sizeof text, "%d", h);
			record_field(r, "height", text, NULL, SIZE_MAX);
		}
		metadata(r, m);
	}
	g_object_unref(m);
	return ok;
}

/* film - would Exiv2 open this with one of its readers of film?  They abort on
 * what is not as they expect, and libavformat reads film better. */
static int film(struct bytes in)
{
	static const char atoms[] = "PICTfreeftypjunkmdatmoovpictpnotskipuuid"
				    "wide";
	const char *type = mime_sniff(BYTES(in.p, in.len < MIME_LOOK ? in.len
					    : MIME_LOOK));

	if (in.len < 16 || (type && !strncmp(type, "image/", 6)))
		return 0;
	if (type || !memcmp(in.p, "\x1a\x45\xdf\xa3", 4) ||
	    !memcmp(in.p, "RIFF", 4) || !memcmp(in.p, "\x30\x26\xb2\x75", 4))
		return 1;
	for (size_t i = 0; i + 4 < sizeof atoms; i += 4)
		if (!memcmp(in.p + 4, atoms + i, 4))
			return 1;
	return 0;
}

int exif_read(struct record *r, struct bytes in)
{
	if (film(in)) {
		record_finding(r, "no-picture", NULL, SIZE_MAX);
		return 0;
	}
	return open_and_read(r, in, 1);
}

/* --- parts: put into a picture without pixels ------------------------------------ */

static void segment(struct buf *out, unsigned mark, const char *name,
		    size_t name_len, struct bytes b)
{
	uint8_t head[4] = { 0xff, (uint8_t)mark };

	put_be16(head + 2, (uint16_t)(2 + name_len + b.len));
	buf_add(out, head, 4);
	buf_add(out, name, name_len);
	buf_addb(out, b);
}

static void chunk(struct buf *out, const char *kind, const char *head,
		  size_t head_len, struct bytes b)
{
	uint8_t word[4];
	size_t from;

	put_be32(word, (uint32_t)(head_len + b.len));
	buf_add(out, word, 4);
	from = out->len;
	buf_add(out, kind, 4);
	buf_add(out, head, head_len);
	buf_addb(out, b);
	if (out->failed)
		return;
	put_be32(word, (uint32_t)crc32_z(0, out->p + from, out->len - from));
	buf_add(out, word, 4);
}

#define SEGMENT_MAX 65000

static void jpeg_around(struct record *r, const struct parts *p)
{
	struct buf out = BUF_INIT(2 * PARTS_MAX + 4096);
	struct bytes rest = buf_view(&p->resources);

	buf_add(&out, "\xff\xd8", 2);
	if (p->exif.len && p->exif.len <= SEGMENT_MAX)
		segment(&out, 0xe1, "Exif\0", 6, buf_view(&p->exif));
	else if (p->exif.len)
		record_finding(r, "metadata-too-long", "EXIF", SIZE_MAX);
	while (rest.len) {
		size_t n = rest.len < SEGMENT_MAX ? rest.len : SEGMENT_MAX;

		segment(&out, 0xed, "Photoshop 3.0", 14, BYTES(rest.p, n));
		rest.p += n;
		rest.len -= n;
	}
	buf_add(&out, "\xff\xd9", 2);
	if (!out.failed)
		open_and_read(r, buf_view(&out), 0);
	buf_release(&out);
}

static void png_around(struct record *r, struct bytes xmp)
{
	static const char header[13] = { 0, 0, 0, 1, 0, 0, 0, 1, 8 };
	struct buf out = BUF_INIT(PARTS_MAX + 4096);

	buf_add(&out, "\x89PNG\r\n\x1a\n", 8);
	chunk(&out, "IHDR", header, sizeof header, BYTES(NULL, 0));
	chunk(&out, "iTXt", "XML:com.adobe.xmp\0\0\0\0", 22, xmp);
	chunk(&out, "IEND", "", 0, BYTES(NULL, 0));
	if (!out.failed)
		open_and_read(r, buf_view(&out), 0);
	buf_release(&out);
}

void parts_read(struct record *r, const struct parts *p)
{
	if (p->exif.len || p->resources.len)
		jpeg_around(r, p);
	if (p->xmp.len)
		png_around(r, buf_view(&p->xmp));
	if (p->ext.len)
		png_around(r, buf_view(&p->ext));
}

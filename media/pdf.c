/* SPDX-License-Identifier: EUPL-1.2 */
/* Portable documents, by QPDF's C interface: no page is drawn. */
#include "media/media.h"

#include <qpdf/qpdf-c.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS_MAX 200
#define PAGES_MAX 200

void pdf_start(void)
{
	qpdf_data q = qpdf_init();

	qpdf_cleanup(&q);
}

/* date - D:20050718143045-04'00' as 2005-07-18T14:30:45-04:00 */
static int date(const char *s, char out[static 40])
{
	size_t n = 0;
	char z;

	if (s[0] != 'D' || s[1] != ':')
		return 0;
	s += 2;
	while (s[n] >= '0' && s[n] <= '9')
		n++;
	if (n != 14)
		return 0;
	snprintf(out, 40, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", s, s + 4, s + 6,
		 s + 8, s + 10, s + 12);
	z = s[14];
	if (z == 'Z')
		snprintf(out + 19, 21, "Z");
	else if ((z == '+' || z == '-') && strlen(s) >= 20 && s[17] == '\'')
		snprintf(out + 19, 21, "%c%.2s:%.2s", z, s + 15, s + 18);
	return 1;
}

static void info(struct record *r, qpdf_data q)
{
	static const struct {
		const char *key, *fact;
	} facts[] = {
		{ "/Producer", "software" }, { "/Creator", "made_with" },
		{ "/CreationDate", "taken" }, { "/ModDate", "modified" },
		{ "/Author", "author" },
	};
	qpdf_oh dict = qpdf_oh_get_key(q, qpdf_get_trailer(q), "/Info");
	unsigned n = 0;

	if (!qpdf_oh_is_dictionary(q, dict))
		return;
	qpdf_oh_begin_dict_key_iter(q, dict);
	while (qpdf_oh_dict_more_keys(q) && n++ < KEYS_MAX) {
		const char *key = qpdf_oh_dict_next_key(q);
		qpdf_oh v = qpdf_oh_get_key(q, dict, key);
		char name[128], iso[40], *text;

		if (!qpdf_oh_is_string(q, v))
			continue;
		snprintf(name, sizeof name, "info.%.100s",
			 *key == '/' ? key + 1 : key);
		text = strdup(qpdf_oh_get_utf8_value(q, v));
		if (!text)
			return;
		if (date(text, iso))
			record_field(r, name, iso, text, SIZE_MAX);
		else
			record_field(r, name, text, NULL, SIZE_MAX);
		for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
			if (!strcmp(key, facts[i].key))
				record_fact_str(r, facts[i].fact,
						date(text, iso) ? iso : text);
		}
		free(text);
	}
}

static void take(struct record *r, qpdf_data q, qpdf_oh s, const char *what,
		 struct buf *out)
{
	unsigned char *p = NULL;
	size_t n = 0;
	QPDF_BOOL filtered = 0;

	if (!qpdf_oh_is_stream(q, s))
		return;
	if (qpdf_oh_get_stream_data(q, s, qpdf_dl_generalized, &filtered, &p,
				    &n) & QPDF_ERRORS || !p) {
		record_finding(r, "stream-unreadable", what, SIZE_MAX);
		return;
	}
	if (!out->len && buf_add(out, p, n) < 0)
		record_finding(r, "metadata-too-long", what, SIZE_MAX);
	free(p);
}

/* photoshop - resources kept with a page; the first that has any */
static void photoshop(struct record *r, qpdf_data q, int pages,
		      struct parts *parts)
{
	static const char *const path[] = { "/PieceInfo", "/AdobePhotoshop",
		"/Private", "/ImageResources", NULL };

	for (int i = 0; i < pages && i < PAGES_MAX && !parts->resources.len;
	     i++) {
		qpdf_oh o = qpdf_get_page_n(q, (size_t)i);
		const char *const *p = path;

		while (*p && qpdf_oh_is_dictionary(q, o))
			o = qpdf_oh_get_key(q, o, *p++);
		if (!*p)
			take(r, q, o, "ImageResources", &parts->resources);
	}
}

struct inner {
	struct parts *parts;
};

static void on_part(void *arg, enum container_part kind, struct bytes b,
		    size_t at)
{
	struct inner *in = arg;

	(void)at;
	if (kind == PART_EXIF && !in->parts->exif.len)
		buf_addb(&in->parts->exif, b);
}

static void on_field(void *arg, const char *name, const char *text, size_t at)
{
	(void)arg;
	(void)name;
	(void)text;
	(void)at;
}

static void on_finding(void *arg, const char *code, size_t at)
{
	(void)arg;
	(void)code;
	(void)at;
}

static void said(struct record *r, qpdf_data q)
{
	unsigned n = 0;

	while (qpdf_more_warnings(q) && n++ < 16) {
		qpdf_error e = qpdf_next_warning(q);

		record_finding(r, "qpdf-warning",
			       qpdf_get_error_message_detail(q, e), SIZE_MAX);
	}
	if (qpdf_has_error(q)) {
		qpdf_error e = qpdf_get_error(q);

		record_finding(r, "qpdf-refused",
			       qpdf_get_error_message_detail(q, e), SIZE_MAX);
	}
}

void pdf_read(struct record *r, struct bytes in, struct parts *parts)
{
	struct inner inner = { parts };
	const struct container_see see = { &inner, on_field, on_part,
					   on_finding };
	qpdf_data q = qpdf_init();
	char text[16];
	int pages;

	qpdf_silence_errors(q);
	qpdf_set_suppress_warnings(q, 1);
	if (qpdf_read_memory(q, "medium", (const char *)in.p, in.len, NULL) &
	    QPDF_ERRORS) {
		said(r, q);
		qpdf_cleanup(&q);
		return;
	}
	record_field(r, "version", qpdf_get_pdf_version(q), NULL, SIZE_MAX);
	if (qpdf_is_encrypted(q))
		record_field(r, "encrypted", "yes", NULL, SIZE_MAX);
	info(r, q);
	pages = qpdf_get_num_pages(q);
	if (pages >= 0) {
		snprintf(text, sizeof text, "%d", pages);
		record_field(r, "pages", text, NULL, SIZE_MAX);
		record_fact_num(r, "pages", (uint64_t)pages);
	}
	take(r, q, qpdf_oh_get_key(q, qpdf_get_root(q), "/Metadata"),
	     "Metadata", &parts->xmp);
	photoshop(r, q, pages, parts);
	if (parts->resources.len)
		container_resources(buf_view(&parts->resources), &see);
	said(r, q);
	qpdf_cleanup(&q);
}

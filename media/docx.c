/* SPDX-License-Identifier: EUPL-1.2 */
/* Office Open XML (ECMA-376): the archive by libarchive, its parts by libxml2. */
#include "media/media.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ENTRIES_MAX 2000
#define PART_BYTES_MAX ((size_t)4 << 20)	/* of one part, unpacked */
#define ELEMENTS_MAX 500
#define RATIO_MAX 200		/* unpacked to packed: a bomb's mark */

static const int xml_how = XML_PARSE_NONET | XML_PARSE_NOERROR |
	XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_NOBLANKS;

void docx_start(void)
{
	struct archive *a = archive_read_new();

	xmlInitParser();
	archive_read_support_format_zip_seekable(a);
	archive_read_free(a);
}

/* parse - one part; no entity is replaced, none may be declared */
static xmlDoc *parse(struct record *r, struct bytes b, const char *what)
{
	xmlDoc *doc = NULL;

	if (b.len <= INT32_MAX)
		doc = xmlReadMemory((const char *)b.p, (int)b.len, NULL, NULL,
				    xml_how);
	if (doc && doc->intSubset) {
		record_finding(r, "xml-with-declarations", what, SIZE_MAX);
		xmlFreeDoc(doc);
		return NULL;
	}
	if (!doc)
		record_finding(r, "xml-not-well-formed", what, SIZE_MAX);
	return doc;
}

void xmp_toolkit(struct record *r, struct bytes packet)
{
	static const char *const names[] = { "xmptk", "xaptk" };
	xmlDoc *doc;
	xmlNode *root;

	while (packet.len && !packet.p[packet.len - 1])
		packet.len--;
	if (packet.len > PARTS_MAX || !packet.len)
		return;
	doc = xmlReadMemory((const char *)packet.p, (int)packet.len, NULL, NULL,
			    xml_how | XML_PARSE_RECOVER);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	for (size_t i = 0; root && i < 2; i++) {
		xmlChar *v = xmlGetNsProp(root, (const xmlChar *)names[i],
					  (const xmlChar *)"adobe:ns:meta/");

		if (v)
			record_field(r, "Xmp.x.xmptk", (const char *)v, NULL,
				     SIZE_MAX);
		xmlFree(v);
	}
	xmlFreeDoc(doc);
}

static void fact(struct record *r, const char *name, const char *value)
{
	static const char *const facts[][2] = {
		{ "core.created", "taken" }, { "core.modified", "modified" },
		{ "core.creator", "author" },
		{ "core.lastModifiedBy", "modified_by" },
		{ "app.Application", "software" },
		{ "app.AppVersion", "software_version" },
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		if (!strcmp(name, facts[i][0]))
			record_fact_str(r, facts[i][1], value);
	}
}

/* properties - each child of the root with text in it */
static void properties(struct record *r, struct bytes b, const char *part)
{
	xmlDoc *doc = parse(r, b, part);
	xmlNode *n = doc ? xmlDocGetRootElement(doc) : NULL;
	unsigned seen = 0;

	for (n = n ? n->children : NULL; n && seen++ < ELEMENTS_MAX;
	     n = n->next) {
		xmlChar *text, *own = NULL;
		char name[160];

		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (!strcmp(part, "custom"))
			own = xmlGetNoNsProp(n, (const xmlChar *)"name");
		text = xmlNodeGetContent(n);
		snprintf(name, sizeof name, "%s.%.120s", part,
			 own ? (const char *)own : (const char *)n->name);
		if (text) {
			record_field(r, name, (const char *)text, NULL,
				     SIZE_MAX);
			fact(r, name, (const char *)text);
		}
		xmlFree(text);
		xmlFree(own);
	}
	xmlFreeDoc(doc);
}

/* unpack - an entry's bytes, at most PART_BYTES_MAX */
static int unpack(struct record *r, struct archive *a, const char *name,
		  struct buf *out)
{
	for (;;) {
		uint8_t *p = buf_room(out, 65536);
		la_ssize_t n;

		if (!p) {
			record_finding(r, "part-too-long", name, SIZE_MAX);
			return -1;
		}
		n = archive_read_data(a, p, 65536);
		if (n < 0) {
			record_finding(r, "part-damaged", name, SIZE_MAX);
			return -1;
		}
		if (n == 0)
			return 0;
		out->len += (size_t)n;
	}
}

static const char *kind_of(struct bytes types)
{
	static const char *const kinds[][2] = {
		{ "wordprocessingml.document.main",
		  "application/vnd.openxmlformats-officedocument."
		  "wordprocessingml.document" },
		{ "spreadsheetml.sheet.main",
		  "application/vnd.openxmlformats-officedocument."
		  "spreadsheetml.sheet" },
		{ "presentationml.presentation.main",
		  "application/vnd.openxmlformats-officedocument."
		  "presentationml.presentation" },
		/* where macros stand the main part is called otherwise */
		{ "ms-word.document.macroEnabled",
		  "application/vnd.ms-word.document.macroEnabled.12" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (memmem(types.p, types.len, kinds[i][0],
			   strlen(kinds[i][0])))
			return kinds[i][1];
	}
	return NULL;
}

static int entry(struct record *r, struct archive *a, struct archive_entry *e,
		 const char **type_out)
{
	static const char *const parts[][2] = {
		{ "docProps/core.xml", "core" }, { "docProps/app.xml", "app" },
		{ "docProps/custom.xml", "custom" },
		{ "docProps/thumbnail.jpeg", "thumbnail" },
		{ "[Content_Types].xml", "types" },
	};
	struct buf out = BUF_INIT(PART_BYTES_MAX);
	const char *name = archive_entry_pathname(e);
	const char *part = NULL;

	for (size_t i = 0; name && i < sizeof parts / sizeof *parts; i++) {
		if (!strcmp(name, parts[i][0]))
			part = parts[i][1];
	}
	if (!part || unpack(r, a, part, &out) < 0)
		goto out;
	if (!strcmp(part, "types"))
		*type_out = kind_of(buf_view(&out));
	else if (!strcmp(part, "thumbnail"))
		record_picture(r, "thumbnail", buf_view(&out));
	else
		properties(r, buf_view(&out), part);
out:
	buf_release(&out);
	return 0;
}

/* moment - when an entry says it was changed: zip's clock has no zone */
static void moment(struct record *r, struct archive_entry *e)
{
	time_t t = archive_entry_mtime(e);
	char text[40];
	struct tm tm;

	if (archive_entry_mtime_is_set(e) && gmtime_r(&t, &tm) &&
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
		record_field(r, "zip.modified", text, NULL, SIZE_MAX);
}

int docx_read(struct record *r, struct bytes in, const char **type_out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	uint64_t unpacked = 0;
	unsigned n = 0;
	int s = ARCHIVE_FATAL;

	*type_out = NULL;
	if (!a || archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, in.p, in.len) != ARCHIVE_OK) {
		record_finding(r, "libarchive-refused",
			       a ? archive_error_string(a) : NULL, SIZE_MAX);
		goto out;
	}
	while ((s = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		if (n++ == ENTRIES_MAX) {
			record_finding(r, "too-many-entries", NULL, SIZE_MAX);
			break;
		}
		if (n == 1)
			moment(r, e);
		if (archive_entry_size_is_set(e) && archive_entry_size(e) > 0)
			unpacked += (uint64_t)archive_entry_size(e);
		entry(r, a, e, type_out);
	}
	if (s != ARCHIVE_OK && s != ARCHIVE_EOF)
		record_finding(r, "archive-damaged", archive_error_string(a),
			       SIZE_MAX);
	if (unpacked / RATIO_MAX > in.len)
		record_finding(r, "zip-bomb", NULL, SIZE_MAX);
	record_fact_num(r, "entries", n);
	record_fact_str(r, "type", *type_out);
out:
	archive_read_free(a);
	return *type_out != NULL;
}

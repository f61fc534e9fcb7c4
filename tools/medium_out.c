/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/medium_out.h"

#include "cases/mask.h"

#include <stdlib.h>

#define RECORD_MAX ((size_t)8 << 20)

json_t *medium_full(struct reading *rd, const char *text)
{
	json_t *o = NULL;

	if (json_read(bytes_str(text ? text : ""), RECORD_MAX, 24, &o, NULL) < 0)
		return NULL;
	if (!rd->unmask && mask_json(o, 24) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *medium_summary(struct reading *rd, const char *text)
{
	static const char *const left[] = { "v", "fields", "pictures",
					    "sandbox" };
	json_t *o = medium_full(rd, text);

	for (size_t i = 0; o && i < sizeof left / sizeof *left; i++)
		json_object_del(o, left[i]);
	return o;
}

/* --- for a person --------------------------------------------------------- */

static void line(struct reading *rd, unsigned indent, const char *name,
		 const char *text)
{
	if (text && *text)
		cli_out(rd->cli, "%*s%s: %s\n", (int)indent, "", name, text);
}

/* pair - "a b" of two facts, either of which may be missing */
static void pair(struct reading *rd, unsigned indent, const char *name,
		 const json_t *o, const char *a, const char *b)
{
	const char *x = json_opt_str(o, a), *y = json_opt_str(o, b);
	char text[2100];

	snprintf(text, sizeof text, "%.1024s%s%.1024s", x ? x : "",
		 x && y ? " " : "", y ? y : "");
	line(rd, indent, name, text);
}

static void sizes(struct reading *rd, unsigned indent, const json_t *o)
{
	int64_t w, h, ms, n;
	char text[96];

	if (json_want_int(o, "width", &w, NULL) == 0 &&
	    json_want_int(o, "height", &h, NULL) == 0) {
		snprintf(text, sizeof text, _("%lld x %lld pixels"),
			 (long long)w, (long long)h);
		line(rd, indent, _("dimensions"), text);
	}
	if (json_want_int(o, "duration_ms", &ms, NULL) == 0 && ms >= 0) {
		snprintf(text, sizeof text, _("%lld.%03lld seconds"),
			 (long long)(ms / 1000), (long long)(ms % 1000));
		line(rd, indent, _("duration"), text);
	}
	if (json_want_int(o, "pages", &n, NULL) == 0) {
		snprintf(text, sizeof text, "%lld", (long long)n);
		line(rd, indent, _("pages"), text);
	}
}

static void place(struct reading *rd, unsigned indent, const json_t *o)
{
	const json_t *lat = json_object_get(o, "latitude");
	const json_t *lon = json_object_get(o, "longitude");
	char text[96];

	if (!json_is_number(lat) || !json_is_number(lon))
		return;
	snprintf(text, sizeof text, "%.6f, %.6f", json_number_value(lat),
		 json_number_value(lon));
	line(rd, indent, _("place"), text);
}

static void findings(struct reading *rd, unsigned indent, const json_t *o)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(o, "findings"), i, f) {
		const char *from = json_opt_str(f, "from");
		const char *code = json_opt_str(f, "finding");
		const char *detail = json_opt_str(f, "detail");
		char text[1300];

		snprintf(text, sizeof text, "%.40s: %.60s%s%.1024s",
			 from ? from : "?", code ? code : "?",
			 detail ? ": " : "", detail ? detail : "");
		line(rd, indent, _("finding"), text);
	}
}

/* seen - what stands in the picture */
static void seen(struct reading *rd, unsigned indent, const json_t *o)
{
	const json_t *c;
	size_t i;

	json_array_foreach(json_object_get(o, "codes"), i, c) {
		const char *type = json_opt_str(c, "type");

		line(rd, indent, type ? type : "?", json_opt_str(c, "value"));
	}
	line(rd, indent, _("text in the picture"), json_opt_str(o, "text"));
	line(rd, indent, _("perceptual hash"), json_opt_str(o, "phash"));
}

void medium_lines(struct reading *rd, const json_t *o, unsigned indent)
{
	pair(rd, indent, _("type"), o, "type", "-");
	sizes(rd, indent, o);
	pair(rd, indent, _("camera"), o, "camera_make", "camera_model");
	pair(rd, indent, _("camera's number"), o, "camera_serial", "-");
	pair(rd, indent, _("lens"), o, "lens", "-");
	pair(rd, indent, _("says it was taken"), o, "taken", "-");
	pair(rd, indent, _("says it was changed"), o, "modified", "-");
	place(rd, indent, o);
	pair(rd, indent, _("software"), o, "software", "made_with");
	pair(rd, indent, _("author"), o, "author", "-");
	pair(rd, indent, _("changed by"), o, "modified_by", "-");
	seen(rd, indent, o);
	line(rd, indent, "SHA-256", json_opt_str(o, "sha256"));
	findings(rd, indent, o);
}

/* --- beside posts, and found ---------------------------------------------- */

struct captured {
	struct reading *rd;
	json_t *list;
};

static int captured(void *arg, const struct index_medium *m)
{
	struct captured *c = arg;
	json_t *o = medium_summary(c->rd, m->json);

	if (!o || reading_also(c->rd, m->capture) < 0 ||
	    json_object_set_new(o, "item",
				json_integer((json_int_t)m->capture)) ||
	    json_object_del(o, "kind") || json_array_append(c->list, o)) {
		json_decref(o);
		return ERR_NOMEM;
	}
	json_decref(o);
	return 0;
}

int medium_into_post(struct reading *rd, json_t *post)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(post, "media"), i, m) {
		struct captured c = { rd, NULL };
		const char *url = json_opt_str(m, "url");
		int r;

		if (!url)
			url = json_opt_str(m, "thumb");
		if (!url || !rd->ix)
			continue;
		c.list = json_array();
		r = c.list ? index_media_of(rd->ix, url, captured, &c, NULL)
			   : ERR_NOMEM;
		if (r == 0 && json_array_size(c.list) &&
		    json_object_set(m, "captured", c.list))
			r = ERR_NOMEM;
		json_decref(c.list);
		if (r < 0)
			return r;
	}
	return 0;
}

static int row_json(struct reading *rd, const struct index_medium *m)
{
	json_t *o = medium_summary(rd, m->json);
	int bad = !o;

	if (!bad) {
		bad |= json_object_set_new(o, "item", json_integer(
						   (json_int_t)m->capture));
		bad |= json_object_set_new(o, "time",
					   reading_time(m->time_ms));
		if (m->imported)
			bad |= json_object_set_new(o, "imported", json_true());
		bad |= json_object_set_new(o, "url", m->url
					   ? json_string(m->url) : json_null());
		bad |= json_object_set_new(o, "source", m->source
					   ? json_string(m->source)
					   : json_null());
	}
	if (bad) {
		json_decref(o);
		return ERR_NOMEM;
	}
	return reading_line(rd, o);
}

int medium_row(void *arg, const struct index_medium *m)
{
	struct medium_rows *rows = arg;
	struct reading *rd = rows->rd;
	char when[READING_WHEN];
	json_t *o;
	int r = reading_row(rd, m->capture);

	if (r < 0)
		return r;
	if (rd->cli->json) {
		rows->n++;
		return row_json(rd, m);
	}
	o = medium_summary(rd, m->json);
	if (!o)
		return ERR_NOMEM;
	cli_out(rd->cli, _("%smedium, item %llu, captured %s  %s\n"),
		rows->n++ ? "\n" : "", (unsigned long long)m->capture,
		reading_when(m->time_ms, when), m->url ? m->url : "");
	/* A number cut by the snippet's ends could not be masked. */
	if (m->snippet && !reading_secret(rd, m->words))
		reading_indent(rd, m->snippet, 0);
	if (m->imported)
		cli_out(rd->cli, "    %s\n", _("imported: handed over, not "
						"collected by this unit"));
	medium_lines(rd, o, 4);
	json_decref(o);
	return 0;
}

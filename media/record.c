/* SPDX-License-Identifier: EUPL-1.2 */
#include "media/record.h"

#include "parsers/mime.h"
#include "store/sha256.h"
#include "util/child.h"

#include <stdio.h>

#define PICTURES_MAX 32

static void fresh(struct buf *b, struct jsonw *w, char bracket)
{
	*b = (struct buf)BUF_INIT(RECORD_STAGE_MAX);
	*w = (struct jsonw)JSONW_INIT(b);
	jsonw_open(w, NULL, bracket);
}

int record_begin(struct record *r, const char *stage)
{
	struct bytes name = bytes_str(stage);

	memset(r, 0, sizeof *r);
	r->stage = stage;
	fresh(&r->facts_b, &r->facts, '{');
	fresh(&r->fields_b, &r->fields, '[');
	fresh(&r->pictures_b, &r->pictures, '[');
	fresh(&r->findings_b, &r->findings, '[');
	return message_write(1, 'S', &name, 1);
}

int record_end(struct record *r)
{
	struct buf all = BUF_INIT(4 * RECORD_STAGE_MAX);
	struct jsonw w = JSONW_INIT(&all);
	struct bytes piece;
	int bad;

	jsonw_close(&r->facts, '}');
	jsonw_close(&r->fields, ']');
	jsonw_close(&r->pictures, ']');
	jsonw_close(&r->findings, ']');
	bad = r->facts_b.failed || r->fields_b.failed ||
		r->pictures_b.failed || r->findings_b.failed;
	if (!bad) {
		jsonw_open(&w, NULL, '{');
		jsonw_raw(&w, "facts", buf_view(&r->facts_b));
		jsonw_raw(&w, "fields", buf_view(&r->fields_b));
		jsonw_raw(&w, "pictures", buf_view(&r->pictures_b));
		jsonw_raw(&w, "findings", buf_view(&r->findings_b));
		jsonw_close(&w, '}');
	}
	piece = buf_view(&all);
	if (!bad && all.failed == 0)
		bad = message_write(1, 'O', &piece, 1);
	buf_release(&r->facts_b);
	buf_release(&r->fields_b);
	buf_release(&r->pictures_b);
	buf_release(&r->findings_b);
	buf_release(&all);
	return bad < 0 ? bad : bad || all.failed ? ERR_NOMEM : 0;
}

/* text_member - a value, cut where a character begins */
static int text_member(struct jsonw *w, const char *key, const char *value)
{
	size_t n = strlen(value);
	int cut = n > RECORD_VALUE_MAX;

	if (cut) {
		n = RECORD_VALUE_MAX;
		while (n && ((uint8_t)value[n] & 0xc0) == 0x80)
			n--;
	}
	jsonw_bytes(w, key, BYTES(value, n));
	return cut;
}

void record_field(struct record *r, const char *name, const char *value,
		  const char *raw, size_t at)
{
	int cut;

	if (r->n_fields == RECORD_FIELDS_MAX)
		record_finding(r, "too-many-fields", NULL, SIZE_MAX);
	if (r->n_fields++ >= RECORD_FIELDS_MAX)
		return;
	jsonw_open(&r->fields, NULL, '{');
	jsonw_str(&r->fields, "from", r->stage);
	jsonw_str(&r->fields, "name", name);
	cut = text_member(&r->fields, "value", value);
	if (raw && strcmp(raw, value))
		cut |= text_member(&r->fields, "raw", raw);
	if (cut)
		jsonw_bool(&r->fields, "cut", 1);
	if (at != SIZE_MAX)
		jsonw_int(&r->fields, "at", (int64_t)at);
	jsonw_close(&r->fields, '}');
}

/* news - 1 when the stage has not said that fact yet */
static int news(struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->n_said; i++) {
		if (!strcmp(r->said[i], key))
			return 0;
	}
	if (r->n_said == RECORD_FACTS_MAX)
		return 0;
	r->said[r->n_said++] = key;
	return 1;
}

void record_fact_str(struct record *r, const char *key, const char *value)
{
	if (value && *value && news(r, key))
		text_member(&r->facts, key, value);
}

void record_fact_num(struct record *r, const char *key, uint64_t value)
{
	if (value <= INT64_MAX && news(r, key))
		jsonw_int(&r->facts, key, (int64_t)value);
}

void record_fact_deg(struct record *r, const char *key, double value)
{
	char text[40];

	if (!(value > -1e9 && value < 1e9) || !news(r, key))
		return;
	snprintf(text, sizeof text, "%.9f", value);
	jsonw_raw(&r->facts, key, bytes_str(text));
}

void record_finding(struct record *r, const char *code, const char *detail,
		    size_t at)
{
	if (r->n_findings++ >= RECORD_FINDINGS_MAX)
		return;
	jsonw_open(&r->findings, NULL, '{');
	jsonw_str(&r->findings, "from", r->stage);
	jsonw_str(&r->findings, "finding", code);
	if (detail && *detail)
		text_member(&r->findings, "detail", detail);
	if (at != SIZE_MAX)
		jsonw_int(&r->findings, "at", (int64_t)at);
	jsonw_close(&r->findings, '}');
}

static void ignore_field(void *arg, const char *name, const char *text,
			 size_t at)
{
	(void)arg;
	(void)name;
	(void)text;
	(void)at;
}

static void ignore_part(void *arg, enum container_part kind, struct bytes b,
			size_t at)
{
	(void)arg;
	(void)kind;
	(void)b;
	(void)at;
}

static void ignore_finding(void *arg, const char *code, size_t at)
{
	(void)arg;
	(void)code;
	(void)at;
}

void record_picture(struct record *r, const char *kind, struct bytes b)
{
	const struct container_see see = { NULL, ignore_field, ignore_part,
					   ignore_finding };
	const struct bytes head = { b.p, b.len < MIME_LOOK ? b.len : MIME_LOOK };
	const char *type = mime_sniff(head);
	struct container_facts f;
	uint8_t sum[SHA256_LEN];

	if (r->n_pictures++ >= PICTURES_MAX)
		return;
	container_read(type, b, &see, &f);
	sha256_once(b, sum);
	jsonw_open(&r->pictures, NULL, '{');
	jsonw_str(&r->pictures, "from", r->stage);
	jsonw_str(&r->pictures, "kind", kind);
	jsonw_str(&r->pictures, "type", type);
	if (f.width || f.height) {
		jsonw_int(&r->pictures, "width", (int64_t)f.width);
		jsonw_int(&r->pictures, "height", (int64_t)f.height);
	}
	jsonw_int(&r->pictures, "bytes", (int64_t)b.len);
	jsonw_hex(&r->pictures, "sha256", sum, sizeof sum);
	jsonw_close(&r->pictures, '}');
}

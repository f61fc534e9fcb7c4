/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/statement.h"

#include "util/clock.h"

#define PREFIX "scelle/v1/"

void draft_begin(struct draft *d, const char *kind, const char *log,
		 const char *stream, uint64_t n, int64_t time_ms)
{
	char when[CLOCK_RFC3339_MAX];

	d->text = (struct buf)BUF_INIT(NOTE_TEXT_MAX);
	d->w = (struct jsonw)JSONW_INIT(&d->text);
	buf_addf(&d->text, PREFIX "%s\n", kind);
	jsonw_open(&d->w, NULL, '{');
	jsonw_str(&d->w, "log", log);
	jsonw_str(&d->w, "stream", stream);
	jsonw_int(&d->w, "n", (int64_t)n);
	jsonw_str(&d->w, "time", clock_rfc3339(time_ms, when));
}

int draft_close(struct draft *d, struct bytes *text, struct err *e)
{
	jsonw_close(&d->w, '}');
	buf_addc(&d->text, '\n');
	if (d->text.failed)
		return err_set(e, d->text.failed,
			       "the statement is longer than %zu bytes",
			       NOTE_TEXT_MAX);
	*text = buf_view(&d->text);
	return 0;
}

int draft_sign(struct draft *d, const struct note_skey *keys, size_t nkeys,
	       struct buf *out, struct err *e)
{
	struct bytes text;
	int r = draft_close(d, &text, e);

	return r < 0 ? r : note_sign(text, keys, nkeys, out, e);
}

void draft_release(struct draft *d)
{
	buf_release(&d->text);
}

int statement_read(struct bytes note, struct statement *s, struct err *e)
{
	const size_t plen = sizeof PREFIX - 1;
	struct bytes text, json;
	const uint8_t *nl;
	size_t n;
	int r;

	memset(s, 0, sizeof *s);
	r = note_parse(note, &s->note, e);
	if (r < 0)
		return r;
	text = s->note.text;
	nl = memchr(text.p, '\n', text.len);
	n = nl ? (size_t)(nl - text.p) : 0;
	if (n <= plen || n - plen >= sizeof s->kind ||
	    memcmp(text.p, PREFIX, plen) != 0)
		return err_set(e, ERR_FORMAT, "not a statement: bad first line");
	memcpy(s->kind, text.p + plen, n - plen);
	json = BYTES(nl + 1, text.len - n - 1);
	if (!json.len || json.p[json.len - 1] != '\n' ||
	    memchr(json.p, '\n', json.len) != json.p + json.len - 1)
		return err_set(e, ERR_FORMAT,
			       "not a statement: not one line of JSON");
	json.len--;
	r = json_read_record(json, &s->json, e);
	if (r == 0 && !json_is_object(s->json))
		r = err_set(e, ERR_FORMAT, "not a statement: no JSON object");
	if (r < 0)
		statement_release(s);
	return r;
}

void statement_release(struct statement *s)
{
	json_decref(s->json);
	s->json = NULL;
}

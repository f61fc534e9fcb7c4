/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/ingest_media.h"

#include "crawler/mediachild.h"
#include "util/json.h"

int ingest_is_medium(const struct ingest_item *it)
{
	return ingest_is_served(it) && it->reason &&
	       !strcmp(it->reason, "media");
}

/* refused - a medium that no reader was started for */
static int refused(const char *why, int sight, struct buf *lines)
{
	struct jsonw w = JSONW_INIT(lines);

	jsonw_open(&w, NULL, '{');
	jsonw_int(&w, "v", MEDIA_RECORD_VERSION);
	jsonw_str(&w, "kind", "medium");
	if (sight)
		jsonw_bool(&w, "looked_at", 1);
	jsonw_open(&w, "findings", '[');
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "from", "start");
	jsonw_str(&w, "finding", "limit");
	jsonw_str(&w, "detail", why);
	jsonw_close(&w, '}');
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_addc(lines, '\n');
	return lines->failed ? ERR_NOMEM : 0;
}

int media_hands_take(struct media_hands *h, uint64_t number,
		     struct bytes head, struct bytes body, struct buf *lines,
		     struct err *e)
{
	struct err why = ERR_INIT;
	int r;

	r = media_job_new(h->helper, h->sight, head, body,
			  &h->job[h->n], &why);
	if (r == 0) {
		h->number[h->n++] = number;
		return 0;
	}
	if (r == ERR_LIMIT) {
		r = refused(why.text, h->sight, lines);
		return r < 0 ? err_set(e, r, "no memory to index") : 1;
	}
	if (e)
		*e = why;
	return r;
}

int media_hands_wait(struct media_hands *h, uint64_t *number,
		     struct buf *lines, struct err *e)
{
	int i = media_job_wait(h->job, h->n), r;

	if (i < 0)
		return err_set(e, i, "cannot hear the reader of media");
	*number = h->number[i];
	r = media_job_end(h->job[i], lines, e);
	h->n--;
	h->job[i] = h->job[h->n];
	h->number[i] = h->number[h->n];
	return r;
}

void media_hands_release(struct media_hands *h)
{
	while (h->n)
		media_job_end(h->job[--h->n], NULL, NULL);
}

int media_line_is(struct bytes lines, int sight)
{
	const uint8_t *nl = memchr(lines.p ? lines.p : (const uint8_t *)"",
				   '\n', lines.len);
	const char *kind;
	int64_t v = 0;
	json_t *o = NULL;
	int is;

	if (!nl || json_read(BYTES(lines.p, (size_t)(nl - lines.p)),
			     MEDIA_RECORD_MAX, 24, &o, NULL) < 0)
		return 0;
	kind = json_opt_str(o, "kind");
	is = kind && !strcmp(kind, "medium") &&
	     json_want_int(o, "v", &v, NULL) == 0 && v == MEDIA_RECORD_VERSION &&
	     json_is_true(json_object_get(o, "looked_at")) == (sight != 0);
	json_decref(o);
	return is;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* One item of a case: its statement, its records, its page. */
#include "cases/ingest.h"
#include "cases/ingest_media.h"

#include "crawler/parsepool.h"
#include "parsers/warc.h"
#include "store/leaf.h"

#include <stdio.h>

/* Erased, altered or lost: said of the item, no reason to stop. */
static int is_gone(int r)
{
	return r == ERR_NOENT || r == ERR_DAMAGED || r == ERR_AUTH ||
	       r == ERR_FORMAT || r == ERR_LIMIT || r == ERR_UNSUPPORTED;
}

static void take_outcome(struct ingest_item *it)
{
	const json_t *o = it->st.json;
	const char *phase = json_opt_str(o, "phase");
	const char *error = json_opt_str(o, "error");
	const char *by = json_opt_str(o, "by");
	const char *rule = json_opt_str(o, "rule");

	if (by)
		snprintf(it->outcome, sizeof it->outcome, "%s%s%s", by,
			 rule && *rule ? ": " : "", rule ? rule : "");
	else if (phase && strcmp(phase, "done"))
		snprintf(it->outcome, sizeof it->outcome, "%s%s%s", phase,
			 error && *error ? ": " : "", error ? error : "");
	else if (!strncmp(it->st.kind, "import", 6))
		snprintf(it->outcome, sizeof it->outcome, "imported");
	else
		snprintf(it->outcome, sizeof it->outcome, "%s",
			 it->st.kind[0] && strcmp(it->st.kind, "capture")
			 ? it->st.kind : "done");
}

int ingest_item(struct unit *u, struct grant *g, uint64_t n,
		struct ingest_item *it, struct err *e)
{
	struct err why = ERR_INIT;
	const char *words;
	struct leaf leaf;
	int64_t status = 0;
	int r;

	memset(it, 0, sizeof *it);
	it->note = (struct buf)BUF_INIT(NOTE_MAX);
	it->number = n;
	if (n >= custody_count(g))
		return err_set(e, ERR_NOENT, "the case has no item %llu",
			       (unsigned long long)n);
	r = stream_seq(custody_stream(g), n, &it->position, e);
	if (r == 0 && vault_leaf(u->vault, it->position, &leaf) < 0)
		r = err_set(e, ERR_DAMAGED, "no leaf %llu in the log",
			    (unsigned long long)it->position);
	if (r < 0)
		return r;
	it->time_ms = leaf.time_ms;
	it->kind = leaf.kind;
	r = custody_get(g, n, 0, &it->note, NULL, &why);
	if (r == 0)
		r = statement_read(buf_view(&it->note), &it->st, &why);
	if (r < 0) {
		if (!is_gone(r)) {
			if (e)
				*e = why;
			return r;
		}
		it->missing = 1;
		words = strchr(why.text, ':');
		it->erased = r == ERR_NOENT;
		if (it->erased && words)	/* "item N: erased by ..." */
			snprintf(it->outcome, sizeof it->outcome, "%.150s",
				 words + 2);
		else
			snprintf(it->outcome, sizeof it->outcome, "%s: %.150s",
				 it->erased ? "erased" : "damaged", why.text);
		return 0;
	}
	it->url = json_opt_str(it->st.json, "url");
	it->source = json_opt_str(it->st.json, "source");
	it->reason = json_opt_str(it->st.json, "reason");
	if (json_want_int(it->st.json, "status", &status, NULL) == 0 &&
	    status > 0 && status < 1000)
		it->status = (int)status;
	take_outcome(it);
	return 0;
}

void ingest_item_release(struct ingest_item *it)
{
	statement_release(&it->st);
	buf_wipe(&it->note);
	memset(it, 0, sizeof *it);
}

/* Where the statement says a record of that type stands; 1: none. */
static int find_record(const struct ingest_item *it, const char *type,
		       uint64_t *off, uint64_t *len)
{
	const json_t *blobs = json_object_get(it->st.json, "blobs"), *r;
	const json_t *list = json_object_get(json_array_get(blobs, 0),
					     "records");
	size_t i;

	json_array_foreach(list, i, r) {
		const char *t = json_opt_str(r, "type");
		int64_t o, n;

		if (!t || strcmp(t, type))
			continue;
		if (json_want_int(r, "offset", &o, NULL) < 0 ||
		    json_want_int(r, "len", &n, NULL) < 0 || o < 0 || n < 0)
			return ERR_DAMAGED;
		*off = (uint64_t)o;
		*len = (uint64_t)n;
		return 0;
	}
	return 1;
}

int ingest_record(struct grant *g, const struct ingest_item *it,
		  const char *type, struct buf *blob, struct bytes *record,
		  struct bytes *block, struct err *e)
{
	struct warc_head h = WARC_HEAD_INIT;
	uint64_t off = 0, len = 0;
	int r = it->missing ? 1 : find_record(it, type, &off, &len);

	if (r == 1)
		return 1;
	if (r == 0 && blob->len == 0)
		r = custody_get(g, it->number, 1, blob, NULL, e);
	else if (r < 0)
		err_set(e, r, "item %llu: where its records stand is not told",
			(unsigned long long)it->number);
	if (r < 0)
		return r;
	if (off > blob->len || len > blob->len - off)
		return err_set(e, ERR_DAMAGED, "item %llu: its %s record is not "
			       "where the statement says",
			       (unsigned long long)it->number, type);
	*record = BYTES(blob->p + off, (size_t)len);
	if (!block)
		return 0;
	r = warc_head_parse(*record, &h, e);
	if (r < 0)
		return r;
	if (!h.has_length || h.head_len > record->len ||
	    h.length > record->len - h.head_len)
		r = err_set(e, ERR_DAMAGED, "item %llu: its %s record is cut",
			    (unsigned long long)it->number, type);
	else
		*block = BYTES(record->p + h.head_len, (size_t)h.length);
	warc_head_release(&h);
	return r;
}

int ingest_response(struct grant *g, const struct ingest_item *it,
		    struct buf *blob, struct bytes *head, struct bytes *body,
		    struct err *e)
{
	const json_t *sizes = json_object_get(it->st.json, "bytes");
	struct bytes record, block;
	int64_t n = 0;
	int r = ingest_record(g, it, "response", blob, &record, &block, e);

	if (r == 1 && ingest_is_import(it)) {
		/* A file that came without a response is its own content. */
		r = ingest_record(g, it, "resource", blob, &record, body, e);
		*head = bytes_str("HTTP/1.1 200 OK\r\n\r\n");
		return r;
	}
	if (r)
		return r;
	if (json_want_int(sizes, "head", &n, NULL) < 0 || n < 0 ||
	    (uint64_t)n > block.len)
		return err_set(e, ERR_DAMAGED, "item %llu: where its response "
			       "head ends is not told",
			       (unsigned long long)it->number);
	*head = BYTES(block.p, (size_t)n);
	*body = BYTES(block.p + n, block.len - (size_t)n);
	return 0;
}

int ingest_is_import(const struct ingest_item *it)
{
	return it->kind == LEAF_IMPORT;
}

int ingest_is_served(const struct ingest_item *it)
{
	return !it->missing && it->url && it->kind != LEAF_REFUSED &&
	       (!strcmp(it->st.kind, "capture") ||
		!strcmp(it->st.kind, "import-record")) &&
	       it->status >= 200 && it->status <= 299;
}

int ingest_is_page(const struct ingest_item *it)
{
	static const char *const other[] = { "media", "robots", "interrupted",
					     "file" };

	if (!ingest_is_served(it))
		return 0;
	for (size_t i = 0; it->reason && i < 4; i++)
		if (!strcmp(it->reason, other[i]))
			return 0;
	return 1;
}

int ingest_lines(struct grant *g, const struct ingest_options *o,
		 const struct ingest_item *it, struct buf *lines,
		 struct err *e)
{
	struct parse_pool_options po = PARSE_POOL_OPTIONS_INIT;
	struct parse_result res = PARSE_RESULT_INIT;
	struct buf blob = BUF_INIT(VAULT_OBJECT_MAX);
	struct parse_page page = { .id = it->number, .url = it->url };
	const int sight = o->sight > 0 && o->media_sight;
	struct media_hands hands = { .helper = sight ? o->media_sight
						     : o->media,
				     .sight = sight };
	struct parse_pool *pool = NULL;
	uint64_t n;
	int r, medium = o->media && ingest_is_medium(it);

	if (!medium && !ingest_is_page(it))
		return 0;
	r = ingest_response(g, it, &blob, &page.head, &page.body, e);
	if (r) {
		r = r > 0 ? 0 : r;
		goto out;
	}
	if (medium) {
		r = media_hands_take(&hands, it->number, page.head, page.body,
				     lines, e);
		if (r == 0)
			r = media_hands_wait(&hands, &n, lines, e);
		r = r < 0 ? r : 0;
		goto out;
	}
	po.self_path = o->self_path;
	po.profiles_dir = o->profiles_dir;
	po.profiles = o->profiles;
	r = parse_pool_new(&po, &pool, e);
	if (r == 0)
		r = parse_pool_submit(pool, &page, e);
	if (r == 0 && parse_pool_wait(pool, &res))
		r = err_set(e, ERR_CHILD, "the parse child gave no answer");
	if (r == 0 && buf_addb(lines, buf_view(&res.jsonl)) < 0)
		r = err_set(e, lines->failed, "no memory for a page's lines");
out:
	parse_pool_free(pool);
	media_hands_release(&hands);
	parse_result_release(&res);
	buf_wipe(&blob);
	return r;
}

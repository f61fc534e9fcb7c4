/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Pages to posts: whatever the bytes, the answer is JSON lines and the first
 * of them is the page's.
 */
#include "parsers/worker.h"
#include "util/file.h"
#include "util/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct profile_set set;
static struct parse_worker *worker;

static const char other[] =
	"scelle-profile 1\nid other\nversion 1\nchecked 2026-01-02\nhost *\n"
	"block b\n post_id string id\n text text s:html(text | content)\n"
	" published date date\n views count n\n texts texts .//*\n"
	" hrefs hrefs .//@href | .//url\n each media .//item\n"
	"  url href .\n  thumb style @style\n end\nend\n"
	"page any\n json D //script from [=(]\n anchor /\n"
	" posts b //item | //entry | s:parse-json(//script)/item\n"
	" finding f s:match(//title, '^(a|b)*c')\n link l //a/@href\nend\n";

static void start(void)
{
	struct buf text = BUF_INIT(PROFILE_BYTES_MAX);
	struct profile *p = NULL;

	parse_start();
	if (file_read("profiles/telegram.profile", &text, NULL) < 0 ||
	    profile_read(buf_view(&text), NULL, "telegram", &p, NULL) < 0 ||
	    profile_set_add(&set, p, NULL) < 0 ||
	    profile_read(bytes_str(other), NULL, "other", &p, NULL) < 0 ||
	    profile_set_add(&set, p, NULL) < 0)
		abort();
	worker = parse_worker_new(&set);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const urls[] = {
		"https://t.me/s/exemple", "https://t.me/exemple/1?embed=1",
		"https://t.me/exemple", "https://example.org/x",
	};
	static const char *const types[] = { NULL, "text/html",
		"application/json", "text/xml; charset=latin1" };
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	struct parse_request q = { .url = { NULL, 0 } };
	size_t from = 0;

	if (!worker)
		start();
	if (!size || size > 100000)
		return 0;
	q.url = bytes_str(urls[data[0] & 3]);
	q.content_type = types[data[0] >> 2 & 3];
	q.body = BYTES(data + 1, size - 1);
	if (parse_worker_page(worker, &q, &out, NULL) < 0)
		abort();
	for (size_t i = 0; i < out.len; i++) {
		json_t *v = NULL;

		if (out.p[i] != '\n')
			continue;
		if (json_read(BYTES(out.p + from, i - from), PARSE_OUTPUT_MAX,
			      60, &v, NULL) < 0)
			abort();
		if (!from && strcmp(json_opt_str(v, "kind"), "page") != 0)
			abort();
		json_decref(v);
		from = i + 1;
	}
	if (!from || from != out.len)
		abort();
	buf_release(&out);
	return 0;
}

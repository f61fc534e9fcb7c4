/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What platforms answer, read by the profiles that are shipped: the first byte
 * chooses the address, the second how the answer is called.  Whatever the
 * bytes, the answer is JSON lines and the first of them is the page's.
 */
#include "crawler/profiles.h"
#include "parsers/worker.h"
#include "util/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct profile_set set = PROFILE_SET_INIT;
static struct parse_worker *worker;

static const char *const urls[] = {
	"https://mastodon.example/api/v1/accounts/1/statuses",
	"https://mastodon.example/users/exemple/outbox?page=true",
	"https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=e",
	"https://public.api.bsky.app/xrpc/app.bsky.feed.getPostThread?uri=at",
	"https://www.reddit.com/r/exemple/new.json",
	"https://www.reddit.com/r/exemple/comments/abc/t/.json",
	"https://tube.example/api/v1/videos",
	"https://www.youtube.com/watch?v=abcdefghijk",
	"https://www.youtube.com/feeds/videos.xml?channel_id=UCexample",
	"https://www.tiktok.com/@exemple/video/7000000000000000001",
	"https://www.tiktok.com/oembed?url=x",
	"https://www.snapchat.com/add/exemple",
	"https://www.instagram.com/p/ABCDEFGHIJK/",
	"https://www.threads.com/@exemple/post/ABCDEFGHIJK",
	"https://cdn.syndication.twimg.com/tweet-result?id=1",
	"https://syndication.twitter.com/srv/timeline-profile/screen-name/e",
	"https://soundcloud.com/exemple/titre",
	"https://discord.com/api/v10/invites/abc?with_counts=true",
	"https://www.linkedin.com/posts/exemple_activity-7000000000000000001-x",
	"https://m.facebook.com/exemple",
	"https://vk.com/exemple",
	"https://nitter.example/exemple",
	"https://telegram-desktop.export.invalid/0/result.json?chat=0&from=0",
	"https://example.org/feed",
};

static void start(void)
{
	parse_start();
	if (profiles_load("profiles", &set, NULL) < 0)
		abort();
	worker = parse_worker_new(&set);
	if (!worker)
		abort();
}

static void check(const struct buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < out->len; i++) {
		json_t *v = NULL;

		if (out->p[i] != '\n')
			continue;
		if (json_read(BYTES(out->p + from, i - from), PARSE_OUTPUT_MAX,
			      60, &v, NULL) < 0 ||
		    (!from && strcmp(json_opt_str(v, "kind"), "page") != 0))
			abort();
		json_decref(v);
		from = i + 1;
	}
	if (!from || from != out->len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "application/json", "text/html",
		"application/activity+json", "application/xml" };
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	struct parse_request q = { .url = { NULL, 0 } };

	if (!worker)
		start();
	if (size < 2 || size > 100000)
		return 0;
	q.url = bytes_str(urls[data[0] % (sizeof urls / sizeof *urls)]);
	q.content_type = types[data[1] & 3];
	q.body = BYTES(data + 2, size - 2);
	if (parse_worker_page(worker, &q, &out, NULL) < 0)
		abort();
	check(&out);
	buf_release(&out);
	return 0;
}

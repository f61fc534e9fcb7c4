/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/post.h"

static const char *const keys[POST_KEYS] = {
	[POST_ID] = "post_id", [POST_URL] = "url",
	[POST_PUBLISHED] = "published", [POST_AUTHOR] = "author",
	[POST_TEXT] = "text", [POST_VIEWS] = "views",
	[POST_MEDIA] = "media", [POST_FORWARDED] = "forwarded_from",
	[POST_REPLY] = "reply_to", [POST_EDITED] = "edited",
	[POST_LINKS] = "links",
};

int post_key(const char *name)
{
	for (int i = 0; i < POST_KEYS; i++)
		if (!strcmp(keys[i], name))
			return i;
	return -1;
}

void post_nulls(struct jsonw *w, unsigned seen)
{
	for (int i = 0; i < POST_KEYS; i++) {
		if (seen & 1u << i)
			continue;
		if (i == POST_MEDIA || i == POST_LINKS) {
			jsonw_open(w, keys[i], '[');
			jsonw_close(w, ']');
		} else if (i == POST_EDITED) {
			jsonw_bool(w, keys[i], 0);
		} else {
			jsonw_null(w, keys[i]);
		}
	}
}

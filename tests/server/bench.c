/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/gen_pages.h"
#include "tests/server/site.h"

#include <stdio.h>
#include <stdlib.h>

static void send_page(struct conn *c, int i)
{
	struct bytes p = gen_cached(c->s->gen, i);
	struct buf b = BUF_INIT(16 << 20);

	if (i < 0) {
		conn_error(c, 404, "");
		return;
	}
	if (!p.len) {
		if (gen_page(c->s->gen, i, &b, NULL) < 0) {
			conn_error(c, 500, "");
			return;
		}
		p = buf_view(&b);
	}
	conn_reply(c, 200, "text/html; charset=utf-8", "", p);
	buf_release(&b);
}

static void send_media(struct conn *c, long i)
{
	struct bytes piece[3];
	struct buf b = BUF_INIT(16 << 20);
	char own[64];

	if (i < 0 || i >= gen_media_n(c->s->gen)) {
		conn_error(c, 404, "");
		return;
	}
	gen_media(c->s->gen, (int)i, own, piece);
	buf_room(&b, piece[2].len + 128);
	for (int k = 0; k < 3; k++)
		buf_addb(&b, piece[k]);
	conn_reply(c, 200, "image/jpeg", "", buf_view(&b));
	buf_release(&b);
}

static void send_index(struct conn *c)
{
	struct buf b = BUF_INIT(64 << 20);

	buf_adds(&b, "<!DOCTYPE html><title>index</title>\n");
	for (int i = 0; i < gen_pages_n(c->s->gen); i++)
		buf_addf(&b, "<a href=\"/p/%05d.html\">/p/%05d.html</a>\n", i, i);
	for (int i = 0; i < gen_media_n(c->s->gen); i++)
		buf_addf(&b, "<a href=\"/media/%05d.jpg\">/media/%05d.jpg</a>\n",
			 i, i);
	conn_reply(c, 200, "text/html; charset=utf-8", "", buf_view(&b));
	buf_release(&b);
}

void bench_serve(struct conn *c)
{
	const char *t = c->target;
	size_t n = strcspn(t, "?");
	char v[32];
	int before = 0;

	if (!strncmp(t, "/p/", 3)) {
		long i = strtol(t + 3, NULL, 10);

		send_page(c, i < gen_pages_n(c->s->gen) ? (int)i : -1);
	} else if (!strncmp(t, "/media/", 7)) {
		send_media(c, strtol(t + 7, NULL, 10));
	} else if (!strncmp(t, "/file/", 6) && n > 17) {
		send_media(c, strtol(t + n - 11, NULL, 10));
	} else if (!strncmp(t, "/s/", 3)) {
		if (conn_query(c, "before", v, sizeof(v)))
			before = (int)strtol(v, NULL, 10);
		if (before && conn_throttled(c))
			return;
		send_page(c, gen_find(c->s->gen, t + 3, strcspn(t + 3, "?/"),
				      before));
	} else if (!strcmp(t, "/") || !strcmp(t, "/index.html")) {
		send_index(c);
	} else {
		conn_error(c, 404, "");
	}
}

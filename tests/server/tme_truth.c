/* SPDX-License-Identifier: EUPL-1.2 */
/* What a parser must find in a page of tme.c. */
#include "tests/server/tme.h"
#include "tests/server/tme_text.h"
#include "util/clock.h"
#include "util/json.h"

#include <stdio.h>

static void truth_media(struct jsonw *w, const struct tme_channel *c,
			const struct tme_post *p, const struct tme_media *m)
{
	static const char *const kinds[] = {
		[TME_PHOTO] = "photo", [TME_VIDEO] = "video",
		[TME_VIDEO_BIG] = "video", [TME_ROUND] = "round_video",
		[TME_VOICE] = "voice", [TME_DOCUMENT] = "document",
		[TME_LOCATION] = "location", [TME_STICKER] = "sticker",
	};
	struct buf u = BUF_INIT(256);

	jsonw_open(w, NULL, '{');
	jsonw_str(w, "type", kinds[m->kind]);
	jsonw_str(w, "url", m->url[0] ? m->url : NULL);
	if (m->thumb[0] && m->kind != TME_LOCATION)
		jsonw_str(w, "thumb", m->thumb);
	if (m->kind == TME_VIDEO_BIG)
		jsonw_bool(w, "unavailable", 1);
	if (m->kind == TME_DOCUMENT) {
		jsonw_str(w, "title", m->title);
		jsonw_str(w, "extra", m->extra);
		buf_addf(&u, "https://t.me/%s/%d", c->name, p->id);
		jsonw_bytes(w, "page", buf_view(&u));
	}
	jsonw_close(w, '}');
	buf_release(&u);
}

static void truth_text(struct jsonw *w, const struct tme_post *p)
{
	struct buf t = BUF_INIT(65536), u = BUF_INIT(65536);
	struct tme_links l = { .n = 0 };

	buf_room(&u, 8192);
	if (p->text && !p->unavailable) {
		tme_rich(NULL, &t, &l, &u, p->text);
		jsonw_bytes(w, "text", buf_view(&t));
	} else {
		jsonw_null(w, "text");
	}
	jsonw_open(w, "links", '[');
	for (size_t i = 0; i < l.n; i++)
		jsonw_bytes(w, NULL, l.v[i]);
	jsonw_close(w, ']');
	buf_release(&t);
	buf_release(&u);
}

static void truth_name(struct jsonw *w, const char *key, const char *markup)
{
	struct buf t = BUF_INIT(1024), u = BUF_INIT(1024);

	tme_rich(NULL, &t, NULL, &u, markup);
	jsonw_bytes(w, key, buf_view(&t));
	buf_release(&t);
	buf_release(&u);
}

static void truth_more(struct jsonw *w, const struct tme_post *p)
{
	char n[24];

	if (p->signature)
		jsonw_str(w, "signature", p->signature);
	if (p->service)
		jsonw_bool(w, "service", 1);
	if (p->unavailable)
		jsonw_str(w, "unavailable",
			  "Please open Telegram to view this post");
	if (p->reacts) {
		jsonw_open(w, "reactions", '[');
		for (int k = 0; k < p->reacts; k++) {
			jsonw_open(w, NULL, '{');
			jsonw_str(w, "emoji", p->react[k]);
			jsonw_str(w, "count", tme_count(p->react_n[k], n));
			jsonw_close(w, '}');
		}
		jsonw_close(w, ']');
	}
	if (p->poll) {
		jsonw_open(w, "poll", '{');
		jsonw_str(w, "question", p->poll);
		jsonw_str(w, "type", "Anonymous Poll");
		jsonw_open(w, "options", '[');
		for (int k = 0; k < p->poll_options; k++) {
			char pc[16];

			snprintf(pc, sizeof(pc), "%d%%", p->poll_percent[k]);
			jsonw_open(w, NULL, '{');
			jsonw_str(w, "text", p->poll_option[k]);
			jsonw_str(w, "percent", pc);
			jsonw_close(w, '}');
		}
		jsonw_close(w, ']');
		snprintf(n, sizeof(n), "%d", p->poll_voters);
		jsonw_str(w, "voters", n);
		jsonw_close(w, '}');
	}
	if (p->preview_url) {
		jsonw_open(w, "link_preview", '{');
		jsonw_str(w, "url", p->preview_url);
		jsonw_str(w, "site", p->preview_site);
		jsonw_str(w, "title", p->preview_title);
		jsonw_str(w, "description", p->preview_text);
		if (p->preview_image[0])
			jsonw_str(w, "image", p->preview_image);
		jsonw_close(w, '}');
	}
}

void tme_post_truth(struct buf *o, const struct tme_channel *c,
		    const struct tme_post *p, const char *page)
{
	struct jsonw w = JSONW_INIT(o);
	char id[64], url[96], n[24], when[CLOCK_RFC3339_MAX];

	snprintf(id, sizeof(id), "%s/%d", c->name, p->id);
	snprintf(url, sizeof(url), "https://t.me/%s/%d", c->name, p->id);
	clock_rfc3339_s(p->date * 1000, when);
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "post_id", id);
	jsonw_str(&w, "url", url);
	jsonw_str(&w, "published", when);
	truth_name(&w, "author", c->title);
	truth_text(&w, p);
	jsonw_str(&w, "views", p->views ? tme_count(p->views, n) : NULL);
	jsonw_open(&w, "media", '[');
	for (int k = 0; k < p->media_n && !p->unavailable; k++)
		truth_media(&w, c, p, &p->media[k]);
	jsonw_close(&w, ']');
	if (p->fwd_name)
		truth_name(&w, "forwarded_from", p->fwd_name);
	else
		jsonw_null(&w, "forwarded_from");
	if (p->fwd_url)
		jsonw_str(&w, "forwarded_from_url", p->fwd_url);
	snprintf(url, sizeof(url), "https://t.me/%s/%d", c->name, p->reply_to);
	jsonw_str(&w, "reply_to", p->reply_to ? url : NULL);
	jsonw_bool(&w, "edited", p->edited);
	truth_more(&w, p);
	if (page)
		jsonw_str(&w, "page", page);
	jsonw_close(&w, '}');
	buf_addc(o, '\n');
}

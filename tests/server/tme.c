/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/tme.h"
#include "tests/server/rng.h"
#include "tests/server/tme_text.h"
#include "util/enc.h"

#include <stdio.h>
#include <time.h>

const char *tme_count(long n, char out[static 24])
{
	if (n < 1000)
		snprintf(out, 24, "%ld", n);
	else if (n < 10000)
		snprintf(out, 24, "%ld.%02ldK", n / 1000, n % 1000 / 10);
	else if (n < 1000000)
		snprintf(out, 24, "%ld.%ldK", n / 1000, n % 1000 / 100);
	else
		snprintf(out, 24, "%ld.%02ldM", n / 1000000, n % 1000000 / 10000);
	return out;
}

static void iso(int64_t s, const char *zone, char out[80])
{
	struct tm tm;
	time_t t = (time_t)s;

	gmtime_r(&t, &tm);
	snprintf(out, 80, "%04d-%02d-%02dT%02d:%02d:%02d%s", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 zone);
}

static void esc(struct buf *b, const char *s)
{
	tme_escape(b, bytes_str(s));
}

static void rich(struct buf *b, const char *markup)
{
	tme_rich(b, NULL, NULL, &(struct buf)BUF_INIT(65536), markup);
}

/* The plain text of a markup, for attributes. */
static void plain_esc(struct buf *b, const char *markup)
{
	struct buf t = BUF_INIT(65536), u = BUF_INIT(65536);

	tme_rich(NULL, &t, NULL, &u, markup);
	tme_escape(b, buf_view(&t));
	buf_release(&t);
	buf_release(&u);
}

static const char tail[] =
"<i class=\"tgme_widget_message_bubble_tail\">\n"
"      <svg class=\"bubble_icon\" width=\"9px\" height=\"20px\" viewBox=\"0 0 9 20\">\n"
"        <g fill=\"none\">\n"
"          <path class=\"background\" fill=\"#ffffff\" d=\"M8,1 L9,1 L9,20 L8,20 L8,18 C7.8,15.2 7.1,12.2 6,9.2 C5,7 3.5,4.7 1.3,2.7 C0.9,2.4 0.9,1.7 1.3,1.3 C1.5,1.1 1.7,1 2,1 L8,1 Z\"></path>\n"
"          <path class=\"border_1x\" fill=\"#d7e3ec\" d=\"M9,1 L2,1 C1.7,1 1.5,1.1 1.3,1.3 C0.9,1.7 0.9,2.4 1.3,2.7 C3.5,4.7 5,7 6,9.2 C7.1,12.2 7.8,15.2 8,18 L8,20 L9,20 L9,1 Z M2,0 L9,0 L9,20 L7,20 C6.8,15.5 6.1,12.6 5,9.6 C4,7.4 2.6,5.3 0.6,3.4 C-0.2,2.7 -0.2,1.4 0.6,0.6 C0.9,0.2 1.4,0 2,0 Z\"></path>\n"
"          <path class=\"border_2x\" d=\"M9,1 L2,1 C1.7,1 1.5,1.1 1.3,1.3 C0.9,1.7 0.9,2.4 1.3,2.7 C3.5,4.7 5,7 6,9.2 C7.1,12.2 7.8,15.2 8,18 L8,20 L9,20 L9,1 Z M2,0.5 L9,0.5 L9,20 L7.5,20 C7.3,15.3 6.6,12.4 5.5,9.4 C4.5,7.2 3.1,5 1,3 Z\"></path>\n"
"          <path class=\"border_3x\" d=\"M9,1 L2,1 C1.7,1 1.5,1.1 1.3,1.3 C0.9,1.7 0.9,2.4 1.3,2.7 C3.5,4.7 5,7 6,9.2 C7.1,12.2 7.8,15.2 8,18 L8,20 L9,20 L9,1 Z M2,0.7 L9,0.7 L9,20 L7.7,20 C7.4,15.3 6.8,12.3 5.7,9.3 C4.7,7.1 3.2,4.9 1.1,2.9 Z\"></path>\n"
"        </g>\n"
"      </svg>\n"
"    </i>";

static void counter(struct buf *o, const char *v, const char *type)
{
	if (v)
		buf_addf(o, "<div class=\"tgme_channel_info_counter\"><span "
			 "class=\"counter_value\">%s</span> <span class=\""
			 "counter_type\">%s</span></div>", v, type);
}

static void head_meta(struct buf *o, const struct tme_channel *c)
{
	buf_adds(o, "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"utf-8\">\n    <title>");
	esc(o, c->title);
	buf_adds(o, " – Telegram</title>\n"
		 "    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1.0, minimum-scale=1.0, maximum-scale=1.0, user-scalable=no\" />\n"
		 "    <meta name=\"format-detection\" content=\"telephone=no\" />\n"
		 "    <meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\" />\n\n"
		 "<meta property=\"og:title\" content=\"");
	esc(o, c->title);
	buf_addf(o, "\">\n<meta property=\"og:image\" content=\"%s\">\n"
		 "<meta property=\"og:site_name\" content=\"Telegram\">\n"
		 "<meta property=\"og:description\" content=\"", c->photo);
	plain_esc(o, c->about);
	buf_adds(o, "\">\n\n<meta property=\"twitter:title\" content=\"");
	esc(o, c->title);
	buf_addf(o, "\">\n<meta property=\"twitter:image\" content=\"%s\">\n"
		 "<meta property=\"twitter:site\" content=\"@Telegram\">\n\n"
		 "<meta property=\"al:android:url\" content=\"tg://resolve?domain=%s\">\n"
		 "<meta name=\"robots\" content=\"noarchive, nofollow\">\n",
		 c->photo, c->name);
}

static void user_photo(struct buf *o, const struct tme_channel *c,
		       const char *class)
{
	buf_addf(o, "<i class=\"%s bgcolor6\" data-content=\"%c\"><img src=\"%s\"></i>",
		 class, c->name[0] & ~0x20, c->photo);
}

void tme_head(struct buf *o, const struct tme_channel *c, int before, int after)
{
	head_meta(o, c);
	if (before)
		buf_addf(o, "    <link rel=\"prev\" href=\"/s/%s?before=%d\">\n",
			 c->name, before);
	if (after)
		buf_addf(o, "    <link rel=\"next\" href=\"/s/%s?after=%d\">\n",
			 c->name, after);
	buf_addf(o, "    <link rel=\"canonical\" href=\"/s/%s\">\n"
		 "    <link rel=\"icon\" type=\"image/svg+xml\" href=\"//telegram.org/img/website_icon.svg?4\">\n"
		 "    <link href=\"//telegram.org/css/widget-frame.css?73\" rel=\"stylesheet\" media=\"screen\">\n"
		 "    <link href=\"//telegram.org/css/telegram-web.css?39\" rel=\"stylesheet\" media=\"screen\">\n"
		 "    <script>TBaseUrl='/';</script>\n  </head>\n"
		 "  <body class=\"widget_frame_base tgme_webpreview emoji_image thin_box_shadow tme_mode no_transitions\">\n"
		 "    <header class=\"tgme_header search_collapsed\">\n  <div class=\"tgme_container\">\n"
		 "    <div class=\"tgme_header_search\"><form class=\"tgme_header_search_form\" action=\"/s/%s\"><input class=\"tgme_header_search_form_input js-header_search\" placeholder=\"Search\" name=\"q\" autocomplete=\"off\" value=\"\" /></form></div>\n"
		 "    <div class=\"tgme_header_right_column\">\n      <section class=\"tgme_right_column\">\n        <div class=\"tgme_channel_info\">\n"
		 "          <div class=\"tgme_channel_info_header\">\n            ",
		 c->name, c->name);
	user_photo(o, c, "tgme_page_photo_image");
	buf_adds(o, "\n            <div class=\"tgme_channel_info_header_title_wrap\">\n"
		 "              <div class=\"tgme_channel_info_header_title\"><span dir=\"auto\">");
	rich(o, c->title);
	buf_addf(o, "</span></div>\n              <div class=\"tgme_channel_info_header_labels\"></div>\n            </div>\n"
		 "            <div class=\"tgme_channel_info_header_username\"><a href=\"https://t.me/%s\">@%s</a></div>\n          </div>\n"
		 "          <div class=\"tgme_channel_info_counters\">", c->name, c->name);
	counter(o, c->subscribers, "subscribers");
	counter(o, c->photos, "photos");
	counter(o, c->videos, "videos");
	counter(o, c->links, "links");
	buf_adds(o, "</div>\n          <div class=\"tgme_channel_info_description\">");
	rich(o, c->about);
	buf_adds(o, "</div>\n        </div>\n      </section>\n    </div>\n    <div class=\"tgme_header_info\">\n"
		 "      <a class=\"tgme_header_link\" href=\"https://t.me/");
	buf_addf(o, "%s\">\n        ", c->name);
	user_photo(o, c, "tgme_page_photo_image");
	buf_adds(o, "\n        <div class=\"tgme_header_title_wrap\"><div class=\"tgme_header_title\"><span dir=\"auto\">");
	rich(o, c->title);
	buf_addf(o, "</span></div></div>\n        <div class=\"tgme_header_counter\">%s subscribers</div>\n      </a>\n    </div>\n  </div>\n</header>\n"
		 "<main class=\"tgme_main\" data-url=\"/%s\">\n  <div class=\"tgme_container\">\n    <section class=\"tgme_channel_history js-message_history\">\n",
		 c->subscribers ? c->subscribers : "0", c->name);
	if (before)
		buf_addf(o, "      <div class=\"tgme_widget_message_centered js-messages_more_wrap\"><a href=\"/s/%s?before=%d\" class=\"tme_messages_more js-messages_more\" data-before=\"%d\"></a></div>\n",
			 c->name, before, before);
	if (after)
		buf_addf(o, "      <div class=\"tgme_widget_message_centered js-messages_more_wrap\"><a href=\"/s/%s?after=%d\" class=\"tme_messages_more js-messages_more\" data-after=\"%d\"></a></div>\n",
			 c->name, after, after);
}

void tme_none(struct buf *o)
{
	buf_adds(o, "      <div class=\"tgme_widget_message_wrap js-widget_message_wrap\"><div class=\"tgme_widget_message_centered\"><div class=\"tme_no_messages_found\">No posts found</div></div></div>\n");
}

void tme_foot(struct buf *o, int ms)
{
	buf_addf(o, "    </section>\n  </div>\n</main>\n"
		 "    <script src=\"//telegram.org/js/jquery.min.js\"></script>\n"
		 "    <script src=\"//telegram.org/js/telegram-web.js?14\"></script>\n"
		 "    <script>if (1<2 && \"</div>\".length) {TWeb.init();}</script>\n"
		 "  </body>\n</html>\n<!-- page generated in %d.%02dms -->\n",
		 ms / 100, ms % 100);
}

static void data_view(struct buf *o, const struct tme_channel *c,
		      const struct tme_post *p)
{
	struct buf j = BUF_INIT(512), b = BUF_INIT(1024);
	struct rng r = rng_seed(c->name, (uint64_t)p->id);

	buf_addf(&j, "{\"c\":%lld,\"p\":%d,\"t\":%lld,\"h\":\"%016llx\"}",
		 c->number, p->id, (long long)p->date,
		 (unsigned long long)rng_next(&r));
	b64_put_raw(&b, buf_view(&j));
	buf_addb(o, buf_view(&b));
	buf_release(&j);
	buf_release(&b);
}

static void not_supported(struct buf *o, const struct tme_channel *c,
			  const struct tme_post *p, const char *label)
{
	buf_addf(o, "<div class=\"message_media_not_supported_wrap\">\n  <div class=\"message_media_not_supported\">\n"
		 "    <div class=\"message_media_not_supported_label\">%s</div>\n"
		 "    <a href=\"https://t.me/%s/%d\" class=\"message_media_view_in_telegram\">VIEW IN TELEGRAM</a>\n  </div>\n</div>\n",
		 label, c->name, p->id);
}

static void photo(struct buf *o, const struct tme_channel *c,
		  const struct tme_post *p, const struct tme_media *m, int k)
{
	if (p->media_n == 1) {
		buf_addf(o, "<a class=\"tgme_widget_message_photo_wrap %d blured js-message_photo\" href=\"https://t.me/%s/%d\" style=\"width:600px;background-image:url('%s')\">\n"
			 "  <div class=\"tgme_widget_message_photo\" style=\"padding-top:75%%\"></div>\n</a>",
			 5000000 + p->id, c->name, p->id, m->url);
		return;
	}
	buf_addf(o, "<a class=\"tgme_widget_message_photo_wrap grouped_media_wrap blured js-message_photo\" style=\"left:%dpx;top:%dpx;width:225px;height:168px;margin-right:2px;margin-bottom:2px;background-image:url('%s')\" data-ratio=\"1.3333333333333\" href=\"https://t.me/%s/%d?single\">\n"
		 "  <div class=\"grouped_media_helper\" style=\"left:0;right:0;top:31px;bottom:31px;\"><div class=\"tgme_widget_message_photo grouped_media\" style=\"left:0;right:0;top:-20px;bottom:-19px;\"></div></div>\n</a>",
		 227 * (k % 2), 170 * (k / 2), m->url, c->name, p->id + k);
}

static void video(struct buf *o, const struct tme_channel *c,
		  const struct tme_post *p, const struct tme_media *m, int k)
{
	int big = m->kind == TME_VIDEO_BIG;

	buf_addf(o, "<a class=\"tgme_widget_message_video_player %s%s js-message_video_player\" href=\"https://t.me/%s/%d\"><i class=\"tgme_widget_message_video_thumb\" style=\"background-image:url('%s')\"></i>\n",
		 p->media_n > 1 ? "grouped_media_wrap " : "",
		 big ? "not_supported" : "blured", c->name, p->id + k, m->thumb);
	if (!big)
		buf_addf(o, "  <div class=\"tgme_widget_message_video_wrap\" style=\"width:464px;padding-top:56.25%%\"><video src=\"%s\" class=\"tgme_widget_message_video js-message_video\" width=\"100%%\" height=\"100%%\"></video></div>\n",
			 m->url);
	buf_addf(o, "  <div class=\"message_video_play js-message_video_play\"></div>\n"
		 "  <time class=\"message_video_duration js-message_video_duration\">%d:%02d</time>\n"
		 "  <div class=\"message_media_not_supported_wrap\"><div class=\"message_media_not_supported\"><div class=\"message_media_not_supported_label\">%s</div><span class=\"message_media_view_in_telegram\">VIEW IN TELEGRAM</span></div></div>\n</a>",
		 m->seconds / 60, m->seconds % 60, big ? "Media is too big" :
		 "This media is not supported in your browser");
}

static void media(struct buf *o, const struct tme_channel *c,
		  const struct tme_post *p, const struct tme_media *m, int k)
{
	switch (m->kind) {
	case TME_PHOTO:
		photo(o, c, p, m, k);
		break;
	case TME_VIDEO:
	case TME_VIDEO_BIG:
		video(o, c, p, m, k);
		break;
	case TME_ROUND:
		buf_addf(o, "<div class=\"tgme_widget_message_roundvideo_player js-message_roundvideo_player\"><div class=\"tgme_widget_message_roundvideo_wrap\"><i class=\"tgme_widget_message_roundvideo_thumb\" style=\"background-image:url('%s')\"></i><video class=\"tgme_widget_message_roundvideo js-message_roundvideo\" src=\"%s\" width=\"100%%\" height=\"100%%\" preload muted autoplay loop playsinline></video></div></div>",
			 m->thumb, m->url);
		break;
	case TME_VOICE:
		buf_addf(o, "<a class=\"tgme_widget_message_voice_player js-message_voice_player\" href=\"https://t.me/%s/%d\"><audio class=\"tgme_widget_message_voice js-message_voice\" src=\"%s\" data-ogg width=\"100%%\" data-waveform=\"0,0,2,9,21,31,31,18,4,0\"></audio><div class=\"tgme_widget_message_voice_play accent_bghover\"></div><time class=\"tgme_widget_message_voice_duration js-message_voice_duration\">%d:%02d</time></a>",
			 c->name, p->id, m->url, m->seconds / 60, m->seconds % 60);
		break;
	case TME_DOCUMENT:
		buf_addf(o, "<a class=\"tgme_widget_message_document_wrap\" href=\"https://t.me/%s/%d\">\n  <div class=\"tgme_widget_message_document_icon accent_bg\"></div>\n  <div class=\"tgme_widget_message_document\">\n"
			 "    <div class=\"tgme_widget_message_document_title accent_color\" dir=\"auto\">%s</div>\n    <div class=\"tgme_widget_message_document_extra\" dir=\"auto\">%s</div>\n  </div>\n</a>",
			 c->name, p->id, m->title, m->extra);
		break;
	case TME_LOCATION:
		buf_addf(o, "<a class=\"tgme_widget_message_location_wrap\" href=\"%s\"><div class=\"tgme_widget_message_location\" style=\"background-image:url('%s')\"></div></a>",
			 m->url, m->thumb);
		break;
	case TME_STICKER:
		buf_addf(o, "<div class=\"tgme_widget_message_sticker_wrap media_supported_cont\"><a href=\"https://t.me/%s/%d\"><i class=\"tgme_widget_message_sticker js-sticker_image\" data-webp=\"%s\" style=\"background-image:url('%s');width:256px\"></i></a></div>",
			 c->name, p->id, m->url, m->url);
		break;
	}
}

static void all_media(struct buf *o, const struct tme_channel *c,
		      const struct tme_post *p)
{
	if (p->media_n > 1)
		buf_adds(o, "<div class=\"tgme_widget_message_grouped_wrap js-message_grouped_wrap\" data-margin-w=\"2\" data-margin-h=\"2\" style=\"width:453px;\"><div class=\"tgme_widget_message_grouped js-message_grouped\" style=\"padding-top:83.333%\"><div class=\"tgme_widget_message_grouped_layer js-message_grouped_layer\" style=\"width:453px;height:377px\">\n");
	for (int k = 0; k < p->media_n; k++)
		media(o, c, p, &p->media[k], k);
	if (p->media_n > 1)
		buf_adds(o, "\n</div></div></div>");
}

static void poll(struct buf *o, const struct tme_channel *c,
		 const struct tme_post *p)
{
	buf_adds(o, "<div class=\"tgme_widget_message_poll js-poll\">\n  <div class=\"tgme_widget_message_poll_question\">");
	esc(o, p->poll);
	buf_addf(o, "</div>\n  <div class=\"tgme_widget_message_poll_type\">Anonymous Poll</div>\n  <a class=\"tgme_widget_message_poll_options\" href=\"https://t.me/%s/%d\">",
		 c->name, p->id);
	for (int k = 0; k < p->poll_options; k++) {
		buf_addf(o, "<div class=\"tgme_widget_message_poll_option\"><div class=\"tgme_widget_message_poll_option_percent\">%d%%</div><div class=\"tgme_widget_message_poll_option_value\"><div class=\"tgme_widget_message_poll_option_text\">",
			 p->poll_percent[k]);
		esc(o, p->poll_option[k]);
		buf_addf(o, "</div><div class=\"tgme_widget_message_poll_option_bar accent_bg\" style=\"width:%d%%\"></div></div></div>",
			 p->poll_percent[k]);
	}
	buf_adds(o, "</a>\n</div>");
}

static void origin(struct buf *o, const struct tme_channel *c,
		   const struct tme_post *p)
{
	if (p->fwd_name) {
		buf_adds(o, "<div class=\"tgme_widget_message_forwarded_from accent_color\">Forwarded from&nbsp;");
		if (p->fwd_url)
			buf_addf(o, "<a class=\"tgme_widget_message_forwarded_from_name\" href=\"%s\"><span dir=\"auto\">", p->fwd_url);
		else
			buf_adds(o, "<span class=\"tgme_widget_message_forwarded_from_name\" dir=\"auto\">");
		rich(o, p->fwd_name);
		buf_adds(o, p->fwd_url ? "</span></a></div>\n" : "</span></div>\n");
	}
	if (p->reply_to) {
		buf_addf(o, "<a class=\"tgme_widget_message_reply user-color-default\" href=\"https://t.me/%s/%d\">\n  <div class=\"tgme_widget_message_author accent_color\"><span class=\"tgme_widget_message_author_name\" dir=\"auto\">",
			 c->name, p->reply_to);
		rich(o, c->title);
		buf_adds(o, "</span></div>\n  <div class=\"tgme_widget_message_metatext js-message_reply_text\" dir=\"auto\">");
		esc(o, p->reply_text ? p->reply_text : "Photo");
		buf_adds(o, "</div>\n</a>\n");
	}
}

static void preview(struct buf *o, const struct tme_post *p)
{
	buf_adds(o, "<a class=\"tgme_widget_message_link_preview\" href=\"");
	esc(o, p->preview_url);
	buf_adds(o, "\">");
	if (p->preview_image[0])
		buf_addf(o, "<i class=\"link_preview_right_image\" style=\"background-image:url('%s')\"></i>", p->preview_image);
	buf_adds(o, "<div class=\"link_preview_site_name accent_color\" dir=\"auto\">");
	esc(o, p->preview_site);
	buf_adds(o, "</div><div class=\"link_preview_title\" dir=\"auto\">");
	esc(o, p->preview_title);
	buf_adds(o, "</div><div class=\"link_preview_description\" dir=\"auto\">");
	esc(o, p->preview_text);
	buf_adds(o, "</div></a>\n");
}

static void footer(struct buf *o, const struct tme_channel *c,
		   const struct tme_post *p)
{
	char n[24], when[80];

	buf_adds(o, "<div class=\"tgme_widget_message_footer compact js-message_footer\">\n  <div class=\"tgme_widget_message_info short js-message_info\">\n    ");
	if (p->poll)
		buf_addf(o, "<span class=\"tgme_widget_message_voters\">%d</span><span class=\"copyonly\"> voters</span>", p->poll_voters);
	if (p->views)
		buf_addf(o, "<span class=\"tgme_widget_message_views\">%s</span><span class=\"copyonly\"> views</span>", tme_count(p->views, n));
	buf_adds(o, "<span class=\"tgme_widget_message_meta\">");
	if (p->signature) {
		buf_adds(o, "<span class=\"tgme_widget_message_from_author\" dir=\"auto\">");
		esc(o, p->signature);
		buf_adds(o, "</span>,&nbsp;");
	}
	if (p->edited)
		buf_adds(o, "edited &nbsp;");
	iso(p->date, "+00:00", when);
	buf_addf(o, "<a class=\"tgme_widget_message_date\" href=\"https://t.me/%s/%d\"><time datetime=\"%s\" class=\"time\">%.5s</time></a></span>\n  </div>\n</div>\n",
		 c->name, p->id, when, when + 11);
}

static void extras(struct buf *o, const struct tme_post *p)
{
	char n[24];

	if (p->buttons) {
		buf_adds(o, "<div class=\"tgme_widget_message_inline_keyboard\">");
		for (int k = 0; k < p->buttons; k++) {
			buf_adds(o, "<div class=\"tgme_widget_message_inline_row\"><a class=\"tgme_widget_message_inline_button url_button\" href=\"");
			esc(o, p->button_url[k]);
			buf_adds(o, "\"><span class=\"tgme_widget_message_inline_button_text\" dir=\"auto\">");
			esc(o, p->button[k]);
			buf_adds(o, "</span></a></div>");
		}
		buf_adds(o, "</div>\n");
	}
	if (!p->reacts)
		return;
	buf_adds(o, "<div class=\"tgme_widget_message_reactions js-message_reactions\">");
	for (int k = 0; k < p->reacts; k++) {
		buf_adds(o, "<span class=\"tgme_reaction\">");
		tme_emoji(o, bytes_str(p->react[k]));
		buf_addf(o, "%s</span>", tme_count(p->react_n[k], n));
	}
	buf_adds(o, "</div>");
}

void tme_post_html(struct buf *o, const struct tme_channel *c,
		   const struct tme_post *p)
{
	buf_addf(o, "<div class=\"tgme_widget_message_wrap js-widget_message_wrap\"><div class=\"tgme_widget_message text_not_supported_wrap %sjs-widget_message\" data-post=\"%s/%d\" data-view=\"",
		 p->service ? "service_message " : "", c->name, p->id);
	data_view(o, c, p);
	buf_addf(o, "\">\n  <div class=\"tgme_widget_message_user\"><a href=\"https://t.me/%s\">", c->name);
	user_photo(o, c, "tgme_widget_message_user_photo");
	buf_addf(o, "</a></div>\n  <div class=\"tgme_widget_message_bubble\">\n    %s\n    <div class=\"tgme_widget_message_author accent_color\"><a class=\"tgme_widget_message_owner_name\" href=\"https://t.me/%s\"><span dir=\"auto\">",
		 tail, c->name);
	rich(o, c->title);
	buf_adds(o, "</span></a></div>\n");
	origin(o, c, p);
	if (p->unavailable) {
		not_supported(o, c, p, "Please open Telegram to view this post");
	} else {
		all_media(o, c, p);
		if (p->poll)
			poll(o, c, p);
		if (p->text) {
			buf_adds(o, "<div class=\"tgme_widget_message_text js-message_text\" dir=\"auto\">");
			rich(o, p->text);
			buf_adds(o, "</div>\n");
		}
		if (p->preview_url)
			preview(o, p);
		if (p->media_n && p->text && !p->service) {
			buf_adds(o, "<div class=\"media_not_supported_cont\">");
			not_supported(o, c, p, "Please open Telegram to view this post");
			buf_adds(o, "</div>");
		}
	}
	extras(o, p);
	footer(o, c, p);
	buf_adds(o, "  </div>\n</div></div>\n");
}

void tme_widget(struct buf *o, const struct tme_channel *c,
		const struct tme_post *p)
{
	buf_adds(o, "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"utf-8\">\n    <title>Telegram Widget</title>\n    <base target=\"_blank\">\n"
		 "    <link href=\"//telegram.org/css/widget-frame.css?73\" rel=\"stylesheet\" media=\"screen\">\n  </head>\n"
		 "  <body class=\"widget_frame_base tgme_widget body_widget_post emoji_image nodark\">\n");
	tme_post_html(o, c, p);
	buf_adds(o, "    <script src=\"//telegram.org/js/widget-frame.js?65\"></script>\n  </body>\n</html>\n<!-- page generated in 3.14ms -->\n");
}

void tme_landing(struct buf *o, const char *name, const char *title,
		 const char *extra, const char *about, const char *photo_url)
{
	buf_addf(o, "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"utf-8\">\n    <title>Telegram: %s @%s</title>\n    <meta property=\"og:title\" content=\"",
		 title ? "View" : "Contact", name);
	if (title)
		esc(o, title);
	else
		buf_addf(o, "Telegram: Contact @%s", name);
	buf_adds(o, "\">\n    <meta property=\"og:site_name\" content=\"Telegram\">\n    <meta property=\"og:description\" content=\"");
	if (about)
		plain_esc(o, about);
	buf_adds(o, "\">\n    <link href=\"//telegram.org/css/telegram.css?254\" rel=\"stylesheet\" media=\"screen\">\n  </head>\n  <body class=\"no_transition\">\n"
		 "    <div class=\"tgme_page_wrap\">\n      <div class=\"tgme_head_wrap\"><div class=\"tgme_head\"><a href=\"//telegram.org/\" class=\"tgme_head_brand\"><i class=\"tgme_logo\"></i></a></div></div>\n"
		 "      <div class=\"tgme_body_wrap\">\n        <div class=\"tgme_page\">\n");
	if (title) {
		buf_addf(o, "          <div class=\"tgme_page_photo\"><a href=\"tg://resolve?domain=%s\"><img class=\"tgme_page_photo_image\" src=\"%s\"></a></div>\n"
			 "<div class=\"tgme_page_title\" dir=\"auto\">\n  <span dir=\"auto\">", name, photo_url);
		rich(o, title);
		buf_addf(o, "</span>\n</div>\n<div class=\"tgme_page_extra\">%s</div>\n", extra);
		if (about) {
			buf_adds(o, "<div class=\"tgme_page_description\" dir=\"auto\">");
			rich(o, about);
			buf_adds(o, "</div>\n");
		}
		buf_addf(o, "<div class=\"tgme_page_action\">\n  <a class=\"tgme_action_button_new shine\" href=\"tg://resolve?domain=%s\">View in Telegram</a>\n</div>\n", name);
	} else {
		buf_addf(o, "          <div class=\"tgme_page_icon\"><i class=\"tgme_icon_user\"></i></div>\n"
			 "<div class=\"tgme_page_description\">\n  If you have <strong>Telegram</strong>, you can contact <a class=\"tgme_username_link\" href=\"tg://resolve?domain=%s\">@%s</a> right away.\n</div>\n"
			 "<div class=\"tgme_page_action\">\n  <a class=\"tgme_action_button_new\" href=\"tg://resolve?domain=%s\">Send Message</a>\n</div>\n",
			 name, name, name);
	}
	buf_adds(o, "        </div>\n      </div>\n    </div>\n  </body>\n</html>\n<!-- page generated in 4.20ms -->\n");
}

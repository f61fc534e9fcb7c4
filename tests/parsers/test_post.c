/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What profiles/telegram.profile takes, from small pages made here and, where
 * there is one, from the reference corpus.
 */
#include "parsers/worker.h"
#include "util/file.h"
#include "util/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct profile_set set;

static void setup(void)
{
	struct buf text = BUF_INIT(PROFILE_BYTES_MAX);
	struct profile *p = NULL;
	struct err e = ERR_INIT;

	parse_start();
	cr_assert_eq(file_read("profiles/telegram.profile", &text, &e), 0,
		     "%s", e.text);
	cr_assert_eq(profile_read(buf_view(&text), NULL, "telegram", &p, &e),
		     0, "%s", e.text);
	cr_assert_eq(profile_set_add(&set, p, NULL), 0);
	buf_release(&text);
}

TestSuite(post, .init = setup);

struct lines {
	json_t *page, *posts, *links;
};

static struct lines take(const char *url, struct bytes body)
{
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	struct parse_request q = { .url = bytes_str(url), .body = body };
	struct lines l = { NULL, json_array(), json_array() };
	struct err e = ERR_INIT;
	char *s, *nl;

	cr_assert_eq(parse_page(&set, &q, &out, &e), 0, "%s", e.text);
	s = (char *)(uintptr_t)buf_cstr(&out);
	for (; (nl = strchr(s, '\n')); s = nl + 1) {
		json_t *o = NULL;
		const char *kind;

		cr_assert_eq(json_read(BYTES(s, (size_t)(nl - s)),
				       PARSE_OUTPUT_MAX, 20, &o, &e), 0,
			     "%s", e.text);
		kind = json_opt_str(o, "kind");
		if (!strcmp(kind, "page"))
			l.page = o;
		else if (!strcmp(kind, "post"))
			json_array_append_new(l.posts, o);
		else
			json_array_append_new(l.links, o);
	}
	buf_release(&out);
	cr_assert_not_null(l.page);
	return l;
}

static void drop(struct lines *l)
{
	json_decref(l->page);
	json_decref(l->posts);
	json_decref(l->links);
}

#define U "https://t.me/s/exemple_canal"

/* One message of a listing, as the site writes it. */
static struct buf message(const char *class, const char *inside)
{
	struct buf b = BUF_INIT(1 << 16);

	buf_addf(&b,
		"<main class='tgme_main'><section class='tgme_channel_history'>"
		"<div class='tgme_widget_message_wrap'>"
		"<div class='tgme_widget_message %s' "
		"data-post='exemple_canal/42'>"
		"<div class='tgme_widget_message_bubble'>"
		"<div class='tgme_widget_message_author'>"
		"<a class='tgme_widget_message_owner_name' "
		"href='https://t.me/exemple_canal'><span>Canal "
		"<i class='emoji' style='x'><b>\xf0\x9f\x91\x8d</b></i></span>"
		"</a></div>%s"
		"<div class='tgme_widget_message_footer'>"
		"<div class='tgme_widget_message_info'>"
		"<span class='tgme_widget_message_views'>1.2K</span>"
		"<span class='tgme_widget_message_meta'>"
		"<a class='tgme_widget_message_date' "
		"href='https://t.me/exemple_canal/42'>"
		"<time datetime='2026-02-03T05:05:06+01:00'>05:05</time></a>"
		"</span></div></div></div></div></div></section></main>",
		class, inside);
	return b;
}

/* key of the only post as compact JSON; "(absent)" when it is not there */
static void expect(const char *class, const char *inside, const char *key,
		   const char *want)
{
	struct buf b = message(class, inside);
	struct lines l = take(U, buf_view(&b));
	json_t *v = json_object_get(json_array_get(l.posts, 0), key);
	char *s = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	cr_assert_eq(json_array_size(l.posts), 1);
	cr_expect_str_eq(s ? s : "(absent)", want, "%s: wanted %s, got %s",
			 key, want, s ? s : "(absent)");
	free(s);
	drop(&l);
	buf_release(&b);
}

Test(post, a_message_has_its_common_fields)
{
	static const char m[] = "<div class='tgme_widget_message_text'>Salut"
		"<br/><b>tous</b> <a href='https://example.org/?a=1&amp;amp;b=2'"
		" onclick='x'>ici</a> <a href='?q=%23arret'>#arret</a>"
		"<a href='https://example.org/?a=1&amp;b=2'>l\xc3\xa0</a>"
		"<a href='/autre_canal'>x</a></div>";

	expect("", m, "post_id", "\"exemple_canal/42\"");
	expect("", m, "url", "\"https://t.me/exemple_canal/42\"");
	expect("", m, "published", "\"2026-02-03T04:05:06Z\"");
	expect("", m, "author", "\"Canal \xf0\x9f\x91\x8d\"");
	expect("", m, "author_handle", "\"exemple_canal\"");
	expect("", m, "text",
	       "\"Salut\\ntous ici #arretl\xc3\xa0x\"");
	expect("", m, "links", "[\"https://example.org/?a=1&b=2\","
	       "\"https://t.me/autre_canal\"]");
	expect("", m, "hashtags", "[\"#arret\"]");
	expect("", m, "views", "\"1.2K\"");
	expect("", m, "edited", "false");
	expect("", m, "media", "[]");
	expect("", m, "service", "(absent)");
	expect("", m, "unavailable", "(absent)");
	expect("service_message", m, "service", "true");
}

Test(post, the_text_is_not_that_of_the_message_replied_to)
{
	static const char m[] = "<a class='tgme_widget_message_reply' "
		"href='https://t.me/exemple_canal/7'><div "
		"class='tgme_widget_message_text'>ancien</div></a>"
		"<div class='tgme_widget_message_text js'><div "
		"class='tgme_widget_message_text js'>neuf</div></div>";

	expect("", m, "text", "\"neuf\"");
	expect("", m, "reply_to", "\"https://t.me/exemple_canal/7\"");
}

Test(post, forwards_have_a_name_and_perhaps_a_link)
{
	expect("", "<div class='tgme_widget_message_forwarded_from'>Forwarded "
	       "from&nbsp;<a class='tgme_widget_message_forwarded_from_name' "
	       "href='https://t.me/source_x/5'><span>Source X</span></a></div>",
	       "forwarded_from", "\"Source X\"");
	expect("", "<div class='tgme_widget_message_forwarded_from'>Forwarded "
	       "from&nbsp;<a class='tgme_widget_message_forwarded_from_name' "
	       "href='https://t.me/source_x/5'>Source X</a></div>",
	       "forwarded_from_url", "\"https://t.me/source_x/5\"");
	expect("", "<div class='tgme_widget_message_forwarded_from'>Forwarded "
	       "from&nbsp;<span class='tgme_widget_message_forwarded_from_name'>"
	       "Compte cach\xc3\xa9</span></div>",
	       "forwarded_from", "\"Compte cach\xc3\xa9\"");
	expect("", "", "forwarded_from", "null");
}

Test(post, an_album_is_one_post_with_its_media_in_order)
{
	static const char m[] =
		"<div class='tgme_widget_message_grouped_wrap'>"
		"<a class='tgme_widget_message_video_player' href='/e/42?single'>"
		"<i class='tgme_widget_message_video_thumb' "
		"style=\"background-image:url('https://c.example/t')\"></i>"
		"<div class='tgme_widget_message_video_wrap'><video "
		"src='https://c.example/v.mp4' "
		"class='tgme_widget_message_video'></video></div>"
		"<time class='message_video_duration'>0:27</time></a>"
		"<a class='tgme_widget_message_photo_wrap' style=\"left:0;"
		"background-image:url('https://c.example/p.jpg')\" "
		"href='https://t.me/e/43?single'></a></div>";

	expect("", m, "media",
	       "[{\"type\":\"video\",\"url\":\"https://c.example/v.mp4\","
	       "\"thumb\":\"https://c.example/t\",\"duration\":\"0:27\","
	       "\"page\":\"https://t.me/e/42?single\"},"
	       "{\"type\":\"photo\",\"url\":\"https://c.example/p.jpg\","
	       "\"page\":\"https://t.me/e/43?single\"}]");
	expect("", m, "published", "\"2026-02-03T04:05:06Z\"");
}

Test(post, media_of_every_kind)
{
	expect("", "<a class='tgme_widget_message_video_player not_supported' "
	       "href='https://t.me/e/1'><i class='tgme_widget_message_video_"
	       "thumb' style=\"background-image:url('https://c.example/t')\">"
	       "</i><div class='message_media_not_supported_label'>Media is too "
	       "big</div></a>", "media",
	       "[{\"type\":\"video\",\"url\":null,"
	       "\"thumb\":\"https://c.example/t\",\"page\":\"https://t.me/e/1\","
	       "\"unavailable\":true}]");
	expect("", "<a class='tgme_widget_message_document_wrap' "
	       "href='https://t.me/e/1'><div class='tgme_widget_message_document"
	       "_icon accent_bg'></div><div class='tgme_widget_message_document_"
	       "title'>modele.pdf</div><div class='tgme_widget_message_document_"
	       "extra'>45 KB</div></a>", "media",
	       "[{\"type\":\"document\",\"url\":null,\"title\":\"modele.pdf\","
	       "\"extra\":\"45 KB\",\"page\":\"https://t.me/e/1\"}]");
	expect("", "<a class='tgme_widget_message_document_wrap' "
	       "href='https://t.me/e/1'><div class='tgme_widget_message_document"
	       "_icon accent_bg audio'></div><div class='tgme_widget_message_"
	       "document_title'>Air</div></a>", "media",
	       "[{\"type\":\"audio\",\"url\":null,\"title\":\"Air\","
	       "\"page\":\"https://t.me/e/1\"}]");
	expect("", "<a class='tgme_widget_message_voice_player' "
	       "href='https://t.me/e/1'><audio class='tgme_widget_message_voice' "
	       "src='https://c.example/a.ogg'></audio></a>", "media",
	       "[{\"type\":\"voice\",\"url\":\"https://c.example/a.ogg\","
	       "\"page\":\"https://t.me/e/1\"}]");
	expect("", "<div class='tgme_widget_message_roundvideo_player'><i class="
	       "'tgme_widget_message_roundvideo_thumb' style=\"background-image:"
	       "url('https://c.example/t')\"></i><video src='https://c.example/"
	       "r.mp4' class='tgme_widget_message_roundvideo'></video></div>",
	       "media", "[{\"type\":\"round_video\",\"url\":\"https://c.example/"
	       "r.mp4\",\"thumb\":\"https://c.example/t\"}]");
	expect("", "<div class='tgme_widget_message_sticker_wrap'><i class='"
	       "tgme_widget_message_sticker' data-webp='https://c.example/s.webp'"
	       " style=\"background-image:url('data:image/svg+xml,x')\"></i>"
	       "</div>", "media",
	       "[{\"type\":\"sticker\",\"url\":\"https://c.example/s.webp\"}]");
	expect("service_message", "<a class='tgme_widget_message_service_photo'"
	       " href='https://t.me/e/3'><img src='https://c.example/n.jpg'></a>",
	       "media", "[{\"type\":\"photo\",\"url\":\"https://c.example/n.jpg\","
	       "\"page\":\"https://t.me/e/3\",\"service\":true}]");
	expect("", "<a class='tgme_widget_message_location_wrap' href='https://"
	       "maps.example/?q=48.85,2.35&amp;z=16'></a>", "location",
	       "{\"url\":\"https://maps.example/?q=48.85,2.35&z=16\","
	       "\"latitude\":\"48.85\",\"longitude\":\"2.35\"}");
}

Test(post, polls_reactions_buttons_previews)
{
	expect("", "<div class='tgme_widget_message_poll'><div class='tgme_"
	       "widget_message_poll_question'>Q ?</div><div class='tgme_widget_"
	       "message_poll_type'>Quiz</div><div class='tgme_widget_message_poll"
	       "_option'><div class='tgme_widget_message_poll_option_percent'>7%"
	       "</div><div class='tgme_widget_message_poll_option_text'>A</div>"
	       "</div></div><span class='tgme_widget_message_voters'>3</span>",
	       "poll", "{\"question\":\"Q ?\",\"type\":\"Quiz\",\"options\":[{"
	       "\"text\":\"A\",\"percent\":\"7%\"}],\"voters\":\"3\"}");
	expect("", "<div><span class='tgme_reaction'><i class='emoji'><b>"
	       "\xf0\x9f\x91\x8d</b></i>10</span><span class='tgme_reaction'>"
	       "<tg-emoji emoji-id='77'></tg-emoji>1.5K</span><span class='"
	       "tgme_reaction tgme_reaction_paid'><i class='icon'></i>7</span>"
	       "</div>", "reactions",
	       "[{\"emoji\":\"\xf0\x9f\x91\x8d\",\"count\":\"10\"},"
	       "{\"emoji_id\":\"77\",\"count\":\"1.5K\"},"
	       "{\"count\":\"7\",\"paid\":true}]");
	expect("", "<a class='tgme_widget_message_inline_button url_button' "
	       "href='https://example.org/x?a&amp;amp;b'><span>Commander</span>"
	       "</a>", "buttons",
	       "[{\"text\":\"Commander\",\"url\":\"https://example.org/x?a&b\"}]");
	expect("", "<a class='tgme_widget_message_link_preview' "
	       "href='https://example.org/'><i class='link_preview_right_image' "
	       "style=\"background-image:url('//c.example/i.jpg')\"></i><div "
	       "class='link_preview_site_name'>Ex</div></a>", "link_preview",
	       "{\"url\":\"https://example.org/\",\"site\":\"Ex\","
	       "\"image\":\"https://c.example/i.jpg\"}");
}

Test(post, the_label_for_what_is_not_shown_counts_only_alone)
{
	static const char label[] = "<div class='message_media_not_supported'>"
		"<div class='message_media_not_supported_label'>Please open "
		"Telegram</div></div>";
	struct buf b = BUF_INIT(4096);

	expect("", label, "unavailable", "\"Please open Telegram\"");
	buf_addf(&b, "<div class='tgme_widget_message_text'>x</div>%s", label);
	expect("", buf_cstr(&b), "unavailable", "(absent)");
	buf_release(&b);
}

Test(post, edited_and_signed_are_told_apart)
{
	static const char form[] = "<div class='tgme_widget_message "
		"x' data-post='e/1'><span class='tgme_widget_message_meta'>%s"
		"<a class='tgme_widget_message_date' href='https://t.me/e/1'>"
		"<time datetime='2026-02-03T05:05:06+00:00'></time></a></span>"
		"</div>";
	static const char *const meta[] = { "", "edited &nbsp;",
		"<span class='tgme_widget_message_from_author'>edited</span>,"
		"&nbsp;" };

	for (int i = 0; i < 3; i++) {
		struct buf b = BUF_INIT(4096);
		struct lines l;
		const json_t *p;

		buf_addf(&b, form, meta[i]);
		l = take("https://t.me/e/1?embed=1", buf_view(&b));
		p = json_array_get(l.posts, 0);
		cr_expect_eq(json_is_true(json_object_get(p, "edited")),
			     i == 1, "%d", i);
		cr_expect_eq(json_opt_str(p, "signature") != NULL, i == 2);
		drop(&l);
		buf_release(&b);
	}
}

static void expect_page(const char *url, const char *html, const char *kind,
			const char *finding)
{
	struct lines l = take(url, bytes_str(html));
	const char *k = json_opt_str(l.page, "page");
	const char *f = json_opt_str(l.page, "finding");

	cr_expect_str_eq(k ? k : "-", kind, "%s: %s", url, k ? k : "-");
	cr_expect_str_eq(f ? f : "-", finding, "%s: %s", url, f ? f : "-");
	drop(&l);
}

Test(post, pages_without_posts_say_what_they_are)
{
	expect_page(U, "<section class='tgme_channel_history'><div class='"
		    "tme_no_messages_found'>No posts found</div>", "listing",
		    "no-posts");
	expect_page(U, "<section class='tgme_channel_history'>", "listing",
		    "layout-changed");
	expect_page(U, "<section class='history2'>", "-", "layout-changed");
	expect_page("https://t.me/exemple", "<div class='tgme_page'><div "
		    "class='tgme_page_icon'><i class='tgme_icon_user'></i></div>"
		    "<div class='tgme_page_description'>If you have Telegram, you "
		    "can contact @exemple right away.</div></div>",
		    "no-such-account", "not-found");
	expect_page("https://t.me/exemple", "<div class='tgme_page'><div "
		    "class='tgme_page_title'><span>Ex</span></div><div class='"
		    "tgme_page_extra'>@exemple</div><div class='"
		    "tgme_page_additional'>x</div></div>", "card",
		    "no-preview");
	expect_page(U, "<div class='tgme_page'><div class='tgme_page_title'>"
		    "<span>Ex</span></div><a class='tgme_page_context_link' "
		    "href='/s/exemple'>Preview channel</a></div>", "card",
		    "landing-only");
	expect_page("https://t.me/exemple/12", "<div class='tgme_page'><div "
		    "class='tgme_page_widget_wrap'><div class='tgme_page_widget'>"
		    "<iframe src='/exemple/12?embed=1'></iframe></div></div>"
		    "</div>", "post-frame", "post-not-shown");
	expect_page("https://t.me/exemple/12?embed=1", "<div class='"
		    "tgme_widget_message_error'>Post not found</div>", "post",
		    "not-found");
	expect_page("https://t.me/+AbCdEf0123", "<div class='tgme_page'><div "
		    "class='tgme_page_title'>Groupe</div><div class='"
		    "tgme_page_extra'>12 members</div><div class='"
		    "tgme_page_additional'>x</div></div>", "invite",
		    "landing-only");
	expect_page("https://t.me/addstickers/x", "<div class='tgme_page'>x",
		    "landing", "landing-only");
}

Test(post, an_account_card_and_the_cursors_are_taken)
{
	static const char html[] =
		"<div class='tgme_channel_info'><div class='tgme_channel_info_"
		"header'><i class='tgme_page_photo_image'><img src='//c.example/"
		"a.jpg'></i><div class='tgme_channel_info_header_title'><span>"
		"Titre</span><i class='verified-icon'></i></div><div class='"
		"tgme_channel_info_header_username'><a href='https://t.me/ex_c'>"
		"@ex_c</a></div></div><div class='tgme_channel_info_counter'>"
		"<span class='counter_value'>1.5K</span> <span class='"
		"counter_type'>subscribers</span></div><div class='"
		"tgme_channel_info_description'>a<br>b</div></div>"
		"<section class='tgme_channel_history'>"
		"<a href='/s/ex_c?before=5' class='tme_messages_more' "
		"data-before='5'></a><div class='tme_no_messages_found'>x</div>"
		"<a href='/s/ex_c?after=25' class='tme_messages_more' "
		"data-after='25'></a></section>";
	struct lines l = take("https://t.me/s/ex_c?before=20",
			      bytes_str(html));
	char *s = json_dumps(json_object_get(l.page, "account"), JSON_COMPACT);

	cr_expect_str_eq(s, "{\"title\":\"Titre\",\"username\":\"ex_c\","
			 "\"description\":\"a\\nb\",\"counters\":{"
			 "\"subscribers\":\"1.5K\"},\"image\":"
			 "\"https://c.example/a.jpg\",\"verified\":true}",
			 "%s", s);
	free(s);
	s = json_dumps(json_object_get(l.page, "nexts"), JSON_COMPACT);
	cr_expect_str_eq(s, "[{\"url\":\"https://t.me/s/ex_c?before=5\","
			 "\"direction\":\"older\"},{\"url\":"
			 "\"https://t.me/s/ex_c?after=25\",\"direction\":"
			 "\"newer\"}]", "%s", s);
	free(s);
	drop(&l);
}

/* Every value of the expected card is in ours; null, false and absent are one. */
static void compare_card(const char *name, const json_t *want,
			 const json_t *got)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)want, key, v) {
		const json_t *g = json_object_get(got, key);

		if (json_is_null(v) || json_is_false(v))
			cr_expect(!g || json_is_null(g) || json_is_false(g),
				  "%s: %s", name, key);
		else
			cr_expect(json_equal(v, g), "%s: %s", name, key);
	}
}

Test(post, the_cards_of_the_corpus_are_read)
{
	const char *shared = getenv("SCELLE_SHARED");
	static const char tail[] = ".profile.expected.json";
	static const char *const cards[][2] = {
		{ "preview_durov_2026.html", "https://t.me/durov" },
		{ "preview_nexta_live_2021.html", "https://t.me/nexta_live" },
		{ "preview_no-iframe_metascraper.html",
		  "https://t.me/DiaboxApp" },
		{ "preview_not_existing_2021.html",
		  "https://t.me/nexta_live1432" },
		{ "preview_post-full-image_metascraper.html",
		  "https://t.me/chollometro/28542" },
	};
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names = NULL;
	size_t n = 0, seen = 0;
	struct err e = ERR_INIT;

	if (!shared) {
		fputs("SKIP post: SCELLE_SHARED not set\n", stderr);
		return;
	}
	cr_assert_eq(file_path(dir, shared, "corpus", "telegram", NULL), 0);
	cr_assert_eq(file_list(dir, &names, &n, &e), 0, "%s", e.text);
	for (size_t i = 0; i < n; i++) {
		struct buf want = BUF_INIT(1 << 20), body = BUF_INIT(4 << 20);
		size_t len = strlen(names[i]);
		const char *url = "https://t.me/s/example_channel";
		json_t *w = NULL;
		struct lines l;

		if (len < sizeof(tail) ||
		    strcmp(names[i] + len - sizeof(tail) + 1, tail) != 0)
			continue;
		file_path(path, dir, names[i], NULL);
		cr_assert_eq(file_read(path, &want, &e), 0, "%s", e.text);
		cr_assert_eq(json_read(buf_view(&want), 1 << 20, 16, &w, &e),
			     0, "%s", e.text);
		path[strlen(path) - sizeof(tail) + 1] = '\0';
		cr_assert_eq(file_read(path, &body, &e), 0, "%s", e.text);
		for (size_t k = 0; k < sizeof(cards) / sizeof(*cards); k++)
			if (!strncmp(names[i], cards[k][0],
				     strlen(cards[k][0])))
				url = cards[k][1];
		l = take(url, buf_view(&body));
		compare_card(names[i], w, json_object_get(l.page, "account"));
		seen++;
		drop(&l);
		json_decref(w);
		buf_release(&want);
		buf_release(&body);
	}
	cr_expect(seen >= 10);
	free(names);
}

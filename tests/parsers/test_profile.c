/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/profile.h"
#include "parsers/worker.h"
#include "util/file.h"

#include <criterion/criterion.h>

#define HEAD "scelle-profile 1\nid demo\nversion 1\nchecked 2026-01-02\n" \
	     "host demo.example\n"
#define PAGE "page list\n anchor //p\nend\n"

static void setup(void)
{
	parse_start();
}

TestSuite(profile, .init = setup);

static struct profile *good(const char *text)
{
	struct profile *p = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(profile_read(bytes_str(text), "00ff", "demo", &p, &e), 0,
		     "%s", e.text);
	return p;
}

static void bad(const char *text, const char *why)
{
	struct profile *p = NULL;
	struct err e = ERR_INIT;

	cr_expect_eq(profile_read(bytes_str(text), NULL, "demo", &p, &e),
		     ERR_FORMAT, "%s", text);
	cr_expect_not_null(strstr(e.text, why), "wanted '%s', got '%s'", why,
			   e.text);
	profile_free(p);
}

Test(profile, an_error_names_the_line_and_the_cause)
{
	bad("", "'id' is missing");
	bad("id x\n", "demo: line 1: first line");
	bad("scelle-profile 2\n", "demo: line 1: first line");
	bad("scelle-profile 1\n\n# c\ncolour blue\n",
	    "demo: line 4: unknown key 'colour'");
	bad(HEAD "page x\n anchor //p[\nend\n", "7: bad XPath '//p['");
	bad(HEAD "page x\n anchor foo(1)\nend\n", "7: unknown function 'foo'");
	bad(HEAD "page x\n anchor s:foo(1)\nend\n", "unknown function 's:foo'");
	bad(HEAD "page x\n anchor t:foo(1)\nend\n", "unknown prefix 't'");
	bad(HEAD "page x\n anchor s:class()\nend\n", "does not run");
	bad(HEAD "page x\n anchor $v\nend\n", "no variables");
	bad(HEAD "page x\n url (\n anchor //p\nend\n",
	    "7: bad regular expression");
	bad(HEAD "page x\n anchor s:matches('a', '(')\nend\n",
	    "bad regular expression '('");
	bad(HEAD "page x\n url ${Y}\n anchor //p\nend\n",
	    "7: unknown definition");
	bad(HEAD "page x\n url a\nend\n", "page 'x' has no anchor");
	bad(HEAD "page x\n anchor //p\n", "demo: line 6: no 'end'");
	bad(HEAD PAGE "block b\n k wrong //p\nend\n", "unknown type 'wrong'");
	bad(HEAD PAGE "block b\n k text,wrong //p\nend\n",
	    "unknown modifier 'wrong'");
	bad(HEAD PAGE "block b\n require q\n k text //p\nend\n",
	    "required key 'q'");
	bad(HEAD PAGE "block b\n k text //p\n k texts //p\nend\n",
	    "11: 'k' is of another shape in line 10");
	bad(HEAD PAGE "block b\n K text //p\nend\n", "bad key 'K'");
	bad(HEAD "page x\n anchor //p\n posts b //p\nend\n", "no block 'b'");
	bad(HEAD PAGE "delay soon\n", "number expected");
	bad(HEAD PAGE "delay 5 weeks\n", "unknown unit 'weeks'");
	bad(HEAD PAGE "source\n name (.*)\nend\n", "'entry'");
	bad("scelle-profile 1\nid demo\nversion 1\nchecked now\nhost a\n" PAGE,
	    "not a date");
	bad(HEAD PAGE "block b\n each a //a\n each b //a\n each c //a\n"
	    "each d //a\n k text //a\nend\nend\nend\nend\nend\n",
	    "nested too deep");
}

Test(profile, lines_go_on_and_definitions_are_put_in)
{
	struct profile *p = good(HEAD "define X p\npage list\n  anchor \\\n"
				 "    //${X}\\\n  [1]\nend\nfamily f a.example \\\n"
				 " *.b.example\ndelay 5 s\nmedia-max 2 MiB\n"
				 "quota 7 per day\npages 3 per pass\n"
				 "media-host *.b.example\n");
	struct profile_manners m = profile_manners(p);
	struct profile_set s = PROFILE_SET_INIT;

	cr_expect_str_eq(m.id, "demo");
	cr_expect_str_eq(m.family, "f");
	cr_expect_str_eq(m.family_hosts[1], "*.b.example");
	cr_expect_null(m.family_hosts[2]);
	cr_expect_eq(m.delay_ms, 5000);
	cr_expect_eq(m.media_max, 2u << 20);
	cr_expect_eq(m.quota_day, 7);
	cr_expect_eq(m.pages, 3);
	cr_expect_not(m.has_source);
	cr_expect_str_eq(profile_sha256(p), "00ff");
	cr_expect(profile_media_host(p, bytes_str("x.b.example")));
	cr_expect_not(profile_media_host(p, bytes_str("b.example")));
	cr_expect_not(profile_media_host(p, bytes_str("xb.example")));
	cr_assert_eq(profile_set_add(&s, p, NULL), 0);
	cr_expect_eq(profile_set_add(&s, p, NULL), ERR_EXIST);
	cr_expect_str_eq(profile_family(&s, bytes_str("cdn.b.example")), "f");
	cr_expect_str_eq(profile_family(&s, bytes_str("demo.example")), "f");
	cr_expect_null(profile_family(&s, bytes_str("c.example")));
	profile_set_release(&s);
}

static void source(struct profile_set *s, const char *said, int want,
		   const char *canonical, const char *url)
{
	struct buf c = BUF_INIT(4096), u = BUF_INIT(4096);
	struct err e = ERR_INIT;

	cr_expect_eq(profile_source(s, bytes_str(said), &c, &u, NULL, &e),
		     want, "%s: %s", said, e.text);
	if (!want) {
		cr_expect_str_eq(buf_cstr(&c), canonical);
		cr_expect_str_eq(buf_cstr(&u), url);
	}
	buf_release(&c);
	buf_release(&u);
}

static void telegram(struct profile_set *s)
{
	struct buf text = BUF_INIT(PROFILE_BYTES_MAX);
	struct profile *p = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(file_read("profiles/telegram.profile", &text, &e), 0,
		     "%s", e.text);
	cr_assert_eq(profile_read(buf_view(&text), NULL, "telegram", &p, &e),
		     0, "%s", e.text);
	cr_assert_eq(profile_set_add(s, p, NULL), 0);
	buf_release(&text);
}

Test(profile, a_source_has_one_canonical_form)
{
	struct profile_set s = PROFILE_SET_INIT;
	static const char c[] = "telegram:arrets_express";
	static const char u[] = "https://t.me/s/arrets_express";

	telegram(&s);
	source(&s, "telegram:arrets_express", 0, c, u);
	source(&s, "telegram:Arrets_Express", 0, c, u);
	source(&s, "Telegram:@arrets_express", 0, c, u);
	source(&s, "@arrets_express", 0, c, u);
	source(&s, "https://t.me/arrets_express", 0, c, u);
	source(&s, "https://t.me/s/arrets_express?before=12", 0, c, u);
	source(&s, "https://telegram.me/arrets_express/12", 0, c, u);
	source(&s, "http://www.t.me/arrets_express/", 0, c, u);
	source(&s, "https://arrets_express.t.me/", 0, c, u);
	source(&s, "tg://resolve?domain=arrets_express", 0, c, u);
	source(&s, "telegram:joinchat", ERR_FORMAT, NULL, NULL);
	source(&s, "telegram:a b", ERR_FORMAT, NULL, NULL);
	source(&s, "telegram:x/../y", ERR_FORMAT, NULL, NULL);
	source(&s, "https://t.me/joinchat/AAAA", ERR_NOENT, NULL, NULL);
	source(&s, "https://t.me/+AbCdEf", ERR_NOENT, NULL, NULL);
	source(&s, "https://t.me.evil.example/name", ERR_NOENT, NULL, NULL);
	source(&s, "https://example.org/", ERR_NOENT, NULL, NULL);
	cr_expect_str_eq(profile_family(&s, bytes_str("cdn4.telesco.pe")),
			 "telegram");
	profile_set_release(&s);
}

Test(profile, the_url_chooses_the_profile)
{
	struct profile_set s = PROFILE_SET_INIT;
	struct profile *any = good("scelle-profile 1\nid any\nversion 1\n"
				   "checked 2026-01-02\nhost *\n" PAGE);
	struct profile *one = good("scelle-profile 1\nid one\nversion 1\n"
				   "checked 2026-01-02\nhost a.example\npage x\n"
				   "url /x\nanchor //p\nend\n");
	struct profile *two = good("scelle-profile 1\nid two\nversion 1\n"
				   "checked 2026-01-02\nhost *.example\npage x\n"
				   "url /y\nanchor //p\nend\n");

	profile_set_add(&s, any, NULL);
	cr_expect_eq(profile_for_url(&s, bytes_str("https://q.test/")), any);
	profile_set_add(&s, one, NULL);
	profile_set_add(&s, two, NULL);
	cr_expect_eq(profile_for_url(&s, bytes_str("https://a.example/x")),
		     one);
	cr_expect_eq(profile_for_url(&s, bytes_str("https://A.example/y")),
		     two);
	cr_expect_eq(profile_for_url(&s, bytes_str("https://a.example/z")),
		     one);
	cr_expect_eq(profile_for_url(&s, bytes_str("https://q.test/")), any);
	cr_expect_null(profile_for_url(&s, bytes_str("nonsense")));
	profile_set_release(&s);
}

static void expect_page(const char *profile, const char *url,
			const char *html, const char *want)
{
	struct profile_set s = PROFILE_SET_INIT;
	struct buf out = BUF_INIT(1 << 20);
	struct parse_request q = {
		.url = bytes_str(url),
		.body = bytes_str(html),
	};
	struct err e = ERR_INIT;

	profile_set_add(&s, good(profile), NULL);
	cr_assert_eq(parse_page(&s, &q, &out, &e), 0, "%s", e.text);
	cr_expect_not_null(strstr(buf_cstr(&out), want), "wanted %s, got %s",
			   want, buf_cstr(&out));
	buf_release(&out);
	profile_set_release(&s);
}

static const char shop[] = HEAD
	"block offer\n require post_id text\n post_id string @id\n"
	" text text s:class('t')\n price count s:class('p')\n"
	" tags texts s:class('k')\n published date,dmy @day\nend\n"
	"block who\n name line //h1\nend\n"
	"page list\n url ^https://demo\\.example/list/(?<cat>\\w+)\n"
	" anchor s:class('list')\n posts offer s:class('o')\n account who\n"
	" next older s:class('next')/@href\n"
	" finding no-posts s:class('none')\n link item //a/@href\nend\n"
	"page wall\n url ^https://demo\\.example/list/\n anchor s:class('login')\n"
	" finding login-wall s:class('login')\nend\n";

Test(profile, a_renamed_class_is_layout_changed_and_never_no_posts)
{
	static const char u[] = "https://demo.example/list/a";

	expect_page(shop, u, "<div class=list><p class=o id=1><b class=t>x",
		    "\"finding\":null");
	expect_page(shop, u, "<div class=list><p class=o id=1><b class=t>x",
		    "\"posts\":1");
	expect_page(shop, u, "<div class=lists><p class=o id=1><b class=t>x",
		    "\"finding\":\"layout-changed\"");
	expect_page(shop, u, "<div class=list><p class=oo id=1><b class=t>x",
		    "\"finding\":\"layout-changed\"");
	expect_page(shop, u, "<div class=list><p class=o id=1><b class=tt>x",
		    "\"finding\":\"layout-changed\",\"findings\":[{\"code\":"
		    "\"layout-changed\",\"text\":\"text: missing in 1 of 1 posts");
	expect_page(shop, u, "<div class=list><p class=o id=1><b class=t>x</b>"
		    "<p class=o><b class=t>y</b>",
		    "\"finding\":\"fields-missing\"");
	expect_page(shop, u, "<div class=list><p class=none>Nothing here",
		    "\"finding\":\"no-posts\",\"findings\":[{\"code\":\"no-posts\""
		    ",\"text\":\"Nothing here\"}]");
	expect_page(shop, u, "<div class=login>Log in",
		    "\"page\":\"wall\"");
	expect_page(shop, "https://demo.example/other", "<div class=list>",
		    "\"finding\":\"unknown-page\"");
	expect_page(shop, "https://q.test/", "<div class=list>",
		    "\"finding\":\"no-profile\"");
}

Test(profile, values_are_written_as_their_types_say)
{
	static const char u[] = "https://demo.example/list/a";
	static const char html[] =
		"<h1>My  shop</h1><div class=list><p class=o id=7 day=14/3/2018>"
		"<b class=t>a<br>b</b><i class=p>1.2K</i><i class=k>x</i>"
		"<i class=k>y</i><i class=k>x</i></p></div>"
		"<a class=next href='?p=2'>n</a><a href='?p=2'>n</a>";

	expect_page(shop, u, html, "\"account\":{\"name\":\"My shop\"}");
	expect_page(shop, u, html, "\"next\":{\"url\":\"https://demo.example/"
		    "list/a?p=2\",\"direction\":\"older\"}");
	expect_page(shop, u, html, "\n{\"kind\":\"post\",\"post_id\":\"7\","
		    "\"text\":\"a\\nb\",\"price\":1200,\"tags\":[\"x\",\"y\"],"
		    "\"published\":\"2018-03-14T00:00:00Z\",\"url\":null,"
		    "\"author\":null,\"views\":null,\"media\":[],"
		    "\"forwarded_from\":null,\"reply_to\":null,\"edited\":false,"
		    "\"links\":[],\"at\":{\"offset\":33,");
	expect_page(shop, u, html, "\n{\"kind\":\"link\",\"url\":"
		    "\"https://demo.example/list/a?p=2\",\"rel\":\"item\"}\n");
	expect_page(shop, u, html, "\"profile\":{\"id\":\"demo\",\"version\":1,"
		    "\"checked\":\"2026-01-02\",\"sha256\":\"00ff\"}");
}

Test(profile, json_in_a_script_and_json_as_served_are_read)
{
	static const char p[] = HEAD
		"block b\n post_id string id\n text text s:html(body)\nend\n"
		"page app\n url /app\n json DATA //script[@id='d']\n"
		" json VAR //script[contains(., 'var x')] from var x *=\n"
		" anchor s:json('DATA')/list\n posts b s:json('DATA')/list/item |"
		" s:json('VAR')/item\nend\n"
		"page api\n url /api\n anchor /json/list\n"
		" posts b /json/list/item\nend\n";
	static const char html[] = "<script id=d>{\"list\":[{\"id\":1,\"body\":"
		"\"<p>a<p>b\"}]}</script><script>var x = [{\"id\":2}]; f()"
		"</script>";

	expect_page(p, "https://demo.example/app", html, "\"posts\":2");
	expect_page(p, "https://demo.example/app", html,
		    "\"post_id\":\"1\",\"text\":\"a\\n\\nb\"");
	expect_page(p, "https://demo.example/app", html, "\"post_id\":\"2\"");
	expect_page(p, "https://demo.example/api",
		    "{\"list\":[{\"id\":5,\"body\":\"x\"}]}",
		    "\"post_id\":\"5\"");
	expect_page(p, "https://demo.example/api", "{\"list\":[",
		    "\"finding\":\"unreadable\"");
}

Test(profile, a_feed_is_read)
{
	static const char p[] = HEAD
		"namespace a http://www.w3.org/2005/Atom\n"
		"block b\n post_id string a:id\n title line a:title\n"
		" url href a:link/@href\nend\n"
		"page feed\n anchor /a:feed\n posts b //a:entry\nend\n";

	expect_page(p, "https://demo.example/f",
		    "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/"
		    "Atom'><entry><id>i1</id><title>T &amp; U</title>"
		    "<link href='/p'/></entry></feed>",
		    "\"post_id\":\"i1\",\"title\":\"T & U\",\"url\":"
		    "\"https://demo.example/p\"");
}

Test(profile, a_body_that_cost_a_child_its_life_has_a_page_line)
{
	struct profile_set s = PROFILE_SET_INIT;
	struct buf out = BUF_INIT(1 << 16);
	struct parse_request q = {
		.url = bytes_str("https://demo.example/list/a"),
	};

	profile_set_add(&s, good(shop), NULL);
	cr_assert_eq(parse_failed(&s, &q, "limit", "2 s of processor", &out),
		     0);
	cr_expect_not_null(strstr(buf_cstr(&out),
		"\"finding\":\"limit\",\"findings\":[{\"code\":\"limit\","
		"\"text\":\"2 s of processor\"}],\"posts\":0,\"links\":0}\n"));
	buf_release(&out);
	profile_set_release(&s);
}

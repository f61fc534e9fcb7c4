/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/dates.h"
#include "parsers/html.h"
#include "parsers/profile_int.h"
#include "util/clock.h"

#include <criterion/criterion.h>

static const char src[] =
	"<div class=p><a class=l href='/x?a=1&amp;amp;b=2'>t1</a>"
	"<i style=\"width:1px;background-image:url('//cdn.example/a b.jpg')\">"
	"</i><span class=v>12.3K</span><span class='v w'>x</span>"
	"<div class=t>one<br>two</div><q class=h>&lt;p&gt;h&lt;p&gt;i</q>"
	"<q class=j>{\"a\":[5,6]}</q></div><div class=p><b class=t>zz</b></div>";

static struct arena arena = ARENA_INIT(PTREE_MEMORY_MAX);

/* The string value of an expression, read from the first element of class p */
static void expect(const char *xpath, const char *want)
{
	struct ptree t = PTREE_INIT(&arena);
	struct charset_text text;
	struct url base = URL_INIT;
	struct reading r = { .tree = &t, .base = &base };
	struct expr x = { 0 };
	struct profile p = { 0 };
	struct err e = ERR_INIT;
	xmlXPathObject *o;
	xmlChar *s;

	cr_assert_eq(charset_decode(&arena, bytes_str(src), NULL, &text,
				    NULL), 0);
	cr_assert_eq(html_tree(&t, &text, NULL, NULL), 0);
	cr_assert_eq(url_parse(bytes_str("https://example.org/d/e"), NULL,
			       &base, NULL), 0);
	r.page_url = bytes_str("https://example.org/d/e");
	r.tmp = (struct buf)BUF_INIT(1 << 16);
	r.patterns = pattern_cache_new();
	r.xc = xpathfn_context(&r);
	memcpy(r.captures[0].name, "name", 5);
	r.captures[0].value = bytes_str("durand");
	r.capture_count = 1;
	cr_assert_eq(expr_compile(&p, &x, xpath, 1, &e), 0, "%s: %s", xpath,
		     e.text);
	r.xc->doc = t.doc;
	r.xc->node = ptree_class(&t, "p", 1, ptree_hash("p", 1))->nodes[0];
	o = xmlXPathCompiledEval(x.comp, r.xc);
	s = o ? xmlXPathCastToString(o) : NULL;
	cr_expect_str_eq(s ? (char *)s : "(none)", want, "%s: '%s' %s", xpath,
			 s ? (char *)s : "(none)", r.err.text);
	xmlFree(s);
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(r.xc);
	pattern_cache_free(r.patterns);
	expr_release(&x);
	url_release(&base);
	buf_release(&r.tmp);
	ptree_release(&t);
	arena_clear(&arena);
}

Test(xpathfn, classes_come_from_below_the_context_node)
{
	expect("s:class('l')", "t1");
	expect("count(s:class('v'))", "2");
	expect("count(s:class('t'))", "1");
	expect("count(s:class('t', /))", "2");
	expect("s:class('t', //div[2])", "zz");
	expect("count(s:class('none'))", "0");
	expect("s:class('v')[2]", "x");
	expect("s:class('l')/@href", "/x?a=1&amp;b=2");
	expect("count(//*[s:is('t')])", "2");
	expect("count(//*[s:inside('p')])", "9");
}

Test(xpathfn, text_and_lines)
{
	expect("s:text(s:class('t'))", "one\ntwo");
	expect("s:line(s:class('t'))", "one two");
	expect("s:text('  a \n  b ')", "a\nb");
	expect("s:text(s:class('none'))", "");
	expect("s:lower('ABC\xc3\x89')", "abc\xc3\x89");
	expect("s:first(s:class('none'), '', 'x', 'y')", "x");
}

Test(xpathfn, addresses)
{
	expect("s:url(i/@style)", "//cdn.example/a b.jpg");
	expect("s:url('a: url( \"x\\\"y\" )')", "x\"y");
	expect("s:url('URL(z.png) url(q)')", "z.png");
	expect("s:url('none')", "");
	expect("s:abs('//h.example/x')", "https://h.example/x");
	expect("s:abs('../y')", "https://example.org/y");
	expect("s:abs(' https://Other.example ')", "https://Other.example");
	expect("s:abs('')", "");
	expect("s:decode(s:class('l')/@href)", "/x?a=1&b=2");
	expect("s:decode('&#65;&#x42;&lt;&bogus;&')", "AB<&bogus;&");
	expect("s:page-url()", "https://example.org/d/e");
}

Test(xpathfn, counts)
{
	expect("s:count(s:class('v'))", "12300");
	expect("s:count('1 234')", "1234");
	expect("s:count('5,012 members')", "5012");
	expect("s:count('1.48M')", "1480000");
	expect("s:count('11\xc2\xa0" "286\xc2\xa0" "994')", "11286994");
	expect("s:count('2,5 K')", "2500");
	expect("s:count('none')", "NaN");
	expect("s:count('7 likes')", "7");
	expect("s:count('1.234K')", "1234");
}

Test(xpathfn, regular_expressions_and_parameters)
{
	expect("s:match('t.me/s/abc/12', '/(\\w+)/(\\d+)$', 2)", "12");
	expect("s:match('t.me/s/abc/12', '/(\\w+)/(\\d+)$')", "abc");
	expect("s:match('abc', 'b')", "b");
	expect("s:match('abc', '(x)?b')", "b");
	expect("s:match('abc', 'z')", "");
	expect("s:matches('Edited', '(?i)^edited')", "true");
	expect("s:replace('a1b22', '(\\d+)', '<$1>')", "a<1>b<22>");
	expect("s:param('name')", "durand");
	expect("s:param('other')", "");
	/* Backtracking without end gives up instead of burning. */
	expect("s:matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',"
	       " '^(a+)+$')", "false");
}

Test(xpathfn, html_and_json_held_as_text)
{
	expect("s:text(s:html(s:class('h')))", "h\n\ni");
	expect("count(s:html(s:class('h'))/p)", "2");
	expect("s:parse-json(s:class('j'))/a/item[2]", "6");
	expect("count(//p)", "0");
	expect("count(s:parse-json('{'))", "0");
}

Test(xpathfn, plain_expressions_are_known_as_such)
{
	static const struct {
		const char *text;
		enum expr_fast fast;
		const char *need;
	} cases[] = {
		{ "s:class('a')", FAST_CLASS, "a" },
		{ "s:class('a')/@href", FAST_CLASS_ATTR, "a" },
		{ "@data-x", FAST_ATTR, NULL },
		{ ".", FAST_SELF, NULL },
		{ "s:class('a')//b[@c='x]']/d", FAST_NO, "a" },
		{ "s:text(s:class('a')[1])", FAST_NO, "a" },
		{ "s:class('a') | s:class('b')", FAST_NO, NULL },
		{ "s:class('a b')", FAST_NO, NULL },
		{ "not(s:class('a'))", FAST_NO, NULL },
		{ "s:class('a', /)", FAST_NO, NULL },
		{ "count(s:class('a'))", FAST_NO, NULL },
		{ "s:text(s:class('a')) = ''", FAST_NO, NULL },
	};
	struct profile p = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expr x = { 0 };

		cr_assert_eq(expr_compile(&p, &x, cases[i].text, 1, NULL), 0,
			     "%s", cases[i].text);
		cr_expect_eq(x.fast, cases[i].fast, "%s", cases[i].text);
		cr_expect_eq(x.need == NULL, cases[i].need == NULL, "%s",
			     cases[i].text);
		expr_release(&x);
	}
}

static void expect_date(const char *text, const char *order, const char *want)
{
	char out[CLOCK_RFC3339_MAX] = "none";
	int64_t ms;

	if (date_read(bytes_str(text), order, &ms) == 0)
		clock_rfc3339_s(ms, out);
	cr_expect_str_eq(out, want, "%s: %s", text, out);
}

Test(xpathfn, dates_as_sites_write_them)
{
	expect_date("2023-02-24T07:34:05+00:00", NULL, "2023-02-24T07:34:05Z");
	expect_date("2023-02-24T07:34:05.999+0130", NULL,
		    "2023-02-24T06:04:05Z");
	expect_date("2023-02-24 07:34", NULL, "2023-02-24T07:34:00Z");
	expect_date("2023-02-24", NULL, "2023-02-24T00:00:00Z");
	expect_date("Mon, 06 Sep 2021 15:00:00 GMT", NULL,
		    "2021-09-06T15:00:00Z");
	expect_date("Mon Sep 24 03:35:21 +0000 2012", NULL,
		    "2012-09-24T03:35:21Z");
	expect_date("Mar 14, 2018 \xc2\xb7 9:17 PM UTC", NULL,
		    "2018-03-14T21:17:00Z");
	expect_date("14/3/2018, 09:17:19", "dmy", "2018-03-14T09:17:19Z");
	expect_date("3/14/2018", "mdy", "2018-03-14T00:00:00Z");
	expect_date("1521018999", NULL, "2018-03-14T09:16:39Z");
	expect_date("1521018999123", NULL, "2018-03-14T09:16:39Z");
	expect_date("1521018999.0", NULL, "2018-03-14T09:16:39Z");
	expect_date("2023-02-30", NULL, "none");
	expect_date("14/3/2018", NULL, "none");
	expect_date("yesterday", NULL, "none");
	expect_date("", NULL, "none");
	expect_date("99999999999999999999", NULL, "none");
}

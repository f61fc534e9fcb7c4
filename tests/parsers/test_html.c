/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/html.h"
#include "parsers/text.h"
#include "parsers/xml.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena arena = ARENA_INIT(PTREE_MEMORY_MAX);

static struct ptree page(struct bytes body, const char *type,
			 struct charset_text *text)
{
	struct ptree t = PTREE_INIT(&arena);

	cr_assert_eq(charset_decode(&arena, body, type, text, NULL), 0);
	cr_assert_eq(html_tree(&t, text, "https://example.org/", NULL), 0);
	return t;
}

static void done(struct ptree *t)
{
	ptree_release(t);
	arena_clear(&arena);
}

static struct bytes text_below(const xmlNode *n, struct buf *b)
{
	buf_clear(b);
	text_of(n, b);
	return buf_view(b);
}

static xmlNode *first(struct ptree *t, const char *cls)
{
	const struct ptree_class *c = ptree_class(t, cls, strlen(cls),
		ptree_hash(cls, strlen(cls)));

	return c ? c->nodes[0] : NULL;
}

Test(html, an_element_knows_where_it_stood)
{
	static const char src[] = "<!doctype html>\n<p>a<p id=x class='k l'>"
				  "b<b>c</b></p><div class=m>d</div>";
	struct charset_text text;
	struct ptree t = page(bytes_str(src), NULL, &text);
	const struct ptree_info *k = ptree_info(first(&t, "k"));
	const struct ptree_info *m = ptree_info(first(&t, "m"));

	cr_assert_not_null(k);
	cr_expect_eq(strncmp(src + k->off, "<p id=x", 7), 0);
	cr_expect_eq(strncmp(src + k->off + k->len - 4, "</p>", 4), 0);
	cr_expect_eq(strncmp(src + m->off, "<div class=m>d</div>", m->len), 0);
	cr_expect_eq(m->len, 20);
	cr_expect_str_eq(ptree_get(first(&t, "l"), "id"), "x");
	cr_expect_null(first(&t, "n"));
	done(&t);
}

Test(html, the_class_index_gives_what_is_below_a_node_in_document_order)
{
	static const char src[] = "<div class=a><i class=x></i><b><i class=x>"
		"</i></b></div><div class='a b'><i class='x x y'></i></div>";
	struct charset_text text;
	struct ptree t = page(bytes_str(src), NULL, &text);
	const struct ptree_class *x = ptree_class(&t, "x", 1,
						  ptree_hash("x", 1));
	const struct ptree_class *a = ptree_class(&t, "a", 1,
						  ptree_hash("a", 1));
	uint32_t at;

	cr_assert_eq(x->count, 3);
	cr_expect_eq(ptree_below(x, a->nodes[0], &at), 2);
	cr_expect_eq(at, 0);
	cr_expect_eq(ptree_below(x, a->nodes[1], &at), 1);
	cr_expect_eq(at, 2);
	cr_expect_eq(ptree_below(a, a->nodes[0], &at), 0);
	cr_expect_eq(ptree_below(x, NULL, &at), 3);
	cr_expect(ptree_has_class(a->nodes[1], "b", 1));
	cr_expect_not(ptree_has_class(a->nodes[0], "b", 1));
	done(&t);
}

static void expect_charset(const char *body, size_t n, const char *type,
			   const char *name, const char *want)
{
	struct charset_text text;
	struct ptree t = page(BYTES(body, n), type, &text);
	struct buf b = BUF_INIT(4096);

	cr_expect_str_eq(text.name, name, "%s", text.name);
	cr_expect(bytes_is(text_below(xmlDocGetRootElement(t.doc), &b), want),
		  "%s: %s", name, buf_cstr(&b));
	buf_release(&b);
	done(&t);
}

Test(html, the_charset_is_found_as_a_browser_finds_it)
{
	expect_charset("\xef\xbb\xbf<p>\xc3\xa9", 8, "text/html; charset=latin1",
		       "utf-8", "\xc3\xa9");
	expect_charset("<p>\xe9\x80", 5, "text/html; charset=ISO-8859-1",
		       "windows-1252", "\xc3\xa9\xe2\x82\xac");
	expect_charset("<meta charset=\"windows-1251\"><p>\xc4\xe0", 34,
		       "text/html", "windows-1251", "\xd0\x94\xd0\xb0");
	expect_charset("<meta http-equiv=content-type content='text/html; "
		       "charset=koi8-r'><p>\xe4\xc1", 71, NULL, "koi8-r",
		       "\xd0\x94\xd0\xb0");
	expect_charset("<p>\xc3\xa9", 5, NULL, "utf-8", "\xc3\xa9");
	expect_charset("<p>\xe9", 4, NULL, "windows-1252", "\xc3\xa9");
	expect_charset("\xff\xfe<\0p\0>\0\xe9\0", 10, NULL, "utf-16le",
		       "\xc3\xa9");
	expect_charset("<p>a\xff" "b", 6, "text/html; charset=utf-8", "utf-8",
		       "a\xef\xbf\xbd" "b");
}

Test(html, a_position_leads_back_to_the_byte_in_the_body)
{
	struct buf body = BUF_INIT(1 << 20);
	static const char *const types[] = {
		"x; charset=windows-1252", "x; charset=windows-1251",
		"x; charset=shift_jis", "x; charset=utf-8",
	};

	for (size_t i = 0; i < 4; i++) {
		struct charset_text text;
		struct ptree t;
		const struct ptree_info *m;
		size_t from, to;

		buf_clear(&body);
		buf_adds(&body, "<p>");
		for (int k = 0; k < 3000; k++)
			buf_adds(&body, i == 3 ? "\xc3\xa9" :
				 i == 2 ? "\x83\x41" : "\xe9");
		buf_adds(&body, "<b class=m>\xb1</b>zz");
		t = page(buf_view(&body), types[i], &text);
		m = ptree_info(first(&t, "m"));
		from = charset_origin(&text, m->off);
		to = charset_origin(&text, m->off + m->len);
		cr_expect_eq(memcmp(body.p + from, "<b class=m>", 11), 0,
			     "%s: %zu", types[i], from);
		cr_expect_eq(to, body.len - 2, "%s: %zu", types[i], to);
		done(&t);
	}
	buf_release(&body);
}

Test(html, what_is_deeper_than_the_limit_is_kept_in_order)
{
	struct buf body = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
	struct charset_text text;
	struct ptree t;
	unsigned deepest = 0;

	for (int i = 0; i < 2000; i++)
		buf_addf(&body, "<span>%d ", i);
	for (int i = 2000; i < 4000; i++)
		buf_addf(&body, "</span>%d ", i);
	t = page(buf_view(&body), NULL, &text);
	cr_expect(t.limits & PTREE_FLATTENED);
	text_below(xmlDocGetRootElement(t.doc), &b);
	buf_clear(&body);
	for (int i = 0; i < 4000; i++)
		buf_addf(&body, i ? " %d" : "%d", i);
	cr_expect(bytes_eq(buf_view(&b), buf_view(&body)));
	for (const xmlNode *n = xmlDocGetRootElement(t.doc); n;
	     n = ptree_next(n, xmlDocGetRootElement(t.doc)))
		if (ptree_info(n) && ptree_info(n)->depth > deepest)
			deepest = ptree_info(n)->depth;
	cr_expect_eq(deepest, PTREE_DEPTH_MAX);
	buf_release(&body);
	buf_release(&b);
	done(&t);
}

Test(html, too_many_nodes_and_too_many_bytes_are_said)
{
	struct buf body = BUF_INIT(8 << 20);
	struct charset_text text;
	struct ptree t = PTREE_INIT(&arena);

	for (int i = 0; i < 1000; i++)
		buf_adds(&body, "<p>x");
	t.nodes_max = 500;
	cr_assert_eq(charset_decode(&arena, buf_view(&body), NULL, &text,
				    NULL), 0);
	cr_expect_eq(html_tree(&t, &text, NULL, NULL), 0);
	cr_expect(t.limits & PTREE_CUT);
	done(&t);
	while (body.len <= PTREE_INPUT_MAX)
		buf_adds(&body, "0123456789012345678901234567890123456789");
	t = (struct ptree)PTREE_INIT(&arena);
	cr_assert_eq(charset_decode(&arena, buf_view(&body), NULL, &text,
				    NULL), 0);
	cr_expect_eq(html_tree(&t, &text, NULL, NULL), ERR_LIMIT);
	buf_release(&body);
	done(&t);
}

static void repeat(struct buf *b, const char *s, int n)
{
	while (n--)
		buf_adds(b, s);
}

/* Small forms of what makes parsers burn: they must end, and be walked. */
Test(html, hostile_shapes_are_read)
{
	struct buf body = BUF_INIT(4 << 20);

	for (int kind = 0; kind < 8; kind++) {
		struct charset_text text;
		struct ptree t;

		buf_clear(&body);
		switch (kind) {
		case 0:
			repeat(&body, "<div>", 4000);
			break;
		case 1:
			repeat(&body, "<i>", 4000);
			break;
		case 2:
			buf_adds(&body, "<a ");
			for (int i = 0; i < 3000; i++)
				buf_addf(&body, "a%d=1 ", i);
			buf_adds(&body, ">x");
			break;
		case 3:
			repeat(&body, "<p>", 20000);
			break;
		case 4:
			buf_adds(&body, "<!--");
			repeat(&body, "-", 200000);
			break;
		case 5:
			repeat(&body, "&amp", 50000);
			break;
		case 6:
			buf_adds(&body, "<table>");
			repeat(&body, "<b>x<tr>", 3000);
			break;
		default:
			repeat(&body, "<svg><foreignObject><math><mi>"
			       "<template><select><option>", 500);
			break;
		}
		t = page(buf_view(&body), NULL, &text);
		cr_expect(t.elements >= 3, "kind %d", kind);
		done(&t);
	}
	buf_release(&body);
}

Test(html, a_page_that_takes_too_much_memory_ends_the_process)
{
	struct buf body = BUF_INIT(4 << 20);
	int status = 0;
	pid_t pid;

	repeat(&body, "<p>", 100000);
	pid = fork();
	if (pid == 0) {
		struct arena small = ARENA_INIT((size_t)4 << 20);
		struct ptree t = PTREE_INIT(&small);
		struct charset_text text;

		charset_decode(&small, buf_view(&body), NULL, &text, NULL);
		html_tree(&t, &text, NULL, NULL);
		_exit(0);
	}
	cr_assert_gt(pid, 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) &&
		  WEXITSTATUS(status) == HTML_EXIT_MEMORY);
	buf_release(&body);
}

static void expect_text(const char *html, const char *want)
{
	struct charset_text text;
	struct ptree t = page(bytes_str(html), NULL, &text);
	struct buf b = BUF_INIT(4096);

	text_below(xmlDocGetRootElement(t.doc), &b);
	cr_expect_str_eq(buf_cstr(&b), want, "%s -> %s", html, buf_cstr(&b));
	buf_release(&b);
	done(&t);
}

Test(html, text_has_the_lines_a_reader_sees)
{
	expect_text("<p> a  b\n c </p>", "a b c");
	expect_text("a<br>b<br/><br>c", "a\nb\n\nc");
	expect_text("a <br> b", "a\nb");
	expect_text("<div>a</div><div>b</div>", "a\nb");
	expect_text("a<blockquote>q</blockquote>b", "a\nq\nb");
	expect_text("<p>a</p><p>b</p>", "a\n\nb");
	expect_text("a&nbsp;&nbsp;b", "a b");
	expect_text("a<script>x</script><style>y</style>b", "ab");
	expect_text("<i class=emoji style='x'><b>\xf0\x9f\x91\x8d</b></i> ok",
		    "\xf0\x9f\x91\x8d ok");
	expect_text("a <img class='custom-emoji' alt=':x:'> <img alt=photo> b",
		    "a :x: b");
	expect_text("\xe2\x80\x8b" "a\xe2\x80\x8b",
		    "\xe2\x80\x8b" "a\xe2\x80\x8b");
	expect_text("<b>a</b><b>b</b> <i>c</i>", "ab c");
	expect_text("<ul><li>a<li>b</ul>c", "a\nb\nc");
	expect_text("<br><br>a<br><br>", "a");
	expect_text("", "");
}

Test(html, a_fragment_stands_beside_the_page)
{
	struct charset_text text;
	struct ptree t = page(bytes_str("<p class=a>x"), NULL, &text);
	struct buf b = BUF_INIT(100);
	xmlDoc *doc = t.doc;
	xmlNode *root = NULL;
	uint32_t at;

	cr_assert_eq(html_fragment(&t, bytes_str("<p class=a>y<p>z"), &root,
				   NULL), 0);
	cr_expect_eq(t.doc, doc);
	cr_expect(bytes_is(text_below(root, &b), "y\n\nz"));
	cr_expect_eq(ptree_below(ptree_class(&t, "a", 1, ptree_hash("a", 1)),
				 root, &at), 1);
	cr_expect(bytes_is(text_below(xmlDocGetRootElement(doc), &b), "x"));
	buf_release(&b);
	done(&t);
}

Test(html, xml_reads_no_entity_and_no_file)
{
	static const char src[] = "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY"
		" e SYSTEM 'file:///etc/passwd'><!ENTITY f 'grown'>]>"
		"<r><a class='k'>&e;&f;x</a></r>";
	struct charset_text text;
	struct ptree t = PTREE_INIT(&arena);
	struct buf b = BUF_INIT(4096);
	int bad = 0;

	cr_assert_eq(charset_decode(&arena, bytes_str(src), NULL, &text,
				    NULL), 0);
	cr_assert_eq(xml_tree(&t, &text, NULL, &bad, NULL), 0);
	cr_expect(bytes_is(text_below(xmlDocGetRootElement(t.doc), &b), "x"));
	cr_expect_not_null(first(&t, "k"));
	done(&t);
	t = (struct ptree)PTREE_INIT(&arena);
	cr_assert_eq(charset_decode(&arena, bytes_str("<r><a>x</r>"), NULL,
				    &text, NULL), 0);
	cr_expect_eq(xml_tree(&t, &text, NULL, &bad, NULL), 0);
	cr_expect(bad);
	done(&t);
	t = (struct ptree)PTREE_INIT(&arena);
	cr_assert_eq(charset_decode(&arena, bytes_str("no xml"), NULL, &text,
				    NULL), 0);
	cr_expect_eq(xml_tree(&t, &text, NULL, &bad, NULL), ERR_FORMAT);
	buf_release(&b);
	done(&t);
}

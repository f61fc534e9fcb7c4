/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/tree.h"
#include "parsers/text.h"

#include <criterion/criterion.h>
#include <libxml/xpath.h>

static struct arena arena = ARENA_INIT(PTREE_MEMORY_MAX);

static int read(const char *s, size_t n, int lax)
{
	struct ptree t = PTREE_INIT(&arena);
	int r = json_tree(&t, NULL, BYTES(s, n), NULL, lax, NULL, NULL);

	ptree_release(&t);
	arena_clear(&arena);
	return r;
}

static void expect_at(const char *json, const char *path, const char *want)
{
	struct ptree t = PTREE_INIT(&arena);
	xmlXPathContext *c;
	xmlXPathObject *o;
	xmlChar *s;

	cr_assert_eq(json_tree(&t, NULL, bytes_str(json), NULL, 0, NULL,
			       NULL), 0, "%s", json);
	c = xmlXPathNewContext(t.doc);
	o = xmlXPathEval((const xmlChar *)path, c);
	cr_assert_not_null(o);
	s = xmlXPathCastToString(o);
	cr_expect_str_eq((char *)s, want, "%s of %s: %s", path, json,
			 (char *)s);
	xmlFree(s);
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(c);
	ptree_release(&t);
	arena_clear(&arena);
}

Test(json_tree, members_and_elements_become_elements)
{
	static const char j[] = "{\"user\":{\"posts\":[{\"id\":7},{\"id\":8}],"
		"\"@type\":\"Person\",\"1st\":true,\"no\":null,\"f\":false}}";

	expect_at(j, "/json/user/posts/item[2]/id", "8");
	expect_at(j, "count(/json/user/posts/item)", "2");
	expect_at(j, "//item[@name='@type']", "Person");
	expect_at(j, "//item[@name='1st']", "true");
	expect_at(j, "//no/@type", "null");
	expect_at(j, "count(//no/text())", "0");
	expect_at(j, "//f", "false");
	expect_at(j, "/json/@type", "object");
	expect_at(j, "//posts/@type", "array");
	expect_at("\"x\"", "/json", "x");
	expect_at("\xef\xbb\xbf [1]", "/json/item", "1");
	expect_at("{\"a\":1,\"a\":2}", "count(/json/a)", "2");
}

Test(json_tree, numbers_keep_their_text)
{
	expect_at("[12345678901234567890123]", "/json/item",
		  "12345678901234567890123");
	expect_at("[-1.50e+300]", "/json/item", "-1.50e+300");
}

Test(json_tree, strings_are_decoded)
{
	expect_at("\"\\u00e9\\n\\\"\\/\\ud83d\\ude00\"", "/json",
		  "\xc3\xa9\n\"/\xf0\x9f\x98\x80");
	expect_at("\"\\ud83d!\"", "/json", "\xef\xbf\xbd!");
	expect_at("\"a\\u0000b\"", "/json", "a\xef\xbf\xbd" "b");
	expect_at("{\"\":1}", "/json/item/@name", "");
}

Test(json_tree, what_is_not_json_is_refused)
{
	static const char *const bad[] = {
		"", "{", "[", "[1", "[1,", "[,1]", "{\"a\"}", "{\"a\":}", "{1:2}",
		"\"", "\"\\", "\"\\q\"", "\"\\u12\"", "nul", "[1 2]", "]", "+1",
		"[1]]", "{\"a\":1,}", "[1}", "\"abc",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(read(bad[i], strlen(bad[i]), 0), ERR_FORMAT,
			     "%s", bad[i]);
	cr_expect_eq(read("\"a\0b\"", 5, 0), 0);
}

Test(json_tree, a_script_goes_on_behind_the_value)
{
	cr_expect_eq(read("{\"a\":1};(function(){})", 22, 1), 0);
	cr_expect_eq(read("{\"a\":1};", 8, 0), ERR_FORMAT);
}

Test(json_tree, nesting_has_a_limit)
{
	struct buf b = BUF_INIT(1 << 20);

	for (int i = 0; i < 300; i++)
		buf_addc(&b, '[');
	cr_expect_eq(read((char *)b.p, b.len, 0), ERR_LIMIT);
	buf_clear(&b);
	for (int i = 0; i < 200; i++)
		buf_addc(&b, '[');
	for (int i = 0; i < 200; i++)
		buf_addc(&b, ']');
	cr_expect_eq(read((char *)b.p, b.len, 0), 0);
	buf_release(&b);
}

Test(json_tree, a_value_knows_where_it_stood)
{
	static const char j[] = "{\"a\": [1, {\"b\":\"c\"}] }";
	struct ptree t = PTREE_INIT(&arena);
	const struct ptree_info *i;
	xmlNode *root, *n;

	cr_assert_eq(json_tree(&t, NULL, bytes_str(j), NULL, 0, &root, NULL),
		     0);
	n = root->children->last;	/* the second element */
	i = ptree_info(n);
	cr_expect_eq(strncmp(j + i->off, "{\"b\":\"c\"}", i->len), 0);
	cr_expect_eq(i->len, 9);
	cr_expect_eq(ptree_info(root)->len, strlen(j));
	cr_expect_eq(ptree_info(root)->last, t.elements);
	ptree_release(&t);
	arena_clear(&arena);
}

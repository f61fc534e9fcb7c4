/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Hostile pages through the parse child, as collect uses it: each must end
 * within its limits with a line of its own and a finding where one is due, and
 * the good page behind it must read exactly as before.
 *
 * usage: hostile table SCELLE PROFILES GOOD
 *        hostile mutate SCELLE PROFILES GOOD N SEED <LIST
 * GOOD is a page of a public channel.  LIST: a line a page, URL TAB TYPE TAB
 * FILE.  Exit 0 when all held; what did not is named on stdout.
 */
#include "crawler/parsepool.h"
#include "crawler/profiles.h"
#include "parsers/worker.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define GOOD_URL "https://t.me/s/exemple"
#define PAGE_MAX ((size_t)12 << 20)
#define SLOW_MS 9000		/* 5 s by the clock, and a busy machine */
#define PAGES_MAX 4096

static struct parse_pool *pool;
static struct buf good, reading;	/* the page, and its lines */
static uint64_t counter, died, findings, slowest;
static int failed;

static void no(const char *what, const char *why)
{
	printf("not held: %s: %s\n", what, why);
	failed = 1;
}

static void fatal(const char *what, const struct err *e)
{
	fprintf(stderr, "hostile: %s: %s\n", what, e->text);
	exit(1);
}

/* read_page - through the pool; the time it took */
static int64_t read_page(const char *url, const char *type, struct bytes body,
			 struct parse_result *out)
{
	char head[256];
	struct parse_page p = { .id = ++counter, .url = url, .body = body };
	struct err e = ERR_INIT;
	int64_t from = clock_boot_ms();

	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n",
		 type);
	p.head = bytes_str(head);
	if (parse_pool_submit(pool, &p, &e) < 0 ||
	    parse_pool_wait(pool, out) != 0 || out->id != p.id)
		fatal(url, &e);
	return clock_boot_ms() - from;
}

/* line_of - the first line, which is always the page's; NULL: it is not */
static json_t *line_of(const struct parse_result *r)
{
	const uint8_t *nl = memchr(r->jsonl.p, '\n', r->jsonl.len);
	json_t *o = NULL;
	const char *kind;

	if (!nl || json_read(BYTES(r->jsonl.p, (size_t)(nl - r->jsonl.p)),
			     PARSE_OUTPUT_MAX, 60, &o, NULL) < 0)
		return NULL;
	kind = json_opt_str(o, "kind");
	if (!kind || strcmp(kind, "page") != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static void check_good(const char *after)
{
	struct parse_result r = PARSE_RESULT_INIT;

	read_page(GOOD_URL, "text/html; charset=utf-8", buf_view(&good), &r);
	if (!reading.len) {
		buf_addb(&reading, buf_view(&r.jsonl));
		if (r.died || !strstr(buf_cstr(&reading), "\n{\"kind\":\"post\""))
			no(after, "the good page has no post");
	} else if (r.died || !bytes_eq(buf_view(&reading), buf_view(&r.jsonl))) {
		no(after, "the page behind it was read otherwise");
	}
	parse_result_release(&r);
}

/* one - a hostile page; must: a finding is due */
static void one(const char *what, const char *url, const char *type,
		struct bytes body, int must)
{
	struct parse_result r = PARSE_RESULT_INIT;
	int64_t ms = read_page(url, type, body, &r);
	json_t *o = line_of(&r);
	int found = o && json_array_size(json_object_get(o, "findings")) > 0;

	died += r.died != 0;
	findings += found || r.finding[0];
	if ((uint64_t)ms > slowest)
		slowest = (uint64_t)ms;
	if (ms > SLOW_MS)
		no(what, "too slow");
	if (!o)
		no(what, "no line for the page");
	else if (must && !found && !r.finding[0])
		no(what, "no finding");
	if (r.died && !found)
		no(what, "a death without a finding");
	json_decref(o);
	if (must)
		printf("%-28s %5lld ms  %s%s\n", what, (long long)ms,
		       r.died ? "the child died: " : "", r.finding);
	parse_result_release(&r);
}

/* --- the table ---------------------------------------------------------------- */

enum { HTML, JSON, XML };
static const char *const types[] = { "text/html; charset=utf-8",
				     "application/json", "application/xml" };

/* Before, n times each, behind.  due: the page cannot be read in full. */
static const struct bad {
	const char *name;
	int type;
	const char *before, *each, *behind;
	size_t n;
	int due;
} bads[] = {
	{ "nested div x 50000", HTML, "", "<div>", "", 50000, 1 },
	{ "nested div x 100000", HTML, "", "<div>", "", 100000, 1 },
	{ "unclosed i x 200000", HTML, "", "<i>", "", 200000, 1 },
	{ "unclosed a x 100000", HTML, "", "<a>", "", 100000, 0 },
	{ "p to the limit", HTML, "", "<p>", "", 1300000, 1 },
	{ "p beyond the limit", HTML, "", "<p>", "", 3000000, 1 },
	{ "foster parenting", HTML, "<table>", "<b>x", "", 100000, 1 },
	{ "tables in tables", HTML, "", "<table>", "", 100000, 1 },
	{ "a comment of 4 MB", HTML, "<!--", "xxxxxxxx", "-->", 500000, 1 },
	{ "character references", HTML, "", "&amp;", "", 800000, 1 },
	{ "same attribute", HTML, "<a ", "a=1 ", ">", 100000, 0 },
	{ "select and option", HTML, "<select>", "<option>", "", 200000, 0 },
	{ "svg and math", HTML, "", "<svg><math>", "", 60000, 1 },
	{ "formatting and p", HTML, "", "<b><i><u><p>", "", 20000, 1 },
	{ "nested frames of script", HTML, "", "<script>{", "", 100000, 0 },
	{ "NUL bytes as text", HTML, "<p>", "\xef\xbf\xbd", "", 500000, 0 },
	{ "deep JSON array", JSON, "", "[", "", 500000, 1 },
	{ "deep JSON object", JSON, "", "{\"a\":", "1", 500000, 1 },
	{ "deep closed JSON", JSON, "[", "[[[[[[[[],1],1],1],1],1],1],1],",
	  "1]", 1, 0 },
	{ "wide JSON", JSON, "[0", ",0", "]", 2000000, 1 },
	{ "wide JSON object", JSON, "{\"k\":0", ",\"k\":0", "}", 500000, 0 },
	{ "JSON of empty objects", JSON, "[{}", ",{}", "]", 1300000, 1 },
	{ "JSON string of 4 MB", JSON, "[\"", "aaaaaaaa", "\"]", 500000, 0 },
	{ "JSON cut in a string", JSON, "{\"a\":\"", "\\u00e9", "", 300000, 1 },
	{ "JSON of surrogates", JSON, "[\"", "\\ud800", "\"]", 300000, 1 },
	{ "JSON number", JSON, "[1", "0", "]", 2000000, 0 },
	{ "deep XML", XML, "<?xml version='1.0'?>", "<a>", "", 300000, 1 },
	{ "wide XML", XML, "<?xml version='1.0'?><a>", "<b/>", "</a>", 900000,
	  1 },
	{ "XML with 4 MB of text", XML, "<?xml version='1.0'?><a>", "xxxxxxxx",
	  "</a>", 500000, 0 },
};

static void repeat(const struct bad *b)
{
	struct buf body = BUF_INIT(PAGE_MAX);

	buf_adds(&body, b->before);
	for (size_t i = 0; i < b->n; i++)
		buf_adds(&body, b->each);
	buf_adds(&body, b->behind);
	one(b->name, GOOD_URL, types[b->type], buf_view(&body), b->due);
	/* And where any site may be. */
	if (b->type != HTML)
		one(b->name, "https://example.org/feed", types[b->type],
		    buf_view(&body), b->due);
	buf_release(&body);
	check_good(b->name);
}

/* counted - n different names, each "format %zu" */
static void counted(const char *name, int type, const char *before,
		    const char *a, const char *z, size_t n, const char *behind)
{
	struct buf body = BUF_INIT(PAGE_MAX);

	buf_adds(&body, before);
	for (size_t i = 0; i < n; i++)
		buf_addf(&body, "%s%zu%s", a, i, z);
	buf_adds(&body, behind);
	one(name, type == HTML ? GOOD_URL : "https://example.org/feed",
	    types[type], buf_view(&body), 1);
	buf_release(&body);
	check_good(name);
}

static void entities(void)
{
	static const struct { const char *name, *text; } xml[] = {
		{ "external entity", "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY"
		  " e SYSTEM 'file:///etc/passwd'>]><rss><channel><title>&e;"
		  "</title></channel></rss>" },
		{ "external DTD", "<?xml version='1.0'?><!DOCTYPE r SYSTEM "
		  "'file:///etc/passwd'><rss><channel/></rss>" },
		{ "parameter entity", "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY"
		  " % p SYSTEM 'http://example.org/x'>%p;]><rss/>" },
		{ "an entity of itself", "<?xml version='1.0'?><!DOCTYPE r ["
		  "<!ENTITY a '&b;'><!ENTITY b '&a;'>]><rss>&a;</rss>" },
		{ "XInclude", "<?xml version='1.0'?><rss xmlns:xi='http://www.w3"
		  ".org/2001/XInclude'><channel><title><xi:include parse='text'"
		  " href='file:///etc/passwd'/></title></channel></rss>" },
	};
	struct buf body = BUF_INIT(PAGE_MAX);

	buf_adds(&body, "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a0 'ha'>");
	for (int i = 1; i < 30; i++) {
		buf_addf(&body, "<!ENTITY a%d '", i);
		for (int k = 0; k < 10; k++)
			buf_addf(&body, "&a%d;", i - 1);
		buf_adds(&body, "'>");
	}
	buf_adds(&body, "]><rss><channel><title>&a29;</title></channel></rss>");
	one("billion laughs", "https://example.org/feed", types[XML],
	    buf_view(&body), 1);
	check_good("billion laughs");
	buf_clear(&body);
	buf_adds(&body, "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a '");
	for (int i = 0; i < 100000; i++)
		buf_addc(&body, 'x');
	buf_adds(&body, "'>]><rss>");
	for (int i = 0; i < 100000; i++)
		buf_adds(&body, "&a;");
	buf_adds(&body, "</rss>");
	one("quadratic blow-up", "https://example.org/feed", types[XML],
	    buf_view(&body), 1);
	check_good("quadratic blow-up");
	buf_release(&body);
	for (size_t i = 0; i < sizeof xml / sizeof *xml; i++) {
		struct parse_result r = PARSE_RESULT_INIT;

		read_page("https://example.org/feed", types[XML],
			  bytes_str(xml[i].text), &r);
		if (r.died || memmem(r.jsonl.p, r.jsonl.len, "root:", 5))
			no(xml[i].name, "it reached outside");
		printf("%-28s nothing outside is read\n", xml[i].name);
		parse_result_release(&r);
		check_good(xml[i].name);
	}
}

static void table(void)
{
	for (size_t i = 0; i < sizeof bads / sizeof *bads; i++)
		repeat(&bads[i]);
	counted("distinct attributes", HTML, "<a ", "a", " ", 100000, ">");
	counted("distinct elements", HTML, "", "<e", ">", 200000, "");
	counted("distinct keys", JSON, "{\"x\":0", ",\"k", "\":0", 300000, "}");
	counted("distinct XML attributes", XML, "<?xml version='1.0'?><a ", "a",
		"='' ", 100000, "/>");
	counted("distinct namespaces", XML, "<?xml version='1.0'?><a ",
		"xmlns:n", "='u' ", 100000, "/>");
	entities();
}

/* --- mutations ------------------------------------------------------------------ */

struct page {
	char *url, *type;
	struct buf body;
};

static struct page pages[PAGES_MAX];
static size_t npages;
static uint64_t state;

static size_t chance(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (size_t)(state % below) : 0;
}

static void read_list(void)
{
	struct err e = ERR_INIT;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0 && npages < PAGES_MAX) {
		char *type = strchr(line, '\t');
		char *file = type ? strchr(type + 1, '\t') : NULL;
		struct page *p = &pages[npages];

		if (!file)
			continue;
		*type++ = '\0';
		*file++ = '\0';
		file[strcspn(file, "\n")] = '\0';
		p->body = (struct buf)BUF_INIT(PAGE_MAX);
		if (file_read(file, &p->body, &e) < 0)
			fatal(file, &e);
		p->url = strdup(line);
		p->type = strdup(type);
		npages += p->url && p->type && p->body.len;
	}
	free(line);
}

static void splice(struct buf *b, size_t at, size_t cut, struct bytes in)
{
	struct buf out = BUF_INIT(PAGE_MAX);

	buf_add(&out, b->p, at);
	buf_addb(&out, in);
	buf_add(&out, b->p + at + cut, b->len - at - cut);
	buf_release(b);
	*b = out;
}

static void mutate(struct buf *b)
{
	static const char *const bits[] = { "<", ">", "\"", "'", "{", "}", "[",
		"]", "<!--", "<script>", "</script>", "<table>", "<svg>",
		"<template>", "&#x10ffff;", "\\ud83d", "\xff\xfe", "\xc3",
		"999999999999999999999", "-1", "null", "true", "1e999",
		"<![CDATA[", "<?xml version='1.0'?>", "\r", "<!DOCTYPE a [<!ENTITY"
		" b 'c'>]>", "</html>", "\\", ":", ",", "\t" };
	const size_t how = chance(8), at = chance(b->len + 1);
	const size_t len = chance((b->len - at < 4096 ? b->len - at : 4096) + 1);
	const char *bit = bits[chance(sizeof bits / sizeof *bits)];
	struct buf piece = BUF_INIT(PAGE_MAX);

	if (how == 0) {
		b->len = at;			/* cut short */
	} else if (how < 3) {
		for (size_t i = 1 + chance(64); b->len && i; i--)
			b->p[chance(b->len)] ^= (uint8_t)(1u << chance(8));
	} else if (how == 3) {
		splice(b, at, len, BYTES(NULL, 0));
	} else if (how == 4) {
		for (size_t i = 1 + chance(64); i; i--)
			buf_add(&piece, b->p + at, len);
		splice(b, at, 0, buf_view(&piece));
	} else if (how == 5) {
		for (size_t i = 1 + chance(2000); i; i--)
			buf_adds(&piece, bit);
		splice(b, at, 0, buf_view(&piece));
	} else if (how == 6) {
		const struct page *other = &pages[chance(npages)];
		size_t from = chance(other->body.len);
		size_t n = chance(other->body.len - from + 1);

		splice(b, at, len, BYTES(other->body.p + from, n));
	} else {
		splice(b, at, len < 8 ? len : 8, bytes_str(bit));
	}
	buf_release(&piece);
}

/* keep - a page that was not held is wanted by who mends it */
static void keep(const struct buf *b)
{
	FILE *f = fopen("hostile.failed", "w");

	if (f) {
		(void)!fwrite(b->p, 1, b->len, f);
		fclose(f);
		printf("the page is in hostile.failed\n");
	}
}

static void mutations(uint64_t n)
{
	char what[96];

	for (uint64_t i = 0; i < n && !failed; i++) {
		const struct page *p = &pages[chance(npages)];
		struct buf b = BUF_INIT(PAGE_MAX);
		uint64_t before = died;

		buf_addb(&b, buf_view(&p->body));
		for (size_t k = 1 + chance(4); k; k--)
			mutate(&b);
		snprintf(what, sizeof what, "mutation %llu (%.48s)",
			 (unsigned long long)i, p->url);
		one(what, p->url, chance(16) ? p->type
		    : types[chance(3)], buf_view(&b), 0);
		if (failed)
			keep(&b);
		buf_release(&b);
		if (died != before || i % 8 == 7)
			check_good(what);
	}
}

int main(int argc, char **argv)
{
	struct parse_pool_options o = PARSE_POOL_OPTIONS_INIT;
	struct profile_set set = PROFILE_SET_INIT;
	struct err e = ERR_INIT;
	struct rusage ru;
	uint64_t n = 0;

	if (argc < 5 || (argc != 5 && argc != 7))
		return 2;
	good = (struct buf)BUF_INIT(PAGE_MAX);
	reading = (struct buf)BUF_INIT(PARSE_OUTPUT_MAX);
	parse_start();
	o.self_path = argv[2];
	o.profiles_dir = argv[3];
	o.profiles = &set;
	if (profiles_load(argv[3], &set, &e) < 0 ||
	    file_read(argv[4], &good, &e) < 0 ||
	    parse_pool_new(&o, &pool, &e) < 0)
		fatal("start", &e);
	check_good("the first");
	if (argc == 5) {
		table();
	} else {
		n = strtoull(argv[5], NULL, 10);
		state = strtoull(argv[6], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
		read_list();
		if (!npages) {
			fprintf(stderr, "hostile: no pages\n");
			return 1;
		}
		mutations(n);
	}
	check_good("the last");
	parse_pool_free(pool);
	getrusage(RUSAGE_SELF, &ru);
	printf("%llu pages, %llu with a finding, %llu children died, slowest "
	       "%llu ms, keeper's peak %ld MB: %s\n",
	       (unsigned long long)counter, (unsigned long long)findings,
	       (unsigned long long)died, (unsigned long long)slowest,
	       ru.ru_maxrss / 1024, failed ? "NOT HELD" : "held");
	return failed;
}

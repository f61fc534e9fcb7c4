/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/ingest.h"

#include "cases/casefile.h"
#include "cases/derived.h"
#include "crawler/capture.h"
#include "crawler/profiles.h"
#include "parsers/worker.h"
#include "tests/cases/fixture.h"
#include "tests/crawler/main.h"
#include "util/file.h"

#include <limits.h>
#include <unistd.h>

#define DAY 86400000ll
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"

struct world {
	struct fixture f;
	struct unit *u;
	struct profile_set set;
	char id[17], dir[CASE_DIR_MAX], profiles[PATH_MAX];
	struct grant *g;
	struct index *ix;
	struct ingest_report rep;
	char remarks[4096];
};

static void world_init(struct world *w)
{
	static const char *const offence[] = { "faux" };
	struct case_options o = CASE_OPTIONS_INIT;
	const struct admin_case *c;
	struct err e = ERR_INIT;

	memset(w, 0, sizeof *w);
	parse_start();
	if (!realpath("profiles", w->profiles))
		cr_assert_fail("run from the top of the tree");
	cr_assert_eq(profiles_load(w->profiles, &w->set, &e), 0, "%s", e.text);
	fixture_init(&w->f);
	w->u = fixture_open(&w->f, "claire", VAULT_WRITE);
	o.reference = "2026-0042";
	o.basis = "basis";
	o.offences = offence;
	o.noffences = 1;
	o.start_ms = clock_wall_ms() - DAY;
	o.end_ms = clock_wall_ms() + DAY;
	cr_assert_eq(casefile_open(w->u, &o, w->id, &e), 0, "%s", e.text);
	cr_assert_eq(casefile_find(w->u, w->id, &c, &e), 0);
	casefile_dir(c, w->dir);
}

/* A vault opens a stream once: each step has the vault for itself. */
static void reopen(struct world *w)
{
	index_free(w->ix);
	w->ix = NULL;
	custody_close(w->g);
	w->g = NULL;
	unit_close(w->u);
	w->u = fixture_open(&w->f, "claire", VAULT_WRITE);
}

static void world_release(struct world *w)
{
	index_free(w->ix);
	custody_close(w->g);
	unit_close(w->u);
	profile_set_release(&w->set);
	fixture_release(&w->f);
}

static void page_of(struct buf *b, const char *const *posts, unsigned n)
{
	buf_adds(b, "<!doctype html><main class=\"tgme_main\"><section class="
		 "\"tgme_channel_history js-message_history\">");
	for (unsigned i = 0; i < n; i++)
		buf_addf(b, "<div class=\"tgme_widget_message_wrap "
			 "js-widget_message_wrap\"><div class=\"tgme_widget_"
			 "message js-widget_message\" data-post=\"exemple/%u\">"
			 "<div class=\"tgme_widget_message_bubble\"><div class="
			 "\"tgme_widget_message_text js-message_text\">%s</div>"
			 "<a class=\"tgme_widget_message_date\" href=\"https://"
			 "t.me/exemple/%u\"><time datetime=\"2026-11-0%uT10:00:"
			 "00+00:00\" class=\"time\"></time></a></div></div>"
			 "</div>", i + 1, posts[i], i + 1, i + 1);
	buf_adds(b, "</section></main>");
}

struct served {
	const char *url, *reason;
	int status;
	uint64_t parent;
	struct bytes body;
};

static void seal(struct world *w, const struct served *all, unsigned n)
{
	struct sandbox_report box = { 1, 1, 1, 7, 1 };
	const struct admin_case *found;
	struct stream *stream;
	static const uint8_t mandate[32] = { 0xaa };
	struct crawl_session session = { .agent = "claire", .reason = "x" };
	struct capture_setup setup = { .stream_dir = w->dir, .case_id = w->id,
		.mandate_sha256 = mandate, .session = &session,
		.fetch_sandbox = &box, .gate_list = "list" };
	struct capturer *c = NULL;
	struct batch *b = NULL;
	struct err e = ERR_INIT;

	reopen(w);
	cr_assert_eq(casefile_find(w->u, w->id, &found, &e), 0);
	cr_assert_eq(casefile_stream(w->u, found, &stream, &e), 0, "%s",
		     e.text);
	setup.vault = w->u->vault;
	setup.stream = stream;
	session.collector_name = w->u->keys->collector.vkey.name;
	memcpy(session.collector_seed, w->u->keys->collector.seed, 32);
	strcpy(session.software_sha256, "00");
	cr_assert_eq(capturer_new(&setup, &c, &e), 0, "%s", e.text);
	cr_assert_eq(batch_begin(w->u->vault, &b, &e), 0, "%s", e.text);
	for (unsigned i = 0; i < n; i++) {
		struct capture_context ctx = CAPTURE_CONTEXT_INIT;
		struct exchange x;

		exchange_init(&x);
		x.url = strdup(all[i].url);
		x.start_ms = x.end_ms = clock_wall_ms();
		x.status = all[i].status;
		x.phase = FETCH_DONE;
		buf_adds(&x.request, "GET / HTTP/1.1\r\n\r\n");
		buf_adds(&x.head, HEAD);
		buf_addb(&x.body, all[i].body);
		strcpy(x.peer, "192.0.2.1:443");
		ctx.source = "telegram:exemple";
		ctx.reason = all[i].reason;
		ctx.parent = all[i].parent;
		cr_assert_eq(capture_add(c, b, &x, &ctx, NULL, &e), 0, "%s",
			     e.text);
		exchange_release(&x);
	}
	cr_assert_eq(capture_refuse(c, b, "https://example.org/x", "scope",
				    "no source names it", NULL, NULL, &e), 0,
		     "%s", e.text);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
	capturer_free(c);
}

static void on_remark(void *arg, const char *text)
{
	struct world *w = arg;
	size_t n = strlen(w->remarks);

	snprintf(w->remarks + n, sizeof w->remarks - n, "%s|", text);
}

static void open_index(struct world *w, int anew)
{
	struct access a = { .command = "search", .why = "test",
			    .case_name = w->id };
	struct ingest_options o = INGEST_OPTIONS_INIT;
	struct err e = ERR_INIT;

	reopen(w);
	w->remarks[0] = '\0';
	o.profiles = &w->set;
	o.profiles_dir = w->profiles;
	o.anew = anew;
	o.remark = on_remark;
	o.arg = w;
	cr_assert_eq(custody_log(w->u, &a, &w->g, &e), 0, "%s", e.text);
	cr_assert_eq(ingest_open(w->u, w->g, &o, &w->ix, &w->rep, &e), 0, "%s",
		     e.text);
}

static void three(struct world *w)
{
	static const char *const first[] = { "bonjour", "deux" };
	static const char *const second[] = { "bonjour", "deux et demi" };
	struct buf a = BUF_INIT(1u << 20), b = BUF_INIT(1u << 20);
	struct served all[] = {
		{ "https://t.me/s/exemple", "seed", 200, CAPTURE_NONE, { 0 } },
		{ "https://t.me/robots.txt", "robots", 200, CAPTURE_NONE,
		  bytes_str("User-agent: *\n") },
		{ "https://t.me/s/exemple", "seed", 200, CAPTURE_NONE, { 0 } },
		{ "https://cdn4.telesco.pe/x", "media", 302, 2, { 0 } },
		{ "https://cdn5.telesco.pe/x", "redirect", 200, 3,
		  bytes_str("\xff\xd8\xff") },
		{ "https://t.me/s/exemple?before=1", "listing", 500, 2,
		  bytes_str("sorry") },
	};

	page_of(&a, first, 2);
	page_of(&b, second, 2);
	all[0].body = buf_view(&a);
	all[2].body = buf_view(&b);
	seal(w, all, sizeof all / sizeof *all);
	buf_release(&a);
	buf_release(&b);
}

static int purposes(void *arg, const struct index_capture *c, uint64_t posts,
		    const char *finding)
{
	buf_addf(arg, "%llu:%s:%d:%llu:%s ", (unsigned long long)c->number,
		 c->purpose ? c->purpose : c->outcome, c->status,
		 (unsigned long long)posts, finding ? finding : "-");
	return 0;
}

Test(ingest, pages_are_parsed_from_sealed_bytes_and_a_snapshot_is_kept)
{
	struct index_counts n;
	struct buf got = BUF_INIT(4096);
	struct world w;

	world_init(&w);
	three(&w);
	open_index(&w, 0);
	cr_expect_eq(w.rep.items, 7u);
	cr_expect_eq(w.rep.added, 7u);
	cr_expect_eq(w.rep.parsed, 2u);
	cr_expect_eq(w.rep.loaded, 0);
	cr_expect_eq(w.rep.saved, 1, "%s", w.remarks);
	cr_expect_str_eq(w.remarks, "");
	cr_assert_eq(index_counts(w.ix, &n, NULL), 0);
	cr_expect_eq(n.captures, 7u);
	cr_expect_eq(n.posts, 2u);
	cr_expect_eq(n.versions, 3u);
	cr_expect_eq(index_captures(w.ix, 0, 0, purposes, &got, NULL), 0);
	cr_expect_str_eq(buf_cstr(&got), "0:seed:200:2:- 1:robots:200:0:- "
		"2:seed:200:2:- 3:media:302:0:- 4:media:200:0:- "
		"5:listing:500:0:- 6:scope: no source names it:0:0:- ");
	open_index(&w, 0);
	cr_expect_eq(w.rep.loaded, 1);
	cr_expect_eq(w.rep.added, 0u);
	cr_expect_eq(w.rep.parsed, 0u);
	three(&w);
	open_index(&w, 0);
	cr_expect_eq(w.rep.added, 7u);
	cr_expect_eq(w.rep.parsed, 2u);
	cr_assert_eq(index_counts(w.ix, &n, NULL), 0);
	cr_expect_eq(n.posts, 2u);
	cr_expect_eq(n.versions, 5u, "edited there and back again");
	buf_release(&got);
	world_release(&w);
}

/* What a pass leaves: the lines of page n, sealed to the case. */
static void derive(struct world *w, uint64_t n, const char *sha)
{
	char path[FILE_PATH_MAX];
	const struct admin_case *c;
	struct buf b = BUF_INIT(65536);
	struct derived *d = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(casefile_find(w->u, w->id, &c, &e), 0);
	cr_assert_eq(file_path(path, w->f.path, w->dir, "derived.cache", NULL),
		     0);
	buf_addf(&b, "{\"kind\":\"page\",\"platform\":\"telegram\",\"profile\":"
		 "{\"id\":\"telegram\",\"sha256\":\"%s\"},\"page\":\"listing\"}"
		 "\n{\"kind\":\"post\",\"post_id\":\"exemple/77\",\"text\":"
		 "\"from the cache\"}\n", sha);
	cr_assert_eq(derived_open(path, c->public, &d, &e), 0, "%s", e.text);
	cr_assert_eq(derived_append(d, n, buf_view(&b), &e), 0);
	derived_close(d);
	buf_release(&b);
}

Test(ingest, what_a_pass_derived_is_used_when_the_same_profile_made_it)
{
	struct world w;

	world_init(&w);
	three(&w);
	derive(&w, 2, "0000");
	derive(&w, 0, profile_sha256(profile_by_id(&w.set, "telegram")));
	open_index(&w, 0);
	cr_expect_eq(w.rep.cached, 1u);
	cr_expect_eq(w.rep.parsed, 1u);
	open_index(&w, 1);
	cr_expect_eq(w.rep.cached, 0u);
	cr_expect_eq(w.rep.parsed, 2u);
	cr_expect_eq(w.rep.loaded, 0);
	world_release(&w);
}

static void spoil(struct world *w, const char *name, long at)
{
	char path[FILE_PATH_MAX];
	FILE *f;
	int c;

	cr_assert_eq(file_path(path, w->f.path, w->dir, name, NULL), 0);
	f = fopen(path, "r+b");
	cr_assert(f);
	fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
	c = fgetc(f);
	fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
	fputc(c ^ 1, f);
	fclose(f);
}

Test(ingest, damaged_caches_cost_a_remark_and_nothing_else)
{
	struct index_counts n;
	struct world w;

	world_init(&w);
	three(&w);
	derive(&w, 0, profile_sha256(profile_by_id(&w.set, "telegram")));
	spoil(&w, "derived.cache", -1);
	open_index(&w, 0);
	cr_expect(strstr(w.remarks, "derived cache"), "%s", w.remarks);
	cr_expect_eq(w.rep.parsed, 2u);
	spoil(&w, "index.age", -1);
	open_index(&w, 0);
	cr_expect(strstr(w.remarks, "index set aside"), "%s", w.remarks);
	cr_expect_eq(w.rep.loaded, 0);
	cr_assert_eq(index_counts(w.ix, &n, NULL), 0);
	cr_expect_eq(n.versions, 3u);
	spoil(&w, "derived.cache", 0);
	open_index(&w, 0);
	cr_expect_eq(w.rep.loaded, 1, "nothing to add: the cache is not read");
	three(&w);
	open_index(&w, 0);
	cr_expect(strstr(w.remarks, "derived cache is damaged"), "%s",
		  w.remarks);
	cr_expect_eq(w.rep.parsed, 2u);
	world_release(&w);
}

Test(ingest, other_profiles_mean_an_index_anew)
{
	char text[8192];
	struct buf sealed = BUF_INIT(64u << 20);
	struct world w;

	world_init(&w);
	three(&w);
	open_index(&w, 0);
	snprintf(text, sizeof text, "%s", index_profiles(w.ix));
	cr_expect(strstr(text, "telegram="), "%s", text);
	cr_expect(strstr(text, profile_sha256(w.set.profile[0])));
	/* A profile less is another set. */
	profile_free(w.set.profile[--w.set.count]);
	w.set.profile[w.set.count] = NULL;
	open_index(&w, 0);
	cr_expect_eq(w.rep.loaded, 0);
	cr_expect(strstr(w.remarks, "profiles have changed"), "%s", w.remarks);
	buf_release(&sealed);
	world_release(&w);
}

Test(ingest, records_are_cut_where_the_statement_says)
{
	struct access a = { .command = "show", .why = "test" };
	struct buf blob = BUF_INIT(1u << 20), lines = BUF_INIT(1u << 20);
	struct ingest_options o = INGEST_OPTIONS_INIT;
	struct bytes head, body, record, block;
	struct ingest_item it;
	struct err e = ERR_INIT;
	uint64_t only = 5;
	struct world w;

	world_init(&w);
	three(&w);
	a.case_name = w.id;
	a.items = &only;
	a.nitems = 1;
	o.profiles = &w.set;
	o.profiles_dir = w.profiles;
	reopen(&w);
	cr_assert_eq(custody_log(w.u, &a, &w.g, &e), 0, "%s", e.text);
	cr_expect_eq(ingest_item(w.u, w.g, 4, &it, &e), ERR_DENIED);
	ingest_item_release(&it);
	cr_expect_eq(ingest_item(w.u, w.g, 7, &it, &e), ERR_NOENT);
	ingest_item_release(&it);
	cr_assert_eq(ingest_item(w.u, w.g, 5, &it, &e), 0, "%s", e.text);
	cr_expect_eq(it.status, 500);
	cr_assert_eq(ingest_response(w.g, &it, &blob, &head, &body, &e), 0,
		     "%s", e.text);
	cr_expect(bytes_is(head, HEAD));
	cr_expect(bytes_is(body, "sorry"));
	cr_assert_eq(ingest_record(w.g, &it, "request", &blob, &record, &block,
				   &e), 0);
	cr_expect(bytes_is(block, "GET / HTTP/1.1\r\n\r\n"));
	cr_expect_eq(ingest_record(w.g, &it, "revisit", &blob, &record, &block,
				   &e), 1);
	cr_expect_eq(ingest_lines(w.g, &o, &it, &lines, &e), 0);
	cr_expect_eq(lines.len, 0u, "an error page is not read");
	ingest_item_release(&it);
	buf_release(&blob);
	buf_release(&lines);
	world_release(&w);
}

/* The reader of media, beside the tests in the build tree; 0: not built */
static int helper(char out[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 64);
	char *slash;

	if (n <= 0)
		return 0;
	out[n] = '\0';
	for (int i = 0; i < 3; i++) {
		slash = strrchr(out, '/');
		if (!slash)
			return 0;
		*slash = '\0';
	}
	memcpy(out + strlen(out), "/scelle-media", 14);
	return file_exists(out);
}

static int medium_json(void *arg, const struct index_medium *m)
{
	buf_addf(arg, "%llu:%s\n", (unsigned long long)m->capture, m->json);
	return 0;
}

static void open_media(struct world *w, const char *path)
{
	struct access a = { .command = "search", .why = "test",
			    .case_name = w->id };
	struct ingest_options o = INGEST_OPTIONS_INIT;
	struct err e = ERR_INIT;

	reopen(w);
	w->remarks[0] = '\0';
	o.profiles = &w->set;
	o.profiles_dir = w->profiles;
	o.remark = on_remark;
	o.arg = w;
	o.media = path;
	cr_assert_eq(custody_log(w->u, &a, &w->g, &e), 0, "%s", e.text);
	cr_assert_eq(ingest_open(w->u, w->g, &o, &w->ix, &w->rep, &e), 0, "%s",
		     e.text);
}

/* A picture that claims to be enormous, one that is cut, no picture at all. */
static const char enormous[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x77\x35\x94\0"
	"\x77\x35\x94\0\x08\0\0\0\0\0\0\0\0";
static const char jpeg[] = "\xff\xd8\xff\xc0\0\x0b\x08\0\x07\0\x09\x01\x01"
	"\x11\0\xff\xd9";

Test(ingest, hostile_media_give_findings_and_the_next_is_read_right)
{
	struct buf got = BUF_INIT(1u << 20);
	char path[PATH_MAX];
	struct world w;
	struct served all[] = {
		{ "https://cdn4.telesco.pe/a", "media", 200, CAPTURE_NONE,
		  BYTES((const uint8_t *)enormous, sizeof enormous - 1) },
		{ "https://cdn4.telesco.pe/b", "media", 200, CAPTURE_NONE,
		  BYTES((const uint8_t *)jpeg, 7) },
		{ "https://cdn4.telesco.pe/c", "media", 200, CAPTURE_NONE,
		  bytes_str("%PDF-1.4 and nothing that follows") },
		{ "https://cdn4.telesco.pe/d", "media", 302, CAPTURE_NONE,
		  { 0 } },
		{ "https://cdn5.telesco.pe/e", "redirect", 200, 3,
		  BYTES((const uint8_t *)jpeg, sizeof jpeg - 1) },
		{ "https://cdn4.telesco.pe/f", "media", 404, CAPTURE_NONE,
		  bytes_str("gone") },
	};

	if (!helper(path)) {
		fprintf(stderr, "SKIP ingest: scelle-media is not built\n");
		return;
	}
	world_init(&w);
	seal(&w, all, sizeof all / sizeof *all);
	open_media(&w, path);
	cr_expect_eq(w.rep.media, 4u);
	cr_expect_str_eq(w.remarks, "");
	index_media_of(w.ix, all[0].url, medium_json, &got, NULL);
	cr_expect(strstr(buf_cstr(&got), "huge-dimensions"), "%s",
		  buf_cstr(&got));
	buf_clear(&got);
	index_media_of(w.ix, all[1].url, medium_json, &got, NULL);
	cr_expect(strstr(buf_cstr(&got), "\"finding\":"), "%s",
		  buf_cstr(&got));
	buf_clear(&got);
	index_media_of(w.ix, all[2].url, medium_json, &got, NULL);
	cr_expect(strstr(buf_cstr(&got), "\"finding\":"), "%s",
		  buf_cstr(&got));
	buf_clear(&got);
	/* What stands behind a redirect is found by what was asked for. */
	index_media_of(w.ix, all[3].url, medium_json, &got, NULL);
	cr_expect_eq(strncmp(buf_cstr(&got), "4:", 2), 0);
	cr_expect(strstr(buf_cstr(&got), "\"width\":9,\"height\":7"), "%s",
		  buf_cstr(&got));
	/* Kept: not read again, and the same. */
	open_media(&w, path);
	cr_expect_eq(w.rep.media, 0u);
	/* Without the reader the index is another. */
	open_index(&w, 0);
	cr_expect_eq(w.rep.loaded, 0);
	cr_expect_eq(w.rep.media, 0u);
	open_media(&w, path);
	cr_expect_eq(w.rep.loaded, 0);
	cr_expect_eq(w.rep.media, 0u);
	cr_expect_eq(w.rep.cached, 4u);
	buf_release(&got);
	world_release(&w);
}

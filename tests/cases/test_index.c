/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/index.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define DAY 86400000LL

static struct index *ix;
static struct buf got;

static void setup(void)
{
	cr_assert_eq(index_new(&ix, NULL), 0);
	got = (struct buf)BUF_INIT(1u << 20);
}

static void teardown(void)
{
	index_free(ix);
	buf_release(&got);
}

static int note(void *arg, const struct index_post *p)
{
	(void)arg;
	buf_addf(&got, "%s v%u/%u c%llu-%llu%s|", p->post_id, p->version,
		 p->versions, (unsigned long long)p->capture,
		 (unsigned long long)p->last_capture,
		 p->vanished_ms ? " gone" : "");
	return 0;
}

static void add(uint64_t n, const char *jsonl)
{
	struct index_capture c = { .number = n, .position = 10 + n,
		.time_ms = 1760000000000LL + (int64_t)n * 1000, .kind = 1,
		.url = "https://t.me/s/x", .source = "telegram:x",
		.purpose = "page", .status = 200, .outcome = "done" };
	struct err e = ERR_INIT;

	cr_assert_eq(index_add(ix, &c, bytes_str(jsonl), &e), 0, "%s", e.text);
}

#define PAGE "{\"kind\":\"page\",\"platform\":\"telegram\",\"page\":\"listing\"}\n"
#define POST(id, day, text) "{\"kind\":\"post\",\"post_id\":\"x/" id \
	"\",\"published\":\"2026-11-" day "T10:00:00Z\",\"text\":\"" text "\"}\n"

static const char *ask(const char *text, int best)
{
	struct index_query q = { .text = text, .best = best };
	struct err e = ERR_INIT;

	buf_clear(&got);
	if (index_search(ix, &q, note, NULL, NULL, &e) < 0)
		return err_name(e.code);
	return buf_cstr(&got);
}

Test(index, words_are_found_without_accents_newest_first, .init = setup, .fini = teardown)
{
	add(0, PAGE POST("1", "01", "Arrêt maladie 3 jours") POST("2", "03", "rien")
	    POST("3", "02", "arret MALADIE, certificat"));
	cr_expect_str_eq(ask("arrêt maladie", 0), "x/3 v1/1 c0-0|x/1 v1/1 c0-0|");
	cr_expect_str_eq(ask("\"maladie 3\"", 0), "x/1 v1/1 c0-0|");
	cr_expect_str_eq(ask("malad*", 0), "x/3 v1/1 c0-0|x/1 v1/1 c0-0|");
	cr_expect_str_eq(ask("maladie -certificat", 0), "x/1 v1/1 c0-0|");
	cr_expect_str_eq(ask("certificat", 1), "x/3 v1/1 c0-0|");
	cr_expect_str_eq(ask(NULL, 0), "x/2 v1/1 c0-0|x/3 v1/1 c0-0|x/1 v1/1 c0-0|");
}

Test(index, syntax_of_the_engine_does_not_get_through, .init = setup, .fini = teardown)
{
	add(0, PAGE POST("1", "01", "un AND deux") POST("2", "02", "x"));
	cr_expect_str_eq(ask("AND", 0), "x/1 v1/1 c0-0|");
	cr_expect_str_eq(ask("text:un", 0), "");
	cr_expect_str_eq(ask("un) OR (x", 0), "");
	cr_expect_str_eq(ask("NEAR(un deux)", 0), "");
	cr_expect_str_eq(ask("\"un", 0), "format");
	cr_expect_str_eq(ask("-un", 0), "format");
	cr_expect_str_eq(ask("   ", 0), "format");
	cr_expect_str_eq(ask("un\"deux", 0), "");
}

Test(index, a_changed_meaning_is_a_new_version_and_counters_are_not, .init = setup, .fini = teardown)
{
	add(0, PAGE POST("1", "01", "prix 50") POST("2", "02", "b"));
	add(1, PAGE "{\"kind\":\"post\",\"post_id\":\"x/1\",\"published\":"
	    "\"2026-11-01T10:00:00Z\",\"text\":\"prix 50\",\"views\":\"9K\"}\n"
	    POST("2", "02", "b changed"));
	cr_expect_str_eq(ask("prix", 0), "x/1 v1/1 c0-1|");
	cr_expect_str_eq(ask("changed", 0), "x/2 v2/2 c1-1|");
	cr_expect_str_eq(ask("b -changed", 0), "", "only the newest version is shown");
	buf_clear(&got);
	cr_expect_eq(index_post_versions(ix, "x/2", note, NULL, NULL), 0);
	cr_expect_str_eq(buf_cstr(&got), "x/2 v1/2 c0-0|x/2 v2/2 c1-1|");
}

Test(index, a_post_missing_between_two_others_has_vanished_and_may_come_back, .init = setup, .fini = teardown)
{
	add(0, PAGE POST("1", "01", "a") POST("2", "02", "b") POST("3", "03", "c"));
	add(1, PAGE POST("1", "01", "a") POST("3", "03", "c"));
	cr_expect_str_eq(ask("b", 0), "x/2 v1/1 c0-0 gone|");
	add(2, PAGE POST("2", "02", "b") POST("3", "03", "c"));
	cr_expect_str_eq(ask("b", 0), "x/2 v1/1 c0-2|");
	cr_expect_str_eq(ask("a", 0), "x/1 v1/1 c0-1|", "outside the page: nothing is known");
}

Test(index, a_snapshot_goes_round_and_another_file_is_refused, .init = setup, .fini = teardown)
{
	struct buf snap = BUF_INIT(64u << 20);
	struct index *other = NULL;

	add(0, PAGE POST("1", "01", "bonjour"));
	cr_assert_eq(index_set_profiles(ix, "telegram=abc", NULL), 0);
	cr_assert_eq(index_save(ix, &snap, NULL), 0);
	cr_assert_eq(index_load(&snap, &other, NULL), 0);
	cr_expect_eq(index_next(other), 1);
	cr_expect_str_eq(index_profiles(other), "telegram=abc");
	index_free(ix);
	ix = other;
	cr_expect_str_eq(ask("bonjour", 1), "x/1 v1/1 c0-0|");
	add(1, PAGE POST("1", "01", "bonjour à tous"));
	cr_expect_str_eq(ask("tous", 0), "x/1 v2/2 c1-1|");
	other = NULL;
	snap = (struct buf)BUF_INIT(4096);
	buf_adds(&snap, "not a database at all");
	cr_expect_lt(index_load(&snap, &other, NULL), 0);
	cr_expect_null(snap.p, "taken over all the same");
	cr_expect_null(other);
	buf_release(&snap);
}

static void serve(uint64_t n, const char *url, int status, const char *jsonl)
{
	struct index_capture c = { .number = n, .position = 10 + n,
		.time_ms = 1760000000000LL + (int64_t)n * 1000, .kind = 1,
		.url = url, .source = "telegram:x", .purpose = "page",
		.status = status, .outcome = "done" };
	struct err e = ERR_INIT;

	cr_assert_eq(index_add(ix, &c, bytes_str(jsonl), &e), 0, "%s", e.text);
}

static int event(void *arg, const struct index_event *ev)
{
	const char *want = arg;

	if (strstr(want, ev->what))
		buf_addf(&got, "%s %s%s%s c%llu|", ev->what,
			 ev->post_id ? ev->post_id : "-",
			 ev->changed ? " " : strcmp(ev->what, "gap") &&
			 strcmp(ev->what, "counted") ? "" : " ",
			 ev->changed ? ev->changed :
			 strcmp(ev->what, "gap") && strcmp(ev->what, "counted")
			 ? "" : ev->text, (unsigned long long)ev->capture);
	return 0;
}

/* what - the events of these kinds, in order */
static const char *events(const char *what, const char *source)
{
	static char want[200];
	struct err e = ERR_INIT;

	snprintf(want, sizeof want, "%s", what);
	buf_clear(&got);
	cr_expect_eq(index_timeline(ix, source, 0, 0, 1, event, want, &e), 0,
		     "%s", e.text);
	return buf_cstr(&got);
}

#define WIDGET "{\"kind\":\"page\",\"platform\":\"telegram\",\"page\":\"post\"}\n"
#define FULL(more) "{\"kind\":\"post\",\"post_id\":\"x/1\",\"published\":" \
	"\"2026-11-01T10:00:00Z\"," more "}\n"

Test(index, what_changed_is_said_and_setting_is_no_change, .init = setup, .fini = teardown)
{
	add(0, PAGE FULL("\"text\":\"a  b\",\"media\":[{\"type\":\"photo\",\"url\":\"u1\"}]"));
	add(1, PAGE FULL("\"text\":\" a b\\n\",\"media\":[{\"type\":\"photo\",\"url\":\"u2\"}]"));
	cr_expect_str_eq(ask("a", 0), "x/1 v1/1 c0-1|");
	add(2, PAGE FULL("\"text\":\"a c\",\"media\":[{\"type\":\"photo\"},{\"type\":\"video\"}]"));
	add(3, PAGE FULL("\"text\":\"a c\",\"edited\":true,\"media\":[{\"type\":\"photo\"},{\"type\":\"video\"}]"));
	add(4, PAGE FULL("\"text\":null,\"edited\":true,\"media\":[{\"type\":\"photo\"},{\"type\":\"video\"}]"));
	cr_expect_str_eq(events("edited", NULL), "edited x/1 text media c2|"
			 "edited x/1 edit-mark c3|edited x/1 text c4|");
	cr_expect_str_eq(events("edited", "nobody"), "");
}

Test(index, what_another_kind_of_page_does_not_show_is_no_change, .init = setup, .fini = teardown)
{
	add(0, PAGE FULL("\"text\":\"un deux trois\",\"edited\":true,\"links\":[\"l\"],"
			 "\"media\":[{\"type\":\"photo\",\"title\":\"t\"}]"));
	serve(1, "https://t.me/x/1", 200, WIDGET FULL("\"text\":\"un deux…\",\"links\":null"));
	cr_expect_str_eq(ask(NULL, 0), "x/1 v1/1 c0-1|");
	serve(2, "https://t.me/x/1", 200, WIDGET FULL("\"text\":\"un quatre\""));
	cr_expect_str_eq(events("edited", NULL), "edited x/1 text c2|");
}

Test(index, a_post_that_comes_back_changed_is_back_and_edited, .init = setup, .fini = teardown)
{
	add(0, PAGE POST("1", "01", "a") POST("2", "02", "b") POST("3", "03", "c"));
	add(1, PAGE POST("1", "01", "a") POST("3", "03", "c"));
	add(2, PAGE POST("1", "01", "a") POST("2", "02", "d") POST("3", "03", "c"));
	cr_expect_str_eq(events("vanished back edited", NULL), "vanished x/2 c1|"
			 "edited x/2 text c2|back x/2 c2|");
	cr_expect_str_eq(ask("d", 0), "x/2 v2/2 c2-2|");
}

Test(index, a_page_of_its_own_that_is_gone_marks_the_post_and_deletes_nothing, .init = setup, .fini = teardown)
{
	add(0, PAGE FULL("\"text\":\"a\",\"url\":\"https://t.me/x/1\""));
	serve(1, "https://t.me/x/2", 404, "");
	cr_expect_str_eq(events("vanished", NULL), "");
	serve(2, "https://t.me/x/1?embed=1", 200, "{\"kind\":\"page\",\"platform\":"
	      "\"telegram\",\"page\":\"post\",\"finding\":\"not-found\"}\n");
	serve(3, "https://t.me/x/1", 404, "");
	cr_expect_str_eq(events("vanished", NULL), "vanished x/1 c2|", "told once");
	cr_expect_str_eq(ask("a", 0), "x/1 v1/1 c0-0 gone|", "it stays");
}

Test(index, numbers_never_seen_are_told_once_and_albums_use_several, .init = setup, .fini = teardown)
{
	add(0, PAGE POST("1", "01", "a")
	    "{\"kind\":\"post\",\"post_id\":\"x/2\",\"text\":\"b\",\"media\":[{},{},{}]}\n"
	    POST("5", "03", "c") POST("9", "04", "d"));
	add(1, PAGE POST("5", "03", "c") POST("9", "04", "d") POST("11", "05", "e"));
	cr_expect_str_eq(events("gap", NULL), "gap - 6-8 c0|gap - 10 c1|");
	/* One in between is known, though it is gone now. */
	add(2, PAGE POST("20", "01", "f") POST("22", "01", "g") POST("24", "01", "h"));
	add(3, PAGE POST("20", "01", "f") POST("24", "01", "h"));
	cr_expect_str_eq(events("gap vanished", NULL), "gap - 6-8 c0|gap - 10 c1|"
			 "gap - 21 c2|gap - 23 c2|vanished x/22 c3|");
}

Test(index, counters_are_a_series_and_no_version, .init = setup, .fini = teardown)
{
	add(0, PAGE FULL("\"text\":\"a\",\"views\":\"9\",\"likes\":3,\"reactions\":"
			 "[{\"emoji\":\"!\",\"count\":\"2\"},{\"emoji\":\"?\",\"count\":4}]"));
	add(1, PAGE FULL("\"text\":\"a\",\"views\":\"9\",\"likes\":5"));
	add(2, PAGE FULL("\"text\":\"b\",\"views\":\"1K\",\"likes\":5"));
	buf_clear(&got);
	cr_expect_eq(index_counters(ix, "x/1", event, (void *)"counted", NULL), 0);
	cr_expect_str_eq(buf_cstr(&got), "counted x/1 views 9 c0|counted x/1 likes 3 c0|"
			 "counted x/1 reactions ! 2, ? 4 c0|counted x/1 likes 5 c1|"
			 "counted x/1 views 1K c2|");
	cr_expect_str_eq(events("edited", NULL), "edited x/1 text c2|");
}

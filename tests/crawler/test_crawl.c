/* SPDX-License-Identifier: EUPL-1.2 */
/* Whole passes over the lab world. */
#include "crawler/gate.h"
#include "tests/crawler/crawl_world.h"
#include "tests/crawler/main.h"

static struct world w;

static void need_pass(int cancelled)
{
	int r = world_pass(&w);

	cr_assert_eq(r, 0, "%s\n%s", w.err.text, w.findings);
	cr_assert_eq(w.rep.cancelled, cancelled);
}

/* The site's log, event by event. */
static size_t site_requests(const char *host, const char *target)
{
	struct buf text = BUF_INIT(64 << 20);
	char want_host[200], want_target[300], *line, *save = NULL;
	size_t n = 0;

	cr_assert_eq(file_read(w.log, &text, NULL), 0);
	snprintf(want_host, sizeof(want_host), "\"host\":\"%s\"",
		 host ? host : "");
	snprintf(want_target, sizeof(want_target), "\"target\":\"%s\"",
		 target ? target : "");
	for (line = strtok_r((char *)(uintptr_t)buf_cstr(&text), "\n", &save);
	     line; line = strtok_r(NULL, "\n", &save))
		n += strstr(line, "\"event\":\"request\"") &&
		     (!host || strstr(line, want_host)) &&
		     (!target || strstr(line, want_target));
	buf_release(&text);
	return n;
}

Test(crawl, a_pass_seals_parses_and_goes_back_to_the_beginning, .timeout = 60)
{
	uint64_t pages, items;
	size_t media;

	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	world_source(&w, "telegram:ordos_demo_lab");
	world_source(&w, "telegram:vide_demo_lab");
	need_pass(0);
	cr_expect_geq(w.rep.new_posts, 60);
	cr_expect_eq(w.rep.edited_posts, 0);
	cr_expect_gt(w.rep.total.media, 10);
	cr_expect_geq(w.rep.total.pages, 4);
	cr_expect_eq(w.rep.interrupted, 0);
	cr_expect_eq(w.rep.total.pending, 0);
	cr_expect_eq(w.derived, w.rep.total.pages);
	items = stream_count(w.stream);
	cr_expect_geq(items, w.rep.total.exchanges);
	pages = w.rep.total.pages;
	media = w.rep.total.media;

	/* Again: what is known is not fetched again but for the first page. */
	need_pass(0);
	cr_expect_eq(w.rep.new_posts, 0, "%s", w.findings);
	cr_expect_eq(w.rep.edited_posts, 0);
	cr_expect_eq(w.rep.total.media, 0);
	cr_expect_eq(w.rep.total.pages, 3);
	cr_expect_lt(w.rep.total.pages, pages);
	cr_expect_eq(site_requests("t.me", "/robots.txt"), 1, "kept a day");

	/* The world moved on: two new, one edited, one gone. */
	world_admin(&w, "/admin/advance");
	need_pass(0);
	cr_expect_eq(w.rep.new_posts, 2);
	cr_expect_eq(w.rep.edited_posts, 1);
	cr_expect(world_found(&w, "is no longer on its page"), "%s",
		  w.findings);
	cr_expect_lt(w.rep.total.media, media);
	world_end(&w);
}

Test(crawl, what_is_out_of_scope_gets_no_byte_and_leaves_a_record,
     .timeout = 60)
{
	char kind[32];
	unsigned robots = 0, scope = 0;

	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:redir_demo_lab");
	world_source(&w, "telegram:interdit_demo_lab");
	world_source(&w, "telegram:sans_apercu_lab");
	world_source(&w, "telegram:layout_demo_lab");
	need_pass(0);
	cr_expect_eq(site_requests("www.example.org", NULL), 0);
	cr_expect_eq(site_requests("t.me", "/s/interdit_demo_lab"), 0);
	cr_expect_eq(w.rep.out_of_scope, 1);
	cr_expect(world_found(&w, "layout-changed"), "%s", w.findings);
	cr_expect(world_found(&w, "no-preview"), "%s", w.findings);
	for (uint64_t n = 0; n < stream_count(w.stream); n++) {
		json_t *o = world_statement(&w, n, kind);
		const char *by = json_opt_str(o, "by");

		if (!strcmp(kind, "refused")) {
			robots += by && !strcmp(by, "robots");
			scope += by && !strcmp(by, "scope");
			if (!strcmp(by, "robots")) {
				json_t *r = json_object_get(o, "robots");

				cr_expect(json_is_integer(json_object_get(r,
					  "record")));
				cr_expect(strstr(json_opt_str(o, "rule"),
						 "Disallow"));
			}
		}
		json_decref(o);
	}
	cr_expect_eq(robots, 1);
	cr_expect_eq(scope, 1);
	world_end(&w);
}

Test(crawl, a_written_decision_goes_past_robots_and_is_named, .timeout = 60)
{
	char authority[] = "t.me", reason[] = "nécessité", author[] = "agent-01";
	struct mandate_robots_decision d = { authority, reason, author, 0 };

	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:interdit_demo_lab");
	w.mandate.decisions = &d;
	w.mandate.ndecisions = 1;
	need_pass(0);
	cr_expect_eq(site_requests("t.me", "/s/interdit_demo_lab"), 1);
	cr_expect_eq(site_requests("t.me", "/robots.txt"), 1, "read all the "
		     "same");
	world_end(&w);
}

Test(crawl, robots_that_cannot_be_had_forbid_everything, .timeout = 60)
{
	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	world_admin(&w, "/admin/robots?mode=503");
	need_pass(0);
	cr_expect_eq(site_requests("t.me", NULL), 1);
	cr_expect_eq(w.rep.total.pages, 0);
	cr_expect_geq(w.rep.total.refused, 1);
	world_end(&w);
	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	world_admin(&w, "/admin/robots?mode=404");
	need_pass(0);
	cr_expect_gt(w.rep.total.pages, 0);
	world_end(&w);
}

Test(crawl, outside_the_period_nothing_is_fetched, .timeout = 60)
{
	char kind[32];
	json_t *o;

	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	w.mandate.end_ms = clock_wall_ms() - 1;
	cr_expect_eq(world_pass(&w), ERR_DENIED);
	cr_expect_eq(site_requests(NULL, NULL), 0);
	cr_assert_eq(stream_count(w.stream), 1);
	o = world_statement(&w, 0, kind);
	cr_expect_str_eq(kind, "refused");
	cr_expect_str_eq(json_opt_str(o, "by"), "mandate");
	json_decref(o);
	world_end(&w);
}

Test(crawl, no_politeness_is_for_the_lab_only, .timeout = 60)
{
	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	w.mandate.lab = 0;
	cr_expect_eq(world_pass(&w), ERR_DENIED);
	cr_expect_eq(site_requests(NULL, NULL), 0);
	world_end(&w);
}

/* The gaps as the captures state them, and as the site saw them. */
Test(crawl, every_gap_is_kept_and_the_records_prove_it, .timeout = 120)
{
	enum { N = 200 };
	struct gate_record rec[N];
	const char *keys[N][GATE_KEYS_MAX];
	json_t *kept[N];
	struct gate_gap *gaps;
	struct buf text = BUF_INIT(16 << 20);
	size_t n = 0, ngaps;
	char kind[32], *line, *save = NULL;
	long long last = 0, gap, min = 1 << 30;

	world_start(&w, "300 ms", NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	world_source(&w, "telegram:ordos_demo_lab");
	w.options.max_pages = 2;
	w.mandate.quota_day = 12;
	need_pass(0);
	cr_expect(w.rep.quota_reached);
	cr_expect_leq(w.rep.total.exchanges, 12);
	cr_expect_geq(w.rep.min_gap_ms, 300);
	for (uint64_t i = 0; i < stream_count(w.stream) && n < N; i++) {
		json_t *o = world_statement(&w, i, kind), *g, *b, *k;
		size_t at;
		json_t *key;

		g = json_object_get(o, "gate");
		b = json_object_get(o, "boot");
		if (strcmp(kind, "capture") || !g || !b) {
			json_decref(o);
			continue;
		}
		k = json_object_get(g, "keys");
		rec[n] = (struct gate_record){ .number = i,
			.start_boot_ms = json_integer_value(
				json_object_get(b, "start_ms")),
			.end_boot_ms = json_integer_value(
				json_object_get(b, "end_ms")),
			.boot_id = json_opt_str(b, "id"),
			.delay_ms = json_integer_value(
				json_object_get(g, "delay_ms")),
			.nkeys = (unsigned)json_array_size(k),
			.keys = keys[n] };
		json_array_foreach(k, at, key)
			keys[n][at] = json_string_value(key);
		cr_expect_geq(rec[n].delay_ms, 300);
		kept[n++] = o;
	}
	cr_assert_geq(n, 8);
	cr_expect_eq(gate_check_gaps(rec, n, &gaps, &ngaps, NULL), 0);
	for (size_t i = 0; i < ngaps; i++)
		if (gaps[i].requests > 1)
			cr_expect_geq(gaps[i].min_gap_ms, 300, "%s",
				      gaps[i].key);
	free(gaps);
	while (n)
		json_decref(kept[--n]);
	cr_assert_eq(file_read(w.log, &text, NULL), 0);
	for (line = strtok_r((char *)(uintptr_t)buf_cstr(&text), "\n", &save);
	     line; line = strtok_r(NULL, "\n", &save)) {
		char *p = strstr(line, "\"boot_ms\":");
		long long t = p ? strtoll(p + 10, NULL, 10) : 0;

		if (strstr(line, "\"event\":\"request\"")) {
			gap = t - last;
			if (last && gap < min)
				min = gap;
		}
		if (strstr(line, "\"event\":\"response\""))
			last = t;
	}
	cr_expect_geq(min, 295, "the site saw %lld ms", min);
	buf_release(&text);
	world_end(&w);
}

Test(crawl, a_stopped_pass_is_whole_and_goes_on_later, .timeout = 60)
{
	uint64_t media;

	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	w.stop_after = 1;
	need_pass(1);
	media = w.rep.total.media;
	w.stop = 0;
	need_pass(0);
	media += w.rep.total.media;
	cr_expect_eq(w.rep.interrupted, 0);
	cr_expect_eq(w.rep.total.pending, 0);
	cr_expect_gt(media, 10);
	cr_expect_eq(site_requests("t.me", "/s/pharma_demo_lab"), 1);
	world_end(&w);
}

static off_t log_size(void)
{
	struct stat st;

	return stat(w.log, &st) == 0 ? st.st_size : 0;
}

/* SIGKILL when the site's log has grown by so many bytes; the wait status */
static int kill_when(pid_t pid, off_t more)
{
	off_t start = log_size();
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (log_size() - start >= more) {
			kill(pid, SIGKILL);
			cr_assert_eq(waitpid(pid, &status, 0), pid);
			break;
		}
		usleep(2000);
	}
	return status;
}

/* kill -9 again and again: every claim ends as one record. */
Test(crawl, a_killed_pass_loses_nothing_and_doubles_nothing, .timeout = 300)
{
	unsigned kills = 0, captures = 0, interrupted = 0;
	char kind[32];
	int status, done = 0;
	uint64_t claims[4096];
	size_t nclaims = 0;
	static char words[8][16] = { "--scenario", "bench", "--channels", "2",
				     "--pages", "40", "--media", "200" };

	char *const site[] = { words[0], words[1], words[2], words[3],
			       words[4], words[5], words[6], words[7], NULL };

	world_start(&w, NULL, site);
	world_source(&w, "telegram:canal_00000");
	world_source(&w, "telegram:canal_00001");
	world_close(&w);
	w.options.group_items = 4;
	for (unsigned round = 0; round < 60 && !done; round++) {
		pid_t pid = fork();

		cr_assert_geq(pid, 0);
		if (pid == 0) {
			world_open(&w);
			status = world_pass(&w);
			if (status < 0)
				fprintf(stderr, "%s\n", w.err.text);
			world_close(&w);
			_exit(status == 0 ? 0 : 1);
		}
		/* Once the site has seen a few more requests. */
		if (round < 25)
			status = kill_when(pid, 200 + round * 7919 % 97 * 400);
		else
			cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (WIFSIGNALED(status))
			kills++;
		else
			cr_assert_eq(WEXITSTATUS(status), 0, "round %u", round);
		done = round >= 25;
	}
	cr_assert(done);
	cr_expect_gt(kills, 3);
	world_open(&w);
	for (uint64_t n = 0; n < stream_count(w.stream); n++) {
		json_t *o = world_statement(&w, n, kind), *g, *c;

		g = json_object_get(o, "gate");
		c = g ? json_object_get(g, "claim") : NULL;
		if (c && nclaims < 4096) {
			claims[nclaims] = (uint64_t)json_integer_value(c);
			for (size_t i = 0; i < nclaims; i++)
				cr_assert_neq(claims[i], claims[nclaims],
					      "claim %llu twice",
					      (unsigned long long)claims[i]);
			nclaims++;
			if (json_is_true(json_object_get(g, "interrupted")))
				interrupted++;
			else
				captures++;
		}
		json_decref(o);
	}
	/* No request reached the site that has no record. */
	cr_expect_leq(site_requests(NULL, NULL), captures + interrupted);
	cr_expect_gt(interrupted, 0);
	need_pass(0);
	cr_expect_eq(w.rep.new_posts, 0);
	cr_expect_eq(w.rep.total.media, 0);
	cr_expect_eq(w.rep.interrupted, 0);
	world_end(&w);
}

Test(crawl, three_refusals_in_a_row_suspend_the_source, .timeout = 60)
{
	world_start(&w, NULL, NULL);
	world_source(&w, "telegram:pharma_demo_lab");
	world_admin(&w, "/admin/throttle?n=20");
	w.options.no_media = 1;
	need_pass(0);
	cr_expect_eq(w.rep.suspended, 1, "%s", w.findings);
	cr_expect(world_found(&w, "suspended"));
	cr_expect_eq(w.rep.total.refused, 3);
	cr_expect_eq(w.rep.total.pending, 1, "kept for another day");
	need_pass(0);
	cr_expect_eq(w.rep.total.exchanges, 0);
	world_end(&w);
}

/* A site without named sources, one source a misbehaviour. */
static void misbehaving(const char *const *paths)
{
	static char profile[] = "mis", words[2][16] = { "--scenario",
							"misbehave" };
	char *const site[] = { words[0], words[1], NULL };
	static const char text[] = "scelle-profile 1\nid mis\nversion 1\n"
		"checked 2026-11-22\nabout lab\nhost misbehave.example\n"
		"block item\n  post_id string @id\n  url href @href\nend\n"
		"page any\n  anchor //body\n  posts item //nothing\n"
		"  may-be-empty\n  link a //a/@href\nend\n";
	struct mandate_source *s;
	char path[200];
	FILE *f;

	world_start(&w, NULL, site);
	world_path(path, sizeof(path), "%s/mis.profile", w.profiles_dir);
	f = fopen(path, "w");
	cr_assert(f);
	cr_assert_eq(fwrite(text, 1, sizeof(text) - 1, f), sizeof(text) - 1);
	fclose(f);
	cr_assert_eq(profiles_load_file(path, &w.profiles, &w.err), 0, "%s",
		     w.err.text);
	for (; *paths; paths++) {
		s = &w.sources[w.mandate.nsources++];
		cr_assert_leq(w.mandate.nsources, WORLD_SOURCES_MAX);
		cr_assert_gt(asprintf(&s->id, "mis:%s", *paths), 0);
		cr_assert_gt(asprintf(&s->url, "https://misbehave.example/%s",
				      *paths), 0);
		s->profile = strdup(profile);
	}
	w.mandate.sources = w.sources;
}

Test(crawl, refusals_and_login_walls_stop_a_source_at_once, .timeout = 120)
{
	static const char *const paths[] = { "401", "403", "407", "451",
		"login-redirect", "captcha", NULL };
	char target[64];

	misbehaving(paths);
	need_pass(0);
	for (size_t i = 0; paths[i]; i++) {
		snprintf(target, sizeof(target), "/%s", paths[i]);
		cr_expect_eq(site_requests("misbehave.example", target), 1,
			     "%s", paths[i]);
	}
	cr_expect(world_found(&w, "/401: access-controlled: status 401"), "%s",
		  w.findings);
	cr_expect(world_found(&w, "access-controlled: redirected to a login"));
	world_end(&w);
}

Test(crawl, redirects_lead_nowhere_but_into_scope, .timeout = 120)
{
	static const char *const paths[] = { "redirect-scope",
		"redirect-host", "redirect-private", "redirect-private6",
		"redirect-loopback", "redirect-localhost", "redirect-metadata",
		"redirect-octal", "redirect-decimal", "redirect-hex",
		"redirect-short", "redirect-mapped", "redirect-zero",
		"redirect-cgnat", "redirect-file", "redirect-ftp",
		"redirect-gopher", "redirect-data", "redirect-script",
		"redirect-tg", "redirect-user", "redirect-port",
		"redirect-backslash", "redirect-http", "redirect-none",
		"redirect-empty", "redirect-long", "redirect-control", NULL };
	size_t n = 0;

	misbehaving(paths);
	need_pass(0);
	while (paths[n])
		n++;
	/* robots.txt, each source once, and hops on the same host. */
	cr_expect_leq(site_requests(NULL, NULL), 1 + 3 * n, "%s", w.findings);
	cr_expect_eq(site_requests("misbehave.example", NULL),
		     site_requests(NULL, NULL));
	cr_expect_geq(w.rep.out_of_scope, 19);
	world_end(&w);
}

Test(crawl, whatever_a_server_says_is_sealed_and_the_pass_ends, .timeout = 200)
{
	static const char *const paths[] = { "truncated", "cut", "too-long",
		"nul-header", "many-1xx", "many-headers", "long-header",
		"long-status", "close", "reset", "reset-body", "echo",
		"html-deep", "html-attrs", "html-tags", "html-bidi",
		"chunk-garbage", "chunk-negative", "chunk-overflow",
		"chunk-short", "chunk-cut", "chunk-twice", "chunk-gzip",
		"length-and-chunked", "huge-length", "overflow-length",
		"negative-length", "two-lengths", "odd-spaces", "bare-lf",
		"bare-cr", "obs-fold", "no-colon", "latin1-header", "refresh",
		"unknown-coding", "gzip-lie", "body-204", "body-304", "http09",
		"ssh", "icy", "status-word", "status-999", "half-head",
		"two-answers", "gzip-bad", "gzip-gzip", "br", "bomb",
		"bomb-gzip-gzip", "bomb-zstd", "404", "410", "418", "500",
		"200-retry", "redirect-a", "redirect-self", NULL };
	size_t n = 0;

	misbehaving(paths);
	need_pass(0);
	while (paths[n])
		n++;
	cr_expect_geq(w.rep.total.exchanges, n);
	cr_expect_eq(w.rep.total.pending, 0, "%s", w.findings);
	cr_expect_gt(w.rep.total.pages, 10);
	cr_expect_gt(w.rep.total.failed, 5);
	world_end(&w);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How much of bare gumbo's speed is left when pages become posts.
 *
 * usage: bench_parse PAGES-DIR [PROFILES-DIR]
 * Reads PAGES-DIR/p/ *.html (as t.me/s pages), parses all of them with bare
 * gumbo and with the whole pipeline in turn, and prints medians of 5 rounds.
 */
#include "crawler/profiles.h"
#include "parsers/tree.h"
#include "parsers/worker.h"
#include "util/file.h"

#include <gumbo.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double bare(struct buf *pages, size_t n)
{
	double t = now();

	for (size_t i = 0; i < n; i++) {
		GumboOutput *o = gumbo_parse_with_options(
			&kGumboDefaultOptions, (char *)pages[i].p,
			pages[i].len);

		gumbo_destroy_output(&kGumboDefaultOptions, o);
	}
	return now() - t;
}

static double whole(struct parse_worker *w, struct buf *pages, size_t n,
		    size_t *posts)
{
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	double t = now();

	*posts = 0;
	for (size_t i = 0; i < n; i++) {
		struct parse_request q = {
			.url = bytes_str("https://t.me/s/example_channel"),
			.content_type = "text/html; charset=utf-8",
			.body = buf_view(&pages[i]),
		};

		buf_clear(&out);
		if (parse_worker_page(w, &q, &out, NULL) < 0)
			exit(1);
		for (size_t k = 0; k + 15 < out.len; k++)
			*posts += out.p[k] == '\n' &&
				  !memcmp(out.p + k + 1, "{\"kind\":\"post\"",
					  14);
	}
	t = now() - t;
	buf_release(&out);
	return t;
}

int main(int argc, char **argv)
{
	struct profile_set set = PROFILE_SET_INIT;
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS], mb = 0;
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	struct err e = ERR_INIT;
	struct parse_worker *w;
	struct buf *pages;
	size_t n, posts = 0;

	if (argc < 2)
		return 2;
	parse_start();
	file_path(dir, argv[1], "p", NULL);
	if (profiles_load(argc > 2 ? argv[2] : "profiles", &set, &e) < 0 ||
	    file_list(dir, &names, &n, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	pages = calloc(n, sizeof(*pages));
	w = parse_worker_new(&set);
	if (!pages || !w)
		return 1;
	for (size_t i = 0; i < n; i++) {
		pages[i] = (struct buf)BUF_INIT(PTREE_INPUT_MAX);
		file_path(path, dir, names[i], NULL);
		if (file_read(path, &pages[i], &e) < 0)
			return 1;
		mb += (double)pages[i].len / 1e6;
	}
	whole(w, pages, n < 20 ? n : 20, &posts);
	for (int r = 0; r < ROUNDS; r++) {
		a[r] = bare(pages, n);
		b[r] = whole(w, pages, n, &posts);
		ratio[r] = a[r] / b[r];
	}
	qsort(a, ROUNDS, sizeof(*a), by_value);
	qsort(b, ROUNDS, sizeof(*b), by_value);
	qsort(ratio, ROUNDS, sizeof(*ratio), by_value);
	printf("pages %zu, %.1f MB, posts %zu\n", n, mb, posts);
	printf("bare gumbo   %6.1f MB/s\n", mb / a[ROUNDS / 2]);
	printf("whole        %6.1f MB/s  %.0f posts/s\n", mb / b[ROUNDS / 2],
	       (double)posts / b[ROUNDS / 2]);
	printf("ratio        %6.2f\n", ratio[ROUNDS / 2]);
	for (size_t i = 0; i < n; i++)
		buf_release(&pages[i]);
	free(pages);
	free(names);
	parse_worker_free(w);
	profile_set_release(&set);
	return 0;
}

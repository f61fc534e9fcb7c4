/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A whole pass over loopback without politeness: fetch, seal, parse.
 *   bench_crawl [CHANNELS [PAGES [POSTS [PARSE_CHILDREN [no-media]]]]]
 * PAGES in all, POSTS a page, about an image a post.
 */
#include "crawler/children.h"
#include "tests/crawler/crawl_world.h"

#include <sys/resource.h>

static struct world w;

static double processor(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	static char text[8][24] = { "--scenario", "bench", "--channels", "10",
				    "--pages", "100", "--posts", "20" };
	char *site[] = { text[0], text[1], text[2], text[3], text[4], text[5],
			 text[6], text[7], NULL };
	unsigned channels = 10;
	struct rusage ru, kids;
	int64_t start;
	char name[64];
	int r;

	children_main(argc, argv);
	for (int i = 1; i < argc && i < 4; i++)
		snprintf(text[2 * i + 1], sizeof(text[0]), "%s", argv[i]);
	channels = (unsigned)strtoul(text[3], NULL, 10);
	world_start(&w, NULL, site);
	w.options.parse_children = argc > 4 ?
		(unsigned)strtoul(argv[4], NULL, 10) : 2;
	w.options.no_media = argc > 5;
	for (unsigned i = 0; i < channels; i++) {
		snprintf(name, sizeof(name), "telegram:canal_%05u", i);
		world_source(&w, name);
	}
	start = clock_boot_ms();
	r = world_pass(&w);
	start = clock_boot_ms() - start;
	getrusage(RUSAGE_SELF, &ru);
	getrusage(RUSAGE_CHILDREN, &kids);
	printf("crawl: %d %s: %llu pages, %llu posts, %llu media, %.1f MB in "
	       "%.2f s, %.0f exchanges/s; processor: keeper %.1f s, "
	       "children %.1f s; keeper at most %ld MiB\n", r, w.err.text,
	       (unsigned long long)w.rep.total.pages,
	       (unsigned long long)w.rep.total.posts,
	       (unsigned long long)w.rep.total.media,
	       (double)w.rep.total.bytes / 1e6, (double)start / 1e3,
	       (double)w.rep.total.exchanges * 1e3 / (double)start,
	       processor(&ru), processor(&kids),
	       ru.ru_maxrss / 1024);
	if (w.findings && *w.findings)
		fprintf(stderr, "%.2000s", w.findings);
	world_end(&w);
	return r != 0;
}

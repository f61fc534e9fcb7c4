/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From pages to posts, one contestant a run, so that a script can let it and
 * its peers run in turn.
 *
 * usage: bench_parse gumbo PAGES
 *        bench_parse worker PAGES PROFILES
 *        bench_parse N PAGES PROFILES SCELLE    N parse children, as collect's
 * Reads PAGES/p/ *.html as answers of t.me and parses each once.  Prints
 * seconds, processor seconds, bytes, posts, and the largest child's peak of
 * memory in kB.  Reading the files and starting children is not counted, as
 * starting Python is not with the peers.
 */
#include "crawler/parsepool.h"
#include "crawler/profiles.h"
#include "parsers/tree.h"
#include "parsers/worker.h"
#include "util/file.h"

#include <gumbo.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define URL "https://t.me/s/example_channel"

static struct buf *pages;
static size_t npages, posts;

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const struct err *e)
{
	fprintf(stderr, "bench_parse: %s\n", e->text);
	exit(1);
}

static void count(struct bytes out)
{
	static const char mark[] = "\n{\"kind\":\"post\"";

	for (const uint8_t *p = out.p; p;) {
		p = memmem(p, out.len - (size_t)(p - out.p), mark,
			   sizeof(mark) - 1);
		if (p) {
			posts++;
			p++;
		}
	}
}

static void gumbo(void)
{
	for (size_t i = 0; i < npages; i++)
		gumbo_destroy_output(&kGumboDefaultOptions,
			gumbo_parse_with_options(&kGumboDefaultOptions,
				(char *)pages[i].p, pages[i].len));
}

static void worker(struct parse_worker *w)
{
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	struct err e = ERR_INIT;

	for (size_t i = 0; i < npages; i++) {
		struct parse_request q = {
			.url = bytes_str(URL),
			.content_type = "text/html; charset=utf-8",
			.body = buf_view(&pages[i]),
		};

		buf_clear(&out);
		if (parse_worker_page(w, &q, &out, &e) < 0)
			fail(&e);
		count(buf_view(&out));
	}
	buf_release(&out);
}

static void children(struct parse_pool *pool)
{
	struct parse_result res = PARSE_RESULT_INIT;
	struct err e = ERR_INIT;
	size_t sent = 0, done = 0;
	char head[160];

	while (done < npages) {
		while (sent < npages && parse_pool_idle(pool)) {
			struct parse_page p = { .id = sent, .url = URL,
				.body = buf_view(&pages[sent]) };

			snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n"
				 "Content-Type: text/html; charset=utf-8\r\n"
				 "Content-Length: %zu\r\n\r\n", p.body.len);
			p.head = bytes_str(head);
			if (parse_pool_submit(pool, &p, &e) < 0)
				fail(&e);
			sent++;
		}
		if (parse_pool_wait(pool, &res) != 0 || res.died) {
			fprintf(stderr, "bench_parse: page %llu: %s\n",
				(unsigned long long)res.id, res.finding);
			exit(1);
		}
		count(buf_view(&res.jsonl));
		done++;
	}
	parse_result_release(&res);
}

/* children_peak - VmHWM of our largest child, in kB */
static long children_peak(void)
{
	char path[96], line[256];
	long pid, kb, most = 0;
	FILE *f, *s;

	snprintf(path, sizeof path, "/proc/self/task/%ld/children",
		 (long)getpid());
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fscanf(f, "%ld", &pid) == 1) {
		snprintf(path, sizeof path, "/proc/%ld/status", pid);
		s = fopen(path, "r");
		while (s && fgets(line, sizeof line, s))
			if (sscanf(line, "VmHWM: %ld", &kb) == 1 && kb > most)
				most = kb;
		if (s)
			fclose(s);
	}
	fclose(f);
	return most;
}

static size_t read_pages(const char *in)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	struct err e = ERR_INIT;
	size_t bytes = 0;

	if (file_path(dir, in, "p", NULL) < 0 ||
	    file_list(dir, &names, &npages, &e) < 0)
		fail(&e);
	pages = calloc(npages + 1, sizeof(*pages));
	if (!pages)
		exit(1);
	for (size_t i = 0; i < npages; i++) {
		pages[i] = (struct buf)BUF_INIT(PTREE_INPUT_MAX);
		if (file_path(path, dir, names[i], NULL) < 0 ||
		    file_read(path, &pages[i], &e) < 0)
			fail(&e);
		bytes += pages[i].len;
	}
	free(names);
	return bytes;
}

int main(int argc, char **argv)
{
	struct parse_pool_options o = PARSE_POOL_OPTIONS_INIT;
	struct profile_set set = PROFILE_SET_INIT;
	struct parse_worker *w = NULL;
	struct parse_pool *pool = NULL;
	struct err e = ERR_INIT;
	struct rusage ru;
	double wall, cpu;
	size_t bytes;
	long kb = 0;

	if (argc < 3 || (argc < 4 && strcmp(argv[1], "gumbo")) ||
	    (argc < 5 && argv[1][0] < 'a'))
		return 2;
	bytes = read_pages(argv[2]);
	if (argv[1][0] != 'g') {
		parse_start();
		if (profiles_load(argv[3], &set, &e) < 0)
			fail(&e);
	}
	if (argv[1][0] == 'w') {
		w = parse_worker_new(&set);
		if (!w)
			return 1;
	} else if (argv[1][0] != 'g') {
		o.children = (unsigned)strtoul(argv[1], NULL, 10);
		o.profiles_dir = argv[3];
		o.profiles = &set;
		o.self_path = argv[4];
		if (parse_pool_new(&o, &pool, &e) < 0)
			fail(&e);
	}
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (pool)
		children(pool);
	else if (w)
		worker(w);
	else
		gumbo();
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (pool)
		kb = children_peak();
	parse_pool_free(pool);
	getrusage(RUSAGE_CHILDREN, &ru);
	cpu += (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	printf("%.4f %.4f %zu %zu %ld\n", wall, cpu, bytes, posts, kb);
	for (size_t i = 0; i < npages; i++)
		buf_release(&pages[i]);
	free(pages);
	parse_worker_free(w);
	profile_set_release(&set);
	return 0;
}

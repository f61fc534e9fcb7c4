/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How long a search takes in a case of 100,000 posts.
 *
 * usage: bench_search [POSTS]
 * Builds an index in memory from posts that are the same at every run (words of
 * a Zipf distribution, about 500 bytes of text each), then prints median and
 * 95th percentile of each kind of question, in milliseconds, the 20 posts shown
 * included; and how long saving and loading the snapshot takes.  Processor
 * time: nothing here waits for anything, and other work on the machine does not
 * count.
 */
#include "cases/index.h"
#include "store/seal.h"
#include "util/json.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define VOCABULARY 60000
#define PAGE 20
#define ROUNDS 200

static uint64_t state = 88172645463325252ULL;
static double cumulative[VOCABULARY];
static char words[VOCABULARY][16];

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void make_words(void)
{
	static const char *const syllables[] = { "ra", "men", "tion", "que",
		"les", "dé", "ve", "or", "don", "nan", "ce", "ar", "rêt",
		"ma", "la", "die", "phar", "cie", "pré", "scri", "cer", "ti",
		"fi", "cat", "mé", "de", "cin", "bon", "jour", "pri", "x",
		"li", "vrai", "son" };
	double sum = 0;

	for (unsigned i = 0; i < VOCABULARY; i++) {
		unsigned v = i, n = 0;

		do {
			const char *s = syllables[v % 34];

			if (n + strlen(s) < sizeof words[i])
				n += (unsigned)snprintf(words[i] + n,
							sizeof words[i] - n,
							"%s", s);
			v /= 34;
		} while (v);
		sum += 1.0 / (i + 2.7);
		cumulative[i] = sum;
	}
	for (unsigned i = 0; i < VOCABULARY; i++)
		cumulative[i] /= sum;
}

static unsigned pick(void)
{
	double u = (double)(next() >> 11) / 9007199254740992.0;
	unsigned lo = 0, hi = VOCABULARY - 1;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (cumulative[mid] < u)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void build(struct index *ix, unsigned posts)
{
	struct buf lines = BUF_INIT(16u << 20);
	struct err e = ERR_INIT;

	for (unsigned i = 0; i < posts; i += PAGE) {
		struct index_capture c = { .number = i / PAGE,
			.position = i / PAGE, .kind = 1, .status = 200,
			.time_ms = 1760000000000LL + i * 1000LL,
			.url = "https://t.me/s/example", .purpose = "page",
			.source = "telegram:example", .outcome = "done" };

		buf_clear(&lines);
		buf_adds(&lines, "{\"kind\":\"page\",\"platform\":\"telegram\","
			 "\"page\":\"listing\"}\n");
		for (unsigned k = 0; k < PAGE && i + k < posts; k++) {
			unsigned m = (i + k) / 2;
			size_t start;

			buf_addf(&lines, "{\"kind\":\"post\",\"post_id\":"
				 "\"example/%u\",\"url\":\"https://t.me/"
				 "example/%u\",\"published\":\"2026-%02u-%02uT"
				 "%02u:%02u:00Z\",\"author\":\"Exemple\","
				 "\"views\":\"1.2K\",\"media\":[],\"links\":[],"
				 "\"edited\":false,\"text\":\"", i + k + 1,
				 i + k + 1, 1 + m / 40320 % 12,
				 1 + m / 1440 % 28, m / 60 % 24, m % 60);
			start = lines.len;
			while (!lines.failed && lines.len < start + 500)
				buf_addf(&lines, "%s ", words[pick()]);
			buf_adds(&lines, "\"}\n");
		}
		if (i % (PAGE * 1000) == 0 && index_begin(ix, &e) < 0)
			exit(1);
		if (index_add(ix, &c, buf_view(&lines), &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			exit(1);
		}
		if ((i + PAGE >= posts || (i + PAGE) % (PAGE * 1000) == 0) &&
		    index_commit(ix, &e) < 0)
			exit(1);
	}
	buf_release(&lines);
}

static int count(void *arg, const struct index_post *p)
{
	*(unsigned *)arg += p->snippet != NULL;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ask - words of ranks from..to: kind 1 one word, 2 two words, 3 a phrase of
 * two, 4 a prefix */
static void ask(struct index *ix, const char *name, unsigned from, unsigned to,
		int kind, int best)
{
	double t[ROUNDS];
	unsigned rows = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		const char *a = words[from + next() % (to - from)];
		const char *b = words[next() % 20];
		struct index_query q = { .best = best, .limit = 20 };
		struct err e = ERR_INIT;
		char text[64];
		int more;

		snprintf(text, sizeof text, kind == 1 ? "%s" : kind == 2
			 ? "%s %s" : kind == 3 ? "\"%s %s\"" : "%.4s*", a, b);
		q.text = text;
		t[i] = now_ms();
		if (index_search(ix, &q, count, &rows, &more, &e) < 0) {
			fprintf(stderr, "%s: %s\n", text, e.text);
			exit(1);
		}
		t[i] = now_ms() - t[i];
	}
	qsort(t, ROUNDS, sizeof *t, by_value);
	printf("%-36s %-7s %8.3f %8.3f  %5.1f rows\n", name,
	       best ? "best" : "newest", t[ROUNDS / 2], t[ROUNDS * 95 / 100],
	       (double)rows / ROUNDS);
	fflush(stdout);
}

static void snapshot(struct index *ix)
{
	struct buf snap = BUF_INIT((size_t)4 << 30);
	struct buf sealed = BUF_INIT((size_t)4 << 30);
	struct buf plain = BUF_INIT((size_t)4 << 30);
	struct age_identity id;
	struct bytes piece;
	struct index *other = NULL;
	double t = now_ms();

	if (index_save(ix, &snap, NULL) < 0)
		exit(1);
	printf("save %.0f ms, %.1f MB\n", now_ms() - t, (double)snap.len / 1e6);
	age_identity_new(&id, NULL);
	piece = buf_view(&snap);
	t = now_ms();
	if (seal_to(id.recipient, &piece, 1, &sealed) < 0)
		exit(1);
	printf("seal %.0f ms, %.1f MB\n", now_ms() - t,
	       (double)sealed.len / 1e6);
	buf_release(&snap);
	t = now_ms();
	if (open_object(id.secret, buf_view(&sealed), &plain, NULL) < 0)
		exit(1);
	printf("open %.0f ms\n", now_ms() - t);
	buf_release(&sealed);
	t = now_ms();
	if (index_load(&plain, &other, NULL) < 0)
		exit(1);
	printf("load %.0f ms\n", now_ms() - t);
	index_free(other);
}

int main(int argc, char **argv)
{
	unsigned posts = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10)
				  : 100000;
	struct index *ix = NULL;
	double t = now_ms();

	if (secret_start() < 0)
		return 1;
	make_words();
	if (index_new(&ix, NULL) < 0)
		return 1;
	build(ix, posts);
	t = (now_ms() - t) / 1e3;
	printf("%u posts indexed in %.1f s (%.0f a second)\n", posts, t,
	       posts / t);
	t = now_ms();
	if (index_optimize(ix, NULL) < 0)
		return 1;
	printf("optimize %.0f ms\n", now_ms() - t);
	snapshot(ix);
	printf("%-36s %-7s %8s %8s\n", "question", "order", "p50 ms", "p95 ms");
	for (int best = 0; best < 2; best++) {
		ask(ix, "rare word", 20000, VOCABULARY, 1, best);
		ask(ix, "mid word", 500, 2000, 1, best);
		ask(ix, "common word", 0, 20, 1, best);
		ask(ix, "rare and common", 20000, VOCABULARY, 2, best);
		ask(ix, "mid and common", 500, 2000, 2, best);
		ask(ix, "common and common", 0, 20, 2, best);
		ask(ix, "phrase of mid and common", 500, 2000, 3, best);
		ask(ix, "phrase of two common", 0, 20, 3, best);
		ask(ix, "phrase of rare and common", 20000, VOCABULARY, 3,
		    best);
		ask(ix, "prefix of four letters", 0, VOCABULARY, 4, best);
	}
	index_free(ix);
	return 0;
}

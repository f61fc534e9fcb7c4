/* SPDX-License-Identifier: EUPL-1.2 */
/* What a claim costs with 10,000 and with 1,000,000 URLs pending. */
#include "crawler/frontier.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { GROUPS = 2000, CLAIMS = 5000 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Median microseconds of a claim and its group's next turn; negative: failed */
static double run(const char *path, unsigned urls, double *add_us)
{
	static const uint8_t secret[32] = { 1 };
	static double took[CLAIMS];
	struct frontier_item it;
	struct frontier *f = NULL;
	struct frontier_url u = { .kind = FRONTIER_PAGE,
		.prio = FRONTIER_BACK, .parent = FRONTIER_NONE };
	char url[128], group[64];
	int64_t next, now = 0;
	double t = -1;

	unlink(path);
	if (frontier_open(path, secret, NULL, NULL, &f, NULL) < 0 ||
	    frontier_source_get(f, "telegram:bench", &u.source, NULL) < 0)
		goto out;
	t = now_us();
	for (unsigned i = 0; i < urls; i++) {
		snprintf(url, sizeof(url), "https://host%u.example/s/channel?"
			 "before=%u", i % GROUPS, i);
		snprintf(group, sizeof(group), "domain:host%u.example",
			 i % GROUPS);
		u.url = url;
		u.group = group;
		if (frontier_add(f, 0, &u, NULL) != 1) {
			t = -1;
			goto out;
		}
	}
	*add_us = (now_us() - t) / urls;
	for (unsigned i = 0; i < CLAIMS; i++) {
		t = now_us();
		if (frontier_claim(f, now, &it, &next) < 0) {
			t = -1;
			goto out;
		}
		/* Its turn comes again 5 s later, as politeness has it. */
		frontier_group_ready(f, it.u.group, now + 5000);
		took[i] = now_us() - t;
		now += 5000 / GROUPS + 1;
	}
	qsort(took, CLAIMS, sizeof(took[0]), by_value);
	t = took[CLAIMS / 2];
out:
	frontier_abandon(f);
	unlink(path);
	return t;
}

int main(void)
{
	char dir[] = "/tmp/scelle-bench-XXXXXX", path[64];
	double small, large, add_small, add_large;
	int r = 1;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/crawl.journal", dir);
	small = run(path, 10000, &add_small);
	large = run(path, 1000000, &add_large);
	if (small >= 0 && large >= 0) {
		printf("frontier: claim %.3f us at 10,000, %.3f us at "
		       "1,000,000, ratio %.2f; add %.2f and %.2f us\n",
		       small, large, large / small, add_small, add_large);
		r = 0;
	}
	rmdir(dir);
	return r;
}

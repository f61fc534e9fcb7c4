/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/frontier.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint8_t secret[32] = { 9, 8, 7 };
static char dir[64], path[128];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/scelle-frontier-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/crawl.journal", dir);
}

static void drop_dir(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(frontier, .init = make_dir, .fini = drop_dir);

/* The log: leaf N is there when N < *arg, and whose it is. */
static uint64_t leaf_claim[100000];

static int in_log(void *arg, uint64_t seq, const uint8_t open[static 32])
{
	return seq < *(uint64_t *)arg && !memcmp(open, &leaf_claim[seq], 8);
}

static struct frontier *reopen(struct frontier *f, uint64_t leaves)
{
	struct err e = ERR_INIT;

	frontier_abandon(f);
	cr_assert_eq(frontier_open(path, secret, in_log, &leaves, &f, &e), 0,
		     "%s", e.text);
	return f;
}

static void sealing(struct frontier *f, uint64_t claim, uint64_t seq)
{
	uint8_t open[32] = { 0 };

	memcpy(open, &claim, 8);
	leaf_claim[seq] = claim;
	cr_assert_eq(frontier_sealing(f, claim, seq, open, NULL), 0);
}

static int add(struct frontier *f, uint64_t claim, const char *url,
	       const char *group, enum frontier_prio prio)
{
	struct frontier_url u = { .url = url, .group = group, .prio = prio,
		.kind = prio == FRONTIER_EXPIRING ? FRONTIER_MEDIA :
			FRONTIER_PAGE, .parent = FRONTIER_NONE };

	cr_assert_eq(frontier_source_get(f, "telegram:x", &u.source, NULL), 0);
	return frontier_add(f, claim, &u, NULL);
}

Test(frontier, the_most_urgent_of_a_ready_group_comes_first)
{
	struct frontier *f = reopen(NULL, 0);
	struct frontier_item it;
	int64_t next;

	cr_expect_eq(add(f, 0, "https://a/1", "A", FRONTIER_FIRST), 1);
	cr_expect_eq(add(f, 0, "https://a/1", "A", FRONTIER_FIRST), 0);
	cr_expect_eq(add(f, 0, "https://a/2", "A", FRONTIER_BACK), 1);
	cr_expect_eq(add(f, 0, "https://a/3", "A", FRONTIER_EXPIRING), 1);
	cr_expect_eq(add(f, 0, "https://b/1", "B", FRONTIER_EXPIRING), 1);
	cr_expect_eq(frontier_pending(f), 4);
	cr_assert_eq(frontier_claim(f, 100, &it, &next), 0);
	cr_expect_str_eq(it.u.url, "https://a/3");
	cr_assert_eq(frontier_claim(f, 100, &it, &next), 0);
	cr_expect_str_eq(it.u.url, "https://b/1");
	/* Both groups are busy. */
	cr_expect_eq(frontier_claim(f, 100, &it, &next), ERR_NOENT);
	cr_expect_eq(next, INT64_MAX);
	frontier_group_ready(f, "A", 500);
	cr_expect_eq(frontier_claim(f, 499, &it, &next), ERR_NOENT);
	cr_expect_eq(next, 500);
	cr_assert_eq(frontier_claim(f, 500, &it, &next), 0);
	cr_expect_str_eq(it.u.url, "https://a/1");
	frontier_unclaim(f, it.node);
	frontier_group_ready(f, "A", 600);
	cr_assert_eq(frontier_claim(f, 600, &it, &next), 0);
	cr_expect_str_eq(it.u.url, "https://a/1", "back in front");
	cr_assert_eq(frontier_retry(f, 0, it.node, 900, NULL), 0);
	frontier_group_ready(f, "A", 700);
	cr_assert_eq(frontier_claim(f, 700, &it, &next), 0);
	cr_expect_str_eq(it.u.url, "https://a/2");
	cr_assert_eq(frontier_done(f, 0, it.node, NULL), 0);
	frontier_group_ready(f, "A", 700);
	cr_expect_eq(frontier_claim(f, 899, &it, &next), ERR_NOENT);
	cr_expect_eq(next, 900);
	cr_assert_eq(frontier_claim(f, 900, &it, &next), 0);
	cr_expect_eq(it.u.attempts, 1);
	cr_expect_str_eq(it.u.url, "https://a/1");
	frontier_abandon(f);
}

Test(frontier, only_what_the_log_holds_is_done_after_a_crash)
{
	struct frontier *f = reopen(NULL, 0);
	struct frontier_item a, b, c;
	int64_t next;

	add(f, 0, "https://a/1", "A", FRONTIER_FIRST);
	add(f, 0, "https://b/1", "B", FRONTIER_FIRST);
	add(f, 0, "https://c/1", "C", FRONTIER_FIRST);
	cr_assert_eq(frontier_claim(f, 0, &a, &next), 0);
	cr_assert_eq(frontier_claim(f, 0, &b, &next), 0);
	cr_assert_eq(frontier_claim(f, 0, &c, &next), 0);
	sealing(f, 11, 0);
	sealing(f, 12, 1);
	add(f, 11, "https://a/from-11", "A", FRONTIER_EXPIRING);
	add(f, 12, "https://b/from-12", "B", FRONTIER_EXPIRING);
	cr_assert_eq(frontier_done(f, 11, a.node, NULL), 0);
	cr_assert_eq(frontier_done(f, 12, b.node, NULL), 0);
	cr_assert_eq(frontier_done(f, 13, c.node, NULL), 0);
	/* The commit got no further than the first leaf. */
	f = reopen(f, 1);
	cr_expect(frontier_was_sealed(f, 11));
	cr_expect_not(frontier_was_sealed(f, 12));
	cr_expect_not(frontier_was_sealed(f, 13));
	cr_expect_eq(frontier_pending(f), 3);
	cr_expect_eq(frontier_in_flight(f), 0);
	cr_assert_eq(frontier_claim(f, 0, &a, &next), 0);
	cr_expect_str_eq(a.u.url, "https://a/from-11");
	cr_expect(frontier_seen(f, "https://a/1"));
	cr_expect_not(frontier_seen(f, "https://b/from-12"));
	cr_assert_eq(frontier_claim(f, 0, &b, &next), 0);
	cr_expect(!strcmp(b.u.url, "https://b/1") ||
		  !strcmp(b.u.url, "https://c/1"));
	/* And the same after compaction. */
	frontier_unclaim(f, a.node);
	frontier_unclaim(f, b.node);
	cr_assert_eq(frontier_close(f, NULL), 0);
	f = reopen(NULL, 0);
	cr_expect_eq(frontier_pending(f), 3);
	cr_expect(frontier_seen(f, "https://a/1"));
	frontier_abandon(f);
}

Test(frontier, another_leaf_under_the_same_number_is_not_ours)
{
	struct frontier *f = reopen(NULL, 0);
	uint8_t open[32] = { 77 };

	cr_assert_eq(frontier_sealing(f, 5, 0, open, NULL), 0);
	f = reopen(f, 1);
	cr_expect_not(frontier_was_sealed(f, 5));
	frontier_abandon(f);
}

Test(frontier, a_new_pass_reads_pages_again_but_not_media)
{
	struct frontier *f = reopen(NULL, 0);
	struct frontier_item it;
	struct frontier_source *s;
	int64_t next;
	uint32_t i;

	cr_expect_eq(frontier_pass(f, NULL), 0);
	cr_assert_eq(frontier_pass_begin(f, 1000, NULL), 0);
	add(f, 0, "https://a/page", "A", FRONTIER_FIRST);
	add(f, 0, "https://a/media", "A", FRONTIER_EXPIRING);
	for (int k = 0; k < 2; k++) {
		cr_assert_eq(frontier_claim(f, 0, &it, &next), 0);
		cr_assert_eq(frontier_done(f, 0, it.node, NULL), 0);
		frontier_group_ready(f, "A", 0);
	}
	cr_expect_eq(add(f, 0, "https://a/page", "A", FRONTIER_FIRST), 0);
	cr_assert_eq(frontier_source_get(f, "TELEGRAM:X", &i, NULL), 0);
	cr_expect_eq(i, 0, "names have no case");
	s = frontier_source(f, i);
	s->state = FRONTIER_DENIED;
	cr_assert_eq(frontier_source_save(f, 0, i, NULL), 0);
	f = reopen(f, 0);
	cr_expect_eq(frontier_pass(f, &next), 1);
	cr_expect_eq(next, 1000);
	cr_expect_eq(frontier_source(f, 0)->state, FRONTIER_DENIED);
	cr_assert_eq(frontier_pass_end(f, NULL), 0);
	cr_assert_eq(frontier_pass_begin(f, 2000, NULL), 0);
	cr_expect_eq(frontier_source(f, 0)->state, FRONTIER_OPEN);
	cr_expect_eq(add(f, 0, "https://a/page", "A", FRONTIER_FIRST), 1);
	cr_expect_eq(add(f, 0, "https://a/media", "A", FRONTIER_EXPIRING), 0);
	f = reopen(f, 0);
	cr_expect_eq(frontier_pending(f), 1, "added again after it was done");
	cr_expect_eq(frontier_pass(f, NULL), 2);
	frontier_abandon(f);
}

Test(frontier, a_suspended_source_stays_so_for_a_day)
{
	struct frontier *f = reopen(NULL, 0);
	struct frontier_source *s;
	uint32_t i;

	cr_assert_eq(frontier_source_get(f, "telegram:y", &i, NULL), 0);
	s = frontier_source(f, i);
	s->state = FRONTIER_SUSPENDED;
	s->stopped_ms = 1000;
	cr_assert_eq(frontier_pass_begin(f, 2000, NULL), 0);
	cr_expect_eq(s->state, FRONTIER_SUSPENDED);
	cr_assert_eq(frontier_pass_begin(f, 1000 + 86400000, NULL), 0);
	cr_expect_eq(s->state, FRONTIER_OPEN);
	frontier_abandon(f);
}

Test(frontier, a_forgotten_url_may_come_again)
{
	struct frontier *f = reopen(NULL, 0);
	struct frontier_item it;
	int64_t next;

	add(f, 0, "https://a/m", "A", FRONTIER_EXPIRING);
	cr_assert_eq(frontier_claim(f, 0, &it, &next), 0);
	cr_assert_eq(frontier_forget(f, 0, it.node, NULL), 0);
	cr_expect_not(frontier_seen(f, "https://a/m"));
	f = reopen(f, 0);
	cr_expect_eq(frontier_pending(f), 0);
	cr_expect_eq(add(f, 0, "https://a/m", "A", FRONTIER_EXPIRING), 1);
	frontier_abandon(f);
}

Test(frontier, spans_tell_when_a_pass_meets_what_it_has)
{
	struct frontier *f = reopen(NULL, 0);
	struct frontier_source *s;
	const char *hole;
	uint32_t i;
	int met;

	cr_assert_eq(frontier_source_get(f, "telegram:x", &i, NULL), 0);
	s = frontier_source(f, i);
	/* First pass: two pages, then cut. */
	cr_assert_eq(frontier_span_add(s, 81, 100, 0, "u81", &met, &hole), 0);
	cr_expect_not(met);
	cr_assert_eq(frontier_span_add(s, 61, 79, 81, "u61", &met, &hole), 0);
	cr_expect_not(met, "the page above is not what an earlier pass had");
	cr_expect_eq(s->nspans, 1);
	cr_expect_eq(s->span[0].lo, 61);
	cr_expect_eq(s->span[0].hi, 100);
	cr_expect_str_eq(s->span[0].next, "u61");
	/* Second pass: one page far above, cut again: a hole from 101 to 180 */
	cr_assert_eq(frontier_span_add(s, 181, 200, 0, "u181", &met, &hole), 0);
	cr_expect_not(met);
	cr_expect_eq(s->nspans, 2);
	/* Third: meets the second, and is told where the hole begins. */
	cr_assert_eq(frontier_span_add(s, 190, 209, 0, "u190", &met, &hole), 0);
	cr_expect(met);
	cr_assert(hole);
	cr_expect_str_eq(hole, "u181");
	cr_assert_eq(frontier_span_add(s, 101, 180, 181, "u101", &met, &hole),
		     0);
	cr_expect(met, "100 and 101 touch");
	cr_expect_null(hole, "nothing is missing further down");
	cr_expect_eq(s->nspans, 1);
	cr_expect_eq(s->min_id, 61);
	cr_expect_eq(s->max_id, 209);
	cr_assert_eq(frontier_source_save(f, 0, i, NULL), 0);
	f = reopen(f, 0);
	s = frontier_source(f, 0);
	cr_expect_eq(s->nspans, 1);
	cr_expect_str_eq(s->span[0].next, "u61");
	/* The bottom, and more holes than are kept. */
	cr_assert_eq(frontier_span_add(s, 1, 60, 61, NULL, &met, &hole), 0);
	cr_expect_null(s->span[0].next);
	for (uint64_t k = 1; k < 20; k++)
		cr_assert_eq(frontier_span_add(s, k * 1000, k * 1000 + 9, 0,
					       "u", &met, &hole), 0);
	cr_expect_eq(s->nspans, FRONTIER_SPANS_MAX);
	for (unsigned k = 1; k < s->nspans; k++)
		cr_expect_gt(s->span[k - 1].lo, s->span[k].hi);
	cr_expect_eq(s->span[s->nspans - 1].lo, 1);
	frontier_abandon(f);
}

Test(frontier, posts_and_notes_are_remembered)
{
	enum { N = 100000 };
	struct frontier *f = reopen(NULL, 0);
	struct frontier_post *p = calloc(N, sizeof(*p)), got;
	uint32_t i;

	cr_assert_eq(frontier_source_get(f, "telegram:x", &i, NULL), 0);
	for (uint64_t k = 0; k < N; k++)
		p[k] = (struct frontier_post){ k, k * 3, k % 3 == 0 };
	cr_assert_eq(frontier_know(f, 0, i, p, N, NULL), 0);
	cr_assert_eq(frontier_note(f, 0, "robots:a", bytes_str("one"), NULL), 0);
	cr_assert_eq(frontier_note(f, 0, "robots:a", bytes_str("two"), NULL), 0);
	cr_assert_eq(frontier_note(f, 9, "robots:b", bytes_str("not sealed"),
				   NULL), 0);
	for (int round = 0; round < 2; round++) {
		cr_expect_eq(frontier_source(f, i)->posts, N);
		for (uint64_t k = 0; k < N; k += 7) {
			cr_assert_eq(frontier_known(f, i, k, &got), 0);
			cr_assert_eq(got.meaning, k * 3);
			cr_assert_eq(got.flags, k % 3 == 0);
		}
		cr_expect_eq(frontier_known(f, i, N, &got), ERR_NOENT);
		if (round == 0)
			cr_assert_eq(frontier_close(f, NULL), 0);
		f = reopen(round ? f : NULL, 0);
		cr_expect(bytes_is(frontier_note_get(f, "robots:a"), "two"));
	}
	cr_expect_null(frontier_note_get(f, "robots:c").p);
	frontier_abandon(f);
	free(p);
}

/* Against a simple model, with crashes at every kind of place. */
Test(frontier, no_url_is_lost_or_done_twice_over_many_crashes, .timeout = 120)
{
	enum { URLS = 3000, GROUPS = 17 };
	static uint8_t done[URLS];
	uint64_t leaves = 0, claim = 1, rng = 42, next_url = 0;
	struct frontier *f = reopen(NULL, 0);
	struct frontier_item it;
	int crashes = 0;
	int64_t next, now = 0;

#define RND(n) ((rng = rng * 6364136223846793005u + 1442695040888963407u), \
		(unsigned)(rng >> 33) % (n))
	for (;;) {
		char url[64], group[16];
		unsigned k;
		uint64_t seq = leaves;

		while (next_url < URLS && RND(3)) {
			snprintf(url, sizeof(url), "https://h/%u",
				 (unsigned)next_url);
			snprintf(group, sizeof(group), "g%u", RND(GROUPS));
			cr_assert_eq(add(f, 0, url, group, FRONTIER_EXPIRING),
				     1);
			next_url++;
		}
		now += 10;
		if (frontier_claim(f, now, &it, &next) < 0) {
			if (next_url == URLS && !frontier_pending(f))
				break;
			continue;
		}
		cr_assert_eq(sscanf(it.u.url, "https://h/%u", &k), 1);
		cr_assert_eq(done[k], 0, "%u twice", k);
		sealing(f, ++claim, seq);
		switch (RND(20)) {
		case 0:	/* dies before the commit */
			cr_assert_eq(frontier_done(f, claim, it.node, NULL), 0);
			f = reopen(f, leaves);
			crashes++;
			continue;
		case 1:	/* dies after it, before it is noted as done: again */
			leaves++;
			f = reopen(f, leaves);
			cr_assert(frontier_was_sealed(f, claim));
			crashes++;
			continue;
		case 2:	/* after it */
			cr_assert_eq(frontier_done(f, claim, it.node, NULL), 0);
			leaves++;
			done[k] = 1;
			if (RND(4) == 0) {
				cr_assert_eq(frontier_close(f, NULL), 0);
				f = NULL;
			}
			f = reopen(f, leaves);
			crashes++;
			continue;
		case 3:
			snprintf(group, sizeof(group), "%s", it.u.group);
			cr_assert_eq(frontier_retry(f, 0, it.node, now + 50,
						    NULL), 0);
			frontier_group_ready(f, group, now);
			continue;
		default:
			snprintf(group, sizeof(group), "%s", it.u.group);
			leaves++;
			done[k] = 1;
			cr_assert_eq(frontier_done(f, claim, it.node, NULL), 0);
			frontier_group_ready(f, group, now + RND(200));
		}
	}
	for (unsigned k = 0; k < URLS; k++)
		cr_expect_eq(done[k], 1);
	cr_expect_gt(crashes, 100);
	frontier_abandon(f);
}

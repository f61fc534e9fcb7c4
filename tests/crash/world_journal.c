/* SPDX-License-Identifier: EUPL-1.2 */
/* A journal (store/journal.h) without a vault: frames, compaction. */
#include "tests/crash/scenario.h"

#include "store/journal.h"

#include <stdio.h>
#include <string.h>

static const uint8_t journal_secret[32] = { 3, 1, 4 };

size_t world_frame(uint8_t *out, uint64_t n)
{
	size_t len = 5 + (size_t)(n * 131 % 700);

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(n + i);
	return len;
}

struct frames {
	uint64_t n, bad;
};

static int count_frame(void *arg, struct bytes frame)
{
	struct frames *f = arg;
	uint8_t want[1024];
	size_t len = world_frame(want, f->n);

	f->bad += frame.len != len || memcmp(frame.p, want, len) != 0;
	f->n++;
	return 0;
}

static int all_again(void *arg, struct journal *fresh)
{
	const uint64_t *n = arg;
	uint8_t frame[1024];
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < *n; i++)
		r = journal_append(fresh, BYTES(frame, world_frame(frame, i)),
				   0, NULL);
	return r;
}

static int journal_at(const struct world *w, struct frames *f,
		      struct journal **out, struct err *e)
{
	char path[400];

	memset(f, 0, sizeof *f);
	snprintf(path, sizeof path, "%s/" WORLD_JOURNAL, w->root);
	return journal_open(path, journal_secret, count_frame, f, out, e);
}

int run_journal(struct world *w, struct err *e)
{
	struct journal *j = NULL;
	uint8_t frame[1024];
	struct frames f;
	int r = 0;

	for (int turn = 0; r == 0 && turn < 3; turn++) {
		uint64_t n;

		r = journal_at(w, &f, &j, e);
		n = f.n;
		for (int i = 0; r == 0 && i < 8; i++) {
			r = journal_append(j, BYTES(frame,
						    world_frame(frame, n)),
					   i % 3 != 1, e);
			if (r < 0)
				break;
			n++;
			if (i % 3 != 1)
				world_note(w, FACT_FRAMES, NULL, NULL, n, 0);
		}
		if (r == 0 && turn == 1) {
			r = journal_compact(j, all_again, &n, e);
			if (r == 0)
				world_note(w, FACT_FRAMES, NULL, NULL, n, 0);
		}
		if (j && journal_close(j, e) < 0 && r == 0)
			r = ERR_IO;
		j = NULL;
	}
	return r;
}

int oracle_journal(const struct world *w, size_t upto, char *why, size_t room)
{
	struct err e = ERR_INIT;
	struct journal *j = NULL;
	uint64_t want = 0, first;
	uint8_t frame[1024];
	struct frames f;
	int r;

	for (size_t i = 0; i < w->nfacts; i++)
		if (w->facts[i].at <= upto && w->facts[i].n > want)
			want = w->facts[i].n;
	r = journal_at(w, &f, &j, &e);
	if (r < 0) {
		snprintf(why, room, "the journal does not open: %s", e.text);
		return 1;
	}
	first = f.n;
	r = journal_append(j, BYTES(frame, world_frame(frame, first)), 1, &e);
	journal_close(j, NULL);
	if (f.bad || first < want) {
		snprintf(why, room, "%llu frames, %llu were durable, %llu are "
			 "not what was written", (unsigned long long)first,
			 (unsigned long long)want, (unsigned long long)f.bad);
		return 1;
	}
	if (r == 0)
		r = journal_at(w, &f, &j, &e);
	if (r == 0)
		journal_close(j, NULL);
	if (r < 0 || f.bad || f.n != first + 1) {
		snprintf(why, room, "after one more frame: %llu, not %llu: %s",
			 (unsigned long long)f.n, (unsigned long long)first + 1,
			 e.text);
		return 1;
	}
	return 0;
}

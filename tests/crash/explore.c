/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/crash/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOWN 400

/* Disks seen before, with as many facts. */
struct seen {
	uint8_t (*key)[16];
	size_t n, room;
};

static int is_new(struct seen *s, const uint8_t key[16])
{
	size_t at;

	if (s->n * 2 >= s->room) {
		struct seen old = *s;

		s->room = old.room ? old.room * 2 : 4096;
		s->key = calloc(s->room, sizeof *s->key);
		if (!s->key)
			abort();
		s->n = 0;
		for (size_t i = 0; i < old.room; i++)
			if (old.key[i][0] | old.key[i][1] | old.key[i][2])
				is_new(s, old.key[i]);
		free(old.key);
	}
	memcpy(&at, key, sizeof at);
	for (at %= s->room;; at = (at + 1) % s->room) {
		if (!(s->key[at][0] | s->key[at][1] | s->key[at][2])) {
			memcpy(s->key[at], key, 16);
			s->n++;
			return 1;
		}
		if (!memcmp(s->key[at], key, 16))
			return 0;
	}
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t facts_at(const struct world *w, size_t upto)
{
	size_t n = 0;

	for (size_t i = 0; i < w->nfacts; i++)
		n += w->facts[i].at <= upto;
	return n;
}

struct tally {
	struct seen disks, checks;
	uint64_t states, tried, bad;
};

static int judge(const struct tape *t, size_t point, char *why, size_t room)
{
	world_random(point);
	return (t->sc->journal ? oracle_journal : oracle)(&t->w, point, why,
							  room);
}

static void keep(const struct plan *p, const struct fs *f)
{
	static int kept;

	if (p->keep && !kept++)
		fs_put(f, p->keep);
}

/*
 * Explore one tape, from a point on.  keep_of: of each 2^32 states so many are looked at.
 * first_only: stop at the first violation.
 */
static void explore(const struct plan *p, const struct tape *t, size_t from,
		    uint64_t keep_of, int first_only, uint64_t max,
		    struct tally *sum, char *first, size_t first_room)
{
	uint64_t before = sum->states;
	size_t base_ops = 0;
	struct fs base;

	fs_copy(&base, &t->start);
	for (size_t point = from; point <= t->t.n; point++) {
		uint32_t *pending = malloc((point + 1) * sizeof *pending);
		size_t n, durable = point, variants;

		if (!pending)
			abort();
		n = trace_pending(&t->t, point, pending);
		if (n)
			durable = pending[0];
		free(pending);
		for (; base_ops < durable; base_ops++)
			fs_apply(&base, &t->t.ops[base_ops], FATE_KEPT, 0);
		variants = crash_count(&t->t, point);
		for (size_t v = 0; v < variants; v++) {
			struct crash c = { point, v };
			uint64_t facts = facts_at(&t->w, point);
			char words[600], why[400] = "";
			uint8_t key[16];
			struct fs disk;

			sum->tried++;
			if (mix(p->seed * 31 + point * 4099 + v) >> 32 > keep_of)
				continue;
			crash_make(t, &base, base_ops, c, p->seed, &disk, words,
				   sizeof words);
			fs_hash(&disk, key);
			is_new(&sum->disks, key);
			for (size_t i = 0; i < 8; i++)
				key[8 + i] ^= (uint8_t)(facts >> (8 * i));
			if (!is_new(&sum->checks, key)) {
				fs_release(&disk);
				continue;
			}
			sum->states++;
			if (fs_put(&disk, p->root) < 0)
				abort();
			if (judge(t, point, why, sizeof why)) {
				if (sum->bad++ < SHOWN && !first)
					printf("VIOLATION %s\n    %s\n", words,
					       why);
				if (first && !*first)
					snprintf(first, first_room, "%s", why);
				keep(p, &disk);
			}
			fs_release(&disk);
			if ((first_only && sum->bad)
			    || sum->states - before >= max)
				goto out;
		}
	}
out:
	fs_release(&base);
}

static uint64_t count_states(const struct tape *t, size_t from)
{
	uint64_t n = 0;

	for (size_t point = from; point <= t->t.n; point++)
		n += crash_count(&t->t, point);
	return n;
}

/* Of each 2^32 so many, that about `wanted` of `all` are looked at. */
static uint64_t share(uint64_t wanted, uint64_t all)
{
	return all <= wanted ? UINT32_MAX
	       : (uint64_t)((double)UINT32_MAX * (double)wanted / (double)all);
}

static const struct scenario *named(const char *name)
{
	for (const struct scenario *s = scenarios; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

static int wanted(const struct plan *p, const struct scenario *s)
{
	return s->run && (!p->only || !strcmp(p->only, s->name));
}

/* --- recovery itself ------------------------------------------------------- */

#define RECOVERIES 24

/* Crash a scenario somewhere in a commit, record the recovery, crash that. */
static int recovery_tapes(const struct plan *p, struct tape *list, size_t max,
			  size_t *n_out)
{
	static const char *const from[] = { "capture", "roll", "case",
					    "people" };
	const struct scenario *rec = named("recover");
	size_t n = 0;

	for (size_t s = 0; s < 4; s++) {
		struct tape t;

		if (tape_make(p, named(from[s]), NULL, NULL, 0, &t) < 0)
			return -1;
		for (size_t i = 0; i < max / 4 && n < max; i++) {
			uint64_t dice = mix(p->seed * 77 + s * 1009 + i);
			struct crash c = { 1 + dice % t.t.n, 0 };
			struct err e = ERR_INIT;
			char words[600];
			struct fs disk;

			c.variant = mix(dice) % crash_count(&t.t, c.point);
			crash_make(&t, &t.start, 0, c, p->seed, &disk, words,
				   sizeof words);
			if (tape_make(p, rec, &disk, &t.w, c.point, &list[n])
			    == 0)
				n++;
			else
				printf("    (%s) %s\n", words, e.text);
			fs_release(&disk);
		}
		tape_release(&t);
	}
	*n_out = n;
	return 0;
}

/* --- the three runs -------------------------------------------------------- */

static int all_tapes(const struct plan *p, struct tape *list, size_t room,
		     size_t *n_out)
{
	size_t n = 0, more = 0;

	for (const struct scenario *s = scenarios; s->name; s++) {
		if (!wanted(p, s) || !strcmp(s->name, "recover")
		    || !strcmp(s->name, "walk") || n == room)
			continue;
		if (tape_make(p, s, NULL, NULL, 0, &list[n]) < 0)
			return -1;
		n++;
	}
	if (wanted(p, named("recover"))
	    && recovery_tapes(p, list + n, RECOVERIES, &more) < 0)
		return -1;
	*n_out = n + more;
	return 0;
}

#define TAPES 64
#define WALKS 8			/* among the tapes of explore_syncs() */
#define ALIKE 16		/* of so many crashes at most one differs */

static int walk_tape(const struct plan *p, uint64_t n, struct tape *out)
{
	world_random(p->seed * 1000003 + 17 * (n + 1));
	return tape_make(p, named("walk"), NULL, NULL, 0, out);
}

static void explore_tape(const struct plan *p, struct tape *t, uint64_t of,
			 uint64_t max, struct tally *sum)
{
	uint64_t before = sum->states, bad = sum->bad;

	explore(p, t, 0, of, 0, max, sum, NULL, 0);
	printf("%-8s %5zu ops %7llu states %4llu wrong\n", t->sc->name, t->t.n,
	       (unsigned long long)(sum->states - before),
	       (unsigned long long)(sum->bad - bad));
	fflush(stdout);
	tape_release(t);
}

/* What the scenarios leave of the number asked for, random walks fill. */
int explore_all(const struct plan *p)
{
	static struct tape list[TAPES];
	struct tally sum = { .states = 0 };
	uint64_t total = 0, of;
	double t0 = now();
	struct tape walk;
	size_t n = 0;

	if (all_tapes(p, list, TAPES - RECOVERIES, &n) < 0)
		return 1;
	for (size_t i = 0; i < n; i++)
		total += count_states(&list[i], 0);
	of = share(p->states, total);
	for (size_t i = 0; i < n; i++)
		explore_tape(p, &list[i], of, UINT64_MAX, &sum);
	for (uint64_t i = 0; wanted(p, named("walk")) && sum.states < p->states;
	     i++) {
		if (walk_tape(p, i, &walk) < 0)
			return 1;
		total += count_states(&walk, 0);
		explore_tape(p, &walk, of > UINT32_MAX / 8 ? of
						: UINT32_MAX / 8,
			     p->states - sum.states, &sum);
	}
	printf("%llu crash points and fates, %llu distinct disks, %llu states "
	       "judged in %.1f s, %llu wrong\n", (unsigned long long)total,
	       (unsigned long long)sum.disks.n, (unsigned long long)sum.states,
	       now() - t0, (unsigned long long)sum.bad);
	return sum.bad ? 1 : 0;
}

/* The tape as if one sync were not in the code. */
static size_t without(const struct trace *t, unsigned site, struct trace *out,
		      size_t *first)
{
	size_t gone = 0;

	*first = t->n;

	*out = (struct trace){ .ops = malloc(t->n * sizeof *out->ops) };
	if (!out->ops)
		abort();
	for (size_t i = 0; i < t->n; i++) {
		if (t->ops[i].kind == OP_SYNC && t->ops[i].site == site) {
			if (gone++ == 0)
				*first = i;
		} else
			out->ops[out->n++] = t->ops[i];
	}
	return gone;
}

/* Facts count ops: those that are not there any more must not count. */
static void shift_facts(struct world *w, const struct trace *t, unsigned site,
			int back)
{
	for (size_t i = 0; i < w->nfacts; i++) {
		size_t gone = 0;

		if (back) {
			w->facts[i].at = w->facts[i].was;
			continue;
		}
		for (size_t k = 0; k < w->facts[i].at; k++)
			gone += t->ops[k].kind == OP_SYNC
				&& t->ops[k].site == site;
		w->facts[i].was = w->facts[i].at;
		w->facts[i].at -= gone;
	}
}

/* Is it known that nothing is lost without this sync?  Then why: in out. */
static int is_known(const struct plan *p, const char *name, char *out,
		    size_t room)
{
	FILE *f = p->known ? fopen(p->known, "r") : NULL;
	char line[400];
	size_t n = strlen(name);
	int found = 0;

	while (f && !found && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, name, n) && line[n] == '\t';
	}
	if (found)
		snprintf(out, room, "nothing: %.180s", line + n + 1);
	if (f)
		fclose(f);
	return found;
}

int explore_syncs(const struct plan *p)
{
	static struct tape list[TAPES];
	unsigned blind = 0;
	size_t n = 0;

	if (all_tapes(p, list, TAPES - RECOVERIES - WALKS, &n) < 0)
		return 1;
	for (uint64_t i = 0; i < WALKS && !p->only; i++)
		if (walk_tape(p, i, &list[n++]) < 0)
			return 1;
	printf("%-60s %6s %7s  %s\n", "sync taken out", "calls", "states",
	       "found");
	for (unsigned site = 0; site < site_count(); site++) {
		struct tally sum = { .states = 0 };
		char first[200] = "";
		size_t calls = 0;

		for (size_t i = 0; i < n && !sum.bad; i++) {
			struct trace whole = list[i].t, cut;
			size_t at, gone = without(&whole, site, &cut, &at);

			calls += gone;
			if (gone) {
				shift_facts(&list[i].w, &whole, site, 0);
				list[i].t = cut;
				explore(p, &list[i], at,
					share(ALIKE * p->states,
					      count_states(&list[i], at)),
					1, p->states, &sum, first,
					sizeof first);
				list[i].t = whole;
				shift_facts(&list[i].w, &whole, site, 1);
			}
			free(cut.ops);
		}
		if (!sum.bad && !is_known(p, site_name(site), first,
					  sizeof first)) {
			snprintf(first, sizeof first, "NOTHING");
			blind++;
		}
		printf("%-60s %6zu %7llu  %s\n", site_name(site), calls,
		       (unsigned long long)sum.states, first);
		fflush(stdout);
		free(sum.disks.key);
		free(sum.checks.key);
	}
	for (size_t i = 0; i < n; i++)
		tape_release(&list[i]);
	printf("%u syncs, %u without which nothing is found and nobody knows "
	       "why\n", site_count(), blind);
	return blind ? 1 : 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* What is explored, see crash.c. */
#ifndef TESTS_CRASH_EXPLORE_H
#define TESTS_CRASH_EXPLORE_H

#include "tests/crash/shim.h"
#include "tests/crash/world.h"

struct plan {
	const char *root;
	uint64_t states, seed, every;
	const char *only;	/* one scenario */
	const char *known;	/* syncs that may be taken out, and why */
	const char *keep;	/* leave the first state that fails there */
};

int explore_all(const struct plan *p);
int explore_syncs(const struct plan *p);
int explore_faults(const struct plan *p);

/* One scenario run once, and all it did to the disk. */
struct tape {
	const struct scenario *sc;
	struct world w;
	struct fs start;
	struct trace t;
};

/*
 * tape_make - run a scenario and write it down
 *   from    the disk it begins with, or NULL: as the scenario says
 *   facts   facts that held before (for `from`), or NULL
 * Returns 0, or the failure printed.
 */
int tape_make(const struct plan *p, const struct scenario *sc,
	      const struct fs *from, const struct world *facts, size_t upto,
	      struct tape *out);
void tape_release(struct tape *t);
/* tape_prepare - the disk a scenario begins with, and the facts */
int tape_prepare(const struct plan *p, const struct scenario *sc,
		 struct world *w);

/*
 * A crash: after the first `point` ops, each pending op with its fate.  Which
 * ones there are: crash_count() variants at a point.
 */
struct crash {
	size_t point, variant;
};
size_t crash_count(const struct trace *t, size_t point);
/* crash_make - the disk that is left; says in words what was lost */
void crash_make(const struct tape *t, const struct fs *base, size_t base_ops,
		struct crash c, uint64_t seed, struct fs *out, char *words,
		size_t room);

#endif

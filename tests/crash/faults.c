/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Each call that may fail does, once or from then on: nothing is answered that
 * is not there, nothing is written behind a sync that failed, and what is left
 * opens.  Each case runs in a process of its own, so that one that dies is one
 * that is told.
 */
#include "tests/crash/explore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct way {
	const char *name;
	enum fault_kind kind;
	int error, lasting;	/* lasting: also with all that follow */
} ways[] = {
	{ "EIO", FAULT_ERRNO, EIO, 1 },
	{ "ENOSPC", FAULT_ERRNO, ENOSPC, 1 },
	{ "EDQUOT", FAULT_ERRNO, EDQUOT, 1 },
	{ "EMFILE", FAULT_ERRNO, EMFILE, 1 },
	{ "EINTR", FAULT_ERRNO, EINTR, 0 },
	{ "short", FAULT_SHORT, 0, 1 },
	{ "memory", FAULT_MEMORY, ENOMEM, 1 },
};

/* How many calls there are to fail. */
static uint64_t count_calls(const struct plan *p, const struct scenario *sc,
			    enum fault_kind kind)
{
	struct err e = ERR_INIT;
	struct trace t;
	struct world w;
	struct fs start;
	uint64_t n;

	world_random(p->seed);
	if (tape_prepare(p, sc, &w) < 0 || shim_start(p->root, &start) < 0)
		return 0;
	shim_fault(kind == FAULT_ERRNO ? FAULT_COUNT : kind, UINT64_MAX, 0, 0);
	sc->run(&w, &e);
	n = shim_calls();
	shim_fault(FAULT_NONE, 0, 0, 0);
	shim_stop(&t);
	trace_release(&t);
	fs_release(&start);
	world_release(&w);
	return n;
}

/* In the child: exit status 0 fine, 1 not (said on stdout). */
static int one(const struct plan *p, const struct scenario *sc,
	       const struct way *way, uint64_t n, int repeat)
{
	struct err e = ERR_INIT;
	char why[400] = "";
	struct trace t;
	struct world w;
	struct fs start;
	int r, sync, bad;
	uint64_t late;

	world_random(p->seed);
	if (tape_prepare(p, sc, &w) < 0 || shim_start(p->root, &start) < 0)
		return 1;
	shim_fault(way->kind, n, way->error, repeat);
	r = sc->run(&w, &e);
	sync = shim_struck_sync();
	late = shim_late();
	shim_fault(FAULT_NONE, 0, 0, 0);
	shim_stop(&t);
	bad = sync && late;
	if (bad)
		snprintf(why, sizeof why, "%llu writes behind a sync that "
			 "failed", (unsigned long long)late);
	else
		bad = (sc->journal ? oracle_journal : oracle)(&w, SIZE_MAX, why,
							      sizeof why);
	if (bad)
		printf("VIOLATION %s: %s at call %llu%s (it answered %s)\n"
		       "    %s\n", sc->name, way->name, (unsigned long long)n,
		       repeat ? " and all after" : "", r < 0 ? e.text : "done",
		       why);
	fflush(stdout);
	return bad;
}

static int judged(const struct plan *p, const struct scenario *sc,
		  const struct way *way, uint64_t n, int repeat)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		_exit(one(p, sc, way, n, repeat));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	if (WIFSIGNALED(status)) {
		printf("VIOLATION %s: %s at call %llu%s: died of signal %d\n",
		       sc->name, way->name, (unsigned long long)n,
		       repeat ? " and all after" : "", WTERMSIG(status));
		return 1;
	}
	return WEXITSTATUS(status) != 0;
}

int explore_faults(const struct plan *p)
{
	uint64_t runs = 0, bad = 0, k = p->seed;

	for (const struct scenario *sc = scenarios; sc->name; sc++) {
		uint64_t before = runs, wrong = bad;

		if ((p->only && strcmp(p->only, sc->name) != 0)
		    || !strcmp(sc->name, "recover"))
			continue;
		for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
			const struct way *way = &ways[i];
			uint64_t calls = count_calls(p, sc, way->kind);

			for (uint64_t n = 0; n < calls; n++)
				for (int rep = 0; rep <= way->lasting; rep++) {
					if (k++ % p->every)
						continue;
					runs++;
					bad += (uint64_t)judged(p, sc, way, n,
								rep);
				}
		}
		printf("%-8s %7llu faults %4llu wrong\n", sc->name,
		       (unsigned long long)(runs - before),
		       (unsigned long long)(bad - wrong));
		fflush(stdout);
	}
	printf("%llu faults, %llu wrong\n", (unsigned long long)runs,
	       (unsigned long long)bad);
	return bad ? 1 : 0;
}

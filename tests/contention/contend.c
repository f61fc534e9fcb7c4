/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One vault, many processes: writers in turns, readers and verifiers beside
 * them, an eraser, and somebody who kills them.
 *
 * usage: contend VAULT [--ops N] [--writers N] [--readers N] [--verifiers N]
 *                [--kills N] [--seed S]
 *
 * An operation is a commit that was answered or a reading that was.  At the
 * end: every answered leaf is where it was said to be and every receipt kept
 * holds, each stream counts without a gap, verify finds the vault sound.
 * Prints what a commit took, from the wish to the answer: median and p99.
 */
#include "tests/contention/contend.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

struct shared *shared;
const char *vault_at;

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t dice(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

void broken(const char *who, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "BROKEN %s: ", who);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	atomic_fetch_add(&shared->broken, 1);
}

/* --- the crowd ------------------------------------------------------------- */

struct child {
	pid_t pid;
	int (*run)(unsigned no, uint64_t seed);
	unsigned no;
};

static void born(struct child *c, uint64_t seed)
{
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(c->run(c->no, seed));
	}
	if (c->pid < 0)
		exit(3);
}

/*
 * Who was killed in his turn left the vault as a crash does: the lock is let
 * go for an instant, and taken again with recovery.
 */
static void clean_up(struct vault **own)
{
	struct err e = ERR_INIT;
	int turn = open(shared->turn, O_RDWR | O_CLOEXEC);

	if (turn < 0 || flock(turn, LOCK_EX) < 0)
		exit(3);
	vault_stop(*own);
	vault_close(*own);
	for (int i = 0; i < 2000; i++) {
		int r = vault_open(vault_at, VAULT_WRITE, seed_of_log, own, &e);

		if (r == 0)
			break;
		if (r != ERR_BUSY || i == 1999) {
			broken("keeper", "recovery: %s", e.text);
			exit(1);
		}
		usleep(2000);
	}
	atomic_fetch_add(&shared->recovered, vault_recovered(*own)->torn_files
			 || vault_recovered(*own)->adopted);
	atomic_fetch_add(&shared->generation, 1);
	atomic_store(&shared->holder, 0);
	close(turn);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print_times(void)
{
	uint32_t *t = malloc(ANSWERS_MAX * sizeof *t);
	uint64_t n = 0, all = atomic_load(&shared->commits);

	if (!t)
		exit(3);
	for (uint64_t i = 0; i < all && i < ANSWERS_MAX; i++)
		if (shared->took[i])
			t[n++] = shared->took[i];
	qsort(t, n, sizeof *t, by_size);
	if (n)
		printf("commit: median %.2f ms, p99 %.2f ms, of %llu\n",
		       t[n / 2] / 1e3, t[n * 99 / 100] / 1e3,
		       (unsigned long long)n);
	free(t);
}

static int usage(void)
{
	fputs("usage: contend VAULT [--ops N] [--writers N] [--readers N] "
	      "[--verifiers N] [--kills N] [--seed S]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ops", required_argument, NULL, 'o' },
		{ "writers", required_argument, NULL, 'w' },
		{ "readers", required_argument, NULL, 'r' },
		{ "verifiers", required_argument, NULL, 'v' },
		{ "kills", required_argument, NULL, 'k' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned writers = 12, readers = 24, verifiers = 2, n = 0;
	uint64_t ops = 5000, kills = 40, killed = 0, seed = 1, t0, last = 0, at;
	struct child crowd[128];
	struct vault *own;
	int opt, bad;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint64_t v = optarg ? strtoull(optarg, NULL, 10) : 0;

		switch (opt) {
		case 'o': ops = v; break;
		case 'w': writers = (unsigned)v; break;
		case 'r': readers = (unsigned)v; break;
		case 'v': verifiers = (unsigned)v; break;
		case 'k': kills = v; break;
		case 's': seed = v; break;
		default: return usage();
		}
	}
	if (optind + 1 != argc || writers + readers + verifiers > 120)
		return usage();
	vault_at = argv[optind];
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 3;
	shared->ops_wanted = ops;
	snprintf(shared->turn, sizeof shared->turn, "%s.turn", vault_at);
	own = world_new();
	if (!own)
		return 1;
	for (unsigned i = 0; i < writers; i++)
		crowd[n++] = (struct child){ 0, run_writer, i };
	for (unsigned i = 0; i < readers; i++)
		crowd[n++] = (struct child){ 0, run_reader, i };
	for (unsigned i = 0; i < verifiers; i++)
		crowd[n++] = (struct child){ 0, run_verifier, i };
	crowd[n++] = (struct child){ 0, run_eraser, 0 };
	t0 = at = now_us();
	for (unsigned i = 0; i < n; i++)
		born(&crowd[i], seed * 1000 + i);
	while (atomic_load(&shared->ops) < ops) {
		uint64_t done;
		int status;
		pid_t pid;

		usleep(2000);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (atomic_load(&shared->holder) == pid)
				clean_up(&own);
			if (!WIFSIGNALED(status)
			    || WTERMSIG(status) != SIGKILL)
				broken("somebody", "ended with %d", status);
			for (unsigned i = 0; i < n; i++)
				if (crowd[i].pid == pid)
					born(&crowd[i], seed * 7919 + killed);
		}
		/* Spread over the run; nobody knows what he was doing. */
		done = atomic_load(&shared->ops);
		if (killed < kills && done * (kills + 1) / ops > killed)
			kill(crowd[dice(&seed) % n].pid, SIGKILL), killed++;
		if (done != last) {
			last = done;
			at = now_us();
		} else if (now_us() - at > 120000000) {
			broken("all", "nothing moved for two minutes");
			break;
		}
	}
	atomic_store(&shared->stop, 1);
	for (unsigned i = 0; i < n; i++) {
		int status;

		while (waitpid(crowd[i].pid, &status, 0) < 0)
			;
		if (atomic_load(&shared->holder) == crowd[i].pid)
			clean_up(&own);
	}
	vault_close(own);
	printf("%llu operations in %.1f s: %llu commits, %llu readings, %llu "
	       "verifications, %llu erasures; %llu killed, %llu recoveries\n",
	       (unsigned long long)atomic_load(&shared->ops),
	       (double)(now_us() - t0) / 1e6,
	       (unsigned long long)atomic_load(&shared->commits),
	       (unsigned long long)atomic_load(&shared->readings),
	       (unsigned long long)atomic_load(&shared->verified),
	       (unsigned long long)atomic_load(&shared->erasures),
	       (unsigned long long)killed,
	       (unsigned long long)atomic_load(&shared->recovered));
	print_times();
	bad = world_check() || atomic_load(&shared->broken);
	puts(bad ? "NOT SOUND" : "one order, nothing lost");
	return bad ? 1 : 0;
}

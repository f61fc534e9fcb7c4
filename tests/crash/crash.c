/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Power loss, kill and failure at every point of what the vault does.
 *
 * usage: crash explore [--states N] [--seed S] [--only SCENARIO]
 *        crash syncs [--states N] [--known FILE]  each sync taken out in turn;
 *            FILE: lines "name<tab>why nothing is lost without it"
 *        crash faults [--every N] [--seed S]    each call made to fail
 */
#include "tests/crash/explore.h"

#include "util/secret.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int usage(void)
{
	fputs("usage: crash explore|syncs|faults [--states N] [--seed S] "
	      "[--every N]\n             [--only SCENARIO] [--known FILE] "
	      "[--keep DIR]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "states", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "every", required_argument, NULL, 'e' },
		{ "only", required_argument, NULL, 'o' },
		{ "keep", required_argument, NULL, 'k' },
		{ "known", required_argument, NULL, 'K' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan p = { .states = 1500, .seed = 1, .every = 1 };
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	const char *what;
	char root[128], state[160];
	int opt, r;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (opt) {
		case 'n': p.states = strtoull(optarg, NULL, 10); break;
		case 's': p.seed = strtoull(optarg, NULL, 10); break;
		case 'e': p.every = strtoull(optarg, NULL, 10); break;
		case 'o': p.only = optarg; break;
		case 'k': p.keep = optarg; break;
		case 'K': p.known = optarg; break;
		default: return usage();
		}
	if (optind + 1 != argc || !p.every)
		return usage();
	what = argv[optind];
	world_random(p.seed);
	if (secret_start() < 0)
		return 3;
	snprintf(root, sizeof root, "%s/scelle-crash-XXXXXX", base);
	if (!mkdtemp(root))
		return 3;
	snprintf(state, sizeof state, "%s/state", root);
	setenv("XDG_STATE_HOME", state, 1);
	unsetenv("HOME");
	p.root = root;
	printf("seed %llu\n", (unsigned long long)p.seed);
	if (!strcmp(what, "explore"))
		r = explore_all(&p);
	else if (!strcmp(what, "syncs"))
		r = explore_syncs(&p);
	else if (!strcmp(what, "faults"))
		r = explore_faults(&p);
	else
		r = usage();
	fs_wipe(root);
	rmdir(root);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which mutant is on: SCELLE_MUTANT, a number.  SCELLE_MUTANT_SEEN names a file
 * where each check that is asked leaves a byte.
 */
#include "tests/mutation/mut.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MUTANTS 65536

static int now = -1;
static uint8_t *seen;

__attribute__((constructor))
static void start(void)
{
	const char *n = getenv("SCELLE_MUTANT");
	const char *path = getenv("SCELLE_MUTANT_SEEN");
	int fd;

	if (n)
		now = (int)strtol(n, NULL, 10);
	if (!path)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && ftruncate(fd, MUTANTS) == 0)
		seen = mmap(NULL, MUTANTS, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
	if (seen == MAP_FAILED)
		seen = NULL;
}

int mut_check(int n, int is, int else_)
{
	if (seen)
		seen[n] = 1;
	return n == now ? else_ : is;
}

int mut_other(int n)
{
	if (seen)
		seen[n] = 1;
	return n == now;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* All scenarios, and one that puts the others' steps together at random. */
#include "tests/crash/scenario.h"

#include "cases/casefile.h"
#include "store/vault_int.h"

#include <stdio.h>

#define STEPS 7

/* One of the things a unit does; 'n' tells new names apart. */
static int step(struct world *w, struct unit *u, unsigned n, struct err *e)
{
	char name[32];
	int r;

	switch (world_dice(8)) {
	case 0:
	case 1:
		return world_capture(w, u, WORLD_CASE,
				     1 + (unsigned)world_dice(4), e);
	case 2:
		return world_read(w, u, n % 2 ? "a word" : NULL, e);
	case 3:
		snprintf(name, sizeof name, "PV-2026-1%03u", n);
		r = world_open_case(w, u, name, e);
		return r == 0 ? world_capture(w, u, name, 1, e) : r;
	case 4:
		snprintf(name, sizeof name, "agent%u", n);
		return world_add_user(w, u, name, ROLE_INVESTIGATOR, name, e);
	case 5:
		return world_keep(w, u, e);
	case 6:
		return casefile_decision(u, WORLD_CASE, "example.org",
					 "the mandate", e);
	default:
		world_sleep((int64_t)world_dice(40) * WORLD_DAY_MS);
		return world_receipt(w, u, e);
	}
}

int run_walk(struct world *w, struct err *e)
{
	uint64_t first = world_dice(3);
	struct unit *u = NULL;
	int r;

	w->small = (int)world_dice(2);
	r = world_claire(w, SIZE_MAX, &u, e);
	for (unsigned n = 0; r == 0 && n < STEPS; n++)
		r = step(w, u, n, e);
	unit_close(u);
	if (r == 0 && world_dice(3) == 0)
		r = world_erase(w, WORLD_CASE, first, first, 0, e);
	return r;
}

const struct scenario scenarios[] = {
	{ "init", NULL, 1, 0, run_init },
	{ "capture", NULL, 0, 0, run_capture },
	{ "roll", NULL, 0, 0, run_roll },
	{ "read", NULL, 0, 0, run_read },
	{ "month", NULL, 0, 0, run_month },
	{ "case", NULL, 0, 0, run_case },
	{ "people", NULL, 0, 0, run_people },
	{ "rotate", NULL, 0, 0, run_rotate },
	{ "erase", NULL, 0, 0, run_erase },
	{ "purge", NULL, 0, 0, run_purge },
	{ "backup", NULL, 0, 0, run_backup },
	{ "restore", before_restore, 0, 0, run_restore },
	{ "witness", before_witness, 0, 0, run_witness },
	{ "journal", NULL, 1, 1, run_journal },
	{ "walk", NULL, 0, 0, run_walk },
	{ "recover", NULL, 0, 0, run_recover },
	{ NULL, NULL, 0, 0, NULL },
};

/* SPDX-License-Identifier: EUPL-1.2 */
/* What the scenarios are made of; scenarios.c lists them. */
#ifndef TESTS_CRASH_SCENARIO_H
#define TESTS_CRASH_SCENARIO_H

#include "cases/unit.h"
#include "tests/crash/world.h"

#define WORLD_OTHER "claire has another one now"
#define WORLD_LOGN 2
#define WORLD_DAY_MS ((int64_t)86400000)

/* Each returns 0 or as what it calls; facts are noted when it is answered. */
void world_note(struct world *w, enum fact_kind kind, const char *a,
		const char *b, uint64_t n, uint64_t m);
int world_make(struct world *w, struct err *e);
int world_add_user(struct world *w, struct unit *u, const char *name,
		   unsigned roles, const char *pass, struct err *e);
int world_open_case(struct world *w, struct unit *u, const char *reference,
		    struct err *e);
/* world_capture - n (at most 4) more items of a case, in one commit */
int world_capture(struct world *w, struct unit *u, const char *reference,
		  unsigned n, struct err *e);
int world_read(struct world *w, struct unit *u, const char *query,
	       struct err *e);
/* world_receipt - the receipt of the last commit: what an agent takes away */
int world_receipt(struct world *w, struct unit *u, struct err *e);
/* world_keep - publish the head, and keep its receipt where clients do */
int world_keep(struct world *w, struct unit *u, struct err *e);
/* world_erase - two persons erase the items [first, last] of a case; purge:
 * all of it, with the case's key */
int world_erase(struct world *w, const char *reference, uint64_t first,
		uint64_t last, int purge, struct err *e);

int run_init(struct world *w, struct err *e);
int run_capture(struct world *w, struct err *e);
int run_roll(struct world *w, struct err *e);
int run_read(struct world *w, struct err *e);
int run_month(struct world *w, struct err *e);
int run_case(struct world *w, struct err *e);
int run_people(struct world *w, struct err *e);
int run_recover(struct world *w, struct err *e);
int run_journal(struct world *w, struct err *e);
int run_erase(struct world *w, struct err *e);
int run_purge(struct world *w, struct err *e);
int run_rotate(struct world *w, struct err *e);
int run_backup(struct world *w, struct err *e);
int before_restore(struct world *w, struct err *e);
int run_restore(struct world *w, struct err *e);
int before_witness(struct world *w, struct err *e);
int run_witness(struct world *w, struct err *e);
int run_walk(struct world *w, struct err *e);

#endif

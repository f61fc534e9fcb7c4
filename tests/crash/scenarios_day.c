/* SPDX-License-Identifier: EUPL-1.2 */
/* What an agent does in a day. */
#include "tests/crash/scenario.h"

#include "cases/casefile.h"
#include "cases/custody.h"
#include "store/vault_int.h"

#include <string.h>

/* From nothing to the first items. */
int run_init(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_make(w, e);

	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = world_open_case(w, u, WORLD_CASE, e);
	if (r == 0)
		r = world_capture(w, u, WORLD_CASE, 2, e);
	unit_close(u);
	return r;
}

int run_capture(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	for (unsigned i = 1; r == 0 && i <= 4; i++)
		r = world_capture(w, u, WORLD_CASE, i, e);
	if (r == 0)
		r = world_keep(w, u, e);
	unit_close(u);
	return r;
}

int run_roll(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r;

	w->small = 1;
	r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	for (unsigned i = 0; r == 0 && i < 4; i++)
		r = world_capture(w, u, WORLD_CASE, 4 - i, e);
	unit_close(u);
	return r;
}

int world_read(struct world *w, struct unit *u, const char *query,
	       struct err *e)
{
	struct access a = { .command = "search", .why = "the inquiry",
			    .case_name = WORLD_CASE, .query = query };
	struct buf plain = BUF_INIT(1 << 16);
	struct grant *g = NULL;
	int r = custody_log(u, &a, &g, e);

	if (r == 0) {
		world_note(w, FACT_LEAF, NULL, NULL, custody_seq(g), LEAF_ACCESS);
		r = custody_get(g, 1, 1, &plain, NULL, e);
	}
	custody_close(g);
	buf_release(&plain);
	return r;
}

int run_read(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	for (int i = 0; r == 0 && i < 3; i++)
		r = world_read(w, u, i ? "a word" : NULL, e);
	if (r == 0)
		r = custody_refuse(u, "show", WORLD_CASE, "curious", "no", e);
	if (r == 0)
		r = world_receipt(w, u, e);
	unit_close(u);
	return r;
}

/* The first read of a month makes the month's audit. */
int run_month(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	world_sleep(31 * WORLD_DAY_MS);
	if (r == 0)
		r = world_read(w, u, NULL, e);
	unit_close(u);
	return r;
}

int run_case(struct world *w, struct err *e)
{
	static const char ref[] = "PV-2026-0002";
	struct admin_source src = {
		.id = (char *)"example.org/channel", .profile = (char *)"generic",
		.url = (char *)"https://example.org/channel",
		.reason = (char *)"the inquiry",
	};
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == 0)
		r = world_open_case(w, u, ref, e);
	if (r == 0)
		r = casefile_source_add(u, ref, &src, e);
	if (r == 0)
		r = casefile_decision(u, ref, "example.org", "the mandate", e);
	if (r == 0)
		r = world_capture(w, u, ref, 2, e);
	if (r == 0)
		r = casefile_member_add(u, ref, "bruno", "helps", e);
	if (r == 0)
		world_note(w, FACT_MEMBER, ref, "bruno", 0, 0);
	if (r == 0)
		world_note(w, FACT_LEAVING, ref, "bruno", 0, 0);
	if (r == 0)
		r = casefile_member_remove(u, ref, "bruno", "helped", e);
	if (r == 0)
		world_note(w, FACT_OUT, ref, "bruno", 0, 0);
	if (r == 0)
		r = casefile_close(u, ref, "done", e);
	if (r == 0)
		world_note(w, FACT_CLOSED, ref, NULL, 0, 0);
	unit_close(u);
	return r;
}

int run_people(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == 0) {
		world_note(w, FACT_TRY, WORLD_CLAIRE, WORLD_OTHER, 0, 0);
		r = unit_new_passphrase(u, bytes_str(WORLD_OTHER),
					WORLD_LOGN, e);
	}
	if (r == 0)
		world_note(w, FACT_PASS, WORLD_CLAIRE, WORLD_OTHER, 0, 0);
	if (r == 0)
		r = unit_revoke_user(u, "bruno", "left", e);
	if (r == 0)
		world_note(w, FACT_REVOKED, "bruno", NULL, 0, 0);
	if (r == 0)
		r = world_add_user(w, u, "diane", ROLE_SUPERVISOR | ROLE_INVESTIGATOR,
			     "diane's own", e);
	if (r == 0)
		r = world_receipt(w, u, e);
	unit_close(u);
	return r;
}

/* Opening alone: what recovery does is its trace. */
int run_recover(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_claire(w, SIZE_MAX, &u, e);

	unit_close(u);
	return r;
}

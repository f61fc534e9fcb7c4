/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/permit.h"

#include "util/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A state with one user, and one case it is a member of or not. */
struct world {
	struct admin a;
	struct admin_user user;
	struct admin_case c;
	char *members[1];
};

static void world_init(struct world *w, unsigned roles, int member)
{
	static char name[] = "claire", none[] = "", ref[] = "2026-0042";

	memset(w, 0, sizeof *w);
	w->user.name = name;
	w->user.full = none;
	w->user.person = none;
	w->user.roles = roles;
	w->a.users = &w->user;
	w->a.nusers = 1;
	w->members[0] = name;
	w->c.reference = ref;
	w->c.members = w->members;
	w->c.nmembers = member ? 1 : 0;
	w->a.cases = &w->c;
	w->a.ncases = 1;
}

Test(permit, the_documents_table_is_this_one)
{
	struct buf text = BUF_INIT(1 << 20), table = BUF_INIT(1 << 16);

	cr_assert_eq(permit_matrix(&table), 0);
	cr_assert_eq(file_read("docs/roles.md", &text, NULL), 0,
		     "tests run in the root of the sources");
	if (!strstr(buf_cstr(&text), buf_cstr(&table))) {
		/* What stands in the document, to be copied from here. */
		fputs(buf_cstr(&table), stderr);
		cr_assert_fail("docs/roles.md does not show permit.c's table");
	}
	buf_release(&text);
	buf_release(&table);
}

Test(permit, every_cell_is_as_the_table_says_and_nothing_else_is_allowed)
{
	unsigned cells = 0;

	for (unsigned act = 0; act < PERMIT_ACTS; act++) {
		for (unsigned bit = 1; bit <= ROLE_DPO; bit <<= 1) {
			for (int member = 0; member < 2; member++) {
				struct err e = ERR_INIT;
				struct world w;
				int all = !!(permit_roles(act, 0) & bit);
				int some = !!(permit_roles(act, 1) & bit);
				int r;

				world_init(&w, bit, member);
				r = permit_check(&w.a, "claire", act, &w.c, &e);
				cr_assert_eq(r, all || (some && member) ? 0 :
					     ERR_DENIED, "%s %u %d",
					     permit_name(act), bit, member);
				cr_assert(r == 0 || e.text[0]);
				/* Membership counts in a case only. */
				r = permit_check(&w.a, "claire", act, NULL, &e);
				cr_assert_eq(r, all ? 0 : ERR_DENIED);
				cells++;
			}
		}
	}
	cr_assert_eq(cells, PERMIT_ACTS * 12u);
}

Test(permit, each_act_has_a_row_with_a_name_of_its_own)
{
	for (unsigned i = 0; i < PERMIT_ACTS; i++) {
		cr_assert_not_null(permit_name(i), "act %u", i);
		for (unsigned k = 0; k < i; k++)
			cr_assert_str_neq(permit_name(i), permit_name(k));
	}
	cr_assert_null(permit_name(PERMIT_ACTS));
	cr_assert_eq(permit_roles(PERMIT_ACTS, 0), 0u);
	cr_assert_eq(permit_roles(PERMIT_ACTS, 1), 0u);
}

Test(permit, nobody_may_what_was_not_named)
{
	struct world w;

	world_init(&w, ~0u, 1);
	cr_assert_eq(permit_check(&w.a, "claire", PERMIT_NOTHING, &w.c, NULL),
		     ERR_DENIED);
	cr_assert_eq(permit_check(&w.a, "claire", PERMIT_ACTS, &w.c, NULL),
		     ERR_DENIED);
	/* A role bit that stands for the program makes no user the program. */
	cr_assert_eq(permit_check(&w.a, "claire", PERMIT_PROGRAM, &w.c, NULL),
		     ERR_DENIED);
	cr_assert_eq(permit_check(&w.a, NULL, PERMIT_PROGRAM, NULL, NULL), 0);
	cr_assert_eq(permit_check(&w.a, "timer", PERMIT_READ, &w.c, NULL),
		     ERR_DENIED);
}

Test(permit, the_revoked_and_the_unknown_may_nothing)
{
	for (unsigned act = 0; act < PERMIT_ACTS; act++) {
		struct err e = ERR_INIT;
		struct world w;

		world_init(&w, ~0u, 1);
		cr_assert_eq(permit_check(&w.a, "paul", act, &w.c, &e),
			     ERR_DENIED);
		cr_assert_str_eq(e.text, "'paul' is not entered in this vault");
		w.user.revoked = 1;
		cr_assert_eq(permit_check(&w.a, "claire", act, &w.c, &e),
			     ERR_DENIED);
		cr_assert_str_eq(e.text, "user 'claire' was revoked");
	}
}

Test(permit, content_is_for_two_roles_and_members_only)
{
	const enum permit_act content[] = { PERMIT_READ, PERMIT_EXPORT,
					    PERMIT_CLASSIFY, PERMIT_IMPORT };

	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(permit_roles(content[i], 0) & ~ROLE_PROGRAM, 0u);
		cr_assert_eq(permit_roles(content[i], 1) &
			     ~(unsigned)(ROLE_INVESTIGATOR | ROLE_LEGAL), 0u);
	}
}

static struct admin_user person(const char *name, const char *full,
				const char *number, uint8_t key)
{
	struct admin_user u = { .roles = 1 };

	u.name = (char *)(uintptr_t)name;
	u.full = (char *)(uintptr_t)full;
	u.person = (char *)(uintptr_t)number;
	memset(u.sign.pk, key, 32);
	memset(u.receive, key, 32);
	return u;
}

Test(permit, accounts_of_one_person_are_one)
{
	struct admin_user a = person("claire", "Claire Martin", "M-1", 1);
	struct admin_user b = person("claire2", "C. Martin", "m-1", 2);
	struct admin_user c = person("paul", "Paul Durand", "M-2", 3);
	struct admin_user d = person("claire3", "claire martin", "", 4);
	struct admin_user e = person("other", "Claire Martin", "M-3", 5);
	struct admin_user f = person("bare", "", "", 6);
	struct admin_user g = person("bare2", "", "", 7);
	struct admin_user h = person("copy", "Paul D.", "M-9", 3);

	cr_assert(permit_person_same(&a, &a));
	cr_assert(permit_person_same(&a, &b), "one number");
	cr_assert_not(permit_person_same(&a, &c));
	cr_assert(permit_person_same(&a, &d), "one name, one without number");
	cr_assert_not(permit_person_same(&a, &e), "two of one name");
	cr_assert_not(permit_person_same(&f, &g), "no name says nothing");
	cr_assert(permit_person_same(&c, &h), "one key");
}

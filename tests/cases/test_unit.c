/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/cases/fixture.h"

#include "cases/deny.h"
#include "cases/glass.h"
#include "cases/order.h"
#include "cases/people.h"
#include "util/clock.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

Test(unit, what_init_made_can_be_opened_by_its_user)
{
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	cr_assert_str_eq(u->admin.unit, "piej-demo");
	cr_assert_eq(u->admin.nusers, 1u);
	cr_assert_str_eq(u->admin.users[0].full, "Claire Martin");
	cr_assert_eq(u->admin.nmonths, 1u);
	cr_assert_eq(u->admin.lab, 0);
	cr_assert(unit_roles(u) & ROLE_INVESTIGATOR);
	cr_assert_eq(u->admin.count, 3u);
	unit_close(u);
	fixture_release(&f);
}

Test(unit, the_only_user_need_not_be_named)
{
	char name[ADMIN_NAME_MAX + 1];
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	cr_assert_eq(unit_user(f.path, NULL, name, NULL), 0);
	cr_assert_str_eq(name, "claire");
	cr_assert_eq(unit_open(f.path, NULL, bytes_str(PASS), VAULT_READ, &u,
			       NULL), 0);
	unit_close(u);
	fixture_release(&f);
}

Test(unit, a_wrong_passphrase_is_said_so)
{
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	cr_assert_eq(unit_open(f.path, "claire", bytes_str("another one"),
			       VAULT_WRITE, &u, &e), ERR_AUTH);
	cr_assert_str_eq(e.text, "wrong passphrase for 'claire'");
	fixture_release(&f);
}

Test(unit, no_vault_no_user_and_another_version_are_told_apart)
{
	char file[FILE_PATH_MAX];
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	cr_assert_eq(unit_open("/nonexistent/vault", "claire", bytes_str(PASS),
			       VAULT_READ, &u, &e), ERR_NOENT);
	cr_assert_eq(unit_open(f.path, "paul", bytes_str(PASS), VAULT_READ, &u,
			       &e), ERR_NOENT);
	cr_assert_str_eq(e.text, "no user 'paul' in this vault");
	cr_assert_eq(unit_open(f.path, "../x", bytes_str(PASS), VAULT_READ, &u,
			       &e), ERR_FORMAT);
	cr_assert_eq(file_path(file, f.path, "FORMAT", NULL), 0);
	cr_assert_eq(file_replace(file, bytes_str("scelle-vault/v2\n"), 0600,
				  NULL), 0);
	cr_assert_eq(unit_open(f.path, "claire", bytes_str(PASS), VAULT_READ,
			       &u, &e), ERR_VERSION);
	fixture_release(&f);
}

Test(unit, a_second_writer_is_told_that_the_vault_is_busy)
{
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u, *w;
	int status;
	pid_t pid;

	fixture_init(&f);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	pid = fork();
	if (pid == 0)
		_exit(unit_open(f.path, "claire", bytes_str(PASS), VAULT_WRITE,
				&w, &e) == ERR_BUSY ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* Reading needs no lock. */
	cr_assert_eq(unit_open(f.path, "claire", bytes_str(PASS), VAULT_READ,
			       &w, &e), 0, "%s", e.text);
	unit_close(w);
	unit_close(u);
	fixture_release(&f);
}

Test(unit, init_leaves_what_is_there_alone)
{
	struct unit_options o;
	struct err e = ERR_INIT;
	struct fixture f;

	fixture_init(&f);
	fixture_options(&o);
	cr_assert_eq(unit_init(f.path, &o, &e), ERR_EXIST);
	o.unit = "Not A Name";
	cr_assert_eq(unit_init("/tmp/never-made", &o, &e), ERR_FORMAT);
	o.unit = "piej-demo";
	o.user = UNIT_TIMER;
	cr_assert_eq(unit_init("/tmp/never-made", &o, &e), ERR_FORMAT);
	fixture_release(&f);
}

Test(unit, a_failed_init_leaves_nothing_behind)
{
	struct unit_options o;
	struct fixture f;
	char path[FILE_PATH_MAX];
	char **names;
	size_t n;

	fixture_init(&f);
	fixture_options(&o);
	o.logn = 99;	/* refused by age, after the vault was begun */
	snprintf(path, sizeof path, "%s/second", f.dir);
	cr_assert_lt(unit_init(path, &o, NULL), 0);
	cr_assert_eq(file_list(f.dir, &names, &n, NULL), 0);
	cr_assert_eq(n, 1u);
	free(names);
	fixture_release(&f);
}

Test(unit, the_timer_opens_with_the_units_passphrase_and_is_nobody)
{
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	cr_assert_eq(unit_open(f.path, UNIT_TIMER, bytes_str(UNIT_PASS),
			       VAULT_WRITE, &u, &e), 0, "%s", e.text);
	cr_assert_null(u->user);
	cr_assert_eq(unit_roles(u), 0u);
	cr_assert_eq(unit_may(u, PERMIT_CASE_OPEN, NULL, &e), ERR_DENIED);
	unit_close(u);
	cr_assert_eq(unit_open(f.path, UNIT_TIMER, bytes_str(PASS),
			       VAULT_WRITE, &u, &e), ERR_AUTH);
	fixture_release(&f);
}

static void revoke_by_glass(struct unit *u, const char *name)
{
	struct order_options o = { .act = ORDER_USER_REVOKE, .reason = "left",
				   .subject = people_subject(name, 0) };
	struct err e = ERR_INIT;
	char id[17], glass[17];

	cr_assert_eq(order_propose(u, &o, id, &e), 0, "%s", e.text);
	cr_assert_eq(people_revoke(u, name, "left", id, &e), ERR_DENIED);
	cr_assert_eq(glass_break_order(u, id, "now", glass, &e), 0, "%s",
		     e.text);
	cr_assert_eq(people_revoke(u, name, "left", id, &e), 0, "%s", e.text);
	cr_assert_eq(glass_open(&u->admin, clock_wall_ms(), NULL), 1u);
	json_decref((json_t *)(uintptr_t)o.subject);
}

Test(unit, users_are_added_with_roles_and_revoked)
{
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	cr_assert_eq(unit_add_user(u, "paul", "Paul Durand", ROLE_SUPERVISOR,
				   bytes_str("paul's own words"), TEST_LOGN,
				   &e), 0, "%s", e.text);
	cr_assert_eq(unit_add_user(u, "paul", "", ROLE_LEGAL,
				   bytes_str("paul's own words"), TEST_LOGN,
				   &e), ERR_EXIST);
	cr_assert_eq(unit_add_user(u, "paule", "", 0, bytes_str("paul's words"),
				   TEST_LOGN, &e), ERR_USAGE);
	unit_close(u);

	cr_assert_eq(unit_open(f.path, NULL, bytes_str(PASS), VAULT_READ, &u,
			       &e), ERR_USAGE);
	cr_assert_eq(unit_open(f.path, "paul", bytes_str("paul's own words"),
			       VAULT_WRITE, &u, &e), 0, "%s", e.text);
	cr_assert_eq(unit_roles(u), (unsigned)ROLE_SUPERVISOR);
	cr_assert_eq(unit_may(u, PERMIT_CASE_OPEN, NULL, &e), ERR_DENIED);
	/* Two could do it: it takes both. */
	cr_assert_eq(unit_revoke_user(u, "claire", "left", &e), ERR_DENIED);
	revoke_by_glass(u, "claire");
	/* Somebody must be left who can enter users. */
	cr_assert_eq(unit_revoke_user(u, "paul", "left", &e), ERR_DENIED);
	unit_close(u);

	cr_assert_lt(unit_open(f.path, "claire", bytes_str(PASS), VAULT_WRITE,
			       &u, &e), 0);
	fixture_release(&f);
}

Test(unit, revoked_keys_do_not_open_from_a_copy)
{
	char path[FILE_PATH_MAX], copy[FILE_PATH_MAX];
	const char *files[] = { "claire.key.age", "claire.unit.age" };
	struct buf kept[2] = { BUF_INIT(65536), BUF_INIT(65536) };
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;

	fixture_init(&f);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(file_path(path, f.path, "admin/users", files[i],
				       NULL), 0);
		cr_assert_eq(file_read(path, &kept[i], NULL), 0);
	}
	u = fixture_open(&f, "claire", VAULT_WRITE);
	cr_assert_eq(unit_add_user(u, "paul", "", ROLE_ADMINISTRATOR,
				   bytes_str("paul's own words"), TEST_LOGN,
				   &e), 0);
	revoke_by_glass(u, "claire");
	unit_close(u);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(file_path(copy, f.path, "admin/users", files[i],
				       NULL), 0);
		cr_assert_eq(file_replace(copy, buf_view(&kept[i]), 0600, NULL),
			     0);
		buf_release(&kept[i]);
	}
	cr_assert_eq(unit_open(f.path, "claire", bytes_str(PASS), VAULT_WRITE,
			       &u, &e), ERR_DENIED);
	cr_assert_str_eq(e.text, "user 'claire' was revoked");
	fixture_release(&f);
}

Test(unit, a_lab_vault_says_so_in_every_leaf)
{
	struct unit_options o;
	struct err e = ERR_INIT;
	char path[FILE_PATH_MAX];
	struct fixture f;
	struct leaf leaf;
	struct unit *u;

	fixture_init(&f);
	fixture_options(&o);
	o.lab = 1;
	snprintf(path, sizeof path, "%s/lab", f.dir);
	cr_assert_eq(unit_init(path, &o, &e), 0, "%s", e.text);
	cr_assert_eq(unit_open(path, "claire", bytes_str(PASS), VAULT_READ, &u,
			       &e), 0, "%s", e.text);
	cr_assert_eq(u->admin.lab, 1);
	cr_assert_gt(vault_size(u->vault), 0u);
	for (uint64_t i = 0; i < vault_size(u->vault); i++) {
		cr_assert_eq(vault_leaf(u->vault, i, &leaf), 0);
		cr_assert(leaf.flags & LEAF_FLAG_LAB, "leaf %u", (unsigned)i);
	}
	unit_close(u);
	fixture_release(&f);
}

Test(unit, the_month_of_the_audit_begins_once)
{
	const int64_t later = clock_wall_ms() + 40ll * 86400000;
	struct stream *a, *b, *c;
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;
	uint64_t count;

	fixture_init(&f);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	count = u->admin.count;
	cr_assert_eq(unit_month(u, clock_wall_ms(), &a, &e), 0, "%s", e.text);
	cr_assert_eq(u->admin.count, count);
	cr_assert_eq(unit_month(u, later, &b, &e), 0, "%s", e.text);
	cr_assert_eq(unit_month(u, later, &c, &e), 0, "%s", e.text);
	cr_assert_eq(u->admin.count, count + 1);
	cr_assert_eq(b, c);
	cr_assert_neq(a, b);
	cr_assert_eq(u->admin.nmonths, 2u);
	unit_close(u);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	cr_assert_eq(u->admin.nmonths, 2u);
	cr_assert_eq(unit_month(u, later, &b, &e), 0, "%s", e.text);
	unit_close(u);
	fixture_release(&f);
}

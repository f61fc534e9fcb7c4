/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/backup.h"
#include "store/truth.h"

#include <criterion/criterion.h>

static int list(const char *text, struct copy_list *l)
{
	struct err e = ERR_INIT;

	memset(l, 0, sizeof *l);
	return copyset_read(bytes_str(text), l, &e);
}

#define ONE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

Test(copyset, a_list_is_read_back_as_it_was_written)
{
	static const char text[] = ONE "  FORMAT\n" ONE "  admin/unit.pub\n";
	struct buf out = BUF_INIT(4096);
	struct copy_list l;

	cr_assert_eq(list(text, &l), 0);
	cr_expect_eq(l.n, 2);
	cr_expect_not_null(copyset_find(&l, "FORMAT"));
	cr_expect_null(copyset_find(&l, "unit.pub"));
	cr_assert_eq(copyset_text(&l, &out), 0);
	cr_expect(bytes_eq(buf_view(&out), bytes_str(text)));
	buf_release(&out);
	copyset_list_release(&l);
}

Test(copyset, a_list_names_nothing_outside_of_a_vault)
{
	static const char *const bad[] = {
		ONE "  ../x\n", ONE "  /etc/passwd\n", ONE "  log/../../x\n",
		ONE "  LOCK\n", ONE "  log/a", ONE " log/a\n", "x\n",
		ONE "  log/b\n" ONE "  log/a\n", ONE "  log/a\n" ONE "  log/a\n",
		"E" ONE "  log/a\n", ONE "  other/a\n", ONE "  log/\n",
	};
	struct copy_list l;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_lt(list(bad[i], &l), 0, "%zu", i);
		copyset_list_release(&l);
	}
}

Test(copyset, what_opens_anything_is_key_material)
{
	static const char *const keys[] = {
		"admin/unit.key.age", "admin/keys/0001.add",
		"cases/0123456789abcdef/keys/0002.tab.age",
		"cases/0123456789abcdef/wraps/1/claire.age",
		"audit/2026-11/tag.age", "log/u-2026/torn/00.torn",
	};
	static const char *const truths[] = {
		"FORMAT", "log/u-2026/000000.seg", "admin/unit.pub",
		"admin/packs/000001.pack", "cases/0123456789abcdef/case.note",
		"admin/users/claire.pub", "log/u-2026/heads/12.note",
		"cases/0123456789abcdef/erasures/000001.list",
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		cr_expect_eq(truth_is_key(keys[i]), 1, "%s", keys[i]);
	for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
		cr_expect_eq(truth_is_key(truths[i]), 0, "%s", truths[i]);
}

Test(copyset, names_of_key_backups)
{
	cr_expect(backup_name_valid("k1.2026-11"));
	cr_expect_not(backup_name_valid(""));
	cr_expect_not(backup_name_valid(".x"));
	cr_expect_not(backup_name_valid("a b"));
	cr_expect_not(backup_name_valid("A"));
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* The lists of erased objects: one text for one list. */
#include "store/erase.h"

#include <criterion/criterion.h>

#define CASE_A "cases/00000000000000aa"

Test(erase_list, lists_are_read_as_they_are_written_and_nothing_else)
{
	static const char *const bad[] = {
		"", "scelle/v1/erased\n", "scelle/v1/erased\nstream " CASE_A,
		"scelle/v1/erased\nstream " CASE_A "\n",
		"scelle/v1/erased\nstream admin\nitem 1\n",
		"scelle/v1/erased\nstream " CASE_A "\nitem 01\n",
		"scelle/v1/erased\nstream " CASE_A "\nitem 2\nitem 1\n",
		"scelle/v1/erased\nstream " CASE_A "\nitem 1\nitem 1\n",
		"scelle/v1/erased\nstream " CASE_A "\nitem 1\nobject 1 0\n",
		"scelle/v1/erased\nstream " CASE_A "\nobject 1 2\nobject 1 2\n",
		"scelle/v1/erased\nstream " CASE_A "\nobject 1 2\nobject 1 1\n",
		"scelle/v1/erased\nstream " CASE_A "\nitems 4 4\n",
		"scelle/v1/erased\nstream " CASE_A "\nitems 4 3\n",
		"scelle/v1/erased\nstream " CASE_A "\nitem 99999999999999999999\n",
		"scelle/v1/erased\nstream " CASE_A "\nobject 1 65535\n",
		"scelle/v1/erased\nstream " CASE_A "\nitem 1 \n",
	};
	struct erase_list l = { 0 }, m;
	struct buf text = BUF_INIT(4096), again = BUF_INIT(4096);

	cr_assert_eq(erase_list_add(&l, 9, 9, 3), 0);
	cr_assert_eq(erase_list_add(&l, 9, 9, 1), 0);
	cr_assert_eq(erase_list_add(&l, 4, 6, ERASE_WHOLE), 0);
	cr_assert_eq(erase_list_add(&l, 5, 5, 2), 0);
	cr_assert_eq(erase_list_add(&l, 7, 7, ERASE_WHOLE), 0);
	cr_assert_eq(erase_list_add(&l, 9, 9, 1), 0);
	cr_assert_eq(erase_list_add(&l, 1, 1, ERASE_WHOLE), 0);
	cr_assert_eq(erase_list_add(&l, 3, 2, ERASE_WHOLE), ERR_RANGE);
	cr_assert_eq(erase_list_add(&l, 3, 4, 1), ERR_RANGE);
	erase_list_sort(&l);
	cr_assert_eq(erase_list_put(CASE_A, &l, &text), 0);
	cr_assert_str_eq(buf_cstr(&text), "scelle/v1/erased\nstream " CASE_A
			 "\nitem 1\nitems 4 7\nobject 9 1\nobject 9 3\n");
	cr_assert_eq(erase_list_read(buf_view(&text), CASE_A, &m, NULL), 0);
	cr_assert_eq(erase_list_put(CASE_A, &m, &again), 0);
	cr_assert(bytes_eq(buf_view(&text), buf_view(&again)));
	for (uint64_t n = 0; n < 12; n++)
		for (unsigned o = 0; o < 5; o++)
			cr_assert_eq(erase_list_has(&m, n, o),
				     n == 1 || (n >= 4 && n <= 7)
				     || (n == 9 && (o == 1 || o == 3)));
	erase_list_release(&l);
	erase_list_release(&m);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(erase_list_read(bytes_str(bad[i]), CASE_A, &m,
					     NULL), ERR_FORMAT, "%s", bad[i]);
	buf_release(&text);
	buf_release(&again);
}

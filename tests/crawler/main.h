/* SPDX-License-Identifier: EUPL-1.2 */
/* A suite whose program can also be the children it tests. */
#ifndef TESTS_CRAWLER_MAIN_H
#define TESTS_CRAWLER_MAIN_H

#include "crawler/children.h"

#include <criterion/criterion.h>

int main(int argc, char **argv)
{
	struct criterion_test_set *tests;
	int status = 0;

	children_main(argc, argv);
	tests = criterion_initialize();
	if (criterion_handle_args(argc, argv, true))
		status = !criterion_run_all_tests(tests);
	criterion_finalize(tests);
	return status;
}

#endif

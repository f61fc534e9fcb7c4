/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/boxchild.h"

#include "tests/crawler/main.h"

#include <stdlib.h>

Test(boxchild, the_boxes_of_this_machine_hold)
{
	struct err e = ERR_INIT;

	cr_assert_eq(boxes_hold("/proc/self/exe", &e), 0, "%s", e.text);
	/* Kept: not even the program is needed any more. */
	cr_assert_eq(boxes_hold("/proc/self/exe", &e), 0);
}

Test(boxchild, a_program_that_cannot_tell_is_refused)
{
	struct err e = ERR_INIT;

	cr_assert_lt(boxes_hold("/bin/true", &e), 0);
	cr_assert(strstr(e.text, "did not end"), "%s", e.text);
	cr_assert_lt(media_box_holds("/bin/cat", &e), 0);
	cr_assert_lt(boxes_hold("/nonexistent", &e), 0);
}

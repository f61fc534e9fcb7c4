/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/box.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int parse(const struct box *b, struct sandbox_report *r, struct err *e)
{
	(void)b;
	return sandbox_parse(0, r, e);
}

static int fetch(const struct box *b, struct sandbox_report *r, struct err *e)
{
	(void)b;
	return sandbox_fetch(NULL, 0, r, e);
}

/* A kernel that says it locked in and did not. */
static int nothing(const struct box *b, struct sandbox_report *r,
		   struct err *e)
{
	(void)b;
	(void)e;
	*r = (struct sandbox_report){ 1, 1, 1, 7, 1 };
	return 0;
}

static int refuses(const struct box *b, struct sandbox_report *r,
		   struct err *e)
{
	(void)b;
	(void)r;
	return err_set(e, ERR_IO, "no");
}

static const struct box parse_box = { "parse", parse, NULL, BOX_ALL, 0 };

Test(box, every_way_out_of_a_parser_is_deadly)
{
	for (unsigned w = 0; w < BOX_WAYS; w++) {
		struct sandbox_report rep;
		enum box_end end = box_try(&parse_box, (enum box_way)w, &rep);

		cr_expect_eq(end, BOX_DIED, "%s: %d",
			     box_way_name((enum box_way)w), (int)end);
		cr_expect_eq(rep.seccomp, 1);
	}
}

Test(box, a_fetcher_has_its_network_and_threads_and_no_more)
{
	static const struct box b = { "fetch", fetch, NULL, 0, 0 };
	static const enum box_end want[BOX_WAYS] = {
		[BOX_OPEN] = BOX_REFUSED, [BOX_CREATE] = BOX_REFUSED,
		[BOX_SOCKET] = BOX_OUT, [BOX_UNIX] = BOX_REFUSED,
		[BOX_LISTEN] = BOX_DIED, [BOX_EXEC] = BOX_DIED,
		[BOX_FORK] = BOX_DIED, [BOX_THREAD] = BOX_OUT,
		[BOX_PTRACE] = BOX_DIED, [BOX_MEMORY] = BOX_DIED,
		[BOX_KILL] = BOX_DIED, [BOX_CODE] = BOX_REFUSED,
	};

	for (unsigned w = 0; w < BOX_WAYS; w++) {
		struct sandbox_report rep;
		enum box_end end = box_try(&b, (enum box_way)w, &rep);

		if (w == BOX_OPEN && !rep.landlock_abi) {
			fprintf(stderr, "SKIP box: the kernel has no "
				"landlock\n");
			continue;
		}
		cr_expect_eq(end, want[w], "%s: %d",
			     box_way_name((enum box_way)w), (int)end);
	}
}

Test(box, one_that_does_not_hold_is_named)
{
	static const struct box b = { "parse", nothing, NULL, BOX_ALL, 0 };

	for (unsigned w = 0; w < BOX_WAYS; w++) {
		struct box one = b;
		struct sandbox_report rep;
		struct err e = ERR_INIT;

		one.deadly = BOX_WAY(w);
		cr_expect_eq(box_holds(&one, BOX_ALL, &rep, &e), ERR_CHILD,
			     "%s", box_way_name((enum box_way)w));
		cr_expect(strstr(e.text, "the sandbox does not hold: a parse "
				 "child that tries '"), "%s", e.text);
		cr_expect(strstr(e.text, box_way_name((enum box_way)w)));
	}
}

Test(box, what_was_only_refused_is_not_enough_where_it_must_be_deadly)
{
	static const struct box b = { "fetch", fetch, NULL, BOX_WAY(BOX_UNIX),
				      0 };
	struct sandbox_report rep;
	struct err e = ERR_INIT;

	cr_assert_eq(box_holds(&b, BOX_ALL, &rep, &e), ERR_CHILD);
	cr_assert(strstr(e.text, "was only refused"), "%s", e.text);
	cr_assert_eq(box_holds(&b, BOX_WAY(BOX_EXEC), &rep, NULL), 0);
}

Test(box, who_cannot_lock_itself_in_has_no_box)
{
	static const struct box b = { "parse", refuses, NULL, BOX_ALL, 0 };
	struct sandbox_report rep;

	cr_assert_eq(box_try(&b, BOX_OPEN, &rep), BOX_LOST);
	cr_assert_eq(box_holds(&b, BOX_ALL, &rep, NULL), ERR_CHILD);
}

static int well(const void *arg)
{
	(void)arg;
	return 0;
}

static int badly(const void *arg)
{
	(void)arg;
	return -1;
}

static int crash(const void *arg)
{
	const struct rlimit none = { 0, 0 };

	(void)arg;
	setrlimit(RLIMIT_CORE, &none);	/* a call that ends it */
	return 0;
}

Test(box, work_inside_is_done_or_told)
{
	struct err e = ERR_INIT;

	cr_assert_eq(box_work(&parse_box, well, NULL, &e), 0, "%s", e.text);
	cr_assert_eq(box_work(&parse_box, badly, NULL, &e), ERR_CHILD);
	cr_assert_eq(box_work(&parse_box, crash, NULL, &e), ERR_CHILD);
	cr_assert(strstr(e.text, "a system call its sandbox forbids"), "%s",
		  e.text);
}

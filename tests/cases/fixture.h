/* SPDX-License-Identifier: EUPL-1.2 */
/* A vault in a directory of its own, for the tests of cases/. */
#ifndef TESTS_CASES_FIXTURE_H
#define TESTS_CASES_FIXTURE_H

#include "cases/unit.h"
#include "util/clock.h"
#include "util/secret.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PASS "claire has a long passphrase"
#define UNIT_PASS "the unit has another one"
#define TEST_LOGN 2

struct fixture {
	char dir[64];
	char path[80];
};

static inline void fixture_options(struct unit_options *o)
{
	*o = (struct unit_options){
		.unit = "piej-demo", .user = "claire",
		.full = "Claire Martin",
		.unit_pass = bytes_str(UNIT_PASS),
		.user_pass = bytes_str(PASS),
		.logn = TEST_LOGN, .now_ms = clock_wall_ms(),
	};
}

static inline void fixture_init(struct fixture *f)
{
	struct unit_options o;
	struct err e = ERR_INIT;

	cr_assert_eq(secret_start(), 0);
	snprintf(f->dir, sizeof f->dir, "/tmp/scelle-cases.XXXXXX");
	cr_assert_not_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof f->path, "%s/vault", f->dir);
	fixture_options(&o);
	cr_assert_eq(unit_init(f->path, &o, &e), 0, "%s", e.text);
}

static inline int fixture_remove(const char *path, const struct stat *st,
				 int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fixture_release(struct fixture *f)
{
	nftw(f->dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct unit *fixture_open(struct fixture *f, const char *user,
					enum vault_mode mode)
{
	struct err e = ERR_INIT;
	struct unit *u = NULL;

	cr_assert_eq(unit_open(f->path, user, bytes_str(PASS), mode, &u, &e), 0,
		     "%s", e.text);
	return u;
}

#endif

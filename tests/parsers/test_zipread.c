/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/zipread.h"

#include <criterion/criterion.h>

/* One stored member "a/b" that holds "text". */
static const char small[] =
	"PK\3\4\x0a\0\0\0\0\0\0\0\x21\0\xc7\x6d\x8b\x3b\4\0\0\0\4\0\0\0\3\0\0\0a/btext"
	"PK\1\2\x0a\0\x0a\0\0\0\0\0\0\0\x21\0\xc7\x6d\x8b\x3b\4\0\0\0\4\0\0\0\3\0\0\0"
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0a/b"
	"PK\5\6\0\0\0\0\1\0\1\0\x31\0\0\0\x25\0\0\0\0\0";

static int open_it(const char *p, size_t n, struct zipread *z)
{
	return zipread_open(BYTES((const uint8_t *)p, n), z, NULL);
}

Test(zipread, a_member_is_found_and_held_against_its_checksum)
{
	struct buf b = BUF_INIT(100);
	char file[sizeof small];
	struct zipread z;
	struct err e = ERR_INIT;

	memcpy(file, small, sizeof small);
	cr_assert_eq(zipread_open(BYTES((uint8_t *)file, sizeof file - 1), &z,
				  &e), 0, "%s", e.text);
	cr_assert_eq(z.n, 1u);
	cr_assert_not_null(zipread_find(&z, "a/b"));
	cr_expect_null(zipread_find(&z, "a"));
	cr_expect_eq(zipread_get(&z, z.member, &b, &e), ERR_DAMAGED,
		     "another checksum");
	z.member[0].crc = 0x3b8ba7c7;
	cr_expect_eq(zipread_get(&z, z.member, &b, &e), 0, "%s", e.text);
	cr_expect_str_eq(buf_cstr(&b), "text");
	zipread_release(&z);
	buf_release(&b);
}

Test(zipread, any_cut_is_refused)
{
	struct zipread z;

	for (size_t n = 0; n < sizeof small - 1; n++)
		cr_expect_lt(open_it(small, n, &z), 0, "%zu bytes", n);
}

Test(zipread, names_that_leave_the_archive_are_refused)
{
	static const char *const bad[] = { "/ab", "../", "a/.", ".//", "./a",
					   "a\\b", "c:x", "a\nb", "\xff" "ab" };
	struct zipread z;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char file[sizeof small];

		if (strlen(bad[i]) != 3)
			continue;
		memcpy(file, small, sizeof small);
		memcpy(file + 30, bad[i], 3);
		memcpy(file + 37 + 46, bad[i], 3);
		cr_expect_lt(open_it(file, sizeof file - 1, &z), 0, "'%s'",
			     bad[i]);
	}
}

Test(zipread, sizes_that_cannot_be_are_refused)
{
	struct zipread z;
	char file[sizeof small];

	/* Stored, and another size unpacked. */
	memcpy(file, small, sizeof small);
	file[37 + 24] = 5;
	cr_expect_eq(open_it(file, sizeof file - 1, &z), ERR_LIMIT);
	/* Deflated to more than deflate can. */
	memcpy(file, small, sizeof small);
	file[8] = file[37 + 10] = 8;
	file[37 + 26] = 1;
	cr_expect_eq(open_it(file, sizeof file - 1, &z), ERR_LIMIT);
	/* Another name in its own header. */
	memcpy(file, small, sizeof small);
	file[32] = 'c';
	cr_expect_eq(open_it(file, sizeof file - 1, &z), ERR_DENIED);
	/* Encrypted. */
	memcpy(file, small, sizeof small);
	file[37 + 8] = 1;
	cr_expect_eq(open_it(file, sizeof file - 1, &z), ERR_UNSUPPORTED);
}

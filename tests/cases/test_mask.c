/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/mask.h"

#include "util/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct buf got;

static const char *mask(const char *text)
{
	buf_release(&got);
	got = (struct buf)BUF_INIT(65536);
	cr_assert_geq(mask_text(bytes_str(text), &got), 0);
	return buf_cstr(&got);
}

static void same(const char *text)
{
	cr_expect_str_eq(mask(text), text);
}

/* 97 minus the rest of the division by 97, with 2A read as 19 and 2B as 18 */
Test(mask, a_social_security_number_shows_its_ends_only)
{
	cr_expect_str_eq(mask("nir 295109912611193."),
			 "nir 2************93.");
	cr_expect_str_eq(mask("2 95 10 99 126 111 93"),
			 "2 ** ** ** *** *** 93");
	cr_expect_str_eq(mask("2\xc2\xa0" "95 10 99 126 111-93 et 12"),
			 "2\xc2\xa0" "** ** ** *** ***-93 et 12");
}

static int key_of(unsigned long long n13)
{
	return (int)(97 - n13 % 97);
}

Test(mask, corsica_has_letters)
{
	char text[64], want[64];

	snprintf(text, sizeof text, "1 85 05 2A 006 084 %02d",
		 key_of(1850519006084ULL));
	snprintf(want, sizeof want, "1 ** ** ** *** *** %02d",
		 key_of(1850519006084ULL));
	cr_expect_str_eq(mask(text), want);
	snprintf(text, sizeof text, "x185052b006084%02d",
		 key_of(1850518006084ULL));
	snprintf(want, sizeof want, "x1************%02d",
		 key_of(1850518006084ULL));
	cr_expect_str_eq(mask(text), want);
	/* The key of 2A does not fit 2B: bare digits of a card it is not. */
	snprintf(text, sizeof text, "1 85 05 2B 006 084 %02d",
		 key_of(1850519006084ULL));
	cr_expect_neq(key_of(1850519006084ULL), key_of(1850518006084ULL));
	cr_expect_str_neq(mask(text), want);
}

Test(mask, a_number_without_its_key_is_masked_when_it_can_be_one)
{
	cr_expect_str_eq(mask("1 85 05 78 006 084"), "1 ** ** ** *** **4");
	same("1760000000000");	/* month 00: a time in milliseconds */
	same("9850578006084");	/* no such sex */
}

Test(mask, a_wrong_key_in_a_long_number_is_no_number)
{
	same("295109912611192");
	cr_expect_str_eq(mask("2 95 10 99 126 111 95"),
			 "2 ** ** ** *** **1 95", "in groups it may be a slip");
}

Test(mask, cards_show_six_and_four)
{
	cr_expect_str_eq(mask("CB 4111 1111 1111 1111 exp 12/27"),
			 "CB 4111 11** **** 1111 exp 12/27");
	cr_expect_str_eq(mask("378282246310005"), "378282*****0005");
	cr_expect_str_eq(mask("5555-5555-5555-4444"), "5555-55**-****-4444");
	cr_expect_str_eq(mask("4222222222222"),
			 "422222***2222");
	same("4111 1111 1111 1112");
	same("0000000000000000");
	same("41111111111111111111111");	/* inside a longer number */
}

Test(mask, telephone_numbers_are_shown)
{
	same("06 39 98 12 34");
	same("+33 6 39 98 12 34");
	same("0033639981234");
	same("01 99 00 12 34 06 39 98 12 34 06 39 98 12 35");
	same("06.39.98.12.34/06.39.98.12.35");
	for (unsigned i = 0; i < 10000; i++) {
		char text[64];

		snprintf(text, sizeof text, "06 39 98 %02u %02u 01 99 00 %02u "
			 "%02u", i / 100, i % 100, i % 100, i / 100);
		same(text);
		snprintf(text, sizeof text, "003363998%04u", i);
		same(text);
		snprintf(text, sizeof text, "+336399%04u", i);
		same(text);
	}
}

Test(mask, a_card_behind_a_telephone_number_is_masked)
{
	cr_expect_str_eq(mask("06 39 98 12 34 4111 1111 1111 1111"),
			 "06 39 98 12 34 4111 11** **** 1111");
	cr_expect_str_eq(mask("41 11 11 11 11 11 11 11"),
			 "41 11 11 ** ** ** 11 11");
	cr_expect_str_eq(mask("4111111111111111 0639981234"),
			 "411111******1111 0639981234");
}

Test(mask, medicine_codes_are_shown)
{
	same("CIP 3400930000007 3400930000014 3400936000010");
}

Test(mask, text_without_numbers_and_odd_bytes_go_through)
{
	same("");
	same("Arrêt de travail \xff\xfe 12 \xe2\x80");
	same("2A 2B 2");
}

Test(mask, members_of_json_but_for_addresses)
{
	struct buf out = BUF_INIT(4096);
	json_t *o = NULL;
	char *text;
	static const char in[] = "{\"at\":{\"x\":\"4111111111111111\"},"
		"\"poll\":{\"o\":[\"4111111111111111\",[\"a\"]]},"
		"\"text\":\"2 95 10 99 126 111 93\","
		"\"url\":\"https://example.org/4111111111111111\"}";

	cr_assert_eq(json_read(bytes_str(in), 4096, 16, &o, NULL), 0);
	cr_expect_eq(mask_json(o, 8), 2);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	cr_expect_str_eq(text, "{\"at\":{\"x\":\"4111111111111111\"},"
		"\"poll\":{\"o\":[\"411111******1111\",[\"a\"]]},"
		"\"text\":\"2 ** ** ** *** *** 93\","
		"\"url\":\"https://example.org/4111111111111111\"}");
	free(text);
	cr_expect_eq(mask_json(o, 0), 0);
	cr_expect(json_is_null(json_object_get(o, "poll")));
	json_decref(o);
	buf_release(&out);
}

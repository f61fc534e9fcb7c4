/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/clock.h"
#include "util/enc.h"
#include "util/err.h"
#include "util/json.h"
#include "util/utf8.h"

#include <criterion/criterion.h>

Test(enc, base64_matches_rfc_4648_section_10)
{
	static const char *const plain[] = { "", "f", "fo", "foo", "foob",
					     "fooba", "foobar" };
	static const char *const coded[] = { "", "Zg==", "Zm8=", "Zm9v",
					     "Zm9vYg==", "Zm9vYmE=",
					     "Zm9vYmFy" };

	for (size_t i = 0; i < 7; i++) {
		struct buf b = BUF_INIT(64), back = BUF_INIT(64);

		cr_assert_eq(b64_put(&b, bytes_str(plain[i])), 0);
		cr_expect_str_eq(buf_cstr(&b), coded[i]);
		cr_assert_eq(b64_get(buf_view(&b), &back), 0);
		cr_expect_str_eq(buf_cstr(&back), plain[i]);
		buf_release(&b);
		buf_release(&back);
	}
}

Test(enc, base64_refuses_what_is_not_canonical)
{
	static const char *const bad[] = { "Zh==", "Zm9=", "Z", "Zg=", "Zg",
					   "Zg== ", "Z\ng=", "====", "Zm9v=" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf b = BUF_INIT(64);

		cr_expect_eq(b64_get(bytes_str(bad[i]), &b), ERR_FORMAT,
			     "'%s'", bad[i]);
		buf_release(&b);
	}
}

Test(enc, a_buffer_never_grows_past_its_cap_and_stays_failed)
{
	struct buf b = BUF_INIT(10);

	cr_assert_eq(buf_adds(&b, "0123456789"), 0);
	cr_assert_eq(buf_adds(&b, "x"), ERR_RANGE);
	cr_assert_eq(b.len, 10);
	cr_assert_eq(buf_add(&b, "", 0), ERR_RANGE);
	cr_assert_str_eq(buf_cstr(&b), "");
	buf_release(&b);
}

Test(clock, dates_go_round_and_bad_ones_are_refused)
{
	char out[CLOCK_RFC3339_MAX];
	int64_t ms;

	cr_assert_eq(clock_parse_rfc3339("2026-11-22T10:00:00.123+01:00", 29,
					 &ms), 0);
	cr_assert_str_eq(clock_rfc3339(ms, out), "2026-11-22T09:00:00.123Z");
	cr_assert_eq(clock_parse_rfc3339("1600-02-29", 10, &ms), 0);
	cr_assert_str_eq(clock_rfc3339_s(ms, out), "1600-02-29T00:00:00Z");
	cr_expect_eq(clock_parse_rfc3339("2023-02-29", 10, &ms), ERR_FORMAT);
	cr_expect_eq(clock_parse_rfc3339("2023-02-20T25:00Z", 17, &ms),
		     ERR_FORMAT);
	cr_expect_eq(clock_parse_rfc3339("2023-02-20T10:00", 16, &ms),
		     ERR_FORMAT);
	cr_expect_eq(clock_parse_rfc3339("", 0, &ms), ERR_FORMAT);
}

Test(utf8, malformed_bytes_become_replacement_characters)
{
	struct buf b = BUF_INIT(64);

	cr_expect(utf8_valid(bytes_str("h\xc3\xa9\xf0\x9f\x91\x8d\xef\xbf\xbd")));
	cr_expect_not(utf8_valid(bytes_str("\xc0\x80")));
	cr_expect_not(utf8_valid(bytes_str("\xed\xa0\x80")));
	cr_expect_not(utf8_valid(bytes_str("\xf4\x90\x80\x80")));
	cr_expect_not(utf8_valid(bytes_str("\xe2\x82")));
	utf8_repair(&b, bytes_str("a\xff" "b\xe2\x82"));
	cr_expect_str_eq(buf_cstr(&b), "a\xef\xbf\xbd" "b\xef\xbf\xbd");
	buf_release(&b);
}

Test(enc, text_is_taken_apart_at_a_sign)
{
	struct bytes in = bytes_str("one two\n\nthree"), out;

	cr_assert(split_at(&in, ' ', &out));
	cr_expect(bytes_is(out, "one"));
	cr_assert(split_line(&in, &out));
	cr_expect(bytes_is(out, "two"));
	cr_assert(split_line(&in, &out));
	cr_expect_eq(out.len, 0);
	cr_expect_not(split_line(&in, &out), "a line has its end");
	cr_expect(bytes_is(in, "three"), "what is left is as it was");
	in = BYTES(NULL, 0);
	cr_expect_not(split_line(&in, &out));
}

Test(enc, a_decimal_number_has_one_form)
{
	static const char *const bad[] = { "", "01", "00", "+1", "-1", " 1",
					   "1 ", "1a", "0x1", ":", "/" };
	uint64_t v;

	cr_assert_eq(dec_get(bytes_str("0"), 0, &v), 0);
	cr_expect_eq(v, 0);
	cr_expect_eq(dec_get(bytes_str("1"), 0, &v), ERR_FORMAT);
	cr_assert_eq(dec_get(bytes_str("1709"), 1709, &v), 0);
	cr_expect_eq(v, 1709);
	cr_expect_eq(dec_get(bytes_str("1710"), 1709, &v), ERR_FORMAT);
	cr_expect_eq(dec_get(bytes_str("7"), 5, &v), ERR_FORMAT);
	cr_assert_eq(dec_get(bytes_str("18446744073709551615"), UINT64_MAX,
			     &v), 0);
	cr_expect_eq(v, UINT64_MAX);
	cr_expect_eq(dec_get(bytes_str("18446744073709551616"), UINT64_MAX,
			     &v), ERR_FORMAT);
	cr_expect_eq(dec_get(bytes_str("99999999999999999999"), UINT64_MAX,
			     &v), ERR_FORMAT);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(dec_get(bytes_str(bad[i]), UINT64_MAX, &v),
			     ERR_FORMAT, "'%s'", bad[i]);
}

Test(json, duplicates_depth_and_trailing_bytes_are_refused)
{
	json_t *v = NULL;

	cr_expect_eq(json_read_record(bytes_str("{\"a\":1,\"a\":2}"), &v, NULL),
		     ERR_FORMAT);
	cr_expect_eq(json_read_record(bytes_str("{} x"), &v, NULL), ERR_FORMAT);
	cr_expect_eq(json_read_record(bytes_str(
		"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), &v, NULL), ERR_LIMIT);
	cr_expect_eq(json_read_record(bytes_str("{\"a\":\"\xff\"}"), &v, NULL),
		     ERR_FORMAT);
	cr_expect_eq(json_read_record(bytes_str("{\"a\":[1,2,{}]}"), &v, NULL), 0);
	json_decref(v);
}

Test(json, the_writer_escapes_and_separates)
{
	struct buf b = BUF_INIT(1024);
	struct jsonw w = JSONW_INIT(&b);

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "a\"b", "x\n\x01\\\xff\xc3\xa9");
	jsonw_open(&w, "l", '[');
	jsonw_int(&w, NULL, -5);
	jsonw_bool(&w, NULL, 1);
	jsonw_close(&w, ']');
	jsonw_null(&w, "n");
	jsonw_close(&w, '}');
	cr_expect_str_eq(buf_cstr(&b),
		"{\"a\\\"b\":\"x\\n\\u0001\\\\\xef\xbf\xbd\xc3\xa9\","
		"\"l\":[-5,true],\"n\":null}");
	buf_release(&b);
}

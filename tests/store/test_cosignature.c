/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/cosignature.h"
#include "store/witness_request.h"
#include "util/enc.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TEXT "example.com/behind-the-sofa\n20852163\n" \
	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static struct note_skey witness(const char *name, uint8_t n)
{
	uint8_t seed[32] = { n };
	struct note_skey k;

	cr_assert_eq(note_skey_make(&k, name, NOTE_COSIGNATURE, seed, NULL), 0);
	return k;
}

/* The line of the example in C2SP tlog-cosignature: its time is the one the
 * text of the standard spells out. */
Test(cosignature, the_published_example_has_its_time)
{
	static const char line[] = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHe"
		"olMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
	/* transparency-dev/formats, TestCosignatureTimestamp */
	static const char other[] = "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/i"
		"F0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA==";
	struct buf raw = BUF_INIT(256);

	cr_assert_eq(b64_get(bytes_str(line), &raw), 0);
	cr_assert_eq(raw.len, 4 + 8 + 64);
	cr_expect_eq(get_be64(raw.p + 4), 1679315147);
	buf_clear(&raw);
	cr_assert_eq(b64_get(bytes_str(other), &raw), 0);
	cr_expect_eq(get_be64(raw.p + 4), 1727964367);
	buf_release(&raw);
}

/* transparency-dev/formats, TestCoSigV1NewVerifier */
Test(cosignature, a_published_witness_key_is_read)
{
	static const char text[] = "remora.n621.de+da77ade7+"
		"BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
	struct buf back = BUF_INIT(256);
	struct note_vkey k;

	cr_assert_eq(note_vkey_read(bytes_str(text), &k, NULL), 0);
	cr_expect_eq(k.type, NOTE_COSIGNATURE);
	note_vkey_put(&k, &back);
	cr_expect(bytes_is(buf_view(&back), text));
	buf_release(&back);
}

Test(cosignature, is_taken_only_whole)
{
	struct note_skey a = witness("unit4.example/w", 1);
	struct note_skey b = witness("unit5.example/w", 2);
	struct note_vkey keys[2] = { a.vkey, b.vkey };
	struct buf lines = BUF_INIT(4096), text = BUF_INIT(4096);
	struct cosignature got[2];
	size_t n, before;

	buf_adds(&text, TEXT);
	cr_assert_eq(cosignature_put(buf_view(&text), &a, 1790000000, &lines,
				     NULL), 0);
	before = lines.len;
	cr_assert_eq(cosignature_check(buf_view(&text), buf_view(&lines), keys,
				       2, got, &n, NULL), 0);
	cr_expect_eq(n, 1);
	cr_expect_eq(got[0].key, 0);
	cr_expect_eq(got[0].time_s, 1790000000);
	/* Every bit of line and text counts. */
	for (size_t i = 0; i < lines.len * 8; i++) {
		lines.p[i / 8] ^= (uint8_t)(1u << i % 8);
		cr_expect_neq(cosignature_check(buf_view(&text),
						buf_view(&lines), keys, 1, got,
						&n, NULL), 0, "bit %zu", i);
		lines.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < text.len * 8; i++) {
		text.p[i / 8] ^= (uint8_t)(1u << i % 8);
		cr_expect_neq(cosignature_check(buf_view(&text),
						buf_view(&lines), keys, 1, got,
						&n, NULL), 0, "bit %zu", i);
		text.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	/* Two witnesses; of one's two lines the later. */
	cosignature_put(buf_view(&text), &b, 1790000005, &lines, NULL);
	cosignature_put(buf_view(&text), &a, 1790000009, &lines, NULL);
	cr_assert_eq(cosignature_check(buf_view(&text), buf_view(&lines), keys,
				       2, got, &n, NULL), 0);
	cr_expect_eq(n, 2);
	cr_expect_eq(got[0].time_s, 1790000009);
	cr_expect_eq(got[1].time_s, 1790000005);
	/* An unknown one alone is none; one bad among good ones is bad. */
	cr_expect_eq(cosignature_check(buf_view(&text),
				       BYTES(lines.p, before), keys + 1, 1, got,
				       &n, NULL), 1);
	lines.p[lines.len - 6] ^= 1;
	cr_expect_neq(cosignature_check(buf_view(&text), buf_view(&lines), keys,
					1, got, &n, NULL), 0);
	buf_release(&lines);
	buf_release(&text);
}

Test(cosignature, refuses_what_is_no_cosignature)
{
	struct note_skey a = witness("unit4.example/w", 1), log;
	struct bytes text = bytes_str(TEXT);
	struct buf lines = BUF_INIT(4096);
	struct cosignature got[1];
	uint8_t seed[32] = { 1 };
	size_t n;

	cr_assert_eq(note_skey_make(&log, "unit4.example/w", NOTE_ED25519, seed,
				    NULL), 0);
	cr_expect_eq(cosignature_put(bytes_str("hello\n"), &a, 5, &lines, NULL),
		     ERR_FORMAT);
	cr_expect_eq(cosignature_put(text, &log, 5, &lines, NULL), ERR_RANGE);
	cr_expect_eq(cosignature_put(text, &a, 0, &lines, NULL), ERR_RANGE);
	cr_expect_eq(cosignature_put(text, &a, (uint64_t)1 << 63, &lines, NULL),
		     ERR_RANGE);
	cr_expect_eq(lines.len, 0);
	/* A log's signature is none, though the bytes verify. */
	note_sig_line(text, &log, &lines, NULL);
	cr_expect_eq(cosignature_check(text, buf_view(&lines), &a.vkey, 1, got,
				       &n, NULL), 1);
	cr_expect_eq(cosignature_check(text, buf_view(&lines), &log.vkey, 1,
				       got, &n, NULL), ERR_RANGE);
	/* A time beyond what the standard allows, though signed. */
	buf_clear(&lines);
	note_cosign(text, &a, (uint64_t)1 << 63, &lines, NULL);
	cr_expect_eq(cosignature_check(text, buf_view(&lines), &a.vkey, 1, got,
				       &n, NULL), 1);
	cr_expect_eq(cosignature_check(text, bytes_str("\n"), &a.vkey, 1, got,
				       &n, NULL), ERR_FORMAT);
	cr_expect_lt(cosignature_check(text, bytes_str(""), &a.vkey, 1, got,
				       &n, NULL), 0);
	buf_release(&lines);
}

Test(cosignature, a_request_reads_as_it_was_written)
{
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct buf back = BUF_INIT(WITNESS_REQUEST_MAX);
	struct witness_request q = { .old = 20852014, .n = 4 }, r;
	uint64_t size;

	for (size_t i = 0; i < q.n; i++)
		memset(q.proof[i], (int)i + 1, 32);
	q.note = bytes_str(TEXT "\n\xe2\x80\x94 a AAAA\n");
	cr_assert_eq(witness_request_put(&q, &body), 0);
	cr_assert_eq(witness_request_parse(buf_view(&body), &r, NULL), 0);
	cr_expect_eq(r.old, q.old);
	cr_expect_eq(r.n, 4);
	cr_expect(bytes_eq(r.note, q.note));
	cr_assert_eq(witness_request_put(&r, &back), 0);
	cr_expect(bytes_eq(buf_view(&back), buf_view(&body)));
	q.n = 64;
	cr_expect_eq(witness_request_put(&q, &back), ERR_RANGE);
	buf_clear(&body);
	buf_adds(&body, "old 0\n");
	for (size_t i = 0; i < 64; i++)
		buf_adds(&body,
			 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	buf_adds(&body, "\nx\n");
	cr_expect_eq(witness_request_parse(buf_view(&body), &r, NULL),
		     ERR_LIMIT);
	cr_expect_eq(witness_size_parse(bytes_str("20\n"), &size), 0);
	cr_expect_eq(size, 20);
	cr_expect_lt(witness_size_parse(bytes_str("20"), &size), 0);
	cr_expect_lt(witness_size_parse(bytes_str("020\n"), &size), 0);
	cr_expect_lt(witness_size_parse(bytes_str("20\n\n"), &size), 0);
	buf_release(&body);
	buf_release(&back);
}

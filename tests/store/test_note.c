/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/note.h"
#include "tests/store/vectors.h"

#include <sodium.h>

/* The example of golang.org/x/mod/sumdb/note. */
static const char go_skey[] = "PRIVATE+KEY+PeterNeumann+c74f20a3+"
	"AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char go_vkey[] = "PeterNeumann+c74f20a3+"
	"ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char go_text[] =
	"If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n";
static const char go_sig[] = "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/"
	"SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6R"
	"yyBwJnAM=\n";

static struct note_skey key(const char *name, unsigned type, uint8_t fill)
{
	struct note_skey k;
	uint8_t seed[32];

	memset(seed, fill, sizeof seed);
	cr_assert_eq(note_skey_make(&k, name, type, seed, NULL), 0);
	return k;
}

Test(note, the_example_of_c2sp_verifies)
{
	struct buf b = BUF_INIT(4096), kb = BUF_INIT(4096);
	char path[FILE_PATH_MAX];
	struct note_vkey k;
	struct bytes text;

	if (!vectors_path("note/c2sp", "c2sp-examples/note-example.vkey", path))
		return;
	cr_assert_eq(file_read(path, &kb, NULL), 0);
	cr_assert_eq(note_vkey_read(buf_view(&kb), &k, NULL), 0);
	cr_assert(vectors_path("note", "c2sp-examples/note-example.txt", path));
	cr_assert_eq(file_read(path, &b, NULL), 0);
	cr_assert_eq(note_open(buf_view(&b), &k, 1, &text, NULL), 0);
	cr_expect(bytes_is(text, "This is an example message.\n"));
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_neq(note_open(buf_view(&b), &k, 1, &text, NULL), 0);
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_release(&b);
	buf_release(&kb);
}

Test(note, signs_what_go_s_note_package_signs)
{
	struct buf out = BUF_INIT(4096), want = BUF_INIT(4096);
	struct buf t = BUF_INIT(4096);
	struct note_skey k;
	struct note_vkey v;

	cr_assert_eq(note_skey_read(bytes_str(go_skey), &k, NULL), 0);
	cr_assert_eq(note_vkey_read(bytes_str(go_vkey), &v, NULL), 0);
	cr_expect_arr_eq(k.vkey.pk, v.pk, 32);
	cr_expect_eq(note_vkey_put(&k.vkey, &t), 0);
	cr_expect_str_eq(buf_cstr(&t), go_vkey);
	buf_clear(&t);
	cr_expect_eq(note_skey_put(&k, &t), 0);
	cr_expect_str_eq(buf_cstr(&t), go_skey);
	cr_assert_eq(note_sign(bytes_str(go_text), &k, 1, &out, NULL), 0);
	buf_adds(&want, go_text);
	buf_adds(&want, go_sig);
	cr_expect_str_eq(buf_cstr(&out), buf_cstr(&want));
	cr_expect_eq(note_open(buf_view(&out), &v, 1, NULL, NULL), 0);
	buf_release(&out);
	buf_release(&want);
	buf_release(&t);
}

Test(note, two_lines_are_four_eyes)
{
	struct note_skey k[2] = { key("unit3/legal", 1, 1),
				  key("unit3/supervisor", 1, 2) };
	struct note_vkey v[3] = { key("unit3/other", 1, 3).vkey, k[1].vkey,
				  k[0].vkey };
	struct buf b = BUF_INIT(4096), c = BUF_INIT(4096);
	struct note n;
	uint64_t good;

	cr_assert_eq(note_sign(bytes_str("erase 12\n"), k, 2, &b, NULL), 0);
	cr_assert_eq(note_parse(buf_view(&b), &n, NULL), 0);
	cr_expect_eq(n.nsigs, 2);
	cr_expect_eq(note_check(&n, v, 3, &good, NULL, NULL), 0);
	cr_expect_eq(good, 6);
	cr_expect_eq(note_check(&n, v, 1, &good, NULL, NULL), 1);
	cr_expect_eq(note_check(&n, v, 0, &good, NULL, NULL), 1);
	cr_expect_eq(note_check(&n, v, 2, &good, NULL, NULL), 0);
	cr_expect_eq(good, 2);
	/* A line put behind a note is a signature like the first. */
	cr_assert_eq(note_sign(bytes_str("erase 12\n"), k, 1, &c, NULL), 0);
	cr_assert_eq(note_sig_line(bytes_str("erase 12\n"), &k[1], &c, NULL), 0);
	cr_expect(bytes_eq(buf_view(&b), buf_view(&c)));
	buf_release(&b);
	buf_release(&c);
}

Test(note, any_flipped_bit_of_a_known_signature_makes_it_unsound)
{
	struct note_skey k[2] = { key("a", 1, 1), key("b", 1, 2) };
	struct note_vkey v[2] = { k[0].vkey, k[1].vkey };
	struct buf b = BUF_INIT(4096);
	size_t sound = 0;

	cr_assert_eq(note_sign(bytes_str("text\n"), k, 1, &b, NULL), 0);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_neq(note_open(buf_view(&b), v, 1, NULL, NULL), 0,
			      "bit %zu", bit);
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* Of two, one may become unknown; none may verify wrongly. */
	buf_clear(&b);
	cr_assert_eq(note_sign(bytes_str("text\n"), k, 2, &b, NULL), 0);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		struct bytes text = BYTES(NULL, 0);

		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (note_open(buf_view(&b), v, 2, &text, NULL) == 0) {
			cr_expect(bytes_is(text, "text\n"));
			cr_expect_gt(bit / 8, 5);
			sound++;
		}
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* names of one byte and key ids of four, of two lines */
	cr_expect_leq(sound, 2 * 5 * 8);
	buf_release(&b);
}

Test(note, text_no_reader_would_take_is_not_signed)
{
	static const char *const bad[] = { "", "no newline", "tab\there\n",
					   "\xff\n", "nul\x01\n",
					   "\xed\xa0\x80\n", "cr\r\n" };
	struct note_skey k = key("a", 1, 1), w = key("w", 4, 1);
	struct buf b = BUF_INIT(4096), small = BUF_INIT(20);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(note_sign(bytes_str(bad[i]), &k, 1, &b, NULL),
			     ERR_FORMAT, "%zu", i);
	cr_expect_eq(b.len, 0);
	cr_expect_eq(note_sign(bytes_str("ok\n"), &k, 0, &b, NULL), ERR_RANGE);
	cr_expect_eq(note_sign(bytes_str("ok\n"), &w, 1, &b, NULL), ERR_RANGE);
	cr_expect_eq(b.len, 0);
	cr_expect_eq(note_sign(bytes_str("ok\n"), &k, 1, &small, NULL),
		     ERR_RANGE);
	cr_expect_eq(small.len, 0);
	buf_release(&b);
	buf_release(&small);
}

Test(note, text_may_hold_empty_lines_and_what_looks_like_signatures)
{
	static const char text[] = "a\n\n\xe2\x80\x94 a AAAAAAAA\n\n\nb\n\n";
	struct note_skey k = key("a", 1, 1);
	struct buf b = BUF_INIT(4096);
	struct bytes got;

	cr_assert_eq(note_sign(bytes_str(text), &k, 1, &b, NULL), 0);
	cr_assert_eq(note_open(buf_view(&b), &k.vkey, 1, &got, NULL), 0);
	cr_expect(bytes_is(got, text));
	buf_release(&b);
}

#define DASH "\xe2\x80\x94 "

Test(note, malformed_notes_are_refused)
{
	static const char *const bad[] = {
		"", "\n", "\n\n", "text\n", "text\n\n", "text\n\nno dash\n",
		"text\n\n" DASH "a\n", "text\n\n" DASH "a \n",
		"text\n\n" DASH " AAAAAAAA\n", "text\n\n" DASH "a AAAA\n",
		"text\n\n" DASH "a AAAAAAA\n", "text\n\n" DASH "a AAAAAAAA",
		"text\n\n" DASH "a AAAAAAAA \n", "text\n\n" DASH "a  AAAAAAAA\n",
		"text\n\n" DASH "a+b AAAAAAAA\n", "text\r\n\n" DASH "a AAAAAAAA\n",
		"text\n" DASH "a AAAAAAAA\n", "text\n\n" DASH "a AAAAAAB=\n",
		"text\n\n\xe2\x80\x94" "a AAAAAAAA\n",
		"text\n\n" DASH "a AAAAAAAA\nbehind\n",
		"text\n\n" DASH "a\xc2\xa0" "b AAAAAAAA\n",
		"text\n\n- a AAAAAAAA\n", DASH "a AAAAAAAA\n",
	};
	struct note n;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(note_parse(bytes_str(bad[i]), &n, NULL),
			     ERR_FORMAT, "%zu", i);
	cr_expect_eq(note_parse(bytes_str("text\n\n" DASH "a AAAAAAAA\n"), &n,
				NULL), 0);
	cr_expect_eq(note_parse(bytes_str("\n\n" DASH "a AAAAAAAA\n"), &n,
				NULL), 0);
}

Test(note, limits_hold)
{
	struct buf b = BUF_INIT(NOTE_MAX + 100);
	struct note n;

	buf_adds(&b, "text\n\n");
	for (int i = 0; i < NOTE_SIGS_MAX; i++)
		buf_adds(&b, DASH "a AAAAAAAA\n");
	cr_expect_eq(note_parse(buf_view(&b), &n, NULL), 0);
	buf_adds(&b, DASH "a AAAAAAAA\n");
	cr_expect_eq(note_parse(buf_view(&b), &n, NULL), ERR_LIMIT);
	buf_clear(&b);
	while (b.len < NOTE_TEXT_MAX)
		buf_adds(&b, "a line that says nothing\n");
	buf_adds(&b, "\n" DASH "a AAAAAAAA\n");
	cr_expect_eq(note_parse(buf_view(&b), &n, NULL), ERR_LIMIT);
	buf_release(&b);
}

Test(note, malformed_keys_are_refused)
{
	static const char *const bad[] = {
		"", "+", "a+", "a+00000000", "a+00000000+",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10Q=",
		"PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	};
	struct note_vkey v;
	struct note_skey k;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(note_vkey_read(bytes_str(bad[i]), &v, NULL),
			     ERR_FORMAT, "%zu", i);
	cr_expect_eq(note_vkey_read(bytes_str(
		"PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
		&v, NULL), ERR_UNSUPPORTED);
	cr_expect_eq(note_skey_read(bytes_str(go_vkey), &k, NULL), ERR_FORMAT);
	cr_expect_eq(note_vkey_read(bytes_str(go_skey), &v, NULL), ERR_FORMAT);
}

Test(note, a_witness_vouches_for_a_time)
{
	static const char text[] = "unit3.example/2026\n5\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	struct note_skey log = key("unit3.example/2026", NOTE_ED25519, 1);
	struct note_skey wit = key("unit4.example/w", NOTE_COSIGNATURE, 2);
	struct note_vkey keys[2] = { wit.vkey, log.vkey };
	struct buf b = BUF_INIT(4096), msg = BUF_INIT(4096);
	struct note n;
	uint64_t good, t;
	size_t log_end;

	cr_assert_eq(note_sign(bytes_str(text), &log, 1, &b, NULL), 0);
	log_end = b.len;
	cr_assert_eq(note_cosign(bytes_str(text), &wit, 1795345200, &b, NULL),
		     0);
	cr_assert_eq(note_parse(buf_view(&b), &n, NULL), 0);
	cr_assert_eq(note_check(&n, keys, 2, &good, &t, NULL), 0);
	cr_expect_eq(good, 3);
	cr_expect_eq(t, 1795345200);
	/* Word for word what C2SP tlog-cosignature has a witness sign */
	buf_addf(&msg, "cosignature/v1\ntime 1795345200\n%s", text);
	cr_expect_eq(n.sigs[1].sig_len, 72);
	cr_expect_eq(get_be64(n.sigs[1].sig), 1795345200);
	cr_expect_eq(crypto_sign_verify_detached(n.sigs[1].sig + 8, msg.p,
						 msg.len, wit.vkey.pk), 0);
	for (size_t i = log_end + 4 + 16 + 6; i < b.len - 1; i++) {
		b.p[i] ^= 2;
		cr_expect_neq(note_open(buf_view(&b), keys, 1, NULL, NULL), 0);
		b.p[i] ^= 2;
	}
	cr_expect_eq(note_cosign(bytes_str(text), &log, 1, &b, NULL),
		     ERR_RANGE);
	cr_expect_eq(note_cosign(bytes_str(text), &wit, 0, &b, NULL),
		     ERR_RANGE);
	buf_release(&b);
	buf_release(&msg);
}

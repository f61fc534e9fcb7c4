/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/sha256.h"
#include "tests/store/vectors.h"
#include "util/err.h"

#include <pthread.h>

static void expect_hex(const uint8_t *got, const char *want)
{
	char hex[2 * SHA256_LEN + 1];

	hex_str(hex, got, SHA256_LEN);
	cr_expect_str_eq(hex, want);
}

Test(sha256, matches_fips_180_4_examples)
{
	uint8_t h[SHA256_LEN];
	struct sha256 run = { 0 };
	char a[1000];

	sha256_once(BYTES("abc", 3), h);
	expect_hex(h, "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad");
	sha256_once(BYTES(NULL, 0), h);
	expect_hex(h, "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855");
	memset(a, 'a', sizeof a);
	for (int twice = 0; twice < 2; twice++) {
		cr_assert_eq(sha256_init(&run), 0);
		for (int i = 0; i < 1000; i++)
			sha256_update(&run, BYTES(a, sizeof a));
		sha256_final(&run, h);
		expect_hex(h, "cdc76e5c9914fb9281a1c7e284d73e67"
			      "f1809a48a497200e046d39ccc7112cd0");
	}
	sha256_release(&run);
	sha256_release(&run);
	sha256_release(NULL);
}

Test(sha256, pieces_hash_as_one_range)
{
	struct bytes in[4] = { BYTES("a", 1), BYTES(NULL, 0), BYTES("b", 1),
			       BYTES("c", 1) };
	uint8_t h[SHA256_LEN];

	sha256_pieces(in, 4, h);
	expect_hex(h, "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad");
}

Test(sha256, a_running_hash_survives_others_between)
{
	struct sha256 run = { 0 };
	uint8_t h[SHA256_LEN];

	cr_assert_eq(sha256_init(&run), 0);
	sha256_update(&run, BYTES("a", 1));
	sha256_once(BYTES("xyz", 3), h);
	hmac_sha256(BYTES("k", 1), BYTES("xyz", 3), h);
	sha256_update(&run, BYTES("bc", 2));
	sha256_final(&run, h);
	expect_hex(h, "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad");
	sha256_release(&run);
}

static void *hash_much(void *arg)
{
	uint8_t h[SHA256_LEN], *out = arg;

	memset(h, 0, sizeof h);
	for (int i = 0; i < 20000; i++)
		sha256_once(BYTES(h, sizeof h), h);
	memcpy(out, h, sizeof h);
	return NULL;
}

Test(sha256, threads_do_not_disturb_each_other)
{
	uint8_t out[4][SHA256_LEN], want[SHA256_LEN];
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&t[i], NULL, hash_much, out[i]), 0);
	hash_much(want);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		cr_expect_arr_eq(out[i], want, SHA256_LEN);
	}
}

static struct buf b1 = BUF_INIT(1 << 20), b2 = BUF_INIT(1 << 20),
		  b3 = BUF_INIT(1 << 20), b4 = BUF_INIT(1 << 20);

static void hmac_case(const json_t *group, const json_t *t, int valid, int tc)
{
	size_t n = (size_t)json_integer_value(
		json_object_get(group, "tagSize")) / 8;
	uint8_t mac[SHA256_LEN];
	struct bytes tag;

	hmac_sha256(vectors_hex(t, "key", &b1), vectors_hex(t, "msg", &b2),
		    mac);
	tag = vectors_hex(t, "tag", &b3);
	cr_expect_eq(tag.len == n && !memcmp(tag.p, mac, n), valid, "tc %d",
		     tc);
}

Test(sha256, hmac_gives_the_wycheproof_verdicts)
{
	json_t *doc = vectors_json("sha256/hmac",
				   "wycheproof/hmac_sha256_test.json");

	if (doc)
		cr_assert_gt(vectors_each(doc, hmac_case), 100);
	json_decref(doc);
}

static void hkdf_case(const json_t *group, const json_t *t, int valid, int tc)
{
	size_t n = (size_t)json_integer_value(json_object_get(t, "size"));
	static uint8_t out[HKDF_SHA256_MAX];
	int r;

	(void)group;
	r = hkdf_sha256(vectors_hex(t, "ikm", &b1), vectors_hex(t, "salt", &b2),
			vectors_hex(t, "info", &b3), out, n);
	cr_expect_eq(r, valid ? 0 : ERR_RANGE, "tc %d", tc);
	if (valid)
		cr_expect(bytes_eq(vectors_hex(t, "okm", &b4), BYTES(out, n)),
			  "tc %d", tc);
}

Test(sha256, hkdf_gives_the_wycheproof_verdicts)
{
	json_t *doc = vectors_json("sha256/hkdf",
				   "wycheproof/hkdf_sha256_test.json");

	if (doc)
		cr_assert_gt(vectors_each(doc, hkdf_case), 50);
	json_decref(doc);
}

Test(sha256, hkdf_matches_rfc_5869_case_1)
{
	uint8_t ikm[22], salt[13], info[10], okm[42];
	char hex[85];

	memset(ikm, 0x0b, sizeof ikm);
	for (uint8_t i = 0; i < 13; i++)
		salt[i] = i;
	for (uint8_t i = 0; i < 10; i++)
		info[i] = (uint8_t)(0xf0 + i);
	cr_assert_eq(hkdf_sha256(BYTES(ikm, 22), BYTES(salt, 13),
				 BYTES(info, 10), okm, 42), 0);
	hex_str(hex, okm, 42);
	cr_expect_str_eq(hex, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c"
			      "5db02d56ecc4c5bf34007208d5b887185865");
	cr_expect_eq(hkdf_sha256(BYTES(ikm, 22), BYTES(NULL, 0), BYTES(NULL, 0),
				 okm, 0), ERR_RANGE);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/age.h"
#include "store/age_header.h"
#include "store/sha256.h"
#include "tests/store/vectors.h"
#include "util/secret.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BIG ((size_t)64 << 20)

/* Not random: a counter, so that a test gives the same file each time. */
static void count(void *arg, void *p, size_t n)
{
	uint8_t *to = p, *state = arg;

	for (size_t i = 0; i < n; i++)
		to[i] = (*state)++;
}

static void pattern(struct buf *b, size_t n)
{
	uint8_t *p = buf_room(b, n);

	cr_assert_not_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8) * 7);
	b->len += n;
}

/* --- published vectors ------------------------------------------------- */

struct vector {
	char expect[32], payload[65];
	int armored, zlib, hybrid, nids, npass;
	struct age_identity ids[4];
	struct bytes pass[4];
};

static const char *verdict_name(enum age_verdict v)
{
	static const char *const names[] = {
		"success", "armor failure", "header failure", "no match",
		"HMAC failure", "payload failure",
	};

	return names[v];
}

static int is_key(struct bytes line, const char *key, struct bytes *value)
{
	size_t n = strlen(key);

	if (line.len < n || memcmp(line.p, key, n))
		return 0;
	*value = BYTES(line.p + n, line.len - n);
	return 1;
}

static struct bytes read_vector(struct bytes in, struct vector *v)
{
	memset(v, 0, sizeof *v);
	for (;;) {
		const uint8_t *nl = memchr(in.p, '\n', in.len);
		struct bytes line, val;

		cr_assert_not_null(nl);
		line = BYTES(in.p, (size_t)(nl - in.p));
		in = BYTES(nl + 1, in.len - line.len - 1);
		if (!line.len)
			return in;
		if (is_key(line, "expect: ", &val)) {
			memcpy(v->expect, val.p, val.len);
		} else if (is_key(line, "payload: ", &val)) {
			memcpy(v->payload, val.p, 64);
		} else if (is_key(line, "identity: ", &val)) {
			int r = age_identity_read(val, &v->ids[v->nids], NULL);

			if (r == ERR_UNSUPPORTED)
				v->hybrid = 1;
			else
				v->nids++;
			cr_assert(r == 0 || r == ERR_UNSUPPORTED);
		} else if (is_key(line, "passphrase: ", &val)) {
			v->pass[v->npass++] = val;
		} else if (is_key(line, "armored: yes", &val)) {
			v->armored = 1;
		} else if (is_key(line, "compressed: zlib", &val)) {
			v->zlib = 1;
		}
	}
}

static void inflate_all(struct bytes in, struct buf *out)
{
	uLongf n = BIG;

	cr_assert_not_null(buf_room(out, n));
	cr_assert_eq(uncompress(out->p, &n, in.p, in.len), Z_OK);
	out->len = n;
}

static void run_vector(const char *path)
{
	struct buf raw = BUF_INIT(BIG), file = BUF_INIT(BIG);
	struct buf bin = BUF_INIT(BIG), plain = BUF_INIT(BIG);
	struct age_keys keys = { 0 };
	uint8_t h[SHA256_LEN];
	struct vector v;
	struct bytes in;
	char hex[65];
	int r = 0;

	cr_assert_eq(file_read(path, &raw, NULL), 0);
	in = read_vector(buf_view(&raw), &v);
	if (v.zlib) {
		inflate_all(in, &file);
		in = buf_view(&file);
	}
	keys.ids = v.ids;
	keys.nids = (size_t)v.nids;
	keys.passphrases = v.pass;
	keys.npass = (size_t)v.npass;
	/* A reader that is told the file is armoured looks for nothing else. */
	if (v.armored && age_dearmor(in, &bin, NULL) < 0)
		keys.verdict = AGE_ARMOR_FAILURE;
	else
		r = age_open(&keys, in, &plain, NULL);
	if (keys.verdict == AGE_OK) {
		cr_expect_eq(r, 0, "%s", path);
		sha256_once(buf_view(&plain), h);
		hex_str(hex, h, 32);
		cr_expect_str_eq(hex, v.payload, "%s", path);
	} else {
		cr_expect_eq(plain.len, 0, "%s", path);
	}
	/* A post-quantum identity opens nothing here, and harms nothing. */
	if (v.hybrid && v.nids == 0)
		cr_expect(keys.verdict == AGE_NO_MATCH ||
			  !strcmp(verdict_name(keys.verdict), v.expect),
			  "%s: %s", path, verdict_name(keys.verdict));
	else
		cr_expect_str_eq(verdict_name(keys.verdict), v.expect, "%s",
				 path);
	buf_release(&raw);
	buf_release(&file);
	buf_release(&bin);
	buf_release(&plain);
}

Test(age, gives_the_verdicts_of_cctv)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	size_t n;

	if (!vectors_path("age/cctv", "cctv-age", dir))
		return;
	cr_assert_eq(file_list(dir, &names, &n, NULL), 0);
	cr_assert_geq(n, 72);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(file_path(path, dir, names[i], NULL), 0);
		run_vector(path);
	}
	free(names);
}

static struct buf b1 = BUF_INIT(1 << 20), b2 = BUF_INIT(1 << 20),
		  b3 = BUF_INIT(1 << 20), b4 = BUF_INIT(1 << 20),
		  b5 = BUF_INIT(1 << 20), b6 = BUF_INIT(1 << 20);

static void aead_case(const json_t *group, const json_t *t, int valid, int tc)
{
	struct bytes key = vectors_hex(t, "key", &b1);
	struct bytes iv = vectors_hex(t, "iv", &b2);
	struct bytes aad = vectors_hex(t, "aad", &b3);
	struct bytes msg = vectors_hex(t, "msg", &b4);
	struct bytes ct = vectors_hex(t, "ct", &b5);
	struct bytes tag = vectors_hex(t, "tag", &b6);
	uint8_t out[1024];
	int r;

	(void)group;
	if (iv.len != 12 || tag.len != 16 || msg.len > sizeof out) {
		cr_expect(!valid, "tc %d", tc);
		return;
	}
	r = crypto_aead_chacha20poly1305_ietf_decrypt_detached(out, NULL,
		ct.p, ct.len, tag.p, aad.p, aad.len, iv.p, key.p);
	cr_expect_eq(r == 0, valid, "tc %d", tc);
	if (valid)
		cr_expect(bytes_eq(msg, BYTES(out, ct.len)), "tc %d", tc);
}

Test(age, its_cipher_gives_the_wycheproof_verdicts)
{
	json_t *doc = vectors_json("age/chacha20-poly1305",
				   "wycheproof/chacha20_poly1305_test.json");

	if (doc)
		cr_assert_gt(vectors_each(doc, aead_case), 200);
	json_decref(doc);
}

static int zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

/* "acceptable" files hold points of low order: age refuses a result of zero. */
static void x25519_case(const json_t *group, const json_t *t, int valid, int tc)
{
	struct bytes pub = vectors_hex(t, "public", &b1);
	struct bytes sec = vectors_hex(t, "private", &b2);
	struct bytes want = vectors_hex(t, "shared", &b3);
	uint8_t out[32];
	int r;

	(void)group;
	cr_expect(valid);
	r = crypto_scalarmult(out, sec.p, pub.p);
	if (zero(want.p, 32))
		cr_expect_neq(r, 0, "tc %d", tc);
	else
		cr_expect(r == 0 && !memcmp(out, want.p, 32), "tc %d", tc);
}

Test(age, its_curve_gives_the_wycheproof_results)
{
	json_t *doc = vectors_json("age/x25519",
				   "wycheproof/x25519_test.json");

	if (doc)
		cr_assert_gt(vectors_each(doc, x25519_case), 400);
	json_decref(doc);
}

/* --- our own files ------------------------------------------------------ */

Test(age, sizes_around_chunks_come_back)
{
	static const size_t sizes[] = { 0, 1, 63, 65535, 65536, 65537, 131071,
					131072, 131073, 300000 };
	struct age_identity id;
	struct buf plain = BUF_INIT(BIG);

	age_identity_new(&id, NULL);
	pattern(&plain, 300000);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct buf file = BUF_INIT(age_size(1, sizes[i]));
		struct buf back = BUF_INIT(sizes[i] + 1);

		cr_assert_eq(age_encrypt(id.recipient, BYTES(plain.p, sizes[i]),
					 &file), 0);
		cr_expect_eq(file.len, age_size(1, sizes[i]));
		buf_addc(&back, '!');
		cr_assert_eq(age_decrypt(&id, 1, buf_view(&file), &back, NULL),
			     0);
		cr_expect_eq(back.len, sizes[i] + 1);
		cr_expect(bytes_eq(BYTES(back.p + 1, sizes[i]),
				   BYTES(plain.p, sizes[i])), "%zu", sizes[i]);
		buf_release(&file);
		buf_release(&back);
	}
	buf_release(&plain);
}

Test(age, pieces_are_sealed_as_one_range)
{
	struct buf plain = BUF_INIT(BIG), one = BUF_INIT(BIG), many = BUF_INIT(BIG);
	static const size_t cuts[] = { 0, 9, 9, 65530, 65545, 131072, 140000,
				       200000, 200001 };
	struct bytes pieces[16];
	struct age_identity id;
	size_t n = 0, at = 0;
	uint8_t s1 = 7, s2 = 7;
	struct age_random r1 = { count, &s1 }, r2 = { count, &s2 };

	age_identity_new(&id, NULL);
	pattern(&plain, 200001);
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		pieces[n++] = BYTES(plain.p + at, cuts[i] - at);
		at = cuts[i];
	}
	pieces[n++] = BYTES(NULL, 0);
	{
		uint8_t to[1][32];
		struct bytes whole = buf_view(&plain);

		memcpy(to[0], id.recipient, 32);
		cr_assert_eq(age_encrypt_to((const uint8_t (*)[32])to, 1, &whole,
					    1, &r1, &one, NULL), 0);
		cr_assert_eq(age_encrypt_to((const uint8_t (*)[32])to, 1, pieces,
					    n, &r2, &many, NULL), 0);
	}
	cr_expect(bytes_eq(buf_view(&one), buf_view(&many)));
	buf_release(&plain);
	buf_release(&one);
	buf_release(&many);
}

Test(age, each_recipient_opens_and_no_other)
{
	struct age_identity id[5];
	uint8_t to[4][32];
	struct bytes plain = bytes_str("exhibit 12");
	struct buf file = BUF_INIT(4096);

	for (int i = 0; i < 5; i++) {
		age_identity_new(&id[i], NULL);
		if (i < 4)
			memcpy(to[i], id[i].recipient, 32);
	}
	cr_assert_eq(age_encrypt_to((const uint8_t (*)[32])to, 4, &plain, 1,
				    NULL, &file, NULL), 0);
	for (int i = 0; i < 5; i++) {
		struct buf back = BUF_INIT(64);
		int r = age_decrypt(&id[i], 1, buf_view(&file), &back, NULL);

		cr_expect_eq(r, i < 4 ? 0 : ERR_NOENT);
		cr_expect(bytes_eq(buf_view(&back), i < 4 ? plain :
				   BYTES(NULL, 0)));
		buf_release(&back);
	}
	cr_expect_eq(age_encrypt_to((const uint8_t (*)[32])to, 0, &plain, 1,
				    NULL, &file, NULL), ERR_RANGE);
	buf_release(&file);
}

Test(age, a_fresh_identity_opens_its_file)
{
	struct bytes plain = bytes_str("exhibit 13");
	struct buf file = BUF_INIT(4096), back = BUF_INIT(64);
	struct age_identity id, other;

	cr_assert_eq(age_encrypt_fresh(&id, &plain, 1, NULL, &file), 0);
	cr_expect_eq(file.len, age_size(1, plain.len));
	cr_assert_eq(age_decrypt(&id, 1, buf_view(&file), &back, NULL), 0);
	cr_expect(bytes_eq(buf_view(&back), plain));
	age_identity_from(&other, id.secret);
	cr_expect_arr_eq(other.recipient, id.recipient, 32);
	buf_release(&file);
	buf_release(&back);
}

Test(age, passphrase_opens_within_the_work_allowed)
{
	struct bytes plain = bytes_str("key file"), good = bytes_str("sel et poivre");
	struct bytes bad = bytes_str("sel et poivr");
	struct buf file = BUF_INIT(4096), back = BUF_INIT(64);
	struct age_keys keys = { .passphrases = &good, .npass = 1 };

	cr_assert_eq(age_encrypt_pass(good, 4, &plain, 1, NULL, &file, NULL), 0);
	cr_assert_eq(age_open(&keys, buf_view(&file), &back, NULL), 0);
	cr_expect(bytes_eq(buf_view(&back), plain));
	keys.max_logn = 3;
	cr_expect_eq(age_open(&keys, buf_view(&file), &back, NULL), ERR_LIMIT);
	keys.max_logn = 4;
	keys.passphrases = &bad;
	cr_expect_eq(age_open(&keys, buf_view(&file), &back, NULL), ERR_NOENT);
	cr_expect_eq(keys.verdict, AGE_NO_MATCH);
	cr_expect_eq(age_encrypt_pass(good, 0, &plain, 1, NULL, &file, NULL),
		     ERR_RANGE);
	cr_expect_eq(age_encrypt_pass(good, AGE_LOGN_MAX + 1, &plain, 1, NULL,
				      &file, NULL), ERR_RANGE);
	buf_release(&file);
	buf_release(&back);
}

Test(age, any_flipped_bit_keeps_the_file_shut)
{
	struct age_identity id;
	struct buf file = BUF_INIT(BIG), back = BUF_INIT(BIG);
	struct bytes plain = bytes_str("a forged sick note, 40 euros");

	age_identity_new(&id, NULL);
	cr_assert_eq(age_encrypt(id.recipient, plain, &file), 0);
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_lt(age_decrypt(&id, 1, buf_view(&file), &back, NULL),
			     0, "bit %zu", bit);
		cr_assert_eq(back.len, 0);
		file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < file.len; n++)
		cr_expect_lt(age_decrypt(&id, 1, BYTES(file.p, n), &back, NULL),
			     0, "cut at %zu", n);
	buf_addc(&file, 0);
	cr_expect_eq(age_decrypt(&id, 1, buf_view(&file), &back, NULL),
		     ERR_DAMAGED);
	buf_release(&file);
	buf_release(&back);
}

Test(age, chunks_cannot_be_moved_dropped_or_repeated)
{
	const size_t c = AGE_CHUNK + AGE_TAG;
	struct buf plain = BUF_INIT(BIG), file = BUF_INIT(BIG);
	struct buf back = BUF_INIT(BIG), bad = BUF_INIT(BIG);
	struct age_identity id;
	size_t head;

	age_identity_new(&id, NULL);
	pattern(&plain, 3 * AGE_CHUNK);
	cr_assert_eq(age_encrypt(id.recipient, buf_view(&plain), &file), 0);
	head = file.len - 3 * c;
	for (int how = 0; how < 5; how++) {
		static const int order[5][4] = {
			{ 1, 0, 2, -1 }, { 0, 2, -1, -1 }, { 0, 1, -1, -1 },
			{ 0, 1, 1, 2 }, { 0, 1, 2, 2 },
		};

		buf_clear(&bad);
		buf_add(&bad, file.p, head);
		for (int i = 0; i < 4 && order[how][i] >= 0; i++)
			buf_add(&bad, file.p + head + (size_t)order[how][i] * c,
				c);
		cr_expect_eq(age_decrypt(&id, 1, buf_view(&bad), &back, NULL),
			     ERR_DAMAGED, "%d", how);
		cr_expect_eq(back.len, 0);
	}
	buf_release(&plain);
	buf_release(&file);
	buf_release(&back);
	buf_release(&bad);
}

Test(age, output_never_passes_its_cap)
{
	struct age_identity id;
	struct buf file = BUF_INIT(4096), back = BUF_INIT(27);
	struct buf small = BUF_INIT(100);
	struct bytes plain = bytes_str("a forged sick note, 40 euros");

	age_identity_new(&id, NULL);
	cr_assert_eq(age_encrypt(id.recipient, plain, &file), 0);
	cr_expect_eq(age_decrypt(&id, 1, buf_view(&file), &back, NULL),
		     ERR_LIMIT);
	cr_expect_eq(back.len, 0);
	cr_expect_eq(age_encrypt(id.recipient, plain, &small), ERR_RANGE);
	cr_expect_eq(small.len, 0);
	buf_release(&file);
	buf_release(&back);
	buf_release(&small);
}

Test(age, keys_are_read_as_they_are_written)
{
	char text[AGE_IDENTITY_TEXT], pub[AGE_RECIPIENT_TEXT];
	struct age_identity id, back;
	uint8_t raw[32];

	for (int i = 0; i < 100; i++) {
		age_identity_new(&id, NULL);
		age_identity_str(id.secret, text);
		age_recipient_str(id.recipient, pub);
		cr_assert_eq(strlen(text), AGE_IDENTITY_TEXT - 1);
		cr_assert_eq(strlen(pub), AGE_RECIPIENT_TEXT - 1);
		cr_assert_eq(age_identity_read(bytes_str(text), &back, NULL), 0);
		cr_expect_arr_eq(id.secret, back.secret, 32);
		cr_assert_eq(age_recipient_read(bytes_str(pub), raw, NULL), 0);
		cr_expect_arr_eq(id.recipient, raw, 32);
	}
	for (size_t i = 0; text[i]; i++) {
		char was = text[i];

		text[i] = was == 'Q' ? 'P' : 'Q';
		cr_expect_lt(age_identity_read(bytes_str(text), &back, NULL), 0,
			     "character %zu", i);
		text[i] = (char)(was | 0x20);
		if (was >= 'A')
			cr_expect_lt(age_identity_read(bytes_str(text), &back,
						       NULL), 0);
		text[i] = was;
	}
	cr_expect_eq(age_identity_read(bytes_str("AGE-PLUGIN-X-1QQ"), &back,
				       NULL), ERR_UNSUPPORTED);
	cr_expect_eq(age_identity_read(bytes_str(""), &back, NULL), ERR_FORMAT);
}

/* The pair stands in the documentation of age's own tool. */
Test(age, identity_file_may_hold_comments)
{
	static const char text[] =
		"# created: 2026-11-22T10:00:00Z\r\n\r\n"
		"AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR"
		"48UAWX40Q2P2LM0\n  # end";
	struct age_identity ids[2];
	struct err e = ERR_INIT;
	size_t n;

	cr_assert_eq(age_identities_parse(bytes_str(text), ids, 2, &n, &e), 0,
		     "%s", e.text);
	cr_expect_eq(n, 1);
	cr_expect_eq(age_identities_parse(bytes_str(text), ids, 0, &n, &e),
		     ERR_LIMIT);
	cr_expect_eq(age_identities_parse(bytes_str("# none\n"), ids, 2, &n,
					  &e), ERR_NOENT);
	cr_expect_eq(age_identities_parse(bytes_str("# a\nb\n"), ids, 2, &n,
					  &e), ERR_FORMAT);
	cr_expect_not_null(strstr(e.text, "line 2"));
}

/* --- the age command, where there is one -------------------------------- */

Test(age, debian_s_age_opens_ours_and_we_open_its_own)
{
	char dir[] = "/tmp/scelle-age-XXXXXX", pub[AGE_RECIPIENT_TEXT];
	char key[64], ours[64], theirs[64], armor[64], clear[64];
	char id_text[AGE_IDENTITY_TEXT];
	struct buf plain = BUF_INIT(BIG), file = BUF_INIT(BIG);
	struct buf back = BUF_INIT(BIG);
	struct age_identity id;

	if (access("/usr/bin/age", X_OK)) {
		fprintf(stderr, "SKIP age/interop: no age command\n");
		return;
	}
	cr_assert_not_null(mkdtemp(dir));
	snprintf(key, sizeof key, "%s/key", dir);
	snprintf(ours, sizeof ours, "%s/ours", dir);
	snprintf(theirs, sizeof theirs, "%s/theirs", dir);
	snprintf(armor, sizeof armor, "%s/armor", dir);
	snprintf(clear, sizeof clear, "%s/clear", dir);
	pattern(&plain, 200000);
	{
		struct bytes piece = buf_view(&plain);

		cr_assert_eq(age_encrypt_fresh(&id, &piece, 1, NULL, &file), 0);
	}
	age_identity_str(id.secret, id_text);
	age_recipient_str(id.recipient, pub);
	cr_assert_eq(file_create(key, bytes_str(id_text), 0600, NULL), 0);
	cr_assert_eq(file_create(ours, buf_view(&file), 0600, NULL), 0);
	cr_assert_eq(vectors_run("age", "-d", "-i", key, "-o", clear, ours,
				     NULL), 0);
	cr_assert_eq(file_read(clear, &back, NULL), 0);
	cr_expect(bytes_eq(buf_view(&back), buf_view(&plain)));

	cr_assert_eq(vectors_run("age", "-r", pub, "-o", theirs, clear,
				     NULL), 0);
	cr_assert_eq(vectors_run("age", "-a", "-r", pub, "-o", armor, clear,
				     NULL), 0);
	for (int i = 0; i < 2; i++) {
		struct buf got = BUF_INIT(BIG);

		buf_clear(&file);
		cr_assert_eq(file_read(i ? armor : theirs, &file, NULL), 0);
		cr_assert_eq(age_decrypt(&id, 1, buf_view(&file), &got, NULL),
			     0);
		cr_expect(bytes_eq(buf_view(&got), buf_view(&plain)));
		buf_release(&got);
	}
	unlink(key);
	unlink(ours);
	unlink(theirs);
	unlink(armor);
	unlink(clear);
	rmdir(dir);
	buf_release(&plain);
	buf_release(&file);
	buf_release(&back);
}

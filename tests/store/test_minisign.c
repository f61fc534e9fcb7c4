/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/minisign.h"
#include "tests/store/vectors.h"

static struct minisign_key sample(void)
{
	uint8_t id[8] = { 1, 2, 3, 4, 5, 6, 7, 0xa8 }, seed[32] = { 3 };
	struct minisign_key k;

	minisign_key_from(&k, id, seed);
	return k;
}

Test(minisign, the_published_signature_verifies)
{
	struct buf m = BUF_INIT(4096), s = BUF_INIT(4096), p = BUF_INIT(4096);
	char path[FILE_PATH_MAX];
	struct minisign_pub pub;
	struct bytes trusted;

	if (!vectors_path("minisign", "minisign/message.txt", path))
		return;
	cr_assert_eq(file_read(path, &m, NULL), 0);
	cr_assert(vectors_path("minisign", "minisign/message.txt.minisig",
			       path));
	cr_assert_eq(file_read(path, &s, NULL), 0);
	cr_assert(vectors_path("minisign", "minisign/minisign.pub", path));
	cr_assert_eq(file_read(path, &p, NULL), 0);
	cr_assert_eq(minisign_pub_read(buf_view(&p), &pub, NULL), 0);
	cr_assert_eq(minisign_check(&pub, buf_view(&m), buf_view(&s), &trusted,
				    NULL), 0);
	cr_expect(bytes_is(trusted, "timestamp:1614549543\tfile:message.txt"));
	m.p[0] ^= 1;
	cr_expect_eq(minisign_check(&pub, buf_view(&m), buf_view(&s), &trusted,
				    NULL), 1);
	m.p[0] ^= 1;
	/* another key's signature: readable, and not sound */
	buf_clear(&s);
	cr_assert(vectors_path("minisign", "minisign/robtest.ps1.minisig",
			       path));
	cr_assert_eq(file_read(path, &s, NULL), 0);
	cr_expect_eq(minisign_check(&pub, buf_view(&m), buf_view(&s), &trusted,
				    NULL), 1);
	/* the key file comes out as it went in */
	buf_clear(&s);
	cr_assert_eq(minisign_pub_put(&pub, &s), 0);
	cr_expect_str_eq(buf_cstr(&s), buf_cstr(&p));
	buf_release(&m);
	buf_release(&s);
	buf_release(&p);
}

Test(minisign, only_what_was_signed_verifies)
{
	struct minisign_key k = sample();
	struct buf s = BUF_INIT(4096), p = BUF_INIT(4096);
	struct bytes msg = bytes_str("SHA256SUMS"), trusted;
	struct minisign_pub pub;

	cr_assert_eq(minisign_sign(&k, msg, "signature", "timestamp:1", &s,
				   NULL), 0);
	cr_assert_eq(minisign_pub_put(&k.pub, &p), 0);
	cr_assert_eq(minisign_pub_read(buf_view(&p), &pub, NULL), 0);
	cr_expect_arr_eq(&pub, &k.pub, sizeof pub);
	cr_expect_not_null(strstr(buf_cstr(&p), "A807060504030201"));
	cr_assert_eq(minisign_check(&pub, msg, buf_view(&s), &trusted, NULL),
		     0);
	cr_expect(bytes_is(trusted, "timestamp:1"));
	cr_expect_eq(minisign_check(&pub, bytes_str("SHA256SUM"), buf_view(&s),
				    NULL, NULL), 1);
	/* all but the untrusted comment is covered */
	for (size_t bit = 29 * 8; bit < (s.len - 1) * 8; bit++) {
		s.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_neq(minisign_check(&pub, msg, buf_view(&s), NULL,
					     NULL), 0, "bit %zu", bit);
		s.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n + 1 < s.len; n++)
		cr_expect_neq(minisign_check(&pub, msg, BYTES(s.p, n), NULL,
					     NULL), 0);
	buf_release(&s);
	buf_release(&p);
}

Test(minisign, comments_are_one_line)
{
	struct minisign_key k = sample();
	struct buf s = BUF_INIT(4096);
	char longer[MINISIGN_COMMENT_MAX + 2];

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = 0;
	cr_expect_eq(minisign_sign(&k, bytes_str("m"), "a\nb", "c", &s, NULL),
		     ERR_RANGE);
	cr_expect_eq(minisign_sign(&k, bytes_str("m"), "a", "b\nc", &s, NULL),
		     ERR_RANGE);
	cr_expect_eq(minisign_sign(&k, bytes_str("m"), "a", longer, &s, NULL),
		     ERR_RANGE);
	cr_expect_eq(s.len, 0);
	cr_expect_eq(minisign_sign(&k, bytes_str("m"), "", "", &s, NULL), 0);
	cr_expect_eq(minisign_check(&k.pub, bytes_str("m"), buf_view(&s), NULL,
				    NULL), 0);
	buf_release(&s);
}

Test(minisign, malformed_keys_are_refused)
{
	static const char *const bad[] = {
		"", "untrusted comment: x\n", "untrusted comment: x\nRWQ=\n",
		"RWRQhGcHOBlzw4CoKyugkk4ioDfoxlXxC9LBx+VNhJ3w9w+cAxgvPsu\n",
		"RWRQhGcHOBlzw4CoKyugkk4ioDfoxlXxC9LBx+VNhJ3w9w+cAxgvPsuo\nx",
	};
	struct minisign_pub pub;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(minisign_pub_read(bytes_str(bad[i]), &pub, NULL),
			     ERR_FORMAT, "%zu", i);
	cr_expect_eq(minisign_pub_read(bytes_str(
		"RXRQhGcHOBlzw4CoKyugkk4ioDfoxlXxC9LBx+VNhJ3w9w+cAxgvPsuo"),
		&pub, NULL), ERR_UNSUPPORTED);
	cr_expect_eq(minisign_pub_read(bytes_str(
		"RWRQhGcHOBlzw4CoKyugkk4ioDfoxlXxC9LBx+VNhJ3w9w+cAxgvPsuo"),
		&pub, NULL), 0);
}

Test(minisign, debian_s_minisign_verifies_ours)
{
	char dir[] = "/tmp/scelle-mini-XXXXXX", msg[64], sig[80], pub[64];
	struct buf s = BUF_INIT(4096), p = BUF_INIT(4096);
	struct minisign_key k = sample();

	if (access("/usr/bin/minisign", X_OK)) {
		fprintf(stderr, "SKIP minisign/interop: no minisign command\n");
		return;
	}
	cr_assert_not_null(mkdtemp(dir));
	snprintf(msg, sizeof msg, "%s/SHA256SUMS", dir);
	snprintf(sig, sizeof sig, "%s.minisig", msg);
	snprintf(pub, sizeof pub, "%s/key.pub", dir);
	cr_assert_eq(minisign_sign(&k, bytes_str("list\n"), "signature",
				   "case 12", &s, NULL), 0);
	cr_assert_eq(minisign_pub_put(&k.pub, &p), 0);
	cr_assert_eq(file_create(msg, bytes_str("list\n"), 0600, NULL), 0);
	cr_assert_eq(file_create(sig, buf_view(&s), 0600, NULL), 0);
	cr_assert_eq(file_create(pub, buf_view(&p), 0600, NULL), 0);
	cr_expect_eq(vectors_run("minisign", "-Vqm", msg, "-p", pub, NULL), 0);
	cr_assert_eq(file_replace(msg, bytes_str("lost\n"), 0600, NULL), 0);
	cr_expect_neq(vectors_run("minisign", "-Vqm", msg, "-p", pub, NULL), 0);
	unlink(msg);
	unlink(sig);
	unlink(pub);
	rmdir(dir);
	buf_release(&s);
	buf_release(&p);
}

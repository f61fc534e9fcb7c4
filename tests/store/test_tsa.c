/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/tsa.h"
#include "tests/store/vectors.h"
#include "util/clock.h"
#include "util/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* trailofbits/rfc3161-client, test/fixtures/test_tsa: made by a real service */
static int published(const char *name, struct buf *out)
{
	const char *shared = getenv("SCELLE_SHARED");
	char path[512];

	snprintf(path, sizeof path, "%s/vectors/rfc3161/test_tsa/%s",
		 shared ? shared : "", name);
	if (!shared || !file_exists(path)) {
		cr_skip_test("SKIP: no published time stamps (SCELLE_SHARED)");
		return ERR_NOENT;
	}
	return file_read(path, out, NULL);
}

struct set {
	struct buf request, response, roots;
	uint8_t hash[64];
	struct bytes imprint;
};

static void set_init(struct set *s)
{
	struct tsa_token t;

	*s = (struct set){ BUF_INIT(4096), BUF_INIT(1 << 17), BUF_INIT(1 << 16),
			   { 0 }, { NULL, 0 } };
	cr_assert_eq(published("request.der", &s->request), 0);
	cr_assert_eq(published("response.tsr", &s->response), 0);
	cr_assert_eq(published("ts_chain.pem", &s->roots), 0);
	cr_assert_eq(tsa_peek(buf_view(&s->response), &t, NULL), 0);
	memcpy(s->hash, t.imprint, t.imprint_len);
	s->imprint = BYTES(s->hash, t.imprint_len);
}

static void set_release(struct set *s)
{
	buf_release(&s->request);
	buf_release(&s->response);
	buf_release(&s->roots);
}

Test(tsa, a_published_time_stamp_is_sound)
{
	struct buf chain = BUF_INIT(1 << 16);
	struct err e = ERR_INIT;
	struct tsa_token t;
	struct set s;

	set_init(&s);
	cr_assert_eq(tsa_check(buf_view(&s.response), buf_view(&s.request),
			       s.imprint, buf_view(&s.roots), &t, &chain, &e),
		     0, "%s", e.text);
	cr_expect_gt(t.time_ms, 1600000000000);
	cr_expect(t.has_nonce);
	cr_expect(t.serial[0] && t.policy[0] && t.signer[0]);
	cr_expect_not_null(strstr(buf_cstr(&chain), "BEGIN CERTIFICATE"));
	/* Without the request the nonce is not looked at. */
	cr_expect_eq(tsa_check(buf_view(&s.response), BYTES(NULL, 0), s.imprint,
			       buf_view(&s.roots), &t, NULL, &e), 0, "%s",
		     e.text);
	buf_release(&chain);
	set_release(&s);
}

Test(tsa, another_nonce_imprint_or_authority_is_not_sound)
{
	struct buf other = BUF_INIT(4096), bad = BUF_INIT(1 << 16);
	struct err e = ERR_INIT;
	uint8_t wrong[32] = { 1 };
	struct tsa_token t;
	struct set s;

	set_init(&s);
	cr_assert_eq(published("other_request.der", &other), 0);
	cr_expect_eq(tsa_check(buf_view(&s.response), buf_view(&other),
			       s.imprint, buf_view(&s.roots), &t, NULL, &e), 1);
	cr_expect_eq(tsa_check(buf_view(&s.response), buf_view(&s.request),
			       BYTES(wrong, 32), buf_view(&s.roots), &t, NULL, &e), 1);
	cr_expect_str_eq(e.text, "it stamps another imprint");
	cr_expect_eq(tsa_check(buf_view(&s.response), buf_view(&s.request),
			       s.imprint, bytes_str("no certificate"), &t, NULL,
			       &e), ERR_FORMAT);
	cr_expect_eq(tsa_check(buf_view(&s.response), buf_view(&s.request),
			       s.imprint, BYTES(NULL, 0), &t, NULL, &e),
		     ERR_FORMAT);
	buf_release(&other);
	buf_release(&bad);
	set_release(&s);
}

/* What is bound by nothing (certificates nobody needs, the response's status
 * text) may change; what the token says may not. */
Test(tsa, no_flipped_bit_makes_a_token_say_something_else)
{
	struct tsa_token good, t;
	size_t refused = 0;
	struct set s;

	set_init(&s);
	cr_assert_eq(tsa_check(buf_view(&s.response), buf_view(&s.request),
			       s.imprint, buf_view(&s.roots), &good, NULL,
			       NULL), 0);
	for (size_t i = 0; i < s.response.len; i++) {
		uint8_t bit = (uint8_t)(1u << i % 8);

		s.response.p[i] ^= bit;
		memset(&t, 0, sizeof t);
		if (tsa_check(buf_view(&s.response), buf_view(&s.request),
			      s.imprint, buf_view(&s.roots), &t, NULL,
			      NULL) == 0)
			cr_expect_eq(memcmp(&t, &good, sizeof t), 0, "byte %zu",
				     i);
		else
			refused++;
		s.response.p[i] ^= bit;
	}
	cr_expect_gt(refused * 2, s.response.len);
	set_release(&s);
}

Test(tsa, cut_longer_and_huge_responses_are_refused)
{
	struct buf huge = BUF_INIT(1 << 20);
	struct tsa_token t;
	struct set s;

	set_init(&s);
	for (size_t n = 0; n < s.response.len; n++)
		cr_expect_lt(tsa_peek(BYTES(s.response.p, n), &t, NULL), 0,
			     "%zu", n);
	buf_addb(&huge, buf_view(&s.response));
	buf_addc(&huge, 0);
	cr_expect_eq(tsa_peek(buf_view(&huge), &t, NULL), ERR_FORMAT);
	while (huge.len <= TSA_RESPONSE_MAX)
		buf_addb(&huge, buf_view(&s.response));
	cr_expect_eq(tsa_peek(buf_view(&huge), &t, NULL), ERR_LIMIT);
	cr_expect_eq(tsa_check(buf_view(&huge), buf_view(&s.request), s.imprint,
			       buf_view(&s.roots), &t, NULL, NULL), ERR_LIMIT);
	buf_release(&huge);
	set_release(&s);
}

Test(tsa, a_request_is_what_was_asked_for)
{
	uint8_t imprint[32] = { 1, 2, 3 }, nonce[TSA_NONCE_LEN] = { 0x7f, 9 };
	struct buf a = BUF_INIT(TSA_REQUEST_MAX), b = BUF_INIT(TSA_REQUEST_MAX);

	cr_assert_eq(tsa_request(imprint, nonce, &a, NULL), 0);
	cr_expect_not_null(memmem(a.p, a.len, imprint, 32));
	cr_expect_not_null(memmem(a.p, a.len, nonce, sizeof nonce));
	nonce[0] = 1;
	cr_assert_eq(tsa_request(imprint, nonce, &b, NULL), 0);
	cr_expect(!bytes_eq(buf_view(&a), buf_view(&b)));
	buf_release(&a);
	buf_release(&b);
}

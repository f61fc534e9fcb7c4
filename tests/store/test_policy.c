/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>

static char key[6][200], logkey[200];
static struct policy p;

static void setup(void)
{
	for (unsigned i = 0; i < 6; i++) {
		struct buf b = BUF_INIT(200);
		uint8_t seed[32] = { (uint8_t)(i + 1) };
		struct note_skey k;
		char name[32];

		snprintf(name, sizeof name, "w%u.example", i);
		cr_assert_eq(note_skey_make(&k, name, NOTE_COSIGNATURE, seed,
					    NULL), 0);
		note_vkey_put(&k.vkey, &b);
		snprintf(key[i], sizeof key[i], "%s", buf_cstr(&b));
		buf_clear(&b);
		cr_assert_eq(note_skey_make(&k, "log.example", NOTE_ED25519,
					    seed, NULL), 0);
		note_vkey_put(&k.vkey, &b);
		snprintf(logkey, sizeof logkey, "%s", buf_cstr(&b));
		buf_release(&b);
	}
}

TestSuite(policy, .init = setup);

/* The example of the standard: two groups of three, both needed. */
Test(policy, the_published_example_is_met_as_it_says)
{
	struct buf b = BUF_INIT(8192);

	buf_addf(&b, "log %s\n\n", logkey);
	for (unsigned i = 0; i < 6; i++)
		buf_addf(&b, "witness %c%u %s\n", i < 3 ? 'X' : 'Y', i % 3 + 1,
			 key[i]);
	buf_adds(&b, " # both\ngroup X-witnesses 2 X1 X2 X3\n"
		 "group Y-witnesses any Y1 Y2 Y3\n"
		 "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n");
	cr_assert_eq(policy_parse(buf_view(&b), &p, NULL), 0);
	cr_expect_eq(p.nwitnesses, 6);
	for (unsigned mask = 0; mask < 64; mask++) {
		unsigned x = (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1);

		cr_expect_eq(policy_met(&p, mask), x >= 2 && mask >> 3, "%u",
			     mask);
	}
	buf_release(&b);
}

Test(policy, none_is_always_met)
{
	cr_assert_eq(policy_parse(bytes_str("quorum none\n"), &p, NULL), 0);
	cr_expect_eq(policy_met(&p, 0), 1);
}

static void bad(const char *fmt, const char *a, const char *b)
{
	struct buf t = BUF_INIT(4096);
	const char *at;

	/* A for the first key, B for the second */
	for (at = fmt; *at; at++) {
		if (*at == '<')
			buf_adds(&t, *++at == 'a' ? a : b);
		else
			buf_addc(&t, (uint8_t)*at);
	}
	cr_expect_eq(policy_parse(buf_view(&t), &p, NULL), ERR_FORMAT, "%s",
		     fmt);
	buf_release(&t);
}

Test(policy, is_read_strictly)
{
	static const char *const wrong[] = {
		"", "quorum none", "quorum x\n", "quorum none\nquorum none\n",
		"witness a <a\n", "witness none <a\nquorum none\n",
		"witness a <a\nwitness a <b\nquorum none\n",
		"witness a <a\nwitness b <a\nquorum none\n",
		"witness a <a ftp://x\nquorum none\n",
		"witness a <a http://x y\nquorum none\n",
		"witness a <a\ngroup g all b\nquorum g\n",
		"witness a <a\ngroup g 2 a\nquorum g\n",
		"witness a <a\ngroup g 0 a\nquorum g\n",
		"witness a <a\ngroup g 01 a\nquorum g\n",
		"witness a <a\ngroup g all a a\nquorum g\n",
		"witness a <a\ngroup g all a\ngroup h all a\nquorum g\n",
		"group g all g\nquorum g\n", "quorum g\nwitness g <a\n",
		"witness a nokey\nquorum none\n", "hello\nquorum none\n",
		"quorum none\x01\n", "group g all\nquorum none\n",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		bad(wrong[i], key[0], key[1]);
	/* A log's key is no witness's, and the other way round. */
	bad("witness a <a\nquorum none\n", logkey, "");
	bad("log <a\nquorum none\n", key[0], "");
}

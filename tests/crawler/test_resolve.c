/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/lab.h"
#include "crawler/resolve.h"
#include "util/json.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* DNS messages by hand: RFC 1035 section 4. */
#define HEADER(rcode, answers) "\x12\x34\x81" rcode "\0\1\0" answers "\0\0\0\0"
#define QUESTION "\4shop\7example\0\0\1\0\1"	/* name at offset 12 */
#define SELF "\xc0\x0c"
#define RR_A(owner, a, b, c, d) owner "\0\1\0\1\0\0\1\x2c\0\4" a b c d

static int read_answer(const char *p, size_t n, unsigned version,
		       struct resolve_found *f)
{
	memset(f, 0, sizeof(*f));
	return resolve_answer(BYTES(p, n), "shop.example", version, f);
}

#define READ(text, version, f) read_answer(text, sizeof(text) - 1, version, f)

Test(resolve, addresses_are_taken_with_their_ttl)
{
	struct resolve_found *f = calloc(1, sizeof(*f));
	static const char msg[] = HEADER("\x80", "\2") QUESTION
		RR_A(SELF, "\x5d", "\xb8", "\xd8", "\x22")
		RR_A(SELF, "\x7f", "\0", "\0", "\1");

	cr_assert_eq(READ(msg, 4, f), 0);
	cr_assert_eq(f->n, 2);
	cr_expect(f->addr[0].version == 4 && f->addr[0].ip[0] == 0x5d);
	cr_expect_eq(f->addr[1].ip[0], 127);
	cr_expect_eq(f->ttl[0], 300);
	cr_expect_eq(f->rcode, 0);
	cr_assert_eq(READ(msg, 6, f), 0);
	cr_expect_eq(f->n, 0, "an A record is no AAAA record");
	free(f);
}

Test(resolve, aliases_are_followed_and_strangers_left_aside)
{
	struct resolve_found *f = calloc(1, sizeof(*f));
	static const char msg[] = HEADER("\x80", "\3") QUESTION
		SELF "\0\5\0\1\0\0\0\x3c\0\5\2ab\xc0\x11"	/* ab.example */
		RR_A("\2ab\xc0\x11", "\x5d", "\xb8", "\xd8", "\x22")
		RR_A("\5other\xc0\x11", "\x0a", "\0", "\0", "\1");

	cr_assert_eq(READ(msg, 4, f), 0);
	cr_expect_eq(f->ncname, 1);
	cr_expect_str_eq(f->cname[0], "ab.example");
	cr_expect_eq(f->cname_ttl[0], 60);
	cr_assert_eq(f->n, 1);
	cr_expect_eq(f->addr[0].ip[0], 0x5d);
	free(f);
}

Test(resolve, an_alias_that_bites_its_tail_ends)
{
	struct resolve_found *f = calloc(1, sizeof(*f));
	static const char msg[] = HEADER("\x80", "\1") QUESTION
		SELF "\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c";

	cr_expect_eq(READ(msg, 4, f), ERR_LIMIT);
	free(f);
}

Test(resolve, a_name_that_does_not_exist_is_told)
{
	struct resolve_found *f = calloc(1, sizeof(*f));
	static const char msg[] = HEADER("\x83", "\0") QUESTION;

	cr_expect_eq(READ(msg, 4, f), 0);
	cr_expect_eq(f->n, 0);
	cr_expect_eq(f->rcode, 3);
	free(f);
}

Test(resolve, a_message_cut_anywhere_is_refused_or_gives_nothing_false)
{
	struct resolve_found *f = calloc(1, sizeof(*f));
	static const char msg[] = HEADER("\x80", "\2") QUESTION
		RR_A(SELF, "\x5d", "\xb8", "\xd8", "\x22")
		RR_A(SELF, "\x5d", "\xb8", "\xd8", "\x23");

	for (size_t n = 0; n < sizeof(msg) - 1; n++) {
		uint8_t *copy = malloc(n + 1);

		memcpy(copy, msg, n);
		memset(f, 0, sizeof(*f));
		cr_expect_eq(resolve_answer(BYTES(copy, n), "shop.example", 4,
					    f), ERR_FORMAT, "%zu", n);
		free(copy);
	}
	free(f);
}

Test(resolve, an_address_record_of_the_wrong_length_is_refused)
{
	struct resolve_found *f = calloc(1, sizeof(*f));
	static const char msg[] = HEADER("\x80", "\1") QUESTION
		SELF "\0\1\0\1\0\0\1\x2c\0\3\1\2\3";

	cr_expect_eq(READ(msg, 4, f), ERR_FORMAT);
	free(f);
}

Test(resolve, a_literal_needs_no_question)
{
	struct resolution *r = calloc(1, sizeof(*r));
	struct buf dns = BUF_INIT(RESOLVE_JSON_MAX);

	cr_assert_eq(resolve_host("[2a00:1450::1]", NULL, r, &dns, NULL), 0);
	cr_expect_eq(r->n, 1);
	cr_expect_str_eq(r->resolver, "literal");
	cr_expect(bytes_is(buf_view(&dns), "[]"));
	cr_expect_eq(resolve_check(r, NULL), 0);
	buf_release(&dns);
	free(r);
}

Test(resolve, one_inner_address_among_many_condemns_the_host)
{
	struct resolution *r = calloc(1, sizeof(*r));
	struct buf dns = BUF_INIT(RESOLVE_JSON_MAX);
	struct lab *lab = NULL;
	struct err e = ERR_INIT;
	json_t *j = NULL;

	cr_assert_eq(lab_parse(bytes_str("dns m.example A 93.184.216.34\n"
			"dns m.example AAAA 2606:2800:220:1::1,::ffff:10.0.0.1"
			"\nmap s.example 127.0.0.1:1\n"), NULL, &lab, NULL),
		     0);
	cr_assert_eq(resolve_host("m.example", lab, r, &dns, NULL), 0);
	cr_expect_eq(r->n, 3);
	cr_expect_eq(r->addr[0].version, 4, "IPv4 comes first");
	cr_expect_eq(resolve_check(r, &e), ERR_DENIED);
	cr_expect(strstr(e.text, "IPv4-mapped"), "%s", e.text);
	cr_assert_eq(json_read_record(buf_view(&dns), &j, &e), 0, "%s",
		     e.text);
	cr_expect_eq(json_array_size(j), 2);
	json_decref(j);
	buf_clear(&dns);
	cr_assert_eq(resolve_host("s.example", lab, r, &dns, NULL), 0);
	cr_expect_eq(resolve_check(r, NULL), 0, "a stand-in is let through");
	buf_clear(&dns);
	cr_expect_eq(resolve_host("no.example", lab, r, &dns, &e), ERR_NET);
	cr_expect(strstr(buf_cstr(&dns), "NXDOMAIN"));
	lab_free(lab);
	buf_release(&dns);
	free(r);
}

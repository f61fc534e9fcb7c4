/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/admin.h"

#include "cases/statement.h"
#include "store/age.h"
#include "util/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define LOG "scelle/unit-2026"
#define T0 1793000000000

static struct note_skey claire, paul, collector, stranger;
static char recipient[AGE_RECIPIENT_TEXT];

static void keys(void)
{
	struct age_identity id;
	uint8_t seed[32];
	struct note_skey *const all[] = { &claire, &paul, &collector,
					  &stranger };
	const char *const names[] = { LOG "/user/claire", LOG "/user/paul",
				      LOG "/collector", LOG "/user/claire" };

	for (unsigned i = 0; i < 4; i++) {
		memset(seed, (int)i + 1, sizeof seed);
		cr_assert_eq(note_skey_make(all[i], names[i], NOTE_ED25519,
					    seed, NULL), 0);
	}
	age_identity_from(&id, seed);
	age_recipient_str(id.recipient, recipient);
}

/* A statement of given members, signed; the caller releases it. */
static struct buf say(const char *kind, const char *log, const char *stream,
		      uint64_t n, const char *members,
		      const struct note_skey *key)
{
	struct buf text = BUF_INIT(1 << 20), note = BUF_INIT(1 << 20);
	char when[CLOCK_RFC3339_MAX];

	buf_addf(&text, "scelle/v1/%s\n{\"log\":\"%s\",\"stream\":\"%s\","
		 "\"n\":%u,\"time\":\"%s\"%s%s}\n", kind, log, stream,
		 (unsigned)n, clock_rfc3339(T0, when), *members ? "," : "",
		 members);
	cr_assert_eq(note_sign(buf_view(&text), key, 1, &note, NULL), 0);
	buf_release(&text);
	return note;
}

static int apply(struct admin *a, const char *kind, const char *members,
		 const struct note_skey *key)
{
	struct buf note = say(kind, LOG, "admin", a->count, members, key);
	struct err e = ERR_INIT;
	int r = admin_apply(a, buf_view(&note), &e);

	cr_assert(r == 0 || e.text[0], "a failure says why");
	buf_release(&note);
	return r;
}

static void add_user(struct admin *a, const char *name, const char *roles,
		     const struct note_skey *who, const struct note_skey *by,
		     int want)
{
	struct buf m = BUF_INIT(8192);

	buf_addf(&m, "\"user\":\"%s\",\"name\":\"\",\"roles\":[%s],\"sign\":\"",
		 name, roles);
	note_vkey_put(&who->vkey, &m);
	buf_addf(&m, "\",\"receive\":\"%s\"", recipient);
	cr_assert_eq(apply(a, "user-add", buf_cstr(&m), by), want);
	buf_release(&m);
}

static void found(struct admin *a)
{
	struct buf m = BUF_INIT(8192);

	keys();
	admin_init(a);
	buf_adds(&m, "\"unit\":\"unit\",\"lab\":false,\"collector\":\"");
	note_vkey_put(&collector.vkey, &m);
	buf_adds(&m, "\",\"sign\":\"");
	note_vkey_put(&claire.vkey, &m);
	buf_adds(&m, "\"");
	cr_assert_eq(apply(a, "init", buf_cstr(&m), &claire), 0);
	buf_release(&m);
	add_user(a, "claire", "\"investigator\",\"supervisor\"", &claire,
		 &claire, 0);
}

static void case_members(struct buf *m, const char *id, const char *ref)
{
	buf_addf(m, "\"case\":\"%s\",\"reference\":\"%s\",\"basis\":\"b\","
		 "\"offences\":[\"o\"],\"agent\":\"claire\",\"period\":"
		 "{\"start\":\"2026-01-01\",\"end\":\"2026-12-31\"},"
		 "\"purpose\":\"\",\"quota_day\":0,\"retention\":{\"sensitive\""
		 ":5,\"irrelevant\":30,\"relevant\":365},\"public\":\"%s\"",
		 id, ref, recipient);
}

Test(admin, the_founder_and_the_first_user_are_one)
{
	struct admin a;

	found(&a);
	cr_assert_eq(a.count, 2u);
	cr_assert_str_eq(a.unit, "unit");
	cr_assert_eq(a.users[0].roles,
		     (unsigned)(ROLE_INVESTIGATOR | ROLE_SUPERVISOR));
	admin_release(&a);

	keys();
	admin_init(&a);
	/* Another key than the one that signed the init statement. */
	{
		struct buf m = BUF_INIT(8192);

		buf_adds(&m, "\"unit\":\"unit\",\"collector\":\"");
		note_vkey_put(&collector.vkey, &m);
		buf_adds(&m, "\",\"sign\":\"");
		note_vkey_put(&claire.vkey, &m);
		buf_adds(&m, "\"");
		cr_assert_eq(apply(&a, "init", buf_cstr(&m), &claire), 0);
		buf_release(&m);
	}
	add_user(&a, "paul", "\"investigator\"", &paul, &paul, ERR_AUTH);
	cr_assert_eq(a.nusers, 0u);
	admin_release(&a);
}

Test(admin, a_statement_nobody_entered_signed_counts_for_nothing)
{
	struct buf m = BUF_INIT(8192);
	struct admin a;

	found(&a);
	case_members(&m, "0011223344556677", "R1");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &stranger), ERR_AUTH);
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &paul), ERR_AUTH);
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &collector),
		     ERR_AUTH);
	cr_assert_eq(a.ncases, 0u);
	cr_assert_eq(a.count, 2u);
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), 0);
	cr_assert_eq(a.ncases, 1u);
	buf_release(&m);
	admin_release(&a);
}

Test(admin, roles_decide_who_may_say_what)
{
	struct buf m = BUF_INIT(8192);
	struct admin a;

	found(&a);
	add_user(&a, "paul", "\"supervisor\"", &paul, &claire, 0);
	case_members(&m, "0011223344556677", "R1");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &paul), ERR_AUTH);
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), 0);
	cr_assert_eq(apply(&a, "user-revoke", "\"user\":\"claire\"", &paul), 0);
	/* Revoked: what she signs from now on counts no more. */
	cr_assert_eq(apply(&a, "case-close", "\"case\":\"0011223344556677\","
			   "\"reason\":\"r\"", &claire), ERR_AUTH);
	cr_assert_eq(a.cases[0].closed, 0);
	buf_release(&m);
	admin_release(&a);
}

Test(admin, a_statement_of_another_place_is_refused)
{
	const struct {
		const char *log, *stream;
		uint64_t n;
	} bad[] = {
		{ "scelle/other-2026", "admin", 2 },
		{ LOG, "audit/2026-11", 2 },
		{ LOG, "admin", 1 },
		{ LOG, "admin", 3 },
	};
	struct admin a;

	found(&a);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf note = say("user-revoke", bad[i].log, bad[i].stream,
				      bad[i].n, "\"user\":\"claire\"", &claire);

		cr_assert_eq(admin_apply(&a, buf_view(&note), NULL),
			     ERR_FORMAT, "%zu", i);
		buf_release(&note);
	}
	cr_assert_eq(a.count, 2u);
	cr_assert_eq(a.users[0].revoked, 0);
	admin_release(&a);
}

Test(admin, any_flipped_bit_of_a_statement_keeps_it_out)
{
	struct buf m = BUF_INIT(8192), note;
	struct admin a;

	found(&a);
	case_members(&m, "0011223344556677", "R1");
	note = say("case-open", LOG, "admin", 2, buf_cstr(&m), &claire);
	for (size_t bit = 0; bit < note.len * 8; bit++) {
		note.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_lt(admin_apply(&a, buf_view(&note), NULL), 0,
			     "bit %zu", bit);
		note.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	cr_assert_eq(a.ncases, 0u);
	cr_assert_eq(admin_apply(&a, buf_view(&note), NULL), 0);
	buf_release(&note);
	buf_release(&m);
	admin_release(&a);
}

Test(admin, bad_members_change_nothing)
{
	const char *const bad[][2] = {
		{ "case-open", "\"case\":\"0011223344556677\"" },
		{ "case-close", "\"case\":\"ffffffffffffffff\","
			"\"reason\":\"r\"" },
		{ "case-source-add", "\"case\":1" },
		{ "user-revoke", "\"user\":\"nobody\"" },
		{ "user-revoke", "" },
		{ "audit-month", "\"month\":\"2026-1\"" },
		{ "init", "" },
		{ "unheard-of", "" },
		{ "user-add", "\"user\":\"x\"" },
	};
	struct admin a;

	found(&a);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_lt(apply(&a, bad[i][0], bad[i][1], &claire), 0, "%zu",
			     i);
	cr_assert_eq(a.count, 2u);
	cr_assert_eq(a.nusers, 1u);
	admin_release(&a);
}

Test(admin, a_case_with_a_wrong_period_or_twice_the_same_is_refused)
{
	struct buf m = BUF_INIT(8192);
	struct admin a;
	char *end;

	found(&a);
	case_members(&m, "0011223344556677", "R1");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), 0);
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), ERR_EXIST);
	m.len = 0;
	case_members(&m, "0011223344556688", "R1");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), ERR_EXIST);
	m.len = 0;
	case_members(&m, "0011223344556677", "R2");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), ERR_EXIST);
	m.len = 0;
	case_members(&m, "0011223344556699", "R3");
	end = strstr((char *)m.p, "2026-12-31");
	cr_assert_not_null(end);
	memcpy(end, "2025-12-31", 10);
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), ERR_RANGE);
	cr_assert_eq(a.ncases, 1u);
	buf_release(&m);
	admin_release(&a);
}

Test(admin, names_of_users_and_units_are_plain)
{
	cr_assert(admin_name_valid("claire"));
	cr_assert(admin_name_valid("c.martin-2_b"));
	cr_assert_not(admin_name_valid(""));
	cr_assert_not(admin_name_valid("Claire"));
	cr_assert_not(admin_name_valid("../x"));
	cr_assert_not(admin_name_valid(".x"));
	cr_assert_not(admin_name_valid("a/b"));
	cr_assert_not(admin_name_valid("a b"));
	cr_assert_not(admin_name_valid(
		"abcdefghijklmnopqrstuvwxyzabcdefg"));
}

Test(admin, a_name_has_its_length_and_a_letter_first)
{
	char name[ADMIN_NAME_MAX + 2];

	memset(name, 'z', sizeof name);
	name[ADMIN_NAME_MAX] = '\0';
	cr_assert(admin_name_valid(name));
	name[ADMIN_NAME_MAX] = 'z';
	name[ADMIN_NAME_MAX + 1] = '\0';
	cr_assert_not(admin_name_valid(name));
	cr_assert(admin_name_valid("a"));
	cr_assert_not(admin_name_valid("-a"));
	cr_assert_not(admin_name_valid("1a"));
}

Test(admin, the_beginning_of_an_id_names_one_or_nothing)
{
	struct admin_order orders[2] = { { .id = "aabb000000000001" },
					 { .id = "aabbccdd00000002" } };
	const struct admin_case *c = NULL;
	struct buf m = BUF_INIT(8192);
	struct admin a;
	unsigned bit = 0;

	found(&a);
	case_members(&m, "0011223344556677", "R1");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), 0);
	m.len = 0;
	case_members(&m, "0011ff3344556677", "R2");
	cr_assert_eq(apply(&a, "case-open", buf_cstr(&m), &claire), 0);
	cr_expect_eq(admin_case(&a, "0011", &c, NULL), ERR_RANGE);
	cr_expect_eq(admin_case(&a, "001", &c, NULL), ERR_NOENT);
	cr_expect_eq(admin_case(&a, "00112", &c, NULL), 0);
	cr_expect_str_eq(c->reference, "R1");
	cr_expect_eq(admin_case(&a, "0011f", &c, NULL), 0);
	cr_expect_str_eq(c->reference, "R2");
	a.orders = orders;
	a.norders = 2;
	cr_expect_null(admin_order(&a, "aabb"), "two begin so");
	cr_expect_null(admin_order(&a, "aab"), "three digits are too few");
	a.norders = 1;
	cr_expect_eq(admin_order(&a, "aabb"), &orders[0]);
	cr_expect_null(admin_order(&a, "aab"));
	a.orders = NULL;
	a.norders = 0;
	cr_expect_not_null(admin_role_name(0, &bit));
	cr_expect_neq(bit, 0u);
	cr_expect_not_null(admin_role_name(0, NULL));
	buf_release(&m);
	admin_release(&a);
}

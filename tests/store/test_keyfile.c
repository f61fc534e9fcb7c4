/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/keyfile.h"
#include "store/wrap.h"
#include "util/secret.h"

#include <criterion/criterion.h>

#define LOGN 4	/* scrypt: quick, for tests only */

Test(keyfile, a_unit_s_keys_come_back_under_their_passphrase_only)
{
	struct buf file = BUF_INIT(KEYFILE_MAX);
	struct unit_keys *k = NULL, *got = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(unit_keys_new("scelle/unit-2026", &k, &e), 0, "%s", e.text);
	cr_assert_eq(unit_keys_seal(k, bytes_str(""), LOGN, &file, NULL),
		     ERR_RANGE);
	cr_assert_eq(unit_keys_seal(k, bytes_str("pass word"), LOGN, &file,
				    NULL), 0);
	cr_assert_eq(unit_keys_open(buf_view(&file), bytes_str("password"),
				    &got, NULL), ERR_AUTH);
	cr_assert_null(got);
	cr_assert_eq(unit_keys_open(buf_view(&file), bytes_str("pass word"),
				    &got, &e), 0, "%s", e.text);
	cr_assert(!memcmp(k->log.seed, got->log.seed, 32));
	cr_assert(!memcmp(k->collector.seed, got->collector.seed, 32));
	cr_assert(!memcmp(&k->export, &got->export, sizeof k->export));
	cr_assert(!memcmp(&k->receive, &got->receive, sizeof k->receive));
	cr_assert_str_eq(got->collector.vkey.name, "scelle/unit-2026/collector");
	cr_assert_neq(memcmp(k->log.seed, k->collector.seed, 32), 0);
	unit_keys_free(got);
	unit_keys_free(k);
	buf_release(&file);
}

Test(keyfile, a_user_s_keys_are_no_unit_s_keys)
{
	struct buf file = BUF_INIT(KEYFILE_MAX);
	struct user_keys *k = NULL, *got = NULL;
	struct unit_keys *unit = NULL;

	cr_assert_eq(user_keys_new("has space", &k, NULL), ERR_FORMAT);
	cr_assert_eq(user_keys_new("scelle/unit/user/alice", &k, NULL), 0);
	cr_assert_eq(user_keys_seal(k, bytes_str("p"), LOGN, &file, NULL), 0);
	cr_assert_eq(user_keys_open(buf_view(&file), bytes_str("p"), &got, NULL),
		     0);
	cr_assert(!memcmp(k->sign.seed, got->sign.seed, 32));
	cr_assert_eq(unit_keys_open(buf_view(&file), bytes_str("p"), &unit,
				    NULL), ERR_FORMAT);
	user_keys_free(got);
	user_keys_free(k);
	buf_release(&file);
}

Test(keyfile, any_flipped_bit_keeps_a_key_file_shut)
{
	struct buf file = BUF_INIT(KEYFILE_MAX);
	struct user_keys *k = NULL, *got = NULL;

	cr_assert_eq(user_keys_new("alice", &k, NULL), 0);
	cr_assert_eq(user_keys_seal(k, bytes_str("p"), 1, &file, NULL), 0);
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		/* A work factor of 2^21 is refused only by its MAC: skip. */
		if (memmem(file.p, 200, " 1\n", 3))
			cr_expect_lt(user_keys_open(buf_view(&file),
						    bytes_str("p"), &got, NULL),
				     0, "bit %zu", bit);
		file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	user_keys_free(k);
	buf_release(&file);
}

Test(keyfile, public_halves_read_back_and_nothing_else_does)
{
	struct buf text = BUF_INIT(4096);
	struct unit_keys *k = NULL;
	struct user_keys *u = NULL;
	struct unit_pub a, b;
	struct user_pub c, d;

	cr_assert_eq(unit_keys_new("scelle/unit-2026", &k, NULL), 0);
	unit_pub_of(k, &a);
	cr_assert_eq(unit_pub_put(&a, &text), 0);
	cr_assert_eq(unit_pub_read(buf_view(&text), &b, NULL), 0);
	cr_assert(!memcmp(a.receive, b.receive, 32));
	cr_assert(!memcmp(a.export.id, b.export.id, 8));
	cr_assert(!memcmp(a.log.pk, b.log.pk, 32));
	for (size_t n = 0; n < text.len; n++)
		cr_assert_eq(unit_pub_read(BYTES(text.p, n), &b, NULL),
			     ERR_FORMAT);
	cr_assert_eq(user_keys_new("alice", &u, NULL), 0);
	for (unsigned roles = 0; roles < 8; roles++) {
		user_pub_of(u, &c);
		c.roles = roles;
		buf_clear(&text);
		cr_assert_eq(user_pub_put(&c, &text), 0);
		if (roles == 0) {
			cr_assert_eq(user_pub_read(buf_view(&text), &d, NULL),
				     ERR_FORMAT);
			continue;
		}
		cr_assert_eq(user_pub_read(buf_view(&text), &d, NULL), 0);
		cr_assert_eq(d.roles, roles);
	}
	text.len--;
	buf_adds(&text, " king\n");
	cr_assert_eq(user_pub_read(buf_view(&text), &d, NULL), ERR_FORMAT);
	cr_assert_str_eq(user_role_name(USER_LEGAL), "legal");
	unit_keys_free(k);
	user_keys_free(u);
	buf_release(&text);
}

Test(wrap, a_case_takes_its_member_and_its_unit)
{
	struct buf file = BUF_INIT(4096);
	struct age_identity user, unit, other;
	uint8_t secret[32], got[32], none[32] = { 0 };

	age_identity_new(&user, NULL);
	age_identity_new(&unit, NULL);
	age_identity_new(&other, NULL);
	secret_random(secret, sizeof secret);
	cr_assert_eq(wrap_seal_two(user.recipient, unit.recipient,
				   BYTES(secret, 32), &file, NULL), 0);
	cr_assert_eq(wrap_open_two(user.secret, unit.secret, buf_view(&file),
				   got, 32, NULL), 0);
	cr_assert(!memcmp(secret, got, 32));
	cr_assert_eq(wrap_open_two(user.secret, other.secret, buf_view(&file),
				   got, 32, NULL), ERR_AUTH);
	cr_assert(!memcmp(got, none, 32));
	cr_assert_eq(wrap_open_two(other.secret, unit.secret, buf_view(&file),
				   got, 32, NULL), ERR_AUTH);
	cr_assert_eq(wrap_open(unit.secret, buf_view(&file), got, 32, NULL),
		     ERR_AUTH);
	cr_assert_eq(wrap_open(user.secret, buf_view(&file), got, 32, NULL),
		     ERR_FORMAT);
	buf_release(&file);
}

Test(wrap, lengths_are_checked)
{
	struct buf file = BUF_INIT(4096);
	struct age_identity id;
	uint8_t secret[65] = { 1 }, got[64];

	age_identity_new(&id, NULL);
	cr_assert_eq(wrap_seal(id.recipient, BYTES(secret, 65), &file, NULL),
		     ERR_RANGE);
	cr_assert_eq(wrap_seal(id.recipient, BYTES(secret, 0), &file, NULL),
		     ERR_RANGE);
	cr_assert_eq(wrap_seal(id.recipient, BYTES(secret, 64), &file, NULL), 0);
	cr_assert_eq(wrap_open(id.secret, buf_view(&file), got, 32, NULL),
		     ERR_FORMAT);
	cr_assert_eq(wrap_open(id.secret, buf_view(&file), got, 64, NULL), 0);
	cr_assert(!memcmp(secret, got, 64));
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_lt(wrap_open(id.secret, buf_view(&file), got, 64,
				       NULL), 0, "bit %zu", bit);
		file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_release(&file);
}

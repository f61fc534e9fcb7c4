/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/pubkey.h"

#include "store/age.h"
#include "store/note.h"
#include "util/enc.h"

#include <criterion/criterion.h>
#include <string.h>

static void hex(const char *s, uint8_t out[32])
{
	cr_assert_eq(hex_get(bytes_str(s), out, 32), 0);
}

/* Points of small order, and encodings above p: RFC 7748 section 7, and the
 * list of the Ed25519 "taming" papers. */
static const char *const bad_sign[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static const char *const bad_receive[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0900000000000000000000000000000000000000000000000000000000000080",
};

Test(pubkey, points_of_low_order_and_second_encodings_are_refused)
{
	uint8_t pk[32];

	for (size_t i = 0; i < sizeof bad_sign / sizeof *bad_sign; i++) {
		hex(bad_sign[i], pk);
		cr_assert_eq(pubkey_sign_check(pk, NULL), ERR_RANGE, "%s",
			     bad_sign[i]);
	}
	for (size_t i = 0; i < sizeof bad_receive / sizeof *bad_receive; i++) {
		hex(bad_receive[i], pk);
		cr_assert_eq(pubkey_receive_check(pk, NULL), ERR_RANGE, "%s",
			     bad_receive[i]);
	}
}

Test(pubkey, what_our_own_keys_are_is_taken)
{
	for (unsigned i = 1; i < 64; i++) {
		struct age_identity id;
		struct note_skey k;
		uint8_t seed[32];

		memset(seed, (int)i, sizeof seed);
		cr_assert_eq(note_skey_make(&k, "n", NOTE_ED25519, seed, NULL),
			     0);
		cr_assert_eq(pubkey_sign_check(k.vkey.pk, NULL), 0);
		age_identity_from(&id, seed);
		cr_assert_eq(pubkey_receive_check(id.recipient, NULL), 0);
	}
}

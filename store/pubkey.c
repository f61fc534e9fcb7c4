/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/pubkey.h"

#include <sodium.h>
#include <string.h>

int pubkey_sign_check(const uint8_t pk[static 32], struct err *e)
{
	if (crypto_core_ed25519_is_valid_point(pk) != 1)
		return err_set(e, ERR_RANGE, "this is no fit signing key: not "
			       "canonical, or of low order");
	return 0;
}

/* 1 when the 32 bytes, little endian, are less than 2^255 - 19. */
static int canonical(const uint8_t pk[static 32])
{
	if (pk[31] != 0x7f)
		return pk[31] < 0x7f;
	for (size_t i = 30; i > 0; i--)
		if (pk[i] != 0xff)
			return 1;
	return pk[0] < 0xed;
}

int pubkey_receive_check(const uint8_t pk[static 32], struct err *e)
{
	/* Any clamped scalar shows a point of low order: the result is 0. */
	static const uint8_t scalar[32] = { 9 };
	uint8_t shared[32];

	if (!canonical(pk) || crypto_scalarmult(shared, scalar, pk) != 0)
		return err_set(e, ERR_RANGE, "this is no fit age recipient: "
			       "not canonical, or of low order");
	return 0;
}

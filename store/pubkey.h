/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Public keys as others hand them in: which are fit to be entered.
 *
 * A point of low order makes every signature check or every shared secret the
 * same for everybody; two encodings of one point are two names for one key.
 * Neither is taken.
 */
#ifndef STORE_PUBKEY_H
#define STORE_PUBKEY_H

#include "util/err.h"

#include <stdint.h>

/*
 * pubkey_sign_check - an Ed25519 public key: canonical, on the curve, in the
 * main subgroup (RFC 8032)
 * pubkey_receive_check - an X25519 public key: canonical, not of low order
 * (RFC 7748, section 6.1)
 * Return 0 or ERR_RANGE.
 */
int pubkey_sign_check(const uint8_t pk[static 32], struct err *e);
int pubkey_receive_check(const uint8_t pk[static 32], struct err *e);

#endif

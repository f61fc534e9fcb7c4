/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Wraps: small secrets sealed to those who may open them, as age v1 files.
 *
 * A case's secret takes two: age(member, age(unit, secret)).  A member alone
 * finds a file to the unit in it; the unit alone cannot open it at all.
 */
#ifndef STORE_WRAP_H
#define STORE_WRAP_H

#include "store/age.h"
#include "util/buf.h"
#include "util/err.h"

#define WRAP_SECRET_MAX 64	/* bytes of a wrapped secret */

/*
 * wrap_seal - age(to, secret)
 *   secret  1 to WRAP_SECRET_MAX bytes
 *   out     the file is appended
 * Returns 0, ERR_RANGE (length, out's cap, a key of low order) or ERR_NOMEM.
 */
int wrap_seal(const uint8_t to[static 32], struct bytes secret, struct buf *out,
	      struct err *e);

/*
 * wrap_open - open what wrap_seal() made
 *   secret  out: exactly n bytes; wiped on failure
 * Returns 0, ERR_AUTH (another key, or altered), ERR_FORMAT (no wrap, or of
 * another length) or ERR_NOMEM.
 */
int wrap_open(const uint8_t key[static 32], struct bytes file, uint8_t *secret,
	      size_t n, struct err *e);

/* wrap_seal_two, wrap_open_two - the same through two: age(user, age(unit, .)) */
int wrap_seal_two(const uint8_t user[static 32], const uint8_t unit[static 32],
		  struct bytes secret, struct buf *out, struct err *e);
int wrap_open_two(const uint8_t user_key[static 32],
		  const uint8_t unit_key[static 32], struct bytes file,
		  uint8_t *secret, size_t n, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/wrap.h"

#include "util/secret.h"

#define INNER_MAX 1024	/* an age file of WRAP_SECRET_MAX bytes is far less */

int wrap_seal(const uint8_t to[static 32], struct bytes secret, struct buf *out,
	      struct err *e)
{
	int r;

	if (secret.len == 0 || secret.len > WRAP_SECRET_MAX)
		return err_set(e, ERR_RANGE, "secret of %zu bytes", secret.len);
	r = age_encrypt(to, secret, out);
	return r < 0 ? err_set(e, r, "cannot wrap a secret") : 0;
}

/* age_decrypt() into a buffer that never moves, so that no copy stays. */
static int open_into(const uint8_t *key, struct bytes file, struct buf *plain,
		     struct err *e)
{
	struct age_identity *id = secret_alloc(sizeof *id);
	int r;

	if (!id || !buf_room(plain, plain->max)) {
		r = err_set(e, ERR_NOMEM, "no memory for a wrap");
		goto out;
	}
	age_identity_from(id, key);
	r = age_decrypt(id, 1, file, plain, e);
	if (r == ERR_NOENT || r == ERR_AUTH || r == ERR_DAMAGED)
		r = err_set(e, ERR_AUTH, "the wrap does not open with this key");
	else if (r < 0 && r != ERR_NOMEM)
		r = err_set(e, ERR_FORMAT, "this is no wrap");
out:
	secret_free(id);
	return r;
}

int wrap_open(const uint8_t key[static 32], struct bytes file, uint8_t *secret,
	      size_t n, struct err *e)
{
	struct buf plain = BUF_INIT(INNER_MAX);
	int r = open_into(key, file, &plain, e);

	if (r == 0 && plain.len != n)
		r = err_set(e, ERR_FORMAT, "the wrap holds %zu bytes, not %zu",
			    plain.len, n);
	if (r == 0)
		memcpy(secret, plain.p, n);
	else
		secret_wipe(secret, n);
	buf_wipe(&plain);
	return r;
}

int wrap_seal_two(const uint8_t user[static 32], const uint8_t unit[static 32],
		  struct bytes secret, struct buf *out, struct err *e)
{
	struct buf inner = BUF_INIT(INNER_MAX);
	int r = wrap_seal(unit, secret, &inner, e);

	if (r == 0) {
		r = age_encrypt(user, buf_view(&inner), out);
		if (r < 0)
			err_set(e, r, "cannot wrap a secret");
	}
	buf_release(&inner);
	return r;
}

int wrap_open_two(const uint8_t user_key[static 32],
		  const uint8_t unit_key[static 32], struct bytes file,
		  uint8_t *secret, size_t n, struct err *e)
{
	struct buf inner = BUF_INIT(INNER_MAX);
	int r = open_into(user_key, file, &inner, e);

	if (r == 0)
		r = wrap_open(unit_key, buf_view(&inner), secret, n, e);
	else
		secret_wipe(secret, n);
	buf_wipe(&inner);
	return r;
}

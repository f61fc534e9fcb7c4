/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What takes a secret: here with the keys at hand, or asked for over the link.
 */
#include "cases/unit_int.h"
#include "store/wrap.h"

int unit_sign_line(const struct unit *u, struct bytes text, struct buf *out,
		   struct err *e)
{
	const struct note_skey *key = u->user ? &u->user->sign
					      : &u->keys->collector;

	if (u->user && u->link && u->link->sign_line)
		return u->link->sign_line(u->link->arg, text, out, e);
	return note_sig_line(text, key, out, e);
}

int unit_sign(const struct unit *u, struct bytes text, struct buf *out,
	      struct err *e)
{
	size_t start = out->len;
	int r;

	buf_addb(out, text);
	buf_addc(out, '\n');
	if (out->failed)
		r = err_set(e, out->failed, "no memory for a statement");
	else
		r = unit_sign_line(u, text, out, e);
	if (r < 0)
		out->len = start;
	return r;
}

int unit_open_outer(const struct unit *u, struct bytes file, struct buf *plain,
		    struct err *e)
{
	if (!u->user)
		return err_set(e, ERR_DENIED, "nobody is logged in");
	if (u->link && u->link->open_outer)
		return u->link->open_outer(u->link->arg, file, plain, e);
	return age_decrypt(&u->user->receive, 1, file, plain, e);
}

int unit_open_inner(const struct unit *u, const char *case_id,
		    struct bytes file, uint8_t *secret, size_t n,
		    struct err *e)
{
	if (u->link && u->link->open_inner)
		return u->link->open_inner(u->link->arg, case_id, file, secret,
					   n, e);
	return wrap_open(u->keys->receive.secret, file, secret, n, e);
}

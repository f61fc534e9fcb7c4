/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/case_secret.h"

#include "cases/unit_int.h"
#include "util/secret.h"

#include <stdio.h>

int case_secret_wrap(struct unit *u, const char *rel,
		     const uint8_t member[static 32],
		     const uint8_t secret[static 32], struct err *e)
{
	struct buf inner = BUF_INIT(AGE_HEADER_MAX);
	int r = age_encrypt(u->keys->receive.recipient, BYTES(secret, 32),
			    &inner);

	if (r < 0)
		err_set(e, r, "cannot wrap the case's secret");
	else
		r = unit_put_sealed(u, rel, member, buf_view(&inner), e);
	buf_release(&inner);
	return r;
}

int case_secret_open(struct unit *u, const struct admin_case *c,
		     uint8_t *secret, struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	struct buf inner = BUF_INIT(AGE_HEADER_MAX);
	struct buf plain = BUF_INIT(64);
	struct age_identity *id = secret_alloc(sizeof *id);
	char rel[128], path[FILE_PATH_MAX];
	int r;

	if (!id) {
		r = err_set(e, ERR_NOMEM, "no memory for keys");
		goto out;
	}
	if (!u->user || !admin_is_member(c, u->user_name)) {
		r = err_set(e, ERR_DENIED, "'%s' is no member of case '%s'",
			    u->user_name, c->reference);
		goto out;
	}
	snprintf(rel, sizeof rel, "cases/%s/wraps/1/%s.age", c->id,
		 u->user_name);
	r = unit_path(u, rel, path, e);
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == 0)
		r = age_decrypt(&u->user->receive, 1, buf_view(&file), &inner,
				e);
	if (r == 0)
		r = age_decrypt(&u->keys->receive, 1, buf_view(&inner), &plain,
				e);
	if (r < 0) {
		err_prefix(e, "'%s'", rel);
		goto out;
	}
	if (plain.len != 32) {
		r = err_set(e, ERR_DAMAGED, "'%s' holds no secret", rel);
		goto out;
	}
	age_identity_from(id, plain.p);
	if (memcmp(id->recipient, c->public, 32))
		r = err_set(e, ERR_DAMAGED, "'%s' holds another case's secret",
			    rel);
	else
		memcpy(secret, plain.p, 32);
out:
	secret_free(id);
	buf_wipe(&plain);
	buf_wipe(&inner);
	buf_release(&file);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/case_secret.h"

#include "cases/unit_int.h"
#include "store/wrap.h"
#include "util/secret.h"

#include <stdio.h>

int case_secret_wrap(struct unit *u, const char *rel,
		     const uint8_t member[static 32],
		     const uint8_t secret[static 32], struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	int r = wrap_seal_two(member, u->keys->receive.recipient,
			      BYTES(secret, 32), &file, e);

	if (r == 0)
		r = unit_put(u, rel, buf_view(&file), e);
	buf_release(&file);
	return r;
}

int case_secret_open(struct unit *u, const struct admin_case *c,
		     uint8_t *secret, struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX);
	struct buf inner = BUF_INIT(AGE_HEADER_MAX);
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
	snprintf(rel, sizeof rel, "cases/%s/wraps/%u/%s.age", c->id,
		 c->epoch, u->user_name);
	r = unit_path(u, rel, path, e);
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == 0)
		r = unit_open_outer(u, buf_view(&file), &inner, e);
	if (r == 0)
		r = unit_open_inner(u, c->id, buf_view(&inner), secret, 32, e);
	if (r < 0) {
		err_prefix(e, "'%s'", rel);
		goto out;
	}
	age_identity_from(id, secret);
	if (memcmp(id->recipient, c->public, 32) != 0) {
		secret_wipe(secret, 32);
		r = err_set(e, ERR_DAMAGED, "'%s' holds another case's secret",
			    rel);
	}
out:
	secret_free(id);
	buf_wipe(&inner);
	buf_release(&file);
	return r;
}

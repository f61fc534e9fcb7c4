/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper's secrets: who may have which of them opened. */
#include "cases/keeper_int.h"

#include "cases/casefile.h"
#include "cases/glass.h"
#include "cases/permit.h"
#include "cases/unit_int.h"
#include "store/wrap.h"
#include "util/secret.h"

#include <stdio.h>

#define SLOTS_MAX ((size_t)24 << 20)

int keeper_inner(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	struct err e = ERR_INIT;
	struct bytes file;
	char id[17];
	uint8_t *secret;
	int r = 0;

	serve_text(&in, id, sizeof id);
	file = serve_blob(&in, SERVE_CHUNK);
	if (serve_end(&in, NULL) < 0)
		return ERR_FORMAT;
	r = keeper_somebody(k, m, &e);
	if (r == 0) {
		unsigned i = 0;

		while (i < m->ncases && strcmp(m->cases[i], id))
			i++;
		if (i == m->ncases)
			r = err_set(&e, ERR_DENIED, "no access to case '%s' is "
				    "on record", id);
	}
	if (r < 0)
		return keeper_refuse(k, m, &e);
	secret = secret_alloc(32);
	if (!secret)
		r = err_set(&e, ERR_NOMEM, "no memory for keys");
	else
		r = wrap_open(k->keys->receive.secret, file, secret, 32, &e);
	if (r < 0)
		keeper_refuse(k, m, &e);
	else
		keeper_answer(k, m, KEEPER_SECRET, BYTES(secret, 32));
	secret_free(secret);
	return 0;
}

/* Which sealed files of the vault a session may have opened. */
static int may_unseal(struct keeper *k, const struct member *m,
		      const char *path, struct err *e)
{
	const struct admin_case *c;
	char id[17];
	int n = 0;

	if (!strcmp(path, "admin/tag.age"))
		return 0;
	if (strlen(path) == 21 && !strncmp(path, "audit/", 6) &&
	    !strcmp(path + 13, "/tag.age") &&
	    permit_check(&k->u->admin, m->user, PERMIT_AUDIT, NULL, NULL) == 0)
		return 0;
	if (strlen(path) == 30 && !strncmp(path, "cases/", 6) &&
	    !strcmp(path + 22, "/tag.age")) {
		/* It numbers the case's items and opens none of them: the
		 * audit names items by number. */
		n = snprintf(id, sizeof id, "%.16s", path + 6);
		if (n == 16 && admin_case(&k->u->admin, id, &c, NULL) == 0 &&
		    !strcmp(c->id, id) &&
		    (admin_is_member(c, m->user) ||
		     glass_reads(&k->u->admin, m->user, id) ||
		     permit_check(&k->u->admin, m->user, PERMIT_AUDIT, NULL,
				  NULL) == 0))
			return 0;
	}
	return err_set(e, ERR_DENIED, "'%s' is not for whom you are", path);
}

int keeper_sealed(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	struct err e = ERR_INIT;
	uint8_t *out = secret_alloc(64);
	char path[128];
	uint32_t n;
	int r;

	serve_text(&in, path, sizeof path);
	n = serve_u32(&in);
	if (serve_end(&in, NULL) < 0 || n == 0 || n > 64) {
		secret_free(out);
		return ERR_FORMAT;
	}
	r = out ? keeper_somebody(k, m, &e)
		: err_set(&e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = may_unseal(k, m, path, &e);
	if (r == 0)
		r = unit_sealed(k->u, path, out, n, &e);
	if (r < 0)
		keeper_refuse(k, m, &e);
	else
		keeper_answer(k, m, KEEPER_SECRET, BYTES(out, n));
	secret_free(out);
	return 0;
}

int keeper_slots(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	uint64_t from = serve_u64(&in);
	struct buf b = BUF_INIT(SLOTS_MAX);
	struct err e = ERR_INIT;
	int r;

	if (serve_end(&in, NULL) < 0)
		return ERR_FORMAT;
	r = keeper_somebody(k, m, &e);
	if (r == 0)
		r = stream_slots_get(k->u->admin_stream, from, &b, &e);
	if (r < 0)
		keeper_refuse(k, m, &e);
	else
		keeper_answer(k, m, KEEPER_SECRET, buf_view(&b));
	buf_wipe(&b);
	return 0;
}

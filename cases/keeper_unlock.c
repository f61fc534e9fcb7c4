/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Two custodians: the first opens, for each other, the outer layer of what the
 * two share; the second opens the inner layer, and the master secret is there.
 */
#include "cases/keeper_int.h"

#include "cases/permit.h"
#include "util/clock.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

void keeper_forget_first(struct keeper *k)
{
	for (size_t i = 0; i < k->ngiven; i++)
		secret_free(k->given[i].bytes);
	k->ngiven = 0;
	k->first[0] = '\0';
}

static int custodian_here(struct keeper *k, const struct member *m,
			  struct err *e)
{
	if (k->u)
		return err_set(e, ERR_EXIST, "the service is unlocked already");
	if (!*m->user || custodian_index(k->custodians, m->user) < 0)
		return err_set(e, ERR_DENIED, "only custodians unlock the "
			       "service");
	if (!strcmp(k->first, m->user))
		return err_set(e, ERR_DENIED, "'%s' was the first already: it "
			       "takes a second custodian", m->user);
	return 0;
}

/* What the first gave for this second one; NULL: nothing. */
static struct given *given_to(struct keeper *k, const char *user)
{
	for (size_t i = 0; i < k->ngiven; i++)
		if (!strcmp(k->given[i].to, user))
			return &k->given[i];
	return NULL;
}

int keeper_first(struct keeper *k, struct member *m)
{
	struct buf b = BUF_INIT((size_t)1 << 16);
	const struct given *g;
	struct err e = ERR_INIT;
	const struct custodians *c = k->custodians;
	unsigned n = 0;

	if (custodian_here(k, m, &e) < 0)
		return keeper_refuse(k, m, &e);
	if (*k->first) {
		g = given_to(k, m->user);
		serve_put_u8(&b, 1);
		serve_put_u32(&b, g != NULL);
		if (g) {
			serve_put_text(&b, k->first);
			serve_put_blob(&b, BYTES(g->bytes, g->len));
		}
	} else {
		unsigned me = (unsigned)custodian_index(c, m->user);

		serve_put_u8(&b, 0);
		serve_put_u32(&b, (uint32_t)c->n - 1);
		for (size_t i = 0; i < c->nwraps; i++) {
			if (c->wrap[i].first != me)
				continue;
			serve_put_text(&b, c->name[c->wrap[i].second]);
			serve_put_blob(&b, BYTES(c->wrap[i].bytes,
						 c->wrap[i].len));
			n++;
		}
		if (n != c->n - 1)
			b.failed = ERR_FORMAT;
	}
	if (b.failed) {
		err_set(&e, ERR_DAMAGED, "the file of custodians is damaged");
		keeper_refuse(k, m, &e);
	} else {
		keeper_answer(k, m, KEEPER_CUSTODY, buf_view(&b));
	}
	buf_wipe(&b);
	return 0;
}

static int keep_first(struct keeper *k, const struct member *m,
		      struct serve_in *in, uint32_t n, struct err *e)
{
	const struct custodians *c = k->custodians;
	unsigned me = (unsigned)custodian_index(c, m->user);

	keeper_forget_first(k);
	for (size_t i = 0; i < c->nwraps; i++) {
		struct given *g = &k->given[k->ngiven];
		struct bytes one;

		if (c->wrap[i].first != me)
			continue;
		one = serve_blob(in, CUSTODIAN_WRAP_MAX);
		g->bytes = in->bad || !one.len ? NULL
			: secret_alloc(CUSTODIAN_WRAP_MAX);
		if (!g->bytes) {
			keeper_forget_first(k);
			return err_set(e, ERR_FORMAT, "a malformed message");
		}
		memcpy(g->bytes, one.p, one.len);
		g->len = one.len;
		memcpy(g->to, c->name[c->wrap[i].second], sizeof g->to);
		k->ngiven++;
	}
	if (k->ngiven != n || serve_end(in, e) < 0) {
		keeper_forget_first(k);
		return err_set(e, ERR_FORMAT, "a malformed message");
	}
	memcpy(k->first, m->user, sizeof k->first);
	k->first_until = clock_boot_ms() + KEEPER_FIRST_MS;
	return 0;
}

/* Both must be who the log says they are, now that it can be read. */
static int entered(const struct keeper *k, const char *user,
		   const struct note_vkey *key, struct err *e)
{
	const struct admin_user *who = admin_user(&k->u->admin, user);

	if (!who || who->revoked ||
	    (key && memcmp(who->sign.pk, key->pk, 32)) ||
	    permit_check(&k->u->admin, user, PERMIT_UNLOCK, NULL, NULL) < 0)
		return err_set(e, ERR_DENIED, "'%s' is no custodian: not "
			       "entered in this vault, or revoked", user);
	return 0;
}

static int unlock(struct keeper *k, struct member *m, struct bytes secret,
		  struct err *e)
{
	char first[ADMIN_NAME_MAX + 1];
	uint8_t *master = secret_alloc(32);
	int r;

	memcpy(first, k->first, sizeof first);
	if (!master)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	memcpy(master, secret.p, 32);
	keeper_forget_first(k);
	r = custodian_open(k->path, master, &k->keys, e);
	secret_free(master);
	if (r == 0)
		r = keeper_start(k, e);
	if (r == 0)
		r = entered(k, first, NULL, e);
	if (r == 0)
		r = entered(k, m->user, &m->key, e);
	if (r == 0)
		r = keeper_service(k, "unlock", first, m->user, e);
	if (r < 0) {
		unit_close(k->u);
		secret_free(k->keys);
		k->u = NULL;
		k->keys = NULL;
	}
	return r;
}

int keeper_given(struct keeper *k, struct member *m, struct bytes msg)
{
	struct serve_in in = SERVE_IN(msg);
	uint32_t n = serve_u32(&in);
	struct err e = ERR_INIT;
	struct bytes secret;
	int r = custodian_here(k, m, &e);

	if (r == 0 && !*k->first) {
		r = keep_first(k, m, &in, n, &e);
	} else if (r == 0) {
		secret = serve_blob(&in, CUSTODIAN_WRAP_MAX);
		if (n != 1 || secret.len != 32 || serve_end(&in, NULL) < 0)
			r = err_set(&e, ERR_FORMAT, "a malformed message");
		else
			r = unlock(k, m, secret, &e);
	}
	if (r < 0)
		return keeper_refuse(k, m, &e);
	keeper_done(k, m, k->u != NULL);
	return 0;
}

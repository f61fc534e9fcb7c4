/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/verify_outside.h"

#include "cases/receipts.h"
#include "store/cosignature.h"
#include "store/tsa.h"
#include "util/clock.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>

#define CONTENT_MAX ((size_t)1 << 20)
#define KEYS_MAX 64

int verify_outside_add(struct verify_outside *o, char kind, const char *path,
		       struct err *e)
{
	if (o->nfiles == VERIFY_OUTSIDE_FILES)
		return err_set(e, ERR_LIMIT, "more than %d files from outside",
			       VERIFY_OUTSIDE_FILES);
	o->files[o->nfiles].path = path;
	o->files[o->nfiles++].kind = kind;
	return 0;
}

int verify_outside_any(const struct verify_outside *o)
{
	return o->nfiles || o->receipts;
}

/* struct run - one holding against */
struct run {
	const struct verify_outside *o;
	const struct verify_outside_to *to;
	struct vault *v;
	struct outside *heads;
	struct note_vkey keys[KEYS_MAX];
	size_t nkeys;
	struct buf roots;
	uint64_t n, lost_shown, lost_kept;
	int have;			/* a contradiction to prove */
	struct outside_fraud worst;
};

static void unfit(struct run *c, const char *file, const struct err *why)
{
	c->n++;
	c->to->fraud(c->to->arg, file, why->text);
}

static void found(void *arg, const struct outside_fraud *f)
{
	struct run *c = arg;

	c->n++;
	if (!c->have || f->kind < c->worst.kind)
		c->worst = *f;
	c->have = 1;
	c->to->fraud(c->to->arg, f->file, f->what);
}

static void told_time(void *arg, const struct outside_time *t)
{
	struct run *c = arg;

	if (c->to->time)
		c->to->time(c->to->arg, t);
}

/* What a restore lost: of the files shown, and of the receipts kept here. */
static void told_lost(struct run *c)
{
	char what[400];
	const char *file;

	for (size_t i = 0; (file = outside_lost(c->heads, c->v, i, what));
	     i++) {
		int shown = 0;

		for (size_t k = 0; k < c->o->nfiles; k++)
			shown |= !strcmp(c->o->files[k].path, file);
		if (shown)
			c->lost_shown++;
		else
			c->lost_kept++;
		c->to->lost(c->to->arg, file, what);
	}
}

/* Witness keys and authorities first: the rest is judged by them. */
static int read_trust(struct run *c, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->o->nfiles; i++) {
		const char *path = c->o->files[i].path;

		if (c->o->files[i].kind == 'a') {
			r = file_read(path, &c->roots, e);
			if (r == 0)
				r = buf_addc(&c->roots, '\n');
		} else if (c->o->files[i].kind == 'w') {
			if (c->nkeys == KEYS_MAX)
				r = err_set(e, ERR_LIMIT, "too many witnesses");
			else
				r = note_vkey_read(bytes_str(path),
						   &c->keys[c->nkeys], e);
			if (r == 0 && c->keys[c->nkeys].type !=
			    NOTE_COSIGNATURE)
				r = err_set(e, ERR_USAGE, "'%s' is no witness's "
					    "key", path);
			c->nkeys++;
		}
	}
	return r;
}

static int add_one(struct run *c, char kind, const char *path, struct err *e)
{
	struct buf b = BUF_INIT(CONTENT_MAX);
	struct err why = ERR_INIT;
	int r = file_read(path, &b, e);

	if (r < 0)
		goto out;
	if (kind == 'c')
		r = outside_add_cosigned(c->heads, path, buf_view(&b), c->keys,
					 c->nkeys, &why);
	else
		r = outside_add(c->heads, path, buf_view(&b), &why);
	if (r == ERR_NOMEM || r == ERR_LIMIT) {
		*e = why;
	} else if (r != 0) {
		unfit(c, path, &why);
		r = 0;
	}
out:
	buf_release(&b);
	return r;
}

/* The same in the heads of one shard; 1 when it was there. */
static int own_head_in(struct run *c, const char *shard,
		       const struct tsa_token *t)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
	struct buf b = BUF_INIT(CONTENT_MAX);
	char **names = NULL;
	size_t n = 0;
	int r = file_path(dir, vault_path(c->v), "log", shard, "heads", NULL);
	int done = 0;

	if (r == 0)
		r = file_list(dir, &names, &n, NULL);
	for (size_t i = n; r == 0 && !done && i-- > 0;) {
		const char *dot = strrchr(names[i], '.');
		struct bytes text, lines;
		uint8_t hash[SHA256_LEN];

		buf_clear(&b);
		if (!dot || strcmp(dot, ".note") != 0 ||
		    file_path(path, dir, names[i], NULL) < 0 ||
		    file_read(path, &b, NULL) < 0 ||
		    cosignature_split(buf_view(&b), &text, &lines, NULL) < 0)
			continue;
		sha256_once(text, hash);
		if (bytes_eq(BYTES(hash, sizeof hash),
			     BYTES(t->imprint, t->imprint_len)))
			done = outside_add(c->heads, path, buf_view(&b),
					   NULL) == 0;
	}
	free(names);
	buf_release(&b);
	return done;
}

/* A head the vault itself published, of which this is a time stamp. */
static int own_head_of(struct run *c, struct bytes token, struct err *e)
{
	struct tsa_token t;
	int r = tsa_peek(token, &t, e);

	for (unsigned i = vault_shards(c->v); r == 0 && i-- > 0;)
		if (own_head_in(c, vault_shard_at(c->v, i)->name, &t))
			return 0;
	return ERR_NOENT;
}

static int add_token(struct run *c, const char *path, struct err *e)
{
	struct buf b = BUF_INIT(CONTENT_MAX);
	struct err why = ERR_INIT;
	int r = file_read(path, &b, e);

	if (r < 0)
		goto out;
	r = outside_add_token(c->heads, path, buf_view(&b), buf_view(&c->roots),
			      &why);
	if (r == ERR_NOENT && c->v && own_head_of(c, buf_view(&b), NULL) == 0)
		r = outside_add_token(c->heads, path, buf_view(&b),
				      buf_view(&c->roots), &why);
	if (r == ERR_NOMEM || r == ERR_LIMIT) {
		*e = why;
	} else if (r != 0) {
		unfit(c, path, &why);
		r = 0;
	}
out:
	buf_release(&b);
	return r;
}

static int add_kept_receipts(struct run *c, const char *vkey, struct err *e)
{
	struct receipts_entry *list = NULL;
	size_t n = 0;
	int r = receipts_list(vkey, &list, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_one(c, 'h', list[i].path, e);
	free(list);
	return r;
}

static int gather(struct run *c, const char *vkey, struct err *e)
{
	int r = read_trust(c, e);

	for (size_t i = 0; r == 0 && i < c->o->nfiles; i++)
		if (strchr("hc", c->o->files[i].kind))
			r = add_one(c, c->o->files[i].kind,
				    c->o->files[i].path, e);
	for (size_t i = 0; r == 0 && i < c->o->nfiles; i++)
		if (c->o->files[i].kind == 't')
			r = add_token(c, c->o->files[i].path, e);
	if (r == 0 && c->o->receipts)
		r = add_kept_receipts(c, vkey, e);
	return r;
}

static int write_proof(struct run *c, int *proof_out, struct err *e)
{
	struct buf proof = BUF_INIT(OUTSIDE_PROOF_MAX);
	int r = outside_proof(c->heads, c->v, &c->worst, clock_wall_ms(),
			      &proof, e);

	if (r == 0)
		r = file_replace(c->o->proof, buf_view(&proof), 0600, e);
	if (r == 0)
		*proof_out = 1;
	buf_release(&proof);
	return r;
}

int verify_outside_run(struct verify_outside *o, const char *vault,
		       const struct verify_outside_to *to, uint64_t *n_out,
		       int *proof_out, struct err *e)
{
	struct run *c = calloc(1, sizeof *c);
	struct note_vkey log;
	const char *vkey;
	int r;

	*n_out = 0;
	*proof_out = 0;
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory to verify");
	c->o = o;
	c->to = to;
	c->roots = (struct buf)BUF_INIT(TSA_ROOTS_MAX);
	r = vault_open(vault, VAULT_READ, NULL, &c->v, e);
	if (r < 0)
		goto out;
	vkey = o->key ? o->key : vault_vkey(c->v);
	r = note_vkey_read(bytes_str(vkey), &log, e);
	if (r == 0)
		r = outside_new(&log, &c->heads, e);
	if (r == 0)
		r = gather(c, receipts_name(c->v), e);
	if (r == 0)
		r = outside_hold(c->heads, c->v, found, told_time, c, e);
	if (r >= 0)
		told_lost(c);
	if (r >= 0 && c->have && o->proof)
		r = write_proof(c, proof_out, e);
	*n_out = c->n;
	o->lost_shown = c->lost_shown;
	o->lost_kept = c->lost_kept;
out:
	outside_free(c->heads);
	vault_close(c->v);
	buf_release(&c->roots);
	free(c);
	return r < 0 ? r : 0;
}

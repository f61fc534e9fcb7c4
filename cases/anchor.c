/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/anchor_int.h"

#include "cases/permit.h"
#include "store/cosignature.h"
#include "util/clock.h"
#include "util/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int anchor_configured(const struct unit *u)
{
	const struct admin_anchor *a = &u->admin.anchor;

	for (size_t i = 0; i < a->nauthorities; i++)
		if (!a->authorities[i].removed)
			return 1;
	return a->policy != NULL;
}

void anchor_tell(const struct anchor *a, enum anchor_what what, int witness,
		 const char *name, uint64_t size, int64_t time_ms,
		 const char *text)
{
	const struct anchor_told t = { what, witness, name, size, time_ms,
				       text };

	if (a->o->told)
		a->o->told(a->o->arg, &t);
}

struct anchor_kept *anchor_keep(struct anchor *a, uint64_t size,
				const char *suffix, struct bytes content,
				struct err *e)
{
	struct anchor_kept *k = &a->kept[a->nkept];
	char path[FILE_PATH_MAX], name[128];
	struct buf there = BUF_INIT(content.len + 1);
	int r;

	if (a->nkept == ANCHOR_KEPT_MAX) {
		err_set(e, ERR_LIMIT, "more than %d answers in one round",
			ANCHOR_KEPT_MAX);
		return NULL;
	}
	snprintf(name, sizeof name, "%" PRIu64 ".%s", size, suffix);
	r = file_path(path, a->heads, name, NULL);
	if (r < 0)
		err_set(e, r, "path '%s' is too long", a->heads);
	else
		r = file_create(path, content, 0600, e);
	/* Of an earlier round that did not come to its statement */
	if (r == ERR_EXIST && file_read(path, &there, NULL) == 0 &&
	    bytes_eq(buf_view(&there), content))
		r = 0;
	buf_release(&there);
	if (r < 0)
		return NULL;
	memset(k, 0, sizeof *k);
	snprintf(k->file, sizeof k->file, "%s/%s", a->rel, name);
	sha256_once(content, k->sha256);
	k->size = size;
	a->nkept++;
	return k;
}

int anchor_head(const struct anchor *a, uint64_t size, struct buf *note,
		struct bytes *text, struct err *e)
{
	char path[FILE_PATH_MAX], name[32];
	struct bytes lines;
	int r;

	snprintf(name, sizeof name, "%" PRIu64 ".note", size);
	r = file_path(path, a->heads, name, NULL);
	if (r < 0)
		return err_set(e, r, "path '%s' is too long", a->heads);
	r = file_read(path, note, e);
	return r < 0 ? r : cosignature_split(buf_view(note), text, &lines, e);
}

void anchor_spool_name(const struct anchor *a, uint64_t size,
		       char out[static 64])
{
	uint8_t hash[SHA256_LEN];
	char hex[17];

	sha256_once(a->c.origin, hash);
	hex_str(hex, hash, 8);
	snprintf(out, 64, "%s-%" PRIu64 "-", hex, size);
}

const char *anchor_spool_dir(const char *url)
{
	return strncmp(url, "file:///", 8) ? NULL : url + 7;
}

/* --- the statement ------------------------------------------------------------- */

static void put_token(struct jsonw *w, const struct anchor_kept *k)
{
	char when[CLOCK_RFC3339_MAX];
	struct buf b64 = BUF_INIT(4096);

	jsonw_open(w, NULL, '{');
	jsonw_str(w, "authority", k->name);
	jsonw_str(w, "file", k->file);
	jsonw_hex(w, "sha256", k->sha256, 32);
	jsonw_int(w, "size", (int64_t)k->size);
	jsonw_str(w, "time", clock_rfc3339(k->token.time_ms, when));
	if (k->token.accuracy_ms >= 0)
		jsonw_int(w, "accuracy_ms", k->token.accuracy_ms);
	jsonw_str(w, "serial", k->token.serial);
	jsonw_str(w, "policy", k->token.policy);
	jsonw_bytes(w, "signer", bytes_str(k->token.signer));
	jsonw_bool(w, "qualified", k->qualified);
	if (k->qualified)
		jsonw_str(w, "list", k->list);
	jsonw_int(w, "offset_ms", k->offset_ms);
	jsonw_int(w, "round_trip_ms", k->trip_ms);
	b64_put(&b64, buf_view(&k->request));
	jsonw_str(w, "request", buf_cstr(&b64));
	jsonw_bytes(w, "chain", buf_view(&k->chain));
	jsonw_close(w, '}');
	buf_release(&b64);
}

static void put_cosignature(struct jsonw *w, const struct anchor_kept *k)
{
	char when[CLOCK_RFC3339_MAX];

	jsonw_open(w, NULL, '{');
	jsonw_str(w, "witness", k->name);
	jsonw_hex(w, "key", k->key_id, 4);
	jsonw_str(w, "file", k->file);
	jsonw_hex(w, "sha256", k->sha256, 32);
	jsonw_int(w, "size", (int64_t)k->size);
	jsonw_str(w, "time", clock_rfc3339(k->time_ms, when));
	jsonw_close(w, '}');
}

static int write_statement(struct anchor *a, struct err *e)
{
	const char *files[ANCHOR_KEPT_MAX];
	struct unit_write w;
	int r = unit_begin(a->u, "anchor", &w, e);

	if (r < 0)
		return r;
	jsonw_int(&w.draft.w, "size", (int64_t)a->c.size);
	jsonw_hex(&w.draft.w, "root", a->c.root, sizeof a->c.root);
	jsonw_open(&w.draft.w, "tokens", '[');
	for (size_t i = 0; i < a->nkept; i++)
		if (!a->kept[i].witness)
			put_token(&w.draft.w, &a->kept[i]);
	jsonw_close(&w.draft.w, ']');
	jsonw_open(&w.draft.w, "cosignatures", '[');
	for (size_t i = 0; i < a->nkept; i++) {
		if (a->kept[i].witness)
			put_cosignature(&w.draft.w, &a->kept[i]);
		files[i] = a->kept[i].file;
	}
	jsonw_close(&w.draft.w, ']');
	jsonw_str(&w.draft.w, "software", "scelle " SCELLE_VERSION);
	return unit_record(a->u, &w, LEAF_ANCHOR, files, a->nkept, NULL, e);
}

/* --- a round ---------------------------------------------------------------------- */

/* The head is on the disk under its name before anybody is shown it. */
static int publish(struct anchor *a, struct err *e)
{
	struct vault *v = a->u->vault;
	int r;

	snprintf(a->rel, sizeof a->rel, "log/%s/heads", vault_shard(v));
	if (file_path(a->heads, vault_path(v), a->rel, NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long",
			       vault_path(v));
	r = vault_publish(v, e);
	if (r == 0 && buf_addb(&a->note, vault_head(v)) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for a head");
	if (r == 0) {
		struct bytes lines;

		r = cosignature_split(buf_view(&a->note), &a->text, &lines, e);
	}
	return r == 0 ? checkpoint_parse(a->text, &a->c, e) : r;
}

static int ask_witnesses(struct anchor *a, struct err *e)
{
	struct policy *p;
	int r;

	if (!a->u->admin.anchor.policy || a->o->no_witnesses)
		return 0;
	p = malloc(sizeof *p);
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a policy");
	r = policy_parse(bytes_str(a->u->admin.anchor.policy), p, e);
	for (size_t i = 0; r == 0 && i < p->nwitnesses; i++)
		if (p->witness[i].url[0])
			r = anchor_ask_witness(a, &p->witness[i], e);
	free(p);
	return r;
}

static int ask_authorities(struct anchor *a, struct err *e)
{
	const struct admin_anchor *all = &a->u->admin.anchor;
	int r = 0;

	for (size_t i = 0; r == 0 && !a->o->no_tokens && i < all->nauthorities;
	     i++)
		if (!all->authorities[i].removed)
			r = anchor_ask_authority(a, &all->authorities[i], e);
	return r;
}

int anchor_round(struct unit *u, const struct anchor_options *o, unsigned *kept,
		 unsigned *alarms, struct err *e)
{
	struct anchor *a = calloc(1, sizeof *a);
	int r;

	*kept = *alarms = 0;
	if (!a)
		return err_set(e, ERR_NOMEM, "no memory to anchor");
	a->u = u;
	a->o = o;
	a->note = (struct buf)BUF_INIT(CHECKPOINT_MAX);
	r = publish(a, e);
	if (r == 0)
		r = ask_authorities(a, e);
	if (r == 0)
		r = ask_witnesses(a, e);
	if (r == 0 && a->nkept)
		r = write_statement(a, e);
	if (r == 0)
		*kept = (unsigned)a->nkept;
	*alarms = a->alarms;
	for (size_t i = 0; i < a->nkept; i++) {
		free(a->kept[i].list);
		buf_release(&a->kept[i].request);
		buf_release(&a->kept[i].chain);
	}
	buf_release(&a->note);
	free(a);
	return r;
}

/* --- configuration ---------------------------------------------------------------- */

static int may(const struct unit *u, struct err *e)
{
	return permit_check(&u->admin, u->user_name, PERMIT_POLICY, NULL, e);
}

int anchor_set_authority(struct unit *u, const char *name, const char *url,
			 const char *roots, int qualified, const char *list,
			 struct err *e)
{
	struct unit_write w;
	int r = may(u, e);

	if (r == 0)
		r = unit_begin(u, "anchor-authority", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "name", name);
	jsonw_str(&w.draft.w, "url", url);
	jsonw_str(&w.draft.w, "roots", roots);
	jsonw_bool(&w.draft.w, "qualified", qualified);
	jsonw_str(&w.draft.w, "list", list ? list : "");
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int anchor_remove_authority(struct unit *u, const char *name,
			    const char *reason, struct err *e)
{
	struct unit_write w;
	int r = may(u, e);

	if (r == 0)
		r = unit_begin(u, "anchor-authority-remove", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "name", name);
	jsonw_str(&w.draft.w, "reason", reason);
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int anchor_set_policy(struct unit *u, const char *text, struct err *e)
{
	struct unit_write w;
	int r = may(u, e);

	if (r == 0)
		r = unit_begin(u, "witness-policy", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "policy", text);
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

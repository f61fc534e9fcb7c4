/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/outside_int.h"

#include "store/cosignature.h"
#include "store/leaf.h"
#include "store/vault_int.h"
#include "util/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *outside_kind_name(enum outside_kind k)
{
	return k == OUTSIDE_FORK ? "fork"
	       : k == OUTSIDE_REGRESS ? "regress" : "short";
}

int outside_new(const struct note_vkey *log, struct outside **out,
		struct err *e)
{
	struct outside *o = calloc(1, sizeof *o);

	if (!o)
		return err_set(e, ERR_NOMEM, "no memory for outside heads");
	o->log = *log;
	*out = o;
	return 0;
}

static void release(struct outside_head *h)
{
	free(h->file);
	free(h->receipt);
	buf_release(&h->note);
	buf_release(&h->receipt_text);
	buf_release(&h->token);
}

void outside_free(struct outside *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++)
		release(&o->heads[i]);
	free(o->heads);
	free(o);
}

int64_t outside_time_of(const struct outside_head *h)
{
	return h->token_ms ? h->token_ms : h->cosigned_ms;
}

/* --- gathering --------------------------------------------------------------- */

static struct outside_head *room(struct outside *o, struct err *e)
{
	struct outside_head *p;
	size_t n = o->room ? o->room * 2 : 16;

	if (o->n < o->room)
		return &o->heads[o->n];
	if (n > OUTSIDE_HEADS_MAX) {
		err_set(e, ERR_LIMIT, "more than %d outside heads",
			OUTSIDE_HEADS_MAX);
		return NULL;
	}
	p = realloc(o->heads, n * sizeof *p);
	if (!p) {
		err_set(e, ERR_NOMEM, "no memory for outside heads");
		return NULL;
	}
	o->heads = p;
	o->room = n;
	return &o->heads[o->n];
}

/* Take up a signed head: the log's own signature is what makes it count. */
static int take_note(struct outside *o, struct outside_head *h,
		     struct bytes note, struct err *e)
{
	const uint8_t *nl = note.len ? memchr(note.p, '\n', note.len) : NULL;
	char origin[NOTE_NAME_MAX + 1] = "";
	struct checkpoint c;
	struct bytes lines;
	int r;

	/* Each shard has an origin, the one key is named after it. */
	if (nl && (size_t)(nl - note.p) < sizeof origin)
		memcpy(origin, note.p, (size_t)(nl - note.p));
	r = note_vkey_make(&h->key, origin, o->log.type, o->log.pk, e);
	if (r < 0)
		return ERR_FORMAT;
	r = checkpoint_open(note, &h->key, 1, origin, &c, e);
	if (r != 0)
		return r;
	if (buf_addb(&h->note, note) < 0)
		return err_set(e, ERR_NOMEM, "no memory for a head");
	r = cosignature_split(buf_view(&h->note), &h->text, &lines, e);
	h->size = c.size;
	memcpy(h->root, c.root, sizeof h->root);
	return r;
}

int outside_add(struct outside *o, const char *file, struct bytes content,
		struct err *e)
{
	struct outside_head *h = room(o, e);
	struct bytes note = content;
	int r = 0;

	if (!h)
		return o->n == o->room && o->room * 2 > OUTSIDE_HEADS_MAX
			? ERR_LIMIT : ERR_NOMEM;
	memset(h, 0, sizeof *h);
	h->note = (struct buf)BUF_INIT(CHECKPOINT_MAX);
	h->receipt_text = (struct buf)BUF_INIT(RECEIPT_MAX);
	h->token = (struct buf)BUF_INIT(TSA_RESPONSE_MAX);
	h->file = strdup(file);
	if (!h->file)
		r = err_set(e, ERR_NOMEM, "no memory for a head");
	if (r == 0 && receipt_is(content)) {
		h->receipt = malloc(sizeof *h->receipt);
		if (content.len > RECEIPT_MAX)
			r = err_set(e, ERR_LIMIT, "the receipt is too long");
		else if (!h->receipt || buf_addb(&h->receipt_text, content) < 0)
			r = err_set(e, ERR_NOMEM, "no memory for a receipt");
		else
			r = receipt_parse(buf_view(&h->receipt_text),
					  h->receipt, e);
		if (r == 0)
			note = h->receipt->head;
	}
	if (r == 0)
		r = take_note(o, h, note, e);
	if (r == 0)
		o->n++;
	else
		release(h);
	return r;
}

int outside_add_cosigned(struct outside *o, const char *file,
			 struct bytes content, const struct note_vkey *keys,
			 size_t nkeys, struct err *e)
{
	struct cosignature got[64];
	struct bytes text, lines;
	struct outside_head *h;
	size_t n = 0, best = 0;
	int r = outside_add(o, file, content, e);

	if (r != 0)
		return r;
	h = &o->heads[o->n - 1];
	r = cosignature_split(buf_view(&h->note), &text, &lines, e);
	if (r == 0)
		r = cosignature_check(text, lines, keys, nkeys, got, &n, e);
	if (r != 0) {
		release(h);
		o->n--;
		return r;
	}
	/* The earliest says the most: it was there by then. */
	for (size_t i = 1; i < n; i++)
		if (got[i].time_s < got[best].time_s)
			best = i;
	h->witness = keys[got[best].key];
	h->cosigned_ms = got[best].time_s > INT64_MAX / 1000
		? INT64_MAX : (int64_t)got[best].time_s * 1000;
	return 0;
}

int outside_add_token(struct outside *o, const char *file, struct bytes token,
		      struct bytes roots, struct err *e)
{
	struct tsa_token t;
	struct outside_head *h = NULL;
	uint8_t hash[SHA256_LEN];
	char *name;
	int r = tsa_peek(token, &t, e);

	for (size_t i = 0; r == 0 && !h && i < o->n; i++) {
		sha256_once(o->heads[i].text, hash);
		if (bytes_eq(BYTES(t.imprint, t.imprint_len),
			     BYTES(hash, sizeof hash)))
			h = &o->heads[i];
	}
	if (r < 0)
		return r;
	if (!h)
		return err_set(e, ERR_NOENT, "it stamps no head that was "
			       "given");
	r = tsa_check(token, BYTES(NULL, 0), BYTES(hash, sizeof hash), roots,
		      &t, NULL, e);
	if (r != 0)
		return r;
	/* Of two tokens on one head the earlier says more. */
	if (h->token_ms && h->token_ms <= t.time_ms)
		return 0;
	name = strdup(file);
	buf_clear(&h->token);
	if (!name || buf_addb(&h->token, token) < 0) {
		free(name);
		return err_set(e, ERR_NOMEM, "no memory for a time stamp");
	}
	free(h->file);
	h->file = name;
	h->token_ms = t.time_ms;
	h->accuracy_ms = t.accuracy_ms;
	memcpy(h->signer, t.signer, sizeof h->signer);
	return 0;
}

/* --- holding against ------------------------------------------------------------ */

struct hold {
	struct outside *o;
	const struct vault *v;
	void (*found)(void *arg, const struct outside_fraud *f);
	void *arg;
	uint64_t n;
};

__attribute__((format(printf, 5, 6)))
static void tell(struct hold *c, enum outside_kind kind, size_t first,
		 size_t second, const char *fmt, ...)
{
	struct outside_fraud f = { .kind = kind, .first = first,
				   .second = second,
				   .file = c->o->heads[first].file };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.what, sizeof f.what, err_word(fmt), ap);
	va_end(ap);
	c->n++;
	c->found(c->arg, &f);
}

/* The shard behind the one of a head that is beyond it; else NULL. */
static const struct vault_shard *beyond(const struct vault *v,
					const struct outside_head *h)
{
	int i = format_find(v->format, bytes_str(h->key.name));
	const struct vault_shard *next;

	if (i < 0 || (unsigned)i + 1 == v->format->n)
		return NULL;
	next = &v->format->shard[i + 1];
	return h->size > next->first ? next : NULL;
}

/* Two heads that may be of two histories: one is lost, or nothing here tells
 * whether a restore lies between their shards. */
static int excused(const struct hold *c, const struct outside_head *a,
		   const struct outside_head *b)
{
	if (c->v)
		return a->lost || b->lost;
	return strcmp(a->key.name, b->key.name) != 0;
}

/* Does the vault have the root that the head says, at that size? */
static int same_root(const struct vault *v, const struct outside_head *h)
{
	uint8_t root[SHA256_LEN];

	return tree_root(&v->log.tree, h->size, root) == 0 &&
	       !memcmp(root, h->root, sizeof root);
}

static void fork_with_vault(struct hold *c, size_t i)
{
	const struct outside_head *h = &c->o->heads[i];
	uint64_t size = vault_size(c->v);

	/* A head of no leaf says nothing. */
	if (!h->size || h->lost || h->size > size || same_root(c->v, h))
		return;
	tell(c, OUTSIDE_FORK, i, SIZE_MAX, "the log's key signed another "
	     "history of the first %" PRIu64 " leaves than the one in the "
	     "vault: altered, or another copy went on", h->size);
}

static void forks(struct hold *c)
{
	const struct outside_head *h = c->o->heads;

	for (size_t i = 0; c->v && i < c->o->n; i++)
		fork_with_vault(c, i);
	for (size_t i = 0; i < c->o->n; i++)
		for (size_t j = i + 1; j < c->o->n; j++)
			if (h[i].size && h[i].size == h[j].size &&
			    !excused(c, &h[i], &h[j]) && memcmp(h[i].root, h[j].root, SHA256_LEN) != 0)
				tell(c, OUTSIDE_FORK, i, j, "the log's key "
				     "signed two histories of %" PRIu64
				     " leaves", h[i].size);
}

static void regresses(struct hold *c)
{
	const struct outside_head *h = c->o->heads;

	for (size_t i = 0; i < c->o->n; i++) {
		for (size_t j = 0; j < c->o->n; j++) {
			char a[CLOCK_RFC3339_MAX], b[CLOCK_RFC3339_MAX];

			if (!h[i].token_ms || !h[j].token_ms ||
			    h[i].token_ms >= h[j].token_ms ||
			    h[i].size <= h[j].size ||
			    excused(c, &h[i], &h[j]))
				continue;
			tell(c, OUTSIDE_REGRESS, i, j, "at %s the log had %"
			     PRIu64 " leaves; at %s, later, it had %" PRIu64,
			     clock_rfc3339(h[i].token_ms, a), h[i].size,
			     clock_rfc3339(h[j].token_ms, b), h[j].size);
		}
	}
}

static void shorts(struct hold *c)
{
	uint64_t size = vault_size(c->v);
	struct leaf last = { 0 };
	int have = size && vault_leaf(c->v, size - 1, &last) == 0;

	for (size_t i = 0; i < c->o->n; i++) {
		const struct outside_head *h = &c->o->heads[i];
		int64_t t = outside_time_of(h);

		if (h->size <= size || h->lost)
			continue;
		if (have && t && last.time_ms > t)
			tell(c, OUTSIDE_SHORT, i, SIZE_MAX, "the log's key "
			     "signed %" PRIu64 " leaves; the vault has %"
			     PRIu64 ", and wrote the last of them later: it was "
			     "rolled back and went on", h->size, size);
		else
			tell(c, OUTSIDE_SHORT, i, SIZE_MAX, "the log's key "
			     "signed %" PRIu64 " leaves; the vault has %"
			     PRIu64 ": it was rolled back or cut", h->size,
			     size);
	}
}

/* A receipt whose head fits must prove the vault's own leaf. */
static int receipts(struct hold *c, struct err *e)
{
	for (size_t i = 0; i < c->o->n; i++) {
		const struct outside_head *h = &c->o->heads[i];
		uint8_t raw[LEAF_LEN], hash[SHA256_LEN];
		struct leaf leaf;
		int r;

		if (!h->receipt || h->size > vault_size(c->v) ||
		    !same_root(c->v, h))
			continue;
		if (h->receipt->index >= h->size)
			return err_set(e, ERR_FORMAT, "'%s' proves a leaf its "
				       "head does not have", h->file);
		r = vault_leaf(c->v, h->receipt->index, &leaf);
		if (r < 0)
			return err_set(e, r, "cannot read leaf %" PRIu64,
				       h->receipt->index);
		leaf_encode(&leaf, raw);
		leaf_hash(raw, hash);
		r = receipt_check(h->receipt, hash, &h->key, 1, h->key.name,
				  NULL, e);
		if (r < 0)
			return r;
		if (r == 1)
			return err_set(e, ERR_FORMAT, "'%s' does not prove the "
				       "leaf it names under its own head",
				       h->file);
	}
	return 0;
}

static void times(struct hold *c,
		  void (*time)(void *arg, const struct outside_time *t))
{
	for (size_t i = 0; i < c->o->n; i++) {
		const struct outside_head *h = &c->o->heads[i];
		struct outside_time t = { .file = h->file, .size = h->size,
					  .accuracy_ms = -1 };

		if (h->size > vault_size(c->v) || !same_root(c->v, h))
			continue;
		if (h->token_ms) {
			t.time_ms = h->token_ms;
			t.accuracy_ms = h->accuracy_ms;
			snprintf(t.who, sizeof t.who, "%s", h->signer);
			time(c->arg, &t);
		}
		if (h->cosigned_ms) {
			t.time_ms = h->cosigned_ms;
			t.accuracy_ms = -1;
			t.cosigned = 1;
			snprintf(t.who, sizeof t.who, "%s", h->witness.name);
			time(c->arg, &t);
		}
	}
}

int outside_hold(struct outside *o, const struct vault *v,
		 void (*found)(void *arg, const struct outside_fraud *f),
		 void (*time)(void *arg, const struct outside_time *t),
		 void *arg, struct err *e)
{
	struct hold c = { .o = o, .v = v, .found = found, .arg = arg };
	int r = 0;

	for (size_t i = 0; v && i < o->n; i++) {
		const struct vault_shard *next = beyond(v, &o->heads[i]);

		o->heads[i].lost = next && next->why == VAULT_RESTORE;
	}
	forks(&c);
	regresses(&c);
	if (v) {
		shorts(&c);
		r = receipts(&c, e);
		if (time)
			times(&c, time);
	}
	return r < 0 ? r : c.n > 0;
}

const char *outside_lost(const struct outside *o, const struct vault *v,
			 size_t i, char *what)
{
	for (size_t k = 0; k < o->n; k++) {
		const struct outside_head *h = &o->heads[k];
		const struct vault_shard *next = h->lost ? beyond(v, h) : NULL;

		if (!next || i-- > 0)
			continue;
		snprintf(what, 400, err_word("lost in a restore: this head covers "
			 "%" PRIu64 " leaves; the vault was restored with %"
			 PRIu64 " of them, and shard '%s' goes on from there"),
			 h->size, next->first, next->name);
		return h->file;
	}
	return NULL;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The proof file.  If you change this, change docs/proof-of-fraud.md and
 * tests/tools/check-proof.py with it.
 */
#include "store/outside_int.h"

#include "store/leaf.h"
#include "store/vault_int.h"
#include "util/clock.h"
#include "util/enc.h"

#include <inttypes.h>
#include <stdlib.h>

#define B64_LINE 48	/* bytes of a line of base64 */

/* Each line of a text behind a tab. */
static void put_text(struct buf *out, const char *name, struct bytes text)
{
	buf_addf(out, "%s:\n", name);
	while (text.len) {
		const uint8_t *nl = memchr(text.p, '\n', text.len);
		size_t n = nl ? (size_t)(nl - text.p) : text.len;

		buf_addc(out, '\t');
		buf_add(out, text.p, n);
		buf_addc(out, '\n');
		if (nl)
			n++;
		text = BYTES(text.p + n, text.len - n);
	}
}

static void put_b64(struct buf *out, const char *name, struct bytes b)
{
	buf_addf(out, "%s:\n", name);
	while (b.len) {
		size_t n = b.len < B64_LINE ? b.len : B64_LINE;

		buf_addc(out, '\t');
		b64_put(out, BYTES(b.p, n));
		buf_addc(out, '\n');
		b = BYTES(b.p + n, b.len - n);
	}
}

static void put_hashes(struct buf *out, const char *name, const uint8_t *p,
		       size_t len)
{
	buf_addf(out, "%s:\n", name);
	for (size_t i = 0; i + SHA256_LEN <= len; i += SHA256_LEN) {
		buf_addc(out, '\t');
		b64_put(out, BYTES(p + i, SHA256_LEN));
		buf_addc(out, '\n');
	}
}

static void put_head(struct buf *out, const char *which,
		     const struct outside_head *h)
{
	struct buf name = BUF_INIT(64);

	put_text(out, which, buf_view(&h->note));
	if (h->cosigned_ms) {
		buf_addf(out, "%s-witness: ", which);
		note_vkey_put(&h->witness, out);
		buf_addc(out, '\n');
	}
	if (h->token_ms) {
		buf_addf(&name, "%s-token", which);
		put_b64(out, buf_cstr(&name), buf_view(&h->token));
	}
	buf_release(&name);
}

/* The root the vault has at the size of the outside head, and the proof that
 * its own signed head goes back to that one. */
static int put_consistency(const struct vault *v, uint64_t size,
			   struct buf *out, struct err *e)
{
	struct buf proof = BUF_INIT(TREE_PROOF_MAX * SHA256_LEN);
	uint8_t root[SHA256_LEN];
	int r = tree_root(&v->log.tree, size, root);

	if (r == 0)
		r = vault_consistency(v, size, vault_size(v), &proof, e);
	else
		err_set(e, r, "the log has no size %" PRIu64, size);
	if (r == 0) {
		put_hashes(out, "root", root, sizeof root);
		put_hashes(out, "consistency", proof.p, proof.len);
	}
	buf_release(&proof);
	return r;
}

/* The last leaf the vault shows, and that its own head holds it. */
static int put_last_leaf(const struct vault *v, struct buf *out, struct err *e)
{
	struct buf proof = BUF_INIT(TREE_PROOF_MAX * SHA256_LEN);
	uint64_t size = vault_size(v);
	uint8_t raw[LEAF_LEN];
	struct leaf leaf;
	int r;

	if (!size)
		return 0;
	r = vault_leaf(v, size - 1, &leaf);
	if (r < 0)
		err_set(e, r, "cannot read leaf %" PRIu64, size - 1);
	else
		r = vault_inclusion(v, size - 1, size, &proof, e);
	if (r == 0) {
		leaf_encode(&leaf, raw);
		put_b64(out, "leaf", BYTES(raw, sizeof raw));
		put_hashes(out, "inclusion", proof.p, proof.len);
	}
	buf_release(&proof);
	return r;
}

int outside_proof(const struct outside *o, const struct vault *v,
		  const struct outside_fraud *f, int64_t now_ms,
		  struct buf *out, struct err *e)
{
	char when[CLOCK_RFC3339_MAX];
	const struct note_vkey *other;
	size_t before = out->len;
	int r = 0;

	if (f->first >= o->n || (f->second >= o->n &&
				 (f->second != SIZE_MAX || !v)))
		return err_set(e, ERR_RANGE, "no such contradiction");
	buf_addf(out, "scelle/proof-of-fraud/v1\nkind: %s\nlog: ",
		 outside_kind_name(f->kind));
	note_vkey_put(&o->heads[f->first].key, out);
	/* The same key under the name of another shard. */
	other = f->second == SIZE_MAX ? &v->log.vkey : &o->heads[f->second].key;
	if (strcmp(other->name, o->heads[f->first].key.name) != 0) {
		buf_adds(out, "\nsecond-log: ");
		note_vkey_put(other, out);
	}
	buf_addf(out, "\nmade: %s\nwhat: %s\n", clock_rfc3339(now_ms, when),
		 f->what);
	put_head(out, "first", &o->heads[f->first]);
	if (f->second != SIZE_MAX) {
		put_head(out, "second", &o->heads[f->second]);
	} else {
		put_text(out, "second", vault_head(v));
		if (f->kind == OUTSIDE_FORK &&
		    o->heads[f->first].size < vault_size(v))
			r = put_consistency(v, o->heads[f->first].size, out, e);
		else if (f->kind == OUTSIDE_SHORT)
			r = put_last_leaf(v, out, e);
	}
	if (r == 0 && out->failed)
		r = err_set(e, out->failed, "the proof does not fit");
	if (r < 0)
		out->len = before;
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Proofs over the vault's tree. */
#include "store/receipt.h"
#include "store/vault_int.h"

static int put_hashes(struct buf *out, int n,
		      uint8_t proof[static TREE_PROOF_MAX][SHA256_LEN],
		      struct err *e)
{
	if (n < 0)
		return err_set(e, n, "the log has no such position");
	if (n == 0)
		return 0;
	return buf_add(out, proof, (size_t)n * SHA256_LEN);
}

int vault_inclusion(const struct vault *v, uint64_t seq, uint64_t size,
		    struct buf *out, struct err *e)
{
	uint8_t proof[TREE_PROOF_MAX][SHA256_LEN];
	int n = tree_inclusion(&v->log.tree, seq, size, proof);

	return put_hashes(out, n, proof, e);
}

int vault_consistency(const struct vault *v, uint64_t old_size, uint64_t size,
		      struct buf *out, struct err *e)
{
	uint8_t proof[TREE_PROOF_MAX][SHA256_LEN];
	int n = tree_consistency(&v->log.tree, old_size, size, proof);

	return put_hashes(out, n, proof, e);
}

int vault_receipt(const struct vault *v, uint64_t seq, struct buf *out,
		  struct err *e)
{
	struct receipt r = { .index = seq };
	int n = tree_inclusion(&v->log.tree, seq, vault_size(v), r.proof);

	if (n < 0)
		return err_set(e, n, "the log has no leaf %llu",
			       (unsigned long long)seq);
	r.n = (size_t)n;
	r.head = vault_head(v);
	return receipt_put(&r, out);
}

int vault_root(const struct vault *v, uint64_t size, uint8_t out[static 32])
{
	return tree_root(&v->log.tree, size, out);
}

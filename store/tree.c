/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/tree.h"

#include "util/err.h"

#include <stdlib.h>

/* Levels 1 and 2 cost at most three hashes to compute, and half the memory. */
#define FIRST_KEPT 3

typedef uint8_t hash_t[SHA256_LEN];

void tree_leaf_hash(struct bytes data, uint8_t out[static SHA256_LEN])
{
	static const uint8_t prefix = 0;
	struct bytes in[2] = { BYTES(&prefix, 1), data };

	sha256_pieces(in, 2, out);
}

void tree_node_hash(const uint8_t left[static SHA256_LEN],
		    const uint8_t right[static SHA256_LEN],
		    uint8_t out[static SHA256_LEN])
{
	uint8_t b[1 + 2 * SHA256_LEN];

	b[0] = 1;
	memcpy(b + 1, left, SHA256_LEN);
	memcpy(b + 1 + SHA256_LEN, right, SHA256_LEN);
	sha256_once(BYTES(b, sizeof b), out);
}

void peaks_append(struct peaks *p, const uint8_t leaf[static SHA256_LEN])
{
	hash_t h;
	unsigned k;

	memcpy(h, leaf, sizeof h);
	for (k = 0; p->size >> k & 1; k++)
		tree_node_hash(p->peak[k], h, h);
	memcpy(p->peak[k], h, sizeof h);
	p->size++;
}

void peaks_root(const struct peaks *p, uint8_t out[static SHA256_LEN])
{
	int have = 0;

	if (!p->size) {
		sha256_once(BYTES("", 0), out);
		return;
	}
	for (unsigned k = 0; k < 64; k++) {
		if (!(p->size >> k & 1))
			continue;
		if (have)
			tree_node_hash(p->peak[k], out, out);
		else
			memcpy(out, p->peak[k], SHA256_LEN);
		have = 1;
	}
}

void tree_init(struct tree *t)
{
	memset(t, 0, sizeof *t);
}

void tree_release(struct tree *t)
{
	if (!t)
		return;
	for (size_t k = 0; k < 64; k++)
		free(t->level[k].hash);
	memset(t, 0, sizeof *t);
}

static int level_room(struct tree_level *l)
{
	size_t room;
	hash_t *p;

	if (l->n < l->room)
		return 0;
	room = l->room ? l->room + l->room / 2 : 64;
	if (room > SIZE_MAX / sizeof *p)
		return ERR_NOMEM;
	p = realloc(l->hash, room * sizeof *p);
	if (!p)
		return ERR_NOMEM;
	l->hash = p;
	l->room = room;
	return 0;
}

static int is_kept(unsigned k)
{
	return k == 0 || k >= FIRST_KEPT;
}

int tree_append(struct tree *t, const uint8_t leaf[static SHA256_LEN])
{
	struct peaks *p = &t->peaks;
	unsigned k;
	hash_t h;

	/* Room first, in every level touched, so that failure changes nothing. */
	for (k = 0; ; k++) {
		if (is_kept(k) && level_room(&t->level[k]) < 0)
			return ERR_NOMEM;
		if (!(p->size >> k & 1))
			break;
	}
	memcpy(h, leaf, sizeof h);
	for (k = 0; ; k++) {
		if (is_kept(k))
			memcpy(t->level[k].hash[t->level[k].n++], h, sizeof h);
		if (!(p->size >> k & 1))
			break;
		tree_node_hash(p->peak[k], h, h);
	}
	memcpy(p->peak[k], h, sizeof h);
	p->size++;
	return 0;
}

/* The root of the complete subtree of 2^k leaves that starts at i << k. */
static void node(const struct tree *t, unsigned k, uint64_t i, uint8_t *out)
{
	hash_t l, r;

	if (is_kept(k)) {
		memcpy(out, t->level[k].hash[i], SHA256_LEN);
		return;
	}
	/* Not deep: k is below FIRST_KEPT. */
	node(t, k - 1, 2 * i, l);
	node(t, k - 1, 2 * i + 1, r);
	tree_node_hash(l, r, out);
}

int tree_truncate(struct tree *t, uint64_t size)
{
	if (size > t->peaks.size)
		return ERR_RANGE;
	for (unsigned k = 0; k < 64; k++) {
		if (is_kept(k))
			t->level[k].n = (size_t)(size >> k);
		if (size >> k & 1)
			node(t, k, (size >> k) - 1, t->peaks.peak[k]);
	}
	t->peaks.size = size;
	return 0;
}

const uint8_t *tree_leaf(const struct tree *t, uint64_t seq)
{
	return seq < t->peaks.size ? t->level[0].hash[seq] : NULL;
}

/*
 * MTH(D[lo:hi]) where lo is a multiple of a power of two not below hi - lo:
 * complete subtrees, the widest first, joined from the right.
 */
static void range_root(const struct tree *t, uint64_t lo, uint64_t hi,
		       uint8_t *out)
{
	uint64_t n = hi - lo;
	int have = 0;

	for (unsigned k = 0; k < 64 && n >> k; k++) {
		uint64_t start = lo + (n >> k >> 1 << k << 1);
		hash_t h;

		if (!(n >> k & 1))
			continue;
		node(t, k, start >> k, h);
		if (have)
			tree_node_hash(h, out, out);
		else
			memcpy(out, h, SHA256_LEN);
		have = 1;
	}
}

int tree_root(const struct tree *t, uint64_t size,
	      uint8_t out[static SHA256_LEN])
{
	if (size > t->peaks.size)
		return ERR_RANGE;
	if (size == t->peaks.size)
		peaks_root(&t->peaks, out);
	else if (size == 0)
		sha256_once(BYTES("", 0), out);
	else
		range_root(t, 0, size, out);
	return 0;
}

/* The largest power of two below n, for n above 1. */
static uint64_t split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k <<= 1;
	return k;
}

static void reverse(uint8_t (*p)[SHA256_LEN], size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		hash_t h;

		memcpy(h, p[i], sizeof h);
		memcpy(p[i], p[n - 1 - i], sizeof h);
		memcpy(p[n - 1 - i], h, sizeof h);
	}
}

int tree_inclusion(const struct tree *t, uint64_t seq, uint64_t size,
		   uint8_t proof[static TREE_PROOF_MAX][SHA256_LEN])
{
	uint64_t lo = 0, hi = size;
	int n = 0;

	if (size > t->peaks.size || seq >= size)
		return ERR_RANGE;
	while (hi - lo > 1) {
		uint64_t mid = lo + split(hi - lo);

		if (seq < mid) {
			range_root(t, mid, hi, proof[n++]);
			hi = mid;
		} else {
			range_root(t, lo, mid, proof[n++]);
			lo = mid;
		}
	}
	reverse(proof, (size_t)n);
	return n;
}

int tree_consistency(const struct tree *t, uint64_t size1, uint64_t size2,
		     uint8_t proof[static TREE_PROOF_MAX][SHA256_LEN])
{
	uint64_t lo = 0, hi = size2;
	int n = 0;

	if (size1 == 0 || size1 > size2 || size2 > t->peaks.size)
		return ERR_RANGE;
	/* SUBPROOF of RFC 6962 section 2.1.2, from the root downwards */
	while (size1 != hi) {
		uint64_t mid = lo + split(hi - lo);

		if (size1 <= mid) {
			range_root(t, mid, hi, proof[n++]);
			hi = mid;
		} else {
			range_root(t, lo, mid, proof[n++]);
			lo = mid;
		}
	}
	/* The checker knows the old root itself, and needs no hash for it. */
	if (lo)
		range_root(t, lo, hi, proof[n++]);
	reverse(proof, (size_t)n);
	return n;
}

int tree_check_inclusion(const uint8_t leaf[static SHA256_LEN], uint64_t seq,
			 uint64_t size, const uint8_t (*proof)[SHA256_LEN],
			 size_t n, const uint8_t root[static SHA256_LEN])
{
	uint64_t fn = seq, sn;
	hash_t r;

	if (seq >= size || n > TREE_PROOF_MAX)
		return 1;
	sn = size - 1;
	memcpy(r, leaf, sizeof r);
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return 1;
		if (fn & 1 || fn == sn) {
			tree_node_hash(proof[i], r, r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			tree_node_hash(r, proof[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn != 0 || memcmp(r, root, sizeof r) != 0;
}

int tree_check_consistency(uint64_t size1, const uint8_t root1[static SHA256_LEN],
			   uint64_t size2, const uint8_t root2[static SHA256_LEN],
			   const uint8_t (*proof)[SHA256_LEN], size_t n)
{
	uint64_t fn, sn;
	size_t i = 0;
	hash_t fr, sr;

	if (size1 == 0 || size1 > size2 || n > TREE_PROOF_MAX)
		return 1;
	if (size1 == size2)
		return n != 0 || memcmp(root1, root2, SHA256_LEN) != 0;
	if (n == 0)
		return 1;
	fn = size1 - 1;
	sn = size2 - 1;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	/* A power of two: the old root is the first node of the proof. */
	memcpy(fr, fn ? proof[i++] : root1, sizeof fr);
	memcpy(sr, fr, sizeof sr);
	for (; i < n; i++) {
		if (sn == 0)
			return 1;
		if (fn & 1 || fn == sn) {
			tree_node_hash(proof[i], fr, fr);
			tree_node_hash(proof[i], sr, sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			tree_node_hash(sr, proof[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn != 0 || memcmp(fr, root1, sizeof fr) != 0 ||
	       memcmp(sr, root2, sizeof sr) != 0;
}

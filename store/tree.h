/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Merkle tree of the log (RFC 6962 section 2.1; checks as in RFC 9162
 * section 2.1.3.2 and 2.1.4.2).  Pure: no I/O.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "store/sha256.h"
#include "util/buf.h"

#define TREE_PROOF_MAX 64	/* hashes; a longer proof is never sound */

/* tree_leaf_hash - SHA-256(00, data) */
void tree_leaf_hash(struct bytes data, uint8_t out[static SHA256_LEN]);

/* tree_node_hash - SHA-256(01, left, right); out may be one of the two */
void tree_node_hash(const uint8_t left[static SHA256_LEN],
		    const uint8_t right[static SHA256_LEN],
		    uint8_t out[static SHA256_LEN]);

/*
 * struct peaks - the state of an appender: one hash per set bit of size
 *
 * peak[k] is the root of a complete subtree of 2^k leaves where bit k of size
 * is set, and meaningless elsewhere.  Zeroed is an empty tree; plain memory,
 * may be copied.
 */
struct peaks {
	uint64_t size;
	uint8_t peak[64][SHA256_LEN];
};

/* peaks_append - add a leaf by its leaf hash; one node hash on average */
void peaks_append(struct peaks *p, const uint8_t leaf[static SHA256_LEN]);

/* peaks_root - the root now; of the empty tree, SHA-256 of nothing */
void peaks_root(const struct peaks *p, uint8_t out[static SHA256_LEN]);

/*
 * struct tree - every leaf hash, and enough inner nodes to prove quickly;
 * about 40 bytes a leaf
 *
 * (1) level[0] holds size hashes, level[k] for k >= 3 holds size >> k hashes,
 *     each the root of a complete subtree of 2^k leaves; levels 1 and 2 are
 *     computed when needed
 */
struct tree {
	struct peaks peaks;
	struct tree_level {
		uint8_t (*hash)[SHA256_LEN];
		size_t n, room;
	} level[64];
};

/* tree_init, tree_release - an empty tree (zeroed is one); free its memory */
void tree_init(struct tree *t);
void tree_release(struct tree *t);

/* tree_size - leaves in it */
static inline uint64_t tree_size(const struct tree *t)
{
	return t->peaks.size;
}

/* tree_append - add a leaf hash; 0, or ERR_NOMEM with the tree as it was */
int tree_append(struct tree *t, const uint8_t leaf[static SHA256_LEN]);

/* tree_truncate - forget all leaves from size on; ERR_RANGE when size is more */
int tree_truncate(struct tree *t, uint64_t size);

/* tree_leaf - the leaf hash at seq, borrowed, or NULL beyond the end */
const uint8_t *tree_leaf(const struct tree *t, uint64_t seq);

/* tree_root - the root when the tree had size leaves; 0 or ERR_RANGE */
int tree_root(const struct tree *t, uint64_t size,
	      uint8_t out[static SHA256_LEN]);

/*
 * tree_inclusion - proof that leaf seq is in the tree of size leaves
 *   proof   room for TREE_PROOF_MAX hashes, from the leaf upwards
 * Returns the number of hashes (0 to 63), or ERR_RANGE (seq >= size, or size
 * beyond the tree).
 */
int tree_inclusion(const struct tree *t, uint64_t seq, uint64_t size,
		   uint8_t proof[static TREE_PROOF_MAX][SHA256_LEN]);

/*
 * tree_consistency - proof that the tree of size2 leaves only adds to size1
 * Returns the number of hashes (0 when both are equal), or ERR_RANGE (size1
 * is 0, above size2, or size2 beyond the tree).
 */
int tree_consistency(const struct tree *t, uint64_t size1, uint64_t size2,
		     uint8_t proof[static TREE_PROOF_MAX][SHA256_LEN]);

/*
 * tree_check_inclusion - does the proof show leaf at seq under root?
 * Returns 0 sound or 1 not sound.
 */
int tree_check_inclusion(const uint8_t leaf[static SHA256_LEN], uint64_t seq,
			 uint64_t size, const uint8_t (*proof)[SHA256_LEN],
			 size_t n, const uint8_t root[static SHA256_LEN]);

/*
 * tree_check_consistency - does the proof show that root2 only adds to root1?
 * Returns 0 sound or 1 not sound.  From size 0 nothing can be shown: not
 * sound.
 */
int tree_check_consistency(uint64_t size1, const uint8_t root1[static SHA256_LEN],
			   uint64_t size2, const uint8_t root2[static SHA256_LEN],
			   const uint8_t (*proof)[SHA256_LEN], size_t n);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * SEGMENT FILE: a 32-byte header, then frames; it only grows at the end.
 * If you change this, change docs/store-format.md with it.  Pure: no I/O.
 *
 * A leaf counts if and only if
 *   (1) its frame lies wholly inside the file and its check fits,
 *   (2) it continues the chain (seq, prev), and
 *   (3) a signed head stands somewhere behind it.
 * Bytes behind the last head are an append in progress, or torn.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "store/leaf.h"
#include "util/buf.h"
#include "util/err.h"

#define SEGMENT_HEAD_LEN 32
#define SEGMENT_LEAVES 65536u	/* a segment with so many leaves is closed */
#define SEGMENT_LEAF_FRAME (2 + LEAF_LEN + 4)
#define SEGMENT_NOTE_MAX 65535u	/* bytes of a head */

struct segment_head {
	uint8_t magic[8];	/* "SCLLSEG1" */
	uint8_t first[8];	/* log position of the first leaf */
	uint8_t origin[16];	/* first half of SHA-256 of the origin */
};
_Static_assert(sizeof(struct segment_head) == SEGMENT_HEAD_LEN, "on-disk size");

enum segment_kind { SEGMENT_LEAF, SEGMENT_NOTE };

/* struct segment_frame - one frame, borrowed from the bytes it was read from */
struct segment_frame {
	enum segment_kind kind;
	struct bytes body;	/* the leaf's 160 bytes, or the signed head */
	size_t size;		/* bytes of the whole frame */
};

/* segment_head_put - the header of the segment whose first leaf is first */
void segment_head_put(uint64_t first, const char *origin,
		      uint8_t out[static SEGMENT_HEAD_LEN]);

/*
 * segment_next - read the frame at in.p
 *   hash_leaf  0: a leaf's check is not looked at (its hash is known otherwise)
 * Returns 0; 1 when the bytes end inside the frame (or before it); ERR_DAMAGED
 * when this is no frame or its check does not fit.
 */
int segment_next(struct bytes in, int hash_leaf, struct segment_frame *f);

/* segment_put_leaf, segment_put_note - append a frame; as buf_add(), and
 * ERR_RANGE for a note that is empty or above SEGMENT_NOTE_MAX.
 *   hash   the leaf's RFC 6962 hash */
int segment_put_leaf(struct buf *out, const uint8_t leaf[static LEAF_LEN],
		     const uint8_t hash[static SHA256_LEN]);
int segment_put_note(struct buf *out, struct bytes note);

#endif

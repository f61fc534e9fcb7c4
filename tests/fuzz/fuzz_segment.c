/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Frames of a segment over arbitrary bytes; what is read is written alike.
 * The checks are made right wherever a frame seems to stand, so that what is
 * behind it is reached.
 */
#include "store/segment.h"
#include "util/enc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int sound)
{
	if (!sound)
		abort();
}

/* mend - a right check at the end of the frame at p, if one lies there whole */
static void mend(uint8_t *p, size_t left)
{
	uint8_t hash[SHA256_LEN];
	size_t at = 2, len = left < 4 ? 0 : get_be16(p);

	if (len == LEAF_LEN && left >= SEGMENT_LEAF_FRAME) {
		leaf_hash(p + at, hash);
	} else if (len == 0xffff) {
		at = 4;
		len = get_be16(p + 2);
		if (len + 8 > left)
			return;
		sha256_once(BYTES(p + at, len), hash);
	} else {
		return;
	}
	memcpy(p + at + len, hash, 4);
}

static void again(const struct segment_frame *f, struct bytes whole)
{
	struct buf out = BUF_INIT(1 << 17);
	uint8_t leaf[LEAF_LEN], hash[SHA256_LEN];
	struct leaf l;

	if (f->kind == SEGMENT_NOTE) {
		need(segment_put_note(&out, f->body) == 0);
	} else {
		leaf_hash(f->body.p, hash);
		need(segment_put_leaf(&out, f->body.p, hash) == 0);
		if (leaf_decode(f->body.p, &l, NULL) == 0) {
			leaf_encode(&l, leaf);
			need(!memcmp(leaf, f->body.p, LEAF_LEN));
		}
	}
	need(bytes_eq(buf_view(&out), whole));
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	struct segment_frame f;
	size_t off = 0;

	memcpy(copy, data, size);
	while (off < size) {
		int r = segment_next(BYTES(copy + off, size - off), 1, &f);

		mend(copy + off, size - off);
		if (segment_next(BYTES(copy + off, size - off), 1, &f) != 0) {
			need(r != 0);
			break;
		}
		need(f.size && f.size <= size - off);
		again(&f, BYTES(copy + off, f.size));
		off += f.size;
	}
	free(copy);
	return 0;
}

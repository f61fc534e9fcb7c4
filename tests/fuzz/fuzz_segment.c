/* SPDX-License-Identifier: EUPL-1.2 */
/* Frames of a segment over arbitrary bytes; what is read is written alike. */
#include "store/segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = BUF_INIT(1 << 20);
	struct segment_frame f;
	size_t off = 0;

	while (off < size
	       && segment_next(BYTES(data + off, size - off), 0, &f) == 0) {
		if (f.size == 0 || f.size > size - off)
			abort();
		if (f.kind == SEGMENT_NOTE) {
			buf_clear(&out);
			if (segment_put_note(&out, f.body) < 0
			    || !bytes_eq(buf_view(&out),
					 BYTES(data + off, f.size)))
				abort();
		} else {
			struct leaf l;
			uint8_t again[LEAF_LEN];

			if (leaf_decode(f.body.p, &l, NULL) == 0) {
				leaf_encode(&l, again);
				if (memcmp(again, f.body.p, LEAF_LEN))
					abort();
			}
		}
		off += f.size;
	}
	buf_release(&out);
	return 0;
}

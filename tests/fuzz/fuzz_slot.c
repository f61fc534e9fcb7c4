/* SPDX-License-Identifier: EUPL-1.2 */
/* Slot frames and slots over arbitrary bytes. */
#include "store/sha256.h"
#include "store/slot.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[SLOT_FRAME_LEN], again[SLOT_LEN], hash[SHA256_LEN];
	struct slot_frame f;
	struct slot s;

	if (size >= SLOT_FRAME_LEN) {
		memcpy(frame, data, sizeof frame);
		slot_frame_get(frame, &f);
		/* A right check, so that what is behind it is reached. */
		sha256_once(BYTES(frame, 28), hash);
		memcpy(frame + 28, hash, 4);
		if (slot_frame_get(frame, &f) == 0) {
			slot_frame_put(&f, again);
			if (memcmp(again, frame, sizeof frame))
				abort();
		}
	}
	if (size >= SLOT_LEN && slot_get(data, &s) == 0) {
		slot_put(&s, again);
		if (memcmp(again, data, SLOT_LEN))
			abort();
	}
	return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Hostile checkpoints: what is read is written back byte for byte. */
#include "store/checkpoint.h"
#include "store/leaf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void need(int sound)
{
	if (!sound)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t seed[32] = { 1 };
	struct buf out = BUF_INIT(CHECKPOINT_MAX);
	struct bytes in = BYTES(data, len);
	struct note_skey sk;
	struct checkpoint c;
	struct leaf leaf;

	need(note_skey_make(&sk, "fuzz", NOTE_ED25519, seed, NULL) == 0);
	if (checkpoint_parse(in, &c, NULL) == 0 &&
	    c.origin.len + c.ext.len < CHECKPOINT_TEXT_MAX - 80) {
		need(checkpoint_put(&c, &out) == 0);
		need(bytes_eq(buf_view(&out), in));
		buf_clear(&out);
		need(checkpoint_sign(&c, &sk, 1, &out, NULL) == 0);
		need(checkpoint_open(buf_view(&out), &sk.vkey, 1, NULL, &c,
				     NULL) == 0);
	}
	(void)checkpoint_open(in, &sk.vkey, 1, "fuzz", &c, NULL);
	if (len >= LEAF_LEN && leaf_decode(data, &leaf, NULL) == 0) {
		uint8_t back[LEAF_LEN];

		leaf_encode(&leaf, back);
		need(!memcmp(back, data, LEAF_LEN));
	}
	buf_release(&out);
	return 0;
}

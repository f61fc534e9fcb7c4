/* SPDX-License-Identifier: EUPL-1.2 */
/* Hostile requests to a witness, and hostile answers: what is read is written
 * back byte for byte, and no line is a cosignature that was not made here. */
#include "store/cosignature.h"
#include "store/witness_request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void need(int sound)
{
	if (!sound)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t seed[32] = { 4 };
	static const char text[] = "fuzz\n1\n"
		"KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	struct buf out = BUF_INIT(WITNESS_REQUEST_MAX);
	struct bytes in = BYTES(data, len), body, lines;
	struct witness_request q;
	struct cosignature got;
	struct note_skey k;
	uint64_t size;
	size_t n;

	need(note_skey_make(&k, "w", NOTE_COSIGNATURE, seed, NULL) == 0);
	if (witness_request_parse(in, &q, NULL) == 0) {
		need(witness_request_put(&q, &out) == 0);
		need(bytes_eq(buf_view(&out), in));
		if (cosignature_split(q.note, &body, &lines, NULL) == 0)
			need(body.len + 1 + lines.len == q.note.len);
	}
	(void)witness_size_parse(in, &size);
	need(cosignature_check(bytes_str(text), in, &k.vkey, 1, &got, &n,
			       NULL) != 0);
	buf_release(&out);
	return 0;
}

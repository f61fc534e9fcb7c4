/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/mime.h"
#include "parsers/warc_digest.h"
#include "parsers/warc_read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct warc_options opt = { 0, 1 << 20 };
	struct warc_reader *r = NULL;
	struct warc_record rec;
	uint64_t end = 0;

	mime_sniff(BYTES(data, size));
	if (warc_reader_new(BYTES(data, size), &opt, &r, NULL) < 0)
		return 0;
	while (warc_reader_next(r, &rec, NULL) == 1) {
		struct buf scratch = BUF_INIT(1 << 20);
		struct warc_digest d;
		struct bytes payload;
		unsigned flags;

		/* Records come in order and lie inside the file. */
		if (rec.offset < end || rec.offset + rec.length > size)
			abort();
		if (!warc_reader_is_gzip(r))
			end = rec.offset + 1;
		if (rec.whole && rec.block.len != rec.head->length)
			abort();
		warc_payload(rec.head, rec.block, &scratch, &payload, &flags, NULL);
		warc_digest_parse(warc_get(rec.head, "WARC-Block-Digest"), &d);
		buf_release(&scratch);
	}
	warc_reader_free(r);
	return 0;
}

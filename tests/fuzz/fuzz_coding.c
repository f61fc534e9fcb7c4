/* SPDX-License-Identifier: EUPL-1.2 */
/* The first byte names the coding. */
#include "parsers/coding.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "gzip", "deflate", "br", "zstd",
					     "chunked", "identity" };
	struct buf out = BUF_INIT(1 << 20), trailers = BUF_INIT(1 << 20);
	unsigned flags;

	if (size < 1)
		return 0;
	coding_decode(bytes_str(names[data[0] % 6]), BYTES(data + 1, size - 1),
		      NULL, &out, &flags, NULL);
	if (out.len > out.max)
		abort();
	buf_clear(&out);
	coding_dechunk(BYTES(data + 1, size - 1), &out, &trailers, &flags, NULL);
	if (out.len + trailers.len > size)
		abort();
	buf_release(&out);
	buf_release(&trailers);
	return 0;
}

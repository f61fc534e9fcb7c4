/* SPDX-License-Identifier: EUPL-1.2 */
/* Office documents: libarchive for the archive, libxml2 for its properties. */
#include "tests/fuzz/media.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	media_quiet();
	docx_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *kind = NULL;
	struct record r;

	media_begin(&r, "libarchive");
	if (docx_read(&r, BYTES(data, size), &kind) == 1 && !kind)
		abort();
	media_end(&r);
	return 0;
}

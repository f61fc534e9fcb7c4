/* SPDX-License-Identifier: EUPL-1.2 */
/* PDF through qpdf: the information dictionary and the XMP that is embedded. */
#include "tests/fuzz/media.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	media_quiet();
	pdf_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts parts = PARTS_INIT;
	struct record r;

	media_begin(&r, "qpdf");
	pdf_read(&r, BYTES(data, size), &parts);
	media_end(&r);
	media_parts_release(&parts);
	return 0;
}

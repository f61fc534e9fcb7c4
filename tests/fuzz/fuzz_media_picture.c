/* SPDX-License-Identifier: EUPL-1.2 */
/* Pictures: our walk of the container, Exiv2 on the file, and Exiv2 and
 * libxml2 on the parts the walk took out. */
#include "tests/fuzz/media.h"

#include "parsers/mime.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	media_quiet();
	exif_start();
	docx_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes in = { data, size };
	const char *type = mime_sniff(BYTES(data, size < MIME_LOOK ? size
								    : MIME_LOOK));
	struct parts parts = PARTS_INIT;
	struct record r;

	media_begin(&r, "header");
	header_read(&r, type, in, &parts);
	media_end(&r);
	media_begin(&r, "exiv2");
	exif_read(&r, in);
	media_end(&r);
	media_begin(&r, "libxml2");
	xmp_toolkit(&r, buf_view(&parts.xmp));
	media_end(&r);
	media_begin(&r, "exiv2-parts");
	parts_read(&r, &parts);
	media_end(&r);
	media_parts_release(&parts);
	return 0;
}

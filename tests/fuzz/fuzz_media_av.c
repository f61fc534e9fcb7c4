/* SPDX-License-Identifier: EUPL-1.2 */
/* Film and sound through libavformat, under each type it may be sniffed as:
 * the first byte tells, so that no demuxer is far. */
#include "tests/fuzz/media.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	media_quiet();
	av_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "video/mp4", "video/quicktime",
		"video/webm", "video/x-matroska", "audio/ogg",
		"application/ogg", "audio/mpeg", "audio/mp4", "audio/wav",
		"audio/flac", "video/x-msvideo" };
	struct record r;

	if (size < 1)
		return 0;
	media_begin(&r, "libavformat");
	av_read(&r, types[data[0] % (sizeof types / sizeof *types)],
		BYTES(data + 1, size - 1));
	media_end(&r);
	return 0;
}

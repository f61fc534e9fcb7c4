/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A pack walked over arbitrary bytes.  The checks of frame headers are made
 * right wherever a frame seems to stand, so that what is behind is reached.
 */
#include "store/pack.h"
#include "util/enc.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pack_item it;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	uint8_t *copy = malloc(size + 1), hash[SHA256_LEN];
	char path[PACK_PATH_MAX + 1];
	struct pack_walk w;
	uint64_t bad, off = 0;

	memcpy(copy, data, size);
	while (off + PACK_FRAME_LEN <= size) {
		uint64_t len = get_be64(copy + off + 16);

		sha256_once(BYTES(copy + off, 56), hash);
		memcpy(copy + off + 56, hash, 4);
		off += PACK_FRAME_LEN;
		if (len > size - off)
			break;
		off += len;
	}
	if (fd < 0)
		fd = memfd_create("pack", 0);
	if (ftruncate(fd, 0) || pwrite(fd, copy, size, 0) != (ssize_t)size)
		abort();
	pack_walk_init(&w, fd, size);
	pack_walk_head(&w, 1, NULL);
	w.off = 0;
	while (pack_walk_next(&w, &it, &bad, NULL) == 0) {
		if (it.end <= it.off || it.end > size || it.objects == 0)
			abort();
		for (unsigned i = 0; i < it.objects + it.externals; i++)
			if (it.frame[i].type == PACK_EXTERNAL
			    && pack_walk_path(&w, &it, i, path, NULL) < 0)
				abort();
	}
	free(copy);
	return 0;
}

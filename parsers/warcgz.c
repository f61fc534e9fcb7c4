/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/warcgz.h"

#include <libdeflate.h>
#include <stdlib.h>

#define LEVEL 1		/* speed matters more than the last bytes of text */

struct warcgz {
	struct libdeflate_compressor *fast, *stored;
};

int warcgz_new(struct warcgz **out)
{
	struct warcgz *z = calloc(1, sizeof(*z));

	if (!z)
		return ERR_NOMEM;
	z->fast = libdeflate_alloc_compressor(LEVEL);
	z->stored = libdeflate_alloc_compressor(0);
	if (!z->fast || !z->stored) {
		warcgz_free(z);
		return ERR_NOMEM;
	}
	*out = z;
	return 0;
}

void warcgz_free(struct warcgz *z)
{
	if (!z)
		return;
	libdeflate_free_compressor(z->fast);
	libdeflate_free_compressor(z->stored);
	free(z);
}

int warcgz_put(struct warcgz *z, struct bytes record, int store,
	       struct buf *out)
{
	struct libdeflate_compressor *c = store ? z->stored : z->fast;
	size_t room = libdeflate_gzip_compress_bound(c, record.len), n;
	uint8_t *p;

	/* The bound is generous: near the cap, ask for what is left. */
	if (out->max > out->len && room > out->max - out->len)
		room = out->max - out->len;
	p = buf_room(out, room);
	if (!p)
		return out->failed;
	n = libdeflate_gzip_compress(c, record.len ? (const void *)record.p : "",
				     record.len, p, room);
	if (n == 0)
		return out->failed = ERR_RANGE;
	out->len += n;
	return 0;
}

int warcgz_stores(const char *type)
{
	static const char *const packed[] = {
		"image/", "audio/", "video/", "application/zip",
		"application/gzip", "application/pdf", "application/x-7z",
		"application/vnd.rar", "font/woff",
	};

	if (!type || strncmp(type, "image/svg", 9) == 0 ||
	    strncmp(type, "image/bmp", 9) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		if (strncmp(type, packed[i], strlen(packed[i])) == 0)
			return 1;
	}
	return 0;
}

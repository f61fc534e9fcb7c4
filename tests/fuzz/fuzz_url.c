/* SPDX-License-Identifier: EUPL-1.2 */
/* A URL, perhaps with a base before the first 0xff byte. */
#include "parsers/url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct url *a)
{
	struct buf surt = BUF_INIT(8 * URL_MAX);
	struct url b = URL_INIT;

	/* What was serialised reads back as itself. */
	if (url_parse(BYTES(a->href, a->len), NULL, &b, NULL) < 0 ||
	    strcmp(a->href, b.href) != 0 || !url_eq(a, &b) ||
	    a->host_kind != b.host_kind || memcmp(a->ip, b.ip, 16) != 0)
		abort();
	if (url_is_http(a) && (a->path.len == 0 || a->host.len == 0))
		abort();
	url_surt(a, &surt);
	url_origin(a, &surt);
	buf_release(&surt);
	url_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0xff, size) : NULL;
	struct url base = URL_INIT, u = URL_INIT;
	int have = 0;

	if (cut) {
		size_t n = (size_t)(cut - data);

		have = url_parse(BYTES(data, n), NULL, &base, NULL) == 0;
		data += n + 1;
		size -= n + 1;
	}
	if (url_parse(BYTES(data, size), have ? &base : NULL, &u, NULL) == 0)
		same(&u);
	url_release(&base);
	url_release(&u);
	return 0;
}

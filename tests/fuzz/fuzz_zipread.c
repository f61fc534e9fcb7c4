/* SPDX-License-Identifier: EUPL-1.2 */
/* Hostile ZIP files: what is told lies in the input and fits its limits. */
#include "parsers/zipread.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zipread z = ZIPREAD_INIT;

	if (zipread_open(BYTES(data, size), &z, NULL) < 0)
		return 0;
	for (size_t i = 0; i < z.n; i++) {
		struct buf b = BUF_INIT((size_t)1 << 20);

		if (z.member[i].at > size ||
		    z.member[i].packed > size - z.member[i].at ||
		    z.member[i].name[0] == '/' ||
		    strstr(z.member[i].name, "/../") ||
		    zipread_find(&z, z.member[i].name) != &z.member[i])
			abort();
		if (zipread_get(&z, &z.member[i], &b, NULL) == 0 &&
		    b.len != z.member[i].size)
			abort();
		buf_release(&b);
	}
	zipread_release(&z);
	return 0;
}

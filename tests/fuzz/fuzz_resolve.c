/* SPDX-License-Identifier: EUPL-1.2 */
/* DNS answers: what is taken from one is bounded and terminated. */
#include "crawler/resolve.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct resolve_found f;

	if (!n)
		return 0;
	memset(&f, 0, sizeof(f));
	resolve_answer(BYTES(p + 1, n - 1), "shop.example", *p & 1 ? 4 : 6,
		       &f);
	if (f.n > RESOLVE_ADDRESSES_MAX || f.ncname > RESOLVE_CNAMES_MAX)
		abort();
	for (unsigned i = 0; i < f.ncname; i++) {
		if (!memchr(f.cname[i], 0, sizeof(f.cname[i])))
			abort();
	}
	return 0;
}

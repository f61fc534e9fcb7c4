/* SPDX-License-Identifier: EUPL-1.2 */
/* Lab files: whatever is read is released, and leads to loopback only. */
#include "crawler/lab.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct address a[LAB_ADDRESSES_MAX];
	struct lab *lab = NULL;
	unsigned port;

	if (lab_parse(BYTES(p, n), "/lab", &lab, NULL))
		return 0;
	if (!lab_map(lab, "a.example", 443, a, &port) &&
	    (!address_is_loopback(a) || !port || port > 65535))
		abort();
	lab_resolve(lab, "a.example", 4, a);
	lab_free(lab);
	return 0;
}

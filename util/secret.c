/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/secret.h"

#include "util/err.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int secret_start(void)
{
	struct rlimit none = { 0, 0 };

	if (sodium_init() < 0)
		return ERR_IO;
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return ERR_IO;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return ERR_IO;
	return 0;
}

void secret_random(void *p, size_t n)
{
	randombytes_buf(p, n);
}

void secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

int secret_eq(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void *secret_alloc(size_t n)
{
	void *p;

	/* Its page size is known only after this; again costs nothing. */
	if (sodium_init() < 0)
		return NULL;
	p = sodium_malloc(n);
	if (p)
		sodium_memzero(p, n);
	return p;
}

void secret_free(void *p)
{
	sodium_free(p);
}

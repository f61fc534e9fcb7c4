/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Secrets in memory: random bytes, wiping, locking.
 */
#ifndef UTIL_SECRET_H
#define UTIL_SECRET_H

#include <stddef.h>
#include <stdint.h>

/*
 * secret_start - prepare libsodium; core dumps off and the process not
 * traceable.  Call once, first thing in main() and in each child.
 * Returns 0 or ERR_IO.
 */
int secret_start(void);

/* secret_random - fill p with n bytes from the system's generator */
void secret_random(void *p, size_t n);

/* secret_wipe - erase n bytes, in a way the compiler keeps */
void secret_wipe(void *p, size_t n);

/* secret_eq - 1 when both hold the same n bytes; constant time */
int secret_eq(const void *a, const void *b, size_t n);

/*
 * secret_alloc - zeroed memory that is locked against swapping (best effort)
 * and wiped by secret_free().  Returns NULL when out of memory.
 */
void *secret_alloc(size_t n);
void secret_free(void *p);

#endif

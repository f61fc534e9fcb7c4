/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a case keeps beside its evidence, and what erasing does to it.
 *
 * index.age       destroyed: built anew at the next reading
 * derived.cache   written anew without what the erased items gave
 * crawl.journal   compacted: of URLs that are done it then keeps 128 bits of
 *                 their SHA-256, so that they are not fetched again, and of
 *                 posts 64; texts of URLs only of what is still to be fetched
 */
#ifndef CASES_ERASURE_CACHES_H
#define CASES_ERASURE_CACHES_H

#include "cases/unit.h"
#include "store/erase.h"

/* erasure_caches - of some items, or (l NULL) of the whole case */
int erasure_caches(struct unit *u, const struct admin_case *c,
		   const struct erase_list *l, struct err *e);

/* erasure_epoch_caches - what is sealed to a key the case no longer has */
int erasure_epoch_caches(struct unit *u, const char *case_id, struct err *e);

/* erasure_destroy - overwrite and remove a file below the vault; fine when
 * there is none */
int erasure_destroy(struct unit *u, const char *rel, struct err *e);

#endif

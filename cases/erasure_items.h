/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How people and statements name what is erased or classified: "12" an item,
 * "12-40" items, "12/1" one object of an item (0 is its statement, 1 its first
 * blob).
 */
#ifndef CASES_ERASURE_ITEMS_H
#define CASES_ERASURE_ITEMS_H

#include "store/erase.h"
#include "util/json.h"

#define ERASURE_ITEMS_MAX 20000u	/* words of one statement */

/* erasure_item_read - one such word, added to l; ERR_FORMAT, ERR_LIMIT,
 * ERR_NOMEM */
int erasure_item_read(const char *word, struct erase_list *l, struct err *e);

/* erasure_items_read - a JSON array of them, into a sorted list; objects 0: no
 * word may name one object */
int erasure_items_read(const json_t *items, int objects, struct erase_list *l,
		       struct err *e);

/* erasure_items_put - a sorted list as such an array; NULL: no memory */
json_t *erasure_items_put(const struct erase_list *l);

/* erasure_items_text - the same as words with commas, at most max of them */
void erasure_items_text(const struct erase_list *l, size_t max,
			struct buf *out);

#endif

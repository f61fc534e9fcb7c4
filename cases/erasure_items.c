/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/erasure_items.h"

#include <stdio.h>

#define RANGE_MAX 10000000u
#define NUMBER_MAX 1000000000000u

static const char *number(const char *p, uint64_t *out)
{
	uint64_t n = 0;
	const char *start = p;

	while (*p >= '0' && *p <= '9' && n < NUMBER_MAX)
		n = n * 10 + (uint64_t)(*p++ - '0');
	if (p == start || (*start == '0' && p > start + 1) || n >= NUMBER_MAX)
		return NULL;
	*out = n;
	return p;
}

int erasure_item_read(const char *word, struct erase_list *l, struct err *e)
{
	uint64_t first, last, object = ERASE_WHOLE;
	const char *p = number(word, &first);
	int r;

	last = p ? first : 0;
	if (p && *p == '-') {
		p = number(p + 1, &last);
	} else if (p && *p == '/') {
		p = number(p + 1, &object);
		if (p && object >= ERASE_WHOLE)
			p = NULL;
	}
	if (!p || *p || last < first)
		return err_set(e, ERR_FORMAT, "'%.40s' names no items: a number, "
			       "N-M, or N/K for one object", word);
	if (l->n >= ERASURE_ITEMS_MAX || last - first > RANGE_MAX)
		return err_set(e, ERR_LIMIT, "more than %u items at once",
			       ERASURE_ITEMS_MAX);
	r = erase_list_add(l, first, last, (unsigned)object);
	return r < 0 ? err_set(e, r, "cannot take '%.40s'", word) : 0;
}

int erasure_items_read(const json_t *items, int objects, struct erase_list *l,
		       struct err *e)
{
	size_t n = json_array_size(items);
	int r = 0;

	memset(l, 0, sizeof *l);
	if (n < 1 || n > ERASURE_ITEMS_MAX)
		return err_set(e, ERR_FORMAT, "'items' is no list of 1 to %u",
			       ERASURE_ITEMS_MAX);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *s = json_string_value(json_array_get(items, i));

		if (!s)
			r = err_set(e, ERR_FORMAT, "'items' holds no words");
		else
			r = erasure_item_read(s, l, e);
		if (r == 0 && !objects && l->r[l->n - 1].object != ERASE_WHOLE)
			r = err_set(e, ERR_FORMAT, "'%.40s' names one object "
				    "of an item", s);
	}
	if (r < 0)
		erase_list_release(l);
	else
		erase_list_sort(l);
	return r;
}

static int word_of(const struct erase_range *x, char *out, size_t room)
{
	if (x->object != ERASE_WHOLE)
		return snprintf(out, room, "%llu/%u",
				(unsigned long long)x->first, x->object);
	if (x->first == x->last)
		return snprintf(out, room, "%llu",
				(unsigned long long)x->first);
	return snprintf(out, room, "%llu-%llu", (unsigned long long)x->first,
			(unsigned long long)x->last);
}

json_t *erasure_items_put(const struct erase_list *l)
{
	json_t *a = json_array();
	char word[64];

	for (size_t i = 0; a && i < l->n; i++) {
		word_of(&l->r[i], word, sizeof word);
		if (json_array_append_new(a, json_string(word)) < 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

void erasure_items_text(const struct erase_list *l, size_t max,
			struct buf *out)
{
	char word[64];

	for (size_t i = 0; i < l->n && i < max; i++) {
		word_of(&l->r[i], word, sizeof word);
		buf_addf(out, "%s%s", i ? ", " : "", word);
	}
	if (l->n > max)
		buf_adds(out, ", ...");
}

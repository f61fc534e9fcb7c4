/* SPDX-License-Identifier: EUPL-1.2 */
/* The lists of erased objects.  Pure: no I/O. */
#include "store/erase.h"

#include "store/vault_int.h"
#include "util/enc.h"

#include <stdlib.h>

#define LINE "scelle/v1/erased\n"
#define NUMBER_MAX 999999999999999999u

void erase_list_release(struct erase_list *l)
{
	free(l->r);
	free(l->was);
	memset(l, 0, sizeof *l);
}

int erase_list_add(struct erase_list *l, uint64_t first, uint64_t last,
		   unsigned object)
{
	if (last < first || last == UINT64_MAX || object > ERASE_WHOLE
	    || (object != ERASE_WHOLE && first != last))
		return ERR_RANGE;
	if (l->n == ERASE_RANGES_MAX)
		return ERR_LIMIT;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct erase_range *p = realloc(l->r, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		l->r = p;
		l->room = room;
	}
	l->r[l->n++] = (struct erase_range){ first, last, object };
	return 0;
}

/* The whole of an item stands before its objects. */
static unsigned rank(unsigned object)
{
	return object == ERASE_WHOLE ? 0 : object + 1;
}

static int by_place(const void *a, const void *b)
{
	const struct erase_range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->object != y->object)
		return rank(x->object) < rank(y->object) ? -1 : 1;
	return x->last > y->last ? -1 : x->last < y->last;
}

void erase_list_sort(struct erase_list *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->r, l->n, sizeof *l->r, by_place);
	for (size_t i = 0; i < l->n; i++) {
		struct erase_range *x = &l->r[i], *before = NULL;

		if (n > 0)
			before = &l->r[n - 1];
		if (before && before->object == ERASE_WHOLE
		    && x->first <= before->last) {
			/* Inside, or reaching on. */
			if (x->last > before->last)
				before->last = x->last;
			continue;
		}
		if (before && before->object == ERASE_WHOLE
		    && x->object == ERASE_WHOLE
		    && x->first == before->last + 1) {
			before->last = x->last;
			continue;
		}
		if (before && before->first == x->first
		    && before->object == x->object)
			continue;
		l->r[n++] = *x;
	}
	l->n = n;
}

int erase_list_has(const struct erase_list *l, uint64_t case_seq,
		   unsigned object)
{
	const struct erase_range *x;
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		x = &l->r[mid];
		if (x->first < case_seq || (x->first == case_seq
					    && rank(x->object)
					       <= rank(object)))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return 0;
	x = &l->r[lo - 1];
	return case_seq <= x->last
	       && (x->object == ERASE_WHOLE || x->object == object);
}

int erase_list_put(const char *dir, const struct erase_list *l,
		   struct buf *out)
{
	buf_addf(out, LINE "stream %s\n", dir);
	for (size_t i = 0; i < l->n; i++) {
		const struct erase_range *x = &l->r[i];

		if (x->object != ERASE_WHOLE)
			buf_addf(out, "object %llu %u\n",
				 (unsigned long long)x->first, x->object);
		else if (x->first == x->last)
			buf_addf(out, "item %llu\n",
				 (unsigned long long)x->first);
		else
			buf_addf(out, "items %llu %llu\n",
				 (unsigned long long)x->first,
				 (unsigned long long)x->last);
	}
	for (size_t i = 0; i < l->nwas; i++) {
		const struct erase_was *w = &l->was[i];
		char hex[65];

		hex_str(hex, w->sha256, 32);
		buf_addf(out, "was %llu %u %llu %llu %s\n",
			 (unsigned long long)w->case_seq, w->object,
			 (unsigned long long)w->seq,
			 (unsigned long long)w->size, hex);
	}
	return out->failed;
}

int erase_list_was(struct erase_list *l, const struct erase_was *w)
{
	if (l->nwas == ERASE_RANGES_MAX)
		return ERR_LIMIT;
	if (l->nwas == l->was_room) {
		size_t room = l->was_room ? l->was_room * 2 : 16;
		struct erase_was *p = realloc(l->was, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		l->was = p;
		l->was_room = room;
	}
	l->was[l->nwas++] = *w;
	return 0;
}

/* The number before the next 'end', below 10^18. */
static int number(struct bytes *in, char end, uint64_t *out)
{
	struct bytes w;

	return split_at(in, end, &w) ? dec_get(w, NUMBER_MAX, out) :
	       ERR_FORMAT;
}

static int read_was(struct bytes *in, struct erase_list *l)
{
	const struct erase_was *before = l->nwas ? &l->was[l->nwas - 1] : NULL;
	struct erase_was w = { 0 };
	struct bytes hex = { NULL, 0 };
	uint64_t object = 0;
	int r = number(in, ' ', &w.case_seq);

	if (r == 0)
		r = number(in, ' ', &object);
	if (r == 0)
		r = number(in, ' ', &w.seq);
	if (r == 0)
		r = number(in, ' ', &w.size);
	if (r == 0)
		r = split_at(in, '\n', &hex) ? 0 : ERR_FORMAT;
	if (r < 0 || object >= ERASE_WHOLE || hex.len != 64
	    || hex_get(hex, w.sha256, 32) < 0)
		return ERR_FORMAT;
	w.object = (unsigned)object;
	if (!erase_list_has(l, w.case_seq, w.object)
	    || (before && (w.case_seq < before->case_seq
			   || (w.case_seq == before->case_seq
			       && w.object <= before->object))))
		return ERR_FORMAT;
	return erase_list_was(l, &w);
}

static int read_line(struct bytes *in, struct erase_list *l)
{
	uint64_t first, last, object = ERASE_WHOLE;
	struct bytes kind;
	int r = split_at(in, ' ', &kind) ? 0 : ERR_FORMAT;

	if (r == 0 && bytes_is(kind, "was"))
		return read_was(in, l);
	if (l->nwas)
		return ERR_FORMAT;
	if (r == 0 && bytes_is(kind, "item")) {
		r = number(in, '\n', &first);
		last = first;
	} else if (r == 0 && bytes_is(kind, "items")) {
		r = number(in, ' ', &first);
		if (r == 0)
			r = number(in, '\n', &last);
		if (r == 0 && last <= first)
			r = ERR_FORMAT;
	} else if (r == 0 && bytes_is(kind, "object")) {
		r = number(in, ' ', &first);
		last = first;
		if (r == 0)
			r = number(in, '\n', &object);
		if (r == 0 && object >= ERASE_WHOLE)
			r = ERR_FORMAT;
	} else {
		r = ERR_FORMAT;
	}
	if (r < 0)
		return r;
	/* In order, and nothing twice: one text for one list. */
	if (l->n > 0) {
		const struct erase_range *x = &l->r[l->n - 1];

		if (first < x->first
		    || (first <= x->last && x->object == ERASE_WHOLE)
		    || (first == x->first && (object == ERASE_WHOLE
					      || object <= x->object)))
			return ERR_FORMAT;
	}
	return erase_list_add(l, first, last, (unsigned)object);
}

int erase_list_read(struct bytes in, const char *dir, struct erase_list *l,
		    struct err *e)
{
	const size_t n = sizeof LINE - 1;
	struct bytes w;
	int r = 0;

	memset(l, 0, sizeof *l);
	if (in.len > ERASE_LIST_MAX)
		return err_set(e, ERR_LIMIT, "list of erased objects is too "
			       "long");
	if (in.len < n || memcmp(in.p, LINE, n))
		return err_set(e, ERR_FORMAT, "no list of erased objects");
	in = BYTES(in.p + n, in.len - n);
	if (!split_at(&in, ' ', &w) || !bytes_is(w, "stream")
	    || !split_line(&in, &w) || !bytes_is(w, dir))
		return err_set(e, ERR_FORMAT, "list of another stream");
	while (r == 0 && in.len)
		r = read_line(&in, l);
	if (r == 0 && l->n == 0)
		r = ERR_FORMAT;
	if (r < 0) {
		erase_list_release(l);
		err_set(e, r, r == ERR_FORMAT ? "malformed list of erased "
			"objects" : "list of erased objects is too long");
	}
	return r;
}

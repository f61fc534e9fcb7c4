/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/cosignature.h"

#include "util/enc.h"

#include <stdlib.h>

int cosignature_put(struct bytes text, const struct note_skey *key,
		    uint64_t time_s, struct buf *out, struct err *e)
{
	struct checkpoint c;
	int r = checkpoint_parse(text, &c, e);

	if (r < 0)
		return r;
	if (time_s > INT64_MAX)
		return err_set(e, ERR_RANGE, "the time of a cosignature is out "
			       "of bounds");
	return note_cosign(text, key, time_s, out, e);
}

/* The time in a line of one key, the latest of several. */
static int one_key(const struct note *n, const struct note_vkey *k,
		   uint64_t *time_s, struct err *e)
{
	uint64_t best = 0;

	for (size_t i = 0; i < n->nsigs; i++) {
		struct note one = { .text = n->text, .nsigs = 1 };
		uint64_t t = 0;
		int r;

		if (!bytes_is(n->sigs[i].name, k->name) ||
		    memcmp(n->sigs[i].id, k->id, 4) != 0)
			continue;
		one.sigs[0] = n->sigs[i];
		r = note_check(&one, k, 1, NULL, &t, e);
		if (r != 0)
			return r;
		if (t == 0 || t > INT64_MAX) {
			err_set(e, ERR_FORMAT, "'%s' cosigned at an impossible "
				"time", k->name);
			return 1;
		}
		if (t > best)
			best = t;
	}
	*time_s = best;
	return 0;
}

static int check_parsed(const struct note *n, const struct note_vkey *keys,
			size_t nkeys, struct cosignature *out, size_t *n_out,
			struct err *e)
{
	size_t found = 0;

	for (size_t k = 0; k < nkeys; k++) {
		uint64_t t = 0;
		int r = one_key(n, &keys[k], &t, e);

		if (r != 0)
			return r;
		if (t)
			out[found++] = (struct cosignature){ k, t };
	}
	*n_out = found;
	if (found)
		return 0;
	err_set(e, ERR_AUTH, "no cosignature by a known witness");
	return 1;
}

int cosignature_check(struct bytes text, struct bytes lines,
		      const struct note_vkey *keys, size_t nkeys,
		      struct cosignature *out, size_t *n_out, struct err *e)
{
	struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct note *n = NULL;
	struct checkpoint c;
	int r;

	*n_out = 0;
	if (lines.len > COSIGNATURE_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "the cosignatures are too long");
	if (nkeys > 64)
		return err_set(e, ERR_RANGE, "more than 64 witnesses");
	for (size_t k = 0; k < nkeys; k++)
		if (keys[k].type != NOTE_COSIGNATURE)
			return err_set(e, ERR_RANGE, "'%s' is no witness key",
				       keys[k].name);
	r = checkpoint_parse(text, &c, e);
	if (r < 0)
		return r;
	buf_addb(&b, text);
	buf_addc(&b, '\n');
	r = buf_addb(&b, lines);
	n = malloc(sizeof *n);
	if (r < 0 || !n) {
		r = err_set(e, ERR_NOMEM, "no memory for cosignatures");
		goto out;
	}
	r = note_parse(buf_view(&b), n, e);
	if (r < 0)
		goto out;
	/* An empty line among the lines would move where the text ends. */
	if (n->text.len != text.len)
		r = err_set(e, ERR_FORMAT, "not only signature lines");
	else if (n->nsigs > COSIGNATURE_LINES_MAX)
		r = err_set(e, ERR_LIMIT, "too many cosignatures");
	else
		r = check_parsed(n, keys, nkeys, out, n_out, e);
out:
	free(n);
	buf_release(&b);
	return r;
}

int cosignature_split(struct bytes note, struct bytes *text,
		      struct bytes *lines, struct err *e)
{
	struct note *n = malloc(sizeof *n);
	int r;

	if (!n)
		return err_set(e, ERR_NOMEM, "no memory for a note");
	r = note_parse(note, n, e);
	if (r == 0) {
		*text = n->text;
		*lines = BYTES(note.p + n->text.len + 1,
			       note.len - n->text.len - 1);
	}
	free(n);
	return r;
}

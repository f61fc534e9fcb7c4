/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Verifying erasures: what is gone was to go, and what was to go is gone.
 */
#include "store/erase.h"
#include "store/verify_int.h"

#include <stdio.h>
#include <stdlib.h>

struct erased_list {
	struct erase_list l;
	char path[VAULT_DIR_MAX + 32];
	uint64_t gone;			/* objects of it that are gone */
	uint64_t last;			/* log position of the last such, + 1 */
	uint64_t left;			/* objects of it that are there */
	char file[VAULT_DIR_MAX + 32];	/* the first of these */
	uint64_t off;
};

uint64_t verify_named(const struct verify *c, const char *path, unsigned kind,
		      unsigned *count_out, int *gone_out)
{
	static const uint8_t gone[SHA256_LEN];
	uint64_t seq = UINT64_MAX;
	unsigned n = 0;

	for (size_t i = 0; i < c->next; i++) {
		const struct vexternal *x = &c->ext[i];

		if (strcmp(x->path, path)
		    || (kind && c->leaves[x->seq].kind != kind))
			continue;
		n++;
		if (seq != UINT64_MAX && x->seq < seq)
			continue;
		seq = x->seq;
		*gone_out = !memcmp(x->hash, gone, sizeof gone);
	}
	if (count_out)
		*count_out = n;
	return seq;
}

static int read_list(struct verify *c, const char *dir, const char *name,
		     struct erased *x)
{
	struct erased_list *l = &x->lists[x->n];
	struct buf text = BUF_INIT(ERASE_LIST_MAX);
	char path[FILE_PATH_MAX];
	struct err why = ERR_INIT;
	int r;

	snprintf(l->path, sizeof l->path, "%s/erasures/%.24s", dir, name);
	r = file_path(path, c->path, l->path, NULL);
	if (r == 0)
		r = file_read(path, &text, &why);
	if (r == 0)
		r = erase_list_read(buf_view(&text), dir, &l->l, &why);
	buf_release(&text);
	if (r == ERR_FORMAT || r == ERR_LIMIT) {
		verify_say(c, l->path, 0, "%s", why.text);
		return 0;
	}
	if (r == ERR_NOENT && c->live)
		return 0;
	if (r < 0)
		return err_set(c->e, r, "%s", why.text);
	x->n++;
	return 0;
}

int verify_erased_open(struct verify *c, const char *dir, struct erased *x)
{
	char path[FILE_PATH_MAX], **names;
	size_t n = 0;
	int r = file_path(path, c->path, dir, "erasures", NULL);

	if (r == 0)
		r = file_list(path, &names, &n, c->e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	x->lists = calloc(n + 1, sizeof *x->lists);
	if (!x->lists)
		r = err_set(c->e, ERR_NOMEM, "no memory to verify");
	for (char **p = names; r == 0 && *p; p++)
		if (strlen(*p) == 11 && !strcmp(*p + 6, ".list"))
			r = read_list(c, dir, *p, x);
	free(names);
	return r;
}

static void object(struct erased *x, const struct pack_item *it, unsigned i,
		   uint64_t seq, const char *file)
{
	int gone = it->frame[i].type == PACK_ERASED, named = 0;

	for (size_t k = 0; k < x->n; k++) {
		struct erased_list *l = &x->lists[k];

		if (!erase_list_has(&l->l, it->case_seq, i))
			continue;
		named = 1;
		if (gone) {
			l->gone++;
			l->last = seq + 1;
		} else if (l->left++ == 0) {
			l->off = it->at[i];
			snprintf(l->file, sizeof l->file, "%s", file);
		}
	}
	if (!gone || named)
		return;
	if (x->unnamed++ == 0) {
		x->off = it->at[i];
		snprintf(x->file, sizeof x->file, "%s", file);
	}
}

void verify_erased_item(struct erased *x, const struct pack_item *it,
			uint64_t seq, const char *file)
{
	if (x->n == 0 && it->erased == 0)
		return;
	for (unsigned i = 0; i < it->objects; i++)
		object(x, it, i, seq, file);
}

/* Position of the first leaf of an erasure that names a path. */
static uint64_t first_named(const struct verify *c, const char *path)
{
	uint64_t seq = UINT64_MAX;

	for (size_t i = 0; i < c->next; i++)
		if (!strcmp(c->ext[i].path, path) && c->ext[i].seq < seq
		    && c->leaves[c->ext[i].seq].kind == LEAF_ERASURE)
			seq = c->ext[i].seq;
	return seq;
}

void verify_erased_end(struct verify *c, struct erased *x)
{
	if (x->unnamed)
		verify_say(c, x->file, x->off, "%llu objects are gone, and no "
			   "erasure names them",
			   (unsigned long long)x->unnamed);
	for (size_t k = 0; k < x->n; k++) {
		const struct erased_list *l = &x->lists[k];
		unsigned times = 0;
		uint64_t seq;
		int gone = 0;

		seq = verify_named(c, l->path, LEAF_ERASURE, &times, &gone);
		if (seq == UINT64_MAX || gone) {
			if (l->gone && !c->log_bad)
				verify_say(c, l->path, 0, "%llu objects are "
					   "gone, and no erasure names this "
					   "list of them",
					   (unsigned long long)l->gone);
			continue;
		}
		if (l->last > first_named(c, l->path))
			verify_say(c, l->path, 0, "objects are gone that came "
				   "after the erasure");
		if (l->left && times > 1)
			verify_say(c, l->file, l->off, "%llu objects are still "
				   "there, and leaf %llu certifies that they "
				   "are erased", (unsigned long long)l->left,
				   (unsigned long long)seq);
		else if (l->left && !c->live)
			verify_say(c, l->file, l->off, "an erasure was decided "
				   "and not done: open the vault to go on");
	}
}

void verify_erased_release(struct erased *x)
{
	for (size_t k = 0; k < x->n; k++)
		erase_list_release(&x->lists[k].l);
	free(x->lists);
	memset(x, 0, sizeof *x);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Recovery, last: tables of slots and lists of erasures follow the leaves. */
#include "store/recover_int.h"

#include "util/enc.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * Finish what a new key began: a table no leaf names never counted; what a leaf
 * says is gone goes.
 */
static int settle_keys(const struct recovery *rc, const struct rest *t,
		       struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	int r = file_path(dir, rc->v->path, t->dir, "keys", NULL), tab;

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		uint32_t epoch = keys_name_epoch(*p, &tab);

		if (!epoch || (epoch <= t->epoch && !recover_is_gone(rc, t->dir, *p)))
			continue;
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = keys_destroy(path, e);
	}
	free(names);
	return r;
}

/* A group that was adopted may have named a table or a list. */
static void adopt_named(struct recovery *rc)
{
	uint64_t base = vault_size(rc->v) - rc->n;

	for (size_t i = 0; i < rc->nnamed; i++)
		if (rc->named[i].seq == UINT64_MAX) {
			rc->named[i].seq = base;
			for (uint64_t k = 0; k < rc->n; k++)
				if (get_be16(rc->leaves[k] + 24)
				    == LEAF_ERASURE)
					rc->named[i].erasure = 1;
		}
}

/* A list whose decision was not committed. */
static int settle_lists(const struct recovery *rc, const struct rest *t,
			struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], **names;
	int r = file_path(dir, rc->v->path, t->dir, "erasures", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		size_t n = strlen(t->dir);
		int found = 0;

		for (size_t i = 0; !found && i < rc->nnamed; i++)
			found = rc->named[i].seq != UINT64_MAX
				&& !strncmp(rc->named[i].path, t->dir, n)
				&& !strncmp(rc->named[i].path + n,
					    "/erasures/", 10)
				&& !strcmp(rc->named[i].path + n + 10, *p);
		if (found)
			continue;
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = vio_unlink(path, e);
	}
	free(names);
	return r;
}

/* A list that no certificate names yet. */
static int is_pending(const struct recovery *rc, const struct named *x)
{
	unsigned n = 0;

	if (x->seq == UINT64_MAX || !x->erasure
	    || !strstr(x->path, "/erasures/"))
		return 0;
	for (size_t i = 0; i < rc->nnamed; i++)
		n += rc->named[i].seq != UINT64_MAX && rc->named[i].erasure
		     && !strcmp(rc->named[i].path, x->path);
	return n == 1;
}

int recover_settle(struct recovery *rc, int adopted, struct err *e)
{
	int r = 0;

	if (adopted)
		adopt_named(rc);
	for (size_t k = 0; r == 0 && k < rc->nrests; k++) {
		recover_find_epoch(rc, &rc->rests[k]);
		r = settle_keys(rc, &rc->rests[k], e);
		if (r == 0)
			r = settle_lists(rc, &rc->rests[k], e);
	}
	for (size_t i = 0; r == 0 && i < rc->nnamed; i++)
		if (is_pending(rc, &rc->named[i]))
			r = erase_redo(rc->v, rc->named[i].path,
				       rc->named[i].hash, e);
	return r;
}

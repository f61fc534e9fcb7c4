/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/erasure_caches.h"

#include "cases/casefile.h"
#include "cases/derived.h"
#include "cases/unit_int.h"
#include "crawler/frontier.h"
#include "store/rekey.h"

#include <stdio.h>
#include <unistd.h>

int erasure_destroy(struct unit *u, const char *rel, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = unit_path(u, rel, path, e);

	return r < 0 ? r : rekey_destroy(path, e);
}

static int case_file(const char *id, const char *name, char *out, size_t room)
{
	return snprintf(out, room, "cases/%s/%s", id, name) < (int)room
	       ? 0 : ERR_RANGE;
}

static int destroy_in(struct unit *u, const char *id, const char *name,
		      struct err *e)
{
	char rel[96];
	int r = case_file(id, name, rel, sizeof rel);

	return r < 0 ? r : erasure_destroy(u, rel, e);
}

/* Claims of the journal are asked of the log, as a pass does. */
static int is_in_log(void *arg, uint64_t case_seq, const uint8_t open[static 32])
{
	const struct stream *s = ((void **)arg)[0];
	const struct vault *v = ((void **)arg)[1];
	struct leaf leaf;
	uint64_t seq;

	if (case_seq >= stream_count(s) ||
	    stream_seq(s, case_seq, &seq, NULL) < 0 ||
	    vault_leaf(v, seq, &leaf) < 0)
		return 0;
	return !memcmp(leaf.open, open, sizeof leaf.open);
}

/*
 * A journal in the middle of a pass is left to the pass: it compacts at its
 * end.
 */
static int journal(struct unit *u, const struct admin_case *c, struct err *e)
{
	char rel[96], path[FILE_PATH_MAX];
	struct frontier *f = NULL;
	struct stream *s = NULL;
	void *arg[2];
	int r = case_file(c->id, "crawl.journal", rel, sizeof rel);

	if (r == 0)
		r = unit_path(u, rel, path, e);
	if (r < 0 || !file_exists(path))
		return r;
	/* Beside others a pass may be at it: its own end compacts. */
	if (u->link)
		return 0;
	r = casefile_stream(u, c, &s, e);
	if (r < 0)
		return r;
	arg[0] = s;
	arg[1] = u->vault;
	r = frontier_open(path, u->keys->receive.secret, is_in_log, arg, &f, e);
	if (r < 0)
		return r;
	if (frontier_pass(f, NULL)) {
		frontier_abandon(f);
		return 0;
	}
	return frontier_close(f, e);
}

int erasure_caches(struct unit *u, const struct admin_case *c,
		   const struct erase_list *l, struct err *e)
{
	char rel[96], path[FILE_PATH_MAX];
	int r = destroy_in(u, c->id, "index.age", e);

	if (r == 0 && !l) {
		r = destroy_in(u, c->id, "derived.cache", e);
		if (r == 0)
			r = destroy_in(u, c->id, "crawl.journal", e);
		return r;
	}
	if (r == 0)
		r = case_file(c->id, "derived.cache", rel, sizeof rel);
	if (r == 0)
		r = unit_path(u, rel, path, e);
	if (r == 0)
		r = derived_drop(path, l, e);
	return r < 0 ? r : journal(u, c, e);
}

int erasure_epoch_caches(struct unit *u, const char *case_id, struct err *e)
{
	int r = destroy_in(u, case_id, "index.age", e);

	return r < 0 ? r : destroy_in(u, case_id, "derived.cache", e);
}

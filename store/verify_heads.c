/* SPDX-License-Identifier: EUPL-1.2 */
/* Heads that the vault or somebody else kept, against the log. */
#include "store/verify_int.h"

#include <stdio.h>
#include <stdlib.h>

static struct vhead *push_head(struct verify *c)
{
	if (c->nheads == c->heads_room) {
		size_t room = c->heads_room ? c->heads_room * 2 : 16;
		struct vhead *p = realloc(c->heads, room * sizeof *p);

		if (!p)
			return NULL;
		c->heads = p;
		c->heads_room = room;
	}
	memset(&c->heads[c->nheads], 0, sizeof *c->heads);
	return &c->heads[c->nheads++];
}

/*
 * A head beyond its shard is of a history this vault does not hold.  Where a
 * restore follows, the vault says so itself.
 */
static void place_head(struct verify *c, struct vhead *h)
{
	const struct vault_shard *s = &c->fmt->shard[h->shard];
	const struct vault_shard *next = s + 1;

	if (h->size < s->first) {
		h->out = 1;
		verify_say(c, h->file, 0, "a head of size %llu, but shard '%s' "
			   "begins at %llu", (unsigned long long)h->size,
			   s->name, (unsigned long long)s->first);
		return;
	}
	if ((unsigned)h->shard + 1 == c->fmt->n || h->size <= next->first)
		return;
	h->out = 1;
	h->lost = next->why == VAULT_RESTORE;
	if (h->lost)
		verify_say_lost(c, h->file, "lost in a restore: this head covers "
				"%llu leaves; the vault was restored with %llu "
				"of them, and shard '%s' goes on from there",
				(unsigned long long)h->size,
				(unsigned long long)next->first, next->name);
	else
		verify_say(c, h->file, 0, "shard '%s' ended with %llu leaves, "
			   "but this head covers %llu: cut, or another copy "
			   "went on", s->name, (unsigned long long)next->first,
			   (unsigned long long)h->size);
}

/* Take up a signed head; a bad one is a problem.  name: in heads/ of shard, or
 * NULL for one from outside. */
static int add_head(struct verify *c, struct bytes note, const char *file,
		    const char *name, int shard)
{
	char want[32];
	struct err why = ERR_INIT;
	struct checkpoint cp;
	struct vhead *h;
	int r;

	if (!name)
		shard = format_of_note(c->fmt, note);
	if (shard < 0) {
		verify_say(c, file, 0, "no head of this log: it names no shard "
			   "of it");
		return 0;
	}
	r = checkpoint_open(note, &c->fmt->vkey[shard], 1,
			    c->fmt->shard[shard].origin, &cp, &why);
	if (r == ERR_NOMEM)
		return err_set(c->e, r, "no memory to verify");
	if (r) {
		verify_say(c, file, 0, "no head of this log: %s", why.text);
		return 0;
	}
	if (name) {
		snprintf(want, sizeof want, "%llu.note",
			 (unsigned long long)cp.size);
		if (strcmp(want, name)) {
			verify_say(c, file, 0, "the head is of size %llu",
				   (unsigned long long)cp.size);
			return 0;
		}
	}
	h = push_head(c);
	if (!h)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	h->size = cp.size;
	h->shard = shard;
	h->outside = !name;
	memcpy(h->root, cp.root, SHA256_LEN);
	snprintf(h->file, sizeof h->file, "%s", file);
	place_head(c, h);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const struct vhead *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

static int outside_head(struct verify *c)
{
	struct bytes note = c->o->head;
	struct err why = ERR_INIT;

	if (note.len == 0)
		return 0;
	if (receipt_is(note)) {
		c->receipt = malloc(sizeof *c->receipt);
		if (!c->receipt)
			return err_set(c->e, ERR_NOMEM, "no memory to verify");
		if (receipt_parse(note, c->receipt, &why) < 0) {
			verify_say(c, "(outside receipt)", 0, "%s", why.text);
			free(c->receipt);
			c->receipt = NULL;
			return 0;
		}
		note = c->receipt->head;
	}
	return add_head(c, note, c->receipt ? "(outside receipt)"
			: "(outside head)", NULL, -1);
}

static int shard_heads(struct verify *c, int shard)
{
	const char *shard_name = c->fmt->shard[shard].name;
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], file[256];
	struct buf note = BUF_INIT(CHECKPOINT_MAX);
	char **names;
	int r = file_path(dir, c->path, "log", shard_name, "heads", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, c->e);
	if (r == ERR_NOENT) {
		snprintf(file, sizeof file, "log/%s", shard_name);
		verify_say(c, file, 0, "directory 'heads' is missing");
		return 0;
	}
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		size_t n = strlen(*p);

		if (n < 6 || n > 40 || strcmp(*p + n - 5, ".note"))
			continue;	/* see verify_files() */
		snprintf(file, sizeof file, "log/%s/heads/%s", shard_name, *p);
		buf_clear(&note);
		r = file_path(path, dir, *p, NULL);
		if (r == 0)
			r = file_read(path, &note, c->e);
		if (r == ERR_LIMIT) {
			verify_say(c, file, CHECKPOINT_MAX, "file is too long");
			note.failed = 0;
			r = 0;
		} else if (r == 0) {
			r = add_head(c, buf_view(&note), file, *p, shard);
		}
	}
	free(names);
	buf_release(&note);
	return r;
}

int verify_heads(struct verify *c)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < c->fmt->n; i++)
		r = shard_heads(c, (int)i);
	if (r == 0)
		r = outside_head(c);
	if (r == 0 && c->nheads)
		qsort(c->heads, c->nheads, sizeof *c->heads, by_size);
	return r;
}

/* The heads of this size must have this root. */
void verify_match_heads(struct verify *c, size_t *next, uint64_t size,
			const struct peaks *peaks)
{
	uint8_t root[SHA256_LEN];

	while (*next < c->nheads && c->heads[*next].size == size) {
		struct vhead *h = &c->heads[(*next)++];

		if (h->out)
			continue;
		peaks_root(peaks, root);
		if (memcmp(root, h->root, SHA256_LEN))
			verify_say(c, h->file, 0, "another history: the log's "
				   "root at size %llu differs",
				   (unsigned long long)size);
	}
}

/* Heads from elsewhere against what the log came to. */
void verify_check_heads(struct verify *c, uint64_t under)
{
	char file[VERIFY_SEG_MAX] = "log";
	int lost = 0, shard = -1;

	if (c->nsegs)
		verify_end_file(c, file);
	for (size_t i = 0; i < c->nheads; i++) {
		const struct vhead *h = &c->heads[i];

		if (h->outside) {
			lost = h->lost;
			shard = h->shard;
		}
		if (h->size <= under || c->log_bad || h->out)
			continue;
		verify_say(c, file, c->log_end, "the log ends with %llu leaves "
			   "here, but '%s' covers %llu: rolled back or cut",
			   (unsigned long long)under, h->file,
			   (unsigned long long)h->size);
	}
	/* A leaf that a restore lost is not the one that stands there now. */
	if (lost && c->receipt
	    && c->receipt->index >= c->fmt->shard[shard + 1].first)
		return;
	if (c->receipt && shard >= 0 && c->receipt->index < under) {
		struct checkpoint cp;

		if (receipt_check(c->receipt, c->receipt_leaf,
				  &c->fmt->vkey[shard], 1,
				  c->fmt->shard[shard].origin, &cp, NULL))
			verify_say(c, "(outside receipt)", 0, "does not lead "
				   "from leaf %llu of this log to its head",
				   (unsigned long long)c->receipt->index);
	}
}

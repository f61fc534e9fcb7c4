/* SPDX-License-Identifier: EUPL-1.2 */
/* Recovery, first: what each stream holds under the last head and behind it. */
#include "store/recover_int.h"

#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int recover_pack_path(const struct recovery *rc, const struct rest *t,
		      uint32_t n, char *out, struct err *e)
{
	char name[32];

	snprintf(name, sizeof name, "packs/%06u.pack", n);
	return file_path(out, rc->v->path, t->dir, name, NULL) < 0
	       ? err_set(e, ERR_RANGE, "path of '%s' is too long", t->dir) : 0;
}

int recover_keys_path(const struct recovery *rc, const struct rest *t,
		      const struct keys_rest *k, char *out, struct err *e)
{
	char name[KEYS_NAME_MAX];

	keys_add_name(k->epoch, name);
	return file_path(out, rc->v->path, t->dir, name, NULL) < 0
	       ? err_set(e, ERR_RANGE, "path of '%s' is too long", t->dir) : 0;
}

/* open() and its size; 1 when there is no such file. */
int recover_open(const char *path, int *fd, uint64_t *size, struct err *e)
{
	struct stat st;

	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return errno == ENOENT ? 1 : err_errno(e, "cannot open '%s'",
						       path);
	if (fstat(*fd, &st) < 0) {
		close(*fd);
		return err_errno(e, "cannot look at '%s'", path);
	}
	*size = (uint64_t)st.st_size;
	return 0;
}

static int add_orphan(struct rest *t, const struct pack_item *it)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 16;
		struct orphan *p = realloc(t->items, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		t->items = p;
		t->room = room;
	}
	memcpy(t->items[t->n].body, it->body, SHA256_LEN);
	t->items[t->n++].objects = it->objects;
	return 0;
}

static int add_under(struct rest *t, const struct pack_item *it, uint64_t seq)
{
	if (t->nunder == t->under_room) {
		size_t room = t->under_room ? t->under_room * 2 : 64;
		struct under *p = realloc(t->under, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		t->under = p;
		t->under_room = room;
	}
	t->under[t->nunder++] = (struct under){ seq, (uint8_t)it->objects,
						(uint8_t)it->erased };
	return 0;
}

static int add_named(struct recovery *rc, const char *path, uint64_t seq,
		     const uint8_t hash[static SHA256_LEN])
{
	struct named *x;
	struct leaf leaf;

	if (rc->nnamed == rc->named_room) {
		size_t room = rc->named_room ? rc->named_room * 2 : 16;
		struct named *p = realloc(rc->named, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		rc->named = p;
		rc->named_room = room;
	}
	x = &rc->named[rc->nnamed];
	x->path = strdup(path);
	if (!x->path)
		return ERR_NOMEM;
	x->seq = seq;
	memcpy(x->hash, hash, SHA256_LEN);
	x->erasure = seq != UINT64_MAX && vault_leaf(rc->v, seq, &leaf) == 0
		     && leaf.kind == LEAF_ERASURE;
	rc->nnamed++;
	return 0;
}

/* What the item's externals say of torn files, of slots and of erasures. */
static int add_vouched(struct recovery *rc, struct pack_walk *w, uint64_t seq)
{
	char path[PACK_PATH_MAX + 1];
	const struct pack_item *it = rc->item;
	int r = 0;

	for (unsigned i = it->objects;
	     r == 0 && i < it->objects + it->externals; i++) {
		if (pack_walk_path(w, it, i, path, NULL) < 0)
			continue;
		if (!strncmp(path, "log/", 4) && seq != UINT64_MAX)
			r = buf_add(&rc->vouched, path, strlen(path) + 1);
		else if (strstr(path, "/keys/") || strstr(path, "/erasures/"))
			r = add_named(rc, path, seq, it->frame[i].hash);
	}
	return r;
}

static void mark_rest(struct rest *t, uint32_t pack, uint64_t off)
{
	if (t->pack)
		return;
	t->pack = pack;
	t->pack_off = off <= PACK_FILE_HEAD_LEN ? 0 : off;
}

static int look_pack(struct recovery *rc, struct rest *t, uint32_t n, int fd,
		     uint64_t size, struct err *e)
{
	uint64_t bad, seq;
	struct pack_walk w;
	int r;

	pack_walk_init(&w, fd, size);
	r = pack_walk_head(&w, n, NULL);
	if (r == ERR_DAMAGED || (r == 0 && w.off == size))
		mark_rest(t, n, 0);
	if (r < 0)
		return r == ERR_DAMAGED ? 0 : r;
	for (;;) {
		uint64_t off = w.off;

		r = pack_walk_next(&w, rc->item, &bad, NULL);
		if (r == 1)
			return 0;
		if (r == ERR_DAMAGED) {
			mark_rest(t, n, off);
			return 0;
		}
		if (r == 0)
			r = log_find(&rc->v->log, rc->item->body, &seq, e);
		if (r < 0)
			return r;
		if (add_vouched(rc, &w, seq) < 0
		    || (seq != UINT64_MAX && add_under(t, rc->item, seq) < 0))
			return err_set(e, ERR_NOMEM, "no memory to recover");
		if (seq != UINT64_MAX) {
			if (t->pack)
				return err_set(e, ERR_DAMAGED, "'%s/packs/%06u"
					       ".pack' is damaged before offset"
					       " %llu", t->dir, n,
					       (unsigned long long)off);
			continue;
		}
		mark_rest(t, n, off);
		if (add_orphan(t, rc->item) < 0)
			return err_set(e, ERR_NOMEM, "no memory to recover");
	}
}

static int look_packs(struct recovery *rc, struct rest *t, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = 0;

	for (uint32_t n = 1; r == 0; n++) {
		uint64_t size;
		int fd;

		r = recover_pack_path(rc, t, n, path, e);
		if (r == 0)
			r = recover_open(path, &fd, &size, e);
		if (r)
			break;
		t->packs = n;
		r = look_pack(rc, t, n, fd, size, e);
		close(fd);
	}
	return r < 0 ? r : 0;
}

/* One slot frame; 1 when nothing that fits stands here. */
static int look_frame(struct recovery *rc, struct rest *t, struct bytes in,
		      size_t *step)
{
	const struct leaf_disk *d;
	uint8_t hash[1][SHA256_LEN], body[SHA256_LEN], leaf[LEAF_LEN];
	struct slot_frame f;

	if (in.len < SLOT_FRAME_LEN || slot_frame_get(in.p, &f) < 0
	    || f.len > in.len - SLOT_FRAME_LEN)
		return 1;
	*step = SLOT_FRAME_LEN + f.len;
	sha256_once(BYTES(in.p, *step), hash[0]);
	leaf_body((const uint8_t (*)[SHA256_LEN])hash, 1, body);
	if (f.seq >= vault_size(rc->v)) {
		if (t->frames++ == 0) {
			t->frame = f;
			memcpy(t->frame_body, body, sizeof body);
		}
		return 0;
	}
	d = (const struct leaf_disk *)leaf;
	if (t->frames || log_leaf(&rc->v->log, f.seq, leaf, NULL) < 0
	    || get_be16(d->kind) != LEAF_KEY
	    || memcmp(d->body, body, sizeof body))
		return 1;
	if (t->first == UINT64_MAX)
		t->first = f.first;
	t->known_slots += f.count;
	return 0;
}

/* Does a leaf say that this file of a stream's keys/ is gone? */
int recover_is_gone(const struct recovery *rc, const char *dir,
		    const char *name)
{
	static const uint8_t gone[SHA256_LEN];
	size_t n = strlen(dir);

	for (size_t i = 0; i < rc->nnamed; i++) {
		const struct named *x = &rc->named[i];

		if (x->seq != UINT64_MAX && !strncmp(x->path, dir, n)
		    && !strncmp(x->path + n, "/keys/", 6)
		    && !strcmp(x->path + n + 6, name)
		    && !memcmp(x->hash, gone, sizeof gone))
			return 1;
	}
	return 0;
}

static int look_keys(struct recovery *rc, struct rest *t, struct keys_rest *k,
		     struct err *e)
{
	struct buf file = BUF_INIT((size_t)1 << 31);
	uint8_t want[SLOT_FILE_HEAD_LEN];
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	size_t off = 0, step = 0;
	int before = t->frames;
	int r = recover_keys_path(rc, t, k, path, e);

	keys_add_name(k->epoch, name);
	if (r == 0 && recover_is_gone(rc, t->dir, name + 5))
		return 0;
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		goto out;
	k->there = 1;
	k->size = file.len;
	slot_file_head_put(k->epoch, want);
	if (file.len < sizeof want || memcmp(file.p, want, sizeof want))
		goto out;
	for (off = sizeof want; off < file.len; off += step) {
		k->off = k->frames ? k->off : off;
		if (look_frame(rc, t, BYTES(file.p + off, file.len - off),
			       &step))
			break;
		k->frames = t->frames > before;
		if (!k->frames)
			k->off = off + step;
	}
	if (k->off <= sizeof want)
		k->off = 0;
out:
	buf_release(&file);
	return r;
}

/*
 * The epoch that counts: of the newest table that a leaf under the head names,
 * else the first.
 */
void recover_find_epoch(const struct recovery *rc, struct rest *t)
{
	static const uint8_t gone[SHA256_LEN];
	size_t n = strlen(t->dir);

	t->epoch = SLOT_EPOCH;
	for (size_t i = 0; i < rc->nnamed; i++) {
		const struct named *x = &rc->named[i];
		uint32_t epoch;
		int tab = 0;

		if (x->seq == UINT64_MAX || strncmp(x->path, t->dir, n)
		    || strncmp(x->path + n, "/keys/", 6)
		    || !memcmp(x->hash, gone, sizeof gone))
			continue;
		epoch = keys_name_epoch(x->path + n + 6, &tab);
		if (!tab || epoch <= t->epoch)
			continue;
		t->epoch = epoch;
		t->tab_seq = x->seq;
	}
}

/* Objects under the head that must have a slot behind the table. */
static uint64_t known_objects(const struct rest *t)
{
	uint64_t objects = 0;
	size_t i = 0;

	if (t->epoch > SLOT_EPOCH)
		while (i < t->nunder && i < t->first
		       && t->under[i].seq < t->tab_seq)
			i++;
	for (; i < t->nunder; i++)
		if (t->keys[0].there
		    || t->under[i].erased < t->under[i].objects)
			objects += t->under[i].objects;
	return objects;
}

static int look_stream_keys(struct recovery *rc, struct rest *t, struct err *e)
{
	uint64_t known;
	int r;

	recover_find_epoch(rc, t);
	t->first = UINT64_MAX;
	t->keys[0].epoch = t->epoch;
	t->keys[1].epoch = t->epoch + 1;
	r = look_keys(rc, t, &t->keys[0], e);
	if (r == 0 && t->epoch < SLOT_EPOCH_MAX)
		r = look_keys(rc, t, &t->keys[1], e);
	if (r < 0)
		return r;
	/* Nothing that a head covers is ever cut. */
	known = known_objects(t);
	if (known != t->known_slots)
		return err_set(e, ERR_DAMAGED, "'%s' holds %llu objects and "
			       "%llu slots under the last head: damaged, verify "
			       "tells where", t->dir, (unsigned long long)known,
			       (unsigned long long)t->known_slots);
	return 0;
}

int recover_look(struct recovery *rc, struct err *e)
{
	char **dirs;
	size_t n = 0;
	int r = vault_stream_dirs(rc->v->path, &dirs, e);

	if (r < 0)
		return r;
	while (dirs[n])
		n++;
	rc->rests = calloc(n + 1, sizeof *rc->rests);
	if (!rc->rests)
		r = err_set(e, ERR_NOMEM, "no memory to recover");
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct rest *t = &rc->rests[i];

		snprintf(t->dir, sizeof t->dir, "%s", dirs[i]);
		rc->nrests++;
		r = look_packs(rc, t, e);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = look_stream_keys(rc, &rc->rests[i], e);
	free(dirs);
	return r;
}

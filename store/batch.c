/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Group commit.
 *
 * An item that is added gets its place in the log and in its stream; its
 * objects are sealed, by the vault's crew where there is much to do, and come
 * back in the order they were given, to go to the packs.  Slots and leaves wait
 * in memory.  The commit then follows one order: packs and slots durable,
 * leaves durable, head signed over them, head durable.  From the first byte
 * written to the last sync, a failure stops the vault for good.
 */
#include "store/batch_int.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define ALONE_ITEMS 8		/* so few small items are not worth a crew */
#define ALONE_BYTES (16u << 10)

int batch_begin(struct vault *v, struct batch **out, struct err *e)
{
	struct batch *b;
	int r = vault_check_alive(v, e);

	if (r < 0)
		return r;
	if (v->mode != VAULT_WRITE)
		return err_set(e, ERR_DENIED, "vault is open for reading");
	if (v->batch)
		return err_set(e, ERR_BUSY, "a batch is in progress");
	b = calloc(1, sizeof *b);
	if (!b)
		return err_set(e, ERR_NOMEM, "no memory for a batch");
	if (!v->sealer)
		v->sealer = sealer_new();
	r = v->sealer ? vault_turn_take(v, e)
		      : err_set(e, ERR_NOMEM, "no memory for a batch");
	if (r < 0) {
		free(b);
		return r;
	}
	b->v = v;
	b->pending_end = &b->pending;
	b->base = vault_size(v);
	b->last_ms = v->log.last_ms;
	v->batch = b;
	*out = b;
	return 0;
}

static void batch_free(struct batch *b)
{
	sealer_drop(b->v->sealer);
	while (b->pending) {
		struct pending *d = b->pending;

		b->pending = d->next;
		free(d);
	}
	while (b->parts) {
		struct part *p = b->parts;

		b->parts = p->next;
		p->s->busy = 0;
		secret_free(p->slots);
		buf_release(&p->frame);
		free(p->items);
		free(p);
	}
	b->v->batch = NULL;
	vault_turn_give(b->v);
	free(b->leaves);
	free(b);
}

void batch_abort(struct batch *b)
{
	if (!b)
		return;
	/* Objects are on their way to the packs already. */
	if (b->n > 0)
		b->v->dead = 1;
	batch_free(b);
}

static struct part *find_part(const struct batch *b, const struct stream *s)
{
	struct part *p = b->parts;

	while (p && p->s != s)
		p = p->next;
	return p;
}

uint64_t batch_number(const struct batch *b, const struct stream *s)
{
	const struct part *p = find_part(b, s);

	return s->nitems + (p ? p->n : 0);
}

/* --- adding --------------------------------------------------------------- */

static int check_item(const struct batch *b, const struct stream *s,
		      const struct store_item *it, struct err *e)
{
	if (s->v != b->v)
		return err_set(e, ERR_RANGE, "stream of another vault");
	if (it->kind == 0 || it->kind > LEAF_KIND_MAX || it->kind == LEAF_KEY)
		return err_set(e, ERR_RANGE, "no item has kind %u", it->kind);
	if (it->statement.len == 0 || it->statement.len > NOTE_MAX)
		return err_set(e, ERR_RANGE, "statement of %zu bytes",
			       it->statement.len);
	if (it->nblobs > VAULT_BLOBS_MAX || it->nexternals > PACK_EXTERNALS_MAX)
		return err_set(e, ERR_RANGE, "too many objects in an item");
	for (unsigned i = 0; i < it->nblobs; i++) {
		size_t sum = 0;

		for (unsigned k = 0; k < it->blobs[i].npieces; k++) {
			if (it->blobs[i].pieces[k].len > VAULT_OBJECT_MAX - sum)
				return err_set(e, ERR_RANGE, "blob %u is too "
					       "large", i);
			sum += it->blobs[i].pieces[k].len;
		}
	}
	for (unsigned i = 0; i < it->nexternals; i++)
		if (!pack_path_valid(bytes_str(it->externals[i].path)))
			return err_set(e, ERR_RANGE, "malformed path '%s' of an "
				       "external", it->externals[i].path);
	if (b->n + 2 > VAULT_GROUP_MAX)
		return err_set(e, ERR_LIMIT, "too many items in one commit");
	return 0;
}

/* Room for one more item and nslots slots, so that later steps cannot fail. */
static int part_room(struct part *p, uint64_t nslots)
{
	if (p->nslots + nslots > SLOT_GROUP_MAX)
		return ERR_LIMIT;
	if (p->n == p->room) {
		uint64_t room = p->room ? p->room * 2 : 16;
		struct item_ref *q = realloc(p->items, room * sizeof *q);

		if (!q)
			return ERR_NOMEM;
		p->items = q;
		p->room = room;
	}
	if (p->nslots + nslots > p->slots_room) {
		uint64_t room = p->slots_room ? p->slots_room * 2 : 64;
		uint8_t *q;

		while (room < p->nslots + nslots)
			room *= 2;
		q = secret_alloc(room * SLOT_LEN);
		if (!q)
			return ERR_NOMEM;
		if (p->nslots)
			memcpy(q, p->slots, p->nslots * SLOT_LEN);
		secret_free(p->slots);
		p->slots = q;
		p->slots_room = room;
	}
	return 0;
}

static int leaves_room(struct batch *b)
{
	uint64_t room = b->room ? b->room * 2 : 64;
	struct leaf *q;

	if (b->n + 2 <= b->room)
		return 0;
	q = realloc(b->leaves, room * sizeof *q);
	if (!q)
		return ERR_NOMEM;
	b->leaves = q;
	b->room = room;
	return 0;
}

static struct part *new_part(struct batch *b, struct stream *s)
{
	struct part *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->s = s;
	p->first = s->nitems;
	p->key_at = b->n;
	p->frame.max = (size_t)SLOT_GROUP_MAX * SLOT_LEN * 2;
	return p;
}

static size_t bytes_of(const struct bytes *pieces, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pieces[i].len;
	return sum;
}

static int give(struct batch *b, const struct bytes *pieces, size_t n,
		const uint8_t *salt, int hand_over, struct err *e)
{
	struct sealer *s = b->v->sealer;
	size_t bytes = bytes_of(pieces, n);
	int r = 0;

	while (r == 0 && !sealer_room(s, bytes))
		r = batch_put_next(b, e);
	if (r < 0)
		return r;
	r = sealer_give(s, pieces, n, salt, hand_over);
	return r < 0 ? err_set(e, r, "no memory for an object") : 0;
}

/* The objects of the item that was taken last. */
static int give_objects(struct batch *b, const struct store_item *it,
			struct err *e)
{
	size_t bytes = it->statement.len;
	int over, r;

	for (unsigned i = 0; i < it->nblobs; i++)
		bytes += bytes_of(it->blobs[i].pieces, it->blobs[i].npieces);
	over = b->n >= ALONE_ITEMS || bytes >= ALONE_BYTES;
	r = give(b, &it->statement, 1, it->salt, over, e);
	for (unsigned i = 0; r == 0 && i < it->nblobs; i++)
		r = give(b, it->blobs[i].pieces, it->blobs[i].npieces,
			 it->blobs[i].salt, over, e);
	/* Nothing borrowed is needed behind this call. */
	return r == 0 && (!over || it->nexternals) ? batch_put_all(b, e) : r;
}

/* The item's key leaf if it begins its part, its leaf, its place, its slots. */
static void take(struct batch *b, struct part *p, const struct store_item *it,
		 int64_t time_ms, struct pending *d)
{
	struct stream *s = p->s;
	uint64_t case_seq = s->nitems + p->n;
	uint16_t lab = b->v->lab ? LEAF_FLAG_LAB : 0;
	struct leaf *l = &b->leaves[b->n];

	b->last_ms = time_ms > b->last_ms ? time_ms : b->last_ms;
	if (p->n == 0) {
		*l = (struct leaf){ .seq = b->base + b->n, .kind = LEAF_KEY,
				    .flags = lab, .time_ms = b->last_ms };
		/* The log vouches for its own heads. */
		sha256_once(vault_head(b->v), l->open);
		b->n++;
		l++;
	}
	*l = (struct leaf){ .seq = b->base + b->n, .kind = it->kind,
			    .flags = it->flags | lab, .time_ms = b->last_ms };
	leaf_tag(s->tag_key, case_seq, l->tag);
	leaf_open(it->salt, it->statement, l->open);
	*d = (struct pending){
		.p = p, .it = it->nexternals ? it : NULL, .item = p->n, .leaf = b->n,
		.slot = p->nslots, .objects = (uint16_t)(1 + it->nblobs),
	};
	b->n++;
	p->items[p->n++] = (struct item_ref){
		.seq = l->seq, .slot = s->nslots + p->nslots,
		.objects = d->objects,
	};
	p->nslots += d->objects;
	*b->pending_end = d;
	b->pending_end = &d->next;
}

int batch_add(struct batch *b, struct stream *s, const struct store_item *it,
	      int64_t time_ms, uint64_t *seq_out, struct err *e)
{
	struct part *p = find_part(b, s), *fresh = NULL;
	struct pending *d = NULL;
	int r = vault_check_alive(b->v, e);

	if (r == 0)
		r = check_item(b, s, it, e);
	if (r < 0)
		return r;
	if (!p)
		p = fresh = new_part(b, s);
	d = malloc(sizeof *d + (1 + (size_t)it->nblobs + it->nexternals)
		   * SHA256_LEN);
	r = p && d ? leaves_room(b) : ERR_NOMEM;
	if (r == 0)
		r = part_room(p, 1 + it->nblobs);
	if (r < 0) {
		err_set(e, r, r == ERR_LIMIT ? "too many objects in one commit"
			: "no memory for a batch");
		goto out;
	}
	if (fresh) {
		fresh->next = b->parts;
		b->parts = fresh;
		s->busy = 1;
		fresh = NULL;
	}
	take(b, p, it, time_ms, d);
	if (seq_out)
		*seq_out = b->leaves[b->n - 1].seq;
	/* From here on half an item may be under way: no way back. */
	r = vault_dead(b->v, give_objects(b, it, e));
	d = NULL;
out:
	free(d);
	if (fresh) {
		secret_free(fresh->slots);
		free(fresh->items);
		free(fresh);
	}
	return r;
}

/* --- committing ----------------------------------------------------------- */

/* Seal the slots of a part, append them, and note their hash in its leaf. */
static int write_slots(struct batch *b, struct part *p, struct err *e)
{
	struct slot_frame f = { .seq = b->base + p->key_at, .first = p->first,
				.count = (uint32_t)p->nslots };
	char path[FILE_PATH_MAX], name[32];
	struct stream *s = p->s;
	uint8_t hash[1][SHA256_LEN];
	size_t start = 0;
	int r = 0;

	if (s->keys_fd < 0) {
		keys_add_name(s->epoch, name);
		r = stream_path(s, name, path);
		if (r == 0)
			r = vio_create(path, &s->keys_fd, e);
		if (r < 0)
			return r;
		start = SLOT_FILE_HEAD_LEN;
	}
	if (!buf_room(&p->frame, start + SLOT_FRAME_LEN))
		return err_set(e, ERR_NOMEM, "no memory for slots");
	if (start)
		slot_file_head_put(s->epoch, p->frame.p);
	p->frame.len = start + SLOT_FRAME_LEN;
	r = age_encrypt(s->pub, BYTES(p->slots, p->nslots * SLOT_LEN),
			&p->frame);
	if (r < 0)
		return err_set(e, r, "cannot seal slots");
	f.len = (uint32_t)(p->frame.len - start - SLOT_FRAME_LEN);
	slot_frame_put(&f, p->frame.p + start);
	sha256_once(BYTES(p->frame.p + start, p->frame.len - start), hash[0]);
	leaf_body((const uint8_t (*)[SHA256_LEN])hash, 1,
		  b->leaves[p->key_at].body);
	r = vio_write(s->keys_fd, p->frame.p, p->frame.len, s->keys_size, e);
	if (r == 0)
		s->keys_size += p->frame.len;
	return r;
}

static int write_parts(struct batch *b, struct err *e)
{
	int r = 0;

	for (struct part *p = b->parts; r == 0 && p; p = p->next) {
		r = pack_flush(p->s, e);
		if (r == 0)
			r = write_slots(b, p, e);
	}
	for (struct part *p = b->parts; r == 0 && p; p = p->next) {
		r = pack_sync(p->s, e);
		if (r == 0)
			r = vio_sync(p->s->keys_fd, e);
	}
	return r;
}

static int write_leaves(struct batch *b, struct err *e)
{
	uint8_t (*bytes)[LEAF_LEN] = malloc((size_t)b->n * LEAF_LEN);
	uint8_t (*hashes)[SHA256_LEN] = malloc((size_t)b->n * SHA256_LEN);
	struct vlog *l = &b->v->log;
	int r;

	if (!bytes || !hashes) {
		r = err_set(e, ERR_NOMEM, "no memory for leaves");
		goto out;
	}
	for (uint64_t i = 0; i < b->n; i++) {
		if (i > 0)
			memcpy(b->leaves[i].prev, hashes[i - 1], SHA256_LEN);
		else if (b->base > 0)
			memcpy(b->leaves[i].prev,
			       tree_leaf(&l->tree, b->base - 1), SHA256_LEN);
		leaf_encode(&b->leaves[i], bytes[i]);
		leaf_hash(bytes[i], hashes[i]);
	}
	r = log_room(l, b->n, e);
	if (r == 0)
		r = log_begin(l, e);
	if (r == 0)
		r = log_write(l, (const uint8_t (*)[LEAF_LEN])bytes,
			      (const uint8_t (*)[SHA256_LEN])hashes, b->n, e);
	if (r == 0)
		r = log_sign(l, b->v->key, e);
out:
	free(bytes);
	free(hashes);
	return r;
}

/* The items are durable: the streams may show them. */
static int show_items(struct batch *b, struct err *e)
{
	for (struct part *p = b->parts; p; p = p->next) {
		int whole = p->s->slots_have == p->s->nslots;

		for (uint64_t i = 0; i < p->n; i++)
			if (stream_item_push(p->s, &p->items[i]) < 0)
				return err_set(e, ERR_NOMEM, "no memory for a "
					       "stream");
		p->s->seen = p->s->pack_size;
		if (p->s->unlocked && whole
		    && stream_slots_push(p->s, p->slots, p->nslots) < 0)
			return err_set(e, ERR_NOMEM, "no memory for slots");
	}
	return 0;
}

int batch_commit(struct batch *b, struct err *e)
{
	struct vault *v = b->v;
	int r = vault_check_alive(v, e);

	if (r == 0 && b->n > 0) {
		r = batch_put_all(b, e);
		if (r == 0)
			r = write_parts(b, e);
		if (r == 0)
			r = write_leaves(b, e);
		if (r == 0)
			r = show_items(b, e);
		vault_dead(v, r);
	}
	batch_free(b);
	return r;
}

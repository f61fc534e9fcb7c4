/* SPDX-License-Identifier: EUPL-1.2 */
/* Sealed objects to the packs, in the order of their items. */
#include "store/batch_int.h"

#include "util/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FLUSH (1u << 20)	/* bytes gathered before a write */
#define DIRECT (256u << 10)	/* an object as long is written from where it is */

int pack_flush(struct stream *s, struct err *e)
{
	int r;

	if (s->out.len == 0)
		return 0;
	r = vio_write(s->pack_fd, s->out.p, s->out.len, s->pack_size, e);
	if (r < 0)
		return r;
	s->unsynced = 1;
	if (s->out.len >= FLUSH)
		vio_start(s->pack_fd, s->pack_size, s->out.len);
	s->pack_size += s->out.len;
	buf_clear(&s->out);
	if (s->out.size > 2 * FLUSH)
		buf_release(&s->out);
	return 0;
}

int pack_sync(struct stream *s, struct err *e)
{
	int r = s->unsynced ? vio_sync(s->pack_fd, e) : 0;

	if (r == 0)
		s->unsynced = 0;
	return r;
}

/* Have a pack to write to, a new one where the last is full. */
static int want_pack(struct stream *s, struct err *e)
{
	uint8_t head[PACK_FILE_HEAD_LEN];
	char path[FILE_PATH_MAX], name[32];
	int fresh = s->pack == 0, r;

	if (!fresh && s->pack_size + s->out.len >= s->v->pack_close) {
		r = pack_flush(s, e);
		if (r == 0)
			r = pack_sync(s, e);
		if (r < 0)
			return r;
		fresh = 1;
	}
	if (!fresh && s->pack_fd >= 0)
		return 0;
	snprintf(name, sizeof name, "packs/%06u.pack", s->pack + (fresh ? 1 : 0));
	r = stream_path(s, name, path);
	if (r < 0)
		return err_set(e, r, "path of '%s' is too long", s->dir);
	if (s->pack_fd >= 0)
		close(s->pack_fd);
	s->pack_fd = -1;
	if (fresh) {
		r = vio_create(path, &s->pack_fd, e);
		if (r < 0)
			return r;
		s->pack++;
		s->pack_size = 0;
		pack_file_head_put(s->pack, head);
		return buf_add(&s->out, head, sizeof head);
	}
	s->pack_fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return s->pack_fd < 0 ? err_errno(e, "cannot open '%s'", path) : 0;
}

static int put(struct stream *s, const void *p, size_t n, struct err *e)
{
	int r = 0;

	if (n < DIRECT)
		return buf_add(&s->out, p, n) < 0
		       ? err_set(e, s->out.failed, "no memory for an object")
		       : 0;
	r = pack_flush(s, e);
	if (r == 0)
		r = vio_write(s->pack_fd, p, n, s->pack_size, e);
	if (r == 0) {
		s->unsynced = 1;
		vio_start(s->pack_fd, s->pack_size, n);
		s->pack_size += n;
	}
	return r;
}

/* The oldest object under way: its frame to the pack, its keys to its slot. */
static int put_object(struct batch *b, struct pending *d, uint16_t number,
		      struct err *e)
{
	uint64_t case_seq = d->p->first + d->item;
	struct pack_frame f = { PACK_OBJECT, number, case_seq, 0, { 0 } };
	struct slot slot = { .case_seq = case_seq, .object = number };
	struct stream *s = d->p->s;
	struct sealed o;
	int r = sealer_get(b->v->sealer, &o);

	if (r < 0) {
		err_set(e, r, "cannot seal an object");
		goto out;
	}
	f.len = o.len - PACK_FRAME_LEN;
	memcpy(f.hash, o.hash, SHA256_LEN);
	memcpy(d->hash[number], o.hash, SHA256_LEN);
	pack_frame_put(&f, o.p);
	memcpy(slot.identity, o.identity, 32);
	memcpy(slot.salt, o.salt, 32);
	slot_put(&slot, d->p->slots + (d->slot + number) * SLOT_LEN);
	secret_wipe(&slot, sizeof slot);
	r = put(s, o.p, o.len, e);
	if (r == 0 && s->out.len >= FLUSH)
		r = pack_flush(s, e);
out:
	sealer_done(b->v->sealer);
	return r;
}

static int put_external(struct stream *s, uint64_t case_seq, uint16_t number,
			const struct store_external *x,
			uint8_t hash[static SHA256_LEN])
{
	struct bytes path = bytes_str(x->path);
	struct pack_frame f = { PACK_EXTERNAL, number, case_seq, path.len,
				{ 0 } };
	uint8_t head[PACK_FRAME_LEN];

	memcpy(f.hash, x->sha256, SHA256_LEN);
	pack_frame_put(&f, head);
	buf_add(&s->out, head, sizeof head);
	pack_external_hash(path, x->sha256, hash);
	return buf_addb(&s->out, path);
}

int batch_put_next(struct batch *b, struct err *e)
{
	struct pending *d = b->pending;
	struct item_ref *ref = &d->p->items[d->item];
	struct stream *s = d->p->s;
	unsigned n = d->objects;
	int r = 0;

	if (d->put == 0) {
		r = want_pack(s, e);
		ref->off = s->pack_size + s->out.len;
		ref->pack = s->pack;
	}
	if (r == 0)
		r = put_object(b, d, d->put++, e);
	if (r < 0 || d->put < d->objects)
		return vault_dead(b->v, r);
	for (unsigned i = 0; r == 0 && d->it && i < d->it->nexternals; i++, n++)
		r = put_external(s, d->p->first + d->item, (uint16_t)n,
				 &d->it->externals[i], d->hash[n]);
	if (r < 0)
		err_set(e, r, "no memory for an external");
	else
		leaf_body((const uint8_t (*)[SHA256_LEN])d->hash, n,
			  b->leaves[d->leaf].body);
	b->pending = d->next;
	if (!b->pending)
		b->pending_end = &b->pending;
	free(d);
	return vault_dead(b->v, r);
}

int batch_put_all(struct batch *b, struct err *e)
{
	int r = 0;

	while (r == 0 && b->pending)
		r = batch_put_next(b, e);
	return r;
}

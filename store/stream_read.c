/* SPDX-License-Identifier: EUPL-1.2 */
/* Streams: opening objects. */
#include "store/seal.h"
#include "store/vault_int.h"
#include "util/enc.h"
#include "util/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- slots ---------------------------------------------------------------- */

int stream_slots_push(struct stream *s, const uint8_t *slots, uint64_t n)
{
	if (s->slots_have + n > s->slots_room) {
		uint64_t room = s->slots_room ? s->slots_room * 2 : 64;
		struct opened_slot *p;

		while (room < s->slots_have + n)
			room *= 2;
		p = secret_alloc(room * sizeof *p);
		if (!p)
			return ERR_NOMEM;
		if (s->slots_have)
			memcpy(p, s->slots, s->slots_have * sizeof *p);
		secret_free(s->slots);
		s->slots = p;
		s->slots_room = room;
	}
	for (uint64_t i = 0; i < n; i++) {
		struct opened_slot *to = &s->slots[s->slots_have];
		struct slot slot;
		int r = slot_get(slots + i * SLOT_LEN, &slot);

		if (r < 0)
			return r;
		memcpy(to->identity, slot.identity, 32);
		memcpy(to->salt, slot.salt, 32);
		secret_wipe(&slot, sizeof slot);
		s->slots_have++;
	}
	return 0;
}

/* The slots of one frame must be those of the items they follow. */
static int check_slots(const struct stream *s, const struct slot_frame *f,
		       const uint8_t *plain, size_t n)
{
	uint64_t item = f->first;
	unsigned object = 0;

	if (n != (size_t)f->count * SLOT_LEN || item >= s->nitems
	    || s->items[item].slot != s->slots_have)
		return ERR_DAMAGED;
	for (uint32_t i = 0; i < f->count; i++) {
		const uint8_t *p = plain + (size_t)i * SLOT_LEN;

		if (item >= s->nitems || get_be64(p + 8) != item
		    || get_be16(p + 2) != object)
			return ERR_DAMAGED;
		if (++object == s->items[item].objects) {
			object = 0;
			item++;
		}
	}
	return object ? ERR_DAMAGED : 0;
}

static int unlock_frame(struct stream *s, struct bytes frame,
			const struct slot_frame *f,
			const struct age_identity *id, struct err *e)
{
	struct buf plain = BUF_INIT((size_t)SLOT_GROUP_MAX * SLOT_LEN);
	uint8_t hash[1][SHA256_LEN], body[SHA256_LEN], leaf[LEAF_LEN];
	const struct leaf_disk *d = (const struct leaf_disk *)leaf;
	int r = log_leaf(&s->v->log, f->seq, leaf, e);

	if (r < 0)
		return r;
	sha256_once(frame, hash[0]);
	leaf_body((const uint8_t (*)[SHA256_LEN])hash, 1, body);
	if (get_be16(d->kind) != LEAF_KEY || memcmp(d->body, body, sizeof body))
		return err_set(e, ERR_DAMAGED, "slots do not fit their leaf");
	r = age_decrypt(id, 1, BYTES(frame.p + SLOT_FRAME_LEN, f->len), &plain,
			e);
	if (r == ERR_NOENT)
		r = ERR_AUTH;
	if (r == 0)
		r = check_slots(s, f, plain.p, plain.len);
	if (r == 0)
		r = stream_slots_push(s, plain.p, f->count);
	if (r == ERR_DAMAGED)
		err_set(e, r, "slots do not fit their items");
	buf_wipe(&plain);
	return r;
}

static int unlock_file(struct stream *s, struct bytes in, const char *name,
		       uint32_t epoch, const struct age_identity *id,
		       struct err *e)
{
	uint8_t want[SLOT_FILE_HEAD_LEN];
	size_t off = SLOT_FILE_HEAD_LEN;
	uint64_t had = s->slots_have;
	struct slot_frame f;
	int r = 0;

	slot_file_head_put(epoch, want);
	if (in.len < off || memcmp(in.p, want, off))
		return err_set(e, ERR_DAMAGED, "'%s/%s' has no header", s->dir,
			       name);
	while (s->slots_have < s->nslots) {
		r = in.len - off < SLOT_FRAME_LEN
		    ? ERR_DAMAGED : slot_frame_get(in.p + off, &f);
		if (r == 0 && f.len > in.len - off - SLOT_FRAME_LEN)
			r = ERR_DAMAGED;
		if (r < 0)
			return err_set(e, r, "'%s/%s' is damaged at offset %zu",
				       s->dir, name, off);
		if (f.first < s->nitems && s->items[f.first].slot < had) {
			/* Opened before. */
			off += SLOT_FRAME_LEN + f.len;
			continue;
		}
		r = unlock_frame(s, BYTES(in.p + off, SLOT_FRAME_LEN + f.len),
				 &f, id, e);
		if (r < 0) {
			err_prefix(e, "'%s/%s' at offset %zu", s->dir, name,
				   off);
			return r;
		}
		off += SLOT_FRAME_LEN + f.len;
	}
	return 0;
}

/*
 * The slots of a table, which leaves out those of erased objects and no others:
 * where one is left out, zeros stand.
 */
static int take_tab(struct stream *s, struct bytes in, uint32_t epoch)
{
	static const uint8_t none[SLOT_LEN] = { 'S', '1' };
	struct slot_tab t;
	uint64_t at = 0;
	int r = slot_tab_get(in, &t);

	if (r < 0 || t.epoch != epoch || t.items > s->nitems)
		return ERR_DAMAGED;
	for (uint64_t i = 0; r == 0 && i < t.items; i++)
		for (unsigned o = 0; r == 0 && o < s->items[i].objects; o++) {
			const uint8_t *p = in.p + SLOT_TAB_HEAD_LEN
					   + at * SLOT_LEN;

			if (at < t.slots && get_be64(p + 8) == i
			    && get_be16(p + 2) == o) {
				r = stream_slots_push(s, p, 1);
				at++;
			} else if (stream_gone(s, s->slots_have)) {
				r = stream_slots_push(s, none, 1);
			} else {
				r = ERR_DAMAGED;
			}
		}
	return r == 0 && at != t.slots ? ERR_DAMAGED : r;
}

static int unlock_tab(struct stream *s, uint32_t epoch,
		      const struct age_identity *id, struct err *e)
{
	struct buf file = BUF_INIT((size_t)1 << 31);
	struct buf plain = BUF_INIT((size_t)1 << 31);
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	int r;

	keys_tab_name(epoch, name);
	r = stream_path(s, name, path);
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == 0)
		r = age_decrypt(id, 1, buf_view(&file), &plain, e);
	if (r == ERR_NOENT && file.len)
		r = err_set(e, ERR_AUTH, "'%s/%s' is sealed to another key",
			    s->dir, name);
	if (r == 0) {
		r = take_tab(s, buf_view(&plain), epoch);
		if (r < 0)
			err_set(e, r, "'%s/%s' does not fit the items",
				s->dir, name);
	}
	buf_wipe(&plain);
	buf_release(&file);
	return r;
}

static int unlock_epoch(struct stream *s, uint32_t epoch,
			const struct age_identity *id, struct err *e)
{
	struct buf file = BUF_INIT((size_t)1 << 31);
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	int r = 0;

	if (epoch > SLOT_EPOCH && s->slots_have == 0)
		r = unlock_tab(s, epoch, id, e);

	if (r == 0 && s->slots_have < s->nslots) {
		keys_add_name(epoch, name);
		r = stream_path(s, name, path);
		if (r == 0)
			r = file_read(path, &file, e);
		if (r == 0)
			r = unlock_file(s, buf_view(&file), name, epoch, id, e);
	}
	if (r < 0)
		s->slots_have = 0;
	buf_release(&file);
	return r;
}

int stream_unlock(struct stream *s, const uint8_t secret[static 32],
		  struct err *e)
{
	uint32_t epoch = s->epoch;
	struct age_identity *id;
	int r = 0;

	if (s->busy)
		return err_set(e, ERR_BUSY, "a batch is in progress");
	id = secret_alloc(sizeof *id);
	if (!id)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	age_identity_from(id, secret);
	if (memcmp(id->recipient, s->pub, sizeof s->pub)) {
		r = err_set(e, ERR_AUTH, "this is not the key of '%s'", s->dir);
		goto out;
	}
	if (s->unlocked && s->slots_have == s->nslots)
		goto out;
	r = unlock_epoch(s, epoch, id, e);
	/* Another process is about to change the key: its files stand there
	 * already, its leaf does not. */
	if (r == ERR_AUTH && s->v->mode == VAULT_READ && epoch > SLOT_EPOCH)
		r = unlock_epoch(s, epoch - 1, id, e);
	if (r == 0) {
		s->unlocked = 1;
	} else {
		s->unlocked = 0;
		s->slots_have = 0;
	}
out:
	secret_free(id);
	return r;
}

uint64_t stream_slots(const struct stream *s)
{
	return s->slots_have;
}

int stream_slots_get(const struct stream *s, uint64_t from, struct buf *out,
		     struct err *e)
{
	uint64_t n = 0;
	uint8_t *to;

	if (!s->unlocked)
		return err_set(e, ERR_AUTH, "'%s' is locked", s->dir);
	for (uint64_t i = 0; i < s->nitems; i++)
		for (uint32_t k = 0; k < s->items[i].objects; k++, n++) {
			struct slot slot = { .case_seq = i,
					     .object = (uint16_t)k };

			if (n < from)
				continue;
			to = buf_room(out, SLOT_LEN);
			if (!to)
				return err_set(e, out->failed, "too many slots "
					       "at once");
			memcpy(slot.identity, s->slots[n].identity, 32);
			memcpy(slot.salt, s->slots[n].salt, 32);
			slot_put(&slot, to);
			secret_wipe(&slot, sizeof slot);
			out->len += SLOT_LEN;
		}
	return 0;
}

int stream_slots_put(struct stream *s, struct bytes slots, struct err *e)
{
	uint64_t item = 0, n = 0, room = s->nslots - s->slots_have;
	int r;

	if (slots.len % SLOT_LEN)
		return err_set(e, ERR_DAMAGED, "slots do not fit their items");
	if (slots.len / SLOT_LEN > room)
		slots.len = (size_t)room * SLOT_LEN;
	while (item < s->nitems && n < s->slots_have)
		n += s->items[item++].objects;
	for (size_t i = 0, object = 0; i < slots.len / SLOT_LEN; i++) {
		const uint8_t *p = slots.p + i * SLOT_LEN;

		if (n != s->slots_have || item >= s->nitems ||
		    get_be64(p + 8) != item || get_be16(p + 2) != object)
			return err_set(e, ERR_DAMAGED, "slots do not fit their "
				       "items");
		if (++object == s->items[item].objects) {
			object = 0;
			item++;
		}
	}
	r = stream_slots_push(s, slots.p, slots.len / SLOT_LEN);
	if (r < 0)
		return err_set(e, r, "no memory for slots");
	s->unlocked = 1;
	return 0;
}

/* --- objects -------------------------------------------------------------- */

static int open_pack(struct stream *s, uint32_t pack, struct err *e)
{
	char path[FILE_PATH_MAX], name[32];
	int fd, r;

	if (s->read_fd >= 0 && s->read_pack == pack)
		return 0;
	snprintf(name, sizeof name, "packs/%06u.pack", pack);
	r = stream_path(s, name, path);
	if (r < 0)
		return err_set(e, r, "path of '%s' is too long", s->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(e, "cannot open '%s'", path);
	if (s->read_fd >= 0)
		close(s->read_fd);
	s->read_fd = fd;
	s->read_pack = pack;
	return 0;
}

/*
 * Read the frames of an item into s->item and check them against its leaf.
 */
static int read_item(struct stream *s, uint64_t case_seq, struct leaf *leaf,
		     struct err *e)
{
	const struct item_ref *ref;
	uint8_t bytes[LEAF_LEN], tag[SHA256_LEN];
	uint64_t bad = 0;
	struct pack_walk w;
	struct stat st;
	int r;

	if (case_seq >= s->nitems)
		return err_set(e, ERR_NOENT, "'%s' has no item %llu", s->dir,
			       (unsigned long long)case_seq);
	ref = &s->items[case_seq];
	r = log_leaf(&s->v->log, ref->seq, bytes, e);
	if (r == 0)
		r = leaf_decode(bytes, leaf, e);
	if (r == 0)
		r = open_pack(s, ref->pack, e);
	if (r < 0)
		return r;
	if (fstat(s->read_fd, &st) < 0)
		return err_errno(e, "cannot look at pack %u", ref->pack);
	pack_walk_init(&w, s->read_fd, (uint64_t)st.st_size);
	w.off = ref->off;
	bad = w.off;
	r = pack_walk_next(&w, s->item, &bad, e);
	leaf_tag(s->tag_key, case_seq, tag);
	if (r == 1 || (r == 0 && (s->item->case_seq != case_seq
				  || memcmp(s->item->body, leaf->body, 32))))
		r = ERR_DAMAGED;
	else if (r == 0 && memcmp(tag, leaf->tag, sizeof tag))
		return err_set(e, ERR_AUTH, "the tag of leaf %llu is not of "
			       "'%s': wrong key or wrong case",
			       (unsigned long long)ref->seq, s->dir);
	if (r == ERR_DAMAGED)
		return err_set(e, r, "'%s/packs/%06u.pack' is damaged at offset "
			       "%llu: not what leaf %llu vouches for", s->dir,
			       ref->pack, (unsigned long long)bad,
			       (unsigned long long)ref->seq);
	return r;
}

/* Read and check one object's sealed bytes. */
static int read_object(struct stream *s, uint64_t case_seq, unsigned object,
		       struct leaf *leaf, struct buf *sealed, struct err *e)
{
	const struct pack_frame *f;
	uint8_t hash[SHA256_LEN];
	uint8_t *to;
	int r = read_item(s, case_seq, leaf, e);

	if (r < 0)
		return r;
	if (object >= s->item->objects)
		return err_set(e, ERR_NOENT, "item %llu of '%s' has no object "
			       "%u", (unsigned long long)case_seq, s->dir,
			       object);
	f = &s->item->frame[object];
	if (f->type == PACK_ERASED)
		return err_set(e, ERR_NOENT, "object %u of item %llu of '%s' "
			       "was erased", object,
			       (unsigned long long)case_seq, s->dir);
	to = buf_room(sealed, (size_t)f->len);
	if (!to)
		return err_set(e, sealed->failed == ERR_NOMEM ? ERR_NOMEM
			       : ERR_LIMIT, "object of %llu bytes is too large",
			       (unsigned long long)f->len);
	r = file_pread_all(s->read_fd, to, (size_t)f->len, s->item->at[object],
			   e);
	if (r < 0)
		return r;
	sha256_once(BYTES(to, f->len), hash);
	if (memcmp(hash, f->hash, sizeof hash))
		return err_set(e, ERR_DAMAGED, "'%s/packs/%06u.pack' is damaged "
			       "at offset %llu: object is altered", s->dir,
			       s->read_pack,
			       (unsigned long long)s->item->at[object]);
	sealed->len += (size_t)f->len;
	return 0;
}

int stream_sealed(struct stream *s, uint64_t case_seq, unsigned object,
		  struct buf *sealed, uint8_t identity_out[static 32],
		  struct err *e)
{
	struct leaf leaf;
	int r = read_object(s, case_seq, object, &leaf, sealed, e);

	if (r < 0)
		return r;
	memset(identity_out, 0, 32);
	if (s->unlocked && s->items[case_seq].slot + object < s->slots_have)
		memcpy(identity_out, s->slots[s->items[case_seq].slot
					      + object].identity, 32);
	return 0;
}

int stream_get(struct stream *s, uint64_t case_seq, unsigned object,
	       struct buf *plain, uint8_t *salt_out, struct err *e)
{
	struct buf sealed = BUF_INIT(PACK_OBJECT_MAX);
	const struct opened_slot *slot;
	uint8_t open[SHA256_LEN];
	size_t before = plain->len;
	struct leaf leaf;
	int r;

	if (!s->unlocked)
		return err_set(e, ERR_AUTH, "'%s' is locked", s->dir);
	r = read_object(s, case_seq, object, &leaf, &sealed, e);
	if (r < 0)
		goto out;
	/* What another process added since may have no open slot yet. */
	if (s->items[case_seq].slot + object >= s->slots_have) {
		r = err_set(e, ERR_AUTH, "'%s' is locked", s->dir);
		goto out;
	}
	slot = &s->slots[s->items[case_seq].slot + object];
	r = open_object(slot->identity, buf_view(&sealed), plain, e);
	if (r == ERR_NOENT || r == ERR_AUTH || r == ERR_FORMAT)
		r = err_set(e, ERR_DAMAGED, "object %u of item %llu of '%s' "
			    "does not open with its slot", object,
			    (unsigned long long)case_seq, s->dir);
	if (r < 0)
		goto out;
	if (object == 0) {
		leaf_open(slot->salt, BYTES(plain->p + before,
					    plain->len - before), open);
		if (memcmp(open, leaf.open, sizeof open)) {
			secret_wipe(plain->p + before, plain->len - before);
			plain->len = before;
			r = err_set(e, ERR_DAMAGED, "statement %llu of '%s' "
				    "does not fit its leaf",
				    (unsigned long long)case_seq, s->dir);
			goto out;
		}
	}
	if (salt_out)
		memcpy(salt_out, slot->salt, 32);
out:
	buf_release(&sealed);
	return r;
}

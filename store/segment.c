/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/segment.h"

#include "util/enc.h"

#define NOTE_MARK 0xffffu

void segment_head_put(uint64_t first, const char *origin,
		      uint8_t out[static SEGMENT_HEAD_LEN])
{
	struct segment_head h = { .magic = "SCLLSEG" };
	uint8_t hash[SHA256_LEN];

	h.magic[7] = '1';
	put_be64(h.first, first);
	sha256_once(bytes_str(origin), hash);
	memcpy(h.origin, hash, sizeof h.origin);
	memcpy(out, &h, sizeof h);
}

int segment_next(struct bytes in, int hash_leaf, struct segment_frame *f)
{
	uint8_t hash[SHA256_LEN];
	size_t at = 2, len;

	if (in.len < 2)
		return 1;
	len = get_be16(in.p);
	f->kind = SEGMENT_LEAF;
	if (len == NOTE_MARK) {
		if (in.len < 4)
			return 1;
		len = get_be16(in.p + 2);
		at = 4;
		f->kind = SEGMENT_NOTE;
		if (len == 0)
			return ERR_DAMAGED;
	} else if (len != LEAF_LEN) {
		return ERR_DAMAGED;
	}
	if (in.len < at + len + 4)
		return 1;
	f->body = BYTES(in.p + at, len);
	f->size = at + len + 4;
	if (f->kind == SEGMENT_LEAF) {
		if (!hash_leaf)
			return 0;
		leaf_hash(f->body.p, hash);
	} else {
		sha256_once(f->body, hash);
	}
	return memcmp(hash, in.p + at + len, 4) ? ERR_DAMAGED : 0;
}

int segment_put_leaf(struct buf *out, const uint8_t leaf[static LEAF_LEN],
		     const uint8_t hash[static SHA256_LEN])
{
	uint8_t frame[SEGMENT_LEAF_FRAME];

	put_be16(frame, LEAF_LEN);
	memcpy(frame + 2, leaf, LEAF_LEN);
	memcpy(frame + 2 + LEAF_LEN, hash, 4);
	return buf_add(out, frame, sizeof frame);
}

int segment_put_note(struct buf *out, struct bytes note)
{
	uint8_t head[4], hash[SHA256_LEN];

	if (note.len == 0 || note.len > SEGMENT_NOTE_MAX)
		return ERR_RANGE;
	put_be16(head, NOTE_MARK);
	put_be16(head + 2, (uint16_t)note.len);
	sha256_once(note, hash);
	buf_add(out, head, sizeof head);
	buf_addb(out, note);
	return buf_add(out, hash, 4);
}

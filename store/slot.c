/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/slot.h"

#include "store/sha256.h"
#include "util/enc.h"

void slot_file_head_put(uint32_t epoch, uint8_t out[static SLOT_FILE_HEAD_LEN])
{
	memcpy(out, "SCLLKEY1", 8);
	put_be32(out + 8, epoch);
	put_be32(out + 12, 0);
}

void slot_frame_put(const struct slot_frame *f,
		    uint8_t out[static SLOT_FRAME_LEN])
{
	uint8_t hash[SHA256_LEN];

	memcpy(out, "SKF1", 4);
	put_be64(out + 4, f->seq);
	put_be64(out + 12, f->first);
	put_be32(out + 20, f->count);
	put_be32(out + 24, f->len);
	sha256_once(BYTES(out, 28), hash);
	memcpy(out + 28, hash, 4);
}

int slot_frame_get(const uint8_t in[static SLOT_FRAME_LEN],
		   struct slot_frame *f)
{
	uint8_t hash[SHA256_LEN];

	if (memcmp(in, "SKF1", 4))
		return ERR_DAMAGED;
	sha256_once(BYTES(in, 28), hash);
	if (memcmp(in + 28, hash, 4))
		return ERR_DAMAGED;
	f->seq = get_be64(in + 4);
	f->first = get_be64(in + 12);
	f->count = get_be32(in + 20);
	f->len = get_be32(in + 24);
	return f->count == 0 || f->count > SLOT_GROUP_MAX ? ERR_DAMAGED : 0;
}

void slot_tab_put(const struct slot_tab *t,
		  uint8_t out[static SLOT_TAB_HEAD_LEN])
{
	memcpy(out, "SCLLTAB1", 8);
	put_be32(out + 8, t->epoch);
	put_be32(out + 12, 0);
	put_be64(out + 16, t->items);
	put_be64(out + 24, t->slots);
}

int slot_tab_get(struct bytes in, struct slot_tab *t)
{
	if (in.len < SLOT_TAB_HEAD_LEN || memcmp(in.p, "SCLLTAB1", 8)
	    || get_be32(in.p + 12))
		return ERR_DAMAGED;
	t->epoch = get_be32(in.p + 8);
	t->items = get_be64(in.p + 16);
	t->slots = get_be64(in.p + 24);
	return t->slots > (in.len - SLOT_TAB_HEAD_LEN) / SLOT_LEN
	       || (in.len - SLOT_TAB_HEAD_LEN) != t->slots * SLOT_LEN
	       ? ERR_DAMAGED : 0;
}

void slot_put(const struct slot *s, uint8_t out[static SLOT_LEN])
{
	memcpy(out, "S1", 2);
	put_be16(out + 2, s->object);
	put_be32(out + 4, 0);
	put_be64(out + 8, s->case_seq);
	memcpy(out + 16, s->identity, 32);
	memcpy(out + 48, s->salt, 32);
}

int slot_get(const uint8_t in[static SLOT_LEN], struct slot *s)
{
	if (memcmp(in, "S1", 2) || get_be32(in + 4))
		return ERR_DAMAGED;
	s->object = get_be16(in + 2);
	s->case_seq = get_be64(in + 8);
	memcpy(s->identity, in + 16, 32);
	memcpy(s->salt, in + 48, 32);
	return 0;
}

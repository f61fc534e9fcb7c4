/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * SLOT FILE: what opens a stream's objects, sealed to the stream's key.
 * A 16-byte header, then one frame a commit group.
 * If you change this, change docs/store-format.md with it.  Pure: no I/O.
 */
#ifndef STORE_SLOT_H
#define STORE_SLOT_H

#include "util/buf.h"
#include "util/err.h"

#define SLOT_FILE_HEAD_LEN 16
#define SLOT_FRAME_LEN 32	/* of a frame's header */
#define SLOT_LEN 80
#define SLOT_GROUP_MAX 65536u	/* slots of one frame */
#define SLOT_EPOCH 1u		/* of a new stream */
#define SLOT_EPOCH_MAX 9999u	/* names have four digits */

struct slot_file_head {
	uint8_t magic[8];	/* "SCLLKEY1" */
	uint8_t epoch[4];
	uint8_t zero[4];
};
_Static_assert(sizeof(struct slot_file_head) == SLOT_FILE_HEAD_LEN, "on disk");

struct slot_frame_disk {
	uint8_t magic[4];	/* "SKF1" */
	uint8_t seq[8];		/* log position of the key leaf */
	uint8_t first[8];	/* case_seq of the group's first item */
	uint8_t count[4];	/* slots */
	uint8_t len[4];		/* bytes of the age file that follows */
	uint8_t check[4];	/* of SHA-256 of the 28 bytes before */
};
_Static_assert(sizeof(struct slot_frame_disk) == SLOT_FRAME_LEN, "on disk");

struct slot_disk {
	uint8_t magic[2];	/* "S1" */
	uint8_t object[2];
	uint8_t zero[4];
	uint8_t case_seq[8];
	uint8_t identity[32];	/* X25519 secret of the object's age file */
	uint8_t salt[32];	/* of its commitment */
};
_Static_assert(sizeof(struct slot_disk) == SLOT_LEN, "on disk");

/*
 * What an epoch's table holds once it is opened: every slot that was kept, in
 * order of number and object.  Objects without a slot here are erased.
 */
#define SLOT_TAB_HEAD_LEN 32

struct slot_tab_disk {
	uint8_t magic[8];	/* "SCLLTAB1" */
	uint8_t epoch[4];
	uint8_t zero[4];
	uint8_t items[8];	/* items 0 to this minus 1 stand here */
	uint8_t slots[8];	/* how many slots follow */
};
_Static_assert(sizeof(struct slot_tab_disk) == SLOT_TAB_HEAD_LEN, "on disk");

struct slot_tab {
	uint32_t epoch;
	uint64_t items, slots;
};

struct slot_frame {
	uint64_t seq;
	uint64_t first;
	uint32_t count;
	uint32_t len;
};

struct slot {
	uint64_t case_seq;
	uint16_t object;
	uint8_t identity[32];
	uint8_t salt[32];
};

void slot_file_head_put(uint32_t epoch, uint8_t out[static SLOT_FILE_HEAD_LEN]);

void slot_frame_put(const struct slot_frame *f,
		    uint8_t out[static SLOT_FRAME_LEN]);

/* slot_frame_get - ERR_DAMAGED: no frame header, its check does not fit, or
 * more slots than SLOT_GROUP_MAX */
int slot_frame_get(const uint8_t in[static SLOT_FRAME_LEN],
		   struct slot_frame *f);

void slot_tab_put(const struct slot_tab *t,
		  uint8_t out[static SLOT_TAB_HEAD_LEN]);

/* slot_tab_get - the header of a table of in.len bytes; ERR_DAMAGED: wrong
 * magic, a non-zero zero field, or another number of slots than it says */
int slot_tab_get(struct bytes in, struct slot_tab *t);

void slot_put(const struct slot *s, uint8_t out[static SLOT_LEN]);

/* slot_get - ERR_DAMAGED: wrong magic or zero field */
int slot_get(const uint8_t in[static SLOT_LEN], struct slot *s);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * PACK FILE: sealed objects.  A 16-byte header, then frames: of each item its
 * objects in order, then its externals, numbered from 0 through both.
 * If you change this, change docs/store-format.md with it.
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "store/sha256.h"
#include "util/buf.h"
#include "util/err.h"

#define PACK_FILE_HEAD_LEN 16
#define PACK_FRAME_LEN 60	/* of a frame's header */
#define PACK_CLOSE (256u << 20)	/* a pack of so many bytes is closed */
#define PACK_OBJECTS_MAX 65	/* a statement and its blobs */
#define PACK_EXTERNALS_MAX 64
#define PACK_PATH_MAX 512	/* bytes of an external's path */
#define PACK_OBJECT_MAX ((uint64_t)1 << 30)	/* sealed bytes of an object */

enum pack_type {
	PACK_OBJECT = 1,
	PACK_EXTERNAL = 2,
	PACK_ERASED = 3,	/* the bytes are gone, their hash stays */
};

struct pack_frame_disk {
	uint8_t magic[4];	/* "SPF1" */
	uint8_t type[2];
	uint8_t number[2];
	uint8_t case_seq[8];
	uint8_t len[8];		/* of what follows the header */
	uint8_t hash[32];
	uint8_t check[4];	/* of SHA-256 of the 56 bytes before */
};
_Static_assert(sizeof(struct pack_frame_disk) == PACK_FRAME_LEN, "on disk");

struct pack_frame {
	enum pack_type type;
	uint16_t number;
	uint64_t case_seq;
	uint64_t len;
	uint8_t hash[SHA256_LEN];
};

void pack_file_head_put(uint32_t number,
			uint8_t out[static PACK_FILE_HEAD_LEN]);
void pack_frame_put(const struct pack_frame *f,
		    uint8_t out[static PACK_FRAME_LEN]);

/* pack_frame_get - ERR_DAMAGED: no frame header, its check does not fit, or
 * type, number or length are not what can be */
int pack_frame_get(const uint8_t in[static PACK_FRAME_LEN],
		   struct pack_frame *f);

/*
 * pack_external_hash - what stands for an external in its item's body:
 * SHA-256("scelle/external/v1" 00 u16 path length, path, hash of the file)
 */
void pack_external_hash(struct bytes path,
			const uint8_t file_hash[static SHA256_LEN],
			uint8_t out[static SHA256_LEN]);

/* pack_path_valid - 1 for a path of an external: relative to the vault, names
 * of printable ASCII without '\' joined by '/', none of them "." or ".." */
int pack_path_valid(struct bytes path);

/* --- reading a pack ------------------------------------------------------ */

/*
 * struct pack_walk - goes through the items of an open pack; the file is read
 * in small pieces around the frame headers, objects are skipped
 */
struct pack_walk {
	int fd;
	uint64_t size;		/* of the file, as known */
	uint64_t off;		/* of the next item */
	uint64_t win_off;	/* what win holds */
	size_t win_len;
	uint8_t win[8192];
};

/* struct pack_item - one item as its frames tell it */
struct pack_item {
	uint64_t case_seq;
	uint64_t off, end;		/* in the pack */
	unsigned objects, externals;
	unsigned erased;		/* objects whose bytes are gone */
	uint8_t body[SHA256_LEN];	/* leaf_body() of the hashes */
	struct pack_frame frame[PACK_OBJECTS_MAX + PACK_EXTERNALS_MAX];
	uint64_t at[PACK_OBJECTS_MAX + PACK_EXTERNALS_MAX]; /* of their content */
};

/* pack_walk_init - fd stays the caller's; size: bytes to look at */
void pack_walk_init(struct pack_walk *w, int fd, uint64_t size);

/*
 * pack_walk_head - check the file header
 * Returns 0 or ERR_DAMAGED, ERR_IO.
 */
int pack_walk_head(struct pack_walk *w, uint32_t number, struct err *e);

/*
 * pack_walk_next - read the item at w->off and step behind it
 *   bad_off  out, on ERR_DAMAGED: offset of what does not fit; w->off stays
 * An item ends where the next frame does not continue it; that frame is looked
 * at again by the next call.
 * Returns 0, 1 (the pack ends here), ERR_DAMAGED or ERR_IO.
 */
int pack_walk_next(struct pack_walk *w, struct pack_item *it,
		   uint64_t *bad_off, struct err *e);

/*
 * pack_walk_path - the path an external's frame holds
 *   i     index into it->frame
 *   path  PACK_PATH_MAX + 1 bytes
 */
int pack_walk_path(struct pack_walk *w, const struct pack_item *it, unsigned i,
		   char path[static PACK_PATH_MAX + 1], struct err *e);

#endif

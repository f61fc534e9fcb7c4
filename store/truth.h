/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The truths of a vault up to a signed head: which files, and how many bytes of
 * each.  Taken beside a running writer: what is listed only ever grows, or is
 * replaced whole (then its hash tells).
 *
 * Two kinds: truths that anyone may hold (log, heads, packs, FORMAT, files a
 * leaf names), and key material - what opens them: slots, wraps, key files,
 * and what recovery cut, which may hold slots.  Journals and caches are
 * neither.
 */
#ifndef STORE_TRUTH_H
#define STORE_TRUTH_H

#include "store/vault.h"

struct truth_file {
	char *path;		/* relative to the vault */
	uint64_t size;		/* bytes under the head; UINT64_MAX: all */
	int hashed;		/* 1: a leaf names sha256 */
	int grows;		/* 1: only ever appended to */
	int last;		/* 1: copied after the others: FORMAT */
	uint8_t sha256[32];
};

struct truth {
	struct truth_file *f;	/* sorted by path */
	size_t n, room;
};

/* truth_is_key - 1 when what lies at this path of a vault is key material */
int truth_is_key(const char *rel);

/*
 * truth_list - what a vault open for reading holds under its head
 *   keys   0: truths, 1: key material
 * Returns 0, ERR_DAMAGED, ERR_NOMEM or ERR_IO.
 */
int truth_list(struct vault *v, int keys, struct truth *out,
	       struct err *e);
void truth_release(struct truth *t);	/* a zeroed one is fine */

/* truth_path_valid - 1 for a path a copy may hold: as pack_path_valid(), and
 * below log/, admin/, audit/ or cases/, or FORMAT */
int truth_path_valid(struct bytes path);

#endif

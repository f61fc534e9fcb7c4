/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading a ZIP file that somebody else made, hostile or not: WACZ, exports.
 * Pure.  The directory at the end decides; a member whose own header tells
 * another name, a name that leaves the archive, two members of one name and
 * members that share bytes are refused, not guessed at.
 * Standard: PKWARE APPNOTE 6.3, ZIP64; stored and deflated members.
 */
#ifndef PARSERS_ZIPREAD_H
#define PARSERS_ZIPREAD_H

#include "util/buf.h"
#include "util/err.h"

#define ZIPREAD_MEMBERS_MAX 20000
#define ZIPREAD_NAME_MAX 1024		/* bytes */
#define ZIPREAD_TOTAL_MAX ((uint64_t)2 << 30) /* bytes unpacked, of all */
#define ZIPREAD_RATIO_MAX 1100		/* deflate cannot do more than 1032 */

struct zipread_member {
	char *name;		/* UTF-8, '/' between, relative */
	uint64_t at;		/* of its packed bytes */
	uint64_t packed, size;
	uint32_t crc;
	unsigned method;	/* 0 stored, 8 deflated */
};

struct zipread {
	struct bytes file;
	struct zipread_member *member; /* files only, sorted by name */
	size_t n;
};

#define ZIPREAD_INIT { { NULL, 0 }, NULL, 0 }

/*
 * zipread_open - read and check the directory
 *   file  borrowed until zipread_release()
 *   out   zipread_release(); zeroed on failure
 * Returns 0, ERR_FORMAT (no ZIP, or damaged; e says where), ERR_DENIED (a name
 * that leaves the archive, twice the same, overlapping members), ERR_LIMIT,
 * ERR_UNSUPPORTED (encrypted, split, another method) or ERR_NOMEM.
 */
int zipread_open(struct bytes file, struct zipread *out, struct err *e);
void zipread_release(struct zipread *z);

/* zipread_find - by exact name, or NULL */
const struct zipread_member *zipread_find(const struct zipread *z,
					  const char *name);

/*
 * zipread_get - unpack one member, appended to out (its cap is a limit too)
 * Returns 0, ERR_DAMAGED (does not unpack to its size and CRC), ERR_LIMIT or
 * ERR_NOMEM.
 */
int zipread_get(const struct zipread *z, const struct zipread_member *m,
		struct buf *out, struct err *e);

#endif

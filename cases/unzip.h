/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading a ZIP file strictly: what our bundles are, and nothing a forger could
 * hide things in.  Refused: bytes before, between or behind the members,
 * duplicate names, local headers that differ from the directory, encryption,
 * methods but stored and deflated, dates, attributes and extra fields other than
 * our writer's, names with "..", sizes beyond the limits.
 */
#ifndef CASES_UNZIP_H
#define CASES_UNZIP_H

#include "util/buf.h"
#include "util/err.h"

struct unzip;

struct unzip_member {
	const char *name;
	uint64_t offset;	/* of its local header, for messages */
	uint64_t at;		/* of its packed bytes */
	uint64_t packed;	/* bytes in the file */
	uint64_t size;		/* bytes unpacked */
	uint32_t crc;
	unsigned method;	/* 0 stored, 8 deflated */
};

/*
 * unzip_map - map the file; no byte of it is looked at
 * Returns 0, ERR_NOENT, ERR_FORMAT (too short) or ERR_IO.
 * unzip_size - its bytes
 * unzip_read - read its directory, once, before anything below
 * Returns 0, ERR_FORMAT (e names offset and cause), ERR_LIMIT or ERR_NOMEM.
 * unzip_open - both
 */
int unzip_map(const char *path, struct unzip **out, struct err *e);
uint64_t unzip_size(const struct unzip *z);
int unzip_read(struct unzip *z, struct err *e);
int unzip_open(const char *path, struct unzip **out, struct err *e);
void unzip_close(struct unzip *z);	/* NULL allowed */

size_t unzip_count(const struct unzip *z);
const struct unzip_member *unzip_member(const struct unzip *z, size_t i);
/* unzip_find - by exact name, or NULL; logarithmic */
const struct unzip_member *unzip_find(const struct unzip *z, const char *name);

/*
 * unzip_get - the member's content appended to out (its cap is the limit)
 * Returns 0, ERR_DAMAGED (does not inflate to its size and CRC), ERR_RANGE.
 */
int unzip_get(const struct unzip *z, const struct unzip_member *m,
	      struct buf *out, struct err *e);
/* unzip_stored - the bytes of a stored member, borrowed from the map; empty
 * when it is deflated */
struct bytes unzip_stored(const struct unzip *z, const struct unzip_member *m);

#endif

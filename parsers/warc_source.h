/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The bytes of a WARC file, decompressed as they are asked for, with the
 * borders of gzip members kept in sight.  Pure.
 */
#ifndef PARSERS_WARC_SOURCE_H
#define PARSERS_WARC_SOURCE_H

#include "util/buf.h"

#include <zlib.h>

#define WARC_SOURCE_KEEP 65536u	/* taken bytes that may stay in the buffer */

/* How decompression came to a stop. */
enum warc_stop {
	WARC_GOING,
	WARC_END,	/* the file ends where it may */
	WARC_CUT,	/* the file ends inside a gzip member */
	WARC_CORRUPT,	/* gzip data is not valid, or its checksum is wrong */
	WARC_RUBBISH,	/* what follows a member is no member */
	WARC_FULL,	/* the cap is reached: take some, or drop some */
};

/*
 * struct warc_source
 *
 * (1) plain files: at is the next byte; nothing is copied
 * (2) gzip: plain holds what was decompressed, used of it is taken; bytes
 *     from member_from on belong to the member that began at member_at; no
 *     member is opened while bytes are left
 */
struct warc_source {
	struct bytes in;
	size_t at;
	int gzip;
	z_stream z;
	int z_ready;
	int in_member;
	uint64_t members;
	size_t member_at;
	struct buf plain;
	size_t used;
	size_t member_from;
	enum warc_stop stop;
	int failed;		/* ERR_NOMEM */
};

/* warc_source_init - max caps what is decompressed at a time; 0 or ERR_NOMEM */
int warc_source_init(struct warc_source *s, struct bytes in, int gzip,
		     size_t max);
void warc_source_release(struct warc_source *s);

/* warc_source_view - what is there without asking for more; borrowed */
struct bytes warc_source_view(const struct warc_source *s);

/* warc_source_want - 1 when n bytes are in view, 0 when they cannot be had
 * (stop says why) */
int warc_source_want(struct warc_source *s, size_t n);

/* warc_source_same - like want, but never opens another member */
int warc_source_same(struct warc_source *s, size_t n);

/* warc_source_take - move over n bytes that are in view */
void warc_source_take(struct warc_source *s, size_t n);

/* warc_source_compact - forget what was taken; views become invalid */
void warc_source_compact(struct warc_source *s);

/* warc_source_starts_member - 1 when the next byte is a member's first */
int warc_source_starts_member(const struct warc_source *s);

/* warc_source_skip_member - drop the rest of the member; when it is broken,
 * go to the next place where one may begin.  1, or 0 when there is none. */
int warc_source_skip_member(struct warc_source *s);

#endif

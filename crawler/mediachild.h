/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a medium holds - pictures, film, sound, documents: read by a program of
 * its own, scelle-media, that has no network, no files, no keys and little
 * time; see docs/media.md for the answer.
 */
#ifndef CRAWLER_MEDIACHILD_H
#define CRAWLER_MEDIACHILD_H

#include "util/buf.h"
#include "util/err.h"

#define MEDIA_BYTES_MAX ((size_t)256 << 20)	/* of one medium */
#define MEDIA_MEMORY ((uint64_t)1280 << 20)	/* address space of the reader */
#define MEDIA_CPU_MS 10000			/* processor time for one */
#define MEDIA_WAIT_MS 60000			/* by the clock */
#define MEDIA_ANSWER_MAX ((size_t)32 << 20)	/* bytes of the object */

/*
 * media_read - read one medium
 *   helper  path of the scelle-media program
 *   in      its bytes
 *   out     appended: one JSON object and a newline
 * Whatever the bytes do to the reader - it dies, it takes too long, it wants
 * too much memory - is a finding in the object, with what was read before.
 * Returns 0, ERR_LIMIT (longer than MEDIA_BYTES_MAX), ERR_NOENT (there is no
 * such program), ERR_NOMEM or ERR_IO.
 */
int media_read(const char *helper, struct bytes in, struct buf *out,
	       struct err *e);

#endif

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
#define MEDIA_SIGHT_CPU_MS 30000		/* where it looks at pictures */
#define MEDIA_WAIT_MS 60000			/* by the clock */
#define MEDIA_MESSAGE_MAX (MEDIA_BYTES_MAX + ((size_t)1 << 20))
#define MEDIA_ANSWER_MAX ((size_t)32 << 20)	/* bytes of the object */

/* Messages to the reader: a medium as it is, or a response that carries one
 * (head and body, each behind its u32 length). */
#define MEDIA_FILE 'M'
#define MEDIA_RESPONSE 'R'

/*
 * media_read - read one medium
 *   helper  path of the scelle-media program, or with sight 1 of
 *           scelle-media-sight, which looks at pictures as well
 *   in      its bytes
 *   out     appended: one JSON object and a newline
 * Whatever the bytes do to the reader - it dies, it takes too long, it wants
 * too much memory - is a finding in the object, with what was read before.
 * Returns 0, ERR_LIMIT (longer than MEDIA_BYTES_MAX), ERR_NOENT (there is no
 * such program), ERR_NOMEM or ERR_IO.
 */
int media_read(const char *helper, int sight, struct bytes in, struct buf *out,
	       struct err *e);

/* --- several at once, out of sealed responses ----------------------------- */

#define MEDIA_RECORD_MAX ((size_t)1 << 20)	/* bytes of a record kept */
#define MEDIA_RECORD_VERSION 1			/* "v" of the object */

struct media_job;

/*
 * media_job_new - begin to read the medium that a response carries
 *   helper, sight  as media_read()
 *   head    response head as received, 1xx included
 *   body    as received, all codings on: they are taken off in the reader,
 *           which tells the digest before any library sees a byte
 *   out     media_job_end()
 * Returns 0, ERR_LIMIT (longer than MEDIA_BYTES_MAX), ERR_NOENT (there is no
 * such program), ERR_NOMEM or ERR_IO.
 */
int media_job_new(const char *helper, int sight, struct bytes head,
		  struct bytes body, struct media_job **out, struct err *e);

/* media_job_wait - until one of n (1 to MEDIA_JOBS_MAX) has ended; its place
 * among them, or ERR_NOMEM, ERR_IO.  All go on meanwhile. */
#define MEDIA_JOBS_MAX 8
int media_job_wait(struct media_job *const *jobs, unsigned n);

/*
 * media_job_end - the object of one that has ended; frees it, NULL allowed
 *   out   appended: one JSON object and a newline, at most MEDIA_RECORD_MAX
 *         bytes: fields that do not fit are left out and a finding says so;
 *         NULL: given up
 * Returns 0 or ERR_NOMEM.
 */
int media_job_end(struct media_job *job, struct buf *out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reading a WARC file: a run of records, plain or gzip, sound or not.  Pure:
 * the file is a byte range (mapped or in memory), nothing is computed but
 * structure; digests are the caller's to compare.
 *
 * What is wrong is told as findings with offsets.  In tolerant mode reading
 * goes on at the next record that can be found; in strict mode the first
 * finding that makes the file unsound ends it.
 */
#ifndef PARSERS_WARC_READ_H
#define PARSERS_WARC_READ_H

#include "parsers/warc.h"

#define WARC_BLOCK_MAX (256u << 20)	/* default cap of a decompressed block */
#define WARC_FINDINGS_MAX 1000		/* kept; all are counted */
#define WARC_FINDING_TEXT_MAX 160

/* struct warc_finding - one thing that is not as the standard asks */
struct warc_finding {
	uint64_t offset;	/* in the file, of the record or the bytes */
	int unsound;		/* 1: the file is not sound; 0: an oddity */
	char text[WARC_FINDING_TEXT_MAX];
};

struct warc_options {
	int strict;
	size_t block_max;	/* of a block in a gzip file; 0: the default */
};

#define WARC_OPTIONS_INIT { 0, 0 }

/*
 * struct warc_record - a record as found
 *
 * (1) head and block are borrowed from the reader, until the next call
 * (2) offset and length are bytes of the file: of the gzip member when the
 *     record has one of its own (what a CDXJ line names), else of the record
 *     with its two line ends
 */
struct warc_record {
	const struct warc_head *head;
	struct bytes block;
	int whole;		/* all Content-Length bytes are in block, and
				   what follows them shows that they are all */
	uint64_t offset;
	uint64_t length;
};

struct warc_reader;

/*
 * warc_reader_new - start on a file
 *
 *   file   borrowed until warc_reader_free()
 *   opt    may be NULL
 *
 * Returns 0, ERR_UNSUPPORTED (an ARC file, or a ZIP such as WACZ), ERR_FORMAT
 * (neither "WARC/" nor gzip at its beginning) or ERR_NOMEM.  An empty file is
 * read, and holds no record.
 */
int warc_reader_new(struct bytes file, const struct warc_options *opt,
		    struct warc_reader **out, struct err *e);
void warc_reader_free(struct warc_reader *r);

/*
 * warc_reader_next - the next record
 * Returns 1 with *rec filled, 0 at the end, ERR_NOMEM, and in strict mode
 * ERR_DAMAGED at the first unsound finding (told in e).
 */
int warc_reader_next(struct warc_reader *r, struct warc_record *rec,
		     struct err *e);

/* warc_reader_is_gzip - 1 when the file is compressed */
int warc_reader_is_gzip(const struct warc_reader *r);

/*
 * warc_reader_findings - what was found so far
 *   count_out   findings in the array
 *   all_out     findings in all, may be NULL
 *   Returns an array, borrowed, valid until the next call on r.
 */
const struct warc_finding *warc_reader_findings(const struct warc_reader *r,
						size_t *count_out,
						uint64_t *all_out);

/* warc_reader_unsound - how many findings make the file unsound */
uint64_t warc_reader_unsound(const struct warc_reader *r);

/* warc_reader_note - add a finding of the caller's (a digest, say) */
void warc_reader_note(struct warc_reader *r, uint64_t offset, int unsound,
		      const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif

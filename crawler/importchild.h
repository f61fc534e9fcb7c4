/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A file that somebody hands over - WARC, WACZ, Telegram's export - taken apart
 * in a child that has no network, no files and no keys.
 *
 * Message to it: 'I' the file.  From it: 'K' its kind; for each record 'R'; a
 * finding 'F'; at the end 'Z' (its sandbox report), or 'E' a code and why not.
 */
#ifndef CRAWLER_IMPORTCHILD_H
#define CRAWLER_IMPORTCHILD_H

#include "util/buf.h"
#include "util/err.h"
#include "util/sandbox.h"

#define IMPORT_FILE_MAX ((size_t)256 << 20)	/* bytes of a file */
#define IMPORT_BLOCK_MAX ((size_t)64 << 20)	/* of a record in it */
#define IMPORT_TOTAL_MAX ((uint64_t)1 << 30)	/* of all records */
#define IMPORT_RECORDS_MAX 12000		/* they enter in one commit */
#define IMPORT_FINDINGS_MAX 100			/* told; all are counted */
#define IMPORT_MEMORY ((uint64_t)1536 << 20)
#define IMPORT_CPU_MS 120000
#define IMPORT_WAIT_MS 300000
#define IMPORT_KIND_MAX 32
#define IMPORT_HOST "telegram-desktop.export.invalid"

/* import_child_main - what `scelle --child import` runs; the exit status */
int import_child_main(int argc, char **argv);
/* import_child_test - one file of each kind, as the child reads them; 0 when
 * all were read.  Call in a box whose descriptor 1 leads to nobody, behind
 * import_child_warm_up(), which asks the system what libraries ask it once. */
int import_child_test(const void *arg);
void import_child_warm_up(void);

/* One record; everything borrowed for the call, everything as the file says. */
struct import_record {
	const char *url;	/* absolute, http or https */
	const char *reason;	/* "page", "media", "file" */
	const char *type;	/* media type by content or as told; or NULL */
	int64_t date_ms;	/* when it says it was captured; 0: not told */
	int http;		/* 1: the block is an HTTP response, head first;
				   0: it is the content itself */
	int status;		/* 200 where http is 0 */
	size_t head_len;	/* bytes of the head, 0 where http is 0 */
	struct bytes block;
};

struct import_read {
	const char *self_path;	/* executable whose main() knows --child */
	struct bytes file;
	/* Negative stops and is returned; either may be NULL. */
	int (*record)(void *arg, const struct import_record *r, struct err *e);
	int (*finding)(void *arg, const char *text, struct err *e);
	void *arg;
};

/* What there was. */
struct import_seen {
	char kind[IMPORT_KIND_MAX];	/* "warc", "wacz", "telegram" */
	uint64_t records, findings, bytes;
	struct sandbox_report sandbox;
};

/*
 * import_read - every record of a file, in its order
 * The same file gives the same records.  What is damaged, hostile or too large
 * ends it: ERR_FORMAT, ERR_DAMAGED, ERR_DENIED, ERR_LIMIT, ERR_UNSUPPORTED;
 * ERR_CHILD where the child died of it; ERR_TIMEOUT, ERR_NOMEM, ERR_IO.
 */
int import_read(const struct import_read *o, struct import_seen *seen,
		struct err *e);

#endif

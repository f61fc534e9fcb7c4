/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the reading commands share: options, the access record, the index, and
 * numbers masked in every answer.
 */
#ifndef TOOLS_READING_H
#define TOOLS_READING_H

#include "cases/ingest.h"
#include "parsers/profile.h"
#include "tools/cli.h"
#include "util/file.h"

#include <stdio.h>

struct reading {
	struct cli *cli;
	const char *command;
	/* from the command line */
	const char *case_name, *arg;	/* first and second word; or NULL */
	const char *why, *source, *glass;
	int64_t from_ms, to_ms;		/* 0: no bound */
	uint64_t limit;			/* 0: none given */
	int all_versions, best, unmask;
	int statement, raw, body, counters, pictures;
	/* open */
	struct unit *u;
	struct grant *g;
	struct index *ix;
	struct profile_set set;
	char profiles[FILE_PATH_MAX];
	struct ingest_report rep;
	int64_t begun_ms, shown_ms;
	/* a page of a listing, until it is on record */
	struct buf page;
	uint64_t *items, rows, pages;
	size_t nitems;
	uint64_t whole;			/* shown: the first so many items */
	int listing;			/* the access named no items */
	struct err late;		/* of reading_row() */
};

/* Which options a command has; --why, --unmask,
 * --break-glass and --help are with all. */
enum {
	READ_FILTER = 1 << 0,	/* --source --since --until */
	READ_LIMIT = 1 << 1,	/* --limit */
	READ_VERSIONS = 1 << 2,	/* --all-versions */
	READ_BEST = 1 << 3,	/* --best */
	READ_SHOW = 1 << 4,	/* --statement --raw --body */
	READ_COUNTERS = 1 << 5,	/* --counters */
	READ_PICTURES = 1 << 6,	/* --pictures */
};

/*
 * reading_args - read the command line
 *   has    READ_*; words: how many the command takes, 1 or 2
 *   help   the command's
 * Returns -1 to go on, else the exit status.
 */
int reading_args(struct reading *rd, struct cli *cli, int argc, char **argv,
		 unsigned has, int words, const char *help);

/*
 * reading_log - open the vault, and record the access before anything else
 *   query  what is asked, for the record; may be NULL; numbers are masked
 *   item   NULL: any item, else the only one
 */
int reading_log(struct reading *rd, const char *query, const uint64_t *item,
		struct err *e);

/* reading_options - how to bring the index up to date, with progress shown and
 * remarks told; loads the profiles */
int reading_options(struct reading *rd, struct ingest_options *o,
		    struct err *e);

/* reading_index - reading_log(), then the index up to the log's end */
int reading_index(struct reading *rd, const char *query, struct err *e);

/*
 * reading_row - another row of a listing follows, of that item of the case; to
 * be called before the row is printed.  Rows wait until a page of them is on
 * record (custody_shown()), and only then go out.
 * Returns 0, or a failure: nothing of the page went out.
 */
int reading_row(struct reading *rd, uint64_t item);

/* reading_also - the row shows this item as well */
int reading_also(struct reading *rd, uint64_t item);

/* reading_error - why a listing ended early, where e does not say it yet */
void reading_error(const struct reading *rd, int code, struct err *e);

/* reading_done - the end of one case's reading, as reading_close() does it; the
 * vault stays open: reading_log() of another case may follow */
int reading_done(struct reading *rd, int status);

/*
 * reading_close - put the last page on record and out, keep a receipt, close
 *   status   CLI_OK, or what cli_fail() gave: then the page does not go out
 * Returns status, or that of a record that could not be made.
 */
int reading_close(struct reading *rd, int status);

/* --- answers ---------------------------------------------------------------- */

/* reading_text - the text masked unless --unmask; NULL: ""; free() it; NULL
 * when out of memory */
char *reading_text(const struct reading *rd, const char *text);

/* reading_secret - 1 when something in the text is masked */
int reading_secret(const struct reading *rd, const char *text);

/* reading_when - "2026-11-22T10:00:00Z (11:00 Paris)", "-" for INT64_MIN;
 * out: READING_WHEN bytes, returned */
#define READING_WHEN 96
const char *reading_when(int64_t ms, char out[static READING_WHEN]);

/* reading_indent - lines of a text, masked, each behind some blanks; at most
 * max bytes and then an ellipsis; 0: all */
void reading_indent(const struct reading *rd, const char *text, size_t max);

/* reading_post - one post to stdout, as text or as a line of JSON
 *   whole   0: the snippet, or the beginning of the text */
int reading_post(struct reading *rd, const struct index_post *p, int whole);

/* reading_line - one JSON value as a line on stdout; takes over the reference
 * (NULL: out of memory) */
int reading_line(struct reading *rd, json_t *o);

/* reading_time - a time as a JSON text; null for INT64_MIN and 0 */
json_t *reading_time(int64_t ms);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A case's index, loaded from its snapshot and brought up to the log's end.
 *
 * Only under a grant: the access is on record before anything is read.  What a
 * page says comes from derived.cache where the same profile made it, else from
 * the sealed response once more, parsed in a child that has no keys.  Media are
 * read the same way, in the media child, when they first enter the index.
 */
#ifndef CASES_INGEST_H
#define CASES_INGEST_H

#include "cases/custody.h"
#include "cases/index.h"

struct profile_set;

struct ingest_options {
	const struct profile_set *profiles;	/* loaded; outlives the call */
	const char *profiles_dir;	/* where the children load them */
	const char *self_path;		/* executable that knows --child */
	const char *media;		/* the program that reads media; NULL:
					   they are not read */
	const char *media_sight;	/* the one that looks at pictures as
					   well; NULL: there is none */
	int sight;			/* 1: with that one; 0: not; -1: as the
					   snapshot was made */
	unsigned children;		/* of the pool, 1 to 8 */
	int anew;			/* 1: neither snapshot nor derived.cache */
	/* progress - done of all items; NULL allowed */
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	/* remark - a cache that was set aside, a page that could not be read;
	 * one line for a person, in the language of errors; NULL allowed */
	void (*remark)(void *arg, const char *text);
	void *arg;
};

#define INGEST_OPTIONS_INIT { .self_path = "/proc/self/exe", .children = 2, \
			      .sight = -1 }

struct ingest_report {
	uint64_t items;		/* items of the case */
	uint64_t added;		/* that the snapshot did not hold */
	uint64_t cached;	/* pages taken from derived.cache */
	uint64_t parsed;	/* pages parsed from sealed bytes */
	uint64_t media;		/* media read from sealed bytes */
	uint64_t missing;	/* erased or damaged: known by number only */
	int loaded;		/* from a snapshot */
	int saved;		/* a new snapshot was written */
};

/*
 * ingest_open - the index as of the log's end
 *   g     of an access that names no items (the index is the whole case)
 *   out   index_free()
 *   rep   may be NULL
 * The new snapshot is a cache: that it cannot be written is a remark.
 * Returns 0, ERR_NOMEM, ERR_DENIED, ERR_CHILD (no parse child can be started)
 * or the vault's ERR_IO.
 */
int ingest_open(struct unit *u, struct grant *g,
		const struct ingest_options *o, struct index **out,
		struct ingest_report *rep, struct err *e);

/*
 * ingest_snapshot - the index as the snapshot has it, not brought up to date
 * Returns 0, ERR_NOENT (no snapshot) or why it does not open.
 */
int ingest_snapshot(struct unit *u, struct grant *g, struct index **out,
		    struct err *e);

/* --- one item --------------------------------------------------------------- */

/* struct ingest_item - one item, opened; release with ingest_item_release() */
struct ingest_item {
	uint64_t number, position;
	int64_t time_ms;	/* of the leaf */
	unsigned kind;		/* LEAF_* */
	struct buf note;	/* the statement's stored bytes */
	struct statement st;	/* borrows note; json NULL: not there */
	const char *url, *source, *reason; /* borrowed from st; or NULL */
	int status;
	char outcome[200];
	int missing;		/* the statement is erased or damaged */
	int erased;		/* it is erased: outcome says by what */
};

/*
 * ingest_item - read one item's statement
 * Returns 0 also when it is missing; ERR_NOENT (no such number), ERR_DENIED,
 * ERR_NOMEM or ERR_IO.
 */
int ingest_item(struct unit *u, struct grant *g, uint64_t n,
		struct ingest_item *it, struct err *e);
void ingest_item_release(struct ingest_item *it);

/*
 * ingest_record - cut one record out of the item's WARC blob, by the offsets
 * the statement gives
 *   type    "request", "response" or "metadata"
 *   blob    out: object 1, filled when it is empty
 *   record  out: the record, head and block; borrowed from blob
 *   block   out: its block; may be NULL
 * Returns 0, 1 (there is no such record), ERR_DAMAGED (offsets that do not
 * fit), or as custody_get().
 */
int ingest_record(struct grant *g, const struct ingest_item *it,
		  const char *type, struct buf *blob, struct bytes *record,
		  struct bytes *block, struct err *e);

/*
 * ingest_response - the response's head and body as received
 * Returns as ingest_record().
 */
int ingest_response(struct grant *g, const struct ingest_item *it,
		    struct buf *blob, struct bytes *head, struct bytes *body,
		    struct err *e);

/* ingest_is_import - 1 when it was handed over, not collected by us */
int ingest_is_import(const struct ingest_item *it);
/* ingest_is_served - 1 when it is content that was served, ours or imported */
int ingest_is_served(const struct ingest_item *it);
/* ingest_is_page - 1 when the item is a response that a profile reads */
int ingest_is_page(const struct ingest_item *it);

/*
 * ingest_lines - parse one item's page, or read its medium, now, in a child
 *   lines   appended; nothing when the item is neither
 */
int ingest_lines(struct grant *g, const struct ingest_options *o,
		 const struct ingest_item *it, struct buf *lines,
		 struct err *e);

#endif

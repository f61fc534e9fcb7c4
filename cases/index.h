/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The index of one case: a SQLite database in memory, a cache.
 *
 * Everything in it was taken from sealed bytes and can be taken again.  It is
 * loaded from a snapshot sealed to the case and brought up to the log's end by
 * the floor above (cases/ingest.h); nothing of it touches a disk in clear:
 * no file, no temporary file, no journal.
 */
#ifndef CASES_INDEX_H
#define CASES_INDEX_H

#include "util/buf.h"
#include "util/err.h"

struct index;

/*
 * index_new - an empty index
 * index_load - from a snapshot (bytes made by index_save); a snapshot of
 *   another schema is ERR_VERSION, a damaged one ERR_DAMAGED: build anew
 *   snapshot   taken over, also on failure; it is copied when the first
 *              addition comes, and not before
 */
int index_new(struct index **out, struct err *e);
int index_load(struct buf *snapshot, struct index **out, struct err *e);
int index_save(struct index *ix, struct buf *out, struct err *e);
void index_free(struct index *ix);	/* NULL allowed */

/* index_next - first case_seq it does not hold yet */
uint64_t index_next(const struct index *ix);
/* index_profiles, index_set_profiles - text that names the profiles' digests;
 * another text than before means that the posts must be taken again */
const char *index_profiles(const struct index *ix);
int index_set_profiles(struct index *ix, const char *digests, struct err *e);

/* --- bringing it up to date -------------------------------------------- */

/* index_begin, index_commit - one transaction around a run of additions */
int index_begin(struct index *ix, struct err *e);
int index_commit(struct index *ix, struct err *e);

/* index_optimize - merge the full-text index into one piece: after many
 * additions searches get faster; costs about as long as saving does */
int index_optimize(struct index *ix, struct err *e);

struct index_capture {
	uint64_t number;	/* case_seq */
	uint64_t position;	/* leaf seq */
	int64_t time_ms;
	unsigned kind;		/* leaf kind */
	const char *url;	/* may be NULL */
	const char *source;	/* canonical source; may be NULL */
	const char *purpose;	/* "page", "media", "robots", ...; may be NULL */
	int status;		/* HTTP status, 0: none */
	const char *outcome;	/* "done", or what went wrong */
	const char *asked;	/* the address that redirects began at; or
				   NULL */
};

/*
 * index_add - one item of the case and the JSON lines taken from it
 *   jsonl  page, post and link lines of parsers/post.h, or the line of a
 *          medium (docs/media.md); may be empty
 * Numbers come in order.  A post whose meaning (text, media, edited mark,
 * origin, links) differs from its last version becomes a new version; else the
 * last version is seen again.  Imports have versions of their own: platform
 * "import:" and the platform's name, which are put apart again where they are
 * shown.  What vanishes stays: it is only marked.
 * Returns 0, ERR_FORMAT (a line is no JSON; e names it) or ERR_NOMEM.
 */
int index_add(struct index *ix, const struct index_capture *c,
	      struct bytes jsonl, struct err *e);

/* --- asking ------------------------------------------------------------ */

/* One post version, as it stands in the index; strings borrowed for the call */
struct index_post {
	const char *post_id;
	const char *url;
	const char *platform;
	const char *account;
	const char *author;
	const char *text;	/* as extracted */
	const char *snippet;	/* around the match, [ and ] mark it; or NULL */
	const char *views;
	const char *json;	/* the whole post line */
	int64_t published_ms;	/* INT64_MIN: unknown */
	uint64_t capture;	/* number of the capture it was first seen in */
	uint64_t last_capture;	/* and last seen in */
	int64_t first_ms, last_ms; /* times of those */
	unsigned version;	/* from 1 */
	unsigned versions;	/* how many there are */
	int edited;		/* the site says so */
	int imported;		/* handed over, not collected by us */
	const char *changed;	/* from the version before: words of "text",
				   "media", "edit-mark", ...; or NULL */
	int64_t vanished_ms;	/* 0, or when a page that should show it did not */
	double score;		/* higher is better; 0 when not ranked */
};

struct index_query {
	const char *text;	/* words; "a phrase"; word*; -word; NULL: all */
	const char *source;	/* only this account or canonical source; NULL */
	int64_t from_ms, to_ms;	/* published in [from, to); 0: no bound */
	int best;		/* by relevance, else newest first */
	int all_versions;	/* else the newest version of each post */
	unsigned limit;		/* 0: 20 */
	unsigned offset;
};

#define INDEX_RANKED_MAX 2000	/* --best ranks this many newest matches */

/*
 * index_search - posts that fit
 *   row       called for each; negative stops with that error
 *   more_out  1 when --best left matches unranked; may be NULL
 * Returns 0, ERR_FORMAT (the query text), or what row returned.
 */
int index_search(struct index *ix, const struct index_query *q,
		 int (*row)(void *arg, const struct index_post *p), void *arg,
		 int *more_out, struct err *e);

/* index_post_versions - every version of one post, oldest first */
int index_post_versions(struct index *ix, const char *post_id,
			int (*row)(void *arg, const struct index_post *p),
			void *arg, struct err *e);

/* index_captures - items of the case in order, from number `first` on */
int index_captures(struct index *ix, uint64_t first, unsigned limit,
		   int (*row)(void *arg, const struct index_capture *c,
			      uint64_t posts, const char *finding),
		   void *arg, struct err *e);

/* index_media - items that hold the medium of that address (or were sent on
 * from it), in order */
int index_media(struct index *ix, const char *url,
		int (*row)(void *arg, const struct index_capture *c,
			   uint64_t posts, const char *finding),
		void *arg, struct err *e);

/* What one captured medium says of itself; strings borrowed for the call */
struct index_medium {
	uint64_t capture;
	int64_t time_ms;	/* of the capture */
	const char *url;	/* asked for first, before redirects */
	const char *source;	/* or NULL */
	const char *json;	/* the whole record, docs/media.md */
	const char *words;	/* what it is searched by */
	const char *snippet;	/* around the match, or NULL */
	int imported;		/* handed over, not collected by us */
};

/* index_media_of - the media captured for one address, in order */
int index_media_of(struct index *ix, const char *url,
		   int (*row)(void *arg, const struct index_medium *m),
		   void *arg, struct err *e);

/*
 * index_media_search - media whose words fit: camera, software, author, titles,
 * descriptions, and what stands in the picture; newest capture first
 *   q   from_ms and to_ms are of the capture; best and all_versions are not
 *       looked at
 * Returns as index_search().
 */
int index_media_search(struct index *ix, const struct index_query *q,
		       int (*row)(void *arg, const struct index_medium *m),
		       void *arg, struct err *e);

/* index_medium_json - the record of one capture's medium as a JSON line,
 * appended; nothing when it has none */
int index_medium_json(struct index *ix, uint64_t capture, struct buf *out,
		      struct err *e);

/* One event of the timeline, in order of time */
struct index_event {
	int64_t time_ms;
	const char *what;	/* "published", "first seen", "edited",
				   "vanished", "back", "finding", "refused",
				   "taken" (a medium says so), "gap"
				   (text: numbers never seen), "counted" */
	const char *post_id;	/* or NULL */
	const char *url;
	const char *text;	/* start of the text, or the finding */
	uint64_t capture;
	unsigned version;
	const char *changed;	/* of "edited", as in struct index_post */
	int imported;		/* handed over, not collected by us */
};

/* index_timeline - counters: 1: "counted" events too */
int index_timeline(struct index *ix, const char *source, int64_t from_ms,
		   int64_t to_ms, int counters,
		   int (*row)(void *arg, const struct index_event *ev),
		   void *arg, struct err *e);

/* index_counters - how the counters of one post went, oldest first */
int index_counters(struct index *ix, const char *post_id,
		   int (*row)(void *arg, const struct index_event *ev),
		   void *arg, struct err *e);

struct index_counts {
	uint64_t captures, posts, versions, media, findings;
	int64_t first_ms, last_ms;	/* of captures; 0: none */
};
int index_counts(struct index *ix, struct index_counts *out, struct err *e);

/* index_posts_json - the post lines first seen in one capture, in page order,
 * one JSON line each, appended */
int index_posts_json(struct index *ix, uint64_t capture, struct buf *out,
		     struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The frontier: what is still to be fetched, what was seen, and how far each
 * source was read.  It survives a crash through crawl.journal.
 *
 * URLs wait in one queue a politeness group; a claim takes the most urgent URL
 * of a group whose turn has come.  Its cost does not grow with the number of
 * URLs, only with the logarithm of the number of groups.
 *
 * A URL is known by the first 128 bits of its SHA-256.  Among n URLs two
 * collide by chance with odds below n*n / 2^129: for a million, 10^-27.
 *
 * Invariants
 *  (1) A URL is done only when what was fetched for it is under a signed head:
 *      effects name the claim they come from, and a later run applies them only
 *      if that claim's leaf is in the log.
 *  (2) A URL is pending, in flight or seen, never two of them.
 *  (3) What a crash cut short is pending again.
 */
#ifndef CRAWLER_FRONTIER_H
#define CRAWLER_FRONTIER_H

#include "util/buf.h"
#include "util/err.h"

#define FRONTIER_URLS_MAX 10000000u	/* pending and seen together */
#define FRONTIER_NONE UINT64_MAX
#define FRONTIER_SPANS_MAX 8

enum frontier_kind { FRONTIER_PAGE, FRONTIER_MEDIA };

/* Most urgent first: media links die within two days. */
enum frontier_prio {
	FRONTIER_HOP,		/* where a redirect leads */
	FRONTIER_EXPIRING,	/* media */
	FRONTIER_FIRST,		/* first page of a source */
	FRONTIER_BACK,		/* older pages */
	FRONTIER_OTHER,
	FRONTIER_PRIOS
};

enum frontier_state {		/* of a source, in this pass */
	FRONTIER_OPEN,
	FRONTIER_COMPLETE,
	FRONTIER_DENIED,	/* access-controlled (R3): not asked again */
	FRONTIER_SUSPENDED,	/* three refusals (R11) */
};

/* Post ids lo to hi were read without a hole. */
struct frontier_span {
	uint64_t lo, hi;
	char *next;		/* URL of the page below, or NULL; owned */
};

struct frontier_known;

/* How far a source was read.  Change it, then frontier_source_save(). */
struct frontier_source {
	char *id;		/* canonical */
	uint64_t min_id, max_id;	/* numeric post ids seen; 0: none */
	uint64_t posts;			/* distinct posts known */
	uint32_t pages;			/* read in this pass */
	uint32_t refusals;		/* in a row */
	enum frontier_state state;
	int64_t stopped_ms;		/* wall clock of a suspension */
	struct frontier_span span[FRONTIER_SPANS_MAX];	/* from newest */
	unsigned nspans;
	struct frontier_known *known;
};

struct frontier_url {
	const char *url;	/* WHATWG, without fragment */
	const char *group;	/* politeness group, see gate_keys_group() */
	uint32_t source;	/* frontier_source_get() */
	enum frontier_kind kind;
	enum frontier_prio prio;
	uint8_t depth, hops, attempts;
	uint64_t parent;	/* case_seq of the page it stood on, or NONE */
	uint64_t cursor;	/* ids on this page are below; 0: no such limit */
	uint64_t post;		/* key of the post a medium belongs to, or 0 */
};

struct frontier;

/* frontier_open's question: is this leaf in the log?  1, 0 or negative. */
typedef int frontier_sealed_fn(void *arg, uint64_t case_seq,
			       const uint8_t open[static 32]);

/*
 * frontier_open - read crawl.journal, or start it
 *   sealed   may be NULL: nothing counts as sealed
 * Returns 0 or journal_open()'s errors.
 */
int frontier_open(const char *path, const uint8_t unit_secret[static 32],
		  frontier_sealed_fn *sealed, void *arg,
		  struct frontier **out, struct err *e);
/* frontier_close - compact and close; frontier_abandon - as a crash would */
int frontier_close(struct frontier *f, struct err *e);
void frontier_abandon(struct frontier *f);

/* frontier_was_sealed - 1 when the journal names a claim and its leaf is there */
int frontier_was_sealed(const struct frontier *f, uint64_t claim);

/* frontier_sync - all that was written is durable */
int frontier_sync(struct frontier *f, struct err *e);

/*
 * frontier_pass - the pass under way
 *   started_ms   out, may be NULL: wall clock
 * Returns its number, from 1; 0 when none is open.
 * frontier_pass_begin forgets which pages were seen, so that they are read
 * again, and reopens the sources (a suspension younger than a day stays).
 */
uint64_t frontier_pass(const struct frontier *f, int64_t *started_ms);
int frontier_pass_begin(struct frontier *f, int64_t now_ms, struct err *e);
int frontier_pass_end(struct frontier *f, struct err *e);

/* --- sources -------------------------------------------------------------- */

/* frontier_source_get - its number, made when new; ERR_NOMEM, ERR_RANGE */
int frontier_source_get(struct frontier *f, const char *id, uint32_t *out,
			struct err *e);
struct frontier_source *frontier_source(struct frontier *f, uint32_t i);
uint32_t frontier_sources(const struct frontier *f);
int frontier_source_save(struct frontier *f, uint64_t claim, uint32_t i,
			 struct err *e);

/*
 * frontier_span_add - ids lo..hi were read on one page
 *   joins   ids reach down from this bound (the page above ended there); 0: no
 *   next    URL of the page below, or NULL at the beginning of the source
 *   met     out: 1 when this page joined what an earlier pass had read
 *   hole    out: URL that leads into the next hole further down, borrowed, or
 *           NULL when nothing is missing below
 */
int frontier_span_add(struct frontier_source *s, uint64_t lo, uint64_t hi,
		      uint64_t joins, const char *next, int *met,
		      const char **hole);

/* A post, by its key and the hash of its meaning (text, media, edited), of
 * which so many bits count. */
#define FRONTIER_MEANING_BITS 56
#define FRONTIER_MEANING(h) ((h) & (UINT64_MAX >> (64 - FRONTIER_MEANING_BITS)))
struct frontier_post {
	uint64_t key;		/* the id when it is a number, else a hash */
	uint64_t meaning;	/* FRONTIER_MEANING() */
	uint8_t flags;
};
#define FRONTIER_POST_GONE 1	/* was known, then missing from its page */
#define FRONTIER_POST_PARTIAL 2	/* a medium could not be fetched */

/* frontier_known - 0 and the post, or ERR_NOENT */
int frontier_known(const struct frontier *f, uint32_t source, uint64_t key,
		   struct frontier_post *out);
/* frontier_know - remember posts, replacing what was known of them */
int frontier_know(struct frontier *f, uint64_t claim, uint32_t source,
		  const struct frontier_post *posts, size_t n, struct err *e);

/* --- URLs ------------------------------------------------------------------ */

/*
 * frontier_add - offer a URL
 *   claim   the exchange it was found in; 0: none
 * Returns 1 when it is new and now pending, 0 when it was there, ERR_LIMIT,
 * ERR_NOMEM or ERR_IO.
 */
int frontier_add(struct frontier *f, uint64_t claim,
		 const struct frontier_url *u, struct err *e);

/* frontier_seen - 1 when it is pending, in flight or done */
int frontier_seen(const struct frontier *f, const char *url);

struct frontier_item {
	uint32_t node;		/* names it while in flight */
	struct frontier_url u;	/* strings borrowed until it is done */
};

/*
 * frontier_claim - take the most urgent URL of a group whose turn has come;
 * the group gives no other until frontier_group_ready()
 *   now_boot_ms   milliseconds since boot
 *   next_ms       out: when to ask again; INT64_MAX: after another event
 * Returns 0 or ERR_NOENT.
 */
int frontier_claim(struct frontier *f, int64_t now_boot_ms,
		   struct frontier_item *out, int64_t *next_ms);

/* frontier_group_ready - the group's next turn is at (boot clock) */
void frontier_group_ready(struct frontier *f, const char *group, int64_t at);

/* frontier_unclaim - put it back in front of its queue */
void frontier_unclaim(struct frontier *f, uint32_t node);

/* frontier_retry - pending again, not before `at` (boot clock) */
int frontier_retry(struct frontier *f, uint64_t claim, uint32_t node,
		   int64_t at, struct err *e);

/* frontier_park - aside until the next pass (or run); 0 or ERR_NOMEM */
int frontier_park(struct frontier *f, uint32_t node, struct err *e);

/*
 * frontier_sealing - before the commit: this claim's leaf will have that
 * number and that open commitment
 */
int frontier_sealing(struct frontier *f, uint64_t claim, uint64_t case_seq,
		     const uint8_t open[static 32], struct err *e);

/*
 * frontier_done - sealed and digested; it is seen from now on
 * frontier_forget - dropped without being seen: it may be offered again
 */
int frontier_done(struct frontier *f, uint64_t claim, uint32_t node,
		  struct err *e);
int frontier_forget(struct frontier *f, uint64_t claim, uint32_t node,
		    struct err *e);

uint64_t frontier_pending(const struct frontier *f); /* in flight included */
uint64_t frontier_in_flight(const struct frontier *f);
/* frontier_pending_of - pages of one source still pending or in flight */
uint32_t frontier_pages_of(const struct frontier *f, uint32_t source);

/* --- small facts kept beside (robots answers) ------------------------------ */

/* frontier_note - keep value under key, replacing; at most 600 KiB together */
int frontier_note(struct frontier *f, uint64_t claim, const char *key,
		  struct bytes value, struct err *e);
/* frontier_note_get - borrowed until the key is next written; p NULL: none */
struct bytes frontier_note_get(const struct frontier *f, const char *key);
/* frontier_note_each - the i-th key, or NULL */
const char *frontier_note_key(const struct frontier *f, size_t i);

#endif

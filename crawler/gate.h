/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Politeness that can be proved: next-allowed times, claimed before the send.
 *
 * A request belongs to up to four keys: its host, its registrable domain, the
 * block of the address that answered (/24, /48) and its family (a profile's
 * table: t.me with its media hosts).  It may start when all of them are open.
 *
 * Invariants
 *  (1) Of two requests that share a key, the later starts no earlier than the
 *      delay in force after the end of the earlier one; never two at a time.
 *  (2) A claim is in gates.journal, durably, before the request is sent.
 *  (3) Answers (Retry-After, 429, 503), jitter and robots' Crawl-delay only
 *      ever lengthen a wait.
 *  (4) Waits are measured on the clock that counts since boot.  A stepped wall
 *      clock opens nothing early; after a reboot the wall clock counts, and
 *      where it went back the whole delay starts again.
 *  (5) A claim stays open until its exchange is sealed.  One found open when
 *      the journal is opened was interrupted: its keys wait from then on, and
 *      the caller seals the interruption.
 *
 * The journal is shared by all cases of the unit; the vault's lock keeps other
 * writers away.
 */
#ifndef CRAWLER_GATE_H
#define CRAWLER_GATE_H

#include "util/buf.h"
#include "util/err.h"

struct url;

#define GATE_KEYS_MAX 4
#define GATE_KEY_LEN 280		/* bytes with the NUL */
#define GATE_DELAY_MAX_MS 300000	/* of one delay, Crawl-delay included */
#define GATE_HOLD_MAX_MS (7 * 86400000LL) /* of one Retry-After */
#define GATE_BACKOFF_MS 60000		/* first back-off, then doubling */
#define GATE_BACKOFF_MAX_MS 3600000
#define GATE_NEVER INT64_MAX

/* Both clocks, read at the same moment (util/clock.h). */
struct gate_now {
	int64_t wall_ms;
	int64_t boot_ms;
};

/* "host:t.me", "domain:t.me", "family:telegram", "addr:192.0.2.0/24" */
struct gate_keys {
	unsigned n;
	char key[GATE_KEYS_MAX][GATE_KEY_LEN];
};

/*
 * gate_keys_make - the keys of a URL
 *   family   NULL or the profile's family of hosts
 *   out      host, then domain (ICANN section of the public suffix list; none
 *            for an address), then family
 * Returns 0 or ERR_RANGE.  Pure but for the list, loaded once.
 */
int gate_keys_make(const struct url *u, const char *family,
		   struct gate_keys *out, struct err *e);

/*
 * gate_keys_group - the coarsest of them: family, else domain, else host; what
 * the frontier queues by
 */
const char *gate_keys_group(const struct gate_keys *k);

/*
 * gate_addr_key - the block of an address, "192.0.2.1:443" or
 * "[2001:db8::1]:443" or bare, as a key.  Returns 0 or ERR_FORMAT.
 */
int gate_addr_key(const char *peer, char out[static GATE_KEY_LEN]);

/* gate_list_version - which public suffix list decided, for the record */
const char *gate_list_version(void);

struct gate;

/*
 * gate_open - read gates.journal, or start it
 *   boot_id   clock_boot_id(); "unknown" makes the wall clock count
 * Open claims of an earlier run are waited for from now.
 * Returns 0 or journal_open()'s errors.
 */
int gate_open(const char *path, const uint8_t unit_secret[static 32],
	      const char *boot_id, const struct gate_now *now,
	      struct gate **out, struct err *e);

/* gate_close - compact and close; NULL allowed */
int gate_close(struct gate *g, const struct gate_now *now, struct err *e);

/* gate_abandon - forget without another write, as a crash would */
void gate_abandon(struct gate *g);

/* A claim of an earlier run whose exchange was never sealed. */
struct gate_orphan {
	uint64_t id;
	char case_id[17];
	const char *url;	/* borrowed until gate_sealed() */
	int64_t wall_ms;	/* when it was claimed */
	struct gate_keys keys;
	uint32_t delay_ms;
	int ended;		/* an answer came, but was not sealed */
};

/* gate_orphan - the i-th open claim of earlier runs, of one case or (NULL) of
 * any; 0 or ERR_NOENT.  gate_sealed() removes it: start again at 0. */
int gate_orphan(const struct gate *g, const char *case_id, size_t i,
		struct gate_orphan *out);

/*
 * gate_address - add the key of the address block that host answered from
 * last time, when it is known and there is room
 */
void gate_address(const struct gate *g, struct gate_keys *keys);

struct gate_ask {
	const struct gate_keys *keys;
	const char *case_id;	/* 16 hex digits */
	const char *url;
	uint32_t delay_ms;	/* at most GATE_DELAY_MAX_MS counts */
	int lab_fast;		/* no delay, several at once; lab vaults only.
				   What a server asks for is still obeyed. */
	int no_sync;		/* the caller calls gate_sync() before sending */
};

/*
 * gate_when - when may this request start
 *   why   out, may be NULL: the key that decides, borrowed from the ask
 * Returns milliseconds since boot (now or earlier: open), or GATE_NEVER while
 * one of the keys is in use.
 */
int64_t gate_when(const struct gate *g, const struct gate_ask *ask,
		  const char **why);

struct gate_claim {
	uint64_t id;
	int64_t wall_ms, boot_ms;	/* of the claim */
	uint32_t delay_ms;		/* in force: the longest of the keys' */
	int64_t gap_ms;			/* since the last exchange under one of
					   the keys; GATE_NEVER: the first */
};

/*
 * gate_claim - take the turn, durably
 * Returns 0, ERR_BUSY (not open: ask gate_when()), ERR_RANGE or ERR_IO.
 */
int gate_claim(struct gate *g, const struct gate_ask *ask,
	       const struct gate_now *now, struct gate_claim *out,
	       struct err *e);
int gate_sync(struct gate *g, struct err *e);

struct gate_result {
	int status;		/* HTTP status, 0 when none */
	int64_t retry_after_ms;	/* -1: not given; from now */
	const char *peer;	/* address that answered, or NULL */
	uint32_t jitter_permille; /* 0..1000: lengthens the next wait */
};

/*
 * gate_end - the exchange of a claim is over (the end is now)
 * 429 and 503 hold the keys (but not the address) for Retry-After and at least
 * a back-off that doubles; another answer resets the back-off.
 * Returns 0, ERR_NOENT or ERR_IO.
 */
int gate_end(struct gate *g, uint64_t id, const struct gate_result *r,
	     const struct gate_now *now, struct err *e);

/* gate_sealed - the exchange of a claim, or its interruption, is committed */
int gate_sealed(struct gate *g, uint64_t id, struct err *e);

/*
 * gate_quota_used - claims this day (UTC) of a case; under one key, or (NULL)
 * under all.  A wall clock that went back stays on the later day.
 */
uint32_t gate_quota_used(const struct gate *g, const char *case_id,
			 const char *key, const struct gate_now *now);

/* --- proof from the records alone -------------------------------------- */

/* What a capture's statement says of its turn. */
struct gate_record {
	uint64_t number;	/* how the caller names it, e.g. case_seq */
	int64_t start_ms, end_ms;	/* wall clock */
	int64_t start_boot_ms, end_boot_ms;
	const char *boot_id;	/* NULL or "unknown": the wall clock counts */
	const char *const *keys;
	unsigned nkeys;
	int64_t delay_ms;	/* in force when it started */
};

struct gate_gap {
	const char *key;	/* borrowed from the records */
	uint64_t requests;
	int64_t min_gap_ms;	/* INT64_MAX with a single request */
	int64_t delay_ms;	/* in force at that gap */
	uint64_t before, after;	/* its two records */
	uint64_t violations;	/* gaps shorter than the delay in force */
	uint64_t bad_before, bad_after;	/* the first of them */
};

/*
 * gate_check_gaps - the smallest gap under each key, and what was too early
 *   gaps_out   one a key, sorted by key; the caller frees it
 * Returns 0 (all gaps kept), 1 (not), ERR_NOMEM or ERR_FORMAT (a record ends
 * before it starts).  Pure.
 */
int gate_check_gaps(const struct gate_record *r, size_t n,
		    struct gate_gap **gaps_out, size_t *ngaps_out,
		    struct err *e);

#endif

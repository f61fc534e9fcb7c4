/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the scenarios do to a vault, and what they were told is done.
 *
 * A run is the same bytes each time: random numbers and the clock are the
 * tests' own.
 */
#ifndef TESTS_CRASH_WORLD_H
#define TESTS_CRASH_WORLD_H

#include "cases/unit.h"
#include "util/err.h"

#include <stdint.h>

#define WORLD_CLAIRE "claire"
#define WORLD_PASS "claire has a long passphrase"

/* Something a command answered "done" to. */
enum fact_kind {
	FACT_VAULT,		/* there is one */
	FACT_PASS,		/* user a, new passphrase b */
	FACT_USER,		/* user a with passphrase b */
	FACT_REVOKED,		/* user a */
	FACT_CASE,		/* reference a */
	FACT_CLOSED,		/* reference a */
	FACT_MEMBER,		/* reference a, user b */
	FACT_LEAVING,		/* reference a, user b is being removed */
	FACT_OUT,		/* reference a, no longer user b */
	FACT_ITEMS,		/* reference a: n items */
	FACT_ERASING,		/* reference a: items n to m are being erased;
				   m WORLD_ALL: the case is purged */
	FACT_ERASED,		/* the same, done */
	FACT_LEAF,		/* leaf n, of kind m */
	FACT_RECEIPT,		/* bytes */
	FACT_KEPT,		/* the receipt of leaf n, among the client's */
	FACT_BACKUP,		/* a run of n leaves */
	FACT_COSIGNED,		/* a witness cosigned n leaves */
	FACT_FRAMES,		/* of a journal: n */
	FACT_TRY,		/* a passphrase b of user a may be valid from
				   now on; nothing was answered yet */
};

struct fact {
	enum fact_kind kind;
	size_t at;		/* ops written down before it */
	size_t was;		/* at, in the whole tape */
	char a[48], b[48];
	uint64_t n, m;
	uint8_t *p;
	size_t len;
};

struct world {
	char root[256];		/* watched; holds vault/ and state/ */
	char vault[400];
	int small;		/* low limits of segments and packs */
	struct fact *facts;
	size_t nfacts, facts_room;
};

void world_random(uint64_t seed);	/* before anything else */
uint64_t world_dice(uint64_t below);	/* a number of that seed */
int64_t world_now(void);		/* the clock, without moving it */
void world_sleep(int64_t ms);		/* the clock moves on */
void world_init(struct world *w, const char *root);
void world_release(struct world *w);	/* the facts; not the disk */
void world_fact(struct world *w, struct fact f);
void world_forget(struct world *w);	/* all facts */
/* world_base - a vault with two users and a case of three items */
int world_base(struct world *w, struct err *e);
int world_open(const struct world *w, const char *user, const char *pass,
	       enum vault_mode mode, struct unit **out, struct err *e);
/* world_claire - her, writing, with whichever passphrase holds of those told
 * before so many ops (SIZE_MAX: all) */
int world_claire(const struct world *w, size_t upto, struct unit **out,
		 struct err *e);
/* world_text - what object o of item n of a case says */
size_t world_text(char *out, size_t room, const char *reference, uint64_t n,
		  unsigned o);
#define WORLD_BLOBS(n) ((unsigned)((n) % 4))
#define WORLD_TEXT_MAX 3000
#define WORLD_ALL UINT64_MAX
#define WORLD_BACKUP "backup"		/* below the root */
#define WORLD_WITNESS "witness"
#define WORLD_CASE "PV-2026-0001"
#define WORLD_JOURNAL "test.journal"
size_t world_frame(uint8_t *out, uint64_t n);	/* of the journal */

struct scenario {
	const char *name;
	int (*before)(struct world *w, struct err *e);	/* its disk, not
							   recorded; or NULL */
	int from_nothing;	/* begins without a vault */
	int journal;		/* no vault at all: a journal alone */
	int (*run)(struct world *w, struct err *e);
};
extern const struct scenario scenarios[];

/*
 * oracle - is what lies on the disk what it must be?
 *   upto   facts told before so many ops hold
 * Returns 0, or 1 with the reason in why.
 */
int oracle(const struct world *w, size_t upto, char *why, size_t room);
int oracle_journal(const struct world *w, size_t upto, char *why, size_t room);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Anchoring: the last head goes to the unit's witnesses and time stamp
 * authorities; what they answer is checked at once, kept beside the head, and
 * named by a statement, scelle/v1/anchor (leaf kind 6), whose hash of the token
 * every later statement repeats.
 *
 *	log/<shard>/heads/<size>.note
 *	log/<shard>/heads/<size>.<authority>.tsr	as it came
 *	log/<shard>/heads/<size>.<key id>.cosig		one witness's lines
 *
 * each written once.
 */
#ifndef CASES_ANCHOR_H
#define CASES_ANCHOR_H

#include "cases/unit.h"

#define ANCHOR_LATE_MS (24 * 3600 * 1000LL)	/* no cosignature for so long */
#define ANCHOR_TOKEN_LATE_MS (4 * 3600 * 1000LL) /* no time stamp */

/* anchor_configured - 1 when somebody outside can be asked */
int anchor_configured(const struct unit *u);

/* What became of one question. */
enum anchor_what {
	ANCHOR_DONE,		/* answered, sound, kept */
	ANCHOR_ASKED,		/* put down as a file; the answer comes later */
	ANCHOR_FAILED,		/* no answer, or one that is not sound */
	ANCHOR_ALARM,		/* a witness knows another history than we do */
};

struct anchor_told {
	enum anchor_what what;
	int witness;		/* else an authority */
	const char *name;
	uint64_t size;		/* of the head */
	int64_t time_ms;	/* ANCHOR_DONE: as it says */
	const char *text;	/* why, for the others */
};

struct anchor_options {
	const char *self_path;	/* for the fetch child */
	int no_witnesses, no_tokens;
	void (*told)(void *arg, const struct anchor_told *t);
	void *arg;
};

/*
 * anchor_round - ask everybody once, take up file answers that have come
 *   u       open for writing
 *   kept    out: answers kept by this round's statement; 0: none was written
 *   alarms  out: witnesses that contradict this vault
 * What one of them fails to do is told and does not stop the others.
 * Returns 0, ERR_DENIED (permit), or the vault's errors.
 */
int anchor_round(struct unit *u, const struct anchor_options *o, unsigned *kept,
		 unsigned *alarms, struct err *e);

/*
 * anchor_set_authority - enter or change an authority
 *   roots       PEM; list: what its qualification rests on (R19), "" when none
 * anchor_remove_authority, anchor_set_policy - the others
 * Return as unit_commit().
 */
int anchor_set_authority(struct unit *u, const char *name, const char *url,
			 const char *roots, int qualified, const char *list,
			 struct err *e);
int anchor_remove_authority(struct unit *u, const char *name,
			    const char *reason, struct err *e);
int anchor_set_policy(struct unit *u, const char *text, struct err *e);

#endif

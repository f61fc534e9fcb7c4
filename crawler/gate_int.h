/* SPDX-License-Identifier: EUPL-1.2 */
/* Inside the gate: its tables.  Only crawler/gate*.c include this. */
#ifndef CRAWLER_GATE_INT_H
#define CRAWLER_GATE_INT_H

#include "crawler/gate.h"
#include "store/journal.h"

#define GATE_DAY_MS 86400000LL
#define GATE_COMPACT_MIN (16u << 20)	/* journal bytes before a rewrite */
#define BOOT_ID_LEN 37
#define CASE_ID_LEN 17

/*
 * struct turn - what is known of one key
 * Times in boot_ms belong to the boot named in boot_id; the wall times beside
 * them say the same to a later boot.
 */
struct turn {
	char name[GATE_KEY_LEN];
	char addr[GATE_KEY_LEN];	/* of a host: where it answered */
	char boot_id[BOOT_ID_LEN];
	int64_t set_wall;		/* when this was last written */
	int64_t end_wall, end_boot;	/* of the last exchange */
	int64_t hold_wall, hold_boot;	/* not before; 0: none */
	uint32_t delay_ms;		/* wished at the last exchange */
	uint32_t jitter_ms;
	uint32_t level;			/* back-offs in a row */
	uint32_t in_use;		/* claims of this run under way */
};

struct claim {
	uint64_t id;
	char case_id[CASE_ID_LEN];
	char *url;
	int64_t wall_ms, boot_ms;
	struct gate_keys keys;
	uint32_t delay_ms;		/* wished */
	uint8_t fast, ended, orphan;
};

struct quota {
	char case_id[CASE_ID_LEN];
	char key[GATE_KEY_LEN];		/* "" counts all keys together */
	int64_t day;
	uint32_t count;
};

struct gate {
	struct journal *journal;
	char boot_id[BOOT_ID_LEN];
	uint64_t next_id;
	uint64_t compact_at;		/* journal bytes */
	struct turn **slots;		/* open addressing by name */
	size_t nslots, nturns;
	struct claim *claims;
	size_t nclaims, claims_size;
	struct quota *quotas;
	size_t nquotas, quotas_size;
	struct buf frame;		/* scratch */
};

/* gate_state.c: the tables, and the transitions, the same live and in replay */
const struct turn *gate_turn_find(const struct gate *g, const char *name);
struct turn *gate_turn_get(struct gate *g, const char *name);
void gate_turn_rebase(struct turn *t, const char *boot_id,
		      const struct gate_now *now);
void gate_turn_ended(struct turn *t, const char *boot_id,
		     const struct gate_now *now, uint32_t delay_ms,
		     uint32_t jitter_ms);
struct claim *gate_claim_find(struct gate *g, uint64_t id);
int gate_claim_push(struct gate *g, const struct claim *c);
void gate_claim_drop(struct gate *g, struct claim *c);
struct quota *gate_quota_find(const struct gate *g, const char *case_id,
			      const char *key);
int gate_quota_set(struct gate *g, const char *case_id, const char *key,
		   int64_t day, uint32_t add);
int64_t gate_day(int64_t wall_ms);
int gate_apply_claim(struct gate *g, const struct claim *c);
int gate_apply_end(struct gate *g, struct claim *c, const char *boot_id,
		   const struct gate_result *res, const char *addr,
		   const struct gate_now *now);

/* gate_journal.c */
void gate_put_claim(struct buf *b, const char *boot_id, const struct claim *c);
int gate_replay(void *arg, struct bytes frame);
int gate_append(struct gate *g, int sync, struct err *e);
int gate_compact(struct gate *g, const struct gate_now *now, struct err *e);

#endif

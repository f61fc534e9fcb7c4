/* SPDX-License-Identifier: EUPL-1.2 */
/* Inside the frontier: its tables.  Only crawler/frontier*.c include this. */
#ifndef CRAWLER_FRONTIER_INT_H
#define CRAWLER_FRONTIER_INT_H

#include "crawler/frame.h"
#include "crawler/frontier.h"
#include "store/journal.h"

#define NONE32 UINT32_MAX

/* What a slot of the table of known URLs says besides its fingerprint. */
enum {
	SLOT_FREE,		/* never used */
	SLOT_GONE,		/* forgotten: a search goes on behind it */
	SLOT_PAGE,		/* seen in this pass */
	SLOT_MEDIA,		/* seen, for ever */
	SLOT_NODE,		/* SLOT_NODE + n: node n is pending or in flight */
};

struct slot {
	uint8_t fp[16];
	uint32_t what;
};

enum node_state { NODE_FREE, NODE_QUEUED, NODE_DELAYED, NODE_FLYING };

struct node {
	char *url;
	uint64_t parent, cursor, post;
	uint32_t next, prev;	/* in its queue; next in the free list */
	uint32_t group, source;
	uint8_t kind, prio, depth, hops, attempts, state;
};

enum group_where { GROUP_IDLE, GROUP_WAITING, GROUP_READY, GROUP_BUSY };

struct group {
	char *name;
	int64_t ready_ms;
	uint32_t head[FRONTIER_PRIOS], tail[FRONTIER_PRIOS];
	uint32_t heap_at;	/* while waiting */
	uint32_t prev, next;	/* while ready: the list of its urgency */
	uint8_t where, ready_prio;
};

struct delayed {
	int64_t at;
	uint32_t node;
};

/* One stands for each post of a source: two words, no more. */
struct known_row {
	uint64_t key;		/* 0: free */
	uint64_t meaning : FRONTIER_MEANING_BITS;
	uint64_t flags : 64 - FRONTIER_MEANING_BITS;
};

struct frontier_known {
	struct known_row *rows;
	size_t size, used;
	int has_zero;		/* the key 0 cannot stand in the table */
	struct known_row zero;
};

struct note {
	char *key;
	struct buf value;
};

struct source {
	struct frontier_source s;
	struct frontier_known known;
	uint32_t pages_pending;
};

struct frontier {
	struct journal *journal;
	uint64_t compact_at;
	struct buf frame;		/* scratch */
	/* URLs */
	struct slot *slots;
	size_t nslots, used_slots;	/* used: also the gone ones */
	struct node *nodes;
	uint32_t nnodes, nodes_size, free_node;
	uint64_t pending, flying;
	/* groups */
	struct group *groups;
	uint32_t ngroups, groups_size;
	uint32_t *group_slots;		/* open addressing by name */
	uint32_t ngroup_slots;
	uint32_t *heap, nheap;		/* waiting groups by ready_ms */
	uint32_t ready[FRONTIER_PRIOS], ready_tail[FRONTIER_PRIOS];
	struct delayed *delayed;	/* heap by at */
	uint32_t ndelayed, delayed_size;
	/* the rest */
	struct source **sources;
	uint32_t nsources, sources_size;
	struct note *notes;
	size_t nnotes, notes_size;
	uint64_t *sealed;		/* claims of the journal found in the log */
	size_t nsealed, sealed_size;
	uint64_t pass;
	int64_t pass_started;
	int pass_open;
	frontier_sealed_fn *ask;	/* while replaying */
	void *ask_arg;
};

/* frontier.c */
void frontier_fp(const char *url, uint8_t out[static 16]);
int frontier_put(struct frontier *f, const struct frontier_url *u,
		 uint32_t *node_out);
int frontier_mark_seen(struct frontier *f, const uint8_t fp[static 16],
		       uint32_t what);
uint32_t frontier_node_of(const struct frontier *f,
			  const uint8_t fp[static 16]);
int frontier_finish(struct frontier *f, uint32_t node, int seen);
void frontier_drop_pages(struct frontier *f);
int frontier_delay(struct frontier *f, uint32_t node, int64_t at);

/* frontier_source.c */
int frontier_know_one(struct frontier_source *s,
		      const struct frontier_post *p);
void frontier_source_free(struct source *s);
void frontier_put_source(struct buf *b, uint64_t claim,
			 const struct frontier_source *s);
int frontier_get_source(struct frontier *f, struct frame_in *in);
int frontier_note_set(struct frontier *f, const char *key, struct bytes value);
void frontier_reopen_sources(struct frontier *f, int64_t now_ms);

/* frontier_journal.c */
int frontier_append(struct frontier *f, int sync, struct err *e);
void frontier_put_url(struct buf *b, const struct frontier *f, uint64_t claim,
		      const struct frontier_url *u);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/* URLs and their queues.  Nothing here touches the disk. */
#include "crawler/frontier_int.h"

#include "store/sha256.h"

#include <stdlib.h>

/* --- known URLs ------------------------------------------------------------ */

void frontier_fp(const char *url, uint8_t out[static 16])
{
	uint8_t h[SHA256_LEN];

	sha256_once(bytes_str(url), h);
	memcpy(out, h, 16);
}

static size_t slot_start(const struct frontier *f, const uint8_t *fp)
{
	return (size_t)get_be64(fp) & (f->nslots - 1);
}

static struct slot *slot_find(const struct frontier *f, const uint8_t *fp)
{
	size_t i;

	if (!f->nslots)
		return NULL;
	for (i = slot_start(f, fp); f->slots[i].what != SLOT_FREE;
	     i = (i + 1) & (f->nslots - 1))
		if (f->slots[i].what != SLOT_GONE &&
		    !memcmp(f->slots[i].fp, fp, 16))
			return &f->slots[i];
	return NULL;
}

/* Into a new table, leaving out the gone and, if asked, the seen pages. */
static int slots_rebuild(struct frontier *f, size_t n, int drop_pages)
{
	struct slot *fresh = calloc(n, sizeof(*fresh)), *old = f->slots;
	size_t nold = f->nslots, used = 0, k;

	if (!fresh)
		return ERR_NOMEM;
	f->slots = fresh;
	f->nslots = n;
	for (size_t i = 0; i < nold; i++) {
		if (old[i].what <= SLOT_GONE ||
		    (drop_pages && old[i].what == SLOT_PAGE))
			continue;
		k = slot_start(f, old[i].fp);
		while (fresh[k].what != SLOT_FREE)
			k = (k + 1) & (n - 1);
		fresh[k] = old[i];
		used++;
	}
	f->used_slots = used;
	free(old);
	return 0;
}

static struct slot *slot_new(struct frontier *f, const uint8_t *fp)
{
	size_t i, n = f->nslots;

	if ((f->used_slots + 1) * 4 >= n * 3) {
		/* Mostly gone ones: the same size will do. */
		n = n ? f->pending * 4 > n ? n * 2 : n : 1024;
		for (size_t live = 0, k = 0; k < f->nslots; k++) {
			live += f->slots[k].what > SLOT_GONE;
			if (live * 2 > n)
				n *= 2;
		}
		if (slots_rebuild(f, n, 0) < 0)
			return NULL;
	}
	i = slot_start(f, fp);
	while (f->slots[i].what > SLOT_GONE)
		i = (i + 1) & (f->nslots - 1);
	if (f->slots[i].what == SLOT_FREE)
		f->used_slots++;
	memcpy(f->slots[i].fp, fp, 16);
	return &f->slots[i];
}

int frontier_mark_seen(struct frontier *f, const uint8_t fp[static 16],
		       uint32_t what)
{
	struct slot *s = slot_find(f, fp);

	if (s)
		return 0;
	s = slot_new(f, fp);
	if (!s)
		return ERR_NOMEM;
	s->what = what;
	return 0;
}

uint32_t frontier_node_of(const struct frontier *f,
			  const uint8_t fp[static 16])
{
	const struct slot *s = slot_find(f, fp);

	return s && s->what >= SLOT_NODE ? s->what - SLOT_NODE : NONE32;
}

void frontier_drop_pages(struct frontier *f)
{
	/* On failure the pages stay seen for a pass: harmless. */
	if (f->nslots)
		(void)slots_rebuild(f, f->nslots, 1);
}

int frontier_seen(const struct frontier *f, const char *url)
{
	uint8_t fp[16];

	frontier_fp(url, fp);
	return slot_find(f, fp) != NULL;
}

/* --- groups ---------------------------------------------------------------- */

static uint32_t name_hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static uint32_t *group_slot(const struct frontier *f, const char *name)
{
	uint32_t i = name_hash(name) & (f->ngroup_slots - 1);

	while (f->group_slots[i] != NONE32 &&
	       strcmp(f->groups[f->group_slots[i]].name, name) != 0)
		i = (i + 1) & (f->ngroup_slots - 1);
	return &f->group_slots[i];
}

static int groups_grow(struct frontier *f)
{
	uint32_t n = f->groups_size ? f->groups_size * 2 : 32;
	struct group *g = realloc(f->groups, n * sizeof(*g));
	uint32_t *heap, *slots;

	if (!g)
		return ERR_NOMEM;
	f->groups = g;
	heap = realloc(f->heap, n * sizeof(*heap));
	if (!heap)
		return ERR_NOMEM;
	f->heap = heap;
	slots = malloc(2 * n * sizeof(*slots));
	if (!slots)
		return ERR_NOMEM;
	free(f->group_slots);
	f->group_slots = slots;
	f->ngroup_slots = 2 * n;
	f->groups_size = n;
	memset(slots, 0xff, 2 * n * sizeof(*slots));
	for (uint32_t i = 0; i < f->ngroups; i++)
		*group_slot(f, f->groups[i].name) = i;
	return 0;
}

static uint32_t group_find(const struct frontier *f, const char *name)
{
	return f->ngroup_slots ? *group_slot(f, name) : NONE32;
}

static uint32_t group_get(struct frontier *f, const char *name)
{
	uint32_t i = group_find(f, name);
	struct group *g;

	if (i != NONE32)
		return i;
	if (f->ngroups == f->groups_size && groups_grow(f) < 0)
		return NONE32;
	g = &f->groups[f->ngroups];
	memset(g, 0, sizeof(*g));
	g->name = strdup(name);
	if (!g->name)
		return NONE32;
	g->ready_ms = INT64_MIN;
	memset(g->head, 0xff, sizeof(g->head));
	memset(g->tail, 0xff, sizeof(g->tail));
	*group_slot(f, name) = f->ngroups;
	return f->ngroups++;
}

static void heap_set(struct frontier *f, uint32_t at, uint32_t group)
{
	f->heap[at] = group;
	f->groups[group].heap_at = at;
}

static void heap_sift(struct frontier *f, uint32_t at)
{
	uint32_t g = f->heap[at], up, kid;
	int64_t key = f->groups[g].ready_ms;

	while (at && f->groups[f->heap[up = (at - 1) / 2]].ready_ms > key) {
		heap_set(f, at, f->heap[up]);
		at = up;
	}
	for (;;) {
		kid = 2 * at + 1;
		if (kid >= f->nheap)
			break;
		if (kid + 1 < f->nheap &&
		    f->groups[f->heap[kid + 1]].ready_ms <
		    f->groups[f->heap[kid]].ready_ms)
			kid++;
		if (f->groups[f->heap[kid]].ready_ms >= key)
			break;
		heap_set(f, at, f->heap[kid]);
		at = kid;
	}
	heap_set(f, at, g);
}

static void heap_remove(struct frontier *f, uint32_t at)
{
	uint32_t last = f->heap[--f->nheap];

	if (at == f->nheap)
		return;
	heap_set(f, at, last);
	heap_sift(f, at);
}

/* Out of whatever structure the group stands in. */
static void group_take_out(struct frontier *f, uint32_t i)
{
	struct group *g = &f->groups[i];

	if (g->where == GROUP_WAITING) {
		heap_remove(f, g->heap_at);
	} else if (g->where == GROUP_READY) {
		if (g->prev != NONE32)
			f->groups[g->prev].next = g->next;
		else
			f->ready[g->ready_prio] = g->next;
		if (g->next != NONE32)
			f->groups[g->next].prev = g->prev;
		else
			f->ready_tail[g->ready_prio] = g->prev;
	}
	g->where = GROUP_IDLE;
}

static unsigned top_prio(const struct group *g)
{
	unsigned p = 0;

	while (p < FRONTIER_PRIOS && g->head[p] == NONE32)
		p++;
	return p;
}

/* Where it belongs by what it holds: nothing, a wait, or a turn. */
static void group_place(struct frontier *f, uint32_t i)
{
	struct group *g = &f->groups[i];

	if (g->where == GROUP_BUSY)
		return;
	group_take_out(f, i);
	if (top_prio(g) == FRONTIER_PRIOS)
		return;
	g->where = GROUP_WAITING;
	heap_set(f, f->nheap, i);
	heap_sift(f, f->nheap++);
}

/* Waiting, its time has come: behind the others of the same urgency. */
static void group_make_ready(struct frontier *f, uint32_t i)
{
	struct group *g = &f->groups[i];
	unsigned p = top_prio(g);

	group_take_out(f, i);
	g->where = GROUP_READY;
	g->ready_prio = (uint8_t)p;
	g->next = NONE32;
	g->prev = f->ready_tail[p];
	if (g->prev != NONE32)
		f->groups[g->prev].next = i;
	else
		f->ready[p] = i;
	f->ready_tail[p] = i;
}

static void enqueue(struct frontier *f, uint32_t n, int front)
{
	struct node *nd = &f->nodes[n];
	struct group *g = &f->groups[nd->group];
	unsigned p = nd->prio;

	nd->state = NODE_QUEUED;
	if (front || g->head[p] == NONE32) {
		nd->next = g->head[p];
		nd->prev = NONE32;
		g->head[p] = n;
		if (nd->next == NONE32)
			g->tail[p] = n;
		else
			f->nodes[nd->next].prev = n;
	} else {
		nd->next = NONE32;
		nd->prev = g->tail[p];
		f->nodes[g->tail[p]].next = n;
		g->tail[p] = n;
	}
	if (g->where == GROUP_IDLE)
		group_place(f, nd->group);
	else if (g->where == GROUP_READY && p < g->ready_prio)
		group_make_ready(f, nd->group);
}

static void unlink_node(struct frontier *f, uint32_t n)
{
	struct node *nd = &f->nodes[n];
	struct group *g = &f->groups[nd->group];

	if (nd->prev != NONE32)
		f->nodes[nd->prev].next = nd->next;
	else
		g->head[nd->prio] = nd->next;
	if (nd->next != NONE32)
		f->nodes[nd->next].prev = nd->prev;
	else
		g->tail[nd->prio] = nd->prev;
}

/* --- nodes ----------------------------------------------------------------- */

static uint32_t node_new(struct frontier *f)
{
	struct node *p;
	uint32_t n;

	if (f->free_node != NONE32) {
		n = f->free_node;
		f->free_node = f->nodes[n].next;
		return n;
	}
	if (f->nnodes == f->nodes_size) {
		n = f->nodes_size ? f->nodes_size * 2 : 1024;
		p = realloc(f->nodes, n * sizeof(*p));
		if (!p)
			return NONE32;
		f->nodes = p;
		f->nodes_size = n;
	}
	return f->nnodes++;
}

static void node_free(struct frontier *f, uint32_t n)
{
	free(f->nodes[n].url);
	f->nodes[n].url = NULL;
	f->nodes[n].state = NODE_FREE;
	f->nodes[n].next = f->free_node;
	f->free_node = n;
}

/* Returns 1 when new, 0 when known, ERR_LIMIT or ERR_NOMEM. */
int frontier_put(struct frontier *f, const struct frontier_url *u,
		 uint32_t *node_out)
{
	uint8_t fp[16];
	struct slot *s;
	struct node *nd;
	uint32_t n, g;

	frontier_fp(u->url, fp);
	if (slot_find(f, fp))
		return 0;
	if (f->used_slots >= FRONTIER_URLS_MAX)
		return ERR_LIMIT;
	g = group_get(f, u->group);
	if (g == NONE32)
		return ERR_NOMEM;
	n = node_new(f);
	if (n == NONE32)
		return ERR_NOMEM;
	nd = &f->nodes[n];
	memset(nd, 0, sizeof(*nd));
	nd->url = strdup(u->url);
	s = nd->url ? slot_new(f, fp) : NULL;
	if (!s) {
		node_free(f, n);
		return ERR_NOMEM;
	}
	s->what = SLOT_NODE + n;
	nd->group = g;
	nd->source = u->source;
	nd->kind = (uint8_t)u->kind;
	nd->prio = (uint8_t)u->prio;
	nd->depth = u->depth;
	nd->hops = u->hops;
	nd->attempts = u->attempts;
	nd->parent = u->parent;
	nd->cursor = u->cursor;
	nd->post = u->post;
	f->pending++;
	if (u->kind == FRONTIER_PAGE && u->source < f->nsources)
		f->sources[u->source]->pages_pending++;
	enqueue(f, n, 0);
	if (node_out)
		*node_out = n;
	return 1;
}

/* Out of the pending ones: seen, or forgotten. */
int frontier_finish(struct frontier *f, uint32_t n, int seen)
{
	struct node *nd = &f->nodes[n];
	struct slot *s;
	uint8_t fp[16];

	frontier_fp(nd->url, fp);
	s = slot_find(f, fp);
	if (s)
		s->what = !seen ? SLOT_GONE : nd->kind == FRONTIER_MEDIA ?
			  SLOT_MEDIA : SLOT_PAGE;
	if (nd->state == NODE_FLYING) {
		f->flying--;
	} else if (nd->state == NODE_QUEUED) {
		unlink_node(f, n);
		group_place(f, nd->group);
	}
	f->pending--;
	if (nd->kind == FRONTIER_PAGE && nd->source < f->nsources)
		f->sources[nd->source]->pages_pending--;
	node_free(f, n);
	return 0;
}

/* --- turns ----------------------------------------------------------------- */

static void delayed_sift(struct frontier *f, uint32_t at)
{
	struct delayed d = f->delayed[at];
	uint32_t up, kid;

	while (at && f->delayed[up = (at - 1) / 2].at > d.at) {
		f->delayed[at] = f->delayed[up];
		at = up;
	}
	for (;;) {
		kid = 2 * at + 1;
		if (kid >= f->ndelayed)
			break;
		if (kid + 1 < f->ndelayed &&
		    f->delayed[kid + 1].at < f->delayed[kid].at)
			kid++;
		if (f->delayed[kid].at >= d.at)
			break;
		f->delayed[at] = f->delayed[kid];
		at = kid;
	}
	f->delayed[at] = d;
}

static void wake_delayed(struct frontier *f, int64_t now)
{
	uint32_t n;

	while (f->ndelayed && f->delayed[0].at <= now) {
		n = f->delayed[0].node;
		f->delayed[0] = f->delayed[--f->ndelayed];
		if (f->ndelayed)
			delayed_sift(f, 0);
		enqueue(f, n, 0);
	}
}

static void item_of(const struct frontier *f, uint32_t n,
		    struct frontier_item *out)
{
	const struct node *nd = &f->nodes[n];

	out->node = n;
	out->u = (struct frontier_url){
		.url = nd->url,
		.group = f->groups[nd->group].name,
		.source = nd->source,
		.kind = (enum frontier_kind)nd->kind,
		.prio = (enum frontier_prio)nd->prio,
		.depth = nd->depth,
		.hops = nd->hops,
		.attempts = nd->attempts,
		.parent = nd->parent,
		.cursor = nd->cursor,
		.post = nd->post,
	};
}

int frontier_claim(struct frontier *f, int64_t now_boot_ms,
		   struct frontier_item *out, int64_t *next_ms)
{
	struct group *g;
	uint32_t i, n;
	unsigned p;

	wake_delayed(f, now_boot_ms);
	while (f->nheap && f->groups[f->heap[0]].ready_ms <= now_boot_ms)
		group_make_ready(f, f->heap[0]);
	for (p = 0; p < FRONTIER_PRIOS && f->ready[p] == NONE32; p++)
		;
	if (p == FRONTIER_PRIOS) {
		*next_ms = f->nheap ? f->groups[f->heap[0]].ready_ms :
			   INT64_MAX;
		if (f->ndelayed && f->delayed[0].at < *next_ms)
			*next_ms = f->delayed[0].at;
		return ERR_NOENT;
	}
	i = f->ready[p];
	g = &f->groups[i];
	group_take_out(f, i);
	g->where = GROUP_BUSY;
	n = g->head[p];
	unlink_node(f, n);
	f->nodes[n].state = NODE_FLYING;
	f->flying++;
	item_of(f, n, out);
	*next_ms = now_boot_ms;
	return 0;
}

void frontier_group_ready(struct frontier *f, const char *group, int64_t at)
{
	uint32_t i = group_find(f, group);

	if (i == NONE32)
		return;
	group_take_out(f, i);
	f->groups[i].ready_ms = at;
	group_place(f, i);
}

void frontier_unclaim(struct frontier *f, uint32_t node)
{
	f->flying--;
	enqueue(f, node, 1);
}

/* Aside until `at`; the journal is written by frontier_retry(). */
int frontier_delay(struct frontier *f, uint32_t node, int64_t at)
{
	struct delayed *p;
	uint32_t n;

	if (f->ndelayed == f->delayed_size) {
		n = f->delayed_size ? f->delayed_size * 2 : 64;
		p = realloc(f->delayed, n * sizeof(*p));
		if (!p)
			return ERR_NOMEM;
		f->delayed = p;
		f->delayed_size = n;
	}
	if (f->nodes[node].state == NODE_FLYING)
		f->flying--;
	f->nodes[node].state = NODE_DELAYED;
	f->delayed[f->ndelayed].at = at;
	f->delayed[f->ndelayed].node = node;
	delayed_sift(f, f->ndelayed++);
	return 0;
}

uint64_t frontier_pending(const struct frontier *f)
{
	return f->pending;
}

uint64_t frontier_in_flight(const struct frontier *f)
{
	return f->flying;
}

uint32_t frontier_pages_of(const struct frontier *f, uint32_t source)
{
	return source < f->nsources ? f->sources[source]->pages_pending : 0;
}

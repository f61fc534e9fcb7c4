/* SPDX-License-Identifier: EUPL-1.2 */
/* Running a scenario, and making what a crash leaves of it. */
#include "tests/crash/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_VARIANTS 16
#define TORN_VARIANTS 5

void tape_release(struct tape *t)
{
	world_release(&t->w);
	fs_release(&t->start);
	trace_release(&t->t);
}

int tape_prepare(const struct plan *p, const struct scenario *sc,
		 struct world *w)
{
	static struct fs base;
	static struct world base_world;
	static int have;
	struct err e = ERR_INIT;

	world_init(w, p->root);
	if (sc->from_nothing) {
		fs_wipe(p->root);
		return 0;
	}
	if (!have) {
		fs_wipe(p->root);
		world_init(&base_world, p->root);
		if (world_base(&base_world, &e) < 0) {
			printf("the base vault: %s\n", e.text);
			return -1;
		}
		fs_init(&base);
		if (fs_take(&base, p->root) < 0)
			return -1;
		have = 1;
	}
	for (size_t i = 0; i < base_world.nfacts; i++) {
		struct fact f = base_world.facts[i];

		if (f.len) {
			uint8_t *q = malloc(f.len);

			if (!q)
				return -1;
			memcpy(q, f.p, f.len);
			f.p = q;
		}
		world_fact(w, f);
		w->facts[w->nfacts - 1].at = 0;
	}
	if (fs_put(&base, p->root) < 0)
		return -1;
	if (sc->before && sc->before(w, &e) < 0) {
		printf("before %s: %s\n", sc->name, e.text);
		return -1;
	}
	return 0;
}

int tape_make(const struct plan *p, const struct scenario *sc,
	      const struct fs *from, const struct world *facts, size_t upto,
	      struct tape *out)
{
	struct err e = ERR_INIT;
	int r;

	memset(out, 0, sizeof *out);
	out->sc = sc;
	if (!from) {
		if (tape_prepare(p, sc, &out->w) < 0)
			return -1;
	} else {
		world_init(&out->w, p->root);
		for (size_t i = 0; i < facts->nfacts; i++) {
			struct fact f = facts->facts[i];

			if (f.at > upto)
				continue;
			if (f.len) {
				f.p = malloc(f.len);
				if (!f.p)
					return -1;
				memcpy(f.p, facts->facts[i].p, f.len);
			}
			world_fact(&out->w, f);
			out->w.facts[out->w.nfacts - 1].at = 0;
		}
		if (fs_put(from, p->root) < 0)
			return -1;
	}
	if (shim_start(p->root, &out->start) < 0)
		return -1;
	r = sc->run(&out->w, &e);
	shim_stop(&out->t);
	if (r < 0) {
		printf("%s fails without any crash: %s\n", sc->name, e.text);
		return -1;
	}
	return 0;
}

/* --- fates ----------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/*
 * Variants at a point with n pending ops: all kept; all lost; each one lost;
 * each one kept alone; the last write torn in five ways, the others kept or
 * lost; random fates for all.
 */
size_t crash_count(const struct trace *t, size_t point)
{
	uint32_t *pending = malloc((point + 1) * sizeof *pending);
	size_t n, count = 1;

	if (!pending)
		abort();
	n = trace_pending(t, point, pending);
	free(pending);
	if (n)
		count = 2 + 2 * n + 2 * TORN_VARIANTS + RANDOM_VARIANTS;
	return count;
}

static enum fate torn(const struct op *op, size_t way, uint64_t dice,
		      uint64_t *cut)
{
	uint64_t head = 512 - op->off % 512;

	*cut = dice;
	switch (way) {
	case 0:			/* at the first sector's end */
		*cut = head < op->len ? head : op->len / 2;
		return FATE_TORN;
	case 1:			/* at any byte */
		*cut = op->len ? dice % op->len : 0;
		return FATE_TORN;
	case 2:			/* the size, and no bytes */
		*cut = 0;
		return FATE_GROWN;
	case 3:
		*cut = head < op->len ? head + (op->len - head) / 512 / 2 * 512
				      : 0;
		return FATE_GROWN;
	default:
		return FATE_SECTORS;
	}
}

static const char *const op_names[] = {
	"create", "mkdir", "link", "rename", "unlink", "write", "truncate",
	"sync",
};

static size_t say_op(char *out, size_t room, const struct op *op)
{
	int n;

	if (op->kind == OP_WRITE)
		n = snprintf(out, room, "write of %zu at %llu to file %u",
			     op->len, (unsigned long long)op->off, op->inode);
	else if (op->kind == OP_SYNC)
		n = snprintf(out, room, "%s", site_name(op->site));
	else
		n = snprintf(out, room, "%s %s", op_names[op->kind], op->name);
	return n < 0 ? 0 : (size_t)n < room ? (size_t)n : room ? room - 1 : 0;
}

static const char *const fate_names[] = {
	"kept", "lost", "torn", "grown", "sectors",
};

/* Words for the first ops that were not simply kept. */
static void say_fate(char *words, size_t room, const struct op *op,
		     enum fate fate)
{
	size_t len = strlen(words);

	if (fate == FATE_KEPT || len + 80 > room)
		return;
	len += (size_t)snprintf(words + len, room - len, "; %s: ",
				fate_names[fate]);
	say_op(words + len, room - len, op);
}

static enum fate fate_of(const struct op *op, size_t variant, size_t n,
			 size_t k, size_t torn_k, uint64_t dice, uint64_t *cut)
{
	*cut = dice;
	if (variant == 0)
		return FATE_KEPT;
	if (variant == 1)
		return FATE_LOST;
	variant -= 2;
	if (variant < n)
		return k == variant ? FATE_LOST : FATE_KEPT;
	variant -= n;
	if (variant < n)
		return k == variant ? FATE_KEPT : FATE_LOST;
	variant -= n;
	if (variant < 2 * TORN_VARIANTS) {
		if (k == torn_k)
			return torn(op, variant % TORN_VARIANTS, dice, cut);
		return variant < TORN_VARIANTS ? FATE_KEPT : FATE_LOST;
	}
	if (op->kind == OP_WRITE && dice % 4 == 0)
		return torn(op, dice / 4 % TORN_VARIANTS, mix(dice), cut);
	return dice & 4 ? FATE_KEPT : FATE_LOST;
}

void crash_make(const struct tape *t, const struct fs *base, size_t base_ops,
		struct crash c, uint64_t seed, struct fs *out, char *words,
		size_t room)
{
	uint32_t *pending = malloc((c.point + 1) * sizeof *pending);
	size_t n, k = 0, torn_k = SIZE_MAX, len;

	if (!pending)
		abort();
	n = trace_pending(&t->t, c.point, pending);
	for (size_t i = 0; i < n; i++)
		if (t->t.ops[pending[i]].kind == OP_WRITE)
			torn_k = i;
	len = (size_t)snprintf(words, room, "%s, after op %zu of %zu (",
			       t->sc->name, c.point, t->t.n);
	if (c.point)
		len += say_op(words + len, room - len,
			      &t->t.ops[c.point - 1]);
	snprintf(words + len, room - len, "), variant %zu", c.variant);
	fs_copy(out, base);
	for (size_t i = base_ops; i < c.point; i++) {
		const struct op *op = &t->t.ops[i];
		enum fate fate = FATE_KEPT;
		uint64_t cut = 0;

		if (k < n && pending[k] == i) {
			fate = fate_of(op, c.variant, n, k, torn_k,
				       mix(seed ^ mix(c.point * 1000003
						      + c.variant * 7919 + k)),
				       &cut);
			k++;
			say_fate(words, room, op, fate);
		}
		fs_apply(out, op, fate, cut);
	}
	free(pending);
}

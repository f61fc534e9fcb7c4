/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contention/contend.h"

#include "store/age.h"
#include "store/erase.h"
#include "store/receipt.h"
#include "store/vault_int.h"
#include "store/verify.h"
#include "util/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ORIGIN "scelle/contention"
#define SHARD "contention-2026"
#define TEXT_MAX 200
#define ERASURE "an erasure\n"

const uint8_t seed_of_log[32] = { 4, 2 };
static const uint8_t secret[32] = { 1, 2, 3 };

static void keys_of(unsigned s, uint8_t pub[32], uint8_t tag[32], char dir[32])
{
	struct age_identity id;

	age_identity_from(&id, secret);
	memcpy(pub, id.recipient, 32);
	memset(tag, (int)s + 1, 32);
	snprintf(dir, 32, "cases/%016x", s);
}

static size_t text_of(char out[TEXT_MAX], unsigned s, uint64_t n, unsigned o)
{
	return (size_t)snprintf(out, TEXT_MAX, "object %u of item %llu of "
				"stream %u\n", o, (unsigned long long)n, s);
}

struct vault *world_new(void)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	int fd = open(shared->turn, O_RDWR | O_CREAT, 0600);
	int r = vault_create(vault_at, SHARD, ORIGIN, seed_of_log, 1,
			     clock_wall_ms(), &e);

	close(fd);
	if (r == 0)
		r = vault_open(vault_at, VAULT_WRITE, seed_of_log, &v, &e);
	for (unsigned s = 0; r == 0 && s < STREAMS; s++) {
		uint8_t pub[32], tag[32];
		struct stream *st;
		char dir[32];

		keys_of(s, pub, tag, dir);
		r = stream_create(v, dir, pub, tag, &st, &e);
	}
	if (r < 0)
		broken("world", "%s", e.text);
	return r < 0 ? NULL : v;
}

static int streams_of(struct vault *v, struct stream *out[STREAMS],
		      struct err *e)
{
	int r = 0;

	for (unsigned s = 0; r == 0 && s < STREAMS; s++) {
		uint8_t pub[32], tag[32];
		char dir[32];

		keys_of(s, pub, tag, dir);
		r = stream_open(v, dir, pub, tag, &out[s], e);
	}
	return r;
}

/* --- the turn -------------------------------------------------------------- */

static int take_turn(int fd)
{
	for (;;) {
		int none = 0;

		if (atomic_load(&shared->stop))
			return -1;
		if (flock(fd, LOCK_EX) < 0)
			return -1;
		if (atomic_compare_exchange_strong(&shared->holder, &none,
						   (int)getpid()))
			return 0;
		/* Somebody died in his turn: the keeper has to clean up. */
		flock(fd, LOCK_UN);
		usleep(1000);
	}
}

static void give_turn(int fd)
{
	atomic_store(&shared->holder, 0);
	flock(fd, LOCK_UN);
}

/* --- writing --------------------------------------------------------------- */

static int add_one(struct batch *b, struct stream *st, unsigned s,
		   uint64_t *seq, struct err *e)
{
	char text[3][TEXT_MAX];
	struct bytes piece[3];
	struct store_blob blobs[2];
	struct store_item it = { .kind = LEAF_EVIDENCE, .blobs = blobs };
	uint64_t n = batch_number(b, st);

	it.nblobs = (unsigned)(n % 3);
	for (unsigned o = 0; o <= it.nblobs; o++) {
		piece[o] = BYTES(text[o], text_of(text[o], s, n, o));
		if (o) {
			blobs[o - 1].pieces = &piece[o];
			blobs[o - 1].npieces = 1;
			memset(blobs[o - 1].salt, (int)o, 32);
		}
	}
	it.statement = piece[0];
	return batch_add(b, st, &it, clock_wall_ms(), seq, e);
}

static void answered(struct vault *v, uint64_t seq, uint64_t began)
{
	uint64_t i = atomic_fetch_add(&shared->commits, 1);

	if (i < ANSWERS_MAX) {
		uint64_t took = now_us() - began;

		shared->took[i] = took > UINT32_MAX ? UINT32_MAX
				  : took ? (uint32_t)took : 1;
		shared->answers[i].seq = seq;
		memcpy(shared->answers[i].leaf, tree_leaf(&v->log.tree, seq),
		       32);
		atomic_store(&shared->answers[i].done, 1);
	}
	atomic_fetch_add(&shared->ops, 1);
}

/* One commit of one to four items in one or two streams. */
static int commit_once(struct vault *v, struct stream *st[STREAMS],
		       uint64_t *rng, uint64_t *seq, struct err *e)
{
	unsigned items = 1 + (unsigned)(dice(rng) % 4);
	unsigned first = (unsigned)(dice(rng) % STREAMS);
	struct batch *b = NULL;
	int r = batch_begin(v, &b, e);

	for (unsigned i = 0; r == 0 && i < items; i++) {
		unsigned s = (first + (i > 1)) % STREAMS;

		r = add_one(b, st[s], s, seq, e);
	}
	if (r == 0)
		return batch_commit(b, e);
	batch_abort(b);
	return r;
}

int run_writer(unsigned no, uint64_t rng)
{
	struct stream *st[STREAMS];
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	unsigned generation = 0;
	int turn = open(shared->turn, O_RDWR | O_CLOEXEC), r = 0;
	char who[32];

	snprintf(who, sizeof who, "writer %u", no);
	while (r == 0 && turn >= 0) {
		uint64_t began = now_us(), seq = 0;

		if (take_turn(turn) < 0)
			break;
		/* Files stand in the places of others: open anew. */
		if (v && generation != atomic_load(&shared->generation)) {
			vault_close(v);
			v = NULL;
		}
		generation = atomic_load(&shared->generation);
		if (!v) {
			r = vault_share(vault_at, seed_of_log, NULL, NULL,
					NULL, &v, &e);
			if (r == 0)
				r = streams_of(v, st, &e);
		} else {
			r = vault_refresh(v, NULL, &e);
			for (unsigned s = 0; r == 0 && s < STREAMS; s++)
				r = stream_refresh(st[s], &e);
		}
		if (r == 0)
			r = commit_once(v, st, &rng, &seq, &e);
		if (r == 0)
			answered(v, seq, began);
		give_turn(turn);
		if (dice(&rng) % 8 == 0)
			usleep((useconds_t)(dice(&rng) % 3000));
	}
	if (r < 0)
		broken(who, "%s", e.text);
	if (v)
		vault_close(v);
	return r < 0;
}

/* --- reading --------------------------------------------------------------- */

static int read_one(struct vault *v, struct stream *st, unsigned s,
		    uint64_t n, struct err *e)
{
	struct buf plain = BUF_INIT(4096);
	char want[TEXT_MAX];
	size_t len = text_of(want, s, n, 0);
	int r = stream_get(st, n, 0, &plain, NULL, e);

	(void)v;
	if (r == ERR_NOENT) {
		r = 0;		/* erased */
	} else if (r == 0 && !bytes_eq(buf_view(&plain), BYTES(want, len))
		   && !bytes_eq(buf_view(&plain), bytes_str(ERASURE))) {
		r = err_set(e, ERR_DAMAGED, "item %llu of stream %u says "
			    "something else", (unsigned long long)n, s);
	}
	buf_release(&plain);
	return r;
}

int run_reader(unsigned no, uint64_t rng)
{
	struct err e = ERR_INIT;
	char who[32];
	int r = 0;

	snprintf(who, sizeof who, "reader %u", no);
	while (r == 0 && !atomic_load(&shared->stop)) {
		unsigned generation = atomic_load(&shared->generation);
		struct stream *st[STREAMS];
		uint64_t seen[STREAMS];
		struct vault *v = NULL;

		r = vault_open(vault_at, VAULT_READ, NULL, &v, &e);
		if (r == 0)
			r = streams_of(v, st, &e);
		for (unsigned s = 0; r == 0 && s < STREAMS; s++) {
			r = stream_unlock(st[s], secret, &e);
			seen[s] = stream_count(st[s]);
		}
		for (int i = 0; r == 0 && i < 300
		     && generation == atomic_load(&shared->generation); i++) {
			unsigned s = (unsigned)(dice(&rng) % STREAMS);
			uint64_t all = atomic_load(&shared->commits), k;

			r = vault_refresh(v, NULL, &e);
			if (r == 0)
				r = stream_refresh(st[s], &e);
			/* New slots are opened now and then: that costs. */
			if (r == 0 && stream_count(st[s]) > seen[s]
			    && dice(&rng) % 8 == 0) {
				r = stream_unlock(st[s], secret, &e);
				seen[s] = stream_count(st[s]);
			}
			if (r == 0 && seen[s])
				r = read_one(v, st[s], s, dice(&rng)
					     % seen[s], &e);
			/* What was answered to anybody is there for all. */
			k = all ? dice(&rng) % (all < ANSWERS_MAX ? all
						: ANSWERS_MAX) : 0;
			if (r == 0 && atomic_load(&shared->answers[k].done)
			    && vault_refresh(v, NULL, NULL) == 0) {
				const struct answer *a = &shared->answers[k];
				const uint8_t *h = tree_leaf(&v->log.tree,
							     a->seq);

				if (!h || memcmp(h, a->leaf, 32) != 0)
					r = err_set(&e, ERR_DAMAGED, "leaf %llu "
						    "is not the one that was "
						    "answered",
						    (unsigned long long)a->seq);
			}
			if (r == 0) {
				atomic_fetch_add(&shared->readings, 1);
				atomic_fetch_add(&shared->ops, 1);
			}
			usleep((useconds_t)(dice(&rng) % 60000));
		}
		vault_close(v);
		/* A pack or key file that was replaced in the middle. */
		if (r < 0 && generation != atomic_load(&shared->generation))
			r = 0;
	}
	if (r < 0)
		broken(who, "%s", e.text);
	return r < 0;
}

static void problem(void *arg, const struct verify_problem *p)
{
	char *out = arg;

	if (!*out)
		snprintf(out, 300, "%s at %llu: %s", p->file ? p->file : "-",
			 (unsigned long long)p->offset, p->what);
}

int run_verifier(unsigned no, uint64_t rng)
{
	(void)no;
	while (!atomic_load(&shared->stop)) {
		unsigned generation = atomic_load(&shared->generation);
		struct verify_report rep = { 0 };
		struct err e = ERR_INIT;
		char first[300] = "";
		struct verify_options o = { .threads = 1, .problem = problem,
					    .arg = first };
		int r = verify_vault(vault_at, &o, &rep, &e);

		/* While something is cut or replaced it may look torn. */
		if (r != 0 && generation == atomic_load(&shared->generation)
		    && !atomic_load(&shared->holder)) {
			usleep(50000);
			if (generation == atomic_load(&shared->generation)) {
				broken("verifier", "%s", r < 0 ? e.text
				       : first);
				return 1;
			}
		}
		if (r == 0)
			atomic_fetch_add(&shared->verified, 1);
		usleep((useconds_t)(300000 + dice(&rng) % 500000));
	}
	return 0;
}

/* --- erasing --------------------------------------------------------------- */

static int erase_once(struct vault *v, struct stream *st, uint64_t *rng,
		      struct err *e)
{
	uint64_t n = dice(rng) % stream_count(st);
	struct erase_list list = { .n = 0 };
	char path[ERASE_PATH_MAX];
	struct store_external x = { .path = path };
	struct store_item it = { .kind = LEAF_ERASURE, .externals = &x,
				 .nexternals = 1,
				 .statement = bytes_str(ERASURE) };
	struct batch *b = NULL;
	int r = erase_list_add(&list, n, n, ERASE_WHOLE);

	if (r == 0)
		r = erase_put(st, &list, path, x.sha256, e);
	if (r == 0)
		r = batch_begin(v, &b, e);
	if (r == 0)
		r = batch_add(b, st, &it, clock_wall_ms(), NULL, e);
	if (r == 0)
		r = batch_commit(b, e);
	else
		batch_abort(b);
	if (r == 0)
		r = erase_run(st, &list, NULL, NULL, e);
	erase_list_release(&list);
	return r;
}

int run_eraser(unsigned no, uint64_t rng)
{
	int turn = open(shared->turn, O_RDWR | O_CLOEXEC), r = 0;
	struct err e = ERR_INIT;

	(void)no;
	while (r == 0 && turn >= 0) {
		unsigned s = (unsigned)(dice(&rng) % STREAMS);
		struct stream *st[STREAMS];
		struct vault *v = NULL;

		usleep((useconds_t)(200000 + dice(&rng) % 400000));
		if (take_turn(turn) < 0)
			break;
		r = vault_share(vault_at, seed_of_log, NULL, NULL, NULL, &v,
				&e);
		if (r == 0)
			r = streams_of(v, st, &e);
		if (r == 0 && stream_count(st[s]) > 4) {
			atomic_fetch_add(&shared->generation, 1);
			r = erase_once(v, st[s], &rng, &e);
			atomic_fetch_add(&shared->generation, 1);
			atomic_fetch_add(&shared->erasures, r == 0);
		}
		vault_close(v);
		give_turn(turn);
	}
	if (r < 0)
		broken("eraser", "%s", e.text);
	return r < 0;
}

/* --- the end --------------------------------------------------------------- */

int world_check(void)
{
	uint64_t all = atomic_load(&shared->commits);
	struct verify_report rep = { 0 };
	struct stream *st[STREAMS];
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	char first[300] = "";
	struct verify_options o = { .threads = 2, .problem = problem,
				    .arg = first };
	int r = verify_vault(vault_at, &o, &rep, &e);

	if (r != 0 || rep.unfinished)
		broken("the end", "verify: %s", r < 0 ? e.text : r ? first
		       : "unfinished");
	r = vault_open(vault_at, VAULT_READ, NULL, &v, &e);
	if (r == 0)
		r = streams_of(v, st, &e);
	for (uint64_t i = 0; r == 0 && i < all && i < ANSWERS_MAX; i++) {
		const struct answer *a = &shared->answers[i];
		const uint8_t *h;

		if (!atomic_load(&a->done))
			continue;	/* killed before he wrote it down */
		h = tree_leaf(&v->log.tree, a->seq);
		if (!h || memcmp(h, a->leaf, 32) != 0)
			broken("the end", "leaf %llu was answered and is not "
			       "there", (unsigned long long)a->seq);
	}
	for (unsigned s = 0; r == 0 && s < STREAMS; s++) {
		uint64_t before = 0, seq = 0;

		r = stream_unlock(st[s], secret, &e);
		for (uint64_t n = 0; r == 0 && n < stream_count(st[s]); n++) {
			r = stream_seq(st[s], n, &seq, &e);
			if (r == 0 && n && seq <= before)
				broken("the end", "item %llu of stream %u "
				       "stands before the one before it",
				       (unsigned long long)n, s);
			before = seq;
		}
	}
	if (r < 0)
		broken("the end", "%s", e.text);
	vault_close(v);
	return r < 0;
}

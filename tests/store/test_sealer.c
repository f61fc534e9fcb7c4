/* SPDX-License-Identifier: EUPL-1.2 */
/* Objects sealed beside the writer: order, content, failure. */
#include "store/crew.h"
#include "store/sealer.h"
#include "tests/store/vaultkit.h"

#include <stdatomic.h>

#define TASKS 500
#define OBJECTS 150
#define ITEMS 120
#define STREAM "cases/0123456789abcdef"

/* --- crew ------------------------------------------------------------------ */

struct counted {
	struct crew_task task;
	atomic_int runs;
};

static void count(struct crew_task *t)
{
	struct counted *c = (struct counted *)t;

	atomic_fetch_add(&c->runs, 1);
}

Test(crew, each_task_is_done_once_a_time_it_is_put)
{
	static struct counted t[TASKS];
	struct crew *c = crew_new();

	cr_assert(c);
	cr_assert(crew_threads(c) <= CREW_MAX);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < TASKS; i++) {
			t[i].task.run = count;
			crew_put(c, &t[i].task);
		}
		/* Last first: none may depend on the order of waiting. */
		for (int i = TASKS - 1; i >= 0; i--)
			crew_wait(c, &t[i].task);
		for (int i = 0; i < TASKS; i++)
			cr_assert_eq(atomic_load(&t[i].runs), round);
		crew_wait(c, &t[0].task);
	}
	crew_free(c);
	crew_free(NULL);
}

Test(crew, what_was_not_waited_for_does_not_keep_it)
{
	static struct counted t[TASKS];
	struct crew *c = crew_new();

	cr_assert(c);
	for (int i = 0; i < TASKS; i++) {
		t[i].task.run = count;
		crew_put(c, &t[i].task);
	}
	crew_free(c);
	for (int i = 0; i < TASKS; i++)
		cr_assert(atomic_load(&t[i].runs) <= 1);
}

/* --- sealer ---------------------------------------------------------------- */

/* Bytes of object i: empty, small, of a page's size, longer than a queue. */
static struct bytes content(unsigned i)
{
	static uint8_t all[SEALER_BYTES + 5000];
	size_t len = i == 77 ? SEALER_BYTES + 4096
		   : i % 7 == 0 ? i / 7 : (size_t)i * 997;

	if (!all[1])
		for (size_t k = 0; k < sizeof all; k++)
			all[k] = (uint8_t)(k * k >> 3 | (k & 1));
	return BYTES(all + i, len);
}

static void check_oldest(struct sealer *s, unsigned i)
{
	struct buf plain = BUF_INIT(SEALER_BYTES * 2);
	uint8_t hash[SHA256_LEN], salt[32];
	struct err e = ERR_INIT;
	struct sealed o;
	struct bytes in;

	cr_assert_eq(sealer_get(s, &o), 0);
	in = BYTES(o.p + PACK_FRAME_LEN, o.len - PACK_FRAME_LEN);
	memset(salt, (int)i, sizeof salt);
	cr_assert_eq(memcmp(o.salt, salt, 32), 0, "salt of another object");
	sha256_once(in, hash);
	cr_assert_eq(memcmp(hash, o.hash, SHA256_LEN), 0);
	cr_assert_eq(open_object(o.identity, in, &plain, &e), 0, "%u: %s", i,
		     e.text);
	cr_assert(bytes_eq(buf_view(&plain), content(i)), "object %u", i);
	buf_release(&plain);
	sealer_done(s);
}

Test(sealer, objects_come_back_in_order_and_open)
{
	struct sealer *s = sealer_new();
	unsigned given = 0, taken = 0;
	struct sealed o;
	uint8_t salt[32];

	cr_assert(s);
	cr_assert_eq(sealer_get(s, &o), ERR_NOENT);
	for (; given < OBJECTS; given++) {
		struct bytes in = content(given), two[2] = {
			BYTES(in.p, in.len / 3),
			BYTES(in.p + in.len / 3, in.len - in.len / 3),
		};

		while (!sealer_room(s, in.len))
			check_oldest(s, taken++);
		memset(salt, (int)given, sizeof salt);
		cr_assert_eq(sealer_give(s, two, 2, salt, given % 5 != 0), 0);
	}
	cr_assert(taken > 0, "the queue has no end");
	while (taken < given)
		check_oldest(s, taken++);
	cr_assert_eq(sealer_get(s, &o), ERR_NOENT);
	sealer_free(s);
}

Test(sealer, what_is_dropped_is_forgotten)
{
	struct sealer *s = sealer_new();
	uint8_t salt[32] = { 0 };
	struct bytes in;

	cr_assert(s);
	for (unsigned i = 1; i < 20; i++) {
		in = content(i);
		cr_assert_eq(sealer_give(s, &in, 1, salt, 1), 0);
	}
	sealer_drop(s);
	memset(salt, 30, sizeof salt);
	in = content(30);
	cr_assert_eq(sealer_give(s, &in, 1, salt, 1), 0);
	check_oldest(s, 30);
	in = content(40);
	cr_assert_eq(sealer_give(s, &in, 1, salt, 1), 0);
	sealer_free(s);
	sealer_free(NULL);
}

/* --- batch ----------------------------------------------------------------- */

static int add(struct batch *b, struct stream *s, unsigned i, struct err *e)
{
	struct bytes in = content(i);
	struct store_blob blob = { .pieces = &in, .npieces = 1 };
	struct store_item it = { .kind = LEAF_EVIDENCE, .blobs = &blob,
				 .nblobs = 1 };
	char text[160];

	kit_text(text, sizeof text, s->dir, i, 0);
	it.statement = bytes_str(text);
	memset(it.salt, (int)i, sizeof it.salt);
	memset(blob.salt, (int)i + 1, sizeof blob.salt);
	return batch_add(b, s, &it, KIT_MS + i, NULL, e);
}

static void check_items(const char *dir, unsigned items)
{
	struct vault *v = kit_open(dir, VAULT_READ);
	struct stream *s = kit_stream(v, STREAM, 0);
	struct buf plain = BUF_INIT(SEALER_BYTES * 2);
	struct err e = ERR_INIT;

	cr_assert_eq(stream_unlock(s, kit_secret, &e), 0, "%s", e.text);
	cr_assert_eq(stream_count(s), items);
	for (unsigned i = 0; i < items; i++) {
		char want[160];

		kit_text(want, sizeof want, STREAM, i, 0);
		buf_clear(&plain);
		cr_assert_eq(stream_get(s, i, 0, &plain, NULL, &e), 0, "%s",
			     e.text);
		cr_assert(bytes_is(buf_view(&plain), want));
		buf_clear(&plain);
		cr_assert_eq(stream_get(s, i, 1, &plain, NULL, &e), 0, "%s",
			     e.text);
		cr_assert(bytes_eq(buf_view(&plain), content(i)), "item %u", i);
	}
	buf_release(&plain);
	vault_close(v);
}

Test(sealer, a_commit_holds_every_item_in_its_place)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct verify_report rep;
	struct verify_options o = { .threads = 2 };
	struct batch *b = NULL;
	struct err e = ERR_INIT;

	/* Packs that close in the middle of a commit, too. */
	v->pack_close = 1u << 20;
	cr_assert_eq(batch_begin(v, &b, &e), 0);
	for (unsigned i = 0; i < ITEMS; i++)
		cr_assert_eq(add(b, s, i, &e), 0, "%u: %s", i, e.text);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
	cr_assert(s->pack > 1, "one pack only");
	vault_close(v);
	check_items(dir, ITEMS);
	cr_assert_eq(verify_vault(dir, &o, &rep, &e), 0, "%s", e.text);
	kit_remove(dir);
}

static unsigned writes_left;

static int full(void *arg, enum vio_op op, int fd, const char *path,
		uint64_t off, const void *p, size_t *n)
{
	(void)arg, (void)fd, (void)path, (void)off, (void)p;
	if (op != VIO_WRITE || writes_left-- > 0)
		return 0;
	writes_left = 0;
	*n /= 2;
	return ENOSPC;
}

Test(sealer, a_disk_that_fills_up_stops_the_vault_with_objects_under_way)
{
	char *dir = kit_dir();
	struct vault *first = kit_new(dir);
	struct err e = ERR_INIT;
	unsigned failed_adding = 0;

	kit_stream(first, STREAM, 1);
	vault_close(first);
	for (unsigned k = 0; k < 6; k++) {
		struct vault *v = kit_open(dir, VAULT_WRITE);
		struct stream *s = kit_stream(v, STREAM, 0);
		struct batch *b = NULL;
		int r = 0;

		cr_assert_eq(stream_count(s), 0);
		cr_assert_eq(batch_begin(v, &b, &e), 0, "%s", e.text);
		writes_left = k;
		vio_set_hook(full, NULL);
		for (unsigned i = 0; r == 0 && i < ITEMS; i++)
			r = add(b, s, i, &e);
		failed_adding += r < 0;
		cr_assert(batch_commit(b, &e) < 0);
		vio_set_hook(NULL, NULL);
		cr_assert_eq(batch_begin(v, &b, &e), ERR_IO);
		vault_close(v);
	}
	cr_assert(failed_adding > 0);
	kit_remove(dir);
}

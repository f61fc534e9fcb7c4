/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/store/vaultkit.h"

#define CASE "cases/0123456789abcdef"

Test(refresh, a_reader_sees_what_the_writer_commits)
{
	char *dir = kit_dir();
	struct vault *w = kit_new(dir), *r;
	struct stream *ws = kit_stream(w, CASE, 1), *rs;
	struct err e = ERR_INIT;
	int changed = 1;

	kit_commit(w, ws, 2);
	r = kit_open(dir, VAULT_READ);
	rs = kit_stream(r, CASE, 0);
	cr_assert_eq(stream_unlock(rs, kit_secret, &e), 0);
	cr_assert_eq(vault_refresh(r, &changed, &e), 0, "%s", e.text);
	cr_assert_eq(changed, 0);
	/* Small segments and packs: the refresh crosses their ends. */
	w->log.close_at = 5;
	w->pack_close = 2000;
	for (int i = 0; i < 20; i++) {
		kit_commit(w, ws, 1 + (unsigned)i % 3);
		if (i % 4 == 3)
			continue;
		cr_assert_eq(vault_refresh(r, &changed, &e), 0, "%s", e.text);
		cr_assert_eq(changed, 1);
		cr_assert_eq(vault_size(r), vault_size(w));
		cr_assert(bytes_eq(vault_head(r), vault_head(w)));
		cr_assert_eq(stream_refresh(rs, &e), 0, "%s", e.text);
		cr_assert_eq(stream_count(rs), stream_count(ws));
		cr_assert_eq(stream_unlock(rs, kit_secret, &e), 0, "%s",
			     e.text);
		kit_check_items(rs);
	}
	cr_assert_gt(w->log.nsegs, 3);
	cr_assert_gt(ws->pack, 2);
	vault_close(r);
	vault_close(w);
	kit_remove(dir);
}

Test(refresh, an_item_without_an_open_slot_stays_shut)
{
	char *dir = kit_dir();
	struct vault *w = kit_new(dir), *r;
	struct stream *ws = kit_stream(w, CASE, 1), *rs;
	struct buf plain = BUF_INIT(65536);
	struct err e = ERR_INIT;

	kit_commit(w, ws, 1);
	r = kit_open(dir, VAULT_READ);
	rs = kit_stream(r, CASE, 0);
	cr_assert_eq(stream_unlock(rs, kit_secret, &e), 0);
	kit_commit(w, ws, 1);
	cr_assert_eq(vault_refresh(r, NULL, &e), 0);
	cr_assert_eq(stream_refresh(rs, &e), 0);
	cr_assert_eq(stream_get(rs, 0, 0, &plain, NULL, &e), 0);
	cr_assert_eq(stream_get(rs, 1, 0, &plain, NULL, &e), ERR_AUTH);
	buf_release(&plain);
	vault_close(r);
	vault_close(w);
	kit_remove(dir);
}

Test(refresh, a_head_that_does_not_cover_the_leaves_is_damage)
{
	char *dir = kit_dir();
	struct vault *w = kit_new(dir), *r;
	struct stream *ws = kit_stream(w, CASE, 1);
	uint64_t before;
	uint8_t c;

	kit_commit(w, ws, 1);
	r = kit_open(dir, VAULT_READ);
	before = r->log.segs[0].end;
	kit_commit(w, ws, 1);
	/* A bit of a leaf behind the head that the reader knows. */
	cr_assert_eq(pread(w->log.segs[0].fd, &c, 1, (off_t)before + 40), 1);
	c ^= 1;
	cr_assert_eq(pwrite(w->log.segs[0].fd, &c, 1, (off_t)before + 40), 1);
	cr_assert_eq(vault_refresh(r, NULL, NULL), ERR_DAMAGED);
	vault_close(r);
	vault_close(w);
	kit_remove(dir);
}

struct turn {
	struct vault *lender;
	int taken, given, failed;
};

static int take(void *arg, struct err *e)
{
	(void)e;
	((struct turn *)arg)->taken++;
	return 0;
}

static void give(void *arg, int failed)
{
	struct turn *t = arg;

	t->given++;
	t->failed = failed;
	cr_assert_eq(vault_refresh(t->lender, NULL, NULL), 0);
	for (struct stream *s = t->lender->streams; s; s = s->next)
		cr_assert_eq(stream_refresh(s, NULL), 0);
}

Test(refresh, two_writers_in_turns_make_one_log)
{
	char *dir = kit_dir();
	struct vault *a = kit_new(dir), *b = NULL;
	struct stream *as = kit_stream(a, CASE, 1), *bs;
	struct turn t = { .lender = a };
	struct err e = ERR_INIT;

	kit_commit(a, as, 2);
	cr_assert_eq(vault_share(dir, kit_seed, take, give, &t, &b, &e), 0,
		     "%s", e.text);
	bs = kit_stream(b, CASE, 0);
	for (int i = 0; i < 10; i++) {
		kit_commit(b, bs, 2);
		cr_assert_eq(stream_count(as), stream_count(bs));
		kit_commit(a, as, 1);
	}
	cr_assert_eq(t.taken, 10);
	cr_assert_eq(t.given, 10);
	cr_assert_eq(t.failed, 0);
	vault_close(b);
	cr_assert_eq(stream_unlock(as, kit_secret, &e), 0, "%s", e.text);
	kit_check_items(as);
	cr_assert_eq(stream_count(as), 32);
	vault_close(a);
	/* Another log key may not share. */
	cr_assert_eq(vault_share(dir, kit_tag, take, give, &t, &b, &e),
		     ERR_AUTH);
	kit_remove(dir);
}

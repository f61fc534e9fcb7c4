/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/journal.h"
#include "tests/store/vaultkit.h"

struct seen {
	unsigned n;
	int bad, stop;
	char text[64];
};

static size_t frame_text(char *out, unsigned n)
{
	return (size_t)sprintf(out, "frame %u of the journal", n);
}

#define MARK_LEN 28	/* bytes of a mark, see journal.c */

static int see(void *arg, struct bytes frame)
{
	struct seen *s = arg;
	size_t len = frame_text(s->text, s->n);

	if (s->stop && s->n + 1 == (unsigned)s->stop)
		return ERR_CANCELLED;
	s->bad |= !bytes_eq(frame, BYTES(s->text, len));
	s->n++;
	return 0;
}

static struct journal *open_it(const char *path, struct seen *s, int want)
{
	struct journal *j = NULL;
	struct err e = ERR_INIT;

	memset(s, 0, sizeof *s);
	cr_assert_eq(journal_open(path, kit_secret, see, s, &j, &e), want,
		     "%s", e.text);
	cr_assert_eq(s->bad, 0);
	return j;
}

static void append(struct journal *j, unsigned from, unsigned to, int sync)
{
	char text[64];

	for (unsigned i = from; i < to; i++) {
		size_t len = frame_text(text, i);

		cr_assert_eq(journal_append(j, BYTES(text, len), sync, NULL), 0);
	}
}

Test(journal, replays_every_frame_in_order)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct seen s;
	struct journal *j;

	file_path(path, dir, "j", NULL);
	j = open_it(path, &s, 0);
	append(j, 0, 5000, 0);
	append(j, 5000, 5003, 1);
	cr_assert_eq(journal_close(j, NULL), 0);
	j = open_it(path, &s, 0);
	cr_assert_eq(s.n, 5003);
	append(j, 5003, 5004, 1);
	cr_assert_eq(journal_close(j, NULL), 0);
	j = open_it(path, &s, 0);
	cr_assert_eq(s.n, 5004);
	journal_close(j, NULL);
	memset(&s, 0, sizeof s);
	s.stop = 7;
	cr_assert_eq(journal_open(path, kit_secret, see, &s, &j, NULL),
		     ERR_CANCELLED);
	cr_assert_eq(s.n, 6);
	cr_assert_eq(journal_open(path, kit_seed, see, &s, &j, NULL), ERR_AUTH);
	kit_remove(dir);
}

/* Two frames under one nonce would give both away. */
Test(journal, behind_a_torn_frame_a_new_key_begins)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct buf before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
	struct seen s;

	file_path(path, dir, "j", NULL);
	struct journal *j = open_it(path, &s, 0);
	append(j, 0, 3, 1);
	journal_close(j, NULL);
	kit_read(dir, "j", &before);
	before.len -= 1;
	kit_write(dir, "j", buf_view(&before));
	j = open_it(path, &s, 0);
	cr_assert_eq(s.n, 2);
	append(j, 2, 3, 1);
	journal_close(j, NULL);
	kit_read(dir, "j", &after);
	/* Two syncs are told now, not three. */
	cr_assert_eq(after.len, before.len + 1 - MARK_LEN);
	cr_expect(memcmp(before.p + 12, after.p + 12, 150) != 0,
		  "the header is a new one");
	cr_expect(memcmp(before.p + before.len - 40, after.p + before.len - 40,
			 40) != 0, "so is the last frame");
	j = open_it(path, &s, 0);
	cr_expect_eq(s.n, 3);
	journal_close(j, NULL);
	buf_release(&before);
	buf_release(&after);
	kit_remove(dir);
}

Test(journal, a_torn_last_frame_is_dropped_at_any_byte)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct buf whole = BUF_INIT(1 << 20);
	struct seen s;
	struct journal *j;
	uint64_t two;

	file_path(path, dir, "j", NULL);
	j = open_it(path, &s, 0);
	append(j, 0, 2, 1);
	two = journal_bytes(j);
	append(j, 2, 3, 1);
	journal_close(j, NULL);
	kit_read(dir, "j", &whole);
	for (size_t n = (size_t)two; n < whole.len; n++) {
		kit_write(dir, "j", BYTES(whole.p, n));
		j = open_it(path, &s, 0);
		cr_assert_eq(s.n, 2);
		cr_assert_eq(journal_bytes(j),
			     n == two || n == two + MARK_LEN
			     ? n : two - MARK_LEN);
		append(j, 2, 4, 0);
		journal_close(j, NULL);
		j = open_it(path, &s, 0);
		cr_assert_eq(s.n, 4);
		journal_close(j, NULL);
	}
	/* The file grew, its bytes never came. */
	memset(whole.p + two, 0, whole.len - two);
	kit_write(dir, "j", buf_view(&whole));
	j = open_it(path, &s, 0);
	cr_assert_eq(s.n, 2);
	journal_close(j, NULL);
	buf_release(&whole);
	kit_remove(dir);
}

Test(journal, any_flipped_bit_before_the_last_frame_is_damage)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct buf whole = BUF_INIT(1 << 20);
	struct seen s;
	struct journal *j;
	uint64_t two;

	file_path(path, dir, "j", NULL);
	j = open_it(path, &s, 0);
	append(j, 0, 2, 1);
	two = journal_bytes(j);
	append(j, 2, 3, 1);
	journal_close(j, NULL);
	kit_read(dir, "j", &whole);
	for (size_t bit = 0; bit < two * 8; bit++) {
		int r;

		whole.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		kit_write(dir, "j", buf_view(&whole));
		memset(&s, 0, sizeof s);
		r = journal_open(path, kit_secret, see, &s, &j, NULL);
		/* The third frame's mark says that all this was durable. */
		cr_expect(r == ERR_DAMAGED || r == ERR_AUTH, "bit %zu: %d",
			  bit, r);
		if (r == 0)
			journal_close(j, NULL);
		cr_assert_eq(s.bad, 0);
		whole.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_release(&whole);
	kit_remove(dir);
}

/* Frames of one sync come to the disk in any order, or not at all. */
Test(journal, an_append_torn_in_its_middle_is_dropped_from_there)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct buf whole = BUF_INIT(1 << 20);
	struct seen s;
	struct journal *j;
	uint64_t two;

	file_path(path, dir, "j", NULL);
	j = open_it(path, &s, 0);
	append(j, 0, 2, 1);
	two = journal_bytes(j);
	append(j, 2, 8, 0);
	append(j, 8, 9, 1);
	journal_close(j, NULL);
	kit_read(dir, "j", &whole);
	for (size_t at = (size_t)two; at < whole.len; at++) {
		uint8_t was = whole.p[at];

		whole.p[at] = (uint8_t)~was;
		kit_write(dir, "j", buf_view(&whole));
		whole.p[at] = was;
		j = open_it(path, &s, 0);
		cr_assert_geq(s.n, 2);
		cr_assert_lt(s.n, 9);
		journal_close(j, NULL);
	}
	buf_release(&whole);
	kit_remove(dir);
}

static int write_two(void *arg, struct journal *fresh)
{
	(void)arg;
	append(fresh, 0, 2, 0);
	return 0;
}

static int write_fails(void *arg, struct journal *fresh)
{
	(void)arg;
	append(fresh, 0, 1, 1);
	return ERR_CANCELLED;
}

Test(journal, compacting_replaces_all_or_nothing)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct seen s;
	struct journal *j;

	file_path(path, dir, "j", NULL);
	j = open_it(path, &s, 0);
	append(j, 0, 100, 0);
	cr_assert_eq(journal_compact(j, write_fails, NULL, NULL),
		     ERR_CANCELLED);
	append(j, 100, 101, 0);
	journal_close(j, NULL);
	j = open_it(path, &s, 0);
	cr_assert_eq(s.n, 101);
	cr_assert_eq(journal_compact(j, write_two, NULL, NULL), 0);
	append(j, 2, 3, 1);
	journal_close(j, NULL);
	j = open_it(path, &s, 0);
	cr_assert_eq(s.n, 3);
	journal_close(j, NULL);
	kit_remove(dir);
}

static int fail_sync(void *arg, enum vio_op op, int fd, const char *path,
		     uint64_t off, const void *p, size_t *n)
{
	(void)arg, (void)fd, (void)path, (void)off, (void)p, (void)n;
	return op == VIO_SYNC ? EIO : 0;
}

Test(journal, after_a_failed_sync_nothing_more_is_written)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct seen s;
	struct journal *j;

	file_path(path, dir, "j", NULL);
	j = open_it(path, &s, 0);
	vio_set_hook(fail_sync, NULL);
	cr_assert_eq(journal_append(j, bytes_str("x"), 1, NULL), ERR_IO);
	vio_set_hook(NULL, NULL);
	cr_assert_eq(journal_append(j, bytes_str("x"), 1, NULL), ERR_IO);
	journal_close(j, NULL);
	kit_remove(dir);
}

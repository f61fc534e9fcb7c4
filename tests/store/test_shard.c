/* SPDX-License-Identifier: EUPL-1.2 */
/* Shards: one tree under several origins. */
#include "tests/store/vaultkit.h"
#include "store/receipt.h"

#define NEXT_SHARD "unit-test-2027"
#define NEXT_ORIGIN "scelle/unit-test-2027"
#define STREAM "cases/0123456789abcdef"

static uint64_t problems, lost;
static char first_problem[512];

static void problem(void *arg, const struct verify_problem *p)
{
	(void)arg;
	if (p->lost) {
		lost++;
		return;
	}
	if (problems++ == 0)
		snprintf(first_problem, sizeof first_problem, "%s at %llu: %s",
			 p->file, (unsigned long long)p->offset, p->what);
}

static int verify_with(const char *dir, struct bytes head,
		       struct verify_report *rep)
{
	struct verify_options o = { .threads = 1, .problem = problem,
				    .head = head };
	struct err e = ERR_INIT;

	problems = lost = 0;
	first_problem[0] = 0;
	return verify_vault(dir, &o, rep, &e);
}

static int verify(const char *dir)
{
	struct verify_report rep;

	return verify_with(dir, BYTES(NULL, 0), &rep);
}

static int begin(struct vault *v, const char *name, enum vault_why why,
		 uint64_t known, struct err *e)
{
	char origin[64];

	snprintf(origin, sizeof origin, "scelle/%s", name);
	return vault_shard_new(v, why, name, origin, known, KIT_MS + 5, e);
}

static void must_begin(struct vault *v, const char *name, enum vault_why why,
		       uint64_t known)
{
	struct err e = ERR_INIT;

	cr_assert_eq(begin(v, name, why, known, &e), 0, "%s", e.text);
}

Test(shard, streams_and_positions_count_on_and_everything_opens)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct err e = ERR_INIT;
	uint64_t seq = 0;

	kit_commit(v, s, 3);
	must_begin(v, NEXT_SHARD, VAULT_YEAR, 0);
	cr_expect_eq(vault_size(v), 4);
	kit_commit(v, s, 2);
	cr_expect_str_eq(vault_origin(v), NEXT_ORIGIN);
	cr_expect_eq(vault_size(v), 7);
	vault_close(v);
	v = kit_open(dir, VAULT_WRITE);
	cr_expect_eq(vault_shards(v), 2);
	cr_expect_eq(vault_shard_at(v, 1)->first, 4);
	cr_expect_eq(vault_shard_at(v, 1)->why, VAULT_YEAR);
	s = kit_stream(v, STREAM, 0);
	cr_expect_eq(stream_count(s), 5);
	kit_commit(v, s, 1);
	must_begin(v, "unit-test-2028", VAULT_HAND, 0);
	kit_commit(v, s, 1);
	cr_assert_eq(stream_unlock(s, kit_secret, &e), 0, "%s", e.text);
	kit_check_items(s);
	cr_assert_eq(stream_seq(s, 6, &seq, &e), 0);
	cr_expect_eq(seq, 10);
	vault_close(v);
	cr_expect_eq(verify(dir), 0, "%s", first_problem);
	kit_remove(dir);
}

Test(shard, a_consistency_proof_leads_from_one_shard_into_the_next)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct buf old = BUF_INIT(4096), proof = BUF_INIT(4096);
	struct buf receipt = BUF_INIT(65536);
	struct note_vkey k1, k2;
	struct checkpoint a, b;
	struct verify_report rep;

	kit_commit(v, s, 5);
	buf_addb(&old, vault_head(v));
	cr_assert_eq(vault_receipt(v, 3, &receipt, NULL), 0);
	cr_assert_eq(note_vkey_read(bytes_str(vault_vkey(v)), &k1, NULL), 0);
	must_begin(v, NEXT_SHARD, VAULT_YEAR, 0);
	kit_commit(v, s, 9);
	cr_assert_eq(note_vkey_read(bytes_str(vault_vkey(v)), &k2, NULL), 0);
	cr_assert_eq(checkpoint_open(buf_view(&old), &k1, 1, KIT_ORIGIN, &a,
				     NULL), 0);
	cr_assert_eq(checkpoint_open(vault_head(v), &k2, 1, NEXT_ORIGIN, &b,
				     NULL), 0);
	cr_assert_eq(vault_consistency(v, a.size, b.size, &proof, NULL), 0);
	cr_expect_eq(tree_check_consistency(a.size, a.root, b.size, b.root,
		(const uint8_t (*)[SHA256_LEN])proof.p,
		proof.len / SHA256_LEN), 0);
	/* The key is the same, its name and number are not. */
	cr_expect_eq(memcmp(k1.pk, k2.pk, 32), 0);
	cr_expect_neq(memcmp(k1.id, k2.id, 4), 0);
	vault_close(v);
	/* Heads and receipts of the old shard still fit. */
	cr_expect_eq(verify_with(dir, buf_view(&old), &rep), 0, "%s",
		     first_problem);
	cr_expect_eq(verify_with(dir, buf_view(&receipt), &rep), 0, "%s",
		     first_problem);
	cr_expect_eq(rep.shards, 2);
	buf_release(&old);
	buf_release(&proof);
	buf_release(&receipt);
	kit_remove(dir);
}

Test(shard, names_and_origins_are_used_once)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct batch *b = NULL;
	struct err e = ERR_INIT;

	cr_expect_eq(begin(v, KIT_SHARD, VAULT_HAND, 0, &e), ERR_EXIST);
	cr_expect_eq(vault_shard_new(v, VAULT_HAND, "other", KIT_ORIGIN, 0, 1,
				     &e), ERR_EXIST);
	cr_expect_eq(begin(v, "../x", VAULT_HAND, 0, &e), ERR_RANGE);
	cr_expect_eq(vault_shard_new(v, VAULT_HAND, "x", "with space", 0, 1,
				     &e), ERR_RANGE);
	cr_assert_eq(batch_begin(v, &b, &e), 0);
	cr_expect_eq(begin(v, NEXT_SHARD, VAULT_HAND, 0, &e), ERR_BUSY);
	batch_abort(b);
	kit_commit(v, s, 1);
	for (int i = 0; i < VAULT_SHARDS_MAX - 1; i++) {
		char name[32];

		snprintf(name, sizeof name, "shard-%d", i);
		must_begin(v, name, VAULT_HAND, 0);
	}
	cr_expect_eq(begin(v, "one-more", VAULT_HAND, 0, &e), ERR_LIMIT);
	kit_commit(v, s, 1);
	vault_close(v);
	v = kit_open(dir, VAULT_READ);
	cr_expect_eq(vault_shards(v), VAULT_SHARDS_MAX);
	cr_expect_eq(vault_size(v), 4);
	vault_close(v);
	cr_expect_eq(verify(dir), 0, "%s", first_problem);
	kit_remove(dir);
}

Test(shard, a_reader_follows_into_the_next_shard)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir), *r;
	struct stream *s = kit_stream(v, STREAM, 1), *rs;
	struct err e = ERR_INIT;
	int changed = 0;

	kit_commit(v, s, 2);
	r = kit_open(dir, VAULT_READ);
	rs = kit_stream(r, STREAM, 0);
	kit_commit(v, s, 1);
	must_begin(v, NEXT_SHARD, VAULT_YEAR, 0);
	kit_commit(v, s, 1);
	must_begin(v, "unit-test-2028", VAULT_YEAR, 0);
	kit_commit(v, s, 2);
	cr_assert_eq(vault_refresh(r, &changed, &e), 0, "%s", e.text);
	cr_expect_eq(changed, 1);
	cr_expect_eq(vault_size(r), vault_size(v));
	cr_expect_str_eq(vault_origin(r), "scelle/unit-test-2028");
	cr_assert_eq(stream_refresh(rs, &e), 0, "%s", e.text);
	cr_expect_eq(stream_count(rs), 6);
	vault_close(r);
	vault_close(v);
	kit_remove(dir);
}

/* Fail the n-th operation, and every one behind it. */
static long fuse;

static int fail_hook(void *arg, enum vio_op op, int fd, const char *path,
		     uint64_t off, const void *p, size_t *n)
{
	(void)arg, (void)op, (void)fd, (void)path, (void)off, (void)p;
	if (fuse > 0) {
		fuse--;
		return 0;
	}
	if (n)
		*n /= 2;
	return EIO;
}

Test(shard, killed_at_any_step_the_vault_goes_on_in_one_of_the_two)
{
	int begun = 0, not_begun = 0;

	for (long at = 0;; at++) {
		char *dir = kit_dir();
		struct vault *v = kit_new(dir);
		struct stream *s = kit_stream(v, STREAM, 1);
		struct err e = ERR_INIT;
		int r;

		kit_commit(v, s, 2);
		fuse = at;
		vio_set_hook(fail_hook, NULL);
		r = begin(v, NEXT_SHARD, VAULT_YEAR, 0, &e);
		if (r < 0)
			cr_expect_lt(batch_begin(v, &(struct batch *){ NULL },
						 &e), 0, "goes on after %ld",
				     at);
		vio_set_hook(NULL, NULL);
		vault_close(v);
		v = kit_open(dir, VAULT_WRITE);
		s = kit_stream(v, STREAM, 0);
		cr_expect_eq(vault_size(v), 3);
		if (vault_shards(v) == 1) {
			not_begun++;
			must_begin(v, NEXT_SHARD, VAULT_YEAR, 0);
		} else {
			begun++;
		}
		kit_commit(v, s, 1);
		vault_close(v);
		cr_expect_eq(verify(dir), 0, "step %ld: %s", at,
			     first_problem);
		kit_remove(dir);
		if (r == 0)
			break;
	}
	cr_expect_gt(not_begun, 5);
	cr_expect_geq(begun, 1);
}

Test(shard, a_shard_nobody_spoke_in_is_unfinished)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct verify_report rep;

	kit_commit(v, s, 2);
	must_begin(v, NEXT_SHARD, VAULT_YEAR, 0);
	vault_close(v);
	cr_expect_eq(verify_with(dir, BYTES(NULL, 0), &rep), 1);
	cr_expect_eq(rep.unfinished, 1);
	kit_remove(dir);
}

Test(shard, every_flipped_byte_of_FORMAT_is_found)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct buf f = BUF_INIT(65536);

	kit_commit(v, s, 2);
	must_begin(v, NEXT_SHARD, VAULT_RESTORE, 9);
	kit_commit(v, s, 1);
	vault_close(v);
	kit_read(dir, "FORMAT", &f);
	for (size_t i = 0; i < f.len; i++) {
		f.p[i] ^= 1;
		kit_write(dir, "FORMAT", buf_view(&f));
		cr_expect_neq(verify(dir), 0, "byte %zu", i);
		f.p[i] ^= 1;
	}
	kit_write(dir, "FORMAT", buf_view(&f));
	cr_expect_eq(verify(dir), 0, "%s", first_problem);
	buf_release(&f);
	kit_remove(dir);
}

Test(shard, a_missing_or_foreign_shard_is_found)
{
	char *dir = kit_dir(), from[512], to[512];
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, STREAM, 1);
	struct err e = ERR_INIT;

	kit_commit(v, s, 2);
	must_begin(v, NEXT_SHARD, VAULT_YEAR, 0);
	kit_commit(v, s, 1);
	vault_close(v);
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "%s/log/%s", dir,
			 i ? NEXT_SHARD : KIT_SHARD);
		snprintf(to, sizeof to, "%s/log/elsewhere", dir);
		cr_assert_eq(rename(from, to), 0);
		cr_expect_eq(verify(dir), 1);
		v = NULL;
		cr_expect_eq(vault_open(dir, VAULT_READ, NULL, &v, &e),
			     ERR_DAMAGED);
		cr_assert_eq(rename(to, from), 0);
	}
	cr_expect_eq(verify(dir), 0, "%s", first_problem);
	kit_remove(dir);
}

/* Two leaves more than the copy, and what they were signed with. */
static void go_on(const char *dir, struct buf *head, struct buf *early,
		  struct buf *late)
{
	struct vault *v = kit_open(dir, VAULT_WRITE);
	struct stream *s = kit_stream(v, STREAM, 0);

	kit_commit(v, s, 2);
	buf_addb(head, vault_head(v));
	cr_assert_eq(vault_receipt(v, 1, early, NULL), 0);
	cr_assert_eq(vault_receipt(v, vault_size(v) - 1, late, NULL), 0);
	vault_close(v);
}

Test(shard, what_a_restore_lost_is_told_and_what_a_copy_did_is_a_finding)
{
	for (int restored = 0; restored < 2; restored++) {
		char *dir = kit_dir(), *other = kit_dir(), cmd[1200];
		struct vault *v = kit_new(dir);
		struct stream *s = kit_stream(v, STREAM, 1);
		struct buf head = BUF_INIT(4096), early = BUF_INIT(65536);
		struct buf late = BUF_INIT(65536);
		struct verify_report rep;

		kit_commit(v, s, 3);
		vault_close(v);
		snprintf(cmd, sizeof cmd, "%s/copy", other);
		cr_assert_eq(mkdir(cmd, 0700), 0);
		snprintf(cmd, sizeof cmd, "cp -r %s/. %s/copy", dir, other);
		cr_assert_eq(system(cmd), 0);
		snprintf(cmd, sizeof cmd, "%s/copy", other);
		go_on(cmd, &head, &early, &late);
		/* Here it goes on without them. */
		v = kit_open(dir, VAULT_WRITE);
		s = kit_stream(v, STREAM, 0);
		must_begin(v, NEXT_SHARD, restored ? VAULT_RESTORE : VAULT_HAND,
			   restored ? 7 : 0);
		kit_commit(v, s, 9);
		vault_close(v);
		cr_expect_eq(verify(dir), 0, "%s", first_problem);
		cr_expect_eq(verify_with(dir, buf_view(&head), &rep),
			     !restored, "%s", first_problem);
		cr_expect_eq(lost, (uint64_t)restored);
		cr_expect_eq(rep.lost, (uint64_t)restored);
		cr_expect_eq(verify_with(dir, buf_view(&late), &rep),
			     !restored, "%s", first_problem);
		cr_expect_eq(lost, (uint64_t)restored);
		/* Its head is lost; the leaf is not, and must be the one. */
		cr_expect_eq(verify_with(dir, buf_view(&early), &rep),
			     !restored, "%s", first_problem);
		cr_expect_eq(lost, (uint64_t)restored);
		buf_release(&head);
		buf_release(&early);
		buf_release(&late);
		kit_remove(dir);
		kit_remove(other);
	}
}

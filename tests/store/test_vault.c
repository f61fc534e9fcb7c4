/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/receipt.h"
#include "tests/store/vaultkit.h"

Test(vault, what_is_committed_can_be_read_again)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "cases/0123456789abcdef", 1);
	struct err e = ERR_INIT;

	cr_assert_eq(vault_size(v), 0);
	kit_commit(v, s, 3);
	cr_assert_eq(vault_size(v), 4);
	kit_commit(v, s, 1);
	cr_assert_eq(vault_size(v), 6);
	cr_assert_eq(stream_count(s), 4);
	vault_close(v);

	for (int mode = VAULT_READ; mode <= VAULT_WRITE; mode++) {
		struct leaf l;

		v = kit_open(dir, (enum vault_mode)mode);
		cr_assert_eq(vault_size(v), 6);
		cr_assert_eq(vault_recovered(v)->torn_files, 0);
		cr_assert_eq(vault_leaf(v, 0, &l), 0);
		cr_assert_eq(l.kind, LEAF_KEY);
		cr_assert_eq(vault_leaf(v, 5, &l), 0);
		cr_assert_eq(l.kind, LEAF_EVIDENCE);
		s = kit_stream(v, "cases/0123456789abcdef", 0);
		cr_assert_eq(stream_count(s), 4);
		cr_assert_eq(stream_unlock(s, kit_tag, &e), ERR_AUTH);
		cr_assert_eq(stream_unlock(s, kit_secret, &e), 0, "%s", e.text);
		kit_check_items(s);
		if (mode == VAULT_WRITE) {
			kit_commit(v, s, 2);
			cr_assert_eq(stream_count(s), 6);
			kit_check_items(s);
		}
		vault_close(v);
	}
	kit_remove(dir);
}

Test(vault, each_stream_counts_for_itself_in_one_commit)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *a = kit_stream(v, "admin", 1);
	struct stream *c = kit_stream(v, "cases/00000000000000aa", 1);
	struct batch *b = NULL;
	struct leaf l;
	uint64_t seq = 0;

	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	kit_add(b, a, 0);
	kit_add(b, c, 1);
	kit_add(b, a, 1);
	cr_assert_eq(batch_number(b, a), 2);
	cr_assert_eq(batch_number(b, c), 1);
	cr_assert_eq(batch_commit(b, NULL), 0);
	cr_assert_eq(vault_size(v), 5);
	cr_assert_eq(stream_seq(a, 1, &seq, NULL), 0);
	cr_assert_eq(seq, 4);
	cr_assert_eq(stream_seq(c, 0, &seq, NULL), 0);
	cr_assert_eq(seq, 3);
	cr_assert_eq(vault_leaf(v, 2, &l), 0);
	cr_assert_eq(l.kind, LEAF_KEY);
	cr_assert_eq(stream_unlock(a, kit_secret, NULL), 0);
	kit_check_items(a);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, one_writer_at_a_time_and_readers_beside_it)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir), *w = NULL;
	struct stream *s = kit_stream(v, "admin", 1);

	cr_assert_eq(vault_open(dir, VAULT_WRITE, kit_seed, &w, NULL),
		     ERR_BUSY);
	w = kit_open(dir, VAULT_READ);
	cr_assert_eq(vault_size(w), 0);
	kit_commit(v, s, 1);
	cr_assert_eq(vault_size(w), 0);
	vault_close(w);
	w = kit_open(dir, VAULT_READ);
	cr_assert_eq(vault_size(w), 2);
	vault_close(w);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, wrong_keys_paths_and_versions_are_refused)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir), *w = NULL;
	struct stream *s = NULL;
	uint8_t pub[32];

	kit_pub(pub);
	cr_assert_eq(stream_create(v, "cases/../x", pub, kit_tag, &s, NULL),
		     ERR_RANGE);
	cr_assert_eq(stream_create(v, "log", pub, kit_tag, &s, NULL),
		     ERR_RANGE);
	cr_assert_eq(stream_open(v, "cases/00", pub, kit_tag, &s, NULL),
		     ERR_NOENT);
	kit_commit(v, kit_stream(v, "admin", 1), 1);
	vault_close(v);
	cr_assert_eq(vault_create(dir, KIT_SHARD, KIT_ORIGIN, kit_seed, 0,
				  KIT_MS, NULL), ERR_EXIST);
	cr_assert_eq(vault_open(dir, VAULT_WRITE, kit_tag, &w, NULL), ERR_AUTH);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(stream_create(v, "admin", pub, kit_tag, &s, NULL),
		     ERR_EXIST);
	vault_close(v);
	kit_write(dir, "FORMAT", bytes_str("scelle-vault/v2\n"));
	cr_assert_eq(vault_open(dir, VAULT_READ, NULL, &w, NULL), ERR_VERSION);
	kit_remove(dir);
}

Test(vault, another_tag_key_finds_nothing_to_read)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct buf plain = BUF_INIT(4096);
	uint8_t pub[32];

	kit_commit(v, s, 1);
	vault_close(v);
	v = kit_open(dir, VAULT_READ);
	kit_pub(pub);
	cr_assert_eq(stream_open(v, "admin", pub, kit_seed, &s, NULL), 0);
	cr_assert_eq(stream_unlock(s, kit_secret, NULL), 0);
	cr_assert_eq(stream_get(s, 0, 0, &plain, NULL, NULL), ERR_AUTH);
	cr_assert_eq(plain.len, 0);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, receipts_and_proofs_check_out)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct buf text = BUF_INIT(RECEIPT_MAX), proof = BUF_INIT(4096);
	struct note_vkey key;
	struct receipt *r = malloc(sizeof *r);

	for (int i = 0; i < 9; i++)
		kit_commit(v, s, 2);
	cr_assert_eq(note_vkey_read(bytes_str(vault_vkey(v)), &key, NULL), 0);
	for (uint64_t i = 0; i < vault_size(v); i++) {
		uint8_t bytes[LEAF_LEN], hash[32];
		struct checkpoint c;
		struct leaf l;

		buf_clear(&text);
		cr_assert_eq(vault_receipt(v, i, &text, NULL), 0);
		cr_assert_eq(receipt_parse(buf_view(&text), r, NULL), 0);
		cr_assert_eq(vault_leaf(v, i, &l), 0);
		leaf_encode(&l, bytes);
		leaf_hash(bytes, hash);
		cr_assert_eq(receipt_check(r, hash, &key, 1, KIT_ORIGIN, &c,
					   NULL), 0);
		cr_assert_eq(c.size, vault_size(v));
		hash[0] ^= 1;
		cr_assert_eq(receipt_check(r, hash, &key, 1, KIT_ORIGIN, &c,
					   NULL), 1);
	}
	cr_assert_eq(vault_consistency(v, 5, 27, &proof, NULL), 0);
	cr_assert_eq(vault_inclusion(v, 99, 27, &proof, NULL), ERR_RANGE);
	free(r);
	buf_release(&text);
	buf_release(&proof);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, a_published_head_is_written_once)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct buf a = BUF_INIT(65536);

	cr_assert_eq(vault_publish(v, NULL), 0);
	cr_assert_eq(vault_publish(v, NULL), 0);
	kit_read(dir, "log/" KIT_SHARD "/heads/0.note", &a);
	cr_assert(bytes_eq(buf_view(&a), vault_head(v)));
	buf_release(&a);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, bad_items_are_refused_and_leave_the_vault_usable)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct store_external bad = { .path = "../x" };
	struct store_item it = { .kind = LEAF_KEY,
				 .statement = bytes_str("a\n") };
	struct batch *b = NULL, *c = NULL;

	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	cr_assert_eq(batch_begin(v, &c, NULL), ERR_BUSY);
	cr_assert_eq(batch_add(b, s, &it, 1, NULL, NULL), ERR_RANGE);
	it.kind = LEAF_ADMIN;
	it.statement.len = 0;
	cr_assert_eq(batch_add(b, s, &it, 1, NULL, NULL), ERR_RANGE);
	it.statement.len = 2;
	it.externals = &bad;
	it.nexternals = 1;
	cr_assert_eq(batch_add(b, s, &it, 1, NULL, NULL), ERR_RANGE);
	batch_abort(b);
	kit_commit(v, s, 1);
	vault_close(v);
	v = kit_open(dir, VAULT_READ);
	cr_assert_eq(batch_begin(v, &b, NULL), ERR_DENIED);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, leaf_times_never_go_back)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct store_item it = { .kind = LEAF_ADMIN,
				 .statement = bytes_str("a\n") };
	struct batch *b = NULL;
	struct leaf l;

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(batch_begin(v, &b, NULL), 0);
		cr_assert_eq(batch_add(b, s, &it, KIT_MS - i, NULL, NULL), 0);
		cr_assert_eq(batch_commit(b, NULL), 0);
	}
	cr_assert_eq(vault_leaf(v, 3, &l), 0);
	cr_assert_eq(l.time_ms, KIT_MS);
	vault_close(v);
	kit_remove(dir);
}

Test(vault, a_lab_vault_marks_every_leaf)
{
	char *dir = kit_dir();
	struct vault *v = NULL;
	struct leaf l;

	cr_assert_eq(vault_create(dir, KIT_SHARD, KIT_ORIGIN, kit_seed, 1,
				  KIT_MS, NULL), 0);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(vault_lab(v), 1);
	kit_commit(v, kit_stream(v, "admin", 1), 1);
	for (uint64_t i = 0; i < 2; i++) {
		cr_assert_eq(vault_leaf(v, i, &l), 0);
		cr_assert_eq(l.flags, LEAF_FLAG_LAB);
	}
	vault_close(v);
	kit_remove(dir);
}

Test(vault, the_log_goes_on_in_new_segments_and_packs)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	uint64_t seq = 0;

	v->log.close_at = 10;
	v->pack_close = 3000;
	for (int i = 0; i < 8; i++)
		kit_commit(v, s, 3);
	vault_close(v);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(v->log.nsegs, 3);
	s = kit_stream(v, "admin", 0);
	cr_assert_gt(s->pack, 3);
	cr_assert_eq(stream_count(s), 24);
	cr_assert_eq(stream_seq(s, 23, &seq, NULL), 0);
	cr_assert_eq(seq, vault_size(v) - 1);
	cr_assert_eq(stream_unlock(s, kit_secret, NULL), 0);
	kit_check_items(s);
	kit_commit(v, s, 1);
	kit_check_items(s);
	vault_close(v);
	kit_remove(dir);
}

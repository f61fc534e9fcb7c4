/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/leaf.h"
#include "store/pack.h"
#include "util/enc.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

static void put(struct buf *out, unsigned type, unsigned number, uint64_t item,
		const char *content)
{
	struct pack_frame f = { (enum pack_type)type, (uint16_t)number, item,
				strlen(content), { 0 } };
	uint8_t head[PACK_FRAME_LEN];

	sha256_once(bytes_str(content), f.hash);
	pack_frame_put(&f, head);
	buf_add(out, head, sizeof head);
	buf_adds(out, content);
}

static void start(struct buf *out)
{
	uint8_t head[PACK_FILE_HEAD_LEN];

	buf_clear(out);
	pack_file_head_put(1, head);
	buf_add(out, head, sizeof head);
}

static int file_of(const struct buf *b)
{
	int fd = memfd_create("pack", 0);

	cr_assert_eq(write(fd, b->p, b->len), (ssize_t)b->len);
	return fd;
}

static struct pack_item it;

Test(pack, items_are_walked_with_objects_and_externals)
{
	struct buf out = BUF_INIT(1 << 20);
	char path[PACK_PATH_MAX + 1];
	uint8_t hash[2][32], body[32];
	struct pack_walk w;
	uint64_t bad = 0;
	int fd;

	start(&out);
	put(&out, PACK_OBJECT, 0, 0, "statement");
	put(&out, PACK_OBJECT, 1, 0, "blob");
	put(&out, PACK_EXTERNAL, 2, 0, "admin/unit.pub");
	put(&out, PACK_OBJECT, 0, 1, "second");
	put(&out, PACK_EXTERNAL, 1, 1, "admin/x");
	fd = file_of(&out);
	pack_walk_init(&w, fd, out.len);
	cr_assert_eq(pack_walk_head(&w, 2, NULL), ERR_DAMAGED);
	cr_assert_eq(pack_walk_head(&w, 1, NULL), 0);
	cr_assert_eq(pack_walk_next(&w, &it, &bad, NULL), 0);
	cr_assert_eq(it.objects, 2);
	cr_assert_eq(it.externals, 1);
	cr_assert_eq(pack_walk_path(&w, &it, 2, path, NULL), 0);
	cr_assert_str_eq(path, "admin/unit.pub");
	cr_assert_eq(pack_walk_next(&w, &it, &bad, NULL), 0);
	cr_assert_eq(it.case_seq, 1);
	sha256_once(bytes_str("second"), hash[0]);
	pack_external_hash(bytes_str("admin/x"), it.frame[1].hash, hash[1]);
	leaf_body((const uint8_t (*)[32])hash, 2, body);
	cr_assert(!memcmp(body, it.body, 32));
	cr_assert_eq(pack_walk_next(&w, &it, &bad, NULL), 1);
	close(fd);
	buf_release(&out);
}

Test(pack, what_is_out_of_order_is_damage)
{
	static const struct {
		unsigned type, number, item;
	} second[] = {
		{ PACK_OBJECT, 2, 0 }, { PACK_OBJECT, 1, 9 },
		{ PACK_EXTERNAL, 0, 1 }, { 7, 1, 0 },
	};
	struct buf out = BUF_INIT(1 << 20);

	for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
		struct pack_walk w;
		uint64_t bad = 0;
		int fd;

		start(&out);
		put(&out, PACK_OBJECT, 0, 0, "statement");
		put(&out, second[i].type, second[i].number, second[i].item,
		    "blob");
		fd = file_of(&out);
		pack_walk_init(&w, fd, out.len);
		cr_assert_eq(pack_walk_head(&w, 1, NULL), 0);
		cr_assert_eq(pack_walk_next(&w, &it, &bad, NULL), 0);
		cr_assert_eq(it.objects, 1);
		cr_assert_eq(pack_walk_next(&w, &it, &bad, NULL), ERR_DAMAGED);
		cr_assert_eq(bad, PACK_FILE_HEAD_LEN + PACK_FRAME_LEN + 9);
		close(fd);
	}
	buf_release(&out);
}

Test(pack, any_cut_ends_in_damage_where_it_is)
{
	struct buf out = BUF_INIT(1 << 20);
	struct pack_walk w;
	uint64_t bad = 0;
	int fd;

	start(&out);
	put(&out, PACK_OBJECT, 0, 0, "statement");
	fd = file_of(&out);
	for (size_t n = PACK_FILE_HEAD_LEN + 1; n < out.len; n++) {
		pack_walk_init(&w, fd, n);
		cr_assert_eq(pack_walk_head(&w, 1, NULL), 0);
		cr_assert_eq(pack_walk_next(&w, &it, &bad, NULL), ERR_DAMAGED);
		cr_assert_eq(bad, PACK_FILE_HEAD_LEN);
	}
	close(fd);
	buf_release(&out);
}

Test(pack, any_flipped_bit_of_a_frame_header_shows)
{
	struct pack_frame f = { PACK_OBJECT, 3, 4, 5, { 6 } }, g;
	uint8_t head[PACK_FRAME_LEN];

	pack_frame_put(&f, head);
	cr_assert_eq(pack_frame_get(head, &g), 0);
	for (size_t bit = 0; bit < sizeof head * 8; bit++) {
		head[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_eq(pack_frame_get(head, &g), ERR_DAMAGED, "bit %zu",
			     bit);
		head[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

Test(pack, paths_stay_inside_the_vault)
{
	const char *const bad[] = { "", "/a", "a/", "a//b", ".", "..", "a/..",
				    "../a", "a/./b", "a\\b", "a b", "a\n" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(pack_path_valid(bytes_str(bad[i])), 0, "'%s'",
			     bad[i]);
	cr_expect_eq(pack_path_valid(bytes_str("admin/users/a.b.pub")), 1);
	cr_expect_eq(pack_path_valid(bytes_str("..a/b..")), 1);
}

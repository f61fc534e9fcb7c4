/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/receipt.h"
#include "tests/store/vaultkit.h"

#include <fcntl.h>

#define CASE_A "cases/00000000000000aa"
#define CASE_B "cases/00000000000000bb"

/* What one verification found. */
struct found {
	unsigned n;
	int named;		/* the file looked for is among them */
	const char *want;
	char first[256];
	uint64_t offset;
};

static void note_problem(void *arg, const struct verify_problem *p)
{
	struct found *f = arg;

	if (f->n++ == 0) {
		f->offset = p->offset;
		snprintf(f->first, sizeof f->first, "%s:%llu: %s", p->file,
			 (unsigned long long)p->offset, p->what);
	}
	if (f->want && !strcmp(f->want, p->file))
		f->named = 1;
}

static int check_with(const char *dir, struct verify_options *o,
		      struct found *f, const char *want,
		      struct verify_report *rep)
{
	struct err e = ERR_INIT;
	int r;

	memset(f, 0, sizeof *f);
	f->want = want;
	o->threads = o->threads ? o->threads : 1;
	o->problem = note_problem;
	o->arg = f;
	r = verify_vault(dir, o, rep, &e);
	cr_assert_geq(r, 0, "could not be checked: %s", e.text);
	return r;
}

static int check(const char *dir, struct found *f, const char *want)
{
	struct verify_options o = { .threads = 1 };
	struct verify_report rep;

	return check_with(dir, &o, f, want, &rep);
}

static void is_sound(const char *dir)
{
	struct found f;

	cr_assert_eq(check(dir, &f, NULL), 0, "%s", f.first);
	cr_assert_eq(f.n, 0);
}

static void is_wrong(const char *dir, const char *want)
{
	struct found f;

	cr_assert_eq(check(dir, &f, want), 1, "nothing wrong found");
	cr_assert(f.named, "'%s' is not named, but '%s'", want, f.first);
}

/* A statement in admin that vouches for a file. */
static void add_external(struct vault *v, struct stream *s, const char *path,
			 const char *content)
{
	struct store_external x = { .path = path };
	struct store_item it = { .kind = LEAF_ADMIN, .externals = &x,
				 .nexternals = 1,
				 .statement = bytes_str("external\n") };
	struct batch *b = NULL;
	struct err e = ERR_INIT;

	if (content) {
		sha256_once(bytes_str(content), x.sha256);
		kit_write(vault_path(v), path, bytes_str(content));
	}
	cr_assert_eq(batch_begin(v, &b, &e), 0);
	cr_assert_eq(batch_add(b, s, &it, KIT_MS, NULL, &e), 0, "%s", e.text);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
}

/* A small vault with a bit of everything. */
static void make(const char *dir)
{
	struct vault *v = kit_new(dir);
	struct stream *a = kit_stream(v, "admin", 1);
	struct stream *s = kit_stream(v, CASE_A, 1);
	struct batch *b = NULL;

	add_external(v, a, "admin/unit.pub", "a public key\n");
	cr_assert_eq(vault_publish(v, NULL), 0);
	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	kit_add(b, s, 1);
	kit_add(b, s, 0);
	cr_assert_eq(batch_commit(b, NULL), 0);
	vault_close(v);
	kit_write(dir, CASE_A "/index.age", bytes_str("a cache\n"));
	/* A torn tail, set aside. */
	b = NULL;
	v = kit_open(dir, VAULT_WRITE);
	s = kit_stream(v, CASE_A, 0);
	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	kit_add(b, s, 0);
	for (int i = 0; i < 1; i++)
		cr_assert_eq(vio_write(s->pack_fd, "torn", 4, s->pack_size,
				       NULL), 0);
	vault_close(v);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(vault_recovered(v)->torn_files, 1);
	vault_close(v);
}

Test(verify, a_sound_vault_is_sound)
{
	char *dir = kit_dir();
	struct verify_options o = { .threads = 2 };
	struct verify_report rep;
	struct found f;

	make(dir);
	cr_assert_eq(check_with(dir, &o, &f, NULL, &rep), 0, "%s", f.first);
	cr_assert_eq(rep.leaves, 5);
	cr_assert_eq(rep.heads, 3);
	cr_assert_eq(rep.objects, 4);
	cr_assert_eq(rep.lab_leaves, 0);
	cr_assert_eq(rep.unfinished, 0);
	cr_assert_str_eq(rep.origin, KIT_ORIGIN);
	kit_remove(dir);
}

/* --- every bit ------------------------------------------------------------ */

static const char *flip_dir;
static unsigned long flips;

static int flip_file(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	const char *rel = path + strlen(flip_dir) + 1;
	uint8_t *p;
	int fd;

	(void)ftw;
	if (type != FTW_F || !strcmp(rel, "LOCK")
	    || !strcmp(rel, CASE_A "/index.age"))
		return 0;
	p = malloc((size_t)st->st_size);
	fd = open(path, O_RDWR);
	cr_assert_eq(pread(fd, p, (size_t)st->st_size, 0), st->st_size);
	for (off_t at = 0; at < st->st_size; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			uint8_t c = p[at] ^ (uint8_t)(1u << bit);
			struct found f;

			cr_assert_eq(pwrite(fd, &c, 1, at), 1);
			cr_assert_eq(check(flip_dir, &f, rel), 1,
				     "%s: byte %ld bit %u goes unnoticed", rel,
				     (long)at, bit);
			cr_assert(f.named, "%s: byte %ld bit %u: said '%s'",
				  rel, (long)at, bit, f.first);
			flips++;
		}
		cr_assert_eq(pwrite(fd, p + at, 1, at), 1);
	}
	close(fd);
	free(p);
	return 0;
}

Test(verify, every_flipped_bit_is_found_and_its_file_named)
{
	char *dir = kit_dir();

	make(dir);
	flip_dir = dir;
	cr_assert_eq(nftw(dir, flip_file, 16, FTW_PHYS), 0);
	is_sound(dir);
	cr_assert_gt(flips, 20000);
	kit_remove(dir);
}

/* --- cuts ----------------------------------------------------------------- */

Test(verify, every_cut_of_the_last_segment_is_found)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	const char *seg = "log/" KIT_SHARD "/000000.seg";
	struct buf whole = BUF_INIT(1 << 20);

	make(dir);
	kit_read(dir, seg, &whole);
	file_path(path, dir, seg, NULL);
	for (size_t n = whole.len; n-- > 0;) {
		cr_assert_eq(truncate(path, (off_t)n), 0);
		is_wrong(dir, seg);
	}
	kit_write(dir, seg, buf_view(&whole));
	is_sound(dir);
	buf_release(&whole);
	kit_remove(dir);
}

Test(verify, every_cut_of_packs_and_slots_is_found)
{
	const char *const files[] = { CASE_A "/packs/000001.pack",
				      CASE_A "/keys/0001.add",
				      "admin/packs/000001.pack",
				      "admin/keys/0001.add" };
	char *dir = kit_dir(), path[FILE_PATH_MAX];

	make(dir);
	for (size_t i = 0; i < 4; i++) {
		struct buf whole = BUF_INIT(1 << 20);
		struct found f;

		kit_read(dir, files[i], &whole);
		file_path(path, dir, files[i], NULL);
		for (size_t n = whole.len; n-- > 0;) {
			cr_assert_eq(truncate(path, (off_t)n), 0);
			cr_assert_eq(check(dir, &f, NULL), 1, "%s cut at %zu",
				     files[i], n);
		}
		kit_write(dir, files[i], buf_view(&whole));
		buf_release(&whole);
	}
	is_sound(dir);
	kit_remove(dir);
}

Test(verify, missing_and_extra_files_are_found)
{
	const char *const gone[] = { "log/" KIT_SHARD "/000000.seg",
				     CASE_A "/packs/000001.pack",
				     CASE_A "/keys/0001.add", "FORMAT",
				     "admin/unit.pub" };
	const char *const more[] = { "log/" KIT_SHARD "/000001.seg",
				     "log/" KIT_SHARD "/000003.seg",
				     "log/" KIT_SHARD "/heads/9.note",
				     "log/" KIT_SHARD "/heads/x",
				     "log/" KIT_SHARD "/torn/x",
				     CASE_A "/packs/000002.pack",
				     CASE_A "/packs/000004.pack",
				     CASE_A "/packs/x", CASE_A "/keys/0002.add",
				     CASE_A "/wraps.age", "admin/x", "x" };
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct found f;

	make(dir);
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
		struct buf whole = BUF_INIT(1 << 20);

		kit_read(dir, gone[i], &whole);
		file_path(path, dir, gone[i], NULL);
		cr_assert_eq(unlink(path), 0);
		cr_assert_eq(check(dir, &f, NULL), 1, "%s gone", gone[i]);
		kit_write(dir, gone[i], buf_view(&whole));
		buf_release(&whole);
	}
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		kit_write(dir, more[i], bytes_str("more\n"));
		cr_assert_eq(check(dir, &f, NULL), 1, "%s is there", more[i]);
		file_path(path, dir, more[i], NULL);
		cr_assert_eq(unlink(path), 0);
	}
	is_sound(dir);
	kit_remove(dir);
}

/* --- edits of whole frames ------------------------------------------------ */

/* Offsets of the frames of a file, its end behind them. */
static size_t frames_of(struct bytes in, char kind, size_t *at)
{
	size_t n = 0, off = kind == 's' ? SEGMENT_HEAD_LEN : 16;

	while (off < in.len) {
		at[n++] = off;
		if (kind == 's') {
			struct segment_frame f;

			cr_assert_eq(segment_next(BYTES(in.p + off,
							in.len - off), 1, &f),
				     0);
			off += f.size;
		} else if (kind == 'p') {
			off += PACK_FRAME_LEN + get_be64(in.p + off + 16);
		} else {
			off += SLOT_FRAME_LEN + get_be32(in.p + off + 24);
		}
	}
	at[n] = off;
	return n;
}

static void put_range(struct buf *out, struct bytes in, size_t a, size_t b)
{
	buf_addb(out, BYTES(in.p + a, b - a));
}

Test(verify, frames_removed_doubled_or_swapped_are_found)
{
	static const struct {
		const char *name;
		char kind;
	} files[] = {
		{ "log/" KIT_SHARD "/000000.seg", 's' },
		{ CASE_A "/packs/000001.pack", 'p' },
		{ CASE_A "/keys/0001.add", 'k' },
	};
	char *dir = kit_dir();
	struct vault *v;
	struct stream *s;

	make(dir);
	v = kit_open(dir, VAULT_WRITE);
	s = kit_stream(v, CASE_A, 0);
	kit_commit(v, s, 2);
	kit_commit(v, s, 1);
	vault_close(v);
	is_sound(dir);
	for (size_t i = 0; i < 3; i++) {
		struct buf whole = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
		struct bytes in;
		size_t at[64], n;
		struct found f;

		kit_read(dir, files[i].name, &whole);
		in = buf_view(&whole);
		n = frames_of(in, files[i].kind, at);
		cr_assert_gt(n, 2);
		for (size_t k = 0; k < n; k++) {
			buf_clear(&out);
			put_range(&out, in, 0, at[k]);
			put_range(&out, in, at[k + 1], in.len);
			kit_write(dir, files[i].name, buf_view(&out));
			cr_assert_eq(check(dir, &f, NULL), 1,
				     "%s frame %zu removed", files[i].name, k);
			buf_clear(&out);
			put_range(&out, in, 0, at[k + 1]);
			put_range(&out, in, at[k], in.len);
			kit_write(dir, files[i].name, buf_view(&out));
			cr_assert_eq(check(dir, &f, NULL), 1,
				     "%s frame %zu doubled", files[i].name, k);
			for (size_t m = k + 1; m < n; m++) {
				buf_clear(&out);
				put_range(&out, in, 0, at[k]);
				put_range(&out, in, at[m], at[m + 1]);
				put_range(&out, in, at[k + 1], at[m]);
				put_range(&out, in, at[k], at[k + 1]);
				put_range(&out, in, at[m + 1], in.len);
				kit_write(dir, files[i].name, buf_view(&out));
				cr_assert_eq(check(dir, &f, NULL), 1,
					     "%s frames %zu and %zu swapped",
					     files[i].name, k, m);
			}
		}
		kit_write(dir, files[i].name, in);
		buf_release(&whole);
		buf_release(&out);
	}
	is_sound(dir);
	kit_remove(dir);
}

static void swap(const char *dir, const char *a, const char *b)
{
	char x[FILE_PATH_MAX], y[FILE_PATH_MAX], t[FILE_PATH_MAX];

	file_path(x, dir, a, NULL);
	file_path(y, dir, b, NULL);
	file_path(t, dir, "swap", NULL);
	cr_assert_eq(rename(x, t), 0);
	cr_assert_eq(rename(y, x), 0);
	cr_assert_eq(rename(t, y), 0);
}

Test(verify, packs_or_slots_of_another_stream_are_found)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *a = kit_stream(v, CASE_A, 1);
	struct stream *b = kit_stream(v, CASE_B, 1);
	struct found f;

	for (int i = 0; i < 2; i++) {
		kit_commit(v, a, 1);
		kit_commit(v, b, 1);
	}
	vault_close(v);
	is_sound(dir);
	swap(dir, CASE_A "/packs/000001.pack", CASE_B "/packs/000001.pack");
	cr_assert_eq(check(dir, &f, NULL), 1);
	swap(dir, CASE_A "/packs/000001.pack", CASE_B "/packs/000001.pack");
	swap(dir, CASE_A "/keys/0001.add", CASE_B "/keys/0001.add");
	cr_assert_eq(check(dir, &f, NULL), 1);
	swap(dir, CASE_A "/keys/0001.add", CASE_B "/keys/0001.add");
	is_sound(dir);
	kit_remove(dir);
}

/* Rewrite one frame header of a pack with its check made right again. */
static void refit(uint8_t *frame)
{
	uint8_t hash[SHA256_LEN];

	sha256_once(BYTES(frame, 56), hash);
	memcpy(frame + 56, hash, 4);
}

Test(verify, forged_frame_headers_are_found)
{
	char *dir = kit_dir();
	const char *name = CASE_A "/packs/000001.pack";
	struct buf whole = BUF_INIT(1 << 20);
	struct found f;
	size_t at[64], n;

	make(dir);
	kit_read(dir, name, &whole);
	n = frames_of(buf_view(&whole), 'p', at);
	for (size_t k = 0; k < n; k++) {
		uint8_t *frame = whole.p + at[k], old[PACK_FRAME_LEN];

		memcpy(old, frame, sizeof old);
		for (size_t bit = 32; bit < 56 * 8; bit++) {
			frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
			refit(frame);
			kit_write(dir, name, buf_view(&whole));
			cr_assert_eq(check(dir, &f, NULL), 1,
				     "frame %zu bit %zu", k, bit);
			memcpy(frame, old, sizeof old);
		}
	}
	buf_release(&whole);
	kit_remove(dir);
}

Test(verify, an_object_gone_without_an_erasure_is_found)
{
	char *dir = kit_dir();
	const char *name = CASE_A "/packs/000001.pack";
	struct buf whole = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	struct found f;
	size_t at[64];

	make(dir);
	kit_read(dir, name, &whole);
	frames_of(buf_view(&whole), 'p', at);
	put_range(&out, buf_view(&whole), 0, at[1] + PACK_FRAME_LEN);
	put_be16(out.p + at[1] + 4, PACK_ERASED);
	put_be64(out.p + at[1] + 16, 0);
	refit(out.p + at[1]);
	put_range(&out, buf_view(&whole), at[2], whole.len);
	kit_write(dir, name, buf_view(&out));
	cr_assert_eq(check(dir, &f, name), 1);
	cr_assert(f.named);
	buf_release(&whole);
	buf_release(&out);
	kit_remove(dir);
}

/* --- externals ------------------------------------------------------------ */

Test(verify, the_last_leaf_that_names_a_file_decides)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);

	add_external(v, s, "admin/a", "one");
	add_external(v, s, "admin/a", "two");
	is_sound(dir);
	kit_write(dir, "admin/a", bytes_str("one"));
	is_wrong(dir, "admin/a");
	kit_write(dir, "admin/a", bytes_str("two"));
	is_sound(dir);
	add_external(v, s, "admin/a", NULL);
	is_wrong(dir, "admin/a");
	file_path(path, dir, "admin/a", NULL);
	unlink(path);
	is_sound(dir);
	vault_close(v);
	is_sound(dir);
	kit_remove(dir);
}

/* --- outside memory ------------------------------------------------------- */

Test(verify, receipts_and_heads_from_outside_show_a_rollback)
{
	char *dir = kit_dir(), *old = kit_dir(), cmd[1024];
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct buf head = BUF_INIT(65536), receipt = BUF_INIT(RECEIPT_MAX);
	struct verify_options o = { .threads = 1 };
	struct verify_report rep;
	struct found f;

	kit_commit(v, s, 2);
	vault_close(v);
	snprintf(cmd, sizeof cmd, "cp -r '%s/.' '%s/'", dir, old);
	cr_assert_eq(system(cmd), 0);
	v = kit_open(dir, VAULT_WRITE);
	s = kit_stream(v, "admin", 0);
	kit_commit(v, s, 3);
	buf_addb(&head, vault_head(v));
	cr_assert_eq(vault_receipt(v, 5, &receipt, NULL), 0);
	vault_close(v);

	o.head = buf_view(&head);
	cr_assert_eq(check_with(dir, &o, &f, NULL, &rep), 0, "%s", f.first);
	cr_assert_eq(check_with(old, &o, &f, NULL, &rep), 1);
	cr_assert_not_null(strstr(f.first, "rolled back"), "%s", f.first);
	o.head = buf_view(&receipt);
	cr_assert_eq(check_with(dir, &o, &f, NULL, &rep), 0, "%s", f.first);
	cr_assert_eq(check_with(old, &o, &f, NULL, &rep), 1);
	/* A fork: the old vault goes on in another way. */
	v = kit_open(old, VAULT_WRITE);
	s = kit_stream(v, "admin", 0);
	kit_commit(v, s, 5);
	vault_close(v);
	is_sound(old);
	cr_assert_eq(check_with(old, &o, &f, NULL, &rep), 1);
	cr_assert_not_null(strstr(f.first, "another history"), "%s", f.first);
	o.head = buf_view(&head);
	cr_assert_eq(check_with(old, &o, &f, NULL, &rep), 1);
	/* Altered, or of another log. */
	head.p[head.len - 10] ^= 1;
	o.head = buf_view(&head);
	cr_assert_eq(check_with(dir, &o, &f, NULL, &rep), 1);
	buf_release(&head);
	buf_release(&receipt);
	kit_remove(dir);
	kit_remove(old);
}

Test(verify, a_rollback_behind_a_published_head_shows)
{
	char *dir = kit_dir(), *old = kit_dir(), cmd[1024];
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct found f;

	kit_commit(v, s, 1);
	vault_close(v);
	snprintf(cmd, sizeof cmd, "cp -r '%s/.' '%s/'", dir, old);
	cr_assert_eq(system(cmd), 0);
	v = kit_open(dir, VAULT_WRITE);
	kit_commit(v, kit_stream(v, "admin", 0), 1);
	cr_assert_eq(vault_publish(v, NULL), 0);
	vault_close(v);
	snprintf(cmd, sizeof cmd, "cp '%s/log/" KIT_SHARD "/heads/'* '%s/log/"
		 KIT_SHARD "/heads/'", dir, old);
	cr_assert_eq(system(cmd), 0);
	cr_assert_eq(check(old, &f, NULL), 1);
	cr_assert_not_null(strstr(f.first, "rolled back"), "%s", f.first);
	kit_remove(dir);
	kit_remove(old);
}

Test(verify, another_log_key_is_not_trusted)
{
	char *dir = kit_dir();
	struct verify_options o = { .threads = 1 };
	struct verify_report rep;
	struct note_skey k;
	struct buf text = BUF_INIT(1024);
	struct found f;

	make(dir);
	note_skey_make(&k, KIT_ORIGIN, NOTE_ED25519, kit_seed, NULL);
	note_vkey_put(&k.vkey, &text);
	o.vkey = buf_cstr(&text);
	cr_assert_eq(check_with(dir, &o, &f, NULL, &rep), 0, "%s", f.first);
	note_skey_make(&k, KIT_ORIGIN, NOTE_ED25519, kit_tag, NULL);
	buf_clear(&text);
	note_vkey_put(&k.vkey, &text);
	o.vkey = buf_cstr(&text);
	cr_assert_eq(check_with(dir, &o, &f, "FORMAT", &rep), 1);
	cr_assert(f.named);
	buf_release(&text);
	kit_remove(dir);
}

/* --- beside a writer ------------------------------------------------------ */

Test(verify, an_append_in_progress_is_no_problem)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct batch *b = NULL;
	struct verify_options o = { .threads = 1 };
	struct verify_report rep;
	struct found f;

	kit_commit(v, s, 1);
	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	kit_add(b, s, 1);
	cr_assert_eq(vio_write(s->pack_fd, s->out.p, s->out.len - 5,
			       s->pack_size, NULL), 0);
	is_sound(dir);
	vault_close(v);
	cr_assert_eq(check_with(dir, &o, &f, "admin/packs/000001.pack", &rep),
		     1);
	cr_assert(f.named, "%s", f.first);
	v = kit_open(dir, VAULT_WRITE);
	vault_close(v);
	is_sound(dir);
	kit_remove(dir);
}

Test(verify, many_segments_and_packs_with_two_threads)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct verify_options o = { .threads = 2 };
	struct verify_report rep;
	struct found f;

	v->log.close_at = 7;
	v->pack_close = 2000;
	for (int i = 0; i < 20; i++)
		kit_commit(v, s, 3);
	vault_close(v);
	cr_assert_eq(check_with(dir, &o, &f, NULL, &rep), 0, "%s", f.first);
	cr_assert_eq(rep.leaves, 80);
	cr_assert_eq(rep.objects, 180);
	kit_remove(dir);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Crashes: a writer that fails at its n-th operation on the disk, for every n;
 * then what was not synced is lost, kept or torn.
 */
#include "tests/store/vaultkit.h"

#include <fcntl.h>

#define CASE_A "cases/00000000000000aa"
#define CASE_B "cases/00000000000000bb"
#define HEADS_MAX 64
#define OPS_MAX 256

/* An operation the disk has not promised to keep yet. */
struct pending {
	enum vio_op op;
	char path[512];
	uint64_t off;
	size_t n;
	uint64_t old_size;
	uint8_t *old;		/* the bytes it replaced */
};

static struct crash {
	unsigned at;		/* fail the at-th operation and all behind it */
	int error;
	unsigned count;
	int down;
	int drop_syncs;		/* syncs promise and do nothing */
	unsigned drop_at;	/* this sync alone promises and does nothing */
	unsigned syncs;
	unsigned rnd;
	struct pending ops[OPS_MAX];
	unsigned nops;
	/* each head that was signed */
	struct {
		uint64_t size;
		uint8_t root[32];
	} heads[HEADS_MAX];
	unsigned nheads;
} cr;

static unsigned roll(unsigned n)
{
	cr.rnd = cr.rnd * 1103515245u + 12345u;
	return (cr.rnd >> 8) % n;
}

static void path_of(int fd, char *out)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, out, 511);
	out[n > 0 ? n : 0] = 0;
}

static void see_head(const void *p, size_t n)
{
	struct segment_frame f;
	struct note note;
	struct checkpoint c;

	if (n < 4 || get_be16(p) != 0xffff || segment_next(BYTES(p, n), 1, &f))
		return;
	cr_assert_eq(note_parse(f.body, &note, NULL), 0);
	cr_assert_eq(checkpoint_parse(note.text, &c, NULL), 0);
	cr_assert_lt(cr.nheads, HEADS_MAX);
	cr.heads[cr.nheads].size = c.size;
	memcpy(cr.heads[cr.nheads++].root, c.root, 32);
}

static void remember(enum vio_op op, int fd, const char *path, uint64_t off,
		     size_t n)
{
	struct pending *p = &cr.ops[cr.nops];
	struct stat st;

	cr_assert_lt(cr.nops, OPS_MAX);
	memset(p, 0, sizeof *p);
	p->op = op;
	p->off = off;
	p->n = n;
	if (path)
		snprintf(p->path, sizeof p->path, "%s", path);
	else
		path_of(fd, p->path);
	if (op == VIO_WRITE || op == VIO_TRUNCATE) {
		cr_assert_eq(fstat(fd, &st), 0);
		p->old_size = (uint64_t)st.st_size;
		p->old = malloc(p->old_size + 1);
		cr_assert_eq(pread(fd, p->old, p->old_size, 0),
			     (ssize_t)p->old_size);
	}
	cr.nops++;
}

/* A sync keeps what was done to its file; a directory's, its names. */
static void keep(const char *path, int dir)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cr.nops; i++) {
		struct pending *p = &cr.ops[i];
		int hit;

		if (dir) {
			size_t len = strlen(path);

			hit = p->op == VIO_CREATE
			      && !strncmp(p->path, path, len)
			      && p->path[len] == '/'
			      && !strchr(p->path + len + 1, '/');
		} else {
			hit = p->op != VIO_CREATE && !strcmp(p->path, path);
		}
		if (hit)
			free(p->old);
		else
			cr.ops[n++] = *p;
	}
	cr.nops = n;
}

static int crash_hook(void *arg, enum vio_op op, int fd, const char *path,
		      uint64_t off, const void *p, size_t *n)
{
	char name[512];

	(void)arg;
	if (cr.down)
		return cr.error;
	if (op == VIO_WRITE)
		see_head(p, *n);
	cr.count++;
	if (cr.at && cr.count == cr.at) {
		cr.down = 1;
		if (op == VIO_WRITE) {
			remember(op, fd, path, off, *n);
			*n = roll((unsigned)*n + 1);
		}
		return cr.error;
	}
	switch (op) {
	case VIO_WRITE:
		remember(op, fd, NULL, off, *n);
		break;
	case VIO_TRUNCATE:
		remember(op, fd, NULL, off, 0);
		break;
	case VIO_CREATE:
		remember(op, -1, path, 0, 0);
		break;
	case VIO_SYNC:
		path_of(fd, name);
		if (!cr.drop_syncs && ++cr.syncs != cr.drop_at)
			keep(name, 0);
		break;
	case VIO_RENAME:
		for (unsigned i = 0; i < cr.nops; i++)
			if (!strcmp(cr.ops[i].path, p))
				snprintf(cr.ops[i].path,
					 sizeof cr.ops[i].path, "%s", path);
		break;
	case VIO_SYNC_DIR:
		keep(path, 1);
		break;
	default:
		break;
	}
	return 0;
}

static void start(unsigned at, int error, unsigned seed)
{
	while (cr.nops > 0)
		free(cr.ops[--cr.nops].old);
	memset(&cr, 0, sizeof cr);
	cr.at = at;
	cr.error = error;
	cr.rnd = seed;
	vio_set_hook(crash_hook, NULL);
}

/*
 * The power goes: each pending write is lost, kept, torn, or its room came
 * without its bytes.
 */
static void lose_power(int how)
{
	vio_set_hook(NULL, NULL);
	while (cr.nops > 0) {
		struct pending *p = &cr.ops[--cr.nops];
		unsigned fate = how >= 0 ? (unsigned)how : roll(4);
		int fd;

		if (p->op == VIO_CREATE) {
			if (fate == 0)
				unlink(p->path);
			continue;
		}
		fd = open(p->path, O_RDWR);
		if (fd >= 0 && fate != 1) {
			uint64_t keep_n = fate == 2 && p->n
					  ? roll((unsigned)p->n) : 0;
			uint64_t size = p->old_size;
			uint8_t *part = malloc(keep_n + 1);
			ssize_t got = pread(fd, part, keep_n, (off_t)p->off);

			/* Old bytes back; then, torn, the first of the new. */
			if (p->op == VIO_WRITE && fate == 3
			    && p->off + p->n > size)
				size = p->off + p->n;
			cr_assert_eq(ftruncate(fd, 0), 0);
			cr_assert_eq(pwrite(fd, p->old, p->old_size, 0),
				     (ssize_t)p->old_size);
			cr_assert_eq(ftruncate(fd, (off_t)size), 0);
			if (got > 0)
				cr_assert_eq(pwrite(fd, part, (size_t)got,
						    (off_t)p->off), got);
			free(part);
		}
		if (fd >= 0)
			close(fd);
		free(p->old);
	}
}

/* --- a scenario ----------------------------------------------------------- */

struct acked {
	uint64_t leaves, a, b;	/* what commits that returned 0 amount to */
};

static int commit_some(struct vault *v, struct stream *a, struct stream *b,
		       unsigned na, unsigned nb)
{
	struct batch *bt = NULL;
	int r = batch_begin(v, &bt, NULL);

	for (unsigned i = 0; r == 0 && i < na; i++)
		r = kit_try_add(bt, a, 2, NULL);
	for (unsigned i = 0; r == 0 && i < nb; i++)
		r = kit_try_add(bt, b, 0, NULL);
	if (r < 0) {
		batch_abort(bt);
		return r;
	}
	return batch_commit(bt, NULL);
}

static struct stream *any_stream(struct vault *v, const char *dir)
{
	struct stream *s = NULL;
	uint8_t pub[32];

	kit_pub(pub);
	if (stream_open(v, dir, pub, kit_tag_of(dir), &s, NULL) == ERR_NOENT)
		stream_create(v, dir, pub, kit_tag_of(dir), &s, NULL);
	return s;
}

/* Commits to two streams, over segment and pack ends, until something fails. */
static void work(const char *dir, struct acked *ack)
{
	static const unsigned na[] = { 1, 2, 0, 3, 1 }, nb[] = { 0, 1, 2, 0, 1 };
	struct stream *a, *b;
	struct vault *v = NULL;

	if (vault_open(dir, VAULT_WRITE, kit_seed, &v, NULL) < 0)
		return;
	v->log.close_at = 6;
	v->pack_close = 1500;
	a = any_stream(v, CASE_A);
	b = any_stream(v, CASE_B);
	for (unsigned i = 0; a && b && i < 5; i++) {
		if (commit_some(v, a, b, na[i], nb[i]) < 0)
			break;
		ack->leaves = vault_size(v);
		ack->a = stream_count(a);
		ack->b = stream_count(b);
		if (i == 2)
			vault_publish(v, NULL);
	}
	vault_close(v);
}

static void say_problem(void *arg, const struct verify_problem *p)
{
	snprintf(arg, 512, "%s:%llu: %s", p->file,
		 (unsigned long long)p->offset, p->what);
}

static void must_verify(const char *dir, unsigned at)
{
	char text[512] = "";
	struct verify_options o = { .threads = 1, .problem = say_problem,
				    .arg = text };
	struct verify_report rep;
	struct err e = ERR_INIT;

	cr_assert_eq(verify_vault(dir, &o, &rep, &e), 0, "after %u: %s%s", at,
		     text, e.text);
}

static void check_stream(struct vault *v, const char *dir, uint64_t least,
			 unsigned at)
{
	struct stream *s = NULL;
	struct err e = ERR_INIT;
	uint8_t pub[32];
	int r;

	kit_pub(pub);
	r = stream_open(v, dir, pub, kit_tag_of(dir), &s, &e);
	if (r == ERR_NOENT && least == 0)
		return;
	cr_assert_eq(r, 0, "after %u: %s", at, e.text);
	cr_assert_geq(stream_count(s), least, "after %u", at);
	cr_assert_eq(stream_unlock(s, kit_secret, &e), 0, "after %u: %s", at,
		     e.text);
	kit_check_items(s);
}

/* What must hold once the vault was opened again. */
static void oracle(const char *dir, const struct acked *ack, unsigned at)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	uint64_t size;

	cr_assert_eq(vault_open(dir, VAULT_WRITE, kit_seed, &v, &e), 0,
		     "after %u: %s", at, e.text);
	size = vault_size(v);
	cr_assert_geq(size, ack->leaves, "after %u", at);
	for (unsigned i = 0; i < cr.nheads; i++) {
		uint8_t root[32];

		cr_assert_leq(cr.heads[i].size, size, "after %u: a signed head "
			      "is ahead of the log", at);
		cr_assert_eq(tree_root(&v->log.tree, cr.heads[i].size, root), 0);
		cr_assert(!memcmp(root, cr.heads[i].root, 32),
			  "after %u: two histories", at);
	}
	check_stream(v, CASE_A, ack->a, at);
	check_stream(v, CASE_B, ack->b, at);
	vault_close(v);
	must_verify(dir, at);
	/* And nothing is left to do. */
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(vault_size(v), size);
	cr_assert_eq(v->rec.adopted, 0);
	vault_close(v);
	must_verify(dir, at);
}

/* Nothing armed, nothing kept. */
static void stop(void)
{
	start(0, 0, 0);
	vio_set_hook(NULL, NULL);
}

static unsigned operations(void)
{
	struct acked ack = { 0 };
	char *dir = kit_dir();
	unsigned n;

	vault_close(kit_new(dir));
	start(0, EIO, 1);
	work(dir, &ack);
	vio_set_hook(NULL, NULL);
	n = cr.count;
	stop();
	cr_assert_eq(ack.a, 7);
	cr_assert_eq(ack.b, 4);
	must_verify(dir, 0);
	kit_remove(dir);
	return n;
}

static void every_point(int error, int power)
{
	unsigned total = operations();

	cr_assert_gt(total, 60);
	for (unsigned at = 1; at <= total; at++) {
		struct acked ack = { 0 };
		char *dir = kit_dir();

		vault_close(kit_new(dir));
		start(at, error, at);
		work(dir, &ack);
		cr_assert(cr.down);
		if (power > -2)
			lose_power(power);
		vio_set_hook(NULL, NULL);
		oracle(dir, &ack, at);
		stop();
		kit_remove(dir);
	}
}

Test(recover, a_writer_killed_at_any_operation)
{
	every_point(EIO, -2);
}

Test(recover, a_full_disk_at_any_operation)
{
	every_point(ENOSPC, -2);
}

Test(recover, power_lost_at_any_operation_and_all_unsynced_with_it)
{
	every_point(EIO, 0);
}

Test(recover, power_lost_and_sectors_without_their_bytes)
{
	every_point(EIO, 3);
}

Test(recover, power_lost_and_each_write_with_its_own_fate)
{
	unsigned total = operations();

	for (unsigned seed = 0; seed < 3; seed++) {
		for (unsigned at = 1; at <= total; at++) {
			struct acked ack = { 0 };
			char *dir = kit_dir();

			vault_close(kit_new(dir));
			start(at, EIO, seed * 1000 + at);
			work(dir, &ack);
			lose_power(-1);
			oracle(dir, &ack, at);
			kit_remove(dir);
		}
	}
}

Test(recover, recovery_killed_at_any_operation_does_it_again)
{
	unsigned total = operations();

	/* Crash at every third point, then at every point of the recovery. */
	for (unsigned at = 3; at <= total; at += 3) {
		for (unsigned in = 1;; in++) {
			struct acked ack = { 0 };
			char *dir = kit_dir();
			struct vault *v = NULL;
			int down;

			vault_close(kit_new(dir));
			start(at, EIO, at);
			work(dir, &ack);
			cr.down = 0;
			cr.count = 0;
			cr.at = in;
			if (vault_open(dir, VAULT_WRITE, kit_seed, &v, NULL)
			    == 0)
				vault_close(v);
			down = cr.down;
			lose_power((int)(in % 4));
			oracle(dir, &ack, at * 1000 + in);
			kit_remove(dir);
			if (!down)
				break;
		}
	}
}

/* The oracle as a question: does all of it hold? */
static int holds(const char *dir, const struct acked *ack)
{
	struct verify_options o = { .threads = 1 };
	struct verify_report rep;
	struct vault *v = NULL;
	struct stream *a, *b;
	int ok;

	if (vault_open(dir, VAULT_WRITE, kit_seed, &v, NULL) < 0)
		return 0;
	ok = vault_size(v) >= ack->leaves;
	for (unsigned i = 0; i < cr.nheads; i++) {
		uint8_t root[32];

		ok &= tree_root(&v->log.tree, cr.heads[i].size, root) == 0
		      && !memcmp(root, cr.heads[i].root, 32);
	}
	a = any_stream(v, CASE_A);
	b = any_stream(v, CASE_B);
	ok &= a && stream_count(a) >= ack->a && b && stream_count(b) >= ack->b;
	vault_close(v);
	return ok && verify_vault(dir, &o, &rep, NULL) == 0;
}

/* No sync of a commit can go without the model seeing what it was for. */
Test(recover, each_sync_of_a_commit_is_needed)
{
	unsigned total = operations(), syncs, needed = 0;
	struct acked none = { 0 };
	char *dir = kit_dir();

	vault_close(kit_new(dir));
	start(0, EIO, 1);
	work(dir, &none);
	syncs = cr.syncs;
	stop();
	kit_remove(dir);
	for (unsigned drop = 1; drop <= syncs; drop++) {
		int seen = 0;

		for (unsigned at = 1; !seen && at <= total; at++) {
			struct acked ack = { 0 };

			dir = kit_dir();
			vault_close(kit_new(dir));
			start(at, EIO, at);
			cr.drop_at = drop;
			work(dir, &ack);
			/* Not come to it, or far behind it. */
			if (cr.syncs >= drop && cr.syncs < drop + 6) {
				lose_power(0);
				seen = !holds(dir, &ack);
			}
			stop();
			kit_remove(dir);
		}
		/* The last head: recovery signs the very same again. */
		cr_expect(seen || drop == syncs, "sync %u of %u is not missed",
			  drop, syncs);
		needed += (unsigned)seen;
	}
	cr_assert_geq(needed + 1, syncs);
}

/* The model can tell: without syncs, acknowledged items are lost. */
Test(recover, a_writer_whose_syncs_do_nothing_is_caught)
{
	unsigned total = operations(), lost = 0;

	for (unsigned at = total / 2; at <= total; at++) {
		struct acked ack = { 0 };
		char *dir = kit_dir();
		struct vault *v = NULL;

		vault_close(kit_new(dir));
		start(at, EIO, at);
		cr.drop_syncs = 1;
		work(dir, &ack);
		lose_power(0);
		if (vault_open(dir, VAULT_READ, NULL, &v, NULL) < 0
		    || vault_size(v) < ack.leaves)
			lost++;
		vault_close(v);
		kit_remove(dir);
	}
	cr_assert_gt(lost, 0);
}

Test(recover, after_a_failure_nothing_more_is_written)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct batch *b = NULL;
	struct err e = ERR_INIT;
	unsigned before;

	kit_commit(v, s, 1);
	start(4, EIO, 1);
	cr_assert_eq(commit_some(v, s, s, 1, 0), ERR_IO);
	before = cr.count;
	cr.down = 0;
	cr.at = 0;
	cr_assert_eq(batch_begin(v, &b, &e), ERR_IO);
	cr_assert_str_eq(e.text, "vault stopped after a failed write");
	cr_assert_eq(vault_publish(v, NULL), ERR_IO);
	vault_close(v);
	cr_assert_eq(cr.count, before);
	stop();
	kit_remove(dir);
}

Test(recover, what_recovery_did_is_told_until_a_leaf_tells_it)
{
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, "admin", 1);
	struct store_external x = { .path = path };
	struct store_item it = { .kind = LEAF_RECOVERY, .externals = &x,
				 .nexternals = 1,
				 .statement = bytes_str("recovery\n") };
	struct batch *b = NULL;
	char name[72];

	kit_commit(v, s, 1);
	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	kit_add(b, s, 1);
	cr_assert_eq(vio_write(s->pack_fd, s->out.p, s->out.len, s->pack_size,
			       NULL), 0);
	vault_close(v);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(vault_recovered(v)->torn_files, 1);
	cr_assert_eq(vault_recovered(v)->orphan_objects, 2);
	snprintf(name, sizeof name, "%s", vault_recovered(v)->names[0]);
	v->dead = 1;	/* crash before the leaf is written */
	vault_close(v);
	b = NULL;
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(vault_recovered(v)->torn_files, 1);
	s = kit_stream(v, "admin", 0);
	snprintf(path, sizeof path, "log/" KIT_SHARD "/torn/%s", name);
	cr_assert_eq(hex_get(BYTES(name, 64), x.sha256, 32), 0);
	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	cr_assert_eq(batch_add(b, s, &it, KIT_MS, NULL, NULL), 0);
	cr_assert_eq(batch_commit(b, NULL), 0);
	v->dead = 1;
	vault_close(v);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(vault_recovered(v)->torn_files, 0);
	vault_close(v);
	must_verify(dir, 0);
	kit_remove(dir);
}

/* Damage under a head is no torn tail: nothing is cut. */
Test(recover, damage_before_the_last_head_is_left_alone)
{
	const char *const files[] = { "log/" KIT_SHARD "/000000.seg",
				      CASE_A "/packs/000001.pack",
				      CASE_A "/keys/0001.add" };
	char *dir = kit_dir(), path[FILE_PATH_MAX];
	struct vault *v = kit_new(dir);
	struct stream *s = kit_stream(v, CASE_A, 1);

	for (int i = 0; i < 3; i++)
		kit_commit(v, s, 1);
	v->dead = 1;
	vault_close(v);
	for (size_t i = 0; i < 3; i++) {
		struct buf whole = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
		int refused = 0;

		kit_read(dir, files[i], &whole);
		file_path(path, dir, files[i], NULL);
		for (size_t at = 0; at < whole.len; at++) {
			int r;

			whole.p[at] ^= 0x10;
			kit_write(dir, files[i], buf_view(&whole));
			v = NULL;
			r = vault_open(dir, VAULT_WRITE, kit_seed, &v, NULL);
			if (r == 0)
				v->dead = 1;
			else
				refused++;
			vault_close(v);
			buf_clear(&after);
			kit_read(dir, files[i], &after);
			/* The last head alone looks like a torn append. */
			if (i > 0 || r < 0)
				cr_assert(bytes_eq(buf_view(&whole),
						   buf_view(&after)),
					  "%s changed, byte %zu", files[i], at);
			whole.p[at] ^= 0x10;
			kit_write(dir, files[i], buf_view(&whole));
		}
		cr_assert_gt(refused, 30);
		buf_release(&whole);
		buf_release(&after);
	}
	kit_remove(dir);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Erasing and rekeying: what goes is gone, what stays opens, nobody can drop or
 * swap slots unseen, and a writer killed at any operation leaves a vault that
 * goes on.
 */
#include "store/erase.h"
#include "store/rekey.h"
#include "tests/store/vaultkit.h"

#include <fcntl.h>

#define CASE_A "cases/00000000000000aa"
#define LIST CASE_A "/erasures/000001.list"

static const uint8_t next_secret[32] = { 4, 5, 6 };

static void pub_of(const uint8_t *secret, uint8_t pub[32])
{
	struct age_identity id;

	age_identity_from(&id, secret);
	memcpy(pub, id.recipient, 32);
}

static struct stream *open_as(struct vault *v, const char *dir,
			      const uint8_t *secret)
{
	struct stream *s = NULL;
	struct err e = ERR_INIT;
	uint8_t pub[32];

	pub_of(secret, pub);
	cr_assert_eq(stream_open(v, dir, pub, kit_tag_of(dir), &s, &e), 0, "%s",
		     e.text);
	cr_assert_eq(stream_unlock(s, secret, &e), 0, "%s", e.text);
	return s;
}

static void problem(void *arg, const struct verify_problem *p)
{
	snprintf(arg, 512, "%s:%llu: %s", p->file,
		 (unsigned long long)p->offset, p->what);
}

static int verified(const char *dir, char text[static 512])
{
	struct verify_options o = { .threads = 1, .problem = problem,
				    .arg = text };
	struct verify_report rep;
	struct err e = ERR_INIT;
	int r;

	*text = 0;
	r = verify_vault(dir, &o, &rep, &e);
	cr_assert_geq(r, 0, "%s", e.text);
	return r;
}

static void must_verify(const char *dir)
{
	char text[512];

	cr_assert_eq(verified(dir, text), 0, "%s", text);
}

static void must_find(const char *dir, const char *want)
{
	char text[512];

	cr_assert_eq(verified(dir, text), 1, "nothing found: %s", want);
	cr_assert_not_null(strstr(text, want), "'%s' instead of '%s'", text,
			   want);
}

/* A statement with externals, alone in its commit. */
static int name_files(struct vault *v, struct stream *s, unsigned kind,
		      const struct store_external *x, unsigned n)
{
	char text[] = "a statement\n";
	struct store_item it = { .kind = (uint16_t)kind,
				 .statement = bytes_str(text), .externals = x,
				 .nexternals = n };
	struct batch *b = NULL;
	int r = batch_begin(v, &b, NULL);

	if (r == 0)
		r = batch_add(b, s, &it, KIT_MS, NULL, NULL);
	if (r < 0) {
		batch_abort(b);
		return r;
	}
	return batch_commit(b, NULL);
}

/* Items 1 wholly, of item 3 object 2. */
static void what_to_erase(struct erase_list *l)
{
	cr_assert_eq(erase_list_add(l, 3, 3, 2), 0);
	cr_assert_eq(erase_list_add(l, 1, 1, ERASE_WHOLE), 0);
	erase_list_sort(l);
}

static int is_erased(uint64_t item, unsigned object)
{
	return item == 1 || (item == 3 && object == 2);
}

/*
 * The whole of an erasure; how far it came: 1 decided, 2 bytes gone, 3 the new
 * key counts, 4 certified.
 */
static int erase(struct vault *v, struct stream *admin, struct stream *s,
		 int *came)
{
	struct store_external x[REKEY_EXTERNALS], list = { .path = LIST };
	const struct store_external *named;
	struct erase_list l = { 0 };
	struct rekey *k = NULL;
	char path[ERASE_PATH_MAX];
	uint8_t pub[32];
	unsigned n;
	int r;

	what_to_erase(&l);
	r = erase_describe(s, &l, NULL);
	cr_assert_eq(l.nwas, 4);
	if (r == 0)
		r = erase_put(s, &l, path, list.sha256, NULL);
	list.path = path;
	if (r == 0)
		r = name_files(v, s, LEAF_ERASURE, &list, 1);
	if (r == 0)
		*came = 1;
	if (r == 0)
		r = erase_run(s, &l, NULL, NULL, NULL);
	if (r == 0)
		*came = 2;
	pub_of(next_secret, pub);
	if (r == 0)
		r = rekey_begin(s, pub, &k, NULL);
	if (r == 0) {
		named = rekey_externals(k, &n);
		memcpy(x, named, n * sizeof *x);
		r = name_files(v, admin, LEAF_ADMIN, x, n);
		if (r == 0) {
			*came = 3;
			r = rekey_finish(k, NULL);
		} else {
			rekey_abort(k);
		}
	}
	if (r == 0)
		r = name_files(v, s, LEAF_ERASURE, &list, 1);
	if (r == 0)
		*came = 4;
	erase_list_release(&l);
	return r;
}

/* Three commits of 2, 3 and 1 items; admin has one. */
static void fill(const char *dir)
{
	struct vault *v = kit_new(dir);
	struct stream *a = kit_stream(v, "admin", 1);
	struct stream *s = kit_stream(v, CASE_A, 1);

	v->pack_close = 2500;
	kit_commit(v, a, 1);
	kit_commit(v, s, 2);
	kit_commit(v, s, 3);
	kit_commit(v, s, 1);
	vault_close(v);
}

static void check_items(struct stream *s, uint64_t upto)
{
	struct buf plain = BUF_INIT(4096);
	struct err e = ERR_INIT;
	char want[96];

	for (uint64_t n = 0; n < upto; n++)
		for (unsigned o = 0; o < 3; o++) {
			size_t len = kit_text(want, sizeof want, s->dir, n, o);
			int r;

			buf_clear(&plain);
			r = stream_get(s, n, o, &plain, NULL, &e);
			if (is_erased(n, o)) {
				cr_assert_eq(r, ERR_NOENT);
				continue;
			}
			cr_assert_eq(r, 0, "item %llu object %u: %s",
				     (unsigned long long)n, o, e.text);
			cr_assert(bytes_eq(buf_view(&plain), BYTES(want, len)));
		}
	buf_release(&plain);
}

/* --- search of every file -------------------------------------------------- */

static struct bytes needle;
static char found_in[FILE_PATH_MAX];

static int look_in(const char *p, const struct stat *st, int t, struct FTW *f)
{
	struct buf b = BUF_INIT((size_t)64 << 20);

	(void)f;
	if (t != FTW_F || st->st_size == 0)
		return 0;
	cr_assert_eq(file_read(p, &b, NULL), 0);
	if (memmem(b.p, b.len, needle.p, needle.len))
		snprintf(found_in, sizeof found_in, "%s", p);
	buf_release(&b);
	return 0;
}

static int anywhere(const char *dir, struct bytes what)
{
	needle = what;
	*found_in = 0;
	nftw(dir, look_in, 16, FTW_PHYS);
	return *found_in != 0;
}

/* --- the whole way ---------------------------------------------------------- */

Test(erase, what_is_erased_is_nowhere_and_the_rest_opens)
{
	uint8_t ids[4][32];
	struct buf sealed[4];
	char *dir = kit_dir();
	struct err e = ERR_INIT;
	struct stream *a, *s;
	struct vault *v;
	int came = 0;

	fill(dir);
	v = kit_open(dir, VAULT_WRITE);
	a = open_as(v, "admin", kit_secret);
	s = open_as(v, CASE_A, kit_secret);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t item = i < 3 ? 1 : 3;
		unsigned object = i < 3 ? i : 2;
		struct buf plain = BUF_INIT(4096);

		sealed[i] = (struct buf)BUF_INIT(1 << 20);
		cr_assert_eq(stream_sealed(s, item, object, &sealed[i], ids[i],
					   &e), 0);
		cr_assert_eq(stream_get(s, item, object, &plain, NULL, &e), 0);
		cr_assert(anywhere(dir, buf_view(&sealed[i])));
		buf_release(&plain);
	}
	cr_assert_eq(erase(v, a, s, &came), 0);
	cr_assert_eq(came, 4);
	cr_assert_eq(stream_epoch(s), 2);
	check_items(s, 6);
	/* It goes on under the new key. */
	kit_commit(v, s, 2);
	vault_close(v);
	must_verify(dir);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert(!anywhere(dir, buf_view(&sealed[i])), "sealed bytes "
			  "in %s", found_in);
		buf_release(&sealed[i]);
	}
	v = kit_open(dir, VAULT_READ);
	s = open_as(v, CASE_A, next_secret);
	cr_assert_eq(stream_count(s), 10);	/* two of erasing */
	check_items(s, 6);
	/* Neither identities nor salts in the opened slots. */
	for (unsigned i = 0; i < 4; i++)
		for (uint64_t k = 0; k < s->slots_have; k++)
			cr_assert(memcmp(s->slots[k].identity, ids[i], 32));
	for (uint64_t k = 0; k < s->ngone; k++) {
		static const struct opened_slot none;

		cr_assert_eq(memcmp(&s->slots[s->gone[k]], &none, sizeof none),
			     0);
	}
	cr_assert_eq(s->ngone, 4);
	vault_close(v);
	kit_remove(dir);
}

Test(erase, an_old_key_does_not_open_the_new_table_nor_the_new_key_old_slots)
{
	struct buf old = BUF_INIT(1 << 20);
	char *dir = kit_dir();
	struct stream *a, *s = NULL;
	struct vault *v;
	uint8_t pub[32];
	int came = 0;

	fill(dir);
	kit_read(dir, CASE_A "/keys/0001.add", &old);
	v = kit_open(dir, VAULT_WRITE);
	a = open_as(v, "admin", kit_secret);
	s = open_as(v, CASE_A, kit_secret);
	cr_assert_eq(erase(v, a, s, &came), 0);
	vault_close(v);
	v = kit_open(dir, VAULT_READ);
	kit_pub(pub);
	cr_assert_eq(stream_open(v, CASE_A, pub, kit_tag_of(CASE_A), &s, NULL),
		     0);
	cr_assert_lt(stream_unlock(s, kit_secret, NULL), 0);
	vault_close(v);
	/* A backup of the slots, put back. */
	kit_write(dir, CASE_A "/keys/0001.add", buf_view(&old));
	must_find(dir, "says it is gone");
	v = kit_open(dir, VAULT_READ);
	s = open_as(v, CASE_A, next_secret);
	check_items(s, 6);
	vault_close(v);
	buf_release(&old);
	kit_remove(dir);
}

Test(erase, a_key_can_change_again_and_again)
{
	char *dir = kit_dir();
	struct stream *a, *s;
	struct vault *v;
	uint8_t secret[32] = { 1, 2, 3 }, pub[32];

	fill(dir);
	for (unsigned i = 0; i < 5; i++) {
		struct rekey *k = NULL;
		const struct store_external *x;
		unsigned n;

		v = kit_open(dir, VAULT_WRITE);
		a = open_as(v, "admin", kit_secret);
		s = open_as(v, CASE_A, secret);
		secret[31] = (uint8_t)(i + 1);
		pub_of(secret, pub);
		cr_assert_eq(rekey_begin(s, pub, &k, NULL), 0);
		if (i == 2) {	/* thought better of it */
			rekey_abort(k);
			cr_assert_eq(stream_epoch(s), i + 1);
			kit_commit(v, s, 1);
			cr_assert_eq(rekey_begin(s, pub, &k, NULL), 0);
		}
		x = rekey_externals(k, &n);
		cr_assert_eq(n, i ? 3 : 2);
		cr_assert_eq(name_files(v, a, LEAF_ADMIN, x, n), 0);
		cr_assert_eq(rekey_finish(k, NULL), 0);
		if (i % 2)
			kit_commit(v, s, 1);
		kit_check_items(s);
		vault_close(v);
		must_verify(dir);
		/* As after a crash that left nothing to do. */
		kit_write(dir, "LOCK", bytes_str("dirty"));
		vault_close(kit_open(dir, VAULT_WRITE));
		must_verify(dir);
	}
	v = kit_open(dir, VAULT_READ);
	kit_check_items(open_as(v, CASE_A, secret));
	vault_close(v);
	kit_remove(dir);
}

Test(erase, an_empty_stream_gets_a_new_key_too)
{
	char *dir = kit_dir();
	struct vault *v = kit_new(dir);
	struct stream *a = kit_stream(v, "admin", 1);
	struct stream *s = kit_stream(v, CASE_A, 1);
	const struct store_external *x;
	struct rekey *k = NULL;
	uint8_t pub[32];
	unsigned n;

	pub_of(next_secret, pub);
	cr_assert_eq(rekey_begin(s, pub, &k, NULL), 0);
	x = rekey_externals(k, &n);
	cr_assert_eq(name_files(v, a, LEAF_ADMIN, x, n), 0);
	cr_assert_eq(rekey_finish(k, NULL), 0);
	kit_commit(v, s, 2);
	vault_close(v);
	must_verify(dir);
	v = kit_open(dir, VAULT_READ);
	kit_check_items(open_as(v, CASE_A, next_secret));
	vault_close(v);
	kit_remove(dir);
}

Test(erase, a_locked_stream_and_a_batch_in_progress_are_refused)
{
	char *dir = kit_dir();
	struct erase_list l = { 0 };
	struct batch *b = NULL;
	struct rekey *k = NULL;
	struct stream *s = NULL;
	struct vault *v;
	uint8_t pub[32];

	fill(dir);
	what_to_erase(&l);
	v = kit_open(dir, VAULT_WRITE);
	kit_pub(pub);
	cr_assert_eq(stream_open(v, CASE_A, pub, kit_tag_of(CASE_A), &s, NULL),
		     0);
	cr_assert_eq(rekey_begin(s, pub, &k, NULL), ERR_AUTH);
	cr_assert_eq(stream_unlock(s, kit_secret, NULL), 0);
	cr_assert_eq(batch_begin(v, &b, NULL), 0);
	kit_add(b, s, 1);
	cr_assert_eq(rekey_begin(s, pub, &k, NULL), ERR_BUSY);
	cr_assert_eq(erase_run(s, &l, NULL, NULL, NULL), ERR_BUSY);
	cr_assert_eq(batch_commit(b, NULL), 0);
	vault_close(v);
	v = kit_open(dir, VAULT_READ);
	s = open_as(v, CASE_A, kit_secret);
	cr_assert_eq(rekey_begin(s, pub, &k, NULL), ERR_DENIED);
	cr_assert_eq(erase_run(s, &l, NULL, NULL, NULL), ERR_DENIED);
	vault_close(v);
	erase_list_release(&l);
	kit_remove(dir);
}

/* --- what verify finds -------------------------------------------------------- */

static void erased(const char *dir, int upto)
{
	struct vault *v;
	int came = 0;

	(void)upto;
	fill(dir);
	v = kit_open(dir, VAULT_WRITE);
	cr_assert_eq(erase(v, open_as(v, "admin", kit_secret),
			   open_as(v, CASE_A, kit_secret), &came), 0);
	kit_commit(v, v->streams, 1);
	vault_close(v);
	must_verify(dir);
}

Test(erase, a_table_altered_missing_or_swapped_is_found)
{
	const char *tab = CASE_A "/keys/0002.tab.age";
	struct buf b = BUF_INIT(1 << 20);
	char *dir = kit_dir(), path[FILE_PATH_MAX];

	erased(dir, 4);
	kit_read(dir, tab, &b);
	for (size_t i = 0; i < b.len; i += 7) {
		b.p[i] ^= 1;
		kit_write(dir, tab, buf_view(&b));
		must_find(dir, "file is altered");
		b.p[i] ^= 1;
	}
	kit_write(dir, tab, buf_view(&b));
	must_verify(dir);
	/* Another table, made by somebody who knows the public key. */
	{
		struct buf fake = BUF_INIT(1 << 20);
		uint8_t pub[32], plain[SLOT_TAB_HEAD_LEN];

		slot_tab_put(&(struct slot_tab){ 2, 7, 0 }, plain);
		pub_of(next_secret, pub);
		cr_assert_eq(age_encrypt(pub, BYTES(plain, sizeof plain),
					 &fake), 0);
		kit_write(dir, tab, buf_view(&fake));
		must_find(dir, "file is altered");
		buf_release(&fake);
	}
	/* And a newer one nobody names. */
	kit_write(dir, tab, buf_view(&b));
	kit_write(dir, CASE_A "/keys/0003.tab.age", buf_view(&b));
	must_find(dir, "no leaf names this");
	file_path(path, dir, CASE_A "/keys/0003.tab.age", NULL);
	unlink(path);
	must_verify(dir);
	file_path(path, dir, tab, NULL);
	unlink(path);
	must_find(dir, "file is missing");
	buf_release(&b);
	kit_remove(dir);
}

Test(erase, slots_dropped_behind_the_table_are_found)
{
	const char *add = CASE_A "/keys/0002.add";
	char *dir = kit_dir(), path[FILE_PATH_MAX];

	erased(dir, 4);
	file_path(path, dir, add, NULL);
	cr_assert(file_exists(path));
	unlink(path);
	must_find(dir, "has no slots");
	kit_remove(dir);
}

Test(erase, more_gone_than_the_erasure_names_is_found)
{
	char *dir = kit_dir();
	struct erase_list l = { 0 };
	struct vault *v;
	struct stream *s;

	erased(dir, 4);
	v = kit_open(dir, VAULT_WRITE);
	s = open_as(v, CASE_A, next_secret);
	cr_assert_eq(erase_list_add(&l, 4, 4, 1), 0);
	cr_assert_eq(erase_run(s, &l, NULL, NULL, NULL), 0);
	vault_close(v);
	must_find(dir, "no erasure names them");
	erase_list_release(&l);
	kit_remove(dir);
}

Test(erase, a_body_that_is_there_after_its_certificate_is_found)
{
	char *dir = kit_dir();
	struct buf old[8];
	char name[64];
	unsigned packs = 0;

	fill(dir);
	for (;; packs++) {
		char path[FILE_PATH_MAX];

		snprintf(name, sizeof name, CASE_A "/packs/%06u.pack",
			 packs + 1);
		file_path(path, dir, name, NULL);
		if (!file_exists(path))
			break;
		old[packs] = (struct buf)BUF_INIT(1 << 20);
		kit_read(dir, name, &old[packs]);
	}
	cr_assert_geq(packs, 2);
	{
		struct vault *v = kit_open(dir, VAULT_WRITE);
		int came = 0;

		cr_assert_eq(erase(v, open_as(v, "admin", kit_secret),
				   open_as(v, CASE_A, kit_secret), &came), 0);
		vault_close(v);
	}
	must_verify(dir);
	/* All but the last pack, which has grown since. */
	for (unsigned i = 0; i + 1 < packs; i++) {
		snprintf(name, sizeof name, CASE_A "/packs/%06u.pack", i + 1);
		kit_write(dir, name, buf_view(&old[i]));
	}
	must_find(dir, "still there");
	for (unsigned i = 0; i < packs; i++)
		buf_release(&old[i]);
	kit_remove(dir);
}

Test(erase, an_altered_list_erases_nothing_at_recovery_and_is_found)
{
	char *dir = kit_dir();
	struct erase_list l = { 0 };
	struct store_external list = { .path = LIST };
	char path[ERASE_PATH_MAX];
	struct vault *v;
	struct stream *s;

	fill(dir);
	v = kit_open(dir, VAULT_WRITE);
	s = open_as(v, CASE_A, kit_secret);
	what_to_erase(&l);
	cr_assert_eq(erase_put(s, &l, path, list.sha256, NULL), 0);
	cr_assert_str_eq(path, LIST);
	cr_assert_eq(name_files(v, s, LEAF_ERASURE, &list, 1), 0);
	vault_close(v);
	must_find(dir, "decided and not done");
	kit_write(dir, LIST, bytes_str("scelle/v1/erased\nstream " CASE_A "\n"
				       "items 0 5\n"));
	kit_write(dir, "LOCK", bytes_str("dirty"));
	v = kit_open(dir, VAULT_WRITE);
	s = open_as(v, CASE_A, kit_secret);
	cr_assert_eq(s->ngone, 0);
	vault_close(v);
	must_find(dir, "file is altered");
	erase_list_release(&l);
	kit_remove(dir);
}

/* --- killed at any operation --------------------------------------------------- */

static unsigned count, stop_at;
static int stop_error, down;

static int stop_hook(void *arg, enum vio_op op, int fd, const char *path,
		     uint64_t off, const void *p, size_t *n)
{
	(void)arg, (void)fd, (void)path, (void)off, (void)p;
	count++;
	if (down || (stop_at && count >= stop_at)) {
		if (!down && op == VIO_WRITE)
			*n /= 2;
		else if (op == VIO_WRITE)
			*n = 0;
		down = 1;
		return stop_error;
	}
	return 0;
}

static void run_stopped(const char *dir, unsigned at, int error, int *came)
{
	struct vault *v = kit_open(dir, VAULT_WRITE);
	struct stream *a = open_as(v, "admin", kit_secret);
	struct stream *s = open_as(v, CASE_A, kit_secret);

	count = 0;
	down = 0;
	stop_at = at;
	stop_error = error;
	vio_set_hook(stop_hook, NULL);
	erase(v, a, s, came);
	vault_close(v);
	vio_set_hook(NULL, NULL);
}

/* Whatever came, opening it goes on, and it verifies. */
static void judge(const char *dir, int came, unsigned at)
{
	struct vault *v = kit_open(dir, VAULT_WRITE);
	struct err e = ERR_INIT;
	struct stream *s = NULL;
	const uint8_t *secret;
	uint32_t epoch = 0;
	uint8_t pub[32];

	cr_assert_eq(keys_epoch(dir, CASE_A, &epoch, &e), 0);
	if (came >= 3)
		cr_assert_eq(epoch, 2, "after %u", at);
	secret = epoch == 2 ? next_secret : kit_secret;
	pub_of(secret, pub);
	cr_assert_eq(stream_open(v, CASE_A, pub, kit_tag_of(CASE_A), &s, &e), 0,
		     "after %u: %s", at, e.text);
	cr_assert_eq(stream_unlock(s, secret, &e), 0, "after %u: %s", at,
		     e.text);
	if (came >= 1)
		cr_assert_eq(s->ngone, 4, "after %u", at);
	if (s->ngone)
		check_items(s, 6);
	else
		for (uint64_t n = 0; n < 6; n++) {
			struct buf plain = BUF_INIT(4096);

			cr_assert_eq(stream_get(s, n, 0, &plain, NULL, &e), 0);
			buf_release(&plain);
		}
	if (epoch == 2)
		cr_assert_eq(memcmp(s->pub, pub, 32), 0);
	kit_commit(v, s, 1);
	vault_close(v);
	must_verify(dir);
	/* No slots of an epoch that is over. */
	if (epoch == 2) {
		char path[FILE_PATH_MAX];

		file_path(path, dir, CASE_A "/keys/0001.add", NULL);
		cr_assert(!file_exists(path), "after %u", at);
	}
}

static void every_point(int error)
{
	char *dir = kit_dir();
	unsigned total;
	int came = 0;

	fill(dir);
	run_stopped(dir, 0, error, &came);
	cr_assert_eq(came, 4);
	total = count;
	kit_remove(dir);
	cr_assert_gt(total, 40);
	for (unsigned at = 1; at <= total; at++) {
		dir = kit_dir();
		came = 0;
		fill(dir);
		run_stopped(dir, at, error, &came);
		judge(dir, came, at);
		kit_remove(dir);
	}
}

Test(erase, an_eraser_killed_at_any_operation)
{
	every_point(EIO);
}

Test(erase, a_full_disk_at_any_operation)
{
	every_point(ENOSPC);
}

Test(erase, recovery_killed_at_any_operation_does_it_again)
{
	for (unsigned at = 1; at < 60; at += 3)
		for (unsigned again = 1; again < 40; again += 4) {
			char *dir = kit_dir();
			struct vault *v = NULL;
			int came = 0;

			fill(dir);
			run_stopped(dir, at, EIO, &came);
			count = 0;
			down = 0;
			stop_at = again;
			vio_set_hook(stop_hook, NULL);
			if (vault_open(dir, VAULT_WRITE, kit_seed, &v, NULL)
			    == 0)
				vault_close(v);
			vio_set_hook(NULL, NULL);
			judge(dir, came, at * 1000 + again);
			kit_remove(dir);
		}
}

/* --- at random ------------------------------------------------------------------ */

#define RANDOM_ITEMS 60u

static unsigned rnd = 1;

static unsigned roll(unsigned n)
{
	rnd = rnd * 1103515245u + 12345u;
	return (rnd >> 8) % n;
}

/* What an erased object was, kept to look for it. */
struct secret_of {
	uint8_t identity[32], salt[32];
	struct buf sealed;
};

/* One erasure with a new key and a certificate. */
static void erase_one(struct vault *v, struct stream *a, struct stream *s,
		      struct erase_list *l, const uint8_t *secret)
{
	struct store_external list = { .path = NULL };
	const struct store_external *x;
	char path[ERASE_PATH_MAX];
	struct rekey *k = NULL;
	struct err e = ERR_INIT;
	uint8_t pub[32];
	unsigned n;

	cr_assert_eq(erase_describe(s, l, &e), 0, "%s", e.text);
	cr_assert_eq(erase_put(s, l, path, list.sha256, &e), 0, "%s", e.text);
	list.path = path;
	cr_assert_eq(name_files(v, a, LEAF_ERASURE, &list, 1), 0);
	cr_assert_eq(erase_run(s, l, NULL, NULL, &e), 0, "%s", e.text);
	pub_of(secret, pub);
	cr_assert_eq(rekey_begin(s, pub, &k, &e), 0, "%s", e.text);
	x = rekey_externals(k, &n);
	cr_assert_eq(name_files(v, a, LEAF_ADMIN, x, n), 0);
	cr_assert_eq(rekey_finish(k, &e), 0, "%s", e.text);
	cr_assert_eq(name_files(v, a, LEAF_ERASURE, &list, 1), 0);
}

/*
 * SCELLE_ERASURES of them, each of one object or a whole item of a growing
 * case; then nothing of any is in any file, nor in the opened slots.
 */
Test(erase, erasures_at_random_leave_nothing, .timeout = 3600)
{
	const char *env = getenv("SCELLE_ERASURES");
	unsigned rounds = env ? (unsigned)strtoul(env, NULL, 10) : 40;
	char *dir = kit_dir();
	uint8_t secret[32] = { 1, 2, 3 };
	struct vault *v = kit_new(dir);
	struct stream *a = kit_stream(v, "admin", 1);
	struct stream *s = kit_stream(v, CASE_A, 1);
	struct secret_of *gone = calloc(rounds * 3 + 3, sizeof *gone);
	struct buf backup = BUF_INIT(16 << 20);
	struct err e = ERR_INIT;
	size_t n = 0;

	v->pack_close = 9000;
	kit_commit(v, s, RANDOM_ITEMS);
	cr_assert_eq(stream_unlock(s, secret, &e), 0, "%s", e.text);
	for (unsigned i = 0; i < rounds; i++) {
		struct erase_list l = { 0 };
		char keys[64];
		uint64_t item;
		unsigned object;

		if (roll(2))
			kit_commit(v, s, 1 + roll(4));
		do {
			item = roll((unsigned)s->nitems);
			object = roll(4);
		} while (s->items[item].objects != 3
			 || stream_gone(s, s->items[item].slot + object % 3));
		cr_assert_eq(erase_list_add(&l, item, item, object == 3
					    ? ERASE_WHOLE : object), 0);
		for (unsigned o = object % 3; o < 3; o++) {
			struct secret_of *g = &gone[n];
			uint64_t at = s->items[item].slot + o;

			if (stream_gone(s, at))
				continue;
			g->sealed = (struct buf)BUF_INIT(1 << 20);
			cr_assert_eq(stream_sealed(s, item, o, &g->sealed,
						   g->identity, &e), 0);
			memcpy(g->salt, s->slots[at].salt, 32);
			n++;
			if (object != 3)
				break;
		}
		/* A backup of the keys as they were. */
		snprintf(keys, sizeof keys, CASE_A "/keys/%04u.%s", s->epoch,
			 s->epoch == 1 ? "add" : "tab.age");
		buf_clear(&backup);
		kit_read(dir, keys, &backup);
		secret[30] = (uint8_t)(i >> 8);
		secret[31] = (uint8_t)(i + 1);
		erase_one(v, a, s, &l, secret);
		erase_list_release(&l);
		if (i % 8 == 0 || i + 1 == rounds)
			must_verify(dir);
		/* The present key does not open it. */
		{
			struct buf plain = BUF_INIT(16 << 20);
			struct age_identity id;
			size_t off = SLOT_FILE_HEAD_LEN + SLOT_FRAME_LEN;

			age_identity_from(&id, secret);
			if (s->epoch > 2)
				off = 0;
			cr_assert_eq(age_decrypt(&id, 1, BYTES(backup.p + off,
						 backup.len - off), &plain,
						 NULL), ERR_NOENT);
			buf_release(&plain);
		}
	}
	for (size_t i = 0; i < n; i++) {
		cr_assert(!anywhere(dir, BYTES(gone[i].identity, 32)));
		cr_assert(!anywhere(dir, BYTES(gone[i].sealed.p, 200)),
			  "sealed bytes in %s", found_in);
		for (uint64_t k = 0; k < s->slots_have; k++)
			cr_assert(memcmp(s->slots[k].identity,
					 gone[i].identity, 32));
	}
	cr_log_info("%u erasures, %zu objects", rounds, n);
	vault_close(v);
	must_verify(dir);
	/* Read anew under the last key: what is left opens, nothing else. */
	v = kit_open(dir, VAULT_READ);
	s = open_as(v, CASE_A, secret);
	for (uint64_t k = 0; k < s->slots_have; k++)
		for (size_t i = 0; i < n; i++)
			cr_assert(memcmp(s->slots[k].identity,
					 gone[i].identity, 32));
	for (uint64_t i = 0; i < s->nitems; i++)
		for (unsigned o = 0; o < s->items[i].objects; o++) {
			struct buf plain = BUF_INIT(4096);
			int r = stream_get(s, i, o, &plain, NULL, &e);

			cr_assert_eq(r, stream_gone(s, s->items[i].slot + o)
				     ? ERR_NOENT : 0, "%s", e.text);
			buf_release(&plain);
		}
	cr_assert_eq(s->ngone, n);
	for (size_t i = 0; i < n; i++)
		buf_release(&gone[i].sealed);
	free(gone);
	buf_release(&backup);
	vault_close(v);
	kit_remove(dir);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/cosignature.h"
#include "store/witness_int.h"
#include "tests/store/vaultkit.h"

#define NOW 1790000000

/* A log of n leaves, by a seed: two seeds are two histories. */
struct fake {
	struct tree tree;
	struct note_skey key;
};

static void fake_init(struct fake *f, const char *origin)
{
	static const uint8_t seed[32] = { 5 };

	memset(f, 0, sizeof *f);
	tree_init(&f->tree);
	cr_assert_eq(note_skey_make(&f->key, origin, NOTE_ED25519, seed, NULL),
		     0);
}

static void fake_grow(struct fake *f, uint64_t n, const char *salt)
{
	char text[64];
	uint8_t leaf[32];

	while (tree_size(&f->tree) < n) {
		snprintf(text, sizeof text, "%s %llu", salt,
			 (unsigned long long)tree_size(&f->tree));
		tree_leaf_hash(bytes_str(text), leaf);
		cr_assert_eq(tree_append(&f->tree, leaf), 0);
	}
}

static void fake_head(const struct fake *f, uint64_t size, struct buf *out)
{
	struct checkpoint c = { .origin = bytes_str(f->key.vkey.name),
				.size = size };

	cr_assert_eq(tree_root(&f->tree, size, c.root), 0);
	cr_assert_eq(checkpoint_sign(&c, &f->key, 1, out, NULL), 0);
}

static void fake_request(const struct fake *f, uint64_t old, uint64_t size,
			 struct buf *out)
{
	uint8_t proof[TREE_PROOF_MAX][SHA256_LEN];
	struct buf head = BUF_INIT(CHECKPOINT_MAX);
	struct witness_request q = { .old = old };
	int n = old && old < size
		? tree_consistency(&f->tree, old, size, proof) : 0;

	cr_assert_geq(n, 0);
	q.n = (size_t)n;
	memcpy(q.proof, proof, q.n * SHA256_LEN);
	fake_head(f, size, &head);
	q.note = buf_view(&head);
	buf_clear(out);
	cr_assert_eq(witness_request_put(&q, out), 0);
	buf_release(&head);
}

static char *dir;

static void setup(void)
{
	char path[300];

	dir = kit_dir();
	snprintf(path, sizeof path, "%s/w", dir);
	cr_assert_eq(witness_create(path, "unit4.example/witness",
				    bytes_str("a phrase"), 2, NULL), 0);
}

static void teardown(void)
{
	kit_remove(dir);
}

TestSuite(witness, .init = setup, .fini = teardown);

static const char *wdir(void)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/w", dir);
	return path;
}

static struct witness *opened(void)
{
	struct witness *w = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(witness_open(wdir(), bytes_str("a phrase"), &w, &e), 0,
		     "%s", e.text);
	return w;
}

static void knows(const struct fake *f)
{
	struct buf vkey = BUF_INIT(512);

	note_vkey_put(&f->key.vkey, &vkey);
	cr_assert_eq(witness_add_log(wdir(), buf_cstr(&vkey), NULL), 0);
	buf_release(&vkey);
}

/* What the witness answers to old -> size of f; its body in answer. */
static int ask(struct witness *w, const struct fake *f, uint64_t old,
	       uint64_t size, struct buf *answer)
{
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct err e = ERR_INIT;
	int status = 0;

	buf_clear(answer);
	fake_request(f, old, size, &body);
	cr_assert_eq(witness_answer(w, buf_view(&body), NOW, &status, answer,
				    NULL, &e), 0, "%s", e.text);
	buf_release(&body);
	return status;
}

Test(witness, cosigns_what_adds_and_nothing_else)
{
	struct buf a = BUF_INIT(4096), head = BUF_INIT(CHECKPOINT_MAX);
	struct witness *w = opened();
	struct cosignature got;
	struct bytes text, lines;
	struct fake f, g;
	size_t n;

	fake_init(&f, "scelle/unit-2026");
	fake_init(&g, "scelle/unit-2026");
	fake_grow(&f, 40, "one");
	fake_grow(&g, 10, "one");
	fake_grow(&g, 40, "two");
	cr_expect_eq(ask(w, &f, 0, 3, &a), WITNESS_UNKNOWN);
	knows(&f);
	cr_expect_eq(ask(w, &f, 0, 20, &a), WITNESS_DONE);
	fake_head(&f, 20, &head);
	cr_assert_eq(cosignature_split(buf_view(&head), &text, &lines, NULL),
		     0);
	cr_expect_eq(cosignature_check(text, buf_view(&a), witness_vkey(w), 1,
				       &got, &n, NULL), 0);
	cr_expect_eq(got.time_s, NOW);
	/* Another size is known: it says which. */
	cr_expect_eq(ask(w, &f, 0, 30, &a), WITNESS_CONFLICT);
	cr_expect_str_eq(buf_cstr(&a), "20\n");
	cr_expect_eq(ask(w, &f, 5, 20, &a), WITNESS_CONFLICT);
	/* Smaller: rolled back. */
	cr_expect_eq(ask(w, &f, 0, 10, &a), WITNESS_CONFLICT);
	cr_expect_eq(ask(w, &f, 20, 20, &a), WITNESS_DONE);
	cr_expect_eq(ask(w, &f, 20, 30, &a), WITNESS_DONE);
	/* A fork, at the same size and beyond. */
	cr_expect_eq(ask(w, &g, 30, 30, &a), WITNESS_CONFLICT);
	cr_expect_str_eq(buf_cstr(&a), "30\n");
	cr_expect_eq(ask(w, &g, 30, 40, &a), WITNESS_INCONSISTENT);
	cr_expect_eq(a.len, 0);
	cr_expect_eq(ask(w, &f, 30, 40, &a), WITNESS_DONE);
	witness_close(w);
	tree_release(&f.tree);
	tree_release(&g.tree);
	buf_release(&a);
	buf_release(&head);
}

Test(witness, remembers_before_it_answers_and_keeps_what_contradicts)
{
	struct buf a = BUF_INIT(4096);
	struct witness *w = opened();
	struct witness_log *logs;
	struct buf head = BUF_INIT(CHECKPOINT_MAX);
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct fake f, g;
	char st[FILE_PATH_MAX], path[400];
	size_t n;

	fake_init(&f, "scelle/unit-2026");
	fake_init(&g, "scelle/unit-2026");
	fake_grow(&f, 9, "one");
	fake_grow(&g, 12, "two");
	knows(&f);
	cr_expect_eq(ask(w, &f, 0, 9, &a), WITNESS_DONE);
	cr_expect_eq(ask(w, &g, 9, 12, &a), WITNESS_INCONSISTENT);
	cr_expect_eq(ask(w, &g, 9, 12, &a), WITNESS_INCONSISTENT);
	witness_close(w);
	cr_assert_eq(witness_logs(wdir(), &logs, &n, NULL), 0);
	cr_assert_eq(n, 1);
	cr_expect_eq(logs[0].size, 9);
	cr_expect_eq(logs[0].time_s, NOW);
	cr_expect_eq(logs[0].against, 1);
	cr_expect_str_eq(logs[0].origin, "scelle/unit-2026");
	free(logs);
	w = opened();
	cr_expect_eq(ask(w, &f, 0, 9, &a), WITNESS_CONFLICT);
	cr_expect_str_eq(buf_cstr(&a), "9\n");
	/* A memory that was tampered with cosigns nothing. */
	cr_assert_eq(witness_log_dir(wdir(), bytes_str("scelle/unit-2026"), st),
		     0);
	snprintf(path, sizeof path, "%.300s/head.note", st);
	cr_assert_eq(file_read(path, &head, NULL), 0);
	for (size_t i = 0; i < head.len; i++) {
		int status = 0;
		struct err e = ERR_INIT;

		head.p[i] ^= 1;
		cr_assert_eq(file_replace(path, buf_view(&head), 0600, NULL),
			     0);
		fake_request(&f, 9, 9, &body);
		cr_expect_eq(witness_answer(w, buf_view(&body), NOW, &status,
					    &a, NULL, &e), ERR_DAMAGED,
			     "byte %zu", i);
		head.p[i] ^= 1;
	}
	witness_close(w);
	tree_release(&f.tree);
	tree_release(&g.tree);
	buf_release(&a);
	buf_release(&head);
	buf_release(&body);
}

Test(witness, refuses_what_is_malformed_or_unsigned)
{
	struct buf a = BUF_INIT(4096), body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct witness *w = opened();
	struct note_skey real;
	struct fake f;
	int status;
	static const uint8_t other[32] = { 6 };
	static const char *const bad[] = {
		"", "old 0", "old 0\n", "old 0\n\n", "old 00\n\nx\n", "old -1\n\nx\n",
		"new 0\n\nx\n", "old 0\nAAAA\n\nx\n", "old 0\n\nnothing signed\n",
		"old 9223372036854775808\n\nx\n",
	};

	fake_init(&f, "scelle/unit-2026");
	fake_grow(&f, 9, "one");
	knows(&f);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_assert_eq(witness_answer(w, bytes_str(bad[i]), NOW, &status,
					    &a, NULL, NULL), 0);
		cr_expect_eq(status, WITNESS_MALFORMED, "%zu", i);
		cr_expect_eq(a.len, 0);
	}
	fake_request(&f, 0, 9, &body);
	/* No byte of a request can be changed without being noticed. */
	for (size_t i = 0; i < body.len; i++) {
		body.p[i] ^= 1;
		buf_clear(&a);
		cr_assert_eq(witness_answer(w, buf_view(&body), NOW, &status,
					    &a, NULL, NULL), 0);
		cr_expect_neq(status, WITNESS_DONE, "byte %zu", i);
		body.p[i] ^= 1;
	}
	real = f.key;
	cr_assert_eq(note_skey_make(&f.key, "scelle/unit-2026", NOTE_ED25519,
				    other, NULL), 0);
	cr_expect_eq(ask(w, &f, 0, 9, &a), WITNESS_FORBIDDEN);
	f.key = real;
	cr_expect_eq(ask(w, &f, 9, 5, &a), WITNESS_MALFORMED);
	cr_expect_eq(ask(w, &f, 0, 9, &a), WITNESS_DONE);
	witness_close(w);
	tree_release(&f.tree);
	buf_release(&a);
	buf_release(&body);
}

static void told(void *arg, const char *name, int status, const char *why)
{
	(void)name, (void)why;
	*(int *)arg = status;
}

Test(witness, answers_each_file_of_a_directory_once)
{
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct witness *w = opened();
	char **names;
	struct fake f;
	char path[400];
	size_t n;
	int last = 0;

	fake_init(&f, "scelle/unit-2026");
	fake_grow(&f, 9, "one");
	knows(&f);
	fake_request(&f, 0, 9, &body);
	snprintf(path, sizeof path, "%s/a-9.request", dir);
	cr_assert_eq(file_create(path, buf_view(&body), 0600, NULL), 0);
	snprintf(path, sizeof path, "%s/.a-9.request.Xx", dir);
	cr_assert_eq(file_create(path, BYTES(body.p, 10), 0600, NULL), 0);
	cr_expect_eq(witness_spool(w, dir, NOW, told, &last, NULL), 1);
	cr_expect_eq(last, 200);
	cr_expect_eq(witness_spool(w, dir, NOW, told, &last, NULL), 0);
	fake_request(&f, 0, 8, &body);
	snprintf(path, sizeof path, "%s/b-8.request", dir);
	cr_assert_eq(file_create(path, buf_view(&body), 0600, NULL), 0);
	cr_expect_eq(witness_spool(w, dir, NOW, told, &last, NULL), 1);
	cr_expect_eq(last, 409);
	cr_assert_eq(file_list(dir, &names, &n, NULL), 0);
	cr_expect_eq(n, 6);	/* w, the two, their answers, the half one */
	free(names);
	witness_close(w);
	tree_release(&f.tree);
	buf_release(&body);
}

Test(witness, opens_with_its_passphrase_only)
{
	struct witness *w = NULL;

	cr_expect_eq(witness_open(wdir(), bytes_str("another"), &w, NULL),
		     ERR_AUTH);
	cr_expect_eq(witness_create(wdir(), "x", bytes_str("p"), 2, NULL),
		     ERR_EXIST);
	cr_expect_eq(witness_open(dir, bytes_str("a phrase"), &w, NULL),
		     ERR_NOENT);
}

/* C2SP torchwood, litewitness/testdata/multi-cosigs-ed25519.txt: a log's key,
 * and a request that a witness which knows it answers with 200. */
Test(witness, takes_a_published_request)
{
#define SIGSUM "sigsum.org/v1/tree/" \
	"985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
	static const char published[] =
		"old 0\n\n" SIGSUM "\n1\n"
		"KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		"\xe2\x80\x94 " SIGSUM " 7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2"
		"avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=\n";
	static const char pk[] =
		"52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd";
	struct buf vkey = BUF_INIT(512), a = BUF_INIT(4096);
	struct witness *w = opened();
	struct note_vkey k;
	uint8_t raw[32];
	int status = 0;

	cr_assert_eq(hex_get(bytes_str(pk), raw, 32), 0);
	cr_assert_eq(note_vkey_make(&k, SIGSUM, NOTE_ED25519, raw, NULL), 0);
	note_vkey_put(&k, &vkey);
	cr_assert_eq(witness_add_log(wdir(), buf_cstr(&vkey), NULL), 0);
	cr_expect_eq(witness_add_log(wdir(), buf_cstr(&vkey), NULL),
		     ERR_EXIST);
	cr_assert_eq(witness_answer(w, bytes_str(published), NOW, &status, &a,
				    NULL, NULL), 0);
	cr_expect_eq(status, 200);
	witness_close(w);
	buf_release(&vkey);
	buf_release(&a);
}

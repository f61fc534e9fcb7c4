/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/tree.h"
#include "tests/store/vectors.h"

#include <dirent.h>
#include <sys/stat.h>

typedef uint8_t hash_t[SHA256_LEN];
typedef const uint8_t (*proof_t)[SHA256_LEN];

/* The definition of RFC 6962 section 2.1, word for word. */
static void slow_root(hash_t *leaf, size_t n, uint8_t *out)
{
	hash_t l, r;
	size_t k = 1;

	if (n == 0) {
		sha256_once(BYTES(NULL, 0), out);
		return;
	}
	if (n == 1) {
		memcpy(out, leaf[0], SHA256_LEN);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	slow_root(leaf, k, l);
	slow_root(leaf + k, n - k, r);
	tree_node_hash(l, r, out);
}

#define N 131

static void fill(struct tree *t, hash_t *leaf, size_t n)
{
	tree_init(t);
	for (size_t i = 0; i < n; i++) {
		uint8_t b[2] = { (uint8_t)i, (uint8_t)(i >> 8) };

		tree_leaf_hash(BYTES(b, 2), leaf[i]);
		cr_assert_eq(tree_append(t, leaf[i]), 0);
	}
}

Test(tree, roots_of_every_size_follow_the_definition)
{
	struct peaks p = { 0 };
	static hash_t leaf[N];
	struct tree t;
	hash_t want, got;

	fill(&t, leaf, N);
	for (size_t n = 0; n <= N; n++) {
		slow_root(leaf, n, want);
		peaks_root(&p, got);
		cr_expect_arr_eq(got, want, SHA256_LEN, "peaks %zu", n);
		cr_assert_eq(tree_root(&t, n, got), 0);
		cr_expect_arr_eq(got, want, SHA256_LEN, "tree %zu", n);
		if (n < N)
			peaks_append(&p, leaf[n]);
	}
	cr_expect_eq(tree_root(&t, N + 1, got), ERR_RANGE);
	cr_expect_arr_eq(tree_leaf(&t, N - 1), leaf[N - 1], SHA256_LEN);
	cr_expect_null(tree_leaf(&t, N));
	tree_release(&t);
}

Test(tree, every_inclusion_proof_is_sound_there_and_nowhere_else)
{
	uint8_t proof[TREE_PROOF_MAX][SHA256_LEN];
	static hash_t leaf[N];
	struct tree t;
	hash_t root;

	fill(&t, leaf, N);
	for (uint64_t size = 1; size <= N; size++) {
		cr_assert_eq(tree_root(&t, size, root), 0);
		for (uint64_t i = 0; i < size; i++) {
			int n = tree_inclusion(&t, i, size, proof);
			proof_t p = (proof_t)proof;

			cr_assert_geq(n, 0);
			cr_expect_eq(tree_check_inclusion(leaf[i], i, size, p,
				(size_t)n, root), 0);
			cr_expect_eq(tree_check_inclusion(leaf[i], i + 1, size,
				p, (size_t)n, root), 1);
			cr_expect_eq(tree_check_inclusion(leaf[(i + 1) % N], i,
				size, p, (size_t)n, root), 1);
			cr_expect_eq(tree_check_inclusion(leaf[i], i, size, p,
				(size_t)n + 1, root), 1);
			if (!n)
				continue;
			cr_expect_eq(tree_check_inclusion(leaf[i], i, size, p,
				(size_t)n - 1, root), 1);
			proof[n - 1][31] ^= 1;
			cr_expect_eq(tree_check_inclusion(leaf[i], i, size, p,
				(size_t)n, root), 1);
		}
		cr_expect_eq(tree_inclusion(&t, size, size, proof), ERR_RANGE);
	}
	cr_expect_eq(tree_inclusion(&t, 0, N + 1, proof), ERR_RANGE);
	tree_release(&t);
}

Test(tree, every_consistency_proof_is_sound_for_its_roots_only)
{
	uint8_t proof[TREE_PROOF_MAX][SHA256_LEN];
	static hash_t leaf[N];
	struct tree t;
	hash_t r1, r2;

	fill(&t, leaf, N);
	for (uint64_t b = 1; b <= N; b++) {
		cr_assert_eq(tree_root(&t, b, r2), 0);
		for (uint64_t a = 1; a <= b; a++) {
			int n = tree_consistency(&t, a, b, proof);
			proof_t p = (proof_t)proof;

			cr_assert_geq(n, 0);
			cr_assert_eq(tree_root(&t, a, r1), 0);
			cr_expect_eq(tree_check_consistency(a, r1, b, r2, p,
				(size_t)n), 0, "%d to %d", (int)a, (int)b);
			cr_expect_eq(tree_check_consistency(a, r1, b, r2, p,
				(size_t)n + 1), 1);
			r1[0] ^= 1;
			cr_expect_eq(tree_check_consistency(a, r1, b, r2, p,
				(size_t)n), 1);
			r1[0] ^= 1;
			r2[0] ^= 1;
			cr_expect_eq(tree_check_consistency(a, r1, b, r2, p,
				(size_t)n), 1);
			r2[0] ^= 1;
		}
		cr_expect_eq(tree_consistency(&t, b + 1, b, proof), ERR_RANGE);
	}
	cr_expect_eq(tree_consistency(&t, 0, N, proof), ERR_RANGE);
	sha256_once(BYTES(NULL, 0), r1);
	cr_expect_eq(tree_check_consistency(0, r1, N, r2, (proof_t)proof, 0), 1);
	cr_expect_eq(tree_check_consistency(0, r1, 0, r1, (proof_t)proof, 0), 1);
	tree_release(&t);
}

Test(tree, truncated_and_grown_again_it_is_the_same_tree)
{
	uint8_t p1[TREE_PROOF_MAX][SHA256_LEN], p2[TREE_PROOF_MAX][SHA256_LEN];
	static hash_t leaf[N];
	struct tree t;
	hash_t want, got;
	int n;

	fill(&t, leaf, N);
	cr_assert_eq(tree_root(&t, N, want), 0);
	n = tree_inclusion(&t, 77, N, p1);
	for (size_t cut = 0; cut <= N; cut++) {
		cr_assert_eq(tree_truncate(&t, cut), 0);
		cr_expect_eq(tree_size(&t), cut);
		cr_expect_eq(tree_truncate(&t, cut + 1), ERR_RANGE);
		for (size_t i = cut; i < N; i++)
			cr_assert_eq(tree_append(&t, leaf[i]), 0);
		cr_assert_eq(tree_root(&t, N, got), 0);
		cr_expect_arr_eq(got, want, SHA256_LEN, "cut %zu", cut);
		cr_expect_eq(tree_inclusion(&t, 77, N, p2), n);
		cr_expect_arr_eq(p1, p2, (size_t)n * SHA256_LEN);
	}
	tree_release(&t);
	tree_release(&t);
	tree_release(NULL);
}

Test(tree, matches_the_known_rfc_6962_roots)
{
	struct buf b = BUF_INIT(1 << 16), data = BUF_INIT(64);
	char path[FILE_PATH_MAX], *line, *save = NULL;
	struct peaks p = { 0 };
	int seen = 0;

	if (!vectors_path("tree/rfc6962", "rfc6962/roots.tsv", path))
		return;
	cr_assert_eq(file_read(path, &b, NULL), 0);
	buf_cstr(&b);
	line = strtok_r((char *)b.p, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save))) {
		char *leaf = strchr(line, '\t') + 1;
		char *root = strchr(leaf, '\t');
		hash_t h, want;

		*root++ = 0;
		if (strcmp(leaf, "-")) {
			size_t n = strlen(leaf) / 2;

			buf_clear(&data);
			cr_assert_not_null(buf_room(&data, n));
			cr_assert_eq(hex_get(bytes_str(leaf), data.p, n), 0);
			tree_leaf_hash(BYTES(data.p, n), h);
			peaks_append(&p, h);
		}
		cr_assert_eq(hex_get(bytes_str(root), want, 32), 0, "%s", root);
		peaks_root(&p, h);
		cr_expect_arr_eq(h, want, SHA256_LEN);
		seen++;
	}
	cr_expect_eq(seen, 9);
	buf_release(&b);
	buf_release(&data);
}

/* 1 and the hash, or 0 when it has another length */
static int get_hash(const json_t *v, uint8_t *out)
{
	struct buf b = BUF_INIT(4096);
	const char *s = json_string_value(v);
	int ok;

	ok = b64_get(bytes_str(s ? s : ""), &b) == 0 && b.len == SHA256_LEN;
	if (ok)
		memcpy(out, b.p, SHA256_LEN);
	buf_release(&b);
	return ok;
}

/* One of the published numbers is 2^64 - 1; the others are small. */
static uint64_t get_u64(const json_t *doc, const char *key)
{
	double v = json_number_value(json_object_get(doc, key));

	return v >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)v;
}

static int verdict(const json_t *doc, int inclusion)
{
	const json_t *list = json_object_get(doc, "proof");
	static uint8_t proof[256][SHA256_LEN];
	hash_t a, b;
	size_t n = json_array_size(list);

	cr_assert_lt(n, 256);
	for (size_t i = 0; i < n; i++)
		if (!get_hash(json_array_get(list, i), proof[i]))
			return 1;
	if (!get_hash(json_object_get(doc, inclusion ? "leafHash" : "root1"),
		      a) ||
	    !get_hash(json_object_get(doc, inclusion ? "root" : "root2"), b))
		return 1;
	if (inclusion)
		return tree_check_inclusion(a, get_u64(doc, "leafIdx"),
					    get_u64(doc, "treeSize"),
					    (proof_t)proof, n, b);
	return tree_check_consistency(get_u64(doc, "size1"), a,
				      get_u64(doc, "size2"), b, (proof_t)proof,
				      n);
}

static size_t run_dir(const char *dir, int inclusion, int depth)
{
	char **names = NULL, path[FILE_PATH_MAX];
	size_t n = 0, ran = 0;

	cr_assert_eq(file_list(dir, &names, &n, NULL), 0, "%s", dir);
	for (size_t i = 0; i < n; i++) {
		struct buf b = BUF_INIT(1 << 20);
		struct stat st;
		json_t *doc;
		int bad;

		cr_assert_eq(file_path(path, dir, names[i], NULL), 0);
		cr_assert_eq(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			cr_assert_lt(depth, 4);
			ran += run_dir(path, inclusion, depth + 1);
			continue;
		}
		cr_assert_eq(file_read(path, &b, NULL), 0);
		doc = json_loadb((const char *)b.p, b.len,
				JSON_DECODE_INT_AS_REAL, NULL);
		cr_assert_not_null(doc, "%s", path);
		bad = json_is_true(json_object_get(doc, "wantErr"));
		cr_expect_eq(verdict(doc, inclusion), bad, "%s", path);
		json_decref(doc);
		buf_release(&b);
		ran++;
	}
	free(names);
	return ran;
}

Test(tree, gives_the_verdicts_of_transparency_dev)
{
	char path[FILE_PATH_MAX];

	if (!vectors_path("tree/merkle", "merkle/inclusion", path))
		return;
	cr_expect_geq(run_dir(path, 1, 0), 49);
	cr_assert(vectors_path("tree/merkle", "merkle/consistency", path));
	cr_expect_geq(run_dir(path, 0, 0), 49);
}

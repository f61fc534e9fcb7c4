/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How fast the vault seals and verifies, against bare SHA-256 of the same bytes
 * in the same run: medians of five interleaved rounds.
 *
 *	bench_store FILES-DIR [LEAVES]
 *
 * FILES-DIR: each file becomes the blob of an item, four to a capture; LEAVES
 * (default 1000000) is the size of the log that is rebuilt.
 */
#include "store/seal.h"
#include "store/vault_int.h"
#include "store/verify.h"

#include <fcntl.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5

static const uint8_t seed[32] = { 1 }, tag[32] = { 2 }, secret[32] = { 3 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int r, const struct err *e, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, e ? e->text : "");
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof *v, by_value);
	return v[ROUNDS / 2];
}

static int rm(const char *p, const struct stat *st, int t, struct FTW *f)
{
	(void)st, (void)t, (void)f;
	return remove(p);
}

/* --- the same bytes, bare ------------------------------------------------- */

static EVP_MD_CTX *ctx;
static uint64_t hashed;

static int hash_one(const char *path, const struct stat *st, int type,
		    struct FTW *f)
{
	static uint8_t piece[1 << 20];
	unsigned char out[32];
	ssize_t n;
	int fd;

	(void)st, (void)f;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY);
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while ((n = read(fd, piece, sizeof piece)) > 0) {
		EVP_DigestUpdate(ctx, piece, (size_t)n);
		hashed += (uint64_t)n;
	}
	EVP_DigestFinal_ex(ctx, out, NULL);
	close(fd);
	return 0;
}

static double bare(const char *dir)
{
	double t = now();

	hashed = 0;
	nftw(dir, hash_one, 16, FTW_PHYS);
	return now() - t;
}

/* What a tree of n leaves takes: n leaf hashes and n node hashes. */
static double bare_tree(uint64_t n)
{
	uint8_t leaf[1 + LEAF_LEN] = { 0 }, node[65] = { 1 };
	double t = now();

	for (uint64_t i = 0; i < n; i++) {
		EVP_DigestInit_ex(ctx, NULL, NULL);
		EVP_DigestUpdate(ctx, leaf, sizeof leaf);
		EVP_DigestFinal_ex(ctx, node + 1, NULL);
		EVP_DigestInit_ex(ctx, NULL, NULL);
		EVP_DigestUpdate(ctx, node, sizeof node);
		EVP_DigestFinal_ex(ctx, leaf + 1, NULL);
	}
	return now() - t;
}

static double verify(const char *dir, unsigned threads)
{
	struct verify_options o = { .threads = threads };
	struct verify_report rep;
	struct err e = ERR_INIT;
	double t = now();

	must(verify_vault(dir, &o, &rep, &e), &e, "verify");
	return now() - t;
}

/* --- sealing -------------------------------------------------------------- */

static struct buf *files;
static size_t nfiles, room;

static int load(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)f;
	if (type != FTW_F || st->st_size == 0)
		return 0;
	if (nfiles == room) {
		room = room ? room * 2 : 256;
		files = realloc(files, room * sizeof *files);
	}
	files[nfiles] = (struct buf)BUF_INIT((size_t)st->st_size);
	must(file_read(path, &files[nfiles], NULL), NULL, path);
	nfiles++;
	return 0;
}

static struct vault *fresh(const char *dir, struct stream **s)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	struct age_identity id;

	must(vault_create(dir, "bench", "scelle/bench", seed, 1, 1, &e), &e,
	     "create");
	must(vault_open(dir, VAULT_WRITE, seed, &v, &e), &e, "open");
	age_identity_from(&id, secret);
	must(stream_create(v, "cases/00", id.recipient, tag, s, &e), &e,
	     "stream");
	return v;
}

/* Seal every file into a vault, four blobs to an item, 16 items a commit. */
static double seal_all(const char *dir)
{
	struct stream *s;
	struct vault *v = fresh(dir, &s);
	struct err e = ERR_INIT;
	double t = now();

	for (size_t i = 0; i < nfiles;) {
		struct batch *b;

		must(batch_begin(v, &b, &e), &e, "begin");
		for (int k = 0; k < 16 && i < nfiles; k++) {
			struct store_blob blobs[4] = { 0 };
			struct bytes pieces[4];
			struct store_item it = { .kind = LEAF_EVIDENCE,
				.statement = bytes_str("a statement\n"),
				.blobs = blobs };

			while (it.nblobs < 4 && i < nfiles) {
				pieces[it.nblobs] = buf_view(&files[i++]);
				blobs[it.nblobs].pieces = &pieces[it.nblobs];
				blobs[it.nblobs++].npieces = 1;
			}
			must(batch_add(b, s, &it, 1, NULL, &e), &e, "add");
		}
		must(batch_commit(b, &e), &e, "commit");
	}
	t = now() - t;
	vault_close(v);
	return t;
}

/* What sealing alone costs. */
static double seal_bare(void)
{
	struct buf out = BUF_INIT((size_t)1 << 30);
	uint8_t key[32], hash[32];
	double t = now();

	for (size_t i = 0; i < nfiles; i++) {
		struct bytes one = buf_view(&files[i]);

		buf_clear(&out);
		must(seal_object(&one, 1, key, hash, &out), NULL, "seal");
		if (i % 4 == 0) {
			one = bytes_str("a statement\n");
			buf_clear(&out);
			must(seal_object(&one, 1, key, hash, &out), NULL,
			     "seal");
		}
	}
	t = now() - t;
	buf_release(&out);
	return t;
}

/* --- a long log ----------------------------------------------------------- */

/* Leaves without objects: the log alone is what is rebuilt. */
static void long_log(const char *dir, uint64_t leaves)
{
	uint8_t (*bytes)[LEAF_LEN] = malloc(4096 * LEAF_LEN);
	uint8_t (*hashes)[32] = malloc(4096 * 32);
	struct stream *s;
	struct vault *v = fresh(dir, &s);
	struct err e = ERR_INIT;
	uint8_t prev[32] = { 0 };

	for (uint64_t n = 0; n < leaves;) {
		uint64_t k = 0;

		for (; k < 1000 && n < leaves; k++, n++) {
			struct leaf l = { .seq = n, .time_ms = 1, .flags = 1,
					  .kind = LEAF_ACCESS };

			memcpy(l.prev, prev, 32);
			memcpy(l.body, &n, sizeof n);
			sha256_once(BYTES(&n, sizeof n), l.body);
			leaf_encode(&l, bytes[k]);
			leaf_hash(bytes[k], hashes[k]);
			memcpy(prev, hashes[k], 32);
		}
		must(log_room(&v->log, k, &e), &e, "room");
		must(log_begin(&v->log, &e), &e, "begin");
		must(log_write(&v->log, (const uint8_t (*)[LEAF_LEN])bytes,
			       (const uint8_t (*)[32])hashes, k, &e), &e,
		     "write");
		must(log_sign(&v->log, v->key, &e), &e, "sign");
	}
	vault_close(v);
	free(bytes);
	free(hashes);
}

static double rebuild(const char *dir, unsigned threads)
{
	struct verify_options o = { .threads = threads };
	struct verify_report rep;
	struct err e = ERR_INIT;
	double t = now();

	if (verify_vault(dir, &o, &rep, &e) < 0 || rep.problems != 1)
		must(-1, &e, "rebuild");	/* one: leaves without objects */
	return now() - t;
}

static double reopen(const char *dir)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;
	double t = now();

	must(vault_open(dir, VAULT_READ, NULL, &v, &e), &e, "open");
	t = now() - t;
	vault_close(v);
	return t;
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char base[256], dir[300];
	double seal[ROUNDS], sealed[ROUNDS], plain[ROUNDS], one[ROUNDS];
	double two[ROUNDS], log1[ROUNDS], log2[ROUNDS], logb[ROUNDS];
	double open_s[ROUNDS], tree[ROUNDS], a, b;
	uint64_t leaves, total = 0, stored;

	snprintf(base, sizeof base, "%s/scelle-bench-XXXXXX",
		 tmp ? tmp : "/tmp");
	if (argc < 2 || !mkdtemp(base)) {
		fprintf(stderr, "usage: bench_store FILES-DIR [LEAVES]\n");
		return 2;
	}
	leaves = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	ctx = EVP_MD_CTX_new();
	nftw(argv[1], load, 16, FTW_PHYS);
	for (size_t i = 0; i < nfiles; i++)
		total += files[i].len;
	for (int r = 0; r < ROUNDS; r++) {
		snprintf(dir, sizeof dir, "%s/v%d", base, r);
		seal[r] = seal_bare();
		sealed[r] = seal_all(dir);
	}
	snprintf(dir, sizeof dir, "%s/v0", base);
	bare(dir);
	stored = hashed;
	for (int r = 0; r < ROUNDS; r++) {
		plain[r] = bare(dir);
		one[r] = verify(dir, 1);
		two[r] = verify(dir, 2);
	}
	a = median(seal);
	b = median(sealed);
	printf("%zu files, %.1f MB; stored %.1f MB\n", nfiles,
	       (double)total / 1e6, (double)stored / 1e6);
	printf("seal, objects alone   %8.1f MB/s\n", (double)total / 1e6 / a);
	printf("seal into the vault   %8.1f MB/s   %.2f of it\n",
	       (double)total / 1e6 / b, a / b);
	a = median(plain);
	printf("bare SHA-256          %8.1f MB/s\n", (double)stored / 1e6 / a);
	b = median(one);
	printf("verify, 1 thread      %8.1f MB/s   %.2f of it\n",
	       (double)stored / 1e6 / b, a / b);
	b = median(two);
	printf("verify, 2 threads     %8.1f MB/s   %.2f of it\n",
	       (double)stored / 1e6 / b, a / b);

	snprintf(dir, sizeof dir, "%s/log", base);
	long_log(dir, leaves);
	for (int r = 0; r < ROUNDS; r++) {
		logb[r] = bare(dir);
		tree[r] = bare_tree(leaves);
		log1[r] = rebuild(dir, 1);
		log2[r] = rebuild(dir, 2);
		open_s[r] = reopen(dir);
	}
	a = median(tree);
	printf("%llu leaves: their log hashed through %.3f s, their tree's "
	       "hashes alone %.3f s\n", (unsigned long long)leaves,
	       median(logb), a);
	b = median(log1);
	printf("verify, 1 thread      %.3f s   %.2f times\n", b, b / a);
	b = median(log2);
	printf("verify, 2 threads     %.3f s   %.2f times\n", b, b / a);
	printf("open for reading      %.3f s\n", median(open_s));
	EVP_MD_CTX_free(ctx);
	nftw(base, rm, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

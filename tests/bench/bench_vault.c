/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Sealing and verifying, without crawling.
 *
 * usage: bench_vault seal VAULT DIR...    makes VAULT, each file an item of it
 *        bench_vault verify VAULT THREADS
 *        bench_vault leaves VAULT [N]     makes VAULT with a log of N leaves
 * seal prints files and bytes; verify leaves, objects and bytes.  leaves prints
 * seconds of bare hashing (N leaves of 161 bytes, N nodes of 65), seconds of
 * rebuilding and checking the log from its file with one thread, and the ratio.
 */
#include "store/age.h"
#include "store/verify_int.h"
#include "util/enc.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GROUP 64		/* items of a commit, as collect's */
#define NOW_MS 1790000000000
#define SHARD "bench-2026"
#define ORIGIN "scelle/bench-2026"

static const uint8_t seed[32] = { 1 }, tag_key[32] = { 2 }, secret[32] = { 3 };

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bench_vault: %s\n", e->text[0] ? e->text
		: err_name(r));
	exit(1);
}

static struct vault *make(const char *path)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;

	need(vault_create(path, SHARD, ORIGIN, seed, 1, NOW_MS, &e), &e);
	need(vault_open(path, VAULT_WRITE, seed, &v, &e), &e);
	return v;
}

/* --- sealing -------------------------------------------------------------- */

struct sealing {
	struct vault *v;
	struct stream *s;
	struct batch *b;
	struct buf body, stmt;
	unsigned pending;
	uint64_t files, bytes;
};

/* A statement as long as a capture's. */
static void statement(struct sealing *x, const char *name)
{
	uint8_t h[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	sha256_once(buf_view(&x->body), h);
	hex_str(hex, h, sizeof h);
	buf_clear(&x->stmt);
	buf_addf(&x->stmt, "scelle/v1/capture\n{\"url\":\"https://t.me/%s\","
		 "\"sha256\":\"%s\",\"bytes\":%zu,\"number\":%llu", name, hex,
		 x->body.len, (unsigned long long)x->files);
	for (int i = 0; i < 12; i++)
		buf_addf(&x->stmt, ",\"member-%02d\":\"%.32s\"", i,
			 hex + 2 * i);
	buf_adds(&x->stmt, "}\n\n\xe2\x80\x94 bench AAAA\n");
}

static void commit(struct sealing *x)
{
	struct err e = ERR_INIT;

	need(batch_commit(x->b, &e), &e);
	x->b = NULL;
	x->pending = 0;
}

static void seal_file(struct sealing *x, const char *path, const char *name)
{
	struct err e = ERR_INIT;
	struct bytes piece;
	struct store_blob blob = { .pieces = &piece, .npieces = 1 };
	struct store_item it = { .kind = LEAF_EVIDENCE,
		.flags = LEAF_FLAG_LAB, .blobs = &blob, .nblobs = 1 };

	buf_clear(&x->body);
	need(file_read(path, &x->body, &e), &e);
	statement(x, name);
	piece = buf_view(&x->body);
	it.statement = buf_view(&x->stmt);
	put_be64(it.salt, x->files + 1);
	put_be64(blob.salt, x->files + 1);
	if (!x->b)
		need(batch_begin(x->v, &x->b, &e), &e);
	need(batch_add(x->b, x->s, &it, NOW_MS + (int64_t)x->files, NULL, &e),
	     &e);
	x->files++;
	x->bytes += x->body.len;
	if (++x->pending == GROUP)
		commit(x);
}

static int seal(const char *vault, char **dirs, int ndirs)
{
	struct sealing x = { .body = BUF_INIT(VAULT_OBJECT_MAX),
		.stmt = BUF_INIT(1u << 20) };
	struct age_identity id;
	char path[FILE_PATH_MAX], **names;
	struct err e = ERR_INIT;
	size_t n;

	x.v = make(vault);
	age_identity_from(&id, secret);
	need(stream_create(x.v, "cases/0123456789abcdef", id.recipient,
			   tag_key, &x.s, &e), &e);
	for (int d = 0; d < ndirs; d++) {
		need(file_list(dirs[d], &names, &n, &e), &e);
		for (size_t i = 0; i < n; i++) {
			need(file_path(path, dirs[d], names[i], NULL), &e);
			seal_file(&x, path, names[i]);
		}
		free(names);
	}
	if (x.b)
		commit(&x);
	vault_close(x.v);
	buf_release(&x.body);
	buf_release(&x.stmt);
	printf("%llu files, %llu bytes\n", (unsigned long long)x.files,
	       (unsigned long long)x.bytes);
	return 0;
}

/* --- verifying ------------------------------------------------------------ */

static void problem(void *arg, const struct verify_problem *p)
{
	(void)arg;
	fprintf(stderr, "%s:%llu: %s\n", p->file,
		(unsigned long long)p->offset, p->what);
}

static int verify(const char *vault, unsigned threads)
{
	struct verify_options o = { .threads = threads, .problem = problem };
	struct verify_report rep;
	struct err e = ERR_INIT;
	int r = verify_vault(vault, &o, &rep, &e);

	need(r, &e);
	printf("%llu leaves, %llu objects, %llu bytes\n",
	       (unsigned long long)rep.leaves, (unsigned long long)rep.objects,
	       (unsigned long long)rep.bytes);
	return r;
}

/* --- a long log ----------------------------------------------------------- */

static void fill(struct vault *v, uint64_t n)
{
	static uint8_t leaves[VAULT_GROUP_MAX][LEAF_LEN];
	static uint8_t hashes[VAULT_GROUP_MAX][SHA256_LEN];
	uint8_t prev[SHA256_LEN] = { 0 };
	struct leaf l = { .time_ms = NOW_MS, .kind = LEAF_EVIDENCE,
			  .flags = LEAF_FLAG_LAB };
	struct err e = ERR_INIT;

	while (l.seq < n) {
		uint64_t k = 0;

		for (; k < VAULT_GROUP_MAX && l.seq < n; k++, l.seq++) {
			memcpy(l.prev, prev, sizeof prev);
			put_be64(l.body, l.seq * 0x9e3779b97f4a7c15u);
			put_be64(l.tag, l.seq * 0xd1b54a32d192ed03u);
			leaf_encode(&l, leaves[k]);
			leaf_hash(leaves[k], hashes[k]);
			memcpy(prev, hashes[k], sizeof prev);
		}
		need(log_room(&v->log, k, &e), &e);
		need(log_begin(&v->log, &e), &e);
		need(log_write(&v->log, (const uint8_t (*)[LEAF_LEN])leaves,
			       (const uint8_t (*)[SHA256_LEN])hashes, k, &e),
		     &e);
		need(log_sign(&v->log, v->key, &e), &e);
	}
}

static double bare(uint64_t n)
{
	uint8_t leaf[1 + LEAF_LEN] = { 0 }, node[65] = { 1 }, out[SHA256_LEN];
	struct sha256 h = { 0 };
	double t = cpu();

	need(sha256_init(&h), &(struct err)ERR_INIT);
	for (uint64_t i = 0; i < n; i++) {
		put_be64(leaf + 9, i);
		need(sha256_init(&h), &(struct err)ERR_INIT);
		sha256_update(&h, BYTES(leaf, sizeof leaf));
		sha256_final(&h, out);
		memcpy(node + 1, out, sizeof out);
		need(sha256_init(&h), &(struct err)ERR_INIT);
		sha256_update(&h, BYTES(node, sizeof node));
		sha256_final(&h, out);
	}
	sha256_release(&h);
	return cpu() - t;
}

static double check(const char *vault, const struct vault *v, uint64_t n)
{
	struct verify_options o = { .threads = 1, .problem = problem };
	struct verify_report rep = { 0 };
	struct vault_format fmt = *v->format;
	struct err e = ERR_INIT;
	struct verify c = { .path = vault, .o = &o, .rep = &rep, .e = &e,
			    .fmt = &fmt };
	double t = cpu();

	need(verify_heads(&c), &e);
	need(verify_log(&c), &e);
	t = cpu() - t;
	if (rep.problems || c.n != n) {
		fprintf(stderr, "bench_vault: %llu leaves, %llu problems\n",
			(unsigned long long)c.n,
			(unsigned long long)rep.problems);
		exit(1);
	}
	free(c.heads);
	free(c.leaves);
	free(c.segs);
	free(c.find);
	return t;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int leaves(const char *path, uint64_t n)
{
	struct vault *v = make(path);
	double a[3], b[3];

	fill(v, n);
	for (int i = 0; i < 3; i++) {
		a[i] = bare(n);
		b[i] = check(path, v, n);
	}
	qsort(a, 3, sizeof *a, by_value);
	qsort(b, 3, sizeof *b, by_value);
	vault_close(v);
	printf("%.3f %.3f %.2f\n", a[1], b[1], b[1] / a[1]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "seal"))
		return seal(argv[2], argv + 3, argc - 3);
	if (argc == 4 && !strcmp(argv[1], "verify"))
		return verify(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (argc >= 3 && !strcmp(argv[1], "leaves"))
		return leaves(argv[2], argc > 3 ? strtoull(argv[3], NULL, 10)
			      : 1000000);
	return 2;
}

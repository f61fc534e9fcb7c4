/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Erasing one item of many: decision, bytes, new key, certificate.  And opening
 * a case of that many, up to its newest item's first byte.
 *
 *	bench_erase DIR [ITEMS]
 *
 * DIR must not exist; ITEMS (default 100000) have a statement and a blob of
 * 2 KiB each.  Prints seconds: of the whole, of the packs, of the new key, of
 * the opening.
 */
#include "store/age.h"
#include "store/erase.h"
#include "store/rekey.h"
#include "store/vault.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ORIGIN "scelle/bench-2026"
#define CASE "cases/00000000000000aa"

static const uint8_t seed[32] = { 1 }, tag[32] = { 2 }, tag2[32] = { 3 };

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
	fprintf(stderr, "%s: %s\n", what, e->text);
	exit(3);
}

static void fill(struct vault *v, struct stream *s, unsigned items)
{
	static uint8_t blob[2048];
	struct err e = ERR_INIT;
	struct batch *b = NULL;

	for (unsigned i = 0; i < items; i++) {
		struct bytes piece = BYTES(blob, sizeof blob);
		struct store_blob one = { .pieces = &piece, .npieces = 1 };
		char text[64];
		struct store_item it = { .kind = LEAF_EVIDENCE, .blobs = &one,
					 .nblobs = 1 };

		snprintf(text, sizeof text, "item %u\n", i);
		it.statement = bytes_str(text);
		secret_random(blob, sizeof blob);
		if (!b)
			must(batch_begin(v, &b, &e), &e, "begin");
		must(batch_add(b, s, &it, 0, NULL, &e), &e, "add");
		if (i % 2000 == 1999 || i + 1 == items) {
			must(batch_commit(b, &e), &e, "commit");
			b = NULL;
		}
	}
}

static void say(struct vault *v, struct stream *s, unsigned kind,
		const struct store_external *x, unsigned n)
{
	struct store_item it = { .kind = (uint16_t)kind,
				 .statement = bytes_str("said\n"),
				 .externals = x, .nexternals = n };
	struct err e = ERR_INIT;
	struct batch *b = NULL;

	must(batch_begin(v, &b, &e), &e, "begin");
	must(batch_add(b, s, &it, 0, NULL, &e), &e, "add");
	must(batch_commit(b, &e), &e, "commit");
}

/* Everything a reader does before the first byte of the newest item. */
static double opening(const char *dir, const struct age_identity *id)
{
	struct buf plain = BUF_INIT(4096);
	struct err e = ERR_INIT;
	struct stream *s;
	struct vault *v;
	double t0 = now();

	must(vault_open(dir, VAULT_READ, NULL, &v, &e), &e, "open");
	must(stream_open(v, CASE, id->recipient, tag2, &s, &e), &e, "case");
	must(stream_unlock(s, id->secret, &e), &e, "unlock");
	must(stream_get(s, stream_count(s) - 1, 0, &plain, NULL, &e), &e,
	     "get");
	t0 = now() - t0;
	buf_release(&plain);
	vault_close(v);
	return t0;
}

int main(int argc, char **argv)
{
	unsigned items = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10)
				  : 100000;
	struct store_external list = { .path = NULL };
	const struct store_external *x;
	struct age_identity a, b;
	struct erase_list l = { 0 };
	struct err e = ERR_INIT;
	struct stream *admin, *s;
	char path[ERASE_PATH_MAX];
	struct rekey *k = NULL;
	struct vault *v;
	double t0, t1, t2, t3;
	unsigned n;

	if (argc < 2 || secret_start() < 0)
		return 2;
	age_identity_new(&a, NULL);
	age_identity_new(&b, NULL);
	must(vault_create(argv[1], "bench-2026", ORIGIN, seed, 0, 0, &e), &e,
	     "create");
	must(vault_open(argv[1], VAULT_WRITE, seed, &v, &e), &e, "open");
	must(stream_create(v, "admin", a.recipient, tag, &admin, &e), &e,
	     "admin");
	must(stream_create(v, CASE, a.recipient, tag2, &s,
			   &e), &e, "case");
	fill(v, s, items);
	must(stream_unlock(s, a.secret, &e), &e, "unlock");
	t0 = now();
	erase_list_add(&l, items / 2, items / 2, ERASE_WHOLE);
	must(erase_describe(s, &l, &e), &e, "describe");
	must(erase_put(s, &l, path, list.sha256, &e), &e, "list");
	list.path = path;
	say(v, admin, LEAF_ERASURE, &list, 1);
	t1 = now();
	must(erase_run(s, &l, NULL, NULL, &e), &e, "erase");
	t2 = now();
	must(rekey_begin(s, b.recipient, &k, &e), &e, "rekey");
	x = rekey_externals(k, &n);
	say(v, admin, LEAF_ADMIN, x, n);
	must(rekey_finish(k, &e), &e, "finish");
	t3 = now();
	say(v, admin, LEAF_ERASURE, &list, 1);
	t0 = now() - t0;
	erase_list_release(&l);
	vault_close(v);
	printf("%.3f %.3f %.3f %.3f\n", t0, t2 - t1, t3 - t2,
	       opening(argv[1], &b));
	return 0;
}

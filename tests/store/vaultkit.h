/* SPDX-License-Identifier: EUPL-1.2 */
/* What the tests of the vault share: a directory, a vault, items, copies. */
#ifndef TESTS_STORE_VAULTKIT_H
#define TESTS_STORE_VAULTKIT_H

#include "store/age.h"
#include "store/vault.h"
#include "store/vault_int.h"
#include "store/verify.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIT_MS 1790000000000
#define KIT_ORIGIN "scelle/unit-test-2026"
#define KIT_SHARD "unit-test-2026"

static const uint8_t kit_seed[32] = { 7, 7, 7 };
static const uint8_t kit_tag[32] = { 9 };
static const uint8_t kit_secret[32] = { 1, 2, 3 };

static inline void kit_pub(uint8_t pub[32])
{
	struct age_identity id;

	age_identity_from(&id, kit_secret);
	memcpy(pub, id.recipient, 32);
}

/* Each stream has a tag key of its own. */
static inline const uint8_t *kit_tag_of(const char *dir)
{
	static uint8_t key[32];

	sha256_once(bytes_str(dir), key);
	return key;
}

/* A fresh directory; tmpfs where there is one. */
static inline char *kit_dir(void)
{
	const char *base = getenv("TMPDIR");
	char path[256];

	if (!base)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(path, sizeof path, "%s/scelle-test-XXXXXX", base);
	cr_assert_not_null(mkdtemp(path));
	return strdup(path);
}

static inline int kit_rm(const char *p, const struct stat *st, int t,
			 struct FTW *f)
{
	(void)st, (void)t, (void)f;
	return remove(p);
}

static inline void kit_remove(char *dir)
{
	nftw(dir, kit_rm, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

static inline struct vault *kit_new(const char *dir)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(vault_create(dir, KIT_SHARD, KIT_ORIGIN, kit_seed, 0,
				  KIT_MS, &e), 0, "%s", e.text);
	cr_assert_eq(vault_open(dir, VAULT_WRITE, kit_seed, &v, &e), 0, "%s",
		     e.text);
	return v;
}

static inline struct vault *kit_open(const char *dir, enum vault_mode mode)
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(vault_open(dir, mode, kit_seed, &v, &e), 0, "%s", e.text);
	return v;
}

static inline struct stream *kit_stream(struct vault *v, const char *dir,
					int create)
{
	struct stream *s = NULL;
	struct err e = ERR_INIT;
	uint8_t pub[32];

	kit_pub(pub);
	cr_assert_eq((create ? stream_create : stream_open)(v, dir, pub,
							     kit_tag_of(dir),
							     &s, &e), 0, "%s", e.text);
	return s;
}

/* The statement and the blobs of item n of a stream; all different. */
static inline size_t kit_text(char *out, size_t room, const char *dir,
			      uint64_t n, unsigned object)
{
	return (size_t)snprintf(out, room, "item %llu object %u of %s\n",
				(unsigned long long)n, object, dir);
}

/* Add an item with nblobs blobs; returns what batch_add() returned. */
static inline int kit_try_add(struct batch *b, struct stream *s,
			      unsigned nblobs, struct err *e)
{
	char text[8][96];
	struct bytes piece[8];
	struct store_blob blobs[8];
	struct store_item it = { .kind = LEAF_EVIDENCE, .blobs = blobs,
				 .nblobs = nblobs };
	uint64_t n = batch_number(b, s);

	for (unsigned i = 0; i <= nblobs; i++) {
		size_t len = kit_text(text[i], sizeof text[i], s->dir, n, i);

		piece[i] = BYTES(text[i], len);
		if (i == 0) {
			it.statement = piece[0];
			memset(it.salt, (int)n, sizeof it.salt);
		} else {
			blobs[i - 1].pieces = &piece[i];
			blobs[i - 1].npieces = 1;
			memset(blobs[i - 1].salt, (int)(n + i), 32);
		}
	}
	return batch_add(b, s, &it, KIT_MS + (int64_t)n, NULL, e);
}

static inline void kit_add(struct batch *b, struct stream *s, unsigned nblobs)
{
	struct err e = ERR_INIT;

	cr_assert_eq(kit_try_add(b, s, nblobs, &e), 0, "%s", e.text);
}

/* One commit of items items with two blobs each. */
static inline void kit_commit(struct vault *v, struct stream *s, unsigned items)
{
	struct batch *b = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(batch_begin(v, &b, &e), 0, "%s", e.text);
	for (unsigned i = 0; i < items; i++)
		kit_add(b, s, 2);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
}

/* Every item of an unlocked stream opens and says what it should. */
static inline void kit_check_items(struct stream *s)
{
	struct buf plain = BUF_INIT(4096);
	struct err e = ERR_INIT;
	char want[96];

	for (uint64_t n = 0; n < stream_count(s); n++) {
		unsigned objects = 0;

		cr_assert_eq(stream_objects(s, n, &objects, &e), 0);
		for (unsigned o = 0; o < objects; o++) {
			size_t len = kit_text(want, sizeof want, s->dir, n, o);

			buf_clear(&plain);
			cr_assert_eq(stream_get(s, n, o, &plain, NULL, &e), 0,
				     "item %llu object %u: %s",
				     (unsigned long long)n, o, e.text);
			cr_assert(bytes_eq(buf_view(&plain), BYTES(want, len)));
		}
	}
	buf_release(&plain);
}

static inline void kit_read(const char *dir, const char *name, struct buf *out)
{
	char path[FILE_PATH_MAX];
	struct err e = ERR_INIT;

	file_path(path, dir, name, NULL);
	cr_assert_eq(file_read(path, out, &e), 0, "%s", e.text);
}

/* Put bytes under a name, plainly. */
static inline void kit_write(const char *dir, const char *name, struct bytes b)
{
	char path[FILE_PATH_MAX];
	FILE *f;

	file_path(path, dir, name, NULL);
	f = fopen(path, "wb");
	cr_assert_not_null(f, "%s", path);
	if (b.len)
		cr_assert_eq(fwrite(b.p, 1, b.len, f), b.len);
	fclose(f);
}

#endif

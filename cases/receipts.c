/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/receipts.h"

#include "store/checkpoint.h"
#include "store/leaf.h"
#include "store/receipt.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".receipt"
#define NAME_DIGITS 12
#define HEAD_DIGITS 8
#define RECEIPT_BYTES_MAX ((size_t)1 << 20)

const char *receipts_name(const struct vault *v)
{
	return vault_shard_at(v, 0)->vkey;
}

/* The directory of one log's receipts: named by its verifier key. */
static int receipts_dir(const char *vkey, char out[static FILE_PATH_MAX],
			struct err *e)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	uint8_t hash[32];
	char name[33];
	int r;

	sha256_once(bytes_str(vkey), hash);
	hex_str(name, hash, 16);
	if (state && *state == '/')
		r = file_path(out, state, "scelle", "receipts", name, NULL);
	else if (home && *home == '/')
		r = file_path(out, home, ".local", "state", "scelle",
			      "receipts", name, NULL);
	else
		return err_set(e, ERR_NOENT, "no place for receipts: neither "
			       "XDG_STATE_HOME nor HOME is set");
	return r < 0 ? err_set(e, r, "the path to the receipts is too long") : 0;
}

/* mkdir -p, durable: a receipt is worth what its path is */
static int make_dirs(char *path, struct err *e)
{
	for (char *p = path + 1;; p++) {
		char was = *p;
		int r = 0;

		if (was && was != '/')
			continue;
		*p = '\0';
		if (!file_exists(path))
			r = file_mkdir(path, e);
		*p = was;
		if (r < 0 || !was)
			return r;
	}
}

static int entry_of(const char *dir, const char *name,
		    struct receipts_entry *out)
{
	char *end;

	if (strlen(name) != NAME_DIGITS + 1 + HEAD_DIGITS + sizeof SUFFIX - 1 ||
	    strspn(name, "0123456789") != NAME_DIGITS ||
	    name[NAME_DIGITS] != '-' ||
	    strcmp(name + NAME_DIGITS + 1 + HEAD_DIGITS, SUFFIX) != 0)
		return ERR_FORMAT;
	out->seq = strtoull(name, &end, 10);
	out->size = out->seq + 1;
	return file_path(out->path, dir, name, NULL);
}

int receipts_list(const char *vkey, struct receipts_entry **out, size_t *n,
		  struct err *e)
{
	struct receipts_entry *list = NULL;
	char dir[FILE_PATH_MAX] = "";
	char **names = NULL;
	size_t count = 0, kept = 0;
	int r = receipts_dir(vkey, dir, e);

	if (r == 0)
		r = file_list(dir, &names, &count, e);
	if (r == ERR_NOENT) {
		*out = NULL;
		*n = 0;
		return 0;
	}
	if (r < 0)
		return r;
	list = calloc(count + 1, sizeof *list);
	if (!list) {
		free(names);
		return err_set(e, ERR_NOMEM, "no memory for receipts");
	}
	for (size_t i = 0; i < count; i++)
		if (entry_of(dir, names[i], &list[kept]) == 0)
			kept++;
	free(names);
	*out = list;
	*n = kept;
	return 0;
}

int receipts_put(const char *vkey, uint64_t leaf, const uint8_t head[static 4],
		 struct bytes receipt, char *path_out, struct err *e)
{
	struct receipts_entry *list = NULL;
	char dir[FILE_PATH_MAX] = "", path[FILE_PATH_MAX] = "", name[64];
	char digits[HEAD_DIGITS + 1];
	size_t n = 0;
	int r = receipts_dir(vkey, dir, e);

	if (r == 0)
		r = make_dirs(dir, e);
	if (r < 0)
		return r;
	hex_str(digits, head, HEAD_DIGITS / 2);
	snprintf(name, sizeof name, "%0*" PRIu64 "-%s" SUFFIX, NAME_DIGITS,
		 leaf, digits);
	r = file_path(path, dir, name, NULL);
	if (r < 0)
		return err_set(e, r, "the path to the receipts is too long");
	/* The one that is there has the same head: never replace it. */
	r = file_create(path, receipt, 0600, e);
	if (r == ERR_EXIST)
		r = 0;
	if (r < 0)
		return r;
	if (path_out)
		memcpy(path_out, path, sizeof path);
	if (receipts_list(vkey, &list, &n, NULL) == 0)
		for (size_t i = 0; i + RECEIPTS_KEPT < n; i++)
			unlink(list[i].path);
	free(list);
	return 0;
}

int receipts_keep(struct vault *v, char *path_out, struct err *e)
{
	struct buf text = BUF_INIT(RECEIPT_BYTES_MAX);
	uint64_t size = vault_size(v);
	uint8_t hash[32];
	int r;

	if (!size)
		return 0;
	r = vault_receipt(v, size - 1, &text, e);
	sha256_once(vault_head(v), hash);
	if (r == 0)
		r = receipts_put(receipts_name(v), size - 1, hash,
				 buf_view(&text), path_out, e);
	buf_release(&text);
	return r;
}

/* The shard that signed a head, and the one behind it (or NULL). */
static const struct vault_shard *shard_of(const struct vault *v,
					  struct bytes head,
					  const struct vault_shard **next)
{
	const uint8_t *nl = head.len ? memchr(head.p, '\n', head.len) : NULL;
	struct bytes origin = BYTES(head.p, nl ? (size_t)(nl - head.p) : 0);

	for (unsigned i = 0; i < vault_shards(v); i++) {
		const struct vault_shard *s = vault_shard_at(v, i);

		if (!bytes_eq(origin, bytes_str(s->origin)))
			continue;
		*next = vault_shard_at(v, i + 1);
		return s;
	}
	return NULL;
}

int receipts_hold(const struct vault *v, const struct receipts_entry *entry,
		  struct err *e)
{
	struct buf text = BUF_INIT(RECEIPT_BYTES_MAX);
	struct receipt *rc = calloc(1, sizeof *rc);
	uint8_t raw[LEAF_LEN], hash[32];
	const struct vault_shard *s = NULL, *next = NULL;
	struct note_vkey key;
	struct checkpoint head;
	struct leaf leaf;
	int r;

	if (!rc) {
		r = err_set(e, ERR_NOMEM, "no memory for a receipt");
		goto out;
	}
	r = file_read(entry->path, &text, e);
	if (r == 0)
		r = receipt_parse(buf_view(&text), rc, e);
	if (r == 0)
		s = shard_of(v, rc->head, &next);
	if (r == 0 && !s) {
		err_set(e, ERR_DAMAGED, "a receipt names a shard this vault does "
			"not have: another copy went on");
		r = 1;
	}
	if (r == 0)
		r = note_vkey_read(bytes_str(s->vkey), &key, e);
	if (r == 0)
		r = checkpoint_open(rc->head, &key, 1, s->origin, &head, e);
	if (r)
		goto out;
	/* The vault says itself that it was restored without this. */
	if (next && next->why == VAULT_RESTORE && head.size > next->first) {
		r = RECEIPTS_LOST;
		err_set(e, ERR_DAMAGED, "lost in a restore: a receipt proves leaf "
			"%llu under %llu leaves; the vault was restored with "
			"%llu of them, and shard '%s' goes on from there",
			(unsigned long long)rc->index,
			(unsigned long long)head.size,
			(unsigned long long)next->first, next->name);
		if (rc->index >= next->first)
			goto out;
	} else if (next && head.size > next->first) {
		err_set(e, ERR_DAMAGED, "shard '%s' ended with %llu leaves, and "
			"a receipt shows %llu: another copy went on", s->name,
			(unsigned long long)next->first,
			(unsigned long long)head.size);
		r = 1;
		goto out;
	}
	if (rc->index >= vault_size(v)) {
		err_set(e, ERR_DAMAGED, "the vault has %llu leaves; a receipt "
			"proves leaf %llu: it was rolled back, or another copy "
			"went on", (unsigned long long)vault_size(v),
			(unsigned long long)rc->index);
		r = 1;
		goto out;
	}
	if (vault_leaf(v, rc->index, &leaf) < 0) {
		r = err_set(e, ERR_DAMAGED, "cannot read leaf %llu",
			(unsigned long long)rc->index);
		goto out;
	}
	leaf_encode(&leaf, raw);
	leaf_hash(raw, hash);
	if (receipt_check(rc, hash, &key, 1, s->origin, NULL, NULL)) {
		r = 1;
		err_set(e, ERR_DAMAGED, "leaf %llu is not the one a receipt "
			"proves: the vault was altered, or another copy went "
			"on", (unsigned long long)rc->index);
	}
out:
	free(rc);
	buf_release(&text);
	return r;
}

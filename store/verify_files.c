/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Verifying files: each file of the vault is known, or a leaf names it and its
 * hash; torn/ files have the hash of their name.
 */
#include "store/truth.h"
#include "store/verify_int.h"
#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 6
#define PIECE ((size_t)256 << 10)
#define REL_MAX 1024

static int by_path(const void *a, const void *b)
{
	const struct vexternal *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Of each path only what its last leaf says. */
static void last_of_each(struct verify *c)
{
	size_t n = 0;

	if (c->next)
		qsort(c->ext, c->next, sizeof *c->ext, by_path);
	for (size_t i = 0; i < c->next; i++) {
		if (i + 1 < c->next && !strcmp(c->ext[i].path,
					       c->ext[i + 1].path))
			free(c->ext[i].path);
		else
			c->ext[n++] = c->ext[i];
	}
	c->next = n;
}

static int by_path_key(const void *path, const void *entry)
{
	return strcmp(path, ((const struct vexternal *)entry)->path);
}

static const struct vexternal *find_external(const struct verify *c,
					     const char *path)
{
	return c->next ? bsearch(path, c->ext, c->next, sizeof *c->ext,
				 by_path_key) : NULL;
}

static int hash_file(struct verify *c, const char *rel,
		     uint8_t hash[static SHA256_LEN])
{
	char path[FILE_PATH_MAX];
	uint8_t *piece = malloc(PIECE);
	struct sha256 h = { NULL };
	int fd = -1, r = piece ? sha256_init(&h) : ERR_NOMEM;

	if (r < 0 || file_path(path, c->path, rel, NULL) < 0) {
		r = err_set(c->e, ERR_NOMEM, "no memory to verify");
		goto out;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		r = err_errno(c->e, "cannot open '%s'", path);
		goto out;
	}
	for (;;) {
		ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = err_errno(c->e, "cannot read '%s'", path);
		if (n <= 0)
			break;
		sha256_update(&h, BYTES(piece, (size_t)n));
		c->rep->bytes += (uint64_t)n;
	}
	sha256_final(&h, hash);
out:
	sha256_release(&h);
	free(piece);
	if (fd >= 0)
		close(fd);
	return r;
}

/* --- what a file may be --------------------------------------------------- */

static int digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return 0;
	return 1;
}

/* The name behind "<dir>/", or NULL. */
static const char *below(const char *rel, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(rel, dir, n) && rel[n] == '/' ? rel + n + 1 : NULL;
}

/* The stream a path lies in: its length in rel, or 0. */
static size_t stream_len(const char *rel)
{
	const char *slash;

	if (!strncmp(rel, "admin/", 6))
		return 5;
	if (strncmp(rel, "audit/", 6) && strncmp(rel, "cases/", 6))
		return 0;
	slash = strchr(rel + 6, '/');
	return slash ? (size_t)(slash - rel) : 0;
}

/* Slots appended in the first epoch, or in one whose table a leaf names. */
static int is_slots(const struct verify *c, const char *rel, size_t dir,
		    const char *name)
{
	char tab[VAULT_DIR_MAX + KEYS_NAME_MAX + 2], file[KEYS_NAME_MAX];
	const struct vexternal *x;
	int is_tab = 0;
	uint32_t epoch = keys_name_epoch(name, &is_tab);

	if (!epoch || is_tab || dir > VAULT_DIR_MAX)
		return 0;
	if (epoch == SLOT_EPOCH)
		return 1;
	keys_tab_name(epoch, file);
	snprintf(tab, sizeof tab, "%.*s/%s", (int)dir, rel, file);
	x = find_external(c, tab);
	return x != NULL;
}

enum known { UNKNOWN, CHECKED, CACHE, JOURNAL, TORN };

/* The name behind "log/<shard>/" of a shard that FORMAT names, or NULL. */
static const char *in_shard(const struct verify *c, const char *rel)
{
	const char *name = below(rel, "log");

	for (unsigned i = 0; name && i < c->fmt->n; i++) {
		const char *in = below(name, c->fmt->shard[i].name);

		if (in)
			return in;
	}
	return NULL;
}

/* "<size>.<who>.tsr" or ".cosig": what an authority or a witness answered.  A
 * leaf names it, but for one that a crash left: that counts for nothing. */
static int is_answer(const char *name)
{
	size_t d = strspn(name, "0123456789"), n = strlen(name);

	return d && name[d] == '.' && !strchr(name, '/') &&
	       ((n > d + 5 && !strcmp(name + n - 4, ".tsr")) ||
		(n > d + 7 && !strcmp(name + n - 6, ".cosig")));
}

static enum known what_is(const struct verify *c, const char *rel)
{
	const char *name = in_shard(c, rel), *in;
	size_t n;

	if (!strcmp(rel, "FORMAT"))
		return CHECKED;
	if (!strcmp(rel, "LOCK"))
		return CACHE;
	if (!strcmp(rel, "gates.journal"))
		return JOURNAL;
	if (name) {
		n = strlen(name);
		if (n == 10 && digits(name, 6) && !strcmp(name + 6, ".seg"))
			return CHECKED;
		if (!strncmp(name, "torn/", 5))
			return TORN;
		if (!strncmp(name, "heads/", 6) && n > 11
		    && digits(name + 6, n - 11)
		    && !strcmp(name + n - 5, ".note"))
			return CHECKED;
		if (!strncmp(name, "heads/", 6) && is_answer(name + 6))
			return CACHE;
		return UNKNOWN;
	}
	n = stream_len(rel);
	if (n == 0)
		return UNKNOWN;
	in = rel + n + 1;
	if (!strncmp(in, "packs/", 6))
		return strlen(in) == 17 && digits(in + 6, 6)
		       && !strcmp(in + 12, ".pack") ? CHECKED : UNKNOWN;
	if (!strncmp(in, "keys/", 5))
		return is_slots(c, rel, n, in + 5) ? CHECKED : UNKNOWN;
	/* What a reading of the audit opened, see cases/audit_month.h. */
	if (!strncmp(rel, "audit/", 6) && !strncmp(in, "read.cache/", 11))
		return strlen(in) == 21 && digits(in + 11, 6)
		       && !strcmp(in + 17, ".age") ? CACHE : UNKNOWN;
	if (strncmp(rel, "cases/", 6))
		return UNKNOWN;
	if (!strcmp(in, "crawl.journal"))
		return JOURNAL;
	return !strcmp(in, "derived.cache") || !strcmp(in, "index.age")
	       ? CACHE : UNKNOWN;
}

static int check_torn(struct verify *c, const char *rel)
{
	const char *name = strrchr(rel, '/') + 1;
	uint8_t want[SHA256_LEN], hash[SHA256_LEN];
	int r;

	if (strlen(name) != 2 * SHA256_LEN + 5
	    || strcmp(name + 2 * SHA256_LEN, ".torn")
	    || hex_get(BYTES(name, 2 * SHA256_LEN), want, SHA256_LEN) < 0) {
		verify_say(c, rel, 0, "no name of a torn file");
		return 0;
	}
	r = hash_file(c, rel, hash);
	if (r == 0 && memcmp(want, hash, sizeof hash))
		verify_say(c, rel, 0, "torn bytes do not have the hash that "
			   "names them");
	return r;
}

/* Header and lengths of a journal; its frames open with a key only. */
static int check_journal(struct verify *c, const char *rel, uint64_t size)
{
	char path[FILE_PATH_MAX];
	uint8_t head[12];
	int fd, r = 0;

	if (c->live || file_path(path, c->path, rel, NULL) < 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(c->e, "cannot open '%s'", path);
	if (size < sizeof head
	    || file_pread_all(fd, head, sizeof head, 0, NULL) < 0
	    || memcmp(head, "SCLLJRN1", 8)
	    || get_be32(head + 8) > size - sizeof head) {
		verify_say(c, rel, 0, "no header of a journal");
		goto out;
	}
	for (uint64_t off = sizeof head + get_be32(head + 8); off + 4 <= size;) {
		uint32_t n;

		r = file_pread_all(fd, head, 4, off, c->e);
		if (r < 0)
			break;
		n = get_be32(head);
		if (n == UINT32_MAX && size - off >= 28) {
			off += 28;	/* a mark, see journal.c */
			continue;
		}
		/* A torn last frame is dropped when the journal is opened. */
		if (n > size - off - 4 || n == 0)
			break;
		if (n < 16 || n > (1u << 20) + 16) {
			verify_say(c, rel, off, "no frame of a journal");
			break;
		}
		off += 4 + n;
	}
out:
	close(fd);
	return r;
}

static int check_external(struct verify *c, const struct vexternal *x)
{
	static const uint8_t gone[SHA256_LEN];
	uint8_t hash[SHA256_LEN];
	int r;

	if (!memcmp(x->hash, gone, SHA256_LEN)) {
		verify_say(c, x->path, 0, "file is there, but leaf %llu says "
			   "it is gone", (unsigned long long)x->seq);
		return 0;
	}
	/* A shard was begun, and what says so is not written yet. */
	if (!strcmp(x->path, "FORMAT")
	    && c->fmt->shard[c->fmt->n - 1].first >= c->n)
		return 0;
	r = hash_file(c, x->path, hash);
	if (r == 0 && memcmp(hash, x->hash, sizeof hash))
		verify_say(c, x->path, 0, "file is altered: leaf %llu names "
			   "another hash", (unsigned long long)x->seq);
	return r;
}

static int check_file(struct verify *c, const char *rel, uint64_t size)
{
	const struct vexternal *x = find_external(c, rel);
	int r;

	if (c->o->keyless && truth_is_key(rel)) {
		verify_say(c, rel, 0, "key material in a copy without keys");
		return 0;
	}
	r = x ? check_external(c, x) : 0;
	if (r < 0)
		return r;
	switch (what_is(c, rel)) {
	case CHECKED:
	case CACHE:
		return 0;
	case JOURNAL:
		return check_journal(c, rel, size);
	case TORN:
		return check_torn(c, rel);
	case UNKNOWN:
		break;
	}
	if (!x && !c->log_bad)
		verify_say(c, rel, 0, "no leaf names this file");
	return 0;
}

/* --- the walk ------------------------------------------------------------- */

static int walk(struct verify *c, const char *rel, unsigned depth)
{
	char path[FILE_PATH_MAX], sub[REL_MAX];
	char **names;
	int r = file_path(path, c->path, rel, NULL);

	if (r == 0)
		r = file_list(path, &names, NULL, c->e);
	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		struct stat st;

		if (snprintf(sub, sizeof sub, "%s%s%s", rel, *rel ? "/" : "",
			     *p) >= (int)sizeof sub
		    || file_path(path, c->path, sub, NULL) < 0) {
			verify_say(c, rel, 0, "path is too long");
			continue;
		}
		if (lstat(path, &st) < 0) {
			if (errno != ENOENT || !c->live)
				r = err_errno(c->e, "cannot look at '%s'", path);
			continue;
		}
		if (S_ISDIR(st.st_mode)) {
			if (depth == DEPTH_MAX)
				verify_say(c, sub, 0, "directory is too deep");
			else
				r = walk(c, sub, depth + 1);
		} else if (S_ISREG(st.st_mode)) {
			r = check_file(c, sub, (uint64_t)st.st_size);
		} else {
			verify_say(c, sub, 0, "neither file nor directory");
		}
	}
	free(names);
	return r;
}

int verify_files(struct verify *c)
{
	static const uint8_t gone[SHA256_LEN];
	int r;

	last_of_each(c);
	r = walk(c, "", 0);
	for (size_t i = 0; r == 0 && i < c->next; i++) {
		const struct vexternal *x = &c->ext[i];
		char path[FILE_PATH_MAX];
		struct stat st;

		if (!memcmp(x->hash, gone, SHA256_LEN)
		    || file_path(path, c->path, x->path, NULL) < 0)
			continue;
		if (c->o->keyless && truth_is_key(x->path))
			continue;
		if (lstat(path, &st) < 0 && errno == ENOENT)
			verify_say(c, x->path, 0, "file is missing: leaf %llu "
				   "names it", (unsigned long long)x->seq);
	}
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Files below the vault that statements vouch for.
 *
 * A new content is staged beside the file, as <file>.next; the statement names
 * the hash of what is staged; once it is durable under a signed head the
 * staged file takes the name.  Removing goes the same way: the statement says
 * that the file is gone, then it goes.  So whenever the power fails, recovery
 * (store/settle_files.c) sees from the log whether to finish or to undo.
 */
#include "cases/unit_int.h"

#include "store/rekey.h"
#include "store/sha256.h"
#include "util/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct unit_staged {
	struct unit_staged *next;
	int drop;
	char rel[];
};

int unit_path(const struct unit *u, const char *rel,
	      char out[static FILE_PATH_MAX], struct err *e)
{
	if (file_path(out, vault_path(u->vault), rel, NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long", rel);
	return 0;
}

static int next_path(const struct unit *u, const char *rel,
		     char out[static FILE_PATH_MAX], struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = unit_path(u, rel, path, e);

	if (r == 0 && snprintf(out, FILE_PATH_MAX, "%s" VAULT_STAGED, path)
	    >= FILE_PATH_MAX)
		r = err_set(e, ERR_RANGE, "path '%s' is too long", rel);
	return r;
}

static struct unit_staged *find(const struct unit *u, const char *rel)
{
	struct unit_staged *s = u->staged;

	while (s && strcmp(s->rel, rel) != 0)
		s = s->next;
	return s;
}

static int stage(struct unit *u, const char *rel, int drop, struct err *e)
{
	struct unit_staged *s = find(u, rel);
	size_t n = strlen(rel) + 1;

	if (!s) {
		s = malloc(sizeof *s + n);
		if (!s)
			return err_set(e, ERR_NOMEM, "no memory for a file");
		memcpy(s->rel, rel, n);
		s->next = u->staged;
		u->staged = s;
	}
	s->drop = drop;
	return 0;
}

int unit_put(struct unit *u, const char *rel, struct bytes content,
	     struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = next_path(u, rel, path, e);

	if (r == 0)
		r = stage(u, rel, 0, e);
	if (r == 0)
		r = file_replace(path, content, 0600, e);
	/* Behind a failed write nothing more is written. */
	if (r == ERR_IO)
		vault_stop(u->vault);
	return r;
}

int unit_put_sealed(struct unit *u, const char *rel,
		    const uint8_t to[static 32], struct bytes plain,
		    struct err *e)
{
	struct buf sealed = BUF_INIT(plain.len + AGE_HEADER_MAX);
	int r = age_encrypt(to, plain, &sealed);

	if (r < 0)
		err_set(e, r, "cannot seal '%s'", rel);
	else
		r = unit_put(u, rel, buf_view(&sealed), e);
	buf_release(&sealed);
	return r;
}

int unit_drop(struct unit *u, const char *rel, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = unit_path(u, rel, path, e);

	return r < 0 ? r : stage(u, rel, 1, e);
}

int unit_mkdir(const struct unit *u, const char *rel, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = unit_path(u, rel, path, e);

	if (r == 0)
		r = file_mkdir(path, e);
	if (r == ERR_IO)
		vault_stop(u->vault);
	return r;
}

int unit_hash_file(const struct unit *u, const char *rel,
		   struct store_external *out, struct err *e)
{
	struct buf b = BUF_INIT((size_t)16 << 20);
	const struct unit_staged *s = find(u, rel);
	char path[FILE_PATH_MAX];
	int r = s ? next_path(u, rel, path, e) : unit_path(u, rel, path, e);

	memset(out, 0, sizeof *out);
	out->path = rel;
	if (s && s->drop)
		return r;	/* zeros: it is gone */
	if (r == 0)
		r = file_read(path, &b, e);
	if (r == 0)
		sha256_once(buf_view(&b), out->sha256);
	else if (r == ERR_NOENT && !s)
		r = 0;
	buf_release(&b);
	return r;
}

static int settle_one(const struct unit *u, const struct unit_staged *s,
		      struct err *e)
{
	char path[FILE_PATH_MAX], next[FILE_PATH_MAX];
	int r = unit_path(u, s->rel, path, e);

	if (r == 0)
		r = next_path(u, s->rel, next, e);
	if (r < 0)
		return r;
	if (s->drop)	/* keys and wraps: overwritten as well */
		return rekey_destroy(path, e);
	if (!s->drop && rename(next, path) < 0)
		return err_errno(e, "cannot replace '%s'", s->rel);
	return 0;
}

/* The directory of each file once; they lie in few. */
static int sync_dirs(const struct unit *u, const char *const *files, size_t n,
		     struct err *e)
{
	char path[FILE_PATH_MAX], last[FILE_PATH_MAX] = "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char *slash;

		r = unit_path(u, files[i], path, e);
		if (r < 0)
			break;
		slash = strrchr(path, '/');
		*slash = '\0';
		if (!strcmp(path, last) || !file_exists(path))
			continue;
		memcpy(last, path, sizeof last);
		r = file_sync_dir(path, e);
	}
	return r;
}

int unit_settle(struct unit *u, const char *const *files, size_t n,
		struct err *e)
{
	int r = 0, any = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct unit_staged **at = &u->staged, *s = find(u, files[i]);

		if (!s)
			continue;
		any = 1;
		r = settle_one(u, s, e);
		while (*at && *at != s)
			at = &(*at)->next;
		if (*at)
			*at = s->next;
		free(s);
	}
	if (r == 0 && any)
		r = sync_dirs(u, files, n, e);
	/* The log says what the files do not: the next open finishes it. */
	if (r < 0) {
		vault_stop(u->vault);
		u->writable = 0;
	}
	return r;
}

void unit_unstage(struct unit *u, int undo)
{
	while (u->staged) {
		struct unit_staged *s = u->staged;
		char path[FILE_PATH_MAX];

		u->staged = s->next;
		if (undo && !s->drop && next_path(u, s->rel, path, NULL) == 0)
			unlink(path);
		free(s);
	}
}

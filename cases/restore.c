/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/restore.h"

#include "cases/backup_int.h"
#include "cases/deny.h"
#include "cases/receipts.h"
#include "store/checkpoint.h"
#include "store/receipt.h"
#include "store/sha256.h"
#include "store/truth.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEN_MAX ((size_t)1 << 20)

/* --- checking the run ------------------------------------------------------- */

/* Its list must be the one its note signs; a mirror's has no note. */
static int read_list(const struct copyset *c, struct restore *s,
		     struct copy_list *list, struct err *e)
{
	struct buf text = BUF_INIT(COPYSET_LIST_MAX), note = BUF_INIT(NOTE_MAX);
	uint64_t size = s->note.size;
	char path[FILE_PATH_MAX];
	uint8_t sha[32];
	int r = copyset_run(c, size, ".sha256", path, e);

	if (r == 0)
		r = file_read(path, &text, e);
	if (r == 0)
		r = copyset_read(buf_view(&text), list, e);
	if (r < 0)
		goto out;
	sha256_once(buf_view(&text), sha);
	hex_str(s->backup, sha, 32);
	if (c->mirror)
		goto out;
	r = copyset_run(c, size, ".note", path, e);
	if (r == 0)
		r = file_read(path, &note, e);
	if (r == 0)
		r = backup_note_read(buf_view(&note), c->vkey, &s->note, e);
	if (r == 1 || r == ERR_FORMAT)
		r = err_set(e, ERR_DAMAGED, "the note of run %" PRIu64 " is not "
			    "signed by the log's key", size);
	if (r == 0 && (s->note.name[0] || s->note.size != size ||
		       memcmp(s->note.list, sha, 32)))
		r = err_set(e, ERR_DAMAGED, "the list of run %" PRIu64 " is not "
			    "the one its note signs", size);
out:
	buf_release(&text);
	buf_release(&note);
	return r;
}

static int check_run(const struct copyset *c, struct restore *s,
		     struct copy_list *list, struct err *e)
{
	char run[FILE_PATH_MAX], path[FILE_PATH_MAX];
	uint8_t sha[32], root[32];
	struct vault *v = NULL;
	uint64_t n;
	int r = copyset_run(c, s->note.size, "", run, e);

	if (r == 0 && !file_exists(run))
		r = err_set(e, ERR_NOENT, "there is no run of %" PRIu64
			    " leaves in '%s'", s->note.size, c->dir);
	if (r == 0)
		r = read_list(c, s, list, e);
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		if (file_path(path, run, list->f[i].path, NULL) < 0)
			r = err_set(e, ERR_RANGE, "path '%s' is too long",
				    list->f[i].path);
		else
			r = copyset_hash(path, UINT64_MAX, -1, sha, &n, e);
		if (r == 0 && memcmp(sha, list->f[i].sha256, 32))
			r = err_set(e, ERR_DAMAGED, "'%s' of run %" PRIu64
				    " is altered", list->f[i].path,
				    s->note.size);
	}
	if (r == 0)
		r = backup_check(run, 1, e);
	if (r == 0)
		r = vault_open(run, VAULT_READ, NULL, &v, e);
	if (r == 0 && (vault_size(v) != s->note.size ||
		       strcmp(vault_shard_at(v, 0)->vkey, c->vkey)))
		r = err_set(e, ERR_DAMAGED, "run %" PRIu64 " holds another log "
			    "than it says", s->note.size);
	if (r == 0)
		r = vault_root(v, s->note.size, root);
	if (r == 0 && !c->mirror && memcmp(root, s->note.root, 32))
		r = err_set(e, ERR_DAMAGED, "run %" PRIu64 " has another root "
			    "than its note", s->note.size);
	if (r == 0)
		memcpy(s->note.root, root, 32);
	vault_close(v);
	return r;
}

/* --- what is known to be lost ------------------------------------------------ */

/* A head of this log, in a file: its size, or 0. */
static uint64_t size_of(const char *file, const char *vkey, char *origin)
{
	struct buf b = BUF_INIT(SEEN_MAX);
	struct receipt *rc = malloc(sizeof *rc);
	struct bytes note;
	struct note_vkey log, key;
	struct checkpoint head;
	const uint8_t *nl;
	uint64_t size = 0;

	if (!rc || file_read(file, &b, NULL) < 0)
		goto out;
	note = buf_view(&b);
	if (receipt_is(note)) {
		if (receipt_parse(note, rc, NULL) < 0)
			goto out;
		note = rc->head;
	}
	nl = note.len ? memchr(note.p, '\n', note.len) : NULL;
	if (!nl || nl - note.p > VAULT_NAME_MAX)
		goto out;
	memcpy(origin, note.p, (size_t)(nl - note.p));
	origin[nl - note.p] = '\0';
	if (note_vkey_read(bytes_str(vkey), &log, NULL) == 0 &&
	    note_vkey_make(&key, origin, log.type, log.pk, NULL) == 0 &&
	    checkpoint_open(note, &key, 1, origin, &head, NULL) == 0)
		size = head.size;
out:
	free(rc);
	buf_release(&b);
	return size;
}

static void see(struct restore *s, uint64_t size, const char *where)
{
	if (size <= s->note.size || size <= s->known)
		return;
	s->known = size;
	snprintf(s->from, sizeof s->from, "%s", where);
}

/* Every head somebody has: later runs, receipts kept here, files shown. */
static int look_beyond(const struct restore_args *a, const struct copyset *c,
		       struct restore *s, struct err *e)
{
	char origin[VAULT_NAME_MAX + 1], where[VAULT_NAME_MAX + 32];
	struct receipts_entry *list = NULL;
	size_t n = 0;

	if (c->last != COPYSET_NONE)
		see(s, c->last, "a later run");
	for (size_t i = 0; i < a->nseen; i++) {
		uint64_t size = size_of(a->seen[i], c->vkey, origin);

		if (!size)
			return err_set(e, ERR_FORMAT, "'%s' is no head or "
				       "receipt of this log", a->seen[i]);
		snprintf(where, sizeof where, "a head of %s", origin);
		see(s, size, where);
	}
	if (receipts_list(c->vkey, &list, &n, NULL) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t size = size_of(list[i].path, c->vkey, origin);

		snprintf(where, sizeof where, "a receipt of %s", origin);
		see(s, size, where);
	}
	free(list);
	return 0;
}

/* --- building ------------------------------------------------------------------ */

static int copy_file(const char *run, const char *stage,
		     const struct copy_entry *f, struct err *e)
{
	char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
	uint8_t sha[32];
	uint64_t n;
	int r = copyset_mkdirs(stage, f->path, e), fd;

	if (r < 0)
		return r;
	if (file_path(from, run, f->path, NULL) < 0 ||
	    file_path(to, stage, f->path, NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long", f->path);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return err_errno(e, "cannot create '%s'", to);
	r = copyset_hash(from, UINT64_MAX, fd, sha, &n, e);
	if (r == 0)
		r = file_sync(fd, e);
	close(fd);
	if (r == 0 && memcmp(sha, f->sha256, 32))
		r = err_set(e, ERR_DAMAGED, "'%s' changed while it was copied",
			    f->path);
	return r;
}

static int put_keys(const struct backup_keyfile *k, const char *stage,
		    struct err *e)
{
	char path[FILE_PATH_MAX];
	struct bytes content;
	size_t at = k->body;
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->list.n; i++) {
		r = backup_next_key(k, i, &at, &content, e);
		if (r == 0)
			r = copyset_mkdirs(stage, k->list.f[i].path, e);
		if (r == 0 && file_path(path, stage, k->list.f[i].path,
					NULL) < 0)
			r = err_set(e, ERR_RANGE, "path '%s' is too long",
				    k->list.f[i].path);
		if (r == 0)
			r = file_create(path, content, 0600, e);
	}
	return r;
}

/* Streams nobody wrote to yet have directories, and no file in them. */
static int stream_dirs(const char *stage, const char *top, int below,
		       struct err *e)
{
	static const char *const subs[] = { "packs/x", "keys/x", "wraps/x" };
	char dir[FILE_PATH_MAX], sub[FILE_PATH_MAX], **names = NULL;
	int r = file_path(dir, stage, top, NULL);

	if (r == 0 && !below) {
		for (size_t i = 0; r == 0 && i < 2; i++)
			r = copyset_mkdirs(dir, subs[i], e);
		return r;
	}
	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	for (char **p = names; r == 0 && *p; p++) {
		r = file_path(sub, dir, *p, NULL);
		for (size_t i = 0; r == 0 && i < 3; i++)
			r = copyset_mkdirs(sub, subs[i], e);
	}
	free(names);
	return r;
}

static int build(const struct copyset *c, struct restore *s,
		 const struct copy_list *list, const struct backup_keyfile *k,
		 struct err *e)
{
	char run[FILE_PATH_MAX];
	struct vault *v = NULL;
	int r = copyset_run(c, s->note.size, "", run, e);

	if (r == 0)
		r = copyset_remove(s->stage, e);
	if (r == 0)
		r = file_mkdir(s->stage, e);
	if (r == 0)
		r = vault_open(run, VAULT_READ, NULL, &v, e);
	if (r == 0)
		r = backup_dirs(s->stage, v, e);
	vault_close(v);
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = copy_file(run, s->stage, &list->f[i], e);
	if (r == 0 && k)
		r = put_keys(k, s->stage, e);
	if (r == 0)
		r = stream_dirs(s->stage, "admin", 0, e);
	if (r == 0)
		r = stream_dirs(s->stage, "audit", 1, e);
	if (r == 0)
		r = stream_dirs(s->stage, "cases", 1, e);
	if (r == 0)
		r = copyset_sync(s->stage, e);
	return r == 0 ? backup_check(s->stage, !k, e) : r;
}

static int open_keys(const struct restore_args *a, const struct copyset *c,
		     struct restore *s, struct backup_keyfile *k, struct err *e)
{
	char until[CLOCK_RFC3339_MAX];
	int r;

	if (!a->identity)
		return err_set(e, ERR_USAGE, "a key backup takes --identity");
	r = backup_open_keys(a->keys, a->identity, c->vkey, k, e);
	if (r < 0)
		return r;
	if (k->note.until_ms < a->now_ms) {
		r = err_set(e, ERR_DENIED, "key backup '%s' was to be destroyed "
			    "by %s", k->note.name,
			    clock_rfc3339(k->note.until_ms, until));
	} else if (a->size != COPYSET_NONE && a->size != k->note.size) {
		r = err_set(e, ERR_USAGE, "the keys are of the run of %" PRIu64
			    " leaves", k->note.size);
	}
	if (r < 0) {
		backup_close_keys(k);
		return r;
	}
	s->note.size = k->note.size;
	snprintf(s->keys, sizeof s->keys, "%s", k->note.name);
	return 0;
}

static int is_free(const char *to)
{
	char **names;
	size_t n = 0;
	int r = file_list(to, &names, &n, NULL);

	if (r == 0)
		free(names);
	return r == ERR_NOENT || (r == 0 && n == 0);
}

int restore_stage(const struct restore_args *a, struct restore *s,
		  struct err *e)
{
	struct copyset *c = calloc(1, sizeof *c);
	struct backup_keyfile k = { .body = 0 };
	struct copy_list list = { 0 };
	int n = (int)strlen(a->to), r, looked;

	while (n > 1 && a->to[n - 1] == '/')
		n--;
	memset(s, 0, sizeof *s);
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory to restore");
	if (snprintf(s->to, sizeof s->to, "%.*s", n, a->to) >= (int)sizeof s->to ||
	    snprintf(s->stage, sizeof s->stage, "%.*s.restoring", n, a->to) >=
	    (int)sizeof s->stage)
		r = err_set(e, ERR_RANGE, "path '%s' is too long", a->to);
	else
		r = is_free(a->to) ? 0 : err_set(e, ERR_EXIST, "'%s' exists and "
						 "is not empty", a->to);
	if (r == 0)
		r = copyset_look(a->from, c, e);
	looked = r == 0;
	if (r == 0)
		s->note.size = a->size != COPYSET_NONE ? a->size : c->last;
	if (r == 0 && a->keys)
		r = open_keys(a, c, s, &k, e);
	if (r == 0 && s->note.size == COPYSET_NONE)
		r = err_set(e, ERR_NOENT, "there is no run in '%s'", a->from);
	if (r == 0)
		r = check_run(c, s, &list, e);
	if (r == 0 && a->keys && memcmp(k.note.root, s->note.root, 32))
		r = err_set(e, ERR_DAMAGED, "the keys are of another history");
	if (r == 0)
		r = look_beyond(a, c, s, e);
	if (r == 0) {
		r = build(c, s, &list, a->keys ? &k : NULL, e);
		if (r < 0)
			copyset_remove(s->stage, NULL);
	}
	if (looked)
		copyset_close(c);
	if (s->keys[0])
		backup_close_keys(&k);
	copyset_list_release(&list);
	free(c);
	return r;
}

int restore_open(struct restore *s, const char *user, struct bytes pass,
		 struct err *e)
{
	const struct shard_gap gap = {
		.taken_ms = s->note.taken_ms, .backup = s->backup,
		.keys = s->keys, .known = s->known,
		.from = s->known ? s->from : NULL,
	};
	int r = unit_open_restored(s->stage, user, pass, &gap, &s->unit, e);

	if (r == 0)
		r = unit_may(s->unit, PERMIT_BACKUP_KEYS, NULL, e);
	if (r == 0)
		r = vault_publish(s->unit->vault, e);
	return r;
}

int restore_finish(struct restore *s, int r, struct err *e)
{
	char parent[FILE_PATH_MAX], *slash;
	struct err quiet = ERR_INIT;
	struct vault *v = NULL;

	if (s->unit)
		unit_close(s->unit);
	s->unit = NULL;
	if (r == 0 && s->keys[0])
		r = backup_check(s->stage, 0, e);
	if (r == 0)
		r = copyset_sync(s->stage, e);
	if (r == 0 && rename(s->stage, s->to) < 0)
		r = err_errno(e, "cannot give the vault its name '%s'", s->to);
	if (r < 0) {
		copyset_remove(s->stage, &quiet);
		return r;
	}
	snprintf(parent, sizeof parent, "%s", s->to);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	else
		snprintf(parent, sizeof parent, ".");
	r = file_sync_dir(parent, e);
	if (r == 0 && vault_open(s->to, VAULT_READ, NULL, &v, NULL) == 0)
		receipts_keep(v, NULL, &quiet);
	vault_close(v);
	return r;
}

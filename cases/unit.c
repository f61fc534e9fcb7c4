/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/unit.h"

#include "cases/erasure.h"

#include "cases/shard.h"
#include "cases/unit_int.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- files ----------------------------------------------------------------- */

int unit_sealed(const struct unit *u, const char *rel, uint8_t *out, size_t n,
		struct err *e)
{
	struct buf sealed = BUF_INIT(n + AGE_HEADER_MAX);
	struct buf plain = BUF_INIT(n + 1);
	char path[FILE_PATH_MAX];
	int r = unit_path(u, rel, path, e);

	if (u->link && u->link->sealed)
		return u->link->sealed(u->link->arg, rel, out, n, e);
	if (r == 0)
		r = file_read(path, &sealed, e);
	if (r == 0) {
		r = age_decrypt(&u->keys->receive, 1, buf_view(&sealed), &plain,
				e);
		if (r < 0)
			err_prefix(e, "'%s'", rel);
	}
	if (r == 0 && plain.len != n)
		r = err_set(e, ERR_DAMAGED, "'%s' does not hold %zu bytes", rel,
			    n);
	if (r == 0)
		memcpy(out, plain.p, n);
	buf_wipe(&plain);
	buf_release(&sealed);
	return r;
}

/* --- who ------------------------------------------------------------------- */

int unit_user(const char *path, const char *user, char *out, struct err *e)
{
	char dir[FILE_PATH_MAX];
	char **names = NULL;
	const char *only = NULL;
	size_t n = 0, found = 0;
	int r;

	if (user && (!strcmp(user, UNIT_TIMER) || admin_name_valid(user))) {
		snprintf(out, ADMIN_NAME_MAX + 1, "%s", user);
		return 0;
	}
	if (user)
		return err_set(e, ERR_FORMAT, "'%s' is no user name", user);
	if (file_path(dir, path, "FORMAT", NULL) < 0 || !file_exists(dir))
		return err_set(e, ERR_NOENT, "there is no vault in '%s'", path);
	if (file_path(dir, path, "admin/users", NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	r = file_list(dir, &names, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		char *end = strstr(names[i], ".key.age");

		if (!end || end[8])
			continue;
		*end = '\0';
		only = names[i];
		found++;
	}
	if (found == 1 && admin_name_valid(only))
		snprintf(out, ADMIN_NAME_MAX + 1, "%s", only);
	else
		r = err_set(e, ERR_USAGE, "the vault has several users: say "
			    "which with --user NAME or SCELLE_USER");
	free(names);
	return r;
}

/* One of a user's files, or ERR_NOENT with words for a person. */
static int user_file(const struct unit *u, const char *path, const char *suffix,
		     struct buf *out, struct err *e)
{
	char file[FILE_PATH_MAX], name[ADMIN_NAME_MAX + 24];

	snprintf(name, sizeof name, "%s%s", u->user_name, suffix);
	if (file_path(file, path, "admin/users", name, NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	if (!file_exists(file))
		return err_set(e, ERR_NOENT, "no user '%s' in this vault",
			       u->user_name);
	return file_read(file, out, e);
}

/*
 * Open a user's key file.  A new passphrase may be staged (unit_file.c) by a
 * command that was cut off: it opens the same keys, and whether it counts is
 * for recovery to say.
 */
static int open_user_keys(struct unit *u, const char *path, struct bytes sealed,
			  struct bytes pass, struct err *e)
{
	struct buf staged = BUF_INIT(KEYFILE_MAX);
	int r = user_keys_open(sealed, pass, &u->user, e);

	if (r != ERR_AUTH)
		return r;
	if (user_file(u, path, ".key.age" VAULT_STAGED, &staged, NULL) == 0
	    && user_keys_open(buf_view(&staged), pass, &u->user, NULL) == 0)
		r = 0;
	else
		err_set(e, r, "wrong passphrase for '%s'", u->user_name);
	buf_release(&staged);
	return r;
}

/*
 * The unit's keys as the user has them.  New keys of the user are several files
 * that take their names one after the other: this one may still be staged.
 */
static int open_unit_keys(struct unit *u, const char *path, struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	struct err quiet = ERR_INIT;
	int r = user_file(u, path, ".unit.age", &sealed, e);

	if (r < 0)
		goto out;
	r = unit_keys_unwrap(buf_view(&sealed), &u->user->receive, &u->keys, e);
	if (r == 0)
		goto out;
	buf_clear(&sealed);
	if (user_file(u, path, ".unit.age" VAULT_STAGED, &sealed, &quiet) == 0
	    && unit_keys_unwrap(buf_view(&sealed), &u->user->receive, &u->keys,
				&quiet) == 0)
		r = 0;
out:
	buf_release(&sealed);
	return r;
}

/* The keys that a passphrase opens: the user's then the unit's, or the
 * unit's alone. */
static int login(struct unit *u, const char *path, struct bytes pass,
		 struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	char file[FILE_PATH_MAX];
	int r;

	if (!strcmp(u->user_name, UNIT_TIMER)) {
		r = file_path(file, path, "admin/unit.key.age", NULL);
		if (r == 0)
			r = file_read(file, &sealed, e);
		if (r == 0)
			r = unit_keys_open(buf_view(&sealed), pass, &u->keys,
					   e);
		if (r == ERR_AUTH)
			err_set(e, r, "wrong passphrase for the unit");
		goto out;
	}
	r = user_file(u, path, ".key.age", &sealed, e);
	if (r == 0)
		r = open_user_keys(u, path, buf_view(&sealed), pass, e);
	if (r == 0)
		r = open_unit_keys(u, path, e);
out:
	buf_release(&sealed);
	return r;
}

/* --- opening --------------------------------------------------------------- */

int unit_replay(struct unit *u, struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	uint64_t n = stream_count(u->admin_stream);
	int r = 0;

	for (uint64_t i = u->admin.count; r == 0 && i < n; i++) {
		buf_clear(&note);
		r = stream_get(u->admin_stream, i, 0, &note, NULL, e);
		if (r == 0)
			r = admin_apply(&u->admin, buf_view(&note), e);
		if (r < 0)
			err_prefix(e, "admin statement %llu",
				   (unsigned long long)i);
	}
	buf_wipe(&note);
	return r;
}

int unit_open_admin(struct unit *u, struct err *e)
{
	uint8_t tag[32];
	int r = unit_sealed(u, "admin/tag.age", tag, 32, e);

	if (r == 0)
		r = stream_open(u->vault, ADMIN_STREAM,
				u->keys->receive.recipient, tag,
				&u->admin_stream, e);
	secret_wipe(tag, sizeof tag);
	return r == 0 ? unit_admin_on(u, e) : r;
}

/* What a crash left was put in order: the log says so. */
static int tell_recovery(struct unit *u, struct err *e)
{
	const struct vault_recovery *rec = vault_recovered(u->vault);
	const char *files[VAULT_TORN_NAMES];
	char (*paths)[VAULT_NAME_MAX + 96];
	struct unit_write w;
	size_t n = 0;
	int r;

	if (!rec->torn_bytes && !rec->torn_files && !rec->adopted &&
	    !rec->orphan_objects)
		return 0;
	paths = calloc(VAULT_TORN_NAMES, sizeof *paths);
	if (!paths)
		return err_set(e, ERR_NOMEM, "no memory for a statement");
	r = unit_begin(u, "recovery", &w, e);
	if (r < 0) {
		free(paths);
		return r;
	}
	jsonw_int(&w.draft.w, "torn_bytes", (int64_t)rec->torn_bytes);
	jsonw_int(&w.draft.w, "torn_files", rec->torn_files);
	jsonw_int(&w.draft.w, "adopted", (int64_t)rec->adopted);
	jsonw_int(&w.draft.w, "orphan_objects", (int64_t)rec->orphan_objects);
	jsonw_open(&w.draft.w, "files", '[');
	for (size_t i = 0; i < VAULT_TORN_NAMES; i++) {
		if (!rec->names[i][0])
			continue;
		jsonw_str(&w.draft.w, NULL, rec->names[i]);
		snprintf(paths[n], sizeof *paths, "log/%s/torn/%s",
			 vault_shard(u->vault), rec->names[i]);
		files[n] = paths[n];
		n++;
	}
	jsonw_close(&w.draft.w, ']');
	jsonw_str(&w.draft.w, "software", "scelle " SCELLE_VERSION);
	r = unit_record(u, &w, LEAF_RECOVERY, files, n, NULL, e);
	free(paths);
	return r;
}

static int open_unit(const char *path, const char *user, struct bytes pass,
		     enum vault_mode mode, const struct shard_gap *gap,
		     struct unit **out, struct err *e)
{
	struct unit *u = calloc(1, sizeof *u);
	char format[FILE_PATH_MAX];
	int r;

	if (!u)
		return err_set(e, ERR_NOMEM, "no memory for the unit");
	admin_init(&u->admin);
	whence_here(&u->from);
	if (file_path(format, path, "FORMAT", NULL) < 0 ||
	    !file_exists(format)) {
		r = err_set(e, ERR_NOENT, "there is no vault in '%s'", path);
		goto out;
	}
	/* Another version is refused before any passphrase is tried. */
	r = vault_open(path, VAULT_READ, NULL, &u->vault, e);
	if (r < 0)
		goto out;
	r = unit_user(path, user, u->user_name, e);
	if (r < 0)
		goto out;
	r = login(u, path, pass, e);
	if (r < 0)
		goto out;
	if (mode == VAULT_WRITE) {
		vault_close(u->vault);
		u->vault = NULL;
		r = vault_open(path, VAULT_WRITE, u->keys->log.seed, &u->vault,
			       e);
		if (r < 0)
			goto out;
		u->writable = 1;
	}
	u->gap = gap;
	r = unit_enter(u, e);
	u->gap = NULL;
out:
	if (r < 0)
		unit_close(u);
	else
		*out = u;
	return r;
}

/* Does the vault know who is logged in, by these keys? */
static int check_user(const struct unit *u, struct err *e)
{
	const struct admin_user *who = admin_user(&u->admin, u->user_name);

	if (!who)
		return err_set(e, ERR_DENIED, "user '%s' is not entered in "
			       "this vault", u->user_name);
	if (memcmp(who->sign.pk, u->user->sign.vkey.pk, 32) != 0)
		return err_set(e, ERR_AUTH, "the keys this passphrase opens "
			       "are not those entered for '%s'; where renewing "
			       "them was cut off, the other passphrase counts",
			       u->user_name);
	if (who->revoked)
		return err_set(e, ERR_DENIED, "user '%s' was revoked",
			       u->user_name);
	return 0;
}

/* What opening the log for writing did is told, by whoever opened it. */
static int tell_opening(struct unit *u, struct err *e)
{
	int r = unit_shard_say(u, e);

	return r == 0 ? tell_recovery(u, e) : r;
}

/* Who is turned away may have begun a recovery: the unit itself tells it. */
static void tell_as_unit(struct unit *u)
{
	struct err quiet = ERR_INIT;

	user_keys_free(u->user);
	u->user = NULL;
	snprintf(u->user_name, sizeof u->user_name, "%s", UNIT_TIMER);
	tell_opening(u, &quiet);
}

int unit_enter(struct unit *u, struct err *e)
{
	const struct vault_shard *begun;
	int r = unit_open_admin(u, e);

	if (r < 0)
		return r;
	/* A shard that was begun and not spoken of yet has no statement. */
	begun = vault_shard_at(u->vault, vault_shards(u->vault) - 1);
	if (vault_shards(u->vault) > 1 && vault_size(u->vault) == begun->first)
		begun--;
	if (strcmp(u->admin.origin ? u->admin.origin : "", begun->origin) != 0 ||
	    memcmp(u->admin.collector.pk, u->keys->collector.vkey.pk, 32) != 0)
		return err_set(e, ERR_DAMAGED, "the unit's keys are not those "
			       "of its init statement");
	if (u->user) {
		r = check_user(u, e);
		if (r < 0) {
			if (u->writable && !u->gap)
				tell_as_unit(u);
			return r;
		}
	}
	/* What was restored never goes on under the old origin. */
	if (u->gap)
		return unit_shard_new(u, VAULT_RESTORE, u->gap, e);
	/* A session that reads leaves all this to its keeper. */
	if (u->writable)
		r = tell_opening(u, e);
	if (r == 0 && u->writable && !u->link)
		r = erasure_resume(u, e);
	return r == 0 ? unit_shard_due(u, clock_wall_ms(), e) : r;
}

int unit_open(const char *path, const char *user, struct bytes pass,
	      enum vault_mode mode, struct unit **out, struct err *e)
{
	return open_unit(path, user, pass, mode, NULL, out, e);
}

int unit_open_restored(const char *path, const char *user, struct bytes pass,
		       const struct shard_gap *gap, struct unit **out,
		       struct err *e)
{
	return open_unit(path, user, pass, VAULT_WRITE, gap, out, e);
}

void unit_close(struct unit *u)
{
	if (!u)
		return;
	if (u->vault)
		unit_unstage(u, 1);
	vault_close(u->vault);
	unit_keys_free(u->keys);
	user_keys_free(u->user);
	admin_release(&u->admin);
	free(u->streams);
	free(u);
}

unsigned unit_roles(const struct unit *u)
{
	const struct admin_user *who;

	if (!u->user)
		return 0;
	who = admin_user(&u->admin, u->user_name);
	return who && !who->revoked ? who->roles : 0;
}

/* --- streams --------------------------------------------------------------- */

void unit_stream_drop(struct unit *u, const char *dir)
{
	for (size_t i = 0; i < u->nstreams; i++) {
		if (strcmp(u->streams[i].dir, dir))
			continue;
		stream_forget(u->streams[i].stream);
		u->streams[i] = u->streams[--u->nstreams];
		return;
	}
}

struct stream *unit_stream_find(const struct unit *u, const char *dir)
{
	for (size_t i = 0; i < u->nstreams; i++)
		if (!strcmp(u->streams[i].dir, dir))
			return u->streams[i].stream;
	return NULL;
}

static int remember(struct unit *u, const char *dir, struct stream **out,
		    int (*get)(struct vault *v, const char *dir,
			       const uint8_t pub[static 32],
			       const uint8_t tag[static 32],
			       struct stream **out, struct err *e),
		    const uint8_t *public, const uint8_t *tag, struct err *e)
{
	struct unit_stream *list, *at;
	int r;

	/* Room first: a stream that is open and unknown could not be used. */
	list = reallocarray(u->streams, u->nstreams + 1, sizeof *list);
	if (!list)
		return err_set(e, ERR_NOMEM, "no memory for a stream");
	u->streams = list;
	at = &list[u->nstreams];
	if (snprintf(at->dir, sizeof at->dir, "%s", dir) >=
	    (int)sizeof at->dir)
		return err_set(e, ERR_RANGE, "path '%s' is too long", dir);
	r = get(u->vault, dir, public, tag, &at->stream, e);
	if (r < 0)
		return r;
	u->nstreams++;
	*out = at->stream;
	return 0;
}

int unit_stream(struct unit *u, const char *dir,
		const uint8_t public[static 32], const uint8_t tag[static 32],
		struct stream **out, struct err *e)
{
	*out = unit_stream_find(u, dir);
	return *out ? 0 : remember(u, dir, out, stream_open, public, tag, e);
}

int unit_stream_new(struct unit *u, const char *dir,
		    const uint8_t public[static 32],
		    const uint8_t tag[static 32], struct stream **out,
		    struct err *e)
{
	int r = remember(u, dir, out, stream_create, public, tag, e);

	if (r != ERR_EXIST)
		return r;
	r = unit_stream(u, dir, public, tag, out, e);
	if (r == 0 && stream_count(*out))
		r = err_set(e, ERR_EXIST, "stream '%s' exists already", dir);
	return r;
}

/* --- admin statements ------------------------------------------------------ */

int unit_begin(struct unit *u, const char *kind, struct unit_write *w,
	       struct err *e)
{
	return unit_begin_in(u, u->admin_stream, ADMIN_STREAM, kind, w, e);
}

int unit_begin_in(struct unit *u, struct stream *stream, const char *dir,
		  const char *kind, struct unit_write *w, struct err *e)
{
	int r;

	memset(w, 0, sizeof *w);
	if (!u->writable)
		return err_set(e, ERR_DENIED, "the vault is open for reading "
			       "only");
	w->stream = stream;
	w->time_ms = clock_wall_ms();
	snprintf(w->dir, sizeof w->dir, "%s", dir);
	snprintf(w->kind, sizeof w->kind, "%s", kind);
	if (u->link && u->link->record) {
		/* The keeper knows the number. */
		draft_begin(&w->draft, kind, vault_origin(u->vault), dir, 0,
			    w->time_ms);
		w->head = w->draft.text.len;
		return 0;
	}
	r = unit_shard_due(u, clock_wall_ms(), e);
	if (r < 0)
		return r;
	r = batch_begin(u->vault, &w->batch, e);
	if (r < 0)
		return r;
	draft_begin(&w->draft, kind, vault_origin(u->vault), dir,
		    batch_number(w->batch, stream), w->time_ms);
	/* Younger than that token, therefore (docs/outside-memory.md). */
	if (u->admin.anchor.has_token)
		jsonw_hex(&w->draft.w, "anchor", u->admin.anchor.token, 32);
	return 0;
}

void unit_abort(struct unit_write *w)
{
	if (w->batch)
		batch_abort(w->batch);
	w->batch = NULL;
	draft_release(&w->draft);
}

int unit_record(struct unit *u, struct unit_write *w, unsigned kind,
		const char *const *files, size_t nfiles, uint64_t *seq_out,
		struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	struct store_external *ext = NULL;
	struct store_item item = { .kind = (uint16_t)kind };
	struct bytes text = { NULL, 0 };
	struct err late = ERR_INIT;
	int r = 0, begun = 0;

	ext = calloc(w->nmore + nfiles + 1, sizeof *ext);
	if (!ext) {
		r = err_set(e, ERR_NOMEM, "no memory for a statement");
		goto out;
	}
	if (w->nmore)
		memcpy(ext, w->more, w->nmore * sizeof *ext);
	for (size_t i = 0; r == 0 && i < nfiles; i++)
		r = unit_hash_file(u, files[i], &ext[w->nmore + i], e);
	if (u->link && u->link->record) {
		if (r == 0)
			r = unit_record_link(u, w, kind, ext,
					     nfiles + w->nmore, seq_out, e);
		goto out;
	}
	/* A service signs itself what its log says of its users. */
	if (r == 0 && (kind == LEAF_RECOVERY || kind == LEAF_ANCHOR ||
		       w->program ||
		       (u->link && (!strncmp(w->dir, "audit/", 6) ||
				    !strcmp(w->kind, "audit-month")))))
		r = draft_sign(&w->draft, &u->keys->collector, 1, &note, e);
	else if (r == 0 && (r = draft_close(&w->draft, &text, e)) == 0)
		r = unit_sign(u, text, &note, e);
	if (r == 0 && w->also && !text.p)
		r = err_set(e, ERR_DENIED, "a statement of the program has one "
			    "signer");
	if (r == 0 && w->also)
		r = note_sig_line(text, w->also, &note, e);
	/* The state refuses what the house's rules forbid: nothing is written
	 * that its own reader would not take. */
	if (r == 0 && w->stream == u->admin_stream)
		r = admin_apply(&u->admin, buf_view(&note), e);
	if (r < 0)
		goto out;
	item.statement = buf_view(&note);
	item.flags = (uint16_t)(w->flags | (u->admin.lab ? LEAF_FLAG_LAB : 0));
	item.externals = ext;
	item.nexternals = (unsigned)nfiles + w->nmore;
	secret_random(item.salt, sizeof item.salt);
	r = batch_add(w->batch, w->stream, &item, w->time_ms, seq_out, e);
	begun = r == 0 || r == ERR_IO;
	if (r == 0)
		r = batch_commit(w->batch, e);
	else
		batch_commit(w->batch, &late);	/* the vault is dead: frees */
	w->batch = NULL;
	/* The state ran ahead of the log: this process must not go on. */
	if (r < 0)
		u->writable = 0;
	else
		r = unit_settle(u, files, nfiles, e);
out:
	/* What may stand in the log is the next open's to judge. */
	if (r < 0)
		unit_unstage(u, !begun);
	unit_abort(w);
	free(ext);
	buf_release(&note);
	return r;
}

int unit_commit(struct unit *u, struct unit_write *w, const char *const *files,
		size_t nfiles, uint64_t *seq_out, struct err *e)
{
	return unit_record(u, w, LEAF_ADMIN, files, nfiles, seq_out, e);
}

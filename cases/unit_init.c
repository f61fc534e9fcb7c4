/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Making things: a unit's vault, its users, a month of audit.
 */
#include "cases/unit.h"

#include "cases/custody.h"
#include "cases/unit_int.h"
#include "store/sha256.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define USER_FILES 3

static unsigned factor(unsigned logn)
{
	return logn ? logn : KEYFILE_LOGN;
}

static int put_unit_keys(const struct unit *u, struct bytes pass, unsigned logn,
			 struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	int r = unit_keys_seal(u->keys, pass, factor(logn), &sealed, e);

	if (r == 0)
		r = unit_put(u, "admin/unit.key.age", buf_view(&sealed), e);
	buf_release(&sealed);
	return r;
}

static int put_user_keys(const struct unit *u, const char *rel,
			 const struct user_keys *k, struct bytes pass,
			 unsigned logn, struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX);
	int r = user_keys_seal(k, pass, factor(logn), &sealed, e);

	if (r == 0)
		r = unit_put(u, rel, buf_view(&sealed), e);
	buf_release(&sealed);
	return r;
}

/* Keys of a user of this unit, named after both. */
static int new_user_keys(const char *origin, const char *user,
			 struct user_keys **out, struct err *e)
{
	char name[NOTE_NAME_MAX + 1];

	if (snprintf(name, sizeof name, "%s/user/%s", origin, user) >=
	    (int)sizeof name)
		return err_set(e, ERR_RANGE, "user name '%s' is too long",
			       user);
	return user_keys_new(name, out, e);
}

/* --- users ----------------------------------------------------------------- */

static void user_paths(const char *name, char (*paths)[128])
{
	snprintf(paths[0], 128, "admin/users/%s.pub", name);
	snprintf(paths[1], 128, "admin/users/%s.key.age", name);
	snprintf(paths[2], 128, "admin/users/%s.unit.age", name);
}

static int user_files(struct unit *u, const char *name,
		      const struct user_keys *k, unsigned roles,
		      struct bytes pass, unsigned logn, struct err *e)
{
	struct buf text = BUF_INIT(KEYFILE_MAX);
	char paths[USER_FILES][128];
	struct user_pub pub;
	int r;

	user_paths(name, paths);
	user_pub_of(k, &pub);
	pub.roles = roles;
	if (user_pub_put(&pub, &text) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	else
		r = unit_put(u, paths[0], buf_view(&text), e);
	if (r == 0)
		r = put_user_keys(u, paths[1], k, pass, logn, e);
	buf_clear(&text);
	if (r == 0)
		r = unit_keys_wrap(u->keys, k->receive.recipient, &text, e);
	if (r == 0)
		r = unit_put(u, paths[2], buf_view(&text), e);
	buf_release(&text);
	return r;
}

/*
 * Who watches later reads the months before as well: those that who adds them
 * can open.  The wraps' paths are appended to files.
 */
static int share_months(struct unit *u, const char *name,
			const struct user_keys *k, char (*paths)[128],
			const char **files, size_t *n, struct err *e)
{
	uint8_t *secret = secret_alloc(32);
	int r = 0;

	if (!secret)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	for (size_t i = 0; r == 0 && u->user && i < u->admin.nmonths; i++) {
		const char *month = u->admin.months[i].name;
		struct err quiet = ERR_INIT;

		r = unit_month_secret(u, month, secret, &quiet);
		if (r == ERR_DENIED) {
			r = 0;
			continue;
		}
		snprintf(paths[i], sizeof *paths, "audit/%s/wraps/%s.age",
			 month, name);
		if (r < 0)
			err_set(e, r, "%s", quiet.text);
		else
			r = unit_put_sealed(u, paths[i], k->receive.recipient,
					    BYTES(secret, 32), e);
		files[(*n)++] = paths[i];
	}
	secret_free(secret);
	return r;
}

static int user_statement(struct unit *u, const char *name, const char *full,
			  const struct user_keys *k, unsigned roles,
			  struct err *e)
{
	char receive[AGE_RECIPIENT_TEXT];
	char (*paths)[128] = calloc(USER_FILES + u->admin.nmonths + 1,
				    sizeof *paths);
	const char **files = calloc(USER_FILES + u->admin.nmonths + 1,
				    sizeof *files);
	const char *role;
	size_t n = USER_FILES;
	struct buf sign = BUF_INIT(1024);
	struct unit_write w;
	unsigned bit;
	int r = 0;

	if (!paths || !files) {
		r = err_set(e, ERR_NOMEM, "no memory for a statement");
		goto out;
	}
	user_paths(name, paths);
	for (size_t i = 0; i < USER_FILES; i++)
		files[i] = paths[i];
	if (u->user && (roles & ROLES_AUDIT) && u->admin.nmonths) {
		/* Months' secrets are opened: on record first. */
		const struct access use = {
			.command = "user add", .key = "month", .subject = name,
			.why = "months of the audit given to a new user",
		};

		r = custody_note(u, &use, e);
	}
	if (r == 0 && (roles & ROLES_AUDIT))
		r = share_months(u, name, k, paths + USER_FILES, files, &n, e);
	if (r == 0)
		r = unit_begin(u, "user-add", &w, e);
	if (r < 0)
		goto out;
	note_vkey_put(&k->sign.vkey, &sign);
	age_recipient_str(k->receive.recipient, receive);
	jsonw_str(&w.draft.w, "user", name);
	jsonw_str(&w.draft.w, "name", full ? full : "");
	jsonw_open(&w.draft.w, "roles", '[');
	for (unsigned i = 0; (role = admin_role_name(i, &bit)); i++)
		if (roles & bit)
			jsonw_str(&w.draft.w, NULL, role);
	jsonw_close(&w.draft.w, ']');
	jsonw_str(&w.draft.w, "sign", buf_cstr(&sign));
	jsonw_str(&w.draft.w, "receive", receive);
	buf_release(&sign);
	r = unit_commit(u, &w, files, n, NULL, e);
out:
	free(files);
	free(paths);
	return r;
}

int unit_add_user(struct unit *u, const char *name, const char *full,
		  unsigned roles, struct bytes pass, unsigned logn,
		  struct err *e)
{
	struct user_keys *k = NULL;
	int r = unit_need(u, ROLES_USERS, e);

	if (r < 0)
		return r;
	if (!admin_name_valid(name) || !strcmp(name, UNIT_TIMER))
		return err_set(e, ERR_FORMAT, "'%s' is no user name: 1 to %d "
			       "of a-z 0-9 - . _, a letter first", name,
			       ADMIN_NAME_MAX);
	if (admin_user(&u->admin, name))
		return err_set(e, ERR_EXIST, "user '%s' exists already", name);
	if (!roles)
		return err_set(e, ERR_USAGE, "user '%s' has no role", name);
	r = new_user_keys(vault_origin(u->vault), name, &k, e);
	if (r == 0)
		r = user_files(u, name, k, roles, pass, logn, e);
	if (r == 0)
		r = user_statement(u, name, full, k, roles, e);
	user_keys_free(k);
	return r;
}

int unit_revoke_user(struct unit *u, const char *name, const char *reason,
		     struct err *e)
{
	const struct admin_user *who;
	char paths[USER_FILES][128];
	const char *files[USER_FILES];
	struct unit_write w;
	unsigned others = 0;
	int r = unit_need(u, ROLES_USERS, e);

	if (r < 0)
		return r;
	who = admin_user(&u->admin, name);
	if (!who)
		return err_set(e, ERR_NOENT, "no user '%s' in this vault", name);
	if (who->revoked)
		return err_set(e, ERR_EXIST, "user '%s' is revoked already",
			       name);
	for (size_t i = 0; i < u->admin.nusers; i++) {
		const struct admin_user *o = &u->admin.users[i];

		others += o != who && !o->revoked && (o->roles & ROLES_USERS);
	}
	if (!others)
		return err_set(e, ERR_DENIED, "'%s' is the last who may enter "
			       "users", name);
	user_paths(name, paths);
	/* The public key stays: it says who signed what. */
	for (size_t i = 1; i < USER_FILES; i++) {
		char path[FILE_PATH_MAX];

		r = unit_path(u, paths[i], path, e);
		if (r == 0 && unlink(path) < 0 && errno != ENOENT)
			r = err_errno(e, "cannot remove '%s'", paths[i]);
		if (r < 0)
			return r;
	}
	r = unit_begin(u, "user-revoke", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "user", name);
	jsonw_str(&w.draft.w, "reason", reason);
	for (size_t i = 0; i < USER_FILES; i++)
		files[i] = paths[i];
	return unit_commit(u, &w, files, USER_FILES, NULL, e);
}

int unit_new_passphrase(struct unit *u, struct bytes pass, unsigned logn,
			struct err *e)
{
	char paths[USER_FILES][128];
	const char *file = "admin/unit.key.age";
	struct unit_write w;
	int r = unit_begin(u, "passphrase", &w, e);

	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "user", u->user_name);
	if (u->user) {
		user_paths(u->user_name, paths);
		file = paths[1];
		r = put_user_keys(u, file, u->user, pass, logn, e);
	} else {
		r = put_unit_keys(u, pass, logn, e);
	}
	if (r < 0) {
		unit_abort(&w);
		return r;
	}
	return unit_commit(u, &w, &file, 1, NULL, e);
}

/* --- streams --------------------------------------------------------------- */

/* The audit stream of a month, entered in the admin stream. */
static int month_new(struct unit *u, const char *month, struct stream **out,
		     struct err *e)
{
	char dir[32], pub[48], tagf[48], wraps[48];
	char receive[AGE_RECIPIENT_TEXT], line[AGE_RECIPIENT_TEXT + 2];
	char (*paths)[128] = NULL;
	const char **files = NULL;
	struct age_identity *id = secret_alloc(sizeof *id + 32);
	uint8_t *tag = id ? (uint8_t *)(id + 1) : NULL;
	size_t nfiles = 2;
	struct unit_write w;
	int r = 0;

	snprintf(dir, sizeof dir, "audit/%s", month);
	snprintf(pub, sizeof pub, "%s/month.pub", dir);
	snprintf(tagf, sizeof tagf, "%s/tag.age", dir);
	snprintf(wraps, sizeof wraps, "%s/wraps", dir);
	paths = calloc(u->admin.nusers + 1, sizeof *paths);
	files = calloc(u->admin.nusers + 2, sizeof *files);
	if (!id || !paths || !files) {
		r = err_set(e, ERR_NOMEM, "no memory for a month's keys");
		goto out;
	}
	age_identity_new(id, NULL);
	secret_random(tag, 32);
	r = unit_mkdir(u, "audit", e);
	if (r == 0)
		r = unit_stream_new(u, dir, id->recipient, tag, out, e);
	if (r == 0)
		r = unit_mkdir(u, wraps, e);
	if (r < 0)
		goto out;
	age_recipient_str(id->recipient, receive);
	snprintf(line, sizeof line, "%s\n", receive);
	r = unit_put(u, pub, bytes_str(line), e);
	if (r == 0)
		r = unit_put_sealed(u, tagf, u->keys->receive.recipient,
				    BYTES(tag, 32), e);
	files[0] = pub;
	files[1] = tagf;
	for (size_t i = 0; r == 0 && i < u->admin.nusers; i++) {
		const struct admin_user *who = &u->admin.users[i];

		if (who->revoked || !(who->roles & ROLES_AUDIT))
			continue;
		snprintf(paths[i], sizeof *paths, "%s/%s.age", wraps,
			 who->name);
		r = unit_put_sealed(u, paths[i], who->receive,
				    BYTES(id->secret, 32), e);
		files[nfiles++] = paths[i];
	}
	if (r == 0)
		r = unit_begin(u, "audit-month", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "month", month);
	jsonw_str(&w.draft.w, "public", receive);
	r = unit_commit(u, &w, files, nfiles, NULL, e);
out:
	free(files);
	free(paths);
	secret_free(id);
	return r;
}

int unit_month_secret(struct unit *u, const char *month, uint8_t *secret,
		      struct err *e)
{
	struct buf file = BUF_INIT(AGE_HEADER_MAX), plain = BUF_INIT(64);
	char rel[96], path[FILE_PATH_MAX];
	int r;

	snprintf(rel, sizeof rel, "audit/%s/wraps/%s.age", month, u->user_name);
	r = unit_path(u, rel, path, e);
	if (r == 0 && !file_exists(path))
		r = err_set(e, ERR_DENIED, "'%s' holds no key to the audit of "
			    "%s", u->user_name, month);
	if (r == 0)
		r = file_read(path, &file, e);
	if (r == 0)
		r = unit_open_outer(u, buf_view(&file), &plain, e);
	if (r == 0 && plain.len != 32)
		r = err_set(e, ERR_DAMAGED, "'%s' holds no secret", rel);
	if (r == 0)
		memcpy(secret, plain.p, 32);
	buf_wipe(&plain);
	buf_release(&file);
	return r;
}

int unit_month_open(struct unit *u, const struct admin_month *m,
		    struct stream **out, struct err *e)
{
	char dir[32], path[48];
	uint8_t tag[32];
	int r;

	snprintf(dir, sizeof dir, "audit/%s", m->name);
	*out = unit_stream_find(u, dir);
	if (*out)
		return 0;
	snprintf(path, sizeof path, "%s/tag.age", dir);
	r = unit_sealed(u, path, tag, sizeof tag, e);
	if (r == 0)
		r = unit_stream(u, dir, m->public, tag, out, e);
	secret_wipe(tag, sizeof tag);
	return r;
}

int unit_month(struct unit *u, int64_t now_ms, struct stream **out,
	       struct err *e)
{
	char when[CLOCK_RFC3339_MAX], month[8];
	const struct admin_month *m;
	int r;

	memcpy(month, clock_rfc3339(now_ms, when), 7);
	month[7] = '\0';
	m = admin_month(&u->admin, month);
	r = m ? unit_month_open(u, m, out, e) : month_new(u, month, out, e);
	if (r == 0)
		memcpy(u->month_name, month, sizeof month);
	return r;
}

/* --- a unit's vault -------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* The two first statements, and the files they vouch for. */
static int found(struct unit *u, const struct unit_options *o, struct err *e)
{
	static const char *const files[] = {
		"admin/unit.pub", "admin/unit.key.age", "admin/tag.age",
	};
	struct buf text = BUF_INIT(KEYFILE_MAX), vkey = BUF_INIT(1024);
	struct unit_pub pub;
	char receive[AGE_RECIPIENT_TEXT];
	struct unit_write w;
	uint8_t tag[32];
	int r;

	secret_random(tag, sizeof tag);
	r = stream_create(u->vault, ADMIN_STREAM, u->keys->receive.recipient,
			  tag, &u->admin_stream, e);
	if (r == 0)
		r = unit_mkdir(u, "admin/users", e);
	if (r == 0)
		r = unit_mkdir(u, "cases", e);
	if (r == 0)
		r = unit_put_sealed(u, files[2], u->keys->receive.recipient,
				    BYTES(tag, 32), e);
	unit_pub_of(u->keys, &pub);
	if (r == 0 && unit_pub_put(&pub, &text) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = unit_put(u, files[0], buf_view(&text), e);
	if (r == 0)
		r = put_unit_keys(u, o->unit_pass, o->logn, e);
	if (r == 0)
		r = unit_begin(u, "init", &w, e);
	if (r < 0)
		goto out;
	age_recipient_str(u->keys->receive.recipient, receive);
	jsonw_str(&w.draft.w, "unit", o->unit);
	jsonw_str(&w.draft.w, "origin", vault_origin(u->vault));
	jsonw_bool(&w.draft.w, "lab", o->lab);
	jsonw_str(&w.draft.w, "software", "scelle " SCELLE_VERSION);
	note_vkey_put(&u->keys->collector.vkey, &vkey);
	jsonw_str(&w.draft.w, "collector", buf_cstr(&vkey));
	jsonw_str(&w.draft.w, "receive", receive);
	buf_clear(&vkey);
	note_vkey_put(&u->user->sign.vkey, &vkey);
	jsonw_str(&w.draft.w, "sign", buf_cstr(&vkey));
	r = unit_commit(u, &w, files, sizeof files / sizeof *files, NULL, e);
out:
	secret_wipe(tag, sizeof tag);
	buf_release(&vkey);
	buf_release(&text);
	return r;
}

static int make(const char *path, const struct unit_options *o, struct err *e)
{
	const unsigned roles = ROLE_INVESTIGATOR | ROLE_LEGAL |
		ROLE_SUPERVISOR | ROLE_ADMINISTRATOR;
	char shard[64], origin[80], when[CLOCK_RFC3339_MAX];
	struct unit *u = calloc(1, sizeof *u);
	struct stream *month;
	int r;

	if (!u)
		return err_set(e, ERR_NOMEM, "no memory for the unit");
	admin_init(&u->admin);
	snprintf(u->user_name, sizeof u->user_name, "%s", o->user);
	clock_rfc3339(o->now_ms, when);
	snprintf(shard, sizeof shard, "%s-%.4s", o->unit, when);
	/* A shard's name has letters, digits and hyphens only. */
	for (char *p = shard; *p; p++)
		if (*p == '.' || *p == '_')
			*p = '-';
	snprintf(origin, sizeof origin, "scelle/%s", shard);
	r = unit_keys_new(origin, &u->keys, e);
	if (r == 0)
		r = new_user_keys(origin, o->user, &u->user, e);
	if (r == 0)
		r = vault_create(path, shard, origin, u->keys->log.seed, o->lab,
				 o->now_ms, e);
	if (r == 0)
		r = vault_open(path, VAULT_WRITE, u->keys->log.seed, &u->vault,
			       e);
	if (r < 0)
		goto out;
	u->writable = 1;
	u->admin.lab = o->lab;
	r = found(u, o, e);
	if (r == 0)
		r = user_files(u, o->user, u->user, roles, o->user_pass,
			       o->logn, e);
	if (r == 0)
		r = user_statement(u, o->user, o->full, u->user, roles, e);
	if (r == 0)
		r = unit_month(u, o->now_ms, &month, e);
out:
	unit_close(u);
	return r;
}

int unit_init(const char *path, const struct unit_options *o, struct err *e)
{
	char temp[FILE_PATH_MAX], parent[FILE_PATH_MAX];
	char **names = NULL;
	size_t n = 0, len = strlen(path);
	char *slash;
	int r;

	if (!admin_name_valid(o->unit))
		return err_set(e, ERR_FORMAT, "'%s' is no unit name: 1 to %d "
			       "of a-z 0-9 - . _, a letter first", o->unit,
			       ADMIN_NAME_MAX);
	if (!admin_name_valid(o->user) || !strcmp(o->user, UNIT_TIMER))
		return err_set(e, ERR_FORMAT, "'%s' is no user name: 1 to %d "
			       "of a-z 0-9 - . _, a letter first", o->user,
			       ADMIN_NAME_MAX);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!len || snprintf(temp, sizeof temp, "%.*s.new-%ld", (int)len, path,
			     (long)getpid()) >= (int)sizeof temp)
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	r = file_list(path, &names, &n, NULL);
	free(names);
	if ((r == 0 && n) || (r < 0 && r != ERR_NOENT))
		return err_set(e, ERR_EXIST, "'%s' exists and is not empty",
			       path);
	snprintf(parent, sizeof parent, "%.*s", (int)len, path);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	else
		snprintf(parent, sizeof parent, ".");
	r = make(temp, o, e);
	if (r == 0 && rename(temp, path) < 0)
		r = err_errno(e, "cannot give the vault its name '%s'", path);
	if (r == 0)
		r = file_sync_dir(parent, e);
	else
		nftw(temp, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return r;
}

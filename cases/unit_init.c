/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Making things: a unit's vault, a month of audit.
 */
#include "cases/unit.h"

#include "cases/custody.h"
#include "cases/people_int.h"
#include "cases/permit.h"
#include "cases/policy.h"
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

		if (who->revoked || !(who->roles & permit_roles(PERMIT_AUDIT, 0)))
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
	if (u->link && u->link->record) {
		/* The keeper's: it makes a month that is new. */
		memcpy(u->month_name, month, sizeof month);
		*out = NULL;
		return 0;
	}
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
		r = people_put_unit(u, o->unit_pass, o->logn, e);
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
	const struct people_new first = {
		.name = o->user, .full = o->full, .roles = roles,
	};
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
		r = people_keys_new(origin, o->user, &u->user, e);
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
		r = people_files(u, o->user, u->user, roles, o->user_pass,
				 o->logn, e);
	if (r == 0)
		r = people_enter(u, &first, u->user, NULL, e);
	if (r == 0)
		r = unit_month(u, o->now_ms, &month, e);
	if (r == 0 && o->escrow)
		r = escrow_set(u, o->escrow, NULL, e);
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

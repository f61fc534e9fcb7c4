/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/casefile.h"

#include "cases/case_secret.h"
#include "cases/custody.h"
#include "cases/deny.h"
#include "cases/epoch.h"
#include "cases/unit_int.h"
#include "cases/upkeep.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *casefile_dir(const struct admin_case *c,
			 char out[static CASE_DIR_MAX])
{
	snprintf(out, CASE_DIR_MAX, "cases/%.16s", c->id);
	return out;
}

int casefile_find(const struct unit *u, const char *name,
		  const struct admin_case **out, struct err *e)
{
	return admin_case(&u->admin, name, out, e);
}

static int wanted(const char *what, const char *text, struct err *e)
{
	if (!text || !*text)
		return err_set(e, ERR_USAGE, "%s is missing", err_word(what));
	if (strlen(text) > ADMIN_TEXT_MAX)
		return err_set(e, ERR_USAGE, "%s is longer than %d bytes",
			       err_word(what), ADMIN_TEXT_MAX);
	return 0;
}

static int options_check(const struct unit *u, const struct case_options *o,
			 struct err *e)
{
	const struct admin_retention most = ADMIN_RETENTION_DEFAULT;
	const struct admin_case *same;
	int r = wanted("the reference", o->reference, e);

	if (r == 0)
		r = wanted("the legal basis", o->basis, e);
	if (r == 0 && !o->noffences)
		r = wanted("the offence", NULL, e);
	if (r == 0 && o->noffences > ADMIN_LIST_MAX)
		r = err_set(e, ERR_USAGE, "more than %d offences",
			    ADMIN_LIST_MAX);
	for (size_t i = 0; r == 0 && i < o->noffences; i++)
		r = wanted("the offence", o->offences[i], e);
	if (r == 0 && o->agent)
		r = wanted("the agent", o->agent, e);
	if (r == 0 && o->start_ms >= o->end_ms)
		r = err_set(e, ERR_USAGE, "the period ends before it begins");
	if (r == 0 && (o->retention.sensitive > most.sensitive ||
		       o->retention.irrelevant > most.irrelevant ||
		       o->retention.relevant > most.relevant) &&
	    (!o->retention_reason || !*o->retention_reason))
		r = err_set(e, ERR_DENIED, "keeping longer than %u, %u and %u "
			    "days takes a written reason", most.sensitive,
			    most.irrelevant, most.relevant);
	for (size_t i = 0; r == 0 && i < u->admin.ncases; i++)
		if (!strcmp(u->admin.cases[i].reference, o->reference))
			r = err_set(e, ERR_EXIST, "case '%s' exists already",
				    o->reference);
	if (r == 0 && admin_case(&u->admin, o->reference, &same, NULL) == 0)
		r = err_set(e, ERR_EXIST, "the reference '%s' reads as the id "
			    "of a case", o->reference);
	return r;
}

static void put_retention(struct jsonw *w, const struct case_options *o)
{
	jsonw_open(w, "retention", '{');
	jsonw_int(w, "sensitive", o->retention.sensitive);
	jsonw_int(w, "irrelevant", o->retention.irrelevant);
	jsonw_int(w, "relevant", o->retention.relevant);
	if (o->retention_reason && *o->retention_reason)
		jsonw_str(w, "reason", o->retention_reason);
	jsonw_close(w, '}');
}

/* case.note: what may be known of a case without any key. */
static int put_case_note(struct unit *u, const char *id, const char *rel,
			 const char *public, const struct case_options *o,
			 int64_t now_ms, struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	struct draft d;
	int r;

	draft_begin(&d, "case", vault_origin(u->vault), ADMIN_STREAM,
		    stream_count(u->admin_stream), now_ms);
	jsonw_str(&d.w, "case", id);
	jsonw_str(&d.w, "public", public);
	jsonw_open(&d.w, "retention", '{');
	jsonw_int(&d.w, "sensitive", o->retention.sensitive);
	jsonw_int(&d.w, "irrelevant", o->retention.irrelevant);
	jsonw_int(&d.w, "relevant", o->retention.relevant);
	jsonw_close(&d.w, '}');
	r = draft_sign(&d, &u->keys->collector, 1, &note, e);
	if (r == 0)
		r = unit_put(u, rel, buf_view(&note), e);
	draft_release(&d);
	buf_release(&note);
	return r;
}

struct case_files {
	char note[64], tag[64], wraps[64], epoch[64];
	char wrap[64 + ADMIN_NAME_MAX + 8];
};

static void case_paths(const char *id, unsigned epoch, const char *user,
		       struct case_files *f)
{
	snprintf(f->note, sizeof f->note, "cases/%s/case.note", id);
	snprintf(f->tag, sizeof f->tag, "cases/%s/tag.age", id);
	snprintf(f->wraps, sizeof f->wraps, "cases/%s/wraps", id);
	snprintf(f->epoch, sizeof f->epoch, "cases/%s/wraps/%u", id,
		 epoch);
	snprintf(f->wrap, sizeof f->wrap, "cases/%s/wraps/%u/%s.age", id,
		 epoch, user);
}

int casefile_open(struct unit *u, const struct case_options *o,
		  char id_out[static 17], struct err *e)
{
	char public[AGE_RECIPIENT_TEXT], when[CLOCK_RFC3339_MAX], dir[32];
	struct age_identity *secret = NULL;
	char more[UPKEEP_FILES][UPKEEP_PATH];
	const char *files[3 + UPKEEP_FILES];
	unsigned nmore = 0;
	struct case_files f;
	struct stream *stream = NULL;
	struct unit_write w;
	uint8_t keys[64], raw[8];
	char id[17];
	int r = unit_may(u, PERMIT_CASE_OPEN, NULL, e);

	if (r == 0)
		r = options_check(u, o, e);
	if (r < 0)
		return r;
	secret = secret_alloc(sizeof *secret);
	if (!secret)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	secret_random(raw, sizeof raw);
	secret_random(keys, sizeof keys);
	hex_str(id, raw, sizeof raw);
	snprintf(dir, sizeof dir, "cases/%s", id);
	case_paths(id, 1, u->user_name, &f);
	age_identity_new(secret, NULL);
	age_recipient_str(secret->recipient, public);
	r = unit_stream_new(u, dir, secret->recipient, keys, &stream, e);
	if (r == 0)
		r = put_case_note(u, id, f.note, public, o, clock_wall_ms(), e);
	if (r == 0)
		r = unit_put_sealed(u, f.tag, u->keys->receive.recipient,
				    BYTES(keys, sizeof keys), e);
	if (r == 0)
		r = unit_mkdir(u, f.wraps, e);
	if (r == 0)
		r = unit_mkdir(u, f.epoch, e);
	if (r == 0)
		r = case_secret_wrap(u, f.wrap, u->user->receive.recipient,
				     secret->secret, e);
	if (r == 0)
		r = upkeep_put(u, id, 1, secret->secret, more, &nmore, e);
	if (r == 0)
		r = unit_begin(u, "case-open", &w, e);
	if (r < 0)
		goto out;
	jsonw_str(&w.draft.w, "case", id);
	jsonw_str(&w.draft.w, "reference", o->reference);
	jsonw_str(&w.draft.w, "basis", o->basis);
	jsonw_open(&w.draft.w, "offences", '[');
	for (size_t i = 0; i < o->noffences; i++)
		jsonw_str(&w.draft.w, NULL, o->offences[i]);
	jsonw_close(&w.draft.w, ']');
	jsonw_str(&w.draft.w, "agent", o->agent ? o->agent : u->user_name);
	jsonw_open(&w.draft.w, "period", '{');
	jsonw_str(&w.draft.w, "start", clock_rfc3339(o->start_ms, when));
	jsonw_str(&w.draft.w, "end", clock_rfc3339(o->end_ms, when));
	jsonw_close(&w.draft.w, '}');
	jsonw_str(&w.draft.w, "purpose", o->purpose ? o->purpose : "");
	jsonw_int(&w.draft.w, "quota_day", o->quota_day);
	put_retention(&w.draft.w, o);
	jsonw_str(&w.draft.w, "public", public);
	files[0] = f.note;
	files[1] = f.tag;
	upkeep_say(u, &w.draft.w);
	files[2] = f.wrap;
	for (unsigned i = 0; i < nmore; i++)
		files[3 + i] = more[i];
	r = unit_commit(u, &w, files, 3 + nmore, NULL, e);
	if (r == 0)
		memcpy(id_out, id, sizeof id);
out:
	secret_wipe(keys, sizeof keys);
	secret_free(secret);
	return r;
}

/* --- changes --------------------------------------------------------------- */

/* Begin a statement about a case that who is logged in may change. */
static int change(struct unit *u, const char *name, const char *kind,
		  enum permit_act act, char id[static 17],
		  struct unit_write *w, struct err *e)
{
	const struct admin_case *c = NULL;
	int r = casefile_find(u, name, &c, e);

	if (r < 0)
		return r;
	memcpy(id, c->id, 17);
	r = unit_may(u, act, c, e);
	if (r == 0)
		r = unit_begin(u, kind, w, e);
	if (r < 0)
		return r;
	jsonw_str(&w->draft.w, "case", id);
	return 0;
}

int casefile_close(struct unit *u, const char *name, const char *reason,
		   struct err *e)
{
	struct unit_write w;
	char id[17];
	int r = wanted("the reason", reason, e);

	if (r == 0)
		r = change(u, name, "case-close", PERMIT_CASE_CLOSE, id,
			   &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "reason", reason);
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int casefile_source_add(struct unit *u, const char *name,
			const struct admin_source *src, struct err *e)
{
	char when[CLOCK_RFC3339_MAX], id[17];
	struct unit_write w;
	int r = change(u, name, "case-source-add", PERMIT_CASE_CHANGE, id, &w,
		       e);

	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "source", src->id);
	jsonw_str(&w.draft.w, "url", src->url);
	jsonw_str(&w.draft.w, "profile", src->profile);
	if (src->since_ms)
		jsonw_str(&w.draft.w, "since",
			  clock_rfc3339(src->since_ms, when));
	jsonw_str(&w.draft.w, "reason", src->reason ? src->reason : "");
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int casefile_source_remove(struct unit *u, const char *name, const char *source,
			   const char *reason, struct err *e)
{
	struct unit_write w;
	char id[17];
	int r = change(u, name, "case-source-remove", PERMIT_CASE_CHANGE, id,
		       &w, e);

	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "source", source);
	jsonw_str(&w.draft.w, "reason", reason ? reason : "");
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int casefile_decision(struct unit *u, const char *name, const char *authority,
		      const char *reason, struct err *e)
{
	struct unit_write w;
	char id[17];
	int r = wanted("the authority", authority, e);

	if (r == 0)
		r = wanted("the reason", reason, e);
	if (r == 0)
		r = change(u, name, "case-robots-decision",
			   PERMIT_CASE_CHANGE, id, &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "authority", authority);
	jsonw_str(&w.draft.w, "reason", reason);
	jsonw_str(&w.draft.w, "author", u->user_name);
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int casefile_member_add(struct unit *u, const char *name, const char *user,
			const char *reason, struct err *e)
{
	const struct admin_user *who;
	const struct admin_case *c = NULL;
	struct access use = { .command = "case member add", .key = "case",
			      .subject = user };
	struct unit_write w;
	struct case_files f;
	uint8_t *secret;
	const char *file;
	char id[17];
	int r = casefile_find(u, name, &c, e);

	if (r == 0)
		r = unit_may(u, PERMIT_MEMBER_ADD, c, e);
	if (r < 0)
		return r;
	/* Asking may have begun a month of audit. */
	r = casefile_find(u, name, &c, e);
	if (r < 0)
		return r;
	who = admin_user(&u->admin, user);
	if (!who || who->revoked)
		return err_set(e, ERR_NOENT, "no user '%s' in this vault",
			       user);
	if (!(who->roles & permit_roles(PERMIT_READ, 1)))
		return err_set(e, ERR_DENIED, "'%s' has no role that reads "
			       "content", user);
	if (admin_is_member(c, user))
		return err_set(e, ERR_EXIST, "'%s' is a member already", user);
	secret = secret_alloc(32);
	if (!secret)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	case_paths(c->id, c->epoch, user, &f);
	/* The case's secret is opened: on record first, as a reading is. */
	snprintf(id, sizeof id, "%s", c->id);
	use.case_name = id;
	use.why = reason && *reason ? reason : "case member add";
	r = custody_note(u, &use, e);
	if (r == 0)
		r = casefile_find(u, id, &c, e);
	if (r == 0)
		r = case_secret_open(u, c, secret, e);
	if (r == 0)
		r = case_secret_wrap(u, f.wrap, who->receive, secret, e);
	secret_free(secret);
	if (r == 0)
		r = change(u, name, "case-member-add", PERMIT_MEMBER_ADD,
			   id, &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "user", user);
	jsonw_str(&w.draft.w, "reason", reason ? reason : "");
	file = f.wrap;
	return unit_commit(u, &w, &file, 1, NULL, e);
}

int casefile_member_remove(struct unit *u, const char *name, const char *user,
			   const char *reason, struct err *e)
{
	struct access use = {
		.command = "case member remove", .key = "case",
		.subject = user, .why = "a new key: a member left",
	};
	const struct admin_case *c = NULL;
	struct unit_write w;
	struct case_files f;
	const char *file;
	char id[17];
	int r = casefile_find(u, name, &c, e);

	if (r < 0)
		return r;
	if (!admin_is_member(c, user))
		return err_set(e, ERR_NOENT, "'%s' is no member", user);
	if (c->nmembers == 1)
		return err_set(e, ERR_DENIED, "'%s' is the last member: nobody "
			       "could read the case", user);
	case_paths(c->id, c->epoch, user, &f);
	r = change(u, name, "case-member-remove", PERMIT_MEMBER_REMOVE, id, &w,
		   e);
	if (r < 0)
		return r;
	r = unit_drop(u, f.wrap, e);
	if (r < 0) {
		unit_abort(&w);
		return r;
	}
	jsonw_str(&w.draft.w, "user", user);
	jsonw_str(&w.draft.w, "reason", reason ? reason : "");
	file = f.wrap;
	r = unit_commit(u, &w, &file, 1, NULL, e);
	/* Who stays, and may, gives the case its new key at once. */
	if (r == 0 && u->user)
		r = casefile_find(u, id, &c, e);
	if (r < 0 || !u->user || !admin_is_member(c, u->user_name))
		return r;
	use.case_name = id;
	r = custody_note(u, &use, e);
	return r < 0 ? r : epoch_renew_due(u, id, e);
}

static int case_keys(struct unit *u, const struct admin_case *c,
		     uint8_t keys[static 64], struct err *e)
{
	char dir[CASE_DIR_MAX], tag[64];

	snprintf(tag, sizeof tag, "%s/tag.age", casefile_dir(c, dir));
	return unit_sealed(u, tag, keys, 64, e);
}

int casefile_stream(struct unit *u, const struct admin_case *c,
		    struct stream **out, struct err *e)
{
	char dir[CASE_DIR_MAX];
	uint8_t keys[64];
	int r;

	if (c->purged)
		return err_set(e, ERR_NOENT, "case '%s' was purged",
			       c->reference);
	*out = unit_stream_find(u, casefile_dir(c, dir));
	if (*out && stream_is_to(*out, c->public))
		return 0;
	if (*out)	/* it has a new key since */
		unit_stream_drop(u, dir);
	r = case_keys(u, c, keys, e);
	if (r == 0)
		r = unit_stream(u, dir, c->public, keys, out, e);
	secret_wipe(keys, sizeof keys);
	return r;
}

int casefile_dedup_key(struct unit *u, const struct admin_case *c,
		       uint8_t out[static 32], struct err *e)
{
	uint8_t keys[64];
	int r = case_keys(u, c, keys, e);

	if (r == 0)
		memcpy(out, keys + 32, 32);
	secret_wipe(keys, sizeof keys);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A unit's vault, opened by one of its users, or by the unit itself for a pass
 * with nobody logged in.
 *
 * Solo: a user's passphrase opens the user's keys; those open the unit's keys
 * (users/<name>.unit.age).  The unit's own passphrase opens the unit's keys
 * alone: that is enough to collect and to write the log, and to read nothing.
 */
#ifndef CASES_UNIT_H
#define CASES_UNIT_H

#include "cases/admin.h"
#include "cases/statement.h"
#include "cases/whence.h"
#include "store/keyfile.h"
#include "store/vault.h"

/*
 * Where secrets are that this process does not hold: a service's session has
 * neither its user's keys (they stay on the user's side of the connection) nor,
 * as a rule, the unit's.  Each call is as the function of the unit it stands
 * for; one that is NULL is done here, with the keys that are here.
 */
struct unit_link {
	void *arg;
	/* the user's side: unit_sign_line(), unit_open_outer() */
	int (*sign_line)(void *arg, struct bytes text, struct buf *out,
			 struct err *e);
	int (*open_outer)(void *arg, struct bytes file, struct buf *plain,
			  struct err *e);
	/* the keeper's side: unit_open_inner(), unit_sealed() */
	int (*open_inner)(void *arg, const char *case_id, struct bytes file,
			  uint8_t *secret, size_t n, struct err *e);
	int (*sealed)(void *arg, const char *path, uint8_t *out, size_t n,
		      struct err *e);
	/* slots of the admin stream, from the n-th on: stream_slots_put() */
	int (*slots)(void *arg, uint64_t from, struct buf *out, struct err *e);
	/*
	 * unit_record(): number, sign and commit.
	 *   members  what the statement says behind log, stream, n and time:
	 *            JSON from a comma (or nothing) to the closing brace and
	 *            newline
	 * What stands in the audit is signed by the unit's collector for the
	 * user that the keeper knows; all else by the user.
	 */
	int (*record)(void *arg, const char *dir, const char *kind,
		      struct bytes members, unsigned leaf,
		      const struct store_external *files, size_t nfiles,
		      uint64_t *seq_out, struct err *e);
};

struct unit_staged;

struct unit {
	struct vault *vault;
	struct stream *admin_stream;
	struct unit_keys *keys;		/* secret memory */
	struct user_keys *user;		/* NULL: nobody is logged in */
	char user_name[ADMIN_NAME_MAX + 1]; /* "timer": nobody is */
	struct admin admin;		/* the state as of now */
	const struct unit_link *link;	/* NULL: every key is here */
	int writable;
	const struct shard_gap *gap;	/* while a restored vault is opened */
	struct unit_staged *staged;	/* files, see unit_file.c */
	char month_name[8];		/* of the audit, see unit_month() */
	struct whence from;		/* in every access record */
	struct unit_stream {		/* open ones: each only once */
		char dir[32];
		struct stream *stream;
	} *streams;
	size_t nstreams;
};

#define UNIT_TIMER "timer"		/* acts with the unit's keys alone */

struct unit_options {
	const char *unit;		/* name, admin_name_valid() */
	const char *user;		/* first user, has every role but
				   auditor and dpo */
	const char *full;		/* how the person is called; may be NULL */
	const char *escrow;		/* age recipient, see policy.h; or NULL */
	struct bytes unit_pass;
	struct bytes user_pass;
	int lab;
	unsigned logn;			/* scrypt work factor; 0: KEYFILE_LOGN */
	int64_t now_ms;
};

/*
 * unit_init - make a unit's vault: keys, first user, admin stream, the audit
 * stream of this month
 *   path   must not exist, or be an empty directory
 * It is made beside path and then renamed: there wholly, or not at all.
 * Returns 0, ERR_EXIST, ERR_RANGE, ERR_FORMAT (names) or ERR_IO.
 */
int unit_init(const char *path, const struct unit_options *o, struct err *e);

/*
 * unit_open - open a vault as a user
 *   user    NULL: the vault's only user; UNIT_TIMER: nobody, pass is the unit's
 *   mode    VAULT_WRITE recovers what a crash left, with a statement of it
 * Replays the admin stream.  A revoked user is ERR_DENIED.
 * Returns 0, ERR_NOENT (no vault, no such user), ERR_AUTH (passphrase),
 * ERR_DENIED, ERR_BUSY, ERR_VERSION, ERR_DAMAGED or ERR_IO.
 */
int unit_open(const char *path, const char *user, struct bytes pass,
	      enum vault_mode mode, struct unit **out, struct err *e);
void unit_close(struct unit *u);	/* NULL allowed */

/*
 * unit_open_keys - open a vault with the unit's keys at hand, nobody logged in
 *   keys   copied
 * Returns as unit_open().
 */
int unit_open_keys(const char *path, const struct unit_keys *keys,
		   enum vault_mode mode, struct unit **out, struct err *e);

/*
 * unit_open_service - open a vault in a session of the custody service
 *   user   who the keeper says is logged in
 *   link   where the secrets are; outlives the unit
 *   keys   NULL: reading beside the writer, statements go over the link;
 *          else the unit's: writing in turns, copied
 *   take, give, arg   see vault_share(); for keys only
 * Returns as unit_open(); ERR_DENIED for a user who is not entered or revoked.
 */
int unit_open_service(const char *path, const char *user,
		      const struct unit_link *link,
		      const struct unit_keys *keys,
		      int (*take)(void *arg, struct err *e),
		      void (*give)(void *arg, int failed), void *arg,
		      struct unit **out, struct err *e);

/*
 * unit_refresh - see what others have committed since: log, open streams, the
 * admin state
 */
int unit_refresh(struct unit *u, struct err *e);

/* unit_user - the user's name as unit_open() would choose it, before the
 * passphrase is asked for.  out: ADMIN_NAME_MAX + 1 bytes. */
int unit_user(const char *path, const char *user, char *out, struct err *e);

/* unit_roles - roles of who is logged in; 0 for the timer */
unsigned unit_roles(const struct unit *u);

/*
 * What takes a secret of who is logged in.  With a link the secret is on the
 * user's side of a connection: ask here, never u->user, whose secret halves are
 * then zeros.
 *
 * unit_sign_line - append the user's signature line over a note's text (the
 *   collector's for the timer); text ends with a newline
 * unit_sign - append the whole note: text, an empty line, that line
 * unit_open_outer - open an age file sealed to the user, appended to plain: a
 *   month's secret, the outer layer of a wrap
 * Return 0, ERR_DENIED (nobody is logged in; the user's side refused), or as
 * note_sign() and age_decrypt().
 */
int unit_sign_line(const struct unit *u, struct bytes text, struct buf *out,
		   struct err *e);
int unit_sign(const struct unit *u, struct bytes text, struct buf *out,
	      struct err *e);
int unit_open_outer(const struct unit *u, struct bytes file, struct buf *plain,
		    struct err *e);

/*
 * unit_open_inner - open what unit_open_outer() found in a case's wrap: the
 * inner layer, sealed to the unit
 *   case_id   whose wrap it is: a keeper opens it only when an access record of
 *             this user for that case is durable, made in the same command
 *   secret    out: exactly n bytes; wiped on failure
 * Returns 0, ERR_AUTH, ERR_FORMAT or ERR_DENIED (no access is on record).
 */
int unit_open_inner(const struct unit *u, const char *case_id,
		    struct bytes file, uint8_t *secret, size_t n,
		    struct err *e);

/*
 * One statement as one commit: begin, write its members to w.draft.w, commit.
 *   stream    where, and the directory it has below the vault
 *   kind      first line, without the prefix
 *   leaf      LEAF_*
 *   files     externals it vouches for: paths below the vault; their hashes are
 *             taken here, a missing file is recorded as gone
 * unit_record() signs (with the user's key; the collector's for the timer),
 * adds and commits; it frees what begin made, also on failure.  seq_out, log
 * position, may be NULL.
 */
struct unit_write {
	int program;		/* signed by the collector, whoever is logged in */
	struct draft draft;
	struct batch *batch;		/* NULL over a link */
	struct stream *stream;
	int64_t time_ms;
	/* set behind unit_begin(), where needed */
	unsigned flags;			/* LEAF_FLAG_* besides the vault's */
	const struct note_skey *also;	/* a second line, by this key */
	const struct store_external *more; /* externals already hashed, named
					   before the files */
	unsigned nmore;
	size_t head;			/* over a link: members begin here */
	char dir[32];
	char kind[STATEMENT_KIND_MAX];
};
int unit_begin_in(struct unit *u, struct stream *stream, const char *dir,
		  const char *kind, struct unit_write *w, struct err *e);
int unit_record(struct unit *u, struct unit_write *w, unsigned leaf,
		const char *const *files, size_t nfiles, uint64_t *seq_out,
		struct err *e);
void unit_abort(struct unit_write *w);

/*
 * unit_begin, unit_commit - the same for the admin stream: the statement also
 * enters the state, and one the state refuses is not written
 */
int unit_begin(struct unit *u, const char *kind, struct unit_write *w,
	       struct err *e);
int unit_commit(struct unit *u, struct unit_write *w, const char *const *files,
		size_t nfiles, uint64_t *seq_out, struct err *e);

/*
 * unit_add_user - make a user's keys and enter it
 *   pass   the new user's; roles: ROLE_* bits
 */
int unit_add_user(struct unit *u, const char *name, const char *full,
		  unsigned roles, struct bytes pass, unsigned logn,
		  struct err *e);
/* unit_new_passphrase - put who is logged in's keys, or with the timer the
 * unit's, under another passphrase */
int unit_new_passphrase(struct unit *u, struct bytes pass, unsigned logn,
			struct err *e);
int unit_revoke_user(struct unit *u, const char *name, const char *reason,
		     struct err *e);

/*
 * unit_sealed - read a file below the vault that is sealed to the unit
 *   path   relative, e.g. "admin/tag.age"
 *   n      bytes it must hold
 */
int unit_sealed(const struct unit *u, const char *path, uint8_t *out, size_t n,
		struct err *e);

/* unit_month - the open stream of this month's audit, made when it is new */
int unit_month(struct unit *u, int64_t now_ms, struct stream **out,
	       struct err *e);

#endif

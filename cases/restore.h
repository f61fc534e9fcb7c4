/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Restoring a vault from a run (cases/copyset.h) and a key backup.
 *
 * Everything is checked before the first byte is written; it is then built
 * beside the place it shall have and gets its name last, when its new shard
 * stands in it: a restored vault never goes on under the origin it had.
 */
#ifndef CASES_RESTORE_H
#define CASES_RESTORE_H

#include "cases/backup.h"
#include "cases/shard.h"

struct restore_args {
	const char *from, *to;
	const char *keys;	/* key backup, or NULL: truths only */
	const char *identity;	/* file with the age identity that opens it */
	uint64_t size;		/* of the run; COPYSET_NONE: that of the keys,
				   or the newest */
	const char *const *seen;/* files: heads or receipts of the lost log */
	size_t nseen;
	int64_t now_ms;
};

struct restore {
	char stage[4096], to[4096];
	struct backup_note note;	/* of the run; size and root always */
	char backup[65];		/* SHA-256 of the run's list */
	char keys[BACKUP_NAME_MAX + 1];	/* "" without */
	uint64_t known;			/* largest size seen beyond, or 0 */
	char from[VAULT_NAME_MAX + 64];	/* where that was seen */
	struct unit *unit;		/* restore_open() */
};

/*
 * restore_stage - check all of it, build the vault beside its place
 * restore_open - log in there and begin its new shard; not without keys
 * restore_finish - give it its name; or with r < 0 remove it.  Returns r, or
 * what went wrong.
 * Errors: ERR_NOENT (no such run), ERR_EXIST (something is at to), ERR_AUTH,
 * ERR_DENIED (the key backup's day is over; not permitted), ERR_DAMAGED,
 * ERR_NOMEM, ERR_IO.
 */
int restore_stage(const struct restore_args *a, struct restore *s,
		  struct err *e);
int restore_open(struct restore *s, const char *user, struct bytes pass,
		 struct err *e);
int restore_finish(struct restore *s, int r, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What unit.c, unit_init.c, casefile.c and custody.c share; nothing above
 * includes this.
 */
#ifndef CASES_UNIT_INT_H
#define CASES_UNIT_INT_H

#include "cases/unit.h"
#include "util/file.h"

/* unit_path - a path below the vault in full */
int unit_path(const struct unit *u, const char *rel,
	      char out[static FILE_PATH_MAX], struct err *e);

/*
 * Files that the next statement vouches for: unit_file.c says how they and the
 * log stay of one mind.
 * unit_put, unit_put_sealed - stage a file below the vault, as it is or as an
 * age file to one recipient: it takes its name when a statement that names it
 * among its files is durable (unit_record())
 * unit_drop - likewise: the file goes then
 * unit_mkdir - a directory there, at once
 */
int unit_put(struct unit *u, const char *rel, struct bytes content,
	     struct err *e);
int unit_put_sealed(struct unit *u, const char *rel,
		    const uint8_t to[static 32], struct bytes plain,
		    struct err *e);
int unit_drop(struct unit *u, const char *rel, struct err *e);
int unit_mkdir(const struct unit *u, const char *rel, struct err *e);

/* unit_hash_file - an external as it is staged, or is now; one that is missing
 * or to be dropped has zeros */
int unit_hash_file(const struct unit *u, const char *rel,
		   struct store_external *out, struct err *e);
/* unit_settle - the statement that names these files is durable
 * unit_unstage - forget what is staged; undo: remove it, too */
int unit_settle(struct unit *u, const char *const *files, size_t n,
		struct err *e);
void unit_unstage(struct unit *u, int undo);

/* unit_commit_many - unit_commit() for any number of files: what one leaf cannot
 * name, statements "wraps" behind it do */
int unit_commit_many(struct unit *u, struct unit_write *w,
		     const char *const *files, size_t n, struct err *e);

/* unit_open_admin - open, unlock and replay the admin stream; unit_replay - its
 * statements that were not read yet */
int unit_open_admin(struct unit *u, struct err *e);
int unit_replay(struct unit *u, struct err *e);
/* unit_admin_on - unlock what is new in the admin stream, and replay it */
int unit_admin_on(struct unit *u, struct err *e);
/* unit_enter - unit_open_admin(), then: are these the keys and the user of this
 * vault?  A writer tells what recovery did. */
int unit_enter(struct unit *u, struct err *e);
/* unit_record_link - unit_record() over the link */
int unit_record_link(struct unit *u, struct unit_write *w, unsigned leaf,
		     const struct store_external *files, size_t nfiles,
		     uint64_t *seq_out, struct err *e);

/*
 * unit_stream - the open stream of a directory; opened with these keys if it is
 * not open yet
 * unit_stream_new - create one; an empty one left by a crash is taken
 * unit_stream_find - an open one, or NULL
 */
int unit_stream(struct unit *u, const char *dir,
		const uint8_t public[static 32], const uint8_t tag[static 32],
		struct stream **out, struct err *e);
int unit_stream_new(struct unit *u, const char *dir,
		    const uint8_t public[static 32],
		    const uint8_t tag[static 32], struct stream **out,
		    struct err *e);
/* unit_stream_drop - close an open one; its pointer is gone */
void unit_stream_drop(struct unit *u, const char *dir);
struct stream *unit_stream_find(const struct unit *u, const char *dir);

/* unit_month_secret - a month's secret (32 bytes of secret memory) from the
 * wrap of who is logged in; ERR_DENIED when there is none */
int unit_month_secret(struct unit *u, const char *month, uint8_t *secret,
		      struct err *e);

/* unit_month_open - the stream of a month that the admin stream names */
int unit_month_open(struct unit *u, const struct admin_month *m,
		    struct stream **out, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * `scelle verify` with what was kept outside: reading the files, holding them
 * against the vault, writing the proof of what contradicts.
 */
#ifndef TOOLS_VERIFY_OUTSIDE_H
#define TOOLS_VERIFY_OUTSIDE_H

#include "store/outside.h"

#define VERIFY_OUTSIDE_FILES 256

struct verify_outside {
	struct { const char *path; char kind; } files[VERIFY_OUTSIDE_FILES];
	size_t nfiles;		/* kind: 'h' head or receipt, 'c' cosigned,
				   't' token, 'w' witness key (text),
				   'a' authorities (PEM file) */
	uint64_t lost_shown;	/* out: files that show what a restore lost */
	uint64_t lost_kept;	/* out: receipts kept here that do */
	int receipts;		/* and every receipt kept on this machine */
	const char *proof;	/* where to write the proof, or NULL */
	const char *key;	/* the log's key; NULL: the vault's own */
};

/* What is found, for the caller to print. */
struct verify_outside_to {
	void (*fraud)(void *arg, const char *file, const char *what);
	/* of what a restore lost, as the vault itself says */
	void (*lost)(void *arg, const char *file, const char *what);
	void (*time)(void *arg, const struct outside_time *t);
	void *arg;
};

/* verify_outside_add - one more file; ERR_LIMIT when there are too many */
int verify_outside_add(struct verify_outside *o, char kind, const char *path,
		       struct err *e);

/* verify_outside_any - 1 when there is anything to hold against the vault */
int verify_outside_any(const struct verify_outside *o);

/*
 * verify_outside_run - do it
 *   n_out       contradictions found, and files that are not what they should
 *               be
 *   proof_out   1 when a proof was written
 * Returns 0, or negative when it could not be checked (a file that cannot be
 * read, a key that is none).
 */
int verify_outside_run(struct verify_outside *o, const char *vault,
		       const struct verify_outside_to *to, uint64_t *n_out,
		       int *proof_out, struct err *e);

#endif

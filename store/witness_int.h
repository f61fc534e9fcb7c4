/* SPDX-License-Identifier: EUPL-1.2 */
/* What witness.c and witness_state.c share. */
#ifndef STORE_WITNESS_INT_H
#define STORE_WITNESS_INT_H

#include "store/witness.h"
#include "util/file.h"

struct witness {
	char *dir;
	struct note_skey key;	/* secret memory: the whole struct */
};

/* struct witness_state - what is on disk about one log */
struct witness_state {
	char dir[FILE_PATH_MAX];
	struct note_vkey keys[WITNESS_KEYS_MAX];
	size_t nkeys;
	uint64_t size, time_s;	/* of head.note; 0: none */
	uint8_t root[SHA256_LEN];
};

/* witness_log_dir - where a log's files are; 0 or ERR_RANGE */
int witness_log_dir(const char *dir, struct bytes origin,
		    char out[static FILE_PATH_MAX]);

/*
 * witness_state_read - read keys and head.note
 *   st->dir   set by the caller
 *   me        the witness's verifier key: its own cosignature must stand on
 *             head.note
 * Returns 0, ERR_NOENT (no such log), ERR_DAMAGED, ERR_IO or ERR_NOMEM.
 */
int witness_state_read(struct witness_state *st, const struct note_vkey *me,
		       struct err *e);

/* witness_against - keep a request that contradicts what is known, once */
int witness_against(const struct witness_state *st, struct bytes body,
		    struct err *e);

#endif

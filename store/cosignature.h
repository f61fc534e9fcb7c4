/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Cosignatures (C2SP tlog-cosignature, cosignature/v1, key type 0x04): a
 * witness says that at that time this checkpoint was the largest consistent
 * one it had seen of that log.
 *
 *	— name base64(key id (4) | u64 seconds | Ed25519 signature (64))
 *
 * over "cosignature/v1\ntime <seconds>\n" and the checkpoint's text.  Pure.
 */
#ifndef STORE_COSIGNATURE_H
#define STORE_COSIGNATURE_H

#include "store/checkpoint.h"

#define COSIGNATURE_LINES_MAX 32	/* lines of one answer */
#define COSIGNATURE_BYTES_MAX 16384	/* bytes of one answer */

/* struct cosignature - one that verified */
struct cosignature {
	size_t key;		/* which of the keys given */
	uint64_t time_s;	/* seconds since 1970 UTC */
};

/*
 * cosignature_put - append a witness's signature line, newline included
 *   text     the text of a checkpoint: anything else is ERR_FORMAT
 *   key      of type NOTE_COSIGNATURE
 *   time_s   seconds since 1970 UTC, 1 to 2^63-1
 * Returns 0, ERR_FORMAT, ERR_LIMIT, ERR_RANGE or ERR_NOMEM; out is as it was
 * then.
 */
int cosignature_put(struct bytes text, const struct note_skey *key,
		    uint64_t time_s, struct buf *out, struct err *e);

/*
 * cosignature_check - which witnesses signed this checkpoint?
 *   text    the text of a checkpoint
 *   lines   signature lines, each with its newline, and nothing else
 *   keys    nkeys (at most 64) witness keys; lines by others are ignored, keys
 *           of another type are ERR_RANGE
 *   out     room for nkeys; of two lines by one key the later time counts
 *   n_out   how many of them
 * Returns 0 sound (at least one), 1 not sound (a bad line of a known key, no
 * line of one, or a time of 0 or beyond 2^63-1; e says which), or ERR_FORMAT,
 * ERR_LIMIT, ERR_RANGE, ERR_NOMEM.
 */
int cosignature_check(struct bytes text, struct bytes lines,
		      const struct note_vkey *keys, size_t nkeys,
		      struct cosignature *out, size_t *n_out, struct err *e);

/*
 * cosignature_split - a signed note's text and its signature lines, borrowed
 * Returns 0 or as note_parse().
 */
int cosignature_split(struct bytes note, struct bytes *text,
		      struct bytes *lines, struct err *e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A witness: it remembers of each log the largest head it cosigned, and
 * cosigns only heads that add to it.  C2SP tlog-witness; how a request comes
 * and an answer goes is for the floors above (HTTP, a directory of files).
 *
 *	DIR/witness.pub			its verifier key, text
 *	DIR/witness.key.age		its signing key, under a passphrase
 *	DIR/LOCK			held while a request is decided
 *	DIR/logs/<32 hex>/keys		the log's verifier keys, a line each
 *	DIR/logs/<32 hex>/head.note	the largest head cosigned
 *	DIR/logs/<32 hex>/against/<64 hex>.request
 *					signed heads refused as inconsistent
 *
 * <32 hex> is the beginning of the SHA-256 of the log's origin.
 *
 * Invariants
 *  (1) A cosignature leaves only after head.note, which it is for, is durable.
 *  (2) head.note is replaced only by a head of the same size and root, or by a
 *      larger one with a proof of consistency.
 *  (3) Checking and replacing happen under LOCK: two requests at once cannot
 *      take the log back.
 */
#ifndef STORE_WITNESS_H
#define STORE_WITNESS_H

#include "store/cosignature.h"
#include "store/witness_request.h"

#define WITNESS_KEYS_MAX 8		/* keys of one log */
#define WITNESS_AGAINST_MAX 1000	/* refused requests kept of one log */

/* Answers: HTTP status codes, as the standard numbers them. */
enum witness_status {
	WITNESS_DONE = 200,		/* body: cosignature lines */
	WITNESS_MALFORMED = 400,
	WITNESS_FORBIDDEN = 403,	/* not signed by the log's key */
	WITNESS_UNKNOWN = 404,		/* no such log */
	WITNESS_CONFLICT = 409,		/* body: the size it knows */
	WITNESS_INCONSISTENT = 422,	/* the proof does not hold */
};

struct witness;

/*
 * witness_create - make a witness's directory with a fresh key
 *   dir    must not exist, or be an empty directory
 *   name   of its key, e.g. "unit4.example/witness"
 *   logn   scrypt work factor, KEYFILE_LOGN; less for tests only
 * Returns 0, ERR_EXIST, ERR_FORMAT (name), ERR_RANGE (passphrase) or ERR_IO.
 */
int witness_create(const char *dir, const char *name, struct bytes pass,
		   unsigned logn, struct err *e);

/*
 * witness_open - read its key; witness_close - wipe it (NULL allowed)
 * Returns 0, ERR_NOENT, ERR_AUTH (passphrase), ERR_DAMAGED or ERR_IO.
 */
int witness_open(const char *dir, struct bytes pass, struct witness **out,
		 struct err *e);
void witness_close(struct witness *w);

/* witness_vkey - its verifier key */
const struct note_vkey *witness_vkey(const struct witness *w);

/*
 * witness_pub - the verifier key of a witness's directory, without a passphrase
 */
int witness_pub(const char *dir, struct note_vkey *out, struct err *e);

/*
 * witness_add_log - cosign this log from now on; no passphrase needed
 *   vkey   the log's verifier key, whose name is its origin; another key of a
 *          known origin is added to it
 * Returns 0, ERR_EXIST (known already), ERR_FORMAT, ERR_LIMIT or ERR_IO.
 */
int witness_add_log(const char *dir, const char *vkey, struct err *e);

/* struct witness_log - what a witness knows of a log */
struct witness_log {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;			/* largest head cosigned; 0: none */
	uint64_t time_s;		/* when; 0: never */
	uint64_t against;		/* inconsistent heads it was shown */
};

/*
 * witness_logs - all logs, by origin's hash; one allocation, the caller frees
 * Returns 0, ERR_NOENT (no witness there), ERR_DAMAGED, ERR_NOMEM or ERR_IO.
 */
int witness_logs(const char *dir, struct witness_log **out, size_t *n,
		 struct err *e);

/*
 * witness_answer - decide one request
 *   body     of the request; hostile
 *   now_s    seconds since 1970; a cosignature is never earlier than the last
 *            one for that log
 *   status   out: enum witness_status
 *   answer   appended: the body of the answer (may be empty)
 *   why      out, may be NULL: one line for the witness's own diary
 * Returns 0 when it was decided, whatever the decision; ERR_DAMAGED (its own
 * memory is not readable: nothing is cosigned), ERR_IO or ERR_NOMEM.
 */
int witness_answer(struct witness *w, struct bytes body, uint64_t now_s,
		   int *status, struct buf *answer, struct err *why,
		   struct err *e);

/*
 * witness_spool - answer every request of a directory that has no answer yet
 *   spool    <name>.request files; the answer is <name>.<key id>.<status>,
 *            created once, its content the body of the answer
 *   told     called for each one decided; may be NULL
 * Returns how many were answered, or as witness_answer(); a file that cannot
 * be read is passed over.
 */
int witness_spool(struct witness *w, const char *spool, uint64_t now_s,
		  void (*told)(void *arg, const char *name, int status,
			       const char *why),
		  void *arg, struct err *e);

#endif

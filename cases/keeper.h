/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The custody service's keeper: it alone holds the unit's keys and the log's,
 * and decides what each session may have.  No threads, no sockets: requests in,
 * answers out; serve.c runs it in one writer thread.
 *
 * Rules it holds, whatever a session says
 *  (1) Locked, it knows no key; two custodians unlock it.
 *  (2) A session is somebody only by a login note: signed by a user who is
 *      entered and not revoked, over its connection's nonce, the log and the uid
 *      the kernel told, within its time; a nonce counts once.
 *  (3) What stands in the audit names the session's user, and is signed here.
 *  (4) The inner layer of a case's wrap is opened only for a session whose
 *      access record for that case is durable, in the same command.
 *  (5) A statement by a user stands where it says it stands, is signed by that
 *      user, and the admin state takes it.
 *  (6) Records that sessions hand in while a commit runs share the next one.
 */
#ifndef CASES_KEEPER_H
#define CASES_KEEPER_H

#include "cases/custodian.h"
#include "cases/serve_proto.h"

#define KEEPER_GROUP_MAX 64	/* records that share a commit */
#define KEEPER_SIGN_MS 10000	/* a user has so long to sign */
#define KEEPER_FIRST_MS 1800000	/* a first custodian is remembered so long */
#define KEEPER_RESERVE ((uint64_t)64 << 20)
#define KEEPER_MESSAGE_MAX ((size_t)32 << 20)

/* Between a session and the keeper; each request has one answer. */
enum keeper_type {
	/* keeper, first of all: u8 locked, u32 uid, nonce, u64 expiry, text log,
	 * text path */
	KEEPER_HELLO = 'H',
	/* session */
	KEEPER_LOGIN = 'L',	/* note -> WELCOME text user */
	KEEPER_STATE = 'Q',	/* -> STATE JSON */
	KEEPER_BEGIN = 'B',	/* text command, u8 mode -> BEGUN */
	KEEPER_END = 'F',	/* -> DONE */
	KEEPER_RECORD = 'R',	/* -> ASK (then SIGNED) or DONE u64 leaf */
	KEEPER_SIGNED = 'S',	/* signature line -> DONE u64 leaf */
	KEEPER_INNER = 'I',	/* text case, blob file -> SECRET */
	KEEPER_SEALED = 'K',	/* text path, u32 n -> SECRET */
	KEEPER_SLOTS = 'A',	/* u64 from -> SECRET */
	KEEPER_FIRST = 'C',	/* -> CUSTODY */
	KEEPER_GIVEN = 'c',	/* u32 n, blobs -> DONE */
	KEEPER_TAKE = 'T',	/* -> DONE */
	KEEPER_GIVE = 'G',	/* u8 failed -> DONE */
	KEEPER_LOCK = 'Z',	/* -> DONE */
	/* keeper */
	KEEPER_WELCOME = 'W',
	KEEPER_BEGUN = 'b',	/* u64 generation, blob keys */
	KEEPER_ASK = 'N',	/* a text the user is to sign */
	KEEPER_DONE = 'D',
	KEEPER_SECRET = 'i',
	KEEPER_CUSTODY = 'o',	/* u8 second, u32 n, {text other, blob file} */
	KEEPER_ERROR = 'E',	/* u8 code (negated), text */
};

enum keeper_mode {
	KEEPER_READ,		/* beside the writer; no unit key */
	KEEPER_ALONE,		/* the unit's keys, and the turn until the end */
	KEEPER_PASS,		/* the unit's keys; a turn for each commit */
};

struct keeper;

struct keeper_options {
	const char *path;		/* of the vault */
	void (*answer)(void *arg, unsigned session, uint8_t type,
		       struct bytes msg);
	void *arg;
};

/* keeper_new - locked; the vault must be in unit form.  keeper_free() wipes */
int keeper_new(const struct keeper_options *o, struct keeper **out,
	       struct err *e);
void keeper_free(struct keeper *k);	/* NULL allowed */

/*
 * keeper_open - a session begins; it is told KEEPER_HELLO
 * keeper_close - it is gone, in whatever state
 */
int keeper_open(struct keeper *k, unsigned session, uint32_t uid,
		struct err *e);
void keeper_close(struct keeper *k, unsigned session);

/*
 * keeper_take - a request
 * Returns 0 (answered, or in the group that keeper_flush() will answer), 1 (it
 * has to wait: hand it in again when something has changed), or negative: the
 * session spoke nonsense, end it.
 */
int keeper_take(struct keeper *k, unsigned session, uint8_t type,
		struct bytes msg);

/* keeper_pending - records that wait for a commit */
unsigned keeper_pending(const struct keeper *k);

/*
 * keeper_flush - commit what is pending and answer; nothing pending is fine
 * Returns 0; or ERR_IO: the vault failed and nothing of the group was
 * acknowledged.  On a full disk the reserve is given up, the vault opened again
 * and reading goes on; else keeper_dead(): the service must end.
 */
int keeper_flush(struct keeper *k);
int keeper_dead(const struct keeper *k);

/* keeper_tick - let go what took too long; at least every second */
void keeper_tick(struct keeper *k);

/* keeper_lock - record why, and forget every key.  "stop", "lock" */
void keeper_lock(struct keeper *k, const char *event, const char *by);
int keeper_locked(const struct keeper *k);

#endif

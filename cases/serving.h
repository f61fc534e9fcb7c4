/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A session of the custody service, seen from inside: the client on one side,
 * the keeper on the other.  Blocking; a child's whole life.
 */
#ifndef CASES_SERVING_H
#define CASES_SERVING_H

#include "cases/keeper.h"
#include "cases/serve_proto.h"
#include "cases/unit.h"
#include "util/file.h"

#define SERVING_CLIENT 3	/* descriptor */
#define SERVING_IDLE_S 900	/* a client may say nothing for so long */
#define SERVING_ANSWER_S 180	/* and think so long about a question */

struct serving {
	struct serve_turn turn;
	int locked;
	uint32_t uid;
	char log[256];			/* verifier key */
	char path[FILE_PATH_MAX];	/* of the vault */
	struct serve_hello hello;
	char user[ADMIN_NAME_MAX + 1];	/* "": nobody */
	struct unit_link reading, alone;/* see serving_links() */
	struct unit *unit;		/* of reading commands, kept */
	uint64_t generation;		/* of that unit */
	struct unit_keys *keys;		/* of the command at work, or NULL */
	enum keeper_mode mode;
	const char *scratch;		/* directory for files on their way */
	int confined;			/* to reading, for good */
	int gone;			/* the client or the keeper is */
	struct buf in;			/* the last message of the client */
	struct buf answer;		/* the last one of the keeper */
};

/*
 * serving_start - hear from the keeper, greet the client
 * serving_release - what start() made
 */
int serving_start(struct serving *s, struct err *e);
void serving_release(struct serving *s);

/*
 * serving_client - the client's next message, in its turn; its bytes are in
 * s->in
 *   wait_s   how long it may take
 * Returns 0, 1 (it left), or negative: the session must end.
 */
int serving_client(struct serving *s, int wait_s, uint8_t *type,
		   struct err *e);
/* serving_tell - a message to the client, in turn */
int serving_tell(struct serving *s, uint8_t type, struct bytes msg,
		 struct err *e);
/* serving_ask - a question to the client; its answer is in s->in
 *   ERR_DENIED: the client refused */
int serving_ask(struct serving *s, uint8_t type, struct bytes msg,
		struct err *e);
/* serving_error - tell the client why the session ends */
void serving_error(struct serving *s, const struct err *e);

/* serving_keeper - a request and its answer, which is in s->answer; an error
 * of the keeper's is e's
 *   want   type of the answer */
int serving_keeper(struct serving *s, uint8_t type, struct bytes msg,
		   uint8_t want, struct err *e);

/* serving_login - the client's note, to the keeper; tells the client */
int serving_login(struct serving *s, struct err *e);

/*
 * serving_begin - a command begins; gets the keys the mode needs
 * serving_end - it is over: turn, keys and what it was permitted are given back
 */
int serving_begin(struct serving *s, const char *command,
		  enum keeper_mode mode, struct err *e);
void serving_end(struct serving *s);

/* serving_unit - the unit for the command at work; serving_unit_close() when
 * done: a reading one is kept for the next command */
int serving_unit(struct serving *s, struct unit **out, struct err *e);
void serving_unit_close(struct serving *s, struct unit *u);

/* serving_unlock - the client is a custodian: what he can add to unlocking
 *   *done  out: 1 the service is unlocked, 0 it waits for the second */
int serving_unlock(struct serving *s, int *done, struct err *e);

#endif

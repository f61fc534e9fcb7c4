/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the keeper share. */
#ifndef CASES_KEEPER_INT_H
#define CASES_KEEPER_INT_H

#include "cases/keeper.h"
#include "util/file.h"

#define CASE_GRANTS_MAX 16

/* A record as a session handed it in. */
struct handed {
	char dir[32];
	char kind[STATEMENT_KIND_MAX];
	unsigned leaf;
	size_t nfiles;
	struct store_external *files;	/* paths owned here */
	struct buf text;		/* the text to be signed, when by a user */
	uint64_t n;
};

struct member {
	struct member *next;
	unsigned id;
	uint32_t uid;
	char user[ADMIN_NAME_MAX + 1];	/* "": nobody yet */
	struct note_vkey key;		/* of the login */
	uint8_t nonce[SERVE_NONCE];
	int64_t expires_ms;		/* 0: the nonce is used up */
	int begun;
	enum keeper_mode mode;
	char command[32];
	char cases[CASE_GRANTS_MAX][17];
	unsigned ncases;
	char held[32];			/* stream reserved while its user signs */
	int64_t held_until;
	struct handed signing;
};

/* A record in the group, to be answered when it is durable. */
struct waiting {
	unsigned id;
	uint64_t seq;
	char case_id[17];		/* an access: what it permits; or "" */
};

struct keeper {
	struct keeper_options o;
	char path[FILE_PATH_MAX - 16];
	struct unit *u;			/* NULL: locked */
	struct unit_keys *keys;
	struct custodians *custodians;	/* while locked; read anew then */
	struct member *members;
	struct batch *batch;
	struct waiting group[KEEPER_GROUP_MAX];
	unsigned ngroup;
	unsigned turn;			/* who holds it; 0: the keeper */
	uint64_t generation;		/* raised when streams were replaced */
	int dead;
	int full;			/* the disk: evidence is refused */
	int64_t opened_ms;
	/* The first custodian: what he opened for each other. */
	char first[ADMIN_NAME_MAX + 1];
	int64_t first_until;
	size_t ngiven;
	struct given {
		char to[ADMIN_NAME_MAX + 1];
		size_t len;
		uint8_t *bytes;		/* secret memory, CUSTODIAN_WRAP_MAX */
	} given[CUSTODIANS_MAX];
};

void keeper_answer(struct keeper *k, const struct member *m, uint8_t type,
		   struct bytes msg);
int keeper_refuse(struct keeper *k, const struct member *m,
		  const struct err *e);	/* KEEPER_ERROR; returns 0 */
void keeper_done(struct keeper *k, const struct member *m, uint64_t value);
/* keeper_somebody - the member is logged in and still may be; else ERR_DENIED */
int keeper_somebody(struct keeper *k, const struct member *m, struct err *e);

/* keeper_start, keeper_reopen - open the vault with k->keys; again after who
 * had the turn left it in the middle */
int keeper_start(struct keeper *k, struct err *e);
int keeper_reopen(struct keeper *k);
/* keeper_commit - keeper_flush() with words for who asked */
int keeper_commit(struct keeper *k, struct err *e);
/* keeper_service - a statement of the service's own; flushes first */
int keeper_service(struct keeper *k, const char *event, const char *by,
		   const char *with, struct err *e);

/* Requests of a session: 0 answered, 1 not in its turn (asked again later), or
 * ERR_FORMAT: the session is to be closed. */
int keeper_login(struct keeper *k, struct member *m, struct bytes note);
int keeper_begin(struct keeper *k, struct member *m, struct bytes msg);
int keeper_end(struct keeper *k, struct member *m);
int keeper_take_turn(struct keeper *k, struct member *m);
int keeper_give_turn(struct keeper *k, struct member *m, struct bytes msg);
int keeper_inner(struct keeper *k, struct member *m, struct bytes msg);
int keeper_sealed(struct keeper *k, struct member *m, struct bytes msg);
int keeper_slots(struct keeper *k, struct member *m, struct bytes msg);
int keeper_record(struct keeper *k, struct member *m, struct bytes msg);
int keeper_signed(struct keeper *k, struct member *m, struct bytes msg);
void handed_release(struct handed *h);

int keeper_first(struct keeper *k, struct member *m);
int keeper_given(struct keeper *k, struct member *m, struct bytes msg);
void keeper_forget_first(struct keeper *k);

#endif

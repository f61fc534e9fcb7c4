/* SPDX-License-Identifier: EUPL-1.2 */
/* What serve.c (the waiting thread) and serve_writer.c (the keeper's) share. */
#ifndef CASES_SERVE_INT_H
#define CASES_SERVE_INT_H

#include "cases/keeper.h"
#include "cases/serve.h"
#include "util/child.h"

struct writer;

struct conn {
	unsigned id;
	uint32_t uid;
	int asking;		/* a request of it has no answer yet */
	struct child *child;
};

struct serve {
	const struct serve_options *o;
	int listen_fd, signal_fd, wake_fd;
	struct conn *conns;
	size_t nconns, room;
	unsigned last_id;
	struct writer *writer;
};

enum writer_what { WRITER_OPEN, WRITER_TAKE, WRITER_CLOSE };

/* An answer on its way back; type 0: end the session. */
struct answer {
	struct answer *next;
	unsigned id;
	uint8_t type;
	size_t len;
	uint8_t bytes[];	/* wiped when freed */
};

/*
 * writer_start - open the vault, locked, and start the keeper's thread
 * writer_stop - what was handed in is done, a stop is recorded, keys are wiped
 */
int writer_start(struct serve *s, struct err *e);
void writer_stop(struct serve *s);

/* writer_push - hand a request in; arg: the uid, or the type; 0 or ERR_NOMEM */
int writer_push(struct serve *s, unsigned id, enum writer_what what,
		uint32_t arg, struct bytes msg);
/* writer_answer - the next answer, or NULL; answer_free() it */
struct answer *writer_answer(struct serve *s);
void answer_free(struct answer *a);
int writer_dead(struct serve *s);

#endif

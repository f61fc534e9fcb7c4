/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The keeper's thread: requests in their order, records in groups.
 *
 * While a commit's syncs run, requests pile up; all records among them then
 * share the next commit.  Nobody waits for company, and nobody syncs alone when
 * there is some.  A request that has to wait (for a turn, for a stream) stands
 * aside, and is tried again whenever something has changed.
 */
#include "cases/serve_int.h"
#include "util/secret.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct request {
	struct request *next;
	unsigned id;
	enum writer_what what;
	uint32_t arg;
	size_t len;
	uint8_t bytes[];
};

struct queue {
	struct request *head, **tail;
};

struct writer {
	struct serve *s;
	struct keeper *keeper;
	pthread_t thread;
	int started;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue in;		/* under the lock */
	struct answer *out, **out_tail;	/* under the lock */
	int stop, dead;			/* under the lock */
	struct queue aside;		/* the thread's own */
};

static void put(struct queue *q, struct request *r)
{
	r->next = NULL;
	*q->tail = r;
	q->tail = &r->next;
}

static struct request *get(struct queue *q)
{
	struct request *r = q->head;

	if (r) {
		q->head = r->next;
		if (!q->head)
			q->tail = &q->head;
	}
	return r;
}

static void request_free(struct request *r)
{
	if (!r)
		return;
	secret_wipe(r->bytes, r->len);
	free(r);
}

void answer_free(struct answer *a)
{
	if (!a)
		return;
	secret_wipe(a->bytes, a->len);
	free(a);
}

static void wake(struct writer *w)
{
	const uint64_t one = 1;

	while (write(w->s->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static void answer(void *arg, unsigned id, uint8_t type, struct bytes msg)
{
	struct writer *w = arg;
	struct answer *a = malloc(sizeof *a + msg.len);

	if (!a) {
		/* A session without its answer must not wait for ever. */
		pthread_mutex_lock(&w->lock);
		w->dead = 1;
		pthread_mutex_unlock(&w->lock);
		wake(w);
		return;
	}
	*a = (struct answer){ .id = id, .type = type, .len = msg.len };
	if (msg.len)
		memcpy(a->bytes, msg.p, msg.len);
	pthread_mutex_lock(&w->lock);
	*w->out_tail = a;
	w->out_tail = &a->next;
	pthread_mutex_unlock(&w->lock);
	wake(w);
}

struct answer *writer_answer(struct serve *s)
{
	struct writer *w = s->writer;
	struct answer *a;

	pthread_mutex_lock(&w->lock);
	a = w->out;
	if (a) {
		w->out = a->next;
		if (!w->out)
			w->out_tail = &w->out;
	}
	pthread_mutex_unlock(&w->lock);
	return a;
}

int writer_dead(struct serve *s)
{
	int dead;

	pthread_mutex_lock(&s->writer->lock);
	dead = s->writer->dead;
	pthread_mutex_unlock(&s->writer->lock);
	return dead;
}

int writer_push(struct serve *s, unsigned id, enum writer_what what,
		uint32_t arg, struct bytes msg)
{
	struct writer *w = s->writer;
	struct request *r = malloc(sizeof *r + msg.len);

	if (!r)
		return ERR_NOMEM;
	*r = (struct request){ .id = id, .what = what, .arg = arg,
			       .len = msg.len };
	if (msg.len)
		memcpy(r->bytes, msg.p, msg.len);
	pthread_mutex_lock(&w->lock);
	put(&w->in, r);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

/* --- the thread ------------------------------------------------------------------- */

/* What a session left standing aside goes with it. */
static void drop_aside(struct writer *w, unsigned id)
{
	struct queue keep = { NULL, &keep.head };
	struct request *r;

	while ((r = get(&w->aside))) {
		if (r->id == id)
			request_free(r);
		else
			put(&keep, r);
	}
	while ((r = get(&keep)))
		put(&w->aside, r);
}

/* 1 when it has to wait, and was put aside. */
static int handle(struct writer *w, struct request *r)
{
	struct bytes msg = BYTES(r->bytes, r->len);
	struct err e = ERR_INIT;
	int got = 0;

	switch (r->what) {
	case WRITER_OPEN:
		if (keeper_open(w->keeper, r->id, r->arg, &e) < 0)
			got = e.code;
		break;
	case WRITER_CLOSE:
		drop_aside(w, r->id);
		keeper_close(w->keeper, r->id);
		break;
	case WRITER_TAKE:
		got = keeper_take(w->keeper, r->id, (uint8_t)r->arg, msg);
		break;
	}
	if (got == 1) {
		put(&w->aside, r);
		return 1;
	}
	if (got < 0)
		answer(w, r->id, 0, BYTES(NULL, 0));
	request_free(r);
	return 0;
}

/* Everybody who waits, once, in their order. */
static void again(struct writer *w)
{
	struct queue old = w->aside;
	struct request *r;

	if (!old.head)
		return;
	w->aside = (struct queue){ NULL, &w->aside.head };
	while ((r = get(&old)))
		handle(w, r);
}

/* The next request; NULL: none now.  Waits only when wait is set. */
static struct request *next(struct writer *w, int wait, int *stop)
{
	struct request *r;
	struct timespec until;

	pthread_mutex_lock(&w->lock);
	if (!w->in.head && wait && !w->stop) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&w->more, &w->lock, &until);
	}
	r = get(&w->in);
	*stop = w->stop && !r;
	pthread_mutex_unlock(&w->lock);
	return r;
}

static void *run(void *arg)
{
	struct writer *w = arg;
	int stop = 0;

	while (!stop) {
		struct request *r = next(w, keeper_pending(w->keeper) == 0,
					 &stop);

		if (r) {
			/* Who waits is tried again behind whatever may have
			 * let go of something. */
			if (!handle(w, r) && !keeper_pending(w->keeper))
				again(w);
			if (keeper_pending(w->keeper) < KEEPER_GROUP_MAX)
				continue;
		}
		keeper_flush(w->keeper);
		keeper_tick(w->keeper);
		again(w);
		if (keeper_dead(w->keeper)) {
			pthread_mutex_lock(&w->lock);
			w->dead = 1;
			pthread_mutex_unlock(&w->lock);
			wake(w);
		}
	}
	keeper_flush(w->keeper);
	keeper_lock(w->keeper, "stop", NULL);
	return NULL;
}

int writer_start(struct serve *s, struct err *e)
{
	struct writer *w = calloc(1, sizeof *w);
	struct keeper_options o = { .path = s->o->vault, .answer = answer,
				    .arg = w };
	int r;

	if (!w)
		return err_set(e, ERR_NOMEM, "no memory for the service");
	w->s = s;
	w->in.tail = &w->in.head;
	w->aside.tail = &w->aside.head;
	w->out_tail = &w->out;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	s->writer = w;
	r = keeper_new(&o, &w->keeper, e);
	if (r == 0 && pthread_create(&w->thread, NULL, run, w) != 0)
		r = err_set(e, ERR_IO, "cannot start the writer's thread");
	w->started = r == 0;
	if (r < 0)
		writer_stop(s);
	return r;
}

void writer_stop(struct serve *s)
{
	struct writer *w = s->writer;
	struct request *r;
	struct answer *a;

	if (!w)
		return;
	if (w->started) {
		pthread_mutex_lock(&w->lock);
		w->stop = 1;
		pthread_cond_signal(&w->more);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	while ((r = get(&w->in)))
		request_free(r);
	while ((r = get(&w->aside)))
		request_free(r);
	while ((a = writer_answer(s)))
		answer_free(a);
	keeper_free(w->keeper);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
	s->writer = NULL;
}

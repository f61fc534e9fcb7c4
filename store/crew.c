/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/crew.h"

#include "util/secret.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STACK ((size_t)512 << 10)

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* a task waits, or stop */
	pthread_cond_t done;		/* one more task is */
	struct crew_task *first, **end;	/* waiting */
	int stop;
	int owner_waits;
	unsigned n;
	pthread_t thread[CREW_MAX];
	void *stack[CREW_MAX];
};

/* --- the queue; under the lock -------------------------------------------- */

static void append(struct crew *c, struct crew_task *t)
{
	t->state = CREW_WAITING;
	t->next = NULL;
	t->prev = c->end;
	*c->end = t;
	c->end = &t->next;
}

static void take(struct crew *c, struct crew_task *t)
{
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		c->end = t->prev;
	t->state = CREW_RUNNING;
}

static void run(struct crew *c, struct crew_task *t)
{
	take(c, t);
	pthread_mutex_unlock(&c->lock);
	t->run(t);
	pthread_mutex_lock(&c->lock);
	t->state = CREW_IDLE;
}

static void *work(void *arg)
{
	struct crew *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		if (!c->first) {
			pthread_cond_wait(&c->work, &c->lock);
			continue;
		}
		run(c, c->first);
		if (c->owner_waits)
			pthread_cond_signal(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* --- the crew ------------------------------------------------------------- */

static unsigned processors(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > CREW_MAX ? CREW_MAX : (unsigned)n;
}

/* One more thread, on a stack of our own that can be wiped behind it. */
static int hire(struct crew *c)
{
	void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pthread_attr_t a;
	int r;

	if (stack == MAP_FAILED)
		return -1;
	r = pthread_attr_init(&a);
	if (r == 0) {
		r = pthread_attr_setstack(&a, stack, STACK);
		if (r == 0)
			r = pthread_create(&c->thread[c->n], &a, work, c);
		pthread_attr_destroy(&a);
	}
	if (r) {
		munmap(stack, STACK);
		return -1;
	}
	c->stack[c->n++] = stack;
	return 0;
}

struct crew *crew_new(void)
{
	struct crew *c = calloc(1, sizeof *c);
	unsigned want = processors();
	sigset_t all, before;

	if (!c)
		return NULL;
	c->end = &c->first;
	if (pthread_mutex_init(&c->lock, NULL)) {
		free(c);
		return NULL;
	}
	if (pthread_cond_init(&c->work, NULL)) {
		pthread_mutex_destroy(&c->lock);
		free(c);
		return NULL;
	}
	if (pthread_cond_init(&c->done, NULL)) {
		pthread_cond_destroy(&c->work);
		pthread_mutex_destroy(&c->lock);
		free(c);
		return NULL;
	}
	/* Signals are for the thread that asked for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (want > 1 && c->n < want && hire(c) == 0)
		;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = 1;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n; i++) {
		pthread_join(c->thread[i], NULL);
		secret_wipe(c->stack[i], STACK);
		munmap(c->stack[i], STACK);
	}
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

unsigned crew_threads(const struct crew *c)
{
	return c->n;
}

void crew_put(struct crew *c, struct crew_task *t)
{
	pthread_mutex_lock(&c->lock);
	append(c, t);
	if (c->n)
		pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
}

void crew_wait(struct crew *c, struct crew_task *t)
{
	pthread_mutex_lock(&c->lock);
	while (t->state != CREW_IDLE) {
		if (t->state == CREW_WAITING) {
			run(c, t);
		} else if (c->first) {
			/* Somebody is at it: help with the others meanwhile. */
			run(c, c->first);
		} else {
			c->owner_waits = 1;
			pthread_cond_wait(&c->done, &c->lock);
			c->owner_waits = 0;
		}
	}
	pthread_mutex_unlock(&c->lock);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * CREW: a few threads that do tasks handed to them, oldest first.
 *
 * One thread, the owner, makes the crew, hands out and waits; what it waits for
 * and nobody has begun it does itself, so that a crew without threads (one
 * processor, or no thread to be had) does the same work, later.  The threads
 * take no signals.  Their stacks are wiped when the crew is freed.  A crew does
 * not outlive a fork(): the child has none of its threads.
 */
#ifndef STORE_CREW_H
#define STORE_CREW_H

#define CREW_MAX 4	/* threads */

struct crew;

enum crew_state { CREW_IDLE, CREW_WAITING, CREW_RUNNING };

/*
 * struct crew_task - part of what the owner keeps of its task; zeroed before
 * its first use.  run() is called once for each crew_put(), on any thread; what
 * the owner wrote before is seen there, and what it writes is seen once
 * crew_wait() has returned.
 */
struct crew_task {
	void (*run)(struct crew_task *t);
	struct crew_task *next, **prev;	/* the crew's */
	enum crew_state state;		/* the crew's */
};

/*
 * crew_new - as many threads as processors this process may use, at most
 * CREW_MAX; none where there is one processor.  Returns NULL without memory.
 */
struct crew *crew_new(void);

/* crew_free - waits for what is running; tasks nobody began are not done */
void crew_free(struct crew *c);

/* crew_threads - how many there are; 0 to CREW_MAX */
unsigned crew_threads(const struct crew *c);

/* crew_put - hand out a task that is idle */
void crew_put(struct crew *c, struct crew_task *t);

/* crew_wait - returns when the task is done; at once when it is idle */
void crew_wait(struct crew *c, struct crew_task *t);

#endif

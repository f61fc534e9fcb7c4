/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/sealer.h"

#include "store/crew.h"
#include "util/secret.h"

#include <sodium.h>
#include <stdlib.h>

#define KEEP ((size_t)256 << 10)	/* bytes a buffer keeps between uses */
#define SPILL 8192			/* of stack wiped behind a seal */

/* One object under way. */
struct job {
	struct crew_task task;		/* first: a task is its job */
	struct buf plain, sealed;
	const struct bytes *pieces;	/* borrowed; NULL: plain */
	size_t npieces, bytes;
	uint8_t *secret;		/* identity, salt */
	uint8_t hash[SHA256_LEN];
	int r;
};

struct sealer {
	struct crew *crew;		/* NULL until something is handed over */
	int alone;			/* no crew to be had */
	struct job job[SEALER_OBJECTS];
	struct job *given[SEALER_OBJECTS];	/* a ring, oldest at first */
	unsigned first, n;
	struct job *idle[SEALER_OBJECTS];	/* the last used is on top */
	unsigned nidle;
	size_t bytes;			/* plain, not taken back */
	uint8_t *secrets;		/* secret_alloc: 64 bytes a job */
};

struct sealer *sealer_new(void)
{
	struct sealer *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->secrets = secret_alloc((size_t)SEALER_OBJECTS * 64);
	if (!s->secrets) {
		free(s);
		return NULL;
	}
	for (unsigned i = 0; i < SEALER_OBJECTS; i++) {
		struct job *j = &s->job[SEALER_OBJECTS - 1 - i];

		j->plain.max = j->sealed.max = SIZE_MAX / 2;
		j->secret = s->secrets + (size_t)i * 64;
		s->idle[s->nidle++] = j;
	}
	return s;
}

static void settle(struct buf *b, int wipe)
{
	if (wipe && b->len)
		secret_wipe(b->p, b->len);
	if (b->size > KEEP)
		buf_release(b);
	else
		buf_clear(b);
}

static struct job *oldest(const struct sealer *s)
{
	return s->n ? s->given[s->first] : NULL;
}

void sealer_done(struct sealer *s)
{
	struct job *j = oldest(s);

	if (!j)
		return;
	if (s->crew)
		crew_wait(s->crew, &j->task);
	s->bytes -= j->bytes;
	j->bytes = 0;
	settle(&j->sealed, 0);
	secret_wipe(j->secret, 64);
	s->first = (s->first + 1) % SEALER_OBJECTS;
	s->n--;
	s->idle[s->nidle++] = j;
}

void sealer_drop(struct sealer *s)
{
	while (s && s->n)
		sealer_done(s);
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	sealer_drop(s);
	crew_free(s->crew);
	for (unsigned i = 0; i < SEALER_OBJECTS; i++) {
		buf_release(&s->job[i].plain);
		buf_release(&s->job[i].sealed);
	}
	secret_free(s->secrets);
	free(s);
}

int sealer_room(const struct sealer *s, size_t bytes)
{
	if (s->n == 0)
		return 1;
	return s->nidle && bytes <= SEALER_BYTES
		&& s->bytes <= SEALER_BYTES - bytes;
}

/* On any thread: the object behind the room for its frame's header. */
static void seal_job(struct crew_task *t)
{
	struct job *j = (struct job *)t;
	struct bytes whole = buf_view(&j->plain);

	if (buf_room(&j->sealed, PACK_FRAME_LEN)) {
		j->sealed.len = PACK_FRAME_LEN;
		j->r = seal_object(j->pieces ? j->pieces : &whole,
				   j->pieces ? j->npieces : 1, j->secret,
				   j->hash, &j->sealed);
	} else {
		j->r = ERR_NOMEM;
	}
	settle(&j->plain, 1);
	/* Keys that arithmetic left on the stack. */
	sodium_stackzero(SPILL);
}

/* Room at once, so that nothing is left behind by growing. */
static int copy(struct job *j, const struct bytes *pieces, size_t npieces,
		size_t total)
{
	if (total && !buf_room(&j->plain, total)) {
		j->plain.failed = 0;
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < npieces; i++)
		buf_addb(&j->plain, pieces[i]);
	return 0;
}

static int have_crew(struct sealer *s)
{
	if (!s->crew && !s->alone) {
		s->crew = crew_new();
		s->alone = !s->crew || crew_threads(s->crew) == 0;
	}
	return !s->alone;
}

int sealer_give(struct sealer *s, const struct bytes *pieces, size_t npieces,
		const uint8_t *salt, int hand_over)
{
	struct job *j = s->nidle ? s->idle[s->nidle - 1] : NULL;
	size_t total = 0;
	int r;

	if (!j)
		return ERR_NOMEM;
	for (size_t i = 0; i < npieces; i++)
		total += pieces[i].len;
	if (total > SEALER_BYTES || !hand_over || !have_crew(s)) {
		j->pieces = pieces;
		j->npieces = npieces;
		seal_job(&j->task);
		j->pieces = NULL;
	} else {
		r = copy(j, pieces, npieces, total);
		if (r < 0)
			return r;
		j->task.run = seal_job;
		crew_put(s->crew, &j->task);
	}
	memcpy(j->secret + SEAL_KEY_LEN, salt, 32);
	j->bytes = total;
	s->bytes += total;
	s->nidle--;
	s->given[(s->first + s->n++) % SEALER_OBJECTS] = j;
	return 0;
}

int sealer_get(struct sealer *s, struct sealed *out)
{
	struct job *j = oldest(s);

	if (!j)
		return ERR_NOENT;
	if (s->crew)
		crew_wait(s->crew, &j->task);
	*out = (struct sealed){
		.p = j->sealed.p, .len = j->sealed.len, .hash = j->hash,
		.identity = j->secret, .salt = j->secret + SEAL_KEY_LEN,
	};
	return j->r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/verify_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define THREADS_MAX 64

void verify_say(struct verify *c, const char *file, uint64_t offset,
		const char *fmt, ...)
{
	char what[256];
	va_list ap;

	c->rep->problems++;
	if (c->quiet || !c->o->problem)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	c->o->problem(c->o->arg, &(struct verify_problem){
		.file = file, .offset = offset, .what = what });
}

void verify_say_lost(struct verify *c, const char *file, const char *fmt, ...)
{
	struct verify_problem p = { .file = file, .lost = 1 };
	char what[512];
	va_list ap;

	c->rep->lost++;
	if (c->quiet || !c->o->problem)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	p.what = what;
	c->o->problem(c->o->arg, &p);
}

void verify_seg_file(const struct verify *c, unsigned shard, unsigned number,
		     char out[static VERIFY_SEG_MAX])
{
	snprintf(out, VERIFY_SEG_MAX, "log/%s/%06u.seg",
		 c->fmt->shard[shard].name, number);
}

void verify_end_file(const struct verify *c, char out[static VERIFY_SEG_MAX])
{
	const struct vseg *s = &c->segs[c->log_end_seg];

	verify_seg_file(c, s->shard, s->number, out);
}

void verify_say_leaf(struct verify *c, uint64_t seq, const char *what)
{
	char file[VERIFY_SEG_MAX];
	unsigned lo = 0, hi = c->nsegs;

	while (hi - lo > 1) {
		unsigned mid = lo + (hi - lo) / 2;

		if (c->segs[mid].first <= seq)
			lo = mid;
		else
			hi = mid;
	}
	verify_seg_file(c, c->segs[lo].shard, c->segs[lo].number, file);
	verify_say(c, file, c->leaves[seq].off, "leaf %llu: %s",
		   (unsigned long long)seq, what);
}

/* --- threads -------------------------------------------------------------- */

struct par {
	atomic_size_t next;
	size_t n;
	void (*fn)(void *, size_t);
	void *arg;
};

static void *par_run(void *p)
{
	struct par *w = p;

	for (;;) {
		size_t i = atomic_fetch_add(&w->next, 1);

		if (i >= w->n)
			return NULL;
		w->fn(w->arg, i);
	}
}

void par_for(unsigned threads, size_t n, void (*fn)(void *, size_t), void *arg)
{
	struct par w = { .n = n, .fn = fn, .arg = arg };
	pthread_t t[THREADS_MAX];
	unsigned started = 0;

	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	if (threads > n)
		threads = (unsigned)n;
	atomic_init(&w.next, 0);
	while (started + 1 < threads
	       && pthread_create(&t[started], NULL, par_run, &w) == 0)
		started++;
	par_run(&w);
	while (started > 0)
		pthread_join(t[--started], NULL);
}

/* --- the whole ------------------------------------------------------------ */

/* 1 when a writer holds the lock. */
static int is_live(const char *path)
{
	char lock[FILE_PATH_MAX];
	int fd, live = 0;

	if (file_path(lock, path, "LOCK", NULL) < 0)
		return 0;
	fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		live = errno == EWOULDBLOCK;
	close(fd);
	return live;
}

/* FORMAT; 1 when it is not sound and nothing more can be said. */
static int check_format(struct verify *c)
{
	struct buf note = BUF_INIT(VAULT_FORMAT_MAX);
	struct note_vkey trust;
	char path[FILE_PATH_MAX], log[FILE_PATH_MAX];
	struct err why = ERR_INIT;
	int r = file_path(path, c->path, "FORMAT", NULL);

	if (r == 0)
		r = file_path(log, c->path, "log", NULL);
	if (r < 0)
		return err_set(c->e, r, "path '%s' is too long", c->path);
	if (c->o->vkey
	    && note_vkey_read(bytes_str(c->o->vkey), &trust, c->e) < 0)
		return ERR_FORMAT;
	r = file_read(path, &note, &why);
	if (r == ERR_NOENT && file_exists(log)) {
		verify_say(c, "FORMAT", 0, "file is missing");
		r = 1;
	} else if (r == ERR_LIMIT) {
		verify_say(c, "FORMAT", VAULT_FORMAT_MAX, "file is too long");
		r = 1;
	} else if (r == 0) {
		r = format_read(buf_view(&note), c->o->vkey ? &trust : NULL,
				c->fmt, &why);
		if (r == ERR_DAMAGED || r == ERR_AUTH
		    || (r == ERR_VERSION && file_exists(log))) {
			verify_say(c, "FORMAT", 0, "%s", why.text);
			r = 1;
		}
	}
	if (r < 0)
		err_set(c->e, r, "%s", why.text);
	buf_release(&note);
	return r;
}

static void release(struct verify *c)
{
	for (size_t i = 0; i < c->next; i++)
		free(c->ext[i].path);
	free(c->ext);
	free(c->heads);
	free(c->leaves);
	free(c->segs);
	free(c->find);
	free(c->receipt);
	free(c->fmt);
}

static int run(const char *path, const struct verify_options *o,
	       struct verify_report *rep, int quiet, int *live, struct err *e)
{
	struct verify c = { .path = path, .o = o, .rep = rep, .e = e,
			    .quiet = quiet };
	int r;

	memset(rep, 0, sizeof *rep);
	c.live = is_live(path);
	c.fmt = calloc(1, sizeof *c.fmt);
	r = c.fmt ? check_format(&c)
		  : err_set(e, ERR_NOMEM, "no memory to verify");
	if (r)
		goto out;
	snprintf(rep->origin, sizeof rep->origin, "%s",
		 c.fmt->shard[c.fmt->n - 1].origin);
	rep->shards = c.fmt->n;
	r = verify_heads(&c);
	if (r == 0)
		r = verify_log(&c);
	/* Packs after the log: they hold at least what it speaks of. */
	c.live |= is_live(path);
	if (r == 0)
		r = verify_streams(&c);
	if (r == 0)
		r = verify_files(&c);
out:
	*live = c.live;
	release(&c);
	return r < 0 ? r : rep->problems > 0;
}

int verify_vault(const char *path, const struct verify_options *o,
		 struct verify_report *rep, struct err *e)
{
	int live = is_live(path), r;

	if (o->threads == 0)
		return err_set(e, ERR_RANGE, "no thread to verify with");
	if (!live)
		return run(path, o, rep, 0, &live, e);
	/*
	 * While somebody writes, a file may be newer than the log we read.
	 * What is wrong twice is wrong.
	 */
	r = run(path, o, rep, 1, &live, e);
	return r == 1 ? run(path, o, rep, 0, &live, e) : r;
}

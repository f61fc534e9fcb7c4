/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/witness_int.h"

#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define REQUEST_SUFFIX ".request"
#define SPOOL_NAME_MAX 128

/* struct decision - one request while it is looked at */
struct decision {
	struct witness *w;
	struct bytes body;
	struct witness_request q;
	struct checkpoint c;
	struct witness_state st;
	uint64_t now_s;
	int status;
	struct buf *answer;
	struct err *why;
};

/* Waits: a decision takes as long as a sync. */
static int lock(const char *dir, int *fd_out, struct err *e)
{
	char path[FILE_PATH_MAX];
	int fd, r = file_path(path, dir, "LOCK", NULL);

	if (r < 0)
		return err_set(e, r, "path '%s' is too long", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(e, "cannot open '%s'", path);
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		r = err_errno(e, "cannot lock '%s'", path);
		close(fd);
		return r;
	}
	*fd_out = fd;
	return 0;
}

static int decided(struct decision *d, int status, const char *why)
{
	d->status = status;
	err_set(d->why, 0, "%s", why);
	return 0;
}

static int conflict(struct decision *d, const char *why)
{
	buf_addf(d->answer, "%" PRIu64 "\n", d->st.size);
	return decided(d, WITNESS_CONFLICT, why);
}

/* The checkpoint in the request, before anything of it is believed. */
static int read_request(struct decision *d, struct bytes *text)
{
	struct bytes lines;

	if (witness_request_parse(d->body, &d->q, d->why) < 0 ||
	    d->q.note.len > CHECKPOINT_MAX ||
	    cosignature_split(d->q.note, text, &lines, d->why) < 0 ||
	    checkpoint_parse(*text, &d->c, d->why) < 0)
		return ERR_FORMAT;
	return 0;
}

/* Two heads signed by the log that cannot both be: kept, since that is what a
 * witness is for. */
static int against(struct decision *d, int status, const char *why,
		   struct err *e)
{
	int r = witness_against(&d->st, d->body, e);

	if (r < 0)
		return r;
	return status == WITNESS_CONFLICT ? conflict(d, why)
					  : decided(d, status, why);
}

static int is_log_key(const struct witness_state *st, const struct note_sig *s)
{
	for (size_t k = 0; k < st->nkeys; k++)
		if (bytes_is(s->name, st->keys[k].name) &&
		    !memcmp(s->id, st->keys[k].id, 4))
			return 1;
	return 0;
}

/* Cosign, remember durably, and only then answer. */
static int cosign(struct decision *d, struct bytes text, struct err *e)
{
	struct buf head = BUF_INIT(CHECKPOINT_MAX + 1024);
	struct buf line = BUF_INIT(1024);
	uint64_t when = d->now_s > d->st.time_s ? d->now_s : d->st.time_s;
	char path[FILE_PATH_MAX];
	struct bytes rest;
	struct note *n = malloc(sizeof *n);
	int r = n ? 0 : err_set(e, ERR_NOMEM, "no memory for a note");

	if (r == 0)
		r = cosignature_put(text, &d->w->key, when, &line, e);
	/* Only the log's own lines are remembered: others are not checked. */
	if (r == 0)
		r = note_parse(d->q.note, n, e);
	if (r < 0)
		goto out;
	buf_addb(&head, text);
	buf_addc(&head, '\n');
	rest = BYTES(d->q.note.p + text.len + 1, d->q.note.len - text.len - 1);
	for (size_t i = 0; i < n->nsigs; i++) {
		const uint8_t *nl = memchr(rest.p, '\n', rest.len);
		size_t len = (size_t)(nl - rest.p) + 1;

		if (is_log_key(&d->st, &n->sigs[i]))
			buf_add(&head, rest.p, len);
		rest = BYTES(rest.p + len, rest.len - len);
	}
	buf_addb(&head, buf_view(&line));
	r = file_path(path, d->st.dir, "head.note", NULL);
	if (r == 0 && head.failed)
		r = head.failed;
	if (r < 0) {
		err_set(e, r, "cannot remember a head of '%s'",
			d->st.keys[0].name);
		goto out;
	}
	r = file_replace(path, buf_view(&head), 0600, e);
	if (r == 0)
		r = buf_addb(d->answer, buf_view(&line));
	if (r == 0)
		r = decided(d, WITNESS_DONE, "cosigned");
out:
	free(n);
	buf_release(&head);
	buf_release(&line);
	return r;
}

/* The order of the checks is the standard's. */
static int decide(struct decision *d, struct err *e)
{
	struct bytes text;
	int r;

	if (read_request(d, &text) < 0)
		return decided(d, WITNESS_MALFORMED, "malformed request");
	if (witness_log_dir(d->w->dir, d->c.origin, d->st.dir) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long",
			       d->w->dir);
	r = witness_state_read(&d->st, &d->w->key.vkey, e);
	if (r == ERR_NOENT)
		return decided(d, WITNESS_UNKNOWN, "unknown log");
	if (r < 0)
		return r;
	r = checkpoint_open(d->q.note, d->st.keys, d->st.nkeys,
			    d->st.keys[0].name, &d->c, NULL);
	if (r == ERR_NOMEM)
		return err_set(e, r, "no memory for a note");
	if (r != 0)
		return decided(d, WITNESS_FORBIDDEN,
			       "no signature by the log's key");
	if (d->q.old > d->c.size)
		return decided(d, WITNESS_MALFORMED,
			       "the old size is beyond the checkpoint's");
	if (d->q.old != d->st.size)
		return conflict(d, "another size is known");
	if (d->q.old == d->c.size) {
		if (d->q.n)
			return decided(d, WITNESS_INCONSISTENT,
				       "a proof between equal sizes");
		if (d->c.size && memcmp(d->st.root, d->c.root, SHA256_LEN))
			return against(d, WITNESS_CONFLICT,
				       "another root at the same size", e);
	} else if (!d->q.old) {
		if (d->q.n)
			return decided(d, WITNESS_INCONSISTENT,
				       "a proof from size 0");
	} else if (tree_check_consistency(d->q.old, d->st.root, d->c.size,
					  d->c.root,
					  (const uint8_t (*)[SHA256_LEN])
					  d->q.proof, d->q.n)) {
		return against(d, WITNESS_INCONSISTENT,
			       "the proof of consistency does not hold", e);
	}
	return cosign(d, text, e);
}

int witness_answer(struct witness *w, struct bytes body, uint64_t now_s,
		   int *status, struct buf *answer, struct err *why,
		   struct err *e)
{
	struct decision *d = calloc(1, sizeof *d);
	struct err own = ERR_INIT;
	size_t before = answer->len;
	int fd = -1, r;

	if (!d)
		return err_set(e, ERR_NOMEM, "no memory for a request");
	d->w = w;
	d->body = body;
	d->now_s = now_s;
	d->answer = answer;
	d->why = why ? why : &own;
	r = lock(w->dir, &fd, e);
	if (r == 0)
		r = decide(d, e);
	if (r == 0 && answer->failed)
		r = err_set(e, answer->failed, "the answer does not fit");
	if (r < 0)
		answer->len = before;
	else
		*status = d->status;
	if (fd >= 0)
		close(fd);
	free(d);
	return r;
}

/* --- a directory of files ----------------------------------------------------- */

/* The name without ".request" when it is a request's, of harmless bytes. */
static int stem(const char *name, char out[static SPOOL_NAME_MAX])
{
	size_t n = strlen(name), tail = sizeof REQUEST_SUFFIX - 1;

	if (n <= tail || n >= SPOOL_NAME_MAX ||
	    strcmp(name + n - tail, REQUEST_SUFFIX) != 0)
		return 0;
	n -= tail;
	for (size_t i = 0; i < n; i++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyz-", name[i]))
			return 0;
	memcpy(out, name, n);
	out[n] = '\0';
	return 1;
}

static int has_answer(char *const *names, const char *prefix)
{
	size_t n = strlen(prefix);

	for (; *names; names++)
		if (!strncmp(*names, prefix, n) &&
		    strspn(*names + n, "0123456789") == 3 &&
		    strlen(*names) == n + 3)
			return 1;
	return 0;
}

/* Returns 1 answered, 0 passed over. */
static int spool_one(struct witness *w, const char *spool, const char *name,
		     char *const *names, uint64_t now_s,
		     void (*told)(void *arg, const char *name, int status,
				  const char *why),
		     void *arg, struct err *e)
{
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct buf answer = BUF_INIT(COSIGNATURE_BYTES_MAX);
	char path[FILE_PATH_MAX], file[SPOOL_NAME_MAX + 16];
	char id[SPOOL_NAME_MAX], key[9];
	struct err why = ERR_INIT;
	int status = 0, r = 0;

	if (!stem(name, id))
		return 0;
	hex_str(key, w->key.vkey.id, 4);
	snprintf(file, sizeof file, "%s.%s.", id, key);
	if (has_answer(names, file) ||
	    file_path(path, spool, name, NULL) < 0)
		return 0;
	/* A half-copied one is malformed today; its sender asks again. */
	r = file_read(path, &body, NULL);
	if (r == ERR_NOMEM)
		err_set(e, r, "no memory for a request");
	else if (r < 0)
		r = 0;
	else
		r = witness_answer(w, buf_view(&body), now_s, &status, &answer,
				   &why, e);
	if (r == 0 && status) {
		snprintf(file, sizeof file, "%s.%s.%03d", id, key, status);
		r = file_path(path, spool, file, NULL);
		r = r < 0 ? err_set(e, r, "path '%s' is too long", spool)
			  : file_create(path, buf_view(&answer), 0644, e);
		if (r == ERR_EXIST)
			r = 0;
		if (r == 0 && told)
			told(arg, name, status, why.text);
		if (r == 0)
			r = 1;
	}
	buf_release(&body);
	buf_release(&answer);
	return r;
}

int witness_spool(struct witness *w, const char *spool, uint64_t now_s,
		  void (*told)(void *arg, const char *name, int status,
			       const char *why),
		  void *arg, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	int done = 0, r = file_list(spool, &names, &n, e);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = spool_one(w, spool, names[i], names, now_s, told, arg, e);
		if (r > 0)
			done += r;
	}
	free(names);
	return r < 0 ? r : done;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/mediachild.h"

#include "crawler/boxchild.h"
#include "crawler/wire.h"
#include "store/sha256.h"
#include "util/child.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"
#include "util/utf8.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define LEAVE_MS 500
#define STAGE_MAX 32

/* struct answer - put together from what the reader sends */
struct answer {
	json_t *facts, *fields, *pictures, *findings;
	char stage[STAGE_MAX];		/* it is in, or was */
	char sandbox[96];
	char sha256[2 * SHA256_LEN + 1];
	json_int_t bytes;
	int sight;	/* it looks at pictures */
	int sent;	/* the reader has spoken */
	int done;
	int cut;	/* ended by us; a finding says why */
};

struct media_job {
	struct child *child;
	struct answer a;
	int64_t until;		/* boot clock */
	size_t total;		/* bytes of its answer */
	int ended;
};

static int answer_init(struct answer *a)
{
	memset(a, 0, sizeof *a);
	a->facts = json_object();
	a->fields = json_array();
	a->pictures = json_array();
	a->findings = json_array();
	snprintf(a->stage, sizeof a->stage, "start");
	return a->facts && a->fields && a->pictures && a->findings ? 0
								     : -1;
}

static void answer_release(struct answer *a)
{
	json_decref(a->facts);
	json_decref(a->fields);
	json_decref(a->pictures);
	json_decref(a->findings);
}

/* finding - one of ours, about the stage the reader was in */
static int finding(struct answer *a, const char *code, const char *detail)
{
	json_t *o = json_object();

	if (!o || json_object_set_new(o, "from", json_string(a->stage)) ||
	    json_object_set_new(o, "finding", json_string(code)) ||
	    (detail && json_object_set_new(o, "detail", json_string(detail))) ||
	    json_array_append(a->findings, o)) {
		json_decref(o);
		return ERR_NOMEM;
	}
	json_decref(o);
	return 0;
}

/* text_into - a short text of the reader's, which may be anything */
static void text_into(char *out, size_t size, struct bytes s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;

	if (!utf8_valid(BYTES(s.p, n)))
		n = 0;
	if (n)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

/* object - a stage's object; the first to state a fact has it */
static int object(struct answer *a, struct bytes text)
{
	json_t *o = NULL;
	int r = json_read(text, MEDIA_ANSWER_MAX, 8, &o, NULL);

	if (r < 0)
		return r == ERR_NOMEM ? r : finding(a, "answer-malformed", NULL);
	r = 0;
	if (json_is_object(json_object_get(o, "facts")) &&
	    json_object_update_missing(a->facts, json_object_get(o, "facts")))
		r = ERR_NOMEM;
	if (json_array_extend(a->fields, json_object_get(o, "fields")) ||
	    json_array_extend(a->pictures, json_object_get(o, "pictures")) ||
	    json_array_extend(a->findings, json_object_get(o, "findings")))
		r = r ? r : finding(a, "answer-malformed", NULL);
	/* What a library learnt better: an archive is a document. */
	if (json_object_get(json_object_get(o, "facts"), "type") &&
	    !strcmp(a->stage, "libarchive") &&
	    json_object_set(a->facts, "type",
			    json_object_get(json_object_get(o, "facts"),
					    "type")))
		r = ERR_NOMEM;
	json_decref(o);
	return r;
}

/*
 * digest - told before any library saw a byte, so that none can lie about it:
 * only what comes first counts
 */
static int digest(struct answer *a, struct bytes msg)
{
	struct wire w = { msg, a->sent || a->sha256[0] };
	uint64_t len = wire_u64(&w);
	struct bytes sum = wire_bytes(&w);

	if (wire_end(&w) < 0 || sum.len != SHA256_LEN || len > MEDIA_BYTES_MAX)
		return ERR_FORMAT;
	hex_str(a->sha256, sum.p, sum.len);
	a->bytes = (json_int_t)len;
	return 0;
}

/* heard - one message of the reader's */
static int heard(struct media_job *j, uint8_t type, struct bytes msg)
{
	struct answer *a = &j->a;
	int r = 0;

	j->total += msg.len;
	if (j->total > MEDIA_ANSWER_MAX) {
		a->cut = 1;
		return finding(a, "limit", "answer");
	}
	if (type == 'S') {
		text_into(a->stage, sizeof a->stage, msg);
	} else if (type == 'O') {
		r = object(a, msg);
	} else if (type == 'Z') {
		text_into(a->sandbox, sizeof a->sandbox, msg);
		a->done = 1;
	} else if (type != 'H' || digest(a, msg) < 0) {
		a->cut = 1;
		return finding(a, "answer-malformed", NULL);
	}
	a->sent = 1;
	return r;
}

/* step - what can be done now; sets ended */
static int step(struct media_job *j)
{
	struct bytes msg = { NULL, 0 };
	uint8_t type = 0;
	int r = 0;

	while (r == 0 && !j->a.done && !j->a.cut) {
		(void)child_flush(j->child, NULL);
		r = child_receive(j->child, &type, &msg, NULL);
		if (r == 0)
			r = heard(j, type, msg);
	}
	if (r == 1 && clock_boot_ms() >= j->until) {
		j->a.cut = 1;
		r = finding(&j->a, "limit", "time");
	}
	if (r == ERR_CHILD || r == ERR_LIMIT)
		j->ended = 1;
	else if (r < 0)
		return r;
	j->ended |= j->a.done || j->a.cut;
	return 0;
}

static int poll_all(struct media_job *const *jobs, unsigned n)
{
	struct pollfd p[MEDIA_JOBS_MAX];
	int64_t left, wait = MEDIA_WAIT_MS, now = clock_boot_ms();

	for (unsigned i = 0; i < n; i++) {
		p[i] = (struct pollfd){ child_fd(jobs[i]->child),
					child_events(jobs[i]->child), 0 };
		left = jobs[i]->until > now ? jobs[i]->until - now : 0;
		wait = left < wait ? left : wait;
	}
	return poll(p, n, (int)wait) < 0 && errno != EINTR ? ERR_IO : 0;
}

int media_job_wait(struct media_job *const *jobs, unsigned n)
{
	assert(n > 0 && n <= MEDIA_JOBS_MAX);
	for (;;) {
		for (unsigned i = 0; i < n; i++) {
			int r = jobs[i]->ended ? 0 : step(jobs[i]);

			if (r < 0)
				return r;
			if (jobs[i]->ended)
				return (int)i;
		}
		if (poll_all(jobs, n) < 0)
			return ERR_IO;
	}
}

static int ended(struct answer *a, int status, const char *how)
{
	if (a->done || a->cut)
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return finding(a, "limit", "processor time");
	return finding(a, "reader-died", how);
}

static char *text_of(const struct answer *a)
{
	json_t *o = json_object();
	char *text = NULL;
	int bad = !o;

	if (!bad) {
		bad |= json_object_set_new(o, "v", json_integer(
						   MEDIA_RECORD_VERSION));
		bad |= json_object_set_new(o, "kind", json_string("medium"));
		if (a->sight)
			bad |= json_object_set_new(o, "looked_at", json_true());
		if (a->sha256[0]) {
			bad |= json_object_set_new(o, "sha256",
						   json_string(a->sha256));
			bad |= json_object_set_new(o, "bytes",
						   json_integer(a->bytes));
		}
		bad |= json_object_update_missing(o, a->facts);
		bad |= json_object_set(o, "pictures", a->pictures);
		bad |= json_object_set(o, "findings", a->findings);
		bad |= json_object_set(o, "fields", a->fields);
		if (a->sandbox[0])
			bad |= json_object_set_new(o, "sandbox",
						   json_string(a->sandbox));
	}
	if (!bad)
		text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

/* write_out - within max bytes, if need be without the fields and pictures */
static int write_out(struct answer *a, size_t max, struct buf *out)
{
	char *text = text_of(a);
	int bad;

	if (text && strlen(text) >= max) {
		free(text);
		text = NULL;
		if (json_array_clear(a->fields) || json_array_clear(a->pictures)
		    || json_array_clear(a->findings) ||
		    finding(a, "limit", "record"))
			return ERR_NOMEM;
		text = text_of(a);
	}
	if (text && strlen(text) >= max) {
		free(text);
		json_object_clear(a->facts);
		text = text_of(a);
	}
	bad = !text || buf_adds(out, text) < 0 || buf_addc(out, '\n') < 0;
	free(text);
	return bad ? ERR_NOMEM : 0;
}

static int job_new(const char *helper, int sight, uint8_t type,
		   const struct bytes *pieces, size_t n,
		   struct media_job **out, struct err *e)
{
	const char *const argv[] = { "scelle-media", NULL };
	struct child_spec spec = { .path = helper, .argv = argv, .log_fd = -1,
				   .pass_fd = -1, .max_in = MEDIA_ANSWER_MAX,
				   .max_queue = MEDIA_MESSAGE_MAX + 64 };
	struct media_job *j = NULL;
	size_t total = 0;
	int r;

	for (size_t i = 0; i < n; i++)
		total += pieces[i].len;
	if (total >= MEDIA_MESSAGE_MAX)
		return err_set(e, ERR_LIMIT, "the medium is longer than %zu "
			       "bytes", MEDIA_BYTES_MAX);
	if (!file_exists(helper))
		return err_set(e, ERR_NOENT, "there is no program '%s'", helper);
	r = media_box_holds(helper, e);
	if (r < 0)
		return r;
	j = calloc(1, sizeof *j);
	if (!j || answer_init(&j->a) < 0)
		r = err_set(e, ERR_NOMEM, "no memory to read a medium");
	else
		r = child_start(&spec, &j->child, e);
	if (r == 0)
		r = child_cpu_limit(j->child, sight ? MEDIA_SIGHT_CPU_MS
				    : MEDIA_CPU_MS, e);
	if (r == 0) {
		j->a.sight = sight;
		j->until = clock_boot_ms() + MEDIA_WAIT_MS;
		r = child_send(j->child, type, pieces, n, e);
		if (r == ERR_CHILD)	/* how it died is told at the end */
			r = 0;
	}
	if (r < 0) {
		media_job_end(j, NULL, NULL);
		return r;
	}
	*out = j;
	return 0;
}

static int job_end(struct media_job *j, size_t max, struct buf *out,
		   struct err *e)
{
	char how[CHILD_HOW_MAX] = "";
	int r = 0, status;

	if (!j)
		return 0;
	if (!j->a.done)
		child_kill(j->child);
	status = child_close(j->child, LEAVE_MS, how);
	if (out) {
		r = ended(&j->a, status, how);
		if (r == 0)
			r = write_out(&j->a, max, out);
	}
	answer_release(&j->a);
	free(j);
	return r < 0 ? err_set(e, r, "no memory for the answer") : 0;
}

int media_job_end(struct media_job *job, struct buf *out, struct err *e)
{
	return job_end(job, MEDIA_RECORD_MAX, out, e);
}

int media_job_new(const char *helper, int sight, struct bytes head,
		  struct bytes body, struct media_job **out, struct err *e)
{
	uint8_t len[2][4];
	struct bytes pieces[4] = { BYTES(len[0], 4), head, BYTES(len[1], 4),
				   body };

	if (head.len > MEDIA_BYTES_MAX || body.len > MEDIA_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "the medium is longer than %zu "
			       "bytes", MEDIA_BYTES_MAX);
	put_be32(len[0], (uint32_t)head.len);
	put_be32(len[1], (uint32_t)body.len);
	return job_new(helper, sight, MEDIA_RESPONSE, pieces, 4, out, e);
}

int media_read(const char *helper, int sight, struct bytes in, struct buf *out,
	       struct err *e)
{
	struct media_job *j = NULL;
	uint8_t sum[SHA256_LEN];
	int r;

	if (in.len > MEDIA_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "the medium is longer than %zu "
			       "bytes", MEDIA_BYTES_MAX);
	r = job_new(helper, sight, MEDIA_FILE, &in, 1, &j, e);
	if (r < 0)
		return r;
	sha256_once(in, sum);
	hex_str(j->a.sha256, sum, sizeof sum);
	j->a.bytes = (json_int_t)in.len;
	r = media_job_wait(&j, 1);
	if (r < 0)
		err_set(e, r, "cannot hear the reader of media");
	if (r < 0) {
		media_job_end(j, NULL, NULL);
		return r;
	}
	return job_end(j, out->max, out, e);
}

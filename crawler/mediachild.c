/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/mediachild.h"

#include "store/sha256.h"
#include "util/child.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"
#include "util/utf8.h"

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
	int done;
	int cut;	/* ended by us; a finding says why */
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

/* listen - until all is said, time is up, or the reader is gone */
static int listen_to(struct child *c, struct answer *a)
{
	const int64_t until = clock_boot_ms() + MEDIA_WAIT_MS;
	size_t total = 0;
	int r = 0;

	while (r == 0 && !a->done) {
		struct bytes msg = { NULL, 0 };
		int64_t left = until - clock_boot_ms();
		uint8_t type = 0;

		r = left > 0 ? child_wait(c, left, &type, &msg, NULL)
			     : ERR_TIMEOUT;
		if (r < 0)
			break;
		total += msg.len;
		if (total > MEDIA_ANSWER_MAX) {
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
		} else {
			a->cut = 1;
			return finding(a, "answer-malformed", NULL);
		}
	}
	if (r == ERR_TIMEOUT) {
		a->cut = 1;
		return finding(a, "limit", "time");
	}
	return r == ERR_CHILD || r == ERR_LIMIT ? 0 : r;
}

static int ended(struct answer *a, int status, const char *how)
{
	if (a->done || a->cut)
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return finding(a, "limit", "processor time");
	return finding(a, "reader-died", how);
}

static int write_out(const struct answer *a, struct bytes in, struct buf *out)
{
	char hex[2 * SHA256_LEN + 1], *text = NULL;
	uint8_t sum[SHA256_LEN];
	json_t *o = json_object();
	int bad = !o;

	sha256_once(in, sum);
	hex_str(hex, sum, sizeof sum);
	if (!bad) {
		bad |= json_object_set_new(o, "v", json_integer(1));
		bad |= json_object_set_new(o, "kind", json_string("medium"));
		bad |= json_object_set_new(o, "sha256", json_string(hex));
		bad |= json_object_set_new(o, "bytes",
					   json_integer((json_int_t)in.len));
		bad |= json_object_update(o, a->facts);
		bad |= json_object_set(o, "pictures", a->pictures);
		bad |= json_object_set(o, "findings", a->findings);
		bad |= json_object_set(o, "fields", a->fields);
		if (a->sandbox[0])
			bad |= json_object_set_new(o, "sandbox",
						   json_string(a->sandbox));
	}
	if (!bad)
		text = json_dumps(o, JSON_COMPACT);
	bad |= !text || buf_adds(out, text) < 0 || buf_addc(out, '\n') < 0;
	free(text);
	json_decref(o);
	return bad ? ERR_NOMEM : 0;
}

int media_read(const char *helper, struct bytes in, struct buf *out,
	       struct err *e)
{
	const char *const argv[] = { "scelle-media", NULL };
	struct child_spec spec = { .path = helper, .argv = argv, .log_fd = -1,
				   .pass_fd = -1, .max_in = MEDIA_ANSWER_MAX,
				   .max_queue = MEDIA_BYTES_MAX + 64 };
	char how[CHILD_HOW_MAX] = "";
	struct child *c = NULL;
	struct answer a;
	int r, status;

	if (in.len > MEDIA_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "the medium is longer than %zu "
			       "bytes", MEDIA_BYTES_MAX);
	if (!file_exists(helper))
		return err_set(e, ERR_NOENT, "there is no program '%s'", helper);
	r = answer_init(&a) < 0 ? ERR_NOMEM : child_start(&spec, &c, e);
	if (r == 0)
		r = child_cpu_limit(c, MEDIA_CPU_MS, e);
	if (r == 0) {
		r = child_send(c, 'M', &in, 1, e);
		if (r == ERR_CHILD)	/* how it died is told below */
			r = 0;
	}
	if (r == 0)
		r = listen_to(c, &a);
	if (!a.done)
		child_kill(c);
	status = child_close(c, LEAVE_MS, how);
	if (r == 0)
		r = ended(&a, status, how);
	if (r == 0)
		r = write_out(&a, in, out);
	answer_release(&a);
	return r < 0 && e && !e->code ? err_set(e, r, "no memory for the answer")
				      : r;
}

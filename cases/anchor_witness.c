/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Asking a witness (C2SP tlog-witness): over HTTP, or by files in a directory
 * that rsync or ssh carries, <name>.request and <name>.<key id>.<status>.
 */
#include "cases/anchor_int.h"

#include "cases/post.h"
#include "store/cosignature.h"
#include "store/witness.h"
#include "store/witness_request.h"
#include "util/enc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define URL_MAX 1200

/* struct question - one witness, one head */
struct question {
	struct anchor *a;
	const struct policy_witness *w;
	uint64_t old;		/* what we believe it knows */
};

static uint64_t known(const struct anchor *a, const struct policy_witness *w)
{
	const struct admin_anchor *all = &a->u->admin.anchor;

	for (size_t i = 0; i < all->nwitnesses; i++)
		if (!memcmp(all->witnesses[i].key_id, w->key.id, 4))
			return all->witnesses[i].size;
	return 0;
}

static int make_body(const struct question *q, struct buf *out, struct err *e)
{
	struct buf proof = BUF_INIT(TREE_PROOF_MAX * SHA256_LEN);
	struct witness_request *rq = calloc(1, sizeof *rq);
	int r = rq ? 0 : err_set(e, ERR_NOMEM, "no memory for a request");

	if (r == 0 && q->old && q->old < q->a->c.size)
		r = vault_consistency(q->a->u->vault, q->old, q->a->c.size,
				      &proof, e);
	if (r < 0)
		goto out;
	rq->old = q->old;
	rq->n = proof.len / SHA256_LEN;
	if (proof.len)
		memcpy(rq->proof, proof.p, proof.len);
	rq->note = buf_view(&q->a->note);
	r = witness_request_put(rq, out);
	if (r < 0)
		err_set(e, r, "cannot write a request to a witness");
out:
	free(rq);
	buf_release(&proof);
	return r;
}

static void failed(const struct question *q, const char *why)
{
	anchor_tell(q->a, ANCHOR_FAILED, 1, q->w->name, q->a->c.size, 0, why);
}

static void alarm_of(const struct question *q, const char *why)
{
	q->a->alarms++;
	anchor_tell(q->a, ANCHOR_ALARM, 1, q->w->name, q->a->c.size, 0, why);
}

/* Lines over a head of ours: checked, kept, told. */
static int take_lines(const struct question *q, uint64_t size,
		      struct bytes text, struct bytes lines, struct err *e)
{
	struct cosignature got;
	struct anchor_kept *k;
	char suffix[24], hex[9];
	struct err why = ERR_INIT;
	size_t n = 0;
	int r = cosignature_check(text, lines, &q->w->key, 1, &got, &n, &why);

	if (r == ERR_NOMEM) {
		*e = why;
		return r;
	}
	if (r != 0) {
		failed(q, why.text);
		return 0;
	}
	hex_str(hex, q->w->key.id, 4);
	snprintf(suffix, sizeof suffix, "%s.cosig", hex);
	k = anchor_keep(q->a, size, suffix, lines, &why);
	if (!k) {
		/* It cosigned this head before: that one stands. */
		if (why.code == ERR_EXIST)
			return 0;
		*e = why;
		return why.code;
	}
	k->witness = 1;
	snprintf(k->name, sizeof k->name, "%s", q->w->name);
	memcpy(k->key_id, q->w->key.id, 4);
	k->time_ms = got.time_s > INT64_MAX / 1000 ? INT64_MAX
						   : (int64_t)got.time_s * 1000;
	anchor_tell(q->a, ANCHOR_DONE, 1, q->w->name, size, k->time_ms, NULL);
	return 0;
}

/*
 * It knows another size.  Returns 1 when it should be asked again from there;
 * one that knows more leaves than there are here saw a vault that was rolled
 * back since.
 */
static int conflict(struct question *q, struct bytes body)
{
	uint64_t size;
	char why[200];

	if (witness_size_parse(body, &size) < 0) {
		failed(q, "a conflict without a size");
		return 0;
	}
	if (size > q->a->c.size) {
		snprintf(why, sizeof why, "it cosigned %" PRIu64 " leaves of "
			 "this log, the vault has %" PRIu64 ": rolled back, or "
			 "another copy went on", size, q->a->c.size);
		alarm_of(q, why);
		return 0;
	}
	if (size == q->old) {
		alarm_of(q, "it cosigned another head of the same size: "
			 "altered, or another copy went on");
		return 0;
	}
	q->old = size;
	return 1;
}

static void refused(const struct question *q, int status)
{
	char why[100];

	if (status == WITNESS_INCONSISTENT) {
		alarm_of(q, "what it cosigned is not a beginning of this log: "
			 "altered, or another copy went on");
		return;
	}
	snprintf(why, sizeof why, "%s (%d)",
		 status == WITNESS_UNKNOWN ? "it does not know this log"
		 : status == WITNESS_FORBIDDEN ? "it knows another key of this "
						 "log"
		 : "it refused", status);
	failed(q, why);
}

/* --- over HTTP ---------------------------------------------------------------------- */

static int over_http(struct question *q, struct err *e)
{
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct buf answer = BUF_INIT(COSIGNATURE_BYTES_MAX);
	char url[URL_MAX];
	size_t n = strlen(q->w->url);
	int again = 1, r = 0;

	snprintf(url, sizeof url, "%s%sadd-checkpoint", q->w->url,
		 n && q->w->url[n - 1] == '/' ? "" : "/");
	for (int tries = 0; r == 0 && again && tries < 2; tries++) {
		struct post p = {
			.self_path = q->a->o->self_path, .url = url,
			.loopback_only = q->a->u->admin.lab,
			.type = "text/plain; charset=utf-8",
		};
		struct post_answer got;
		struct err why = ERR_INIT;

		again = 0;
		buf_clear(&body);
		buf_clear(&answer);
		r = make_body(q, &body, e);
		if (r < 0)
			break;
		p.body = buf_view(&body);
		if (post_send(&p, &got, &answer, &why) < 0) {
			failed(q, why.text);
		} else if (got.status == WITNESS_DONE) {
			r = take_lines(q, q->a->c.size, q->a->text,
				       buf_view(&answer), e);
		} else if (got.status == WITNESS_CONFLICT &&
			   !strcmp(got.type, "text/x.tlog.size")) {
			again = conflict(q, buf_view(&answer));
			if (again && tries)
				failed(q, "it changes its mind");
		} else {
			refused(q, got.status);
		}
	}
	buf_release(&body);
	buf_release(&answer);
	return r;
}

/* --- by files ------------------------------------------------------------------------- */

/* struct spooled - one of our requests in the directory, and its answer */
struct spooled {
	char stem[100];
	int status;		/* 0: none yet */
	char file[128];		/* of the answer */
};

static void answer_of(char *const *names, struct spooled *s, const char *key)
{
	char want[112];
	size_t n;

	s->status = 0;
	snprintf(want, sizeof want, "%s.%s.", s->stem, key);
	n = strlen(want);
	for (; *names; names++) {
		const char *tail = *names + n;

		if (strncmp(*names, want, n) != 0 || strlen(tail) != 3 ||
		    strspn(tail, "0123456789") != 3)
			continue;
		s->status = (tail[0] - '0') * 100 + (tail[1] - '0') * 10 +
			(tail[2] - '0');
		snprintf(s->file, sizeof s->file, "%s", *names);
	}
}

static int is_kept(const struct anchor *a, uint64_t size, const char *key)
{
	char path[FILE_PATH_MAX], name[64];

	snprintf(name, sizeof name, "%" PRIu64 ".%s.cosig", size, key);
	return file_path(path, a->heads, name, NULL) < 0 || file_exists(path);
}

/* Answers to what was asked in earlier rounds. */
static int take_spooled(struct question *q, const char *dir, char *const *names,
			const char *key, struct err *e)
{
	char mine[64];
	int r = 0;

	anchor_spool_name(q->a, 0, mine);
	mine[17] = '\0';
	for (char *const *p = names; r == 0 && *p; p++) {
		struct buf answer = BUF_INIT(COSIGNATURE_BYTES_MAX);
		struct buf note = BUF_INIT(CHECKPOINT_MAX);
		struct spooled s = { .status = 0 };
		char path[FILE_PATH_MAX];
		struct bytes text;
		size_t len = strlen(*p);
		uint64_t size;

		if (len <= 8 || len - 8 >= sizeof s.stem ||
		    strcmp(*p + len - 8, ".request") != 0 ||
		    strncmp(*p, mine, 17) != 0)
			continue;
		memcpy(s.stem, *p, len - 8);
		size = strtoull(s.stem + 17, NULL, 10);
		answer_of(names, &s, key);
		if (s.status == WITNESS_DONE && !is_kept(q->a, size, key) &&
		    file_path(path, dir, s.file, NULL) == 0 &&
		    file_read(path, &answer, NULL) == 0 &&
		    anchor_head(q->a, size, &note, &text, NULL) == 0) {
			r = take_lines(q, size, text, buf_view(&answer), e);
			if (size > q->old)
				q->old = size;
		}
		buf_release(&answer);
		buf_release(&note);
	}
	return r;
}

/* Put the question down; when it stands there already, look at its answer.
 * Returns 1 to ask again from another size. */
static int put_down(struct question *q, const char *dir, char *const *names,
		    const char *key, struct err *e)
{
	struct buf body = BUF_INIT(WITNESS_REQUEST_MAX);
	struct buf answer = BUF_INIT(COSIGNATURE_BYTES_MAX);
	char path[FILE_PATH_MAX], begin[64], hex[17], file[160];
	struct spooled s = { .status = 0 };
	uint8_t hash[SHA256_LEN];
	struct err why = ERR_INIT;
	int r = make_body(q, &body, e);

	if (r < 0)
		goto out;
	sha256_once(buf_view(&body), hash);
	hex_str(hex, hash, 8);
	anchor_spool_name(q->a, q->a->c.size, begin);
	snprintf(s.stem, sizeof s.stem, "%s%s", begin, hex);
	answer_of(names, &s, key);
	if (s.status == WITNESS_CONFLICT &&
	    file_path(path, dir, s.file, NULL) == 0 &&
	    file_read(path, &answer, &why) == 0) {
		r = conflict(q, buf_view(&answer));
		goto out;
	}
	if (s.status && s.status != WITNESS_DONE) {
		refused(q, s.status);
		goto out;
	}
	if (s.status == WITNESS_DONE)
		goto out;
	snprintf(file, sizeof file, "%s.request", s.stem);
	r = file_path(path, dir, file, NULL);
	if (r == 0)
		r = file_create(path, buf_view(&body), 0644, &why);
	if (r == 0 || r == ERR_EXIST)
		anchor_tell(q->a, ANCHOR_ASKED, 1, q->w->name, q->a->c.size, 0,
			    path);
	else
		failed(q, why.text);
	r = 0;
out:
	buf_release(&body);
	buf_release(&answer);
	return r;
}

/* What it last said against an earlier question of ours may be an alarm, or the
 * size to ask from. */
static int hear_conflicts(struct question *q, const char *dir,
			  char *const *names, const char *key)
{
	char mine[64];
	uint64_t best = q->old;

	anchor_spool_name(q->a, 0, mine);
	mine[17] = '\0';
	for (char *const *p = names; *p; p++) {
		struct buf answer = BUF_INIT(64);
		char path[FILE_PATH_MAX], tail[16];
		size_t len = strlen(*p);
		uint64_t size;

		snprintf(tail, sizeof tail, ".%s.409", key);
		if (len <= strlen(tail) || strncmp(*p, mine, 17) != 0 ||
		    strcmp(*p + len - strlen(tail), tail) != 0)
			continue;
		if (file_path(path, dir, *p, NULL) == 0 &&
		    file_read(path, &answer, NULL) == 0 &&
		    witness_size_parse(buf_view(&answer), &size) == 0 &&
		    size > best)
			best = size;
		buf_release(&answer);
	}
	if (best <= q->a->c.size) {
		q->old = best;
		return 0;
	}
	{
		char why[200];

		snprintf(why, sizeof why, "it cosigned %" PRIu64 " leaves of "
			 "this log, the vault has %" PRIu64 ": rolled back, or "
			 "another copy went on", best, q->a->c.size);
		alarm_of(q, why);
	}
	return 1;
}

static int by_files(struct question *q, const char *dir, struct err *e)
{
	struct err why = ERR_INIT;
	char **names = NULL, key[9];
	size_t n = 0;
	int r = file_list(dir, &names, &n, &why);

	if (r < 0) {
		failed(q, why.text);
		return r == ERR_NOMEM ? (*e = why, r) : 0;
	}
	hex_str(key, q->w->key.id, 4);
	r = take_spooled(q, dir, names, key, e);
	if (r == 0 && !hear_conflicts(q, dir, names, key) &&
	    q->old < q->a->c.size) {
		r = put_down(q, dir, names, key, e);
		if (r == 1)
			r = put_down(q, dir, names, key, e);
	}
	free(names);
	return r > 0 ? 0 : r;
}

int anchor_ask_witness(struct anchor *a, const struct policy_witness *w,
		       struct err *e)
{
	struct question q = { .a = a, .w = w, .old = known(a, w) };
	const char *dir = anchor_spool_dir(w->url);

	if (dir)
		return by_files(&q, dir, e);
	return over_http(&q, e);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Asking a time stamp authority: over HTTP (RFC 3161 section 3.4), or by a pair
 * of files, <name>.tsq and <name>.tsr, for one that no network reaches.
 */
#include "cases/anchor_int.h"

#include "cases/post.h"
#include "util/clock.h"
#include "util/secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FUTURE_MS (24 * 3600 * 1000LL)

static int make_request(struct bytes text, struct buf *out, struct err *e)
{
	uint8_t imprint[SHA256_LEN], nonce[TSA_NONCE_LEN];

	sha256_once(text, imprint);
	secret_random(nonce, sizeof nonce);
	nonce[0] = (uint8_t)((nonce[0] & 0x7f) | 0x40); /* one length, positive */
	return tsa_request(imprint, nonce, out, e);
}

/*
 * Check an answer and keep it.  A token over fewer leaves, dated after one over
 * more, would look as if the log had shrunk: it is not kept.
 * Returns 0, 1 (not taken; e says why) or an error that stops the round.
 */
static int take(struct anchor *a, const struct anchor_authority *t,
		uint64_t size, struct bytes text, struct bytes request,
		struct bytes response, int64_t offset_ms, int64_t trip_ms,
		struct err *e)
{
	const struct admin_anchor *all = &a->u->admin.anchor;
	struct buf chain = BUF_INIT(TSA_ROOTS_MAX);
	char suffix[ANCHOR_NAME_MAX + 8];
	uint8_t imprint[SHA256_LEN];
	struct anchor_kept *k;
	struct tsa_token tok;
	int r;

	sha256_once(text, imprint);
	r = tsa_check(response, request, BYTES(imprint, sizeof imprint),
		      bytes_str(t->roots), &tok, &chain, e);
	if (r == 0 && all->has_token && all->token_size > size &&
	    tok.time_ms >= all->token_ms)
		r = err_set(e, ERR_DENIED, "it comes after a time stamp over "
			    "more leaves: ask again");
	if (r != 0) {
		buf_release(&chain);
		return r == ERR_NOMEM ? r : 1;
	}
	snprintf(suffix, sizeof suffix, "%s.tsr", t->name);
	k = anchor_keep(a, size, suffix, response, e);
	if (!k) {
		buf_release(&chain);
		return e->code == ERR_EXIST ? 1 : e->code;
	}
	snprintf(k->name, sizeof k->name, "%s", t->name);
	k->token = tok;
	k->time_ms = tok.time_ms;
	k->qualified = t->qualified;
	k->offset_ms = offset_ms == INT64_MIN ? 0 : offset_ms - tok.time_ms;
	k->trip_ms = trip_ms;
	k->chain = chain;
	k->request = (struct buf)BUF_INIT(TSA_REQUEST_MAX);
	k->list = strdup(t->list);
	if (!k->list || buf_addb(&k->request, request) < 0)
		return err_set(e, ERR_NOMEM, "no memory for a time stamp");
	anchor_tell(a, ANCHOR_DONE, 0, t->name, size, tok.time_ms, NULL);
	return 0;
}

/* --- over HTTP --------------------------------------------------------------------- */

static int over_http(struct anchor *a, const struct anchor_authority *t,
		     struct err *e)
{
	struct buf request = BUF_INIT(TSA_REQUEST_MAX);
	struct buf response = BUF_INIT(TSA_RESPONSE_MAX);
	struct post p = {
		.self_path = a->o->self_path, .url = t->url,
		.loopback_only = a->u->admin.lab,
		.type = "application/timestamp-query",
		.accept = "application/timestamp-reply",
	};
	struct post_answer got;
	struct err why = ERR_INIT;
	int64_t trip;
	int r = make_request(a->text, &request, e);

	if (r < 0)
		goto out;
	p.body = buf_view(&request);
	r = post_send(&p, &got, &response, &why);
	if (r == 0 && got.status != 200)
		r = err_set(&why, ERR_NET, "'%s' answered %d", t->url,
			    got.status);
	else if (r == 0 && strcmp(got.type, "application/timestamp-reply") != 0)
		r = err_set(&why, ERR_FORMAT, "'%s' answered no time stamp but "
			    "'%s'", t->url, got.type);
	if (r == 0) {
		trip = got.come_ms - got.sent_ms;
		r = take(a, t, a->c.size, a->text, buf_view(&request),
			 buf_view(&response), got.sent_ms + trip / 2, trip,
			 &why);
	}
	if (r == ERR_NOMEM || r == ERR_IO) {
		*e = why;
	} else if (r != 0) {
		anchor_tell(a, ANCHOR_FAILED, 0, t->name, a->c.size, 0,
			    why.text);
		r = 0;
	}
out:
	buf_release(&request);
	buf_release(&response);
	return r;
}

/* --- by files ------------------------------------------------------------------------ */

/* "<16 hex>-<size>-<authority>" of ours: its size. */
static int size_of(const struct anchor *a, const struct anchor_authority *t,
		   const char *name, uint64_t *out)
{
	char mine[64], want[192];
	unsigned long long v;
	char *end;

	anchor_spool_name(a, 0, mine);
	mine[17] = '\0';		/* the origin's digits and "-" */
	if (strncmp(name, mine, 17) != 0 || name[17] < '0' || name[17] > '9')
		return ERR_FORMAT;
	v = strtoull(name + 17, &end, 10);
	if (v > INT64_MAX)
		return ERR_FORMAT;
	anchor_spool_name(a, v, mine);
	snprintf(want, sizeof want, "%s%s.tsr", mine, t->name);
	*out = v;
	return strcmp(name, want) ? ERR_FORMAT : 0;
}

static int already(const struct anchor *a, const struct anchor_authority *t,
		   uint64_t size)
{
	char path[FILE_PATH_MAX], name[128];

	snprintf(name, sizeof name, "%" PRIu64 ".%s.tsr", size, t->name);
	return file_path(path, a->heads, name, NULL) < 0 || file_exists(path);
}

static int take_file(struct anchor *a, const struct anchor_authority *t,
		     const char *dir, const char *name, uint64_t size,
		     struct err *e)
{
	struct buf request = BUF_INIT(TSA_REQUEST_MAX);
	struct buf response = BUF_INIT(TSA_RESPONSE_MAX);
	struct buf note = BUF_INIT(CHECKPOINT_MAX);
	char path[FILE_PATH_MAX], query[192];
	struct err why = ERR_INIT;
	struct bytes text;
	int r;

	snprintf(query, sizeof query, "%.*s.tsq", (int)strlen(name) - 4, name);
	r = file_path(path, dir, query, NULL);
	if (r == 0)
		r = file_read(path, &request, &why);
	if (r == 0)
		r = file_path(path, dir, name, NULL);
	if (r == 0)
		r = file_read(path, &response, &why);
	if (r == 0)
		r = anchor_head(a, size, &note, &text, &why);
	if (r == 0)
		r = take(a, t, size, text, buf_view(&request),
			 buf_view(&response), INT64_MIN, 0, &why);
	if (r == ERR_NOMEM) {
		*e = why;
	} else if (r != 0) {
		anchor_tell(a, ANCHOR_FAILED, 0, t->name, size, 0, why.text);
		r = 0;
	}
	buf_release(&request);
	buf_release(&response);
	buf_release(&note);
	return r;
}

static int put_request(struct anchor *a, const struct anchor_authority *t,
		       const char *dir, struct err *e)
{
	struct buf request = BUF_INIT(TSA_REQUEST_MAX);
	char path[FILE_PATH_MAX], begin[64], name[192];
	struct err why = ERR_INIT;
	int r = make_request(a->text, &request, e);

	if (r < 0)
		goto out;
	anchor_spool_name(a, a->c.size, begin);
	snprintf(name, sizeof name, "%s%s.tsq", begin, t->name);
	r = file_path(path, dir, name, NULL);
	if (r == 0)
		r = file_create(path, buf_view(&request), 0644, &why);
	if (r == 0 || r == ERR_EXIST)
		anchor_tell(a, ANCHOR_ASKED, 0, t->name, a->c.size, 0, path);
	else
		anchor_tell(a, ANCHOR_FAILED, 0, t->name, a->c.size, 0,
			    why.text);
	r = 0;
out:
	buf_release(&request);
	return r;
}

static int by_files(struct anchor *a, const struct anchor_authority *t,
		    const char *dir, struct err *e)
{
	struct err why = ERR_INIT;
	char **names = NULL;
	size_t n = 0;
	int r = file_list(dir, &names, &n, &why), taken = 0;

	if (r < 0) {
		anchor_tell(a, ANCHOR_FAILED, 0, t->name, a->c.size, 0,
			    why.text);
		return r == ERR_NOMEM ? (*e = why, r) : 0;
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t size;
		size_t before = a->nkept;

		if (size_of(a, t, names[i], &size) < 0 || already(a, t, size))
			continue;
		r = take_file(a, t, dir, names[i], size, e);
		taken |= a->nkept > before && size == a->c.size;
	}
	free(names);
	return r == 0 && !taken ? put_request(a, t, dir, e) : r;
}

int anchor_ask_authority(struct anchor *a, const struct anchor_authority *t,
			 struct err *e)
{
	const char *dir = anchor_spool_dir(t->url);

	if (dir)
		return by_files(a, t, dir, e);
	/* Nothing has been written since: its word stands. */
	if (already(a, t, a->c.size))
		return 0;
	return over_http(a, t, e);
}

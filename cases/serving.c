/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/serving.h"

#include "util/child.h"
#include "util/clock.h"
#include "util/sandbox.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEPER_IN 0
#define KEEPER_OUT 1

static void patience(int seconds)
{
	struct timeval t = { seconds, 0 };

	setsockopt(SERVING_CLIENT, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

/* --- the client's side ------------------------------------------------------------- */

int serving_client(struct serving *s, int wait_s, uint8_t *type,
		   struct err *e)
{
	int r;

	buf_wipe(&s->in);
	s->in = (struct buf)BUF_INIT(SERVE_FRAME_MAX);
	patience(wait_s);
	r = message_read(SERVING_CLIENT, SERVE_FRAME_MAX, type, &s->in);
	if (r == 0)
		r = serve_turn(&s->turn, 0, *type, buf_view(&s->in), e);
	else if (r < 0)
		err_set(e, r, "the client said nothing that can be understood");
	s->gone |= r != 0;
	return r;
}

int serving_tell(struct serving *s, uint8_t type, struct bytes msg,
		 struct err *e)
{
	int r = s->gone ? ERR_IO : serve_turn(&s->turn, 1, type, msg, e);

	if (r == 0 && message_write(SERVING_CLIENT, type, &msg, 1) < 0)
		r = ERR_IO;
	if (r == ERR_IO) {
		s->gone = 1;
		err_set(e, r, "the client is gone");
	}
	return r;
}

int serving_ask(struct serving *s, uint8_t type, struct bytes msg,
		struct err *e)
{
	struct serve_in in;
	char why[512];
	uint8_t got = 0;
	int r = serving_tell(s, type, msg, e);

	if (r == 0)
		r = serving_client(s, SERVING_ANSWER_S, &got, e);
	if (r == 1)
		r = err_set(e, ERR_IO, "the client is gone");
	if (r == 0 && got == SERVE_REFUSE) {
		in = (struct serve_in)SERVE_IN(buf_view(&s->in));
		serve_text(&in, why, sizeof why);
		r = err_set(e, ERR_DENIED, "%s", *why ? why
			    : "the client refused");
	}
	return r;
}

void serving_error(struct serving *s, const struct err *e)
{
	struct buf b = BUF_INIT(4096);

	if (s->gone)
		return;
	serve_put_u8(&b, (unsigned)-e->code);
	serve_put_text(&b, e->text);
	serving_tell(s, SERVE_ERROR, buf_view(&b), NULL);
	buf_release(&b);
}

/* --- the keeper's side --------------------------------------------------------------- */

int serving_keeper(struct serving *s, uint8_t type, struct bytes msg,
		   uint8_t want, struct err *e)
{
	struct serve_in in;
	char text[ERR_TEXT_MAX];
	uint8_t got;
	int code, r;

	buf_wipe(&s->answer);
	s->answer = (struct buf)BUF_INIT(KEEPER_MESSAGE_MAX);
	r = type ? message_write(KEEPER_OUT, type, &msg, 1) : 0;
	if (r == 0)
		r = message_read(KEEPER_IN, KEEPER_MESSAGE_MAX, &got,
				 &s->answer);
	if (r) {
		s->gone = 1;
		return err_set(e, ERR_CHILD, "the service is gone");
	}
	if (got == want)
		return 0;
	if (got != KEEPER_ERROR) {
		s->gone = 1;
		return err_set(e, ERR_CHILD, "the service spoke out of turn");
	}
	in = (struct serve_in)SERVE_IN(buf_view(&s->answer));
	code = -(int)serve_u8(&in);
	serve_text(&in, text, sizeof text);
	if (serve_end(&in, e) < 0 || code >= 0)
		return ERR_CHILD;
	return err_set(e, code, "%s", text);
}

int serving_start(struct serving *s, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	struct timeval t = { 60, 0 };
	struct serve_in in;
	struct bytes nonce;
	int r;

	memset(s, 0, sizeof *s);
	setsockopt(SERVING_CLIENT, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	r = serving_keeper(s, 0, BYTES(NULL, 0), KEEPER_HELLO, e);
	if (r < 0)
		return r;
	in = (struct serve_in)SERVE_IN(buf_view(&s->answer));
	s->locked = serve_u8(&in);
	s->uid = serve_u32(&in);
	nonce = serve_take(&in, SERVE_NONCE);
	s->hello = (struct serve_hello){ .version = SERVE_VERSION,
					 .locked = s->locked, .uid = s->uid };
	if (nonce.len)
		memcpy(s->hello.nonce, nonce.p, SERVE_NONCE);
	s->hello.expires_ms = (int64_t)serve_u64(&in);
	serve_text(&in, s->log, sizeof s->log);
	serve_text(&in, s->path, sizeof s->path);
	memcpy(s->hello.log, s->log, sizeof s->hello.log);
	r = serve_end(&in, e);
	serve_hello_put(&s->hello, &b);
	if (r == 0)
		r = serving_tell(s, SERVE_HELLO, buf_view(&b), e);
	buf_release(&b);
	return r;
}

void serving_release(struct serving *s)
{
	unit_close(s->unit);
	secret_free(s->keys);
	buf_wipe(&s->in);
	buf_wipe(&s->answer);
}

int serving_login(struct serving *s, struct err *e)
{
	struct serve_in in;
	int r = serving_keeper(s, KEEPER_LOGIN, buf_view(&s->in),
			       KEEPER_WELCOME, e);

	if (r < 0)
		return r;
	in = (struct serve_in)SERVE_IN(buf_view(&s->answer));
	serve_text(&in, s->user, sizeof s->user);
	r = serve_end(&in, e);
	return r < 0 ? r : serving_tell(s, SERVE_WELCOME,
					buf_view(&s->answer), e);
}

/* A session that reads writes caches, which lie beside what they are of, and
 * nothing else: neither the log nor the admin stream, no user's file, and it
 * reaches no network. */
static int confine(struct serving *s, struct err *e)
{
	char cases[FILE_PATH_MAX], audit[FILE_PATH_MAX];
	const char *writable[3] = { cases, audit, s->scratch };
	struct sandbox_report box;
	int r;

	if (s->confined)
		return 0;
	r = file_path(cases, s->path, "cases", NULL);
	if (r == 0)
		r = file_path(audit, s->path, "audit", NULL);
	if (r == 0)
		r = sandbox_session(writable, s->scratch ? 3 : 2, &box, e);
	s->confined = r == 0;
	return r;
}

int serving_begin(struct serving *s, const char *command,
		  enum keeper_mode mode, struct err *e)
{
	struct buf b = BUF_INIT(256);
	struct serve_in in;
	struct bytes keys;
	uint64_t generation;
	int r;

	r = mode == KEEPER_READ ? confine(s, e) : s->confined
	    ? err_set(e, ERR_BUSY, "that takes a connection of its own") : 0;
	if (r < 0)
		return r;
	serve_put_text(&b, command);
	serve_put_u8(&b, mode);
	r = serving_keeper(s, KEEPER_BEGIN, buf_view(&b), KEEPER_BEGUN, e);
	buf_release(&b);
	if (r < 0)
		return r;
	s->mode = mode;
	in = (struct serve_in)SERVE_IN(buf_view(&s->answer));
	generation = serve_u64(&in);
	keys = serve_blob(&in, sizeof *s->keys);
	r = serve_end(&in, e);
	if (r == 0 && mode != KEEPER_READ) {
		s->keys = secret_alloc(sizeof *s->keys);
		if (!s->keys || keys.len != sizeof *s->keys)
			r = err_set(e, ERR_NOMEM, "no memory for keys");
		else
			memcpy(s->keys, keys.p, sizeof *s->keys);
	}
	buf_wipe(&s->answer);
	/* Streams were replaced: what is open here is of before. */
	if (s->unit && generation != s->generation) {
		unit_close(s->unit);
		s->unit = NULL;
	}
	s->generation = generation;
	return r;
}

void serving_end(struct serving *s)
{
	secret_free(s->keys);
	s->keys = NULL;
	if (!s->gone)
		serving_keeper(s, KEEPER_END, BYTES(NULL, 0), KEEPER_DONE,
			       NULL);
	s->mode = KEEPER_READ;
}

/* --- the unit ------------------------------------------------------------------------- */

static int link_sign(void *arg, struct bytes text, struct buf *out,
		     struct err *e)
{
	struct serving *s = arg;
	int r = serving_ask(s, SERVE_SIGN, text, e);

	if (r == 0 && buf_addb(out, buf_view(&s->in)) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for a signature");
	return r;
}

static int link_outer(void *arg, struct bytes file, struct buf *plain,
		      struct err *e)
{
	struct serving *s = arg;
	int r = serving_ask(s, SERVE_OPEN, file, e);

	if (r == 0 && buf_addb(plain, buf_view(&s->in)) < 0)
		r = err_set(e, ERR_LIMIT, "the client's answer is too long");
	buf_wipe(&s->in);
	s->in = (struct buf)BUF_INIT(SERVE_FRAME_MAX);
	return r;
}

static int secret_into(struct serving *s, uint8_t *out, size_t n,
		       struct err *e)
{
	int r = 0;

	if (s->answer.len != n)
		r = err_set(e, ERR_CHILD, "the service spoke out of turn");
	else
		memcpy(out, s->answer.p, n);
	buf_wipe(&s->answer);
	return r;
}

static int link_inner(void *arg, const char *case_id, struct bytes file,
		      uint8_t *secret, size_t n, struct err *e)
{
	struct serving *s = arg;
	struct buf b = BUF_INIT(file.len + 256);
	int r;

	serve_put_text(&b, case_id);
	serve_put_blob(&b, file);
	r = serving_keeper(s, KEEPER_INNER, buf_view(&b), KEEPER_SECRET, e);
	buf_wipe(&b);
	if (r == 0)
		r = secret_into(s, secret, n, e);
	if (r < 0)
		secret_wipe(secret, n);
	return r;
}

static int link_sealed(void *arg, const char *path, uint8_t *out, size_t n,
		       struct err *e)
{
	struct serving *s = arg;
	struct buf b = BUF_INIT(1024);
	int r;

	serve_put_text(&b, path);
	serve_put_u32(&b, (uint32_t)n);
	r = serving_keeper(s, KEEPER_SEALED, buf_view(&b), KEEPER_SECRET, e);
	buf_release(&b);
	return r < 0 ? r : secret_into(s, out, n, e);
}

static int link_slots(void *arg, uint64_t from, struct buf *out, struct err *e)
{
	struct serving *s = arg;
	struct buf b = BUF_INIT(16);
	int r;

	serve_put_u64(&b, from);
	r = serving_keeper(s, KEEPER_SLOTS, buf_view(&b), KEEPER_SECRET, e);
	buf_release(&b);
	if (r == 0 && buf_addb(out, buf_view(&s->answer)) < 0)
		r = err_set(e, ERR_NOMEM, "no memory for slots");
	buf_wipe(&s->answer);
	return r;
}

/* The user signs what the keeper numbered; nothing from him is a no. */
static int have_signed(struct serving *s, struct err *e)
{
	struct buf text = BUF_INIT(KEEPER_MESSAGE_MAX);
	struct buf line = BUF_INIT(4096);
	struct err why = ERR_INIT, late = ERR_INIT;
	int r, told;

	buf_addb(&text, buf_view(&s->answer));
	r = link_sign(s, buf_view(&text), &line, &why);
	if (r < 0)
		buf_clear(&line);
	told = s->gone ? ERR_IO
		: serving_keeper(s, KEEPER_SIGNED, buf_view(&line),
				 KEEPER_DONE, &late);
	if (r < 0)
		err_set(e, r, "%s", why.text);
	else if (told < 0)
		r = err_set(e, told, "%s", late.text);
	buf_release(&text);
	buf_release(&line);
	return r;
}

static int link_record(void *arg, const char *dir, const char *kind,
		       struct bytes members, unsigned leaf,
		       const struct store_external *files, size_t nfiles,
		       uint64_t *seq_out, struct err *e)
{
	struct serving *s = arg;
	struct buf b = BUF_INIT(KEEPER_MESSAGE_MAX);
	int by_user = strncmp(dir, "audit/", 6) != 0;
	struct serve_in in;
	int r;

	serve_put_text(&b, dir);
	serve_put_text(&b, kind);
	serve_put_u32(&b, leaf);
	serve_put_blob(&b, members);
	serve_put_u32(&b, (uint32_t)nfiles);
	for (size_t i = 0; i < nfiles; i++) {
		serve_put_text(&b, files[i].path);
		buf_add(&b, files[i].sha256, 32);
	}
	r = b.failed ? err_set(e, b.failed, "the statement is too long")
		: serving_keeper(s, KEEPER_RECORD, buf_view(&b),
				 by_user ? KEEPER_ASK : KEEPER_DONE, e);
	buf_release(&b);
	if (r == 0 && by_user)
		r = have_signed(s, e);
	if (r < 0)
		return r;
	in = (struct serve_in)SERVE_IN(buf_view(&s->answer));
	if (seq_out)
		*seq_out = serve_u64(&in);
	return 0;
}

static int turn_take(void *arg, struct err *e)
{
	return serving_keeper(arg, KEEPER_TAKE, BYTES(NULL, 0), KEEPER_DONE, e);
}

static void turn_give(void *arg, int failed)
{
	const uint8_t f = failed != 0;

	serving_keeper(arg, KEEPER_GIVE, BYTES(&f, 1), KEEPER_DONE, NULL);
}

int serving_unit(struct serving *s, struct unit **out, struct err *e)
{
	int pass = s->mode == KEEPER_PASS, r;
	struct whence from;

	s->alone = (struct unit_link){ .arg = s, .sign_line = link_sign,
				       .open_outer = link_outer };
	s->reading = (struct unit_link){ .arg = s, .sign_line = link_sign,
		.open_outer = link_outer, .open_inner = link_inner,
		.sealed = link_sealed, .slots = link_slots,
		.record = link_record };
	whence_session(&from);
	from.uid = s->uid;
	snprintf(from.via, sizeof from.via, "socket");
	if (s->keys) {
		r = unit_open_service(s->path, s->user, &s->alone, s->keys,
				      pass ? turn_take : NULL,
				      pass ? turn_give : NULL, s, out, e);
	} else if (s->unit) {
		r = unit_refresh(s->unit, e);
		from = s->unit->from;
	} else {
		r = unit_open_service(s->path, s->user, &s->reading, NULL,
				      NULL, NULL, NULL, &s->unit, e);
	}
	if (r == 0 && !s->keys)
		*out = s->unit;
	if (r == 0)
		(*out)->from = from;
	return r;
}

void serving_unit_close(struct serving *s, struct unit *u)
{
	if (u != s->unit)
		unit_close(u);
}

/* --- unlocking --------------------------------------------------------------------------- */

int serving_unlock(struct serving *s, int *done, struct err *e)
{
	struct buf list = BUF_INIT(KEEPER_MESSAGE_MAX);
	struct buf given = BUF_INIT((size_t)1 << 20);
	struct serve_in in;
	uint32_t n;
	int r = serving_keeper(s, KEEPER_FIRST, BYTES(NULL, 0), KEEPER_CUSTODY,
			       e);

	if (r < 0)
		return r;
	/* The client's answers come while the list is read. */
	buf_addb(&list, buf_view(&s->answer));
	in = (struct serve_in)SERVE_IN(buf_view(&list));
	serve_u8(&in);
	n = serve_u32(&in);
	if (n == 0 || n > CUSTODIANS_MAX)
		r = err_set(e, ERR_DENIED, "there is nothing this custodian "
			    "can add now");
	serve_put_u32(&given, n);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		struct buf plain = BUF_INIT(CUSTODIAN_WRAP_MAX);
		char other[ADMIN_NAME_MAX + 1];
		struct bytes file;

		serve_text(&in, other, sizeof other);
		file = serve_blob(&in, CUSTODIAN_WRAP_MAX);
		if (in.bad)
			r = err_set(e, ERR_FORMAT, "a malformed message");
		if (r == 0)
			r = link_outer(s, file, &plain, e);
		serve_put_blob(&given, buf_view(&plain));
		buf_wipe(&plain);
	}
	if (r == 0)
		r = serving_keeper(s, KEEPER_GIVEN, buf_view(&given),
				   KEEPER_DONE, e);
	if (r == 0) {
		in = (struct serve_in)SERVE_IN(buf_view(&s->answer));
		*done = serve_u64(&in) != 0;
		s->locked = !*done;
	}
	buf_wipe(&list);
	buf_wipe(&given);
	return r;
}

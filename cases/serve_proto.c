/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/serve_proto.h"

#include "util/clock.h"
#include "util/enc.h"
#include "util/json.h"
#include "util/utf8.h"

#include <stdlib.h>

static const struct rule {
	uint8_t type;
	uint8_t service;	/* 1: the service sends it */
	uint8_t state;		/* when it may come */
	uint8_t then;		/* and what comes next */
	size_t cap;
} rules[] = {
	{ SERVE_HELLO, 1, SERVE_AT_START, SERVE_AT_LOGIN, 1024 },
	{ SERVE_LOGIN, 0, SERVE_AT_LOGIN, SERVE_AT_CHECK, 4096 },
	{ SERVE_STATUS, 0, SERVE_AT_LOGIN, SERVE_AT_WORK, 0 },
	{ SERVE_WELCOME, 1, SERVE_AT_CHECK, SERVE_AT_REST, 1024 },
	{ SERVE_RUN, 0, SERVE_AT_REST, SERVE_AT_WORK, SERVE_FRAME_MAX },
	{ SERVE_UPLOAD, 0, SERVE_AT_LOAD, SERVE_AT_LOAD, SERVE_CHUNK + 2 },
	{ SERVE_OUT, 1, SERVE_AT_WORK, SERVE_AT_WORK, SERVE_CHUNK + 1 },
	{ SERVE_FILE, 1, SERVE_AT_WORK, SERVE_AT_WORK, SERVE_CHUNK + 2 },
	{ SERVE_RECEIPT, 1, SERVE_AT_WORK, SERVE_AT_WORK, SERVE_CHUNK },
	{ SERVE_SIGN, 1, SERVE_AT_WORK, SERVE_AT_SIGN, SERVE_FRAME_MAX },
	{ SERVE_SIGNED, 0, SERVE_AT_SIGN, SERVE_AT_WORK, 1024 },
	{ SERVE_REFUSE, 0, SERVE_AT_SIGN, SERVE_AT_WORK, 1024 },
	{ SERVE_OPEN, 1, SERVE_AT_WORK, SERVE_AT_OPEN, SERVE_CHUNK },
	{ SERVE_OPENED, 0, SERVE_AT_OPEN, SERVE_AT_WORK, 4096 },
	{ SERVE_REFUSE, 0, SERVE_AT_OPEN, SERVE_AT_WORK, 1024 },
	{ SERVE_PASS, 1, SERVE_AT_WORK, SERVE_AT_PASS, 1024 },
	{ SERVE_PASSED, 0, SERVE_AT_PASS, SERVE_AT_WORK, 2048 },
	{ SERVE_REFUSE, 0, SERVE_AT_PASS, SERVE_AT_WORK, 1024 },
	{ SERVE_EXIT, 1, SERVE_AT_WORK, SERVE_AT_REST, 1 },
	{ SERVE_ERROR, 1, SERVE_AT_START, SERVE_AT_END, 4096 },
	{ SERVE_ERROR, 1, SERVE_AT_CHECK, SERVE_AT_END, 4096 },
	{ SERVE_ERROR, 1, SERVE_AT_WORK, SERVE_AT_END, 4096 },
};
#define RULES (sizeof rules / sizeof *rules)

size_t serve_cap(uint8_t type)
{
	for (size_t i = 0; i < RULES; i++)
		if (rules[i].type == type)
			return rules[i].cap + 1;	/* an empty one is one */
	return 0;
}

/* The number of files a run announces stands in its first byte. */
static int run_loads(struct serve_turn *t, struct bytes msg)
{
	if (!msg.len || msg.p[0] > SERVE_FILES_MAX)
		return ERR_FORMAT;
	t->load = 0;
	t->loads = msg.p[0];
	t->loaded = 0;
	if (t->loads)
		t->at = SERVE_AT_LOAD;
	return 0;
}

static int upload(struct serve_turn *t, struct bytes msg)
{
	if (msg.len < 2 || msg.p[0] != t->load || msg.p[1] > 1 ||
	    (!msg.p[1] && msg.len == 2))
		return ERR_FORMAT;
	t->loaded += msg.len - 2;
	if (t->loaded > SERVE_LOAD_MAX)
		return ERR_LIMIT;
	t->load += msg.p[1];
	if (t->load == t->loads)
		t->at = SERVE_AT_WORK;
	return 0;
}

int serve_turn(struct serve_turn *t, int service, uint8_t type,
	       struct bytes msg, struct err *e)
{
	const struct rule *rule = NULL;
	int r = ERR_FORMAT;

	for (size_t i = 0; i < RULES && !rule; i++)
		if (rules[i].type == type && rules[i].service == !!service &&
		    rules[i].state == (uint8_t)t->at)
			rule = &rules[i];
	if (!rule) {
		err_set(e, r, "a message out of turn");
		goto out;
	}
	r = 0;
	if (msg.len > rule->cap) {
		r = err_set(e, ERR_LIMIT, "a message of %zu bytes is too long",
			    msg.len);
		goto out;
	}
	t->at = (enum serve_state)rule->then;
	if (type == SERVE_WELCOME)
		t->logged_in = 1;
	/* Without a login there is one question and one answer. */
	if (type == SERVE_EXIT && !t->logged_in)
		t->at = SERVE_AT_END;
	if (type == SERVE_RUN)
		r = run_loads(t, msg);
	else if (type == SERVE_UPLOAD)
		r = upload(t, msg);
	if (r < 0)
		err_set(e, r, r == ERR_LIMIT ? "the files are too long"
					     : "a malformed message");
out:
	if (r < 0)
		t->at = SERVE_AT_END;
	return r;
}

/* --- bytes ------------------------------------------------------------------- */

struct bytes serve_take(struct serve_in *in, size_t n)
{
	struct bytes out = in->left;

	if (in->bad || n > in->left.len) {
		in->bad = 1;
		return BYTES(NULL, 0);
	}
	out.len = n;
	in->left = BYTES(in->left.p + n, in->left.len - n);
	return out;
}

uint8_t serve_u8(struct serve_in *in)
{
	struct bytes b = serve_take(in, 1);

	return b.len ? b.p[0] : 0;
}

uint32_t serve_u32(struct serve_in *in)
{
	struct bytes b = serve_take(in, 4);

	return b.len ? get_be32(b.p) : 0;
}

uint64_t serve_u64(struct serve_in *in)
{
	struct bytes b = serve_take(in, 8);

	return b.len ? get_be64(b.p) : 0;
}

struct bytes serve_blob(struct serve_in *in, size_t max)
{
	uint32_t n = serve_u32(in);

	if (n > max)
		in->bad = 1;
	return serve_take(in, in->bad ? 0 : n);
}

void serve_text(struct serve_in *in, char *out, size_t room)
{
	struct bytes b = serve_blob(in, room - 1);

	if (b.len && (memchr(b.p, 0, b.len) || !utf8_valid(b)))
		in->bad = 1;
	if (in->bad)
		b.len = 0;
	if (b.len)
		memcpy(out, b.p, b.len);
	out[b.len] = '\0';
}

int serve_end(const struct serve_in *in, struct err *e)
{
	return in->bad || in->left.len
	       ? err_set(e, ERR_FORMAT, "a malformed message") : 0;
}

void serve_put_u8(struct buf *b, unsigned v)
{
	buf_addc(b, (uint8_t)v);
}

void serve_put_u32(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	put_be32(p, v);
	buf_add(b, p, sizeof p);
}

void serve_put_u64(struct buf *b, uint64_t v)
{
	uint8_t p[8];

	put_be64(p, v);
	buf_add(b, p, sizeof p);
}

void serve_put_blob(struct buf *b, struct bytes v)
{
	serve_put_u32(b, (uint32_t)v.len);
	buf_addb(b, v);
}

void serve_put_text(struct buf *b, const char *s)
{
	serve_put_blob(b, bytes_str(s ? s : ""));
}

/* --- hello and run ------------------------------------------------------------ */

int serve_hello_get(struct bytes msg, struct serve_hello *h, struct err *e)
{
	struct serve_in in = SERVE_IN(msg);
	struct bytes nonce;

	memset(h, 0, sizeof *h);
	h->version = serve_u8(&in);
	if (h->version != SERVE_VERSION)
		return err_set(e, ERR_VERSION, "the service speaks version %u, "
			       "this program %d", h->version, SERVE_VERSION);
	h->locked = serve_u8(&in);
	h->uid = serve_u32(&in);
	nonce = serve_take(&in, SERVE_NONCE);
	if (nonce.len)
		memcpy(h->nonce, nonce.p, SERVE_NONCE);
	h->expires_ms = (int64_t)serve_u64(&in);
	serve_text(&in, h->log, sizeof h->log);
	if (h->locked > 1)
		in.bad = 1;
	return serve_end(&in, e);
}

void serve_hello_put(const struct serve_hello *h, struct buf *out)
{
	serve_put_u8(out, h->version);
	serve_put_u8(out, h->locked ? 1 : 0);
	serve_put_u32(out, h->uid);
	buf_add(out, h->nonce, SERVE_NONCE);
	serve_put_u64(out, (uint64_t)h->expires_ms);
	serve_put_text(out, h->log);
}

int serve_run_get(struct bytes msg, struct serve_run *run, struct err *e)
{
	struct serve_in in = SERVE_IN(msg);
	unsigned flags;
	size_t room;
	char *at;

	memset(run, 0, sizeof *run);
	run->nloads = serve_u8(&in);
	flags = serve_u8(&in);
	run->json = flags & 1;
	run->quiet = flags >> 1 & 1;
	run->columns = serve_u32(&in);
	serve_text(&in, run->locale, sizeof run->locale);
	serve_text(&in, run->from, sizeof run->from);
	run->nfiles = serve_u8(&in);
	if (flags > 3 || run->columns > 10000 ||
	    run->nfiles > SERVE_FILES_MAX || run->nloads > run->nfiles)
		in.bad = 1;
	for (unsigned i = 0; !in.bad && i < run->nfiles; i++) {
		run->files[i].arg = serve_u32(&in);
		run->files[i].out = serve_u8(&in);
		/* Files to read come first: their numbers are the uploads'. */
		if (run->files[i].out != (i >= run->nloads))
			in.bad = 1;
	}
	run->argc = serve_u32(&in);
	if (in.bad || !run->argc || run->argc > SERVE_ARGS_MAX)
		return err_set(e, ERR_FORMAT, "a malformed message");
	/* One allocation: the words take less than the message. */
	room = (run->argc + 1) * sizeof *run->argv + in.left.len + run->argc;
	run->argv = calloc(1, room);
	if (!run->argv)
		return err_set(e, ERR_NOMEM, "no memory for a command");
	at = (char *)(run->argv + run->argc + 1);
	for (unsigned i = 0; i < run->argc; i++) {
		size_t n = in.left.len;

		run->argv[i] = at;
		serve_text(&in, at, (n < SERVE_ARG_MAX ? n : SERVE_ARG_MAX) + 1);
		at += strlen(at) + 1;
	}
	for (unsigned i = 0; i < run->nfiles; i++)
		if (run->files[i].arg == 0 || run->files[i].arg >= run->argc)
			in.bad = 1;
	if (serve_end(&in, e) < 0) {
		free(run->argv);
		run->argv = NULL;
		return ERR_FORMAT;
	}
	return 0;
}

void serve_run_put(const struct serve_run *run, struct buf *out)
{
	serve_put_u8(out, run->nloads);
	serve_put_u8(out, (run->json ? 1u : 0) | (run->quiet ? 2u : 0));
	serve_put_u32(out, run->columns);
	serve_put_text(out, run->locale);
	serve_put_text(out, run->from);
	serve_put_u8(out, run->nfiles);
	for (unsigned i = 0; i < run->nfiles; i++) {
		serve_put_u32(out, run->files[i].arg);
		serve_put_u8(out, run->files[i].out ? 1 : 0);
	}
	serve_put_u32(out, run->argc);
	for (unsigned i = 0; i < run->argc; i++)
		serve_put_text(out, run->argv[i]);
}

int serve_login_text(const char *log, const char *user, uint32_t uid,
		     const uint8_t nonce[static SERVE_NONCE],
		     int64_t expires_ms, struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);
	char when[CLOCK_RFC3339_MAX];

	buf_adds(out, "scelle/v1/login\n");
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "log", log);
	jsonw_str(&w, "user", user);
	jsonw_int(&w, "uid", uid);
	jsonw_hex(&w, "nonce", nonce, SERVE_NONCE);
	jsonw_str(&w, "expires", clock_rfc3339(expires_ms, when));
	jsonw_close(&w, '}');
	return buf_addc(out, '\n');
}

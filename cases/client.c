/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/client.h"

#include "cases/statement.h"
#include "store/age.h"
#include "util/child.h"
#include "util/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OPENED_MAX 2048		/* bytes of what a wrap holds */

struct client {
	int fd;
	struct serve_turn turn;
	struct serve_hello hello;
	const struct user_keys *keys;
	struct buf in;
};

static int broken(struct err *e)
{
	return err_set(e, ERR_IO, "the service is gone");
}

static int tell(struct client *c, uint8_t type, struct bytes msg,
		struct err *e)
{
	int r = serve_turn(&c->turn, 0, type, msg, e);

	if (r == 0 && message_write(c->fd, type, &msg, 1) < 0)
		r = broken(e);
	return r;
}

/* The next message of the service; its refusal is our error. */
static int hear(struct client *c, uint8_t *type, struct err *e)
{
	struct serve_in in;
	char text[ERR_TEXT_MAX];
	int r, code;

	buf_wipe(&c->in);
	c->in = (struct buf)BUF_INIT(SERVE_FRAME_MAX);
	r = message_read(c->fd, SERVE_FRAME_MAX, type, &c->in);
	if (r)
		return r == ERR_LIMIT || r == ERR_FORMAT
		       ? err_set(e, r, "the service speaks nonsense")
		       : broken(e);
	r = serve_turn(&c->turn, 1, *type, buf_view(&c->in), e);
	if (r < 0 || *type != SERVE_ERROR)
		return r;
	in = (struct serve_in)SERVE_IN(buf_view(&c->in));
	code = -(int)serve_u8(&in);
	serve_text(&in, text, sizeof text);
	if (serve_end(&in, e) < 0 || code >= 0)
		return ERR_FORMAT;
	return err_set(e, code, "%s", text);
}

int client_open(const char *path, struct client **out, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct client *c = calloc(1, sizeof *c);
	uint8_t type;
	int r;

	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a connection");
	c->fd = -1;
	if (strlen(path) >= sizeof at.sun_path) {
		r = err_set(e, ERR_RANGE, "path '%s' is too long", path);
		goto out;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		r = err_errno(e, "cannot make a socket");
		goto out;
	}
	if (connect(c->fd, (struct sockaddr *)&at, sizeof at) < 0) {
		r = errno == ENOENT || errno == ECONNREFUSED
		    ? err_set(e, ERR_NOENT, "no custody service at '%s'", path)
		    : err_errno(e, "cannot reach the custody service at '%s'",
				path);
		goto out;
	}
	r = hear(c, &type, e);
	if (r == 0)
		r = serve_hello_get(buf_view(&c->in), &c->hello, e);
out:
	if (r < 0)
		client_close(c);
	else
		*out = c;
	return r;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	buf_wipe(&c->in);
	free(c);
}

const struct serve_hello *client_hello(const struct client *c)
{
	return &c->hello;
}

int client_login(struct client *c, const char *user,
		 const struct user_keys *keys, struct err *e)
{
	struct buf text = BUF_INIT(4096), note = BUF_INIT(8192);
	uint8_t type;
	int r = serve_login_text(c->hello.log, user, c->hello.uid,
				 c->hello.nonce, c->hello.expires_ms, &text);

	if (r == 0)
		r = note_sign(buf_view(&text), &keys->sign, 1, &note, e);
	if (r == 0)
		r = tell(c, SERVE_LOGIN, buf_view(&note), e);
	if (r == 0)
		r = hear(c, &type, e);
	c->keys = keys;
	buf_release(&text);
	buf_release(&note);
	return r;
}

/* --- what is asked of us ------------------------------------------------------------- */

/* Statements that some commands make; another command makes any but these that
 * speak for the program. */
static const struct {
	const char *command, *prefix;
} kinds[] = {
	{ "case", "case-" }, { "case", "order-" }, { "export", "export" },
	{ "export", "order-" }, { "export", "case-epoch" },
	{ "export", "erasure-certificate" }, { "posts", "break-glass" },
	{ "search", "break-glass" }, { "show", "break-glass" },
	{ "timeline", "break-glass" }, { "gaps", "break-glass" },
	{ "audit", "break-glass" }, { "status", "" },
};

static const char *const never[] = {
	"login", "capture", "recovery", "service", "session", "init",
};

static int kind_fits(const char *command, const char *kind)
{
	int listed = 0;

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (!strcmp(kind, never[i]))
			return 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].command, command))
			continue;
		listed = 1;
		if (*kinds[i].prefix && !strncmp(kind, kinds[i].prefix,
						 strlen(kinds[i].prefix)))
			return 1;
	}
	return !listed;
}

int client_may_sign(const char *log, const char *command, struct bytes text,
		    struct err *e)
{
	static const char dummy[] = "\n\xe2\x80\x94 x AAAAAAAA\n";
	struct buf note = BUF_INIT(NOTE_MAX);
	struct statement s = { 0 };
	struct note_vkey key;
	const char *of;
	int r = note_vkey_read(bytes_str(log), &key, e);

	if (r < 0)
		return ERR_DENIED;
	/* Read as the statement it would be: with a signature behind it. */
	buf_addb(&note, text);
	buf_add(&note, dummy, sizeof dummy - 1);
	r = note.failed ? note.failed : statement_read(buf_view(&note), &s, e);
	if (r < 0) {
		r = err_set(e, ERR_DENIED, "the service asks to sign what is "
			    "no statement");
		goto out;
	}
	of = json_opt_str(s.json, "log");
	if (!of || strcmp(of, key.name))
		r = err_set(e, ERR_DENIED, "the service asks to sign for "
			    "another log");
	else if (!kind_fits(command, s.kind))
		r = err_set(e, ERR_DENIED, "the service asks to sign '%s' for "
			    "the command '%s'", s.kind, command);
out:
	statement_release(&s);
	buf_release(&note);
	return r;
}

static int refuse(struct client *c, const struct err *why, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	int r;

	serve_put_text(&b, why->text);
	r = tell(c, SERVE_REFUSE, buf_view(&b), e);
	buf_release(&b);
	return r;
}

static int answer_sign(struct client *c, const char *command, struct err *e)
{
	struct buf line = BUF_INIT(1024);
	struct err why = ERR_INIT;
	int r = client_may_sign(c->hello.log, command, buf_view(&c->in), &why);

	if (r == 0)
		r = note_sig_line(buf_view(&c->in), &c->keys->sign, &line,
				  &why);
	r = r < 0 ? refuse(c, &why, e)
		  : tell(c, SERVE_SIGNED, buf_view(&line), e);
	buf_release(&line);
	return r;
}

static int answer_open(struct client *c, struct err *e)
{
	struct buf plain = BUF_INIT(OPENED_MAX);
	struct err why = ERR_INIT;
	int r = 0;

	/* Room at once: growing would leave copies behind. */
	if (!buf_room(&plain, OPENED_MAX))
		r = err_set(&why, ERR_NOMEM, "no memory");
	if (r == 0)
		r = age_decrypt(&c->keys->receive, 1, buf_view(&c->in), &plain,
				&why);
	r = r < 0 ? refuse(c, &why, e)
		  : tell(c, SERVE_OPENED, buf_view(&plain), e);
	buf_wipe(&plain);
	return r;
}

static int answer_pass(struct client *c, const struct client_calls *calls,
		       struct err *e)
{
	struct serve_in in = SERVE_IN(buf_view(&c->in));
	struct buf pass = BUF_INIT(2048);
	struct err why = ERR_INIT;
	char prompt[512];
	int confirm = serve_u8(&in), r;

	serve_text(&in, prompt, sizeof prompt);
	r = serve_end(&in, &why);
	if (r == 0 && !buf_room(&pass, 2048))
		r = err_set(&why, ERR_NOMEM, "no memory");
	if (r == 0)
		r = calls->pass ? calls->pass(calls->arg, prompt, confirm,
					      &pass, &why)
				: err_set(&why, ERR_NOENT, "no passphrase is "
					  "to be had here");
	r = r < 0 ? refuse(c, &why, e)
		  : tell(c, SERVE_PASSED, buf_view(&pass), e);
	buf_wipe(&pass);
	return r;
}

static int take_receipt(struct client *c, const struct client_calls *calls,
			struct err *e)
{
	struct serve_in in = SERVE_IN(buf_view(&c->in));
	uint64_t leaf = serve_u64(&in);
	struct bytes head = serve_take(&in, 4);
	struct bytes receipt = serve_blob(&in, SERVE_CHUNK);

	if (serve_end(&in, e) < 0)
		return ERR_FORMAT;
	return calls->receipt ? calls->receipt(calls->arg, c->hello.log, leaf,
					       head.p, receipt, e) : 0;
}

/* Messages until the command is done. */
static int follow(struct client *c, const char *command,
		  const struct client_calls *calls, int *status, struct err *e)
{
	struct bytes b;
	uint8_t type;
	int r;

	for (;;) {
		r = hear(c, &type, e);
		if (r < 0)
			return r;
		b = buf_view(&c->in);
		switch (type) {
		case SERVE_OUT:
			if (b.len < 1 || b.p[0] < 1 || b.p[0] > 2)
				return err_set(e, ERR_FORMAT, "the service "
					       "speaks nonsense");
			r = calls->out ? calls->out(calls->arg, b.p[0],
						    BYTES(b.p + 1, b.len - 1),
						    e) : 0;
			break;
		case SERVE_FILE:
			if (b.len < 2 || b.p[1] > 1)
				return err_set(e, ERR_FORMAT, "the service "
					       "speaks nonsense");
			r = calls->file ? calls->file(calls->arg, b.p[0],
						      BYTES(b.p + 2, b.len - 2),
						      b.p[1], e) : 0;
			break;
		case SERVE_SIGN:
			r = answer_sign(c, command, e);
			break;
		case SERVE_OPEN:
			r = answer_open(c, e);
			break;
		case SERVE_PASS:
			r = answer_pass(c, calls, e);
			break;
		case SERVE_RECEIPT:
			r = take_receipt(c, calls, e);
			break;
		case SERVE_EXIT:
			*status = b.len ? b.p[0] : 3;
			return 0;
		default:
			r = err_set(e, ERR_FORMAT, "the service speaks "
				    "nonsense");
		}
		if (r < 0)
			return r;
	}
}

static int send_files(struct client *c, const struct serve_run *run,
		      const struct client_calls *calls, struct err *e)
{
	struct buf b = BUF_INIT(SERVE_CHUNK + 2);
	int r = 0;

	for (unsigned i = 0; r == 0 && i < run->nloads; i++) {
		int last = 0;

		while (r == 0 && !last) {
			buf_clear(&b);
			serve_put_u8(&b, i);
			serve_put_u8(&b, 0);
			r = calls->load ? calls->load(calls->arg, i, &b, &last,
						      e)
				: err_set(e, ERR_NOENT, "no file to read");
			if (r == 0) {
				b.p[1] = last ? 1 : 0;
				r = tell(c, SERVE_UPLOAD, buf_view(&b), e);
			}
		}
	}
	buf_wipe(&b);
	return r;
}

int client_run(struct client *c, const struct serve_run *run,
	       const struct client_calls *calls, int *status, struct err *e)
{
	struct buf b = BUF_INIT(SERVE_FRAME_MAX);
	int r;

	serve_run_put(run, &b);
	r = b.failed ? err_set(e, ERR_RANGE, "the command is too long")
		     : tell(c, SERVE_RUN, buf_view(&b), e);
	buf_release(&b);
	if (r == 0)
		r = send_files(c, run, calls, e);
	return r < 0 ? r : follow(c, run->argv[0], calls, status, e);
}

int client_status(struct client *c, const struct client_calls *calls,
		  int *status, struct err *e)
{
	int r = tell(c, SERVE_STATUS, BYTES(NULL, 0), e);

	return r < 0 ? r : follow(c, "status", calls, status, e);
}

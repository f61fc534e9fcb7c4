/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/bundle_child.h"

#include "crawler/wire.h"
#include "store/sha256.h"
#include "util/child.h"
#include "util/enc.h"
#include "util/sandbox.h"
#include "util/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX ((size_t)16384)
#define MESSAGES_MAX 3000000u
#define MEMORY ((uint64_t)2 << 30)	/* beside the mapped file */

/* --- in the child: messages on 1, nothing else ------------------------------ */

static void tell(uint8_t type, const char *a, const char *b)
{
	struct buf msg = BUF_INIT(MESSAGE_MAX - 1);
	struct bytes piece;

	wire_put_bytes(&msg, BYTES(a, strnlen(a, MESSAGE_MAX / 4)));
	wire_put_bytes(&msg, BYTES(b, strnlen(b, MESSAGE_MAX / 4)));
	piece = buf_view(&msg);
	if (msg.failed || message_write(1, type, &piece, 1))
		_exit(3);
	buf_release(&msg);
}

static void tell_problem(void *arg, const char *member, const char *what)
{
	(void)arg;
	tell('P', member, what);
}

static void tell_fine(void *arg, const char *what)
{
	(void)arg;
	tell('F', what, "");
}

static int order(const void *a, const void *b)
{
	return memcmp(a, b, 1);
}

/* lock - what libraries ask the system once, and then nothing any more */
static int lock(void *arg, uint64_t bytes, struct err *e)
{
	static uint8_t large[4096];
	struct sandbox_report rep;
	uint8_t sum[SHA256_LEN];

	(void)arg;
	qsort(large, sizeof large, 1, order);
	sha256_once(bytes_str("x"), sum);
	return sandbox_parse(MEMORY + bytes, &rep, e);
}

_Noreturn static void check(const char *path, const struct bundle_verify *o)
{
	struct bundle_verify q = { .log_vkey = o->log_vkey,
		.problem = tell_problem, .fine = o->fine ? tell_fine : NULL,
		.mapped = lock };
	struct buf msg = BUF_INIT(MESSAGE_MAX - 1);
	struct bundle_report rep;
	struct err e = ERR_INIT;
	struct bytes piece;
	int r = bundle_check(path, &q, &rep, &e);

	wire_put_u32(&msg, (uint32_t)(r < 0 ? -r : r));
	wire_put_u8(&msg, r < 0);
	wire_put_str(&msg, r < 0 ? e.text : "");
	wire_put_u64(&msg, rep.items);
	wire_put_u64(&msg, rep.members);
	wire_put_u64(&msg, rep.problems);
	wire_put_u64(&msg, rep.size);
	wire_put_str(&msg, rep.origin);
	wire_put_bytes(&msg, BYTES(rep.root, sizeof rep.root));
	wire_put_u8(&msg, rep.complete != 0);
	piece = buf_view(&msg);
	_exit(msg.failed || message_write(1, 'Z', &piece, 1) ? 3 : 0);
}

/* --- outside: believes nothing ----------------------------------------------- */

static int lied(struct err *e)
{
	return err_set(e, ERR_CHILD, "the reader of the bundle spoke out of "
		       "turn");
}

/* plain - words that cannot control a terminal */
static int plain(char *out, size_t size, struct bytes s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;

	while (n && n < s.len && (s.p[n] & 0xc0) == 0x80)
		n--;
	if (!utf8_valid(BYTES(s.p, n)))
		return ERR_FORMAT;
	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : (char)s.p[i];
	out[n] = '\0';
	return 0;
}

static int heard(const struct bundle_verify *o, uint8_t type, struct bytes msg)
{
	char a[MESSAGE_MAX / 4], b[MESSAGE_MAX / 4];
	struct wire w = { msg, 0 };
	struct bytes one = wire_bytes(&w), two = wire_bytes(&w);

	if (wire_end(&w) < 0 || plain(a, sizeof a, one) < 0 ||
	    plain(b, sizeof b, two) < 0)
		return ERR_FORMAT;
	if (type == 'P')
		o->problem(o->arg, a, b);
	else if (o->fine)
		o->fine(o->arg, a);
	return 0;
}

/* verdict - the last message; *problems is what was told before */
static int verdict(struct bytes msg, uint64_t problems,
		   struct bundle_report *rep, struct err *e)
{
	struct wire w = { msg, 0 };
	uint32_t code = wire_u32(&w);
	int failed = wire_u8(&w);
	char why[400];
	struct bytes root, words, origin;

	words = wire_bytes(&w);
	rep->items = wire_u64(&w);
	rep->members = wire_u64(&w);
	rep->problems = wire_u64(&w);
	rep->size = wire_u64(&w);
	origin = wire_bytes(&w);
	root = wire_bytes(&w);
	rep->complete = wire_u8(&w);
	if (wire_end(&w) < 0 || plain(why, sizeof why, words) < 0 ||
	    plain(rep->origin, sizeof rep->origin, origin) < 0 || root.len != sizeof rep->root || code > 1000 ||
	    (!failed && (code > 1 || rep->problems != problems ||
			 (code == 1) != (problems > 0))))
		return lied(e);
	memcpy(rep->root, root.p, sizeof rep->root);
	if (failed)
		return err_set(e, code == (uint32_t)-ERR_NOENT ? ERR_NOENT :
			       code == (uint32_t)-ERR_NOMEM ? ERR_NOMEM :
			       code == (uint32_t)-ERR_LIMIT ? ERR_LIMIT : ERR_IO,
			       "%s", why);
	return (int)code;
}

static int listen_to(int fd, const struct bundle_verify *o,
		     struct bundle_report *rep, struct err *e)
{
	struct buf msg = BUF_INIT(MESSAGE_MAX);
	uint64_t problems = 0;
	unsigned n = 0;
	uint8_t type = 0;
	int r;

	while ((r = message_read(fd, MESSAGE_MAX, &type, &msg)) == 0) {
		if (type == 'Z') {
			r = verdict(buf_view(&msg), problems, rep, e);
			break;
		}
		problems += type == 'P';
		if ((type != 'P' && type != 'F') || ++n > MESSAGES_MAX ||
		    heard(o, type, buf_view(&msg)) < 0) {
			r = lied(e);
			break;
		}
	}
	if (type != 'Z' && r != ERR_CHILD)
		r = err_set(e, ERR_CHILD, "the bundle cost its reader's life");
	buf_release(&msg);
	return r;
}

int bundle_check_in_child(const char *path, const struct bundle_verify *o,
			  struct bundle_report *rep, struct err *e)
{
	char how[CHILD_HOW_MAX];
	int fd[2], status = 0, r;
	pid_t pid;

	memset(rep, 0, sizeof *rep);
	if (pipe(fd) < 0)
		return err_errno(e, "cannot make a pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		r = err_errno(e, "cannot start a reader");
		close(fd[0]);
		close(fd[1]);
		return r;
	}
	if (pid == 0) {
		if (dup2(fd[1], 1) < 0)
			_exit(3);
		close(fd[0]);
		check(path, o);
	}
	close(fd[1]);
	r = listen_to(fd[0], o, rep, e);
	close(fd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == ERR_CHILD && WIFSIGNALED(status)) {
		child_how(status, how);
		err_prefix(e, "%s", how);
	}
	return r;
}

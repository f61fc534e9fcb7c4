/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/serve.h"

#include "cases/serve_int.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64
#define LEAVE_MS 0	/* a session whose client is gone gets no grace */

static void say(const struct serve *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct serve *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!s->o->say)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	s->o->say(s->o->arg, text);
}

/* --- sessions --------------------------------------------------------------------- */

static struct conn *conn_find(struct serve *s, unsigned id)
{
	for (size_t i = 0; i < s->nconns; i++)
		if (s->conns[i].id == id)
			return &s->conns[i];
	return NULL;
}

/* Where a session puts what its client is to get: beside the socket, which is
 * in memory (/run). */
static void scratch_path(const struct serve *s, unsigned id,
			 char out[static FILE_PATH_MAX])
{
	const char *slash = strrchr(s->o->socket, '/');

	snprintf(out, FILE_PATH_MAX, "%.*s/session-%u",
		 slash ? (int)(slash - s->o->socket) : 1,
		 slash ? s->o->socket : ".", id);
}

static int scratch_one(const char *path, const struct stat *st, int type,
		       struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* A session that was killed leaves nothing in clear. */
static void scratch_clear(const struct serve *s, unsigned id)
{
	char path[FILE_PATH_MAX];

	scratch_path(s, id, path);
	nftw(path, scratch_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Reaped before the keeper hears of it: nothing of it writes any more. */
static void conn_end(struct serve *s, struct conn *c)
{
	unsigned id = c->id;

	child_kill(c->child);
	child_close(c->child, LEAVE_MS, NULL);
	scratch_clear(s, id);
	*c = s->conns[--s->nconns];
	writer_push(s, id, WRITER_CLOSE, 0, BYTES(NULL, 0));
}

static void deny(int fd, int code, const char *text)
{
	struct buf b = BUF_INIT(1024);
	struct timeval quick = { 1, 0 };
	struct bytes piece;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &quick, sizeof quick);
	serve_put_u8(&b, (unsigned)-code);
	serve_put_text(&b, text);
	piece = buf_view(&b);
	message_write(fd, SERVE_ERROR, &piece, 1);
	buf_release(&b);
}

static int conn_start(struct serve *s, int fd, uint32_t uid, struct err *e)
{
	char scratch[FILE_PATH_MAX];
	const char *argv[] = { "scelle", "--child", "session", s->o->profiles
			       ? s->o->profiles : "", scratch,
			       s->o->lab ? s->o->lab : "", NULL };
	struct child_spec spec = { .path = "/proc/self/exe", .argv = argv,
				   .log_fd = STDERR_FILENO, .pass_fd = fd,
				   .max_in = KEEPER_MESSAGE_MAX,
				   .max_queue = 2 * KEEPER_MESSAGE_MAX };
	struct conn *c;
	int r;

	if (s->nconns == s->room) {
		size_t room = s->room ? s->room * 2 : 32;

		c = reallocarray(s->conns, room, sizeof *c);
		if (!c)
			return err_set(e, ERR_NOMEM, "no memory for a session");
		s->conns = c;
		s->room = room;
	}
	c = &s->conns[s->nconns];
	*c = (struct conn){ .uid = uid, .id = ++s->last_id };
	if (!c->id)
		c->id = ++s->last_id;
	scratch_clear(s, c->id);
	scratch_path(s, c->id, scratch);
	r = child_start(&spec, &c->child, e);
	if (r < 0)
		return r;
	s->nconns++;
	return writer_push(s, c->id, WRITER_OPEN, uid, BYTES(NULL, 0));
}

static void accept_one(struct serve *s)
{
	struct ucred who;
	socklen_t len = sizeof who;
	struct err e = ERR_INIT;
	unsigned same = 0;
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0) {
		close(fd);
		return;
	}
	for (size_t i = 0; i < s->nconns; i++)
		same += s->conns[i].uid == who.uid;
	if (s->nconns >= s->o->sessions || same >= s->o->per_user) {
		say(s, "too many sessions: uid %u is turned away",
		    (unsigned)who.uid);
		deny(fd, ERR_BUSY, "too many sessions: try again later");
	} else if (conn_start(s, fd, who.uid, &e) < 0) {
		say(s, "%s", e.text);
		deny(fd, e.code, "the service cannot start a session");
	}
	close(fd);
}

/* One request at a time: who asks twice without an answer is ended. */
static void conn_read(struct serve *s, struct conn *c)
{
	struct bytes msg;
	struct err e = ERR_INIT;
	uint8_t type;
	int r = child_receive(c->child, &type, &msg, &e);

	if (r == 1)
		return;
	if (r == 0 && c->asking) {
		say(s, "a session spoke out of turn");
		r = ERR_FORMAT;
	}
	if (r == 0) {
		c->asking = 1;
		r = writer_push(s, c->id, WRITER_TAKE, type, msg);
	}
	if (r < 0)
		conn_end(s, c);
}

/* --- answers --------------------------------------------------------------------- */

static void give_answers(struct serve *s)
{
	struct answer *a;
	uint64_t n;

	while (read(s->wake_fd, &n, sizeof n) < 0 && errno == EINTR)
		;
	while ((a = writer_answer(s))) {
		struct conn *c = conn_find(s, a->id);
		struct bytes piece = BYTES(a->bytes, a->len);

		if (c && a->type == 0) {
			conn_end(s, c);
		} else if (c) {
			/* The hello was not asked for. */
			if (a->type != KEEPER_HELLO)
				c->asking = 0;
			if (child_send(c->child, a->type, &piece, 1, NULL) < 0)
				conn_end(s, c);
		}
		answer_free(a);
	}
}

/* --- the socket -------------------------------------------------------------------- */

static int listen_at(struct serve *s, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *path = s->o->socket;
	int probe, busy;

	if (strlen(path) >= sizeof at.sun_path)
		return err_set(e, ERR_RANGE, "path '%s' is too long", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return err_errno(e, "cannot make a socket");
	busy = connect(probe, (struct sockaddr *)&at, sizeof at) == 0;
	close(probe);
	if (busy)
		return err_set(e, ERR_BUSY, "a service listens at '%s' already",
			       path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(e, "cannot replace '%s'", path);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
			      SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return err_errno(e, "cannot make a socket");
	umask(077);
	if (bind(s->listen_fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    chmod(path, s->o->mode) < 0 || listen(s->listen_fd, BACKLOG) < 0)
		return err_errno(e, "cannot listen at '%s'", path);
	return 0;
}

static int signals(struct serve *s, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(e, "cannot block signals");
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->signal_fd < 0 || s->wake_fd < 0
	       ? err_errno(e, "cannot wait for signals") : 0;
}

/* --- the loop ----------------------------------------------------------------------- */

enum { AT_SIGNAL, AT_WAKE, AT_LISTEN, AT_CONNS };

static int wait_all(struct serve *s, struct pollfd **fds, size_t *room)
{
	size_t n = AT_CONNS + s->nconns;

	if (n > *room) {
		struct pollfd *p = reallocarray(*fds, n + 32, sizeof *p);

		if (!p)
			return ERR_NOMEM;
		*fds = p;
		*room = n + 32;
	}
	(*fds)[AT_SIGNAL] = (struct pollfd){ s->signal_fd, POLLIN, 0 };
	(*fds)[AT_WAKE] = (struct pollfd){ s->wake_fd, POLLIN, 0 };
	(*fds)[AT_LISTEN] = (struct pollfd){ s->listen_fd, POLLIN, 0 };
	for (size_t i = 0; i < s->nconns; i++)
		(*fds)[AT_CONNS + i] = (struct pollfd){
			child_fd(s->conns[i].child),
			child_events(s->conns[i].child), 0 };
	return poll(*fds, (nfds_t)n, 1000) < 0 && errno != EINTR ? ERR_IO : 0;
}

static int loop(struct serve *s, struct err *e)
{
	struct pollfd *fds = NULL;
	size_t room = 0;
	int r = 0;

	while (r == 0) {
		size_t n = s->nconns;

		r = wait_all(s, &fds, &room);
		if (r < 0) {
			err_set(e, r, "cannot wait for sessions");
			break;
		}
		if (fds[AT_SIGNAL].revents)
			break;
		/* From the end: who leaves is replaced by the last. */
		for (size_t i = n; i-- > 0;) {
			struct conn *c = &s->conns[i];
			short got = fds[AT_CONNS + i].revents;

			if (got & POLLOUT && child_flush(c->child, NULL) < 0)
				conn_end(s, c);
			else if (got & (POLLIN | POLLHUP | POLLERR))
				conn_read(s, c);
		}
		if (fds[AT_WAKE].revents)
			give_answers(s);
		if (fds[AT_LISTEN].revents & POLLIN)
			accept_one(s);
		if (writer_dead(s))
			r = err_set(e, ERR_IO, "the vault failed: nothing more "
				    "is written");
	}
	free(fds);
	return r;
}

int serve_run(const struct serve_options *o, struct err *e)
{
	struct serve_options with = *o;
	struct serve s = { .o = &with, .listen_fd = -1, .signal_fd = -1,
			   .wake_fd = -1 };
	struct sandbox_report box;
	int r;

	if (!with.sessions)
		with.sessions = 256;
	if (!with.per_user)
		with.per_user = 32;
	r = sandbox_service(&box, e);
	if (r == 0 && !box.seccomp)
		say(&s, "the kernel has no seccomp: system calls are not "
		    "filtered");
	if (r == 0)
		r = signals(&s, e);
	if (r == 0)
		r = listen_at(&s, e);
	if (r == 0)
		r = writer_start(&s, e);
	if (r < 0)
		goto out;
	if (o->ready)
		o->ready(o->arg);
	r = loop(&s, e);
	while (s.nconns)
		conn_end(&s, &s.conns[s.nconns - 1]);
	writer_stop(&s);
out:
	if (s.listen_fd >= 0 && r != ERR_BUSY)
		unlink(o->socket);
	if (s.listen_fd >= 0)
		close(s.listen_fd);
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	if (s.wake_fd >= 0)
		close(s.wake_fd);
	free(s.conns);
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/child.h"

#include "util/clock.h"
#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_MAX ((size_t)64 << 20)
#define READ_STEP ((size_t)128 << 10)
#define KEEP_MAX ((size_t)1 << 20)	/* memory an idle buffer may keep */

struct child {
	pid_t pid;
	int fd;			/* our end, not blocking */
	size_t max_in;
	struct buf in;		/* received, from in_off on not yet handed out */
	size_t in_off;
	struct buf out;		/* to be sent, from out_off on */
	size_t out_off;
	int gone;		/* the other end closed or broke */
};

/* high_fd - the descriptor moved above 2, so that dup2() cannot hit it */
static int high_fd(int fd)
{
	int up;

	if (fd > 2)
		return fd;
	up = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return up;
}

/* locale_env - the part of our environment a child may see */
static size_t locale_env(char *env[static 4])
{
	static const char *const names[] = { "LANG=", "LC_ALL=", "LC_CTYPE=" };
	size_t n = 0;

	for (char **v = environ; v && *v; v++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			if (n < 3 && !strncmp(*v, names[i], strlen(names[i])))
				env[n++] = *v;
		}
	}
	env[n] = NULL;
	return n;
}

static int spawn(const struct child_spec *spec, int fd, int log_fd, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	char *env[4];
	int r;

	locale_env(env);
	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawn_file_actions_init(&fa))
		return ENOMEM;
	if (posix_spawnattr_init(&at)) {
		posix_spawn_file_actions_destroy(&fa);
		return ENOMEM;
	}
	r = posix_spawn_file_actions_adddup2(&fa, fd, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&fa, fd, 1);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&fa, log_fd, 2);
	if (!r && spec->pass_fd > 2)
		r = posix_spawn_file_actions_adddup2(&fa, spec->pass_fd, 3);
	if (!r)
		r = posix_spawn_file_actions_addclosefrom_np(
			&fa, spec->pass_fd > 2 ? 4 : 3);
	if (!r)
		r = posix_spawnattr_setsigmask(&at, &none);
	if (!r)
		r = posix_spawnattr_setsigdefault(&at, &all);
	if (!r)
		r = posix_spawnattr_setpgroup(&at, 0);
	if (!r)
		r = posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK |
					     POSIX_SPAWN_SETSIGDEF |
					     POSIX_SPAWN_SETPGROUP);
	if (!r) {
		/* argv is not written to; POSIX only lacks the const. */
		char *const *argv = (char *const *)(uintptr_t)spec->argv;

		r = posix_spawn(pid, spec->path, &fa, &at, argv, env);
	}
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return r;
}

int child_start(const struct child_spec *spec, struct child **out,
		struct err *e)
{
	struct child *c = NULL;
	int sv[2] = { -1, -1 }, log_fd = -1, r = 0, cause;

	if (spec->log_fd >= 0)
		log_fd = fcntl(spec->log_fd, F_DUPFD_CLOEXEC, 3);
	else
		log_fd = high_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
	if (log_fd < 0) {
		r = err_errno(e, "cannot open a log for a child process");
		goto out;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv)) {
		r = err_errno(e, "cannot make a pipe to a child process");
		goto out;
	}
	sv[0] = high_fd(sv[0]);
	sv[1] = high_fd(sv[1]);
	if (sv[0] < 0 || sv[1] < 0 || fcntl(sv[0], F_SETFL, O_NONBLOCK)) {
		r = err_errno(e, "cannot make a pipe to a child process");
		goto out;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		r = err_set(e, ERR_NOMEM, "out of memory");
		goto out;
	}
	c->max_in = spec->max_in;
	c->in = (struct buf)BUF_INIT(spec->max_in + 4 + READ_STEP);
	c->out = (struct buf)BUF_INIT(spec->max_queue ? spec->max_queue
					: QUEUE_MAX);
	cause = spawn(spec, sv[1], log_fd, &c->pid);
	if (cause) {
		errno = cause;
		r = err_errno(e, "cannot start child process '%s'", spec->path);
		goto out;
	}
	c->fd = sv[0];
	sv[0] = -1;
	*out = c;
	c = NULL;
out:
	free(c);
	if (sv[0] >= 0)
		close(sv[0]);
	if (sv[1] >= 0)
		close(sv[1]);
	if (log_fd >= 0)
		close(log_fd);
	return r;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

int child_fd(const struct child *c)
{
	return c->fd;
}

short child_events(const struct child *c)
{
	return c->out.len > c->out_off ? POLLIN | POLLOUT : POLLIN;
}

static int gone(struct child *c, struct err *e)
{
	c->gone = 1;
	return err_set(e, ERR_CHILD, "a child process is gone");
}

/* give_back - empty a buffer that was read to its end; keep little memory */
static void give_back(struct buf *b, size_t *off)
{
	*off = 0;
	if (b->size <= KEEP_MAX) {
		buf_clear(b);
		return;
	}
	buf_release(b);
}

int child_flush(struct child *c, struct err *e)
{
	while (c->out_off < c->out.len) {
		ssize_t n = send(c->fd, c->out.p + c->out_off,
				 c->out.len - c->out_off,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 1;
		if (n < 0)
			return gone(c, e);
		c->out_off += (size_t)n;
	}
	give_back(&c->out, &c->out_off);
	return 0;
}

int child_send(struct child *c, uint8_t type, const struct bytes *pieces,
	       size_t n, struct err *e)
{
	size_t total = 1, queued = c->out.len - c->out_off;
	uint8_t head[5];
	int r;

	if (c->gone)
		return gone(c, e);
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].len > c->out.max - total)
			return err_set(e, ERR_RANGE, "a message to a child "
				       "process is too long");
		total += pieces[i].len;
	}
	if (total > UINT32_MAX || total + 4 > c->out.max - queued)
		return err_set(e, ERR_RANGE, "too much is waiting to be sent "
			       "to a child process");
	if (c->out_off) {
		memmove(c->out.p, c->out.p + c->out_off, queued);
		c->out.len = queued;
		c->out_off = 0;
	}
	put_be32(head, (uint32_t)total);
	head[4] = type;
	buf_add(&c->out, head, sizeof(head));
	for (size_t i = 0; i < n; i++)
		buf_addb(&c->out, pieces[i]);
	if (c->out.failed) {
		r = c->out.failed;
		c->out.failed = 0;
		c->out.len = queued;
		return err_set(e, r, "cannot queue a message to a child");
	}
	r = child_flush(c, e);
	return r < 0 ? r : 0;
}

/* fill - read what is there; 0 more came, 1 nothing now, ERR_* */
static int fill(struct child *c, struct err *e)
{
	uint8_t *room;
	ssize_t n;

	if (c->in_off) {
		memmove(c->in.p, c->in.p + c->in_off, c->in.len - c->in_off);
		c->in.len -= c->in_off;
		c->in_off = 0;
	}
	room = buf_room(&c->in, READ_STEP);
	if (!room)
		return err_set(e, c->in.failed, "out of memory for a child's "
			       "answer");
	do {
		n = recv(c->fd, room, READ_STEP, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 1;
	if (n <= 0)
		return gone(c, e);
	c->in.len += (size_t)n;
	return 0;
}

int child_receive(struct child *c, uint8_t *type_out, struct bytes *msg_out,
		  struct err *e)
{
	if (c->in_off == c->in.len)
		give_back(&c->in, &c->in_off);
	for (;;) {
		const uint8_t *p = c->in.p + c->in_off;
		size_t have = c->in.len - c->in_off;
		int r;

		if (have >= 4) {
			size_t len = get_be32(p);

			if (len == 0 || len > c->max_in)
				return err_set(e, ERR_LIMIT, "a child's answer "
					       "of %zu bytes is out of bounds",
					       len);
			if (have - 4 >= len) {
				*type_out = p[4];
				*msg_out = BYTES(p + 5, len - 1);
				c->in_off += 4 + len;
				return 0;
			}
		}
		r = fill(c, e);
		if (r)
			return r;
	}
}

int child_wait(struct child *c, int64_t timeout_ms, uint8_t *type_out,
	       struct bytes *msg_out, struct err *e)
{
	int64_t end = clock_boot_ms() + timeout_ms;

	for (;;) {
		int r = child_receive(c, type_out, msg_out, e);
		int64_t left = end - clock_boot_ms();
		struct pollfd p = { c->fd, child_events(c), 0 };

		if (r != 1)
			return r;
		if (left <= 0)
			return err_set(e, ERR_TIMEOUT, "a child process did "
				       "not answer in time");
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) < 0 &&
		    errno != EINTR)
			return err_errno(e, "cannot wait for a child process");
		if (p.revents & POLLOUT) {
			r = child_flush(c, e);
			if (r < 0)
				return r;
		}
	}
}

void child_kill(struct child *c)
{
	if (c)
		kill(c->pid, SIGKILL);
}

int child_close(struct child *c, int64_t grace_ms, char *how)
{
	int64_t end;
	int status = 0;
	pid_t r;

	if (how)
		how[0] = 0;
	if (!c)
		return 0;
	close(c->fd);
	end = clock_boot_ms() + grace_ms;
	for (int64_t nap = 1;; nap = nap < 32 ? nap * 2 : nap) {
		r = waitpid(c->pid, &status, WNOHANG);
		if (r || clock_boot_ms() >= end)
			break;
		clock_sleep_ms(nap);
	}
	if (r == 0) {
		kill(c->pid, SIGKILL);
		do {
			r = waitpid(c->pid, &status, 0);
		} while (r < 0 && errno == EINTR);
	}
	if (r < 0)
		status = -1;
	if (how)
		child_how(status, how);
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
	return status;
}

static const char *signal_words(int sig)
{
	switch (sig) {
	case SIGSYS:
		return ": a system call its sandbox forbids";
	case SIGXCPU:
		return ": processor time limit";
	case SIGXFSZ:
		return ": it tried to write a file";
	case SIGSEGV:
	case SIGBUS:
		return ": it crashed, or met its memory limit";
	case SIGABRT:
		return ": it stopped itself";
	case SIGKILL:
		return ": deadline or out of memory";
	default:
		return "";
	}
}

void child_how(int status, char out[static CHILD_HOW_MAX])
{
	if (status != -1 && WIFSIGNALED(status))
		snprintf(out, CHILD_HOW_MAX, "killed by signal %d (%s)%s",
			 WTERMSIG(status), strsignal(WTERMSIG(status)),
			 signal_words(WTERMSIG(status)));
	else if (status != -1 && WIFEXITED(status))
		snprintf(out, CHILD_HOW_MAX, "left with status %d",
			 WEXITSTATUS(status));
	else
		snprintf(out, CHILD_HOW_MAX, "ended, the system does not say "
			 "how");
}

int64_t child_cpu_ms(const struct child *c)
{
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(c->pid, &id) || clock_gettime(id, &ts))
		return -1;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int child_cpu_limit(struct child *c, int64_t ms, struct err *e)
{
	int64_t used = child_cpu_ms(c);
	struct rlimit lim;

	if (used < 0)
		return err_set(e, ERR_IO, "cannot read a child's processor "
			       "time");
	/* The hard limit stays open: the keeper raises the soft one again. */
	lim.rlim_cur = (rlim_t)((used + ms + 999) / 1000);
	lim.rlim_max = RLIM_INFINITY;
	if (prlimit(c->pid, RLIMIT_CPU, &lim, NULL))
		return err_errno(e, "cannot limit a child's processor time");
	return 0;
}

size_t child_rss(const struct child *c)
{
	char path[64], text[128];
	unsigned long long rss;
	ssize_t n;
	char *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)c->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	at = strchr(text, ' ');		/* behind the total */
	rss = at ? strtoull(at, NULL, 10) : 0;
	return (size_t)rss * (size_t)sysconf(_SC_PAGESIZE);
}

void child_begin(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
}

/* read_all - exactly n bytes; 0, 1 (closed before the first), ERR_* */
static int read_all(int fd, uint8_t *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = read(fd, p + done, n - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return ERR_IO;
		if (r == 0)
			return done ? ERR_FORMAT : 1;
		done += (size_t)r;
	}
	return 0;
}

int message_read(int fd, size_t max, uint8_t *type_out, struct buf *msg)
{
	uint8_t head[5], *room;
	size_t len;
	int r;

	buf_clear(msg);
	r = read_all(fd, head, 4);
	if (r)
		return r;
	len = get_be32(head);
	if (len == 0)
		return ERR_FORMAT;
	if (len > max)
		return ERR_LIMIT;
	r = read_all(fd, head + 4, 1);
	if (r)
		return r == 1 ? ERR_FORMAT : r;
	*type_out = head[4];
	if (--len == 0)
		return 0;
	room = buf_room(msg, len);
	if (!room)
		return msg->failed;
	r = read_all(fd, room, len);
	if (r)
		return r == 1 ? ERR_FORMAT : r;
	msg->len += len;
	return 0;
}

/* write_all - all of n ranges, in as few calls as the kernel takes */
static int write_all(int fd, struct iovec *v, size_t n)
{
	while (n) {
		ssize_t r = writev(fd, v, (int)(n < IOV_MAX ? n : IOV_MAX));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return ERR_IO;
		while (n && (size_t)r >= v->iov_len) {
			r -= (ssize_t)v->iov_len;
			v++;
			n--;
		}
		if (n) {
			v->iov_base = (uint8_t *)v->iov_base + r;
			v->iov_len -= (size_t)r;
		}
	}
	return 0;
}

static struct iovec range(const void *p, size_t n)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = n };
}

int message_write(int fd, uint8_t type, const struct bytes *pieces, size_t n)
{
	struct iovec v[1 + MESSAGE_PIECES_MAX];
	uint64_t total = 1;
	uint8_t head[5];

	if (n > MESSAGE_PIECES_MAX)
		return ERR_RANGE;
	v[0] = range(head, sizeof(head));
	for (size_t i = 0; i < n; i++) {
		v[i + 1] = range(pieces[i].p, pieces[i].len);
		total += pieces[i].len;
		if (total > UINT32_MAX)
			return ERR_RANGE;
	}
	put_be32(head, (uint32_t)total);
	head[4] = type;
	return write_all(fd, v, n + 1);
}

int messages_write(int fd, const struct message *m, size_t n)
{
	struct iovec v[2 * MESSAGE_PIECES_MAX];
	uint8_t head[MESSAGE_PIECES_MAX][5];

	if (n > MESSAGE_PIECES_MAX)
		return ERR_RANGE;
	for (size_t i = 0; i < n; i++) {
		if (m[i].body.len >= UINT32_MAX)
			return ERR_RANGE;
		put_be32(head[i], (uint32_t)m[i].body.len + 1);
		head[i][4] = m[i].type;
		v[2 * i] = range(head[i], sizeof(head[i]));
		v[2 * i + 1] = range(m[i].body.p, m[i].body.len);
	}
	return write_all(fd, v, 2 * n);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/witness_http.h"

#include "parsers/http.h"
#include "util/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 500
#define READ_PIECE 16384

/* struct conn - one connection; fd -1: free */
struct conn {
	int fd;
	int64_t deadline;	/* boot clock */
	struct buf in, out;
	size_t head;		/* bytes of the head; 0: not whole yet */
	size_t body;		/* bytes the body has */
	size_t sent;		/* of out */
	int answering;
};

struct server {
	struct witness *w;
	struct conn conn[WITNESS_HTTP_CONNECTIONS];
	void (*told)(void *arg, int status, const char *why);
	void *arg;
};

int witness_http_listen(const char *addr, unsigned port, int *fd_out,
			unsigned *port_out, struct err *e)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	struct sockaddr *a;
	socklen_t len;
	int fd, one = 1;

	if (port > 65535)
		return err_set(e, ERR_FORMAT, "no port %u", port);
	if (inet_pton(AF_INET, addr, &a4.sin_addr) == 1) {
		a = (struct sockaddr *)&a4;
		len = sizeof a4;
	} else if (inet_pton(AF_INET6, addr, &a6.sin6_addr) == 1) {
		a = (struct sockaddr *)&a6;
		len = sizeof a6;
	} else {
		return err_set(e, ERR_FORMAT, "'%s' is no address", addr);
	}
	fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return err_errno(e, "cannot make a socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
	    bind(fd, a, len) < 0 || listen(fd, 64) < 0 ||
	    getsockname(fd, a, &len) < 0) {
		err_errno(e, "cannot listen on '%s' port %u", addr, port);
		close(fd);
		return ERR_IO;
	}
	*fd_out = fd;
	*port_out = ntohs(a->sa_family == AF_INET ? a4.sin_port
						  : a6.sin6_port);
	return 0;
}

/* --- answers --------------------------------------------------------------------- */

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 422:
		return "Unprocessable Entity";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return "Internal Server Error";
	}
}

static void answer(struct server *s, struct conn *c, int status,
		   struct bytes body, const char *why)
{
	buf_addf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
		 "Content-Length: %zu\r\n%sConnection: close\r\n\r\n", status,
		 reason(status), status == 409 ? "text/x.tlog.size"
					       : "text/plain; charset=utf-8",
		 body.len, status == 405 ? "Allow: POST\r\n" : "");
	buf_addb(&c->out, body);
	c->answering = 1;
	if (s->told)
		s->told(s->arg, status, why);
}

static void say(struct server *s, struct conn *c, int status, const char *why)
{
	struct buf line = BUF_INIT(256);

	buf_addf(&line, "%s\n", why);
	answer(s, c, status, buf_view(&line), why);
	buf_release(&line);
}

/* --- requests ----------------------------------------------------------------------- */

/* Content-Length: digits, once; 0, ERR_NOENT or ERR_FORMAT. */
static int body_len(const struct http_head *h, size_t *out)
{
	size_t at = 0, v = 0;
	struct bytes s = http_get_next(h, "Content-Length", &at);

	if (http_get(h, "Transfer-Encoding").p || !s.p)
		return ERR_NOENT;
	if (!s.len || s.len > 9 || http_get_next(h, "Content-Length", &at).p)
		return ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_FORMAT;
		v = v * 10 + (size_t)(s.p[i] - '0');
	}
	*out = v;
	return 0;
}

static void read_head(struct server *s, struct conn *c)
{
	struct http_head h = HTTP_HEAD_INIT;
	const uint8_t *end = memmem(c->in.p, c->in.len, "\r\n\r\n", 4);
	int r;

	if (!end) {
		if (c->in.len > WITNESS_HTTP_HEAD_MAX)
			say(s, c, 431, "the head is too long");
		return;
	}
	c->head = (size_t)(end - c->in.p) + 4;
	if (c->head > WITNESS_HTTP_HEAD_MAX) {
		say(s, c, 431, "the head is too long");
		return;
	}
	if (http_request_parse(BYTES(c->in.p, c->head), &h, NULL) < 0 || h.odd ||
	    h.len != c->head) {
		say(s, c, 400, "not HTTP/1.1");
	} else if (!bytes_is(h.target, "/add-checkpoint")) {
		say(s, c, 404, "there is /add-checkpoint only");
	} else if (!bytes_is(h.method, "POST")) {
		say(s, c, 405, "it takes a POST");
	} else if ((r = body_len(&h, &c->body)) < 0) {
		say(s, c, r == ERR_NOENT ? 411 : 400, "how long is the body?");
	} else if (c->body > WITNESS_REQUEST_MAX) {
		say(s, c, 413, "the request is too long");
	}
	http_head_release(&h);
}

static int decide(struct server *s, struct conn *c, struct err *e)
{
	struct buf body = BUF_INIT(COSIGNATURE_BYTES_MAX);
	struct err why = ERR_INIT;
	int status = 500;
	int r = witness_answer(s->w, BYTES(c->in.p + c->head, c->body),
			       (uint64_t)(clock_wall_ms() / 1000), &status,
			       &body, &why, e);

	if (r < 0)
		say(s, c, 500, "the witness's memory fails");
	else
		answer(s, c, status, buf_view(&body), why.text);
	buf_release(&body);
	return r;
}

/* --- connections ------------------------------------------------------------------------ */

static void drop(struct conn *c)
{
	close(c->fd);
	c->fd = -1;
	buf_release(&c->in);
	buf_release(&c->out);
}

static void take_in(struct server *s, int fd)
{
	int in = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (size_t i = 0; in >= 0 && i < WITNESS_HTTP_CONNECTIONS; i++) {
		struct conn *c = &s->conn[i];

		if (c->fd >= 0)
			continue;
		*c = (struct conn){
			.fd = in, .deadline = clock_boot_ms() + WITNESS_HTTP_MS,
			.in = BUF_INIT(WITNESS_HTTP_HEAD_MAX + READ_PIECE +
				       WITNESS_REQUEST_MAX),
			.out = BUF_INIT(COSIGNATURE_BYTES_MAX + 1024),
		};
		return;
	}
	if (in >= 0)
		close(in);
}

/* Returns an error only when the witness itself fails. */
static int readable(struct server *s, struct conn *c, struct err *e)
{
	uint8_t *room = buf_room(&c->in, READ_PIECE);
	ssize_t n = room ? read(c->fd, room, READ_PIECE) : -1;

	if (n <= 0) {
		if (!room || n == 0 || (errno != EAGAIN && errno != EINTR))
			drop(c);
		return 0;
	}
	c->in.len += (size_t)n;
	if (!c->head)
		read_head(s, c);
	if (!c->answering && c->head && c->in.len - c->head >= c->body)
		return decide(s, c, e);
	return 0;
}

static void writable(struct conn *c)
{
	ssize_t n = send(c->fd, c->out.p + c->sent, c->out.len - c->sent,
			 MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->sent += (size_t)n;
	if (n <= 0)
		drop(c);
	else if (c->sent == c->out.len) {
		/* What it still sends is not read: it gets the answer first. */
		shutdown(c->fd, SHUT_WR);
		drop(c);
	}
}

static int step(struct server *s, struct pollfd *p, struct err *e)
{
	int64_t now = clock_boot_ms();
	int r = 0;

	for (size_t i = 0; r == 0 && i < WITNESS_HTTP_CONNECTIONS; i++) {
		struct conn *c = &s->conn[i];

		if (c->fd < 0)
			continue;
		if (now > c->deadline)
			drop(c);
		else if (!p[i].revents || p[i].fd != c->fd)
			continue;
		else if (c->answering)
			writable(c);
		else
			r = readable(s, c, e);
	}
	return r;
}

int witness_http_run(struct witness *w, int fd,
		     const volatile sig_atomic_t *stop,
		     void (*told)(void *arg, int status, const char *why),
		     void *arg, struct err *e)
{
	struct server *s = calloc(1, sizeof *s);
	struct pollfd p[WITNESS_HTTP_CONNECTIONS + 1];
	int r = 0;

	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a server");
	s->w = w;
	s->told = told;
	s->arg = arg;
	for (size_t i = 0; i < WITNESS_HTTP_CONNECTIONS; i++)
		s->conn[i].fd = -1;
	while (r == 0 && !*stop) {
		for (size_t i = 0; i < WITNESS_HTTP_CONNECTIONS; i++) {
			p[i].fd = s->conn[i].fd;
			p[i].events = s->conn[i].answering ? POLLOUT : POLLIN;
			p[i].revents = 0;
		}
		p[WITNESS_HTTP_CONNECTIONS] = (struct pollfd){ fd, POLLIN, 0 };
		if (poll(p, WITNESS_HTTP_CONNECTIONS + 1, TICK_MS) < 0) {
			if (errno != EINTR)
				r = err_errno(e, "cannot wait for requests");
			continue;
		}
		r = step(s, p, e);
		if (p[WITNESS_HTTP_CONNECTIONS].revents & POLLIN)
			take_in(s, fd);
	}
	for (size_t i = 0; i < WITNESS_HTTP_CONNECTIONS; i++)
		if (s->conn[i].fd >= 0)
			drop(&s->conn[i]);
	free(s);
	return r;
}

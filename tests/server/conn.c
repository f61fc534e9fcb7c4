/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/site.h"
#include "util/clock.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_raw(struct conn *c, const uint8_t *p, size_t n, size_t *done)
{
	*done = 0;
	while (*done < n) {
		ssize_t r;

		if (c->ssl) {
			size_t k = n - *done;
			int w = SSL_write(c->ssl, p + *done,
					  k > 1 << 30 ? 1 << 30 : (int)k);

			r = w > 0 ? w : -1;
		} else {
			r = send(c->fd, p + *done, n - *done, MSG_NOSIGNAL);
			if (r < 0 && errno == EINTR)
				continue;
		}
		if (r <= 0) {
			c->broken = 1;
			return;
		}
		*done += (size_t)r;
	}
}

int conn_send(struct conn *c, const void *p, size_t n)
{
	size_t done;

	if (c->broken)
		return -1;
	if (c->sent == 0 && n > 12 && !memcmp(p, "HTTP/1.", 7))
		c->status = (int)strtol((const char *)p + 9, NULL, 10);
	send_raw(c, p, n, &done);
	c->sent += done;
	if (c->md)
		EVP_DigestUpdate(c->md, p, done);
	if (c->wire_fd >= 0)
		file_write_all(c->wire_fd, p, done, NULL);
	return c->broken ? -1 : 0;
}

int conn_sends(struct conn *c, const char *s)
{
	return conn_send(c, s, strlen(s));
}

int conn_sendf(struct conn *c, const char *fmt, ...)
{
	char b[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b, sizeof(b), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(b))
		return -1;
	return conn_send(c, b, (size_t)n);
}

void conn_reset(struct conn *c)
{
	struct linger l = { 1, 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	c->broken = 1;
	c->abrupt = 1;
	c->keep = 0;
}

int conn_hold(struct conn *c, int ms)
{
	int64_t end = clock_boot_ms() + ms;
	uint8_t b[4096];

	for (;;) {
		struct pollfd p = { c->fd, POLLIN | POLLRDHUP, 0 };
		int64_t left = end - clock_boot_ms();

		if (left <= 0 || atomic_load(&c->s->stop))
			return 0;
		if (poll(&p, 1, left > 200 ? 200 : (int)left) <= 0)
			continue;
		if (p.revents & (POLLRDHUP | POLLHUP | POLLERR))
			return 1;
		if (recv(c->fd, b, sizeof(b), 0) <= 0)
			return 1;
	}
}

static ssize_t receive(struct conn *c, void *p, size_t n)
{
	ssize_t r;

	if (c->ssl)
		return SSL_read(c->ssl, p, (int)n);
	do
		r = recv(c->fd, p, n, 0);
	while (r < 0 && errno == EINTR);
	return r;
}

static int more(struct conn *c)
{
	uint8_t *p = buf_room(&c->in, 16384);
	ssize_t n = p ? receive(c, p, 16384) : -1;

	if (n <= 0)
		return -1;
	c->in.len += (size_t)n;
	return 0;
}

static size_t head_end(const struct buf *b)
{
	const uint8_t *e = b->len ? memmem(b->p, b->len, "\r\n\r\n", 4) : NULL;

	return e ? (size_t)(e - b->p) + 4 : 0;
}

static int wants_early_answer(const struct conn *c)
{
	return c->in.len > 24 && memmem(c->in.p, c->in.len, "/early", 6);
}

static int request_line(struct conn *c)
{
	char v[16], k[64];
	const char *s = (const char *)c->req.p;
	size_t line = strcspn(s, "\r\n");
	char copy[8400];

	if (line >= sizeof(copy))
		return -1;
	memcpy(copy, s, line);
	copy[line] = 0;
	if (sscanf(copy, "%15s %8191s %15s", c->method, c->target, v) != 3 ||
	    strncmp(v, "HTTP/1.", 7))
		return -1;
	c->minor = v[7] - '0';
	c->keep = c->minor == 1;
	if (conn_header(c, "Connection", k, sizeof(k)) &&
	    !strcasecmp(k, "close"))
		c->keep = 0;
	conn_header(c, "Host", c->host, sizeof(c->host));
	for (char *p = c->host; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
	if (c->host[0] && c->host[0] != '[' && strchr(c->host, ':'))
		*strchr(c->host, ':') = 0;
	return 0;
}

/* Read one request: head, and as much body as it declares. */
static int request(struct conn *c)
{
	char len[32];
	size_t head, body = 0;

	while (!(head = head_end(&c->in)) && !wants_early_answer(c))
		if (more(c) < 0)
			return -1;
	buf_cstr(&c->in);
	c->req = BYTES(c->in.p, head ? head : c->in.len);
	c->body = BYTES(NULL, 0);
	if (request_line(c) < 0)
		return -1;
	if (head && !strstr(c->target, "/early") &&
	    conn_header(c, "Content-Length", len, sizeof(len)))
		body = strtoul(len, NULL, 10);
	if (body > SITE_REQUEST_MAX - head)
		return -1;
	while (c->in.len < head + body)
		if (more(c) < 0)
			return -1;
	if (body) {
		buf_cstr(&c->in);
		c->req = BYTES(c->in.p, head + body);
		c->body = BYTES(c->in.p + head, body);
	}
	return 0;
}

static void keep_wire(struct conn *c)
{
	char path[SITE_PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/wire/%06lu.req", c->s->dir,
			     c->req_n) >= sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		file_write_all(fd, c->req.p, c->req.len, NULL);
		close(fd);
	}
	memcpy(path + strlen(path) - 3, "res", 3);
	c->wire_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void exchange(struct conn *c)
{
	struct site *s = c->s;
	int logged = s->log_fd >= 0 && c->l->kind != PORT_ADMIN;

	c->sent = 0;
	c->status = 0;
	if (c->l->kind == PORT_ADMIN) {
		serve_admin(c);
	} else {
		c->req_n = atomic_fetch_add(&s->requests, 1) + 1;
		if (logged)
			log_request(c);
		if (s->wire)
			keep_wire(c);
		if (logged && !s->no_hash) {
			c->md = EVP_MD_CTX_new();
			EVP_DigestInit_ex(c->md, EVP_sha256(), NULL);
		}
		serve(c);
		if (logged)
			log_response(c);
		EVP_MD_CTX_free(c->md);
		c->md = NULL;
		if (c->wire_fd >= 0)
			close(c->wire_fd);
		c->wire_fd = -1;
	}
	memmove(c->in.p, c->in.p + c->req.len, c->in.len - c->req.len);
	c->in.len -= c->req.len;
}

static int start_tls(struct conn *c)
{
	unsigned long why;
	char text[256];

	c->ssl = SSL_new(c->l->ctx);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd))
		return -1;
	if (SSL_accept(c->ssl) == 1)
		return 0;
	why = ERR_get_error();
	ERR_error_string_n(why, text, sizeof(text));
	log_conn(c, "tls-failed", why ? text : "connection closed");
	c->abrupt = 1;
	return -1;
}

/* What a port does that never gets as far as a request. */
static int odd_port(struct conn *c)
{
	uint8_t b[1024];

	switch (c->l->kind) {
	case PORT_GARBAGE:
		recv(c->fd, b, sizeof(b), 0);
		send(c->fd, "\x15\x99\x99\xff\xffnot a record", 17, MSG_NOSIGNAL);
		return 1;
	case PORT_CLOSE:
		recv(c->fd, b, sizeof(b), 0);
		return 1;
	case PORT_RESET:
		recv(c->fd, b, 1, 0);
		conn_reset(c);
		return 1;
	case PORT_MUTE:
		conn_hold(c, 600000);
		return 1;
	default:
		return 0;
	}
}

static void connection(const struct listener *l, int fd)
{
	struct conn c = { .s = l->s, .l = l, .fd = fd, .wire_fd = -1,
			  .in = BUF_INIT(SITE_REQUEST_MAX + 65536) };
	struct timeval idle = { SITE_IDLE_S, 0 };
	uint8_t rest[4096];
	int one = 1;

	if (l->kind != PORT_ADMIN)
		c.n = atomic_fetch_add(&l->s->conns, 1) + 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	log_conn(&c, "connect", NULL);
	if (odd_port(&c) || (l->ctx && start_tls(&c) < 0))
		goto out;
	while (request(&c) == 0) {
		exchange(&c);
		if (!c.keep || c.broken)
			break;
	}
	if (c.ssl && !c.abrupt)
		SSL_shutdown(c.ssl);
	/* Let the peer take what is on its way before the socket goes. */
	if (!c.broken && shutdown(fd, SHUT_WR) == 0) {
		idle.tv_sec = 2;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
		while (recv(fd, rest, sizeof(rest), 0) > 0)
			;
	}
out:
	log_conn(&c, "close", NULL);
	SSL_free(c.ssl);
	ERR_clear_error();
	close(fd);
	buf_release(&c.in);
}

static void *worker(void *arg);

/* One more thread when all of them are busy. */
static void add_thread(struct listener *l)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 512 * 1024);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	if (l->threads < 512 && !pthread_create(&t, &a, worker, l)) {
		l->threads++;
		l->idle++;
	}
	pthread_attr_destroy(&a);
}

static void *worker(void *arg)
{
	struct listener *l = arg;

	while (!atomic_load(&l->s->stop)) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				clock_sleep_ms(20);
			continue;
		}
		pthread_mutex_lock(&l->lock);
		if (--l->idle == 0)
			add_thread(l);
		pthread_mutex_unlock(&l->lock);
		connection(l, fd);
		pthread_mutex_lock(&l->lock);
		l->idle++;
		pthread_mutex_unlock(&l->lock);
	}
	return NULL;
}

int listener_run(struct listener *l, struct err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(l->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(l->fd, 1024) ||
	    getsockname(l->fd, (struct sockaddr *)&a, &n))
		return err_errno(e, "cannot listen on loopback");
	l->port = ntohs(a.sin_port);
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_lock(&l->lock);
	add_thread(l);
	if (l->kind == PORT_HTTP || l->kind == PORT_HTTPS)
		for (int i = 0; i < 7; i++)
			add_thread(l);
	pthread_mutex_unlock(&l->lock);
	return 0;
}

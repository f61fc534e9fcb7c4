/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/site.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"

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
#include <time.h>
#include <unistd.h>
#include <zlib.h>

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

void site_log(struct site *s, struct buf *line)
{
	buf_addc(line, '\n');
	if (s->log_fd >= 0 && !line->failed)
		file_write_all(s->log_fd, line->p, line->len, NULL);
}

static void log_common(struct jsonw *w, const struct conn *c, const char *event)
{
	jsonw_open(w, NULL, '{');
	jsonw_str(w, "event", event);
	jsonw_int(w, "t_ms", clock_wall_ms());
	jsonw_int(w, "boot_ms", clock_boot_ms());
	jsonw_int(w, "conn", (int64_t)c->n);
	jsonw_int(w, "port", c->l->port);
	jsonw_str(w, "listener", c->l->name);
}

static void log_conn(struct conn *c, const char *event, const char *detail)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);

	if (c->s->log_fd < 0 || c->l->kind == PORT_ADMIN)
		return;
	log_common(&w, c, event);
	if (detail)
		jsonw_str(&w, "detail", detail);
	if (c->ssl)
		jsonw_str(&w, "sni", SSL_get_servername(c->ssl,
						TLSEXT_NAMETYPE_host_name));
	jsonw_close(&w, '}');
	site_log(c->s, &b);
	buf_release(&b);
}

static void log_request(struct conn *c)
{
	struct buf b = BUF_INIT(4 << 20);
	struct jsonw w = JSONW_INIT(&b);

	log_common(&w, c, "request");
	jsonw_int(&w, "n", (int64_t)c->req_n);
	jsonw_str(&w, "scheme", c->ssl ? "https" : "http");
	jsonw_str(&w, "host", c->host);
	jsonw_str(&w, "method", c->method);
	jsonw_str(&w, "target", c->target);
	jsonw_hex(&w, "request_hex", c->req.p, c->req.len);
	jsonw_close(&w, '}');
	site_log(c->s, &b);
	buf_release(&b);
}

static void log_response(struct conn *c)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	log_common(&w, c, "response");
	jsonw_int(&w, "n", (int64_t)c->req_n);
	jsonw_str(&w, "host", c->host);
	jsonw_str(&w, "target", c->target);
	jsonw_int(&w, "status", c->status);
	jsonw_int(&w, "bytes", (int64_t)c->sent);
	if (c->md && EVP_DigestFinal_ex(c->md, md, &n))
		jsonw_hex(&w, "response_sha256", md, n);
	jsonw_bool(&w, "whole", !c->broken);
	jsonw_close(&w, '}');
	site_log(c->s, &b);
	buf_release(&b);
}

/* Headers are searched without regard to case, in the head only. */
int conn_header(const struct conn *c, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), i = 0;
	struct bytes r = BYTES(c->req.p, c->req.len - c->body.len);

	while (i < r.len) {
		const uint8_t *nl = memchr(r.p + i, '\n', r.len - i);
		size_t end = nl ? (size_t)(nl - r.p) : r.len, a, z = end;

		if (end - i > n && r.p[i + n] == ':' &&
		    !strncasecmp((const char *)r.p + i, name, n)) {
			for (a = i + n + 1; a < end && r.p[a] == ' '; a++)
				;
			while (z > a && (r.p[z - 1] == '\r' || r.p[z - 1] == ' '))
				z--;
			snprintf(out, size, "%.*s", (int)(z - a),
				 (const char *)r.p + a);
			return 1;
		}
		i = end + 1;
	}
	if (size)
		out[0] = 0;
	return 0;
}

int conn_query(const struct conn *c, const char *key, char *out, size_t size)
{
	const char *p = strchr(c->target, '?');
	size_t n = strlen(key);

	out[0] = 0;
	while (p && *p) {
		p++;
		if (!strncmp(p, key, n) && p[n] == '=') {
			snprintf(out, size, "%.*s", (int)strcspn(p + n + 1, "&"),
				 p + n + 1);
			return 1;
		}
		p = strchr(p, '&');
	}
	return 0;
}

static const char *reason(int status)
{
	static const struct {
		int n;
		const char *s;
	} t[] = {
		{ 200, "OK" }, { 204, "No Content" }, { 206, "Partial Content" },
		{ 300, "Multiple Choices" },
		{ 301, "Moved Permanently" }, { 302, "Found" },
		{ 303, "See Other" }, { 304, "Not Modified" },
		{ 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 407, "Proxy Authentication Required" },
		{ 410, "Gone" }, { 418, "I'm a teapot" },
		{ 429, "Too Many Requests" },
		{ 451, "Unavailable For Legal Reasons" },
		{ 500, "Internal Server Error" }, { 502, "Bad Gateway" },
		{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].n == status)
			return t[i].s;
	return "Unknown";
}

static int gzip(struct bytes in, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p,
		       .avail_in = (uInt)in.len };
	uint8_t *p = buf_room(out, in.len + 1024);
	int r = -1;

	if (!p || deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY))
		return -1;
	z.next_out = p;
	z.avail_out = (uInt)(in.len + 1024);
	if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
		out->len += z.total_out;
		r = 0;
	}
	deflateEnd(&z);
	return r;
}

static void http_date(char out[64])
{
	static _Thread_local time_t last;
	static _Thread_local char text[64];
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (now != last) {
		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		last = now;
	}
	memcpy(out, text, 64);
}

void conn_reply(struct conn *c, int status, const char *type,
		const char *headers, struct bytes body)
{
	struct buf head = BUF_INIT(1 << 20), z = BUF_INIT(64 << 20);
	char date[64], ae[256];
	int text = type && (!strncmp(type, "text/", 5) || strstr(type, "json"));

	http_date(date);
	buf_addf(&head, "HTTP/1.1 %d %s\r\nServer: lab\r\nDate: %s\r\n", status,
		 reason(status), date);
	if (type)
		buf_addf(&head, "Content-Type: %s\r\n", type);
	if (text && body.len > 1000 && c->s->scenario == SITE_DEMO &&
	    conn_header(c, "Accept-Encoding", ae, sizeof(ae)) &&
	    strstr(ae, "gzip") && !gzip(body, &z)) {
		buf_adds(&head, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
		body = buf_view(&z);
	}
	if (status != 204 && status != 304)
		buf_addf(&head, "Content-Length: %zu\r\n", body.len);
	buf_addf(&head, "Connection: %s\r\n%s\r\n",
		 c->keep ? "keep-alive" : "close", headers);
	if (strcmp(c->method, "HEAD") && status != 204 && status != 304 &&
	    body.len && body.len < 16384) {
		buf_addb(&head, body);
		body.len = 0;
	}
	conn_send(c, head.p, head.len);
	if (body.len && strcmp(c->method, "HEAD") && status != 204 &&
	    status != 304)
		conn_send(c, body.p, body.len);
	buf_release(&head);
	buf_release(&z);
}

void conn_error(struct conn *c, int status, const char *headers)
{
	struct buf b = BUF_INIT(4096);

	buf_addf(&b, "<!DOCTYPE html>\n<html><head><title>%d %s</title></head>\n"
		 "<body><h1>%d %s</h1><hr>lab</body></html>\n", status,
		 reason(status), status, reason(status));
	conn_reply(c, status, "text/html; charset=utf-8", headers, buf_view(&b));
	buf_release(&b);
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

/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading a request's fields, and answering well. */
#include "tests/server/site.h"
#include "util/clock.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <zlib.h>

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

int conn_throttled(struct conn *c)
{
	int left = atomic_load(&c->s->throttle);
	char h[64];

	while (left > 0)
		if (atomic_compare_exchange_weak(&c->s->throttle, &left,
						 left - 1)) {
			snprintf(h, sizeof(h), "Retry-After: %d\r\n",
				 c->s->retry_after_s);
			conn_error(c, 429, h);
			return 1;
		}
	return 0;
}

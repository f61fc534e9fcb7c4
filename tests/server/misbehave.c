/* SPDX-License-Identifier: EUPL-1.2 */
/* Everything a server should not do: bodies, heads, connections. */
#include "tests/server/misbehave.h"
#include "tests/server/site.h"

#include <stdio.h>
#include <stdlib.h>

static const char ok_head[] = "HTTP/1.1 200 OK\r\nServer: lab\r\n"
			      "Content-Type: text/html; charset=utf-8\r\n"
			      "Connection: close\r\n";
static const char page[] = "<!DOCTYPE html>\n<html><body><p>corps de page"
			   "</p></body></html>\n";

static long param(struct conn *c, const char *key, long otherwise)
{
	char v[32];

	return conn_query(c, key, v, sizeof(v)) ? strtol(v, NULL, 10) : otherwise;
}

static void start(struct conn *c, const char *more)
{
	conn_sends(c, ok_head);
	conn_sends(c, more);
	conn_sends(c, "\r\n");
}

static void drip(struct conn *c)
{
	long n = param(c, "n", 65536), ms = param(c, "ms", 500);

	conn_sends(c, ok_head);
	conn_sendf(c, "Content-Length: %ld\r\n\r\n", n);
	while (n-- > 0 && conn_send(c, "x", 1) == 0)
		if (conn_hold(c, (int)ms))
			break;
}

static void drip_head(struct conn *c)
{
	long ms = param(c, "ms", 500);

	for (const char *p = ok_head; *p && conn_send(c, p, 1) == 0; p++)
		if (conn_hold(c, (int)ms))
			return;
	conn_sends(c, "Content-Length: 0\r\n\r\n");
}

static void truncated(struct conn *c)
{
	start(c, "Content-Length: 1000\r\n");
	conn_sends(c, page);
}

static void cut(struct conn *c)
{
	truncated(c);
	c->abrupt = 1;
}

static void too_long(struct conn *c)
{
	start(c, "Content-Length: 10\r\n");
	conn_sends(c, page);
}

static const struct fixed {
	const char *name, *bytes, *help;
} fixed[] = {
	{ "chunk-ext", "Transfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d;e\"\r\nhello\r\n6 ; sig=0\r\n world\r\n0;last\r\n\r\n", "chunk extensions" },
	{ "trailers", "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\nX-More: a\r\n\r\n", "trailer fields" },
	{ "chunk-garbage", "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", "chunk size that is no number" },
	{ "chunk-negative", "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", "negative chunk size" },
	{ "chunk-overflow", "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", "chunk size of 68 bits" },
	{ "chunk-short", "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", "chunk longer than its size" },
	{ "chunk-cut", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "no last chunk" },
	{ "chunk-lf", "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", "chunks with bare LF" },
	{ "chunk-twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "transfer coding said twice" },
	{ "chunk-gzip", "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "gzip as transfer coding, and it is not" },
	{ "length-and-chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "both framings" },
	{ "huge-length", "Content-Length: 1000000000000000000\r\n\r\nhello", "length of an exabyte" },
	{ "overflow-length", "Content-Length: 99999999999999999999999\r\n\r\nhello", "length beyond 64 bits" },
	{ "negative-length", "Content-Length: -5\r\n\r\nhello", "negative length" },
	{ "dup-length", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "the same length twice" },
	{ "two-lengths", "Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!", "two lengths" },
	{ "list-length", "Content-Length: 5, 5\r\n\r\nhello", "a list of lengths" },
	{ "no-length", "\r\n<p>until the connection closes</p>", "body ended by the close" },
	{ "odd-spaces", "X-A:a\r\nX-B:   b   \r\nX-C:\tc\t\r\nX-Empty:\r\nContent-Length: 5 \r\n\r\nhello", "odd white space in fields" },
	{ "bare-lf", "X-A: a\nX-B: b\nContent-Length: 5\n\nhello", "lines ended by LF alone" },
	{ "bare-cr", "X-A: a\rX-B: b\r\nContent-Length: 5\r\n\r\nhello", "a CR inside a field" },
	{ "obs-fold", "X-Folded: one\r\n two\r\n\tthree\r\nContent-Length: 5\r\n\r\nhello", "folded field" },
	{ "space-colon", "X-Space : a\r\nContent-Length : 5\r\n\r\nhello", "space before the colon" },
	{ "no-colon", "this line has none\r\nContent-Length: 5\r\n\r\nhello", "field without colon" },
	{ "empty-name", ": nameless\r\nContent-Length: 5\r\n\r\nhello", "field without name" },
	{ "latin1-header", "X-Title: caf\xe9 \xff\xfe\r\nContent-Length: 5\r\n\r\nhello", "field that is not UTF-8" },
	{ "escape-header", "X-Title: \x1b[31mrouge\x1b[0m \xe2\x80\xae" "fdp\r\nContent-Length: 5\r\n\r\nhello", "terminal escapes in a field" },
	{ "cookies", "Set-Cookie: sid=abc; Path=/\r\nSet-Cookie: t=1; Domain=example\r\nStrict-Transport-Security: max-age=31536000\r\nAlt-Svc: h3=\":443\"\r\nContent-Length: 5\r\n\r\nhello", "cookies, HSTS and Alt-Svc to be ignored" },
	{ "refresh", "Refresh: 0; url=https://www.example.org/\r\nContent-Length: 5\r\n\r\nhello", "Refresh field" },
	{ "unknown-coding", "Content-Encoding: x-secret\r\nContent-Length: 5\r\n\r\nhello", "content coding nobody knows" },
	{ "gzip-lie", "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "says gzip, is not" },
	{ "no-type", "Content-Type:\r\nContent-Length: 5\r\n\r\nhello", "empty content type" },
};

/* Whole answers of which nothing is added by us. */
static const struct fixed whole[] = {
	{ "continue-100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "100 before the answer" },
	{ "hints-103", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "103 twice before the answer" },
	{ "switch-101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "101 nobody asked for" },
	{ "body-204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "204 with a body" },
	{ "body-304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "304 with a body" },
	{ "http09", "<html>no head at all</html>\n", "HTTP/0.9" },
	{ "ssh", "SSH-2.0-Lab_1.0\r\n", "another protocol" },
	{ "icy", "ICY 200 OK\r\nContent-Type: text/html\r\n\r\nhello", "Shoutcast" },
	{ "http2-text", "HTTP/2 200\r\ncontent-length: 5\r\n\r\nhello", "HTTP/2 in the status line" },
	{ "http10", "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nhello", "HTTP/1.0" },
	{ "http19", "HTTP/1.9 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "HTTP/1.9" },
	{ "status-word", "HTTP/1.1 OK\r\nContent-Length: 5\r\n\r\nhello", "no status number" },
	{ "status-long", "HTTP/1.1 20000 OK\r\nContent-Length: 5\r\n\r\nhello", "status of five digits" },
	{ "status-999", "HTTP/1.1 999 Request denied\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "status 999" },
	{ "status-bare", "HTTP/1.1 200\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "no reason phrase" },
	{ "empty-lines", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "empty lines before the answer" },
	{ "two-answers", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "a second answer nobody asked for" },
	{ "half-head", "HTTP/1.1 200 OK\r\nContent-Le", "closes inside the head" },
	{ "early", "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "answers before the request is complete" },
	{ "keep-lie", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\nhello", "says keep-alive, closes" },
};

static void nul_header(struct conn *c)
{
	static const char b[] = "X-Nul: a\0b\r\nContent-Length: 5\r\n\r\nhello";

	conn_sends(c, ok_head);
	conn_send(c, b, sizeof(b) - 1);
}

static void close_lie(struct conn *c)
{
	start(c, "Content-Length: 5\r\n");
	conn_sends(c, "hello");
	conn_hold(c, 20000);
}

static void many_1xx(struct conn *c)
{
	for (long n = param(c, "n", 1000); n > 0; n--)
		conn_sends(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
	start(c, "Content-Length: 5\r\n");
	conn_sends(c, "hello");
}

static void many_headers(struct conn *c)
{
	conn_sends(c, ok_head);
	for (long i = 0, n = param(c, "n", 100000); i < n; i++)
		if (conn_sendf(c, "X-Field-%ld: %ld\r\n", i, i * 7) < 0)
			return;
	conn_sends(c, "Content-Length: 5\r\n\r\nhello");
}

static void long_run(struct conn *c, long n)
{
	char b[4096];

	memset(b, 'a', sizeof(b));
	for (; n > 0 && !c->broken; n -= (long)sizeof(b))
		conn_send(c, b, n < (long)sizeof(b) ? (size_t)n : sizeof(b));
}

static void long_header(struct conn *c)
{
	conn_sends(c, ok_head);
	conn_sends(c, "X-Long: ");
	long_run(c, param(c, "n", 16 << 20));
	conn_sends(c, "\r\nContent-Length: 5\r\n\r\nhello");
}

static void long_status(struct conn *c)
{
	conn_sends(c, "HTTP/1.1 200 ");
	long_run(c, param(c, "n", 1 << 20));
	conn_sends(c, "\r\nContent-Length: 5\r\n\r\nhello");
}

static void endless_headers(struct conn *c)
{
	conn_sends(c, ok_head);
	for (long i = 0; i < 1L << 30 && !c->broken; i++)
		conn_sendf(c, "X-%ld: x\r\n", i);
}

static void endless(struct conn *c)
{
	static char b[65536];

	memset(b, 'z', sizeof(b));
	start(c, "Transfer-Encoding: chunked\r\n");
	for (long i = 0; i < 160000 && !c->broken; i++) {
		conn_sends(c, "10000\r\n");
		conn_send(c, b, sizeof(b));
		conn_sends(c, "\r\n");
	}
}

static void endless_body(struct conn *c)
{
	start(c, "");
	long_run(c, 1L << 34);
}

static void big(struct conn *c)
{
	long n = param(c, "mb", 75) << 20;

	conn_sends(c, ok_head);
	conn_sendf(c, "Content-Length: %ld\r\n\r\n", n);
	long_run(c, n);
}

static void never(struct conn *c)
{
	conn_hold(c, 600000);
}

static void never_body(struct conn *c)
{
	start(c, "Content-Length: 1000\r\n");
	conn_sends(c, "<p>");
	conn_hold(c, 600000);
}

static void close_now(struct conn *c)
{
	c->broken = 1;
}

static void reset(struct conn *c)
{
	conn_reset(c);
}

static void reset_body(struct conn *c)
{
	start(c, "Content-Length: 1000\r\n");
	conn_sends(c, page);
	conn_hold(c, 100);
	conn_reset(c);
}

/* The request comes back as the body: what did the client really send? */
static void echo(struct conn *c)
{
	conn_reply(c, 200, "application/octet-stream", "", c->req);
}

static void html_page(struct conn *c, const char *type, struct buf *b)
{
	conn_reply(c, 200, type, "", buf_view(b));
	buf_release(b);
}

static void html_deep(struct conn *c)
{
	struct buf b = BUF_INIT(64 << 20);

	buf_adds(&b, "<!DOCTYPE html><html><body>");
	for (long n = param(c, "n", 100000); n > 0; n--)
		buf_adds(&b, "<div>");
	html_page(c, "text/html; charset=utf-8", &b);
}

static void html_attrs(struct conn *c)
{
	struct buf b = BUF_INIT(64 << 20);

	buf_adds(&b, "<!DOCTYPE html><html><body><p ");
	for (long i = 0, n = param(c, "n", 60000); i < n; i++)
		buf_addf(&b, "a%ld=1 ", i);
	buf_adds(&b, "></p></body></html>");
	html_page(c, "text/html; charset=utf-8", &b);
}

static void html_tags(struct conn *c)
{
	struct buf b = BUF_INIT(64 << 20);

	buf_adds(&b, "<!DOCTYPE html><html><body>");
	for (long n = param(c, "n", 40000); n > 0; n--)
		buf_adds(&b, "<table><b><i><a href=x>");
	html_page(c, "text/html; charset=utf-8", &b);
}

static void html_latin1(struct conn *c)
{
	struct buf b = BUF_INIT(4096);

	buf_adds(&b, "<!DOCTYPE html><html><head><meta charset=\"windows-1252\">"
		 "</head><body>Arr\xeat de travail : 25 \x80</body></html>");
	html_page(c, "text/html; charset=windows-1252", &b);
}

static void html_bidi(struct conn *c)
{
	struct buf b = BUF_INIT(4096);

	buf_adds(&b, "<!DOCTYPE html><html><body>\xe2\x80\xae" "fdp.exe\xe2\x80\xac "
		 "\x1b[2J<script>alert(1)</script></body></html>");
	html_page(c, "text/html; charset=utf-8", &b);
}

static void login(struct conn *c)
{
	struct buf b = BUF_INIT(4096);

	buf_adds(&b, "<!DOCTYPE html><html lang=\"fr\"><head><title>Connexion"
		 "</title></head><body><form id=\"login_form\" action=\""
		 "/accounts/login/\" method=\"post\"><h1>Connectez-vous pour "
		 "continuer</h1><input name=\"username\"><input type=\"password\""
		 " name=\"password\"><button>Se connecter</button></form>"
		 "</body></html>\n");
	html_page(c, "text/html; charset=utf-8", &b);
}

static void captcha(struct conn *c)
{
	conn_reply(c, 403, "text/html; charset=utf-8", "", bytes_str(
		   "<!DOCTYPE html><html><head><title>Un instant…</title></head>"
		   "<body><div id=\"challenge\" class=\"captcha\">Vérifiez que "
		   "vous êtes humain</div></body></html>\n"));
}

static const struct {
	const char *name;
	void (*run)(struct conn *c);
	const char *help;
} acts[] = {
	{ "drip", drip, "a byte of the body every ?ms=500" },
	{ "drip-head", drip_head, "a byte of the head every ?ms=500" },
	{ "truncated", truncated, "closes before the length, TLS said goodbye" },
	{ "cut", cut, "the same without TLS goodbye" },
	{ "too-long", too_long, "more bytes than the length" },
	{ "nul-header", nul_header, "a NUL in a field" },
	{ "close-lie", close_lie, "says close, stays open for 20 s" },
	{ "many-1xx", many_1xx, "?n=1000 interim answers" },
	{ "many-headers", many_headers, "?n=100000 fields" },
	{ "long-header", long_header, "one field of ?n=16777216 bytes" },
	{ "long-status", long_status, "a reason phrase of ?n=1048576 bytes" },
	{ "endless-headers", endless_headers, "fields until the client leaves" },
	{ "endless", endless, "chunks, up to 10 GB" },
	{ "endless-body", endless_body, "no length, up to 16 GB" },
	{ "big", big, "?mb=75 with their length" },
	{ "never", never, "never answers" },
	{ "never-body", never_body, "a head, three bytes, then nothing" },
	{ "close", close_now, "closes without a byte" },
	{ "reset", reset, "resets without a byte" },
	{ "reset-body", reset_body, "resets inside the body" },
	{ "echo", echo, "the request's bytes as body" },
	{ "html-deep", html_deep, "?n=100000 nested elements" },
	{ "html-attrs", html_attrs, "?n=60000 attributes of one element" },
	{ "html-tags", html_tags, "?n=40000 misnested elements" },
	{ "html-latin1", html_latin1, "windows-1252" },
	{ "html-bidi", html_bidi, "controls and direction marks in the text" },
	{ "login", login, "a login wall, status 200" },
	{ "captcha", captcha, "a challenge, status 403" },
};

void misbehave(struct conn *c, const char *path)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "?"), path);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(acts[i].name, name)) {
			if (acts[i].run != echo)
				c->keep = 0;
			acts[i].run(c);
			return;
		}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (!strcmp(fixed[i].name, name)) {
			c->keep = 0;
			conn_sends(c, ok_head);
			conn_sends(c, fixed[i].bytes);
			return;
		}
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (!strcmp(whole[i].name, name)) {
			c->keep = 0;
			conn_sends(c, whole[i].bytes);
			return;
		}
	if (!strncmp(name, "accounts/login", 14)) {
		login(c);
		return;
	}
	if (!misbehave_coded(c, name) && !misbehave_status(c, path))
		conn_error(c, 404, "");
}

void misbehave_list(struct buf *o)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		buf_addf(o, "%-20s %s\n", acts[i].name, acts[i].help);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		buf_addf(o, "%-20s %s\n", fixed[i].name, fixed[i].help);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		buf_addf(o, "%-20s %s\n", whole[i].name, whole[i].help);
	misbehave_coded_list(o);
	misbehave_status_list(o);
}

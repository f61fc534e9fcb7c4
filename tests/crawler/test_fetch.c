/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/fetch.h"
#include "crawler/lab.h"
#include "parsers/url.h"
#include "tests/crawler/server.h"

#include <criterion/criterion.h>

#define SAY(text) .say = text, .say_len = sizeof(text) - 1

static const struct fetch_limits quick = { 1 << 20, 64 << 10, 3000, 10000,
					   400 };

/* get - fetch a URL with a lab of that text */
static void get_lab(const char *lab_text, const char *url,
		    struct fetch_limits limits, struct exchange *x)
{
	struct fetch_request rq = { .url = url, .limits = limits };
	struct fetcher *f = NULL;
	struct lab *lab = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(lab_parse(bytes_str(lab_text), NULL, &lab, &e), 0, "%s",
		     e.text);
	cr_assert_eq(fetcher_new(lab, NULL, NULL, &f, &e), 0, "%s", e.text);
	exchange_init(x);
	cr_assert_eq(fetch_run(f, &rq, x, &e), 0, "%s", e.text);
	fetcher_free(f);
	lab_free(lab);
}

static void get(const struct server *s, const char *path,
		struct fetch_limits limits, struct exchange *x)
{
	char lab[256], url[256];

	snprintf(lab, sizeof(lab), "map h.example:80 127.0.0.1:%u\n", s->port);
	snprintf(url, sizeof(url), "http://h.example%s", path);
	get_lab(lab, url, limits, x);
}

static int kept_all(const struct exchange *x, const char *sent, size_t n)
{
	return x->head.len + x->body.len == n &&
	       !memcmp(x->head.p, sent, x->head.len) &&
	       (!x->body.len || !memcmp(x->body.p, sent + x->head.len,
					x->body.len));
}

Test(fetch, one_request_goes_out_and_is_kept_to_the_byte)
{
	struct server s = { SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
				"\r\nhi") };
	struct exchange x, y;

	server_start(&s);
	get(&s, "/a/%2e%2e/b?q=1|2", quick, &x);
	cr_expect_eq(x.phase, FETCH_SCOPE, "no URL goes out in another form");
	cr_expect_eq(s.connections, 0);
	exchange_release(&x);

	get(&s, "/b?q=1|2", quick, &x);
	cr_assert_eq(x.phase, FETCH_DONE, "%s", x.error);
	cr_expect_eq(x.status, 200);
	cr_expect_eq(x.truncated, TRUNC_NO);
	cr_expect_eq(s.connections, 1);
	cr_expect(!strncmp(s.got, "GET /b?q=1|2 HTTP/1.1\r\nHost: h.example"
			   "\r\n", 40), "%s", s.got);
	cr_expect(strstr(s.got, "\r\nAccept-Encoding: gzip\r\n"));
	cr_expect(strstr(s.got, "\r\nUser-Agent: scelle/"));
	cr_expect(strstr(s.got, "collecte judiciaire"));
	cr_expect_null(strstr(s.got, "Cookie"));
	cr_expect(bytes_eq(buf_view(&x.request), BYTES(s.got, s.got_len)));
	get(&s, "/b?q=1|2", quick, &y);
	cr_expect(bytes_eq(buf_view(&x.request), buf_view(&y.request)),
		  "two captures must send identical bytes");
	cr_expect(!strncmp(x.peer, "127.0.0.1:", 10));
	cr_expect(!strncmp(x.local, "127.0.0.1:", 10));
	cr_expect_str_eq(x.resolver, "lab");
	cr_expect_eq(x.lab, 1);
	cr_expect(x.start_ms > 0 && x.end_ms >= x.start_ms);
	exchange_release(&x);
	exchange_release(&y);
	server_stop(&s);
}

static void exact(const char *sent, size_t n, int status)
{
	struct server s = { .say = sent, .say_len = n };
	struct exchange x;

	server_start(&s);
	get(&s, "/", quick, &x);
	cr_expect_eq(x.phase, FETCH_DONE, "%s: %s", sent, x.error);
	cr_expect_eq(x.status, status);
	cr_expect(kept_all(&x, sent, n), "%s: kept %zu + %zu of %zu", sent,
		  x.head.len, x.body.len, n);
	exchange_release(&x);
	server_stop(&s);
}

#define EXACT(status, text) exact(text, sizeof(text) - 1, status)

Test(fetch, odd_answers_are_kept_as_they_came)
{
	EXACT(200, "HTTP/1.1 200  Two  spaces \r\nX-Odd:   a\tb  \r\nx-odd:\r\n"
	      "Content-Length:3\r\n\r\nabc");
	EXACT(200, "HTTP/1.1 200 OK\nBare: LF\nContent-Length: 3\n\nabc");
	EXACT(200, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	      "HTTP/1.1 100 Continue\r\n\r\n"
	      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
	EXACT(200, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	      "3;name=\"v\"\r\nabc\r\n0005\r\ndefgh\r\n0\r\n"
	      "X-Trailer: t\r\n\r\n");
	EXACT(200, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	      "Content-Encoding: gzip\r\n\r\n"
	      "15\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4a"
	      "\x06\x00\xc2\x41\x24\x35\x03\x00\r\n"
	      "2\r\n\x00\x00\r\n0\r\n\r\n");
	EXACT(200, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
	EXACT(204, "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n");
	EXACT(429, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n"
	      "Content-Length: 0\r\n\r\n");
	EXACT(403, "HTTP/1.1 403 Non\r\nContent-Length: 2\r\n\r\nno");
	EXACT(200, "HTTP/1.1 200 OK\r\nFold: a\r\n b\r\nContent-Length: 1\r\n"
	      "\r\nz");
	EXACT(200, "HTTP/1.1 200 OK\r\nContent-Encoding: br, gzip\r\n"
	      "Content-Length: 4\r\n\r\nraw!");
}

Test(fetch, a_redirect_is_an_answer_and_is_not_followed)
{
	struct server s = { SAY("HTTP/1.1 302 Found\r\nLocation: http://"
				"h.example/next\r\nSet-Cookie: a=b\r\n"
				"Content-Length: 4\r\n\r\nmove") };
	struct exchange x;

	server_start(&s);
	for (unsigned i = 1; i <= 2; i++) {
		get(&s, "/", quick, &x);
		cr_expect_eq(x.phase, FETCH_DONE, "%s", x.error);
		cr_expect_eq(x.status, 302);
		cr_expect(bytes_is(buf_view(&x.body), "move"));
		cr_expect_eq(s.connections, i);
		cr_expect_null(strstr(s.got, "Cookie"));
		exchange_release(&x);
	}
	server_stop(&s);
}

Test(fetch, a_chunked_body_over_the_limit_is_cut_there)
{
	static char chunk[4096 + 8];
	struct fetch_limits l = quick;
	struct server s = { .again = 4000 };
	struct exchange x;
	char *all;
	size_t n = 0;
	const char *head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
			   "\r\n\r\n";

	memset(chunk, 'a', sizeof(chunk));
	memcpy(chunk, "1000\r\n", 6);
	memcpy(chunk + sizeof(chunk) - 2, "\r\n", 2);
	/* the head once, then chunks without end */
	all = malloc(strlen(head) + sizeof(chunk) * 64);
	memcpy(all, head, strlen(head));
	n = strlen(head);
	for (int i = 0; i < 64; i++, n += sizeof(chunk))
		memcpy(all + n, chunk, sizeof(chunk));
	s.say = all;
	s.say_len = n;
	l.max_body = 100000;
	server_start(&s);
	get(&s, "/", l, &x);
	cr_expect_eq(x.phase, FETCH_BODY);
	cr_expect_eq(x.truncated, TRUNC_LENGTH);
	cr_expect_eq(x.body.len, 100000);
	cr_expect(!memcmp(x.body.p, all + strlen(head), 100000));
	cr_expect(strstr(x.error, "100000"), "%s", x.error);
	cr_expect_eq(x.status, 200);
	exchange_release(&x);
	server_stop(&s);
	free(all);
}

static void cut(const char *sent, size_t n, int hold_ms, enum fetch_phase p,
		enum fetch_truncated t, struct fetch_limits limits)
{
	struct server s = { .say = sent, .say_len = n, .hold_ms = hold_ms };
	struct exchange x;

	server_start(&s);
	get(&s, "/", limits, &x);
	cr_expect_eq(x.phase, p, "%s: %s (%s)", sent, x.error,
		     fetch_phase_name(x.phase));
	cr_expect_eq(x.truncated, t, "%s: %d", sent, x.truncated);
	cr_expect(x.error[0]);
	cr_expect_eq(s.connections, 1, "it must not be tried again");
	cr_expect(x.request.len && bytes_eq(buf_view(&x.request),
					    BYTES(s.got, s.got_len)));
	exchange_release(&x);
	server_stop(&s);
}

#define CUT(phase, trunc, hold, text) \
	cut(text, sizeof(text) - 1, hold, phase, trunc, quick)

Test(fetch, broken_answers_say_where_and_why)
{
	struct fetch_limits small = quick;

	CUT(FETCH_BODY, TRUNC_DISCONNECT, 0, "HTTP/1.1 200 OK\r\n"
	    "Content-Length: 100\r\n\r\n7 bytes");
	CUT(FETCH_BODY, TRUNC_DISCONNECT, 0, "HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nab");
	CUT(FETCH_BODY, TRUNC_UNSPECIFIED, 0, "HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n");
	CUT(FETCH_BODY, TRUNC_TIME, 1500, "HTTP/1.1 200 OK\r\n"
	    "Content-Length: 100\r\n\r\nslow");
	CUT(FETCH_HEAD, TRUNC_NO, 0, "");
	CUT(FETCH_HEAD, TRUNC_NO, 1500, "");
	CUT(FETCH_HEAD, TRUNC_NO, 0, "SSH-2.0-OpenSSH_9.2\r\n");
	CUT(FETCH_HEAD, TRUNC_DISCONNECT, 0, "HTTP/1.1 200 OK\r\nX: y\r\n");
	small.max_head = 100;
	cut("HTTP/1.1 200 OK\r\nX-Long: 3456789012345678901234567890\r\n"
	    "X-Long: 3456789012345678901234567890123456789\r\n\r\n", 104, 0,
	    FETCH_HEAD, TRUNC_LENGTH, small);
}

Test(fetch, a_refused_connection_is_a_fact_of_its_own)
{
	struct server s = { SAY("x") };
	struct exchange x;

	server_start(&s);
	server_stop(&s);
	get(&s, "/", quick, &x);
	cr_expect_eq(x.phase, FETCH_CONNECT, "%s", fetch_phase_name(x.phase));
	cr_expect_eq(x.request.len, 0);
	cr_expect(strstr(x.error, "refused") || strstr(x.error, "connect"),
		  "%s", x.error);
	exchange_release(&x);
}

/* refused - what is never asked for, without any packet leaving */
static void refused(const char *url, enum fetch_phase p, const char *why)
{
	struct fetch_request rq = { .url = url, .limits = quick };
	struct fetcher *f = NULL;
	struct exchange x;

	cr_assert_eq(fetcher_new(NULL, NULL, NULL, &f, NULL), 0);
	exchange_init(&x);
	cr_assert_eq(fetch_run(f, &rq, &x, NULL), 0);
	cr_expect_eq(x.phase, p, "%s: %s", url, fetch_phase_name(x.phase));
	cr_expect(strstr(x.error, why), "%s: %s", url, x.error);
	cr_expect_eq(x.request.len, 0);
	cr_expect_str_eq(x.peer, "");
	exchange_release(&x);
	fetcher_free(f);
}

Test(fetch, every_spelling_of_an_inner_address_is_refused)
{
	static const char *const spellings[] = {
		"http://127.0.0.1/", "http://127.1/", "http://0x7f.1/",
		"http://2130706433/", "http://0177.0.0.1/", "http://0/",
		"http://0x7f000001/", "http://127.0.0.1./",
		"http://%31%32%37.0.0.1/", "http://\xe2\x91\xa0"
		"27.0.0.1/", "http://127\xe3\x80\x82""0.0.1/",
		"https://[::1]/", "https://[::ffff:127.0.0.1]/",
		"https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:0:0:1]/",
		"http://10.0.0.1/", "http://169.254.169.254/latest/",
		"http://192.168.0.1:80/", "http://[fe80::1]/",
		"http://[fd00::1]/", "http://[64:ff9b::7f00:1]/",
		"http://[2002:7f00:1::]/", "http://[::]/",
		"http://100.64.0.1/", "http://255.255.255.255/",
		"http://224.0.0.1/", "http://[ff02::1]/",
		"http://192.0.2.1/", "http://[2001:db8::1]/",
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		struct url u = URL_INIT;

		cr_assert_eq(url_parse(bytes_str(spellings[i]), NULL, &u,
				       NULL), 0, "%s", spellings[i]);
		refused(u.href, FETCH_ADDRESS, "RFC ");
		url_release(&u);
	}
}

Test(fetch, what_must_not_be_asked_for_is_refused)
{
	refused("http://user:secret@h.example/", FETCH_SCOPE, "credentials");
	refused("http://h.example/#f", FETCH_SCOPE, "serialised");
	refused("HTTP://h.example/", FETCH_SCOPE, "serialised");
	refused("ftp://h.example/", FETCH_SCOPE, "neither http");
	refused("file:///etc/passwd", FETCH_SCOPE, "neither http");
	refused("javascript:alert(1)", FETCH_SCOPE, "neither http");
	refused("http://h.example:8080/", FETCH_SCOPE, "port");
	refused("no url", FETCH_SCOPE, "not a URL");
}

Test(fetch, a_header_value_cannot_smuggle_a_line)
{
	struct fetch_request rq = { .url = "http://h.example/",
				    .user_agent = "a\r\nCookie: b",
				    .limits = quick };
	struct fetcher *f = NULL;
	struct exchange x;

	cr_assert_eq(fetcher_new(NULL, NULL, NULL, &f, NULL), 0);
	exchange_init(&x);
	cr_assert_eq(fetch_run(f, &rq, &x, NULL), 0);
	cr_expect_eq(x.phase, FETCH_SCOPE);
	exchange_release(&x);
	fetcher_free(f);
}

Test(fetch, a_name_that_leads_inside_is_refused_each_time_it_does)
{
	struct server s = { SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
				"\r\n") };
	struct fetch_request rq = { .url = "http://r.example/",
				    .limits = quick };
	struct fetcher *f = NULL;
	struct lab *lab = NULL;
	struct exchange x;
	char text[512];

	server_start(&s);
	snprintf(text, sizeof(text), "map r.example:80 127.0.0.1:%u\n"
		 "dns r.example A 93.184.216.34;127.0.0.1;"
		 "93.184.216.34,192.168.1.1\n", s.port);
	cr_assert_eq(lab_parse(bytes_str(text), NULL, &lab, NULL), 0);
	cr_assert_eq(fetcher_new(lab, NULL, NULL, &f, NULL), 0);
	for (int i = 0; i < 3; i++) {
		exchange_init(&x);
		cr_assert_eq(fetch_run(f, &rq, &x, NULL), 0);
		cr_expect_eq(x.phase, i ? FETCH_ADDRESS : FETCH_DONE, "%d: %s",
			     i, x.error);
		if (i == 1)
			cr_expect(strstr(x.error, "loopback"), "%s", x.error);
		if (i == 2)
			cr_expect(strstr(x.error, "192.168.1.1 is private"),
				  "%s", x.error);
		cr_expect(strstr(buf_cstr(&x.dns_json), i == 1 ? "127.0.0.1"
				 : "93.184.216.34"));
		exchange_release(&x);
	}
	cr_expect_eq(s.connections, 1);
	fetcher_free(f);
	lab_free(lab);
	server_stop(&s);
}

Test(fetch, a_lab_never_leaves_the_machine)
{
	struct exchange x;

	get_lab("dns out.example A 93.184.216.34\n", "http://out.example/",
		quick, &x);
	cr_expect_eq(x.phase, FETCH_CONNECT);
	cr_expect(strstr(x.error, "does not map"), "%s", x.error);
	exchange_release(&x);
	get_lab("dns out.example A 93.184.216.34\n", "https://else.example/",
		quick, &x);
	cr_expect_eq(x.phase, FETCH_RESOLVE);
	exchange_release(&x);
}

/* --- TLS ----------------------------------------------------------------- */

static void get_tls(SSL_CTX *ctx, const char *ca_path, struct exchange *x)
{
	struct server s = { SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
				"\r\nok"), .tls = ctx };
	char lab[512];

	server_start(&s);
	snprintf(lab, sizeof(lab), "ca %s\nmap s.example 127.0.0.1:%u\n",
		 ca_path, s.port);
	get_lab(lab, "https://s.example/", quick, x);
	server_stop(&s);
}

static unsigned certificates(const struct exchange *x)
{
	struct buf copy = BUF_INIT(1 << 20);
	unsigned n = 0;
	const char *p;

	buf_addb(&copy, buf_view(&x->chain_pem));
	for (p = buf_cstr(&copy); (p = strstr(p, "BEGIN CERT")); p++)
		n++;
	buf_release(&copy);
	return n;
}

Test(fetch, a_sound_handshake_is_kept)
{
	struct authority ca;
	struct exchange x;
	char path[64];
	SSL_CTX *ctx;

	authority_make(&ca, "Lab root");
	authority_save(&ca, path);
	ctx = server_tls("s.example", &ca, -3600, 86400);
	X509_up_ref(ca.cert);
	SSL_CTX_add_extra_chain_cert(ctx, ca.cert);
	get_tls(ctx, path, &x);
	cr_expect_eq(x.phase, FETCH_DONE, "%s", x.error);
	cr_expect(bytes_is(buf_view(&x.body), "ok"));
	cr_expect_str_eq(x.tls_protocol, "TLSv1.3");
	cr_expect(strstr(x.tls_cipher, "TLS_"), "%s", x.tls_cipher);
	cr_expect_eq(certificates(&x), 2);
	exchange_release(&x);
	unlink(path);
	authority_release(&ca);
}

static void tls_fails(SSL_CTX *ctx, const char *path, const char *why,
		      unsigned chain)
{
	struct exchange x;

	get_tls(ctx, path, &x);
	cr_expect_eq(x.phase, FETCH_TLS, "%s: %s %s", why,
		     fetch_phase_name(x.phase), x.error);
	cr_expect(strcasestr(x.error, why), "'%s' lacks '%s'", x.error, why);
	cr_expect_eq(certificates(&x), chain, "%s: %u", why, certificates(&x));
	cr_expect_eq(x.request.len, 0);
	cr_expect(x.peer[0] && x.local[0]);
	exchange_release(&x);
}

Test(fetch, each_tls_failure_is_named_and_its_chain_kept)
{
	struct authority ca, other;
	char path[64];
	SSL_CTX *ctx;

	authority_make(&ca, "Lab root");
	authority_make(&other, "Somebody else");
	authority_save(&ca, path);
	tls_fails(server_tls("s.example", &ca, -7200, -3600), path,
		  "certificate has expired", 1);
	tls_fails(server_tls("s.example", &ca, 3600, 7200), path,
		  "not yet valid", 1);
	tls_fails(server_tls("other.example", &ca, -3600, 7200), path,
		  "target host name 's.example'", 1);
	tls_fails(server_tls("s.example", &other, -3600, 7200), path,
		  "unable to get local issuer", 1);
	tls_fails(server_tls("s.example", NULL, -3600, 7200), path,
		  "self-signed", 1);
	ctx = server_tls("s.example", &ca, -3600, 7200);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	SSL_CTX_set_security_level(ctx, 0);
	tls_fails(ctx, path, "protocol version", 0);
	unlink(path);
	authority_release(&ca);
	authority_release(&other);
}

Test(fetch, plain_http_on_a_tls_port_is_a_tls_failure)
{
	struct exchange x;

	get_tls(NULL, "/nonexistent-ca", &x);
	cr_expect(x.phase == FETCH_TLS || x.phase == FETCH_CONNECT, "%s",
		  fetch_phase_name(x.phase));
	cr_expect(x.error[0]);
	exchange_release(&x);
}

/* What the unit's configuration names may be anywhere, a page's URL may not. */
Test(fetch, a_configured_post_goes_out_whole_and_nothing_else_may_go_there)
{
	struct server s = { SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
				"\r\nhi") };
	struct fetch_request rq = { .limits = quick,
				    .post = bytes_str("old 0\n\nhead\n"),
				    .post_type = "text/plain; charset=utf-8",
				    .configured = 1 };
	struct fetcher *f = NULL;
	struct exchange x;
	char url[64];

	server_start(&s);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/add-checkpoint", s.port);
	rq.url = url;
	cr_assert_eq(fetcher_new(NULL, NULL, NULL, &f, NULL), 0);
	exchange_init(&x);
	cr_assert_eq(fetch_run(f, &rq, &x, NULL), 0);
	cr_expect_eq(x.phase, FETCH_DONE, "%s", x.error);
	cr_expect_eq(x.status, 200);
	s.got[s.got_len] = 0;
	cr_expect_not_null(strstr(s.got, "POST /add-checkpoint HTTP/1.1\r\n"));
	cr_expect_not_null(strstr(s.got, "Content-Type: text/plain; "
				  "charset=utf-8\r\n"));
	cr_expect_not_null(strstr(s.got, "Content-Length: 12\r\n"));
	cr_expect_null(strstr(s.got, "Expect:"));
	cr_expect_null(strstr(s.got, "Accept-Encoding:"));
	exchange_release(&x);
	rq.configured = 0;
	exchange_init(&x);
	cr_assert_eq(fetch_run(f, &rq, &x, NULL), 0);
	cr_expect_neq(x.phase, FETCH_DONE);
	cr_expect_eq(x.request.len, 0);
	exchange_release(&x);
	fetcher_free(f);
	server_stop(&s);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/fetch.h"

#include "crawler/fetch_tls.h"
#include "crawler/lab.h"
#include "crawler/resolve.h"
#include "parsers/url.h"
#include "util/clock.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define TRIES_MAX 3	/* addresses of a host tried until one connects */
#define VALUE_MAX 1024	/* bytes of a header value we send */

struct fetcher {
	CURL *curl;
	struct lab *lab;
	void (*phase)(void *arg, enum fetch_phase p);
	void *arg;
};

/* struct run - one attempt of one request, while the library works */
struct run {
	struct fetcher *f;
	struct exchange *x;
	const struct fetch_request *rq;
	struct address to;	/* the one address that may be contacted */
	unsigned to_port;
	struct fetch_tls tls;
	int64_t last_ms;	/* boot clock, when a byte last came */
	int connected;		/* TCP and TLS stand, nothing sent yet */
	int head_done;
	int cut;		/* a limit of ours ended it */
	int stalled;
	int refused;		/* the socket would have gone elsewhere */
	char why[CURL_ERROR_SIZE];
};

const char *fetch_phase_name(enum fetch_phase p)
{
	static const char *const names[] = {
		"done", "scope", "resolve", "address", "connect", "tls",
		"send", "head", "body",
	};

	return (unsigned)p < sizeof(names) / sizeof(*names) ? names[p]
							   : "unknown";
}

const char *fetch_truncated_name(enum fetch_truncated t)
{
	switch (t) {
	case TRUNC_NO:
		return NULL;
	case TRUNC_LENGTH:
		return "length";
	case TRUNC_TIME:
		return "time";
	case TRUNC_DISCONNECT:
		return "disconnect";
	case TRUNC_UNSPECIFIED:
	default:
		return "unspecified";
	}
}

static void enter(struct fetcher *f, struct exchange *x, enum fetch_phase p)
{
	x->phase = p;
	if (f->phase)
		f->phase(f->arg, p);
}

/* say - write the cause, one printable line */
__attribute__((format(printf, 2, 3)))
static void say(struct exchange *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->error, sizeof(x->error), fmt, ap);
	va_end(ap);
	for (char *p = x->error; *p; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
}

/* --- callbacks ----------------------------------------------------------- */

static int on_debug(CURL *curl, curl_infotype type, char *p, size_t n,
		    void *arg)
{
	struct run *run = arg;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
		buf_add(&run->x->request, p, n);
	return 0;
}

static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
	struct run *run = arg;
	struct exchange *x = run->x;
	long status = 0;

	n *= size;
	run->last_ms = clock_boot_ms();
	if (run->head_done)	/* trailers stand in the body already */
		return n;
	if (x->phase != FETCH_HEAD)
		enter(run->f, x, FETCH_HEAD);
	if (n > run->rq->limits.max_head - x->head.len) {
		run->cut = 1;
		buf_add(&x->head, p, run->rq->limits.max_head - x->head.len);
		return 0;
	}
	if (buf_add(&x->head, p, n))
		return 0;
	if (n > 2 || p[n - 1] != '\n' || (n == 2 && p[0] != '\r'))
		return n;
	curl_easy_getinfo(run->f->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 || status == 101) {
		run->head_done = 1;
		enter(run->f, x, FETCH_BODY);
	}
	return n;
}

/*
 * on_body - body bytes, all codings on; before a head came they are an answer
 * that is no HTTP/1, kept where the head would be
 */
static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct run *run = arg;
	struct buf *body = run->head_done ? &run->x->body : &run->x->head;
	uint64_t left = (run->head_done ? run->rq->limits.max_body
			 : run->rq->limits.max_head) - body->len;

	n *= size;
	run->last_ms = clock_boot_ms();
	if (!run->head_done && run->x->phase != FETCH_HEAD)
		enter(run->f, run->x, FETCH_HEAD);
	if (n > left) {
		run->cut = 1;
		buf_add(body, p, (size_t)left);
		return 0;
	}
	return buf_add(body, p, n) ? 0 : n;
}

/* on_progress - the library asks once a second, and whenever bytes moved */
static int on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow,
		       curl_off_t ultotal, curl_off_t ulnow)
{
	struct run *run = arg;

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	if (run->connected && run->rq->limits.stall_ms &&
	    clock_boot_ms() - run->last_ms > run->rq->limits.stall_ms) {
		run->stalled = 1;
		return 1;
	}
	return 0;
}

/* on_socket - the authority on where we connect: the address itself */
static curl_socket_t on_socket(void *arg, curlsocktype purpose,
			       struct curl_sockaddr *to)
{
	struct run *run = arg;
	struct address a;
	unsigned port;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    address_from_sockaddr((struct sockaddr *)&to->addr, &a, &port) ||
	    !address_eq(&a, &run->to) || port != run->to_port ||
	    (!run->f->lab && !run->rq->configured && address_class(&a))) {
		run->refused = 1;
		return CURL_SOCKET_BAD;
	}
	address_text_port(&a, port, run->x->peer);
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static CURLcode on_ssl_ctx(CURL *curl, void *ctx, void *arg)
{
	struct run *run = arg;

	(void)curl;
	enter(run->f, run->x, FETCH_TLS);
	fetch_tls_watch(ctx, &run->tls);
	return CURLE_OK;
}

static void put_peer(char out[static 64], const char *ip, long port)
{
	struct address a;

	if (ip && *ip && !address_parse(ip, &a))
		address_text_port(&a, (unsigned)port, out);
}

/* on_ready - the connection stands, TLS included; not a byte was sent */
static int on_ready(void *arg, char *peer_ip, char *local_ip, int peer_port,
		    int local_port)
{
	struct run *run = arg;
	struct curl_tlssessioninfo *tls = NULL;

	put_peer(run->x->peer, peer_ip, peer_port);
	put_peer(run->x->local, local_ip, local_port);
	if (!curl_easy_getinfo(run->f->curl, CURLINFO_TLS_SSL_PTR, &tls) &&
	    tls && tls->backend == CURLSSLBACKEND_OPENSSL)
		fetch_tls_session(tls->internals, &run->tls);
	run->connected = 1;
	run->last_ms = clock_boot_ms();
	enter(run->f, run->x, FETCH_SEND);
	return CURL_PREREQFUNC_OK;
}

/* --- one attempt --------------------------------------------------------- */

static int header_value_ok(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return 0;
	}
	return n > 0 && n <= VALUE_MAX;
}

static int add_header(struct curl_slist **list, const char *name,
		      const char *value)
{
	char line[VALUE_MAX + 64];
	struct curl_slist *longer;

	if (snprintf(line, sizeof(line), "%s: %s", name, value) >=
	    (int)sizeof(line))
		return ERR_RANGE;
	longer = curl_slist_append(*list, line);
	if (!longer)
		return ERR_NOMEM;
	*list = longer;
	return 0;
}

/* SET - one option; the first that fails ends the run */
#define SET(option, value) do { \
	CURLcode rc_ = curl_easy_setopt(c, option, value); \
	if (rc_ != CURLE_OK) \
		return rc_; \
} while (0)

static CURLcode options(struct run *run, const struct url *u,
			const char *target, struct curl_slist *headers,
			struct curl_slist *pin)
{
	CURL *c = run->f->curl;
	const struct fetch_request *rq = run->rq;

	curl_easy_reset(c);
	SET(CURLOPT_URL, u->href);
	SET(CURLOPT_REQUEST_TARGET, target);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_CONNECT_TO, pin);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_USERAGENT, rq->user_agent ? rq->user_agent
					      : FETCH_USER_AGENT);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 1L);	/* kept, but no success */
	SET(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
	SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_UNRESTRICTED_AUTH, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CAINFO, fetch_ca(run->f->lab));
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	SET(CURLOPT_SSL_CTX_DATA, run);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, run);
	SET(CURLOPT_PREREQFUNCTION, on_ready);
	SET(CURLOPT_PREREQDATA, run);
	SET(CURLOPT_HEADERFUNCTION, on_head);
	SET(CURLOPT_HEADERDATA, run);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, run);
	SET(CURLOPT_DEBUGFUNCTION, on_debug);
	SET(CURLOPT_DEBUGDATA, run);
	SET(CURLOPT_VERBOSE, 1L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, run);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_ERRORBUFFER, run->why);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)rq->limits.connect_ms);
	SET(CURLOPT_TIMEOUT_MS, (long)rq->limits.total_ms);
	if (rq->post.len) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE, (long)rq->post.len);
		SET(CURLOPT_POSTFIELDS, rq->post.p);
	}
	return CURLE_OK;
}

/* one_request - 1 when exactly one request head went out, and the whole of the
 * body it has */
static int one_request(const struct run *run)
{
	struct bytes sent = buf_view(&run->x->request);
	const uint8_t *end = sent.len ? memmem(sent.p, sent.len, "\r\n\r\n", 4)
				      : NULL;

	return end && (size_t)(end - sent.p) + 4 + run->rq->post.len ==
			sent.len;
}

static int is_http(const struct exchange *x)
{
	return x->head.len > 5 && !memcmp(x->head.p, "HTTP/", 5);
}

static enum fetch_truncated why_cut(const struct run *run, CURLcode rc)
{
	if (run->cut)
		return TRUNC_LENGTH;
	if (run->stalled || rc == CURLE_OPERATION_TIMEDOUT)
		return TRUNC_TIME;
	if (strstr(run->why, "chunk"))
		return TRUNC_UNSPECIFIED;
	if (rc == CURLE_OK && !is_http(run->x))
		return TRUNC_NO;	/* all of it, whatever it is */
	if (rc == CURLE_OK || rc == CURLE_PARTIAL_FILE ||
	    rc == CURLE_RECV_ERROR || rc == CURLE_GOT_NOTHING ||
	    rc == CURLE_SEND_ERROR)
		return TRUNC_DISCONNECT;
	return TRUNC_UNSPECIFIED;
}

static void explain(struct run *run, CURLcode rc)
{
	struct exchange *x = run->x;
	const char *why = run->why[0] ? run->why : curl_easy_strerror(rc);

	if (run->refused) {
		enter(run->f, x, FETCH_ADDRESS);
		say(x, "the library would have connected elsewhere: refused");
	} else if (run->cut) {
		say(x, "%s longer than the limit of %llu bytes",
		    run->head_done ? "body" : "head",
		    (unsigned long long)(run->head_done
			? run->rq->limits.max_body : run->rq->limits.max_head));
	} else if (run->stalled) {
		say(x, "no byte for %u ms", run->rq->limits.stall_ms);
	} else if (run->tls.met && !run->tls.verified) {
		say(x, "certificate refused: %s", run->tls.verdict);
	} else if (rc == CURLE_OK) {
		say(x, is_http(x) ? "the connection was closed inside the "
		    "response head" : "the answer is not HTTP/1");
	} else if (rc == CURLE_OUT_OF_MEMORY && x->phase == FETCH_HEAD) {
		say(x, "a header line is longer than 100 kB");
	} else {
		say(x, "%s", why);
	}
}

static void judge(struct run *run, CURLcode rc)
{
	struct exchange *x = run->x;
	long status = 0, port = 0;
	char *ip = NULL;

	x->curl_code = (int)rc;
	if (!curl_easy_getinfo(run->f->curl, CURLINFO_RESPONSE_CODE, &status))
		x->status = (int)status;
	if (!x->local[0] &&
	    !curl_easy_getinfo(run->f->curl, CURLINFO_LOCAL_IP, &ip) &&
	    !curl_easy_getinfo(run->f->curl, CURLINFO_LOCAL_PORT, &port))
		put_peer(x->local, ip, port);
	if (x->phase == FETCH_SEND && one_request(run))
		enter(run->f, x, FETCH_HEAD);
	if (rc == CURLE_OK && run->head_done) {
		enter(run->f, x, FETCH_DONE);
	} else {
		explain(run, rc);
		if (x->head.len)
			x->truncated = why_cut(run, rc);
	}
	if (run->connected && x->request.len &&
	    !one_request(run) &&
	    x->phase != FETCH_SEND) {
		x->phase = FETCH_SEND;
		say(x, "not exactly one request went out");
	}
}

/* attempt - one connection to one address */
static int attempt(struct fetcher *f, const struct fetch_request *rq,
		   const struct url *u, const struct address *to,
		   unsigned to_port, struct exchange *x, struct err *e)
{
	struct run run = { .f = f, .x = x, .rq = rq, .to = *to,
			   .to_port = to_port };
	struct curl_slist *headers = NULL, *pin = NULL;
	struct bytes t = url_target(u);
	char text[ADDRESS_TEXT_MAX], line[ADDRESS_TEXT_MAX + 4];
	char *target = strndup((const char *)t.p, t.len);
	CURLcode rc;
	int r;

	run.tls = (struct fetch_tls){ .chain_pem = &x->chain_pem,
				      .protocol = x->tls_protocol,
				      .cipher = x->tls_cipher };
	address_text_port(to, to_port, text);
	snprintf(line, sizeof(line), "::%s", text);
	pin = curl_slist_append(NULL, line);
	r = target && pin ? 0 : ERR_NOMEM;
	if (!r)
		r = add_header(&headers, "Accept", rq->accept ? rq->accept
							      : "*/*");
	if (!r && !rq->post.len)
		r = add_header(&headers, "Accept-Encoding", "gzip");
	if (!r && rq->post.len)
		r = add_header(&headers, "Content-Type", rq->post_type
			       ? rq->post_type : "application/octet-stream");
	if (!r && rq->post.len) {	/* no "Expect": one exchange */
		struct curl_slist *l = curl_slist_append(headers, "Expect:");

		r = l ? 0 : ERR_NOMEM;
		headers = l ? l : headers;
	}
	if (!r && rq->accept_language)
		r = add_header(&headers, "Accept-Language",
			       rq->accept_language);
	if (r) {
		r = err_set(e, r, "cannot prepare a request");
		goto out;
	}
	rc = options(&run, u, target, headers, pin);
	if (rc != CURLE_OK) {
		r = err_set(e, ERR_NOMEM, "cannot prepare a request: %s",
			    curl_easy_strerror(rc));
		goto out;
	}
	enter(f, x, FETCH_CONNECT);
	rc = curl_easy_perform(f->curl);
	judge(&run, rc);
	/* Nothing of this run may be called back into once it is gone. */
	curl_easy_reset(f->curl);
out:
	curl_slist_free_all(headers);
	curl_slist_free_all(pin);
	free(target);
	return r;
}

/* --- before the connection ----------------------------------------------- */

/* same_host - 1 when libcurl reads scheme, host and port as we do */
static int same_host(const struct url *u)
{
	CURLU *cu = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	int same = 0;

	if (cu && !curl_url_set(cu, CURLUPART_URL, u->href, CURLU_PATH_AS_IS) &&
	    !curl_url_get(cu, CURLUPART_SCHEME, &scheme, 0) &&
	    !curl_url_get(cu, CURLUPART_HOST, &host, 0) &&
	    !curl_url_get(cu, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
		same = strlen(host) == u->host.len &&
		       !strncasecmp(host, (const char *)u->host.p,
				    u->host.len) &&
		       bytes_is(u->scheme, scheme) &&
		       strtol(port, NULL, 10) == url_port(u);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(cu);
	return same;
}

/* in_bounds - what may be asked for at all; NULL, or why not */
static const char *in_bounds(const struct fetcher *f,
			     const struct fetch_request *rq, struct url *u)
{
	if (url_parse(bytes_str(rq->url), NULL, u, NULL))
		return "not a URL";
	if (!bytes_is(BYTES(u->href, u->len), rq->url) || u->has_fragment)
		return "URL is not in its serialised form";
	if (!url_is_http(u))
		return "neither http nor https";
	if (u->username.len || u->password.len)
		return "URL carries credentials";
	if (!f->lab && !rq->configured && url_port(u) != 80 &&
	    url_port(u) != 443)
		return "port is neither 80 nor 443";
	if ((rq->user_agent && !header_value_ok(rq->user_agent)) ||
	    (rq->accept && !header_value_ok(rq->accept)) ||
	    (rq->post_type && !header_value_ok(rq->post_type)) ||
	    (rq->accept_language && !header_value_ok(rq->accept_language)))
		return "a header value holds what it must not";
	if (!same_host(u))
		return "the network library reads another host in this URL";
	return NULL;
}

static int contact(struct fetcher *f, const struct fetch_request *rq,
		   const struct url *u, const char *host,
		   const struct resolution *res, struct exchange *x,
		   struct err *e)
{
	unsigned port = (unsigned)url_port(u), n = res->n;
	char before[96] = "", last[sizeof(x->error)];
	int r = 0;

	if (f->lab) {
		struct address to;

		x->lab = 1;
		if (lab_map(f->lab, host, port, &to, &port)) {
			enter(f, x, FETCH_CONNECT);
			say(x, "the lab does not map '%s' port %u", host, port);
			return 0;
		}
		return attempt(f, rq, u, &to, port, x, e);
	}
	for (unsigned i = 0; i < n && i < TRIES_MAX; i++) {
		r = attempt(f, rq, u, &res->addr[i], port, x, e);
		if (r || x->phase != FETCH_CONNECT)
			break;
		memcpy(last, x->error, sizeof(last));
		say(x, "%s%s%s", before, before[0] ? "; " : "", last);
		snprintf(before, sizeof(before), "%.90s", x->error);
	}
	return r;
}

int fetch_run(struct fetcher *f, const struct fetch_request *rq,
	      struct exchange *x, struct err *e)
{
	struct url u = URL_INIT;
	struct resolution *res = calloc(1, sizeof(*res));
	struct err cause = ERR_INIT;
	char host[256];
	const char *why;
	int r = 0;

	x->url = strdup(rq->url);
	if (!x->url || !res) {
		r = err_set(e, ERR_NOMEM, "out of memory");
		goto out;
	}
	x->start_ms = clock_wall_ms();
	x->start_boot_ms = clock_boot_ms();
	enter(f, x, FETCH_SCOPE);
	why = in_bounds(f, rq, &u);
	if (!why && u.host.len >= sizeof(host))
		why = "host name is too long";
	if (why) {
		say(x, "%s", why);
		goto done;
	}
	memcpy(host, u.host.p, u.host.len);
	host[u.host.len] = 0;

	enter(f, x, FETCH_RESOLVE);
	r = resolve_host(host, f->lab, res, &x->dns_json, &cause);
	memcpy(x->resolver, res->resolver, sizeof(x->resolver));
	if (r == ERR_NOMEM) {
		r = err_set(e, r, "out of memory");
		goto out;
	}
	if (r) {
		r = 0;
		say(x, "%s", cause.text);
		goto done;
	}
	if (!rq->configured && resolve_check(res, &cause)) {
		enter(f, x, FETCH_ADDRESS);
		say(x, "%s", cause.text);
		goto done;
	}
	r = contact(f, rq, &u, host, res, x, e);
done:
	x->end_ms = clock_wall_ms();
	x->end_boot_ms = clock_boot_ms();
out:
	free(res);
	url_release(&u);
	return r;
}

/* --- once a process ------------------------------------------------------ */

int fetcher_new(struct lab *lab, void (*phase)(void *arg, enum fetch_phase p),
		void *arg, struct fetcher **out, struct err *e)
{
	struct fetcher *f = calloc(1, sizeof(*f));

	if (!f || curl_global_init(CURL_GLOBAL_DEFAULT))
		goto fail;
	f->curl = curl_easy_init();
	if (!f->curl)
		goto fail;
	f->lab = lab;
	f->phase = phase;
	f->arg = arg;
	*out = f;
	return 0;
fail:
	free(f);
	return err_set(e, ERR_NOMEM, "cannot prepare the network library");
}

void fetcher_free(struct fetcher *f)
{
	if (!f)
		return;
	curl_easy_cleanup(f->curl);
	curl_global_cleanup();
	free(f);
}

const char *fetch_ca(const struct lab *lab)
{
	if (lab)
		return lab_ca(lab);
	return curl_version_info(CURLVERSION_NOW)->cainfo;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The lab site: what its files share.  See README.md for what it serves.
 */
#ifndef SERVER_SITE_H
#define SERVER_SITE_H

#include "util/buf.h"
#include "util/err.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	SITE_REQUEST_MAX = 1 << 20,	/* bytes of one request */
	SITE_IDLE_S = 10,		/* an idle connection is closed then */
	SITE_PATH_MAX = 4096,
};

enum site_scenario { SITE_DEMO, SITE_BENCH };

/* What stands behind a port. */
enum site_port {
	PORT_HTTPS, PORT_HTTP, PORT_ADMIN,
	PORT_BAD,		/* TLS with a context of its own */
	PORT_GARBAGE,		/* bytes that are no TLS record */
	PORT_CLOSE,		/* closes when the handshake starts */
	PORT_MUTE,		/* accepts and never says a word */
	PORT_RESET,		/* resets when the handshake starts */
	PORT_PLAIN,		/* plain HTTP where TLS is expected */
};

struct gen;

struct site {
	const char *dir;
	enum site_scenario scenario;
	int wire, no_hash, addresses;
	int retry_after_s;
	int log_fd;		/* -1: no log */
	struct gen *gen;	/* bench */
	atomic_int pass;	/* of the demo world, from 1 */
	atomic_int throttle;	/* 429 answers still to be given */
	atomic_int robots;	/* enum site_robots */
	atomic_ulong conns, requests, admin_requests;
	atomic_int stop;
	char root[SITE_PATH_MAX];	/* path of the lab authority */
	int https_port, http_port, admin_port;
};

enum site_robots {
	ROBOTS_OK, ROBOTS_404, ROBOTS_403, ROBOTS_429, ROBOTS_500, ROBOTS_503,
	ROBOTS_ALL, ROBOTS_NONE, ROBOTS_HUGE, ROBOTS_HTML, ROBOTS_REDIRECT,
	ROBOTS_DROP, ROBOTS_DELAY,
};

struct listener {
	struct site *s;
	enum site_port kind;
	int fd, port;
	SSL_CTX *ctx;
	const char *name;	/* in the ports file */
	const char *host;	/* of a TLS failure, or NULL */
	pthread_mutex_t lock;
	int idle, threads;
};

/* One connection, and the exchange that is under way on it. */
struct conn {
	struct site *s;
	const struct listener *l;
	int fd;
	SSL *ssl;
	unsigned long n;		/* connection number */
	unsigned long req_n;		/* request number, over all */
	struct buf in;			/* bytes received, not yet consumed */
	struct bytes req;		/* the request, exactly */
	struct bytes body;
	char method[16], host[256], target[8192];
	int minor;			/* HTTP/1.minor */
	int keep;			/* the connection stays open after this */
	int broken;			/* sending failed, or was cut on purpose */
	int abrupt;			/* close without close_notify */
	int status;			/* first status sent */
	uint64_t sent;
	int wire_fd;
	EVP_MD_CTX *md;
};

/* listener_run - accept for ever in as many threads as needed */
int listener_run(struct listener *l, struct err *e);

/* conn_send - send bytes; counted, hashed and kept.  0, or -1 when gone */
int conn_send(struct conn *c, const void *p, size_t n);
int conn_sends(struct conn *c, const char *s);
int conn_sendf(struct conn *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* conn_reset - make the close a TCP reset */
void conn_reset(struct conn *c);

/* conn_hold - wait until the peer closes, at most ms; returns 1 when it did */
int conn_hold(struct conn *c, int ms);

/*
 * conn_reply - a whole answer
 *   type     of the content, may be NULL
 *   headers  further header lines, each with CRLF, or ""
 * Text is sent gzip-coded when the request allows (demo only).
 */
void conn_reply(struct conn *c, int status, const char *type,
		const char *headers, struct bytes body);

/* conn_error - a small HTML page that says the status */
void conn_error(struct conn *c, int status, const char *headers);

/* conn_throttled - 1 when this turn back was answered 429 (--throttle) */
int conn_throttled(struct conn *c);

/* conn_header - value of a request header into out; 0 when absent */
int conn_header(const struct conn *c, const char *name, char *out, size_t size);

/* conn_query - value of a query parameter into out, not decoded; 0: absent */
int conn_query(const struct conn *c, const char *key, char *out, size_t size);

/* The arrival log; detail may be NULL. */
void log_conn(struct conn *c, const char *event, const char *detail);
void log_request(struct conn *c);
void log_response(struct conn *c);

/* The worlds. */
void serve(struct conn *c);			/* dispatch.c */
void serve_admin(struct conn *c);
void demo_serve(struct conn *c);		/* demo.c */
int demo_init(struct err *e);
int demo_write(const char *dir, struct err *e);
void misbehave(struct conn *c, const char *path);	/* misbehave.c */
void misbehave_list(struct buf *out);
void bench_serve(struct conn *c);		/* bench.c */

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A loopback server for one test: it says exactly the bytes it was given, over
 * TCP or TLS, and keeps what it was told.
 */
#ifndef TESTS_CRAWLER_SERVER_H
#define TESTS_CRAWLER_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
	int fd;
	unsigned port;
	const char *say;	/* after a whole request */
	size_t say_len;		/* 0: nothing */
	unsigned again;		/* how often it is said */
	int hold_ms;		/* then wait before closing */
	SSL_CTX *tls;		/* NULL: plain */
	pthread_t thread;
	volatile unsigned connections;
	char got[65536];	/* of the last connection */
	volatile size_t got_len;
};

static inline ssize_t server_in(SSL *ssl, int fd, void *p, size_t n)
{
	return ssl ? SSL_read(ssl, p, (int)n) : read(fd, p, n);
}

static inline ssize_t server_out(SSL *ssl, int fd, const void *p, size_t n)
{
	return ssl ? SSL_write(ssl, p, (int)n)
		   : send(fd, p, n, MSG_NOSIGNAL);
}

static inline void server_one(struct server *s, int fd)
{
	SSL *ssl = NULL;
	size_t n = 0;

	s->connections++;
	if (s->tls) {
		ssl = SSL_new(s->tls);
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) <= 0)
			goto out;
	}
	while (n < sizeof(s->got) - 1) {
		ssize_t r = server_in(ssl, fd, s->got + n,
				      sizeof(s->got) - 1 - n);

		if (r <= 0)
			break;
		n += (size_t)r;
		s->got[n] = 0;
		if (strstr(s->got, "\r\n\r\n"))
			break;
	}
	s->got_len = n;
	for (unsigned i = 0; i < s->again && s->say_len; i++) {
		if (server_out(ssl, fd, s->say, s->say_len) <= 0)
			break;
	}
	usleep((useconds_t)s->hold_ms * 1000);
	if (ssl && !s->hold_ms)
		SSL_shutdown(ssl);
out:
	SSL_free(ssl);
	shutdown(fd, SHUT_WR);
	close(fd);
}

static inline void *server_loop(void *arg)
{
	struct server *s = arg;

	for (;;) {
		int fd = accept(s->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		server_one(s, fd);
	}
}

static inline void server_start(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	signal(SIGPIPE, SIG_IGN);
	if (!s->again)
		s->again = 1;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(s->fd, (struct sockaddr *)&a, len) || listen(s->fd, 8) ||
	    getsockname(s->fd, (struct sockaddr *)&a, &len))
		abort();
	s->port = ntohs(a.sin_port);
	pthread_create(&s->thread, NULL, server_loop, s);
}

static inline void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	SSL_CTX_free(s->tls);
}

/* --- certificates, made for the test ------------------------------------- */

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

static inline void cert_extension(X509 *c, X509 *issuer, int nid,
				  const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;

	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(c, x, -1);
	X509_EXTENSION_free(x);
}

/* cert_make - signed by ca, or by itself when ca is NULL */
static inline X509 *cert_make(EVP_PKEY *key, const char *name, int is_ca,
			      const struct authority *ca, long from_s,
			      long to_s)
{
	X509 *c = X509_new(), *issuer = ca ? ca->cert : c;
	X509_NAME *n = X509_get_subject_name(c);
	char san[256];
	static long serial = 1;

	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial + getpid());
	X509_gmtime_adj(X509_getm_notBefore(c), from_s);
	X509_gmtime_adj(X509_getm_notAfter(c), to_s);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer));
	X509_set_pubkey(c, key);
	cert_extension(c, issuer, NID_basic_constraints,
		       is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (!is_ca) {
		snprintf(san, sizeof(san), "DNS:%s", name);
		cert_extension(c, issuer, NID_subject_alt_name, san);
	}
	X509_sign(c, ca ? ca->key : key, EVP_sha256());
	return c;
}

static inline void authority_make(struct authority *a, const char *name)
{
	a->key = EVP_EC_gen("P-256");
	a->cert = cert_make(a->key, name, 1, NULL, -3600, 86400);
}

/* authority_save - its certificate into a new file; path of 64 bytes */
static inline void authority_save(const struct authority *a, char *path)
{
	FILE *f;
	int fd;

	snprintf(path, 64, "/tmp/scelle-test-ca-XXXXXX");
	fd = mkstemp(path);
	f = fdopen(fd, "w");
	PEM_write_X509(f, a->cert);
	fclose(f);
}

static inline void authority_release(struct authority *a)
{
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
}

/* server_tls - a context with a fresh leaf */
static inline SSL_CTX *server_tls(const char *name, const struct authority *ca,
				  long from_s, long to_s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = cert_make(key, name, 0, ca, from_s, to_s);

	SSL_CTX_use_certificate(ctx, leaf);
	SSL_CTX_use_PrivateKey(ctx, key);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return ctx;
}

#endif

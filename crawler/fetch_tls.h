/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a TLS handshake showed: the certificates as served, the protocol, the
 * cipher and OpenSSL's verdict, kept also when the verdict is no.
 */
#ifndef CRAWLER_FETCH_TLS_H
#define CRAWLER_FETCH_TLS_H

#include "util/buf.h"

#define FETCH_TLS_CERTS_MAX 32	/* certificates kept of a chain */

struct fetch_tls {
	struct buf *chain_pem;	/* where certificates go, leaf first */
	char *protocol;		/* 16 bytes */
	char *cipher;		/* 64 bytes */
	int met;		/* a server certificate was judged */
	int verified;		/* 1: the chain leads to a trusted root */
	char verdict[160];	/* why not, with the depth */
};

/*
 * fetch_tls_watch - look on while a context verifies, leaving its verdict alone
 *   ssl_ctx  an OpenSSL SSL_CTX
 *   t        must outlive the handshake
 */
void fetch_tls_watch(void *ssl_ctx, struct fetch_tls *t);

/* fetch_tls_session - protocol and cipher of an OpenSSL SSL in use */
void fetch_tls_session(const void *ssl, struct fetch_tls *t);

#endif

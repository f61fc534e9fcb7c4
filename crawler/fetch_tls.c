/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/fetch_tls.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

/* keep_chain - the certificates as the server sent them */
static void keep_chain(struct fetch_tls *t, STACK_OF(X509) *chain)
{
	int n = chain ? sk_X509_num(chain) : 0;
	BIO *mem = BIO_new(BIO_s_mem());
	char *p = NULL;
	long len;

	if (!mem)
		return;
	for (int i = 0; i < n && i < FETCH_TLS_CERTS_MAX; i++)
		PEM_write_bio_X509(mem, sk_X509_value(chain, i));
	len = BIO_get_mem_data(mem, &p);
	buf_clear(t->chain_pem);
	if (len > 0)
		buf_add(t->chain_pem, p, (size_t)len);
	BIO_free(mem);
}

void fetch_tls_session(const void *ssl, struct fetch_tls *t)
{
	const SSL *s = ssl;
	const SSL_CIPHER *c;

	if (!s)
		return;
	c = SSL_get_current_cipher(s);
	if (!c)
		c = SSL_get_pending_cipher(s);
	snprintf(t->protocol, 16, "%s", SSL_get_version(s));
	snprintf(t->cipher, 64, "%s", c ? SSL_CIPHER_get_name(c) : "");
}

/* on_verify - what OpenSSL would do without us, and a look at it */
static int on_verify(X509_STORE_CTX *ctx, void *arg)
{
	struct fetch_tls *t = arg;
	int ok = X509_verify_cert(ctx), why;

	t->met = 1;
	t->verified = ok > 0;
	keep_chain(t, X509_STORE_CTX_get0_untrusted(ctx));
	fetch_tls_session(X509_STORE_CTX_get_ex_data(ctx,
				SSL_get_ex_data_X509_STORE_CTX_idx()), t);
	if (ok <= 0) {
		why = X509_STORE_CTX_get_error(ctx);
		snprintf(t->verdict, sizeof(t->verdict), "%s (code %d, "
			 "certificate %d)", X509_verify_cert_error_string(why),
			 why, X509_STORE_CTX_get_error_depth(ctx));
	}
	return ok;
}

void fetch_tls_watch(void *ssl_ctx, struct fetch_tls *t)
{
	SSL_CTX_set_cert_verify_callback(ssl_ctx, on_verify, t);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/lab.h"
#include "util/buf.h"
#include "util/file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { DAY = 86400 };

struct lab_host {
	const char *name;
	SSL_CTX *ctx;
};

static int fail(struct err *e, const char *what)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return err_set(e, ERR_FORMAT, "cannot make '%s': %s", what, text);
}

static int extension(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX v;
	X509_EXTENSION *x;
	int ok;

	X509V3_set_ctx_nodb(&v);
	X509V3_set_ctx(&v, issuer, c, NULL, NULL, 0);
	x = X509V3_EXT_nconf_nid(NULL, &v, nid, value);
	ok = x && X509_add_ext(c, x, -1);
	X509_EXTENSION_free(x);
	return ok;
}

struct wish {
	const char *name;	/* common name */
	const char *san;	/* a host, or NULL for an authority */
	int pathlen;
	long from, to;		/* seconds from now */
	const EVP_MD *md;
};

/* issuer NULL: signed by itself */
static X509 *certificate(const struct wish *w, EVP_PKEY *key, X509 *issuer,
			 EVP_PKEY *issuer_key)
{
	X509 *c = X509_new();
	X509_NAME *n = X509_NAME_new();
	uint8_t serial[16];
	BIGNUM *b = NULL;
	char text[320];
	int ok;

	if (!c || !n || RAND_bytes(serial, sizeof(serial)) != 1)
		goto bad;
	serial[0] = (serial[0] & 0x3f) | 0x40;
	b = BN_bin2bn(serial, sizeof(serial), NULL);
	ok = b && X509_set_version(c, X509_VERSION_3) &&
	     BN_to_ASN1_INTEGER(b, X509_get_serialNumber(c)) &&
	     X509_NAME_add_entry_by_txt(n, "O", MBSTRING_ASC,
		(const uint8_t *)"Laboratoire (fictif)", -1, -1, 0) &&
	     X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
		(const uint8_t *)w->name, -1, -1, 0) &&
	     X509_set_subject_name(c, n) &&
	     X509_set_issuer_name(c, issuer ? X509_get_subject_name(issuer) : n) &&
	     X509_gmtime_adj(X509_getm_notBefore(c), w->from) &&
	     X509_gmtime_adj(X509_getm_notAfter(c), w->to) &&
	     X509_set_pubkey(c, key) &&
	     extension(c, issuer ? issuer : c, NID_subject_key_identifier,
		       "hash");
	if (!ok)
		goto bad;
	if (issuer && !extension(c, issuer, NID_authority_key_identifier, "keyid"))
		goto bad;
	if (w->san) {
		snprintf(text, sizeof(text), "DNS:%s", w->san);
		ok = extension(c, c, NID_subject_alt_name, text) &&
		     extension(c, c, NID_basic_constraints, "critical,CA:FALSE") &&
		     extension(c, c, NID_key_usage, "critical,digitalSignature") &&
		     extension(c, c, NID_ext_key_usage, "serverAuth");
	} else {
		snprintf(text, sizeof(text), w->pathlen < 0 ? "critical,CA:TRUE" :
			 "critical,CA:TRUE,pathlen:%d", w->pathlen);
		ok = extension(c, c, NID_basic_constraints, text) &&
		     extension(c, c, NID_key_usage,
			       "critical,keyCertSign,cRLSign");
	}
	if (!ok || !X509_sign(c, issuer_key ? issuer_key : key,
			      w->md ? w->md : EVP_sha256()))
		goto bad;
	BN_free(b);
	X509_NAME_free(n);
	return c;
bad:
	BN_free(b);
	X509_NAME_free(n);
	X509_free(c);
	return NULL;
}

static int save(const char *dir, const char *name, X509 *c, X509 *d,
		EVP_PKEY *k, struct err *e)
{
	char path[FILE_PATH_MAX];
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	long n;
	int r;

	r = file_path(path, dir, name, NULL);
	if (!r && b && (!c || PEM_write_bio_X509(b, c)) &&
	    (!d || PEM_write_bio_X509(b, d)) &&
	    (!k || PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL)) &&
	    (n = BIO_get_mem_data(b, &p)) > 0)
		r = file_replace(path, BYTES(p, (size_t)n), 0600, e);
	else
		r = fail(e, name);
	BIO_free(b);
	return r;
}

static BIO *slurp(const char *dir, const char *name)
{
	char path[FILE_PATH_MAX];

	return file_path(path, dir, name, NULL) ? NULL : BIO_new_file(path, "r");
}

static void load(const char *dir, const char *cert, const char *key, X509 **c,
		 EVP_PKEY **k)
{
	BIO *a = slurp(dir, cert), *b = slurp(dir, key);

	if (a && b) {
		*c = PEM_read_bio_X509(a, NULL, NULL, NULL);
		*k = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	}
	BIO_free(a);
	BIO_free(b);
	ERR_clear_error();
}

static int make(struct lab *l, const char *ca, struct err *e)
{
	struct wish root = { .name = "Racine de laboratoire", .pathlen = -1,
			     .from = -DAY, .to = 3650L * DAY };
	struct wish inter = { .name = "Intermediaire de laboratoire",
			      .from = -DAY, .to = 1825L * DAY };
	int r;

	l->root_key = EVP_EC_gen("P-256");
	l->inter_key = EVP_EC_gen("P-256");
	l->root = l->root_key ? certificate(&root, l->root_key, NULL, NULL) : NULL;
	l->inter = l->root && l->inter_key ?
		certificate(&inter, l->inter_key, l->root, l->root_key) : NULL;
	if (!l->inter)
		return fail(e, "lab authority");
	r = save(ca, "root.key", NULL, NULL, l->root_key, e);
	if (!r)
		r = save(ca, "intermediate.key", NULL, NULL, l->inter_key, e);
	if (!r)
		r = save(ca, "intermediate.pem", l->inter, NULL, NULL, e);
	if (!r)
		r = save(ca, "chain.pem", l->inter, l->root, NULL, e);
	if (!r)
		r = save(ca, "root.pem", l->root, NULL, NULL, e);
	return r;
}

int lab_open(struct lab *l, const char *dir, struct err *e)
{
	char ca[FILE_PATH_MAX];
	int r = file_path(ca, dir, "ca", NULL);

	if (!r)
		r = file_mkdir(ca, e);
	if (r)
		return r;
	load(ca, "root.pem", "root.key", &l->root, &l->root_key);
	load(ca, "intermediate.pem", "intermediate.key", &l->inter,
	     &l->inter_key);
	if (!l->root || !l->root_key || !l->inter || !l->inter_key)
		r = make(l, ca, e);
	if (r)
		return r;
	l->leaf_key = EVP_EC_gen("P-256");
	return l->leaf_key ? 0 : fail(e, "leaf key");
}

static SSL_CTX *context(EVP_PKEY *key, X509 *leaf, X509 *inter, struct err *e)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (!c)
		goto bad;
	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(c, 0);
	if (SSL_CTX_use_certificate(c, leaf) != 1 ||
	    SSL_CTX_use_PrivateKey(c, key) != 1)
		goto bad;
	if (inter && !SSL_CTX_add1_chain_cert(c, inter))
		goto bad;
	return c;
bad:
	fail(e, "TLS context");
	SSL_CTX_free(c);
	return NULL;
}

static int by_name(SSL *s, int *alert, void *arg)
{
	struct lab *l = arg;
	const char *name = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; name && i < l->n; i++)
		if (!strcasecmp(l->hosts[i].name, name)) {
			SSL_set_SSL_CTX(s, l->hosts[i].ctx);
			break;
		}
	return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *lab_ctx(struct lab *l, const char *const *names, struct err *e)
{
	size_t n = 0;

	while (names[n])
		n++;
	l->hosts = calloc(n, sizeof(*l->hosts));
	if (!l->hosts)
		return NULL;
	for (; l->n < n; l->n++) {
		l->hosts[l->n].name = names[l->n];
		l->hosts[l->n].ctx = lab_fault_ctx(l, LAB_SOUND, names[l->n], e);
		if (!l->hosts[l->n].ctx)
			return NULL;
	}
	SSL_CTX_set_tlsext_servername_callback(l->hosts[0].ctx, by_name);
	SSL_CTX_set_tlsext_servername_arg(l->hosts[0].ctx, l);
	return l->hosts[0].ctx;
}

/* The signature ends the DER: turn a bit there and read the result. */
static X509 *spoil(X509 *c)
{
	uint8_t *der = NULL;
	int n = i2d_X509(c, &der);
	const uint8_t *p = der;
	X509 *bad = NULL;

	if (n > 8) {
		der[n - 3] ^= 1;
		bad = d2i_X509(NULL, &p, n);
	}
	OPENSSL_free(der);
	X509_free(c);
	return bad;
}

SSL_CTX *lab_fault_ctx(struct lab *l, enum lab_fault fault, const char *name,
		       struct err *e)
{
	struct wish w = { .name = name, .san = name, .from = -DAY,
			  .to = 90L * DAY };
	struct wish stranger = { .name = "Racine inconnue", .pathlen = -1,
				 .from = -DAY, .to = 3650L * DAY };
	EVP_PKEY *key = l->leaf_key, *own = NULL, *by = l->inter_key;
	X509 *issuer = l->inter, *leaf = NULL, *ca = NULL;
	SSL_CTX *c = NULL;

	switch (fault) {
	case LAB_EXPIRED:
		w.from = -30L * DAY;
		w.to = -DAY;
		break;
	case LAB_NOT_YET:
		w.from = 30L * DAY;
		break;
	case LAB_SELF_SIGNED:
		issuer = NULL;
		by = NULL;
		break;
	case LAB_WRONG_HOST:
		w.name = w.san = "someone-else.example";
		break;
	case LAB_UNKNOWN_CA:
		by = own = EVP_EC_gen("P-256");
		issuer = ca = own ? certificate(&stranger, own, NULL, NULL) : NULL;
		break;
	case LAB_WEAK_KEY:
		key = own = EVP_RSA_gen(1024);
		break;
	case LAB_SHA1:
		w.md = EVP_sha1();
		break;
	default:
		break;
	}
	if (key && (issuer || fault == LAB_SELF_SIGNED))
		leaf = certificate(&w, key, issuer, by);
	if (leaf && fault == LAB_BAD_SIGNATURE)
		leaf = spoil(leaf);
	if (leaf)
		c = context(key, leaf, fault == LAB_NO_CHAIN ? NULL : issuer, e);
	else
		fail(e, name);
	if (c && fault == LAB_OLD_TLS) {
		SSL_CTX_set_min_proto_version(c, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(c, TLS1_1_VERSION);
		SSL_CTX_set_cipher_list(c, "ALL:@SECLEVEL=0");
	}
	X509_free(leaf);
	X509_free(ca);
	EVP_PKEY_free(own);
	return c;
}

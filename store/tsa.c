/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/tsa.h"

#include "util/clock.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROOTS_COUNT_MAX 256

/* --- asking ------------------------------------------------------------------ */

static int set_imprint(TS_REQ *q, const uint8_t *imprint)
{
	TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
	X509_ALGOR *a = X509_ALGOR_new();
	int ok = m && a &&
		X509_ALGOR_set0(a, OBJ_nid2obj(NID_sha256), V_ASN1_NULL,
				NULL) &&
		TS_MSG_IMPRINT_set_algo(m, a) &&
		TS_MSG_IMPRINT_set_msg(m, (unsigned char *)(uintptr_t)imprint,
				       SHA256_LEN) &&
		TS_REQ_set_msg_imprint(q, m);

	X509_ALGOR_free(a);
	TS_MSG_IMPRINT_free(m);
	return ok;
}

static int set_nonce(TS_REQ *q, const uint8_t *nonce)
{
	BIGNUM *n = BN_bin2bn(nonce, TSA_NONCE_LEN, NULL);
	ASN1_INTEGER *a = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
	int ok = a && TS_REQ_set_nonce(q, a);

	ASN1_INTEGER_free(a);
	BN_free(n);
	return ok;
}

int tsa_request(const uint8_t imprint[static SHA256_LEN],
		const uint8_t nonce[static TSA_NONCE_LEN], struct buf *out,
		struct err *e)
{
	TS_REQ *q = TS_REQ_new();
	unsigned char *der = NULL;
	int n = -1, r;

	if (q && TS_REQ_set_version(q, 1) && set_imprint(q, imprint) &&
	    set_nonce(q, nonce) && TS_REQ_set_cert_req(q, 1))
		n = i2d_TS_REQ(q, &der);
	if (n < 0) {
		r = err_set(e, ERR_NOMEM, "cannot write a time stamp request");
	} else {
		r = buf_add(out, der, (size_t)n);
		if (r < 0)
			err_set(e, r, "the time stamp request does not fit");
	}
	OPENSSL_free(der);
	TS_REQ_free(q);
	return r;
}

/* --- reading ----------------------------------------------------------------- */

static TS_RESP *read_response(struct bytes in, struct err *e)
{
	const unsigned char *p = in.p;
	TS_RESP *r;

	if (in.len > TSA_RESPONSE_MAX) {
		err_set(e, ERR_LIMIT, "the time stamp response is longer than "
			"%u bytes", TSA_RESPONSE_MAX);
		return NULL;
	}
	ERR_clear_error();
	r = in.len ? d2i_TS_RESP(NULL, &p, (long)in.len) : NULL;
	ERR_clear_error();
	if (r && p != in.p + in.len) {
		TS_RESP_free(r);
		r = NULL;
	}
	if (!r)
		err_set(e, ERR_FORMAT, "not a time stamp response");
	return r;
}

/* GeneralizedTime, fraction and all, in milliseconds. */
static int time_of(const ASN1_GENERALIZEDTIME *t, int64_t *ms)
{
	const char *s = t ? (const char *)ASN1_STRING_get0_data(t) : NULL;
	int n = t ? ASN1_STRING_length(t) : 0, frac = 0, scale = 100;
	struct tm tm;

	if (!s || n < 15 || n > 32 || s[n - 1] != 'Z' ||
	    !ASN1_TIME_to_tm(t, &tm))
		return ERR_FORMAT;
	if (n > 15) {
		if (s[14] != '.' || n == 16)
			return ERR_FORMAT;
		for (int i = 15; i < n - 1; i++) {
			if (s[i] < '0' || s[i] > '9')
				return ERR_FORMAT;
			frac += (s[i] - '0') * scale;
			scale /= 10;
		}
	}
	*ms = (clock_days(tm.tm_year + 1900LL, (unsigned)tm.tm_mon + 1,
			  (unsigned)tm.tm_mday) * 86400 + tm.tm_hour * 3600 +
	       tm.tm_min * 60 + tm.tm_sec) * 1000 + frac;
	return 0;
}

static int64_t part(const ASN1_INTEGER *a, int64_t max)
{
	int64_t v = 0;

	if (!a)
		return 0;
	if (ASN1_INTEGER_get_int64(&v, a) != 1 || v < 0 || v > max)
		return -1;
	return v;
}

static int64_t accuracy_of(TS_TST_INFO *info)
{
	TS_ACCURACY *a = TS_TST_INFO_get_accuracy(info);
	int64_t s, ms, us;

	if (!a)
		return -1;
	s = part(TS_ACCURACY_get_seconds(a), 1000000000);
	ms = part(TS_ACCURACY_get_millis(a), 999);
	us = part(TS_ACCURACY_get_micros(a), 999);
	if (s < 0 || ms < 0 || us < 0)
		return -1;
	return s * 1000 + ms + (us > 0);	/* never too narrow */
}

static int serial_of(const ASN1_INTEGER *a, char *out, size_t room)
{
	BIGNUM *n = a ? ASN1_INTEGER_to_BN(a, NULL) : NULL;
	char *hex = n ? BN_bn2hex(n) : NULL;
	int r = hex && strlen(hex) < room ? 0 : ERR_FORMAT;

	if (r == 0)
		snprintf(out, room, "%s", hex);
	OPENSSL_free(hex);
	BN_free(n);
	return r;
}

static size_t hash_len(int nid)
{
	return nid == NID_sha256 ? 32 : nid == NID_sha384 ? 48
	       : nid == NID_sha512 ? 64 : 0;
}

static int read_info(TS_TST_INFO *info, struct tsa_token *t, struct err *e)
{
	TS_MSG_IMPRINT *m = info ? TS_TST_INFO_get_msg_imprint(info) : NULL;
	const ASN1_OBJECT *alg = NULL;
	ASN1_OCTET_STRING *msg;

	memset(t, 0, sizeof *t);
	if (!m)
		return err_set(e, ERR_FORMAT, "the response holds no time "
			       "stamp");
	X509_ALGOR_get0(&alg, NULL, NULL, TS_MSG_IMPRINT_get_algo(m));
	msg = TS_MSG_IMPRINT_get_msg(m);
	t->imprint_len = alg ? hash_len(OBJ_obj2nid(alg)) : 0;
	if (!t->imprint_len || !msg ||
	    (size_t)ASN1_STRING_length(msg) != t->imprint_len)
		return err_set(e, ERR_FORMAT, "the imprint is not SHA-256");
	memcpy(t->imprint, ASN1_STRING_get0_data(msg), t->imprint_len);
	if (time_of(TS_TST_INFO_get_time(info), &t->time_ms) < 0)
		return err_set(e, ERR_FORMAT, "the time stamp's time cannot be "
			       "read");
	if (serial_of(TS_TST_INFO_get_serial(info), t->serial,
		      sizeof t->serial) < 0)
		return err_set(e, ERR_FORMAT, "the time stamp's number cannot "
			       "be read");
	if (OBJ_obj2txt(t->policy, sizeof t->policy,
			TS_TST_INFO_get_policy_id(info), 1) <= 0)
		return err_set(e, ERR_FORMAT, "the time stamp's policy cannot "
			       "be read");
	t->accuracy_ms = accuracy_of(info);
	t->has_nonce = TS_TST_INFO_get_nonce(info) != NULL;
	return 0;
}

int tsa_peek(struct bytes response, struct tsa_token *t, struct err *e)
{
	struct err why = ERR_INIT;
	TS_RESP *resp = read_response(response, &why);
	int r = resp ? read_info(TS_RESP_get_tst_info(resp), t, &why)
		     : why.code;

	if (r < 0 && e)
		*e = why;
	TS_RESP_free(resp);
	return r;
}

/* --- whom to trust ------------------------------------------------------------ */

/* Certificates of the PEM text: those that signed themselves are trusted, the
 * others may stand between. */
static int read_roots(struct bytes pem, X509_STORE *store,
		      STACK_OF(X509) *between, struct err *e)
{
	BIO *in;
	X509 *c;
	int n = 0, r = 0;

	if (pem.len > TSA_ROOTS_MAX)
		return err_set(e, ERR_LIMIT, "the certificates are longer than "
			       "%u bytes", TSA_ROOTS_MAX);
	if (!pem.len)
		return err_set(e, ERR_FORMAT, "no certificate (PEM) of an "
			       "authority");
	in = BIO_new_mem_buf(pem.p, (int)pem.len);
	if (!in)
		return err_set(e, ERR_NOMEM, "no memory for certificates");
	while (r == 0 && (c = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		n++;
		if (n > ROOTS_COUNT_MAX)
			r = err_set(e, ERR_LIMIT, "too many certificates");
		else if (X509_self_signed(c, 0) == 1)
			r = !store || X509_STORE_add_cert(store, c)
				? 0 : ERR_NOMEM;
		else if (between)
			r = sk_X509_push(between, c) && X509_up_ref(c)
				? 0 : ERR_NOMEM;
		X509_free(c);
	}
	if (r == 0 && n == 0)
		r = err_set(e, ERR_FORMAT, "no certificate (PEM) of an "
			    "authority");
	ERR_clear_error();
	BIO_free(in);
	return r < 0 ? r : n;
}

int tsa_roots(struct bytes roots, struct err *e)
{
	return read_roots(roots, NULL, NULL, e);
}

/* --- checking ------------------------------------------------------------------ */

static const char *status_word(long status)
{
	static const char *const words[] = {
		"granted", "granted with changes", "rejected", "waiting",
		"revocation warning", "revoked",
	};

	return status >= 0 && status < 6 ? words[status] : "of no known kind";
}

static int granted(TS_RESP *resp, struct err *e)
{
	TS_STATUS_INFO *s = TS_RESP_get_status_info(resp);
	const ASN1_INTEGER *a = s ? TS_STATUS_INFO_get0_status(s) : NULL;
	int64_t v = -1;

	if (!a || ASN1_INTEGER_get_int64(&v, a) != 1)
		v = -1;
	if (v == TS_STATUS_GRANTED || v == TS_STATUS_GRANTED_WITH_MODS)
		return 0;
	err_set(e, ERR_AUTH, "the authority did not grant it: %s",
		status_word((long)v));
	return 1;
}

/* What OpenSSL found wrong, in its words. */
static void say_reason(struct err *e)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(code);
	const char *data = NULL;
	int flags = 0;

	ERR_peek_last_error_data(&data, &flags);
	if (data && *data && (flags & ERR_TXT_STRING))
		err_set(e, ERR_AUTH, "the time stamp is not sound: %s (%.200s)",
			why ? why : "unknown reason", data);
	else
		err_set(e, ERR_AUTH, "the time stamp is not sound: %s",
			why ? why : "unknown reason");
}

static TS_VERIFY_CTX *context(struct bytes request, X509_STORE *store,
			      STACK_OF(X509) *between, struct bytes imprint,
			      struct err *e)
{
	const unsigned char *p = request.p;
	TS_VERIFY_CTX *v = NULL;
	unsigned char *copy = NULL;
	TS_REQ *q = NULL;

	if (request.len) {
		q = request.len <= TSA_REQUEST_MAX
			? d2i_TS_REQ(NULL, &p, (long)request.len) : NULL;
		if (!q || p != request.p + request.len) {
			err_set(e, ERR_FORMAT, "not a time stamp request");
			goto out;
		}
		v = TS_REQ_to_TS_VERIFY_CTX(q, NULL);
	} else {
		v = TS_VERIFY_CTX_new();
		copy = OPENSSL_memdup(imprint.p, imprint.len);
		if (v && copy) {
			TS_VERIFY_CTX_set_imprint(v, copy, (long)imprint.len);
			TS_VERIFY_CTX_set_flags(v, TS_VFY_VERSION |
						TS_VFY_IMPRINT);
			copy = NULL;
		}
	}
	OPENSSL_free(copy);
	if (!v) {
		err_set(e, ERR_NOMEM, "no memory to check a time stamp");
		goto out;
	}
	TS_VERIFY_CTX_add_flags(v, TS_VFY_SIGNATURE);
	TS_VERIFY_CTX_set_store(v, store);
	if (sk_X509_num(between) > 0)
		TS_VERIFY_CTX_set_certs(v, between);
out:
	TS_REQ_free(q);
	return v;
}

/* The signer's certificate and the chain up to the root, as of that time. */
static int put_chain(TS_RESP *resp, X509_STORE *store,
		     STACK_OF(X509) *between, struct tsa_token *t,
		     struct buf *chain)
{
	PKCS7 *p7 = TS_RESP_get_token(resp);
	STACK_OF(X509) *signers = PKCS7_get0_signers(p7, between, 0);
	STACK_OF(X509) *pool = NULL, *found;
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *signer = signers && sk_X509_num(signers) == 1
		? sk_X509_value(signers, 0) : NULL;
	BIO *out = BIO_new(BIO_s_mem());
	char *mem = NULL;
	long n;
	int r = ERR_NOMEM;

	if (!ctx || !signer || !out)
		goto out;
	X509_NAME_oneline(X509_get_subject_name(signer), t->signer,
			  sizeof t->signer);
	pool = sk_X509_new_null();
	for (int i = 0; pool && i < sk_X509_num(between); i++)
		sk_X509_push(pool, sk_X509_value(between, i));
	for (int i = 0; pool && p7->d.sign->cert &&
	     i < sk_X509_num(p7->d.sign->cert); i++)
		sk_X509_push(pool, sk_X509_value(p7->d.sign->cert, i));
	if (!pool || !X509_STORE_CTX_init(ctx, store, signer, pool))
		goto out;
	X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_TIMESTAMP_SIGN);
	if (X509_verify_cert(ctx) != 1)
		goto out;
	found = X509_STORE_CTX_get0_chain(ctx);
	for (int i = 0; i < sk_X509_num(found); i++)
		if (!PEM_write_bio_X509(out, sk_X509_value(found, i)))
			goto out;
	n = BIO_get_mem_data(out, &mem);
	r = chain && n > 0 ? buf_add(chain, mem, (size_t)n) : 0;
out:
	sk_X509_free(signers);
	sk_X509_free(pool);
	X509_STORE_CTX_free(ctx);
	BIO_free(out);
	return r;
}

int tsa_check(struct bytes response, struct bytes request,
	      struct bytes imprint, struct bytes roots, struct tsa_token *t,
	      struct buf *chain, struct err *e)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	struct err why = ERR_INIT;
	struct tsa_token v = { 0 };
	TS_VERIFY_CTX *ctx = NULL;
	TS_RESP *resp = NULL;
	int r = ERR_NOMEM;

	if (!store || !between) {
		err_set(&why, r, "no memory to check a time stamp");
		goto out;
	}
	r = read_roots(roots, store, between, &why);
	if (r < 0)
		goto out;
	resp = read_response(response, &why);
	if (!resp) {
		r = why.code;
		goto out;
	}
	r = granted(resp, &why);
	if (r == 0)
		r = read_info(TS_RESP_get_tst_info(resp), &v, &why);
	if (r != 0)
		goto out;
	if (!bytes_eq(BYTES(v.imprint, v.imprint_len), imprint)) {
		r = 1;
		err_set(&why, ERR_AUTH, "it stamps another imprint");
		goto out;
	}
	/* What is judged is whether it was sound when it was made. */
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store),
				   (time_t)(v.time_ms / 1000));
	ctx = context(request, store, between, imprint, &why);
	if (!ctx) {
		r = why.code;
		goto out;
	}
	/* The context has taken both over, and frees them. */
	X509_STORE_up_ref(store);
	if (sk_X509_num(between) > 0)
		between = X509_chain_up_ref(between);
	ERR_clear_error();
	if (TS_RESP_verify_response(ctx, resp) != 1) {
		say_reason(&why);
		r = 1;
	} else if (!between || put_chain(resp, store, between, &v, chain) < 0) {
		r = err_set(&why, ERR_NOMEM, "no memory for a chain of "
			    "certificates");
	}
out:
	ERR_clear_error();
	TS_VERIFY_CTX_free(ctx);
	TS_RESP_free(resp);
	X509_STORE_free(store);
	sk_X509_pop_free(between, X509_free);
	if (r == 0)
		*t = v;
	else if (e)
		*e = why;
	return r;
}

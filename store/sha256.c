/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/sha256.h"

#include "util/err.h"
#include "util/secret.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#define BLOCK 64

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key_ctx;
static EVP_MD *md;
static _Thread_local EVP_MD_CTX *mine;

static void free_ctx(void *p)
{
	EVP_MD_CTX_free(p);
}

/* Fetching is what makes the one-shot SHA256() of OpenSSL 3 slow. */
static void start(void)
{
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!md || pthread_key_create(&key_ctx, free_ctx))
		abort();
}

static EVP_MD_CTX *thread_ctx(void)
{
	if (mine)
		return mine;
	pthread_once(&once, start);
	mine = EVP_MD_CTX_new();
	if (!mine || pthread_setspecific(key_ctx, mine))
		abort();
	return mine;
}

static void ctx_start(EVP_MD_CTX *ctx)
{
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		abort();
}

static void ctx_add(EVP_MD_CTX *ctx, struct bytes in)
{
	if (in.len && EVP_DigestUpdate(ctx, in.p, in.len) != 1)
		abort();
}

static void ctx_end(EVP_MD_CTX *ctx, uint8_t *out)
{
	if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		abort();
}

int sha256_init(struct sha256 *h)
{
	pthread_once(&once, start);
	if (!h->ctx)
		h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex2(h->ctx, md, NULL) != 1)
		return ERR_NOMEM;
	return 0;
}

void sha256_update(struct sha256 *h, struct bytes in)
{
	ctx_add(h->ctx, in);
}

void sha256_final(struct sha256 *h, uint8_t out[static SHA256_LEN])
{
	ctx_end(h->ctx, out);
}

void sha256_release(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

void sha256_once(struct bytes in, uint8_t out[static SHA256_LEN])
{
	sha256_pieces(&in, 1, out);
}

void sha256_pieces(const struct bytes *in, size_t n,
		   uint8_t out[static SHA256_LEN])
{
	EVP_MD_CTX *ctx = thread_ctx();

	ctx_start(ctx);
	for (size_t i = 0; i < n; i++)
		ctx_add(ctx, in[i]);
	ctx_end(ctx, out);
}

void hmac_sha256(struct bytes key, struct bytes in,
		 uint8_t out[static SHA256_LEN])
{
	hmac_sha256_pieces(key, &in, 1, out);
}

void hmac_sha256_pieces(struct bytes key, const struct bytes *in, size_t n,
			uint8_t out[static SHA256_LEN])
{
	EVP_MD_CTX *ctx = thread_ctx();
	uint8_t pad[BLOCK] = { 0 };
	uint8_t inner[SHA256_LEN];

	if (key.len > BLOCK)
		sha256_once(key, pad);
	else if (key.len)
		memcpy(pad, key.p, key.len);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	ctx_start(ctx);
	ctx_add(ctx, BYTES(pad, BLOCK));
	for (size_t i = 0; i < n; i++)
		ctx_add(ctx, in[i]);
	ctx_end(ctx, inner);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	ctx_start(ctx);
	ctx_add(ctx, BYTES(pad, BLOCK));
	ctx_add(ctx, BYTES(inner, sizeof inner));
	ctx_end(ctx, out);
	secret_wipe(pad, sizeof pad);
	secret_wipe(inner, sizeof inner);
}

int hkdf_sha256(struct bytes ikm, struct bytes salt, struct bytes info,
		uint8_t *out, size_t len)
{
	uint8_t prk[SHA256_LEN], t[SHA256_LEN];
	size_t done = 0, have = 0;

	if (len == 0 || len > HKDF_SHA256_MAX)
		return ERR_RANGE;
	hmac_sha256(salt, ikm, prk);
	for (uint8_t i = 1; done < len; i++) {
		struct bytes in[3] = { BYTES(t, have), info, BYTES(&i, 1) };
		size_t n = len - done < SHA256_LEN ? len - done : SHA256_LEN;

		hmac_sha256_pieces(BYTES(prk, sizeof prk), in, 3, t);
		have = SHA256_LEN;
		memcpy(out + done, t, n);
		done += n;
	}
	secret_wipe(prk, sizeof prk);
	secret_wipe(t, sizeof t);
	return 0;
}

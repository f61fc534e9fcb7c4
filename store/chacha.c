/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/chacha.h"

#include "util/err.h"
#include "util/secret.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key_ctx;
static EVP_CIPHER *cipher;
static _Thread_local EVP_CIPHER_CTX *mine;

static void free_ctx(void *p)
{
	EVP_CIPHER_CTX_free(p);
}

static void start(void)
{
	cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	if (!cipher || pthread_key_create(&key_ctx, free_ctx))
		abort();
}

static EVP_CIPHER_CTX *thread_ctx(void)
{
	if (mine)
		return mine;
	pthread_once(&once, start);
	mine = EVP_CIPHER_CTX_new();
	if (!mine || pthread_setspecific(key_ctx, mine))
		abort();
	return mine;
}

void chacha_seal(const uint8_t key[static 32], const uint8_t nonce[static 12],
		 const uint8_t *in, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = thread_ctx();
	int k = 0, rest = 0;

	if (n > CHACHA_MAX
	    || EVP_EncryptInit_ex2(c, cipher, key, nonce, NULL) != 1
	    || (n && EVP_EncryptUpdate(c, out, &k, in, (int)n) != 1)
	    || EVP_EncryptFinal_ex(c, out + n, &rest) != 1
	    || (size_t)k + (size_t)rest != n
	    || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, CHACHA_TAG,
				   out + n) != 1)
		abort();
	/* Wipes its copy of the key. */
	EVP_CIPHER_CTX_reset(c);
}

int chacha_open(const uint8_t key[static 32], const uint8_t nonce[static 12],
		const uint8_t *in, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = thread_ctx();
	uint8_t tag[CHACHA_TAG], none[CHACHA_TAG];
	size_t len = n - CHACHA_TAG;
	int k = 0, rest = 0, ok;

	if (n < CHACHA_TAG || len > CHACHA_MAX)
		return ERR_DAMAGED;
	memcpy(tag, in + len, sizeof tag);
	ok = EVP_DecryptInit_ex2(c, cipher, key, nonce, NULL) == 1
		&& EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, CHACHA_TAG,
				       tag) == 1
		&& (!len || EVP_DecryptUpdate(c, out, &k, in, (int)len) == 1)
		&& EVP_DecryptFinal_ex(c, none, &rest) == 1
		&& (size_t)k + (size_t)rest == len;
	EVP_CIPHER_CTX_reset(c);
	if (!ok && len)
		secret_wipe(out, len);
	return ok ? 0 : ERR_DAMAGED;
}

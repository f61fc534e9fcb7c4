/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/age.h"

#include "store/age_payload.h"
#include "util/secret.h"

#include <sodium.h>

static void fill(const struct age_random *rnd, void *p, size_t n)
{
	if (rnd)
		rnd->fill(rnd->arg, p, n);
	else
		secret_random(p, n);
}

void age_identity_new(struct age_identity *id, const struct age_random *rnd)
{
	fill(rnd, id->secret, sizeof id->secret);
	crypto_scalarmult_base(id->recipient, id->secret);
}

void age_identity_from(struct age_identity *id,
		       const uint8_t secret[static AGE_KEY_LEN])
{
	memcpy(id->secret, secret, AGE_KEY_LEN);
	crypto_scalarmult_base(id->recipient, id->secret);
}

/* Version line 22, stanza 10 + 43 + 1 + 43 + 1, last line 48. */
size_t age_size(size_t nrecipients, size_t plain)
{
	return 22 + nrecipients * 98 + 48 + age_payload_size(plain);
}

static int total_len(const struct bytes *pieces, size_t n, size_t *total)
{
	*total = 0;
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].len > SIZE_MAX / 4 - *total)
			return ERR_RANGE;
		*total += pieces[i].len;
	}
	return 0;
}

/* What every writer does behind its stanzas; out starts the file at start. */
static int finish(const uint8_t *file_key, const struct age_random *rnd,
		  const struct bytes *pieces, size_t npieces, size_t total,
		  size_t start, struct buf *out)
{
	uint8_t nonce[AGE_NONCE];

	fill(rnd, nonce, sizeof nonce);
	age_header_end(file_key, start, out);
	return age_payload_put(file_key, nonce, pieces, npieces, total, out);
}

int age_encrypt(const uint8_t recipient[static AGE_KEY_LEN], struct bytes plain,
		struct buf *out)
{
	uint8_t to[1][AGE_KEY_LEN];

	memcpy(to[0], recipient, AGE_KEY_LEN);
	return age_encrypt_to((const uint8_t (*)[AGE_KEY_LEN])to, 1, &plain, 1,
			      NULL, out, NULL);
}

int age_encrypt_to(const uint8_t (*recipients)[AGE_KEY_LEN], size_t n,
		   const struct bytes *pieces, size_t npieces,
		   const struct age_random *rnd, struct buf *out,
		   struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY], eph[AGE_KEY_LEN];
	size_t start = out->len, total;
	int r;

	if (n == 0 || n > AGE_RECIPIENTS_MAX ||
	    total_len(pieces, npieces, &total) < 0)
		return err_set(e, ERR_RANGE, "number of recipients or length");
	if (!buf_room(out, age_size(n, total)))
		return err_set(e, out->failed, "encrypted file does not fit");
	fill(rnd, file_key, sizeof file_key);
	age_header_start(out);
	for (size_t i = 0; i < n; i++) {
		fill(rnd, eph, sizeof eph);
		r = age_wrap_x25519(recipients[i], eph, file_key, out);
		if (r < 0) {
			err_set(e, r, "recipient %zu is no X25519 key", i + 1);
			goto out;
		}
	}
	r = finish(file_key, rnd, pieces, npieces, total, start, out);
out:
	if (r < 0)
		out->len = start;
	secret_wipe(file_key, sizeof file_key);
	secret_wipe(eph, sizeof eph);
	return r;
}

int age_encrypt_fresh(struct age_identity *id, const struct bytes *pieces,
		      size_t npieces, const struct age_random *rnd,
		      struct buf *out)
{
	/* All of it at once: one call to the kernel an object, not four. */
	struct {
		uint8_t secret[AGE_KEY_LEN], file_key[AGE_FILE_KEY];
		uint8_t eph[AGE_KEY_LEN], nonce[AGE_NONCE];
	} k;
	size_t start = out->len, total;
	int r;

	if (total_len(pieces, npieces, &total) < 0)
		return ERR_RANGE;
	if (!buf_room(out, age_size(1, total)))
		return out->failed;
	fill(rnd, &k, sizeof k);
	age_header_start(out);
	age_identity_from(id, k.secret);
	r = age_wrap_x25519(id->recipient, k.eph, k.file_key, out);
	if (r == 0) {
		age_header_end(k.file_key, start, out);
		r = age_payload_put(k.file_key, k.nonce, pieces, npieces,
				    total, out);
	}
	if (r < 0)
		out->len = start;
	secret_wipe(&k, sizeof k);
	return r;
}

int age_encrypt_pass(struct bytes passphrase, unsigned logn,
		     const struct bytes *pieces, size_t npieces,
		     const struct age_random *rnd, struct buf *out,
		     struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY], salt[16];
	size_t start = out->len, total;
	int r;

	if (total_len(pieces, npieces, &total) < 0)
		return err_set(e, ERR_RANGE, "length");
	fill(rnd, file_key, sizeof file_key);
	fill(rnd, salt, sizeof salt);
	age_header_start(out);
	r = age_wrap_pass(passphrase, logn, salt, file_key, out);
	if (r < 0)
		goto out;
	r = finish(file_key, rnd, pieces, npieces, total, start, out);
out:
	if (r < 0) {
		out->len = start;
		err_set(e, r, "cannot encrypt under a passphrase");
	}
	secret_wipe(file_key, sizeof file_key);
	return r;
}

static int open_binary(struct age_keys *keys, struct bytes file,
		       struct buf *plain, struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY];
	struct age_payload p = { 0 };
	uint8_t *to = NULL;
	size_t len, n;
	int r;

	r = age_header_open(keys, file, file_key, &len, e);
	if (r < 0)
		goto out;
	r = age_payload_start(&p, file_key,
			      BYTES(file.p + len, file.len - len));
	if (r < 0) {
		keys->verdict = r == ERR_FORMAT ? AGE_HEADER_FAILURE :
			AGE_PAYLOAD_FAILURE;
		err_set(e, r, "age payload cut short");
		goto out;
	}
	to = buf_room(plain, p.size);
	if (!to) {
		r = plain->failed == ERR_RANGE ? ERR_LIMIT : plain->failed;
		err_set(e, r, "plaintext does not fit");
		goto out;
	}
	do {
		r = age_payload_next(&p, to + p.done, &n);
	} while (r > 0);
	if (r < 0) {
		keys->verdict = AGE_PAYLOAD_FAILURE;
		secret_wipe(to, p.size);
		err_set(e, r, "age payload altered or cut short");
		goto out;
	}
	plain->len += p.size;
out:
	secret_wipe(&p, sizeof p);
	secret_wipe(file_key, sizeof file_key);
	return r;
}

int age_open(struct age_keys *keys, struct bytes file, struct buf *plain,
	     struct err *e)
{
	struct buf bin = BUF_INIT(file.len);
	int r;

	keys->verdict = AGE_OK;
	if (!age_is_armored(file))
		return open_binary(keys, file, plain, e);
	r = age_dearmor(file, &bin, e);
	if (r < 0)
		keys->verdict = AGE_ARMOR_FAILURE;
	else
		r = open_binary(keys, buf_view(&bin), plain, e);
	buf_release(&bin);
	return r;
}

int age_decrypt(const struct age_identity *ids, size_t n, struct bytes file,
		struct buf *plain, struct err *e)
{
	struct age_keys keys = { .ids = ids, .nids = n };

	return age_open(&keys, file, plain, e);
}

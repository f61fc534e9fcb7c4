/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys of signed notes and their text form (as in Go's sumdb/note). */
#include "store/note_key.h"

#include "store/note.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/secret.h"
#include "util/utf8.h"

#include <sodium.h>

#define PRIVATE "PRIVATE+KEY+"

static int is_space(uint32_t c)
{
	return c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

int note_name_valid(struct bytes name)
{
	if (!name.len || name.len > NOTE_NAME_MAX || !utf8_valid(name))
		return 0;
	while (name.len) {
		uint32_t c;
		size_t n = utf8_next(name, &c);

		if (c < 0x20 || c == 0x7f || c == '+' || is_space(c))
			return 0;
		name.p += n;
		name.len -= n;
	}
	return 1;
}

/* Key id: SHA-256(name 0A type pk), first four bytes. */
static void make_id(struct note_vkey *k)
{
	uint8_t h[SHA256_LEN];
	uint8_t nl_type[2] = { '\n', k->type };
	struct bytes in[3] = {
		bytes_str(k->name), BYTES(nl_type, 2), BYTES(k->pk, 32),
	};

	sha256_pieces(in, 3, h);
	memcpy(k->id, h, 4);
}

static int make(struct note_vkey *k, struct bytes name, unsigned type,
		const uint8_t *pk, struct err *e)
{
	if (!note_name_valid(name))
		return err_set(e, ERR_FORMAT, "bad key name");
	if (type != NOTE_ED25519 && type != NOTE_COSIGNATURE)
		return err_set(e, ERR_UNSUPPORTED, "unknown key type %u", type);
	memset(k, 0, sizeof *k);
	memcpy(k->name, name.p, name.len);
	memcpy(k->pk, pk, 32);
	k->type = (uint8_t)type;
	make_id(k);
	return 0;
}

int note_vkey_make(struct note_vkey *k, const char *name, unsigned type,
		   const uint8_t pk[static 32], struct err *e)
{
	return make(k, bytes_str(name), type, pk, e);
}

static int make_secret(struct note_skey *k, struct bytes name, unsigned type,
		       const uint8_t *seed, struct err *e)
{
	uint8_t pk[32], sk[crypto_sign_SECRETKEYBYTES];
	int r;

	crypto_sign_seed_keypair(pk, sk, seed);
	r = make(&k->vkey, name, type, pk, e);
	if (r == 0)
		memcpy(k->seed, seed, 32);
	secret_wipe(sk, sizeof sk);
	return r;
}

int note_skey_make(struct note_skey *k, const char *name, unsigned type,
		   const uint8_t seed[static 32], struct err *e)
{
	return make_secret(k, bytes_str(name), type, seed, e);
}

void note_skey_wipe(struct note_skey *k)
{
	if (k)
		secret_wipe(k, sizeof *k);
}

static struct bytes trim(struct bytes s)
{
	while (s.len && strchr(" \t\r\n", s.p[s.len - 1]) && s.p[s.len - 1])
		s.len--;
	while (s.len && strchr(" \t\r\n", s.p[0]) && s.p[0]) {
		s.p++;
		s.len--;
	}
	return s;
}

/* name+hash8+base64(type | 32 bytes); raw is 33 bytes, wiped by the caller */
static int split(struct bytes s, struct bytes *name, uint8_t id[4],
		 uint8_t raw[33], struct err *e)
{
	struct buf b = BUF_INIT(64);
	const uint8_t *plus;
	int r = ERR_FORMAT;

	s = trim(s);
	plus = s.len ? memchr(s.p, '+', s.len) : NULL;
	if (!plus)
		goto out;
	*name = BYTES(s.p, (size_t)(plus - s.p));
	s.len -= name->len + 1;
	s.p = plus + 1;
	if (s.len < 9 || s.p[8] != '+' || hex_get(BYTES(s.p, 8), id, 4) < 0)
		goto out;
	r = b64_get(BYTES(s.p + 9, s.len - 9), &b);
	if (r == ERR_NOMEM)
		goto out;
	r = ERR_FORMAT;
	if (b.failed || b.len < 1)
		goto out;
	if (b.p[0] != NOTE_ED25519 && b.p[0] != NOTE_COSIGNATURE) {
		r = ERR_UNSUPPORTED;
		goto out;
	}
	if (b.len != 33)
		goto out;
	memcpy(raw, b.p, 33);
	r = 0;
out:
	buf_wipe(&b);
	if (r < 0)
		err_set(e, r, "%s", r == ERR_UNSUPPORTED ? "unknown key type" :
			"malformed key");
	return r;
}

int note_vkey_read(struct bytes text, struct note_vkey *k, struct err *e)
{
	uint8_t id[4], raw[33];
	struct note_vkey v;
	struct bytes name;
	int r;

	r = split(text, &name, id, raw, e);
	if (r < 0)
		return r;
	r = make(&v, name, raw[0], raw + 1, e);
	if (r < 0)
		return r;
	if (memcmp(id, v.id, 4))
		return err_set(e, ERR_FORMAT, "key hash does not fit the key");
	*k = v;
	return 0;
}

static int put(const char *prefix, const struct note_vkey *k,
	       const uint8_t *key, struct buf *out)
{
	uint8_t raw[33];
	char id[9];

	raw[0] = k->type;
	memcpy(raw + 1, key, 32);
	hex_str(id, k->id, 4);
	buf_addf(out, "%s%s+%s+", prefix, k->name, id);
	b64_put(out, BYTES(raw, sizeof raw));
	secret_wipe(raw, sizeof raw);
	return out->failed;
}

int note_vkey_put(const struct note_vkey *k, struct buf *out)
{
	return put("", k, k->pk, out);
}

int note_skey_read(struct bytes text, struct note_skey *k, struct err *e)
{
	const size_t n = sizeof PRIVATE - 1;
	uint8_t id[4], raw[33];
	struct note_skey v;
	struct bytes name;
	int r;

	text = trim(text);
	if (text.len < n || memcmp(text.p, PRIVATE, n))
		return err_set(e, ERR_FORMAT, "not a private key");
	text.p += n;
	text.len -= n;
	r = split(text, &name, id, raw, e);
	if (r < 0)
		goto out;
	r = make_secret(&v, name, raw[0], raw + 1, e);
	if (r < 0)
		goto out;
	if (memcmp(id, v.vkey.id, 4))
		r = err_set(e, ERR_FORMAT, "key hash does not fit the key");
	else
		*k = v;
	note_skey_wipe(&v);
out:
	secret_wipe(raw, sizeof raw);
	return r;
}

int note_skey_put(const struct note_skey *k, struct buf *out)
{
	return put(PRIVATE, &k->vkey, k->seed, out);
}

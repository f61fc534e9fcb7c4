/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/age_header.h"

#include "store/sha256.h"
#include "util/enc.h"
#include "util/secret.h"

#include <sodium.h>

#define VERSION "age-encryption.org/v1\n"
#define BODY_COLUMNS 64
#define WRAPPED (AGE_FILE_KEY + AGE_TAG)
#define ARGS_MAX 3	/* kept; the types we do have no more than that */

static const char x25519_info[] = "age-encryption.org/v1/X25519";
static const char scrypt_info[] = "age-encryption.org/v1/scrypt";
static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

/* A key that wraps one file key once, hence the nonce of zeros. */
static void wrap(const uint8_t key[32], const uint8_t *file_key, uint8_t *out)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, file_key,
						  AGE_FILE_KEY, NULL, 0, NULL,
						  zero_nonce, key);
}

static int unwrap(const uint8_t key[32], const uint8_t *body, uint8_t *file_key)
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL,
							 body, WRAPPED, NULL, 0,
							 zero_nonce, key);
}

static void x25519_key(const uint8_t shared[32], const uint8_t share[32],
		       const uint8_t recipient[32], uint8_t key[32])
{
	uint8_t salt[64];

	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	hkdf_sha256(BYTES(shared, 32), BYTES(salt, 64),
		    bytes_str(x25519_info), key, 32);
}

static int scrypt_key(struct bytes pass, const uint8_t salt[16], unsigned logn,
		      uint8_t key[32])
{
	uint8_t s[sizeof scrypt_info - 1 + 16];

	memcpy(s, scrypt_info, sizeof scrypt_info - 1);
	memcpy(s + sizeof scrypt_info - 1, salt, 16);
	if (crypto_pwhash_scryptsalsa208sha256_ll(pass.p, pass.len, s, sizeof s,
						  (uint64_t)1 << logn, 8, 1,
						  key, 32))
		return ERR_NOMEM;
	return 0;
}

static int put_body(const uint8_t body[WRAPPED], struct buf *out)
{
	buf_addc(out, '\n');
	b64_put_raw(out, BYTES(body, WRAPPED));
	return buf_addc(out, '\n');
}

static int wrap_known(const uint8_t *recipient, const uint8_t *share,
		      const uint8_t *shared, const uint8_t *file_key,
		      struct buf *out)
{
	uint8_t key[32], body[WRAPPED];

	x25519_key(shared, share, recipient, key);
	wrap(key, file_key, body);
	secret_wipe(key, sizeof key);
	buf_adds(out, "-> X25519 ");
	b64_put_raw(out, BYTES(share, 32));
	return put_body(body, out);
}

int age_wrap_x25519(const uint8_t recipient[static AGE_KEY_LEN],
		    const uint8_t eph[static AGE_KEY_LEN],
		    const uint8_t file_key[static AGE_FILE_KEY],
		    struct buf *out)
{
	uint8_t share[32], dh[32];
	int r;

	crypto_scalarmult_base(share, eph);
	if (crypto_scalarmult(dh, eph, recipient))
		return ERR_RANGE;
	r = wrap_known(recipient, share, dh, file_key, out);
	secret_wipe(dh, sizeof dh);
	return r;
}

int age_wrap_pass(struct bytes passphrase, unsigned logn,
		  const uint8_t salt[static 16],
		  const uint8_t file_key[static AGE_FILE_KEY],
		  struct buf *out)
{
	uint8_t key[32], body[WRAPPED];
	int r;

	if (logn < 1 || logn > AGE_LOGN_MAX)
		return ERR_RANGE;
	r = scrypt_key(passphrase, salt, logn, key);
	if (r < 0)
		return r;
	wrap(key, file_key, body);
	secret_wipe(key, sizeof key);
	buf_adds(out, "-> scrypt ");
	b64_put_raw(out, BYTES(salt, 16));
	buf_addf(out, " %u", logn);
	return put_body(body, out);
}

int age_header_start(struct buf *out)
{
	return buf_adds(out, VERSION);
}

static void header_mac(const uint8_t *file_key, struct bytes header,
		       uint8_t mac[SHA256_LEN])
{
	uint8_t key[32];

	hkdf_sha256(BYTES(file_key, AGE_FILE_KEY), BYTES(NULL, 0),
		    bytes_str("header"), key, sizeof key);
	hmac_sha256(BYTES(key, sizeof key), header, mac);
	secret_wipe(key, sizeof key);
}

int age_header_end(const uint8_t file_key[static AGE_FILE_KEY], size_t start,
		   struct buf *out)
{
	uint8_t mac[SHA256_LEN];

	if (buf_adds(out, "---") < 0)
		return out->failed;
	header_mac(file_key, BYTES(out->p + start, out->len - start), mac);
	buf_addc(out, ' ');
	b64_put_raw(out, BYTES(mac, sizeof mac));
	return buf_addc(out, '\n');
}

/* struct stanza - type, first arguments, and a body of the size we know */
struct stanza {
	struct bytes type;
	struct bytes arg[ARGS_MAX];
	size_t nargs;		/* all of them */
	uint8_t body[WRAPPED];
	size_t body_len;	/* all of it; body holds it up to WRAPPED */
};

/* "-> type arg ...": one space between, each one or more of 21 to 7E */
static int parse_args(struct bytes line, struct stanza *st)
{
	size_t n = 0;

	if (line.len < 3 || memcmp(line.p, "-> ", 3))
		return ERR_FORMAT;
	for (size_t i = 3; ; n++) {
		size_t start = i;
		struct bytes word;

		while (i < line.len && line.p[i] > 0x20 && line.p[i] < 0x7f)
			i++;
		if (i == start || (i < line.len && line.p[i] != ' '))
			return ERR_FORMAT;
		word = BYTES(line.p + start, i - start);
		if (n == 0)
			st->type = word;
		else if (n <= ARGS_MAX)
			st->arg[n - 1] = word;
		if (i == line.len)
			break;
		i++;
	}
	st->nargs = n;
	return 0;
}

/* Full lines of 64 columns, then one that is shorter. */
static int parse_body(struct bytes *in, struct stanza *st)
{
	uint8_t room[BODY_COLUMNS];
	struct bytes line;
	int r;

	st->body_len = 0;
	do {
		struct buf b = BUF_INIT(sizeof room);

		if (!split_line(in, &line) || line.len > BODY_COLUMNS)
			return ERR_FORMAT;
		r = b64_get_raw(line, &b);
		if (r == 0 && b.len && st->body_len + b.len <= WRAPPED)
			memcpy(st->body + st->body_len, b.p, b.len);
		st->body_len += b.len;
		buf_release(&b);
		if (r < 0)
			return r;
	} while (line.len == BODY_COLUMNS);
	return 0;
}

static int get_arg(struct bytes text, uint8_t *out, size_t n)
{
	struct buf b = BUF_INIT(64);
	int r;

	r = b64_get_raw(text, &b);
	if (r == ERR_RANGE || (r == 0 && b.len != n))
		r = ERR_FORMAT;
	if (r == 0)
		memcpy(out, b.p, n);
	buf_release(&b);
	return r;
}

static int header_fail(struct age_keys *k, struct err *e, int code,
		       const char *why)
{
	k->verdict = AGE_HEADER_FAILURE;
	return err_set(e, code, "malformed age header: %s", why);
}

/* 1 unwrapped, 0 not for these keys, negative a broken header */
static int try_x25519(struct age_keys *k, const struct stanza *st,
		      uint8_t *file_key, struct err *e)
{
	uint8_t share[32], dh[32], key[32];
	int r = 0;

	if (st->nargs != 1 || st->body_len != WRAPPED ||
	    get_arg(st->arg[0], share, 32) < 0)
		return header_fail(k, e, ERR_FORMAT, "X25519 stanza");
	for (size_t i = 0; i < k->nids && r == 0; i++) {
		if (crypto_scalarmult(dh, k->ids[i].secret, share)) {
			r = header_fail(k, e, ERR_FORMAT,
					"X25519 share of low order");
			break;
		}
		x25519_key(dh, share, k->ids[i].recipient, key);
		r = unwrap(key, st->body, file_key) == 0;
	}
	secret_wipe(dh, sizeof dh);
	secret_wipe(key, sizeof key);
	return r;
}

/* Decimal, no sign, no leading zero; 0 when it is none, or above 999. */
static unsigned parse_logn(struct bytes s)
{
	unsigned v = 0;

	if (!s.len || s.len > 3 || s.p[0] == '0')
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	return v;
}

static int try_scrypt(struct age_keys *k, const struct stanza *st,
		      uint8_t *file_key, struct err *e)
{
	unsigned max = k->max_logn ? k->max_logn : AGE_LOGN_MAX;
	uint8_t salt[16], key[32];
	unsigned logn;
	int r = 0;

	if (st->nargs != 2 || st->body_len != WRAPPED ||
	    get_arg(st->arg[0], salt, 16) < 0)
		return header_fail(k, e, ERR_FORMAT, "scrypt stanza");
	logn = parse_logn(st->arg[1]);
	if (!logn)
		return header_fail(k, e, ERR_FORMAT, "scrypt work factor");
	if (k->npass && logn > max) {
		k->verdict = AGE_HEADER_FAILURE;
		return err_set(e, ERR_LIMIT, "scrypt work factor %u above %u",
			       logn, max);
	}
	for (size_t i = 0; i < k->npass && r == 0; i++) {
		r = scrypt_key(k->passphrases[i], salt, logn, key);
		if (r < 0)
			return header_fail(k, e, r, "out of memory");
		r = unwrap(key, st->body, file_key) == 0;
	}
	secret_wipe(key, sizeof key);
	return r;
}

int age_header_open(struct age_keys *keys, struct bytes file,
		    uint8_t file_key[static AGE_FILE_KEY], size_t *len_out,
		    struct err *e)
{
	const size_t vlen = sizeof VERSION - 1;
	struct bytes in = file, line;
	uint8_t mac[SHA256_LEN], got[SHA256_LEN];
	size_t n = 0, nscrypt = 0, mac_at;
	int found = 0, r;

	if (in.len > AGE_HEADER_MAX)
		in.len = AGE_HEADER_MAX;
	if (in.len < vlen || memcmp(in.p, VERSION, vlen)) {
		int other = in.len > 19 && !memcmp(in.p, VERSION, 19);

		keys->verdict = AGE_HEADER_FAILURE;
		return err_set(e, other ? ERR_UNSUPPORTED : ERR_FORMAT, "%s",
			       other ? "another version of age" :
			       "not an age file");
	}
	in.p += vlen;
	in.len -= vlen;
	for (;;) {
		struct stanza st;

		if (in.len >= 3 && !memcmp(in.p, "---", 3))
			break;
		if (!split_line(&in, &line))
			return header_fail(keys, e, file.len > AGE_HEADER_MAX ?
					   ERR_LIMIT : ERR_FORMAT, "no end");
		if (parse_args(line, &st) < 0)
			return header_fail(keys, e, ERR_FORMAT, "stanza");
		if (parse_body(&in, &st) < 0)
			return header_fail(keys, e, ERR_FORMAT, "stanza body");
		if (++n > AGE_RECIPIENTS_MAX)
			return header_fail(keys, e, ERR_LIMIT,
					   "too many stanzas");
		r = 0;
		if (bytes_is(st.type, "scrypt")) {
			nscrypt++;
			/* Alone, before anything is spent on it. */
			if (n == 1 && in.len >= 3 && !memcmp(in.p, "---", 3))
				r = try_scrypt(keys, &st, file_key, e);
		} else if (bytes_is(st.type, "X25519") && !found) {
			r = try_x25519(keys, &st, file_key, e);
		}
		if (r < 0)
			return r;
		found |= r;
	}
	if (n == 0)
		return header_fail(keys, e, ERR_FORMAT, "no stanza");
	if (nscrypt && n > 1)
		return header_fail(keys, e, ERR_FORMAT,
				   "scrypt stanza among others");
	mac_at = (size_t)(in.p - file.p);
	if (!split_line(&in, &line) || line.len < 4 || line.p[3] != ' ' ||
	    get_arg(BYTES(line.p + 4, line.len - 4), got, sizeof got) < 0)
		return header_fail(keys, e, ERR_FORMAT, "MAC line");
	*len_out = (size_t)(in.p - file.p);
	if (!found) {
		keys->verdict = AGE_NO_MATCH;
		return err_set(e, ERR_NOENT, "no key opens this file");
	}
	header_mac(file_key, BYTES(file.p, mac_at + 3), mac);
	if (!secret_eq(mac, got, sizeof mac)) {
		keys->verdict = AGE_HMAC_FAILURE;
		return err_set(e, ERR_AUTH, "age header altered");
	}
	keys->verdict = AGE_OK;
	return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/minisign.h"

#include "util/enc.h"
#include "util/secret.h"
#include "util/utf8.h"

#include <sodium.h>

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define SIG_LEN 64
#define PUB_BLOB (2 + 8 + 32)
#define SIG_BLOB (2 + 8 + SIG_LEN)

void minisign_key_from(struct minisign_key *k, const uint8_t id[static 8],
		       const uint8_t seed[static 32])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	memcpy(k->pub.id, id, 8);
	memcpy(k->seed, seed, 32);
	crypto_sign_seed_keypair(k->pub.pk, sk, seed);
	secret_wipe(sk, sizeof sk);
}

/* The id is shown as one number, least significant byte first. */
static void show_id(const uint8_t id[8], char out[17])
{
	static const char digit[] = "0123456789ABCDEF";

	for (size_t i = 0; i < 8; i++) {
		out[2 * i] = digit[id[7 - i] >> 4];
		out[2 * i + 1] = digit[id[7 - i] & 15];
	}
	out[16] = 0;
}

int minisign_pub_put(const struct minisign_pub *k, struct buf *out)
{
	uint8_t blob[PUB_BLOB] = { 'E', 'd' };
	char id[17];

	memcpy(blob + 2, k->id, 8);
	memcpy(blob + 10, k->pk, 32);
	show_id(k->id, id);
	buf_addf(out, UNTRUSTED "minisign public key %s\n", id);
	b64_put(out, BYTES(blob, sizeof blob));
	return buf_addc(out, '\n');
}

/* A line ends with LF, CR LF or the end; 0 at the end of s. */
static int take_line(struct bytes *s, struct bytes *line)
{
	const uint8_t *nl;

	if (!s->len)
		return 0;
	nl = memchr(s->p, '\n', s->len);
	*line = BYTES(s->p, nl ? (size_t)(nl - s->p) : s->len);
	s->p = nl ? nl + 1 : s->p + s->len;
	s->len -= line->len + (nl ? 1 : 0);
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return 1;
}

static int has_prefix(struct bytes s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && !memcmp(s.p, prefix, n);
}

static int get_blob(struct bytes text, uint8_t *out, size_t n)
{
	struct buf b = BUF_INIT(128);
	int r;

	r = b64_get(text, &b);
	if (r == ERR_RANGE || (r == 0 && b.len != n))
		r = ERR_FORMAT;
	if (r == 0)
		memcpy(out, b.p, n);
	buf_release(&b);
	return r;
}

int minisign_pub_read(struct bytes text, struct minisign_pub *k, struct err *e)
{
	uint8_t blob[PUB_BLOB];
	struct bytes line;
	int r;

	if (text.len > MINISIGN_FILE_MAX || !take_line(&text, &line))
		return err_set(e, ERR_FORMAT, "malformed minisign key");
	if (has_prefix(line, UNTRUSTED) && !take_line(&text, &line))
		return err_set(e, ERR_FORMAT, "minisign key file without key");
	r = get_blob(line, blob, sizeof blob);
	if (r < 0 || text.len)
		return err_set(e, r < 0 ? r : ERR_FORMAT,
			       "malformed minisign key");
	if (blob[0] != 'E' || blob[1] != 'd')
		return err_set(e, ERR_UNSUPPORTED, "unknown kind of key");
	memcpy(k->id, blob + 2, 8);
	memcpy(k->pk, blob + 10, 32);
	return 0;
}

static int comment_valid(struct bytes s)
{
	if (s.len > MINISIGN_COMMENT_MAX || !utf8_valid(s))
		return 0;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\t')
			return 0;
	return 1;
}

/* The second signature is over the first one and the trusted comment. */
static size_t global_msg(const uint8_t *sig, struct bytes trusted, uint8_t *out)
{
	memcpy(out, sig, SIG_LEN);
	if (trusted.len)
		memcpy(out + SIG_LEN, trusted.p, trusted.len);
	return SIG_LEN + trusted.len;
}

int minisign_sign(const struct minisign_key *k, struct bytes msg,
		  const char *untrusted, const char *trusted, struct buf *out,
		  struct err *e)
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];
	uint8_t hash[crypto_generichash_BYTES_MAX];
	uint8_t both[SIG_LEN + MINISIGN_COMMENT_MAX];
	uint8_t blob[SIG_BLOB] = { 'E', 'D' }, global[SIG_LEN];
	struct bytes comment = bytes_str(trusted);
	size_t before = out->len, n;

	if (!comment_valid(comment) || !comment_valid(bytes_str(untrusted)))
		return err_set(e, ERR_RANGE, "comment of a signature");
	memcpy(sk, k->seed, 32);
	memcpy(sk + 32, k->pub.pk, 32);
	memcpy(blob + 2, k->pub.id, 8);
	crypto_generichash(hash, sizeof hash, msg.p, msg.len, NULL, 0);
	crypto_sign_detached(blob + 10, NULL, hash, sizeof hash, sk);
	n = global_msg(blob + 10, comment, both);
	crypto_sign_detached(global, NULL, both, n, sk);
	secret_wipe(sk, sizeof sk);
	buf_addf(out, UNTRUSTED "%s\n", untrusted);
	b64_put(out, BYTES(blob, sizeof blob));
	buf_addf(out, "\n" TRUSTED "%s\n", trusted);
	b64_put(out, BYTES(global, sizeof global));
	buf_addc(out, '\n');
	if (!out->failed)
		return 0;
	out->len = before;
	return err_set(e, out->failed, "signature does not fit");
}

int minisign_check(const struct minisign_pub *k, struct bytes msg,
		   struct bytes sig, struct bytes *trusted, struct err *e)
{
	uint8_t blob[SIG_BLOB], global[SIG_LEN];
	uint8_t hash[crypto_generichash_BYTES_MAX];
	uint8_t both[SIG_LEN + MINISIGN_COMMENT_MAX];
	struct bytes line, comment;
	size_t n;

	if (sig.len > MINISIGN_FILE_MAX)
		return err_set(e, ERR_FORMAT, "signature file too long");
	if (!take_line(&sig, &line) || !has_prefix(line, UNTRUSTED) ||
	    !take_line(&sig, &line) || get_blob(line, blob, sizeof blob) < 0 ||
	    !take_line(&sig, &comment) || !has_prefix(comment, TRUSTED) ||
	    !take_line(&sig, &line) ||
	    get_blob(line, global, sizeof global) < 0 || sig.len)
		return err_set(e, ERR_FORMAT, "malformed signature file");
	comment.p += sizeof TRUSTED - 1;
	comment.len -= sizeof TRUSTED - 1;
	if (!comment_valid(comment))
		return err_set(e, ERR_FORMAT, "malformed trusted comment");
	if (blob[0] != 'E' || (blob[1] != 'D' && blob[1] != 'd'))
		return err_set(e, ERR_FORMAT, "unknown kind of signature");
	if (memcmp(blob + 2, k->id, 8)) {
		err_set(e, ERR_AUTH, "signed with another key");
		return 1;
	}
	if (blob[1] == 'D') {
		crypto_generichash(hash, sizeof hash, msg.p, msg.len, NULL, 0);
		msg = BYTES(hash, sizeof hash);
	}
	n = global_msg(blob + 10, comment, both);
	if (crypto_sign_verify_detached(blob + 10, msg.p, msg.len, k->pk) ||
	    crypto_sign_verify_detached(global, both, n, k->pk)) {
		err_set(e, ERR_AUTH, "bad signature");
		return 1;
	}
	if (trusted)
		*trusted = comment;
	return 0;
}

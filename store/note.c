/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/note.h"

#include "store/note_key.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/secret.h"
#include "util/utf8.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#define DASH "\xe2\x80\x94 "	/* U+2014 and a space */
#define DASH_LEN 4
#define SIG_LEN 64
#define COSIG_LEN (8 + SIG_LEN)

static int check_text(struct bytes s, struct err *e)
{
	if (!utf8_valid(s))
		return err_set(e, ERR_FORMAT, "note is not UTF-8");
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\n')
			return err_set(e, ERR_FORMAT,
				       "control character in note");
	return 0;
}

/* One signature line without its newline. */
static int parse_sig(struct bytes line, struct note_sig *sig, struct err *e)
{
	uint8_t raw[4 + NOTE_SIG_MAX];
	struct buf b = BUF_INIT(4 + NOTE_SIG_MAX);
	const uint8_t *sp;
	int r;

	if (line.len < DASH_LEN || memcmp(line.p, DASH, DASH_LEN))
		return err_set(e, ERR_FORMAT, "malformed signature line");
	line.p += DASH_LEN;
	line.len -= DASH_LEN;
	sp = memchr(line.p, ' ', line.len);
	if (!sp)
		return err_set(e, ERR_FORMAT, "signature line without signature");
	sig->name = BYTES(line.p, (size_t)(sp - line.p));
	if (!note_name_valid(sig->name))
		return err_set(e, ERR_FORMAT, "bad key name in signature line");
	line.len -= sig->name.len + 1;
	line.p = sp + 1;
	r = b64_get(line, &b);
	if (r == 0 && b.len < 5)
		r = ERR_FORMAT;
	if (r == 0) {
		memcpy(raw, b.p, b.len);
		memcpy(sig->id, raw, 4);
		sig->sig_len = b.len - 4;
		memcpy(sig->sig, raw + 4, sig->sig_len);
	} else if (r == ERR_FORMAT) {
		err_set(e, r, "signature is not base64");
	} else if (r == ERR_RANGE) {
		r = err_set(e, ERR_LIMIT, "signature too long");
	} else {
		err_set(e, r, "out of memory");
	}
	buf_release(&b);
	return r;
}

int note_parse(struct bytes bytes, struct note *n, struct err *e)
{
	const uint8_t *p, *end;
	size_t at;
	int r;

	n->nsigs = 0;
	if (bytes.len > NOTE_MAX)
		return err_set(e, ERR_LIMIT, "note too long");
	r = check_text(bytes, e);
	if (r < 0)
		return r;
	if (bytes.len < 2 || bytes.p[bytes.len - 1] != '\n')
		return err_set(e, ERR_FORMAT, "note does not end with a newline");
	/* The last empty line: what is above may hold empty lines as well. */
	for (at = bytes.len - 1; at > 0; at--)
		if (bytes.p[at] == '\n' && bytes.p[at - 1] == '\n')
			break;
	if (at == 0 || at + 1 == bytes.len)
		return err_set(e, ERR_FORMAT, "note without signatures");
	n->text = BYTES(bytes.p, at);
	if (n->text.len > NOTE_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "note text too long");
	p = bytes.p + at + 1;
	end = bytes.p + bytes.len;
	while (p < end) {
		const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));

		if (n->nsigs == NOTE_SIGS_MAX)
			return err_set(e, ERR_LIMIT, "too many signatures");
		r = parse_sig(BYTES(p, (size_t)(nl - p)), &n->sigs[n->nsigs], e);
		if (r < 0)
			return r;
		n->nsigs++;
		p = nl + 1;
	}
	return 0;
}

/* What a witness signs (C2SP tlog-cosignature); text is copied. */
static int cosigned(struct bytes text, uint64_t time_s, struct buf *out)
{
	buf_addf(out, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
	return buf_addb(out, text);
}

/* Returns 1 when sig is k's over text, 0 when it is not, or ERR_NOMEM. */
static int verify_one(struct bytes text, const struct note_sig *sig,
		      const struct note_vkey *k, uint64_t *time_s)
{
	struct buf b = BUF_INIT(NOTE_TEXT_MAX + 64);
	int ok;

	if (k->type == NOTE_ED25519)
		return sig->sig_len == SIG_LEN &&
		       !crypto_sign_verify_detached(sig->sig, text.p, text.len,
						    k->pk);
	if (sig->sig_len != COSIG_LEN)
		return 0;
	*time_s = get_be64(sig->sig);
	ok = cosigned(text, *time_s, &b);
	if (ok == 0)
		ok = !crypto_sign_verify_detached(sig->sig + 8, b.p, b.len,
						  k->pk);
	buf_release(&b);
	return ok;
}

static int is_by(const struct note_sig *sig, const struct note_vkey *k)
{
	return bytes_is(sig->name, k->name) && !memcmp(sig->id, k->id, 4);
}

int note_check(const struct note *n, const struct note_vkey *keys, size_t nkeys,
	       uint64_t *good, uint64_t *time_s, struct err *e)
{
	uint64_t mask = 0, seen = 0, t = 0;
	int found = 0;

	for (size_t i = 0; i < n->nsigs; i++) {
		for (size_t k = 0; k < nkeys; k++) {
			int r;

			if (!is_by(&n->sigs[i], &keys[k]))
				continue;
			r = verify_one(n->text, &n->sigs[i], &keys[k], &t);
			if (r < 0)
				return err_set(e, r, "out of memory");
			if (!r) {
				err_set(e, ERR_AUTH, "bad signature by '%s'",
					keys[k].name);
				return 1;
			}
			found = 1;
			if (k < 64)
				mask |= (uint64_t)1 << k;
			if (k == 0)
				seen = t;
		}
	}
	if (good)
		*good = mask;
	if (time_s)
		*time_s = seen;
	if (!found) {
		err_set(e, ERR_AUTH, "no signature by a known key");
		return 1;
	}
	return 0;
}

int note_open(struct bytes bytes, const struct note_vkey *keys, size_t nkeys,
	      struct bytes *text, struct err *e)
{
	struct note n;
	int r;

	r = note_parse(bytes, &n, e);
	if (r < 0)
		return r;
	r = note_check(&n, keys, nkeys, NULL, NULL, e);
	if (r == 0 && text)
		*text = n.text;
	return r;
}

static int sig_line(const struct note_skey *key, const uint8_t *sig, size_t n,
		    struct buf *out)
{
	uint8_t raw[4 + COSIG_LEN];

	memcpy(raw, key->vkey.id, 4);
	memcpy(raw + 4, sig, n);
	buf_addf(out, DASH "%s ", key->vkey.name);
	b64_put(out, BYTES(raw, 4 + n));
	return buf_addc(out, '\n');
}

/* The text must be such that every reader splits the note where we do. */
static int check_signable(struct bytes text, struct err *e)
{
	if (text.len > NOTE_TEXT_MAX)
		return err_set(e, ERR_RANGE, "note text too long");
	if (!text.len || text.p[text.len - 1] != '\n')
		return err_set(e, ERR_FORMAT,
			       "note text does not end with a newline");
	return check_text(text, e);
}

static int sign(const struct note_skey *key, struct bytes msg, uint8_t *sig)
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	memcpy(sk, key->seed, 32);
	memcpy(sk + 32, key->vkey.pk, 32);
	crypto_sign_detached(sig, NULL, msg.p, msg.len, sk);
	secret_wipe(sk, sizeof sk);
	return 0;
}

static int out_result(struct buf *out, size_t before, struct err *e)
{
	if (!out->failed)
		return 0;
	out->len = before;
	return err_set(e, out->failed, "note does not fit");
}

int note_sig_line(struct bytes text, const struct note_skey *key,
		  struct buf *out, struct err *e)
{
	size_t before = out->len;
	uint8_t sig[SIG_LEN];
	int r;

	r = check_signable(text, e);
	if (r < 0)
		return r;
	if (key->vkey.type != NOTE_ED25519)
		return err_set(e, ERR_RANGE, "'%s' is no key for notes",
			       key->vkey.name);
	sign(key, text, sig);
	sig_line(key, sig, sizeof sig, out);
	return out_result(out, before, e);
}

int note_sign(struct bytes text, const struct note_skey *keys, size_t nkeys,
	      struct buf *out, struct err *e)
{
	size_t before = out->len;
	int r;

	if (nkeys == 0 || nkeys > NOTE_SIGS_MAX)
		return err_set(e, ERR_RANGE, "number of signatures");
	r = check_signable(text, e);
	if (r < 0)
		return r;
	buf_addb(out, text);
	buf_addc(out, '\n');
	for (size_t i = 0; i < nkeys; i++) {
		r = note_sig_line(text, &keys[i], out, e);
		if (r < 0) {
			out->len = before;
			return r;
		}
	}
	return out_result(out, before, e);
}

int note_cosign(struct bytes text, const struct note_skey *key, uint64_t time_s,
		struct buf *out, struct err *e)
{
	struct buf msg = BUF_INIT(NOTE_TEXT_MAX + 64);
	size_t before = out->len;
	uint8_t sig[COSIG_LEN];
	int r;

	r = check_signable(text, e);
	if (r < 0)
		return r;
	if (key->vkey.type != NOTE_COSIGNATURE || time_s == 0)
		return err_set(e, ERR_RANGE, "'%s' is no witness key",
			       key->vkey.name);
	r = cosigned(text, time_s, &msg);
	if (r < 0) {
		err_set(e, r, "out of memory");
		goto out;
	}
	put_be64(sig, time_s);
	sign(key, buf_view(&msg), sig + 8);
	sig_line(key, sig, sizeof sig, out);
	r = out_result(out, before, e);
out:
	buf_release(&msg);
	return r;
}

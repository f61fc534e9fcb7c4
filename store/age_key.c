/* SPDX-License-Identifier: EUPL-1.2 */
/* Identities and recipients as text: Bech32 (BIP 173) without its length cap. */
#include "store/age.h"

#include "util/secret.h"

#include <ctype.h>

#define HRP_IDENTITY "age-secret-key-"
#define HRP_RECIPIENT "age"
#define HRP_MAX 32
#define DATA_MAX 52	/* groups of five bits of a 32-byte key */
#define SUM_LEN 6

static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t step(uint32_t sum, unsigned v)
{
	static const uint32_t gen[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
					 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ v;
	for (unsigned i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= gen[i];
	return sum;
}

static uint32_t start(const char *hrp, size_t n)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < n; i++)
		sum = step(sum, (uint8_t)hrp[i] >> 5);
	sum = step(sum, 0);
	for (size_t i = 0; i < n; i++)
		sum = step(sum, (uint8_t)hrp[i] & 31);
	return sum;
}

/* out: hrp, "1", 52 + 6 characters, NUL */
static void encode(const char *hrp, const uint8_t key[32], char *out)
{
	size_t n = strlen(hrp), at = n + 1;
	uint32_t sum = start(hrp, n), acc = 0;
	unsigned bits = 0;

	memcpy(out, hrp, n);
	out[n] = '1';
	for (size_t i = 0; i < DATA_MAX; i++) {
		unsigned v;

		if (bits < 5) {
			/* behind the last byte: zeros */
			size_t k = (i * 5 + bits) / 8;

			acc = acc << 8 | (k < 32 ? key[k] : 0);
			bits += 8;
		}
		bits -= 5;
		v = acc >> bits & 31;
		acc &= (1u << bits) - 1;
		out[at++] = charset[v];
		sum = step(sum, v);
	}
	for (unsigned i = 0; i < SUM_LEN; i++)
		sum = step(sum, 0);
	sum ^= 1;
	for (unsigned i = 0; i < SUM_LEN; i++)
		out[at++] = charset[sum >> 5 * (5 - i) & 31];
	out[at] = 0;
}

/* Returns 0, ERR_FORMAT, or ERR_UNSUPPORTED for a sound text of another kind. */
static int decode(struct bytes text, const char *want, int upper,
		  uint8_t key[32])
{
	uint8_t data[DATA_MAX];
	char hrp[HRP_MAX];
	size_t n = 0, one = SIZE_MAX, out = 0;
	uint32_t sum, acc = 0;
	unsigned bits = 0;
	int r = ERR_FORMAT;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < 33 || text.p[i] > 126)
			return ERR_FORMAT;
		if (upper ? islower(text.p[i]) : isupper(text.p[i]))
			return ERR_FORMAT;
		if (text.p[i] == '1')
			one = i;
	}
	if (one == SIZE_MAX || one == 0)
		return ERR_FORMAT;
	if (one != strlen(want))
		return ERR_UNSUPPORTED;
	for (size_t i = 0; i < one; i++)
		hrp[i] = (char)tolower(text.p[i]);
	if (memcmp(hrp, want, one))
		return ERR_UNSUPPORTED;
	if (text.len - one - 1 != DATA_MAX + SUM_LEN)
		return ERR_FORMAT;
	/* The letters of an identity are summed in lower case. */
	sum = start(hrp, one);
	for (size_t i = one + 1; i < text.len; i++) {
		const char *c = strchr(charset, tolower(text.p[i]));

		if (!c)
			goto out;
		sum = step(sum, (unsigned)(c - charset));
		if (n < DATA_MAX)
			data[n++] = (uint8_t)(c - charset);
	}
	if (sum != 1)
		goto out;
	for (size_t i = 0; i < DATA_MAX; i++) {
		acc = acc << 5 | data[i];
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			key[out++] = (uint8_t)(acc >> bits);
			acc &= (1u << bits) - 1;
		}
	}
	r = acc ? ERR_FORMAT : 0;	/* the four bits left are padding */
out:
	secret_wipe(data, sizeof data);
	return r;
}

void age_identity_str(const uint8_t secret[static AGE_KEY_LEN],
		      char out[static AGE_IDENTITY_TEXT])
{
	encode(HRP_IDENTITY, secret, out);
	for (char *p = out; *p; p++)
		*p = (char)toupper((unsigned char)*p);
}

void age_recipient_str(const uint8_t recipient[static AGE_KEY_LEN],
		       char out[static AGE_RECIPIENT_TEXT])
{
	encode(HRP_RECIPIENT, recipient, out);
}

int age_identity_read(struct bytes text, struct age_identity *id, struct err *e)
{
	uint8_t key[AGE_KEY_LEN];
	int r;

	r = decode(text, HRP_IDENTITY, 1, key);
	if (r == 0)
		age_identity_from(id, key);
	else
		err_set(e, r, "%s", r == ERR_UNSUPPORTED ?
			"identity of another type" : "malformed identity");
	secret_wipe(key, sizeof key);
	return r;
}

int age_recipient_read(struct bytes text, uint8_t out[static AGE_KEY_LEN],
		       struct err *e)
{
	uint8_t key[AGE_KEY_LEN];
	int r;

	r = decode(text, HRP_RECIPIENT, 0, key);
	if (r == 0)
		memcpy(out, key, AGE_KEY_LEN);
	else
		err_set(e, r, "%s", r == ERR_UNSUPPORTED ?
			"recipient of another type" : "malformed recipient");
	return r;
}

int age_identities_parse(struct bytes text, struct age_identity *ids,
			 size_t max, size_t *n, struct err *e)
{
	size_t line_no = 0;
	int other = 0;

	*n = 0;
	while (text.len) {
		const uint8_t *nl = memchr(text.p, '\n', text.len);
		struct bytes line = BYTES(text.p, nl ? (size_t)(nl - text.p) :
					  text.len);
		size_t used = line.len + (nl ? 1 : 0);
		int r;

		text.p += used;
		text.len -= used;
		line_no++;
		while (line.len && isspace(line.p[line.len - 1]))
			line.len--;
		while (line.len && isspace(line.p[0])) {
			line.p++;
			line.len--;
		}
		if (!line.len || line.p[0] == '#')
			continue;
		if (*n == max)
			return err_set(e, ERR_LIMIT, "more than %zu identities",
				       max);
		r = age_identity_read(line, &ids[*n], e);
		if (r == ERR_UNSUPPORTED) {
			other = 1;
			continue;
		}
		if (r < 0) {
			err_prefix(e, "line %zu", line_no);
			return r;
		}
		++*n;
	}
	if (*n == 0 && !other)
		return err_set(e, ERR_NOENT, "no identity in the file");
	return 0;
}

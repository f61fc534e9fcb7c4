/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/warc_digest.h"

#include "parsers/http.h"
#include "util/enc.h"

static const struct {
	const char *name, *other;
	enum warc_algorithm algorithm;
	size_t len;
} known[] = {
	{ "sha256", "sha-256", WARC_SHA256, 32 },
	{ "sha1", "sha-1", WARC_SHA1, 20 },
	{ "sha512", "sha-512", WARC_SHA512, 64 },
	{ "md5", "md-5", WARC_MD5, 16 },
};

static int base32(struct bytes text, uint8_t *out, size_t n)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t at = 0;

	while (text.len && text.p[text.len - 1] == '=')
		text.len--;
	if (text.len != (n * 8 + 4) / 5)
		return ERR_FORMAT;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];
		unsigned v;

		if (c >= '2' && c <= '7')
			v = c - '2' + 26u;
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			v = (unsigned)((c | 0x20) - 'a');
		else
			return ERR_FORMAT;
		bits = bits << 5 | v;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[at++] = (uint8_t)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	return at == n && bits == 0 ? 0 : ERR_FORMAT;
}

int warc_digest_parse(struct bytes text, struct warc_digest *out)
{
	struct warc_digest d = { .len = 0 };
	struct bytes label = { text.p, 0 }, value;
	int r = ERR_FORMAT;

	while (label.len < text.len && text.p[label.len] != ':')
		label.len++;
	if (label.len == text.len)
		return ERR_FORMAT;
	value = BYTES(text.p + label.len + 1, text.len - label.len - 1);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (http_name_eq(label, known[i].name) ||
		    http_name_eq(label, known[i].other)) {
			d.algorithm = known[i].algorithm;
			d.len = known[i].len;
		}
	}
	if (d.len == 0)
		return ERR_UNSUPPORTED;
	if (value.len == 2 * d.len)
		r = hex_get(value, d.value, d.len);
	else
		r = base32(value, d.value, d.len);
	if (r == 0)
		*out = d;
	return r;
}

void warc_digest_sha256(char out[static 72], const uint8_t value[static 32])
{
	memcpy(out, "sha256:", 7);
	hex_str(out + 7, value, 32);
}

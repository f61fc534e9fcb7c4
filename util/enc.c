/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/enc.h"

#include "util/err.h"

int split_at(struct bytes *in, char end, struct bytes *out)
{
	const uint8_t *p = in->len ? memchr(in->p, end, in->len) : NULL;

	if (!p)
		return 0;
	*out = BYTES(in->p, (size_t)(p - in->p));
	in->len -= out->len + 1;
	in->p = p + 1;
	return 1;
}

int split_line(struct bytes *in, struct bytes *out)
{
	return split_at(in, '\n', out);
}

int dec_get(struct bytes text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
		return ERR_FORMAT;
	for (size_t i = 0; i < text.len; i++) {
		unsigned d = text.p[i] - (unsigned)'0';

		if (d > 9 || d > max || v > (max - d) / 10)
			return ERR_FORMAT;
		v = v * 10 + d;
	}
	*out = v;
	return 0;
}

static const char HEX[] = "0123456789abcdef";
static const char B64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_put(struct buf *out, struct bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		buf_addc(out, (uint8_t)HEX[in.p[i] >> 4]);
		buf_addc(out, (uint8_t)HEX[in.p[i] & 15]);
	}
	return out->failed;
}

void hex_str(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*out++ = HEX[p[i] >> 4];
		*out++ = HEX[p[i] & 15];
	}
	*out = 0;
}

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_get(struct bytes text, uint8_t *out, size_t n)
{
	if (text.len != 2 * n)
		return ERR_FORMAT;
	for (size_t i = 0; i < n; i++) {
		int hi = nibble(text.p[2 * i]), lo = nibble(text.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return ERR_FORMAT;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

static int b64_encode(struct buf *out, struct bytes in, int pad)
{
	size_t i = 0;
	uint32_t v;

	for (; i + 3 <= in.len; i += 3) {
		v = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8
		    | in.p[i + 2];
		buf_addc(out, (uint8_t)B64[v >> 18]);
		buf_addc(out, (uint8_t)B64[v >> 12 & 63]);
		buf_addc(out, (uint8_t)B64[v >> 6 & 63]);
		buf_addc(out, (uint8_t)B64[v & 63]);
	}
	if (in.len - i == 1) {
		v = (uint32_t)in.p[i] << 16;
		buf_addc(out, (uint8_t)B64[v >> 18]);
		buf_addc(out, (uint8_t)B64[v >> 12 & 63]);
		if (pad)
			buf_adds(out, "==");
	} else if (in.len - i == 2) {
		v = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8;
		buf_addc(out, (uint8_t)B64[v >> 18]);
		buf_addc(out, (uint8_t)B64[v >> 12 & 63]);
		buf_addc(out, (uint8_t)B64[v >> 6 & 63]);
		if (pad)
			buf_addc(out, '=');
	}
	return out->failed;
}

int b64_put(struct buf *out, struct bytes in)
{
	return b64_encode(out, in, 1);
}

int b64_put_raw(struct buf *out, struct bytes in)
{
	return b64_encode(out, in, 0);
}

static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int b64_get_raw(struct bytes text, struct buf *out)
{
	uint32_t v = 0;
	unsigned bits = 0;

	if (text.len % 4 == 1)
		return ERR_FORMAT;
	for (size_t i = 0; i < text.len; i++) {
		int s = sextet(text.p[i]);

		if (s < 0)
			return ERR_FORMAT;
		v = v << 6 | (uint32_t)s;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(out, (uint8_t)(v >> bits));
			v &= (1u << bits) - 1;
		}
	}
	/* What is left over must be zero, or two texts mean the same bytes. */
	return v ? ERR_FORMAT : out->failed;
}

int b64_get(struct bytes text, struct buf *out)
{
	if (text.len % 4)
		return ERR_FORMAT;
	if (text.len && text.p[text.len - 1] == '=')
		text.len -= text.p[text.len - 2] == '=' ? 2 : 1;
	return b64_get_raw(text, out);
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/url_percent.h"

int url_hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int url_in_set(enum url_set set, uint8_t c)
{
	static const char *const extra[] = {
		[URL_SET_C0] = "",
		[URL_SET_FRAGMENT] = " \"<>`",
		[URL_SET_QUERY] = " \"#<>",
		[URL_SET_SPECIAL_QUERY] = " \"#<>'",
		[URL_SET_PATH] = " \"#<>?^`{}",
		[URL_SET_USERINFO] = " \"#<>?^`{}/:;=@[\\]|",
	};

	if (c < 0x20 || c > 0x7e)
		return 1;
	if (set == URL_SET_FORM)
		return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			 (c >= 'A' && c <= 'Z') || strchr("*-._", c));
	return strchr(extra[set], c) != NULL;
}

int url_percent_encode(struct buf *out, enum url_set set, struct bytes s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (!url_in_set(set, c)) {
			buf_addc(out, c);
			continue;
		}
		uint8_t xx[3] = { '%', (uint8_t)hex[c >> 4],
				  (uint8_t)hex[c & 15] };

		buf_add(out, xx, 3);
	}
	return out->failed;
}

int url_percent_decode(struct buf *out, struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (c == '%' && s.len - i > 2 && url_hex(s.p[i + 1]) >= 0 &&
		    url_hex(s.p[i + 2]) >= 0) {
			c = (uint8_t)(url_hex(s.p[i + 1]) << 4 |
				      url_hex(s.p[i + 2]));
			i += 2;
		}
		buf_addc(out, c);
	}
	return out->failed;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Percent-encoding.  Standard: WHATWG URL, section 1.3.  Pure.
 */
#ifndef PARSERS_URL_PERCENT_H
#define PARSERS_URL_PERCENT_H

#include "util/buf.h"

enum url_set {
	URL_SET_C0,		/* C0 controls and all above 0x7e */
	URL_SET_FRAGMENT,
	URL_SET_QUERY,
	URL_SET_SPECIAL_QUERY,	/* of http, https, ws, wss, ftp, file */
	URL_SET_PATH,
	URL_SET_USERINFO,
	URL_SET_FORM,		/* application/x-www-form-urlencoded */
};

/* url_in_set - 1 when this byte is percent-encoded by that set */
int url_in_set(enum url_set set, uint8_t c);

/* url_percent_encode - append s, encoding the set's bytes; as buf_add() */
int url_percent_encode(struct buf *out, enum url_set set, struct bytes s);

/* url_percent_decode - append s with each %XX decoded; stray % is kept */
int url_percent_decode(struct buf *out, struct bytes s);

/* url_hex - value of a hexadecimal digit, or -1 */
int url_hex(uint8_t c);

#endif

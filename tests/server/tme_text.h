/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Message text: from the small markup of tme.h to HTML and to plain text.
 */
#ifndef SERVER_TME_TEXT_H
#define SERVER_TME_TEXT_H

#include "util/buf.h"

struct tme_links {
	struct bytes v[32];	/* borrowed from the markup or from urls */
	size_t n;
};

/*
 * tme_rich - write the text; h, t and l may each be NULL
 *   h     HTML
 *   t     the text a reader sees
 *   l     addresses in order, without repetition, hashtags left out
 *   urls  room for addresses that do not stand in the markup; it must not
 *         grow while l is used, so give it room first
 */
void tme_rich(struct buf *h, struct buf *t, struct tme_links *l,
	      struct buf *urls, const char *markup);

/* tme_emoji - the image element of one emoji */
void tme_emoji(struct buf *out, struct bytes e);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The record of a page, as JSON lines: what parsing hands on.
 *
 * First one line for the page:
 *   {"kind":"page","platform":ID,"profile":{"id","version","checked",
 *    "sha256"},"page":KIND or null,"url":URL,"charset":NAME,
 *    "account":{...} or null,"next":{"url":URL,"direction":"older"} or null,
 *    "nexts":[...],"finding":CODE or null,"findings":[{"code","text"}...],
 *    "posts":N,"links":N}
 * then one a post, in page order:
 *   {"kind":"post","post_id","url","published","author","text","views",
 *    "media":[...],"forwarded_from","reply_to","edited","links":[...], what
 *    else the profile takes,"at":{"offset":N,"length":N} or null}
 * then one a link:
 *   {"kind":"link","url":URL,"rel":WORD}
 *
 * Keys of a post that the page does not show are null (media and links: an
 * empty list, edited: false); further keys are left out.  at counts bytes of
 * the body after content decoding.  published is RFC 3339 in UTC, seconds.
 */
#ifndef PARSERS_POST_H
#define PARSERS_POST_H

#include "util/buf.h"
#include "util/json.h"

#define POST_PAGE_MAX 5000	/* posts of one page */
#define POST_LIST_MAX 2000	/* members of one list */
#define POST_LINKS_MAX 20000	/* links of one page */
#define POST_TEXT_MAX ((size_t)1 << 20)	/* bytes of one value */

/* Findings every page may have; profiles add their own. */
#define FINDING_LAYOUT "layout-changed"	/* no anchor of the page's kind */
#define FINDING_UNKNOWN "unknown-page"	/* no kind of page for this URL */
#define FINDING_NO_PROFILE "no-profile"	/* no profile for this host */
#define FINDING_FIELDS "fields-missing"	/* some posts lack what they must have */
#define FINDING_LIMIT "limit"		/* part of the page was not read */
#define FINDING_CHARSET "bad-charset"	/* bytes that are no characters */
#define FINDING_UNREADABLE "unreadable"	/* not HTML, JSON or XML at all */

/* post_nulls - write the standard keys that 'seen' (a bit each) lacks */
enum post_key {
	POST_ID, POST_URL, POST_PUBLISHED, POST_AUTHOR, POST_TEXT, POST_VIEWS,
	POST_MEDIA, POST_FORWARDED, POST_REPLY, POST_EDITED, POST_LINKS,
	POST_KEYS,
};

/* post_key - the bit of a standard key, or -1 */
int post_key(const char *name);

void post_nulls(struct jsonw *w, unsigned seen);

#endif

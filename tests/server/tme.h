/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Pages in the shape of a Telegram web preview, and what a parser must find
 * in them.  Pure: the same post gives the same bytes.
 */
#ifndef SERVER_TME_H
#define SERVER_TME_H

#include "util/buf.h"

enum { TME_MEDIA_MAX = 10, TME_URL_MAX = 512, TME_REACT_MAX = 6 };

enum tme_media_kind {
	TME_PHOTO, TME_VIDEO, TME_VIDEO_BIG, TME_ROUND, TME_VOICE, TME_DOCUMENT,
	TME_LOCATION, TME_STICKER,
};

struct tme_media {
	enum tme_media_kind kind;
	char url[TME_URL_MAX];		/* empty: the page gives none */
	char thumb[TME_URL_MAX];
	int seconds;			/* of video and voice */
	const char *title, *extra;	/* of a document */
};

struct tme_channel {
	const char *name, *title, *about;	/* about in markup, see below */
	char photo[TME_URL_MAX];
	const char *subscribers, *photos, *videos, *links;
	long long number;		/* stands in data-view */
};

/*
 * Text markup: *bold* ~italic~ |spoiler| `code` {quote} [label](url), bare
 * http addresses, @mentions and #hashtags after white space, newlines; emoji
 * are found by themselves.
 */
struct tme_post {
	int id;
	int64_t date;			/* seconds since 1970 */
	const char *text;		/* markup, or NULL */
	int service, edited, unavailable;
	long views;
	const char *signature;
	const char *fwd_name, *fwd_url;	/* url NULL: a hidden account */
	int reply_to;			/* a post number, or 0 */
	const char *reply_text;
	struct tme_media media[TME_MEDIA_MAX];
	int media_n;
	const char *react[TME_REACT_MAX];	/* an emoji each */
	int react_n[TME_REACT_MAX];
	int reacts;
	const char *button[3], *button_url[3];
	int buttons;
	const char *poll, *poll_option[4];
	int poll_percent[4], poll_options, poll_voters;
	const char *preview_url, *preview_site, *preview_title, *preview_text;
	char preview_image[TME_URL_MAX];
};

/* tme_head - from the doctype to the start of the history; before 0: no more */
void tme_head(struct buf *out, const struct tme_channel *c, int before,
	      int after);

/* tme_post_html - one message */
void tme_post_html(struct buf *out, const struct tme_channel *c,
		   const struct tme_post *p);

/* tme_foot - the end of the page */
void tme_foot(struct buf *out, int ms);

/* tme_post_truth - a line of JSON: the same post as a parser must report it */
void tme_post_truth(struct buf *out, const struct tme_channel *c,
		    const struct tme_post *p, const char *page);

/* tme_none - the body of a history without posts */
void tme_none(struct buf *out);

/* tme_widget - the page of one post (?embed=1) */
void tme_widget(struct buf *out, const struct tme_channel *c,
		const struct tme_post *p);

/*
 * tme_landing - the page /NAME
 *   title NULL: nobody of that name; extra is the line of members
 */
void tme_landing(struct buf *out, const char *name, const char *title,
		 const char *extra, const char *about, const char *photo);

/* tme_count - "999", "1.2K", "3.45M" */
const char *tme_count(long n, char out[static 24]);

/* tme_escape - HTML text and attribute escaping */
void tme_escape(struct buf *out, struct bytes s);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Site profiles: what a page of a site means, as data (docs/profiles.md).
 *
 * A profile is read and checked once; after that it is constant and may be
 * used for any number of pages, by one thread.
 */
#ifndef PARSERS_PROFILE_H
#define PARSERS_PROFILE_H

#include "util/buf.h"
#include "util/err.h"

#include <stdint.h>

#define PROFILE_BYTES_MAX ((size_t)256 << 10)
#define PROFILE_SET_MAX 64

struct profile;

/* struct profile_set - profiles in the order given; the first that fits wins */
struct profile_set {
	struct profile *profile[PROFILE_SET_MAX];
	size_t count;
};

#define PROFILE_SET_INIT { { NULL }, 0 }

/* struct profile_manners - what the crawler needs of a profile */
struct profile_manners {
	const char *id, *checked;
	unsigned version;
	const char *family;	/* hosts of one family share one turn; or NULL */
	int64_t delay_ms;	/* between two requests; 0: not said */
	unsigned quota_day;	/* requests a day and source; 0: not said */
	unsigned pages;		/* listing pages a pass; 0: not said */
	uint64_t media_max;	/* bytes of one medium; 0: not said */
	const char *const *hosts;	/* NULL-ended; "*.x": x's subdomains */
	const char *const *media_hosts;
	const char *const *family_hosts;
	int has_source;		/* sources can be named ID:NAME */
};

/*
 * profile_read - read and check one profile
 *   text    the file's bytes, at most PROFILE_BYTES_MAX
 *   sha256  lower-case hexadecimal digest of those bytes, or NULL: it goes
 *           into every record; parsers cannot hash
 *   where   what to call the file in errors
 *   out     the caller's, profile_free()
 * Returns 0, ERR_FORMAT (the error names the line and the cause), ERR_LIMIT or
 * ERR_NOMEM.
 */
int profile_read(struct bytes text, const char *sha256, const char *where,
		 struct profile **out, struct err *e);

void profile_free(struct profile *p);

/*
 * profile_set_add - take over a profile
 * Returns 0, ERR_EXIST (the id is taken: p stays the caller's) or ERR_LIMIT.
 */
int profile_set_add(struct profile_set *s, struct profile *p, struct err *e);

void profile_set_release(struct profile_set *s);

/* profile_manners - a view into the profile, valid as long as it is */
struct profile_manners profile_manners(const struct profile *p);

/* profile_sha256 - as given to profile_read(), or "" */
const char *profile_sha256(const struct profile *p);

/* profile_by_id - or NULL */
const struct profile *profile_by_id(const struct profile_set *s,
				    const char *id);

/*
 * profile_for_url - the first profile that answers for a URL's host and has a
 * kind of page for it; failing that, the first that answers for the host;
 * failing that, among those for any host ("*") the first one with a url line
 * that fits, then the first with a kind of page for any URL; or NULL
 *   url   absolute, as the crawler writes it
 */
const struct profile *profile_for_url(const struct profile_set *s,
				      struct bytes url);

/*
 * profile_lines - every line of a profile that a page can make use of: kinds of
 * page ("page"), anchors ("anchor"), rules of the blocks that pages name
 * ("rule"); and blocks that no page names ("unused block")
 *   each   line in the file; what, one of the words above; text, the kind, the
 *          XPath, the key and XPath, or the block's name, borrowed
 */
void profile_lines(const struct profile *p,
		   void (*each)(void *arg, unsigned line, const char *what,
				const char *text), void *arg);

/*
 * profile_family - the family a host belongs to, or NULL
 *   host   lower case
 */
const char *profile_family(const struct profile_set *s, struct bytes host);

/*
 * profile_media_host - 1 when the profile says that a host serves its media
 */
int profile_media_host(const struct profile *p, struct bytes host);

/*
 * profile_source - a source as a person wrote it (telegram:NAME, or a URL) to
 * its canonical form and first URL
 *   canonical  appended: "telegram:name"
 *   url        appended: where a pass begins
 *   p_out      the profile that knows it; may be NULL
 * Returns 0, ERR_NOENT (no profile knows it), ERR_FORMAT (the profile does,
 * but the name is not one) or ERR_NOMEM.
 */
int profile_source(const struct profile_set *s, struct bytes said,
		   struct buf *canonical, struct buf *url,
		   const struct profile **p_out, struct err *e);

/*
 * profile_xml_start - once per process, before the first profile is read and
 * before any sandbox: prepares libxml2
 */
void profile_xml_start(void);

#endif

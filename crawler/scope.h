/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Scope: may this URL be fetched for this case?  Default deny, URL by URL.
 *
 * The mandate's sources say what may be read; the profile's rules say which
 * URLs belong to a source and which hosts serve its media.  Redirect targets,
 * links, media and robots.txt all pass here.  A decision names its rule in
 * words, because a refusal is evidence too.  Pure.
 */
#ifndef CRAWLER_SCOPE_H
#define CRAWLER_SCOPE_H

#include "crawler/mandate.h"
#include "util/err.h"

struct profile_set;
struct url;

#define SCOPE_ID_MAX 160		/* canonical source, with the NUL */
#define SCOPE_DEPTH_MAX 8		/* links from a source's first page */
#define SCOPE_HOPS_MAX 5		/* redirects in a row */
#define SCOPE_RULE_MAX 256
#define SCOPE_NO_SOURCE ((size_t)-1)

/* What scope asks of the profiles: see scope_rules_profiles(). */
struct scope_rules {
	const void *arg;
	/* canonical source a URL belongs to: 0 or ERR_NOENT */
	int (*source_of)(const void *arg, struct bytes url,
			 char out[static SCOPE_ID_MAX]);
	/* 1 when the profile has a page kind or host for this URL */
	int (*page_host)(const void *arg, const char *profile,
			 struct bytes host);
	/* largest medium in bytes; 0 when the host serves none for it */
	uint64_t (*media_max)(const void *arg, const char *profile,
			      struct bytes host);
	/* whether sources of this profile have names ("telegram:NAME") */
	int (*named)(const void *arg, const char *profile);
};

/* scope_rules_profiles - the rules of a set of site profiles, borrowed */
struct scope_rules scope_rules_profiles(const struct profile_set *set);

enum scope_purpose {
	SCOPE_PAGE,
	SCOPE_MEDIA,
	SCOPE_ROBOTS,		/* robots.txt, and where it redirects to */
};

struct scope_ask {
	struct bytes url;
	enum scope_purpose purpose;
	size_t source;		/* index in the mandate of the page it was found
				   on, or SCOPE_NO_SOURCE */
	unsigned depth;		/* links followed from the source's first page */
	unsigned hops;		/* redirects behind it; 0: not a redirect */
};

struct scope_decision {
	int allow;		/* 1 or 0 */
	size_t source;		/* whose it is, when allowed */
	uint64_t max_bytes;	/* of a medium; 0: the default limit */
	char rule[SCOPE_RULE_MAX];	/* one line, no full stop */
};

/*
 * scope_decide - always fills out
 *   m, rules   what is permitted
 *   now_ms     wall clock: the mandate's period
 * Returns 0, also for a refusal; ERR_NOMEM.
 */
int scope_decide(const struct mandate *m, const struct scope_rules *rules,
		 const struct scope_ask *ask, int64_t now_ms,
		 struct scope_decision *out);

/*
 * scope_mandate - is the mandate itself in force?
 *   why   SCOPE_RULE_MAX bytes: the rule in words, either way
 * Returns 1 or 0.
 */
int scope_mandate(const struct mandate *m, int64_t now_ms,
		  char why[static SCOPE_RULE_MAX]);

#endif

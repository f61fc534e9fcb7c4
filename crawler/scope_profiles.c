/* SPDX-License-Identifier: EUPL-1.2 */
/* What the site profiles say, in the words scope asks in. */
#include "crawler/scope.h"

#include "parsers/profile.h"

#include <strings.h>

#define MEDIA_MAX (20u << 20)		/* where the profile does not say */

static int source_of(const void *arg, struct bytes url,
		     char out[static SCOPE_ID_MAX])
{
	struct buf id = BUF_INIT(SCOPE_ID_MAX - 1);
	struct buf first = BUF_INIT(4096);
	int r;

	r = profile_source(arg, url, &id, &first, NULL, NULL);
	if (r == 0 && (id.failed || id.len == 0))
		r = ERR_NOENT;
	if (r == 0)
		memcpy(out, buf_cstr(&id), id.len + 1);
	buf_release(&id);
	buf_release(&first);
	return r == 0 ? 0 : ERR_NOENT;
}

/* "*.x" is x's subdomains, "*" any host. */
static int fits(struct bytes host, const char *pattern)
{
	size_t len;

	if (!strcmp(pattern, "*"))
		return 1;
	if (strncmp(pattern, "*.", 2) != 0)
		return host.len == strlen(pattern) &&
		       !strncasecmp((const char *)host.p, pattern, host.len);
	pattern++;
	len = strlen(pattern);
	return host.len > len &&
	       !strncasecmp((const char *)host.p + host.len - len, pattern,
			    len);
}

static int page_host(const void *arg, const char *profile, struct bytes host)
{
	const struct profile *p = profile_by_id(arg, profile);
	struct profile_manners m;

	if (!p)
		return 0;
	m = profile_manners(p);
	for (size_t i = 0; m.hosts && m.hosts[i]; i++)
		/* The profile for any host names none. */
		if (strcmp(m.hosts[i], "*") != 0 && fits(host, m.hosts[i]))
			return 1;
	return 0;
}

static uint64_t media_max(const void *arg, const char *profile,
			  struct bytes host)
{
	const struct profile *p = profile_by_id(arg, profile);
	uint64_t max;

	if (!p || !profile_media_host(p, host))
		return 0;
	max = profile_manners(p).media_max;
	return max ? max : MEDIA_MAX;
}

static int named(const void *arg, const char *profile)
{
	const struct profile *p = profile_by_id(arg, profile);

	return p && profile_manners(p).has_source;
}

struct scope_rules scope_rules_profiles(const struct profile_set *set)
{
	return (struct scope_rules){ set, source_of, page_host, media_max,
				     named };
}

/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/scope.h"

#include "parsers/url.h"
#include "util/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static int say(struct scope_decision *d, int allow, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int say(struct scope_decision *d, int allow, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->rule, sizeof(d->rule), fmt, ap);
	va_end(ap);
	d->allow = allow;
	return allow;
}

int scope_mandate(const struct mandate *m, int64_t now_ms,
		  char why[static SCOPE_RULE_MAX])
{
	char t[CLOCK_RFC3339_MAX];

	if (m->closed) {
		snprintf(why, SCOPE_RULE_MAX, "the case is closed");
		return 0;
	}
	if (now_ms < m->start_ms) {
		snprintf(why, SCOPE_RULE_MAX, "the mandate begins on %s",
			 clock_rfc3339_s(m->start_ms, t));
		return 0;
	}
	if (now_ms >= m->end_ms) {
		snprintf(why, SCOPE_RULE_MAX, "the mandate ended on %s",
			 clock_rfc3339_s(m->end_ms, t));
		return 0;
	}
	if (m->nsources == 0) {
		snprintf(why, SCOPE_RULE_MAX, "the mandate names no source");
		return 0;
	}
	snprintf(why, SCOPE_RULE_MAX, "the mandate is in force until %s",
		 clock_rfc3339_s(m->end_ms, t));
	return 1;
}

static size_t source_named(const struct mandate *m, const char *id)
{
	for (size_t i = 0; i < m->nsources; i++)
		if (!strcasecmp(m->sources[i].id, id))
			return i;
	return SCOPE_NO_SOURCE;
}

static int prefix(struct bytes s, struct bytes head)
{
	return s.len >= head.len && !memcmp(s.p, head.p, head.len);
}

/*
 * A source without a name is its first URL: the same origin, and a path below
 * the directory of that URL.
 */
static int below(const struct url *u, const char *source_url)
{
	struct url s = URL_INIT;
	struct bytes dir;
	int r = 0;

	if (url_parse(bytes_str(source_url), NULL, &s, NULL) < 0)
		return 0;
	dir = s.path;
	while (dir.len && dir.p[dir.len - 1] != '/')
		dir.len--;
	r = url_same_origin(u, &s) && prefix(u->path, dir);
	url_release(&s);
	return r;
}

static int same_host(const struct url *u, const char *source_url)
{
	struct url s = URL_INIT;
	int r;

	if (url_parse(bytes_str(source_url), NULL, &s, NULL) < 0)
		return 0;
	r = bytes_eq(u->host, s.host) && url_port(u) == url_port(&s);
	url_release(&s);
	return r;
}

static int source_is_plain(const char *source_url)
{
	return !strncasecmp(source_url, "http:", 5);
}

/* What no mandate can permit. */
static int shape(const struct url *u, struct scope_decision *d)
{
	int port = url_port(u);

	if (!url_is_http(u))
		return say(d, 0, "scheme '%.*s' is not fetched",
			   (int)(u->scheme.len < 40 ? u->scheme.len : 40),
			   (const char *)u->scheme.p);
	if (u->username.len || u->password.len)
		return say(d, 0, "the address carries credentials");
	if (port != 80 && port != 443)
		return say(d, 0, "port %d is neither 80 nor 443", port);
	if (port != (url_is_tls(u) ? 443 : 80))
		return say(d, 0, "port %d does not belong to '%.*s'", port,
			   (int)u->scheme.len, (const char *)u->scheme.p);
	if (u->host_kind != URL_HOST_DOMAIN)
		return say(d, 0, "a bare address instead of a host name");
	return 1;
}

static void decide_page(const struct mandate *m, const struct scope_rules *k,
			const struct scope_ask *ask, const struct url *u,
			struct scope_decision *d)
{
	char id[SCOPE_ID_MAX] = "";
	size_t i = SCOPE_NO_SOURCE;

	if (ask->depth > SCOPE_DEPTH_MAX) {
		say(d, 0, "%u links away from its source, at most %d",
		    ask->depth, SCOPE_DEPTH_MAX);
		return;
	}
	if (k->source_of(k->arg, url_bare(u), id) == 0) {
		i = source_named(m, id);
		if (i == SCOPE_NO_SOURCE) {
			say(d, 0, "page of '%s', which the mandate does not "
			    "name", id);
			return;
		}
	}
	/* Where two sources lie one in the other, a link stays in its own. */
	if (i == SCOPE_NO_SOURCE && ask->source < m->nsources &&
	    !k->named(k->arg, m->sources[ask->source].profile) &&
	    below(u, m->sources[ask->source].url))
		i = ask->source;
	for (size_t n = 0; i == SCOPE_NO_SOURCE && n < m->nsources; n++)
		if (!k->named(k->arg, m->sources[n].profile) &&
		    below(u, m->sources[n].url))
			i = n;
	if (i == SCOPE_NO_SOURCE) {
		say(d, 0, "no source of the mandate has pages at '%.*s'",
		    (int)(u->host.len < 120 ? u->host.len : 120),
		    (const char *)u->host.p);
		return;
	}
	if (!url_is_tls(u) && !source_is_plain(m->sources[i].url)) {
		say(d, 0, "plain http, while source '%s' is https",
		    m->sources[i].id);
		return;
	}
	d->source = i;
	say(d, 1, "%s of source '%s'", ask->hops ? "redirect to a page" :
	    "page", m->sources[i].id);
}

static void decide_media(const struct mandate *m, const struct scope_rules *k,
			 const struct scope_ask *ask, const struct url *u,
			 struct scope_decision *d)
{
	const struct mandate_source *s;
	uint64_t max;

	if (ask->source >= m->nsources) {
		say(d, 0, "a medium without a source");
		return;
	}
	s = &m->sources[ask->source];
	max = k->media_max(k->arg, s->profile, u->host);
	if (!max && !(!k->named(k->arg, s->profile) && same_host(u, s->url))) {
		say(d, 0, "'%.*s' is not a media host of profile '%s'",
		    (int)(u->host.len < 120 ? u->host.len : 120),
		    (const char *)u->host.p, s->profile);
		return;
	}
	if (!url_is_tls(u) && !source_is_plain(s->url)) {
		say(d, 0, "plain http, while source '%s' is https", s->id);
		return;
	}
	d->source = ask->source;
	d->max_bytes = max;
	say(d, 1, "%s of source '%s'", ask->hops ? "redirect to a medium" :
	    "medium", s->id);
}

/* The rules of every host that a page or medium in scope may come from. */
static void decide_robots(const struct mandate *m, const struct scope_rules *k,
			  const struct scope_ask *ask, const struct url *u,
			  struct scope_decision *d)
{
	if (!ask->hops && !(bytes_is(u->path, "/robots.txt") &&
			    !u->has_query)) {
		say(d, 0, "not the address of a robots.txt");
		return;
	}
	for (size_t i = 0; i < m->nsources; i++) {
		const struct mandate_source *s = &m->sources[i];

		if (!same_host(u, s->url) &&
		    !k->page_host(k->arg, s->profile, u->host) &&
		    !k->media_max(k->arg, s->profile, u->host))
			continue;
		d->source = i;
		say(d, 1, "robots.txt for a host of source '%s'", s->id);
		return;
	}
	say(d, 0, "robots.txt of a host that no source uses");
}

int scope_decide(const struct mandate *m, const struct scope_rules *rules,
		 const struct scope_ask *ask, int64_t now_ms,
		 struct scope_decision *out)
{
	struct url u = URL_INIT;
	int r;

	memset(out, 0, sizeof(*out));
	out->source = SCOPE_NO_SOURCE;
	if (!scope_mandate(m, now_ms, out->rule))
		return 0;
	r = url_parse(ask->url, NULL, &u, NULL);
	if (r < 0) {
		say(out, 0, "not a URL");
		return r == ERR_NOMEM ? r : 0;
	}
	if (ask->hops > SCOPE_HOPS_MAX) {
		say(out, 0, "more than %d redirects in a row", SCOPE_HOPS_MAX);
	} else if (shape(&u, out)) {
		out->allow = 0;
		if (ask->purpose == SCOPE_PAGE)
			decide_page(m, rules, ask, &u, out);
		else if (ask->purpose == SCOPE_MEDIA)
			decide_media(m, rules, ask, &u, out);
		else
			decide_robots(m, rules, ask, &u, out);
	}
	url_release(&u);
	return 0;
}

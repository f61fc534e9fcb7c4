/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which profile answers for a URL, a host or a source.
 */
#include "parsers/profile_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static const char *const nothing[] = { NULL };

int host_fits(const char *rule, struct bytes host)
{
	size_t n = strlen(rule);

	if (!strcmp(rule, "*"))
		return 1;
	if (rule[0] == '*' && rule[1] == '.')
		return host.len >= n &&
		       !strncasecmp((const char *)host.p + host.len - (n - 1),
				    rule + 1, n - 1);
	return host.len == n && !strncasecmp((const char *)host.p, rule, n);
}

static int any_fits(const struct strings *s, struct bytes host, int wild)
{
	for (size_t i = 0; i < s->count; i++)
		if ((!strcmp(s->v[i], "*") ? wild : 1) &&
		    host_fits(s->v[i], host))
			return 1;
	return 0;
}

int profile_set_add(struct profile_set *s, struct profile *p, struct err *e)
{
	if (profile_by_id(s, p->id))
		return err_set(e, ERR_EXIST, "profile '%s' is there twice",
			       p->id);
	if (s->count == PROFILE_SET_MAX)
		return err_set(e, ERR_LIMIT, "more than %d profiles",
			       PROFILE_SET_MAX);
	s->profile[s->count++] = p;
	return 0;
}

void profile_set_release(struct profile_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		profile_free(s->profile[i]);
	s->count = 0;
}

struct profile_manners profile_manners(const struct profile *p)
{
	return (struct profile_manners){
		.id = p->id,
		.checked = p->checked,
		.version = p->version,
		.family = p->family,
		.delay_ms = p->delay_ms,
		.quota_day = p->quota_day,
		.pages = p->pages_pass,
		.media_max = p->media_max,
		.hosts = p->hosts.count ?
			 (const char *const *)p->hosts.v : nothing,
		.media_hosts = p->media_hosts.count ?
			       (const char *const *)p->media_hosts.v : nothing,
		.family_hosts = p->family_hosts.count ?
			(const char *const *)p->family_hosts.v : nothing,
		.has_source = p->source_entry != NULL,
	};
}

const char *profile_sha256(const struct profile *p)
{
	return p->sha256;
}

const struct profile *profile_by_id(const struct profile_set *s,
				    const char *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->profile[i]->id, id))
			return s->profile[i];
	return NULL;
}

/* Has the profile a kind of page without a url line? */
static int reads_any(const struct profile *p)
{
	for (size_t i = 0; i < p->page_count; i++)
		if (p->pages[i].any_url)
			return 1;
	return 0;
}

/* Has it one with a url line that fits? */
static int reads_url(const struct profile *p, struct bytes url)
{
	for (size_t i = 0; i < p->page_count; i++)
		for (size_t k = 0; k < p->pages[i].url_count; k++)
			if (pattern_hit(p->pages[i].urls[k].code, url,
					NULL) == 1)
				return 1;
	return 0;
}

const struct profile *profile_for_url(const struct profile_set *s,
				      struct bytes text)
{
	const struct profile *host = NULL, *wild = NULL, *any = NULL;
	const struct profile *hit = NULL;
	struct url u = URL_INIT;

	if (url_parse(text, NULL, &u, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < s->count && !hit; i++) {
		const struct profile *p = s->profile[i];

		if (any_fits(&p->hosts, u.host, 0)) {
			if (!host)
				host = p;
			if (reads_any(p) || reads_url(p, text))
				hit = p;
		} else if (any_fits(&p->hosts, u.host, 1)) {
			if (!wild && reads_url(p, text))
				wild = p;
			if (!any && reads_any(p))
				any = p;
		}
	}
	url_release(&u);
	return hit ? hit : host ? host : wild ? wild : any;
}

const char *profile_family(const struct profile_set *s, struct bytes host)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct profile *p = s->profile[i];

		if (p->family && (any_fits(&p->family_hosts, host, 0) ||
				  any_fits(&p->hosts, host, 0) ||
				  any_fits(&p->media_hosts, host, 0)))
			return p->family;
	}
	return NULL;
}

int profile_media_host(const struct profile *p, struct bytes host)
{
	return any_fits(&p->media_hosts, host, 1);
}

/* The group "name" of a match, or its first group, or all of it. */
static struct bytes caught(const pcre2_code *code, pcre2_match_data *md,
			   struct bytes s)
{
	PCRE2_SIZE *v = pcre2_get_ovector_pointer(md);
	int g = pcre2_substring_number_from_name(code, (PCRE2_SPTR)"name");

	if (g < 1 || v[2 * g] == PCRE2_UNSET)
		g = pcre2_get_ovector_count(md) > 1 && v[2] != PCRE2_UNSET &&
		    g < 0 ? 1 : 0;
	if (v[2 * g + 1] <= v[2 * g])
		return BYTES("", 0);
	return BYTES(s.p + v[2 * g], v[2 * g + 1] - v[2 * g]);
}

static void put_name(const struct profile *p, struct bytes name,
		     struct buf *out)
{
	for (size_t i = 0; i < name.len; i++)
		buf_addc(out, p->source_fold ?
			 (uint8_t)tolower(name.p[i]) : name.p[i]);
}

static int build(const struct profile *p, struct bytes name,
		 struct buf *canonical, struct buf *url)
{
	const char *s = p->source_entry;

	buf_adds(canonical, p->id);
	buf_addc(canonical, ':');
	put_name(p, name, canonical);
	while (*s) {
		if (!strncmp(s, "{name}", 6)) {
			put_name(p, name, url);
			s += 6;
		} else {
			buf_addc(url, (uint8_t)*s++);
		}
	}
	return canonical->failed ? canonical->failed : url->failed;
}

static int from_name(const struct profile *p, struct bytes name,
		     struct buf *canonical, struct buf *url, struct err *e)
{
	pcre2_match_data *md;
	int hit, r;

	md = pcre2_match_data_create_from_pattern(p->source_name.code, NULL);
	if (!md)
		return err_set(e, ERR_NOMEM, "no memory");
	hit = pattern_hit(p->source_name.code, name, md);
	if (hit == 1)
		r = build(p, caught(p->source_name.code, md, name), canonical,
			  url);
	else
		r = err_set(e, ERR_FORMAT, "not a name of '%s': '%.*s'", p->id,
			    (int)(name.len < 200 ? name.len : 200), name.p);
	pcre2_match_data_free(md);
	return r;
}

static int from_url(const struct profile *p, struct bytes said,
		    struct buf *canonical, struct buf *url, struct err *e)
{
	for (size_t i = 0; i < p->source_from_count; i++) {
		const pcre2_code *code = p->source_from[i].code;
		pcre2_match_data *md;
		int hit, r = 0;

		md = pcre2_match_data_create_from_pattern(code, NULL);
		if (!md)
			return err_set(e, ERR_NOMEM, "no memory");
		hit = pattern_hit(code, said, md);
		if (hit == 1)
			r = from_name(p, caught(code, md, said), canonical,
				      url, e);
		pcre2_match_data_free(md);
		if (hit == 1)
			return r < 0 ? r : 1;
	}
	return 0;
}

int profile_source(const struct profile_set *s, struct bytes said,
		   struct buf *canonical, struct buf *url,
		   const struct profile **p_out, struct err *e)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct profile *p = s->profile[i];
		size_t n = strlen(p->id);
		int r = 0;

		if (!p->source_entry)
			continue;
		if (said.len > n && said.p[n] == ':' &&
		    !strncasecmp((const char *)said.p, p->id, n)) {
			r = from_name(p, BYTES(said.p + n + 1,
					       said.len - n - 1),
				      canonical, url, e);
			r = r < 0 ? r : 1;
		} else {
			r = from_url(p, said, canonical, url, e);
		}
		if (r && p_out)
			*p_out = p;
		if (r)
			return r < 0 ? r : 0;
	}
	return err_set(e, ERR_NOENT, "no profile knows the source '%.*s'",
		       (int)(said.len < 200 ? said.len : 200), said.p);
}

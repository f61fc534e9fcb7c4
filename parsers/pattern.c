/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Regular expressions: with limits, and compiled once.
 */
#include "parsers/profile_int.h"

#include <stdlib.h>

struct pattern_cache *pattern_cache_new(void)
{
	struct pattern_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->md = pcre2_match_data_create(CAPTURE_MAX + 1, NULL);
	if (!c->md) {
		free(c);
		return NULL;
	}
	return c;
}

void pattern_cache_free(struct pattern_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < PATTERNS_MAX; i++) {
		free(c->slot[i].text);
		pcre2_code_free(c->slot[i].code);
	}
	pcre2_match_data_free(c->md);
	free(c);
}

pcre2_code *pattern_cached(struct pattern_cache *c, const char *text)
{
	size_t i = ptree_hash(text, strlen(text)) % PATTERNS_MAX;
	pcre2_code *code;
	int err;
	size_t at;

	if (c->slot[i].text && !strcmp(c->slot[i].text, text))
		return c->slot[i].code;
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &err, &at,
			     NULL);
	if (!code)
		return NULL;
	free(c->slot[i].text);
	pcre2_code_free(c->slot[i].code);
	c->slot[i].code = code;
	c->slot[i].text = strdup(text);
	if (!c->slot[i].text) {
		pcre2_code_free(code);
		c->slot[i].code = NULL;
		return NULL;
	}
	return code;
}

int pattern_hit(const pcre2_code *code, struct bytes s, pcre2_match_data *md)
{
	pcre2_match_data *own = NULL;
	pcre2_match_context *mc = pcre2_match_context_create(NULL);
	PCRE2_SIZE *v;
	int n;

	if (!md)
		md = own = pcre2_match_data_create(1, NULL);
	if (!md || !mc) {
		pcre2_match_context_free(mc);
		return ERR_NOMEM;
	}
	pcre2_set_match_limit(mc, 200000);
	pcre2_set_depth_limit(mc, 2000);
	pcre2_set_heap_limit(mc, 4096);
	/* A match writes only the groups that its pattern has. */
	v = pcre2_get_ovector_pointer(md);
	for (uint32_t i = 0; i < 2 * pcre2_get_ovector_count(md); i++)
		v[i] = PCRE2_UNSET;
	n = pcre2_match(code, s.p ? s.p : (PCRE2_SPTR)"", s.len, 0, 0, md, mc);
	pcre2_match_context_free(mc);
	pcre2_match_data_free(own);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	return n < 0 ? ERR_LIMIT : 1;
}

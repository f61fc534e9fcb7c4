/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Inside the profile engine: what profile.c reads, profile_check.c checks and
 * profile_eval.c runs.  Nobody else includes this.
 */
#ifndef PARSERS_PROFILE_INT_H
#define PARSERS_PROFILE_INT_H

#define PCRE2_CODE_UNIT_WIDTH 8

#include "parsers/profile.h"
#include "parsers/tree.h"
#include "parsers/url.h"

#include <libxml/xpath.h>
#include <pcre2.h>

#define PROFILE_NS "urn:scelle:xpath"
#define BLOCK_DEPTH_MAX 4
#define CAPTURE_MAX 9

/*
 * struct expr - one XPath expression, and what is known of it beforehand
 *
 * need is a class without which it selects nothing; where fast is set the
 * expression is so plain that it is answered from the index.
 */
enum expr_fast {
	FAST_NO,
	FAST_SELF,		/* . */
	FAST_ATTR,		/* @name */
	FAST_CLASS,		/* s:class('need') */
	FAST_CLASS_ATTR,	/* s:class('need')/@name */
};

struct expr {
	char *text;
	xmlXPathCompExpr *comp;
	char *need;
	size_t need_len;
	uint32_t need_hash;
	enum expr_fast fast;
	char *attr;
	unsigned line;
};

enum rule_type {
	RULE_TEXT, RULE_LINE, RULE_STRING, RULE_HREF, RULE_STYLE, RULE_DATE,
	RULE_FLAG, RULE_MARK, RULE_COUNT, RULE_NUMBER, RULE_LITERAL,
	RULE_TEXTS, RULE_HREFS,
	RULE_EACH, RULE_ONE, RULE_MAP,
};

struct block;

struct rule {
	char *key;
	enum rule_type type;
	int decode;		/* one more entity decode */
	char order[4];		/* dates in numbers: "dmy" ... or "" */
	struct expr x;
	char *literal;
	struct block *sub;	/* EACH, ONE, MAP; owned */
	unsigned line;
	int again;		/* the key had a rule before: an alternative */
};

struct block {
	char *name;
	struct rule *rules;
	size_t count, size;
	char **require;		/* keys that must be there; NULL-ended */
	size_t require_count;
	unsigned line;
};

struct pattern {
	char *text;
	pcre2_code *code;
	unsigned line;
};

struct named {			/* finding CODE, link REL, next DIRECTION */
	char *name;
	struct expr x;
};

struct script {			/* json NAME XPATH [from REGEX] */
	char *name;
	struct expr x;
	struct pattern from;	/* its first group, or what follows it */
};

struct page {
	char *kind;
	struct pattern *urls;
	size_t url_count;
	struct expr *anchors;
	size_t anchor_count;
	struct named *findings;
	size_t finding_count;
	struct named *links;
	size_t link_count;
	struct named *nexts;
	size_t next_count;
	struct script *scripts;
	size_t script_count;
	char *account;		/* block name */
	struct expr account_at;
	char *posts;		/* block name */
	struct expr posts_at;
	const struct block *account_block, *post_block;
	int may_be_empty;
	int any_url;		/* no url line: fits every URL */
	unsigned line;
};

struct strings {
	char **v;		/* NULL-ended once filled */
	size_t count;
};

struct profile {
	char *id, *about, *checked, *family, *sha256;
	unsigned version;
	struct strings hosts, media_hosts, family_hosts;
	int64_t delay_ms;
	unsigned quota_day, pages_pass;
	uint64_t media_max;
	struct strings def_names, def_values;
	struct strings ns_prefix, ns_uri;
	char *source_entry;
	struct pattern source_name;
	struct pattern *source_from;
	size_t source_from_count;
	int source_fold;
	struct block **blocks;
	size_t block_count;
	struct page *pages;
	size_t page_count;
};

/* In profile_check.c: compile and learn about an expression. */
int expr_compile(const struct profile *p, struct expr *x, const char *text,
		 unsigned line, struct err *e);
void expr_release(struct expr *x);

/* pattern_compile - PCRE2 with UTF; an error names the line */
int pattern_compile(struct pattern *x, const char *text, unsigned line,
		    struct err *e);
void pattern_release(struct pattern *x);

/* pattern_hit - 1 when it matches, 0 when not, negative: gave up (a limit)
 *   md   may be NULL; else for the captures */
int pattern_hit(const pcre2_code *code, struct bytes s, pcre2_match_data *md);

/* block_by_name - or NULL */
const struct block *block_by_name(const struct profile *p, const char *name);

/* host_fits - host against "a.b", "*.b" or "*" */
int host_fits(const char *rule, struct bytes host);

/* profile_check - names resolve, every expression runs on an empty page */
int profile_check(struct profile *p, struct err *e);

/* entities_decode (values.c) - append s with its character references decoded once */
int entities_decode(struct bytes s, struct buf *out);

/*
 * struct reading - one page being read; what extension functions see
 * (context->userData of the XPath context)
 */
#define PATTERNS_MAX 256

/* Patterns that expressions use, compiled when first met. */
struct pattern_cache {
	struct {
		char *text;
		pcre2_code *code;
	} slot[PATTERNS_MAX];
	pcre2_match_data *md;
	uint32_t groups;	/* of the pattern matched last */
};

struct reading {
	const struct profile *profile;
	struct ptree *tree;
	xmlXPathContext *xc;
	const struct url *base;
	struct bytes page_url;
	struct {
		char name[32];
		struct bytes value;
	} captures[CAPTURE_MAX];
	size_t capture_count;
	struct pattern_cache *patterns;
	struct buf tmp;
	unsigned fragments;	/* pieces of HTML and JSON read so far */
	int dry;		/* checking a profile: no page */
	int failed;		/* an expression failed: err has why */
	struct err err;
	unsigned line;		/* of the expression being run */
	struct buf *trace;	/* NULL: nobody asked how */
	const char *trace_of;	/* what the rules run now make: "post", ... */
	size_t trace_n;		/* its number on the page, from 1 */
};

/* In xpathfn.c */
xmlXPathContext *xpathfn_context(struct reading *r);
/* xpathfn_names - make a profile's namespaces known; 0 or ERR_NOMEM */
int xpathfn_names(xmlXPathContext *x, const struct profile *p);
int xpathfn_known(const char *name, size_t len);

/* In pattern.c; pattern_cached gives NULL for a pattern that is none */
struct pattern_cache *pattern_cache_new(void);
void pattern_cache_free(struct pattern_cache *c);
pcre2_code *pattern_cached(struct pattern_cache *c, const char *text);

/* In values.c */

/* reading_href - as written when absolute, else resolved; 0 or negative */
int reading_href(struct reading *r, struct bytes s, struct buf *out);

/* style_url - append the first url() of a style attribute's value */
int style_url(struct bytes style, struct buf *out);

/* count_read - "12.3K", "1 234", "5,012 members": the number; -1 when none */
int64_t count_read(struct bytes s);

#endif

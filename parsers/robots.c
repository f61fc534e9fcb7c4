/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/robots.h"

#include "parsers/robots_match.h"
#include "util/utf8.h"

#include <stdlib.h>

/*
 * struct robots
 *
 * (1) text is the file as UTF-8 or whatever bytes it had; ranges lie in it
 * (2) groups are numbered from 1 in file order; a rule belongs to one group,
 *     an agent line opens or joins one
 */
struct rule {
	int allow;
	unsigned line;
	unsigned group;
	struct bytes text;	/* the whole line */
	struct bytes value;	/* the path, as spelt */
};

struct agent {
	struct bytes name;	/* "*" for all */
	unsigned group;
};

struct delay {
	unsigned group;
	int64_t ms;
};

struct robots {
	struct buf text;
	struct buf rules, agents, delays;	/* arrays of the above */
	struct bytes sitemap[ROBOTS_SITEMAPS_MAX];
	size_t sitemaps;
	unsigned groups;
	int truncated;
};

enum key { KEY_NONE, KEY_AGENT, KEY_ALLOW, KEY_DISALLOW, KEY_SITEMAP, KEY_DELAY };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static int eq_nocase(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return 0;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return 0;
	}
	return 1;
}

static int is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bytes trim(struct bytes s)
{
	while (s.len && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

static enum key key_of(struct bytes s)
{
	static const struct {
		const char *name;
		enum key key;
	} known[] = {
		{ "user-agent", KEY_AGENT }, { "useragent", KEY_AGENT },
		{ "user agent", KEY_AGENT },
		{ "allow", KEY_ALLOW },
		{ "disallow", KEY_DISALLOW }, { "dissallow", KEY_DISALLOW },
		{ "dissalow", KEY_DISALLOW }, { "disalow", KEY_DISALLOW },
		{ "diasllow", KEY_DISALLOW }, { "disallaw", KEY_DISALLOW },
		{ "sitemap", KEY_SITEMAP }, { "site-map", KEY_SITEMAP },
		{ "crawl-delay", KEY_DELAY },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (eq_nocase(s, bytes_str(known[i].name)))
			return known[i].key;
	}
	return KEY_NONE;
}

/*
 * split - "key: value"; without a colon "key value", if there are just two
 * words.  Returns 0 when the line is neither.
 */
static int split(struct bytes line, struct bytes *key, struct bytes *value)
{
	size_t i;

	for (i = 0; i < line.len && line.p[i] != ':'; i++)
		;
	if (i == line.len) {
		for (i = 0; i < line.len && !is_space(line.p[i]); i++)
			;
		if (i == line.len)
			return 0;
		*value = trim(BYTES(line.p + i, line.len - i));
		for (size_t k = 0; k < value->len; k++) {
			if (is_space(value->p[k]))
				return 0;
		}
		*key = BYTES(line.p, i);
		return 1;
	}
	*key = trim(BYTES(line.p, i));
	*value = trim(BYTES(line.p + i + 1, line.len - i - 1));
	return 1;
}

/* product - the token at the start of a User-agent value, or "*" */
static struct bytes product(struct bytes s)
{
	size_t n = 0;

	if (s.len && s.p[0] == '*' && (s.len == 1 || is_space(s.p[1])))
		return BYTES(s.p, 1);
	while (n < s.len && ((lower(s.p[n]) >= 'a' && lower(s.p[n]) <= 'z') ||
			     s.p[n] == '-' || s.p[n] == '_'))
		n++;
	return BYTES(s.p, n);
}

/* delay_ms - "5", "0.5"; -1 for anything else; at most a day */
static int64_t delay_ms(struct bytes s)
{
	int64_t v = 0, unit = 1000;
	int seen = 0, dot = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '.' && !dot) {
			dot = 1;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		seen = 1;
		if (dot) {
			unit /= 10;
			v += (s.p[i] - '0') * unit;
		} else if (v < 86400000) {
			v = v * 10 + (s.p[i] - '0') * unit;
		}
	}
	if (!seen)
		return -1;
	return v < 86400000 ? v : 86400000;
}

/* struct state - where in the file's groups the reader is */
struct state {
	unsigned group;
	int in_agents;		/* the line before (of those that count) was one */
};

static int take_line(struct robots *r, struct state *st, struct bytes line,
		     unsigned number)
{
	struct bytes key, value;
	const uint8_t *hash;
	enum key k;

	if (line.len > ROBOTS_LINE_MAX)
		line.len = ROBOTS_LINE_MAX;
	hash = line.len ? memchr(line.p, '#', line.len) : NULL;
	if (hash)
		line.len = (size_t)(hash - line.p);
	line = trim(line);
	if (!split(line, &key, &value))
		return 0;
	k = key_of(key);
	if (k == KEY_AGENT) {
		struct agent a = { product(value), 0 };

		if (!st->in_agents)
			st->group = ++r->groups;
		st->in_agents = 1;
		a.group = st->group;
		return a.name.len ? buf_add(&r->agents, &a, sizeof(a)) : 0;
	}
	if (k == KEY_SITEMAP && value.len && r->sitemaps < ROBOTS_SITEMAPS_MAX)
		r->sitemap[r->sitemaps++] = value;
	if (st->group && k == KEY_DELAY) {
		struct delay d = { st->group, delay_ms(value) };

		return d.ms >= 0 ? buf_add(&r->delays, &d, sizeof(d)) : 0;
	}
	if (st->group && (k == KEY_ALLOW || k == KEY_DISALLOW)) {
		struct rule rule = { k == KEY_ALLOW, number, st->group, line,
				     value };

		st->in_agents = 0;
		return value.len ? buf_add(&r->rules, &rule, sizeof(rule)) : 0;
	}
	return 0;
}

/* utf16 - append UTF-16 as UTF-8; high is the index of the high byte */
static int utf16(struct buf *out, struct bytes in, size_t high)
{
	for (size_t i = 0; i + 1 < in.len; i += 2) {
		uint32_t c = (uint32_t)in.p[i + high] << 8 | in.p[i + 1 - high];

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < in.len) {
			uint32_t d = (uint32_t)in.p[i + 2 + high] << 8 |
				     in.p[i + 3 - high];

			if (d >= 0xdc00 && d < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
				i += 2;
			}
		}
		utf8_put(out, c);
	}
	return out->failed;
}

static int load(struct robots *r, struct bytes body)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

	if (body.len > ROBOTS_MAX) {
		r->truncated = 1;
		body.len = ROBOTS_MAX;
	}
	if (body.len >= 2 && ((body.p[0] == 0xfe && body.p[1] == 0xff) ||
			      (body.p[0] == 0xff && body.p[1] == 0xfe))) {
		size_t high = body.p[0] == 0xfe ? 0 : 1;

		utf16(&r->text, BYTES(body.p + 2, body.len - 2), high);
	} else {
		/* Part of a mark, as after a bad conversion, is skipped too. */
		for (size_t i = 0; i < 3 && body.len && body.p[0] == mark[i]; i++) {
			body.p++;
			body.len--;
		}
		buf_addb(&r->text, body);
	}
	if (r->text.failed)
		return r->text.failed;
	if (r->truncated) {
		while (r->text.len && r->text.p[r->text.len - 1] != '\n' &&
		       r->text.p[r->text.len - 1] != '\r')
			r->text.len--;
	}
	return 0;
}

int robots_parse(struct bytes body, struct robots **out, struct err *e)
{
	struct robots *r = calloc(1, sizeof(*r));
	struct state st = { 0, 0 };
	unsigned number = 1;
	size_t from = 0;
	int ret;

	if (!r)
		return err_set(e, ERR_NOMEM, "out of memory");
	r->text.max = 2 * ROBOTS_MAX;
	r->rules.max = r->agents.max = r->delays.max = 64u << 20;
	ret = load(r, body);
	for (size_t i = 0; ret == 0 && r->text.len && i <= r->text.len; i++) {
		if (i < r->text.len && r->text.p[i] != '\n' &&
		    r->text.p[i] != '\r')
			continue;
		ret = take_line(r, &st, BYTES(r->text.p + from, i - from), number);
		if (i + 1 < r->text.len && r->text.p[i] == '\r' &&
		    r->text.p[i + 1] == '\n')
			i++;
		from = i + 1;
		number++;
	}
	if (ret < 0) {
		robots_free(r);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	*out = r;
	return 0;
}

void robots_free(struct robots *r)
{
	if (!r)
		return;
	buf_release(&r->text);
	buf_release(&r->rules);
	buf_release(&r->agents);
	buf_release(&r->delays);
	free(r);
}

struct bytes robots_target(struct bytes url)
{
	size_t at = 0, end;

	/* "//host/path" and "scheme://host/path" */
	if (url.len >= 2 && url.p[0] == '/' && url.p[1] == '/')
		at = 2;
	for (size_t i = at; i + 2 < url.len && url.p[i] != '/' &&
			    url.p[i] != '?' && url.p[i] != ';'; i++) {
		if (url.p[i] == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/') {
			at = i + 3;
			break;
		}
	}
	while (at < url.len && url.p[at] != '/' && url.p[at] != '?' &&
	       url.p[at] != '#' && url.p[at] != ';')
		at++;
	for (end = at; end < url.len && url.p[end] != '#'; end++)
		;
	if (at == end || url.p[at] != '/')
		return bytes_str("/");
	return BYTES(url.p + at, end - at);
}

/*
 * groups_for - mark the groups that apply
 *   mark   one byte a group, by number
 * Returns 1 when the name is named, 2 when "*" is used, 0 for no group.
 */
static int groups_for(const struct robots *r, struct bytes name, uint8_t *mark)
{
	const struct agent *a = (const void *)r->agents.p;
	size_t n = r->agents.len / sizeof(*a);
	int found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!bytes_is(a[i].name, "*") && eq_nocase(a[i].name, name)) {
			mark[a[i].group] = 1;
			found = 1;
		}
	}
	for (size_t i = 0; !(found & 1) && i < n; i++) {
		if (bytes_is(a[i].name, "*")) {
			mark[a[i].group] = 1;
			found = 2;
		}
	}
	return found;
}

int robots_check(const struct robots *r, const char *agent,
		 struct bytes target, struct robots_decision *out)
{
	const struct rule *rule = (const void *)r->rules.p;
	const struct delay *delay = (const void *)r->delays.p;
	struct robots_decision d = { .allow = 1, .why = ROBOTS_NO_GROUP,
				     .crawl_delay_ms = -1 };
	struct bytes name = { (const uint8_t *)agent, strcspn(agent, "/") };
	struct robots_path path = ROBOTS_PATH_INIT;
	size_t best = 0;
	uint8_t *mark;
	int ret = ERR_NOMEM, found;

	mark = calloc(1, (size_t)r->groups + 1);
	if (!mark || robots_path_init(&path, target) < 0)
		goto out;
	found = groups_for(r, name, mark);
	if (found) {
		d.why = ROBOTS_NO_MATCH;
		d.group_for_all = found == 2;
	}
	for (size_t i = 0; i < r->delays.len / sizeof(*delay); i++) {
		if (mark[delay[i].group] && delay[i].ms > d.crawl_delay_ms)
			d.crawl_delay_ms = delay[i].ms;
	}
	for (size_t i = 0; i < r->rules.len / sizeof(*rule); i++) {
		size_t len;
		int m;

		if (!mark[rule[i].group])
			continue;
		m = robots_path_match(&path, rule[i].value, rule[i].allow, &len);
		if (m < 0)
			goto out;
		if (!m || len < best)
			continue;
		/* Longest wins; Allow wins a tie; the first says it. */
		if (len == best && d.why == ROBOTS_RULE &&
		    (d.allow || !rule[i].allow))
			continue;
		best = len;
		d.why = ROBOTS_RULE;
		d.allow = rule[i].allow;
		d.line = rule[i].line;
		d.rule = rule[i].text;
	}
	*out = d;
	ret = 0;
out:
	robots_path_release(&path);
	free(mark);
	return ret;
}

const struct bytes *robots_sitemaps(const struct robots *r, size_t *count_out)
{
	*count_out = r->sitemaps;
	return r->sitemap;
}

int robots_truncated(const struct robots *r)
{
	return r->truncated;
}

size_t robots_rules(const struct robots *r)
{
	return r->rules.len / sizeof(struct rule);
}

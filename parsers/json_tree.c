/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * JSON into the tree, without a library: no recursion, numbers kept as they
 * are written, and each element knows where it stood.
 */
#include "parsers/tree.h"

struct reader {
	struct ptree *t;
	const uint8_t *p, *end, *base;
	struct err *e;
};

static int bad(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_FORMAT, "bad JSON at byte %zu: %s",
		       (size_t)(r->p - r->base), what);
}

static void blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' ||
				 *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static int hex4(struct reader *r, uint32_t *out)
{
	uint32_t v = 0;

	if (r->end - r->p < 4)
		return bad(r, "cut escape");
	for (int i = 0; i < 4; i++) {
		uint8_t c = *r->p++;

		v <<= 4;
		if (c >= '0' && c <= '9')
			v |= (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v |= (uint32_t)((c | 32) - 'a' + 10);
		else
			return bad(r, "escape is not hexadecimal");
	}
	*out = v;
	return 0;
}

static char *put(char *o, uint32_t cp)
{
	if (cp == 0 || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		*o++ = (char)cp;
	} else if (cp < 0x800) {
		*o++ = (char)(0xc0 | cp >> 6);
		*o++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*o++ = (char)(0xe0 | cp >> 12);
		*o++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*o++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*o++ = (char)(0xf0 | cp >> 18);
		*o++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*o++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*o++ = (char)(0x80 | (cp & 0x3f));
	}
	return o;
}

static int escape(struct reader *r, char **o)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint32_t cp, low;
	int res;

	if (r->p >= r->end)
		return bad(r, "cut escape");
	if (*r->p != 'u') {
		at = *r->p ? strchr(from, *r->p) : NULL;
		if (!at)
			return bad(r, "unknown escape");
		*(*o)++ = to[at - from];
		r->p++;
		return 0;
	}
	r->p++;
	res = hex4(r, &cp);
	if (res < 0)
		return res;
	if (cp >= 0xd800 && cp <= 0xdbff && r->end - r->p >= 6 &&
	    r->p[0] == '\\' && r->p[1] == 'u') {
		const uint8_t *back = r->p;

		r->p += 2;
		res = hex4(r, &low);
		if (res < 0)
			return res;
		if (low >= 0xdc00 && low <= 0xdfff)
			cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
		else
			r->p = back;
	}
	*o = put(*o, cp);
	return 0;
}

/* r->p stands behind the opening quote. */
static int string(struct reader *r, char **out)
{
	const uint8_t *q = r->p;
	char *s, *o;
	int res;

	while (q < r->end && *q != '"')
		q += *q == '\\' ? 2 : 1;
	if (q >= r->end)
		return bad(r, "string without an end");
	/* A NUL and \u0000 grow to three bytes: from one and from six. */
	s = o = arena_alloc(r->t->arena, (size_t)(q - r->p) * 3 + 1);
	if (!s)
		return r->t->failed = ERR_NOMEM;
	while (r->p < q) {
		uint8_t c = *r->p;

		if (c == '\\') {
			r->p++;
			res = escape(r, &o);
			if (res < 0)
				return res;
		} else if (c == '\0') {
			o = put(o, 0xfffd);
			r->p++;
		} else {
			*o++ = (char)c;
			r->p++;
		}
	}
	*o = '\0';
	r->p = q + 1;
	*out = s;
	return 0;
}

static int is_name(const char *s)
{
	size_t i;

	if (!((*s | 32) >= 'a' && (*s | 32) <= 'z') && *s != '_')
		return 0;
	for (i = 1; s[i]; i++)
		if (!((s[i] | 32) >= 'a' && (s[i] | 32) <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '_' &&
		    s[i] != '-' && s[i] != '.')
			return 0;
	return i < 128;
}

/* An element for the value that comes next; key NULL in arrays. */
static int open_element(struct reader *r, xmlNode *parent, const char *key,
			const char *root, xmlNode **out)
{
	uint32_t off = (uint32_t)(r->p - r->base);
	const char *name = "item";
	xmlNode *n;

	if (root)
		name = "json";
	else if (key && is_name(key))
		name = key;
	n = ptree_element(r->t, parent, name, off, 1);
	if (n && root && *root)
		ptree_attr(r->t, n, "name", root);
	else if (n && key && name != key)
		ptree_attr(r->t, n, "name", key);
	if (!n)
		return r->t->failed ? r->t->failed :
		       err_set(r->e, ERR_LIMIT, "more than %u JSON values",
			       (unsigned)r->t->nodes_max);
	*out = n;
	return 0;
}

static void end_element(struct reader *r, xmlNode *n)
{
	struct ptree_info *i = n->_private;

	i->len = (uint32_t)(r->p - r->base) - i->off;
}

static int scalar(struct reader *r, xmlNode *n)
{
	static const char *const words[] = { "true", "false", "null" };
	const uint8_t *from = r->p;
	char *s;
	int res;

	if (*r->p == '"') {
		r->p++;
		res = string(r, &s);
		if (res < 0)
			return res;
		ptree_attr(r->t, n, "type", "string");
		if (*s)
			ptree_text(r->t, n, s);
		return 0;
	}
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(r->end - r->p) >= len &&
		    !memcmp(r->p, words[i], len)) {
			r->p += len;
			ptree_attr(r->t, n, "type", words[i]);
			if (i < 2)
				ptree_text(r->t, n, words[i]);
			return 0;
		}
	}
	while (r->p < r->end && *r->p && strchr("+-.0123456789eE", *r->p))
		r->p++;
	if (r->p == from || (*from != '-' && !(*from >= '0' && *from <= '9')))
		return bad(r, "value expected");
	s = arena_dup(r->t->arena, from, (size_t)(r->p - from));
	if (!s)
		return r->t->failed = ERR_NOMEM;
	ptree_attr(r->t, n, "type", "number");
	ptree_text(r->t, n, s);
	return 0;
}

/*
 * One step: r->p stands at a value that belongs into n.  Containers are
 * opened (the caller goes on inside), scalars finished.
 */
static int value(struct reader *r, xmlNode *n, int *opened)
{
	*opened = 0;
	if (r->p >= r->end)
		return bad(r, "value expected");
	if (*r->p == '{' || *r->p == '[') {
		ptree_attr(r->t, n, "type", *r->p == '{' ? "object" : "array");
		r->p++;
		*opened = 1;
		return 0;
	}
	return scalar(r, n);
}

static int is_object(const xmlNode *n)
{
	const char *type = ptree_get(n, "type");

	return type && *type == 'o';
}

/* The key in front of a member's value. */
static int member(struct reader *r, char **key)
{
	int res;

	if (r->p >= r->end || *r->p != '"')
		return bad(r, "member name expected");
	r->p++;
	res = string(r, key);
	if (res < 0)
		return res;
	blanks(r);
	if (r->p >= r->end || *r->p != ':')
		return bad(r, "':' expected");
	r->p++;
	blanks(r);
	return 0;
}

static int fill(struct reader *r, xmlNode *root)
{
	xmlNode *cur = NULL, *n = root;
	unsigned depth = 0;
	int opened, res, fresh;

	res = value(r, root, &opened);
	if (res < 0)
		return res;
	fresh = opened;
	cur = opened ? root : NULL;
	depth = opened ? 1u : 0;
	while (cur) {
		int object = is_object(cur);
		char *key = NULL;

		blanks(r);
		if (r->p >= r->end)
			return bad(r, "cut in the middle");
		if (*r->p == (object ? '}' : ']')) {
			r->p++;
			end_element(r, cur);
			depth--;
			fresh = 0;
			cur = cur == root ? NULL : cur->parent;
			continue;
		}
		if (!fresh) {
			if (*r->p != ',')
				return bad(r, "',' expected");
			r->p++;
			blanks(r);
		}
		fresh = 0;
		if (object) {
			res = member(r, &key);
			if (res < 0)
				return res;
		}
		res = open_element(r, cur, key, NULL, &n);
		if (res < 0)
			return res;
		res = value(r, n, &opened);
		if (res < 0)
			return res;
		if (opened) {
			if (++depth >= r->t->depth_max / 2)
				return err_set(r->e, ERR_LIMIT,
					       "JSON nests deeper than %u",
					       r->t->depth_max / 2);
			cur = n;
			fresh = 1;
		} else {
			end_element(r, n);
		}
	}
	if (!opened)
		end_element(r, root);
	return 0;
}

int json_tree(struct ptree *t, xmlNode *parent, struct bytes text,
	      const char *name, int lax, xmlNode **out, struct err *e)
{
	struct reader r = { t, text.p, text.p + text.len, text.p, e };
	xmlNode *root;
	int res;

	if (text.len > PTREE_INPUT_MAX)
		return err_set(e, ERR_LIMIT,
			       "JSON of %zu bytes is longer than %zu",
			       text.len, PTREE_INPUT_MAX);
	if (!parent) {
		res = ptree_start(t, NULL);
		if (res < 0)
			return err_set(e, res, "no memory for JSON");
	}
	if (text.len >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3))
		r.p += 3;
	blanks(&r);
	res = open_element(&r, parent, NULL, name ? name : "", &root);
	if (res < 0)
		return res;
	res = fill(&r, root);
	if (res < 0)
		return res;
	blanks(&r);
	if (!lax && r.p < r.end)
		return bad(&r, "more behind the value");
	if (t->failed)
		return err_set(e, t->failed, "no memory for JSON");
	if (t->limits & PTREE_CUT)
		return err_set(e, ERR_LIMIT, "more than %u JSON values",
			       (unsigned)t->nodes_max);
	res = ptree_seal(t, root);
	if (out)
		*out = root;
	return res;
}

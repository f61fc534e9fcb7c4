/* SPDX-License-Identifier: EUPL-1.2 */
/* Searches for a colleague: names of users in the text of a query. */
#include "cases/audit_find.h"

#include "util/utf8.h"

#define WORDS_MAX 64
#define WORD_MAX 48

/* Latin letters without their accents, U+00C0 to U+017F; '.' is no letter. */
static const char plain[] =
	"aaaaaaaceeeeiiiidnooooo.ouuuuytsaaaaaaaceeeeiiiidnooooo.ouuuuyty"
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
	"lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
_Static_assert(sizeof plain == 0x180 - 0xc0 + 1, "one letter a code point");

struct words {
	char w[WORDS_MAX][WORD_MAX];
	size_t n;
};

static char fold(uint32_t cp)
{
	if (cp >= 'A' && cp <= 'Z')
		return (char)(cp + 32);
	if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9'))
		return (char)cp;
	if (cp >= 0xc0 && cp < 0x180 && plain[cp - 0xc0] != '.')
		return plain[cp - 0xc0];
	return '\0';
}

/* Words of a text; combining marks (decomposed accents) are nothing. */
static void split(const char *text, struct words *out)
{
	struct bytes left = bytes_str(text);
	size_t len = 0, n;
	uint32_t cp;

	out->n = 0;
	while ((n = utf8_next(left, &cp)) && out->n < WORDS_MAX) {
		char c = fold(cp);

		left.p += n;
		left.len -= n;
		if (cp >= 0x300 && cp < 0x370)
			continue;
		if (c && len < WORD_MAX - 1) {
			out->w[out->n][len++] = c;
		} else if (!c && len) {
			out->w[out->n++][len] = '\0';
			len = 0;
		}
	}
	if (len && out->n < WORDS_MAX)
		out->w[out->n++][len] = '\0';
}

static int has(const struct words *in, const char *word)
{
	for (size_t i = 0; i < in->n; i++)
		if (!strcmp(in->w[i], word))
			return 1;
	return 0;
}

/* Words of a name that the query has; last: the last of them is one. */
static size_t common(const struct words *query, const struct words *name,
		     int *last)
{
	size_t n = 0;

	*last = 0;
	for (size_t i = 0; i < name->n; i++) {
		int hit = strlen(name->w[i]) >= 3 && has(query, name->w[i]);

		n += (size_t)hit;
		*last = hit && i + 1 == name->n;
	}
	return n;
}

const char *find_names(const struct admin *a, const char *query)
{
	struct words q, name;

	split(query, &q);
	for (size_t i = 0; q.n && i < a->nusers; i++) {
		const struct admin_user *u = &a->users[i];
		size_t n;
		int last;

		split(u->name, &name);
		n = common(&q, &name, &last);
		if (n && n == name.n)
			return u->name;
		split(u->full, &name);
		n = common(&q, &name, &last);
		if (n >= 2 || (last && name.n >= 2))
			return u->name;
	}
	return NULL;
}

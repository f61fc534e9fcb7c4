/* SPDX-License-Identifier: EUPL-1.2 */
/* A path, a 0xff byte, a robots.txt; and the same pair as pattern and path. */
#include "parsers/robots.h"
#include "parsers/robots_match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* slow - matching by the book, small inputs only */
static int slow(struct bytes pat, struct bytes path)
{
	if (pat.len == 0)
		return 1;
	if (pat.len == 1 && pat.p[0] == '$')
		return path.len == 0;
	if (pat.p[0] == '*') {
		for (size_t i = 0; i <= path.len; i++) {
			if (slow(BYTES(pat.p + 1, pat.len - 1),
				 BYTES(path.p + i, path.len - i)))
				return 1;
		}
		return 0;
	}
	return path.len && path.p[0] == pat.p[0] &&
	       slow(BYTES(pat.p + 1, pat.len - 1), BYTES(path.p + 1, path.len - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0xff, size) : NULL;
	struct bytes path = { data, cut ? (size_t)(cut - data) : 0 }, body;
	struct robots_decision d;
	struct robots *r;

	body = cut ? BYTES(cut + 1, size - path.len - 1) : BYTES(data, size);
	if (robots_parse(body, &r, NULL) < 0)
		return 0;
	if (robots_check(r, "bot", path, &d) == 0 && d.why == ROBOTS_RULE &&
	    (d.line == 0 || d.rule.len == 0))
		abort();
	if (robots_check(r, "bot", robots_target(body), &d) < 0)
		abort();
	robots_free(r);
	if (path.len <= 12 && body.len <= 12 &&
	    robots_glob(path, body) != slow(path, body))
		abort();
	return 0;
}

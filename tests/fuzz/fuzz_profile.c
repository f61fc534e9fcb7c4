/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Profile files: any bytes are refused or run, on a small page.
 */
#include "parsers/worker.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char page[] =
		"<title>t</title><div class=a id=1><a class=b href=/x>y</a>"
		"<p style='x:url(u)'>1.2K<br>z</p></div><script>{\"a\":[1]}"
		"</script>";
	struct profile_set set = PROFILE_SET_INIT;
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	struct buf name = BUF_INIT(1 << 16), url = BUF_INIT(1 << 20);
	struct parse_request q = {
		.url = bytes_str("https://example.org/x/1?q=2"),
		.body = bytes_str(page),
	};
	struct profile *p = NULL;
	struct err e = ERR_INIT;
	int r;

	parse_start();
	if (size > 20000)
		return 0;
	r = profile_read(BYTES(data, size), NULL, "fuzz", &p, &e);
	if (r < 0) {
		if (!e.code || !*e.text)
			abort();
		return 0;
	}
	q.profile = p;
	if (profile_set_add(&set, p, NULL) < 0)
		abort();
	r = parse_page(&set, &q, &out, NULL);
	if (r < 0 && r != ERR_RANGE)
		abort();
	profile_source(&set, q.url, &name, &url, NULL, NULL);
	profile_for_url(&set, q.url);
	profile_set_release(&set);
	buf_release(&out);
	buf_release(&name);
	buf_release(&url);
	return 0;
}

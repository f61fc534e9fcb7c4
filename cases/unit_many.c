/* SPDX-License-Identifier: EUPL-1.2 */
/* Statements that vouch for more files than one leaf can name. */
#include "cases/unit_int.h"

#define FILES_MAX 60	/* of a statement: a leaf has at most 64 externals */

int unit_commit_many(struct unit *u, struct unit_write *w,
		     const char *const *files, size_t n, struct err *e)
{
	size_t now = n < FILES_MAX ? n : FILES_MAX;
	struct unit_write more;
	int r = unit_commit(u, w, files, now, NULL, e);

	for (size_t at = now; r == 0 && at < n; at += now) {
		now = n - at < FILES_MAX ? n - at : FILES_MAX;
		r = unit_begin(u, "wraps", &more, e);
		if (r < 0)
			return r;
		jsonw_str(&more.draft.w, "user", u->user_name);
		jsonw_int(&more.draft.w, "files", (int64_t)now);
		r = unit_commit(u, &more, files + at, now, NULL, e);
	}
	return r;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reference data outside the tree, named by SCELLE_SHARED.
 */
#ifndef TESTS_PARSERS_SHARED_H
#define TESTS_PARSERS_SHARED_H

#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>

/* shared_read - append $SCELLE_SHARED/name to out; 0 when it is there, 1 when
 * the data is not on this machine (said once on stderr) */
static inline int shared_read(const char *suite, const char *name,
			      struct buf *out)
{
	const char *root = getenv("SCELLE_SHARED");
	char path[FILE_PATH_MAX];

	if (!root) {
		fprintf(stderr, "SKIP %s: SCELLE_SHARED not set\n", suite);
		return 1;
	}
	if (file_path(path, root, name, NULL) < 0)
		return 1;
	if (file_read(path, out, NULL) < 0) {
		fprintf(stderr, "%s: cannot read %s\n", suite, path);
		abort();
	}
	return 0;
}

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/args.h"

#include <stdlib.h>
#include <string.h>

char **args_own(int argc, char **argv)
{
	static char **own;	/* still reachable at the end */
	size_t room = 0, n = argc > 0 ? (size_t)argc : 0;
	char *at;

	for (size_t i = 0; i < n; i++)
		room += strlen(argv[i]) + 1;
	own = malloc((n + 1) * sizeof *own + room);
	if (!own)
		return argv;
	at = (char *)(own + n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(argv[i]);

		memcpy(at, argv[i], len + 1);
		own[i] = at;
		at += len + 1;
		if (i > 0)
			memset(argv[i], 0, len);
	}
	own[n] = NULL;
	return own;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The site profiles of a directory, read and named by their digests.
 */
#ifndef CRAWLER_PROFILES_H
#define CRAWLER_PROFILES_H

#include "parsers/profile.h"

/*
 * profiles_load - read every *.profile of a directory, in the order of names
 *   set   profile_set_release(); profiles for any host ("*") come last
 * Returns 0; ERR_NOENT (no such directory, or no profile in it); ERR_FORMAT
 * (the error names file, line and cause); ERR_EXIST (an id twice); ERR_LIMIT;
 * ERR_NOMEM or ERR_IO.
 */
int profiles_load(const char *dir, struct profile_set *set, struct err *e);

/* profiles_load_file - read one file ("-": standard input) into the set */
int profiles_load_file(const char *path, struct profile_set *set,
		       struct err *e);

#endif

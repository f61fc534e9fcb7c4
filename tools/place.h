/* SPDX-License-Identifier: EUPL-1.2 */
/* Where the program's own files are, and in which language it speaks. */
#ifndef TOOLS_PLACE_H
#define TOOLS_PLACE_H

/*
 * place_start - set the locale and find the translations: build/locale beside
 * the executable, ../locale of a build directory, or the installed ones
 */
void place_start(void);

/* place_profiles - directory of the site profiles, see cli_profiles() */
const char *place_profiles(void);

/*
 * place_media - path of the scelle-media program: in the build tree beside the
 * executable, else where it is installed
 */
const char *place_media(void);

/* place_media_there - the same, NULL when it is not there;
 * place_sight_there - of scelle-media-sight, which looks at pictures */
const char *place_media_there(void);
const char *place_sight_there(void);

#endif

/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/place.h"

#include "tools/cli.h"
#include "util/file.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The executable's directory; "." when the kernel does not tell. */
static const char *own_dir(void)
{
	static char dir[FILE_PATH_MAX];

	if (!dir[0]) {
		ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);
		char *slash;

		dir[n > 0 ? n : 0] = '\0';
		slash = strrchr(dir, '/');
		if (slash && slash != dir)
			*slash = '\0';
		else
			snprintf(dir, sizeof dir, ".");
	}
	return dir;
}

static const char *first_there(const char *const *tries, const char *probe,
			       const char *installed)
{
	static char path[4][FILE_PATH_MAX];
	static int turn;
	char *out = path[turn++ & 3];

	for (; *tries; tries++) {
		char full[FILE_PATH_MAX];

		if (file_path(out, own_dir(), *tries, NULL) < 0)
			continue;
		if (!*probe ? file_exists(out) :
		    file_path(full, out, probe, NULL) == 0 && file_exists(full))
			return out;
	}
	return installed;
}

static const char *translate(const char *text)
{
	return *text ? gettext(text) : text;
}

void place_start(void)
{
	static const char *const tries[] = {
		"build/locale", "../locale", "../share/locale", NULL,
	};

	if (!setlocale(LC_ALL, "") && setlocale(LC_ALL, "C.UTF-8")) {
		/*
		 * The locale asked for is not installed here.  Its language
		 * can be spoken all the same.
		 */
		const char *want = getenv("LC_ALL");

		if (!want || !*want)
			want = getenv("LC_MESSAGES");
		if (!want || !*want)
			want = getenv("LANG");
		if (want && *want)
			setenv("LANGUAGE", want, 0);
	}
	setlocale(LC_NUMERIC, "C");
	bindtextdomain("scelle", first_there(tries, "fr/LC_MESSAGES/scelle.mo",
					     SCELLE_PREFIX "/share/locale"));
	bind_textdomain_codeset("scelle", "UTF-8");
	textdomain("scelle");
	err_translate = translate;
}

const char *place_profiles(void)
{
	static const char *const tries[] = {
		"profiles", "../../profiles", "../share/scelle/profiles", NULL,
	};

	return first_there(tries, ".", SCELLE_PREFIX "/share/scelle/profiles");
}

const char *place_media(void)
{
	static const char *const tries[] = {
		"scelle-media", "build/release/scelle-media",
		"../libexec/scelle/scelle-media", NULL,
	};

	return first_there(tries, "", SCELLE_PREFIX
			   "/libexec/scelle/scelle-media");
}

const char *place_sight_there(void)
{
	static const char *const tries[] = {
		"scelle-media-sight", "build/release/scelle-media-sight",
		"../libexec/scelle/scelle-media-sight", NULL,
	};
	const char *path = first_there(tries, "", SCELLE_PREFIX
				       "/libexec/scelle/scelle-media-sight");

	return file_exists(path) ? path : NULL;
}

const char *place_media_there(void)
{
	const char *path = place_media();

	return file_exists(path) ? path : NULL;
}

const char *cli_profiles(struct cli *cli)
{
	return cli->profiles ? cli->profiles : place_profiles();
}

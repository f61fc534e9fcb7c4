/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/profiles.h"

#include "store/sha256.h"
#include "util/enc.h"
#include "util/file.h"

#include <stdlib.h>

int profiles_load_file(const char *path, struct profile_set *set,
		       struct err *e)
{
	struct buf text = BUF_INIT(PROFILE_BYTES_MAX);
	struct profile *p = NULL;
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	const char *name = strrchr(path, '/');
	int r;

	r = file_read(path, &text, e);
	if (r < 0)
		goto out;
	sha256_once(buf_view(&text), digest);
	hex_str(hex, digest, sizeof(digest));
	r = profile_read(buf_view(&text), hex, name ? name + 1 : path, &p, e);
	if (r < 0)
		goto out;
	r = profile_set_add(set, p, e);
	if (r == 0)
		p = NULL;	/* the set's now */
out:
	profile_free(p);
	buf_release(&text);
	return r;
}

int profiles_load(const char *dir, struct profile_set *set, struct err *e)
{
	static const char end[] = ".profile";
	char path[FILE_PATH_MAX];
	char **names = NULL;
	size_t count = 0;
	int r;

	r = file_list(dir, &names, &count, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count && r == 0; i++) {
		size_t n = strlen(names[i]);

		if (n < sizeof(end) || strcmp(names[i] + n - sizeof(end) + 1,
					      end) != 0)
			continue;
		r = file_path(path, dir, names[i], NULL);
		if (r < 0)
			err_set(e, r, "path too long in '%s'", dir);
		else
			r = profiles_load_file(path, set, e);
	}
	free(names);
	if (r == 0 && !set->count)
		r = err_set(e, ERR_NOENT, "no profile in '%s'", dir);
	if (r < 0)
		profile_set_release(set);
	return r;
}

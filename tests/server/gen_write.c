/* SPDX-License-Identifier: EUPL-1.2 */
/* A benchmark world as files. */
#include "tests/server/gen_pages.h"
#include "util/file.h"

#include <stdio.h>

static int put(const char *dir, const char *sub, struct bytes b, struct err *e)
{
	char path[FILE_PATH_MAX];
	FILE *f;
	int bad;

	if (file_path(path, dir, sub, NULL))
		return err_set(e, ERR_RANGE, "path is too long");
	f = fopen(path, "w");
	if (!f)
		return err_errno(e, "cannot write '%s'", path);
	bad = fwrite(b.p, 1, b.len, f) != b.len;
	if (fclose(f) || bad)
		return err_errno(e, "cannot write '%s'", path);
	return 0;
}

static int write_all(const struct gen *g, const char *dir, struct buf *b,
		     struct buf *truth, struct buf *urls, struct err *e)
{
	char name[64], own[64], path[FILE_PATH_MAX];
	struct bytes piece[3];
	FILE *f;
	int r = 0;

	if (file_path(path, dir, "truth.jsonl", NULL))
		return err_set(e, ERR_RANGE, "path is too long");
	f = fopen(path, "w");
	if (!f)
		return err_errno(e, "cannot write '%s'", path);
	for (int i = 0; i < gen_pages_n(g) && r == 0; i++) {
		buf_clear(b);
		buf_clear(truth);
		gen_page(g, i, b, truth);
		snprintf(name, sizeof(name), "p/%05d.html", i);
		r = b->failed ? b->failed : put(dir, name, buf_view(b), e);
		if (fwrite(truth->p, 1, truth->len, f) != truth->len)
			r = err_errno(e, "cannot write '%s'", path);
		buf_addf(urls, "/%s\n", name);
	}
	if (fclose(f) && !r)
		r = err_errno(e, "cannot write '%s'", path);
	for (int i = 0; i < gen_media_n(g) && r == 0; i++) {
		gen_media(g, i, own, piece);
		buf_clear(b);
		for (int k = 0; k < 3; k++)
			buf_addb(b, piece[k]);
		snprintf(name, sizeof(name), "media/%05d.jpg", i);
		r = put(dir, name, buf_view(b), e);
		buf_addf(urls, "/%s\n", name);
	}
	return r;
}

int gen_write(const struct gen_options *o, const char *dir, struct err *e)
{
	struct buf b = BUF_INIT(64 << 20), truth = BUF_INIT(64 << 20);
	struct buf urls = BUF_INIT(1 << 30), index = BUF_INIT(1 << 30);
	struct gen_options few = *o;
	struct gen *g = NULL;
	int r;

	few.cache_mb = 0;
	r = gen_new(&few, &g, e);
	if (!r)
		r = write_all(g, dir, &b, &truth, &urls, e);
	if (!r)
		r = put(dir, "urls.txt", buf_view(&urls), e);
	buf_adds(&index, "<!DOCTYPE html><title>index</title>\n");
	for (size_t i = 0; !r && i < urls.len;) {
		size_t n = (size_t)((uint8_t *)memchr(urls.p + i, '\n',
						      urls.len - i) -
				    (urls.p + i));

		buf_addf(&index, "<a href=\"%.*s\">%.*s</a>\n", (int)n,
			 (char *)urls.p + i, (int)n, (char *)urls.p + i);
		i += n + 1;
	}
	if (!r)
		r = put(dir, "index.html", buf_view(&index), e);
	gen_free(g);
	buf_release(&b);
	buf_release(&truth);
	buf_release(&urls);
	buf_release(&index);
	return r;
}

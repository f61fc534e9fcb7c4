/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A world of any size for benchmarks: channels of invented words in the shape
 * of a Telegram web preview.  Same options, same bytes.
 */
#ifndef SERVER_GEN_PAGES_H
#define SERVER_GEN_PAGES_H

#include "util/buf.h"
#include "util/err.h"

struct gen_options {
	int pages, posts, media, channels;
	int media_size;			/* bytes, about */
	const char *seed;
	const char *media_base;		/* NULL: addresses on the media hosts */
	int cache_mb;			/* pages kept in memory up to this */
};

#define GEN_OPTIONS_INIT \
	{ 100, 20, 200, 10, 60000, "1", NULL, 512 }

struct gen;

/* gen_new - lay the world out; pages are made now, up to the cache */
int gen_new(const struct gen_options *o, struct gen **out, struct err *e);
void gen_free(struct gen *g);

/* gen_page - the i-th page; page i is of channel i mod channels */
int gen_page(const struct gen *g, int i, struct buf *out, struct buf *truth);

/* gen_cached - the i-th page when it is in memory, else empty */
struct bytes gen_cached(const struct gen *g, int i);

/* gen_media - the i-th picture in two pieces: its own, and a shared rest */
void gen_media(const struct gen *g, int i, char own[static 64],
	       struct bytes piece[3]);

/*
 * gen_find - the page that answers /s/NAME with before (0: the newest)
 * Returns its number or -1.
 */
int gen_find(const struct gen *g, const char *name, size_t len, int before);

/* gen_size - numbers of pages and pictures */
int gen_pages_n(const struct gen *g);
int gen_media_n(const struct gen *g);

/* gen_write - everything into a directory with p/ and media/ in it */
int gen_write(const struct gen_options *o, const char *dir, struct err *e);

#endif

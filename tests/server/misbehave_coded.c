/* SPDX-License-Identifier: EUPL-1.2 */
/* Content codings: sound, broken, and bombs. */
#include "tests/server/misbehave.h"
#include "tests/server/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { BOMB = 200 << 20, WINDOW_GZIP = 31, WINDOW_ZLIB = 15, WINDOW_RAW = -15 };

static const char page[] = "<!DOCTYPE html>\n<html><body><p>corps de page "
	"assez long pour être comprimé, comprimé, comprimé, comprimé</p>"
	"</body></html>\n";

/* Compress in once, then zeros more NUL bytes. */
static void squeeze(struct buf *out, struct bytes in, size_t zeros, int window)
{
	static const uint8_t none[65536];
	uint8_t room[16384];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p,
		       .avail_in = (uInt)in.len };
	int r = Z_OK;

	if (deflateInit2(&z, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY))
		return;
	while (r != Z_STREAM_END) {
		if (!z.avail_in && zeros) {
			z.next_in = (Bytef *)(uintptr_t)none;
			z.avail_in = (uInt)(zeros < sizeof(none) ? zeros :
							       sizeof(none));
			zeros -= z.avail_in;
		}
		z.next_out = room;
		z.avail_out = sizeof(room);
		r = deflate(&z, zeros || z.avail_in ? Z_NO_FLUSH : Z_FINISH);
		buf_add(out, room, sizeof(room) - z.avail_out);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			break;
	}
	deflateEnd(&z);
}

static struct buf bomb = BUF_INIT(8 << 20), bomb2 = BUF_INIT(8 << 20),
		  bomb_zstd = BUF_INIT(8 << 20);

static void make_bombs(void)
{
	size_t n = ZSTD_compressBound(BOMB);
	void *z = calloc(1, BOMB);
	uint8_t *p = malloc(n);

	squeeze(&bomb, BYTES("<html>", 6), BOMB, WINDOW_GZIP);
	squeeze(&bomb2, buf_view(&bomb), 0, WINDOW_GZIP);
	if (z && p) {
		n = ZSTD_compress(p, n, z, BOMB, 3);
		if (!ZSTD_isError(n))
			buf_add(&bomb_zstd, p, n);
	}
	free(z);
	free(p);
}

static pthread_once_t bombs_once = PTHREAD_ONCE_INIT;

/* RFC 7932: one stored meta-block of up to 65536 bytes, then an empty last. */
static void brotli_stored(struct buf *out, struct bytes in)
{
	uint32_t h = (uint32_t)(in.len - 1) << 4 | 1u << 20;

	for (int i = 0; i < 3; i++)
		buf_addc(out, (uint8_t)(h >> 8 * i));
	buf_addb(out, in);
	buf_addc(out, 3);
}

static void zstd(struct buf *out, struct bytes in)
{
	size_t n = ZSTD_compressBound(in.len);
	uint8_t *p = buf_room(out, n);

	n = p ? ZSTD_compress(p, n, in.p, in.len, 3) : 0;
	if (!ZSTD_isError(n))
		out->len += n;
}

static const struct {
	const char *name, *coding, *help;
} coded[] = {
	{ "gzip", "gzip", "gzip" },
	{ "x-gzip", "x-gzip", "gzip by its old name" },
	{ "gzip-members", "gzip", "two gzip members" },
	{ "gzip-trailing", "gzip", "bytes behind the gzip member" },
	{ "gzip-cut", "gzip", "gzip that ends early, the length fits" },
	{ "gzip-bad", "gzip", "gzip with a wrong check" },
	{ "gzip-gzip", "gzip, gzip", "gzip twice" },
	{ "deflate", "deflate", "deflate in zlib, as the standard says" },
	{ "deflate-raw", "deflate", "deflate without zlib, as some send it" },
	{ "br", "br", "Brotli" },
	{ "zstd", "zstd", "Zstandard" },
	{ "bomb", "gzip", "200 MB in 200 kB" },
	{ "bomb-gzip-gzip", "gzip, gzip", "200 MB in a few hundred bytes, twice" },
	{ "bomb-deep", "gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip",
	  "ten codings" },
	{ "bomb-zstd", "zstd", "200 MB in zstd" },
};

static void body_of(const char *name, struct buf *b)
{
	struct bytes text = BYTES(page, sizeof(page) - 1);
	struct buf t = BUF_INIT(1 << 20);

	if (!strncmp(name, "bomb", 4) && strcmp(name, "bomb-deep"))
		pthread_once(&bombs_once, make_bombs);
	if (!strcmp(name, "bomb"))
		buf_addb(b, buf_view(&bomb));
	else if (!strcmp(name, "bomb-gzip-gzip"))
		buf_addb(b, buf_view(&bomb2));
	else if (!strcmp(name, "bomb-zstd"))
		buf_addb(b, buf_view(&bomb_zstd));
	else if (!strcmp(name, "deflate"))
		squeeze(b, text, 0, WINDOW_ZLIB);
	else if (!strcmp(name, "deflate-raw"))
		squeeze(b, text, 0, WINDOW_RAW);
	else if (!strcmp(name, "br"))
		brotli_stored(b, text);
	else if (!strcmp(name, "zstd"))
		zstd(b, text);
	else
		squeeze(b, text, 0, WINDOW_GZIP);
	if (!strcmp(name, "gzip-members"))
		squeeze(b, text, 0, WINDOW_GZIP);
	if (!strcmp(name, "gzip-trailing"))
		buf_adds(b, "not gzip any more");
	if (!strcmp(name, "gzip-cut"))
		b->len -= 20;
	if (!strcmp(name, "gzip-bad"))
		b->p[b->len - 6] ^= 1;
	for (int i = !strcmp(name, "bomb-deep") ? 9 :
		     !strcmp(name, "gzip-gzip"); i > 0; i--) {
		buf_clear(&t);
		buf_addb(&t, buf_view(b));
		buf_clear(b);
		squeeze(b, buf_view(&t), 0, WINDOW_GZIP);
	}
	buf_release(&t);
}

int misbehave_coded(struct conn *c, const char *name)
{
	struct buf b = BUF_INIT(16 << 20);
	char type[32] = "text/html";
	size_t i, n = sizeof(coded) / sizeof(coded[0]);

	for (i = 0; i < n && strcmp(coded[i].name, name); i++)
		;
	if (i == n)
		return 0;
	body_of(name, &b);
	c->keep = 0;
	conn_sendf(c, "HTTP/1.1 200 OK\r\nServer: lab\r\nContent-Type: %s\r\n"
		   "Content-Encoding: %s\r\nContent-Length: %zu\r\n"
		   "Connection: close\r\n\r\n", type, coded[i].coding, b.len);
	conn_send(c, b.p, b.len);
	buf_release(&b);
	return 1;
}

void misbehave_coded_list(struct buf *o)
{
	for (size_t i = 0; i < sizeof(coded) / sizeof(coded[0]); i++)
		buf_addf(o, "%-20s %s\n", coded[i].name, coded[i].help);
}

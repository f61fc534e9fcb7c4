/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/media.h"
#include "tests/server/rng.h"
#include "util/enc.h"

static void be32(struct buf *b, uint32_t v)
{
	uint8_t x[4];

	put_be32(x, v);
	buf_add(b, x, 4);
}

static void box(struct buf *o, const char type[5], struct bytes body)
{
	be32(o, (uint32_t)body.len + 8);
	buf_add(o, type, 4);
	buf_addb(o, body);
}

void media_mp4(struct buf *o, int64_t created, int seconds, uint64_t seed)
{
	static const uint32_t unity[9] = {
		0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000,
	};
	struct buf m = BUF_INIT(4096), d = BUF_INIT(65536);
	struct rng r = rng_seed("video", seed);
	uint32_t t = (uint32_t)(created + INT64_C(2082844800)); /* from 1904 */

	box(o, "ftyp", BYTES("isom\0\0\2\0isomiso2mp41", 20));
	be32(&m, 0);
	be32(&m, t);
	be32(&m, t);
	be32(&m, 1000);
	be32(&m, (uint32_t)seconds * 1000);
	be32(&m, 0x10000);
	be32(&m, 0x1000000);
	be32(&m, 0);
	be32(&m, 0);
	for (int i = 0; i < 9; i++)
		be32(&m, unity[i]);
	for (int i = 0; i < 6; i++)
		be32(&m, 0);
	be32(&m, 2);
	box(&d, "mvhd", buf_view(&m));
	box(o, "moov", buf_view(&d));
	buf_clear(&d);
	for (int i = 0; i < 4096; i++)
		buf_addc(&d, (uint8_t)rng_next(&r));
	box(o, "mdat", buf_view(&d));
	buf_release(&m);
	buf_release(&d);
}

/* RFC 3533: polynomial 0x04c11db7, not reflected, over the page with 0. */
static uint32_t ogg_crc(struct bytes s)
{
	uint32_t c = 0;

	for (size_t i = 0; i < s.len; i++) {
		c ^= (uint32_t)s.p[i] << 24;
		for (int k = 0; k < 8; k++)
			c = c << 1 ^ (c & 0x80000000 ? 0x04c11db7 : 0);
	}
	return c;
}

static void le(struct buf *b, uint64_t v, int bytes)
{
	for (; bytes-- > 0; v >>= 8)
		buf_addc(b, (uint8_t)v);
}

static void ogg_page(struct buf *o, int flags, uint64_t granule, uint32_t serial,
		     uint32_t n, struct bytes packet)
{
	size_t at = o->len;
	uint32_t c;

	buf_add(o, "OggS\0", 5);
	buf_addc(o, (uint8_t)flags);
	le(o, granule, 8);
	le(o, serial, 4);
	le(o, n, 4);
	le(o, 0, 4);
	buf_addc(o, 1);
	buf_addc(o, (uint8_t)packet.len);
	buf_addb(o, packet);
	if (o->failed)
		return;
	c = ogg_crc(BYTES(o->p + at, o->len - at));
	for (int i = 0; i < 4; i++)
		o->p[at + 22 + (size_t)i] = (uint8_t)(c >> 8 * i);
}

void media_ogg(struct buf *o, int seconds, uint32_t serial)
{
	static const char tags[] = "OpusTags\4\0\0\0demo\0\0\0";
	uint32_t pages = (uint32_t)seconds * 2;

	ogg_page(o, 2, 0, serial, 0,
		 BYTES("OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0", 19));
	ogg_page(o, 0, 0, serial, 1, BYTES(tags, sizeof(tags)));
	for (uint32_t i = 0; i < pages; i++)
		ogg_page(o, i + 1 == pages ? 4 : 0, (uint64_t)(i + 1) * 960,
			 serial, i + 2, BYTES("\xf8\xff\xfe", 3));
}

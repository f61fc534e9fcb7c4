/* SPDX-License-Identifier: EUPL-1.2 */
/* Baseline JPEG, ITU-T T.81, 4:4:4, the example Huffman tables of annex K. */
#include "tests/server/media.h"
#include "tests/server/rng.h"
#include "util/enc.h"

#include <stdlib.h>

static const uint8_t zigzag[64] = {
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33,
	40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50,
	43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
};
static const uint8_t quant[64] = {	/* table K.1, halved */
	8, 6, 5, 8, 12, 20, 26, 31, 6, 6, 7, 10, 13, 29, 30, 28, 7, 7, 8, 12,
	20, 29, 35, 28, 7, 9, 11, 15, 26, 44, 40, 31, 9, 11, 19, 28, 34, 55,
	52, 39, 12, 18, 28, 32, 41, 52, 57, 46, 25, 32, 39, 44, 52, 61, 60, 51,
	36, 46, 48, 49, 56, 50, 52, 50,
};
static const uint8_t dc_bits[16] = { 0, 1, 5, 1, 1, 1, 1, 1, 1 };
static const uint8_t dc_vals[12] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
static const uint8_t ac_bits[16] = {
	0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125,
};
static const uint8_t ac_vals[162] = {
	0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06,
	0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08,
	0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
	0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
	0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
	0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
	0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75,
	0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
	0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
	0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
	0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
	0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
	0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4,
	0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
};

struct huff {
	uint16_t code[256];
	uint8_t len[256];
};

static void huff_make(struct huff *h, const uint8_t bits[16],
		      const uint8_t *vals)
{
	unsigned code = 0, k = 0;

	for (unsigned len = 1; len <= 16; len++, code <<= 1)
		for (unsigned i = 0; i < bits[len - 1]; i++, k++) {
			h->code[vals[k]] = (uint16_t)code++;
			h->len[vals[k]] = (uint8_t)len;
		}
}

struct bits {
	struct buf *out;
	uint32_t acc;
	unsigned n;
};

static void put_bits(struct bits *b, unsigned code, unsigned len)
{
	b->acc = b->acc << len | (code & ((1u << len) - 1));
	for (b->n += len; b->n >= 8; b->n -= 8) {
		uint8_t c = (uint8_t)(b->acc >> (b->n - 8));

		buf_addc(b->out, c);
		if (c == 0xff)
			buf_addc(b->out, 0);
	}
}

static unsigned magnitude(int v)
{
	unsigned n = 0;

	for (v = abs(v); v; v >>= 1)
		n++;
	return n;
}

static void put_value(struct bits *b, int v, unsigned n)
{
	if (n)
		put_bits(b, (unsigned)(v < 0 ? v - 1 : v), n);
}

/* Fixed point, so that every machine writes the same file. */
static void dct(const int in[64], int out[64])
{
	static const int c[8][8] = {	/* cos((2x+1)u pi/16) * 4096 */
		{ 2896, 2896, 2896, 2896, 2896, 2896, 2896, 2896 },
		{ 4017, 3406, 2276, 799, -799, -2276, -3406, -4017 },
		{ 3784, 1567, -1567, -3784, -3784, -1567, 1567, 3784 },
		{ 3406, -799, -4017, -2276, 2276, 4017, 799, -3406 },
		{ 2896, -2896, -2896, 2896, 2896, -2896, -2896, 2896 },
		{ 2276, -4017, 799, 3406, -3406, -799, 4017, -2276 },
		{ 1567, -3784, 3784, -1567, -1567, 3784, -3784, 1567 },
		{ 799, -2276, 3406, -4017, 4017, -3406, 2276, -799 },
	};
	int t[64];

	for (int y = 0; y < 8; y++)
		for (int u = 0; u < 8; u++) {
			int s = 0;

			for (int x = 0; x < 8; x++)
				s += in[y * 8 + x] * c[u][x];
			t[y * 8 + u] = s / 128;
		}
	for (int u = 0; u < 8; u++)
		for (int v = 0; v < 8; v++) {
			int64_t s = 0;

			for (int y = 0; y < 8; y++)
				s += (int64_t)t[y * 8 + u] * c[v][y];
			out[v * 8 + u] = (int)(s / (32 * 4096 * 4));
		}
}

static int block(struct bits *b, const int px[64], int dc_before,
		 const struct huff *dc, const struct huff *ac)
{
	int f[64], q[64], run = 0;
	unsigned n;

	dct(px, f);
	for (int i = 0; i < 64; i++) {
		int k = zigzag[i], d = quant[k];

		q[i] = (f[k] + (f[k] < 0 ? -d / 2 : d / 2)) / d;
	}
	n = magnitude(q[0] - dc_before);
	put_bits(b, dc->code[n], dc->len[n]);
	put_value(b, q[0] - dc_before, n);
	for (int i = 1; i < 64; i++) {
		if (!q[i]) {
			run++;
			continue;
		}
		for (; run > 15; run -= 16)
			put_bits(b, ac->code[0xf0], ac->len[0xf0]);
		n = magnitude(q[i]);
		put_bits(b, ac->code[(unsigned)run << 4 | n],
			 ac->len[(unsigned)run << 4 | n]);
		put_value(b, q[i], n);
		run = 0;
	}
	if (run)
		put_bits(b, ac->code[0], ac->len[0]);
	return q[0];
}

static void segment(struct buf *o, uint8_t marker, struct bytes body)
{
	uint8_t h[4] = { 0xff, marker };

	put_be16(h + 2, (uint16_t)(body.len + 2));
	buf_add(o, h, 4);
	buf_addb(o, body);
}

/* EXIF: entries of one directory, values that do not fit go behind it. */
struct ifd {
	struct buf head, tail;
	uint32_t base;		/* where this directory starts */
	uint16_t n, want;
};

static void be(struct buf *b, uint32_t v, int bytes)
{
	while (bytes-- > 0)
		buf_addc(b, (uint8_t)(v >> 8 * bytes));
}

static void entry(struct ifd *d, uint16_t tag, uint16_t type, uint32_t count,
		  struct bytes value)
{
	static const uint8_t none[4];

	be(&d->head, tag, 2);
	be(&d->head, type, 2);
	be(&d->head, count, 4);
	if (value.len <= 4) {
		buf_addb(&d->head, value);
		buf_add(&d->head, none, 4 - value.len);
	} else {
		be(&d->head, d->base + 2 + 12u * d->want + 4 +
		   (uint32_t)d->tail.len, 4);
		buf_addb(&d->tail, value);
		if (value.len & 1)
			buf_addc(&d->tail, 0);
	}
	d->n++;
}

static void ascii(struct ifd *d, uint16_t tag, const char *s)
{
	if (s)
		entry(d, tag, 2, (uint32_t)strlen(s) + 1,
		      BYTES(s, strlen(s) + 1));
}

static void number(struct ifd *d, uint16_t tag, uint16_t type, uint32_t v)
{
	struct buf b = BUF_INIT(8);

	be(&b, v, type == 3 ? 2 : 4);
	entry(d, tag, type, 1, buf_view(&b));
	buf_release(&b);
}

static void angle(struct ifd *d, uint16_t tag, int e4)
{
	struct buf b = BUF_INIT(32);
	uint32_t v = (uint32_t)abs(e4), rest = v % 10000 * 60;

	be(&b, v / 10000, 4);
	be(&b, 1, 4);
	be(&b, rest / 10000, 4);
	be(&b, 1, 4);
	be(&b, rest % 10000 * 60, 4);
	be(&b, 10000, 4);
	entry(d, tag, 5, 3, buf_view(&b));
	buf_release(&b);
}

static void ifd_end(struct buf *o, struct ifd *d)
{
	be(o, d->n, 2);
	buf_addb(o, buf_view(&d->head));
	be(o, 0, 4);
	buf_addb(o, buf_view(&d->tail));
	buf_release(&d->head);
	buf_release(&d->tail);
}

#define IFD(at, entries) { BUF_INIT(4096), BUF_INIT(4096), (at), 0, (entries) }

static void gps_ifd(struct buf *t, const struct media_exif *x)
{
	struct ifd g = IFD((uint32_t)t->len, 7);
	struct buf alt = BUF_INIT(8);

	entry(&g, 0, 1, 4, BYTES("\2\3\0\0", 4));
	ascii(&g, 1, x->lat_e4 < 0 ? "S" : "N");
	angle(&g, 2, x->lat_e4);
	ascii(&g, 3, x->lon_e4 < 0 ? "W" : "E");
	angle(&g, 4, x->lon_e4);
	entry(&g, 5, 1, 1, BYTES("\0", 1));
	be(&alt, (uint32_t)x->alt_m, 4);
	be(&alt, 1, 4);
	entry(&g, 6, 5, 1, buf_view(&alt));
	ifd_end(t, &g);
	buf_release(&alt);
}

/* The directories follow each other: 0, Exif, GPS; offsets are known early. */
static void exif(struct buf *o, const struct media_exif *x, int w, int h)
{
	struct buf t = BUF_INIT(16384), sub = BUF_INIT(8192);
	int strings = !!x->make + !!x->model + !!x->software + !!x->taken;
	uint32_t exif_at = 8, gps_at;

	for (int pass = 0; pass < 2; pass++) {
		struct ifd e = IFD(exif_at, (uint16_t)(2 + !!x->taken +
						       !!x->offset));

		buf_clear(&sub);
		ascii(&e, 0x9003, x->taken);
		ascii(&e, 0x9011, x->offset);
		number(&e, 0xa002, 4, (uint32_t)w);
		number(&e, 0xa003, 4, (uint32_t)h);
		ifd_end(&sub, &e);

		struct ifd d = IFD(8, (uint16_t)(strings + 2 + x->gps));

		gps_at = exif_at + (uint32_t)sub.len;
		buf_clear(&t);
		buf_add(&t, "MM\0\x2a\0\0\0\x08", 8);
		ascii(&d, 0x010f, x->make);
		ascii(&d, 0x0110, x->model);
		number(&d, 0x0112, 3, 1);
		ascii(&d, 0x0131, x->software);
		ascii(&d, 0x0132, x->taken);
		number(&d, 0x8769, 4, exif_at);
		if (x->gps)
			number(&d, 0x8825, 4, gps_at);
		ifd_end(&t, &d);
		exif_at = (uint32_t)t.len;
	}
	buf_addb(&t, buf_view(&sub));
	if (x->gps)
		gps_ifd(&t, x);

	struct buf app = BUF_INIT(32768);

	buf_add(&app, "Exif\0\0", 6);
	buf_addb(&app, buf_view(&t));
	segment(o, 0xe1, buf_view(&app));
	buf_release(&app);
	buf_release(&sub);
	buf_release(&t);
}

/* Letters of five columns, lowest bit at the top. */
static const uint8_t font[36][5] = {
	{ 0x3e, 0x51, 0x49, 0x45, 0x3e }, { 0x00, 0x42, 0x7f, 0x40, 0x00 },
	{ 0x42, 0x61, 0x51, 0x49, 0x46 }, { 0x21, 0x41, 0x45, 0x4b, 0x31 },
	{ 0x18, 0x14, 0x12, 0x7f, 0x10 }, { 0x27, 0x45, 0x45, 0x45, 0x39 },
	{ 0x3c, 0x4a, 0x49, 0x49, 0x30 }, { 0x01, 0x71, 0x09, 0x05, 0x03 },
	{ 0x36, 0x49, 0x49, 0x49, 0x36 }, { 0x06, 0x49, 0x49, 0x29, 0x1e },
	{ 0x7e, 0x11, 0x11, 0x11, 0x7e }, { 0x7f, 0x49, 0x49, 0x49, 0x36 },
	{ 0x3e, 0x41, 0x41, 0x41, 0x22 }, { 0x7f, 0x41, 0x41, 0x22, 0x1c },
	{ 0x7f, 0x49, 0x49, 0x49, 0x41 }, { 0x7f, 0x09, 0x09, 0x09, 0x01 },
	{ 0x3e, 0x41, 0x49, 0x49, 0x7a }, { 0x7f, 0x08, 0x08, 0x08, 0x7f },
	{ 0x00, 0x41, 0x7f, 0x41, 0x00 }, { 0x20, 0x40, 0x41, 0x3f, 0x01 },
	{ 0x7f, 0x08, 0x14, 0x22, 0x41 }, { 0x7f, 0x40, 0x40, 0x40, 0x40 },
	{ 0x7f, 0x02, 0x0c, 0x02, 0x7f }, { 0x7f, 0x04, 0x08, 0x10, 0x7f },
	{ 0x3e, 0x41, 0x41, 0x41, 0x3e }, { 0x7f, 0x09, 0x09, 0x09, 0x06 },
	{ 0x3e, 0x41, 0x51, 0x21, 0x5e }, { 0x7f, 0x09, 0x19, 0x29, 0x46 },
	{ 0x46, 0x49, 0x49, 0x49, 0x31 }, { 0x01, 0x01, 0x7f, 0x01, 0x01 },
	{ 0x3f, 0x40, 0x40, 0x40, 0x3f }, { 0x1f, 0x20, 0x40, 0x20, 0x1f },
	{ 0x3f, 0x40, 0x38, 0x40, 0x3f }, { 0x63, 0x14, 0x08, 0x14, 0x63 },
	{ 0x07, 0x08, 0x70, 0x08, 0x07 }, { 0x61, 0x51, 0x49, 0x45, 0x43 },
};

struct picture {
	uint8_t *rgb;
	int w, h;
};

static void fill(struct picture *p, int x0, int y0, int w, int h, int r, int g,
		 int b)
{
	for (int y = y0; y < y0 + h; y++)
		for (int x = x0; x < x0 + w; x++)
			if (x >= 0 && y >= 0 && x < p->w && y < p->h) {
				uint8_t *q = p->rgb + 3 * (y * p->w + x);

				q[0] = (uint8_t)r;
				q[1] = (uint8_t)g;
				q[2] = (uint8_t)b;
			}
}

static void write_caption(struct picture *p, const char *s)
{
	int n = (int)strlen(s), z = p->w / (n * 6 + 4), x, y;

	if (z < 1)
		return;
	x = (p->w - n * 6 * z) / 2;
	y = p->h / 2 - 4 * z;
	for (; *s; s++, x += 6 * z) {
		int k = *s >= 'A' && *s <= 'Z' ? *s - 'A' + 10 :
			*s >= '0' && *s <= '9' ? *s - '0' : -1;

		for (int c = 0; k >= 0 && c < 5; c++)
			for (int r = 0; r < 7; r++)
				if (font[k][c] >> r & 1)
					fill(p, x + c * z, y + r * z, z, z,
					     190, 30, 40);
	}
}

static void paint(struct picture *p, uint64_t seed, int noise,
		  const char *caption)
{
	struct rng r = rng_seed("picture", seed);
	int cr = rng_n(&r, 60, 200), cg = rng_n(&r, 60, 200),
	    cb = rng_n(&r, 60, 200), sheets = rng_n(&r, 1, 3);

	for (int y = 0; y < p->h; y++)
		for (int x = 0; x < p->w; x++)
			fill(p, x, y, 1, 1, cr * (p->h + y) / (2 * p->h),
			     cg * (p->w + x) / (2 * p->w), cb);
	for (int s = 0; s < sheets; s++) {
		int w = p->w / 2, h = p->h * 3 / 4;
		int x = rng_n(&r, 0, p->w - w), y = rng_n(&r, 0, p->h - h);

		fill(p, x, y, w, h, 246, 244, 236);
		for (int l = y + 10; l < y + h - 8; l += 7)
			fill(p, x + 8, l, rng_n(&r, w / 4, w - 16), 2, 90, 90,
			     100);
	}
	if (caption && *caption)
		write_caption(p, caption);
	for (int i = 0; noise && i < 3 * p->w * p->h; i++) {
		int v = p->rgb[i] + (int)(rng_next(&r) >> 40) %
			(2 * noise + 1) - noise;

		p->rgb[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
	}
}

static void scan(struct buf *o, const struct picture *p)
{
	struct huff dc = { .len = { 0 } }, ac = { .len = { 0 } };
	struct bits b = { o, 0, 0 };
	int before[3] = { 0 }, px[64];

	huff_make(&dc, dc_bits, dc_vals);
	huff_make(&ac, ac_bits, ac_vals);
	for (int y = 0; y < p->h; y += 8)
		for (int x = 0; x < p->w; x += 8)
			for (int c = 0; c < 3; c++) {
				for (int i = 0; i < 64; i++) {
					const uint8_t *q = p->rgb + 3 *
						((y + i / 8) * p->w + x + i % 8);
					int R = q[0], G = q[1], B = q[2];

					px[i] = c == 0 ? (299 * R + 587 * G + 114 * B) / 1000 - 128 :
						c == 1 ? (-169 * R - 331 * G + 500 * B) / 1000 :
							 (500 * R - 419 * G - 81 * B) / 1000;
				}
				before[c] = block(&b, px, before[c], &dc, &ac);
			}
	put_bits(&b, 0x7f, 7);
}

void media_jpeg(struct buf *o, int w, int h, uint64_t seed, int noise,
		const char *caption, const struct media_exif *x,
		const char *comment)
{
	struct picture p = { calloc((size_t)w * (size_t)h, 3), w, h };
	struct buf s = BUF_INIT(1024);

	if (!p.rgb)
		return;
	paint(&p, seed, noise, caption);
	buf_add(o, "\xff\xd8", 2);
	if (x)
		exif(o, x, w, h);
	else
		segment(o, 0xe0, BYTES("JFIF\0\1\1\0\0\1\0\1\0\0", 14));
	if (comment)
		segment(o, 0xfe, bytes_str(comment));
	buf_addc(&s, 0);
	for (int i = 0; i < 64; i++)
		buf_addc(&s, quant[zigzag[i]]);
	segment(o, 0xdb, buf_view(&s));
	buf_clear(&s);
	buf_addc(&s, 8);
	be(&s, (uint32_t)h, 2);
	be(&s, (uint32_t)w, 2);
	buf_add(&s, "\3\1\x11\0\2\x11\0\3\x11\0", 10);
	segment(o, 0xc0, buf_view(&s));
	buf_clear(&s);
	buf_addc(&s, 0);
	buf_add(&s, dc_bits, 16);
	buf_add(&s, dc_vals, sizeof(dc_vals));
	buf_addc(&s, 0x10);
	buf_add(&s, ac_bits, 16);
	buf_add(&s, ac_vals, sizeof(ac_vals));
	segment(o, 0xc4, buf_view(&s));
	segment(o, 0xda, BYTES("\3\1\0\2\0\3\0\0\x3f\0", 10));
	scan(o, &p);
	buf_add(o, "\xff\xd9", 2);
	buf_release(&s);
	free(p.rgb);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What stands in a picture: QR and bar codes (zbar), text in French (Tesseract),
 * and of documents - pictures with text enough - a perceptual hash.  No face is
 * looked for, and no picture without text gets a hash (R6).
 */
#include "media/media.h"
#include "media/sight/phash.h"
#include "util/utf8.h"

#include <fcntl.h>
#include <iconv.h>
#include <leptonica/allheaders.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <tesseract/capi.h>
#include <unistd.h>
#include <zbar.h>

#define PIXELS_MAX INT64_C(40000000)	/* of a picture that is decoded */
#define PIXELS_READ 6000000		/* of the picture that is looked at */
#define SIDE_MIN 16
#define TEXT_MS 12000			/* of Tesseract, for one picture */
#define TEXT_MAX ((size_t)32 << 10)
#define WORDS_DOCUMENT 8		/* words that make a document */
#define CONFIDENCE_MIN 50		/* of a word, in hundredths */
#define CODES_MAX 32
#define DATA_MAX ((size_t)64 << 20)
#define CODE_MAX 4096

/* Of libgomp: no parallel region at all, since the sandbox lets no thread be
 * made, and Tesseract asks for four whatever the number set. */
extern void omp_set_max_active_levels(int n);

static TessBaseAPI *tess;

/*
 * take_file - a file, before the sandbox: past the shut doors of media/shut.c,
 * which tell every library that there is none
 */
static int take_file(const char *path, struct buf *out)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return ERR_NOENT;
	do {
		uint8_t *to = buf_room(out, 65536);

		n = to ? read((int)fd, to, 65536) : -1;
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close((int)fd);
	return n < 0 ? ERR_IO : 0;
}

/* french - Tesseract with its data in memory; NULL: there is none */
static TessBaseAPI *french(void)
{
	static const char *const places[] = {
		"/usr/share/tesseract-ocr/5/tessdata/fra.traineddata",
		"/usr/share/tesseract-ocr/4.00/tessdata/fra.traineddata",
		"/usr/share/tessdata/fra.traineddata" };
	struct buf data = BUF_INIT(DATA_MAX);
	TessBaseAPI *t = NULL;
	int r = ERR_NOENT;

	for (size_t i = 0; r < 0 && i < sizeof places / sizeof *places; i++) {
		buf_clear(&data);
		r = take_file(places[i], &data);
	}
	if (r == 0)
		t = TessBaseAPICreate();
	if (t && TessBaseAPIInit5(t, (const char *)data.p, (int)data.len, "fra",
				  OEM_LSTM_ONLY, NULL, 0, NULL, NULL, 0, 0)) {
		TessBaseAPIDelete(t);
		t = NULL;
	}
	buf_release(&data);
	return t;
}

const char *sight_start(void)
{
	/* What zbar reads the bytes of a QR code as: loaded now or never. */
	static const char *const sets[] = { "SJIS", "BIG5", "GB18030", "CP437",
		"ISO8859-1", "ISO8859-2", "ISO8859-15", "UCS-2BE", "UTF-8" };

	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		(void)iconv_open("UTF-8", sets[i]);	/* kept open */
		(void)iconv_open(sets[i], "UTF-8");
	}
	omp_set_max_active_levels(0);
	setMsgSeverity(L_SEVERITY_NONE);
	tess = french();
	return tess ? NULL : "no Tesseract data for French";
}

/* --- the picture ------------------------------------------------------------- */

/* reads - types that Leptonica decodes from memory, without a file */
static int reads(const char *type)
{
	static const char *const types[] = { "image/jpeg", "image/png",
					     "image/webp", "image/bmp" };

	for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
		if (!strcmp(type, types[i]))
			return 1;
	return 0;
}

/* decode - grey, upright as stored, at most PIXELS_READ */
static PIX *decode(struct record *r, struct bytes in)
{
	l_int32 format, w = 0, h = 0, bps, spp, cmap;
	PIX *pix, *grey, *small;

	if (pixReadHeaderMem(in.p, in.len, &format, &w, &h, &bps, &spp, &cmap)
	    || w < 1 || h < 1) {
		record_finding(r, "not-decoded", "header", SIZE_MAX);
		return NULL;
	}
	if ((int64_t)w * h > PIXELS_MAX) {
		record_finding(r, "limit", "pixels", SIZE_MAX);
		return NULL;
	}
	pix = w < SIDE_MIN || h < SIDE_MIN ? NULL : pixReadMem(in.p, in.len);
	if (!pix) {
		if (w >= SIDE_MIN && h >= SIDE_MIN)
			record_finding(r, "not-decoded", NULL, SIZE_MAX);
		return NULL;
	}
	grey = pixConvertTo8(pix, 0);
	pixDestroy(&pix);
	if (!grey)
		record_finding(r, "not-decoded", "grey", SIZE_MAX);
	if (!grey || (int64_t)w * h <= PIXELS_READ)
		return grey;
	small = pixScaleToSize(grey, (l_int32)((double)w * 2449 /
				(w > h ? w : h)), 0);
	pixDestroy(&grey);
	return small;
}

/* --- codes -------------------------------------------------------------------- */

/* luma - the grey values without the padding and byte order of a PIX */
static uint8_t *luma(PIX *pix, unsigned w, unsigned h)
{
	uint8_t *out = malloc((size_t)w * h);

	for (unsigned y = 0; out && y < h; y++) {
		const l_uint32 *line = pixGetData(pix) +
			(size_t)y * (size_t)pixGetWpl(pix);

		for (unsigned x = 0; x < w; x++)
			out[(size_t)y * w + x] =
				(uint8_t)GET_DATA_BYTE(line, (l_int32)x);
	}
	return out;
}

static void put_code(struct jsonw *w, const zbar_symbol_t *s)
{
	size_t n = zbar_symbol_get_data_length(s);

	jsonw_open(w, NULL, '{');
	jsonw_str(w, "type", zbar_get_symbol_name(zbar_symbol_get_type(s)));
	jsonw_bytes(w, "value", BYTES((const uint8_t *)zbar_symbol_get_data(s),
				      n < CODE_MAX ? n : CODE_MAX));
	if (n > CODE_MAX)
		jsonw_bool(w, "cut", 1);
	jsonw_close(w, '}');
}

static void codes(struct record *r, PIX *pix)
{
	const unsigned w = (unsigned)pixGetWidth(pix);
	const unsigned h = (unsigned)pixGetHeight(pix);
	zbar_image_scanner_t *scanner = zbar_image_scanner_create();
	zbar_image_t *image = zbar_image_create();
	uint8_t *grey = luma(pix, w, h);
	struct buf list = BUF_INIT((size_t)1 << 20);
	struct jsonw out = JSONW_INIT(&list);
	unsigned n = 0;

	jsonw_open(&out, NULL, '[');
	if (scanner && image && grey) {
		zbar_image_scanner_set_config(scanner, ZBAR_NONE,
					      ZBAR_CFG_ENABLE, 1);
		zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
		zbar_image_set_size(image, w, h);
		zbar_image_set_data(image, grey, (unsigned long)w * h, NULL);
		zbar_scan_image(scanner, image);
		for (const zbar_symbol_t *s = zbar_image_first_symbol(image);
		     s && n < CODES_MAX; s = zbar_symbol_next(s), n++)
			put_code(&out, s);
	} else {
		record_finding(r, "limit", "memory", SIZE_MAX);
	}
	jsonw_close(&out, ']');
	if (n && !list.failed)
		jsonw_raw(&r->facts, "codes", buf_view(&list));
	zbar_image_destroy(image);
	zbar_image_scanner_destroy(scanner);
	free(grey);
	buf_release(&list);
}

/* --- text ---------------------------------------------------------------------- */

/* text - words Tesseract is sure enough of; how many */
static unsigned text(struct record *r, PIX *pix)
{
	struct buf all = BUF_INIT(TEXT_MAX);
	ETEXT_DESC *monitor = TessMonitorCreate();
	TessResultIterator *it = NULL;
	double sure = 0;
	unsigned n = 0;

	TessBaseAPISetImage2(tess, pix);
	TessBaseAPISetSourceResolution(tess, 150);
	if (monitor)
		TessMonitorSetDeadlineMSecs(monitor, TEXT_MS);
	if (!monitor || TessBaseAPIRecognize(tess, monitor))
		record_finding(r, "limit", "text", SIZE_MAX);
	else
		it = TessBaseAPIGetIterator(tess);
	while (it) {
		float conf = TessResultIteratorConfidence(it, RIL_WORD);
		char *word = TessResultIteratorGetUTF8Text(it, RIL_WORD);

		if (word && conf >= CONFIDENCE_MIN && *word != ' ' &&
		    utf8_valid(bytes_str(word))) {
			if (all.len + strlen(word) + 1 < TEXT_MAX) {
				if (n)
					buf_addc(&all, ' ');
				buf_adds(&all, word);
			}
			sure += (double)conf;
			n++;
		}
		TessDeleteText(word);
		if (!TessResultIteratorNext(it, RIL_WORD))
			break;
	}
	if (n) {
		jsonw_bytes(&r->facts, "text", buf_view(&all));
		record_fact_num(r, "text_words", n);
		record_fact_num(r, "text_confidence", (uint64_t)(sure / n));
	}
	if (it)
		TessResultIteratorDelete(it);
	if (monitor)
		TessMonitorDelete(monitor);
	TessBaseAPIClear(tess);
	buf_release(&all);
	return n;
}

/* --- both ---------------------------------------------------------------------- */

static void alike(struct record *r, PIX *pix)
{
	PIX *small = pixScaleToSize(pix, PHASH_SIDE, PHASH_SIDE);
	uint8_t *grey = small ? luma(small, PHASH_SIDE, PHASH_SIDE) : NULL;
	char hex[17];

	if (grey) {
		snprintf(hex, sizeof hex, "%016llx",
			 (unsigned long long)phash(grey));
		record_fact_str(r, "phash", hex);
	}
	free(grey);
	pixDestroy(&small);
}

int sight_read(struct record *r, const char *type, struct bytes in)
{
	int bad;
	PIX *pix;

	if (!reads(type))
		return 0;
	bad = record_begin(r, "zbar");
	if (bad)
		return bad;
	pix = decode(r, in);
	if (pix)
		codes(r, pix);
	bad = record_end(r);
	if (!bad && pix) {
		bad = record_begin(r, "tesseract");
		if (!bad && !tess)
			record_finding(r, "no-language", "fra", SIZE_MAX);
		if (!bad && tess && text(r, pix) >= WORDS_DOCUMENT)
			alike(r, pix);
		if (!bad)
			bad = record_end(r);
	}
	pixDestroy(&pix);
	return bad;
}

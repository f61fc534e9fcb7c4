/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Small media files made here: baseline JPEG with EXIF, MP4, Ogg Opus.
 * Pure: the same arguments give the same bytes.
 */
#ifndef SERVER_MEDIA_H
#define SERVER_MEDIA_H

#include "util/buf.h"

/* struct media_exif - what a camera would have written; NULL or 0: left out */
struct media_exif {
	const char *make, *model, *software;
	const char *taken;		/* "2026:03:02 18:41:07" */
	const char *offset;		/* "+01:00" */
	int gps;			/* 1: the position below is written */
	int lat_e4, lon_e4, alt_m;	/* ten thousandths of a degree */
};

/*
 * media_jpeg - a picture: a shaded background, sheets with lines of "text",
 * and a caption in large letters
 *   w, h      pixels, multiples of 8 up to 2048
 *   seed      decides colours and lines
 *   noise     0 to 255; more noise makes a larger file
 *   caption   A-Z 0-9 and space, may be NULL
 *   exif      may be NULL
 *   comment   a COM segment, may be NULL
 */
void media_jpeg(struct buf *out, int w, int h, uint64_t seed, int noise,
		const char *caption, const struct media_exif *exif,
		const char *comment);

/* media_mp4 - ftyp, moov (mvhd with creation time), mdat without a track */
void media_mp4(struct buf *out, int64_t created, int seconds, uint64_t seed);

/* media_ogg - Opus in Ogg: head, tags, pages of silence */
void media_ogg(struct buf *out, int seconds, uint32_t serial);

#endif

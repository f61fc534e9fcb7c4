/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The stages of reading a medium.  Each opens one library; none opens a file.
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include "media/record.h"

/* medium_read - all stages for one medium, as it is; 0, or the keeper is gone
 * medium_read_response - the same behind a response's codings: its head and
 *   body, each behind a u32 length */
int medium_read(struct bytes in);
int medium_read_response(struct bytes msg);

/* media_box - try ways out of the box (util/box.h), and each library inside it;
 * says 'Z', or 'E' and why.  The exit status */
int media_box(unsigned tried);

/* struct parts - metadata found inside the file, borrowed or owned */
struct parts {
	struct buf exif;	/* TIFF header and what follows */
	struct buf xmp;		/* one packet */
	struct buf resources;	/* of Photoshop */
	struct buf ext;		/* extended XMP, put together */
	uint8_t ext_id[32];	/* its GUID, as text */
	size_t ext_len;		/* what it says its length is; 0: none */
	size_t ext_got;		/* bytes of it that came */
	int sized;		/* the container told width and height */
};
#define PARTS_MAX ((size_t)16 << 20)	/* of each */
#define PARTS_INIT { BUF_INIT(PARTS_MAX), BUF_INIT(PARTS_MAX), \
		     BUF_INIT(PARTS_MAX), BUF_INIT(PARTS_MAX), { 0 }, 0, 0, 0 }

/* *_start - what a library wants from the system, before it is locked in */
void exif_start(void);
void av_start(void);
void pdf_start(void);
void docx_start(void);

/* header_read - our own walk of the container; fills the parts */
void header_read(struct record *r, const char *type, struct bytes in,
		 struct parts *parts);
/* exif_read - EXIF, XMP, IPTC of a picture; returns 1 when it was one */
int exif_read(struct record *r, struct bytes in);
/* parts_read - the same from parts that stood in another container */
void parts_read(struct record *r, const struct parts *parts);
/* xmp_toolkit - the program that wrote an XMP packet, from its root element */
void xmp_toolkit(struct record *r, struct bytes packet);
/* av_read - sound and film; type as sniffed */
void av_read(struct record *r, const char *type, struct bytes in);
/* pdf_read - the information dictionary and what is embedded */
void pdf_read(struct record *r, struct bytes in, struct parts *parts);
/* docx_read - properties of an Office Open XML document; returns 1 when it was
 * one (then type_out is its media type), 0 for another archive */
int docx_read(struct record *r, struct bytes in, const char **type_out);

/*
 * Looking at pictures: in scelle-media-sight only (media/sight/); scelle-media
 * has none of it (media/plain/).
 * sight_start - as above; what it lacks, in words, or NULL
 * sight_read - codes, text, and of documents a perceptual hash; stages of their
 *   own.  0 or as record_end()
 */
const char *sight_start(void);
int sight_read(struct record *r, const char *type, struct bytes in);

#endif

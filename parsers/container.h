/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The outer layer of a media file: where its parts lie and what its own header
 * says, read field by field.  What a part means (EXIF, XMP, IPTC) is a
 * library's business; this is what is shown beside the library's reading.
 * Pure, no allocation but for text of bounded length.
 *
 * Standards: ITU-T T.81 (JPEG), ISO/IEC 15948 (PNG), GIF89a, the WebP container
 * (RFC 9649), ISO/IEC 14496-12 and 23008-12, Apple's QuickTime file format, RFC
 * 3533 and 7845 (Ogg, Opus).
 */
#ifndef PARSERS_CONTAINER_H
#define PARSERS_CONTAINER_H

#include "util/buf.h"

#define CONTAINER_FIELDS_MAX 512	/* told of one file */
#define CONTAINER_STEPS_MAX 200000	/* segments, chunks, boxes, blocks */
#define CONTAINER_DEPTH_MAX 12		/* boxes in boxes */
#define CONTAINER_TEXT_MAX 4096		/* bytes of one text field */

enum container_part {
	PART_EXIF,	/* begins with the TIFF header */
	PART_XMP,	/* a packet */
	PART_XMP_EXT,	/* JPEG extended XMP: GUID, length, offset, a piece */
	PART_RESOURCES,	/* Photoshop image resources ("8BIM"...) */
	PART_PICTURE,	/* a whole picture */
};

/* struct container_see - who is told; each member is called many times */
struct container_see {
	void *arg;
	/* a field of the header: its name, its value as text, where it stands */
	void (*field)(void *arg, const char *name, const char *text, size_t at);
	/* a part, borrowed from the input */
	void (*part)(void *arg, enum container_part kind, struct bytes b,
		     size_t at);
	/* something is not as the standard says; a code such as "cut-short" */
	void (*finding)(void *arg, const char *code, size_t at);
};

/* struct container_facts - 0 where the file does not say */
struct container_facts {
	uint64_t width, height;		/* pixels, of the main picture or track */
	uint64_t duration_ms;
	unsigned has_duration;
};

/*
 * container_read - walk one file
 *   type  as mime_sniff() says; a type that is not known here tells nothing
 *   in    the whole file
 *   see   told in the order of the file
 *   out   facts; always set
 * Whatever the bytes are, it ends: each step goes forward, and steps, fields
 * and depth have limits that are findings ("too-many-steps",
 * "too-many-fields", "too-deep").
 */
void container_read(const char *type, struct bytes in,
		    const struct container_see *see,
		    struct container_facts *out);

/*
 * container_resources - the image resources of Photoshop: tells PART_EXIF and
 * PART_XMP of what stands in them
 */
void container_resources(struct bytes in, const struct container_see *see);

#endif

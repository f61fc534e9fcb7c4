/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What bytes are, by looking at them and not at what a server says.  Pure.
 * After WHATWG MIME Sniffing, for the types a collector meets.
 */
#ifndef PARSERS_MIME_H
#define PARSERS_MIME_H

#include "util/buf.h"

#define MIME_LOOK 4096	/* bytes at the beginning that are looked at */

/*
 * mime_sniff - media type of a payload, content coding undone
 *
 *   head   its beginning, MIME_LOOK bytes or all there is
 *
 * Returns a static string without parameters: text/html, application/json,
 * application/xml, image/svg+xml, application/rss+xml, application/atom+xml,
 * image/jpeg, image/png, image/gif, image/webp, image/avif, image/heic,
 * image/tiff, image/bmp, image/x-icon, video/mp4, audio/mp4, video/quicktime, video/webm,
 * video/x-matroska, application/ogg, audio/mpeg, audio/aac, audio/wav,
 * audio/flac, application/pdf, application/zip, application/gzip,
 * application/zstd, application/vnd.rar, application/x-7z-compressed,
 * font/woff, font/woff2, text/plain; or NULL when nothing fits (also for no
 * bytes).
 */
const char *mime_sniff(struct bytes head);

/* mime_is_media - 1 for images, audio and video by their type's name */
int mime_is_media(const char *type);

#endif

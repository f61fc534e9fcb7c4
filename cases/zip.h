/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Writing a ZIP file whose bytes depend on its contents alone.
 *
 * Standard: PKWARE APPNOTE 6.3, ZIP64 where a size or offset asks for it.
 * Members are dated 1980-01-01, carry no extra field but ZIP64's, names are
 * UTF-8 (flag bit 11).  Sizes and CRC stand in the local header: each member is
 * written whole, then its header is filled in.
 */
#ifndef CASES_ZIP_H
#define CASES_ZIP_H

#include "util/buf.h"
#include "util/err.h"

struct zip;

/*
 * zip_open - begin a ZIP in a new file beside path; zip_close() puts it there
 *   path   ERR_EXIST when something stands there already
 */
int zip_open(const char *path, struct zip **out, struct err *e);

/*
 * zip_begin, zip_write, zip_end - one stored member, written in parts
 *   name        relative, no "..", no leading "/", up to 255 bytes
 *   sha256_out  32 bytes: SHA-256 of the member's content; may be NULL
 */
int zip_begin(struct zip *z, const char *name, struct err *e);
int zip_write(struct zip *z, struct bytes part, struct err *e);
int zip_end(struct zip *z, uint8_t *sha256_out, struct err *e);

/*
 * zip_add - one member at once, deflated where that saves anything
 *   store       1: stored in any case
 */
int zip_add(struct zip *z, const char *name, struct bytes content, int store,
	    uint8_t *sha256_out, struct err *e);

/*
 * zip_close - write the directory, sync, and give the file its name
 *   sha256_out  32 bytes: SHA-256 of the whole file; may be NULL
 * Frees z, also on failure (then nothing stands at path).
 */
int zip_close(struct zip *z, uint8_t *sha256_out, struct err *e);

/* zip_discard - give up: frees z and removes what was written; NULL allowed */
void zip_discard(struct zip *z);

#endif

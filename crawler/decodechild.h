/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The body of a sealed response, transfer and content coding taken off, in a
 * child that has no network, no files and no keys: what the codecs read is
 * hostile.
 *
 * Message to it: 'D' head, body.  From it: 'B' the body, or 'E' why not.
 */
#ifndef CRAWLER_DECODECHILD_H
#define CRAWLER_DECODECHILD_H

#include "util/buf.h"
#include "util/err.h"

#define DECODE_BODY_MAX ((size_t)64 << 20)	/* before and after */
#define DECODE_WAIT_MS 20000

/* decode_child_main - what `scelle --child decode` runs; the exit status */
int decode_child_main(int argc, char **argv);
/* decode_child_test - one body as the child decodes it: 0 as it should be */
int decode_child_test(const void *arg);

/*
 * decode_body - decode one response
 *   self_path  executable whose main() knows --child
 *   head       response head as received, 1xx included
 *   body       as received, all codings on
 *   out        appended
 * A coded body that ends too early gives what there is.
 * Returns 0, ERR_LIMIT, ERR_FORMAT (e says what), ERR_CHILD, ERR_TIMEOUT,
 * ERR_NOMEM or ERR_IO.
 */
int decode_body(const char *self_path, struct bytes head, struct bytes body,
		struct buf *out, struct err *e);

#endif

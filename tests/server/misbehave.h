/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Parts of the misbehaving site.  Each answers and returns 1, or returns 0
 * when the name is not its own.
 */
#ifndef SERVER_MISBEHAVE_H
#define SERVER_MISBEHAVE_H

#include "util/buf.h"

struct conn;

/* Bodies in a content coding, sound, broken and bombs. */
int misbehave_coded(struct conn *c, const char *name);
void misbehave_coded_list(struct buf *out);

/* Refusals and redirects; path may carry a query. */
int misbehave_status(struct conn *c, const char *path);
void misbehave_status_list(struct buf *out);

#endif

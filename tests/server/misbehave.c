/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/site.h"
void misbehave(struct conn *c, const char *path) { (void)path; conn_error(c, 404, ""); }
void misbehave_list(struct buf *out) { (void)out; }

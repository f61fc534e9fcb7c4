/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CASES_MIRROR_INT_H
#define CASES_MIRROR_INT_H

#include "cases/mirror.h"

/* mirror_put - one message; mirror_get - the next: its type, or an error; a
 * REFUSE becomes ERR_DENIED with its text, an end ERR_CHILD */
int mirror_put(int fd, enum mirror_type type, struct bytes payload,
	       struct err *e);
int mirror_get(int fd, struct buf *payload, struct err *e);
/* mirror_want - the same, and any other type is ERR_CHILD */
int mirror_want(int fd, enum mirror_type type, struct buf *payload,
		struct err *e);

#endif

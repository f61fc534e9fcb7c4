/* SPDX-License-Identifier: EUPL-1.2 */
/* The text of docs/verify-a-bundle.md, word for word, inside the program. */
#ifndef CASES_GUIDE_H
#define CASES_GUIDE_H

#include "util/buf.h"

/* guide_text - the text; never fails, never freed */
struct bytes guide_text(void);

#endif
